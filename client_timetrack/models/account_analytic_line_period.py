from odoo import api, models

from ..engine.approval import SUBMITTED


class AccountAnalyticLine(models.Model):
    """What a time entry has to do with its timesheet of the period, which is only a view over entries."""

    _inherit = "account.analytic.line"

    def _timetrack_settle(self, state, policy=None, step=None, reason=None):
        result = super()._timetrack_settle(state, policy=policy, step=step, reason=reason)
        if self:
            self._timetrack_notify_approvers()
        return result

    def unlink(self):
        waited = any(line.timetrack_state == SUBMITTED for line in self)
        result = super().unlink()
        if waited:
            self._timetrack_notify_approvers()
        return result

    @api.model
    def _timetrack_notify_approvers(self):
        """Have the activities of approvers and the mails to employees brought up to date after this transaction.

        Every step of entries comes by here. It costs the same for any number of entries: the work is done by a
        scheduled action that looks at everything at once (see ``timetrack.period._cron_notify``).
        """
        cron = self.env["ir.model.data"]._xmlid_to_res_id(
            "client_timetrack.ir_cron_timetrack_period_notify", raise_if_not_found=False
        )
        if cron:
            self.env["ir.cron"].sudo().browse(cron)._trigger()
