from odoo import models


class ResCompany(models.Model):
    _inherit = "res.company"

    def write(self, vals):
        result = super().write(vals)
        if "timetrack_flexible_weekly_hours" in vals:
            versions = self.env["hr.version"].sudo().search(
                [("employee_id.company_id", "in", self.ids), ("resource_calendar_id", "=", False)]
            )
            self.env["timetrack.capacity.dirty"]._mark(versions.employee_id)
        return result
