from odoo import api, models
from odoo.fields import Domain


class TimetrackTarget(models.Model):
    """Capacity says how many billable hours are aimed at: it follows the targets."""

    _inherit = "timetrack.target"

    @api.model_create_multi
    def create(self, vals_list):
        targets = super().create(vals_list)
        targets._timetrack_mark_capacity()
        return targets

    def write(self, vals):
        before = self._timetrack_get_affected()
        result = super().write(vals)
        self._timetrack_mark_capacity(before)
        return result

    def unlink(self):
        before = self._timetrack_get_affected()
        result = super().unlink()
        self.browse()._timetrack_mark_capacity(before)
        return result

    def _timetrack_get_affected(self):
        """Who may aim at the targets, and from when on: list of (employees, first day)."""
        Employee = self.env["hr.employee"].sudo().with_context(active_test=False)
        Version = self.env["hr.version"].sudo()
        affected = []
        for target in self:
            of_company = Domain("company_id", "=", target.company_id.id)
            if target.scope == "employee":
                employees = target.employee_id.sudo()
            elif target.scope == "job":
                employees = Version.search([("job_id", "=", target.job_id.id)]).employee_id
            elif target.scope == "department":
                employees = Version.search([("department_id", "child_of", target.department_id.id)]).employee_id
            else:
                employees = Employee.search(of_company)
            affected.append((employees, target.date_from))
        return affected

    def _timetrack_mark_capacity(self, before=()):
        """Have the capacity of those who aim at the targets, or did ``before``, computed again."""
        days = {}
        for employees, date_from in [*before, *self._timetrack_get_affected()]:
            days[date_from] = days.get(date_from, self.env["hr.employee"].sudo()) | employees
        for date_from, employees in days.items():
            self.env["timetrack.capacity.dirty"]._mark(employees, date_from)
