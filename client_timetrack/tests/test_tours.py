from odoo.tests import HttpCase, tagged

from .common import TimetrackCommon


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
