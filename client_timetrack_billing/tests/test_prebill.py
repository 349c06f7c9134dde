import base64
import io

import openpyxl

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from .common import TimetrackBillingCommon


@tagged("-at_install", "post_install")
class TestPrebill(TimetrackBillingCommon):
    """From approved time by way of a pre-bill to an invoice, and back."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        companies = {"company_id": cls.company.id, "company_ids": cls.company.ids}
        cls.user_partner = new_test_user(
            cls.env,
            "tt_partner",
            "client_timetrack_billing.group_rate_viewer,hr_timesheet.group_hr_timesheet_approver",
            **companies,
        )
        cls.project.user_id = False
        cls.engagement = cls.project.timetrack_engagement_ids
        cls.reason = cls.env.ref("client_timetrack_billing.adjustment_reason_courtesy")

    def _invoice_of(self, prebill):
        prebill.action_invoice()
        return prebill.move_id.sudo()

    def assertPrebill(self, prebill, **expected):
        self.env.flush_all()
        for name, value in expected.items():
            self.assertAlmostEqual(prebill[name], value, 2, name)

    # ------------------------------------------------------------------
    # Proposals
    # ------------------------------------------------------------------

    def test_a_pre_bill_holds_time_once(self):
        entries = self._log_approved(1.5, 2.0) + self._log_approved(1.0, employee_id=self.bob.id)
        prebill = self._propose()
        self.assertTrue(prebill.name.startswith("PB/"))
        self.assertEqual(prebill.partner_id, self.partner_a)
        self.assertEqual(prebill.project_ids, self.project)
        self.assertEqual(prebill.line_ids.line_id, entries)
        self.assertPrebill(prebill, standard_value=500, amount=500, adjustment=0, realization=100, hours_billed=4.5)
        self.assertEqual(set(entries.mapped("timetrack_billing_state")), {"prebill"})
        with self.assertRaisesRegex(UserError, "no approved time(.|\n)*on pre-bills already"):
            self._propose()
        with self.assertRaisesRegex(UserError, prebill.name):
            entries[0].with_user(self.user_approver).action_timetrack_reopen("Wrong day")
        with self.assertRaises(UserError):
            entries[0].unit_amount = 9

    def test_its_total_is_the_invoices(self):
        entries = self._log_approved(1 / 3, 1 / 3, 1 / 3, 0.7)
        prebill = self._propose()
        move = self._invoice_of(prebill)
        self.assertEqual((prebill.state, prebill.move_id), ("invoiced", move))
        self.assertEqual(move.amount_untaxed, 170.0)
        self.assertEqual(prebill.amount, move.amount_untaxed)
        self.assertEqual(move.invoice_origin, prebill.name)
        self.assertLedger(entries)
        move.action_post()
        self.assertLedger(entries)
        self.assertEqual(prebill.amount, move.amount_untaxed)

    def test_new_time_is_added(self):
        self._log_approved(1.0, 1.0, date="2026-05-04")
        prebill = self._propose(date_to="2026-05-31")
        with self.assertRaisesRegex(UserError, "Nothing else of these"):
            prebill.action_add_time()
        self._log_approved(2.0, date="2026-05-20")
        self._log_approved(4.0, date="2026-06-01")
        prebill.action_add_time()
        self.assertPrebill(prebill, amount=400)

    def test_one_for_each_engagement_unless_together(self):
        other = self._create_project("Due Diligence", self.partner_a)
        self._log_approved(1.0)
        self._log_approved(1.0, project_id=other.id)
        self.engagement.is_together = False
        prebills = self._propose()
        self.assertEqual(len(prebills), 2)
        prebills.action_cancel()
        self.engagement.is_together = True
        self.engagement.contact_id = self.env["res.partner"].create({"name": "Ann", "parent_id": self.partner_a.id})
        prebills = self._propose()
        self.assertEqual(prebills.contact_id, self.engagement.contact_id | self.partner_a)
        prebills.action_cancel()
        self.engagement.contact_id = False
        prebill = self._propose()
        self.assertEqual(prebill.project_ids, self.project | other)
        self.assertEqual(len(self._invoice_of(prebill).invoice_line_ids), 2)

    def test_nobody_makes_or_moves_one_by_a_call(self):
        self._log_approved(1.0)
        prebill = self._propose()
        with self.assertRaises(AccessError):
            self.env["timetrack.prebill"].with_user(self.user_billing_manager).create(
                {
                    "company_id": self.company.id,
                    "partner_id": self.partner_a.id,
                    "currency_id": 1,
                    "date_to": "2026-01-01",
                }
            )
        for vals in ({"state": "approved"}, {"amount": 1}, {"move_id": False}, {"partner_id": self.partner_b.id}):
            with self.assertRaises(AccessError):
                prebill.write(vals)
            with self.assertRaises(AccessError):
                prebill.with_context(timetrack_internal=True).write(vals)
        row = prebill.line_ids
        for vals in ({"state": "posted"}, {"standard_rate": 1}, {"standard_value": 1}, {"hours_worked": 1}):
            with self.assertRaises(AccessError):
                row.write(vals)
        for command in (Command.create({"line_id": row.line_id.id}), Command.delete(row.id), Command.clear()):
            with self.assertRaises(UserError):
                prebill.write({"line_ids": [command]})
        with self.assertRaises(AccessError):
            prebill.unlink()
        with self.assertRaisesRegex(UserError, "kept"):
            prebill.sudo().unlink()

    # ------------------------------------------------------------------
    # Lines
    # ------------------------------------------------------------------

    def test_write_down_in_hours_rate_and_amount(self):
        self._log_approved(1.0, 2.0, 3.0)
        prebill = self._propose()
        by_hours, by_rate, by_amount = prebill.line_ids.sorted("hours_worked")
        with Form(prebill) as form:
            for index, row in enumerate(prebill.line_ids):
                with form.line_ids.edit(index) as line:
                    if row == by_hours:
                        line.hours_billed = 0.5
                        self.assertEqual(line.billed_amount, 50)
                    elif row == by_rate:
                        line.billed_rate = 90
                    else:
                        line.billed_amount = 250
                    line.reason_id = self.reason
            self.assertEqual(form.amount, 480)
        self.assertRecordValues(
            by_hours | by_rate | by_amount,
            [
                {"standard_value": 100, "billed_amount": 50, "adjustment": -50, "is_amount_fixed": False},
                {"standard_value": 200, "billed_amount": 180, "adjustment": -20, "is_amount_fixed": False},
                {"standard_value": 300, "billed_amount": 250, "adjustment": -50, "is_amount_fixed": True},
            ],
        )
        self.assertPrebill(prebill, amount=480, adjustment=-120, realization=80)
        move = self._invoice_of(prebill)
        self.assertEqual(move.amount_untaxed, 480)
        self.assertEqual(set(move.timetrack_allocation_ids.mapped("adjustment_reason")), {"Courtesy"})
        self.assertLedger()
        move.action_post()
        self.assertLedger()

    def test_an_adjustment_needs_a_reason(self):
        self._log_approved(2.0)
        prebill = self._propose()
        prebill.line_ids.write({"hours_billed": 1.0})
        with self.assertRaisesRegex(UserError, "reason"):
            prebill.action_approve()
        prebill.line_ids.write({"reason_id": self.reason.id})
        prebill.action_approve()
        self.assertEqual(prebill.state, "approved")
        with self.assertRaisesRegex(UserError, "Reopen"):
            prebill.line_ids.write({"hours_billed": 2.0})
        prebill.action_reopen()
        prebill.line_ids.write({"hours_billed": 2.0})
        self.assertPrebill(prebill, adjustment=0)

    def test_held_time_is_proposed_again(self):
        kept, held = self._log_approved(1.0, 2.0)
        prebill = self._propose()
        row = prebill.line_ids.filtered(lambda line: line.line_id == held)
        row.action_hold()
        self.assertPrebill(prebill, amount=100, held_amount=200)
        move = self._invoice_of(prebill)
        self.assertEqual(move.timetrack_allocation_ids.line_id, kept)
        self.assertEqual((row.state, held.timetrack_billing_state), ("held", "held"))
        self.assertFalse(row.prebill_id)
        # the quick way leaves it alone, the next pre-bill has it, still on hold
        with self.assertRaisesRegex(UserError, "on hold"):
            self._invoice()
        again = self._propose()
        self.assertEqual((again.line_ids, row.action), (row, "hold"))
        with self.assertRaisesRegex(UserError, "on hold"), self.cr.savepoint():
            again.action_invoice()
        row.with_user(self.user_billing).action_bill()
        self.assertEqual(self._invoice_of(again).amount_untaxed, 200)
        self.assertLedger(kept | held)

    def test_reopening_held_time_lets_it_go(self):
        entry, _other = self._log_approved(1.0, 2.0)
        prebill = self._propose()
        prebill.line_ids.filtered(lambda line: line.line_id == entry).action_hold()
        prebill.action_invoice()
        entry.with_user(self.user_approver).action_timetrack_reopen("Wrong day")
        self.assertEqual(entry.timetrack_billing_state, "unbilled")
        self.assertFalse(entry.timetrack_allocation_ids.filtered(lambda row: row._is_live()))

    def test_no_charge(self):
        entries = self._log_approved(1.0, 2.0)
        prebill = self._propose()
        row = prebill.line_ids.filtered(lambda line: line.hours_worked == 2.0)
        row.write({"action": "no_charge", "reason_id": self.reason.id})
        self.assertPrebill(prebill, amount=100, adjustment=-200, hours_billed=1)
        move = self._invoice_of(prebill)
        self.assertRecordValues(move.invoice_line_ids, [{"quantity": 1.0, "price_unit": 100.0}])
        self.assertEqual(set(entries.mapped("timetrack_billing_state")), {"draft"})
        self.assertLedger(entries)
        move.action_post()
        self.assertLedger(entries)
        self.assertEqual(set(entries.mapped("timetrack_billing_state")), {"billed"})

    def test_all_free_of_charge_needs_no_invoice(self):
        entries = self._log_approved(1.0, 2.0)
        prebill = self._propose()
        prebill.line_ids.write({"action": "no_charge", "reason_id": self.reason.id})
        self.assertTrue(prebill.action_invoice())
        self.assertEqual(prebill.state, "invoiced")
        self.assertFalse(prebill.move_id)
        self.assertEqual(set(entries.mapped("timetrack_billing_state")), {"billed"})

    def test_split(self):
        entry = self._log_approved(3.0)
        prebill = self._propose()
        row = prebill.line_ids
        split = (
            self.env["timetrack.prebill.split"]
            .with_user(self.user_billing)
            .with_context(default_row_ids=row.ids)
            .create({"part_ids": [Command.create({"hours": 1.0, "narrative": "For later"})]})
        )
        self.assertEqual((split.hours, split.left), (3.0, 2.0))
        split.action_split()
        later = prebill.line_ids - row
        self.assertEqual((row.hours_worked, later.hours_worked, later.narrative), (2.0, 1.0, "For later"))
        self.assertEqual(row.part + later.part, 3)
        self.assertPrebill(prebill, standard_value=300)
        later.action_hold()
        move = self._invoice_of(prebill)
        self.assertEqual(move.amount_untaxed, 200)
        move.action_post()
        self.assertEqual(entry.timetrack_billing_state, "partial")
        with self.assertRaises(UserError):
            entry.with_user(self.user_approver).action_timetrack_reopen("No")
        # all of it credited: the entry is whole again once nothing of it is held
        self._reverse(move).action_post()
        live = entry.timetrack_allocation_ids.filtered(lambda one: one._is_live())
        self.assertEqual(sorted(live.mapped("hours_worked")), [1.0, 2.0])
        self.assertEqual(set(live.mapped("state")), {"held"})
        self.assertEqual(entry.timetrack_billing_state, "held")
        again = self._propose()
        again.line_ids.action_bill()
        self.assertPrebill(again, amount=300)
        again.line_ids.action_remove()
        self.assertEqual(entry.timetrack_billing_state, "unbilled")
        self.assertEqual(self._invoice().amount_untaxed, 300)

    def test_a_split_leaves_something(self):
        self._log_approved(3.0)
        row = self._propose().line_ids
        for hours in ([], [3.0], [0.0], [-1.0], [2.0, 1.0]):
            with self.assertRaises(UserError):
                row._split(hours)

    def test_moved_to_another_engagement(self):
        entry, stays = self._log_approved(2.0, 1.0)
        other = self._create_project("Appeal", self.partner_b)
        card = self._create_card("Appeals", {"rate": 130.0})
        other.timetrack_rate_card_id = card
        prebill = self._propose()
        row = prebill.line_ids.filtered(lambda line: line.line_id == entry)
        move = self.env["timetrack.prebill.move"].with_user(self.user_billing)
        move.with_context(default_row_ids=row.ids).create({"project_id": other.id}).action_move()
        self.assertEqual(prebill.line_ids.line_id, stays)
        self.assertEqual((entry.project_id, row.project_id), (self.project, other))
        theirs = self._propose()
        self.assertEqual((theirs.partner_id, theirs.line_ids), (self.partner_b, row))
        self.assertPrebill(theirs, amount=260)
        invoice = self._invoice_of(theirs)
        self.assertEqual((invoice.partner_id, invoice.amount_untaxed), (self.partner_b, 260))
        self.assertLedger()

    def test_merged_text(self):
        self._log_approved(1.0, name="Call with the bank")
        self._log_approved(2.0, name="Letter to the bank")
        self._log_approved(1.0, name="Research")
        self.engagement.grouping = "entry"
        prebill = self._propose()
        self.assertEqual(len(prebill.line_ids), 3)
        bank = prebill.line_ids.filtered(lambda line: "bank" in line.entry_name)
        bank.action_merge()
        move = self._invoice_of(prebill)
        self.assertEqual(move.invoice_line_ids.sorted("quantity").mapped("quantity"), [1.0, 3.0])
        together = move.invoice_line_ids.filtered(lambda line: line.quantity == 3.0)
        self.assertIn("Call with the bank; Letter to the bank", together.name)
        self.assertLedger()

    def test_narrative_leaves_the_entry_alone(self):
        entry = self._log_approved(1.0, name="tel. w/ bnk")
        self.engagement.grouping = "entry"
        prebill = self._propose()
        prebill.line_ids.write({"narrative": "Telephone call with the bank"})
        self.assertIn("Telephone call with the bank", self._invoice_of(prebill).invoice_line_ids.name)
        self.assertEqual(entry.name, "tel. w/ bnk")

    def test_adjusting_many(self):
        self._log_approved(1.0, 2.0, 3.0)
        prebill = self._propose()
        rows = prebill.line_ids

        def adjust(**values):
            action = rows.action_adjust()
            wizard = self.env[action["res_model"]].with_user(self.user_billing).with_context(**action["context"])
            wizard.create({"reason_id": self.reason.id, **values}).action_apply()

        adjust(mode="percent", percent=10)
        self.assertPrebill(prebill, amount=540)
        adjust(mode="total", amount=500.01)
        self.assertPrebill(prebill, amount=500.01)
        self.assertEqual(sorted(rows.mapped("billed_amount")), [83.34, 166.67, 250.0])
        adjust(mode="rate", rate=80)
        self.assertPrebill(prebill, amount=480)
        adjust(mode="no_charge")
        self.assertPrebill(prebill, amount=0)
        adjust(mode="restore")
        self.assertPrebill(prebill, amount=600, adjustment=0)
        self.assertFalse(rows.reason_id)

    def test_shown_adjustments(self):
        self._log_approved(1.0, 2.0, 3.0)
        self.engagement.adjustments = "shown"
        prebill = self._propose()
        one, two, _three = prebill.line_ids.sorted("hours_worked")
        one.write({"action": "no_charge", "reason_id": self.reason.id})
        two.write({"hours_billed": 1.5, "reason_id": self.reason.id})
        self.assertPrebill(prebill, amount=450)
        move = self._invoice_of(prebill)
        self.assertRecordValues(
            move.invoice_line_ids,
            [
                {"quantity": 6.0, "price_unit": 100.0, "price_subtotal": 600.0},
                {"quantity": 1.0, "price_unit": -150.0, "price_subtotal": -150.0},
            ],
        )
        self.assertIn("Courtesy", move.invoice_line_ids[1].name)
        self.assertEqual(prebill.amount, move.amount_untaxed)
        move.action_post()
        self.assertLedger()
        self.assertPrebill(prebill, amount=450, adjustment=-150, hours_billed=4.5)
        # credited in full, all of it is free
        self._reverse(move).action_post()
        self.assertLedger()
        self.assertEqual(self._invoice().amount_untaxed, 600)

    # ------------------------------------------------------------------
    # Back from the invoice
    # ------------------------------------------------------------------

    def test_deleting_the_draft_brings_the_pre_bill_back(self):
        for shown in ("folded", "shown"):
            with self.subTest(adjustments=shown):
                self.engagement.adjustments = shown
                entry = self._log_approved(2.0)
                prebill = self._propose()
                prebill.line_ids.write({"hours_billed": 1.5, "reason_id": self.reason.id, "narrative": "As agreed"})
                self._invoice_of(prebill).unlink()
                self.assertEqual(prebill.state, "approved")
                self.assertFalse(prebill.move_id)
                self.assertEqual(entry.timetrack_billing_state, "prebill")
                row = prebill.line_ids
                self.assertRecordValues(
                    row,
                    [
                        {
                            "hours_billed": 1.5,
                            "billed_amount": 150.0,
                            "adjustment": -50.0,
                            "narrative": "As agreed",
                            "reason_id": self.reason.id,
                        }
                    ],
                )
                self.assertPrebill(prebill, amount=150)
                self.assertEqual(self._invoice_of(prebill).amount_untaxed, 150)
                self.assertLedger(entry)

    def test_cancelling_the_invoice_and_taking_it_back(self):
        entry = self._log_approved(2.0)
        prebill = self._propose()
        move = self._invoice_of(prebill)
        move.button_cancel()
        self.assertEqual((prebill.state, entry.timetrack_billing_state), ("approved", "prebill"))
        move.button_draft()
        self.assertEqual((prebill.state, entry.timetrack_billing_state), ("invoiced", "draft"))
        self.assertEqual(prebill.move_id, move)
        self.assertLedger(entry)
        move.button_cancel()
        prebill.action_reopen()
        prebill.action_cancel()
        self.assertEqual(entry.timetrack_billing_state, "unbilled")
        move.button_draft()
        self.assertEqual((prebill.state, entry.timetrack_billing_state), ("invoiced", "draft"))
        self.assertPrebill(prebill, amount=200)

    def test_a_reopened_pre_bill_is_invoiced_again(self):
        """Its invoice was cancelled, and is wanted after all: wherever the pre-bill had got meanwhile."""

        def remove(prebill):
            prebill.line_ids.action_remove()

        def submit(prebill):
            prebill.with_user(self.user_billing_manager).responsible_id = self.user_billing_manager
            prebill.action_submit()

        for meanwhile in (lambda prebill: None, remove, submit):
            entry = self._log_approved(2.0)
            prebill = self._propose()
            move = self._invoice_of(prebill)
            move.button_cancel()
            prebill.action_reopen()
            meanwhile(prebill)
            move.button_draft()
            self.assertEqual((prebill.state, prebill.move_id), ("invoiced", move))
            self.assertEqual(entry.timetrack_billing_state, "draft")
            self.assertFalse(prebill.activity_ids)
            self.assertPrebill(prebill, amount=200)
            self.assertLedger(entry)

    def test_a_pre_bill_that_went_on_leaves_the_time_to_its_invoice(self):
        entry = self._log_approved(2.0, date="2026-05-04")
        prebill = self._propose()
        move = self._invoice_of(prebill)
        move.button_cancel()
        prebill.action_reopen()
        other = self._log_approved(1.0, date="2026-05-04")
        prebill.action_add_time()
        self.assertPrebill(prebill, amount=300)
        move.button_draft()
        self.assertEqual((prebill.state, prebill.line_ids.line_id), ("draft", other))
        self.assertPrebill(prebill, amount=100)
        self.assertEqual((entry + other).mapped("timetrack_billing_state"), ["draft", "prebill"])
        self.assertEqual(self._invoice_of(prebill).amount_untaxed, 100)
        move.action_post()
        self.assertEqual(entry.timetrack_billing_state, "billed")
        self.assertLedger(entry + other)

    def test_a_credited_invoice_takes_its_time_from_one_that_is_cancelled(self):
        """Two invoices of one pre-bill: whichever has the time, the pre-bill says so."""
        entry = self._log_approved(2.0)
        prebill = self._propose()
        first = self._invoice_of(prebill)
        first.button_cancel()
        second = self._invoice_of(prebill)
        second.action_post()
        refund = self._reverse(second)
        refund.action_post()
        first.button_draft()
        self.assertEqual((prebill.state, prebill.move_id), ("invoiced", first))
        first.button_cancel()
        self.assertEqual((prebill.state, entry.timetrack_billing_state), ("approved", "prebill"))
        refund.button_draft()
        self.assertEqual((prebill.state, prebill.move_id), ("invoiced", second))
        self.assertEqual(entry.timetrack_billing_state, "billed")
        self.assertPrebill(prebill, amount=200)
        self.assertLedger(entry)

    def test_what_was_credited_is_not_to_bill(self):
        """A pre-bill that is open again comes to what is on it now."""
        gone, stays = self._log_approved(2.0, 1.0)
        prebill = self._propose()
        first = self._invoice_of(prebill)
        first.button_cancel()
        second = self._invoice_of(prebill)
        second.action_post()
        self._reverse(second).action_post()
        first.button_draft()
        first.button_cancel()
        prebill.action_reopen()
        prebill.line_ids.filtered(lambda row: row.state == "prebill" and row.line_id == gone).action_remove()
        self.assertPrebill(prebill, amount=100, hours_worked=1)
        self.assertEqual(self._invoice_of(prebill).amount_untaxed, 100)
        self.assertPrebill(prebill, amount=100)
        self.assertLedger(gone + stays)

    def test_the_invoice_that_takes_a_reversed_ones_place_is_the_pre_bills(self):
        self._log_approved(2.0)
        prebill = self._propose()
        move = self._invoice_of(prebill)
        move.action_post()
        copy = self._reverse(move, is_modify=True)
        self.assertEqual((prebill.state, prebill.move_id), ("invoiced", copy))
        self.assertPrebill(prebill, amount=200)

    def test_a_deleted_line_is_free(self):
        self.engagement.grouping = "entry"
        entries = self._log_approved(2.0, 1.0)
        prebill = self._propose()
        move = self._invoice_of(prebill)
        line = move.invoice_line_ids[0]
        entry = line.timetrack_allocation_ids.line_id
        move.write({"invoice_line_ids": [Command.delete(line.id)]})
        self.assertEqual(entry.timetrack_billing_state, "unbilled")
        self.assertEqual((prebill.state, prebill.line_ids.line_id), ("invoiced", entries - entry))
        self.assertEqual(prebill.amount, move.amount_untaxed)

    def test_cancelling_the_pre_bill(self):
        entry = self._log_approved(2.0)
        prebill = self._propose()
        prebill.action_cancel()
        self.assertEqual((prebill.state, entry.timetrack_billing_state), ("cancel", "unbilled"))
        again = self._propose()
        again.action_invoice()
        with self.assertRaisesRegex(UserError, "delete or credit"):
            again.action_cancel()

    # ------------------------------------------------------------------
    # Who
    # ------------------------------------------------------------------

    def test_timetrack_prebill_approval(self):
        self._log_approved(2.0)
        prebill = self._propose()
        self.assertTrue(prebill.may_approve)
        self.company.timetrack_prebill_approval = True
        prebill.invalidate_recordset(["may_approve"])
        self.assertFalse(prebill.may_approve)
        with self.assertRaises(AccessError):
            prebill.action_invoice()
        with self.assertRaisesRegex(UserError, "partner in charge"):
            prebill.action_submit()
        prebill.responsible_id = self.user_partner
        prebill.action_submit()
        self.assertEqual(prebill.state, "review")
        self.assertEqual(prebill.sudo().activity_ids.user_id, self.user_partner)
        theirs = prebill.with_user(self.user_partner)
        theirs.line_ids.write({"hours_billed": 1.0, "reason_id": self.reason.id})
        theirs.action_approve()
        self.assertFalse(prebill.sudo().activity_ids)
        for refused in (theirs.action_invoice, theirs.action_cancel, theirs.action_add_time):
            with self.assertRaises(AccessError):
                refused()
        self.assertEqual(self._invoice_of(prebill).amount_untaxed, 100)

    def test_nobody_makes_themselves_the_partner_in_charge(self):
        self._log_approved(2.0)
        self.company.timetrack_prebill_approval = True
        prebill = self._propose()
        for record in (prebill, self.engagement.with_user(self.user_billing)):
            with self.assertRaisesRegex(AccessError, "themselves"):
                record.responsible_id = self.user_billing
        with self.assertRaises(AccessError):
            prebill.action_approve()
        # somebody else who may see pre-bills
        prebill.responsible_id = self.user_approver
        with self.assertRaisesRegex(UserError, "See billing rates"):
            prebill.action_submit()
        prebill.with_user(self.user_billing_manager).responsible_id = self.user_billing_manager
        prebill.with_user(self.user_billing_manager).action_approve()

    def test_timetrack_adjustment_limit(self):
        self._log_approved(10.0)
        prebill = self._propose()
        prebill.line_ids.write({"hours_billed": 8.0, "reason_id": self.reason.id})
        self.company.timetrack_adjustment_limit = 15
        with self.assertRaisesRegex(AccessError, "20.0 %"):
            prebill.action_approve()
        self.company.timetrack_adjustment_limit = 20
        prebill.action_approve()
        prebill.action_reopen()
        self.company.timetrack_adjustment_limit = 15
        prebill.with_user(self.user_billing_manager).action_approve()
        self.assertEqual(prebill.state, "approved")

    def test_values_read_together_are_those_of_the_records(self):
        self._log_approved(1.0, 2.5)
        rows = self._propose().line_ids.sudo()
        rows[0].write({"hours_billed": 0.5, "reason_id": self.reason.id, "adjustment_reason": "Courtesy"})
        columns = [field for field in rows._fields.values() if field.column_type and (field.store or field.related)]
        names = [field.name for field in columns if field.name != "id"]
        self.assertIn("task_id", names)

        def of_record(row, name):
            value = row[name]
            if row._fields[name].type == "many2one":
                return value.id or None
            return value or (value if row._fields[name].type in ("boolean", "float", "monetary", "integer") else None)

        for some in (rows, rows[::-1], rows.browse()):
            for row, values in zip(some, some._read_values(*names), strict=True):
                self.assertEqual({name: getattr(values, name) for name in names}, {n: of_record(row, n) for n in names})
        # lines of a form that is not saved yet
        edited = rows[0].new({"hours_billed": 0.25}, origin=rows[0])
        [values] = edited._read_values("hours_billed", "hours_worked", "project_id")
        self.assertEqual((values.hours_billed, values.hours_worked, values.project_id), (0.25, 1.0, self.project.id))

    def test_what_was_agreed_is_no_adjustment(self):
        """An agreed discount need not be approved on each invoice."""
        self.engagement.sudo().discount = 20
        self._log_approved(1.0, 4.0)
        prebill = self._propose()
        self.company.timetrack_adjustment_limit = 10
        self.assertEqual((prebill.standard_value, prebill.amount), (500, 400))
        # half an hour less is 40 of 500
        prebill.line_ids.filtered(lambda row: row.hours_worked == 4).write(
            {"hours_billed": 3.5, "reason_id": self.reason.id}
        )
        prebill.action_approve()
        prebill.action_reopen()
        prebill.line_ids.filtered(lambda row: row.hours_worked == 4).hours_billed = 3.0
        with self.assertRaisesRegex(AccessError, "16.0 %"):
            prebill.action_approve()
        prebill.with_user(self.user_billing_manager).action_approve()

    def test_hours_rounded_away_count_against_the_limit(self):
        """Who invoices sets the increment: it is no way around the limit."""
        self.company.timetrack_adjustment_limit = 10
        self.engagement.with_user(self.user_billing).write({"rounding_minutes": 120, "rounding_method": "down"})
        self._log_approved(3.0)
        prebill = self._propose()
        self.assertEqual((prebill.standard_value, prebill.amount), (300, 200))
        with self.assertRaisesRegex(AccessError, "33.3 %"):
            prebill.action_approve()

    def test_lines_of_another_pre_bill_are_priced_too(self):
        other = self._create_project("Appeal", self.partner_b)
        self._log_approved(2.0)
        self._log_approved(3.0, project_id=other.id)
        mine, theirs = self._propose()
        mine.write({"line_ids": [Command.update(theirs.line_ids.id, {"hours_billed": 1.0})]})
        self.assertEqual(theirs.amount, 100.0)

    def test_others_see_no_pre_bills(self):
        self._log_approved(2.0)
        prebill = self._propose()
        for user in (self.user_consultant, self.user_approver):
            with self.assertRaises(AccessError):
                prebill.with_user(user).read(["amount"])
            with self.assertRaises(AccessError):
                prebill.line_ids.with_user(user).read(["billed_rate"])
            with self.assertRaises(AccessError):
                self.engagement.with_user(user).read(["discount"])
            with self.assertRaises(AccessError):
                self.env["timetrack.billing.queue"].with_user(user).search([])
        # the partner in charge sees the own ones
        with self.assertRaises(AccessError):
            prebill.with_user(self.user_partner).read(["amount"])
        with self.assertRaises(AccessError):
            prebill.line_ids.with_user(self.user_partner).write({"hours_billed": 1.0})
        prebill.responsible_id = self.user_partner
        self.assertEqual(prebill.with_user(self.user_partner).amount, 200)

    # ------------------------------------------------------------------
    # The work queue
    # ------------------------------------------------------------------

    def test_work_queue(self):
        other = self._create_project("Appeal", self.partner_b)
        self._log_approved(2.0, date="2026-05-04")
        held = self._log_approved(1.0, date="2026-01-05")
        self._log_approved(4.0, project_id=other.id)
        self._log(8.0)
        self._log_approved(16.0, timetrack_is_billable=False)
        prebill = self._propose(project_ids=self.project.ids)
        prebill.line_ids.filtered(lambda line: line.line_id == held).action_hold()
        prebill.action_invoice()
        self.env.flush_all()
        queue = self.env["timetrack.billing.queue"].with_user(self.user_billing)
        rows = queue.search([("company_id", "=", self.company.id)])
        mine, theirs = (rows.filtered(lambda row, one=one: row.project_id == one) for one in (self.project, other))
        self.assertRecordValues(
            mine | theirs,
            [
                {"partner_id": self.partner_a.id, "hours": 3.0, "amount": 300.0, "held_hours": 1.0, "open_hours": 0.0},
                {"partner_id": self.partner_b.id, "hours": 4.0, "amount": 400.0, "held_hours": 0.0, "open_hours": 4.0},
            ],
        )
        buckets = ["amount_30", "amount_60", "amount_90", "amount_120", "amount_older"]
        for row in rows:
            self.assertAlmostEqual(sum(row[name] for name in buckets), row.amount, 2)
        self.assertEqual(str(mine.oldest_date), "2026-01-05")
        prebill.move_id.sudo().action_post()
        self.env.flush_all()
        queue.invalidate_model()
        self.assertEqual(queue.search([("project_id", "=", self.project.id)]).hours, 1.0)
        action = rows.action_propose()
        proposed = self.env["timetrack.prebill"].search(action["domain"])
        self.assertEqual(proposed.partner_id, self.partner_a | self.partner_b)

    def test_work_in_progress_is_net_of_the_agreed_discount(self):
        self._log_approved(2.0, date="2026-05-04")
        self.engagement.discount = 10
        prebill = self._propose()
        self._log_approved(1.0, date="2026-05-05")
        self.env.flush_all()
        queue = self.env["timetrack.billing.queue"].with_user(self.user_billing)
        self.assertAlmostEqual(queue.search([("project_id", "=", self.project.id)]).amount, 270)
        prebill.invalidate_recordset()
        self.assertPrebill(prebill, amount=180, prior_wip=90)

    def test_work_in_progress_of_who_does_without_approval(self):
        """The time counts as it is logged, for the queue as for invoices."""
        self._log(2.0)
        queue = self.env["timetrack.billing.queue"].with_user(self.user_billing)
        mine = [("project_id", "=", self.project.id)]
        self.env.flush_all()
        self.assertFalse(queue.search(mine))
        self.company.timetrack_approval_required = False
        self.env.flush_all()
        self.assertRecordValues(queue.search(mine), [{"hours": 2.0, "rateless_hours": 2.0}])
        queue.search(mine).action_find_rates()
        self.env.flush_all()
        queue.invalidate_model()
        self.assertRecordValues(queue.search(mine), [{"amount": 200.0, "rateless_hours": 0.0}])

    def test_what_else_there_is_to_know(self):
        self._log_approved(2.0, date="2026-05-04")
        prebill = self._propose(date_to="2026-05-31")
        self._log_approved(3.0, date="2026-06-01")
        self.engagement.write({"order_number": "4711", "order_amount": 1000.0})
        self.assertPrebill(prebill, prior_wip=300, order_left=1000, receivable=0)
        move = self._invoice_of(prebill)
        move.action_post()
        prebill.invalidate_recordset()
        self.assertPrebill(prebill, prior_wip=300, order_left=800, receivable=move.amount_total)

    def test_queries_do_not_grow_with_the_entries(self):
        def count(number):
            self._log_approved(*[1.25] * number)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            prebill = self._propose()
            self.env.flush_all()
            proposed = self.cr.sql_log_count
            prebill.line_ids.write({"hours_billed": 1.0, "reason_id": self.reason.id})
            self.env.flush_all()
            adjusted = self.cr.sql_log_count
            prebill.action_invoice()
            self.env.flush_all()
            invoiced = self.cr.sql_log_count
            prebill.move_id.sudo().action_post()
            self.env.flush_all()
            posted = self.cr.sql_log_count - invoiced
            return proposed - before, adjusted - proposed, invoiced - adjusted, posted

        for grouping in ("project", "entry"):
            self.engagement.grouping = grouping
            count(3)
            for step, few, many in zip(("propose", "adjust", "invoice", "post"), count(10), count(100), strict=True):
                # Odoo looks for the analytic account of each line that it posts
                own = 90 if (grouping, step) == ("entry", "post") else 0
                with self.subTest(grouping, step=step):
                    self.assertLessEqual(many, few + own + 5)

    # ------------------------------------------------------------------
    # On paper
    # ------------------------------------------------------------------

    def test_workbook_says_what_the_pre_bill_says(self):
        self._log_approved(1.0, 2.0, 3.0, name="=1+1")
        prebill = self._propose()
        one, two, _three = prebill.line_ids.sorted("hours_worked")
        one.action_hold()
        two.write({"action": "no_charge", "reason_id": self.reason.id})
        self.assertIn(f"/{prebill.id}/workbook/", prebill.action_download()["url"])
        book = openpyxl.load_workbook(io.BytesIO(base64.b64decode(prebill.workbook)), data_only=True)
        rows = list(book.active.iter_rows(values_only=True))
        [head] = [index for index, row in enumerate(rows) if row[0] == "Date"]
        table = [dict(zip(rows[head], row, strict=True)) for row in rows[head + 1 : head + 5]]
        self.assertEqual([row["To Bill"] for row in table], [0, 0, 300, 300])
        self.assertEqual([row["On Hold"] for row in table], [100, 0, 0, 100])
        self.assertEqual([row["Adjustment"] for row in table], [0, -200, 0, -200])
        self.assertEqual([row["Hours to Bill"] for row in table], [0, 0, 3, 3])
        self.assertEqual(table[1]["Reason"], "Courtesy")
        self.assertEqual(table[0]["Description"], "=1+1")
        with self.assertRaises(AccessError):
            prebill.with_user(self.user_consultant).read(["workbook"])

    def test_print(self):
        self._log_approved(1.0, name="Call")
        prebill = self._propose()
        prebill.line_ids.write({"hours_billed": 0.5, "reason_id": self.reason.id})
        self.assertEqual(prebill.action_print()["report_name"], "client_timetrack_billing.report_prebill")
        html, _kind = self.env["ir.actions.report"]._render_qweb_html(
            "client_timetrack_billing.report_prebill", prebill.ids
        )
        text = html.decode()
        for words in (prebill.name, "Call", "00:30", "50.00", "no invoice"):
            self.assertIn(words, text)
