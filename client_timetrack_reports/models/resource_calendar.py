from odoo import models


class ResourceCalendar(models.Model):
    _inherit = "resource.calendar"

    def write(self, vals):
        result = super().write(vals)
        if {"schedule_type", "flexible_hours", "hours_per_week", "two_weeks_calendar"}.intersection(vals):
            self._timetrack_mark_capacity()
        return result

    def _timetrack_mark_capacity(self):
        """Have the capacity of everybody who ever worked by the calendars computed again."""
        versions = self.env["hr.version"].sudo().with_context(active_test=False).search(
            [("resource_calendar_id", "in", self.ids), ("employee_id", "!=", False)]
        )
        self.env["timetrack.capacity.dirty"]._mark(versions.employee_id)
