from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import TimetrackCommon


@tagged("post_install", "-at_install")
class TestConsultant(TimetrackCommon):
    """What somebody who logs time can do, and what not."""

    def test_new_time_is_a_draft(self):
        entry = self._entry()
        self.assertEqual(entry.timetrack_state, "draft")
        self.assertFalse(entry.timetrack_event_ids)

    def test_submit_says_who_and_when(self):
        entry = self._entry().with_user(self.consultant)
        entry.action_timetrack_submit()
        self.assertEqual(entry.timetrack_state, "submitted")
        self.assertEqual(entry.timetrack_state_user_id, self.consultant)
        self.assertTrue(entry.timetrack_state_date)

    def test_submit_twice_is_once(self):
        entry = self._submitted()
        entry.action_timetrack_submit()
        self.assertEqual(len(entry.timetrack_event_ids), 1)

    def test_cannot_submit_time_of_others(self):
        entry = self._entry(employee_id=self.employee_colleague.id)
        with self.assertRaises(AccessError):
            entry.with_user(self.consultant).action_timetrack_submit()

    def test_withdraw(self):
        entry = self._submitted().with_user(self.consultant)
        entry.action_timetrack_withdraw()
        self.assertEqual(entry.timetrack_state, "draft")

    def test_only_who_may_decide_withdraws_time_of_others(self):
        entry = self._submitted()
        with self.assertRaises(AccessError):
            entry.with_user(self.other_lead).action_timetrack_withdraw()
        entry.with_user(self.lead).action_timetrack_withdraw()
        self.assertEqual(entry.timetrack_state, "draft")

    def test_cannot_withdraw_approved_time(self):
        entry = self._approved()
        with self.assertRaisesRegex(UserError, "Only submitted time that is not yet approved"):
            entry.with_user(self.consultant).action_timetrack_withdraw()

    def test_cannot_decide(self):
        entry = self._submitted().with_user(self.consultant)
        for call in (
            entry.action_timetrack_approve,
            lambda: entry.action_timetrack_reject("no"),
            lambda: self._approved().with_user(self.consultant).action_timetrack_reopen("no"),
        ):
            with self.assertRaises(AccessError):
                call()

    def test_rejected_time_is_handed_in_again(self):
        entry = self._submitted()
        entry.with_user(self.lead).action_timetrack_reject("Which task?")
        self.assertEqual(entry.timetrack_reason, "Which task?")
        entry.with_user(self.consultant).write({"name": "Reading the contract"})
        entry.with_user(self.consultant).action_timetrack_submit()
        self.assertEqual(entry.timetrack_state, "submitted")
        self.assertFalse(entry.timetrack_reason)

    def test_a_copy_starts_anew(self):
        copy = self._approved().copy()
        self.assertEqual(copy.timetrack_state, "draft")
        self.assertFalse(copy.timetrack_state_user_id)


@tagged("post_install", "-at_install")
class TestApprover(TimetrackCommon):
    """Who may decide on whose time."""

    def _may_approve(self, user, entry):
        return entry.with_user(user).timetrack_can_approve

    def test_lead_approves_reports(self):
        entry = self._submitted()
        entry.with_user(self.lead).action_timetrack_approve()
        self.assertEqual(entry.timetrack_state, "approved")
        self.assertEqual(entry.timetrack_state_user_id, self.lead)

    def test_lead_of_lead_approves_at_any_depth(self):
        self.employee_lead.parent_id = self.employee_other_lead
        self._submitted().with_user(self.other_lead).action_timetrack_approve()

    def test_foreign_lead_does_not(self):
        entry = self._submitted()
        self.assertFalse(self._may_approve(self.other_lead, entry))
        with self.assertRaisesRegex(AccessError, "not yours to decide"):
            entry.with_user(self.other_lead).action_timetrack_approve()
        self.assertEqual(entry.timetrack_state, "submitted")

    def test_project_manager_approves_own_project_only(self):
        self._submitted().with_user(self.project_manager).action_timetrack_approve()
        other = self._submitted(project_id=self.internal_project.id, task_id=False)
        with self.assertRaises(AccessError):
            other.with_user(self.project_manager).action_timetrack_approve()

    def test_nothing_gets_stuck_without_hierarchy(self):
        entry = self._submitted(
            project_id=self.internal_project.id, task_id=False, employee_id=self.employee_other_lead.id
        )
        entry.with_user(self.lead).action_timetrack_approve()
        self.assertEqual(entry.timetrack_state, "approved")

    def test_nobody_approves_their_own(self):
        for user, employee in (
            (self.lead, self.employee_lead),
            (self.project_manager, self.employee_manager),
            (self.administrator, self.employee_administrator),
        ):
            entry = self._submitted(employee_id=employee.id)
            with self.assertRaises(AccessError):
                entry.with_user(user).action_timetrack_approve()
            with self.assertRaises(AccessError):
                entry.with_user(user).sudo().action_timetrack_approve()

    def test_second_employee_of_the_same_user_is_still_own(self):
        entry = self._submitted()
        company = self.env["res.company"].create({"name": "Second"})
        self.env["hr.employee"].create(
            {"name": "Ada elsewhere", "user_id": self.administrator.id, "company_id": company.id}
        )
        entry_own = self._submitted(employee_id=self.employee_administrator.id)
        entry_own.sudo()._timetrack_internal().write({"user_id": False})
        with self.assertRaises(AccessError):
            (entry | entry_own).with_user(self.administrator).action_timetrack_approve()

    def test_all_or_nothing(self):
        entries = self._submitted() | self._submitted(employee_id=self.employee_lead.id)
        with self.assertRaises(AccessError):
            entries.with_user(self.lead).action_timetrack_approve()
        self.assertEqual(set(entries.mapped("timetrack_state")), {"submitted"})

    def test_draft_cannot_be_approved(self):
        with self.assertRaisesRegex(UserError, "Only submitted time can be approved"):
            self._entry().with_user(self.lead).action_timetrack_approve()

    def test_reject_asks_for_a_reason(self):
        entry = self._submitted().with_user(self.lead)
        for reason in ("", "   ", None):
            with self.assertRaisesRegex(UserError, "give a reason"):
                entry.action_timetrack_reject(reason)

    def test_reject_by_the_dialog(self):
        entry = self._submitted()
        action = entry.with_user(self.lead).with_context(timetrack_action="reject").action_timetrack_ask_reason()
        wizard = (
            self.env[action["res_model"]].with_user(self.lead).with_context(**action["context"]).create({"reason": "x"})
        )
        wizard.action_confirm()
        self.assertEqual((entry.timetrack_state, entry.timetrack_reason), ("rejected", "x"))

    def test_reopen_by_the_dialog(self):
        entry = self._approved()
        user = self.administrator
        action = entry.with_user(user).with_context(timetrack_action="reopen").action_timetrack_ask_reason()
        wizard = self.env[action["res_model"]].with_user(user).with_context(**action["context"]).create({"reason": "y"})
        wizard.action_confirm()
        self.assertEqual(entry.timetrack_state, "draft")

    def test_queue_finds_what_the_buttons_allow(self):
        entries = (
            self._submitted()
            | self._submitted(employee_id=self.employee_lead.id)
            | self._submitted(project_id=self.internal_project.id, task_id=False)
        )
        for user in (self.consultant, self.lead, self.other_lead, self.project_manager, self.administrator):
            Line = self.env["account.analytic.line"].with_user(user)
            found = Line.search([("id", "in", entries.ids), ("timetrack_can_approve", "=", True)])
            hidden = Line.search([("id", "in", entries.ids), ("timetrack_can_approve", "=", False)])
            readable = Line.search([("id", "in", entries.ids)])
            self.assertEqual(found, readable.filtered("timetrack_can_approve"), user.login)
            self.assertEqual(hidden, readable - found, user.login)
            for entry in readable:
                try:
                    with self.env.cr.savepoint():
                        entry.action_timetrack_approve()
                        approved = True
                        entry.sudo().with_user(self.env.user)._timetrack_internal().write(
                            {"timetrack_state": "submitted"}
                        )
                except AccessError:
                    approved = False
                self.assertEqual(approved, entry in found, (user.login, entry.employee_id.name))


@tagged("post_install", "-at_install")
class TestQueries(TimetrackCommon):
    """Steps take the same number of queries for ten entries as for a hundred."""

    def _queries(self, entries, method):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        getattr(entries, method)()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def _batch(self, count):
        return self.env["account.analytic.line"].create(
            [
                {
                    "name": str(number),
                    "project_id": self.project.id,
                    "employee_id": self.employee.id,
                    "unit_amount": 1,
                }
                for number in range(count)
            ]
        )

    def test_new_time_reads_its_tasks_at_once(self):
        def create(count):
            tasks = self.env["project.task"].create(
                [{"name": str(number), "project_id": self.project.id} for number in range(count)]
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env["account.analytic.line"].create(
                [{"task_id": task.id, "employee_id": self.employee.id, "unit_amount": 1} for task in tasks]
            )
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        create(2)
        self.assertLessEqual(create(40), create(4) + 2)

    def test_submit_and_approve(self):
        few, many = self._batch(10), self._batch(200)
        few.with_user(self.consultant).action_timetrack_submit()  # warms the caches of rights
        few.with_user(self.lead).action_timetrack_approve()
        few = self._batch(10)
        for user, method in (
            (self.consultant, "action_timetrack_submit"),
            (self.lead, "action_timetrack_approve"),
        ):
            small = self._queries(few.with_user(user), method)
            large = self._queries(many.with_user(user), method)
            self.assertLessEqual(large, small + 2, method)
            self.assertLessEqual(large, 40, method)
