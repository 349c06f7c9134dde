import ast

from odoo import api, fields, models
from odoo.fields import Domain


class ProjectProject(models.Model):
    _inherit = "project.project"

    timetrack_policy_id = fields.Many2one(
        "timetrack.policy",
        string="Time Policy",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        groups="hr_timesheet.group_hr_timesheet_user",
        help="How time of this project is kept. Empty: as its client, the client's category or the company says.",
    )
    timetrack_approver_id = fields.Many2one(
        "res.partner",
        string="Client Approver",
        index="btree_not_null",
        ondelete="restrict",
        groups="hr_timesheet.group_hr_timesheet_user",
        domain="[('id', 'child_of', timetrack_client_id)]",
        help="The contact of the client who approves time on the portal, where the policy has such a step. "
        "Empty: the customer of the project.",
    )
    timetrack_client_id = fields.Many2one(related="partner_id.commercial_partner_id", string="Client")
    timetrack_has_client_step = fields.Boolean(
        compute="_compute_timetrack_effective_policy",
        compute_sudo=True,
        groups="hr_timesheet.group_hr_timesheet_user",
    )
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

    timetrack_effective_policy_id = fields.Many2one(
        "timetrack.policy",
        string="Policy in Force",
        compute="_compute_timetrack_effective_policy",
        compute_sudo=True,
        groups="hr_timesheet.group_hr_timesheet_user",
    )
    timetrack_policy_reason = fields.Char(
        "Why This Policy",
        compute="_compute_timetrack_effective_policy",
        compute_sudo=True,
        groups="hr_timesheet.group_hr_timesheet_user",
    )

    @api.depends(
        "timetrack_policy_id",
        "partner_id.commercial_partner_id.timetrack_policy_id",
        "partner_id.commercial_partner_id.timetrack_client_category_id.policy_id",
        "company_id.timetrack_policy_id",
    )
    @api.depends_context("company", "lang")
    def _compute_timetrack_effective_policy(self):
        for project in self:
            policy, source = project._timetrack_find_policy(project.company_id or self.env.company)
            project.timetrack_effective_policy_id = policy
            project.timetrack_has_client_step = "client" in policy.step_ids.mapped("kind")
            project.timetrack_policy_reason = project._timetrack_describe_policy(policy, source)

    def _timetrack_find_policy(self, company):
        """The policy of the project's time in a company, and the record that names it.

        The first of project, client, client category and company that names an active policy of this company, or
        of all companies, decides.

        :param res.company company: whose time it is
        :return: ``(policy, source)``; both empty where nobody names one
        """
        self.ensure_one()
        client = self.partner_id.commercial_partner_id
        category = client.timetrack_client_category_id
        for source, policy in (
            (self, self.timetrack_policy_id),
            (client, client.timetrack_policy_id),
            (category, category.policy_id),
            (company, company.timetrack_policy_id),
        ):
            if policy.active and policy.company_id in (policy.company_id.browse(), company):
                return policy, source
        return self.env["timetrack.policy"], None

    def _timetrack_describe_policy(self, policy, source):
        """Say in a sentence where the policy comes from."""
        if not policy:
            return self.env._("No policy is chosen: the line manager or the project manager approves, without limits.")
        sentences = {
            "project.project": self.env._("%(policy)s: chosen on this project."),
            "res.partner": self.env._("%(policy)s: chosen on the client %(source)s."),
            "timetrack.client.category": self.env._("%(policy)s: chosen on the client category %(source)s."),
            "res.company": self.env._("%(policy)s: chosen in the settings of %(source)s."),
        }
        return sentences[source._name] % {"policy": policy.name, "source": source.display_name}

    timetrack_pending_count = fields.Integer(
        "Entries to Approve",
        compute="_compute_timetrack_pending_count",
        groups="hr_timesheet.group_hr_timesheet_approver",
        help="Submitted entries of the project that wait for you.",
    )

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_timetrack_pending_count(self):
        Line = self.env["account.analytic.line"]
        waiting = Domain("timetrack_state", "=", "submitted") & Domain("timetrack_can_approve", "=", True)
        counts = dict(Line._read_group(waiting & Domain("project_id", "in", self.ids), ["project_id"], ["__count"]))
        for project in self:
            project.timetrack_pending_count = counts.get(project, 0)

    def action_timetrack_view_pending(self):
        """Open the time of the project that waits for the user's approval."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("client_timetrack.timetrack_approval_action")
        domain = Domain(ast.literal_eval(action["domain"])) & Domain("project_id", "=", self.id)
        return {**action, "domain": list(domain)}

    @api.depends("timetrack_budget_ids.hours_percent", "timetrack_budget_ids.remaining_hours")
    def _compute_timetrack_budget(self):
        for project in self:
            budget = project.timetrack_budget_ids[:1]
            project.timetrack_budget_percent = budget.hours_percent
            project.timetrack_budget_remaining = budget.remaining_hours

    @api.model_create_multi
    def create(self, vals_list):
        projects = super().create(vals_list)
        # Values may come from defaults as well: look at what has come of them.
        for name in self._timetrack_control_fields():
            if any(projects.sudo().mapped(name)):
                self._timetrack_check_control({name})
        projects._timetrack_ensure_budget()
        return projects

    def write(self, vals):
        self._timetrack_check_control(vals)
        without_client = self.filtered(lambda project: not project.partner_id) if vals.get("partner_id") else self[:0]
        result = super().write(vals)
        without_client._timetrack_propose_billable()
        if vals.get("allocated_hours"):
            self._timetrack_ensure_budget()
        return result

    @api.model
    def _timetrack_control_fields(self):
        """Names of the fields that say who approves time and what it must be."""
        return {"timetrack_policy_id", "timetrack_approver_id"}

    def _timetrack_check_control(self, names):
        """Whoever may change a project may not for that reason weaken the control of its time.

        :raise AccessError: the user is neither an administrator of timesheets nor of projects
        """
        if self._timetrack_control_fields().isdisjoint(names):
            return
        self.env["timetrack.policy"]._check_may_choose(
            "hr_timesheet.group_timesheet_manager", "project.group_project_manager"
        )

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
