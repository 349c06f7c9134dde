from odoo import fields, models

USED = "used"
FORECAST = "forecast"


class TimetrackBudgetAlert(models.Model):
    """What somebody was told of a budget: each threshold once for what is agreed, and again after a revision."""

    _name = "timetrack.budget.alert"
    _description = "Alert of a Time Budget"
    _order = "id desc"
    _rec_name = "budget_id"

    budget_id = fields.Many2one("timetrack.budget", required=True, readonly=True, ondelete="cascade")
    version_id = fields.Many2one(
        "timetrack.budget.version", required=True, readonly=True, ondelete="cascade", index=True
    )
    kind = fields.Selection([(USED, "Used"), (FORECAST, "Will Be Exceeded")], required=True, readonly=True)
    threshold = fields.Float("At %", readonly=True)
    used_percent = fields.Float("Used %", readonly=True)
    span_from = fields.Date("Period From", readonly=True)
    user_id = fields.Many2one("res.users", "Told", readonly=True)

    _once = models.UniqueIndex("(budget_id, version_id, kind, threshold, COALESCE(span_from, '0001-01-01'::date))")
