from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date, ormcache

from ..engine.approval import APPROVED
from .timetrack_internal_mixin import INTERNAL


class FieldSets(NamedTuple):
    """Names of fields of a time entry, by what may happen to them."""

    protected: frozenset
    unlocked: frozenset
    traced: frozenset


class AccountAnalyticLine(models.Model):
    """What may no longer change of a time entry, and how it is kept from changing by every path."""

    _inherit = "account.analytic.line"

    def _timetrack_internal(self):
        """The same records, allowed to write protected fields and locked entries. Only for our own code."""
        return self.with_context(timetrack_internal=INTERNAL)

    def _timetrack_is_internal(self):
        return self.env.context.get("timetrack_internal") is INTERNAL

    def _timetrack_is_locked(self):
        """Whether the entry may no longer change."""
        self.ensure_one()
        return bool(self._timetrack_locked())

    def _timetrack_locked(self):
        """Those of the entries that may no longer change. Other addons add their own reasons."""
        approved = self.filtered(lambda line: line.timetrack_state == APPROVED)
        locked = approved.filtered(lambda line: line.company_id.sudo().timetrack_approval_required)
        return locked | (self - locked)._timetrack_past_lock_date()

    def _timetrack_past_lock_date(self):
        """Those of the entries that are of a day that their company has closed, without an exception for the user."""
        if not any(self.sudo().company_id.mapped("timetrack_lock_date")):
            return self.browse()
        return self.filtered(lambda line: line._timetrack_is_past_lock_date())

    def _timetrack_is_past_lock_date(self):
        """Whether the entry is of a day that the company has closed, and the user has no exception for it."""
        self.ensure_one()
        company = self.company_id.sudo()
        closed = company.timetrack_lock_date and self.timetrack_state and self.date <= company.timetrack_lock_date
        return bool(closed) and not company._timetrack_lock_exception(self.date)

    def _timetrack_check_lock_date(self):
        """Refuse what would add time to a closed period, move it there or unlock it.

        :raise UserError: an entry is of a day up to the lock date of its company
        """
        if self._timetrack_is_internal():
            return
        closed = self._timetrack_past_lock_date()
        if closed:
            raise UserError(
                self.env._(
                    "Time up to %(date)s is closed: %(entries)s.\nUse a later date, or ask somebody who may make an "
                    "exception from the lock date.",
                    date=format_date(self.env, closed[0].company_id.sudo().timetrack_lock_date),
                    entries=closed._timetrack_describe(),
                )
            )

    def _timetrack_record_override(self, dates=None):
        """Keep in the trail what an exception from the lock date made possible, and its reason.

        :param dict dates: per entry (by id), a day that counts besides the entry's own, such as the one before
        """
        exceptions = {}
        for line in self if any(self.sudo().company_id.mapped("timetrack_lock_date")) else ():
            lock_date = line.timetrack_state and line.company_id.sudo().timetrack_lock_date
            day = min(line.date, (dates or {}).get(line.id) or line.date)
            if lock_date and day <= lock_date:
                exceptions.setdefault(line.company_id.sudo()._timetrack_lock_exception(day), []).append(line.id)
        for exception, ids in exceptions.items():
            lines = self.browse(ids)
            states = {line.id: line.timetrack_state for line in lines}
            lines._timetrack_record_events("override", states, reason=exception.reason)

    def _timetrack_unlocked(self):
        """The entries that may still change."""
        return self - self._timetrack_locked()

    @api.model
    @ormcache()
    def _timetrack_field_sets(self):
        """The sets of names that the methods below tell, put together once: every write asks for them."""
        return FieldSets(
            frozenset(self._timetrack_protected_fields()),
            frozenset(self._timetrack_unlocked_fields()),
            frozenset(self._timetrack_traced_fields()),
        )

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
            "timetrack_policy_id",
            "timetrack_step_id",
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
        if self._timetrack_is_internal():
            return
        forbidden = self._timetrack_field_sets().protected.intersection(names)
        if forbidden:
            raise AccessError(
                self.env._(
                    "The following fields of a time entry only change by submitting, approving, rejecting and "
                    "billing: %(fields)s.",
                    fields=", ".join(sorted(self._fields[name].string for name in forbidden)),
                )
            )

    def _timetrack_check_leave(self, values):
        """Leave is time that nobody approves: only Odoo's own code for leave (in sudo) marks it.

        :raise AccessError: time would become leave, or leave time, by hand
        """
        if self.env.su:
            return
        for name in self._timetrack_leave_fields():
            if name in values and (values[name] or any(line[name] for line in self)):
                raise AccessError(
                    self.env._(
                        "Time off is recorded by requesting it, not by a time entry (%s).",
                        self._fields[name]._description_string(self.env),
                    )
                )

    def _timetrack_check_unlocked(self, names):
        """Refuse a change of locked entries.

        :raise UserError: an entry is locked and one of ``names`` is not excepted from the lock
        """
        if self._timetrack_is_internal() or self._timetrack_field_sets().unlocked.issuperset(names):
            return
        self._timetrack_check_lock_date()
        locked = self._timetrack_locked()
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
        self._timetrack_check_leave(values)
        self._timetrack_check_unlocked(values)
        self._timetrack_check_owner(values)
        return super()._check_can_write(values)

    def _timetrack_check_owner(self, values):
        """An entry stays somebody's, its user is its employee's, and its company follows its project.

        :raise UserError: the employee is emptied, or the user or the company is changed by hand
        """
        if values.get("employee_id", True) and {"user_id", "company_id"}.isdisjoint(values):
            return
        entries = self.filtered("timetrack_state")
        if entries and not values.get("employee_id", True):
            raise UserError(self.env._("A time entry needs its employee. %s", entries._timetrack_describe()))
        if not self.env.su and "user_id" in values:
            employee = self.env["hr.employee"].sudo().browse(values.get("employee_id"))
            if any((employee or line.employee_id.sudo()).user_id.id != values["user_id"] for line in entries):
                raise UserError(self.env._("The user of a time entry is its employee's. Change the employee instead."))
        if not self.env.su and "company_id" in values:
            if entries.filtered(lambda line: line.company_id.id != values["company_id"]):
                raise UserError(self.env._("The company of a time entry is its project's. Change the project instead."))

    def _timetrack_check_company(self):
        """On a project of no company nobody chooses a company whose rules are easier than the employee's.

        :raise UserError: the company of an entry is neither its project's nor its employee's
        """
        if self.env.su:
            return
        for line in self.sudo().filtered("timetrack_state"):
            company = line.task_id.company_id or line.project_id.company_id or line.employee_id.company_id
            controlled = company.timetrack_approval_required or company.timetrack_lock_date
            if controlled and line.company_id != company:
                raise UserError(
                    self.env._(
                        "This is time of %(company)s: choose this company, and log it there. %(entry)s",
                        company=company.name,
                        entry=line._timetrack_describe(),
                    )
                )

    def _timetrack_check_task(self):
        """A task of another project would bring its name and client along, whether or not the user may see it.

        :raise UserError: the task of an entry is not of its project
        """
        if self.env.su:
            return
        strayed = self.filtered(
            lambda line: line.timetrack_state and line.task_id and line.sudo().task_id.project_id != line.project_id
        )
        if strayed:
            raise UserError(self.env._("Choose a task of the entry's own project: %s.", strayed._timetrack_describe()))

    @api.model
    def default_get(self, fields):
        """Neither a context nor a user default gives a new entry a state it has not earned."""
        protected = self._timetrack_field_sets().protected
        return super().default_get([name for name in fields if name not in protected])

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._timetrack_check_protected(vals)
            self._timetrack_check_leave(vals)
        lines = super().create(vals_list)
        if not self._timetrack_is_internal():
            lines._timetrack_check_company()
            lines._timetrack_check_task()
            lines._timetrack_check_lock_date()
            lines._timetrack_record_override()
        return lines

    def write(self, vals):
        names = self._timetrack_field_sets().traced.intersection(self._timetrack_written_fields(vals))
        if not names or self._timetrack_is_internal():
            return super().write(vals)
        dates = {line.id: line.date for line in self}
        with self._timetrack_tracing(names):
            result = super().write(vals)
        if not self._timetrack_place_fields().isdisjoint(vals):
            # Rules only look at what is written to: nobody gives time away, or puts it where they may not see it.
            self.check_access("write")
            self._timetrack_check_task()
        self._timetrack_check_lock_date()
        self._timetrack_record_override(dates)
        return result

    @api.model
    def _timetrack_place_fields(self):
        """Names of the fields by which an entry goes to another employee, project or company."""
        return self._timetrack_identity_fields() | {"task_id"}

    @api.ondelete(at_uninstall=False)
    def _unlink_except_timetrack_locked(self):
        self._timetrack_check_unlocked(["id"])

    def unlink(self):
        self._timetrack_check_lock_date()
        self._timetrack_record_override()
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
