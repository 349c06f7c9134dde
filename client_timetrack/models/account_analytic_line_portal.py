from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine.approval import SUBMITTED


class AccountAnalyticLine(models.Model):
    """What clients see of time on the portal, and the time that they approve themselves."""

    _name = "account.analytic.line"
    _inherit = ["account.analytic.line", "timetrack.portal.mixin"]

    timetrack_client_visible = fields.Boolean(
        "Shown to Clients",
        compute="_compute_timetrack_client_visible",
        search="_search_timetrack_client_visible",
        compute_sudo=True,
        help="Whether the policy lets clients see the entry on the portal.",
    )
    timetrack_worker_name = fields.Char(
        "Team Member",
        compute="_compute_timetrack_worker_name",
        compute_sudo=True,
        help="Who worked; clients whose policy hides names read “Team member”.",
    )

    # The portal asks for the time of a client's tasks and projects: neither alone finds it.
    _timetrack_partner_idx = models.Index("(partner_id) WHERE partner_id IS NOT NULL")

    # ------------------------------------------------------------------
    # Which entries
    # ------------------------------------------------------------------

    @api.model
    def _timetrack_client_domain(self):
        """Domain of the entries that their policies let clients see: those that were approved, all, or none.

        The policy is the one under which an entry was handed in, before that the one in force for its project.
        """
        domain = self._timetrack_approved_domain()
        policies = self.env["timetrack.policy"].sudo().with_context(active_test=False)
        policies = policies.search([("portal_time", "!=", "approved")])
        if not policies:
            return domain
        everything = policies.filtered(lambda policy: policy.portal_time == "all")
        domain &= ~self._timetrack_of_policies_domain(policies)
        return domain | (self._timetrack_entry_domain() & self._timetrack_of_policies_domain(everything))

    @api.model
    def _timetrack_of_policies_domain(self, policies):
        """Domain of the entries that are kept under one of the policies; one query however many projects there are."""
        if not policies:
            return Domain.FALSE

        def to_sql(model, alias, _query):
            return SQL(
                """COALESCE(
                    CASE WHEN %(policy)s IS NOT NULL THEN %(policy)s = ANY(%(ids)s)
                         ELSE (%(project)s, %(company)s) IN (
                            SELECT project_id, company_id FROM (%(in_force)s) in_force
                             WHERE policy_id = ANY(%(ids)s)
                         )
                    END, FALSE)""",
                policy=model._field_to_sql(alias, "timetrack_policy_id"),
                project=model._field_to_sql(alias, "project_id"),
                company=model._field_to_sql(alias, "company_id"),
                ids=policies.ids,
                in_force=model.env["project.project"]._timetrack_policy_sql(),
            )

        return Domain.custom(to_sql=lambda model, alias, query: to_sql(model.sudo(), alias, query))

    @api.model
    def _timetrack_nameless_domain(self):
        """Domain of the entries whose policies hide from clients who worked."""
        policies = self.env["timetrack.policy"].sudo().with_context(active_test=False)
        return self._timetrack_of_policies_domain(policies.search([("portal_hide_employee", "=", True)]))

    @api.depends("timetrack_state", "timetrack_policy_id", "project_id", "company_id")
    def _compute_timetrack_client_visible(self):
        visible = self.search(Domain("id", "in", self.ids) & self._timetrack_client_domain())
        for line in self:
            line.timetrack_client_visible = line._origin in visible

    @api.model
    def _search_timetrack_client_visible(self, operator, value):
        if operator != "in":
            return NotImplemented
        domain = self._timetrack_client_domain()
        if True in value and False in value:
            return Domain.TRUE
        return domain if True in value else ~domain

    def _timesheet_get_portal_domain(self):
        """Clients see no time but what its policy lets them see."""
        domain = super()._timesheet_get_portal_domain()
        if self.env.user.has_group("hr_timesheet.group_hr_timesheet_user"):
            return domain
        return Domain(domain) & self._timetrack_client_domain()

    # ------------------------------------------------------------------
    # What of them
    # ------------------------------------------------------------------

    @api.depends("employee_id.name", "timetrack_policy_id", "project_id", "company_id")
    @api.depends_context("uid", "lang")
    def _compute_timetrack_worker_name(self):
        nameless = self.browse()
        if self.env.user.share:
            nameless = self.search(Domain("id", "in", self.ids) & self._timetrack_nameless_domain())
        for line in self:
            hidden = line._origin in nameless
            line.timetrack_worker_name = self.env._("Team member") if hidden else line.employee_id.name

    @api.model
    def _timetrack_portal_fields(self):
        """Names of the fields of time that users of the portal may read, search, sort and group by; no others.

        Whoever may filter by a cost can find it out by halving intervals, so that reading is not all that counts.
        The employee is not among them: the policy decides entry by entry whether the name is shown, and
        ``timetrack_worker_name`` follows it.
        """
        return {
            "id",
            "display_name",
            "name",
            "date",
            "unit_amount",
            "project_id",
            "task_id",
            "parent_task_id",
            "company_id",
            "readonly_timesheet",
            "timetrack_activity_id",
            "timetrack_deliverable_id",
            "timetrack_state",
            "timetrack_worker_name",
        }

    @api.model
    def _has_field_access(self, field, operation):
        if not super()._has_field_access(field, operation):
            return False
        if operation != "read" or self.env.su or not self.env.user.share:
            return True
        return field.name in self._timetrack_portal_fields()

    @api.model
    def get_view(self, view_id=None, view_type="form", **options):
        """Users of the portal get views of what they may read, whichever view is asked for."""
        if self.env.user.share and view_type in ("form", "kanban", "list", "search"):
            view_id = self.env.ref(f"client_timetrack.account_analytic_line_view_{view_type}_portal").id
        return super().get_view(view_id, view_type, **options)

    # ------------------------------------------------------------------
    # The client's own step of approval
    # ------------------------------------------------------------------

    @api.model
    def _timetrack_client_step_domain(self):
        """Domain of the entries that wait for the user as the client's approver, whatever else the user may decide."""
        user = self.env.user
        return self._timetrack_waits_for_client_domain() & self._timetrack_scope_domain(user, as_administrator=False)

    @api.model
    def _timetrack_waits_for_client_domain(self):
        """Domain of the entries that wait for a client's approval, whoever the client is."""
        return Domain("timetrack_state", "=", SUBMITTED) & Domain("timetrack_step_id.kind", "=", "client")
