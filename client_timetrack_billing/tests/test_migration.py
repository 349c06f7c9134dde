from odoo.tests import tagged

from ..hooks import post_init_hook, pre_init_hook, uninstall_hook
from .common import TimetrackSaleCommon


@tagged("-at_install", "post_install")
class TestMigration(TimetrackSaleCommon):
    """The addon comes into a database with years of invoiced time."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.timetrack_approval_required = False
        cls.posted_entries = cls._log(1 / 3, 1 / 3, 1.0, 0.0, project_id=cls.sold.id)
        cls.posted = cls.order._create_invoices()
        cls.posted.invoice_line_ids.price_unit = 79.99
        cls.posted.write({"invoice_line_ids": [(0, 0, {"product_id": cls.product_a.id, "price_unit": 10.0})]})
        cls.posted.action_post()
        cls.draft_entries = cls._log(2.0, project_id=cls.sold.id)
        cls.draft = cls.order._create_invoices()
        cls.open_entry = cls._log(5.0, project_id=cls.sold.id)
        # as before the installation
        cls.env.flush_all()
        cls.env.cr.execute("DELETE FROM timetrack_allocation")
        cls.env.cr.execute(
            "UPDATE account_analytic_line SET timetrack_billing_state = NULL WHERE company_id = %s", cls.company.ids
        )
        cls.env.cr.execute(
            "UPDATE res_company SET timetrack_approval_required = TRUE WHERE id = %s", cls.company.ids
        )
        cls.env.invalidate_all()

    def _migrate(self):
        env = self.env(su=True)  # as modules are installed
        pre_init_hook(env)
        post_init_hook(env)
        self.env.invalidate_all()

    def test_invoiced_time_is_approved_and_in_the_ledger(self):
        self._migrate()
        invoiced = self.posted_entries + self.draft_entries
        self.assertEqual(set(invoiced.mapped("timetrack_state")), {"approved"})
        self.assertEqual(set(invoiced.timetrack_event_ids.mapped("action")), {"migrate"})
        self.assertEqual(set(self.posted_entries.mapped("timetrack_billing_state")), {"billed"})
        self.assertEqual(self.draft_entries.timetrack_billing_state, "draft")
        self.assertEqual(self.open_entry.timetrack_state, "draft")
        self.assertEqual(self.open_entry.timetrack_billing_state, "unbilled")
        rows = self.posted.timetrack_allocation_ids
        self.assertTrue(all(rows.mapped("is_migrated")))
        self.assertEqual(sum(rows.mapped("billed_amount")), self.posted.amount_untaxed)
        self.assertEqual(rows.filtered(lambda row: row.kind == "manual").billed_amount, 10.0)
        self.assertEqual(set(self.posted_entries.timetrack_allocation_ids.mapped("state")), {"posted"})
        self.env["timetrack.allocation"]._check_invoice_balance(self.posted + self.draft)
        self.assertLedger(invoiced)
        # time that is not approved is no longer delivered
        self.assertAlmostEqual(self.order_line.qty_delivered, 3.67, 2)

    def test_again_changes_nothing(self):
        self._migrate()
        domain = [("company_id", "=", self.company.id)]
        rows = self.env["timetrack.allocation"].search(domain)
        events = self.env["timetrack.approval.event"].search(domain)
        self._migrate()
        self.assertEqual(self.env["timetrack.allocation"].search(domain), rows)
        self.assertEqual(self.env["timetrack.approval.event"].search(domain), events)

    def test_migrated_invoices_live_on(self):
        self._migrate()
        self.draft.action_post()
        self.posted.button_draft()
        self.posted.action_post()
        self.assertLedger(self.posted_entries + self.draft_entries)
        self._reverse(self.posted).action_post()
        self.assertEqual(set(self.posted_entries.mapped("timetrack_billing_state")), {"unbilled"})
        self.assertLedger(self.posted_entries)

    def test_uninstalling_counts_unapproved_time_again(self):
        self._migrate()
        delivered = self.order_line.qty_delivered
        uninstall_hook(self.env(su=True))
        self.assertEqual(self.order_line.qty_delivered, delivered + 5.0)
        self.assertTrue(self.company.timetrack_approval_required)

    def test_invoices_without_an_order_come_back(self):
        """Whoever takes the addon away and brings it back has no time to bill twice."""
        self.company.timetrack_approval_required = True
        other = self._create_project("Other", self.project.partner_id)
        entries = self._log(1.0, 2.5, project_id=self.project.id) + self._log(0.5, project_id=other.id)
        entries.action_timetrack_submit()
        entries.action_timetrack_approve()
        wizard = self.env["timetrack.invoice.wizard"].create({"project_ids": [(6, 0, entries.project_id.ids)]})
        wizard.action_create_invoices()
        moves = entries.timesheet_invoice_id
        moves.action_post()
        billed = {entry: sum(entry.timetrack_allocation_ids.mapped("billed_amount")) for entry in entries}
        self.env.flush_all()
        self.env.cr.execute("DELETE FROM timetrack_allocation")
        self.env.cr.execute("UPDATE account_analytic_line SET timetrack_billing_state = 'unbilled'")
        self.env.invalidate_all()
        self._migrate()
        self.assertEqual(set(entries.mapped("timetrack_billing_state")), {"billed"})
        self.assertEqual(
            {entry: sum(entry.timetrack_allocation_ids.mapped("billed_amount")) for entry in entries}, billed
        )
        self.env["timetrack.allocation"]._check_invoice_balance(moves)
        self.assertLedger(entries)
