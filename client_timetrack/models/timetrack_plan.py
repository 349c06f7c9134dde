from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

WEEK = timedelta(days=7)


class TimetrackPlan(models.Model):
    """The hours that an employee is planned to work on a project in a week, which starts on Monday.

    Plans are no time: they are compared with it (``timetrack.plan.report``), and budgets see what they are about to
    take (``timetrack_budget_plan.py``).
    """

    _name = "timetrack.plan"
    _description = "Planned Time"
    _order = "week desc, employee_id, project_id, id"
    _rec_name = "project_id"
    _check_company_auto = True

    employee_id = fields.Many2one(
        "hr.employee",
        required=True,
        ondelete="cascade",
        default=lambda self: self.env.user.employee_id,
        check_company=True,
    )
    project_id = fields.Many2one(
        "project.project",
        required=True,
        ondelete="cascade",
        index=True,
        domain="[('allow_timesheets', '=', True), ('is_template', '=', False)]",
    )
    client_id = fields.Many2one(related="project_id.timetrack_client_id", string="Client")
    week = fields.Date(required=True, default=lambda self: self._to_monday(fields.Date.context_today(self)))
    hours = fields.Float("Planned Hours", required=True)
    note = fields.Char()
    company_id = fields.Many2one(related="employee_id.company_id", store=True, index=True)

    _once = models.UniqueIndex(
        "(employee_id, project_id, week)", "There is a plan of this person, project and week already: change that one."
    )
    _week_idx = models.Index("(week, company_id)")
    _hours_range = models.Constraint("CHECK(hours BETWEEN 0 AND 168)", "A week has no more than 168 hours.")
    _week_monday = models.Constraint("CHECK(extract(isodow FROM week) = 1)", "Weeks of a plan start on Monday.")

    @api.model
    def _to_monday(self, day):
        """The Monday of the week that a day is in."""
        return day - timedelta(days=day.weekday())

    @api.model_create_multi
    def create(self, vals_list):
        """Any day of a week stands for it."""
        plans = super().create([self._clean(vals) for vals in vals_list])
        plans.project_id.check_access("read")
        plans._forget_budgets()
        return plans

    def write(self, vals):
        """Any day of a week stands for it. Nobody makes a plan that they may change into one that they may not.

        :raise AccessError: the plan would be of a person and project out of the user's reach
        """
        result = super().write(self._clean(vals))
        if not {"employee_id", "project_id"}.isdisjoint(vals):
            self.check_access("write")
            self.project_id.check_access("read")
        self._forget_budgets()
        return result

    def unlink(self):
        self._forget_budgets()
        return super().unlink()

    @api.model
    def _forget_budgets(self):
        """What budgets say of plans is computed when it is read next."""
        self.env["timetrack.budget"].invalidate_model(["planned_hours", "forecast_hours", "outlook"])

    @api.model
    def _clean(self, vals):
        if not vals.get("week"):
            return vals
        return {**vals, "week": self._to_monday(fields.Date.to_date(vals["week"]))}

    def action_copy_forward(self):
        """Plan the same for the week after each plan's; where something is planned already, nothing changes.

        Two queries more for any number of plans.

        :return: the plans of the weeks after, as an action
        """
        wanted = {(plan.employee_id.id, plan.project_id.id, plan.week + WEEK): plan for plan in self if plan.hours > 0}
        known = self.search(
            Domain("employee_id", "in", self.employee_id.ids)
            & Domain("project_id", "in", self.project_id.ids)
            & Domain("week", "in", list({week for _employee, _project, week in wanted}))
        )
        for plan in known:
            wanted.pop((plan.employee_id.id, plan.project_id.id, plan.week), None)
        new = self.create(
            [
                {"employee_id": employee, "project_id": project, "week": week, "hours": plan.hours, "note": plan.note}
                for (employee, project, week), plan in wanted.items()
            ]
        )
        if not new:
            raise UserError(self.env._("The weeks after have their plans already: nothing was copied."))
        action = self.env["ir.actions.act_window"]._for_xml_id("client_timetrack.timetrack_plan_action")
        views = [(False, "list"), (False, "form")]
        return {**action, "views": views, "domain": [("id", "in", new.ids)], "context": {}}
