from odoo import fields, models
from odoo.tools import SQL

from .timetrack_check import Found


class TimetrackCheck(models.Model):
    """Rules about time: its cost, the work and the days that it is logged on, and what is missing."""

    _inherit = "timetrack.check"

    def _entries_sql(self, company):
        """The conditions on the entries ``line`` that a rule looks at."""
        start = self._get_start()
        conditions = [
            SQL("line.timetrack_state IS NOT NULL AND line.employee_id IS NOT NULL"),
            SQL("line.company_id = %s", company.id),
            *([SQL("line.date >= %s", start)] if start else []),
        ]
        return SQL(" AND ").join(conditions)

    def _query(self, statement):
        """The rows of a statement; it sees what is not written yet."""
        self.env.flush_all()
        return self.env.execute_query(statement)

    def _find_no_cost(self, company):
        """Employees whose time has no cost: their hours, since the days the rule looks back."""
        rows = self._query(
            SQL(
                """
                SELECT line.employee_id, sum(line.unit_amount)
                  FROM account_analytic_line line
                 WHERE %s AND line.amount = 0 AND line.unit_amount != 0
              GROUP BY line.employee_id
                """,
                self._entries_sql(company),
            )
        )
        return [Found(employee, 0.0, self.env._("%.2f hours", hours)) for employee, hours in rows]

    def _find_closed(self, company):
        """Time dated after its task was closed."""
        rows = self._query(
            SQL(
                """
                SELECT line.id, line.date - task.date_end::date, %(value)s
                  FROM account_analytic_line line
                  JOIN project_task task ON task.id = line.task_id
                 WHERE %(entries)s AND task.state IN ('1_done', '1_canceled') AND line.date > task.date_end::date
                """,
                entries=self._entries_sql(company),
                value=self._value_sql(),
            )
        )
        return [
            Found(line, value, self.env._("%s days after the task was closed", days)) for line, days, value in rows
        ]

    def _value_sql(self):
        """What an entry ``line`` is worth in the company's currency, where it has a rate."""
        return self.env["timetrack.report"]._convert_sql(
            SQL("COALESCE(line.unit_amount * line.timetrack_rate::float8, 0)"),
            SQL("COALESCE(line.timetrack_rate_currency_id, line.currency_id)"),
            SQL("line.currency_id"),
            SQL("line.company_id"),
            SQL("line.date"),
        )

    def _find_employment(self, company):
        """Time on days before the employee's first working day, or after the last one."""
        rows = self._query(
            SQL(
                """
                SELECT line.id, line.date < stay.first, %(value)s
                  FROM account_analytic_line line
                  JOIN (
                      SELECT employee_id, min(date) AS first, max(date) AS last
                        FROM timetrack_capacity
                       WHERE company_id = %(company)s
                    GROUP BY employee_id
                  ) stay ON stay.employee_id = line.employee_id
                 WHERE %(entries)s AND (line.date < stay.first OR line.date > stay.last)
                """,
                company=company.id,
                entries=self._entries_sql(company),
                value=self._value_sql(),
            )
        )
        before, after = self.env._("Before the first working day"), self.env._("After the last working day")
        return [Found(line, value, before if is_before else after) for line, is_before, value in rows]

    def _find_leave(self, company):
        """Time on working days that are public holidays or leave as a whole."""
        rows = self._query(
            SQL(
                """
                SELECT line.id, day.holiday_hours > day.leave_hours, %(value)s
                  FROM account_analytic_line line
                  JOIN timetrack_capacity day ON day.employee_id = line.employee_id AND day.date = line.date
                 WHERE %(entries)s AND day.gross_hours > 0 AND day.net_hours <= 0 AND line.unit_amount > 0
                """,
                entries=self._entries_sql(company),
                value=self._value_sql(),
            )
        )
        holiday, leave = self.env._("On a public holiday"), self.env._("On a day of leave")
        return [Found(line, value, holiday if is_holiday else leave) for line, is_holiday, value in rows]

    def _find_duplicate(self, company):
        """Entries that say the same as an earlier one: person, day, work, hours and words."""
        rows = self._query(
            SQL(
                """
                SELECT id, times, value
                  FROM (
                      SELECT line.id, %(value)s AS value,
                             row_number() OVER same AS place, count(*) OVER whole AS times
                        FROM account_analytic_line line
                       WHERE %(entries)s
                      WINDOW whole AS (
                                 PARTITION BY line.employee_id, line.date, line.project_id, line.task_id,
                                              line.timetrack_activity_id, line.unit_amount, lower(trim(line.name))
                             ),
                             same AS (whole ORDER BY line.id)
                  ) entry
                 WHERE place > 1
                """,
                entries=self._entries_sql(company),
                value=self._value_sql(),
            )
        )
        return [Found(line, value, self.env._("%s times", times)) for line, times, value in rows]

    def _find_budget(self, company):
        """Budgets of which more is used than there is."""
        budgets = self.env["timetrack.budget"].search([("company_id", "=", company.id)])
        over = budgets.filtered(lambda budget: budget.allowed_hours and budget.remaining_hours < 0)
        return [
            Found(budget.id, 0.0, self.env._("%.2f hours more than the budget", -budget.remaining_hours))
            for budget in over
        ]

    def _find_missing(self, company):
        """Employees who logged less than they were there for in the last complete week."""
        rows = self._query(
            SQL(
                """
                WITH week AS (SELECT date_trunc('week', %(today)s::date)::date - 7 AS first)
                SELECT employee_id, net, hours
                  FROM (
                      SELECT day.employee_id, sum(day.net_hours) AS net,
                             COALESCE((
                                 SELECT sum(line.unit_amount)
                                   FROM account_analytic_line line, week
                                  WHERE line.employee_id = day.employee_id AND line.timetrack_state IS NOT NULL
                                    AND line.date BETWEEN week.first AND week.first + 6
                             ), 0) AS hours
                        FROM timetrack_capacity day, week, hr_employee employee
                       WHERE day.company_id = %(company)s AND day.date BETWEEN week.first AND week.first + 6
                         AND employee.id = day.employee_id AND employee.active AND employee.user_id IS NOT NULL
                    GROUP BY day.employee_id
                  ) person
                 WHERE round((net - hours)::numeric, 2) > %(tolerance)s
                """,
                today=fields.Date.context_today(self),
                company=company.id,
                tolerance=company.timetrack_reminder_tolerance,
            )
        )
        return [
            Found(employee, 0.0, self.env._("%(hours).2f of %(net).2f hours last week", hours=hours, net=net))
            for employee, net, hours in rows
        ]
