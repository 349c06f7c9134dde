from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import BudgetCommon

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
