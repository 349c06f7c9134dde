from odoo import models


class ResourceResource(models.Model):
    _inherit = "resource.resource"

    def write(self, vals):
        result = super().write(vals)
        if {"active", "tz"}.intersection(vals):
            employees = self.sudo().with_context(active_test=False).employee_id
            self.env["timetrack.capacity.dirty"]._mark(employees)
        return result
