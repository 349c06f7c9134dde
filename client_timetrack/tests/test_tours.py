from datetime import timedelta

from odoo import fields
from odoo.tests import HttpCase, tagged

from .common import TimetrackCommon

DAY = timedelta(days=1)


@tagged("post_install", "-at_install")
class TestTours(TimetrackCommon, HttpCase):
    """In the browser, as the person would; any error on the console fails the tour."""

    def test_consultant_logs_and_submits(self):
        self.start_tour("/odoo/timesheets", "timetrack_consultant_tour", login=self.consultant.login)
        entry = self.env["account.analytic.line"].search([("name", "=", "Reading the contract")])
        self.assertEqual(entry.employee_id, self.employee)
        self.assertEqual(entry.unit_amount, 2.25)
        self.assertEqual(entry.timetrack_activity_id, self.activity_research)
        self.assertEqual(entry.timetrack_state, "submitted")

    def test_consultant_fills_the_week(self):
        self.start_tour("/odoo/my-week", "timetrack_week_tour", login=self.consultant.login)
        entry = self.env["account.analytic.line"].search([("name", "=", "Reading the contract")])
        self.assertRecordValues(
            entry,
            [
                {
                    "employee_id": self.employee.id,
                    "task_id": self.task.id,
                    "unit_amount": 2.25,
                    "timetrack_state": "submitted",
                }
            ],
        )

    def test_manager_logs_for_the_team(self):
        self.start_tour("/odoo/team-time", "timetrack_team_tour", login=self.lead.login)
        entry = self.env["account.analytic.line"].search([("employee_id", "=", self.employee.id)])
        self.assertRecordValues(
            entry,
            [{"task_id": self.task.id, "unit_amount": 3.0, "timetrack_state": "draft", "create_uid": self.lead.id}],
        )

    def test_manager_approves_and_rejects(self):
        right = self._submitted(name="Right")
        wrong = self._submitted(name="Wrong")
        self.start_tour("/odoo/time-to-approve", "timetrack_manager_tour", login=self.lead.login)
        self.assertEqual((right.timetrack_state, right.timetrack_state_user_id), ("approved", self.lead))
        self.assertEqual(wrong.timetrack_state, "rejected")
        self.assertEqual(wrong.timetrack_reason, "Please book this on the right task")

    def test_guided_tour_of_a_week(self):
        """What people are shown works as it is said: the first work that is found gets an hour and a half."""
        self.start_tour("/odoo/my-week", "timetrack_log_time", login=self.consultant.login)
        entry = self.env["account.analytic.line"].search([("employee_id", "=", self.employee.id)])
        self.assertRecordValues(entry, [{"unit_amount": 1.5, "timetrack_state": "submitted"}])

    def test_guided_tour_of_an_approval(self):
        week = fields.Date.today() - timedelta(days=fields.Date.today().weekday() + 7)
        entries = self._submitted(name="Monday", date=week) + self._submitted(name="Tuesday", date=week + DAY)
        self.start_tour("/odoo/approve-time", "timetrack_approve_time", login=self.lead.login)
        self.assertEqual(set(entries.mapped("timetrack_state")), {"approved"})

    def test_tours_are_offered_to_who_can_take_them(self):
        for user, count in ((self.consultant, 1), (self.lead, 2)):
            code = f"""
                (async () => {{
                    const {{ registry }} = odoo.loader.modules.get("@web/core/registry");
                    const {{ user }} = odoo.loader.modules.get("@web/core/user");
                    const tours = registry.category("client_timetrack.tours").getEntries();
                    const mine = [];
                    for (const [name, tour] of tours) {{
                        if (["timetrack_log_time", "timetrack_approve_time"].includes(name)
                                && (await user.hasGroup(tour.group))) {{
                            mine.push(name);
                        }}
                    }}
                    console.log(mine.length === {count} ? "test successful" : "offered: " + mine);
                }})();
            """
            self.browser_js("/odoo", code, ready="odoo.isReady === true", login=user.login)

    def test_no_other_tour_follows(self):
        """Who asked for one of ours did not ask for those of Odoo."""
        self.env["web_tour.tour"].create({"name": "some_tour"})
        self.consultant.tour_enabled = True
        tours = self.env(user=self.consultant)["web_tour.tour"]
        self.assertFalse(tours.consume("timetrack_log_time"))
        self.assertTrue(tours.consume("another"))


@tagged("post_install", "-at_install")
class TestToursOnPhone(TimetrackCommon, HttpCase):
    browser_size = "390x844"
    touch_enabled = True

    def test_consultant_logs_on_the_train(self):
        self.start_tour("/odoo/my-week", "timetrack_phone_tour", login=self.consultant.login)
        entry = self.env["account.analytic.line"].search([("name", "=", "On the train")])
        self.assertRecordValues(entry, [{"employee_id": self.employee.id, "unit_amount": 1.5, "task_id": self.task.id}])

    def test_manager_logs_for_the_team_on_the_train(self):
        self.start_tour("/odoo/team-time", "timetrack_team_phone_tour", login=self.lead.login)
        entry = self.env["account.analytic.line"].search([("employee_id", "=", self.employee.id)])
        self.assertRecordValues(entry, [{"unit_amount": 0.75, "task_id": self.task.id, "create_uid": self.lead.id}])
