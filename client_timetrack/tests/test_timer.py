from unittest.mock import patch

from freezegun import freeze_time
from psycopg2 import errors

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from .common import TimetrackCommon


@tagged("post_install", "-at_install")
class TestTimer(TimetrackCommon):
    """The stopwatch, from start to time entry."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.employee.tz = "Europe/Brussels"
        cls.policy = cls.env["timetrack.policy"].create({"name": "Clock"})
        cls.company.timetrack_policy_id = cls.policy

    def _timer(self, user=None):
        return self.env["timetrack.timer"].with_user(user or self.consultant)

    def _at(self, moment, method, *args, user=None, **kwargs):
        """Call a method of the timer at a moment (UTC) of the 25th of November 2026, or of the day it names."""
        moment = moment if len(moment) > 8 else f"2026-11-25 {moment}"
        with freeze_time(moment):
            return getattr(self._timer(user), method)(*args, **kwargs)

    def _work(self, **values):
        return {"project_id": self.project.id, "task_id": self.task.id, **values}

    def _logged(self, employee=None):
        """(date, hours, description, start, stop) of the entries that timers made."""
        lines = self.env["account.analytic.line"].search(
            [("employee_id", "=", (employee or self.employee).id), ("timetrack_timer_id", "!=", False)], order="id"
        )
        return [
            (
                fields.Date.to_string(line.date),
                round(line.unit_amount, 4),
                line.name,
                fields.Datetime.to_string(line.timetrack_start)[11:],
                fields.Datetime.to_string(line.timetrack_stop)[11:],
            )
            for line in lines
        ]

    # ------------------------------------------------------------------
    # Start to entry
    # ------------------------------------------------------------------

    def test_from_start_to_entry(self):
        answer = self._at("09:00:00", "start_timer", self._work(name=" Call "))
        timer = answer["timer"]
        self.assertEqual(
            (timer["state"], timer["name"], timer["elapsed"], answer["notice"]), ("running", "Call", 0, "")
        )
        self.assertEqual(timer["values"]["project_id"], [self.project.id, "Merger"])
        self.assertEqual(self._at("09:20:05", "get_state")["timer"]["elapsed"], 1205)
        answer = self._at("09:30:00", "stop_timer")
        self.assertEqual((answer["timer"], answer["to_sort"], answer["notice"]), (False, [], ""))
        self.assertEqual(self._logged(), [("2026-11-25", 0.5, "Call", "09:00:00", "09:30:00")])
        line = self.env["account.analytic.line"].search([("timetrack_timer_id", "!=", False)])
        self.assertEqual((line.user_id, line.task_id, line.timetrack_state), (self.consultant, self.task, "draft"))
        self.assertEqual(line.create_uid, self.consultant)

    def test_what_is_left_of_the_task(self):
        self.assertIs(self._at("09:00:00", "start_timer", self._work())["timer"]["left"], False)
        self.task.allocated_hours = 10
        self._entry(unit_amount=2.5)
        self.assertEqual(self._at("09:05:00", "get_state")["timer"]["left"], 7.5)

    def test_pauses(self):
        self._at("09:00:00", "start_timer", self._work())
        answer = self._at("09:30:00", "pause_timer")
        self.assertEqual((answer["timer"]["state"], answer["timer"]["elapsed"]), ("paused", 1800))
        self.assertEqual(self._at("10:00:00", "get_state")["timer"]["elapsed"], 1800)
        self._at("10:00:00", "resume_timer")
        self._at("10:00:30", "resume_timer")
        self._at("10:15:00", "stop_timer")
        self.assertEqual(self._logged(), [("2026-11-25", 0.75, "/", "09:00:00", "10:15:00")])
        timer = self.env["timetrack.timer"].search([("employee_id", "=", self.employee.id)])
        self.assertEqual((timer.state, timer.hours, len(timer.lap_ids), len(timer.entry_ids)), ("booked", 0.75, 2, 1))

    def test_a_paused_timer_stops(self):
        self._at("09:00:00", "start_timer", self._work())
        self._at("09:30:00", "pause_timer")
        self._at("18:00:00", "stop_timer")
        self.assertEqual(self._logged(), [("2026-11-25", 0.5, "/", "09:00:00", "09:30:00")])

    def test_another_start_stops_the_first(self):
        self._at("09:00:00", "start_timer", self._work(name="First"))
        answer = self._at("10:00:00", "start_timer", {"project_id": self.internal_project.id})
        self.assertEqual(answer["timer"]["values"]["project_id"], [self.internal_project.id, "Office"])
        self.assertEqual(self._logged(), [("2026-11-25", 1.0, "First", "09:00:00", "10:00:00")])

    def test_the_same_work_goes_on(self):
        first = self._at("09:00:00", "start_timer", self._work())
        again = self._at("10:00:00", "start_timer", self._work())
        self.assertEqual(again["timer"]["id"], first["timer"]["id"])
        self._at("10:00:00", "pause_timer")
        again = self._at("11:00:00", "start_timer", self._work())
        self.assertEqual((again["timer"]["id"], again["timer"]["state"]), (first["timer"]["id"], "running"))

    def test_a_slip_of_the_finger(self):
        self._at("09:00:00", "start_timer", self._work())
        answer = self._at("09:00:09", "stop_timer")
        self.assertIn("10 seconds", answer["notice"])
        self.assertEqual(self._logged(), [])
        self.assertFalse(self.env["timetrack.timer"].search([("employee_id", "=", self.employee.id)]))

    def test_discard(self):
        self._at("09:00:00", "start_timer", self._work())
        self.assertFalse(self._at("10:00:00", "discard_timer")["timer"])
        self.assertEqual(self._logged(), [])
        with self.assertRaisesRegex(UserError, "No timer is running"):
            self._at("10:00:00", "stop_timer")

    def test_what_it_is_for_changes_while_it_runs(self):
        self._at("09:00:00", "start_timer", {"name": "Something"})
        self._at(
            "09:05:00", "update_timer", {"task_id": self.task.id, "timetrack_activity_id": self.activity_research.id}
        )
        self._at("10:00:00", "stop_timer")
        line = self.env["account.analytic.line"].search([("timetrack_timer_id", "!=", False)])
        self.assertEqual((line.project_id, line.task_id), (self.project, self.task))
        self.assertEqual((line.timetrack_activity_id, line.name), (self.activity_research, "Something"))

    # ------------------------------------------------------------------
    # Midnight
    # ------------------------------------------------------------------

    def test_midnight_of_the_employee(self):
        self._at("22:00:00", "start_timer", self._work())
        self._at("2026-11-26 00:15:00", "stop_timer")
        self.assertEqual(
            self._logged(),
            [
                ("2026-11-25", 1.0, "/", "22:00:00", "23:00:00"),
                ("2026-11-26", 1.25, "/", "23:00:00", "00:15:00"),
            ],
        )

    def test_midnight_elsewhere(self):
        self.employee.tz = "America/New_York"
        self._at("22:00:00", "start_timer", self._work())
        self._at("2026-11-26 00:15:00", "stop_timer")
        self.assertEqual(self._logged(), [("2026-11-25", 2.25, "/", "22:00:00", "00:15:00")])

    def test_the_night_that_is_an_hour_shorter(self):
        self._at("2026-03-28 23:00:00", "start_timer", self._work())
        self._at("2026-03-29 04:00:00", "stop_timer")
        self.assertEqual(self._logged(), [("2026-03-29", 5.0, "/", "23:00:00", "04:00:00")])

    def test_the_night_that_is_an_hour_longer(self):
        self._at("2026-10-24 21:00:00", "start_timer", self._work())
        self._at("2026-10-25 02:30:00", "stop_timer")
        self.assertEqual(
            self._logged(),
            [
                ("2026-10-24", 1.0, "/", "21:00:00", "22:00:00"),
                ("2026-10-25", 4.5, "/", "22:00:00", "02:30:00"),
            ],
        )

    def test_across_the_date_line(self):
        """Samoa had no 30th of December in 2011; the day of Auckland is not that of the server."""
        self.employee.tz = "Pacific/Apia"
        self._at("2011-12-30 09:30:00", "start_timer", self._work())
        self._at("2011-12-30 10:45:00", "stop_timer")
        self.employee.tz = "Pacific/Auckland"
        self._at("2026-11-24 12:30:00", "start_timer", self._work())
        self._at("2026-11-24 13:30:00", "stop_timer")
        self.assertEqual(
            self._logged(),
            [
                ("2011-12-29", 0.5, "/", "09:30:00", "10:00:00"),
                ("2011-12-31", 0.75, "/", "10:00:00", "10:45:00"),
                ("2026-11-25", 1.0, "/", "12:30:00", "13:30:00"),
            ],
        )

    def test_who_travels_while_it_runs(self):
        """The days are those of where the work ends; no minute is lost between them."""
        self._at("22:00:00", "start_timer", self._work())
        self.employee.tz = "America/New_York"
        self._at("2026-11-26 00:15:00", "stop_timer")
        self.assertEqual(self._logged(), [("2026-11-25", 2.25, "/", "22:00:00", "00:15:00")])

    def test_a_clock_that_is_a_little_behind(self):
        """Servers that share the database do not have quite the same time."""
        self._at("09:00:10", "start_timer", self._work())
        self._at("09:00:05", "pause_timer")
        self._at("09:00:08", "resume_timer")
        self.assertEqual(self._at("09:00:07", "get_state")["timer"]["elapsed"], 0)
        self._at("09:30:08", "stop_timer")
        self.assertEqual(self._logged(), [("2026-11-25", 0.5, "/", "09:00:08", "09:30:08")])

    def test_a_clock_that_is_set_back(self):
        """What ran before cannot be told: nobody is made to believe that it was nothing."""
        self._at("09:00:00", "start_timer", self._work())
        for method in ("stop_timer", "pause_timer"):
            with self.assertRaisesRegex(UserError, "the clock was set back"):
                self._at("08:30:00", method)
        self.assertEqual(self._at("08:30:00", "get_state")["timer"]["state"], "running")
        self._at("10:00:00", "stop_timer")
        self.assertEqual(self._logged(), [("2026-11-25", 1.0, "/", "09:00:00", "10:00:00")])

    # ------------------------------------------------------------------
    # Policy
    # ------------------------------------------------------------------

    def _hours_of(self, seconds):
        """Hours that the policy makes of seconds."""
        self.env["account.analytic.line"].search([("timetrack_timer_id", "!=", False)]).unlink()
        self._at("08:00:00", "start_timer", self._work())
        minutes, rest = divmod(seconds, 60)
        self._at(f"08:{minutes:02}:{rest:02}", "stop_timer")
        return sum(entry[1] for entry in self._logged())

    def test_timer_increment(self):
        self.assertEqual(self._hours_of(16 * 60), round(16 / 60, 4))
        self.policy.timer_increment = 15
        self.assertEqual(self._hours_of(16 * 60), 0.5)
        self.assertEqual(self._hours_of(15 * 60), 0.25)

    def test_timer_minimum(self):
        self.assertEqual(self._hours_of(60), round(1 / 60, 4))
        self.policy.timer_minimum = 6
        self.assertEqual(self._hours_of(60), 0.1)

    def test_timer_rounding(self):
        self.policy.timer_increment = 15
        self.assertEqual(self._hours_of(17 * 60), 0.5)
        self.policy.timer_rounding = "nearest"
        self.assertEqual(self._hours_of(17 * 60), 0.25)
        self.assertEqual(self._hours_of(23 * 60), 0.5)
        self.policy.timer_rounding = "down"
        self.assertEqual(self._hours_of(23 * 60), 0.25)
        self.assertEqual(self._hours_of(14 * 60), 0)

    def test_the_raw_time_is_kept(self):
        self.policy.timer_increment = 15
        self._hours_of(16 * 60)
        timer = self.env["timetrack.timer"].search([("state", "=", "booked")], limit=1)
        self.assertAlmostEqual(timer.hours, 16 / 60)

    def test_the_project_has_its_own_policy(self):
        self.project.timetrack_policy_id = self.policy.copy({"timer_increment": 60})
        self.assertEqual(self._hours_of(61), 1.0)

    def test_numbers_of_the_policy(self):
        for values in ({"timer_minimum": -1}, {"timer_increment": -1}, {"timer_increment": 1441}):
            with self.subTest(values), mute_logger("odoo.sql_db"), self.assertRaises(errors.CheckViolation):
                with self.env.cr.savepoint():
                    self.policy.write(values)

    # ------------------------------------------------------------------
    # Nothing is lost
    # ------------------------------------------------------------------

    def test_free_text_is_sorted_later(self):
        self._at("09:00:00", "start_timer", {"name": "Phone"})
        answer = self._at("10:00:00", "stop_timer")
        self.assertIn("choose a project", answer["notice"])
        [waiting] = answer["to_sort"]
        self.assertEqual((waiting["name"], waiting["elapsed"], waiting["state"]), ("Phone", 3600, "stopped"))
        answer = self._at("18:00:00", "book_timer", waiting["id"], self._work())
        self.assertEqual(answer["to_sort"], [])
        self.assertEqual(self._logged(), [("2026-11-25", 1.0, "Phone", "09:00:00", "10:00:00")])
        with self.assertRaisesRegex(UserError, "sorted already"):
            self._at("18:00:00", "book_timer", waiting["id"], self._work())

    def test_what_a_rule_refuses_is_kept(self):
        self.policy.write({"day_hours_severity": "block", "day_hours_max": 2})
        self._at("09:00:00", "start_timer", self._work())
        answer = self._at("12:00:00", "stop_timer")
        self.assertIn("Clock", answer["notice"])
        self.assertEqual(self._logged(), [])
        [waiting] = answer["to_sort"]
        self.assertIn("Clock", waiting["refusal"])
        self.policy.day_hours_max = 8
        self._at("12:05:00", "book_timer", waiting["id"])
        self.assertEqual(self._logged(), [("2026-11-25", 3.0, "/", "09:00:00", "12:00:00")])

    def test_half_a_night_is_not_booked(self):
        """A rule that refuses one of two days refuses both: nothing is half done."""
        self.company.timetrack_lock_date = "2026-11-25"
        self._at("22:00:00", "start_timer", self._work())
        answer = self._at("2026-11-26 01:00:00", "stop_timer")
        self.assertEqual((self._logged(), len(answer["to_sort"])), ([], 1))

    def test_discard_what_was_to_sort(self):
        self._at("09:00:00", "start_timer")
        [waiting] = self._at("10:00:00", "stop_timer")["to_sort"]
        self.assertEqual(self._at("10:00:00", "discard_timer", waiting["id"])["to_sort"], [])

    def test_a_forgotten_timer_stops_earlier(self):
        self._at("09:00:00", "start_timer", self._work())
        for wrong in ("2026-11-25 08:00:00", "2026-11-25 23:00:00", "soon"):
            with self.subTest(wrong), self.assertRaises(UserError):
                self._at("22:00:00", "stop_timer", wrong)
        self._at("22:00:00", "stop_timer", "2026-11-25 11:00:00")
        self.assertEqual(self._logged(), [("2026-11-25", 2.0, "/", "09:00:00", "11:00:00")])

    def test_timetrack_timer_warn_hours(self):
        self._at("09:00:00", "start_timer", self._work())
        self.company.timetrack_timer_warn_hours = 0
        with freeze_time("2026-11-26 09:00:00"):
            self.env["timetrack.timer"]._cron_warn()
        timer = self.env["timetrack.timer"].search([("state", "=", "running")])
        self.assertFalse(timer.is_warned)
        self.company.timetrack_timer_warn_hours = 4
        with freeze_time("2026-11-25 12:59:00"):
            self.env["timetrack.timer"]._cron_warn()
        self.assertFalse(timer.is_warned)
        domain = [("partner_ids", "=", self.consultant.partner_id.id), ("subject", "like", "timer")]
        with freeze_time("2026-11-25 13:01:00"):
            self.env["timetrack.timer"]._cron_warn()
            self.env["timetrack.timer"]._cron_warn()
        self.assertTrue(timer.is_warned)
        self.assertEqual(self.env["mail.message"].search_count(domain), 1)
        self.assertEqual(self._at("13:01:00", "get_state")["warn_hours"], 4)

    def test_a_timer_that_nobody_can_be_told_of_holds_up_no_other(self):
        self._at("09:00:00", "start_timer", self._work())
        broken = self.env["timetrack.timer"].search([("state", "=", "running")])
        self._at("09:00:00", "start_timer", self._work(), user=self.colleague)
        other = self.env["timetrack.timer"].search([("state", "=", "running")]) - broken
        warn = type(broken)._warn

        def fail(timer):
            if timer == broken:
                raise ValueError("No address")
            return warn(timer)

        with (
            freeze_time("2026-11-25 20:01:00"),
            patch.object(type(broken), "_warn", fail),
            self.assertLogs("odoo.addons.client_timetrack.models.timetrack_timer", "ERROR"),
        ):
            self.env["timetrack.timer"]._cron_warn()
        self.assertEqual((broken | other).mapped("is_warned"), [False, True])

    # ------------------------------------------------------------------
    # Whose
    # ------------------------------------------------------------------

    def test_an_employee_in_two_companies(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.consultant.company_ids += other
        second = self.env["hr.employee"].create(
            {"name": "Carl at Other", "user_id": self.consultant.id, "company_id": other.id, "tz": "UTC"}
        )
        theirs = self.env["project.project"].create(
            {"name": "Theirs", "company_id": other.id, "allow_timesheets": True, "privacy_visibility": "employees"}
        )
        self._at("09:00:00", "start_timer", self._work())
        timers = self._timer().with_context(allowed_company_ids=[self.company.id, other.id])
        with freeze_time("2026-11-25 10:00:00"):
            answer = timers.start_timer({"project_id": theirs.id})
        self.assertEqual(answer["timer"]["values"]["project_id"], [theirs.id, "Theirs"])
        self.assertEqual(len(self._logged()), 1)
        # whichever company is active
        self.assertTrue(self._at("10:30:00", "get_state")["timer"])
        self._at("11:00:00", "stop_timer")
        self.assertEqual(self._logged(second), [("2026-11-25", 1.0, "/", "10:00:00", "11:00:00")])
        line = self.env["account.analytic.line"].search([("employee_id", "=", second.id)])
        self.assertEqual(line.company_id, other)

    def test_only_ones_own(self):
        answer = self._at("09:00:00", "start_timer", self._work())
        self.assertFalse(self._at("09:00:00", "get_state", user=self.colleague)["timer"])
        for user in (self.colleague, self.lead, self.administrator):
            with self.subTest(user=user.name):
                self.assertFalse(self._timer(user).search([]))
                with self.assertRaises(UserError):
                    self._at("10:00:00", "stop_timer", user=user)
                with self.assertRaises(AccessError):
                    self._timer(user).browse(answer["timer"]["id"]).read(["name"])
        [waiting] = [self._at("09:30:00", "update_timer", {"project_id": False})["timer"]["id"]]
        self._at("10:00:00", "stop_timer")
        with self.assertRaises(UserError):
            self._at("10:00:00", "book_timer", waiting, self._work(), user=self.colleague)
        with self.assertRaises(UserError):
            self._at("10:00:00", "discard_timer", waiting, user=self.colleague)

    def test_only_by_the_methods(self):
        answer = self._at("09:00:00", "start_timer", self._work())
        timer = self._timer().browse(answer["timer"]["id"])
        for call in (
            lambda: timer.write({"state": "booked"}),
            lambda: timer.lap_ids.write({"start": "2020-01-01 00:00:00"}),
            lambda: timer.unlink(),
            lambda: self._timer().create({"employee_id": self.employee.id}),
            lambda: timer.lap_ids.create({"timer_id": timer.id, "start": "2020-01-01 00:00:00"}),
        ):
            with self.assertRaises(AccessError):
                call()
        entry = self._entry().with_user(self.consultant)
        with self.assertRaises(AccessError):
            entry.write({"timetrack_timer_id": timer.id})

    def test_wrong_values(self):
        hidden = self.env["project.project"].create({"name": "Hidden", "privacy_visibility": "followers"})
        for values in (
            {"state": "booked"},
            {"employee_id": self.employee_colleague.id},
            {"project_id": "one"},
            {"project_id": True},
            {"project_id": hidden.id},
            [],
            "x",
        ):
            if not values:
                continue
            with self.subTest(values), self.assertRaises(UserError):
                self._at("09:00:00", "start_timer", values)
        self.assertFalse(self.env["timetrack.timer"].search([]))

    def test_nobody_else_has_timers(self):
        for user in (
            new_test_user(self.env, login="tt_portal", groups="base.group_portal"),
            new_test_user(self.env, login="tt_internal", groups="base.group_user"),
        ):
            with self.assertRaises(AccessError):
                self._at("09:00:00", "start_timer", user=user)
        nobody = new_test_user(self.env, login="tt_nobody", groups="hr_timesheet.group_hr_timesheet_user")
        with self.assertRaisesRegex(UserError, "administrator"):
            self._at("09:00:00", "start_timer", user=nobody)
        self.assertEqual(
            self._at("09:00:00", "get_state", user=nobody), {"timer": False, "to_sort": [], "warn_hours": 0.0}
        )

    # ------------------------------------------------------------------
    # Several devices
    # ------------------------------------------------------------------

    def test_other_devices_are_told(self):
        self._at("09:00:00", "start_timer", self._work(name="Call"))
        self.env.cr.precommit.run()
        notification = self.env["bus.bus"].sudo().search([], order="id desc", limit=1)
        self.assertIn("timetrack.timer", notification.message)
        self.assertIn("Call", notification.message)

    def test_the_database_knows_one_open_timer(self):
        self._at("09:00:00", "start_timer", self._work())
        with self.assertRaises(errors.UniqueViolation), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.env.cr.execute(
                "INSERT INTO timetrack_timer (employee_id, state) VALUES (%s, 'paused')", [self.employee.id]
            )

    def test_queries_do_not_grow_with_what_was_measured(self):
        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._at("20:00:00", "get_state")
            return self.env.cr.sql_log_count - before

        self._at("09:00:00", "start_timer")
        self._at("09:10:00", "stop_timer")
        self._at("09:10:00", "start_timer")
        count()
        few = count()
        for minute in range(20, 40):
            self._at(f"09:{minute}:00", "start_timer", {"name": f"Call {minute}"})
        self.assertEqual(count(), few)

    def test_forms(self):
        self._at("09:00:00", "start_timer", self._work())
        self._at("10:00:00", "stop_timer")
        timer = self._timer().search([])
        with Form(timer, view="client_timetrack.timetrack_timer_view_form") as form:
            self.assertEqual(form.state, "booked")
