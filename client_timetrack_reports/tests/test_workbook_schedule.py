import base64
from datetime import date
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import ReportsCommon
from .test_workbook import read

WIZARD = "odoo.addons.client_timetrack_reports.wizard.timetrack_workbook_wizard"


@tagged("post_install", "-at_install")
class TestWorkbookSchedule(ReportsCommon):
    """Workbooks that are built in the background and mailed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls._create_user("manager", "hr_timesheet.group_timesheet_manager")
        cls.approver = cls._create_user("approver", "hr_timesheet.group_hr_timesheet_approver", lang="fr_FR")
        cls.Request = cls.env["timetrack.workbook.request"]
        cls.cron = cls.env.ref("client_timetrack_reports.ir_cron_timetrack_workbook")

    @classmethod
    def _create_user(cls, name, groups, lang=None):
        if lang:
            cls.env["res.lang"]._activate_lang(lang)
        return new_test_user(
            cls.env,
            login=f"timetrack_{name}",
            groups=groups,
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
            **({"lang": lang} if lang else {}),
        )

    def _schedule(self, **values):
        return (
            self.env["timetrack.workbook.schedule"]
            .with_user(self.manager)
            .create({"name": "Monthly", "company_id": self.company.id, **values})
        )

    def _ask(self, user, kind="utilization", **values):
        return self.Request._ask(
            user, kind=kind, company_id=self.company.id, date_from=self.MARCH[0], date_to=self.MARCH[1], **values
        )

    def _run(self):
        with self.enter_registry_test_mode():
            self.cron.method_direct_trigger()

    def test_asked_for_and_built_later(self):
        before = self.env["ir.cron.trigger"].search_count([("cron_id", "=", self.cron.id)])
        request = self._ask(self.ada.user_id)
        self.assertEqual(self.env["ir.cron.trigger"].search_count([("cron_id", "=", self.cron.id)]), before + 1)
        mine = request.with_user(self.ada.user_id)
        notice = mine.action_download()
        self.assertEqual(notice["tag"], "display_notification")
        self.assertIn("waits for its turn", notice["params"]["message"])
        self._run()
        self.assertEqual((request.state, request.file_name), ("done", "utilization-2025-03-01-2025-03-31.xlsx"))
        self.assertIn(str(request.id), mine.action_download()["url"])
        page = read(base64.b64decode(request.file))["Utilization"]
        self.assertEqual([row[0].value for row in page.iter_rows() if row[0].value in ("Ada", "Bob")], ["Ada"])

    def test_what_was_mailed_goes_with_the_workbook(self):
        schedule = self._schedule(kind="utilization", user_ids=[Command.set(self.ada.user_id.ids)])
        self.ada.user_id.email = "ada@example.com"
        request = self._ask(self.ada.user_id, schedule_id=schedule.id)
        self._run()
        mailed = self.env["ir.attachment"].search(
            [("res_model", "=", request._name), ("res_id", "=", request.id), ("name", "=", request.file_name)]
        )
        self.assertEqual(len(mailed), 1)
        self.assertFalse(self.env["ir.attachment"].with_user(self.bob.user_id).search([("id", "=", mailed.id)]))
        self.env.cr.execute(
            "UPDATE timetrack_workbook_request SET create_date = now() - interval '2 years' WHERE id = %s", [request.id]
        )
        self.Request.invalidate_model(["create_date"])
        self.Request._gc_files()
        self.assertFalse(mailed.exists())

    def test_after_a_longer_stop_the_last_period_is_sent(self):
        with freeze_time("2025-04-10"):
            schedule = self._schedule(kind="utilization", every="month", user_ids=[Command.set(self.ada.user_id.ids)])
            self.ada.user_id.email = "ada@example.com"
            schedule.next_date = "2025-02-02"
            self.env["timetrack.workbook.schedule"]._cron_send()
        request = self.Request.search([("schedule_id", "=", schedule.id)])
        self.assertEqual((request.date_from, request.date_to), self.MARCH)
        self.assertGreater(schedule.next_date, date(2025, 4, 10))

    def test_nobody_reads_the_workbooks_of_others(self):
        request = self._ask(self.ada.user_id)
        self._run()
        for user in (self.bob.user_id, self.manager):
            self.assertFalse(self.Request.with_user(user).search([("id", "=", request.id)]))
            with self.assertRaises(AccessError):
                request.with_user(user).read(["file"])
            with self.assertRaises(AccessError):
                request.with_user(user).action_again()
        with self.assertRaises(AccessError):
            request.with_user(self.ada.user_id).write({"kind": "all"})
        with self.assertRaises(AccessError):
            self.Request.with_user(self.ada.user_id).create(
                {"kind": "all", "user_id": self.manager.id, "date_from": "2025-03-01", "date_to": "2025-03-31"}
            )

    def test_what_fails_says_why_and_may_be_tried_again(self):
        request = self._ask(self.ada.user_id)
        request.write({"date_from": "2025-04-01"})
        self._run()
        self.assertEqual(request.state, "failed")
        self.assertIn("ends before it starts", request.problem)
        with self.assertRaisesRegex(UserError, "ends before it starts"):
            request.with_user(self.ada.user_id).action_download()
        request.write({"date_from": "2025-03-01"})
        request.with_user(self.ada.user_id).action_again()
        self._run()
        self.assertEqual((request.state, request.problem), ("done", False))

    def test_a_defect_of_one_does_not_keep_the_others(self):
        broken, sound = self._ask(self.ada.user_id), self._ask(self.bob.user_id)
        Workbook = self.env.registry["timetrack.workbook"]
        build = Workbook._build_file

        def fail(workbook, *args, **kwargs):
            if workbook.env.user == self.ada.user_id:
                raise ZeroDivisionError
            return build(workbook, *args, **kwargs)

        self.patch(Workbook, "_build_file", fail)
        with self.assertLogs("odoo.addons.client_timetrack_reports.models.timetrack_workbook_request", "ERROR"):
            self._run()
        self.assertEqual((broken.state, sound.state), ("failed", "done"))
        self.assertIn("server's log", broken.problem)

    def test_big_details_are_built_later(self):
        self.startPatcher(patch(f"{WIZARD}.DIRECT_ROWS", 1))
        wizard = (
            self.env["timetrack.workbook.wizard"]
            .with_user(self.manager)
            .create(
                {"kind": "detail", "company_id": self.company.id, "date_from": self.MARCH[0], "date_to": self.MARCH[1]}
            )
        )
        self.assertEqual(wizard.action_download()["tag"], "display_notification")
        request = self.Request.search([("user_id", "=", self.manager.id)])
        self._run()
        self.assertEqual((request.state, request.rows), ("done", 6))

    def test_days_of_a_schedule(self):
        with freeze_time("2025-04-10"):
            month = self._schedule()
            week = self._schedule(every="week", delay=0)
            quarter = self._schedule(every="quarter", delay=5)
            self.assertEqual(
                [one.next_date for one in (month, week, quarter)],
                [date(2025, 5, 2), date(2025, 4, 14), date(2025, 7, 6)],
            )
            self.assertEqual(month._get_period(month.next_date), (date(2025, 4, 1), date(2025, 4, 30)))
            self.assertEqual(week._get_period(week.next_date), (date(2025, 4, 7), date(2025, 4, 13)))
            self.assertEqual(quarter._get_period(quarter.next_date), (date(2025, 4, 1), date(2025, 6, 30)))
            month.delay = 3
            self.assertEqual(month.next_date, date(2025, 5, 4))
            month.every = "week"
            self.assertEqual(month.next_date, date(2025, 4, 17))

    def test_everybody_gets_their_own(self):
        """People and members of groups, once each; nobody of another company, nobody without an address."""
        other = self.env["res.company"].create({"name": "Other"})
        outsider = new_test_user(
            self.env, "timetrack_outsider", "hr_timesheet.group_hr_timesheet_approver", company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )  # fmt: skip
        self.bob.user_id.partner_id.email = False
        with freeze_time("2025-03-20"):
            schedule = self._schedule(
                kind="utilization",
                user_ids=[Command.set((self.ada.user_id | self.bob.user_id | self.approver | outsider).ids)],
                group_ids=[Command.set(self.env.ref("hr_timesheet.group_timesheet_manager").ids)],
            )
        self.assertIn(self.manager, schedule._get_recipients())
        self.assertLessEqual(self.ada.user_id | self.approver, schedule._get_recipients())
        self.assertFalse(schedule._get_recipients() & (self.bob.user_id | outsider))
        schedule.group_ids = False
        with freeze_time("2025-04-02"):
            self.env["timetrack.workbook.schedule"]._cron_send()
            self.env["timetrack.workbook.schedule"]._cron_send()
        self.assertEqual(schedule.next_date, date(2025, 5, 2))
        requests = self.Request.search([("schedule_id", "=", schedule.id)])
        self.assertEqual(requests.user_id, self.ada.user_id | self.approver)
        self.assertEqual(set(requests.mapped("date_from")), {self.MARCH[0]})
        self._run()
        mails = self.env["mail.mail"].search([("recipient_ids", "in", requests.user_id.partner_id.ids)])
        self.assertEqual(len(mails), 2)
        by_user = {mail.recipient_ids: mail for mail in mails}
        own = by_user[self.ada.user_id.partner_id]
        rows = [row[0].value for row in read(own.attachment_ids.raw)["Utilization"].iter_rows()]
        self.assertIn("Ada", rows)
        self.assertNotIn("Cai", rows)
        all_of_them = by_user[self.approver.partner_id].attachment_ids.raw
        self.assertIn("Cai", [row[0].value for row in read(all_of_them).worksheets[0].iter_rows()])

    def test_who_may_schedule(self):
        with self.assertRaises(AccessError):
            self.env["timetrack.workbook.schedule"].with_user(self.approver).create({"name": "Mine"})
        schedule = self._schedule()
        with self.assertRaises(AccessError):
            schedule.with_user(self.approver).action_send_now()
        schedule.user_ids = self.ada.user_id
        schedule.action_send_now()
        requests = self.Request.search([("schedule_id", "=", schedule.id)])
        self.assertEqual(requests.user_id, self.ada.user_id)
        self._run()
        self.assertEqual((schedule.sent_count, schedule.failed_count), (1, 0))

    def test_workbooks_are_kept_for_a_year(self):
        request = self._ask(self.ada.user_id)
        self.env.cr.execute(
            "UPDATE timetrack_workbook_request SET create_date = now() - interval '13 months' WHERE id = %s",
            [request.id],
        )
        kept = self._ask(self.ada.user_id)
        self.Request.invalidate_model()
        self.Request._gc_files()
        self.assertEqual(kept.exists() | request.exists(), kept)
