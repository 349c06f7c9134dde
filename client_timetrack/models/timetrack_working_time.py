from collections import defaultdict
from datetime import datetime, time, timedelta
from typing import NamedTuple

from pytz import UTC, timezone

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine.capacity import by_date, flexible_days, split_day


class WorkingDay(NamedTuple):
    """The hours that an employee can work on a day (net = gross - holiday - leave), in which department and job."""

    employee_id: int
    company_id: int
    department_id: int
    job_id: int
    date: object
    gross: float
    holiday: float
    leave: float
    net: float


class Stint(NamedTuple):
    """A stretch of employment under one version of the contract, both dates included."""

    employee: models.Model
    version: models.Model
    date_from: object
    date_to: object


class TimetrackWorkingTime(models.AbstractModel):
    """The hours that employees can work: the one place that says so, for periods, reports and warnings.

    How it works: the version of the employee in force on the day (``hr.version``) names the working calendar; the
    calendar gives the gross hours; public holidays and own leave are taken off (see ``engine/capacity.py``). There
    are no days outside of the employment, nor days without work.

    How to use::

        hours = self.env["timetrack.working.time"]._get_hours(employees, date_from, date_to)
        hours[employee.id][date].net

    It reads as the system does, whoever asks: callers see to it that they show nobody what is not theirs to see.
    """

    _name = "timetrack.working.time"
    _description = "Working Time"

    @api.model
    def _get_hours(self, employees, date_from, date_to):
        """The working time of employees by day.

        The number of queries depends on the number of working calendars, neither on employees nor on days.

        :param employees: ``hr.employee`` records, archived ones included
        :param date date_from: first day
        :param date date_to: last day
        :return: dict of employee id to dict of date to ``WorkingDay``; every employee has a key, days without
            work have none
        """
        result = {employee_id: {} for employee_id in employees.ids}
        for day in self._get_days(employees, date_from, date_to):
            result[day.employee_id][day.date] = day
        return result

    @api.model
    def _get_days(self, employees, date_from, date_to):
        """The same as a list of ``WorkingDay``, days with work only."""
        if not employees or date_from > date_to:
            return []
        self, employees = self._as_system(employees)
        holidays, leaves = self._get_leaves(employees, date_from, date_to)
        patterns = {}
        days = []
        for stint in self._get_stints(employees, date_from, date_to):
            employee, version = stint.employee, stint.version
            tz = timezone(employee.tz or "UTC")
            key = (employee.company_id, version.resource_calendar_id, tz)
            if key not in patterns:
                work_days = self._get_work_days(*key, date_from, date_to)
                public = [leave for leave in holidays[key[0]] if leave.calendar_id <= key[1]]
                public_days = self._get_days_off(public, tz, date_from, date_to)
                patterns[key] = {
                    date: (work, public_days.get(date, ()), split_day(work, public_days.get(date, ())))
                    for date, work in work_days.items()
                }
            own_days = self._get_days_off(leaves[employee.resource_id], tz, stint.date_from, stint.date_to)
            place = version.department_id.id or None, version.job_id.id or None
            for date, (work, public, hours) in patterns[key].items():
                if hours.gross > 0 and stint.date_from <= date <= stint.date_to:
                    if date in own_days:
                        hours = split_day(work, public, own_days[date])
                    days.append(WorkingDay(employee.id, employee.company_id.id, *place, date, *hours))
        return days

    @api.model
    def _as_system(self, employees):
        """This model and the employees, with the rights and the view of the system."""
        self = self.sudo().with_context(active_test=False)
        return self, employees.with_env(self.env)

    @api.model
    def _get_stints(self, employees, date_from, date_to):
        """The stretches of employment of the employees between two dates, with the version in force.

        An employee with contracts works during the contracts; one without works from the first version or the first
        time entry on, whichever is earlier. Both end with the departure. Somebody archived with neither a departure
        nor a contract's end has left with the last time entry.

        :return: list of ``Stint``, in which no day of an employee occurs twice
        """
        self, employees = self._as_system(employees)
        versions = self.env["hr.version"].search(
            [("employee_id", "in", employees.ids), ("active", "=", True)], order="employee_id, date_version, id"
        )
        by_employee = versions.grouped("employee_id")
        has_contract = {employee: any(own.mapped("contract_date_start")) for employee, own in by_employee.items()}
        # Reading the dates of years of time is dear: only of whom they make a difference for.
        first, last = self._get_entry_dates(
            employees.filtered(
                lambda employee: (
                    employee in by_employee
                    and (
                        not employee.active
                        or (not has_contract[employee] and by_employee[employee][0].date_version > date_from)
                    )
                )
            )
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
        """First and last day with worked time: two dicts by employee.

        Each is the end of an index, however many years of time there are.
        """
        Line = self.env["account.analytic.line"]
        Line.flush_model(["employee_id", "date", "timetrack_state", "project_id"])
        own = SQL("employee_id = employee.id AND timetrack_state IS NOT NULL AND project_id IS NOT NULL")
        rows = self.env.execute_query(
            SQL(
                """
                SELECT employee.id,
                       (SELECT min(date) FROM account_analytic_line WHERE %(own)s),
                       (SELECT max(date) FROM account_analytic_line WHERE %(own)s)
                  FROM hr_employee employee
                 WHERE employee.id = ANY(%(ids)s)
                """,
                own=own,
                ids=list(employees.ids),
            )
        )
        found = {employees.browse(employee_id): (first, last) for employee_id, first, last in rows if first}
        return (
            {employee: first for employee, (first, _last) in found.items()},
            {employee: last for employee, (_first, last) in found.items()},
        )

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
