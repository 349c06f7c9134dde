from odoo import api, models
from odoo.fields import Domain

# Whose versions a target is for: its field, the field of the version and the operator.
AIMS = {
    "employee": ("employee_id", "employee_id", "in"),
    "job": ("job_id", "job_id", "in"),
    "department": ("department_id", "department_id", "child_of"),
    "company": ("company_id", "employee_id.company_id", "in"),
}


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
        self._timetrack_mark_capacity(*before)
        return result

    def unlink(self):
        before = self._timetrack_get_affected()
        result = super().unlink()
        self.browse()._timetrack_mark_capacity(*before)
        return result

    def _timetrack_get_affected(self):
        """Who may aim at the targets, now or once, and the days they begin: employees and a list of dates. One query,
        however many targets there are."""
        domain = Domain.OR(
            Domain(field, operator, targets[name].ids)
            for scope, targets in self.grouped("scope").items()
            for name, field, operator in (AIMS[scope],)
        )
        return self.env["hr.version"].sudo().search(domain).employee_id, self.mapped("date_from")

    def _timetrack_mark_capacity(self, employees=None, days=()):
        """Have the capacity of those who aim at the targets, or did before, computed again from the first day on.

        :param employees: and ``days``: as of :meth:`_timetrack_get_affected`
        """
        affected, begins = self._timetrack_get_affected()
        days = [*days, *begins]
        if days:
            self.env["timetrack.capacity.dirty"]._mark(affected | (employees or affected.browse()), min(days))
