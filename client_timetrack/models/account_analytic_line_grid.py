from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_date

from ..engine.approval import APPROVED, DRAFT, REJECTED, STATES, SUBMITTED
from ..engine.grid import DIGITS
from ..engine.periods import MONTH, WEEK, Period

# Grids are made for whoever asks, but not for any date that can be written.
FARTHEST = timedelta(days=3660)
MAX_EMPLOYEES = 200
OPEN_STATES = (DRAFT, REJECTED)
ROW_FIELDS = ("project_id", "task_id", "timetrack_activity_id", "timetrack_deliverable_id")
GROUP_FIELDS = ("timetrack_client_id", "project_id")
# What PostgreSQL takes for an id.
MAX_ID = 2**31 - 1


def is_id(value):
    """Whether a value from outside can be the id of a record."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MAX_ID


class AccountAnalyticLine(models.Model):
    """The time grid: rows of work by days, as the view type ``timetrack_grid`` shows them.

    How it works: the view asks once (``timetrack_grid_load``) and gets all that it shows; what is typed comes back by
    ``timetrack_grid_save``. A row is an employee with the values of the row fields; a cell is a row on a day, and
    holds the entries of both. Hours are floats of hours, whatever the company shows; dates are texts ("2026-11-25").

    Everything is read and written with the rights of whoever asks.
    """

    _inherit = "account.analytic.line"

    # ------------------------------------------------------------------
    # One call that opens the grid
    # ------------------------------------------------------------------

    @api.model
    def timetrack_grid_load(self, params):
        """Everything that a time grid shows. The number of queries depends neither on entries nor on employees.

        :param dict params: ::

            {
                "scale": "week",            # or "day", "month", "period": the company's
                "anchor": "2026-11-25",     # any day that is to be shown; False: today
                "rows": ["project_id"],     # fields that make a row, see ``ROW_FIELDS``
                "group": "timetrack_client_id",     # field that rows can be grouped by, or False
                "mode": "own",              # or "team": whose time the user sees as an approver
                "domain": [],               # of a search; conditions on the date are left out: the grid shows days
                "suggest": True,            # favourites and rows of the last weeks as well
                "offset": 0, "limit": 40,   # of the employees of a team
            }

        :return: ::

            {
                "scale": "week", "date_from": "2026-11-23", "date_to": "2026-11-29", "days": ["2026-11-23", …],
                "previous": "2026-11-22", "next": "2026-11-30", "today": "2026-11-26",   # days to ask for
                "has_period_scale": False,          # the company's period is neither a week nor a month
                "unit": {"kind": "hours", "hours_per_day": 8.0},    # or "days": how the company shows time
                "notice": False,                    # why nothing can be logged, and what to do
                "may_set_up": False,                # the user may be shown what is to be set up first
                "employees": [{
                    "id": 3, "name": "Carl", "editable": True,
                    "expected": {"2026-11-23": 8.0},            # working hours without holidays and leave
                    "off": {"2026-11-28": "No working hours"},  # why a day is off
                    "locked_until": False,                      # the day up to which time is closed
                }],
                "employee_count": 1,                # of the team, shown or not
                "rows": [{
                    "key": "3-7-12-0-0", "employee_id": 3,
                    "values": {"project_id": [7, "Merger"], "task_id": False},
                    "group": [9, "Client Works"],
                    "source": "entries",            # or "favorite", "suggested"
                    "pinned": False,
                    "notice": False,                # why no time can be added to the row
                    "left": 3.5,                    # hours left of the task's allocated time; False without one
                    "cells": {"2026-11-23": {"hours": 1.5, "entries": [{
                        "id": 11, "hours": 1.5, "state": "draft", "name": "Reading", "editable": True,
                        "reason": False,            # why it cannot be changed, or why it was sent back
                        "warnings": [], "start": False, "stop": False,
                    }]}},
                }],
                "status": {"draft": 1.5, "rejected": 0.0, "submitted": 0.0, "approved": 0.0, "to_submit": 1,
                           "approval_required": True, "deadline": "2026-12-01", "is_late": False},
            }

            ``status`` is of the own time: hours by state, and the number of entries to submit.
        :raise UserError: unknown scale, mode or field; a date years away
        """
        self._timetrack_grid_check(params)
        company = self.env.company
        span = self._timetrack_grid_span(company, params)
        employees, entries, count = self._timetrack_grid_find(company, span, params)
        rows = self._timetrack_grid_rows(employees, entries, span, params)
        before, after = span.date_from - timedelta(days=1), span.date_to + timedelta(days=1)
        return {
            "scale": params["scale"],
            "date_from": fields.Date.to_string(span.date_from),
            "date_to": fields.Date.to_string(span.date_to),
            "days": [fields.Date.to_string(day) for day in span.days],
            "previous": fields.Date.to_string(before),
            "next": fields.Date.to_string(after),
            "today": fields.Date.to_string(fields.Date.context_today(self)),
            "has_period_scale": company.sudo().timetrack_period not in (WEEK, MONTH),
            "unit": self._timetrack_grid_unit(company),
            "notice": False if employees or params["mode"] == "team" else self._timetrack_no_employee_notice(),
            "may_set_up": self.env.user.has_group("hr_timesheet.group_timesheet_manager"),
            "employees": self._timetrack_grid_employees(employees, span, params),
            "employee_count": count,
            "rows": rows,
            "status": self._timetrack_grid_status(company, span),
        }

    @api.model
    def _timetrack_no_employee_notice(self):
        """What to tell a user without an employee in the active company."""
        return self.env._(
            "You have no employee in the company %(company)s, so you cannot log time there. Switch to another company, "
            "or ask an administrator to link an employee to your user.",
            company=self.env.company.name,
        )

    @api.model
    def _timetrack_grid_check(self, params):
        """Refuse what the grid does not know: calls come from outside.

        :raise UserError: it names what is unknown
        """
        self.check_access("read")
        if not isinstance(params, dict) or not all(
            isinstance(params.get(name) or 0, int) for name in ("offset", "limit")
        ):
            raise UserError(self.env._("The time grid asks by a dictionary, see timetrack_grid_load."))
        known = {
            "scale": ("day", "week", "month", "period"),
            "mode": ("own", "team"),
            "group": (False, None, *GROUP_FIELDS),
        }
        for name, values in known.items():
            if params.get(name) not in values:
                raise UserError(
                    self.env._("The time grid knows no %(name)s “%(value)s”.", name=name, value=params.get(name))
                )
        rows = params.get("rows")
        if not isinstance(rows, list) or not rows or any(name not in ROW_FIELDS for name in rows):
            raise UserError(self.env._("The rows of a time grid are made of: %s.", ", ".join(ROW_FIELDS)))

    @api.model
    def _timetrack_grid_date(self, text):
        """The date that a text says.

        :raise UserError: it is none, or years away from today
        """
        today = fields.Date.context_today(self)
        try:
            day = fields.Date.to_date(text) or today
        except (ValueError, TypeError) as error:
            raise UserError(self.env._("“%s” is no date.", text)) from error
        if abs(day - today) > FARTHEST:
            raise UserError(self.env._("%s is too far from today to log time.", format_date(self.env, day)))
        return day

    @api.model
    def _timetrack_grid_span(self, company, params):
        """The days of a grid.

        :rtype: engine.periods.Period
        """
        day = self._timetrack_grid_date(params.get("anchor"))
        if params["scale"] == "day":
            return Period(day, day)
        if params["scale"] == "period":
            return self.env["timetrack.period"]._get_range(company, day)
        return company.sudo()._timetrack_period_rule()._replace(kind=params["scale"]).period_of(day)

    @api.model
    def _timetrack_grid_unit(self, company):
        """How the company shows time, and the hours of one day where it shows days."""
        company = company.sudo()
        in_days = self.env["timetrack.period"]._is_in_days(company)
        hours = 8.0
        if in_days:
            hours = company.timesheet_encode_uom_id._compute_quantity(
                1.0, company.project_time_mode_id, round=False, raise_if_failure=False
            )
        return {"kind": "days" if in_days else "hours", "hours_per_day": hours}

    # ------------------------------------------------------------------
    # Whose time, and which
    # ------------------------------------------------------------------

    @api.model
    def _timetrack_grid_domain(self, span, params):
        """Domain of the entries that the grid shows: those of the days that the search wants."""
        search = self._timetrack_grid_get_search(params, "date")
        return self._timetrack_entry_domain() & self._timetrack_grid_days(span) & search

    @api.model
    def _timetrack_grid_get_search(self, params, column):
        """Domain of the search of a grid, without conditions on its columns: these it shows itself.

        :param str column: name of the field of the columns
        """
        return Domain(params.get("domain") or Domain.TRUE).map_conditions(
            lambda condition: Domain.TRUE if condition.field_expr.partition(".")[0] == column else condition
        )

    @api.model
    def _timetrack_grid_get_page(self, everybody, params):
        """Those of the employees that the page of a grid shows."""
        offset = max(0, params.get("offset") or 0)
        return everybody[offset : offset + min(params.get("limit") or MAX_EMPLOYEES, MAX_EMPLOYEES)]

    @api.model
    def _timetrack_grid_days(self, span):
        return Domain("date", ">=", span.date_from) & Domain("date", "<=", span.date_to)

    @api.model
    def _timetrack_grid_read_fields(self):
        """Names of the fields that cells show."""
        return [
            *ROW_FIELDS,
            *GROUP_FIELDS,
            "employee_id",
            "company_id",
            "date",
            "unit_amount",
            "name",
            "timetrack_state",
            "timetrack_reason",
            "timetrack_start",
            "timetrack_stop",
            "timetrack_warning_count",
            "timetrack_warnings",
        ]

    @api.model
    def _timetrack_grid_find(self, company, span, params):
        """Employees and entries of a grid.

        :return: ``hr.employee`` in sudo, by name; their entries that the user can read; number of all employees
        """
        domain = self._timetrack_grid_domain(span, params)
        if params["mode"] == "own" or not self.env.user.has_group("hr_timesheet.group_hr_timesheet_approver"):
            employees = self.env.user.employee_id.sudo()
            domain &= Domain("employee_id", "in", employees.ids)
            count = len(employees)
        else:
            domain &= Domain("employee_id.company_id", "=", company.id)
            seen = self.search_fetch(domain, ["employee_id", "project_id"])
            everybody = self.env["timetrack.period"]._get_board_employees(company, "team", seen, seen.browse())
            count = len(everybody)
            employees = self._timetrack_grid_get_page(everybody, params)
            domain &= Domain("employee_id", "in", employees.ids)
        entries = self.search_fetch(domain, self._timetrack_grid_read_fields(), order="date, id")
        return employees, entries, count

    @api.model
    def _timetrack_grid_employees(self, employees, span, params):
        """The employees as ``timetrack_grid_load`` returns them."""
        hours = self.env["timetrack.working.time"]._get_hours(employees, span.date_from, span.date_to)
        locks = {company: self._timetrack_grid_locked_until(company) for company in employees.company_id}
        approves = self.env.user.has_group("hr_timesheet.group_hr_timesheet_approver")
        result = []
        for employee in employees:
            days = hours[employee.id]
            own = employee.user_id == self.env.user
            result.append(
                {
                    "id": employee.id,
                    "name": employee.name,
                    "editable": employee.active and (own or approves),
                    "expected": {
                        fields.Date.to_string(date): round(day.net, DIGITS) for date, day in days.items() if day.net > 0
                    },
                    "off": {
                        fields.Date.to_string(date): self._timetrack_grid_off(days.get(date), own)
                        for date in span.days
                        if date not in days or days[date].net <= 0
                    },
                    "locked_until": locks[employee.company_id],
                }
            )
        return result

    @api.model
    def _timetrack_grid_off(self, day, own):
        """Why somebody does not work on a day; why colleagues are away is theirs to tell.

        :param day: ``WorkingDay``, or None where the schedule has no hours
        """
        if not day:
            return self.env._("No working hours")
        if day.holiday >= day.leave:
            return self.env._("Public holiday")
        return self.env._("Time off") if own else self.env._("Absent")

    @api.model
    def _timetrack_grid_locked_until(self, company):
        """The day up to which the user cannot change time of a company, as a text, or False."""
        lock_date = company.sudo().timetrack_lock_date
        locked = lock_date and not company._timetrack_lock_exception(lock_date)
        return fields.Date.to_string(lock_date) if locked else False

    @api.model
    def _timetrack_grid_status(self, company, span):
        """How far the user's own time of the days has come."""
        employee = self.env.user.employee_id
        groups = self._read_group(
            self._timetrack_entry_domain()
            & self._timetrack_grid_days(span)
            & Domain("employee_id", "in", employee.ids),
            ["timetrack_state"],
            ["unit_amount:sum", "__count"],
        )
        hours = {state: round(amount, DIGITS) for state, amount, _count in groups}
        to_submit = sum(count for state, _amount, count in groups if state in OPEN_STATES)
        company = company.sudo()
        period = self.env["timetrack.period"]._get_range(company, span.date_to)
        deadline = period.date_to + timedelta(days=company.timetrack_deadline_days)
        return {
            **{state: hours.get(state, 0.0) for state in STATES},
            "to_submit": to_submit,
            "approval_required": company.timetrack_approval_required,
            "deadline": fields.Date.to_string(deadline),
            "is_late": bool(to_submit) and deadline < fields.Date.context_today(self),
        }

    # ------------------------------------------------------------------
    # Rows and cells
    # ------------------------------------------------------------------

    @api.model
    def _timetrack_grid_key(self, employee_id, ids):
        """What tells a row from others: the employee and the ids of its values."""
        return "-".join(str(number or 0) for number in (employee_id, *ids))

    @api.model
    def _timetrack_grid_rows(self, employees, entries, span, params):
        """The rows as ``timetrack_grid_load`` returns them: those with time by their names, then those without."""
        names = params["rows"]
        # They were found with the user's rights: reading them, the ORM would ask field by field.
        entries = entries.sudo()
        self._timetrack_grid_prefetch(entries)
        cells = entries._timetrack_grid_cells(names)
        rows = {}
        for line in entries:
            ids = tuple(line[name].id or False for name in names)
            if (line.employee_id.id, ids) not in rows:
                records = {name: line[name] for name in names}
                rows[line.employee_id.id, ids] = self._timetrack_grid_row(
                    line.employee_id.id, records, "entries", params, cells[line.employee_id.id, ids]
                )
        result = sorted(rows.values(), key=self._timetrack_grid_sort_key)
        if params["mode"] == "own" and employees:
            pinned = self.env["timetrack.favorite"]._get_rows(employees, names)
            for row in result:
                row["pinned"] = row["key"] in pinned
            result += self._timetrack_grid_more_rows(employees, {row["key"] for row in result}, pinned, span, params)
        return result

    @api.model
    def _timetrack_grid_prefetch(self, entries):
        """Read what rows say of projects and tasks, and no more of the many fields that these have."""
        entries.task_id.fetch(["name", "partner_id", "project_id", "active", "allocated_hours", "remaining_hours"])
        entries.project_id.fetch(["name", "partner_id", "active", "allow_timesheets"])
        entries.timetrack_client_id.fetch(["complete_name", "commercial_partner_id"])

    @api.model
    def _timetrack_grid_sort_key(self, row):
        texts = [value[1].casefold() if value else "" for value in row["values"].values()]
        return ((row["group"] or [0, ""])[1].casefold(), *texts)

    def _timetrack_grid_cells(self, names):
        """The cells of the entries: dict of (employee id, ids of the row's values) to dict of date to cell."""
        reasons = self._timetrack_grid_reasons()
        texts = {line.id: line.timetrack_warning_text for line in self if line.timetrack_warning_count}
        cells = defaultdict(dict)
        for line in self:
            row = cells[line.employee_id.id, tuple(line[name].id or False for name in names)]
            cell = row.setdefault(fields.Date.to_string(line.date), {"hours": 0.0, "entries": []})
            cell["hours"] = round(cell["hours"] + line.unit_amount, DIGITS)
            cell["entries"].append(
                {
                    "id": line.id,
                    "hours": line.unit_amount,
                    "state": line.timetrack_state,
                    "name": "" if line.name == "/" else line.name,
                    "editable": line.timetrack_state in OPEN_STATES and line not in reasons,
                    "reason": reasons.get(line) or line.timetrack_reason or False,
                    "warnings": (texts.get(line.id) or "").splitlines(),
                    "start": fields.Datetime.to_string(line.timetrack_start),
                    "stop": fields.Datetime.to_string(line.timetrack_stop),
                }
            )
        return cells

    def _timetrack_grid_reasons(self):
        """Why entries cannot be changed in the grid, where they cannot: dict of entry to text."""
        locked = self._timetrack_locked()
        closed = locked._timetrack_past_lock_date()
        reasons = {}
        for line in self:
            if line in closed:
                reasons[line] = self.env._("Time of this day is closed.")
            elif line.timetrack_state == SUBMITTED:
                reasons[line] = self.env._("Submitted: withdraw it to change it.")
            elif line in locked or line.timetrack_state == APPROVED:
                reasons[line] = self.env._("Approved time is locked.")
        return reasons

    @api.model
    def _timetrack_grid_row(self, employee_id, records, source, params, cells=None):
        """A row as ``timetrack_grid_load`` returns it.

        :param dict records: the record of each row field; names are shown as Odoo shows those of readable entries
        """
        project = records.get("project_id") or records["task_id"].project_id
        group = self.browse()
        if params.get("group") == "timetrack_client_id":
            task = records.get("task_id")
            group = ((task and task.sudo().partner_id) or project.sudo().partner_id).commercial_partner_id
        elif params.get("group"):
            group = project.sudo()
        return {
            "key": self._timetrack_grid_key(employee_id, [record.id for record in records.values()]),
            "employee_id": employee_id,
            "values": {name: self._timetrack_grid_value(record) for name, record in records.items()},
            "group": self._timetrack_grid_value(group),
            "source": source,
            "pinned": source == "favorite",
            "notice": self._timetrack_grid_notice(project.sudo()),
            "left": self._timetrack_grid_left(records.get("task_id")),
            "cells": cells or {},
        }

    @api.model
    def _timetrack_grid_value(self, record):
        return [record.id, record.sudo().display_name] if record else False

    @api.model
    def _timetrack_grid_left(self, task):
        """Hours left of a task's allocated time, as Odoo counts them, or False where none was allocated."""
        task = task and task.sudo()
        return round(task.remaining_hours, DIGITS) if task and task.allocated_hours > 0 else False

    @api.model
    def _timetrack_grid_notice(self, project):
        """Why no time can be added to a project, or False."""
        if not project.active:
            return self.env._("The project is archived.")
        if not project.allow_timesheets:
            return self.env._("The project takes no time.")
        return False
