from odoo import models


class AccountAnalyticLine(models.Model):
    _inherit = "account.analytic.line"

    def _hourly_cost(self):
        """The employee's cost on the day of the work; a cost of one's own on the project goes before it."""
        cost = super()._hourly_cost()
        employee = self.sudo().employee_id
        # a cost that is not the employee's comes from the project (see sale_timesheet)
        if not employee.timetrack_cost_ids or cost != (employee.hourly_cost or 0.0):
            return cost
        return employee._timetrack_cost_on(self.date)

    def _timesheet_postprocess_values(self, values):
        """Time that moves to another day has the cost of that day."""
        if "date" in values and "unit_amount" not in values and self.sudo().employee_id.timetrack_cost_ids:
            values = {**values, "unit_amount": None}
        return super()._timesheet_postprocess_values(values)

    def _timetrack_recost(self):
        """Work out anew what the time costs, whatever its state: costs are the firm's own affair."""
        amounts = self.sudo()._timesheet_postprocess_values({"unit_amount": None})
        changed = {}
        for line in self:
            amount = amounts[line.id].get("amount", line.amount)
            if line.currency_id.compare_amounts(amount, line.amount):
                changed.setdefault(amount, []).append(line.id)
        for amount, ids in changed.items():
            self.browse(ids).sudo()._timetrack_internal().write({"amount": amount})
