from datetime import date

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import TimetrackCommon


class AttackCommon(TimetrackCommon):
    """Ordinary accounts try what the screens do not offer; each call is one that they can send over RPC."""

    def _fresh(self):
        """Nothing of what others have read is known any more."""
        self.env.flush_all()
        self.env.invalidate_all()

    def _project(self, name, **values):
        return self.env["project.project"].create(
            {"name": name, "allow_timesheets": True, "privacy_visibility": "employees", "user_id": False, **values}
        )

    def _second_company(self, *users):
        company = self.env["res.company"].create({"name": "Second"})
        for user in users:
            user.company_ids += company
        return company


@tagged("post_install", "-at_install")
class TestApproveByDetour(AttackCommon):
    """Nobody comes to decide on time that is not theirs to decide."""

    def test_nobody_makes_somebody_their_delegator(self):
        delegation = self.env["timetrack.delegation"].with_user(self.lead).create({"delegate_id": self.other_lead.id})
        self._fresh()
        with self.assertRaises(AccessError):
            delegation.write({"user_id": self.administrator.id, "delegate_id": self.lead.id})

    def test_a_delegate_goes_no_further_than_the_delegator(self):
        second = self._second_company(self.lead)
        companies = [self.company.id, second.id]
        employee = self.env["hr.employee"].create({"name": "Wim", "company_id": second.id})
        project = self._project("Second's", company_id=second.id)
        entry = (
            self.env["account.analytic.line"]
            .with_context(allowed_company_ids=companies)
            .create({"name": "x", "project_id": project.id, "employee_id": employee.id, "unit_amount": 2})
        )
        self.env["timetrack.policy"].create(
            {"name": "Managers", "company_id": second.id, "step_ids": [Command.create({"kind": "project_manager"})]}
        )
        second.timetrack_policy_id = self.env["timetrack.policy"].search([("name", "=", "Managers")])
        entry.action_timetrack_submit()
        self.env["timetrack.delegation"].create({"user_id": self.administrator.id, "delegate_id": self.lead.id})
        self.assertNotIn(second, self.administrator.company_ids)
        decision = entry.with_user(self.lead).with_context(allowed_company_ids=companies)
        with self.assertRaises(AccessError):
            decision.action_timetrack_approve()
        self.administrator.company_ids += second
        decision.action_timetrack_approve()
        self.assertEqual(entry.timetrack_state, "approved")

    def test_officers_do_not_take_their_user_off_by_the_resource(self):
        self.lead.group_ids += self.env.ref("hr.group_hr_user")
        entry = self._submitted(employee_id=self.employee_lead.id)
        for record in (self.employee_lead, self.employee_lead.resource_id):
            with self.subTest(model=record._name), self.assertRaisesRegex(UserError, "detach your own user"):
                record.with_user(self.lead).write({"user_id": False})
        entry.with_user(self.administrator).action_timetrack_reject("Too long")
        with self.assertRaisesRegex(UserError, "detach your own user"):
            self.employee_lead.resource_id.with_user(self.lead).write({"user_id": False})
        self.employee_lead.with_user(self.administrator).write({"user_id": False})

    def test_time_is_not_given_to_somebody_else(self):
        entry = self._entry()
        own = self._entry(employee_id=self.employee_lead.id)
        self._fresh()
        mine = entry.with_user(self.consultant)
        with self.assertRaises(AccessError):
            mine.write({"employee_id": self.employee_colleague.id})
        self._fresh()
        with self.assertRaisesRegex(UserError, "user of a time entry"):
            mine.write({"employee_id": self.employee_colleague.id, "user_id": self.consultant.id})
        with self.assertRaisesRegex(UserError, "user of a time entry"):
            own.with_user(self.lead).write({"user_id": self.colleague.id})
        own.with_user(self.lead).write({"employee_id": self.employee.id, "user_id": self.consultant.id})
        self.assertEqual(own.user_id, self.consultant)

    def test_a_task_takes_time_out_of_approval(self):
        other = self.env["project.task"].create({"name": "Desk", "project_id": self.internal_project.id})
        entry = self._submitted()
        entry.with_user(self.consultant).write({"task_id": other.id})
        self.assertEqual(entry.project_id, self.internal_project)
        self.assertEqual(entry.timetrack_state, "draft", "another policy, and others approve")
        changes = entry.timetrack_event_ids.sorted("id")[-1].changes
        self.assertEqual(changes["project_id"], ["Merger", "Office"])

    def test_another_project_of_the_same_name_is_another_project(self):
        twin = self._project("Merger", user_id=self.other_lead.id)
        entry, following = self._submitted(), self._submitted()
        entry.with_user(self.project_manager).write({"project_id": twin.id, "task_id": False})
        self.assertEqual(entry.timetrack_state, "draft")
        self.task.with_user(self.project_manager).write({"project_id": twin.id})
        self.assertEqual((following.project_id, following.timetrack_state), (twin, "draft"))


@tagged("post_install", "-at_install")
class TestPolicyByDetour(AttackCommon):
    """Nobody comes to a policy that they may not choose."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.strict = cls.env["timetrack.policy"].create({"name": "Strict"})
        cls.lax = cls.env["timetrack.policy"].create({"name": "Lax", "auto_approve": "always"})
        cls.contact_manager = cls._new_user("tt_contacts", "base.group_user,base.group_partner_manager")

    def _policy_in_force(self):
        self._fresh()
        return self.project._timetrack_find_policy(self.company)[0]

    def test_neither_by_the_category_nor_by_the_company_of_a_client(self):
        Category = self.env["timetrack.client.category"]
        strict = Category.create({"name": "Strict", "policy_id": self.strict.id})
        lax = Category.create({"name": "Lax", "policy_id": self.lax.id})
        self.client_company.timetrack_client_category_id = strict
        other = self.env["res.partner"].create(
            {"name": "Other", "is_company": True, "timetrack_client_category_id": lax.id}
        )
        self.assertEqual(self._policy_in_force(), self.strict)
        with self.assertRaisesRegex(AccessError, "time policy"), self.env.cr.savepoint():
            self.client_company.with_user(self.contact_manager).write({"timetrack_client_category_id": lax.id})
        with self.assertRaisesRegex(AccessError, "time policy"), self.env.cr.savepoint():
            self.client_contact.with_user(self.contact_manager).write({"parent_id": other.id})
        self.assertEqual(self._policy_in_force(), self.strict)

    def test_clients_without_projects_are_for_whoever_keeps_contacts(self):
        lax = self.env["timetrack.client.category"].create({"name": "Lax", "policy_id": self.lax.id})
        contact = self.env["res.partner"].create({"name": "Someone"}).with_user(self.contact_manager)
        contact.write({"parent_id": self.client_company.id})
        contact.write({"parent_id": False, "is_company": True, "timetrack_client_category_id": lax.id})
        self.project.timetrack_policy_id = self.strict
        self._fresh()
        self.client_company.with_user(self.contact_manager).write({"timetrack_client_category_id": lax.id})
        self.assertEqual(self._policy_in_force(), self.strict, "the project's own counts")

    def test_no_default_reaches_what_is_created_as_the_superuser(self):
        defaults = {
            "default_timetrack_policy_id": self.lax.id,
            "default_timetrack_approver_id": self.lead.partner_id.id,
        }
        env = self.env(user=self.lead, su=True, context={**self.env.context, **defaults})
        project = env["project.project"].create({"name": "Sold"})
        self.assertFalse(project.timetrack_policy_id)
        self.assertFalse(project.timetrack_approver_id)
        self.assertFalse(env["res.partner"].create({"name": "Visitor"}).timetrack_policy_id)
        project = env(user=self.project_manager)["project.project"].create({"name": "Chosen"})
        self.assertEqual(project.timetrack_policy_id, self.lax)

    def test_nobody_chooses_a_company_with_easier_rules(self):
        second = self._second_company(self.consultant)
        second.timetrack_approval_required = False
        self.company.timetrack_lock_date = date(2026, 3, 31)
        self.assertFalse(self.project.company_id)
        Line = self.env["account.analytic.line"].with_user(self.consultant)
        Line = Line.with_context(allowed_company_ids=[self.company.id, second.id])
        values = {"name": "x", "project_id": self.project.id, "employee_id": self.employee.id, "unit_amount": 2}
        with self.assertRaisesRegex(UserError, "time of"):
            Line.create({**values, "date": "2026-03-01", "company_id": second.id})
        self.assertEqual(Line.create(values).company_id, self.company)


@tagged("post_install", "-at_install")
class TestLimitsByDetour(AttackCommon):
    """Hours below zero make no room that can be taken away again."""

    def _less(self, hours):
        return (
            self.env["account.analytic.line"]
            .with_user(self.consultant)
            .create({"name": "Correction", "project_id": self.project.id, "unit_amount": -hours})
        )

    def test_hours_a_day(self):
        self.project.timetrack_policy_id = self.env["timetrack.policy"].create(
            {"name": "Short", "day_hours_severity": "block", "day_hours_max": 10}
        )
        self._less(10)
        with self.assertRaisesRegex(UserError, "Hours a Day"):
            self._entry(unit_amount=20)

    def test_budget(self):
        self.project.allocated_hours = 10
        self.project.timetrack_policy_id = self.env["timetrack.policy"].create(
            {"name": "Budget", "over_budget_severity": "block"}
        )
        self._less(10)
        with self.assertRaisesRegex(UserError, "Over Budget"):
            self._entry(unit_amount=20)

    def test_automatic_approval(self):
        self.project.timetrack_policy_id = self.env["timetrack.policy"].create(
            {"name": "Automatic", "auto_approve": "always", "auto_approve_max_hours": 4}
        )
        self._less(10)
        self.assertEqual(self._submitted(unit_amount=14).timetrack_state, "submitted")

    def test_approved_corrections_count(self):
        self._less(10).action_timetrack_submit()
        self.env["account.analytic.line"].search([("name", "=", "Correction")]).with_user(
            self.lead
        ).action_timetrack_approve()
        self.project.timetrack_policy_id = self.env["timetrack.policy"].create(
            {"name": "Short", "day_hours_severity": "block", "day_hours_max": 10}
        )
        self._entry(unit_amount=20)

    def test_numbers_that_are_none(self):
        """Nobody calculates with them, nor with a day when nobody lived."""
        for value in (float("nan"), float("inf"), -float("inf"), 1e300):
            with self.assertRaisesRegex(ValidationError, "give a number of at most 1,000,000,000,000"):
                self._entry(unit_amount=value)
            with self.assertRaisesRegex(ValidationError, "Maximum Hours a Day"):
                self.env["timetrack.policy"].create({"name": "x", "day_hours_max": value})
        for value in ("0001-01-01", "9999-12-31", date.max):
            with self.assertRaisesRegex(ValidationError, "give a day from 1900-01-01 to 2199-12-31"):
                self._entry(date=value)


@tagged("post_install", "-at_install")
class TestSplitByDetour(AttackCommon):
    """Splitting time changes nothing but what it says."""

    def _wizard(self, entry, user, **part):
        parts = [Command.create({"hours": 1, **part})]
        return self.env["timetrack.split.wizard"].with_user(user).create({"line_id": entry.id, "part_ids": parts})

    def test_no_time_goes_to_a_task_of_another_project(self):
        other = self.env["project.task"].create({"name": "Desk", "project_id": self.internal_project.id})
        wizard = self._wizard(self._submitted(), self.lead, task_id=other.id)
        with self.assertRaisesRegex(UserError, "own project"):
            wizard.action_confirm()

    def test_closed_time_is_not_split(self):
        entry = self._submitted(date=date(2026, 3, 3))
        self.company.timetrack_lock_date = date(2026, 3, 31)
        wizard = self._wizard(entry, self.lead, is_billable=False)
        with self.assertRaisesRegex(UserError, "closed"):
            wizard.action_confirm()
        self.env["timetrack.lock.exception"].with_user(self.administrator).create(
            {"user_id": self.lead.id, "reason": "Late bill"}
        )
        wizard.action_confirm()
        self.assertIn("Late bill", entry.timetrack_event_ids.mapped("reason"))

    def test_the_dialog_tells_nothing_of_time_that_is_hidden(self):
        private = self._project("Secret", privacy_visibility="followers", user_id=self.env.uid)
        entry = self._entry(
            project_id=private.id, task_id=False, name="Hidden", employee_id=self.employee_administrator.id
        )
        self._fresh()
        with self.assertRaises(AccessError):
            self._wizard(entry, self.lead).read(["hours"])
        self._fresh()
        Wizard = self.env["timetrack.split.wizard"].with_user(self.lead)
        with self.assertRaises(AccessError):
            Wizard.onchange({"line_id": entry.id}, ["line_id"], {"line_id": {}, "hours": {}, "project_id": {}})

    def test_dialogs_are_of_who_opened_them(self):
        entry = self._submitted()
        wizard = self._wizard(entry, self.lead)
        reason = (
            self.env["timetrack.reason.wizard"]
            .with_user(self.lead)
            .create({"action": "reject", "reason": "Too long", "line_ids": entry.ids})
        )
        self._fresh()
        for record in (wizard, wizard.part_ids, reason):
            with self.subTest(model=record._name), self.assertRaises(AccessError):
                record.with_user(self.other_lead).read(["display_name"])


@tagged("post_install", "-at_install")
class TestLeaks(AttackCommon):
    """Nobody learns or says what is not theirs."""

    def test_refusals_tell_nothing_of_private_projects(self):
        private = self._project("Secret", privacy_visibility="followers", user_id=self.env.uid, allocated_hours=1)
        private.timetrack_policy_id = self.env["timetrack.policy"].create(
            {"name": "Budget", "over_budget_severity": "block"}
        )
        entry = self._entry()
        self._fresh()
        Line = self.env["account.analytic.line"].with_user(self.consultant)
        for attempt in (
            lambda: Line.browse(entry.id).write({"project_id": private.id, "task_id": False}),
            lambda: Line.create({"name": "x", "project_id": private.id, "unit_amount": 3}),
        ):
            with self.assertRaises(AccessError) as refused:
                attempt()
            self.assertNotIn("udget", str(refused.exception))
            self._fresh()

    def test_time_tells_nothing_of_tasks_of_other_projects(self):
        private = self._project("Secret", privacy_visibility="followers", user_id=self.env.uid)
        hidden = self.env["project.task"].create({"name": "Hidden", "project_id": private.id})
        entry = self._entry()
        self._fresh()
        Line = self.env["account.analytic.line"].with_user(self.consultant)
        values = {"name": "x", "project_id": self.project.id, "task_id": hidden.id, "unit_amount": 1}
        for attempt in (lambda: Line.create(values), lambda: Line.browse(entry.id).write(values)):
            with self.assertRaisesRegex(UserError, "own project") as refused:
                attempt()
            self.assertNotIn("Hidden", str(refused.exception))
            self._fresh()

    def test_nobody_writes_in_anothers_name(self):
        Period = self.env["timetrack.period"].with_user(self.consultant)
        period = Period.browse(Period.get_my_period()["id"])
        message = period.message_post(body="Fine", author_id=self.lead.partner_id.id, email_from="boss@example.com")
        self.assertEqual(message.author_id, self.consultant.partner_id)
        self.assertNotIn("boss@example.com", message.email_from)


@tagged("post_install", "-at_install")
class TestKeptFields(AttackCommon):
    """What follows from other fields is nobody's to write, whatever the call and the context."""

    def test_stored_fields_that_follow_from_others(self):
        activity = self.env["timetrack.activity"].create({"name": "Drafting"})
        deliverable = self.env["timetrack.deliverable"].create({"name": "Report", "project_id": self.project.id})
        budget = self.env["timetrack.budget"].create(
            {"project_id": self.project.id, "task_id": self.task.id, "scope": "task", "hours": 10}
        )
        for record, values in (
            (activity, {"complete_name": "Anything"}),
            (activity, {"top_id": activity.id}),
            (deliverable, {"company_id": False}),
            (budget, {"company_id": self.env["res.company"].create({"name": "Elsewhere"}).id}),
        ):
            own = record.with_user(self.administrator)
            for context in ({}, {"timetrack_internal": True}, {"su": True}):
                with self.assertRaisesRegex(AccessError, "follows from its other fields"):
                    own.with_context(**context).write(values)
            with self.assertRaisesRegex(AccessError, "follows from its other fields"):
                own.create(values)
        activity.with_user(self.administrator).name = "Writing"
        self.assertEqual(activity.complete_name, "Writing")

    def test_a_timesheet_has_a_number(self):
        for number in ("x", None, [1], {}):
            with self.assertRaisesRegex(UserError, "has a number"):
                self.env["timetrack.period"].with_user(self.consultant).submit_my_period(number)
