from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine.approval import APPROVED, DRAFT, SUBMITTED, TRANSITIONS, sort_by_state

# Marks calls of our own code. A client can send any context key, but never this very object.
INTERNAL = object()

STATE_SELECTION = [
    ("draft", "Draft"),
    ("submitted", "Submitted"),
    ("approved", "Approved"),
    ("rejected", "Rejected"),
]


class AccountAnalyticLine(models.Model):
    """A time entry: an analytic line of a project that is no leave.

    The entry carries its latest approval state; how it came there is the trail's to tell
    (``timetrack.approval.event``). Approved entries are locked on write and unlink for everyone: see
    ``_timetrack_is_locked``.
    """

    _inherit = "account.analytic.line"

    timetrack_activity_id = fields.Many2one(
        "timetrack.activity", string="Service Type", index="btree_not_null", ondelete="restrict"
    )
    timetrack_deliverable_id = fields.Many2one(
        "timetrack.deliverable",
        string="Deliverable",
        index="btree_not_null",
        ondelete="restrict",
        domain="['|', ('project_id', '=', False), ('project_id', '=', project_id)]",
        compute="_compute_timetrack_deliverable_id",
        store=True,
        readonly=False,
    )
    timetrack_client_id = fields.Many2one(
        "res.partner",
        string="Client",
        compute="_compute_timetrack_client_id",
        store=True,
        compute_sudo=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The company behind the customer of the task or project.",
    )
    timetrack_is_billable = fields.Boolean(
        "Billable Time",
        compute="_compute_timetrack_is_billable",
        store=True,
        readonly=False,
        help="Proposed from the service type; time of a project without a client is not billable.",
    )
    timetrack_state = fields.Selection(
        STATE_SELECTION,
        string="Approval",
        compute="_compute_timetrack_state",
        store=True,
        copy=False,
        index="btree_not_null",
        help="Empty on leave and on analytic lines that are no time.",
    )
    timetrack_state_date = fields.Datetime("Approval Changed On", readonly=True, copy=False)
    timetrack_state_user_id = fields.Many2one(
        "res.users", string="Approval Changed By", readonly=True, copy=False, ondelete="restrict"
    )
    timetrack_reason = fields.Char("Reason", readonly=True, copy=False, help="Why the entry was sent back.")
    timetrack_import_key = fields.Char(
        readonly=True, copy=False, help="What the row of an imported file is recognized by when it comes again."
    )
    timetrack_can_approve = fields.Boolean(
        "Mine to Approve", compute="_compute_timetrack_can_approve", search="_search_timetrack_can_approve"
    )
    timetrack_event_ids = fields.One2many("timetrack.approval.event", "line_id", string="Trail", readonly=True)
    # Core relates it to the employee; a locked entry keeps the manager of its day.
    manager_id = fields.Many2one(related=None, compute="_compute_manager_id", store=True, compute_sudo=True)

    _timetrack_import_key_unique = models.UniqueIndex(
        "(timetrack_import_key) WHERE timetrack_import_key IS NOT NULL",
        "This row was imported already.",
    )
    _timetrack_queue_idx = models.Index("(employee_id, date) WHERE timetrack_state = 'submitted'")

    # ------------------------------------------------------------------
    # What an entry is
    # ------------------------------------------------------------------

    @api.model
    def _timetrack_leave_fields(self):
        """Names of the fields that mark a line as leave (they come with project_timesheet_holidays)."""
        return [name for name in ("holiday_id", "global_leave_id") if name in self._fields]

    def _timetrack_is_entry(self):
        """Whether the line is worked time, which is what goes through approval."""
        self.ensure_one()
        return bool(self.project_id) and not any(self[name] for name in self._timetrack_leave_fields())

    @api.model
    def _timetrack_entry_domain(self):
        """Domain of worked time: analytic lines of a project that are no leave."""
        return Domain("project_id", "!=", False) & Domain("timetrack_state", "!=", False)

    @api.depends(lambda self: ("project_id", *self._timetrack_leave_fields()))
    def _compute_timetrack_state(self):
        """Time starts as a draft; leave and other analytic lines have no approval state."""
        for line in self:
            line.timetrack_state = (line.timetrack_state or DRAFT) if line._timetrack_is_entry() else False

    @api.depends("partner_id.commercial_partner_id")
    def _compute_timetrack_client_id(self):
        for line in self._timetrack_unlocked():
            line.timetrack_client_id = line.partner_id.commercial_partner_id if line.project_id else False

    @api.depends("timetrack_activity_id", "project_id")
    def _compute_timetrack_is_billable(self):
        """Propose from service type and project; see ``project.project`` for clients that come later."""
        for line in self._timetrack_unlocked():
            activity = line.timetrack_activity_id
            has_client = bool(line.task_id.sudo().partner_id or line.project_id.sudo().partner_id)
            line.timetrack_is_billable = has_client and (activity.is_billable if activity else True)

    @api.depends("project_id")
    def _compute_timetrack_deliverable_id(self):
        """A deliverable of one project does not follow its entry into another."""
        for line in self._timetrack_unlocked():
            project = line.timetrack_deliverable_id.project_id
            if project and project != line.project_id:
                line.timetrack_deliverable_id = False

    @api.constrains("timetrack_deliverable_id", "project_id")
    def _check_timetrack_deliverable_id(self):
        for line in self:
            project = line.timetrack_deliverable_id.sudo().project_id
            if project and project != line.project_id:
                raise UserError(
                    self.env._(
                        "The deliverable “%(deliverable)s” belongs to the project “%(project)s”: "
                        "choose one of the entry's own project.",
                        deliverable=line.timetrack_deliverable_id.name,
                        project=project.display_name,
                    )
                )

    @api.model
    def _timetrack_approving_companies(self):
        """The companies whose time counts only when it is approved."""
        return self.env["res.company"].sudo().search([("timetrack_approval_required", "=", True)])

    @api.model
    def _timetrack_approved_domain(self):
        """Domain of time that counts outside the team: approved, or of a company that does without approval."""
        required = self._timetrack_approving_companies()
        return Domain("company_id", "not in", required.ids) | Domain("timetrack_state", "=", APPROVED)

    def _timesheet_get_portal_domain(self):
        """Clients see no time that nobody approved."""
        domain = super()._timesheet_get_portal_domain()
        if self.env.user.has_group("hr_timesheet.group_hr_timesheet_user"):
            return domain
        return Domain(domain) & self._timetrack_approved_domain()

    # ------------------------------------------------------------------
    # Locks
    # ------------------------------------------------------------------

    def _timetrack_internal(self):
        """The same records, allowed to write protected fields and locked entries. Only for our own code."""
        return self.with_context(timetrack_internal=INTERNAL)

    def _timetrack_is_internal(self):
        return self.env.context.get("timetrack_internal") is INTERNAL

    def _timetrack_is_locked(self):
        """Whether the entry may no longer change. Other addons add their own reasons."""
        self.ensure_one()
        return self.timetrack_state == APPROVED and self.company_id.sudo().timetrack_approval_required

    def _timetrack_unlocked(self):
        """The entries that may still change."""
        return self.filtered(lambda line: not line._timetrack_is_locked())

    @api.model
    def _timetrack_unlocked_fields(self):
        """Names of the fields that may change on a locked entry: the one explicit list of exceptions."""
        return set()

    @api.model
    def _timetrack_protected_fields(self):
        """Names of the fields that nobody writes directly, whatever their rights and their context."""
        return {
            "timetrack_state",
            "timetrack_state_date",
            "timetrack_state_user_id",
            "timetrack_reason",
            "timetrack_event_ids",
            "timetrack_import_key",
            # computed, and what approvers' scope and invoices go by
            "timetrack_client_id",
            "manager_id",
        }

    def _timetrack_check_protected(self, names):
        """Refuse a direct write of fields that only the approval's own steps may change.

        :raise AccessError: one of ``names`` is protected
        """
        forbidden = self._timetrack_protected_fields().intersection(names)
        if forbidden and not self._timetrack_is_internal():
            raise AccessError(
                self.env._(
                    "The following fields of a time entry only change by submitting, approving, rejecting and "
                    "billing: %(fields)s.",
                    fields=", ".join(sorted(self._fields[name].string for name in forbidden)),
                )
            )

    def _timetrack_check_unlocked(self, names):
        """Refuse a change of locked entries.

        :raise UserError: an entry is locked and one of ``names`` is not excepted from the lock
        """
        if self._timetrack_is_internal() or self._timetrack_unlocked_fields().issuperset(names):
            return
        locked = self - self._timetrack_unlocked()
        if locked:
            raise UserError(
                self.env._(
                    "Approved time is locked. %(entries)s\nAsk an approver to reopen it first.",
                    entries=locked._timetrack_describe(),
                )
            )

    def _timetrack_describe(self):
        """Name the first few of the entries for a message."""
        shown = [
            self.env._(
                "%(date)s, %(employee)s, %(project)s",
                date=fields.Date.to_string(line.date),
                employee=line.employee_id.sudo().name or "-",
                project=line.project_id.sudo().name,
            )
            for line in self[:3]
        ]
        if len(self) > len(shown):
            shown.append(self.env._("and %(count)s more", count=len(self) - len(shown)))
        return "; ".join(shown)

    def _is_readonly(self):
        return super()._is_readonly() or self._timetrack_is_locked()

    def _is_updatable_timesheet(self):
        return super()._is_updatable_timesheet() and not self._timetrack_is_locked()

    def _check_can_write(self, values):
        self._timetrack_check_protected(values)
        self._timetrack_check_unlocked(values)
        self._timetrack_check_owner(values)
        return super()._check_can_write(values)

    def _timetrack_check_owner(self, values):
        """An entry stays somebody's, and its company follows its project.

        :raise UserError: the employee is emptied, or the company is changed by hand
        """
        if values.get("employee_id", True) and "company_id" not in values:
            return
        entries = self.filtered("timetrack_state")
        if entries and not values.get("employee_id", True):
            raise UserError(self.env._("A time entry needs its employee. %s", entries._timetrack_describe()))
        if not self.env.su and "company_id" in values:
            if entries.filtered(lambda line: line.company_id.id != values["company_id"]):
                raise UserError(self.env._("The company of a time entry is its project's. Change the project instead."))

    @api.model
    def default_get(self, fields):
        """Neither a context nor a user default gives a new entry a state it has not earned."""
        values = super().default_get(fields)
        for name in self._timetrack_protected_fields():
            values.pop(name, None)
        return values

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._timetrack_check_protected(vals)
        return super().create(vals_list)

    def write(self, vals):
        traced = self.browse()
        if not self._timetrack_is_internal():
            traced = self.filtered(lambda line: line.timetrack_state in (SUBMITTED, APPROVED))
        names = [name for name in vals if name in self._timetrack_traced_fields()]
        before = traced._timetrack_snapshot(names)
        result = super().write(vals)
        traced._timetrack_record_changes(before, names)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_timetrack_locked(self):
        self._timetrack_check_unlocked(["id"])

    def unlink(self):
        self._timetrack_record_deletion()
        return super().unlink()

    # The stored computes below are re-run by changes elsewhere (a task is moved, an employee gets another
    # manager) and never pass _check_can_write: a locked entry is left out of them.

    def _compute_task_id(self):
        return super(AccountAnalyticLine, self._timetrack_unlocked())._compute_task_id()

    def _compute_project_id(self):
        return super(AccountAnalyticLine, self._timetrack_unlocked())._compute_project_id()

    def _compute_partner_id(self):
        return super(AccountAnalyticLine, self._timetrack_unlocked())._compute_partner_id()

    def _compute_user_id(self):
        return super(AccountAnalyticLine, self._timetrack_unlocked())._compute_user_id()

    def _compute_department_id(self):
        return super(AccountAnalyticLine, self._timetrack_unlocked())._compute_department_id()

    @api.depends("employee_id.parent_id")
    def _compute_manager_id(self):
        for line in self._timetrack_unlocked():
            line.manager_id = line.employee_id.parent_id

    # ------------------------------------------------------------------
    # Approval
    # ------------------------------------------------------------------

    def action_timetrack_submit(self):
        """Hand draft or rejected entries in for approval."""
        return self._timetrack_transition("submit")

    def action_timetrack_withdraw(self):
        """Take submitted entries back before anybody approved them."""
        return self._timetrack_transition("withdraw")

    def action_timetrack_approve(self):
        """Approve submitted entries of others within the user's scope; approved entries are locked."""
        return self._timetrack_transition("approve")

    def action_timetrack_reject(self, reason):
        """Send submitted entries back.

        :param str reason: why, shown to the employee; must not be empty
        """
        return self._timetrack_transition("reject", reason)

    def action_timetrack_reopen(self, reason):
        """Unlock approved entries; they become drafts again.

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

    def action_timetrack_view_events(self):
        """Open the approval trail of the entries."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Approval Trail"),
            "res_model": "timetrack.approval.event",
            "view_mode": "list",
            "domain": [("entry_ref", "in", self.ids)],
        }

    def _timetrack_transition(self, action, reason=None):
        """Take the entries one step further; all of them or none.

        Entries that are already where the step leads are left alone, so that a step may be repeated.

        :param str action: a key of ``TRANSITIONS``
        :param str reason: why, where the step asks for it
        :raise AccessError: the user may not take this step on one of the entries
        :raise UserError: the reason is missing, or the step makes no sense for one of the entries
        :return: True, as buttons expect
        """
        transition = TRANSITIONS[action]
        reason = (reason or "").strip()
        if transition.needs_reason and not reason:
            raise UserError(self.env._("Please give a reason: it is shown to the employee and kept in the trail."))
        self._timetrack_lock_rows()
        ready, already, impossible = sort_by_state(action, {line.id: line.timetrack_state for line in self})
        self.browse(impossible)._timetrack_raise_impossible(action)
        entries = self.filtered(lambda line: line.id in ready)
        self._timetrack_check_step(action)
        if not entries:
            return True
        states = {line.id: line.timetrack_state for line in entries}
        entries.sudo()._timetrack_internal().write(
            {
                "timetrack_state": transition.target,
                "timetrack_state_date": fields.Datetime.now(),
                "timetrack_state_user_id": self.env.uid,
                "timetrack_reason": reason or False,
            }
        )
        entries._timetrack_record_events(action, states, reason)
        entries.sudo()._timetrack_after_transition(action)
        return True

    def _timetrack_after_transition(self, action):
        """Hook: the entries (in sudo) have just taken the step ``action``."""

    def _timetrack_lock_rows(self):
        """Lock the rows in the order of their ids, so that two users at once cannot take opposite steps."""
        self.flush_recordset()
        self.env.cr.execute(
            SQL("SELECT id FROM account_analytic_line WHERE id = ANY(%s) ORDER BY id FOR UPDATE", list(self.ids))
        )
        self.invalidate_recordset(["timetrack_state"], flush=False)

    def _timetrack_raise_impossible(self, action):
        if not self:
            return
        messages = {
            "submit": self.env._("Only drafts and rejected time can be submitted."),
            "withdraw": self.env._("Only submitted time that nobody approved yet can be withdrawn."),
            "approve": self.env._("Only submitted time can be approved."),
            "reject": self.env._("Only submitted time can be rejected."),
            "reopen": self.env._("Only approved time can be reopened."),
        }
        raise UserError(
            self.env._("%(rule)s\n%(entries)s", rule=messages[action], entries=self._timetrack_describe())
        )

    def _timetrack_check_step(self, action):
        """Check the user's right to the step on every entry.

        :raise AccessError: an entry is out of the user's reach
        """
        self.check_access("write")
        if not TRANSITIONS[action].by_approver:
            if not self.env.su and not self.env.user.has_group("hr_timesheet.group_hr_timesheet_approver"):
                foreign = self.filtered(lambda line: line.user_id != self.env.user)
                if foreign:
                    raise AccessError(
                        self.env._("You can only do this with time of your own. %s", foreign._timetrack_describe())
                    )
            if action != "withdraw":
                return
        own = Domain("user_id", "=", self.env.uid) if action == "withdraw" else Domain.FALSE
        refused = self.filtered_domain(~(self._timetrack_approval_domain() | own))
        if refused:
            raise AccessError(
                self.env._(
                    "You can approve, reject or reopen time of the people who report to you and of the projects "
                    "that you manage, but never your own. %(entries)s",
                    entries=refused._timetrack_describe(),
                )
            )

    @api.model
    def _timetrack_approval_domain(self):
        """Domain of the entries on which the user may decide: their reports at any depth and their projects,
        everything for timesheet administrators, never their own.

        An entry that has neither a line manager nor a project manager is any approver's to decide, so that
        nothing gets stuck in a firm that keeps no hierarchy.
        """
        user = self.env.user
        mine = self.env["hr.employee"].sudo().with_context(active_test=False).search([("user_id", "=", user.id)])
        not_own = Domain("user_id", "!=", user.id) & Domain("employee_id", "not in", mine.ids)
        if self.env.su or user.has_group("hr_timesheet.group_timesheet_manager"):
            return not_own
        if not user.has_group("hr_timesheet.group_hr_timesheet_approver"):
            return Domain.FALSE
        reports = self.env["hr.employee"].sudo().with_context(active_test=False)
        if mine:
            reports = reports.search([("id", "child_of", mine.ids)])
        scope = (
            Domain("employee_id", "in", reports.ids)
            | Domain("project_id.user_id", "=", user.id)
            | (Domain("manager_id", "=", False) & Domain("project_id.user_id", "=", False))
        )
        return scope & not_own

    @api.depends_context("uid")
    @api.depends("employee_id", "user_id", "manager_id", "project_id.user_id")
    def _compute_timetrack_can_approve(self):
        approvable = self.filtered_domain(self._timetrack_approval_domain())
        approvable.timetrack_can_approve = True
        (self - approvable).timetrack_can_approve = False

    @api.model
    def _search_timetrack_can_approve(self, operator, value):
        if operator != "in":
            return NotImplemented
        domain = self._timetrack_approval_domain()
        if True in value and False in value:
            return Domain.TRUE
        return domain if True in value else ~domain

    # ------------------------------------------------------------------
    # Trail
    # ------------------------------------------------------------------

    def _timetrack_record_events(self, action, states, reason=None, changes=None):
        """Add an event to the trail of each entry.

        :param str action: what happened
        :param dict states: the state of each entry (by id) before it
        :param str reason: why
        :param dict changes: per entry (by id), old and new value of each changed field
        """
        now = fields.Datetime.now()
        self.env["timetrack.approval.event"].sudo().with_context(timetrack_internal=INTERNAL).create(
            [
                {
                    "line_id": line.id if action != "delete" else False,
                    "entry_ref": line.id,
                    "action": action,
                    "state_from": states.get(line.id),
                    "state_to": line.timetrack_state if action != "delete" else False,
                    "user_id": self.env.uid,
                    "date": now,
                    "reason": reason or False,
                    "changes": (changes or {}).get(line.id) or False,
                    "company_id": line.company_id.id,
                }
                for line in self
            ]
        )

    @api.model
    def _timetrack_traced_fields(self):
        """Names of the fields whose changes the trail tells.

        Not the cost: it follows from hours and employee, and readers of the trail may not know it.
        """
        return self._fields.keys() - {"amount"} - self._timetrack_protected_fields() - self._timetrack_unlocked_fields()

    @api.model
    def _timetrack_identity_fields(self):
        """Names of the fields that say whose time it is and where: they decide who may approve it."""
        return {"employee_id", "user_id", "project_id", "company_id"}

    def _timetrack_snapshot(self, names):
        """What the entries say in the given fields, as text: a mapping of id to name to value."""
        return {line.id: {name: line._timetrack_text(name) for name in names} for line in self.sudo()}

    def _timetrack_text(self, name):
        value = self[name]
        field = self._fields[name]
        if field.relational:
            return ", ".join(value.mapped("display_name"))
        if field.type in ("date", "datetime"):
            return field.to_string(value) if value else ""
        return value if isinstance(value, (bool, int, float, str)) else str(value or "")

    def _timetrack_record_changes(self, before, names):
        """Keep in the trail what a write changed on submitted and approved entries.

        An entry that has become somebody else's or another project's is handed in anew, and so is an approved one
        that a company without approval let change: nobody approved what it says now.
        """
        if not self or not names:
            return
        after = self._timetrack_snapshot(names)
        changes = {
            line.id: {
                name: [before[line.id][name], after[line.id][name]]
                for name in names
                if before[line.id][name] != after[line.id][name]
            }
            for line in self
        }
        changed = self.filtered(lambda line: changes[line.id])
        states = {line.id: line.timetrack_state for line in changed}
        back = changed.filtered(
            lambda line: states[line.id] == APPROVED
            or not self._timetrack_identity_fields().isdisjoint(changes[line.id])
        )
        approved = back.filtered(lambda line: states[line.id] == APPROVED)
        back.sudo()._timetrack_internal().write({"timetrack_state": DRAFT})
        changed._timetrack_record_events("change", states, changes=changes)
        approved.sudo()._timetrack_after_transition("reopen")

    def _timetrack_record_deletion(self):
        """Keep in the trail that an entry with a history was deleted, and what it said."""
        entries = self.filtered(
            lambda line: line.timetrack_state and (line.timetrack_state != DRAFT or line.sudo().timetrack_event_ids)
        )
        names = ["date", "employee_id", "project_id", "task_id", "name", "unit_amount"]
        snapshot = entries._timetrack_snapshot(names)
        changes = {key: {name: [value, ""] for name, value in values.items()} for key, values in snapshot.items()}
        entries._timetrack_record_events(
            "delete", {line.id: line.timetrack_state for line in entries}, changes=changes
        )

    # ------------------------------------------------------------------
    # Years of time from before
    # ------------------------------------------------------------------

    @api.model
    def _timetrack_migrate_approve(self, where):
        """Approve time from before the installation, in one statement however many entries they are.

        Events of their own (``migrate``) tell them from time that somebody approved.

        :param SQL where: condition on the columns of ``account_analytic_line``
        :return: ids of the approved entries
        """
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                WITH earlier AS (
                    SELECT id, timetrack_state AS state_from
                      FROM account_analytic_line
                     WHERE timetrack_state IN ('draft', 'submitted', 'rejected') AND (%(where)s)
                ), approved AS (
                    UPDATE account_analytic_line line
                       SET timetrack_state = 'approved',
                           timetrack_state_date = now() AT TIME ZONE 'UTC',
                           timetrack_state_user_id = %(uid)s
                      FROM earlier
                     WHERE earlier.id = line.id
                 RETURNING line.id, line.company_id, earlier.state_from
                ), recorded AS (
                    INSERT INTO timetrack_approval_event
                           (line_id, entry_ref, action, state_from, state_to, user_id, date, company_id,
                            create_uid, create_date, write_uid, write_date)
                    SELECT id, id, 'migrate', state_from, 'approved', %(uid)s, now() AT TIME ZONE 'UTC', company_id,
                           %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
                      FROM approved
                )
                SELECT id FROM approved
                """,
                uid=self.env.uid,
                where=where,
            )
        )
        self.env.invalidate_all(flush=False)
        return [row[0] for row in rows]
