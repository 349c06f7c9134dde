from odoo import api, fields, models, tools
from odoo.exceptions import AccessError
from odoo.fields import Domain

from ..engine import policy as engine

SEVERITIES = [("none", "Allow"), ("warn", "Warn"), ("block", "Refuse")]


def _severity(label, help_text):
    return fields.Selection(SEVERITIES, string=label, default="none", required=True, help=help_text)


class TimetrackPolicy(models.Model):
    """How time is kept for a kind of work: who approves it, what it must say, which limits it has.

    A project finds its policy on itself, else on its client, else on the client's category, else on its company
    (``project.project._timetrack_find_policy``). Without any, the built-in rule applies: one step, taken by the line
    manager or the project manager, and no limits.
    """

    _name = "timetrack.policy"
    _inherit = ["timetrack.cached.mixin"]
    _description = "Time Policy"
    _check_company_auto = True
    _order = "sequence, name, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", help="Leave empty to use the policy in every company.")
    note = fields.Text("Description", translate=True, help="What the policy is for.")

    # Approval
    step_ids = fields.One2many("timetrack.policy.step", "policy_id", string="Approval Steps", copy=True)
    self_approval = fields.Boolean(
        "Approvers May Approve Their Own Time",
        help="Only where the step is theirs to take. Otherwise nobody approves their own time.",
    )
    auto_approve = fields.Selection(
        [("never", "Never"), ("non_billable", "Time That Is Not Billable"), ("always", "All Time")],
        string="Approve Automatically",
        default="never",
        required=True,
        help="On submission, without anybody's step. Time with a warning always goes to the approvers.",
    )
    auto_approve_max_hours = fields.Float(
        "Up to Hours a Day",
        help="Only while the employee's hours of the day stay within this number. 0: however many.",
    )

    # What an entry must say when it is submitted
    require_task = fields.Boolean("Task")
    require_activity = fields.Boolean("Service Type")
    require_deliverable = fields.Boolean("Deliverable")
    description_min_length = fields.Integer("Length of the Description", help="Characters at least. 0: as people like.")

    # Limits: refused when an entry is saved and when it is submitted
    day_hours_severity = _severity("Hours a Day", "More hours of one employee on one day than the maximum.")
    day_hours_max = fields.Float("Maximum Hours a Day", default=12)
    future_severity = _severity("Future Time", "Time dated after today in the employee's time zone.")
    future_days = fields.Integer("Days Ahead", help="Days ahead that are still allowed.")
    past_severity = _severity("Old Time", "Time dated further back than the days allowed.")
    past_days = fields.Integer("Days Back", default=31, help="Days back that are still allowed.")
    non_working_severity = _severity("Days Off", "Time on a day without working hours: weekend, holiday, leave.")
    over_budget_severity = _severity(
        "Over Budget",
        "Time beyond what a budget of the project, its client, the task, the deliverable, the service type, the "
        "employee or the job leaves, unless an override was approved.",
    )
    closed_severity = _severity("Closed Work", "Time on a task that is done or cancelled, or on an archived project.")
    duplicate_severity = _severity(
        "Duplicates",
        "The same employee, day, project, task, service type, hours and description a second time, unless they start "
        "at different times.",
    )
    overlap_severity = _severity(
        "Overlaps", "Start and end within another entry of the employee. Entries without both are not looked at."
    )

    # What a timer books
    timer_minimum = fields.Integer("Minimum of a Timer", help="Minutes that a stopped timer logs at least, a day.")
    timer_increment = fields.Integer(
        "Increment of a Timer", help="Minutes: what a stopped timer logs is a multiple of it. 0: to the minute."
    )
    timer_rounding = fields.Selection(
        [("up", "Up"), ("nearest", "To the Nearest"), ("down", "Down")],
        string="Rounding of a Timer",
        default="up",
        required=True,
        help="How a stopped timer comes to a multiple of the increment. The raw time is kept.",
    )

    # What the client sees on the portal
    portal_time = fields.Selection(
        [("approved", "Approved Time"), ("all", "All Time"), ("none", "No Time")],
        string="Clients See",
        default="approved",
        required=True,
        help="Time that waits for the client's own approval is always shown to the person who approves it.",
    )
    portal_hide_employee = fields.Boolean("Hide the Names of Employees from Clients")

    # Where it is chosen
    project_count = fields.Integer(compute="_compute_usage", compute_sudo=True)
    client_count = fields.Integer(compute="_compute_usage", compute_sudo=True)
    category_count = fields.Integer(compute="_compute_usage", compute_sudo=True)
    company_count = fields.Integer(compute="_compute_usage", compute_sudo=True)

    _day_hours_max_positive = models.Constraint("CHECK(day_hours_max > 0)", "The maximum hours a day must be positive.")
    _timer_minutes = models.Constraint(
        "CHECK(timer_minimum BETWEEN 0 AND 1440 AND timer_increment BETWEEN 0 AND 1440)",
        "Minimum and increment of a timer are minutes of a day.",
    )
    _numbers_positive = models.Constraint(
        "CHECK(future_days >= 0 AND past_days >= 0 AND description_min_length >= 0 AND auto_approve_max_hours >= 0)",
        "Days, lengths and hours of a policy cannot be negative.",
    )

    # ------------------------------------------------------------------
    # Where it is chosen
    # ------------------------------------------------------------------

    @api.model
    def _get_usage_domains(self):
        """Per counter, the model and the domain of the records that may name a policy, and their field."""
        clients = Domain("parent_id", "=", False) | Domain("is_company", "=", True)
        return {
            "project_count": ("project.project", Domain("is_template", "=", False), "timetrack_policy_id"),
            "client_count": ("res.partner", clients, "timetrack_policy_id"),
            "category_count": ("timetrack.client.category", Domain.TRUE, "policy_id"),
            "company_count": ("res.company", Domain.TRUE, "timetrack_policy_id"),
        }

    def _compute_usage(self):
        for counter, (model, domain, name) in self._get_usage_domains().items():
            groups = self.env[model]._read_group(domain & Domain(name, "in", self.ids), [name], ["__count"])
            counts = {policy.id: count for policy, count in groups}
            for policy in self:
                policy[counter] = counts.get(policy.id, 0)

    def action_view_projects(self):
        """Open the projects that name the policy."""
        return self._action_view_usage("project_count", self.env._("Projects"))

    def action_view_clients(self):
        """Open the clients that name the policy."""
        return self._action_view_usage("client_count", self.env._("Clients"))

    def action_view_categories(self):
        """Open the client categories that name the policy."""
        return self._action_view_usage("category_count", self.env._("Client Categories"))

    def action_view_companies(self):
        """Open the companies that name the policy."""
        return self._action_view_usage("company_count", self.env._("Companies"))

    def _action_view_usage(self, counter, title):
        model, domain, name = self._get_usage_domains()[counter]
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": model,
            "view_mode": "list,form",
            "domain": list(domain & Domain(name, "in", self.ids)),
            "context": {"create": False},
        }

    @api.model
    def _may_choose(self, *groups):
        """Whether the user may choose policies, whatever the rights of the code that runs."""
        return any(self.env.user.has_group(group) for group in groups)

    @api.model
    def _check_may_choose(self, *groups):
        """Choosing a policy may weaken a control, so it is a right of its own.

        :param groups: external ids of the groups whose members may
        :raise AccessError: the user is in none of them
        """
        if not self.env.su and not self._may_choose(*groups):
            raise AccessError(
                self.env._(
                    "Who approves time and what it must be is for these groups to choose: %(groups)s.\n"
                    "Ask one of their members to change the time policy.",
                    groups=", ".join(self.env.ref(group).sudo().full_name for group in groups),
                )
            )

    # ------------------------------------------------------------------
    # The limits
    # ------------------------------------------------------------------

    def _get_engine_settings(self):
        """What the policy says, as ``engine/policy.py`` takes it; an empty policy says nothing."""
        if not self:
            return engine.Settings()
        self.ensure_one()
        return engine.Settings(**{name: self[name] for name in engine.Settings._fields})

    @api.model
    @tools.ormcache(cache="stable")
    def _get_limiting_ids(self):
        """Ids of the policies that set limits.

        Cached, so that saving time asks the database nothing where there are none.
        """
        limits = Domain.OR(Domain(f"{name}_severity", "!=", engine.NONE) for name in engine.LIMITS)
        return frozenset(self.sudo().search(limits).ids)

    @api.model
    @tools.ormcache(cache="stable")
    def _get_self_approving_ids(self):
        """Ids of the policies that let approvers decide on their own time; cached as well."""
        policies = self.sudo().with_context(active_test=False)
        return tuple(policies.search([("self_approval", "=", True)]).ids)
