from odoo import api, fields, models, tools
from odoo.exceptions import UserError


class TimetrackPolicyStep(models.Model):
    """One approval that time needs, by whom; the steps of a policy are taken in order."""

    _name = "timetrack.policy.step"
    _inherit = ["timetrack.cached.mixin"]
    _description = "Approval Step"
    _order = "policy_id, sequence, id"

    policy_id = fields.Many2one("timetrack.policy", required=True, ondelete="cascade", index=True)
    sequence = fields.Integer(default=10)
    kind = fields.Selection(
        [
            ("any", "Line Manager or Project Manager"),
            ("manager", "Line Manager"),
            ("project_manager", "Project Manager"),
            ("group", "Members of a Group"),
            ("client", "Client on the Portal"),
        ],
        string="Approved By",
        default="any",
        required=True,
        help="Line manager: at any depth above the employee. Client: the client approver chosen on the project.",
    )
    group_id = fields.Many2one("res.groups", ondelete="restrict")

    _group_required = models.Constraint(
        "CHECK(kind != 'group' OR group_id IS NOT NULL)", "Choose the group whose members take this step."
    )

    @api.model
    @tools.ormcache(cache="stable")
    def _get_ids_by_kind(self):
        """The steps of all policies, cached: every list of time asks for them.

        :return: dict of kind to pairs of step id and group id (False where the kind has none)
        """
        found = {}
        for step in self.sudo().search([("kind", "!=", False)]):
            found.setdefault(step.kind, []).append((step.id, step.group_id.id))
        return found

    @api.depends("kind", "group_id.full_name")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for step in self:
            step.display_name = step.group_id.sudo().full_name if step.kind == "group" else kinds.get(step.kind)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_time_waits(self):
        """Time that waits at a step would be nobody's to approve."""
        entries = self.env["account.analytic.line"].sudo().search([("timetrack_step_id", "in", self.ids)], limit=3)
        if entries:
            raise UserError(
                self.env._(
                    "Time waits for this approval step: %(entries)s.\nApprove, reject or withdraw it first.",
                    entries=entries._timetrack_describe(),
                )
            )

    def _get_takable(self, entries):
        """The entries for which this step is not passed over.

        Only the managers' steps are, where there is no manager or where it is the manager's own time. A group without
        members and a client without access wait for an administrator.

        :param entries: time entries in sudo
        """
        self.ensure_one()
        if self.kind not in ("manager", "project_manager"):
            return entries
        takers = self._get_takers(entries)
        return entries.filtered(takers.get)

    def _get_takers(self, entries):
        """The people who are asked to take this step; an empty record is the built-in step.

        :param entries: time entries in sudo
        :return: mapping of entry to ``res.users``; without the person whose time it is, unless the policy lets
            approvers decide on their own
        """
        takers = {}
        for (employee, project), lines in entries.grouped(lambda line: (line.employee_id, line.project_id)).items():
            users = self._get_place_takers(employee, project).filtered("active")
            if not self.policy_id.self_approval:
                users -= employee.user_id
            takers.update(dict.fromkeys(lines, users))
        return takers

    def _get_place_takers(self, employee, project):
        """Who takes this step for an employee's time on a project, as far as the records name somebody."""
        kind = self.kind or "any"
        users = self.env["res.users"].sudo()
        if kind == "client":
            return (project.timetrack_approver_id or project.partner_id)._timetrack_get_approvers()
        if kind in ("manager", "any"):
            users |= self._get_line_manager(employee)
        if kind in ("project_manager", "any"):
            users |= project.user_id
        if kind == "group":
            users |= self.group_id.all_user_ids
        return users.filtered(_is_approver)

    def _get_line_manager(self, employee):
        """The nearest approver above an employee, or the employee's own user where nobody is."""
        seen = employee
        manager = employee.parent_id
        while manager and manager not in seen:
            if manager.user_id != employee.user_id and _is_approver(manager.user_id):
                return manager.user_id
            seen |= manager
            manager = manager.parent_id
        return employee.user_id


def _is_approver(user):
    return bool(user) and user.active and user.has_group("hr_timesheet.group_hr_timesheet_approver")
