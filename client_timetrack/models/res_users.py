from odoo import fields, models


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
