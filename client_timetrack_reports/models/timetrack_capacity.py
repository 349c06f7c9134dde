from collections import defaultdict
from datetime import datetime, time, timedelta
from typing import NamedTuple

from dateutil.relativedelta import relativedelta
from pytz import UTC, timezone

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, split_every

from ..engine.capacity import by_date, flexible_days, split_day

# Employees whose days are computed and written together.
BATCH_EMPLOYEES = 20
# The days behind today that the daily run computes again; older days change through the hooks only.
DAYS_BACK = 31
MONTHS_AHEAD = 12


class Stint(NamedTuple):
    """A stretch of employment under one version of the contract, both dates included."""

    employee: models.Model
    version: models.Model
    date_from: object
    date_to: object


class TimetrackCapacity(models.Model):
    """The hours an employee can work on a day.

    How it works: the version of the employee in force on the day (``hr.version``) names the working calendar; the
    calendar gives the gross hours; public holidays and own leave are taken off (see ``engine/capacity.py``). Days
    outside of the employment have no row, nor have days without work. Rows are only ever written by ``_refresh``,
    which changes nothing but what differs.

    How to use: call ``_refresh`` for some employees and dates, ``_refresh_horizon`` for everything (after a large
    import, say). Otherwise the hooks on calendars, leaves and versions and the daily run keep it up to date.
    """

    _name = "timetrack.capacity"
    _description = "Capacity by Day"
    _order = "date desc, employee_id"
    _rec_name = "employee_id"
    _log_access = False

    employee_id = fields.Many2one("hr.employee", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    department_id = fields.Many2one(
        "hr.department", readonly=True, ondelete="set null", index="btree_not_null", help="Department on that day."
    )
    date = fields.Date(required=True, readonly=True)
    gross_hours = fields.Float(readonly=True, help="Hours of the working calendar in force on that day.")
    holiday_hours = fields.Float("Public Holiday Hours", readonly=True)
    leave_hours = fields.Float(readonly=True, help="Hours of the employee's own leave outside of public holidays.")
    net_hours = fields.Float(readonly=True, help="Gross hours without public holidays and own leave.")

    _employee_date_unique = models.UniqueIndex("(employee_id, date)", "An employee has one capacity a day.")
    _company_date_idx = models.Index("(company_id, date)")

    # ------------------------------------------------------------------
    # Refreshing
    # ------------------------------------------------------------------

    @api.model
    def _refresh(self, employees, date_from, date_to):
        """Bring the days of some employees up to date.

        :param employees: ``hr.employee`` records, archived ones included
        :param date date_from: first day
        :param date date_to: last day
        :return: number of rows added, changed or removed
        """
        self = self.sudo().with_context(active_test=False)
        employees = employees.with_env(self.env)
        if date_from > date_to:
            return 0
        changed = 0
        for batch in split_every(BATCH_EMPLOYEES, employees.ids, self.env["hr.employee"].browse):
            rows = self._compute_rows(batch, date_from, date_to)
            changed += self._write_rows(batch, date_from, date_to, rows)
        if changed:
            self.invalidate_model()
        return changed

    @api.model
    def _refresh_horizon(self, companies=None):
        """Bring everything up to date: every employee, from the first entry to a year ahead.

        :param companies: ``res.company`` records; all with employees when left out
        :return: number of rows added, changed or removed
        """
        companies = companies or self._get_companies()
        changed = 0
        for company in companies:
            changed += self._refresh(self._get_employees(company), *self._get_horizon(company))
        self.env["timetrack.capacity.dirty"].sudo().search([("company_id", "in", companies.ids)]).unlink()
        return changed

    @api.model
    def _get_companies(self):
        """The companies that have employees."""
        Employee = self.env["hr.employee"].sudo().with_context(active_test=False)
        return self.env["res.company"].union(*(company for (company,) in Employee._read_group([], ["company_id"])))

    @api.model
    def _get_employees(self, company):
        """All employees of the company, those who left included."""
        Employee = self.env["hr.employee"].sudo().with_context(active_test=False)
        return Employee.search([("company_id", "=", company.id)], order="id")

    @api.model
    def _get_horizon(self, company):
        """First and last day that the company's capacity is kept for."""
        today = fields.Date.context_today(self)
        Line = self.env["account.analytic.line"].sudo()
        of_company = Domain("company_id", "=", company.id)
        entry = Line.search(Line._timetrack_entry_domain() & of_company, order="date", limit=1)
        capacity = self.sudo().search(of_company, order="date", limit=1)
        known = [line.date for line in (entry, capacity) if line]
        return min([today.replace(day=1), *known]), today + relativedelta(months=MONTHS_AHEAD, day=31)

    @api.model
    def _write_rows(self, employees, date_from, date_to, rows):
        """Make the stored rows equal ``rows`` in one statement that touches only what differs.

        :param rows: list of (employee id, company id, department id, date, gross, holiday, leave, net)
        :return: number of rows added, changed or removed
        """
        columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _index in range(8)]
        self.env["hr.employee"].flush_model(["company_id"])
        self.env.cr.execute(
            SQL(
                """
                WITH wanted AS (
                    SELECT *
                      FROM unnest(
                               %(employees)s::int[], %(companies)s::int[], %(departments)s::int[], %(dates)s::date[],
                               %(gross)s::float8[], %(holiday)s::float8[], %(leave)s::float8[], %(net)s::float8[]
                           ) AS w (employee_id, company_id, department_id, date,
                                   gross_hours, holiday_hours, leave_hours, net_hours)
                ), gone AS (
                    DELETE FROM timetrack_capacity c
                     WHERE c.employee_id = ANY(%(all_employees)s)
                       AND c.date BETWEEN %(date_from)s AND %(date_to)s
                       AND NOT EXISTS (
                           SELECT 1 FROM wanted w WHERE w.employee_id = c.employee_id AND w.date = c.date
                       )
                    RETURNING 1
                ), changed AS (
                    UPDATE timetrack_capacity c
                       SET company_id = w.company_id, department_id = w.department_id, gross_hours = w.gross_hours,
                           holiday_hours = w.holiday_hours, leave_hours = w.leave_hours, net_hours = w.net_hours
                      FROM wanted w
                     WHERE w.employee_id = c.employee_id
                       AND w.date = c.date
                       AND (w.company_id, w.department_id, w.gross_hours, w.holiday_hours, w.leave_hours, w.net_hours)
                           IS DISTINCT FROM
                           (c.company_id, c.department_id, c.gross_hours, c.holiday_hours, c.leave_hours, c.net_hours)
                    RETURNING 1
                ), added AS (
                    INSERT INTO timetrack_capacity (employee_id, company_id, department_id, date,
                                                    gross_hours, holiday_hours, leave_hours, net_hours)
                    SELECT w.*
                      FROM wanted w
                     WHERE NOT EXISTS (
                           SELECT 1 FROM timetrack_capacity c WHERE c.employee_id = w.employee_id AND c.date = w.date
                     )
                    ON CONFLICT (employee_id, date) DO NOTHING
                    RETURNING 1
                )
                SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM changed) + (SELECT count(*) FROM added)
                """,
                employees=columns[0],
                companies=columns[1],
                departments=columns[2],
                dates=columns[3],
                gross=columns[4],
                holiday=columns[5],
                leave=columns[6],
                net=columns[7],
                all_employees=employees.ids,
                date_from=date_from,
                date_to=date_to,
            )
        )
        return self.env.cr.fetchone()[0]

    # ------------------------------------------------------------------
    # Computing
    # ------------------------------------------------------------------

    @api.model
    def _compute_rows(self, employees, date_from, date_to):
        """Rows as ``_write_rows`` takes them, for days with work only."""
        holidays, leaves = self._get_leaves(employees, date_from, date_to)
        patterns = {}
        rows = []
        for stint in self._get_stints(employees, date_from, date_to):
            employee, version = stint.employee, stint.version
            tz = timezone(employee.tz or "UTC")
            key = (employee.company_id, version.resource_calendar_id, tz)
            if key not in patterns:
                work_days = self._get_work_days(*key, date_from, date_to)
                public = [leave for leave in holidays[key[0]] if leave.calendar_id <= key[1]]
                patterns[key] = work_days, self._get_days_off(public, tz, date_from, date_to)
            work_days, public_days = patterns[key]
            own_days = self._get_days_off(leaves[employee.resource_id], tz, stint.date_from, stint.date_to)
            department_id = version.department_id.id or None
            for date, work in work_days.items():
                if stint.date_from <= date <= stint.date_to:
                    hours = split_day(work, public_days.get(date, ()), own_days.get(date, ()))
                    if hours.gross > 0:
                        rows.append((employee.id, employee.company_id.id, department_id, date, *hours))
        return rows

    @api.model
    def _get_stints(self, employees, date_from, date_to):
        """The stretches of employment of the employees between two dates, with the version in force.

        An employee with contracts works during the contracts; one without works from the first version or the first
        time entry on, whichever is earlier. Both end with the departure. Somebody archived with neither a departure
        nor a contract's end has left with the last time entry.

        :return: list of ``Stint``, in which no day of an employee occurs twice
        """
        versions = self.env["hr.version"].search(
            [("employee_id", "in", employees.ids), ("active", "=", True)], order="employee_id, date_version, id"
        )
        by_employee = versions.grouped("employee_id")
        has_contract = {employee: any(own.mapped("contract_date_start")) for employee, own in by_employee.items()}
        first, last = self._get_entry_dates(
            employees.filtered(lambda employee: not employee.active or not has_contract.get(employee))
        )
        stints = []
        for employee, own in by_employee.items():
            contracted = has_contract[employee]
            for version, previous, successor in zip(own, [None, *own], [*own[1:], None], strict=False):
                if contracted and not version.contract_date_start:
                    continue
                start = version.contract_date_start or version.date_version
                if previous:
                    start = max(start, version.date_version)
                elif not contracted:
                    start = min(start, first.get(employee, start))
                ends = [version.contract_date_end, version.departure_date]
                ends.append(successor and successor.date_version - timedelta(days=1))
                ends = [end for end in ends if end]
                if not ends and not employee.active:
                    ends = [last.get(employee, start - timedelta(days=1))]
                stint = Stint(employee, version, max(start, date_from), min([date_to, *ends]))
                if stint.date_from <= stint.date_to:
                    stints.append(stint)
        return stints

    @api.model
    def _get_entry_dates(self, employees):
        """First and last day with worked time: two dicts by employee."""
        if not employees:
            return {}, {}
        Line = self.env["account.analytic.line"]
        groups = Line._read_group(
            Line._timetrack_entry_domain() & Domain("employee_id", "in", employees.ids),
            ["employee_id"],
            ["date:min", "date:max"],
        )
        return {group[0]: group[1] for group in groups}, {group[0]: group[2] for group in groups}

    @api.model
    def _get_leaves(self, employees, date_from, date_to):
        """Leave that touches the dates: public holidays by company, own leave by resource.

        Leave that counts as worked time (``time_type`` other) is left out. The company tells whose public holiday it
        is; on own leave it says nothing, since Odoo fills it by who happens to compute it where there is no calendar.
        """
        public = Domain("resource_id", "=", False) & Domain("company_id", "in", employees.company_id.ids)
        leaves = self.env["resource.calendar.leaves"].search(
            (public | Domain("resource_id", "in", employees.resource_id.ids))
            & Domain("time_type", "=", "leave")
            & Domain("date_from", "<=", datetime.combine(date_to + timedelta(days=1), time.max))
            & Domain("date_to", ">=", datetime.combine(date_from - timedelta(days=1), time.min))
        )
        holidays = defaultdict(list)
        own = defaultdict(list)
        for leave in leaves:
            if leave.resource_id:
                own[leave.resource_id].append(leave)
            else:
                holidays[leave.company_id].append(leave)
        return holidays, own

    @api.model
    def _get_days_off(self, leaves, tz, date_from, date_to):
        """Intervals of the leaves by the date they touch in the time zone."""
        intervals = [
            (UTC.localize(leave.date_from).astimezone(tz), UTC.localize(leave.date_to).astimezone(tz))
            for leave in leaves
        ]
        return by_date(intervals, date_from, date_to)

    @api.model
    def _get_work_days(self, company, calendar, tz, date_from, date_to):
        """Work intervals by date under a calendar.

        Without a calendar, or with a flexible one, the weekly hours are shared by Monday to Friday: Odoo's own
        intervals would be 24 hours a day, or depend on the day the range starts with.
        """
        if not calendar or calendar.flexible_hours:
            weekly_hours = calendar.hours_per_week if calendar else company.timetrack_flexible_weekly_hours
            return flexible_days(weekly_hours, tz.localize, date_from, date_to)
        start = tz.localize(datetime.combine(date_from, time.min))
        end = tz.localize(datetime.combine(date_to, time.max))
        work = calendar._attendance_intervals_batch(start, end, tz=tz)[False]
        result = defaultdict(list)
        for work_start, work_end, _attendance in work:
            result[work_start.date()].append((work_start, work_end))
        return result

    # ------------------------------------------------------------------
    # Keeping it up to date
    # ------------------------------------------------------------------

    @api.model
    def _cron_refresh(self):
        """Recompute the ranges that were marked, then the last month and the year ahead of everybody.

        Employees whose days do not reach back to the first entry are computed from there on. Each batch is
        committed, so a stop in the middle loses nothing.
        """
        self.env["timetrack.capacity.dirty"]._process()
        cron = self.env["ir.cron"]
        todo = [
            (company, batch)
            for company in self._get_companies()
            for batch in split_every(BATCH_EMPLOYEES, self._get_employees(company).ids)
        ]
        cron._commit_progress(remaining=len(todo))
        for company, ids in todo:
            self._refresh_daily(company, self.env["hr.employee"].sudo().browse(ids))
            if not cron._commit_progress(1):
                break

    @api.model
    def _refresh_daily(self, company, employees):
        """The daily run for one batch of a company's employees."""
        first, last = self._get_horizon(company)
        recent = fields.Date.context_today(self) - timedelta(days=DAYS_BACK)
        groups = self.sudo()._read_group([("employee_id", "in", employees.ids)], ["employee_id"], ["date:min"])
        known = {employee.id: date for employee, date in groups}
        late = employees.browse()
        for stint in self.sudo().with_context(active_test=False)._get_stints(employees, first, last):
            # A week's grace: the first days of a range may be days without work.
            if stint.employee.id not in known or known[stint.employee.id] - stint.date_from > timedelta(days=7):
                late |= employees.browse(stint.employee.id)
        changed = self._refresh(late, first, last)
        return changed + self._refresh(employees - late, max(first, recent), last)
