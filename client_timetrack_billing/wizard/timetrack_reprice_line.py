from odoo import api, fields, models


class TimetrackRepriceLine(models.TransientModel):
    """A time entry whose rate would change."""

    _name = "timetrack.reprice.line"
    _description = "Time with Another Rate"
    _order = "id"

    wizard_id = fields.Many2one("timetrack.reprice.wizard", required=True, readonly=True, ondelete="cascade")
    line_id = fields.Many2one(
        "account.analytic.line", string="Time Entry", required=True, readonly=True, ondelete="cascade"
    )
    is_selected = fields.Boolean("Apply", default=True)
    date = fields.Date(related="line_id.date")
    employee_id = fields.Many2one(related="line_id.employee_id")
    project_id = fields.Many2one(related="line_id.project_id")
    hours = fields.Float(related="line_id.unit_amount")
    old_currency_id = fields.Many2one("res.currency", readonly=True)
    old_rate = fields.Monetary("Rate Now", currency_field="old_currency_id", readonly=True)
    old_value = fields.Monetary("Value Now", currency_field="old_currency_id", compute="_compute_values")
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    rate = fields.Monetary("New Rate", readonly=True)
    value = fields.Monetary("New Value", compute="_compute_values")

    @api.depends("line_id.unit_amount", "rate", "old_rate")
    def _compute_values(self):
        """Hours by rate, rounded as the currency is."""
        for line in self:
            line.old_value = line.old_currency_id.round(line.hours * line.old_rate) if line.old_currency_id else 0.0
            line.value = line.currency_id.round(line.hours * line.rate)
