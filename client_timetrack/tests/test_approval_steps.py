from datetime import date, timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common import TimetrackCommon


class StepsCommon(TimetrackCommon):
    @classmethod
    def _policy(cls, *kinds, **values):
        """The project's policy, with a step of each kind; ``(kind, group)`` for a group."""
        steps = []
        for number, kind in enumerate(kinds):
            kind, group = kind if isinstance(kind, tuple) else (kind, False)
            steps.append(
                Command.create({"kind": kind, "sequence": number, "group_id": group and cls.env.ref(group).id})
            )
        policy = cls.env["timetrack.policy"].create({"name": "Strict", "step_ids": steps, **values})
        cls.project.timetrack_policy_id = policy
        return policy

    def _actions(self, entry):
        """The trail of an entry, oldest first."""
        return [(event.action, event.step_name or "") for event in entry.timetrack_event_ids.sorted("id")]


@tagged("post_install", "-at_install")
class TestSteps(StepsCommon):
    """Time goes through the steps of its policy in order."""

    def test_two_steps_in_order(self):
        policy = self._policy("manager", "project_manager")
        entry = self._submitted()
        self.assertEqual(entry.timetrack_policy_id, policy)
        self.assertEqual(entry.timetrack_step_id, policy.step_ids[0])
        with self.assertRaisesRegex(AccessError, "not yours to decide"):
            entry.with_user(self.project_manager).action_timetrack_approve()
        entry.with_user(self.lead).action_timetrack_approve()
        self.assertEqual((entry.timetrack_state, entry.timetrack_step_id), ("submitted", policy.step_ids[1]))
        self.assertFalse(entry.with_user(self.lead).timetrack_can_approve, "the lead's step is taken")
        with self.assertRaises(AccessError):
            entry.with_user(self.lead).action_timetrack_approve()
        entry.with_user(self.project_manager).action_timetrack_approve()
        self.assertEqual((entry.timetrack_state, entry.timetrack_step_id), ("approved", policy.step_ids.browse()))
        self.assertEqual(
            self._actions(entry),
            [("submit", ""), ("approve", "Line Manager"), ("approve", "Project Manager")],
        )

    def test_the_queue_follows_the_step(self):
        self._policy("manager", "project_manager")
        entry = self._submitted()
        Line = self.env["account.analytic.line"]
        for user, mine in ((self.lead, True), (self.project_manager, False)):
            found = Line.with_user(user).search([("timetrack_can_approve", "=", True), ("id", "=", entry.id)])
            self.assertEqual(bool(found), mine, user.login)
        entry.with_user(self.lead).action_timetrack_approve()
        for user, mine in ((self.lead, False), (self.project_manager, True)):
            found = Line.with_user(user).search([("timetrack_can_approve", "=", True), ("id", "=", entry.id)])
            self.assertEqual(bool(found), mine, user.login)

    def test_a_group_takes_its_step(self):
        policy = self._policy(("group", "base.group_partner_manager"))
        entry = self._submitted()
        self.assertEqual(entry.timetrack_step_id, policy.step_ids)
        with self.assertRaises(AccessError):
            entry.with_user(self.lead).action_timetrack_approve()
        self.other_lead.group_ids += self.env.ref("base.group_partner_manager")
        entry.with_user(self.other_lead).action_timetrack_approve()
        self.assertEqual(entry.timetrack_state, "approved")

    def test_members_of_a_group_need_the_right_to_approve(self):
        self._policy(("group", "base.group_partner_manager"))
        entry = self._submitted()
        self.colleague.group_ids += self.env.ref("base.group_partner_manager")
        with self.assertRaises(AccessError):
            entry.with_user(self.colleague).action_timetrack_approve()

    def test_who_is_asked_twice_approves_once(self):
        self._policy("manager", "project_manager")
        self.project.user_id = self.lead
        entry = self._submitted()
        entry.with_user(self.lead).action_timetrack_approve()
        self.assertEqual(entry.timetrack_state, "approved")
        self.assertEqual(len(self._actions(entry)), 3, "each step is in the trail")

    def test_an_administrator_takes_one_step_at_a_time(self):
        policy = self._policy("manager", "project_manager")
        entry = self._submitted()
        entry.with_user(self.administrator).action_timetrack_approve()
        self.assertEqual(entry.timetrack_step_id, policy.step_ids[1])

    def test_a_step_without_anybody_is_passed_over(self):
        self._policy("manager", "project_manager")
        self.project.user_id = False
        entry = self._submitted()
        entry.with_user(self.lead).action_timetrack_approve()
        self.assertEqual(entry.timetrack_state, "approved")
        self.assertIn(("pass", "Project Manager"), self._actions(entry))

    def test_the_project_managers_own_time_passes_over_their_step(self):
        policy = self._policy("project_manager", "manager")
        self.employee_manager.parent_id = self.employee_lead
        entry = self._submitted(employee_id=self.employee_manager.id)
        self.assertEqual(entry.timetrack_step_id, policy.step_ids[1])
        self.assertEqual(self._actions(entry), [("submit", ""), ("pass", "Project Manager")])

    def test_time_is_never_approved_for_want_of_approvers(self):
        policy = self._policy("manager")
        entry = self._submitted(employee_id=self.employee_other_lead.id)
        self.assertEqual(entry.timetrack_step_id, policy.step_ids)
        with self.assertRaises(AccessError):
            entry.with_user(self.lead).action_timetrack_approve()
        entry.with_user(self.administrator).action_timetrack_approve()
        self.assertEqual(entry.timetrack_state, "approved")

    def test_a_client_without_access_is_not_passed_over(self):
        policy = self._policy("manager", "client")
        entry = self._submitted()
        entry.with_user(self.lead).action_timetrack_approve()
        self.assertEqual((entry.timetrack_state, entry.timetrack_step_id), ("submitted", policy.step_ids[1]))

    def test_rejection_at_any_step_starts_from_the_beginning(self):
        policy = self._policy("manager", "project_manager")
        entry = self._submitted()
        entry.with_user(self.lead).action_timetrack_approve()
        entry.with_user(self.project_manager).action_timetrack_reject("Other phase")
        self.assertEqual((entry.timetrack_state, entry.timetrack_step_id.id), ("rejected", False))
        entry.with_user(self.consultant).action_timetrack_submit()
        self.assertEqual(entry.timetrack_step_id, policy.step_ids[0])

    def test_a_change_after_a_step_asks_for_it_again(self):
        policy = self._policy("manager", "project_manager")
        entry = self._submitted()
        entry.with_user(self.lead).action_timetrack_approve()
        entry.with_user(self.consultant).write({"unit_amount": 8})
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual((entry.timetrack_state, entry.timetrack_step_id), ("submitted", policy.step_ids[0]))
        self.assertEqual(entry.unit_amount, 8)

    def test_a_step_for_which_time_waits_stays(self):
        policy = self._policy("manager", "project_manager")
        self._submitted()
        with self.assertRaisesRegex(UserError, "waits for this approval step"):
            policy.step_ids[0].unlink()
        policy.step_ids[1].unlink()

    def test_own_time_by_name_only(self):
        policy = self._policy("project_manager")
        entry = self._submitted(employee_id=self.employee_manager.id)
        with self.assertRaises(AccessError):
            entry.with_user(self.project_manager).action_timetrack_approve()
        policy.self_approval = True
        entry.with_user(self.project_manager).action_timetrack_approve()
        self.assertEqual(entry.timetrack_state, "approved")

    def test_own_time_where_the_step_is_another_ones(self):
        self._policy("manager", self_approval=True)
        self.employee_manager.parent_id = self.employee_lead
        entry = self._submitted(employee_id=self.employee_manager.id)
        with self.assertRaises(AccessError):
            entry.with_user(self.project_manager).action_timetrack_approve()

    def test_whoever_has_no_manager_is_their_own(self):
        self._policy("manager", self_approval=True)
        entry = self._submitted(employee_id=self.employee_manager.id)
        entry.with_user(self.project_manager).action_timetrack_approve()

    def test_steps_cannot_be_written(self):
        policy = self._policy("manager", "project_manager")
        entry = self._submitted()
        for values in ({"timetrack_step_id": policy.step_ids[1].id}, {"timetrack_policy_id": False}):
            for user in (self.consultant, self.lead, self.administrator):
                with self.assertRaises(AccessError):
                    entry.with_user(user).write(dict(values))
        with self.assertRaises(AccessError):
            policy.step_ids.with_user(self.lead).write({"kind": "any"})

    def test_a_task_that_moves_takes_time_out_of_approval(self):
        entry = self._submitted()
        self.task.with_user(self.project_manager).project_id = self.internal_project
        self.assertEqual(entry.project_id, self.internal_project)
        self.assertEqual(entry.timetrack_state, "draft", "who approves now never saw it")
        event = entry.timetrack_event_ids.sorted("id")[-1]
        self.assertEqual((event.action, event.changes["project_id"]), ("change", ["Merger", "Office"]))

    def test_a_project_shows_what_waits(self):
        self._submitted()
        self._submitted(employee_id=self.employee_manager.id)
        self._entry()
        project = self.project.with_user(self.project_manager)
        self.assertEqual(project.timetrack_pending_count, 1, "neither their own time nor drafts")
        action = project.action_timetrack_view_pending()
        lines = self.env["account.analytic.line"].with_user(self.project_manager).search(action["domain"])
        self.assertEqual(lines.employee_id, self.employee)

    def test_a_line_manager_decides_on_private_projects(self):
        self.project.privacy_visibility = "followers"
        entry, own = self._submitted(), self._submitted(employee_id=self.employee_other_lead.id)
        self.env.flush_all()
        self.env.invalidate_all()
        Line = self.env["account.analytic.line"].with_user(self.lead)
        self.assertEqual(Line.search([("project_id", "=", self.project.id)]), entry)
        values = Line.search_read([("timetrack_can_approve", "=", True)], ["name", "project_id", "unit_amount"])
        self.assertEqual([(row["id"], row["project_id"][1]) for row in values], [(entry.id, "Merger")])
        with self.assertRaises(AccessError):
            own.with_user(self.lead).read(["name"])
        entry.with_user(self.lead).action_timetrack_approve()
        self.assertEqual(entry.with_user(self.lead).timetrack_event_ids.mapped("action"), ["approve", "submit"])

    def test_nobody_slips_out_of_their_own_time(self):
        self.lead.group_ids += self.env.ref("hr.group_hr_user")
        entry = self._submitted(employee_id=self.employee_lead.id)
        employee = self.employee_lead.with_user(self.lead)
        for user in (False, self.colleague.id):
            with self.assertRaisesRegex(UserError, "detach your own user"):
                employee.write({"user_id": user})
        entry.with_user(self.administrator).action_timetrack_approve()
        employee.write({"user_id": False})


@tagged("post_install", "-at_install")
class TestDelegation(StepsCommon):
    """Somebody approves in another's place for a while."""

    def _delegate(self, days=(0, 0), **values):
        today = fields.Date.context_today(self.env.user)
        return self.env["timetrack.delegation"].create(
            {
                "user_id": self.lead.id,
                "delegate_id": self.other_lead.id,
                "date_from": today + timedelta(days=days[0]),
                "date_to": today + timedelta(days=days[1]),
                **values,
            }
        )

    def test_the_trail_shows_on_whose_behalf(self):
        entry = self._submitted()
        with self.assertRaises(AccessError):
            entry.with_user(self.other_lead).action_timetrack_approve()
        self._delegate()
        self.assertTrue(entry.with_user(self.other_lead).timetrack_can_approve)
        entry.with_user(self.other_lead).action_timetrack_approve()
        event = entry.timetrack_event_ids.sorted("id")[-1]
        self.assertEqual((event.user_id, event.on_behalf_of_id), (self.other_lead, self.lead))

    def test_own_right_comes_first(self):
        self.project.user_id = self.other_lead
        self._delegate()
        entry = self._submitted()
        entry.with_user(self.other_lead).action_timetrack_approve()
        self.assertFalse(entry.timetrack_event_ids.sorted("id")[-1].on_behalf_of_id)

    def test_not_before_and_not_after(self):
        entry = self._submitted()
        for days in ((-5, -1), (1, 5)):
            delegation = self._delegate(days)
            with self.assertRaises(AccessError):
                entry.with_user(self.other_lead).action_timetrack_approve()
            delegation.unlink()

    def test_archived_delegations_end(self):
        self._delegate(active=False)
        with self.assertRaises(AccessError):
            self._submitted().with_user(self.other_lead).action_timetrack_approve()

    def test_whoever_has_left_hands_nothing_over(self):
        self._delegate()
        entry = self._submitted()
        self.assertTrue(entry.with_user(self.other_lead).timetrack_can_approve)
        self.lead.active = False
        with self.assertRaises(AccessError):
            entry.with_user(self.other_lead).action_timetrack_approve()

    def test_neither_the_delegates_nor_the_approvers_own_time(self):
        self._delegate()
        self.employee_other_lead.parent_id = self.employee_lead
        for employee in (self.employee_other_lead, self.employee_lead):
            entry = self._submitted(employee_id=employee.id)
            with self.assertRaises(AccessError):
                entry.with_user(self.other_lead).action_timetrack_approve()

    def test_nobody_hands_over_what_is_not_theirs(self):
        today = fields.Date.to_string(date.today())
        values = {"date_from": today, "date_to": today}
        Delegation = self.env["timetrack.delegation"]
        mine = {**values, "user_id": self.lead.id, "delegate_id": self.other_lead.id}
        Delegation.with_user(self.lead).create(mine)
        with self.assertRaises(AccessError):
            Delegation.with_user(self.other_lead).create(mine)
        with self.assertRaises(AccessError):
            Delegation.with_user(self.consultant).create({**mine, "user_id": self.consultant.id})
        Delegation.with_user(self.administrator).create(mine)

    def test_a_delegate_must_be_an_approver(self):
        with self.assertRaisesRegex(UserError, "has no right to approve"):
            self._delegate(delegate_id=self.colleague.id)

    def test_a_delegation_does_not_travel(self):
        self._delegate()
        self._delegate(user_id=self.other_lead.id, delegate_id=self.project_manager.id)
        self.project.user_id = False
        with self.assertRaises(AccessError):
            self._submitted().with_user(self.project_manager).action_timetrack_approve()


@tagged("post_install", "-at_install")
class TestReopen(StepsCommon):
    """Reopening approved time takes a right of its own."""

    def test_approvers_may_not(self):
        entry = self._approved()
        self.assertFalse(entry.with_user(self.lead).timetrack_can_reopen)
        with self.assertRaisesRegex(AccessError, "no right to reopen"):
            entry.with_user(self.lead).action_timetrack_reopen("Wrong hours")

    def test_with_the_right_within_the_scope(self):
        self.lead.group_ids += self.env.ref("client_timetrack.group_time_reopen")
        self.other_lead.group_ids += self.env.ref("client_timetrack.group_time_reopen")
        entry = self._approved()
        with self.assertRaisesRegex(AccessError, "not yours"):
            entry.with_user(self.other_lead).action_timetrack_reopen("Wrong hours")
        entry.with_user(self.lead).action_timetrack_reopen("Wrong hours")
        self.assertEqual(entry.timetrack_state, "draft")
        self.assertEqual(entry.timetrack_event_ids.sorted("id")[-1].reason, "Wrong hours")

    def test_whatever_the_step_was(self):
        self._policy("project_manager")
        self.lead.group_ids += self.env.ref("client_timetrack.group_time_reopen")
        entry = self._submitted()
        entry.with_user(self.project_manager).action_timetrack_approve()
        self.assertTrue(entry.with_user(self.lead).timetrack_can_reopen)
        entry.with_user(self.lead).action_timetrack_reopen("Wrong hours")


@tagged("post_install", "-at_install")
class TestSplit(StepsCommon):
    """An approver divides an entry; the total stays."""

    def _split(self, entry, user, *hours, **values):
        wizard = Form(
            self.env["timetrack.split.wizard"].with_user(user).with_context(default_line_id=entry.id),
        )
        for part_hours in hours:
            with wizard.part_ids.new() as part:
                part.hours = part_hours
                for name, value in values.items():
                    setattr(part, name, value)
        before = self.env["account.analytic.line"].search([])
        wizard.save().action_confirm()
        return self.env["account.analytic.line"].search([]) - before

    def test_the_total_stays(self):
        policy = self._policy("manager", "project_manager")
        entry = self._submitted(unit_amount=7.1)
        news = self._split(entry, self.lead, 2.35, 1.4, is_billable=False)
        self.assertEqual(len(news), 2)
        self.assertAlmostEqual(entry.unit_amount + sum(news.mapped("unit_amount")), 7.1, 6)
        self.assertAlmostEqual(entry.unit_amount, 3.35, 6)
        for line in entry | news:
            self.assertEqual((line.timetrack_state, line.timetrack_step_id), ("submitted", policy.step_ids[0]))
            self.assertEqual((line.employee_id, line.date, line.task_id), (self.employee, entry.date, self.task))
        self.assertEqual(set(news.mapped("timetrack_is_billable")), {False})
        self.assertTrue(entry.timetrack_is_billable)
        self.assertEqual([event.action for event in news[0].timetrack_event_ids], ["split"])
        self.assertIn(("split", ""), self._actions(entry))
        (entry | news).with_user(self.lead).action_timetrack_approve()

    def test_costs_follow_the_hours(self):
        entry = self._submitted(unit_amount=4)
        news = self._split(entry, self.lead, 1)
        self.assertEqual((entry.amount, news.amount), (-150, -50))

    def test_nothing_may_be_left_over(self):
        entry = self._submitted(unit_amount=2)
        for hours in ((2,), (1, 1), (3,)):
            with self.assertRaisesRegex(UserError, "leave something of the 02:00"):
                self._split(entry, self.lead, *hours)
        self.assertEqual(entry.unit_amount, 2)

    def test_by_whose_step_it_is_only(self):
        entry = self._submitted(unit_amount=2)
        with self.assertRaises(AccessError):
            self._split(entry, self.other_lead, 1)
        with self.assertRaises(AccessError):
            entry.with_user(self.consultant)._timetrack_split([{"unit_amount": 1}])
        draft = self._entry(unit_amount=2)
        with self.assertRaisesRegex(UserError, "Only submitted time can be split"):
            self._split(draft, self.lead, 1)

    def test_parts_smuggle_nothing_in(self):
        entry = self._submitted(unit_amount=2)
        news = entry.with_user(self.lead)._timetrack_split(
            [{"unit_amount": 1, "timetrack_state": "approved", "employee_id": self.employee_colleague.id}]
        )
        self.assertEqual((news.timetrack_state, news.employee_id), ("submitted", self.employee))


@tagged("post_install", "-at_install")
class TestLockDate(StepsCommon):
    """Time of a closed period neither comes, changes, goes nor reopens, by whatever path."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.old, cls.open_day = date(2026, 3, 31), date(2026, 4, 1)
        cls.past = cls._entry(date=cls.old)
        cls.present = cls._entry(date=cls.open_day)
        cls.company.timetrack_lock_date = cls.old

    def test_the_date_decides(self):
        for user in (self.consultant, self.lead, self.project_manager, self.administrator, self.env.user):
            past, present = self.past.with_user(user), self.present.with_user(user)
            for call in (
                lambda past=past: past.write({"name": "Later"}),
                lambda past=past: past.write({"date": self.open_day}),
                lambda past=past: past.unlink(),
                lambda past=past: past.copy(),
                lambda present=present: present.write({"date": self.old}),
            ):
                with self.assertRaisesRegex(UserError, "is closed"), self.env.cr.savepoint():
                    call()
            present.write({"name": user.login})
        self.company.timetrack_lock_date = False
        self.past.write({"name": "Later"})

    def test_nothing_new(self):
        with self.assertRaisesRegex(UserError, "Time up to 03/31/2026 is closed"):
            self._entry(date=self.old)
        with self.assertRaises(UserError):
            self.env["account.analytic.line"].with_user(self.consultant).create(
                {"name": "x", "project_id": self.project.id, "date": self.old, "unit_amount": 1}
            )
        result = (
            self.env["account.analytic.line"]
            .with_user(self.consultant)
            .load(["name", "project_id/.id", "date", "unit_amount"], [["x", str(self.project.id), "2026-03-31", "1"]])
        )
        self.assertFalse(result["ids"])
        self.assertIn("is closed", result["messages"][0]["message"])

    def test_side_effects_leave_it_alone(self):
        self.task.project_id = self.internal_project
        self.assertEqual((self.past.project_id, self.present.project_id), (self.project, self.internal_project))
        self.employee.parent_id = self.employee_other_lead
        self.assertEqual(self.past.manager_id, self.employee_lead)
        self.assertEqual(self.present.manager_id, self.employee_other_lead)

    def test_what_was_handed_in_is_still_decided(self):
        self.company.timetrack_lock_date = False
        entries = self._submitted(date=self.old) | self._submitted(date=self.old)
        self.company.timetrack_lock_date = self.old
        entries[0].with_user(self.lead).action_timetrack_approve()
        entries[1].with_user(self.lead).action_timetrack_reject("Wrong day")
        self.assertEqual(entries.mapped("timetrack_state"), ["approved", "rejected"])
        with self.assertRaisesRegex(UserError, "is closed"):
            entries[0].with_user(self.administrator).action_timetrack_reopen("x")

    def test_other_companies_stay_open(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        other.timetrack_lock_date = self.open_day
        self.present.write({"name": "Open here"})

    def test_leave_and_other_analytic_lines_come_and_go(self):
        plan = self.env["account.analytic.plan"].create({"name": "Plan"})
        account = self.env["account.analytic.account"].create({"name": "Account", "plan_id": plan.id})
        line = self.env["account.analytic.line"].create(
            {"name": "Paper", "amount": -5, "date": self.old, plan._column_name(): account.id}
        )
        line.unlink()
        if "global_leave_id" not in line._fields:
            return
        leave = self.env["resource.calendar.leaves"].create(
            {"name": "Holiday", "date_from": "2026-03-31 00:00:00", "date_to": "2026-03-31 23:59:59"}
        )
        time_off = self._entry(global_leave_id=leave.id, date=self.old)
        time_off.write({"name": "Easter"})
        leave.unlink()
        self.assertFalse(time_off.exists())

    def _except(self, user=None, **values):
        Exception_ = self.env["timetrack.lock.exception"].with_user(user or self.administrator)
        return Exception_.create({"reason": "Auditor's correction", **values})

    def test_an_exception_carries_its_reason_into_the_trail(self):
        self._except(user_id=self.consultant.id)
        self.past.with_user(self.consultant).write({"name": "Corrected"})
        event = self.past.timetrack_event_ids
        self.assertEqual((event.action, event.reason), ("override", "Auditor's correction"))
        self.assertEqual(event.user_id, self.consultant)
        new = self.past.with_user(self.consultant).copy()
        self.assertEqual(new.timetrack_event_ids.mapped("action"), ["override"])
        with self.assertRaises(UserError):
            self.past.with_user(self.lead).write({"name": "Not mine"})

    def test_deleting_leaves_the_reason_behind(self):
        self._except()
        number = self.past.id
        self.past.unlink()
        events = self.env["timetrack.approval.event"].search([("entry_ref", "=", number)])
        self.assertIn(("override", "Auditor's correction"), [(event.action, event.reason) for event in events])

    def test_an_exception_up_to_a_date(self):
        self._except(lock_date=date(2026, 3, 15))
        self.past.write({"name": "After the fifteenth"})
        with self.assertRaises(UserError):
            self.past.write({"date": date(2026, 3, 15)})

    def test_an_exception_ends(self):
        exception = self._except(date_end=fields.Datetime.now() - timedelta(minutes=1))
        self.assertEqual(exception.state, "expired")
        with self.assertRaises(UserError):
            self.past.write({"name": "Too late"})
        exception = self._except()
        self.past.write({"name": "In time"})
        exception.with_user(self.administrator).action_revoke()
        with self.assertRaises(UserError):
            self.past.write({"name": "Revoked"})

    def test_an_exception_stays_what_it_was(self):
        exception = self._except()
        for user in (self.administrator, self.env.user):
            with self.assertRaises(AccessError):
                exception.with_user(user).write({"reason": "Other"})
            with self.assertRaises(AccessError):
                exception.with_user(user).unlink()
        with self.assertRaises(AccessError):
            self._except(user=self.lead)
        self.lead.group_ids += self.env.ref("client_timetrack.group_lock_override")
        self._except(user=self.lead)

    def test_closed_time_takes_no_query_more_however_much_it_is(self):
        self._except(lock_date=date(2026, 3, 30))
        few = self.env["account.analytic.line"].search([("id", "=", self.past.id)])
        self.company.timetrack_lock_date = False
        many = self.env["account.analytic.line"].union(*[self._entry(date=self.old) for _number in range(30)])
        self.company.timetrack_lock_date = self.old
        counts = []
        for lines in (few, many):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            lines.filtered(lambda line: line._timetrack_is_locked())
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0])
