from odoo import models


class HrEmployeePublic(models.Model):
    _inherit = "hr.employee.public"

    def action_timetrack_view_periods(self):
        """Open the timesheets of the employee, period by period: those that the user may see."""
        self.ensure_one()
        return self.env["hr.employee"].browse(self.id).action_timetrack_view_periods()
