from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..engine.approval import SUBMITTED

# Beyond this many entries nobody reads the number, and counting them all would cost time for nothing.
PENDING_LIMIT = 100


class AccountAnalyticLine(models.Model):
    """What waits for the user: the time of others to decide on, the own time to hand in."""

    _inherit = "account.analytic.line"

    @api.model
    def _timetrack_pending_domain(self):
        """Domain of the entries that wait for the current user."""
        return Domain("timetrack_state", "=", SUBMITTED) & Domain("timetrack_can_approve", "=", True)

    @api.model
    def get_timetrack_pending_count(self):
        """Count the entries that wait for the current user, no further than ``PENDING_LIMIT``.

        :return: number of entries, 0 for whoever approves nothing
        :rtype: int
        """
        if not self.env.user.has_group("hr_timesheet.group_hr_timesheet_approver"):
            return 0
        return self.search_count(self._timetrack_pending_domain(), limit=PENDING_LIMIT)

    def action_timetrack_submit_my_period(self):
        """Hand in all time of the user's current period, whichever entries are selected.

        :raise UserError: there is no employee, nothing to submit, or a policy refuses it
        """
        Period = self.env["timetrack.period"]
        period = Period.get_my_period()
        if not period:
            raise UserError(
                self.env._("You have no employee in this company. Ask an administrator to link one to your user.")
            )
        Period.submit_my_period(period["id"])
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": self.env._("Your time is submitted"),
                "message": period["label"],
                "type": "success",
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }
