from odoo import api, fields, models
from odoo.tools import SQL

# Measures that are a sum divided by a sum, at every level: (numerator, denominator).
RATIOS = {"used_rate": ("actual_hours", "budget_hours"), "cost_rate": ("actual_cost", "budget_cost")}
# An id is that of the budget and the number of its month.
MONTHS_OF_AGES = 120_000


class TimetrackBudgetReport(models.Model):
    """Budgets by month: budget, actual, remaining and forecast, in hours and in cost.

    The months are those of ``timetrack.budget._get_months``, computed whenever they are looked at: what is shown is of
    this moment, and of the budgets that the user may see. PostgreSQL sums, filters and groups them.

    Budgets of a project, its tasks and its client overlap: only those of one kind can be summed.
    """

    _name = "timetrack.budget.report"
    _inherit = ["timetrack.ratio.mixin"]
    _description = "Time Budgets by Month"
    _auto = False
    _order = "month, budget_id"
    _rec_name = "budget_id"

    budget_id = fields.Many2one("timetrack.budget", readonly=True)
    scope = fields.Selection(
        selection=lambda self: self.env["timetrack.budget"]._fields["scope"]._description_selection(self.env),
        string="Budget For",
        readonly=True,
    )
    project_id = fields.Many2one("project.project", readonly=True)
    client_id = fields.Many2one("res.partner", readonly=True)
    user_id = fields.Many2one("res.users", string="Responsible", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    month = fields.Date(readonly=True)
    budget_hours = fields.Float(
        "Budgeted",
        readonly=True,
        help="A budget for more than a month is shared by days; without an end it stands in its first month.",
    )
    actual_hours = fields.Float("Actual", readonly=True, help="Time logged, leave apart.")
    remaining_hours = fields.Float("Remaining", readonly=True, help="Budget less actual.")
    planned_hours = fields.Float(
        "Planned Ahead", readonly=True, help="From this week on; of this week, what is not logged yet."
    )
    forecast_hours = fields.Float(
        "Forecast",
        readonly=True,
        help="Actual, and until the end of the budget what is planned; or the pace of the last four weeks, if that is "
        "more.",
    )
    forecast_variance = fields.Float(readonly=True, help="Forecast less budget.")
    used_rate = fields.Float("Used", readonly=True, aggregator="avg", help="Actual by budget.")
    budget_cost = fields.Monetary(readonly=True, groups="client_timetrack.group_cost_viewer")
    actual_cost = fields.Monetary(readonly=True, groups="client_timetrack.group_cost_viewer")
    remaining_cost = fields.Monetary(readonly=True, groups="client_timetrack.group_cost_viewer")
    cost_rate = fields.Float(
        "Cost Used",
        readonly=True,
        aggregator="avg",
        groups="client_timetrack.group_cost_viewer",
        help="Actual cost by budgeted cost.",
    )

    def action_open_budget(self):
        """Open the budget of a month."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "timetrack.budget",
            "res_id": self.budget_id.id,
            "views": [(False, "form")],
        }

    @property
    def _table_query(self):
        """The months as a table.

        Rules of the report would look at ids of months: what the user may see are the budgets that they find.
        """
        budgets = self.env["timetrack.budget"].search([("company_id", "in", self.env.companies.ids)])
        measures = budgets._get_month_measures()
        months = budgets._get_months()
        columns = {"budget_id": "int4", "month": "date", **measures}
        return SQL(
            """
            SELECT part.budget_id::int8 * %(ages)s + extract(year FROM part.month)::int8 * 12
                   + extract(month FROM part.month)::int8 - 1 AS id,
                   part.budget_id, part.month, budget.scope, budget.project_id, budget.user_id, budget.company_id,
                   client.commercial_partner_id AS client_id, %(select)s
              FROM unnest(%(arrays)s) AS part (%(names)s)
              JOIN timetrack_budget budget ON budget.id = part.budget_id
              LEFT JOIN res_partner client ON client.id = budget.partner_id
            """,
            ages=MONTHS_OF_AGES,
            select=SQL(", ").join(
                SQL("%s AS %s", expression, SQL.identifier(name))
                for name, expression in self._get_expressions(measures).items()
            ),
            arrays=SQL(", ").join(
                SQL("%s::%s[]", [month[name] for month in months], SQL.identifier(kind))
                for name, kind in columns.items()
            ),
            names=SQL(", ").join(SQL.identifier(name) for name in columns),
        )

    @api.model
    def _get_expressions(self, measures):
        """What each measure is in the table: dict of name to SQL."""
        expressions = {name: SQL.identifier("part", name) for name in measures}
        amounts = self.env["timetrack.budget"]._get_amounts()
        differences = {
            **{f"remaining_{name}": (f"budget_{name}", f"actual_{name}") for name in amounts},
            "forecast_variance": ("forecast_hours", "budget_hours"),
        }
        for name, (more, less) in differences.items():
            expressions[name] = SQL("%s - %s", SQL.identifier("part", more), SQL.identifier("part", less))
        return {**expressions, **{name: SQL("NULL::float8") for name in self._get_ratios()}}

    @api.model
    def _get_ratios(self):
        return RATIOS
