from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from .common import ReportsCommon


@tagged("post_install", "-at_install")
class TestButtons(ReportsCommon):
    """The ways into the reports, from where people already are."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.approver, cls.biller = (
            new_test_user(
                cls.env, f"timetrack_{name}", group, company_id=cls.company.id,
                company_ids=[Command.set(cls.company.ids)],
            )
            for name, group in (("approver", "hr_timesheet.group_hr_timesheet_approver"),
                                ("biller", "client_timetrack_billing.group_billing_user"))
        )  # fmt: skip

    def _rows(self, action, user):
        report = self.env["timetrack.report"].with_user(user).with_context(allowed_company_ids=self.company.ids)
        return report.search(action["domain"])

    def test_from_a_project_and_a_client(self):
        """Who sees rates sees what it brings in; others what was planned and worked."""
        for record, field in ((self.project, "project_id"), (self.client_partner, "client_id")):
            action = record.with_user(self.approver).action_timetrack_view_report()
            self.assertIn(record.display_name, action["display_name"])
            self.assertEqual(set(self._rows(action, self.approver).mapped("kind")), {"entry", "plan"})
            action = record.with_user(self.biller).action_timetrack_view_report()
            rows = self._rows(action, self.biller)
            self.assertIn("billing", str(action["domain"]))
            self.assertEqual(rows[field], record)

    def test_from_an_employee(self):
        """14 of 152 hours in March, the year's first; one query for all of them."""
        with freeze_time("2025-03-31"):
            ada = self.ada.with_user(self.approver)
            self.assertAlmostEqual(ada.timetrack_utilization, 14 / 152)
            self.assertTrue(ada.timetrack_has_capacity)
            # nothing of nothing is no utilization
            newcomer = self._create_employee("Eve", self.full_time, contract_date_start="2025-04-01")
            self.assertFalse(newcomer.with_user(self.approver).timetrack_has_capacity)
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.firm.with_user(self.approver).mapped("timetrack_utilization")
            self.assertLessEqual(self.env.cr.sql_log_count - before, 12)
        action = ada.action_timetrack_view_report()
        self.assertEqual(self._rows(action, self.approver).employee_id, self.ada)
        with self.assertRaises(AccessError):
            self.ada.with_user(self.ada.user_id).read(["timetrack_utilization"])

    def test_entries_behind_rows(self):
        rows = self.Report.search(self._in_march(("kind", "=", "entry"), ("employee_id", "=", self.ada.id)))
        action = rows.action_open_entries()
        found = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(found, self.entries.filtered(lambda line: line.employee_id == self.ada).sorted(found._order))
        with self.assertRaises(UserError):
            self.Report.search(self._in_march(("kind", "=", "capacity")), limit=1).action_open_entries()

    def test_work_in_progress_at_a_date(self):
        form = Form(self.env["timetrack.wip.wizard"].with_user(self.biller))
        form.date = date(2025, 3, 3)
        action = form.save().action_open()
        self.assertEqual(action["context"], {"timetrack_as_of": "2025-03-03"})
        self.assertIn("03/03/2025", action["display_name"])
        with self.assertRaises(AccessError):
            self.env["timetrack.wip.wizard"].with_user(self.ada.user_id).create({})
