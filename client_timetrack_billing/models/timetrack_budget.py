from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.client_timetrack.models.timetrack_budget_figures import Sums, sum_of

from .account_analytic_line import RATE_GROUP
from .timetrack_arrangement import FEES


class TimetrackBudget(models.Model):
    """What a budget is to bring in, and how much of its time is billed.

    Revenue is what was billed of the time, less posted credit notes, what pre-bills and drafts have of it, and approved
    time that waits for its invoice, at its frozen rate; untaxed, in the currency of the budget's company: what is on an
    invoice at the exchange rate of the invoice, the rest at that of the day of the work. Time without a rate, or that a
    fee pays for, brings in nothing until it is billed.
    """

    _inherit = "timetrack.budget"

    revenue = fields.Monetary("Budget Revenue", groups=RATE_GROUP, help="Of each period, untaxed.")
    billed_hours = fields.Float(
        "Hours Billed", compute="_compute_figures", compute_sudo=True, help="Of those approved: on posted invoices."
    )
    allowed_revenue = fields.Monetary(
        "Revenue Agreed", compute="_compute_figures", compute_sudo=True, groups=RATE_GROUP
    )
    consumed_revenue = fields.Monetary(
        "Revenue",
        compute="_compute_figures",
        compute_sudo=True,
        groups=RATE_GROUP,
        help="Billed, and approved time that waits for its invoice at its rate, net of discounts; untaxed.",
    )
    remaining_revenue = fields.Monetary(
        "Revenue to Come", compute="_compute_figures", compute_sudo=True, groups=RATE_GROUP
    )
    revenue_percent = fields.Float("% of Revenue", compute="_compute_figures", compute_sudo=True, groups=RATE_GROUP)

    _revenue_positive = models.Constraint("CHECK(revenue >= 0)", "The revenue of a budget cannot be negative.")

    @api.depends("revenue")
    def _compute_figures(self):
        return super()._compute_figures()

    def _set_used(self, span, states):
        self.billed_hours = sum_of(states, "billed")
        return super()._set_used(span, states)

    @api.model
    def _get_amounts(self):
        return [*super()._get_amounts(), "revenue"]

    @api.model
    def _get_agreed_columns(self):
        return {**super()._get_agreed_columns(), "revenue": SQL("COALESCE(budget.revenue, 0)::numeric")}

    def _get_sums(self, window):
        """Also the hours on posted invoices, and what the time brings in where that is budgeted."""
        sums = super()._get_sums(window)
        budgeted = self.sudo().filtered("revenue")
        columns = {
            **sums.columns,
            "billed": SQL("COALESCE(sum(line.unit_amount) FILTER (WHERE line.timetrack_billing_state = 'billed'), 0)"),
            "revenue": budgeted._get_revenue_sql() if budgeted else SQL("0::double precision"),
        }
        return Sums(columns, converts=sums.converts or bool(budgeted))

    def _get_revenue_sql(self):
        """What time (``line``) brings in, for these of the budgets."""
        return SQL(
            """
            COALESCE(sum(
                COALESCE((
                    SELECT sum(%(billed)s)
                      FROM timetrack_allocation booked
                 LEFT JOIN account_move move ON move.id = booked.move_id
                 LEFT JOIN res_company biller ON biller.id = move.company_id
                     WHERE booked.line_id = line.id AND booked.state != 'cancelled'
                       -- what a credit note takes back is taken back once that is posted
                       AND (booked.reversed_id IS NULL OR booked.state = 'posted')
                ), 0)
                + CASE WHEN %(is_approved)s
                            AND line.timetrack_billing_state = 'unbilled'
                            AND line.timetrack_rate_currency_id IS NOT NULL
                            AND NOT EXISTS (
                                SELECT FROM timetrack_arrangement fee
                                 WHERE fee.id = line.timetrack_arrangement_id AND fee.kind = ANY(%(fees)s)
                            )
                  THEN %(waiting)s ELSE 0 END
            ) FILTER (WHERE budget.id = ANY(%(ids)s)), 0)::double precision
            """,
            ids=self.ids,
            is_approved=self.env["account.analytic.line"]._timetrack_approved_sql("line"),
            fees=list(FEES),
            billed=self._get_billed_sql(),
            waiting=self._get_converted_sql(
                SQL(
                    "(line.unit_amount * line.timetrack_rate * COALESCE((SELECT %s"
                    " FROM timetrack_engagement engagement WHERE engagement.project_id = line.project_id), 1))",
                    self.env["timetrack.engagement"]._get_net_factor_sql(),
                ),
                SQL("line.timetrack_rate_currency_id"),
            ),
        )

    @api.model
    def _get_billed_sql(self):
        """What a row of the ledger (``booked``) is worth, in the currency of the ``budget``, at the rate of its invoice
        (``move``, of the company ``biller``) if there is one.
        """
        return SQL(
            """
            CASE WHEN booked.currency_id != budget.currency_id
                      AND biller.currency_id = budget.currency_id
                      AND move.invoice_currency_rate > 0
                 THEN round(
                     booked.billed_amount / move.invoice_currency_rate::numeric,
                     (SELECT decimal_places FROM res_currency WHERE id = budget.currency_id)
                 )
                 ELSE %s END
            """,
            self._get_converted_sql(SQL("booked.billed_amount"), SQL("booked.currency_id")),
        )

    def _get_used(self, today, parts):
        self.env["timetrack.allocation"].flush_model()
        return super()._get_used(today, parts)

    def _get_months(self):
        self.env["timetrack.allocation"].flush_model()
        return super()._get_months()
