from datetime import date

from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import BudgetCommon, database_examples
from .test_budget_scope import COUNTED

TODAY = date(2026, 11, 26)


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestBudgetLimit(BudgetCommon):
    """A policy refuses time beyond any budget that it counts for, until an override is approved."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        policy = cls.env["timetrack.policy"].create({"name": "Strict", "over_budget_severity": "block"})
        cls.client_company.timetrack_policy_id = policy

    def _log(self, hours, day=TODAY, **values):
        return self._entry(**{"date": day, "unit_amount": hours, "task_id": False, **values})

    def _assert_refused(self, text, *args, **values):
        with self.assertRaisesRegex(UserError, text), self.env.cr.savepoint():
            self._log(*args, **values)

    def _ask(self, budget, hours, **values):
        values = {"budget_id": budget.id, "employee_id": self.employee.id, "hours": hours, "reason": "More", **values}
        return self.env["timetrack.budget.override"].with_user(self.consultant).create(values)

    def test_every_scope_is_a_limit(self):
        """On the work of the budget the eleventh hour is refused, beside it it is not."""
        colleague = {"employee_id": self.employee_colleague.id}
        work = {
            "project": ({}, {"project_id": self.second.id}),
            "client": ({"project_id": self.second.id}, {"project_id": self.internal_project.id}),
            "task": ({"task_id": self.subtask.id}, {}),
            "deliverable": ({"timetrack_deliverable_id": self.chapter.id}, {}),
            "activity": (
                {"timetrack_activity_id": self.activity_research.id},
                {"timetrack_activity_id": self.activity_training.id},
            ),
            "employee": ({}, colleague),
            "job": ({}, colleague),
        }
        self.assertEqual(work.keys(), dict(self.env["timetrack.budget"]._fields["scope"].selection).keys())
        for scope, (inside, beside) in work.items():
            with self.subTest(scope=scope):
                budget = self._budget(scope)
                self._log(9, **inside)
                self._assert_refused(r"2.00 hours; of 10.00 budgeted hours of “.+” 1.00 are left", 2, **inside)
                self._log(1, **inside)
                self._log(50, **beside)
                self.env["account.analytic.line"].search([("employee_id", "!=", False)]).sudo().unlink()
                budget.unlink()

    def test_the_period_of_the_day_counts(self):
        self._budget("client", every="month", date_from="2026-10-01", carry_over=True)
        self._log(4, day=date(2026, 10, 9))
        self._assert_refused("of 16.00 budgeted hours", 17)
        self._log(16)
        self._assert_refused("of 10.00 budgeted hours", 7, day=date(2026, 10, 9))
        self._log(50, day=date(2026, 9, 30))

    def test_no_carry_over(self):
        self._budget("client", every="month", date_from="2026-10-01")
        self._log(4, day=date(2026, 10, 9))
        self._assert_refused("of 10.00 budgeted hours", 11)

    def test_moving_into_a_period_or_a_code_is_held_against_its_budget(self):
        self._budget("activity", every="month", date_from="2026-11-01")
        earlier = self._log(11, day=date(2026, 10, 9), timetrack_activity_id=self.activity_research.id)
        other = self._log(11, timetrack_activity_id=self.activity_training.id)
        for entry, values in (
            (earlier, {"date": TODAY}),
            (other, {"timetrack_activity_id": self.activity_research.id}),
        ):
            with self.assertRaisesRegex(UserError, "Over Budget"), self.env.cr.savepoint():
                entry.write(values)

    def test_what_was_over_before_can_still_be_corrected(self):
        budget = self._budget("project", 20)
        entry = self._log(11)
        budget.hours = 10
        entry.unit_amount = 10.5
        entry.task_id = self.task
        entry.timetrack_activity_id = self.activity_research
        with self.assertRaisesRegex(UserError, "Over Budget"), self.env.cr.savepoint():
            entry.unit_amount = 11
        self._budget("task", 10)
        other = self._log(0)
        self.assertFalse(other.timetrack_warning_count)
        entry.name = "Reading on"

    def test_the_tightest_is_named(self):
        self._budget("client", 100)
        self._budget("task", 3)
        self._assert_refused(
            "of 3.00 budgeted hours of “Merger / Due diligence” 3.00 are left", 4, task_id=self.task.id
        )

    def test_what_is_written_unchanged_is_no_move(self):
        """A form or an import that brings the same project along corrects an entry as anybody else does."""
        budget = self._budget("project", 20)
        entry = self._log(11)
        budget.hours = 10
        entry.write({"project_id": self.project.id, "unit_amount": 10.5})
        self.assertEqual(entry.unit_amount, 10.5)

    def test_time_moves_between_projects_of_a_client_that_is_over(self):
        budget = self._budget("client", 20)
        entry = self._log(11)
        budget.hours = 10
        entry.project_id = self.second
        entry.write({"project_id": self.project.id, "unit_amount": 10.5})
        with self.assertRaisesRegex(UserError, "Over Budget"), self.env.cr.savepoint():
            entry.write({"project_id": self.second.id, "unit_amount": 10.75})

    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["log", "log", "log", "hours", "move", "split", "delete", "revise"]),
                st.integers(0, 99),
                st.integers(1, 24),
                st.sampled_from(["project", "second", "internal_project"]),
                st.sampled_from([None, "task", "subtask"]),
                st.sampled_from([None, "activity_research", "activity_training"]),
                st.sampled_from(["employee", "employee_colleague"]),
            ),
            min_size=4,
            max_size=14,
        )
    )
    @database_examples(max_examples=15)
    def test_random_histories_beside_a_plain_recount(self, steps):
        """Logged, changed, moved, split, deleted, revised: let in what no budget has too little room for, else refused.

        A budget that an entry takes no more of than before refuses nothing.
        """
        savepoint = self.env.cr.savepoint()
        try:
            scopes = ("project", "client", "task", "activity", "employee", "job")
            budgets = {scope: self._budget(scope) for scope in scopes}
            allowed = dict.fromkeys(scopes, 10.0)
            rows, lines = [], []
            for action, number, quarters, project, task, activity, employee in steps:
                index = number % len(lines) if lines else 0
                if action == "revise":
                    scope = scopes[number % len(scopes)]
                    budgets[scope].hours = allowed[scope] = float(quarters)
                    continue
                if action == "delete" and lines:
                    lines.pop(index).unlink()
                    rows.pop(index)
                    continue
                task = task if project == "project" else None
                row = (TODAY, quarters / 4, project, task, activity, None, employee)
                before = ()
                if action == "split" and lines:
                    # What is taken off one entry goes to another, by itself: first less, then more.
                    row = (TODAY, rows[index][1] / 2, *rows[index][2:])
                    lines[index].unit_amount = row[1]
                    rows[index] = row
                elif action in ("hours", "move") and lines:
                    before = rows[index]
                    row = (
                        (TODAY, row[1], *before[2:]) if action == "hours" else (TODAY, before[1], *row[2:6], before[6])
                    )
                refused = [
                    scope for scope in scopes if self._exceeds(allowed[scope], COUNTED[scope], rows, before, row)
                ]
                try:
                    with self.env.cr.savepoint():
                        line = self._put(row, before and lines[index])
                except UserError as error:
                    self.assertTrue(refused, f"{error}: {row} after {rows}")
                    self.assertIn("Over Budget", str(error))
                    continue
                self.assertFalse(refused, f"{row} was let in after {rows}")
                if before:
                    rows[index] = row
                else:
                    rows.append(row)
                    lines.append(line)
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all()

    def _exceeds(self, allowed, counts, rows, before, row):
        """Whether a row, in the place of another or none, takes more of a budget than it did, and too much."""
        taken = row[1] if counts(*row) else 0
        took = before[1] if before and counts(*before) else 0
        used = sum(other[1] for other in rows if counts(*other)) - took + taken
        return taken > took and used > allowed

    def _put(self, row, line):
        _day, hours, project, task, activity, _deliverable, employee = row
        values = {
            "unit_amount": hours,
            "project_id": getattr(self, project).id,
            "task_id": task and getattr(self, task).id,
            "timetrack_activity_id": activity and getattr(self, activity).id,
        }
        if line:
            line.write(values)
            return line
        hours = values.pop("unit_amount")
        return self._log(hours, **values, employee_id=getattr(self, employee).id)

    # ------------------------------------------------------------------
    # Overrides
    # ------------------------------------------------------------------

    def test_an_approved_override_lets_in_whoever_asked(self):
        budget = self._budget("project")
        self._log(10)
        override = self._ask(budget, 3)
        self.assertEqual(override.activity_ids.user_id, self.project_manager)
        self._assert_refused("0.00 are left", 1)
        override.with_user(self.project_manager).action_approve()
        self.assertEqual((override.state, override.decided_by_id), ("approved", self.project_manager))
        self.assertFalse(override.activity_ids)
        self.assertIn("Approved: 3.00 hours", override.message_ids[:1].body)
        self.assertEqual(override.message_ids[:1].partner_ids, self.consultant.partner_id)
        self._assert_refused("of 10.00 budgeted hours", 1, employee_id=self.employee_colleague.id)
        self._log(3)
        self._assert_refused("of 13.00 budgeted hours", 1)
        self.assertEqual(budget.hours, 10)

    def test_whoever_is_responsible_needs_no_other_right(self):
        budget = self._budget("client")
        budget.user_id = self.colleague
        override = self.env["timetrack.budget.override"].create(
            {"budget_id": budget.id, "employee_id": self.employee.id, "hours": 3, "reason": "More"}
        )
        self.assertEqual(override.activity_ids.user_id, self.colleague)
        override.with_user(self.colleague).action_approve()
        self.assertEqual(override.state, "approved")

    def test_a_refused_override_lets_nobody_in(self):
        override = self._ask(self._budget("project"), 3)
        override.with_user(self.project_manager).action_refuse()
        self._assert_refused("of 10.00 budgeted hours", 11)

    def test_an_override_is_for_its_period(self):
        budget = self._budget("client", every="month", date_from="2026-10-01")
        override = self.env["timetrack.budget.override"].create(
            {
                "budget_id": budget.id,
                "employee_id": self.employee.id,
                "hours": 5,
                "date": "2026-10-31",
                "reason": "More",
            }
        )
        override.with_user(self.administrator).action_approve()
        self._log(15, day=date(2026, 10, 1))
        self._assert_refused("of 10.00 budgeted hours", 11)

    def test_nobody_decides_on_their_own_request(self):
        budget = self._budget("project")
        override = self._ask(budget, 3)
        own = (
            self.env["timetrack.budget.override"]
            .with_user(self.project_manager)
            .create({"budget_id": budget.id, "employee_id": self.employee_manager.id, "hours": 1, "reason": "More"})
        )
        self.assertFalse(own.can_decide)
        for request, user in ((override, self.consultant), (own, self.project_manager)):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                request.with_user(user).action_approve()
        self.assertTrue(override.with_user(self.project_manager).can_decide)

    def test_no_other_way_to_approve(self):
        budget = self._budget("project")
        override = self._ask(budget, 3, state="approved", decided_by_id=self.project_manager.id)
        self.assertEqual((override.state, override.decided_by_id.id), ("requested", False))
        by_default = override.with_context(default_state="approved").create(
            {"budget_id": budget.id, "employee_id": self.employee.id, "hours": 3, "reason": "More"}
        )
        self.assertEqual(by_default.state, "requested")
        for values in ({"state": "approved"}, {"decided_by_id": self.consultant.id}):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                override.with_context(timetrack_deciding=True).write(values)
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            self._ask(budget, 3, employee_id=self.employee_colleague.id)
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            override.write({"employee_id": self.employee_colleague.id})
        with self.assertRaises(AccessError):
            override.with_user(self.colleague).read(["hours"])

    def test_what_is_decided_stays(self):
        override = self._ask(self._budget("project"), 3)
        override.with_user(self.project_manager).action_approve()
        for change in (
            lambda: override.write({"hours": 300}),
            lambda: override.unlink(),
            lambda: override.with_user(self.project_manager).action_refuse(),
        ):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                change()

    # ------------------------------------------------------------------
    # Speed
    # ------------------------------------------------------------------

    def test_a_hard_stop_costs_three_queries_more(self):
        """With a budget of every scope, some with carry-over; whatever their number and that of the entries."""
        policy = self.client_company.timetrack_policy_id
        for scope, _label in self.env["timetrack.budget"]._fields["scope"].selection:
            self._budget(scope, 1000)
            self._budget(scope, 1000, every="month", date_from="2026-01-01", carry_over=True)
        values = {
            "name": "Reading",
            "project_id": self.project.id,
            "task_id": self.subtask.id,
            "timetrack_activity_id": self.activity_research.id,
            "timetrack_deliverable_id": self.chapter.id,
            "employee_id": self.employee.id,
            "unit_amount": 1,
        }
        self.env["account.analytic.line"].create(values)

        def cost(count, severity):
            # another limit, so that the entry is checked either way
            policy.write({"over_budget_severity": severity, "future_severity": "block"})
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env["account.analytic.line"].create([{**values, "name": f"Reading {n}"} for n in range(count)])
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        cost(1, "block")
        self.assertLessEqual(cost(1, "block"), cost(1, "none") + 3)
        self.assertLessEqual(cost(50, "block"), cost(50, "none") + 3)
