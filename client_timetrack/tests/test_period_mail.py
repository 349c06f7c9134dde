from datetime import date

from freezegun import freeze_time

from odoo.tests import HttpCase, tagged

from .common import PASSWORD_LENGTH_OK
from .test_period import MONDAY, TODAY, PeriodCommon


class PeriodMailCommon(PeriodCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.activity_type = cls.env.ref("client_timetrack.mail_activity_type_timetrack_approve")
        cls.cron = cls.env.ref("client_timetrack.ir_cron_timetrack_period_notify")
        for user in (cls.consultant, cls.colleague, cls.lead, cls.other_lead, cls.project_manager):
            user.email = f"{user.login}@example.com"
        cls._run_cron()
        cls.earlier = cls.env["mail.mail"].search([])
        cls.earlier_activities = cls.env["mail.activity"].search([])

    @classmethod
    def _run_cron(cls):
        """What the scheduled action does, without its commits."""
        cls.env.flush_all()
        Period = cls.Period.with_user(cls.env.ref("base.user_root"))
        Period._refresh_activities()
        Period._collect_decisions()
        Period._get_digests_due()._send_digests()
        cls.env.invalidate_all()

    def _activities(self, period=None):
        domain = [("activity_type_id", "=", self.activity_type.id), ("res_model", "=", "timetrack.period")]
        if period:
            domain.append(("res_id", "in", period.ids))
        return self.env["mail.activity"].search(domain, order="id") - self.earlier_activities

    def _asked(self, period=None):
        return self._activities(period or self._period()).user_id


@tagged("post_install", "-at_install")
class TestApproverActivities(PeriodMailCommon):
    """Approvers get one activity for each period with time that waits for them."""

    def test_one_for_a_period_however_many_entries(self):
        for day in (MONDAY, date(2025, 3, 11)):
            self._submitted(date=day)
        self._submitted(date=date(2025, 3, 17))
        self._run_cron()
        activities = self._activities()
        self.assertEqual(len(activities), 2)
        self.assertEqual(activities.user_id, self.lead)
        first = activities[0]
        self.assertEqual(first.summary, f"Approve time of Carl Consultant, {self._period().label}")
        self.assertEqual(first.date_deadline, date(2025, 3, 18))
        self._run_cron()
        self.assertEqual(self._activities(), activities)

    def test_it_goes_when_nothing_waits(self):
        entries = self._submitted() | self._submitted()
        self._run_cron()
        entries[0].with_user(self.lead).action_timetrack_approve()
        self._run_cron()
        self.assertEqual(self._asked(), self.lead)
        entries[1].with_user(self.consultant).action_timetrack_withdraw()
        self._run_cron()
        self.assertFalse(self._activities())

    def test_it_goes_when_the_time_is_deleted(self):
        entry = self._submitted()
        self._run_cron()
        triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", self.cron.id)])
        entry.unlink()
        self.assertTrue(self.env["ir.cron.trigger"].search([("cron_id", "=", self.cron.id)]) - triggers)
        self._run_cron()
        self.assertFalse(self._activities())

    def test_marked_as_done_it_comes_back_the_day_after(self):
        self._submitted()
        self._run_cron()
        self._activities().with_user(self.lead).action_done()
        self._run_cron()
        self.assertFalse(self._activities())
        with freeze_time("2025-03-13"):
            self._run_cron()
        self.assertEqual(self._asked(), self.lead)

    def test_the_project_manager_where_there_is_no_line_manager(self):
        self.employee.parent_id = False
        self._submitted()
        self._run_cron()
        self.assertEqual(self._asked(), self.project_manager)

    def test_administrators_where_there_is_nobody(self):
        self._submitted(employee_id=self.employee_other_lead.id, project_id=self.internal_project.id, task_id=False)
        self._run_cron()
        self.assertIn(self.administrator, self._asked(self._period(self.employee_other_lead)))

    def test_delegates_of_the_absent(self):
        self.env["timetrack.delegation"].create(
            {"user_id": self.lead.id, "delegate_id": self.other_lead.id, "date_from": MONDAY, "date_to": TODAY}
        )
        self._submitted()
        self._run_cron()
        self.assertEqual(self._asked(), self.lead | self.other_lead)
        with freeze_time("2025-03-13"):
            self._run_cron()
        self.assertEqual(self._asked(), self.lead)

    def test_the_step_says_who(self):
        group = self.env["res.groups"].create({"name": "Partners", "user_ids": [(4, self.other_lead.id)]})
        self.company.timetrack_policy_id = self.env["timetrack.policy"].create(
            {
                "name": "Three steps",
                "step_ids": [
                    (0, 0, {"sequence": 1, "kind": "manager"}),
                    (0, 0, {"sequence": 2, "kind": "project_manager"}),
                    (0, 0, {"sequence": 3, "kind": "group", "group_id": group.id}),
                ],
            }
        )
        entry = self._submitted()
        for user in (self.lead, self.project_manager, self.other_lead):
            self._run_cron()
            self.assertEqual(self._asked(), user)
            entry.with_user(user).action_timetrack_approve()
        self.assertEqual(entry.timetrack_state, "approved")
        self._run_cron()
        self.assertFalse(self._activities())

    def test_nobody_outside_of_the_company(self):
        second = self._second_company()
        self.lead.write({"company_id": second.id, "company_ids": [(6, 0, second.ids)]})
        self._submitted()
        self._run_cron()
        self.assertNotIn(self.lead, self._asked())
        self.assertIn(self.administrator, self._asked())

    def test_the_asked_can_open_it(self):
        self.employee.parent_id = False
        self._submitted()
        self._run_cron()
        activity = self._activities().with_user(self.project_manager)
        self.assertEqual(self._period().with_user(self.project_manager).activity_ids, activity)

    def test_one_mail_for_all_with_links(self):
        self.lead.notification_type = "email"
        self._submitted()
        self._submitted(employee_id=self.employee_colleague.id)
        mails = self.env["mail.mail"].search([])
        self._run_cron()
        mail = self.env["mail.mail"].search([]) - mails
        self.assertEqual(len(mail), 1)
        self.assertEqual(mail.recipient_ids, self.lead.partner_id)
        for employee in (self.employee, self.employee_colleague):
            self.assertIn(f"/timetrack/period/{self._period(employee).id}", mail.body_html)
            self.assertIn(employee.name, mail.body_html)
        self._submitted()
        self._run_cron()
        self.assertEqual(self.env["mail.mail"].search([]) - mails, mail)

    def test_in_the_language_of_the_approver(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.lead.lang = "fr_FR"
        self._submitted()
        self._run_cron()
        self.assertIn("10–16 mars 2025", self._activities(self._period()).summary)

    def test_steps_only_wake_up_the_scheduled_action(self):
        few, many = (
            self.Line.create(
                [
                    {
                        "name": "Work",
                        "project_id": self.project.id,
                        "employee_id": self.employee.id,
                        "unit_amount": 0.01,
                        "date": MONDAY,
                    }
                    for _number in range(count)
                ]
            )
            for count in (5, 200)
        )
        counts = []
        for entries in (few, many):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            entries.with_user(self.consultant).action_timetrack_submit()
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], 40)
        self.assertFalse(self._activities())

    def test_the_run_takes_the_same_queries_for_many(self):
        employees = self.env["hr.employee"].create(
            [{"name": f"Number {number}", "parent_id": self.employee_lead.id} for number in range(40)]
        )

        def submit(members):
            entries = self.Line.create(
                [
                    {
                        "name": "Work",
                        "project_id": self.project.id,
                        "employee_id": employee.id,
                        "unit_amount": 1,
                        "date": MONDAY,
                    }
                    for employee in members
                ]
            )
            entries.action_timetrack_submit()

        def queries():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.Period._refresh_activities()
            return self.env.cr.sql_log_count - before

        submit(employees[:4])
        queries()
        few = queries()
        submit(employees[4:])
        made = queries()
        self.assertEqual(len(self._activities()), 40)
        self.assertLessEqual(queries(), few + 2)
        self.assertLessEqual(made, 150)


@tagged("post_install", "-at_install")
class TestEmployeeDigest(PeriodMailCommon):
    """Employees get one mail a period, when everything is decided."""

    def _mails(self):
        """The mails to employees: those to approvers are notifications."""
        return self.env["mail.mail"].search([("is_notification", "=", False)], order="id") - self.earlier

    def test_one_mail_when_all_is_decided(self):
        entries = self._submitted(unit_amount=2) | self._submitted(unit_amount=3.5) | self._submitted(unit_amount=1)
        entries[0].with_user(self.lead).action_timetrack_approve()
        entries[2].with_user(self.lead).action_timetrack_reject("Which task?")
        self._run_cron()
        self.assertFalse(self._mails(), "something still waits")
        entries[1].with_user(self.lead).action_timetrack_approve()
        self._run_cron()
        mail = self._mails()
        self.assertEqual(len(mail), 1)
        self.assertEqual(mail.recipient_ids, self.consultant.partner_id)
        self.assertFalse(mail.mail_message_id.with_user(self.project_manager).has_access("read"))
        self.assertFalse(self._period().message_ids, "managers of other projects read these")
        for text in ("05:30", "01:00", "Which task?", f"/odoo/my-timesheet-periods/{self._period().id}"):
            self.assertIn(text, mail.body_html)
        self._run_cron()
        self.assertEqual(self._mails(), mail, "nothing new was decided")

    def test_only_what_is_new(self):
        with freeze_time("2025-03-12 10:00:00"):
            self._submitted(unit_amount=2).with_user(self.lead).action_timetrack_approve()
            self._run_cron()
        first = self._mails()
        self.assertEqual(len(first), 1)
        with freeze_time("2025-03-12 11:00:00"):
            self._submitted(unit_amount=4).with_user(self.lead).action_timetrack_approve()
            self._run_cron()
        second = self._mails() - first
        self.assertIn("04:00", second.body_html)
        self.assertNotIn("06:00", second.body_html)

    def test_drafts_do_not_hold_it_up(self):
        self._entry()
        self._submitted().with_user(self.lead).action_timetrack_approve()
        self._run_cron()
        self.assertEqual(len(self._mails()), 1)

    def test_rejected_and_handed_in_again_is_told_once(self):
        entry = self._submitted()
        entry.with_user(self.lead).action_timetrack_reject("Which task?")
        entry.with_user(self.consultant).action_timetrack_submit()
        self._run_cron()
        self.assertFalse(self._mails())
        entry.with_user(self.lead).action_timetrack_approve()
        self._run_cron()
        self.assertEqual(len(self._mails()), 1)
        self.assertNotIn("Which task?", self._mails().body_html)

    def test_steps_in_between_are_no_decision(self):
        self.company.timetrack_policy_id = self.env["timetrack.policy"].create(
            {
                "name": "Two steps",
                "step_ids": [
                    (0, 0, {"sequence": 1, "kind": "manager"}),
                    (0, 0, {"sequence": 2, "kind": "project_manager"}),
                ],
            }
        )
        entry = self._submitted()
        entry.with_user(self.lead).action_timetrack_approve()
        self._run_cron()
        self.assertFalse(self._mails())
        entry.with_user(self.project_manager).action_timetrack_approve()
        self._run_cron()
        self.assertEqual(len(self._mails()), 1)

    def test_in_the_language_of_the_employee(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.consultant.lang = "fr_FR"
        self._submitted().with_user(self.lead).action_timetrack_reject("Quelle tâche ?")
        self._run_cron()
        self.assertIn("10–16 mars 2025", self._mails().subject)
        self.assertIn("Quelle tâche ?", self._mails().body_html)

    def test_by_work_email_without_a_user(self):
        self.employee.write({"user_id": False, "work_email": "carl@example.com"})
        self._submitted().with_user(self.lead).action_timetrack_approve()
        self._run_cron()
        self.assertEqual(self._mails().email_to, "carl@example.com")
        self.assertNotIn("/odoo/", self._mails().body_html)

    def test_not_to_those_who_left(self):
        self._submitted().with_user(self.lead).action_timetrack_approve()
        self.employee.active = False
        self._run_cron()
        self.assertFalse(self._mails())
        self.employee.active = True
        self._run_cron()
        self.assertFalse(self._mails(), "nor later")

    def test_time_that_the_policy_approves_is_no_news(self):
        self.company.timetrack_policy_id = self.env["timetrack.policy"].create(
            {"name": "Trust", "auto_approve": "always"}
        )
        self.assertEqual(self._submitted().timetrack_state, "approved")
        self._run_cron()
        self.assertFalse(self._mails())

    def test_the_scheduled_action_runs_to_its_end(self):
        self._submitted().with_user(self.lead).action_timetrack_approve()
        self._submitted(employee_id=self.employee_colleague.id)
        with self.enter_registry_test_mode():
            self.cron.method_direct_trigger()
        self.assertEqual(len(self._mails()), 1)
        self.assertEqual(self._asked(self._period(self.employee_colleague)), self.lead)


@tagged("post_install", "-at_install")
class TestDecisionPage(PeriodMailCommon, HttpCase):
    """The page that approvers come to from their mail."""

    def setUp(self):
        super().setUp()
        self.entries = self._submitted(unit_amount=2, name="Reading") | self._submitted(unit_amount=3, name="Writing")
        self.period = self._period()
        self.url = f"/timetrack/period/{self.period.id}"

    def _open(self, login="tt_lead"):
        self.authenticate(login, PASSWORD_LENGTH_OK)
        return self.url_open(self.url)

    def _decide(self, decision, ids=None, reason="", token=True):
        data = {"decision": decision, "entry_ids": self.entries.ids if ids is None else ids, "reason": reason}
        if token:
            page = self.url_open(self.url).text
            data["csrf_token"] = page.split('name="csrf_token" value="', 1)[1].split('"', 1)[0]
        return self.url_open(f"{self.url}/decide", data=data)

    def _states(self):
        self.entries.invalidate_recordset()
        return self.entries.mapped("timetrack_state")

    def test_opening_it_changes_nothing(self):
        page = self._open()
        self.assertEqual(page.status_code, 200, page.text)
        for text in ("Carl Consultant", "Reading", "Writing", "05:00"):
            self.assertIn(text, page.text)
        self.url_open(f"{self.url}?decision=approve&entry_ids={self.entries[0].id}")
        self.assertEqual(self.url_open(f"{self.url}/decide?decision=approve").status_code, 405)
        self.assertEqual(self._states(), ["submitted", "submitted"])

    def test_approve_what_is_chosen(self):
        self._open()
        page = self._decide("approve", self.entries[0].ids)
        self.assertIn("Approved: 02:00", page.text)
        self.assertEqual(self._states(), ["approved", "submitted"])
        self.assertEqual(self.entries[0].timetrack_state_user_id, self.lead)

    def test_send_back_with_a_reason(self):
        self._open()
        page = self._decide("reject")
        self.assertIn("Please say what should be changed", page.text)
        self.assertEqual(self._states(), ["submitted", "submitted"])
        page = self._decide("reject", reason="Which task?")
        self.assertIn("Sent back: 05:00", page.text)
        self.assertEqual(self._states(), ["rejected", "rejected"])
        self.assertEqual(set(self.entries.mapped("timetrack_reason")), {"Which task?"})
        self.assertIn("Nothing of this time waits for you", page.text)

    def test_not_without_the_token_of_the_page(self):
        self._open()
        self.assertEqual(self._decide("approve", token=False).status_code, 400)
        self.assertEqual(self._states(), ["submitted", "submitted"])

    def test_only_what_waits_for_oneself(self):
        foreign = self._submitted(employee_id=self.employee_lead.id)
        self._open()
        page = self._decide("approve", self.entries.ids + foreign.ids)
        self.assertIn("does not wait for you any more", page.text)
        foreign.invalidate_recordset()
        self.assertEqual(foreign.timetrack_state, "submitted")
        self.assertEqual(self._states(), ["approved", "approved"])

    def test_nothing_chosen(self):
        self._open()
        self.assertIn("Select the time", self._decide("approve", []).text)
        self.assertEqual(self._states(), ["submitted", "submitted"])

    def test_it_does_not_exist_for_others(self):
        for login in ("tt_consultant", "tt_other_lead"):
            self.assertEqual(self._open(login).status_code, 404, login)
        self.authenticate(None, None)
        page = self.url_open(self.url, allow_redirects=False)
        self.assertEqual(page.status_code, 303)
        self.assertIn("/web/login", page.headers["Location"])
