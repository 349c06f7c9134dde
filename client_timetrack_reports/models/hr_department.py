from odoo import models


class HrDepartment(models.Model):
    _inherit = "hr.department"

    def write(self, vals):
        """A department under another one has the targets of that one."""
        result = super().write(vals)
        if "parent_id" in vals:
            versions = self.env["hr.version"].sudo().search([("department_id", "child_of", self.ids)])
            self.env["timetrack.capacity.dirty"]._mark(versions.employee_id)
        return result
