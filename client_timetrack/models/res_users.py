from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.http import request

from odoo.addons.base.models.res_users import check_identity

# What a key for the feed of one's own time may do: nothing else.
FEED_SCOPE = "timetrack.feed"
FEED_DAYS = 365


class ResUsers(models.Model):
    """Whether somebody wants to be reminded of time, where their company leaves that to them."""

    _inherit = "res.users"

    timetrack_mute_reminders = fields.Boolean(
        "Mute Time Reminders",
        help="No mail and no activity about missing time, deadlines and approvals. Your manager may still be told.",
    )
    timetrack_may_mute_reminders = fields.Boolean(
        related="company_id.timetrack_reminder_may_mute", string="May Mute Time Reminders"
    )

    @property
    def SELF_READABLE_FIELDS(self):
        return [*super().SELF_READABLE_FIELDS, "timetrack_mute_reminders", "timetrack_may_mute_reminders"]

    @property
    def SELF_WRITEABLE_FIELDS(self):
        return [*super().SELF_WRITEABLE_FIELDS, "timetrack_mute_reminders"]

    def _timetrack_is_muted(self, company):
        """Whether the user is told nothing by a company: their wish, where the company allows it."""
        self.ensure_one()
        return company.timetrack_reminder_may_mute and self.timetrack_mute_reminders

    @check_identity
    def action_timetrack_feed(self):
        """Make a key for the feed of one's own time, and show the addresses once.

        The key is one of Odoo's API keys: it is kept as a hash, expires after a year and can be taken back under
        *Security* of the preferences.

        :raise UserError: the user logs no time
        """
        self.ensure_one()
        if self != self.env.user or not self.env.user._is_internal() or not self.env.user.employee_ids:
            raise UserError(self.env._("A feed is made by whoever logs time, for their own time."))
        # for a year, which users may not give to keys that do everything
        key = (
            self.env["res.users.apikeys"]
            .sudo()
            ._generate(FEED_SCOPE, self.env._("Time feed"), fields.Datetime.now() + timedelta(days=FEED_DAYS))
        )
        base = request.httprequest.url_root.rstrip("/")
        return {
            "type": "ir.actions.act_window",
            "res_model": "timetrack.feed",
            "name": self.env._("Your Time Feed"),
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_calendar_url": f"{base}/timesheets/feed.ics?key={key}",
                "default_sheet_url": f"{base}/timesheets/feed.csv?key={key}",
            },
        }
