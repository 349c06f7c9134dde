from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common import TimetrackBillingCommon


@tagged("-at_install", "post_install")
class TestLedger(TimetrackBillingCommon):
    """Every way an invoice of time may change, and what it does to the ledger."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.entries = cls._log_approved(1.0, 2.0, 3.0)
        cls.move = cls._invoice()
        cls.rows = cls.move.timetrack_allocation_ids

    def assertBilling(self, state):
        self.assertEqual(set(self.entries.mapped("timetrack_billing_state")), {state})

    def test_posting(self):
        self.move.action_post()
        self.assertEqual(set(self.rows.mapped("state")), {"posted"})
        self.assertBilling("billed")
        self.assertLedger(self.entries)

    def test_no_default_of_a_user_reaches_the_ledger(self):
        self.move.unlink()
        Default = self.env["ir.default"]
        for name, value in (("state", "cancelled"), ("reversed_id", self.rows[0].id), ("is_migrated", True)):
            Default.set("timetrack.allocation", name, value, user_id=self.user_billing.id)
        rows = self._invoice().timetrack_allocation_ids
        self.assertEqual(set(rows.mapped("state")), {"draft"})
        self.assertFalse(rows.reversed_id)
        self.assertFalse(any(rows.mapped("is_migrated")))
        self.assertBilling("draft")
        self.assertLedger(self.entries)

    def test_time_that_was_reopened_is_not_taken_over_by_a_new_invoice(self):
        self.move.action_post()
        self._reverse(self.move).action_post()
        self.assertBilling("unbilled")
        self.entries[0].with_user(self.user_approver).action_timetrack_reopen("Typing error")
        with self.assertRaisesRegex(UserError, "changed or reopened"), self.cr.savepoint():
            self._reverse(self.move, is_modify=True)
        self.assertEqual(self.entries[0].timetrack_billing_state, "unbilled")

    def test_two_credit_notes_take_the_time_back_once(self):
        self.move.action_post()
        refunds = self._reverse(self.move) + self._reverse(self.move)
        refunds.action_post()
        taken = self.env["timetrack.allocation"].search([("reversed_id", "in", self.rows.ids)])
        self.assertEqual(sorted(taken.mapped("reversed_id").ids), sorted(self.rows.ids))
        self.assertEqual(len(taken), len(self.rows))
        self.assertBilling("unbilled")

    def test_an_invoice_of_time_stays_an_invoice(self):
        with self.assertRaisesRegex(UserError, "stays an invoice"):
            self.move.write({"move_type": "out_receipt"})

    def test_deleting_the_draft_frees_the_time(self):
        self.move.unlink()
        self.assertEqual(set(self.rows.mapped("state")), {"cancelled"})
        self.assertBilling("unbilled")
        self.assertLedger(self.entries)
        self.assertEqual(self._invoice().amount_untaxed, 600.0)

    def test_deleting_a_line_frees_its_time(self):
        self.move.unlink()
        move = self._invoice(grouping="entry")
        line = move.invoice_line_ids[0]
        entry = line.timetrack_allocation_ids.line_id
        move.write({"invoice_line_ids": [Command.delete(line.id)]})
        self.assertEqual(entry.timetrack_billing_state, "unbilled")
        self.assertEqual(set((self.entries - entry).mapped("timetrack_billing_state")), {"draft"})
        self.assertLedger(self.entries)
        move.action_post()
        self.assertLedger(self.entries)

    def test_cancelling_and_resetting_a_cancelled_invoice(self):
        self.move.button_cancel()
        self.assertBilling("unbilled")
        self.assertLedger(self.entries)
        self.move.button_draft()
        self.assertBilling("draft")
        self.assertLedger(self.entries)
        self.move.button_cancel()
        again = self._invoice()
        with self.assertRaisesRegex(UserError, "billed elsewhere"):
            self.move.button_draft()
        self.assertEqual(self.entries.timesheet_invoice_id, again)

    def test_resetting_to_draft_and_posting_again(self):
        self.move.action_post()
        self.move.button_draft()
        self.assertBilling("draft")
        self.assertLedger(self.entries)
        self.move.action_post()
        self.assertBilling("billed")
        self.assertLedger(self.entries)
        self.move.button_draft()
        self.move.button_cancel()
        self.assertBilling("unbilled")

    def test_state_written_over_rpc_is_followed_too(self):
        self.move.write({"state": "cancel"})
        self.assertBilling("unbilled")
        self.assertLedger(self.entries)

    def test_a_changed_price_is_an_adjustment(self):
        self.move.invoice_line_ids.price_unit = 90.01
        self.move.action_post()
        rows = self.rows.sorted("hours_worked")
        self.assertEqual(rows.mapped("billed_amount"), [90.01, 180.02, 270.03])
        self.assertEqual(rows.mapped("standard_value"), [100.0, 200.0, 300.0])
        self.assertEqual(set(self.rows.mapped("adjustment_reason")), {"Changed on the invoice"})
        self.assertLedger(self.entries)

    def test_a_changed_quantity_changes_the_hours_billed(self):
        self.move.invoice_line_ids.quantity = 5.0
        self.move.action_post()
        self.assertAlmostEqual(sum(self.rows.mapped("hours_billed")), 5.0)
        self.assertEqual(sum(self.rows.mapped("hours_worked")), 6.0)
        self.assertEqual(sum(self.rows.mapped("billed_amount")), 500.0)
        self.assertEqual(sum(self.rows.mapped("adjustment")), -100.0)
        self.assertLedger(self.entries)

    def test_a_price_of_zero_and_back(self):
        self.move.invoice_line_ids.discount = 100.0
        self.move.action_post()
        self.assertEqual(sum(self.rows.mapped("billed_amount")), 0.0)
        self.move.button_draft()
        self.move.invoice_line_ids.discount = 0.0
        self.move.action_post()
        self.assertEqual(self.rows.sorted("hours_worked").mapped("billed_amount"), [100.0, 200.0, 300.0])
        self.assertLedger(self.entries)

    def test_a_line_without_time_gets_a_row_of_its_own(self):
        self.move.invoice_line_ids = [
            Command.create({"product_id": self.product_a.id, "price_unit": 50.0}),
            Command.create({"display_type": "line_note", "name": "Thank you"}),
        ]
        self.move.action_post()
        other = self.move.timetrack_allocation_ids - self.rows
        self.assertRecordValues(other, [{"kind": "manual", "line_id": False, "billed_amount": 50.0, "state": "posted"}])
        self.assertLedger(self.entries)
        self.move.button_draft()
        self.move.action_post()
        self.assertEqual(len(self.move.timetrack_allocation_ids), 4)
        self.assertLedger(self.entries)

    def test_another_currency_on_the_draft(self):
        foreign = self.setup_other_currency("EUR")
        self.move.currency_id = foreign
        self.move.action_post()
        self.assertEqual(self.rows.currency_id, foreign)
        self.assertLedger(self.entries)

    def test_invoices_without_time_are_none_of_our_business(self):
        move = self.init_invoice("out_invoice", partner=self.partner_a, products=self.product_a, post=True)
        self.assertFalse(move.timetrack_allocation_ids)
        refund = self._reverse(move)
        refund.action_post()
        self.assertFalse(refund.timetrack_allocation_ids)

    def test_a_full_credit_note_frees_the_time(self):
        self.move.action_post()
        refund = self._reverse(self.move)
        self.assertBilling("billed")
        refund.action_post()
        self.assertEqual(set(self.rows.mapped("state")), {"credited"})
        counter = refund.timetrack_allocation_ids
        self.assertEqual(counter.reversed_id, self.rows)
        self.assertEqual(sum(counter.mapped("billed_amount")), -600.0)
        self.assertEqual(sum(counter.mapped("hours_billed")), -6.0)
        self.assertBilling("unbilled")
        self.assertLedger(self.entries)
        again = self._invoice()
        again.action_post()
        self.assertEqual(again.amount_untaxed, 600.0)
        self.assertLedger(self.entries)
        # what was credited is on another invoice now
        with self.assertRaisesRegex(UserError, "billed again"):
            refund.button_draft()
        with self.assertRaisesRegex(UserError, "credit note"):
            self.move.button_draft()

    def test_resetting_a_credit_note_bills_the_time_again(self):
        self.move.action_post()
        refund = self._reverse(self.move)
        refund.action_post()
        refund.button_draft()
        self.assertEqual(set(self.rows.mapped("state")), {"posted"})
        self.assertBilling("billed")
        self.assertLedger(self.entries)
        refund.action_post()
        self.assertBilling("unbilled")
        self.assertLedger(self.entries)
        refund.button_draft()
        refund.button_cancel()
        self.assertBilling("billed")
        self.assertLedger(self.entries)

    def test_a_partial_credit_note_leaves_the_time_billed(self):
        self.move.action_post()
        refund = self._reverse(self.move)
        refund.invoice_line_ids.quantity = 2.0
        refund.action_post()
        self.assertRecordValues(
            refund.timetrack_allocation_ids,
            [{"kind": "manual", "line_id": False, "billed_amount": -200.0, "state": "posted"}],
        )
        self.assertBilling("billed")
        self.assertEqual(self.entries.timesheet_invoice_id, self.move)
        self.assertLedger(self.entries)
        refund.button_draft()
        self.assertEqual(refund.timetrack_allocation_ids.state, "cancelled")
        self.assertLedger(self.entries)

    def test_a_modified_invoice_takes_the_time_over(self):
        self.move.action_post()
        copy = self._reverse(self.move, is_modify=True)
        self.assertEqual((copy.move_type, copy.state), ("out_invoice", "draft"))
        self.assertEqual(self.entries.timesheet_invoice_id, copy)
        self.assertBilling("draft")
        with self.assertRaises(UserError):
            self._invoice()
        copy.action_post()
        self.assertBilling("billed")
        self.assertLedger(self.entries)

    def test_a_duplicate_bills_no_time(self):
        copy = self.move.copy()
        self.assertFalse(copy.timetrack_allocation_ids)
        copy.action_post()
        self.assertFalse(copy.timetrack_allocation_ids)
        self.assertLedger(self.entries)

    def test_balance_check_finds_what_does_not_sum(self):
        self.move.action_post()
        self.cr.execute("UPDATE timetrack_allocation SET billed_amount = 1 WHERE id = %s", self.rows[0].ids)
        self.env.invalidate_all()
        with self.assertRaisesRegex(UserError, "without tax"):
            self.env["timetrack.allocation"]._check_invoice_balance(self.move)

    def test_billed_time_is_locked(self):
        for step in (None, self.move.action_post):
            if step:
                step()
            with self.assertRaises(UserError):
                self.entries.with_user(self.user_approver).action_timetrack_reopen("Too late")
            with self.assertRaises(UserError):
                self.entries[0].unit_amount = 9.0
            with self.assertRaises(UserError):
                self.entries[0].sudo().unlink()
        self.assertLedger(self.entries)

    def test_an_accountant_without_billing_rights_handles_the_invoice(self):
        accountant = self.simple_accountman
        move = self.move.with_user(accountant)
        move.action_post()
        move.button_draft()
        move.invoice_line_ids.price_unit = 80.0
        move.action_post()
        self.assertBilling("billed")
        self._reverse(move).action_post()
        self.assertBilling("unbilled")
        self.assertLedger(self.entries)

    def test_queries_of_posting_do_not_grow_with_the_entries(self):
        def count(number):
            self._log_approved(*[1.0] * number)
            move = self._invoice()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            move.action_post()
            self.env.flush_all()
            return self.cr.sql_log_count - before

        count(3)
        few = count(10)
        self.assertLessEqual(count(100), few + 5)
