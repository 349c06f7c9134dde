from odoo import api, fields, models
from odoo.exceptions import ValidationError


class TimetrackBudgetReviseWizard(models.TransientModel):
    """Asks for other amounts of a budget, and why."""

    _name = "timetrack.budget.revise.wizard"
    _description = "Revise a Time Budget"

    budget_id = fields.Many2one("timetrack.budget", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="budget_id.currency_id")
    hours = fields.Float("Budget Hours", required=True)
    cost = fields.Monetary(
        "Budget Cost",
        compute="_compute_cost",
        store=True,
        readonly=False,
        groups="client_timetrack.group_cost_viewer",
    )
    reason = fields.Char(required=True)

    @api.depends("budget_id")
    def _compute_cost(self):
        for wizard in self:
            wizard.cost = wizard.budget_id.cost

    @api.constrains("hours")
    def _check_hours(self):
        for wizard in self:
            if wizard.hours < 0:
                raise ValidationError(self.env._("The hours of a budget cannot be negative."))

    def action_revise(self):
        """Change the budget with the user's own rights; what was agreed before stays in its revisions."""
        self.ensure_one()
        self.budget_id._revise(self._get_amounts(), self.reason)
        return {"type": "ir.actions.act_window_close"}

    def _get_amounts(self):
        """The amounts that the user may see, and so may change."""
        names = self.env["timetrack.budget"]._get_amounts()
        return {name: self[name] for name in names if self._has_field_access(self._fields[name], "read")}
