from collections import Counter
from datetime import date, timedelta

from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import BudgetCommon, database_examples

TODAY = date(2026, 11, 26)


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestBudgetScope(BudgetCommon):
    """Budgets of clients, tasks, deliverables, service types, people and jobs, once or in each period."""

    def _log(self, hours, day=TODAY, **values):
        return self._entry(
            **{"date": day, "unit_amount": hours, "employee_id": self.employee.id, "task_id": False, **values}
        )

    def _used(self, budget):
        self.env.flush_all()
        self.env.invalidate_all()
        return budget.consumed_hours

    def test_each_counts_its_own(self):
        """Hand-made rows: hours that are powers of two tell which rows were counted."""
        budgets = {
            scope: self._budget(scope) for scope, _label in self.env["timetrack.budget"]._fields["scope"].selection
        }
        colleague = {"employee_id": self.employee_colleague.id}
        self._log(1)
        self._log(2, task_id=self.task.id, **colleague)
        self._log(4, task_id=self.subtask.id, **colleague)
        self._log(8, timetrack_deliverable_id=self.chapter.id, **colleague)
        self._log(16, timetrack_activity_id=self.activity_research.id, **colleague)
        self._log(0.5, project_id=self.second.id, timetrack_activity_id=self.activity_research.id)
        self._log(0.25, project_id=self.internal_project.id)
        expected = {
            "project": 31,
            "client": 31.5,
            "task": 6,
            "deliverable": 8,
            "activity": 16,
            "employee": 1,
            "job": 1,
        }
        self.assertEqual({scope: self._used(budget) for scope, budget in budgets.items()}, expected)

    def test_the_hours_are_where_they_were(self):
        """Odoo's allocated hours of a task and the planned hours of a deliverable are never asked for twice."""
        task, deliverable = self._budget("task", 7), self._budget("deliverable", 9)
        self.assertEqual((self.task.allocated_hours, self.deliverable.planned_hours), (7, 9))
        self.task.allocated_hours = 8
        self.deliverable.planned_hours = 11
        self.assertEqual((task.hours, deliverable.hours), (8, 11))
        self.assertEqual([version.hours for version in task.version_ids.sorted("id")], [7, 8])
        self.assertEqual([version.hours for version in deliverable.version_ids.sorted("id")], [9, 11])
        monthly = self._budget("task", 3, every="month", date_from="2026-01-01")
        self.assertEqual((self.task.allocated_hours, monthly.hours), (8, 3))

    @mute_logger("odoo.sql_db")
    def test_one_for_the_whole_life(self):
        for scope in ("project", "task", "deliverable"):
            self._budget(scope)
            with self.subTest(scope=scope), self.assertRaises(IntegrityError), self.env.cr.savepoint():
                self._budget(scope)

    def test_what_is_missing_is_said(self):
        for scope, values in (
            ("client", {"client_id": False}),
            ("activity", {"activity_id": False}),
            ("employee", {"project_id": False}),
            ("project", {"project_id": False}),
        ):
            with self.subTest(scope=scope), self.assertRaisesRegex(ValidationError, "Say what the budget is for"):
                self._budget(scope, **values)
        with self.assertRaisesRegex(ValidationError, "from which day"):
            self._budget("client", every="month")
        with self.assertRaisesRegex(ValidationError, "before it begins"):
            self._budget("client", date_from="2026-02-01", date_to="2026-01-01")

    def test_each_month_with_and_without_carry_over(self):
        plain = self._budget("client", every="month", date_from="2026-09-15")
        carried = self._budget("client", every="month", date_from="2026-09-15", carry_over=True)
        self._log(5, date(2026, 9, 14))
        self._log(4, date(2026, 9, 20))
        self._log(13, date(2026, 10, 31))
        self._log(2, date(2026, 11, 1))
        self._log(1, date(2026, 11, 26))
        self._log(7, date(2026, 12, 1))
        self.env.flush_all()
        self.env.invalidate_all()
        for budget in (plain, carried):
            self.assertEqual((str(budget.span_from), str(budget.span_to)), ("2026-11-01", "2026-11-30"))
        self.assertEqual((plain.allowed_hours, plain.consumed_hours, plain.remaining_hours), (10, 3, 7))
        # 10 - 4 are left of September, 10 + 6 - 13 of October, 10 + 3 are there in November
        self.assertEqual((carried.allowed_hours, carried.consumed_hours, carried.remaining_hours), (13, 3, 10))

    def test_a_revision_leaves_the_periods_before_as_they_were(self):
        with freeze_time("2026-09-01"):
            budget = self._budget("client", every="month", date_from="2026-09-01", carry_over=True)
        with freeze_time("2026-10-10"):
            budget._revise({"hours": 20}, "More work")
        self._log(4, date(2026, 9, 20))
        self.env.flush_all()
        self.env.invalidate_all()
        # 10 in September of which 4 were used, 20 in October, 20 in November
        self.assertEqual(budget.allowed_hours, 46)

    def test_no_way_round_the_revisions(self):
        """Also by fields that no screen writes."""
        budget = self._budget("client")
        budget.with_user(self.administrator).write({"own_hours": 90})
        self.assertEqual([version.hours for version in budget.version_ids.sorted("id")], [10, 90])
        whole = self._budget("project", 40)
        whole.write({"every": "month", "date_from": "2026-01-01", "hours": 5})
        self.assertEqual([version.hours for version in whole.version_ids.sorted("id")], [40, 5])
        self.assertEqual(self.project.allocated_hours, 40)

    def test_figures_follow_within_a_request(self):
        budget = self._budget("project")
        self.assertEqual((budget.consumed_hours, budget.hours_percent), (0, 0))
        entry = self._log(4)
        self.assertEqual((budget.consumed_hours, budget.hours_percent), (4, 40))
        entry.unit_amount = 5
        budget.hours = 20
        self.assertEqual((budget.consumed_hours, budget.hours_percent, budget.remaining_hours), (5, 25, 15))

    def test_days_outside_do_not_count(self):
        budget = self._budget("client", date_from="2026-02-01", date_to="2026-03-31")
        for hours, day in (
            (1, date(2026, 1, 31)),
            (2, date(2026, 2, 1)),
            (4, date(2026, 3, 31)),
            (8, date(2026, 4, 1)),
        ):
            self._log(hours, day)
        self.assertEqual(self._used(budget), 6)

    def test_alerts_in_each_period(self):
        self.env["timetrack.budget"].search([])._alert()
        budget = self._budget("client", every="month", date_from="2026-10-01", user_id=self.lead.id)
        self._log(9, date(2026, 10, 5))
        self._log(9, date(2026, 11, 5))
        for moment, months in (("2026-10-20", 1), ("2026-10-21", 1), ("2026-11-20", 2)):
            with freeze_time(moment):
                self.env.flush_all()
                self.env.invalidate_all()
                budget._alert()
            self.assertEqual(len(set(budget.alert_ids.mapped("span_from"))), months)
        self.assertEqual(budget.activity_ids.user_id, self.lead)

    def test_cost_in_another_currency_is_converted_at_the_rate_of_its_day(self):
        """Half a unit each until October, a quarter each from November on; before the first rate, the first one."""
        other = self.env["res.currency"].create(
            {
                "name": "TTX",
                "symbol": "x",
                "rounding": 0.01,
                "rate_ids": [
                    (0, 0, {"name": day, "rate": rate, "company_id": self.company.id})
                    for day, rate in (("2026-10-01", 2.0), ("2026-11-01", 4.0))
                ],
            }
        )
        branch = self.env["res.company"].create({"name": "Abroad", "currency_id": other.id})
        colleague = self.env["hr.employee"].create({"name": "Ana Abroad", "company_id": branch.id, "hourly_cost": 10})
        abroad = self.env["project.project"].create(
            {"name": "Abroad", "company_id": branch.id, "partner_id": self.client_contact.id, "allow_timesheets": True}
        )
        budget = self._budget("client", 100, cost=1000)
        self._log(1)
        for day in (date(2026, 9, 1), date(2026, 10, 31), date(2026, 11, 1)):
            self._log(1, day=day, project_id=abroad.id, employee_id=colleague.id, company_id=branch.id)
        lines = self.env["account.analytic.line"].search([("project_id", "=", abroad.id)])
        self.assertEqual((lines.currency_id, lines.mapped("amount")), (other, [-10, -10, -10]))
        self.assertEqual(self._used(budget), 4)
        self.assertAlmostEqual(budget.consumed_cost, 50 + 5 + 5 + 2.5)

    def test_who_sees_the_budgets_of_clients(self):
        budget = self._budget("client")
        self.assertEqual(budget.with_user(self.lead).read(["hours"])[0]["hours"], 10)
        with self.assertRaises(AccessError):
            budget.with_user(self.consultant).read(["hours"])
        hidden = self._budget("employee")
        self.project.privacy_visibility = "followers"
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            hidden.with_user(self.consultant).read(["hours"])
        with self.assertRaises(AccessError):
            self.env["timetrack.budget"].with_user(self.lead).create(
                {"client_id": self.client_company.id, "scope": "client"}
            )

    def test_the_button_of_a_client(self):
        self._budget("client")
        self._budget("task")
        self._budget("client", every="month", date_from="2026-01-01")
        client = self.client_company.with_user(self.lead)
        self.assertEqual(client.timetrack_budget_count, 3)
        self.assertEqual(self.client_contact.with_user(self.lead).timetrack_budget_count, 1)
        action = client.action_timetrack_view_budgets()
        self.assertEqual(self.env["timetrack.budget"].with_user(self.lead).search_count(action["domain"]), 3)
        with self.assertRaises(AccessError):
            self.client_company.with_user(self.consultant).read(["timetrack_budget_count"])

    def test_queries_depend_neither_on_budgets_nor_on_entries(self):
        clients = self.env["res.partner"].create([{"name": str(number)} for number in range(40)])
        budgets = self.env["timetrack.budget"].create(
            [
                {"scope": "client", "client_id": client.id, "hours": 5, "every": "month", "date_from": "2026-01-01"}
                for client in clients
            ]
        )
        budgets |= self._budget("task") | self._budget("activity")
        counts = []
        for batch in (budgets[:8] | budgets[-2:], budgets):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            batch.mapped("hours_percent")
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])

    @given(
        st.lists(
            st.tuples(
                st.integers(-100, 40),
                st.integers(1, 16),
                st.sampled_from(["project", "second", "internal_project"]),
                st.sampled_from([None, "task", "subtask"]),
                st.sampled_from([None, "activity_research", "activity_consulting", "activity_training"]),
                st.sampled_from([None, "deliverable", "chapter"]),
                st.sampled_from(["employee", "employee_colleague"]),
            ),
            max_size=12,
        ),
        st.sampled_from(["whole", "month", "quarter", "year"]),
        st.integers(-90, 10),
        st.booleans(),
    )
    @database_examples(max_examples=15)
    def test_every_scope_and_period_beside_a_plain_recount(self, rows, every, start, carry_over):
        savepoint = self.env.cr.savepoint()
        try:
            first = TODAY + timedelta(days=start)
            values = {"every": every, "date_from": first, "carry_over": carry_over and every != "whole"}
            scopes = ("project", "client", "task", "deliverable", "activity", "employee", "job")
            budgets = {scope: self._budget(scope, **values) for scope in scopes}
            entries = []
            for offset, quarters, project, task, activity, deliverable, employee in rows:
                task, deliverable = (task, deliverable) if project == "project" else (None, None)
                day = TODAY + timedelta(days=offset)
                self._log(
                    quarters / 4,
                    day,
                    project_id=self[project].id,
                    task_id=task and self[task].id,
                    timetrack_activity_id=activity and self[activity].id,
                    timetrack_deliverable_id=deliverable and self[deliverable].id,
                    employee_id=self[employee].id,
                )
                entries.append((day, quarters / 4, project, task, activity, deliverable, employee))
            self.env.flush_all()
            self.env.invalidate_all()
            for scope, budget in budgets.items():
                self._compare(budget, [row for row in entries if COUNTED[scope](*row)], every, first, values)
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all()

    def __getitem__(self, name):
        return getattr(self, name)

    def _compare(self, budget, rows, every, first, values):
        """By a key of the period that has nothing of the addon's: year, quarter or month of the day."""
        keys = {
            "whole": lambda day: 0,
            "month": lambda day: day.year * 12 + day.month,
            "quarter": lambda day: day.year * 4 + (day.month - 1) // 3,
            "year": lambda day: day.year,
        }
        key = keys[every]
        used = Counter()
        for day, hours, *_rest in rows:
            if day >= first:
                used[key(day)] += hours
        now = key(max(first, TODAY))
        allowed = 10
        if values["carry_over"]:
            # each period before left its ten hours, less what was used
            allowed += sum(10 - used[period] for period in range(key(first), now))
        self.assertAlmostEqual(budget.consumed_hours, used[now], msg=budget.scope)
        self.assertAlmostEqual(budget.allowed_hours, allowed, msg=budget.scope)
        self.assertAlmostEqual(budget.remaining_hours, allowed - used[now], msg=budget.scope)


def in_first(project):
    return project == "project"


COUNTED = {
    "project": lambda day, hours, project, *rest: in_first(project),
    "client": lambda day, hours, project, *rest: project in ("project", "second"),
    "task": lambda day, hours, project, task, *rest: task is not None,
    "deliverable": lambda day, hours, project, task, activity, deliverable, employee: deliverable is not None,
    "activity": lambda day, hours, project, task, activity, *rest: (
        in_first(project) and activity in ("activity_research", "activity_consulting")
    ),
    "employee": lambda day, hours, project, task, activity, deliverable, employee: (
        in_first(project) and employee == "employee"
    ),
    "job": lambda day, hours, project, task, activity, deliverable, employee: (
        in_first(project) and employee == "employee"
    ),
}
