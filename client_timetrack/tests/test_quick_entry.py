from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import Form, new_test_user, tagged

from .common import TimetrackCommon


@tagged("post_install", "-at_install")
class TestQuickEntry(TimetrackCommon):
    """Logging time from where the work is."""

    def _log(self, record, user=None, **values):
        """Log time on a record as a person does: the button, the dialog, Save."""
        user = user or self.consultant
        action = record.with_user(user).action_timetrack_log_time()
        self.assertEqual((action["res_model"], action["target"]), ("account.analytic.line", "new"))
        lines = self.env["account.analytic.line"].with_user(user).with_context(**action["context"])
        [(view_id, _kind)] = action["views"]
        with Form(lines, view=view_id) as form:
            for name, value in values.items():
                form[name] = value
        return form.record

    def test_on_a_task(self):
        line = self._log(self.task, unit_amount=1.25, name="Call", timetrack_activity_id=self.activity_training)
        self.assertEqual((line.project_id, line.task_id), (self.project, self.task))
        self.assertEqual((line.unit_amount, line.name, line.date), (1.25, "Call", fields.Date.context_today(line)))
        self.assertEqual((line.employee_id, line.timetrack_is_billable), (self.employee, False))

    def test_on_a_project(self):
        line = self._log(self.project, unit_amount=2, task_id=self.task)
        self.assertEqual((line.task_id, line.name), (self.task, "/"))

    def test_another_on_the_same_work(self):
        line = self._log(self.task, unit_amount=1, date="2026-11-02")
        other = self._log(line, unit_amount=2)
        self.assertEqual((other.task_id, fields.Date.to_string(other.date)), (self.task, "2026-11-02"))

    def test_today_is_the_users(self):
        self.consultant.tz = "Pacific/Kiritimati"
        with freeze_time("2026-11-25 12:00:00"):
            action = (
                self.task.with_user(self.consultant).with_context(tz="Pacific/Kiritimati").action_timetrack_log_time()
            )
        self.assertEqual(action["context"]["default_date"], "2026-11-26")

    def test_where_no_time_can_be_logged(self):
        private = self.env["project.task"].create({"name": "Private", "user_ids": self.consultant.ids})
        with self.assertRaisesRegex(UserError, "private"):
            private.with_user(self.consultant).action_timetrack_log_time()
        nobody = new_test_user(self.env, login="tt_nobody", groups="hr_timesheet.group_hr_timesheet_user")
        with self.assertRaisesRegex(UserError, "administrator"):
            self.task.with_user(nobody).action_timetrack_log_time()
        self.project.allow_timesheets = False
        with self.assertRaisesRegex(UserError, "takes no time"):
            self.task.with_user(self.consultant).action_timetrack_log_time()
        self.project.write({"allow_timesheets": True, "active": False})
        with self.assertRaisesRegex(UserError, "archived"):
            self.project.with_user(self.consultant).action_timetrack_log_time()

    def test_a_rule_refuses(self):
        self.company.timetrack_policy_id = self.env["timetrack.policy"].create(
            {"name": "Strict", "day_hours_severity": "block", "day_hours_max": 8}
        )
        with self.assertRaisesRegex(UserError, "Strict"):
            self._log(self.task, unit_amount=9)

    def test_views_of_every_role(self):
        """The buttons are there for those who log time, and nobody's view breaks."""
        internal = new_test_user(self.env, login="tt_reader", groups="project.group_project_user")
        for user, expected in (
            (self.consultant, True),
            (self.lead, True),
            (self.administrator, True),
            (internal, False),
        ):
            for model, kinds in (("project.task", ("form", "kanban")), ("project.project", ("kanban",))):
                for kind in kinds:
                    with self.subTest(user=user.login, model=model, kind=kind):
                        arch = self.env[model].with_user(user).get_view(view_type=kind)["arch"]
                        self.assertEqual("action_timetrack_log_time" in arch, expected)


@tagged("post_install", "-at_install")
@freeze_time("2026-11-25 12:00:00")
class TestDuplicate(TimetrackCommon):
    """The same work on other days."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["hr.employee"].search([]).version_ids.write({"date_version": "2020-01-01"})

    def _wizard(self, lines, user=None, **values):
        action = lines.with_user(user or self.consultant).action_timetrack_duplicate()
        wizard = self.env[action["res_model"]].with_user(user or self.consultant).with_context(**action["context"])
        with Form(wizard) as form:
            for name, value in values.items():
                form[name] = value
        return form.record

    def _days(self, after="2026-11-23"):
        lines = self.env["account.analytic.line"].search(
            [("employee_id", "=", self.employee.id), ("date", ">", after), ("timetrack_state", "!=", False)],
            order="date, id",
        )
        return [(fields.Date.to_string(line.date), line.unit_amount, line.name, line.timetrack_state) for line in lines]

    def test_the_rest_of_the_week_without_holidays(self):
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday", "company_id": self.company.id, "calendar_id": False,
                "date_from": "2026-11-26 00:00:00", "date_to": "2026-11-26 23:00:00",
            }
        )  # fmt: skip
        line = self._submitted(
            date="2026-11-23", timetrack_activity_id=self.activity_research.id, timetrack_is_billable=False,
            timetrack_start="2026-11-23 08:00:00", timetrack_stop="2026-11-23 10:00:00",
        )  # fmt: skip
        wizard = self._wizard(line)
        self.assertEqual((wizard.entry_count, wizard.left_out), (3, "11/26/2026: Public holiday"))
        action = wizard.action_duplicate()
        self.assertEqual(
            self._days(),
            [(f"2026-11-{day}", 2.0, "Reading", "draft") for day in (24, 25, 27)],
        )
        created = self.env["account.analytic.line"].search(action["domain"])
        self.assertEqual(len(created), 3)
        self.assertEqual(created.timetrack_activity_id, self.activity_research)
        self.assertFalse(any(created.mapped("timetrack_is_billable")) or any(created.mapped("timetrack_start")))

    def test_chosen_weekdays(self):
        line = self._entry(date="2026-11-23")
        wizard = self._wizard(
            line, date_from="2026-11-24", date_to="2026-12-06", tuesday=False, wednesday=False, thursday=False,
            saturday=True,
        )  # fmt: skip
        wizard.action_duplicate()
        self.assertEqual([day[0][-2:] for day in self._days()], ["27", "30", "04"])
        wizard = self._wizard(line, date_from="2026-12-12", date_to="2026-12-12", saturday=True, with_days_off=True)
        wizard.action_duplicate()
        self.assertEqual(self._days("2026-12-11"), [("2026-12-12", 2.0, "Reading", "draft")])

    def test_all_or_none_unless_told(self):
        self.company.timetrack_policy_id = self.env["timetrack.policy"].create(
            {"name": "Strict", "day_hours_severity": "block", "day_hours_max": 8}
        )
        line = self._entry(date="2026-11-23", unit_amount=5)
        self._entry(date="2026-11-25", unit_amount=4, name="Busy")
        with self.assertRaisesRegex(UserError, "(?s)11/25/2026.*Strict"):
            self._wizard(line).action_duplicate()
        self.assertEqual([day[2] for day in self._days()], ["Busy"])
        self._wizard(line, skip_refused=True).action_duplicate()
        self.assertEqual([day[0][-2:] for day in self._days()], ["24", "25", "26", "27"])

    def test_several_entries(self):
        lines = self._entry(date="2026-11-23") | self._entry(date="2026-11-23", name="Call")
        self._wizard(lines, date_from="2026-11-24", date_to="2026-11-25").action_duplicate()
        self.assertEqual(len(self._days()), 4)

    def test_days_that_make_no_sense(self):
        line = self._entry(date="2026-11-23")
        for values in (
            {"date_from": "2026-12-01", "date_to": "2026-11-30"},
            {"date_from": "2026-12-05", "date_to": "2026-12-06"},
            {"date_from": "2026-12-01", "date_to": "2028-12-01"},
        ):
            with self.subTest(values), self.assertRaises(UserError):
                self._wizard(line, **values).action_duplicate()
        self.assertEqual(self._days(), [])

    def test_only_with_ones_own_rights(self):
        theirs = self._entry(date="2026-11-23", employee_id=self.employee_colleague.id)
        wizard = self.env["timetrack.duplicate.wizard"].with_user(self.consultant)
        with self.assertRaises(UserError):
            wizard.create(
                {"line_ids": theirs.ids, "date_from": "2026-11-24", "date_to": "2026-11-24"}
            ).action_duplicate()
        own = self._wizard(self._entry(date="2026-11-23"))
        with self.assertRaises(UserError):
            own.with_user(self.colleague).action_duplicate()

    def test_queries(self):
        line = self._entry(date="2026-11-23")

        def count(until):
            wizard = self._wizard(line, date_from="2026-12-01", date_to=until, with_days_off=True)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            wizard.action_duplicate()
            return self.env.cr.sql_log_count - before

        count("2026-12-01")
        few, many = count("2026-12-05"), count("2026-12-31")
        self.assertLessEqual(many - few, 2 * 20)
