from collections import defaultdict
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL, float_round, format_duration

from ..engine.approval import APPROVED, DRAFT, REJECTED, SUBMITTED, TRANSITIONS, next_step, sort_by_state

APPROVER_GROUP = "hr_timesheet.group_hr_timesheet_approver"
ADMINISTRATOR_GROUP = "hr_timesheet.group_timesheet_manager"
REOPEN_GROUP = "client_timetrack.group_time_reopen"
# What every step writes.
STEP_FIELDS = [
    "timetrack_state",
    "timetrack_step_id",
    "timetrack_policy_id",
    "timetrack_reason",
    "timetrack_state_date",
    "timetrack_state_user_id",
]


class Route(NamedTuple):
    """Where entries go next; an empty step is the built-in one on submission, and the end afterwards."""

    policy: models.Model
    step: models.Model
    passed: models.Model


class Hierarchy(NamedTuple):
    """Ids of a user's employees, and of those on whose time the user decides as their line manager."""

    own: list
    reports: list


class AccountAnalyticLine(models.Model):
    """The steps of a time entry through approval, and who may take them.

    How it works: handing an entry in notes the policy in force and the first approval step that somebody can take
    (``timetrack_policy_id``, ``timetrack_step_id``; no step stands for the built-in one, by line manager or project
    manager). Each approval takes one step; after the last one the entry is approved. Somebody who is the named
    approver of the steps that follow takes them at once.
    """

    _inherit = "account.analytic.line"

    def action_timetrack_submit(self):
        """Hand draft or rejected entries in for approval."""
        return self._timetrack_transition("submit")

    def action_timetrack_withdraw(self):
        """Take submitted entries back before they are approved."""
        return self._timetrack_transition("withdraw")

    def action_timetrack_approve(self):
        """Take the approval step that submitted entries wait for; after the last one they are approved and locked."""
        return self._timetrack_transition("approve")

    def action_timetrack_reject(self, reason):
        """Send submitted entries back.

        :param str reason: why, shown to the employee; must not be empty
        """
        return self._timetrack_transition("reject", reason)

    def action_timetrack_reopen(self, reason):
        """Unlock approved entries; they become drafts again. Takes a right of its own.

        :param str reason: why, kept in the trail; must not be empty
        """
        return self._timetrack_transition("reopen", reason)

    def action_timetrack_ask_reason(self):
        """Open the dialog that asks why the entries are rejected or reopened (by context)."""
        action = self.env.context.get("timetrack_action")
        if action not in ("reject", "reopen"):
            raise UserError(self.env._("Only rejecting and reopening time ask for a reason."))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Reject Time") if action == "reject" else self.env._("Reopen Time"),
            "res_model": "timetrack.reason.wizard",
            "view_mode": "form",
            "target": "new",
            "context": {"default_line_ids": self.ids, "default_action": action},
        }

    def action_timetrack_ask_split(self):
        """Open the dialog that splits the entry."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("client_timetrack.timetrack_split_wizard_action")
        return {**action, "context": {"default_line_id": self.id}}

    def _timetrack_split(self, parts):
        """Divide a submitted entry; the parts wait for the same approval step as the entry.

        :param list parts: values of the new entries, with their hours as ``unit_amount``; the entry keeps the rest
        :return: the new entries
        :raise AccessError: the entry is not the user's to decide
        :raise UserError: the entry is not submitted, or the parts leave nothing of it
        """
        self.ensure_one()
        states = self._timetrack_lock_rows()
        if states.get(self.id) != SUBMITTED:
            raise UserError(self.env._("Only submitted time can be split. %s", self._timetrack_describe()))
        principals = self._timetrack_check_step("approve")
        self._timetrack_check_lock_date()
        self._timetrack_check_parts(parts)
        entry = self.sudo()._timetrack_internal()
        hours = entry.unit_amount
        left = float_round(hours - sum(part["unit_amount"] for part in parts), precision_digits=6)
        if not parts or left <= 0 or any(part["unit_amount"] <= 0 for part in parts):
            raise UserError(
                self.env._(
                    "The parts must be positive and leave something of the %(hours)s logged.",
                    hours=format_duration(hours),
                )
            )
        entry.write({"unit_amount": left})
        news = entry.create([{**entry.copy_data()[0], **entry._timetrack_prepare_part(part)} for part in parts])
        news._timetrack_check_codes_differ(entry)
        self._timetrack_record_events(
            "split", states, changes={self.id: {"unit_amount": [hours, left]}}, principals=principals
        )
        origin = self.env._("Split from entry %s", self.id)
        changes = {line.id: {"unit_amount": [0, line.unit_amount]} for line in news}
        news.sudo(self.env.su)._timetrack_record_events(
            "split", {}, reason=origin, changes=changes, principals=dict.fromkeys(news.ids, principals.get(self.id))
        )
        (self.sudo(False) | news.sudo(False))._timetrack_record_override()
        return news

    def _timetrack_check_parts(self, parts):
        """A split moves no time into another project.

        :raise UserError: the task of a part belongs to another project
        """
        tasks = self.env["project.task"].sudo().browse({part["task_id"] for part in parts if part.get("task_id")})
        foreign = tasks.filtered(lambda task: task.project_id != self.project_id)
        if foreign:
            raise UserError(
                self.env._(
                    "Choose tasks of the entry's own project for its parts: %(entry)s.",
                    entry=self._timetrack_describe(),
                )
            )

    def _timetrack_prepare_part(self, values):
        """Values of a part of the entry: what an approver may say of it, and where the entry stands."""
        allowed = self._timetrack_part_fields()
        return {
            **{name: value for name, value in values.items() if name in allowed},
            "employee_id": self.employee_id.id,
            "date": self.date,
            "timetrack_state": self.timetrack_state,
            "timetrack_state_date": self.timetrack_state_date,
            "timetrack_state_user_id": self.timetrack_state_user_id.id,
            "timetrack_policy_id": self.timetrack_policy_id.id,
            "timetrack_step_id": self.timetrack_step_id.id,
        }

    @api.model
    def _timetrack_part_fields(self):
        """Names of the fields in which a part may differ from the entry that it was split from."""
        return {
            "unit_amount",
            "name",
            "task_id",
            "timetrack_activity_id",
            "timetrack_deliverable_id",
            "timetrack_is_billable",
        }

    # ------------------------------------------------------------------
    # Taking a step
    # ------------------------------------------------------------------

    def _timetrack_transition(self, action, reason=None):
        """Take the entries one step further; all of them or none.

        Entries that are already where the step leads are left alone, so that a step may be repeated.

        :param str action: a key of ``TRANSITIONS``
        :param str reason: why, where the step asks for it
        :raise AccessError: the user may not take this step on one of the entries
        :raise UserError: the reason is missing, the step makes no sense for one of the entries, or its policy refuses
        :return: True, as buttons expect
        """
        reason = (reason or "").strip()
        if TRANSITIONS[action].needs_reason and not reason:
            raise UserError(self.env._("Please give a reason: it is shown to the employee and kept in the trail."))
        states = self._timetrack_lock_rows()
        ready, _already, impossible = sort_by_state(action, states)
        self.browse(impossible)._timetrack_raise_impossible(action)
        principals = self._timetrack_check_step(action)
        entries = self.browse(key for key in states if key in ready)
        if not entries:
            return True
        if action == "submit":
            entries._timetrack_submit()
        elif action == "approve":
            entries._timetrack_approve(principals)
        else:
            entries._timetrack_settle(TRANSITIONS[action].target, reason=reason)
            entries._timetrack_record_events(action, states, reason, principals=principals)
            entries.sudo()._timetrack_after_transition(action)
        return True

    def _timetrack_submit(self):
        """Note policy and first step of the entries; what their policy approves by itself is approved at once."""
        self._timetrack_before_submit()
        entries = self.sudo()
        states = {line.id: line.timetrack_state for line in entries}
        for route, lines in entries._timetrack_route(entries._timetrack_policies()).items():
            lines._timetrack_settle(SUBMITTED, route.policy, route.step)
            lines._timetrack_record_events("submit", states)
            lines._timetrack_record_passed(route.passed)
        entries._timetrack_after_transition("submit")
        automatic = entries._timetrack_auto_approvable()
        if automatic:
            automatic._timetrack_settle(APPROVED)
            automatic._timetrack_record_events("auto", dict.fromkeys(automatic.ids, SUBMITTED))
            automatic._timetrack_after_transition("approve")

    def _timetrack_approve(self, principals):
        """Take the step that the entries wait for, and those that follow while they are the same person's to take.

        :param dict principals: per entry (by id), the user in whose place the step is taken
        """
        waiting, approved = self.sudo(), self.browse().sudo()
        while waiting:
            following = waiting.browse()
            for route, lines in waiting._timetrack_route().items():
                taken = {line.id: line.timetrack_step_id.display_name for line in lines if line.timetrack_step_id}
                lines._timetrack_settle(SUBMITTED if route.step else APPROVED, route.policy, route.step)
                lines._timetrack_record_events(
                    "approve", dict.fromkeys(lines.ids, SUBMITTED), steps=taken, principals=principals
                )
                lines._timetrack_record_passed(route.passed)
                if route.step:
                    following |= lines
                else:
                    approved |= lines
            waiting = following._timetrack_filter_named(principals)
        if approved:
            approved._timetrack_after_transition("approve")

    def _timetrack_restart(self):
        """Submitted entries have changed: those that have passed a step already wait for the first one again."""
        entries = self.sudo().filtered(lambda line: len(line.timetrack_policy_id.step_ids) > 1)
        policies = {line: line.timetrack_policy_id for line in entries}
        for route, lines in entries._timetrack_route(policies).items():
            lines.filtered(lambda line, step=route.step: line.timetrack_step_id != step)._timetrack_settle(
                SUBMITTED, route.policy, route.step
            )

    def _timetrack_record_passed(self, steps):
        """Keep in the trail which steps were passed over, since nobody can take them."""
        for step in steps:
            names = dict.fromkeys(self.ids, step.display_name)
            self._timetrack_record_events("pass", {line.id: line.timetrack_state for line in self}, steps=names)

    def _timetrack_route(self, policies=None):
        """Sort the entries (in sudo) by where they go next.

        :param dict policies: the policy of each entry that is handed in; without, the entries go on from the step
            that they wait for
        :return: mapping of ``Route`` to entries
        """
        places = defaultdict(list)
        for line in self:
            if policies is None:
                places[line.timetrack_policy_id, line.timetrack_step_id].append(line.id)
            else:
                places[policies[line], line.timetrack_step_id.browse()].append(line.id)
        routes = defaultdict(list)
        for (policy, current), ids in places.items():
            steps = policy.step_ids if current or policies is not None else policy.step_ids.browse()
            takable = {step: set(step._get_takable(self.browse(ids))._ids) for step in steps}
            for key in ids:
                able = {step.id for step, lines in takable.items() if key in lines}
                following, passed = next_step(steps.ids, current.id or None, able)
                routes[Route(policy, steps.browse(following or ()), steps.browse(passed))].append(key)
        return {route: self.browse(ids) for route, ids in routes.items()}

    def _timetrack_settle(self, state, policy=None, step=None, reason=None):
        """Write where a step has led the entries: past every override, since this is the one place that may.

        :param str state: the new state
        :param timetrack.policy policy: what they were handed in under; nothing leaves it as it is
        :param timetrack.policy.step step: what they wait for now
        :param str reason: why they were sent back
        """
        if not self:
            return
        if state in (DRAFT, REJECTED):
            policy_id = None
        else:
            policy_id = SQL("timetrack_policy_id") if policy is None else policy.id or None
        lines = self.sudo()
        written = [*STEP_FIELDS, "write_date", "write_uid"]
        lines.flush_recordset(written)
        self.env.cr.execute(
            SQL(
                """
                UPDATE account_analytic_line
                   SET timetrack_state = %(state)s, timetrack_step_id = %(step)s, timetrack_policy_id = %(policy)s,
                       timetrack_reason = %(reason)s, timetrack_state_date = %(now)s, timetrack_state_user_id = %(uid)s,
                       write_date = %(now)s, write_uid = %(uid)s
                 WHERE id = ANY(%(ids)s)
                """,
                state=state,
                step=step.id if step else None,
                policy=policy_id,
                reason=reason or None,
                now=fields.Datetime.now(),
                uid=self.env.uid,
                ids=list(self.ids),
            )
        )
        lines.invalidate_recordset(written, flush=False)
        lines.modified(STEP_FIELDS)

    def _timetrack_after_transition(self, action):
        """Hook: the entries (in sudo) have just taken the step ``action``."""

    def _timetrack_lock_rows(self):
        """Lock the rows in the order of their ids, so that two users at once cannot take opposite steps.

        :return: mapping of id to state, as it is now
        """
        self.flush_recordset()
        rows = self.env.execute_query(
            SQL(
                "SELECT id, timetrack_state FROM account_analytic_line WHERE id = ANY(%s) ORDER BY id FOR UPDATE",
                list(self.ids),
            )
        )
        self.invalidate_recordset(["timetrack_state", "timetrack_step_id", "timetrack_policy_id"], flush=False)
        return dict(rows)

    def _timetrack_raise_impossible(self, action):
        if not self:
            return
        messages = {
            "submit": self.env._("Only drafts and rejected time can be submitted."),
            "withdraw": self.env._("Only submitted time that is not yet approved can be withdrawn."),
            "approve": self.env._("Only submitted time can be approved."),
            "reject": self.env._("Only submitted time can be rejected."),
            "reopen": self.env._("Only approved time can be reopened."),
        }
        raise UserError(self.env._("%(rule)s\n%(entries)s", rule=messages[action], entries=self._timetrack_describe()))

    # ------------------------------------------------------------------
    # Who may take it
    # ------------------------------------------------------------------

    def _timetrack_check_step(self, action):
        """Check the user's right to the step on every entry.

        :raise AccessError: an entry is out of the user's reach
        :return: per entry (by id), the user in whose place the step is taken, where that is somebody else
        """
        if TRANSITIONS[action].by_approver:
            return self._timetrack_check_decision(action)
        self.check_access("write")
        own = self.filtered(lambda line: line.user_id == self.env.user)
        foreign = self - own
        if foreign and not self.env.su and not self.env.user.has_group(APPROVER_GROUP):
            raise AccessError(
                self.env._("You can only do this with time of your own. %s", foreign._timetrack_describe())
            )
        return foreign._timetrack_check_decision(action) if action == "withdraw" else {}

    def _timetrack_check_decision(self, action):
        """Check that all entries are the user's to decide; the arguments and the answer are as of the step check."""
        if not self:
            return {}
        if action == "reopen":
            self._timetrack_check_reopen()
            domains = self._timetrack_scope_domains(any_step=True)
        else:
            domains = self._timetrack_scope_domains()
        principals, refused = {}, self
        for user, domain in domains:
            allowed = self.sudo().search(Domain("id", "in", refused.ids) & domain, order="id")
            if user != self.env.user:
                principals.update(dict.fromkeys(allowed.ids, user.id))
            refused -= allowed
            if not refused:
                return principals
        raise AccessError(
            self.env._(
                "This time is not yours to decide: %(entries)s.\nYou decide on time of the people who report to you "
                "and of the projects that you manage, when it waits for your step, but never on your own.",
                entries=refused._timetrack_describe(),
            )
        )

    def _timetrack_check_reopen(self):
        """Reopening takes a right of its own, and an open period.

        :raise AccessError: the user has no right to reopen time
        """
        if not self.env.su and not self.env.user.has_group(REOPEN_GROUP):
            raise AccessError(
                self.env._(
                    "You have no right to reopen approved time. Ask somebody who may, such as an administrator of "
                    "timesheets: %(entries)s.",
                    entries=self._timetrack_describe(),
                )
            )
        self._timetrack_check_lock_date()

    def _timetrack_filter_named(self, principals):
        """The entries (in sudo) whose present step the user is a named approver of, apart from administrators' right
        to take every step: who is asked for both steps is not asked twice.

        :param dict principals: per entry (by id), in whose place the user acts
        """
        named = self.browse()
        users = self.env["res.users"].sudo()
        line_model = self.sudo(False)
        for user_id, keys in groupby_value({line.id: principals.get(line.id, self.env.uid) for line in self}).items():
            user = users.browse(user_id)
            domain = line_model._timetrack_scope_domain(user, as_administrator=False)
            named |= self.search(Domain("id", "in", keys) & domain)
        return named

    @api.model
    def _timetrack_approval_domain(self):
        """Domain of the entries on which the user may decide when they are submitted: those whose step is theirs,
        in their own right or in somebody's place; everything for timesheet administrators; never their own, unless
        the policy allows it by name.

        Under the built-in step an entry that has neither a line manager nor a project manager is any approver's to
        decide, so that nothing gets stuck in a firm that keeps no hierarchy.
        """
        return Domain.OR(domain for _user, domain in self._timetrack_scope_domains())

    @api.model
    def _timetrack_scope_domains(self, any_step=False):
        """The user's own scope, and those of the people in whose place the user acts today.

        :param bool any_step: whatever step the entries wait for
        :return: list of ``(user, Domain)``, the user's own first
        """
        user = self.env.user
        scopes = [(user, self._timetrack_scope_domain(user, any_step=any_step))]
        principals = self.env["timetrack.delegation"]._get_delegators(user) if user.has_group(APPROVER_GROUP) else ()
        if principals:
            own = self._timetrack_own_domain(user, self._timetrack_hierarchy(user).own)
            for principal in principals:
                scopes.append((principal, self._timetrack_scope_domain(principal, any_step=any_step) & ~own))
        return scopes

    @api.model
    def _timetrack_own_domain(self, user, employee_ids):
        """Domain of the time of a user's employees, in whatever company, archived or not."""
        return Domain("user_id", "=", user.id) | Domain("employee_id", "in", employee_ids)

    @api.model
    def _timetrack_scope_domain(self, user, any_step=False, as_administrator=True):
        """Domain of the entries that are one user's to decide, without delegations.

        :param res.users user: who decides
        :param bool any_step: whatever step the entries wait for
        :param bool as_administrator: count the right of timesheet administrators to take every step
        """
        hierarchy = self._timetrack_hierarchy(user)
        not_own = ~self._timetrack_own_domain(user, hierarchy.own)
        allowing = self.env["timetrack.policy"]._get_self_approving_ids()
        if allowing:
            not_own |= Domain("timetrack_policy_id", "in", allowing)
        if self.env.su or (as_administrator and user.has_group(ADMINISTRATOR_GROUP)):
            scope = Domain.TRUE
        else:
            scope = Domain.OR(
                (Domain.TRUE if any_step else steps) & domain
                for steps, domain in self._timetrack_step_scopes(user, any_step, hierarchy)
            )
        if not self.env.su and not user.share:
            companies = self.env.companies
            if user != self.env.user:  # whoever acts in somebody's place goes no further than that person may
                companies &= user.sudo().company_ids
            scope &= Domain("company_id", "in", companies.ids)
        return scope & not_own

    @api.model
    def _timetrack_step_scopes(self, user, any_step, hierarchy):
        """What each kind of step lets a user decide.

        :param res.users user: who decides
        :param bool any_step: whatever step the entries wait for
        :param Hierarchy hierarchy: the user's employees and those below them
        :return: list of pairs: domain of the entries that wait for such a step; domain of those that are the user's
        """
        steps = self.env["timetrack.policy.step"]._get_ids_by_kind()

        def waits(*kinds):
            return Domain("timetrack_step_id", "in", [step for kind in kinds for step, _group in steps.get(kind, ())])

        scopes = []
        if "client" in steps:
            scopes.append((waits("client"), self._timetrack_client_scope(user)))
        if not user.has_group(APPROVER_GROUP):
            return scopes
        reports = Domain("employee_id", "in", hierarchy.reports)
        manages = Domain("project_id.user_id", "=", user.id)
        nobodys = Domain("manager_id", "=", False) & Domain("project_id.user_id", "=", False)
        built_in = Domain("timetrack_step_id", "=", False)
        scopes.append((waits("any") | built_in, reports | manages | nobodys))
        if "manager" in steps:
            scopes.append((waits("manager"), reports))
        if "project_manager" in steps:
            scopes.append((waits("project_manager"), manages))
        groups = set(user.sudo().all_group_ids.ids) if "group" in steps else set()
        mine = [step for step, group in steps.get("group", ()) if group in groups]
        if mine:
            path = "timetrack_policy_id.step_ids" if any_step else "timetrack_step_id"
            scopes.append((Domain.TRUE, Domain(path, "in", mine)))
        return scopes

    @api.model
    def _timetrack_hierarchy(self, user):
        """The employees of a user, in whatever company, archived or not, and those who report to them at any depth.

        Whoever has no manager reports to nobody else: there the user's own time counts among the reports', for
        policies that let approvers decide on their own.

        :rtype: Hierarchy
        """
        self.env["hr.employee"].flush_model(["user_id", "parent_id"])
        rows = self.env.execute_query(
            SQL(
                """
                WITH RECURSIVE team (id, parent_id, is_own) AS (
                    SELECT id, parent_id, TRUE FROM hr_employee WHERE user_id = %(user)s
                     UNION
                    SELECT employee.id, employee.parent_id, FALSE
                      FROM hr_employee employee
                      JOIN team ON employee.parent_id = team.id
                )
                SELECT id, bool_or(is_own), bool_or(parent_id IS NULL) FROM team GROUP BY id ORDER BY id
                """,
                user=user.id,
            )
        )
        return Hierarchy(
            [employee for employee, is_own, _is_top in rows if is_own],
            [employee for employee, is_own, is_top in rows if is_top or not is_own],
        )

    @api.model
    def _timetrack_client_scope(self, user):
        """Domain of the time of the projects for which a user approves as the client.

        The contact chosen on the project approves, else its customer; where that is a company, whichever of its
        contacts has access to the portal: see ``res.partner._timetrack_get_approvers``.
        """
        partner = user.sudo().partner_id
        partners = partner.ids
        if user.share and partner.parent_id.is_company:
            partners += partner.parent_id.ids
        return Domain("project_id.timetrack_approver_id", "in", partners) | (
            Domain("project_id.timetrack_approver_id", "=", False) & Domain("project_id.partner_id", "in", partners)
        )

    @api.depends_context("uid", "allowed_company_ids")
    @api.depends("employee_id", "user_id", "manager_id", "project_id.user_id", "timetrack_step_id")
    def _compute_timetrack_can_approve(self):
        approvable = self.sudo().filtered_domain(self.sudo(False)._timetrack_approval_domain())
        for line in self:
            line.timetrack_can_approve = line.id in approvable._ids

    @api.depends_context("uid", "allowed_company_ids")
    @api.depends("employee_id", "user_id", "manager_id", "project_id.user_id", "timetrack_policy_id")
    def _compute_timetrack_can_reopen(self):
        domain = Domain.FALSE
        if self.env.user.has_group(REOPEN_GROUP):
            scopes = self.sudo(False)._timetrack_scope_domains(any_step=True)
            domain = Domain.OR(domain for _user, domain in scopes)
        reopenable = self.sudo().filtered_domain(domain)
        for line in self:
            line.timetrack_can_reopen = line.id in reopenable._ids

    @api.model
    def _search_timetrack_can_approve(self, operator, value):
        """Never by the rights of the superuser: whoever asks, the answer is about the user."""
        if operator != "in":
            return NotImplemented
        domain = self.sudo(False)._timetrack_approval_domain()
        if True in value and False in value:
            return Domain.TRUE
        return domain if True in value else ~domain


def groupby_value(mapping):
    """Turn a mapping round: each value to the list of its keys."""
    groups = defaultdict(list)
    for key, value in mapping.items():
        groups[value].append(key)
    return groups
