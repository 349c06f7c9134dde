from collections import defaultdict
from datetime import timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ..engine import target as engine

SCOPES = [("employee", "Employee"), ("job", "Job"), ("department", "Department"), ("company", "Company")]
TARGETS = {"employee": "employee_id", "job": "job_id", "department": "department_id"}
# Weeks of the past that one sees of oneself.
WEEKS = 8


class Progress(NamedTuple):
    """How far somebody has come in a span of days; hours.

    :ivar logged: of the span, leave apart
    :ivar billable: of these
    :ivar billable_due: of these, those of the days until today
    :ivar available: hours that the person can work in the whole span, net of holidays and leave
    :ivar due: of these, those of the days until today
    :ivar target: billable hours that the target of utilization asks for in the whole span; None: there is none
    :ivar target_due: of these, those of the days until today
    :ivar weekly_target: billable hours that the target a week asks for in the whole span; None: there is none
    """

    logged: float
    billable: float
    billable_due: float
    available: float
    due: float
    target: float | None
    target_due: float | None
    weekly_target: float | None


class TimetrackTarget(models.Model):
    """What people aim at from a day on: utilization, and billable hours a week.

    The closest one decides, for each of both: the person's, else the job's, the department's (or the one above it),
    the company's. Job and department are those of the day, by the version of the employee.
    """

    _name = "timetrack.target"
    _description = "Target"
    _order = "date_from desc, scope, id"
    _rec_name = "scope"
    _check_company_auto = True

    scope = fields.Selection(SCOPES, string="Target Of", required=True, default="employee")
    employee_id = fields.Many2one("hr.employee", ondelete="cascade", index="btree_not_null", check_company=True)
    job_id = fields.Many2one("hr.job", ondelete="cascade", index="btree_not_null", check_company=True)
    department_id = fields.Many2one("hr.department", ondelete="cascade", index="btree_not_null", check_company=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True, ondelete="cascade"
    )
    date_from = fields.Date("From", required=True, default=fields.Date.context_today)
    utilization = fields.Float(
        "Utilization %", help="Billable hours in percent of the hours that somebody can work. 0: nothing is said."
    )
    weekly_hours = fields.Float("Billable Hours a Week", help="By the calendar, days off included. 0: nothing is said.")

    _once = models.UniqueIndex(
        "(company_id, scope, COALESCE(employee_id, job_id, department_id, 0), date_from)",
        "There is a target from this day on already: change that one.",
    )
    _ranges = models.Constraint(
        "CHECK(utilization BETWEEN 0 AND 200 AND weekly_hours BETWEEN 0 AND 168)",
        "A target of utilization is between 0 and 200 %, one of billable hours between 0 and 168 a week.",
    )

    @api.constrains("scope", *TARGETS.values())
    def _check_target(self):
        labels = dict(self._fields["scope"]._description_selection(self.env))
        for target in self:
            for scope, name in TARGETS.items():
                if bool(target[name]) != (scope == target.scope):
                    raise ValidationError(
                        self.env._("Say whose target it is: choose the %s, and nothing else.", labels[target.scope])
                    )

    @api.onchange("scope")
    def _onchange_scope(self):
        for scope, name in TARGETS.items():
            if scope != self.scope:
                self[name] = False

    # ------------------------------------------------------------------
    # Progress
    # ------------------------------------------------------------------

    @api.model
    def get_my_progress(self):
        """The user's own progress this week and this month, and the utilization of the last weeks; nobody else's.

        :return: ::

            {
                "spans": [{
                    "key": "week", "date_from": "2026-11-23", "date_to": "2026-11-29",
                    "logged": 24.0, "billable": 18.0, "billable_due": 18.0,   # hours, as of Progress
                    "available": 40.0, "due": 32.0,
                    "target": 30.0, "target_due": 24.0, "weekly_target": False,
                    "utilization": 0.5625,      # billable_due by due; False where nothing was to work yet
                }],
                "weeks": [{"date_from": "2026-10-05", "utilization": 0.7, "target": 0.75}],     # oldest first
                "unit": {"kind": "hours", "hours_per_day": 8.0},    # or "days": how the company shows time
            }

            or False for users without an employee
        """
        employee = self.env.user.sudo().employee_id
        if not employee:
            return False
        today = fields.Date.context_today(self.with_context(tz=employee.tz))
        monday = today - timedelta(days=(today.weekday() - int(employee.company_id.timetrack_week_start)) % 7)
        month = today.replace(day=1)
        spans = [
            ("week", monday, monday + timedelta(days=6)),
            ("month", month, (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)),
        ]
        weeks = [monday - timedelta(days=7 * back) for back in range(WEEKS, 0, -1)]
        asked = [span[1:] for span in spans] + [(start, start + timedelta(days=6)) for start in weeks]
        progress = self._get_progress(employee, asked, today)
        described = [self._describe_span(*span, progress[employee, span]) for span in asked]
        return {
            "unit": self.env["account.analytic.line"]._timetrack_grid_unit(employee.company_id),
            "spans": [{"key": key, **values} for (key, *_days), values in zip(spans, described, strict=False)],
            "weeks": [self._describe_week(values) for values in described[len(spans) :]],
        }

    @api.model
    def _describe_span(self, date_from, date_to, progress):
        values = {name: False if value is None else round(value, 4) for name, value in progress._asdict().items()}
        utilization = engine.ratio(progress.billable_due, progress.due)
        return {
            **values,
            "date_from": fields.Date.to_string(date_from),
            "date_to": fields.Date.to_string(date_to),
            "utilization": False if utilization is None else round(utilization, 4),
        }

    @api.model
    def _describe_week(self, span):
        target = engine.ratio(span["target"] or 0.0, span["available"]) if span["target"] is not False else None
        return {
            "date_from": span["date_from"],
            "utilization": span["utilization"],
            "target": False if target is None else round(target, 4),
        }

    @api.model
    def _get_progress(self, employees, spans, today):
        """How far employees have come, in a number of queries that depends neither on them nor on the spans.

        It reads as the system does: callers see to it that they show nobody what is not theirs to see.

        :param list spans: pairs of first and last day
        :return: dict of (employee, span) to :class:`Progress`
        """
        self = self.sudo()
        first, last = min(start for start, _end in spans), max(end for _start, end in spans)
        days = self._get_days(employees, first, last)
        levels = self._get_levels(employees, first, last)
        hours = self._get_logged(employees, first, last)
        return {
            (employee, span): self._measure(days[employee.id], levels[employee.id], hours[employee.id], span, today)
            for employee in employees
            for span in spans
        }

    @api.model
    def _measure(self, days, levels, hours, span, today):
        """The :class:`Progress` of one employee in one span."""
        own = [day for day in days if span[0] <= day.date <= span[1]]
        past = [day for day in own if day.date <= today]
        inside = {key: amount for key, amount in hours.items() if span[0] <= key[0] <= span[1]}
        levels_of = levels.__getitem__
        aims = any(engine.aimed_at(levels_of(day.date), day.date, "utilization") for day in own)
        promises = any(engine.aimed_at(levels_of(day.date), day.date, "weekly_hours") for day in own)
        return Progress(
            sum(inside.values()),
            sum(amount for (_day, is_billable), amount in inside.items() if is_billable),
            sum(amount for (day, is_billable), amount in inside.items() if is_billable and day <= today),
            sum(day.net for day in own),
            sum(day.net for day in past),
            engine.utilization_hours(own, levels_of) if aims else None,
            engine.utilization_hours(past, levels_of) if aims else None,
            engine.billable_hours(own, levels_of) if promises else None,
        )

    @api.model
    def _get_logged(self, employees, date_from, date_to):
        """Hours logged, leave apart: dict of id to dict of (date, is billable) to hours."""
        Line = self.env["account.analytic.line"]
        hours = defaultdict(lambda: defaultdict(float))
        for employee, day, is_billable, amount in Line._read_group(
            Line._timetrack_entry_domain()
            & Domain("employee_id", "in", employees.ids)
            & Domain("date", ">=", date_from)
            & Domain("date", "<=", date_to),
            ["employee_id", "date:day", "timetrack_is_billable"],
            ["unit_amount:sum"],
        ):
            hours[employee.id][day, bool(is_billable)] += amount
        return hours

    @api.model
    def _get_days(self, employees, date_from, date_to):
        """The working days of employees: dict of id to list of the engine's ``Day``."""
        monday = date_from - timedelta(days=date_from.weekday())
        sunday = date_to + timedelta(days=6 - date_to.weekday())
        hours = self.env["timetrack.working.time"]._get_hours(employees, monday, sunday)
        result = {}
        for employee_id, by_date in hours.items():
            weeks = defaultdict(float)
            for day in by_date.values():
                weeks[day.date.isocalendar()[:2]] += day.gross
            result[employee_id] = [
                engine.Day(day.date, day.gross, day.net, weeks[day.date.isocalendar()[:2]])
                for day in by_date.values()
                if date_from <= day.date <= date_to
            ]
        return result

    @api.model
    def _get_levels(self, employees, date_from, date_to):
        """The targets of employees, closest first: dict of id to dict of date to list of lists of ``Target``."""
        found = defaultdict(list)
        for target in self.search(
            Domain("company_id", "in", employees.sudo().company_id.ids) & Domain("date_from", "<=", date_to),
            order="date_from, id",
        ):
            about = target[TARGETS[target.scope]] if target.scope in TARGETS else target.company_id
            found[about].append(engine.Target(target.date_from, target.utilization, target.weekly_hours))
        levels = {employee_id: defaultdict(list) for employee_id in employees.ids}
        if not found:
            # nobody aims at anything: who had which job and department makes no difference
            return levels
        for stint in self.env["timetrack.working.time"]._get_stints(employees, date_from, date_to):
            about = [stint.employee.with_env(self.env), stint.version.job_id]
            department = stint.version.department_id
            while department:
                about.append(department)
                department = department.parent_id
            about.append(stint.employee.company_id)
            own = [found[one.with_env(self.env)] for one in about if one.with_env(self.env) in found]
            for offset in range((stint.date_to - stint.date_from).days + 1):
                levels[stint.employee.id][stint.date_from + timedelta(days=offset)] = own
        return levels
