from odoo import fields, models

from .account_analytic_line import RATE_GROUP


class TimetrackBudgetVersion(models.Model):
    _inherit = "timetrack.budget.version"

    # a default, so that revisions from before the addon say the same as those after
    revenue = fields.Monetary("Budget Revenue", readonly=True, default=0.0, groups=RATE_GROUP)
