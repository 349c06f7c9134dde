import ast

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

# What a project says of all its time and its costs, seen by clients or not.
SECRETS_OF_PROJECTS = {
    "analytic_account_balance",
    "effective_hours",
    "is_project_overtime",
    "remaining_hours",
    "timesheet_ids",
    "total_timesheet_time",
}

# Who may choose the policy of a project, and who approves as its client.
CONTROL_GROUPS = ("hr_timesheet.group_timesheet_manager", "project.group_project_manager")


class ProjectProject(models.Model):
    _name = "project.project"
    _inherit = ["project.project", "timetrack.portal.mixin", "timetrack.quick.entry.mixin"]

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
        "Clients Approve",
        compute="_compute_timetrack_has_client_step",
        compute_sudo=True,
        groups="hr_timesheet.group_hr_timesheet_user",
    )
    timetrack_approver_missing = fields.Boolean(
        "Client Cannot Approve",
        compute="_compute_timetrack_approver_missing",
        compute_sudo=True,
        groups="hr_timesheet.group_hr_timesheet_user",
        help="The policy asks the client, but nobody of the client has access to the portal.",
    )
    timetrack_code_set_ids = fields.Many2many(
        "timetrack.code.set",
        "project_project_timetrack_code_set_rel",
        "project_id",
        "code_set_id",
        string="Code Sets",
        compute="_compute_timetrack_code_set_ids",
        store=True,
        readonly=False,
        groups="base.group_user",
        help="Time on this project offers the service types and deliverables of these sets, and the project's own "
        "deliverables. Proposed from the client's category. Empty: as the company's settings say.",
    )
    timetrack_effective_code_set_ids = fields.Many2many(
        "timetrack.code.set",
        string="Code Sets in Force",
        compute="_compute_timetrack_effective_code_set_ids",
        compute_sudo=True,
        groups="base.group_user",
    )
    timetrack_budget_ids = fields.One2many(
        "timetrack.budget",
        "project_id",
        domain=[("scope", "=", "project"), ("every", "=", "whole")],
        groups="hr_timesheet.group_hr_timesheet_user",
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
        "timetrack_policy_id.active",
        "timetrack_policy_id.company_id",
    )
    @api.depends_context("company", "lang")
    def _compute_timetrack_effective_policy(self):
        for project in self:
            policy, source = project._timetrack_find_policy(project.company_id or self.env.company)
            project.timetrack_effective_policy_id = policy
            project.timetrack_policy_reason = project._timetrack_describe_policy(policy, source)

    @api.depends("timetrack_effective_policy_id")
    def _compute_timetrack_has_client_step(self):
        for project in self:
            kinds = project.timetrack_effective_policy_id.step_ids.mapped("kind")
            project.timetrack_has_client_step = "client" in kinds

    @api.depends("timetrack_has_client_step", "timetrack_approver_id.user_ids", "partner_id.user_ids")
    def _compute_timetrack_approver_missing(self):
        for project in self:
            client = project.timetrack_approver_id or project.partner_id
            asked = project.timetrack_has_client_step
            project.timetrack_approver_missing = asked and not client._timetrack_get_approvers()

    def action_timetrack_grant_portal(self):
        """Open the dialog that gives the client's approver access to the portal."""
        self.ensure_one()
        client = self.timetrack_approver_id or self.partner_id
        if not client:
            raise UserError(
                self.env._("%(project)s has neither a customer nor a client approver.", project=self.display_name)
            )
        return self.env["portal.wizard"].with_context(active_ids=client.ids).action_open_wizard()

    @api.constrains("timetrack_policy_id", "company_id")
    def _check_timetrack_policy_id(self):
        """Core does not check the companies of a project by itself."""
        self._check_company(["timetrack_policy_id"])

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

    @api.model
    def _timetrack_policy_sql(self):
        """The policies in force of all projects in all their companies: what ``_timetrack_find_policy`` says of one.

        :return: a query of the columns ``project_id``, ``company_id`` and ``policy_id``, which may be NULL
        :rtype: SQL
        """
        sources = {
            "of_project": SQL.identifier("project", "timetrack_policy_id"),
            "of_client": SQL.identifier("client", "timetrack_policy_id"),
            "of_category": SQL.identifier("category", "policy_id"),
            "of_company": SQL.identifier("company", "timetrack_policy_id"),
        }
        joins = [
            SQL(
                "LEFT JOIN timetrack_policy %(alias)s ON %(alias)s.id = %(source)s AND %(alias)s.active"
                " AND (%(alias)s.company_id IS NULL OR %(alias)s.company_id = company.id)",
                alias=SQL.identifier(alias),
                source=source,
            )
            for alias, source in sources.items()
        ]
        return SQL(
            """
            SELECT project.id AS project_id, company.id AS company_id, COALESCE(%(policies)s) AS policy_id
              FROM project_project project
              JOIN res_company company ON project.company_id IS NULL OR project.company_id = company.id
         LEFT JOIN res_partner customer ON customer.id = project.partner_id
         LEFT JOIN res_partner client ON client.id = customer.commercial_partner_id
         LEFT JOIN timetrack_client_category category ON category.id = client.timetrack_client_category_id
            %(joins)s
            """,
            policies=SQL(", ").join(SQL.identifier(alias, "id") for alias in sources),
            joins=SQL(" ").join(joins),
            to_flush=self._timetrack_policy_columns(),
        )

    @api.model
    def _timetrack_policy_columns(self):
        """The fields that decide about the policy in force; a query has to see what is not written yet."""
        return [
            self.env[model]._fields[name]
            for model, names in {
                "project.project": ("company_id", "partner_id", "timetrack_policy_id"),
                "res.partner": ("commercial_partner_id", "timetrack_policy_id", "timetrack_client_category_id"),
                "timetrack.client.category": ("policy_id",),
                "res.company": ("timetrack_policy_id",),
                "timetrack.policy": ("active", "company_id"),
            }.items()
            for name in names
        ]

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
            budget = project._timetrack_get_budget()
            project.timetrack_budget_percent = budget.hours_percent
            project.timetrack_budget_remaining = budget.remaining_hours

    def _timetrack_get_budget(self):
        """The project's own budget over its whole life, or none."""
        self.ensure_one()
        # not [:1], which forgets what else is to be computed with it
        return next(iter(self.timetrack_budget_ids), self.timetrack_budget_ids)

    @api.model
    def _has_field_access(self, field, operation):
        """Users of the portal may read a shared project, but not what it sums up of time that is not shown to them."""
        if not super()._has_field_access(field, operation):
            return False
        if self.env.su or not self.env.user.share:
            return True
        return field.name not in SECRETS_OF_PROJECTS and not field.name.startswith("timetrack_")

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
        if "allocated_hours" in vals:
            self._timetrack_ensure_budget()
            self.sudo().timetrack_budget_ids._note_versions(self.env._("Allocated time of the project changed"))
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
        self.env["timetrack.policy"]._check_may_choose(*CONTROL_GROUPS)

    @api.model
    def default_get(self, fields):
        """Others' code that makes projects as the superuser takes along the context and the defaults of the user, who
        does not choose by them what would be refused otherwise."""
        values = super().default_get(fields)
        if self.env.su and not self.env["timetrack.policy"]._may_choose(*CONTROL_GROUPS):
            for name in self._timetrack_control_fields():
                values.pop(name, None)
        return values

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
        """Open the project's budgets: a new one where there is none."""
        self.ensure_one()
        budget = self.env["timetrack.budget"].search([("project_id", "=", self.id)])
        if len(budget) > 1:
            action = self.env["ir.actions.act_window"]._for_xml_id("client_timetrack.timetrack_budget_action")
            return {**action, "domain": [("project_id", "=", self.id)], "context": {"default_project_id": self.id}}
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Budget"),
            "res_model": "timetrack.budget",
            "res_id": budget.id,
            "view_mode": "form",
            "context": {"default_project_id": self.id},
        }

    # ------------------------------------------------------------------
    # Code sets: they decide which codes the time entries of the project offer
    # ------------------------------------------------------------------

    @api.depends("partner_id")
    def _compute_timetrack_code_set_ids(self):
        """Propose the sets of the client's category; what somebody chose stays."""
        for project in self:
            if not project.timetrack_code_set_ids:
                project.timetrack_code_set_ids = project.partner_id._timetrack_get_default_code_sets()

    @api.depends("timetrack_code_set_ids", "company_id.timetrack_code_set_ids")
    @api.depends_context("company")
    def _compute_timetrack_effective_code_set_ids(self):
        for project in self:
            project.timetrack_effective_code_set_ids = project._timetrack_get_code_sets(self.env.company)

    def _timetrack_get_code_sets(self, company):
        """The sets whose codes the project's time may have: the project's, else the company's.

        Archived sets do not count. The result is in sudo.

        :param company: res.company, for projects that are of no company
        :return: timetrack.code.set; empty: nothing is restricted
        """
        chosen = self.sudo().timetrack_code_set_ids.filtered("active")
        return chosen or (self.sudo().company_id or company.sudo()).timetrack_code_set_ids.filtered("active")

    def _timetrack_prepare_quick_entry(self):
        self._timetrack_check_takes_time(self)
        return {"project_id": self.id}
