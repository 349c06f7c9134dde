from odoo import api, fields, models
from odoo.fields import Domain


class ProjectProject(models.Model):
    _inherit = "project.project"

    timetrack_budget_ids = fields.One2many(
        "timetrack.budget", "project_id", groups="hr_timesheet.group_hr_timesheet_user"
    )
    timetrack_budget_percent = fields.Float(
        "Budget Used",
        compute="_compute_timetrack_budget",
        compute_sudo=True,
        groups="hr_timesheet.group_hr_timesheet_user",
        help="Hours used in percent of the budgeted hours.",
    )
    timetrack_budget_remaining = fields.Float(
        "Budget Left",
        compute="_compute_timetrack_budget",
        compute_sudo=True,
        groups="hr_timesheet.group_hr_timesheet_user",
        help="Budgeted hours that are not used yet.",
    )

    @api.depends("timetrack_budget_ids.hours_percent", "timetrack_budget_ids.remaining_hours")
    def _compute_timetrack_budget(self):
        for project in self:
            budget = project.timetrack_budget_ids[:1]
            project.timetrack_budget_percent = budget.hours_percent
            project.timetrack_budget_remaining = budget.remaining_hours

    @api.model_create_multi
    def create(self, vals_list):
        projects = super().create(vals_list)
        projects._timetrack_ensure_budget()
        return projects

    def write(self, vals):
        without_client = self.filtered(lambda project: not project.partner_id) if vals.get("partner_id") else self[:0]
        result = super().write(vals)
        without_client._timetrack_propose_billable()
        if vals.get("allocated_hours"):
            self._timetrack_ensure_budget()
        return result

    def _timetrack_propose_billable(self):
        """The projects have just got a client: propose anew whether their open time is billable.

        Only then: whoever said otherwise of an entry is not overruled by another contact of the same client.
        """
        Line = self.env["account.analytic.line"].sudo()
        lines = Line.search(Line._timetrack_entry_domain() & Domain("project_id", "in", self.ids))
        self.env.add_to_compute(Line._fields["timetrack_is_billable"], lines)

    def _timetrack_ensure_budget(self):
        """A project with allocated hours has a budget: the hours are the same number."""
        without = self.sudo().filtered(
            lambda project: project.allocated_hours > 0 and not project.is_template and not project.timetrack_budget_ids
        )
        self.env["timetrack.budget"].sudo().create([{"project_id": project.id} for project in without])

    def action_timetrack_budget(self):
        """Open the project's budget, or a new one."""
        self.ensure_one()
        budget = self.timetrack_budget_ids[:1]
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Budget"),
            "res_model": "timetrack.budget",
            "res_id": budget.id,
            "view_mode": "form",
            "context": {"default_project_id": self.id},
        }
