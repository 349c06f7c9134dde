from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import format_date

from ..engine.approval import APPROVED, DRAFT, REJECTED, STATES, SUBMITTED
from ..engine.periods import state_of
from .timetrack_period_figures import DIGITS

# Periods are made for whoever asks, but not for any date that can be written.
FARTHEST = timedelta(days=3660)
BOARD_SCOPES = ("pending", "team", "all")


class TimetrackPeriod(models.Model):
    """What the systray ("My Week") and the approvers' board show, as data."""

    _inherit = "timetrack.period"

    # ------------------------------------------------------------------
    # My period
    # ------------------------------------------------------------------

    @api.model
    def get_my_period(self, date=None):
        """The user's own period, for the systray.

        :param str date: any date of it ("2026-11-25"); today when left out
        :raise UserError: the date is years away
        :return: False for users without an employee in the active company, else::

            {
                "id": 7, "employee_id": 3, "label": "Nov 23 – 29, 2026",
                "date_from": "2026-11-23", "date_to": "2026-11-29", "deadline": "2026-12-01", "is_late": False,
                "state": "draft", "state_label": "To Submit", "approval_required": True,
                "logged": 12.5, "expected": 40.0, "missing": 3.5, "overtime": 0.0,   # hours
                "to_submit": 2,         # number of drafts and rejected entries
                "to_submit_hours": 4.5,
                "rejected": 1,          # number of entries sent back
                "unit": "hours",        # or "days": how the company shows time
                "text": {"logged": "12:30", "expected": "40:00", "missing": "03:30", "overtime": "00:00"},
                "previous": {…},        # the same of the period before, when it has time to submit or missing hours;
            }                           # else False

            ``missing`` are the expected hours of the days before today that are not logged.
        """
        employee = self.env.user.employee_id
        if not employee:
            return False
        today = fields.Date.context_today(self)
        day = fields.Date.to_date(date) or today
        if abs(day - today) > FARTHEST:
            raise UserError(
                self.env._("There is no timesheet of %s: choose a day nearer to today.", format_date(self.env, day))
            )
        period = self._ensure(employee, day).with_env(self.env)
        before = self._ensure(employee, period.date_from - timedelta(days=1)).with_env(self.env)
        periods = period | before
        counts = periods._get_figures()
        result = period._prepare_my_period(counts)
        previous = before._prepare_my_period(counts)
        result["previous"] = previous if previous["to_submit"] or previous["missing"] else False
        return result

    @api.model
    def submit_my_period(self, period_id):
        """Hand in all time of one of the user's own periods.

        :param int period_id: ``id`` of ``get_my_period``
        :return: what ``get_my_period`` says of it afterwards
        :raise AccessError: it is somebody else's
        :raise UserError: there is nothing to submit, or a policy refuses it
        """
        if not isinstance(period_id, int):
            raise UserError(self.env._("A timesheet has a number, which %r is not.", period_id))
        period = self.browse(period_id)
        period.check_access("read")
        if period.employee_id.sudo().user_id != self.env.user:
            raise AccessError(self.env._("You can submit your own time only."))
        period.action_submit()
        return self.get_my_period(fields.Date.to_string(period.date_from))

    def _prepare_my_period(self, counts):
        """The period as ``get_my_period`` returns it, without the previous one.

        :param dict counts: of ``_get_figures``
        """
        self.ensure_one()
        hours = {
            "logged": self.logged_hours,
            "expected": self.expected_hours,
            "missing": self.missing_hours,
            "overtime": self.overtime_hours,
        }
        number = {state: counts.get((self.id, state), (0.0, 0))[1] for state in STATES}
        return {
            "id": self.id,
            "employee_id": self.employee_id.id,
            "label": self.label,
            "date_from": fields.Date.to_string(self.date_from),
            "date_to": fields.Date.to_string(self.date_to),
            "deadline": fields.Date.to_string(self.deadline),
            "is_late": self.is_late,
            "state": self.state,
            "state_label": dict(self._fields["state"]._description_selection(self.env))[self.state],
            "approval_required": self.company_id.sudo().timetrack_approval_required,
            "to_submit": number[DRAFT] + number[REJECTED],
            "to_submit_hours": self.draft_hours + self.rejected_hours,
            "rejected": number[REJECTED],
            "unit": "days" if self._is_in_days(self.company_id) else "hours",
            "text": {name: self._format_hours(value, self.company_id) for name, value in hours.items()},
            **hours,
        }

    # ------------------------------------------------------------------
    # The approvers' board
    # ------------------------------------------------------------------

    @api.model
    def get_board(self, date=None, company_id=None, scope="team"):
        """Employees by days of one period, for the approvers' screen. Hours are floats.

        Only entries that the user may read are in it. The number of queries does not depend on the number of
        employees and entries.

        :param str date: any date of the period; left out, the newest one up to today's in which something waits for
            the user, or today's where nothing waits
        :param int company_id: company whose period it is, one of the active ones; the first of them when left out
        :param str scope: "pending": employees with time that waits for the user; "team": these, the people below the
            user and those with time on the user's projects (everybody of the company for timesheet administrators);
            "all": these, and everybody whose time of the period the user may read
        :return: ::

            {
                "period": {"from": "2026-11-23", "to": "2026-11-29", "label": "Nov 23 – 29, 2026", "company_id": 1,
                           "deadline": "2026-12-01",
                           "previous": "2026-11-22", "next": "2026-11-30"},      # dates to ask for
                "days": ["2026-11-23", …],
                "unit": "hours",                                                 # or "days"
                "employees": [{                                                  # by name
                    "id": 3, "name": "Carl", "state": "submitted",
                    "period_id": 7,                                              # False: in the future, without time
                    "expected": 40.0, "logged": 38.5, "missing": 1.5, "overtime": 0.0,
                    "submitted": 38.5, "approved": 0.0, "pending": 38.5,
                    "message_count": 2,
                    "pending_ids": [11, 12],                                     # of all days
                    "days": {"2026-11-23": {
                        "expected": 8.0, "logged": 8.0,
                        "pending": 8.0,                                          # hours that wait for the user
                        "states": {"submitted": 8.0},
                        "warnings": 0,                                           # entries with a warning
                        "entry_ids": [11], "pending_ids": [11],
                    }},                                                          # every day of ``days``
                }],
                "totals": {"expected": …, "logged": …, "missing": …, "submitted": …, "approved": …, "pending": …},
            }

            The hours of an employee's row are those of the entries in it: the ones that the user may read.
            Decisions are the entries' own methods: ``action_timetrack_approve`` and ``action_timetrack_reject`` of
            ``pending_ids``.
        :raise AccessError: the user does not approve time, or ``company_id`` is none of the user's active companies
        """
        if not self.env.user.has_group("hr_timesheet.group_hr_timesheet_approver"):
            raise AccessError(self.env._("The board is for people who approve time."))
        if scope not in BOARD_SCOPES:
            raise UserError(self.env._("Unknown scope of the board: %s", scope))
        company = self.env["res.company"].browse(company_id) if company_id else self.env.company
        if company not in self.env.companies:
            raise AccessError(self.env._("Choose the company of the board among your active companies first."))
        day = fields.Date.to_date(date) or self._get_board_day(company)
        span = self._get_range(company, day)
        entries, pending = self._get_board_entries(company, span)
        employees = self._get_board_employees(company, scope, entries, pending)
        rows = self._prepare_board_rows(span, day, employees, entries, pending)
        deadline = span.date_to + timedelta(days=company.sudo().timetrack_deadline_days)
        return {
            "period": {
                "from": fields.Date.to_string(span.date_from),
                "to": fields.Date.to_string(span.date_to),
                "label": self._format_label(*span),
                "company_id": company.id,
                "deadline": fields.Date.to_string(deadline),
                "previous": fields.Date.to_string(span.date_from - timedelta(days=1)),
                "next": fields.Date.to_string(span.date_to + timedelta(days=1)),
            },
            "days": [fields.Date.to_string(day) for day in span.days],
            "unit": "days" if self._is_in_days(company) else "hours",
            "employees": rows,
            "totals": {
                name: round(sum(row[name] for row in rows), DIGITS)
                for name in ("expected", "logged", "missing", "submitted", "approved", "pending")
            },
        }

    @api.model
    def _get_board_day(self, company):
        """A day of the newest period up to today's in which something waits for the user, or today."""
        Line = self.env["account.analytic.line"]
        today = fields.Date.context_today(self)
        waits = (
            Line._timetrack_pending_domain()
            & Line._timetrack_entry_domain()
            & Domain("date", "<=", self._get_range(company, today).date_to)
            & Domain("employee_id.company_id", "=", company.id)
        )
        return Line.search(waits, order="date desc, id desc", limit=1).date or today

    @api.model
    def _get_board_entries(self, company, span):
        """Entries of the company's employees in the days that the user may read; and those that wait for the user.

        :return: two recordsets
        """
        Line = self.env["account.analytic.line"]
        domain = (
            Line._timetrack_entry_domain()
            & Domain("date", ">=", span.date_from)
            & Domain("date", "<=", span.date_to)
            & Domain("employee_id.company_id", "=", company.id)
        )
        entries = Line.search_fetch(
            domain,
            ["employee_id", "date", "unit_amount", "timetrack_state", "timetrack_warning_count"],
            order="date, id",
        )
        # In sudo, since these are read by the user's rights already; what waits is the user's all the same.
        pending = Line.sudo().search(Domain("id", "in", entries.ids) & Line._timetrack_pending_domain())
        return entries, pending

    @api.model
    def _get_board_employees(self, company, scope, entries, pending):
        """The employees that the board shows, in sudo, by name."""
        Employee = self.env["hr.employee"].sudo().with_context(active_test=False)
        if scope == "pending":
            ids = set(pending.employee_id.ids)
        elif scope == "all":
            ids = set(entries.employee_id.ids)
        else:
            users = self._get_acting_users()
            ids = set(pending.employee_id.ids)
            ids.update(entries.sudo().filtered(lambda line: line.project_id.user_id in users).employee_id.ids)
        domain = Domain("id", "in", list(ids))
        if scope != "pending":
            active_team = Domain("active", "=", True)
            if not self.env.user.has_group("hr_timesheet.group_timesheet_manager"):
                active_team &= Domain("id", "in", self._get_team().ids)
            domain |= active_team
        return Employee.search(domain & Domain("company_id", "=", company.id), order="name, id")

    @api.model
    def _prepare_board_rows(self, span, day, employees, entries, pending):
        """The rows of the board, as ``get_board`` returns them."""
        working_days = self.env["timetrack.working.time"]._get_hours(employees, span.date_from, span.date_to)
        by_employee = entries.sudo().grouped("employee_id")
        # Looking ahead makes no timesheets.
        begun = span.date_from <= fields.Date.context_today(self)
        periods = self._ensure(employees.filtered(lambda employee: begun or employee in by_employee), day)
        period_of = {period.employee_id.id: period.id for period in periods}
        messages = periods._count_messages()
        pending_ids = set(pending.ids)
        rows = []
        for employee in employees:
            own = by_employee.get(employee, entries.browse())
            period_id = period_of.get(employee.id, False)
            cells = self._prepare_board_cells(span, working_days[employee.id], own, pending_ids)
            rows.append(
                {
                    "id": employee.id,
                    "name": employee.name,
                    "period_id": period_id,
                    "state": state_of(own.mapped("timetrack_state")),
                    "message_count": messages.get(period_id, 0),
                    "days": cells,
                    **self._sum_board_cells(cells),
                }
            )
        return rows

    @api.model
    def _sum_board_cells(self, cells):
        """The sums of an employee's row."""
        today = fields.Date.to_string(fields.Date.context_today(self))
        expected = sum(cell["expected"] for cell in cells.values())
        due = sum(cell["expected"] for day, cell in cells.items() if day < today)
        logged = sum(cell["logged"] for cell in cells.values())
        return {
            "expected": round(expected, DIGITS),
            "logged": round(logged, DIGITS),
            "missing": max(0.0, round(due - logged, DIGITS)),
            "overtime": max(0.0, round(logged - expected, DIGITS)),
            "submitted": round(sum(cell["states"].get(SUBMITTED, 0.0) for cell in cells.values()), DIGITS),
            "approved": round(sum(cell["states"].get(APPROVED, 0.0) for cell in cells.values()), DIGITS),
            "pending": round(sum(cell["pending"] for cell in cells.values()), DIGITS),
            "pending_ids": [entry_id for cell in cells.values() for entry_id in cell["pending_ids"]],
        }

    def _count_messages(self):
        """Number of messages that people wrote on each period: dict of period id to number."""
        groups = (
            self.env["mail.message"]
            .sudo()
            ._read_group(
                [("model", "=", self._name), ("res_id", "in", self.ids), ("message_type", "in", ("comment", "email"))],
                ["res_id"],
                ["__count"],
            )
        )
        return dict(groups)

    @api.model
    def _prepare_board_cells(self, span, working_days, entries, pending_ids):
        """The cells of one employee: dict of date (text) to what the board shows of it."""
        by_date = defaultdict(list)
        for entry in entries:
            by_date[entry.date].append(entry)
        cells = {}
        for day in span.days:
            states = defaultdict(float)
            for entry in by_date[day]:
                states[entry.timetrack_state] += entry.unit_amount
            waiting = [entry for entry in by_date[day] if entry.id in pending_ids]
            cells[fields.Date.to_string(day)] = {
                "expected": working_days[day].net if day in working_days else 0.0,
                "logged": sum(states.values()),
                "pending": sum(entry.unit_amount for entry in waiting),
                "states": dict(states),
                "warnings": sum(1 for entry in by_date[day] if entry.timetrack_warning_count),
                "entry_ids": [entry.id for entry in by_date[day]],
                "pending_ids": [entry.id for entry in waiting],
            }
        return cells
