from collections import defaultdict
from datetime import timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..engine.grid import DIGITS
from ..engine.periods import Period
from .timetrack_plan import WEEK

# How many weeks a grid shows.
SCALES = {"month": 6, "quarter": 13}
# How many weeks before the shown ones are looked at for what people work on.
RECENT_WEEKS = 4
MAX_FOUND = 50
# Conditions on the employee of a plan that say the same of the employee.
OPERATORS = ("=", "!=", "in", "not in", "ilike", "not ilike", "like", "not like", "child_of", "parent_of")


class WorkingWeek(NamedTuple):
    """The hours that an employee can work in a week: sums of ``WorkingDay``."""

    net: float
    holiday: float
    leave: float


class TimetrackPlan(models.Model):
    """The plan as a grid: people and projects by weeks, as the view type ``timetrack_grid`` shows them.

    It offers what the time grid of ``account.analytic.line`` does, in the same shapes: see ``timetrack_grid_load``
    there. A column is the Monday of a week; a cell holds one plan at most. Hours are floats of hours, whatever the
    company shows.

    Plans are read and written with the rights of whoever asks. How much of a week is taken by plans that are not shown
    is told as a number of hours, without what for: without it nobody could tell who has time.
    """

    _inherit = "timetrack.plan"

    @api.model
    def timetrack_grid_load(self, params):
        """Everything that the grid shows. The number of queries depends neither on plans nor on employees.

        :param dict params: ``scale`` is "month" (6 weeks) or "quarter" (13); ``anchor`` any day of the first week;
            ``domain`` of a search, of which conditions on the week are left out: the grid shows weeks; ``offset`` and
            ``limit`` of the employees
        :return: as ``account.analytic.line.timetrack_grid_load``, and

            - of an employee ``leads``: whether the user plans all of their time; ``elsewhere``: hours by week that are
              planned on what is not shown. ``expected`` is the working time of a week, net of leave and holidays
            - of a row ``mine``: whether the user plans everybody on its project; ``hidden``: whether the user cannot
              see the project, and so plan nothing new on it; ``left``: hours left of the project's budget when all that
              is planned is done, False without a budget or for whom budgets are not

        :raise UserError: unknown scale; a date years away
        """
        self._check_grid(params)
        company = self.env.company
        span = self._get_grid_span(params)
        employees, plans, count = self._find_grid(company, span, params)
        step = timedelta(weeks=SCALES[params["scale"]])
        Line = self.env["account.analytic.line"]
        weeks = self._get_grid_weeks(span)
        return {
            "scale": params["scale"],
            "date_from": fields.Date.to_string(span.date_from),
            "date_to": fields.Date.to_string(span.date_to),
            "days": [fields.Date.to_string(week) for week in weeks],
            "previous": fields.Date.to_string(span.date_from - step),
            "next": fields.Date.to_string(span.date_from + step),
            "today": fields.Date.to_string(self._to_monday(fields.Date.context_today(self))),
            "has_period_scale": False,
            "unit": Line._timetrack_grid_unit(company),
            "notice": False,
            "employees": self._get_grid_employees(employees, plans, weeks),
            "employee_count": count,
            "rows": self._get_grid_rows(employees, plans, span),
            "status": {},
        }

    @api.model
    def timetrack_grid_search(self, text, params, limit=20):
        """Projects to add a row for; every word is found in the name of the project or the client, in any order.

        :param str text: words; without one, the user's own projects come first
        :param dict params: see ``timetrack_grid_load``; with ``mine`` only projects that the user manages
        :return: list of rows as in ``timetrack_grid_load``, without cells
        """
        self._check_grid(params)
        Project, Line = self.env["project.project"], self.env["account.analytic.line"]
        domain = Domain(Line._domain_project_id()) & Line._timetrack_grid_project_domain(
            Line._timetrack_grid_words(text)
        )
        own = Domain("user_id", "=", self.env.uid)
        limit = max(1, min(limit if isinstance(limit, int) else MAX_FOUND, MAX_FOUND))
        projects = Project.search(domain & own, limit=limit)
        if not params.get("mine"):
            projects = (projects | Project.search(domain, limit=limit))[:limit]
        facts = self._get_grid_facts(projects)
        return [self._get_grid_row(0, project, "search", facts) for project in projects]

    # ------------------------------------------------------------------
    # Whose plans, and which
    # ------------------------------------------------------------------

    @api.model
    def _check_grid(self, params):
        """Refuse what the grid does not know: calls come from outside."""
        self.check_access("read")
        if not isinstance(params, dict) or not all(
            isinstance(params.get(name) or 0, int) for name in ("offset", "limit")
        ):
            raise UserError(self.env._("The grid of the plan asks by a dictionary, see timetrack_grid_load."))
        if params.get("scale") not in list(SCALES):
            raise UserError(self.env._("The grid of the plan knows no scale “%s”.", params.get("scale")))

    @api.model
    def _get_grid_span(self, params):
        """From the first Monday to the last Sunday that is shown.

        :rtype: engine.periods.Period
        """
        monday = self._to_monday(self.env["account.analytic.line"]._timetrack_grid_date(params.get("anchor")))
        return Period(monday, monday + timedelta(weeks=SCALES[params["scale"]], days=-1))

    @api.model
    def _get_grid_weeks(self, span):
        return [span.date_from + WEEK * number for number in range(len(span.days) // WEEK.days)]

    @api.model
    def _find_grid(self, company, span, params):
        """Employees and plans of a grid, with the plans of the weeks before, which propose rows.

        :return: ``hr.employee`` in sudo, by name; plans in sudo that the user can read; number of all employees
        """
        Line = self.env["account.analytic.line"]
        wanted = search = Line._timetrack_grid_get_search(params, "week")
        search &= Domain("company_id", "=", company.id) & Domain("week", "<=", span.date_to)
        planned = self._read_group(search & Domain("week", ">=", span.date_from), ["employee_id"])
        ids = {employee.id for (employee,) in planned} | set(self._get_grid_team(company, wanted).ids)
        Employee = self.env["hr.employee"].sudo().with_context(active_test=False)
        everybody = Employee.search([("id", "in", list(ids))], order="name, id")
        employees = Line._timetrack_grid_get_page(everybody, params)
        recent = Domain("week", ">=", span.date_from - RECENT_WEEKS * WEEK)
        plans = self.search_fetch(
            search & recent & Domain("employee_id", "in", employees.ids),
            ["employee_id", "project_id", "week", "hours", "note"],
            order="week, id",
        )
        return employees, plans.sudo(), len(everybody)

    @api.model
    def _get_grid_team(self, company, search):
        """The employees of a company whom the user can plan, or the user's own: those that a search asks for.

        A search for anything but employees asks for plans: nobody without one is meant.
        """
        Employee = self.env["hr.employee"]
        if any(
            condition.field_expr.partition(".")[0] != "employee_id" or condition.operator not in OPERATORS
            for condition in search.iter_conditions()
        ):
            return Employee
        domain = search.map_conditions(self._to_employee_condition) & Domain("company_id", "=", company.id)
        if not self.has_access("create"):
            domain &= Domain("user_id", "=", self.env.uid)
        elif not self._plans_everybody() and not self._leads_project(company):
            domain &= Domain("parent_id.user_id", "=", self.env.uid)
        # with the user's rights: a search must not tell what it cannot show
        return Employee.search(domain)

    @api.model
    def _to_employee_condition(self, condition):
        """A condition on the employee of a plan, as one on employees."""
        name = condition.field_expr.partition(".")[2]
        if not name:
            name = "name" if isinstance(condition.value, str) else "id"
        return Domain(name, condition.operator, condition.value)

    @api.model
    def _plans_everybody(self):
        """Whether the user plans whom and on what they like: as the record rules say."""
        user = self.env.user
        return user.has_group("project.group_project_manager") or user.has_group("hr_timesheet.group_timesheet_manager")

    @api.model
    def _leads_project(self, company):
        """Whether there is a project that the user can plan everybody on."""
        Project = self.env["project.project"].sudo()
        own = Domain("user_id", "=", self.env.uid) & Domain("allow_timesheets", "=", True)
        return bool(Project.search_count(own & Domain("company_id", "in", [False, company.id]), limit=1))

    # ------------------------------------------------------------------
    # Employees
    # ------------------------------------------------------------------

    @api.model
    def _get_grid_employees(self, employees, plans, weeks):
        """The employees as ``timetrack_grid_load`` returns them."""
        capacity = self._get_grid_capacity(employees, weeks)
        elsewhere = self._get_grid_elsewhere(employees, plans, weeks)
        plans_all = self._plans_everybody()
        can_plan = self.has_access("create")
        leads_project = {company: self._leads_project(company) for company in employees.company_id}
        Line = self.env["account.analytic.line"]
        result = []
        for employee in employees:
            own = employee.user_id == self.env.user
            leads = can_plan and (plans_all or employee.parent_id.user_id == self.env.user)
            of_week = {fields.Date.to_string(week): capacity[employee.id].get(week) for week in weeks}
            result.append(
                {
                    "id": employee.id,
                    "name": employee.name,
                    "leads": leads,
                    "editable": employee.active and (leads or (can_plan and leads_project[employee.company_id])),
                    "expected": {week: working.net for week, working in of_week.items() if working and working.net > 0},
                    "off": {
                        week: Line._timetrack_grid_off(working, own)
                        for week, working in of_week.items()
                        if not working or working.net <= 0
                    },
                    "elsewhere": elsewhere[employee.id],
                    "locked_until": False,
                }
            )
        return result

    @api.model
    def _get_grid_capacity(self, employees, weeks):
        """Working time by week, net of leave and holidays: dict of employee id to dict of Monday to ``WorkingWeek``.

        Weeks without working days have none.
        """
        last = max(weeks) + WEEK - timedelta(days=1)
        hours = self.env["timetrack.working.time"]._get_hours(employees, min(weeks), last)
        result = {}
        for employee_id, days in hours.items():
            by_week = defaultdict(list)
            for date, day in days.items():
                by_week[self._to_monday(date)].append(day)
            result[employee_id] = {
                week: WorkingWeek(
                    *(round(sum(getattr(day, name) for day in some), DIGITS) for name in WorkingWeek._fields)
                )
                for week, some in by_week.items()
            }
        return result

    @api.model
    def _get_grid_elsewhere(self, employees, plans, weeks):
        """Hours that are planned beside the shown plans: dict of employee id to dict of Monday, as text, to hours."""
        groups = self.sudo()._read_group(
            Domain("employee_id", "in", employees.ids) & Domain("week", "in", weeks),
            ["employee_id", "week:day"],
            ["hours:sum"],
        )
        shown = defaultdict(float)
        for plan in plans:
            shown[plan.employee_id.id, plan.week] += plan.hours
        result = {employee_id: {} for employee_id in employees.ids}
        for employee, week, hours in groups:
            hidden = round(hours - shown[employee.id, week], DIGITS)
            if hidden > 0:
                result[employee.id][fields.Date.to_string(week)] = hidden
        return result

    # ------------------------------------------------------------------
    # Rows and cells
    # ------------------------------------------------------------------

    @api.model
    def _get_grid_rows(self, employees, plans, span):
        """The rows as ``timetrack_grid_load`` returns them: what is planned, then what was in the weeks before."""
        shown, recent = defaultdict(list), defaultdict(list)
        for plan in plans:
            rows = shown if plan.week >= span.date_from else recent
            rows[plan.employee_id.id, plan.project_id].append(plan)
        recent = {
            (employee_id, project): some
            for (employee_id, project), some in recent.items()
            if (employee_id, project) not in shown and project.active and project.allow_timesheets
        }
        projects = self.env["project.project"].sudo().union(*(project for _employee_id, project in [*shown, *recent]))
        projects.fetch(["name", "partner_id", "active", "allow_timesheets", "user_id"])
        projects.partner_id.fetch(["complete_name", "commercial_partner_id"])
        facts = self._get_grid_facts(projects)
        sort_key = self.env["account.analytic.line"]._timetrack_grid_sort_key
        result = []
        for source, rows in (("plans", shown), ("suggested", recent)):
            found = [
                self._get_grid_row(employee_id, project, source, facts, some if source == "plans" else ())
                for (employee_id, project), some in rows.items()
            ]
            result += sorted(found, key=sort_key)
        return result

    @api.model
    def _get_grid_row(self, employee_id, project, source, facts, plans=()):
        """A row as ``timetrack_grid_load`` returns it.

        :param dict facts: of ``_get_grid_facts``
        :param plans: those of its cells
        """
        cells = {fields.Date.to_string(plan.week): plan._get_grid_cell() for plan in plans}
        row = self.env["account.analytic.line"]._timetrack_grid_row(
            employee_id, {"project_id": project}, source, {"group": "timetrack_client_id"}, cells
        )
        return {**row, **facts[project.id]}

    def _get_grid_cell(self):
        self.ensure_one()
        entry = {
            "id": self.id,
            "hours": self.hours,
            "state": "",
            "name": self.note or "",
            "editable": True,
            "reason": False,
            "warnings": [],
            "start": False,
            "stop": False,
        }
        return {"hours": self.hours, "entries": [entry]}

    @api.model
    def _get_grid_facts(self, projects):
        """What rows say of projects beside their names: dict of project id to part of a row."""
        visible = set(projects.with_env(self.env)._filtered_access("read").ids)
        left = self._get_grid_left(projects)
        can_plan = self.has_access("create")
        return {
            project.id: {
                "mine": can_plan and project.user_id == self.env.user,
                "hidden": project.id not in visible,
                "left": left.get(project.id, False),
            }
            for project in projects.sudo()
        }

    @api.model
    def _get_grid_left(self, projects):
        """Hours left of the projects' budgets when all that is planned ahead is done: dict of project id to hours.

        Projects without budgeted hours have none; nobody has who does not see budgets of others' work.
        """
        if not self.env.user.has_group("hr_timesheet.group_hr_timesheet_approver"):
            return {}
        result = {}
        for project in projects.sudo():
            budget = project._timetrack_get_budget()
            if budget.allowed_hours > 0:
                result[project.id] = round(budget.remaining_hours - budget.planned_hours, DIGITS)
        return result
