from odoo import api, fields, models
from odoo.exceptions import ValidationError


class TimetrackEmployeeCost(models.Model):
    """What an hour of an employee costs the firm from a day on, in the currency of the employee's company.

    Odoo keeps one hourly cost of each employee: a raise in July would change what late time of June costs. Here the
    former ones are kept, and time has the cost that was in force on its day. Nobody has to enter a cost twice: changing
    the one on the employee makes an entry from today on, and an entry that comes into force changes the one there.
    """

    _name = "timetrack.employee.cost"
    _description = "Hourly Cost"
    _order = "employee_id, date_from desc nulls last, id"
    _rec_name = "employee_id"

    employee_id = fields.Many2one("hr.employee", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="employee_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="employee_id.currency_id")
    date_from = fields.Date("From", help="The first day of work at this cost. Empty: from the beginning.")
    hourly_cost = fields.Monetary(required=True, aggregator=None)

    _once = models.UniqueIndex(
        "(employee_id, COALESCE(date_from, '0001-01-01'::date))",
        "There is a cost of this employee from this day on already: change that one.",
    )

    @api.constrains("hourly_cost")
    def _check_hourly_cost(self):
        if any(cost.hourly_cost < 0 for cost in self):
            raise ValidationError(self.env._("An hour cannot cost less than nothing."))

    @api.model_create_multi
    def create(self, vals_list):
        """The first change of a cost says nothing of the time before: what an hour cost until now stays true of it."""
        begun = {vals["employee_id"] for vals in vals_list if not vals.get("date_from")}
        employees = self.env["hr.employee"].browse({vals["employee_id"] for vals in vals_list} - begun)
        known = [
            {"employee_id": employee.id, "date_from": False, "hourly_cost": employee.hourly_cost}
            for employee in employees
            if employee.hourly_cost and not employee.timetrack_cost_ids
        ]
        costs = super().create(known + vals_list)[len(known) :]
        costs.employee_id._timetrack_apply_cost()
        return costs

    def write(self, vals):
        employees = self.employee_id
        result = super().write(vals)
        (employees | self.employee_id)._timetrack_apply_cost()
        return result

    def unlink(self):
        employees = self.employee_id
        result = super().unlink()
        employees._timetrack_apply_cost()
        return result

    @api.model
    def _cron_begin(self):
        """Costs that begin today become the ones that Odoo shows."""
        self.search([("date_from", "!=", False)]).employee_id._timetrack_apply_cost()

    def action_apply(self):
        """Work out anew what the time of the employee costs, from this day to the next change; locked time too."""
        self.check_access("write")
        for cost in self.sudo():
            days = [("employee_id", "=", cost.employee_id.id), ("project_id", "!=", False)]
            later = [
                other.date_from
                for other in cost.employee_id.timetrack_cost_ids
                if other.date_from and (not cost.date_from or other.date_from > cost.date_from)
            ]
            if cost.date_from:
                days.append(("date", ">=", cost.date_from))
            if later:
                days.append(("date", "<", min(later)))
            self.env["account.analytic.line"].sudo().search(days)._timetrack_recost()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "success", "message": self.env._("The time of these days has its cost.")},
        }
