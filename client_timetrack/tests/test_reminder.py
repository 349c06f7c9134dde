from datetime import date, datetime

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import html2plaintext, mute_logger

from .common import TimetrackCommon

# A Thursday. The week before it is that of November 16 to 22.
NOON = "2026-11-26 12:00:00"
MONDAY = date(2026, 11, 23)


@tagged("post_install", "-at_install")
@freeze_time(NOON)
class TestReminder(TimetrackCommon):
    """People learn of time that is missing or waits, by one mail, when their company wants it and they work."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # a firm of its own, so that the rhythm is told nobody else
        cls.company = cls.env["res.company"].create({"name": "Firm", "email": "time@firm.example"})
        calendar = cls.env["resource.calendar"].create(
            {
                "name": "Eight to five",
                "company_id": cls.company.id,
                "tz": "UTC",
                "attendance_ids": [
                    (0, 0, {"name": "Day", "dayofweek": str(day), "hour_from": 9, "hour_to": 17}) for day in range(5)
                ],
            }
        )
        cls.company.resource_calendar_id = calendar
        people = cls.employee | cls.employee_lead | cls.employee_manager
        people.user_id.write({"company_ids": [(4, cls.company.id)], "company_id": cls.company.id})
        cls.env["hr.employee"].search([("user_id", "in", people.user_id.ids)]).unlink()
        cls.employee_lead = cls._hire("Lena Lead", cls.lead)
        cls.employee = cls._hire("Carl Consultant", cls.consultant, parent_id=cls.employee_lead.id)
        cls.project = cls.project.copy({"name": "Own", "company_id": cls.company.id, "user_id": False})
        cls.company.write({"timetrack_reminder": "daily", "timetrack_reminder_escalation_days": 0})
        cls.env["timetrack.period"]._ensure(cls.employee | cls.employee_lead, MONDAY)

    @classmethod
    def _hire(cls, name, user=None, start="2026-11-23", **values):
        return cls.env["hr.employee"].create(
            {
                "name": name,
                "user_id": user and user.id,
                "company_id": cls.company.id,
                "resource_calendar_id": cls.company.resource_calendar_id.id,
                "tz": "UTC",
                "date_version": start,
                "contract_date_start": start,
                **values,
            }
        )

    def _log(self, hours, day=MONDAY, employee=None, **values):
        return self._entry(
            date=day,
            unit_amount=hours,
            task_id=False,
            employee_id=(employee or self.employee).id,
            company_id=self.company.id,
            **values,
        )

    def _run(self, *moments):
        """Run at moments (default: now); return text by address of the new mails."""
        found = {}
        for moment in moments or (NOON,):
            with freeze_time(moment):
                self.env.flush_all()
                self.env.invalidate_all()
                before = self.env["mail.mail"].search([])
                self._remind()
                for mail in self.env["mail.mail"].search([]) - before:
                    found[mail.recipient_ids.user_ids] = " ".join(html2plaintext(mail.body_html).split())
        return found

    def _remind(self):
        """What the scheduled action does, which commits."""
        period = self.env["timetrack.period"].sudo()
        period._drop_settled_activities()
        list(period._take_turns(period._get_turns()))

    def _activities(self, employee=None):
        activities = self.env["mail.activity"].search([("user_id", "=", (employee or self.employee).user_id.id)])
        return activities.filtered(lambda one: one.res_model == "timetrack.period").mapped("summary")

    # ------------------------------------------------------------------
    # What is told
    # ------------------------------------------------------------------

    def test_missing_time(self):
        """Monday to Wednesday of 8 hours, less what is logged; today does not count yet."""
        self._log(10)
        mail = self._run()[self.consultant]
        self.assertIn("Hello Carl Consultant", mail)
        self.assertIn("14:00 missing", mail)
        self.assertEqual(len(self._activities()), 1)
        self.assertIn("14:00 missing", self._activities()[0])
        self.assertEqual(self._run(), {}, "once a day")

    def test_whoever_is_complete_hears_nothing(self):
        self._log(24)
        mails = self._run()
        self.assertNotIn(self.consultant, mails)
        self.assertFalse(self._activities())
        self.assertEqual(self.env["timetrack.period"]._ensure(self.employee, MONDAY).reminded_on, date(2026, 11, 26))

    def test_what_is_settled_is_asked_no_more(self):
        self._run()
        self.assertEqual(len(self._activities()), 1)
        self._log(24)
        self._run()
        self.assertFalse(self._activities())

    def test_time_that_is_not_handed_in(self):
        """Of a period that is over, with its deadline; before and after it."""
        self._log(40, day=MONDAY)
        self.assertIn("40:00 to submit until 12/01/2026", self._run("2026-11-30 12:00:00")[self.consultant])
        self.assertIn("40:00 to submit, due since 12/01/2026", self._run("2026-12-02 12:00:00")[self.consultant])
        self.company.timetrack_approval_required = False
        self.assertNotIn("to submit", self._run("2026-12-03 12:00:00").get(self.consultant, ""))

    def test_new_hires_and_leavers(self):
        new = self._hire("Nora New", self._new_user("tt_nora", "hr_timesheet.group_hr_timesheet_user"), "2026-11-25")
        gone = self._hire("Gustav Gone", self._new_user("tt_gone", "hr_timesheet.group_hr_timesheet_user"))
        gone.contract_date_end = "2026-11-24"
        mails = self._run()
        self.assertIn(" 08:00 missing", mails[new.user_id])
        self.assertNotIn(gone.user_id, mails)

    def test_part_time_and_public_holidays(self):
        half = self.company.resource_calendar_id.copy({"company_id": self.company.id})
        half.attendance_ids.filtered(lambda one: one.dayofweek not in ("0", "1", "3")).unlink()
        self.employee.resource_calendar_id = half
        # of the calendar: Odoo alone takes one of no calendar for a holiday of whatever company is the current one
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "calendar_id": half.id,
                "date_from": datetime(2026, 11, 23, 0, 0),
                "date_to": datetime(2026, 11, 23, 23, 59),
            }
        )
        self.assertIn(" 08:00 missing", self._run()[self.consultant])

    # ------------------------------------------------------------------
    # Whom, and when
    # ------------------------------------------------------------------

    def test_never_on_leave(self):
        """Whoever is on leave today is told on the next day of work."""
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Leave",
                "resource_id": self.employee.resource_id.id,
                "calendar_id": self.company.resource_calendar_id.id,
                "company_id": self.company.id,
                "date_from": datetime(2026, 11, 26, 0, 0),
                "date_to": datetime(2026, 11, 26, 23, 59),
            }
        )
        mails = self._run()
        self.assertIn(self.lead, mails)
        self.assertNotIn(self.consultant, mails)
        self.assertIn("24:00 missing", self._run("2026-11-27 12:00:00")[self.consultant])
        self.assertEqual(self._run("2026-11-28 12:00:00"), {}, "Saturday")

    def test_timetrack_reminder_of_the_company(self):
        """Daily, weekly on Friday, after the period on the first day of work, never."""
        days = [f"2026-11-{day} 12:00:00" for day in range(26, 31)] + ["2026-12-01 12:00:00"]

        def told(rhythm):
            periods = self.env["timetrack.period"].search([("company_id", "=", self.company.id)])
            periods.reminded_on = False
            # told of Thursday last week
            self.env["timetrack.period"]._ensure(self.employee, MONDAY).sudo().reminded_on = "2026-11-25"
            self.company.timetrack_reminder = rhythm
            return [day[8:10] for day in days if self.consultant in self._run(day)]

        self.assertEqual(told("daily"), ["26", "27", "30", "01"])
        self.assertEqual(told("weekly"), ["27"])
        self.assertEqual(told("period"), ["30"])
        self.assertEqual(told("none"), [])

    def test_timetrack_reminder_weekday_of_the_company(self):
        self.env["timetrack.period"]._ensure(self.employee, MONDAY).reminded_on = "2026-11-25"
        self.company.write({"timetrack_reminder": "weekly", "timetrack_reminder_weekday": "4"})
        self.assertNotIn(self.consultant, self._run())
        self.company.timetrack_reminder_weekday = "3"
        self.assertIn(self.consultant, self._run())

    def test_timetrack_reminder_hour_of_the_company(self):
        """In the time zone of the employee: at noon UTC it is 7 in New York."""
        self.employee.tz = "America/New_York"
        self.assertNotIn(self.consultant, self._run())
        self.company.timetrack_reminder_hour = 7
        self.assertIn(self.consultant, self._run())
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.company.timetrack_reminder_hour = 24

    def test_timetrack_reminder_tolerance_of_the_company(self):
        self._log(22)
        self.company.timetrack_reminder_tolerance = 2
        self.assertNotIn(self.consultant, self._run())
        self.company.timetrack_reminder_tolerance = 1.75
        self.env["timetrack.period"]._ensure(self.employee, MONDAY).reminded_on = False
        self.assertIn(" 02:00 missing", self._run()[self.consultant])

    def test_timetrack_reminder_may_mute_of_the_company(self):
        self.consultant.with_user(self.consultant).timetrack_mute_reminders = True
        self.assertIn(self.consultant, self._run())
        self.env["timetrack.period"]._ensure(self.employee, MONDAY).reminded_on = False
        self.env["mail.activity"].search([("user_id", "=", self.consultant.id)]).unlink()
        self.company.timetrack_reminder_may_mute = True
        self.assertNotIn(self.consultant, self._run())
        self.assertFalse(self._activities())

    def test_in_the_language_of_the_reader(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.consultant.lang = "fr_FR"
        self._log(40)
        self.assertIn("01/12/2026", self._run("2026-11-30 12:00:00")[self.consultant])

    # ------------------------------------------------------------------
    # Managers and approvers
    # ------------------------------------------------------------------

    def test_timetrack_reminder_escalation_days_of_the_company(self):
        self._log(24, employee=self.employee_lead)
        self.company.timetrack_reminder_escalation_days = 4
        self.assertEqual(self._run().keys(), {self.consultant})
        mails = self._run("2026-11-27 12:00:00")
        self.assertNotIn("Carl Consultant", mails.get(self.lead, ""))
        mail = self._run("2026-11-30 12:00:00")[self.lead]
        self.assertIn("Carl Consultant", mail)
        self.assertIn("40:00 missing", mail)
        self.company.timetrack_reminder_escalation_days = 0
        self.assertNotIn("Carl Consultant", self._run("2026-12-01 12:00:00")[self.lead])

    def test_timetrack_reminder_pending_days_of_the_company(self):
        """Two entries, handed in on Monday and on Wednesday."""
        self._log(24, employee=self.employee_lead)
        for moment, hours in (("2026-11-23 18:00:00", 3), ("2026-11-25 18:00:00", 5)):
            with freeze_time(moment):
                self._log(hours).action_timetrack_submit()
        self.company.timetrack_reminder_pending_days = 3
        self.assertNotIn(self.lead, self._run())
        self.company.timetrack_reminder_pending_days = 2
        mail = self._run("2026-11-27 12:00:00")[self.lead]
        self.assertIn(" 03:00 in 1 entries. The oldest has waited for 3 days", mail)
        self.company.timetrack_reminder_pending_days = 0
        self.assertNotIn("approval", self._run("2026-11-30 12:00:00").get(self.lead, ""))

    def test_a_forgotten_timer(self):
        self._log(24)
        self._log(24, employee=self.employee_lead)
        with freeze_time("2026-11-26 01:00:00"):
            self.env["timetrack.timer"].with_user(self.consultant).start_timer({"project_id": self.project.id})
        self.company.timetrack_timer_warn_hours = 12
        self.assertEqual(self._run(), {})
        self.company.timetrack_timer_warn_hours = 10
        self.env["timetrack.period"]._ensure(self.employee, MONDAY).reminded_on = False
        self.assertIn("running since", self._run()[self.consultant])

    # ------------------------------------------------------------------
    # Rights and speed
    # ------------------------------------------------------------------

    def test_nobody_writes_what_was_told(self):
        period = self.env["timetrack.period"]._ensure(self.employee, MONDAY)
        for user in (self.consultant, self.lead):
            with self.assertRaises(AccessError):
                period.with_user(user).sudo(False).write({"reminded_on": "2030-01-01"})

    def test_the_scheduled_action_runs_to_its_end(self):
        with self.enter_registry_test_mode():
            self.env.ref("client_timetrack.ir_cron_timetrack_period_remind").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(len(self._activities()), 1)

    def test_queries_do_not_depend_on_the_number_of_people(self):
        def cost():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._remind()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        def hire(count, name):
            users = self.env["res.users"].create(
                [
                    {
                        "name": f"{name} {number}",
                        "login": f"{name}{number}",
                        "email": f"{name}{number}@firm.example",
                        "company_ids": [(6, 0, self.company.ids)],
                        "company_id": self.company.id,
                        "group_ids": [(4, self.env.ref("hr_timesheet.group_hr_timesheet_user").id)],
                    }
                    for number in range(count)
                ]
            )
            for user in users:
                self._hire(user.name, user, parent_id=self.employee_lead.id)

        self.company.timetrack_reminder_escalation_days = 1
        self._run()
        hire(5, "first")
        few = cost()
        hire(45, "second")
        self.assertLessEqual(cost(), few + 5)
        self.assertEqual(len(self.env["mail.activity"].search([("user_id.login", "like", "second%")])), 45)
        with freeze_time("2026-11-30 12:00:00"):
            self._run()
        with freeze_time("2026-12-01 12:00:00"):
            self.assertLessEqual(cost(), few + 5)
