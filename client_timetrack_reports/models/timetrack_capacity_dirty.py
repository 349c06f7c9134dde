from odoo import api, fields, models
from odoo.tools import split_every

from .timetrack_capacity import BATCH_EMPLOYEES

# In the context: whoever changes employees marks them at the end. No call from outside can bring this object along.
LATER = object()
# Up to this many employee-days are computed at once; more are left to the scheduled action.
DIRECT_DAYS = 1000


class TimetrackCapacityDirty(models.Model):
    """Dates whose capacity has to be computed again, one row an employee.

    Small changes (a leave, one person's new calendar) are computed on the spot and never come here.
    """

    _name = "timetrack.capacity.dirty"
    _description = "Capacity to Recompute"
    _rec_name = "employee_id"
    _log_access = False

    employee_id = fields.Many2one("hr.employee", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one("res.company", required=True, ondelete="cascade")
    date_from = fields.Date(required=True)
    date_to = fields.Date(required=True)

    @api.model
    def _mark(self, employees, date_from=None, date_to=None):
        """Say that the capacity of some employees has changed; dates left out are without limit.

        Dates outside of what is kept (see ``timetrack.capacity._get_horizon``) are ignored.
        """
        if self.env.context.get("timetrack_capacity_later") is LATER:
            return
        Capacity = self.env["timetrack.capacity"]
        for company, members in employees.sudo().with_context(active_test=False).grouped("company_id").items():
            first, last = Capacity._get_horizon(company)
            start = max(first, date_from or first)
            end = min(last, date_to or last)
            if start > end:
                continue
            if len(members) * ((end - start).days + 1) <= DIRECT_DAYS:
                Capacity._refresh(members, start, end)
            else:
                self._postpone(members, company, start, end)

    @api.model
    def _postpone(self, employees, company, date_from, date_to):
        """Leave the range to the scheduled action, which is woken up."""
        self.sudo().create(
            [
                {"employee_id": employee_id, "company_id": company.id, "date_from": date_from, "date_to": date_to}
                for employee_id in employees.ids
            ]
        )
        self._wake_up()

    @api.model
    def _wake_up(self):
        """Have the scheduled action run as soon as this transaction is committed."""
        cron = self.env.ref("client_timetrack_reports.ir_cron_timetrack_capacity", raise_if_not_found=False)
        if cron:
            cron.sudo()._trigger()

    @api.model
    def _process(self):
        """Compute every marked range again; each batch is committed."""
        self = self.sudo()
        cron = self.env["ir.cron"]
        groups = self._read_group([], ["employee_id"], ["date_from:min", "date_to:max", "id:recordset"])
        groups.sort(key=lambda group: (group[1], group[2]))
        for batch in split_every(BATCH_EMPLOYEES, groups, list):
            employees = self.env["hr.employee"].union(*(group[0] for group in batch))
            self.env["timetrack.capacity"]._refresh(
                employees, min(group[1] for group in batch), max(group[2] for group in batch)
            )
            self.union(*(group[3] for group in batch)).unlink()
            if not cron._commit_progress():
                break
