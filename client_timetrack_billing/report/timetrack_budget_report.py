from odoo import api, fields, models

from ..models.account_analytic_line import RATE_GROUP


class TimetrackBudgetReport(models.Model):
    """Budgets by month, with what they bring in."""

    _inherit = "timetrack.budget.report"

    budget_revenue = fields.Monetary(readonly=True, groups=RATE_GROUP)
    actual_revenue = fields.Monetary(
        readonly=True,
        groups=RATE_GROUP,
        help="Billed, and approved time that waits for its invoice at its rate, of budgets that have a revenue.",
    )
    remaining_revenue = fields.Monetary("Revenue to Come", readonly=True, groups=RATE_GROUP)
    revenue_rate = fields.Float(
        "Revenue in % of the Budget", readonly=True, aggregator="avg", groups=RATE_GROUP, help="Actual by budget."
    )

    @api.model
    def _get_ratios(self):
        return {**super()._get_ratios(), "revenue_rate": ("actual_revenue", "budget_revenue")}
