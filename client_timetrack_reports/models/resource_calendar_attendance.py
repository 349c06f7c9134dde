from odoo import api, models


class ResourceCalendarAttendance(models.Model):
    _inherit = "resource.calendar.attendance"

    @api.model_create_multi
    def create(self, vals_list):
        attendances = super().create(vals_list)
        attendances.calendar_id._timetrack_mark_capacity()
        return attendances

    def write(self, vals):
        calendars = self.calendar_id
        result = super().write(vals)
        if set(vals) - {"name", "sequence"}:
            (calendars | self.calendar_id)._timetrack_mark_capacity()
        return result

    def unlink(self):
        calendars = self.calendar_id
        result = super().unlink()
        calendars.exists()._timetrack_mark_capacity()
        return result
