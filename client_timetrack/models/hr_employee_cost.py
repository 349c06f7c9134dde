from odoo import fields, models
from odoo.tools import float_compare

from .timetrack_internal_mixin import INTERNAL


class HrEmployee(models.Model):
    _inherit = "hr.employee"

    timetrack_cost_ids = fields.One2many(
        "timetrack.employee.cost", "employee_id", string="Cost History", groups="hr.group_hr_user"
    )

    def write(self, vals):
        """A new hourly cost holds from today on; what it was before stays true of earlier time."""
        follows = "hourly_cost" in vals and self.env.context.get("timetrack_cost") is not INTERNAL
        before = {employee: employee.hourly_cost for employee in self.sudo()} if follows else {}
        result = super().write(vals)
        if before:
            self._timetrack_note_cost(before)
        return result

    def _timetrack_note_cost(self, before):
        """Keep what the hourly cost was, and from when on it is another one.

        A first cost, where there was none, is that of all time.

        :param dict before: employee (in sudo) to what an hour cost
        """
        vals_list = []
        for employee, cost in before.items():
            today = fields.Date.context_today(employee)
            known = employee.timetrack_cost_ids
            if employee.currency_id.compare_amounts(cost, employee.hourly_cost) == 0 or not (cost or known):
                continue
            if not known:
                vals_list.append({"employee_id": employee.id, "date_from": False, "hourly_cost": cost})
            same_day = known.filtered(lambda one, today=today: one.date_from == today)
            if same_day:
                same_day.hourly_cost = employee.hourly_cost
            else:
                vals_list.append({"employee_id": employee.id, "date_from": today, "hourly_cost": employee.hourly_cost})
        self.env["timetrack.employee.cost"].sudo().create(vals_list)

    def _timetrack_apply_cost(self):
        """Have Odoo's hourly cost be the one in force today."""
        for employee in self.sudo().with_context(timetrack_cost=INTERNAL):
            cost = employee._timetrack_cost_on(fields.Date.context_today(employee))
            if float_compare(cost, employee.hourly_cost, precision_digits=6):
                employee.hourly_cost = cost

    def action_timetrack_view_costs(self):
        """Open what an hour of the employee cost, and will cost."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("client_timetrack.timetrack_employee_cost_action")
        return {**action, "domain": [("employee_id", "=", self.id)], "context": {"default_employee_id": self.id}}

    def _timetrack_cost_on(self, day):
        """What an hour of the employee costs on a day, in the currency of the employee."""
        self.ensure_one()
        begun = [one for one in self.timetrack_cost_ids if not one.date_from or one.date_from <= day]
        if begun:
            return max(begun, key=lambda one: one.date_from or fields.Date.to_date("0001-01-01")).hourly_cost
        # before the first one that is known: the first one
        first = self.timetrack_cost_ids.sorted("date_from")[:1]
        return first.hourly_cost if first else self.hourly_cost
