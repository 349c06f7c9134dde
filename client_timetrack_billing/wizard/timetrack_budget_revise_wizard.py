from odoo import api, fields, models

from ..models.account_analytic_line import RATE_GROUP


class TimetrackBudgetReviseWizard(models.TransientModel):
    _inherit = "timetrack.budget.revise.wizard"

    revenue = fields.Monetary(
        "Budget Revenue", compute="_compute_revenue", store=True, readonly=False, groups=RATE_GROUP
    )

    @api.depends("budget_id")
    def _compute_revenue(self):
        for wizard in self:
            wizard.revenue = wizard.budget_id.revenue
