from odoo import fields, models


class TimetrackBudgetVersion(models.Model):
    """What was agreed of a budget from a day on, by whom and why. The last one is in force."""

    _name = "timetrack.budget.version"
    _description = "Revision of a Time Budget"
    _order = "id desc"
    _rec_name = "reason"

    budget_id = fields.Many2one("timetrack.budget", required=True, readonly=True, ondelete="cascade", index=True)
    currency_id = fields.Many2one(related="budget_id.currency_id")
    date = fields.Date(required=True, readonly=True)
    hours = fields.Float("Budget Hours", readonly=True)
    cost = fields.Monetary("Budget Cost", readonly=True, groups="client_timetrack.group_cost_viewer")
    reason = fields.Char(required=True, readonly=True)
    user_id = fields.Many2one("res.users", "By", readonly=True)
