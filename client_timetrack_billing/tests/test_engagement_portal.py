from odoo.fields import Command
from odoo.tests import HttpCase, tagged

from .common import TimetrackBillingCommon


@tagged("-at_install", "post_install")
class TestEngagementPortal(TimetrackBillingCommon, HttpCase):
    """What clients see before it is billed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.engagement = cls.project.timetrack_engagement_ids
        cls._create_clients()

    def _page(self, login="tt_carla"):
        self.authenticate(login, login)
        return self.url_open("/my/engagements").text

    def test_portal_unbilled(self):
        self._log_approved(2.5, name="Terms of the merger")
        self._log(1.25, name="Not approved")
        self.assertIn("nothing to show", self._page())
        self.engagement.portal_unbilled = "hours"
        page = self._page()
        self.assertIn("Terms of the merger", page)
        self.assertIn("Alice", page)
        self.assertIn("02:30", page)
        self.assertNotIn("250.00", page)
        self.assertNotIn("Not approved", page)
        self.engagement.portal_unbilled = "amount"
        self.assertIn("250.00", self._page())
        self.company.timesheet_encode_uom_id = self.env.ref("uom.product_uom_day")
        self.assertRegex(self._page(), r"0\.31(.|\n)*days")
        self.company.timesheet_encode_uom_id = self.env.ref("uom.product_uom_hour")
        self.assertIn("nothing to show", self._page("tt_sam"))
        self.assertIn("/my/engagements", self.url_open("/my").text)
        # on a draft it is not billed yet, posted it is
        move = self._invoice()
        self.assertIn("Terms of the merger", self._page())
        move.action_post()
        self.assertNotIn("Terms of the merger", self._page())
        self.authenticate(None, None)
        self.assertIn("/web/login", self.url_open("/my/engagements").url)

    def test_bounded_queries(self):
        """The page takes as many for a hundred entries as for three."""
        self.engagement.write({"portal_unbilled": "amount", "portal_budget": True})
        counts = []
        for number in (3, 100):
            self._log_approved(*[0.25] * number)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertTrue(self.engagement.sudo()._get_portal_unbilled()["entries"])
            self.engagement.sudo()._get_portal_budgets()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0])

    def test_policies_have_the_last_word(self):
        self.engagement.portal_unbilled = "amount"
        policy = self.env["timetrack.policy"].create({"name": "Discreet", "portal_hide_employee": True})
        self.project.timetrack_policy_id = policy
        self._log_approved(2.5, name="Terms of the merger")
        page = self._page()
        self.assertIn("Terms of the merger", page)
        self.assertNotIn("Alice", page)
        policy.portal_time = "none"
        page = self._page()
        self.assertNotIn("Terms of the merger", page)
        self.assertNotIn("02:30", page)

    def test_portal_budget(self):
        self.env["timetrack.budget"].create({"project_id": self.project.id, "hours": 40})
        tasks = self.env["project.task"].create(
            [{"name": name, "project_id": self.project.id} for name in ("Design", "Build")]
        )
        common = {"engagement_id": self.engagement.id}
        self.env["timetrack.arrangement"].create(
            [
                {
                    **common, "name": "Design phase", "kind": "fixed", "amount": 1234, "planned_hours": 777,
                    "task_ids": [Command.set(tasks[0].ids)],
                },
                {
                    **common, "name": "Build phase", "kind": "cap", "cap_amount": 5678, "cap_hours": 56,
                    "task_ids": [Command.set(tasks[1].ids)],
                },
                {
                    **common, "name": "Helpdesk", "kind": "hours", "amount": 90, "hours": 9.5,
                    "date_from": "2026-05-01",
                },
            ]
        )  # fmt: skip
        self._log_approved(10.0, task_id=tasks[1].id)
        self._log_approved(2.0)
        self.assertIn("nothing to show", self._page())
        self.engagement.portal_budget = True
        page = self._page()
        for text in ("40:00", "12:00", "1,234.00", "5,678.00", "1,000.00", "56:00", "Helpdesk", "07:30"):
            self.assertIn(text, page)
        self.assertNotIn("777", page)
        self.assertNotIn("Not billed yet", page)
