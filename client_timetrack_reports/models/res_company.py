from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    timetrack_flexible_weekly_hours = fields.Float(
        "Weekly Hours of Flexible Employees",
        default=40.0,
        help="Capacity a week of employees without a working calendar, shared evenly by Monday to Friday.",
    )

    _timetrack_flexible_weekly_hours_range = models.Constraint(
        "CHECK(timetrack_flexible_weekly_hours BETWEEN 0 AND 120)",
        "The weekly hours of flexible employees must be between 0 and 120.",
    )

    def write(self, vals):
        result = super().write(vals)
        if "timetrack_flexible_weekly_hours" in vals:
            versions = self.env["hr.version"].sudo().search(
                [("employee_id.company_id", "in", self.ids), ("resource_calendar_id", "=", False)]
            )
            self.env["timetrack.capacity.dirty"]._mark(versions.employee_id)
        return result
