from odoo import api, models
from odoo.fields import Domain

from ..engine.approval import SUBMITTED

# Beyond this many entries nobody reads the number, and counting them all would cost time for nothing.
PENDING_LIMIT = 100


class AccountAnalyticLine(models.Model):
    """What waits for the user's decision."""

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
