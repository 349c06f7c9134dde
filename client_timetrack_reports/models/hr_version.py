from odoo import api, models


class HrVersion(models.Model):
    _inherit = "hr.version"

    @api.model
    def _timetrack_capacity_fields(self):
        """Names of the fields that an employee's capacity depends on."""
        return {
            "active",
            "employee_id",
            "date_version",
            "contract_date_start",
            "contract_date_end",
            "departure_date",
            "department_id",
            "job_id",
            "resource_calendar_id",
        }

    @api.model_create_multi
    def create(self, vals_list):
        versions = super().create(vals_list)
        self.env["timetrack.capacity.dirty"]._mark(versions.employee_id)
        return versions

    def write(self, vals):
        touched = self._timetrack_capacity_fields().intersection(vals)
        employees = self.employee_id if touched else self.env["hr.employee"]
        result = super().write(vals)
        if touched:
            self.env["timetrack.capacity.dirty"]._mark(employees | self.employee_id)
        return result

    def unlink(self):
        employees = self.employee_id
        result = super().unlink()
        self.env["timetrack.capacity.dirty"]._mark(employees.exists())
        return result
