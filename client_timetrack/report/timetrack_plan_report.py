from odoo import api, fields, models
from odoo.tools import SQL

# Measures that are a sum divided by a sum, at every level: (numerator, denominator).
RATIOS = {"variance_rate": ("variance", "planned_hours")}


class TimetrackPlanReport(models.Model):
    """Planned and actual time by employee, project and week.

    Time variance = actual - planned hours, and divided by the planned hours.
    """

    _name = "timetrack.plan.report"
    _inherit = ["timetrack.ratio.mixin"]
    _description = "Planned and Actual Time"
    _auto = False
    _order = "week desc, employee_id"
    _rec_name = "project_id"
    _depends = {
        "timetrack.plan": ["employee_id", "project_id", "company_id", "week", "hours"],
        "project.project": ["partner_id"],
        "res.partner": ["commercial_partner_id"],
        "account.analytic.line": [
            "employee_id",
            "project_id",
            "timetrack_client_id",
            "company_id",
            "date",
            "unit_amount",
            "timetrack_state",
        ],
    }

    employee_id = fields.Many2one("hr.employee", readonly=True)
    project_id = fields.Many2one("project.project", readonly=True)
    client_id = fields.Many2one("res.partner", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    week = fields.Date(readonly=True)
    planned_hours = fields.Float("Planned", readonly=True)
    actual_hours = fields.Float("Actual", readonly=True)
    variance = fields.Float(readonly=True, help="Actual less planned hours.")
    variance_rate = fields.Float(
        "Variance in % of the Plan", readonly=True, aggregator="avg", help="Actual less planned by planned hours."
    )

    @property
    def _table_query(self):
        return SQL("%s %s", self._select(), self._from())

    def _select(self):
        return SQL(
            """
            SELECT min(fact.id) AS id, fact.employee_id, fact.project_id, fact.client_id, fact.company_id, fact.week,
                   sum(fact.planned) AS planned_hours,
                   sum(fact.actual) AS actual_hours,
                   sum(fact.actual) - sum(fact.planned) AS variance,
                   NULL::float8 AS variance_rate
            """
        )

    def _from(self):
        """Plans and entries, with leave left out; an even id is a plan's."""
        return SQL(
            """
              FROM (
                    SELECT plan.id * 2 AS id, plan.employee_id, plan.project_id,
                           customer.commercial_partner_id AS client_id, plan.company_id, plan.week,
                           plan.hours AS planned, 0.0::float8 AS actual
                      FROM timetrack_plan plan
                      JOIN project_project project ON project.id = plan.project_id
                      LEFT JOIN res_partner customer ON customer.id = project.partner_id
                     UNION ALL
                    SELECT id * 2 + 1, employee_id, project_id, timetrack_client_id, company_id,
                           date_trunc('week', date)::date, 0.0, unit_amount
                      FROM account_analytic_line
                     WHERE timetrack_state IS NOT NULL AND project_id IS NOT NULL AND employee_id IS NOT NULL
                   ) fact
             GROUP BY fact.employee_id, fact.project_id, fact.client_id, fact.company_id, fact.week
            """
        )

    @api.model
    def _get_ratios(self):
        return RATIOS
