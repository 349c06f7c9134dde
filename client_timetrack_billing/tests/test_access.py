from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw
from odoo.tests import new_test_user, tagged

from .common import TimetrackBillingCommon


@tagged("-at_install", "post_install")
class TestAccess(TimetrackBillingCommon):
    """What each role may do, over RPC as well."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.entry = cls._log_approved(2.0)
        cls.move = cls._invoice()
        cls.row = cls.move.timetrack_allocation_ids

    def _rpc(self, user, record, method, *args, **context):
        model = record.with_user(user)
        return call_kw(model.browse(), method, [record.ids, *args], {"context": context})

    def test_no_default_links_time_to_an_invoice(self):
        vals = {"name": "x", "project_id": self.project.id, "employee_id": self.alice.id, "unit_amount": 1}
        Line = self.env["account.analytic.line"].with_user(self.user_consultant)
        self.assertFalse(Line.with_context(default_timesheet_invoice_id=self.move.id).create(vals).timesheet_invoice_id)

    def test_nobody_writes_the_ledger(self):
        for user in (self.user_billing, self.user_approver, self.user_consultant, self.env.ref("base.user_admin")):
            with self.subTest(user=user.login):
                # closed for those who may change lines of open pre-bills, no business of the others
                with self.assertRaises(UserError):
                    self._rpc(user, self.row, "write", {"billed_amount": 1.0}, timetrack_internal=True)
                with self.assertRaises(AccessError):
                    self._rpc(user, self.row, "write", {"standard_value": 1.0}, timetrack_internal=True)
                with self.assertRaises(AccessError):
                    self._rpc(user, self.row, "unlink", timetrack_internal=True)
                with self.assertRaises(AccessError):
                    call_kw(
                        self.row.with_user(user).browse(),
                        "create",
                        [{"currency_id": 1, "company_id": self.company.id}],
                        {"context": {"timetrack_internal": 1}},
                    )
        for method in (lambda: self.row.sudo().write({"state": "posted"}), self.row.sudo().unlink):
            with self.assertRaises(AccessError):
                method()

    def test_the_ledger_cannot_be_written_through_its_relatives(self):
        for record in (self.move, self.move.invoice_line_ids, self.entry):
            # what people change on an open pre-bill is closed here, everything else is nobody's
            with self.assertRaises(UserError):
                record.write({"timetrack_allocation_ids": [(1, self.row.id, {"billed_amount": 1.0})]})
            with self.assertRaises(AccessError):
                record.write({"timetrack_allocation_ids": [(1, self.row.id, {"standard_value": 1.0})]})

    def test_protected_fields_of_entries(self):
        draft = self._log(1.0)
        manager = new_test_user(
            self.env,
            "tt_all",
            "hr_timesheet.group_timesheet_manager,client_timetrack_billing.group_billing_user",
            company_id=self.company.id,
            company_ids=self.company.ids,
        )
        for name, value in {
            "timetrack_rate": 1.0,
            "timetrack_rate_currency_id": self.company.currency_id.id,
            "timetrack_rate_id": self.card.rate_ids[:1].id,
            "timetrack_billing_state": "billed",
            "timesheet_invoice_id": self.move.id,
        }.items():
            with self.subTest(field=name):
                with self.assertRaises(UserError):
                    self._rpc(manager, draft, "write", {name: value}, timetrack_internal=True)
                with self.assertRaises(UserError):
                    draft.with_user(manager).create(
                        {"name": "x", "project_id": self.project.id, "employee_id": self.alice.id, name: value}
                    )

    def test_roles(self):
        consultant, billing = self.user_consultant, self.user_billing
        self.assertEqual(self.entry.with_user(consultant).timetrack_billing_state, "draft")
        with self.assertRaises(AccessError):
            self.entry.with_user(consultant).read(["timetrack_allocation_ids"])
        with self.assertRaises(AccessError):
            self.project.with_user(consultant).read(["timetrack_unbilled_hours"])
        self.assertEqual(self.row.with_user(billing).billed_amount, 200.0)
        # prices are for the billing manager to change
        for record in (self.card, self.card.rate_ids[0]):
            with self.assertRaises(AccessError):
                record.with_user(billing).write({"note": "Agreed"} if record == self.card else {"rate": 1.0})
        with self.assertRaises(AccessError):
            self.card.with_user(billing).action_reprice()
        self.assertTrue(self.card.with_user(self.user_billing_manager).write({"note": "Agreed"}))
        with self.assertRaises(AccessError):
            self._log(1.0).with_user(billing).write({"name": "Changed"})
        viewer = new_test_user(self.env, "tt_viewer", "client_timetrack_billing.group_rate_viewer")
        viewer.write({"company_ids": [(4, self.company.id)], "company_id": self.company.id})
        self.assertEqual(sorted(self.card.with_user(viewer).rate_ids.mapped("rate")), [100.0, 150.0])
        with self.assertRaises(AccessError):
            self.card.rate_ids[0].with_user(viewer).rate = 1.0
        with self.assertRaises(AccessError):
            self.row.with_user(viewer).read(["billed_amount"])

    def test_the_billing_user_sees_time_of_private_projects(self):
        private = self._create_project("Private", self.partner_a, privacy_visibility="followers")
        entry = self._log_approved(1.0, project_id=private.id)
        self.assertIn(entry, self._wizard()._get_time()[0])

    def test_other_companies_see_nothing(self):
        other = self.setup_other_company()["company"]
        stranger = new_test_user(
            self.env,
            "tt_stranger",
            "client_timetrack_billing.group_billing_user",
            company_id=other.id,
            company_ids=other.ids,
        )
        for record in (self.card, self.card.rate_ids[0], self.row, self.project.timetrack_engagement_ids):
            with self.assertRaises(AccessError):
                record.with_user(stranger).read(["display_name"])
        wizard = self.env["timetrack.invoice.wizard"].with_user(stranger).create({"date_to": "2026-12-31"})
        self.assertFalse(wizard.entry_count)
