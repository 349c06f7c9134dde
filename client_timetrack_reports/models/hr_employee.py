from odoo import api, models


class HrEmployee(models.Model):
    _inherit = "hr.employee"

    @api.model_create_multi
    def create(self, vals_list):
        employees = super().create(vals_list)
        self.env["timetrack.capacity.dirty"]._mark(employees)
        return employees

    def write(self, vals):
        result = super().write(vals)
        if "company_id" in vals:
            self.env["timetrack.capacity.dirty"]._mark(self)
        return result
