from odoo import api, fields, models

from .timetrack_capacity_dirty import LATER


class HrEmployee(models.Model):
    _inherit = "hr.employee"

    timetrack_utilization = fields.Float(
        "Utilization",
        compute="_compute_timetrack_utilization",
        groups="hr_timesheet.group_hr_timesheet_approver",
        help="Billable hours / net available hours, of this year until today.",
    )
    timetrack_has_capacity = fields.Boolean(
        "Has Capacity",
        compute="_compute_timetrack_utilization",
        groups="hr_timesheet.group_hr_timesheet_approver",
        help="Otherwise there is no utilization.",
    )

    @api.depends_context("uid", "tz")
    def _compute_timetrack_utilization(self):
        """One query, of what the user may see."""
        today = fields.Date.context_today(self)
        groups = self.env["timetrack.report"]._read_group(
            [("kind", "in", ("entry", "capacity")), ("employee_id", "in", self.ids),
             ("date", ">=", today.replace(month=1, day=1)), ("date", "<=", today)],
            ["employee_id"],
            ["utilization:avg", "net_available_hours:sum"],
        )  # fmt: skip
        rates = {employee.id: rate or 0.0 for employee, rate, available in groups if (available or 0.0) > 0}
        for employee in self:
            employee.timetrack_utilization = rates.get(employee.id, 0.0)
            employee.timetrack_has_capacity = employee.id in rates

    def action_timetrack_view_report(self):
        """Open the employee's utilization."""
        self.ensure_one()
        return self.env["timetrack.report"]._get_action("utilization", self, "employee_id")

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
