from datetime import timedelta

from babel.dates import format_interval

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.misc import babel_locale_parse, get_lang

from ..engine.approval import SUBMITTED
from ..engine.periods import clip

# What a message says about who wrote it.
AUTHOR_ARGUMENTS = ("author_id", "author_guest_id", "email_from")


class TimetrackPeriod(models.Model):
    """The time of an employee in a week, or whatever the company's period is: the timesheet.

    It is a view over the time entries of the employee and the days: it has a message thread, activities and a
    deadline, and says how far its entries have come. It owns nothing, nothing points to it, and deleting it deletes
    no entry. All entries of the employee count, those on projects of another company too, since their hours are
    among those that the employee has to work.

    How it works: ``_ensure`` makes the periods that are missing, in one statement; nobody else does. Employees of a
    company have the same days: those of periods that exist, else what the company's rule says, shortened to what
    existing periods leave of it. Hence a new rule never changes history, and periods of an employee never overlap.
    """

    _name = "timetrack.period"
    _description = "Timesheet"
    _inherit = ["mail.thread", "mail.activity.mixin", "timetrack.internal.mixin"]
    _order = "date_from desc, employee_id, id"
    _rec_name = "employee_id"
    _mail_post_access = "read"

    employee_id = fields.Many2one("hr.employee", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    date_from = fields.Date("From", required=True, readonly=True)
    date_to = fields.Date("Until", required=True, readonly=True)
    user_id = fields.Many2one(related="employee_id.user_id", string="User")
    label = fields.Char("Period", compute="_compute_label")
    is_in_scope = fields.Boolean(compute="_compute_is_in_scope", search="_search_is_in_scope")
    is_previous = fields.Boolean(
        compute="_compute_is_previous",
        search="_search_is_previous",
        help="The last day before the company's current period is in it.",
    )

    _employee_date_unique = models.UniqueIndex(
        "(employee_id, date_from)", "The employee has a timesheet of these days already."
    )
    _company_date_idx = models.Index("(company_id, date_from, date_to)")
    _dates_ordered = models.Constraint("CHECK(date_from <= date_to)", "A period must end after it starts.")

    @api.depends("date_from", "date_to")
    @api.depends_context("lang")
    def _compute_label(self):
        for period in self:
            period.label = self._format_label(period.date_from, period.date_to)

    @api.model
    def _format_label(self, date_from, date_to):
        """The days of a period in the user's language, such as "Nov 23 – 29, 2026"."""
        locale = babel_locale_parse(get_lang(self.env).code)
        return format_interval(date_from, date_to, skeleton="yMMMd", locale=locale)

    @api.depends("label", "employee_id.name")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for period in self:
            period.display_name = f"{period.employee_id.name}, {period.label}"

    @api.model
    def _get_last_days(self):
        """The last day before the current period of each of the user's companies: dict of company to date."""
        today = fields.Date.context_today(self)
        return {
            company: self._get_range(company, today).date_from - timedelta(days=1) for company in self.env.companies
        }

    @api.depends("company_id", "date_from", "date_to")
    @api.depends_context("allowed_company_ids")
    def _compute_is_previous(self):
        last_days = self._get_last_days()
        for period in self:
            day = last_days.get(period.company_id)
            period.is_previous = bool(day) and period.date_from <= day <= period.date_to

    @api.model
    def _search_is_previous(self, operator, value):
        if operator != "in":
            return NotImplemented
        domain = Domain.OR(
            Domain("company_id", "=", company.id) & Domain("date_from", "<=", day) & Domain("date_to", ">=", day)
            for company, day in self._get_last_days().items()
        )
        if True in value and False in value:
            return Domain.TRUE
        return domain if True in value else ~domain

    # ------------------------------------------------------------------
    # Who makes and changes them
    # ------------------------------------------------------------------

    @api.model
    def _identity_fields(self):
        """Names of the fields that say whose days these are: they never change."""
        return {"employee_id", "company_id", "date_from", "date_to"}

    @api.model_create_multi
    def create(self, vals_list):
        """Periods come from the system only (see ``_ensure``), so that none overlaps another."""
        if not self._timetrack_is_internal():
            raise AccessError(self.env._("Timesheets of a period are made by the system only."))
        return super().create(vals_list)

    def write(self, vals):
        if not self._timetrack_is_internal() and self._identity_fields().intersection(vals):
            raise AccessError(self.env._("The employee and the days of a timesheet cannot be changed."))
        return super().write(vals)

    def message_post(self, **kwargs):
        """Nobody writes in another's name on a timesheet; mail that comes in is posted by the system."""
        if not self.env.su:
            kwargs = {name: value for name, value in kwargs.items() if name not in AUTHOR_ARGUMENTS}
        return super().message_post(**kwargs)

    @api.model
    def _ensure(self, employees, day):
        """The periods of employees that a day is in; those that are missing are made.

        The number of queries does not depend on the number of employees.

        :param employees: ``hr.employee`` records
        :param date day: any day
        :return: ``timetrack.period`` records, in sudo, one for each employee
        """
        self._ensure_days([(employee_id, day) for employee_id in employees.ids])
        return self.sudo().search(self._day_domain(employees, day))

    @api.model
    def _day_domain(self, employees, day):
        """Domain of the periods of employees that a day is in."""
        return (
            Domain("employee_id", "in", employees.ids) & Domain("date_from", "<=", day) & Domain("date_to", ">=", day)
        )

    @api.model
    def _ensure_days(self, days):
        """Make the periods that are missing for days of employees.

        The number of queries depends on the number of different periods that are missing, not on employees.

        :param days: pairs of employee id and date
        """
        days = list(days)
        # A pass covers all days but those that neighbours cut off, which take another one.
        while missing := self._get_missing_days(days):
            for company, by_day in missing.items():
                while by_day:
                    span = self._get_range(company, min(by_day))
                    inside = {day: by_day.pop(day) for day in sorted(by_day) if day <= span.date_to}
                    self._insert_missing(company, span, inside)
        self.invalidate_model()

    @api.model
    def _get_missing_days(self, days):
        """Days of employees that are in no period: dict of company to dict of date to employee ids."""
        self.flush_model(list(self._identity_fields()))
        self.env["hr.employee"].flush_model(["company_id"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT employee.company_id, wanted.day, array_agg(DISTINCT employee.id)
                  FROM unnest(%(employees)s::int[], %(days)s::date[]) AS wanted (employee_id, day)
                  JOIN hr_employee employee ON employee.id = wanted.employee_id
                 WHERE NOT EXISTS (
                       SELECT 1
                         FROM timetrack_period period
                        WHERE period.employee_id = employee.id
                          AND wanted.day BETWEEN period.date_from AND period.date_to
                 )
              GROUP BY employee.company_id, wanted.day
              ORDER BY employee.company_id, wanted.day
                """,
                employees=[employee_id for employee_id, _day in days],
                days=[day for _employee_id, day in days],
            )
        )
        missing = {}
        for company_id, day, employee_ids in rows:
            missing.setdefault(self.env["res.company"].browse(company_id), {})[day] = employee_ids
        return missing

    @api.model
    def _get_range(self, company, day):
        """The days of the company's period that ``day`` is in.

        They are those of existing periods (where these differ, of most); else what the company's rule says,
        shortened to what the existing periods before and after leave of it.

        :rtype: engine.periods.Period
        """
        self.flush_model(list(self._identity_fields()))
        rows = self.env.execute_query(
            SQL(
                """
                SELECT date_from, date_to
                  FROM timetrack_period
                 WHERE company_id = %(company)s AND %(day)s BETWEEN date_from AND date_to
              GROUP BY date_from, date_to
              ORDER BY count(*) DESC, date_from
                 LIMIT 1
                """,
                company=company.id,
                day=day,
            )
        )
        rule = company.sudo()._timetrack_period_rule()
        if rows:
            return type(rule.period_of(day))(*rows[0])
        [(before, after)] = self.env.execute_query(
            SQL(
                """
                SELECT (SELECT max(date_to) FROM timetrack_period WHERE company_id = %(company)s AND date_to < %(day)s),
                       (SELECT min(date_from) FROM timetrack_period
                         WHERE company_id = %(company)s AND date_from > %(day)s)
                """,
                company=company.id,
                day=day,
            )
        )
        return clip(rule.period_of(day), before, after)

    @api.model
    def _insert_missing(self, company, span, by_day):
        """Insert a period for each employee, shortened to what the employee's own periods leave of the days.

        :param span: the days of the company's period
        :param dict by_day: employee ids by a date within ``span`` that is in none of their periods
        """
        day_of = {}
        for day in sorted(by_day):
            for employee_id in by_day[day]:
                day_of.setdefault(employee_id, day)
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO timetrack_period
                       (employee_id, company_id, date_from, date_to, create_uid, create_date, write_uid, write_date)
                SELECT wanted.employee_id, %(company)s,
                       GREATEST(%(date_from)s, (SELECT max(date_to) + 1 FROM timetrack_period
                                                 WHERE employee_id = wanted.employee_id AND date_to < wanted.day)),
                       LEAST(%(date_to)s, (SELECT min(date_from) - 1 FROM timetrack_period
                                            WHERE employee_id = wanted.employee_id AND date_from > wanted.day)),
                       %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
                  FROM unnest(%(employees)s::int[], %(days)s::date[]) AS wanted (employee_id, day)
                    ON CONFLICT (employee_id, date_from) DO NOTHING
                """,
                company=company.id,
                date_from=span.date_from,
                date_to=span.date_to,
                uid=self.env.uid,
                employees=list(day_of),
                days=list(day_of.values()),
            )
        )

    @api.model
    def _cron_create(self):
        """Make the current periods of everybody whose time needs approval, so that nobody's is overlooked."""
        companies = self.env["account.analytic.line"]._timetrack_approving_companies()
        employees = self.env["hr.employee"].sudo().search([("company_id", "in", companies.ids)])
        self._ensure(employees, fields.Date.context_today(self))

    # ------------------------------------------------------------------
    # Who may see them
    # ------------------------------------------------------------------

    @api.model
    def _get_acting_users(self):
        """The user and those in whose place the user approves today."""
        user = self.env.user
        return user | self.env["timetrack.delegation"]._get_delegators(user)

    @api.model
    def _get_team(self):
        """Everybody below the user, at any depth, and below those in whose place the user approves."""
        Employee = self.env["hr.employee"].sudo().with_context(active_test=False)
        mine = Employee.search([("user_id", "in", self._get_acting_users().ids)])
        return Employee.search([("parent_id", "child_of", mine.ids), ("id", "not in", mine.ids)]) if mine else Employee

    @api.model
    def _scope_domain(self):
        """Domain of the periods that the user may see: their own; those of the people below them; those with time on
        their projects or with time that waits for them; all for timesheet administrators."""
        user = self.env.user
        if user.has_group("hr_timesheet.group_timesheet_manager"):
            return Domain.TRUE
        own = Domain("employee_id.user_id", "=", user.id)
        if not user.has_group("hr_timesheet.group_hr_timesheet_approver"):
            return own
        users = self._get_acting_users()
        Line = self.env["account.analytic.line"]
        # The right to decide is the user's, while the search runs past the rights of reading.
        waiting = Domain("timetrack_state", "=", SUBMITTED) & Line.with_user(user)._timetrack_approval_domain()
        on_projects = Domain("project_id.user_id", "in", users.ids)
        return (
            own
            | Domain("employee_id", "in", self._get_team().ids)
            | self._entries_domain(Line.sudo(), on_projects)
            | self._entries_domain(Line.sudo(), waiting)
        )

    @api.model
    def _entries_domain(self, Line, domain):
        """Domain of the periods with at least one time entry that meets ``domain``; looks at period after period.

        :param Line: ``account.analytic.line`` with the rights to search by
        """

        def to_sql(model, alias, query):
            entries = Line._search(domain & Domain("timetrack_state", "!=", False))
            entries.add_where(self._entry_of_period(SQL.identifier(entries.table), SQL.identifier(alias)))
            return SQL("EXISTS (%s)", entries.select("1"))

        return Domain.custom(to_sql=to_sql)

    @api.model
    def _few_entries_domain(self, Line, domain):
        """The same, for a ``domain`` that few entries meet, such as those that wait: looks at the entries first."""

        def to_sql(model, alias, query):
            entries = Line._search(domain & Domain("timetrack_state", "!=", False))
            period = SQL.identifier("period_of_entry")
            entries.add_join(
                "JOIN",
                "period_of_entry",
                "timetrack_period",
                self._entry_of_period(SQL.identifier(entries.table), period),
            )
            return SQL("%s IN (%s)", SQL.identifier(alias, "id"), entries.select(SQL("%s.id", period)))

        return Domain.custom(to_sql=to_sql)

    @api.model
    def _entry_of_period(self, line, period):
        """Condition that an entry belongs to a period: the one place that says so.

        :param SQL line: alias of ``account_analytic_line``, whose rows are time entries
        :param SQL period: alias of ``timetrack_period``
        """
        return SQL(
            "%(line)s.employee_id = %(period)s.employee_id"
            " AND %(line)s.date BETWEEN %(period)s.date_from AND %(period)s.date_to",
            line=line,
            period=period,
        )

    @api.depends_context("uid")
    @api.depends("employee_id", "date_from", "date_to")
    def _compute_is_in_scope(self):
        visible = self.sudo().search(Domain("id", "in", self.ids) & self._scope_domain())
        for period in self:
            period.is_in_scope = period.id in visible.ids

    @api.model
    def _search_is_in_scope(self, operator, value):
        if operator != "in":
            return NotImplemented
        domain = self._scope_domain()
        if True in value and False in value:
            return Domain.TRUE
        return domain if True in value else ~domain
