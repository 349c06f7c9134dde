from odoo import api, models

from .timetrack_capacity_dirty import LATER


class HrEmployee(models.Model):
    _inherit = "hr.employee"

    @api.model_create_multi
    def create(self, vals_list):
        """Odoo makes an employee in steps, of version and resource too: their capacity is computed once, at the end."""
        hiring = self.with_context(timetrack_capacity_later=LATER)
        employees = super(HrEmployee, hiring).create(vals_list).with_env(self.env)
        self.env["timetrack.capacity.dirty"]._mark(employees)
        return employees

    def write(self, vals):
        result = super().write(vals)
        if "company_id" in vals:
            self.env["timetrack.capacity.dirty"]._mark(self)
        return result
