from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, split_every

from odoo.addons.client_timetrack.engine import target

# Employees whose days are computed and written together.
BATCH_EMPLOYEES = 20
# The days behind today that the daily run computes again; older days change through the hooks only.
DAYS_BACK = 31
MONTHS_AHEAD = 12


class TimetrackCapacity(models.Model):
    """The hours an employee can work on a day.

    How it works: ``timetrack.working.time`` computes the days. Days outside of the employment have no row, nor have
    days without work. Rows are only ever written by ``_refresh``, which changes nothing but what differs.

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
    job_id = fields.Many2one(
        "hr.job", readonly=True, ondelete="set null", index="btree_not_null", help="Job on that day."
    )
    date = fields.Date(required=True, readonly=True)
    gross_hours = fields.Float(readonly=True, help="Hours of the working calendar in force on that day.")
    holiday_hours = fields.Float("Public Holiday Hours", readonly=True)
    leave_hours = fields.Float(readonly=True, help="Hours of the employee's own leave outside of public holidays.")
    net_hours = fields.Float(readonly=True, help="Gross hours without public holidays and own leave.")
    target_hours = fields.Float(
        readonly=True, help="Billable hours to aim at: net hours by the target of utilization in force on that day."
    )

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
            changed += self._write_rows(batch, date_from, date_to, self._get_rows(batch, date_from, date_to))
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
    def _get_rows(self, employees, date_from, date_to):
        """What the stored rows are to be: list of dicts, by the names of the fields."""
        levels = self.env["timetrack.target"]._get_levels(employees, date_from, date_to)
        return [
            {
                "employee_id": day.employee_id,
                "company_id": day.company_id,
                "department_id": day.department_id,
                "job_id": day.job_id,
                "date": day.date,
                "gross_hours": day.gross,
                "holiday_hours": day.holiday,
                "leave_hours": day.leave,
                "net_hours": day.net,
                "target_hours": target.utilization_hours(
                    [target.Day(day.date, day.gross, day.net, 0.0)], levels[day.employee_id].__getitem__
                ),
            }
            for day in self.env["timetrack.working.time"]._get_days(employees, date_from, date_to)
        ]

    @api.model
    def _write_rows(self, employees, date_from, date_to, rows):
        """Make the stored rows equal ``rows`` in one statement that touches only what differs.

        :param list rows: of :meth:`_get_rows`
        :return: number of rows added, changed or removed
        """
        fields = [field for field in self._fields.values() if field.store and field.column_type and field.name != "id"]
        keys = ("employee_id", "date")
        names = [SQL.identifier(field.name) for field in fields]
        others = [SQL.identifier(field.name) for field in fields if field.name not in keys]
        self.env["hr.employee"].flush_model(["company_id"])
        self.env.cr.execute(
            SQL(
                """
                WITH wanted AS (
                    SELECT * FROM unnest(%(values)s) AS w (%(names)s)
                ), gone AS (
                    DELETE FROM timetrack_capacity c
                     WHERE c.employee_id = ANY(%(employees)s)
                       AND c.date BETWEEN %(date_from)s AND %(date_to)s
                       AND NOT EXISTS (
                           SELECT 1 FROM wanted w WHERE w.employee_id = c.employee_id AND w.date = c.date
                       )
                    RETURNING 1
                ), changed AS (
                    UPDATE timetrack_capacity c
                       SET %(assignments)s
                      FROM wanted w
                     WHERE w.employee_id = c.employee_id
                       AND w.date = c.date
                       AND (%(new)s) IS DISTINCT FROM (%(old)s)
                    RETURNING 1
                ), added AS (
                    INSERT INTO timetrack_capacity (%(names)s)
                    SELECT %(names)s
                      FROM wanted w
                     WHERE NOT EXISTS (
                           SELECT 1 FROM timetrack_capacity c WHERE c.employee_id = w.employee_id AND c.date = w.date
                     )
                    ON CONFLICT (employee_id, date) DO NOTHING
                    RETURNING 1
                )
                SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM changed) + (SELECT count(*) FROM added)
                """,
                values=SQL(", ").join(
                    SQL("%s::%s[]", [row[field.name] for row in rows], SQL(field.column_type[0])) for field in fields
                ),
                names=SQL(", ").join(names),
                assignments=SQL(", ").join(SQL("%s = w.%s", name, name) for name in others),
                new=SQL(", ").join(SQL("w.%s", name) for name in others),
                old=SQL(", ").join(SQL("c.%s", name) for name in others),
                employees=employees.ids,
                date_from=date_from,
                date_to=date_to,
            )
        )
        return self.env.cr.fetchone()[0]

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
        for stint in self.env["timetrack.working.time"]._get_stints(employees, first, last):
            # A week's grace: the first days of a range may be days without work.
            if stint.employee.id not in known or known[stint.employee.id] - stint.date_from > timedelta(days=7):
                late |= employees.browse(stint.employee.id)
        changed = self._refresh(late, first, last)
        return changed + self._refresh(employees - late, max(first, recent), last)
