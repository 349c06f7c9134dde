from odoo import fields, models


class TimetrackReasonWizard(models.TransientModel):
    """Asks why time is rejected or reopened."""

    _name = "timetrack.reason.wizard"
    _description = "Reject or Reopen Time"

    action = fields.Selection([("reject", "Reject"), ("reopen", "Reopen")], required=True)
    reason = fields.Char(required=True)
    line_ids = fields.Many2many("account.analytic.line", string="Time Entries", required=True)

    def action_confirm(self):
        """Take the step on the chosen entries, with the user's own rights."""
        self.ensure_one()
        if self.action == "reject":
            self.line_ids.action_timetrack_reject(self.reason)
        else:
            self.line_ids.action_timetrack_reopen(self.reason)
        return {"type": "ir.actions.act_window_close"}
