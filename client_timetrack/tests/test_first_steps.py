from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import TimetrackCommon


@tagged("post_install", "-at_install")
class TestFirstSteps(TimetrackCommon):
    """A firm that begins: a step is done once the firm has what it is about, and the last one is an approved hour."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.young = cls.env["res.company"].create({"name": "Young Firm"})
        cls.env.user.company_ids += cls.young
        cls.env["timetrack.code.set"].search([]).action_archive()
        cls.env["project.project"].search([("company_id", "=", False)]).company_id = cls.company
        cls.founder = new_test_user(
            cls.env,
            "tt_founder",
            "hr_timesheet.group_timesheet_manager,project.group_project_manager,hr.group_hr_user",
            company_id=cls.young.id,
            company_ids=cls.young.ids,
        )
        cls.founding = cls.env["hr.employee"].create(
            {"name": "Fay Founder", "user_id": cls.founder.id, "company_id": cls.young.id}
        )

    def _panel(self, user=None):
        return self.env(user=user or self.founder)["onboarding.onboarding"].get_timetrack_first_steps()

    def _steps(self):
        """Which steps are done, by what their records are called."""
        done = {step["id"]: step["is_done"] for step in self._panel()["steps"]}
        names = ("team", "project", "codes", "policy", "entry")
        return {name: done[self.env.ref(f"client_timetrack.onboarding_step_{name}").id] for name in names}

    def test_each_step_is_done_by_what_it_is_about(self):
        expected = dict.fromkeys(("team", "project", "codes", "policy", "entry"), False)
        self.assertEqual(self._steps(), expected)
        employee = self.env["hr.employee"].create(
            {"name": "Emil Early", "company_id": self.young.id, "parent_id": self.founding.id}
        )
        self.assertEqual(self._steps(), expected := expected | {"team": True})
        project = self.env["project.project"].create(
            {
                "name": "First",
                "company_id": self.young.id,
                "allow_timesheets": True,
                "partner_id": self.client_company.id,
                "privacy_visibility": "employees",
            }
        )
        self.assertEqual(self._steps(), expected := expected | {"project": True})
        self.env.ref("client_timetrack.code_set_consulting").action_unarchive()
        self.assertEqual(self._steps(), expected := expected | {"codes": True})
        self.young.timetrack_policy_id = self.env["timetrack.policy"].create({"name": "Ours"})
        self.assertEqual(self._steps(), expected := expected | {"policy": True})
        entry = self.env["account.analytic.line"].create(
            {"name": "Hello", "project_id": project.id, "employee_id": employee.id, "unit_amount": 1}
        )
        entry.action_timetrack_submit()
        self.assertFalse(self._panel()["is_done"])
        entry.with_user(self.founder).action_timetrack_approve()
        self.assertEqual(self._steps(), expected | {"entry": True})
        self.assertTrue(self._panel()["is_done"])

    def test_steps_open_where_they_are_done(self):
        panel = self.env(user=self.founder)["onboarding.onboarding"]
        for step in self._panel()["steps"]:
            action = panel.open_timetrack_step(step["id"])
            self.assertIn(action["type"], ("ir.actions.act_window", "ir.actions.client"), step["title"])
        foreign = self.env["onboarding.onboarding.step"].create(
            {"title": "Other", "panel_step_open_action_name": "action_set_just_done"}
        )
        with self.assertRaises(AccessError):
            panel.open_timetrack_step(foreign.id)

    def test_who_cannot_make_it_gets_no_button(self):
        keeper = new_test_user(
            self.env, "tt_keeper", "hr_timesheet.group_timesheet_manager", company_id=self.young.id,
            company_ids=self.young.ids,
        )  # fmt: skip
        may_open = {step["title"]: step["may_open"] for step in self._panel(keeper)["steps"]}
        self.assertFalse(may_open["A first project"])
        self.assertTrue(may_open["Kinds of work"])

    def test_closed_is_closed_for_the_company(self):
        self.assertTrue(self._panel()["steps"])
        self.env(user=self.founder)["onboarding.onboarding"].close_timetrack_panel()
        self.assertEqual(self._panel(), {"steps": []})

    def test_nobody_else_sees_it(self):
        panel = self.env(user=self.consultant)["onboarding.onboarding"]
        self.assertEqual(panel.get_timetrack_first_steps(), {"steps": []})
        with self.assertRaises(AccessError):
            panel.close_timetrack_panel()
        with self.assertRaises(AccessError):
            panel.open_timetrack_step(self.env.ref("client_timetrack.onboarding_step_team").id)

    def test_a_firm_that_works_for_long_needs_none(self):
        """The addons are updated, and the company has approved time: it has begun without the panel."""
        self._approved()
        self.env["onboarding.progress"].search([("company_id", "=", self.company.id)]).unlink()
        self.assertEqual(self._panel(self.administrator), {"steps": []})
