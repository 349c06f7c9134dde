from collections import defaultdict
from datetime import date, timedelta

from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st

from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tests import tagged

from .common import BudgetCommon, database_examples

# A Thursday.
TODAY = date(2026, 11, 26)
MEASURES = ("budget_hours", "actual_hours", "remaining_hours", "planned_hours", "forecast_hours")
OCTOBER, NOVEMBER, DECEMBER = date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1)


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestBudgetReport(BudgetCommon):
    """Budgets by month: budget, actual, remaining, forecast."""

    def _months(self, budget, user=None, names=MEASURES):
        self.env.flush_all()
        self.env.invalidate_all()
        Report = self.env["timetrack.budget.report"].with_user(user or self.env.user)
        groups = Report._read_group([("budget_id", "=", budget.id)], ["month:day"], [f"{name}:sum" for name in names])
        return {month: tuple(round(value or 0, 6) for value in values) for month, *values in groups}

    def _log(self, hours, day, **values):
        return self._entry(**{"date": day, "unit_amount": hours, "task_id": False, **values})

    def _plan(self, hours, week):
        return self.env["timetrack.plan"].create(
            {"employee_id": self.employee.id, "project_id": self.project.id, "week": week, "hours": hours}
        )

    def test_a_project_with_dates(self):
        """By hand: 91 hours from October to December are one a day. 20 hours of the last four weeks are 5 a week, so
        25 / 7 in the 5 days that November has left with today, and 155 / 7 in December."""
        self.project.write({"allocated_hours": 92, "date_start": "2026-10-01", "date": "2026-12-31"})
        self._log(40, date(2026, 10, 5))
        self._log(20, date(2026, 11, 10))
        months = self._months(self.project.timetrack_budget_ids)
        self.assertEqual(
            months,
            {
                OCTOBER: (31, 40, -9, 0, 40),
                NOVEMBER: (30, 20, 10, 0, round(20 + 25 / 7, 6)),
                DECEMBER: (31, 0, 31, 0, round(155 / 7, 6)),
            },
        )
        self._plan(8, "2026-11-23")
        self._plan(40, "2026-11-30")
        self._plan(3, "2026-12-28")
        months = self._months(self.project.timetrack_budget_ids)
        self.assertEqual(months[NOVEMBER], (30, 20, 10, 48, 68), "a week is in the month of its Monday")
        self.assertEqual(months[DECEMBER], (31, 0, 31, 3, 3))

    def test_a_budget_for_each_month(self):
        """What was agreed for each, and the pace of the last weeks in all to come."""
        with freeze_time("2026-09-15"):
            budget = self._budget("client", 10, every="month", date_from="2026-09-10", date_to="2027-01-31")
            budget.flush_recordset()
        with freeze_time("2026-10-20"):
            budget.hours = 20
            budget.flush_recordset()
        self._log(4, date(2026, 9, 9))
        self._log(7, date(2026, 9, 30))
        self._log(28, date(2026, 11, 12))
        months = self._months(budget, names=["budget_hours", "actual_hours", "forecast_hours"])
        self.assertEqual(
            months,
            {
                date(2026, 9, 1): (10, 7, 7),
                OCTOBER: (20, 0, 0),
                NOVEMBER: (20, 28, 28 + 5),
                DECEMBER: (20, 0, 31),
                date(2027, 1, 1): (20, 0, 31),
            },
        )

    def test_without_an_end(self):
        """A year ahead for what recurs; what does not stands in its first month."""
        recurring = self._budget("client", 10, every="quarter", date_from="2026-10-01")
        months = self._months(recurring, names=["budget_hours"])
        self.assertEqual((min(months), max(months)), (OCTOBER, date(2027, 12, 1)))
        self.assertEqual(sum(hours for (hours,) in months.values()), 50)
        self.project.allocated_hours = 30
        self._log(2, date(2026, 10, 5))
        whole = self._months(self.project.timetrack_budget_ids, names=["budget_hours", "actual_hours"])
        self.assertEqual(whole, {OCTOBER: (30, 2)})

    def test_cost(self):
        """90 days, 900.00: ten a day; the consultant costs 50 an hour. Whoever sees no cost is not told."""
        self.project.write({"allocated_hours": 10, "date_start": "2026-10-02", "date": "2026-12-30"})
        budget = self.project.timetrack_budget_ids
        budget.cost = 900
        self._log(3, date(2026, 11, 10))
        names = ["budget_cost", "actual_cost", "remaining_cost"]
        months = self._months(budget, names=names)
        self.assertEqual(months, {OCTOBER: (300, 0, 300), NOVEMBER: (300, 150, 150), DECEMBER: (300, 0, 300)})
        with self.assertRaises(AccessError):
            self._months(budget, self.lead, names)
        with self.assertRaises(AccessError):
            self.env["timetrack.budget.report"].with_user(self.lead).search([("actual_cost", ">", 1)])

    def test_a_rate_is_sum_by_sum(self):
        self.project.write({"allocated_hours": 61, "date_start": "2026-11-01", "date": "2026-12-31"})
        self._log(15, date(2026, 11, 10))
        Report = self.env["timetrack.budget.report"]
        domain = [("project_id", "=", self.project.id)]
        [(rate,)] = Report._read_group(domain, [], ["used_rate:avg"])
        self.assertAlmostEqual(rate, 15 / 61)
        rates = dict(Report._read_group(domain, ["month:day"], ["used_rate:avg"]))
        self.assertEqual(rates, {NOVEMBER: 0.5, DECEMBER: 0})

    def test_everybody_sees_months_of_the_budgets_that_they_see(self):
        self.project.allocated_hours = 10
        hidden = self.env["project.project"].create(
            {"name": "Takeover", "privacy_visibility": "followers", "allow_timesheets": True, "allocated_hours": 7}
        )
        everywhere = self.env["res.company"].create({"name": "Elsewhere"})
        foreign = self.env["project.project"].create(
            {"name": "Foreign", "allow_timesheets": True, "allocated_hours": 3, "company_id": everywhere.id}
        )
        projects = self.project | hidden | foreign

        def seen(user):
            Report = self.env["timetrack.budget.report"].with_user(user)
            return Report.search([("project_id", "in", projects.ids)]).project_id.sudo()

        self.assertEqual(seen(self.other_lead), self.project)
        self.assertEqual(seen(self.administrator), self.project | hidden)
        with self.assertRaises(AccessError):
            seen(self.consultant)
        ids = self.env["timetrack.budget.report"].search([("project_id", "=", hidden.id)]).ids
        self.assertTrue(ids)
        report = self.env["timetrack.budget.report"].with_user(self.other_lead).browse(ids)
        self.assertFalse(report.exists(), "whoever guesses an id finds nothing")

    def test_a_month_opens_its_budget(self):
        self.project.allocated_hours = 10
        month = self.env["timetrack.budget.report"].search([("project_id", "=", self.project.id)], limit=1)
        action = month.with_user(self.lead).action_open_budget()
        self.assertEqual(action["res_id"], self.project.timetrack_budget_ids.id)

    def test_queries_depend_neither_on_budgets_nor_on_entries(self):
        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env["timetrack.budget.report"]._read_group([], ["month:month"], ["forecast_hours:sum"])
            return self.env.cr.sql_log_count - before

        kinds = ("whole", "month", "quarter", "year")
        clients = self.env["res.partner"].create([{"name": str(number)} for number in range(40)])

        def fill(some):
            for number, client in enumerate(some):
                values = {"client_id": client.id, "every": kinds[number % 4], "date_from": "2026-01-01"}
                self._budget("client", 5, carry_over=number % 3 == 0, **values)

        fill(clients[:4])
        self._budget("task")
        self._log(1, TODAY)
        count()
        few = count()
        fill(clients[4:])
        for _number in range(20):
            self._log(1, TODAY)
        self.assertEqual(count(), few)

    @given(
        st.sampled_from(["whole", "month", "quarter", "year"]),
        st.integers(-130, 40),
        st.one_of(st.none(), st.integers(0, 300)),
        st.lists(st.tuples(st.integers(-130, 30), st.integers(1, 16)), max_size=8),
        st.lists(st.tuples(st.integers(0, 12), st.integers(1, 80)), max_size=4),
        st.integers(0, 200),
    )
    @database_examples(max_examples=25)
    def test_the_months_of_a_period_are_what_the_budget_says(self, every, start, length, entries, plans, hours):
        """The form counts the running period in one go; the report month by month."""
        with self.env.cr.savepoint() as savepoint:
            first = TODAY + timedelta(days=start)
            last = first + timedelta(days=length) if length is not None else False
            budget = self._budget("client", hours / 4, every=every, date_from=first, date_to=last)
            for offset, quarters in entries:
                self._log(quarters / 4, TODAY + timedelta(days=offset))
            weeks = defaultdict(float)
            for number, quarters in plans:
                weeks[date(2026, 11, 23) + timedelta(weeks=number)] += quarters / 4
            for week, planned in weeks.items():
                self._plan(planned, week)
            self.env.flush_all()
            self.env.invalidate_all()
            domain = Domain("budget_id", "=", budget.id)
            if every != "whole":
                domain &= Domain("month", ">=", budget.span_from.replace(day=1)) & Domain("month", "<=", budget.span_to)
            [found] = self.env["timetrack.budget.report"]._read_group(domain, [], [f"{name}:sum" for name in MEASURES])
            expected = (
                budget.hours,
                budget.consumed_hours,
                budget.hours - budget.consumed_hours,
                budget.planned_hours,
                budget.forecast_hours,
            )
            for name, value, wanted in zip(MEASURES, found, expected, strict=True):
                self.assertAlmostEqual(value or 0, wanted, 4, name)
            savepoint.rollback()
