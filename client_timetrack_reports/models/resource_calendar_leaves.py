from datetime import timedelta

from odoo import api, models


class ResourceCalendarLeaves(models.Model):
    _inherit = "resource.calendar.leaves"

    @api.model_create_multi
    def create(self, vals_list):
        leaves = super().create(vals_list)
        leaves._timetrack_mark_capacity()
        return leaves

    def write(self, vals):
        touched = {"calendar_id", "company_id", "date_from", "date_to", "resource_id", "time_type"}.intersection(vals)
        before = self._timetrack_affected() if touched else []
        result = super().write(vals)
        if touched:
            self._timetrack_mark_capacity(before)
        return result

    def unlink(self):
        before = self._timetrack_affected()
        result = super().unlink()
        self.browse()._timetrack_mark_capacity(before)
        return result

    def _timetrack_affected(self):
        """Whose capacity the leaves change, and when: list of (employees, first day, last day).

        A day is added at both ends, since the dates in UTC and in the employee's time zone may differ by one.
        """
        Employee = self.env["hr.employee"].sudo().with_context(active_test=False)
        public = self.filtered(lambda leave: not leave.resource_id)
        groups = Employee._read_group(
            [("company_id", "in", public.company_id.ids)], ["company_id"], ["id:recordset"]
        ) if public else []
        by_company = dict(groups)
        return [
            (
                leave.resource_id.sudo().with_context(active_test=False).employee_id
                if leave.resource_id
                else by_company.get(leave.company_id, Employee),
                leave.date_from.date() - timedelta(days=1),
                leave.date_to.date() + timedelta(days=1),
            )
            for leave in self
            if leave.date_from and leave.date_to
        ]

    def _timetrack_mark_capacity(self, before=()):
        """Have the capacity that the leaves change, or changed ``before``, computed again."""
        ranges = {}
        for employees, date_from, date_to in [*before, *self._timetrack_affected()]:
            key = (date_from, date_to)
            ranges[key] = ranges.get(key, self.env["hr.employee"].sudo()) | employees
        for (date_from, date_to), employees in ranges.items():
            self.env["timetrack.capacity.dirty"]._mark(employees, date_from, date_to)
