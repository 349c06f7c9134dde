from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .common import TimetrackBillingCommon


@tagged("-at_install", "post_install")
class TestCredit(TimetrackBillingCommon):
    """Credit notes for chosen time, and for amounts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.entries = cls._log_approved(1.0, 2.0, 3.0)
        cls.move = cls._invoice(grouping="entry")
        cls.move.action_post()
        cls.rows = cls.move.timetrack_allocation_ids.sorted("hours_worked")

    def _credit(self, what, rows=None, move=None, **values):
        """Credit time as the billing user does: the draft credit note."""
        move = move or self.move
        wizard = (
            self.env["timetrack.credit.wizard"]
            .with_user(self.user_billing)
            .create({"move_id": move.id, "what": what, "row_ids": [Command.set(rows.ids if rows else [])], **values})
        )
        action = wizard.action_credit()
        return self.env["account.move"].browse(action["res_id"])

    def assertStates(self, *expected):
        self.assertEqual(self.entries.mapped("timetrack_billing_state"), list(expected))
        self.assertLedger()

    def _net(self):
        """What each entry comes to over all posted invoices and credit notes."""
        self.env.flush_all()
        rows = self.env["timetrack.allocation"].search([("state", "in", ("posted", "credited"))])
        return [
            sum(rows.filtered(lambda row, entry=entry: row.line_id == entry).mapped("billed_amount"))
            for entry in self.entries
        ]

    # ------------------------------------------------------------------
    # What it says
    # ------------------------------------------------------------------

    def test_a_part_of_a_line_says_its_own_days(self):
        """One invoice line for three days: the credit note of the second day names that day, as the client reads it."""
        days = ("2026-05-11", "2026-05-12", "2026-05-13")
        entries = self.env["account.analytic.line"].union(*(self._log_approved(1.0, date=day) for day in days))
        move = self._invoice(grouping="project")
        self.assertEqual(move.invoice_line_ids.name, "Merger (05/11/2026 – 05/13/2026)")
        move.action_post()
        rows = move.timetrack_allocation_ids.sorted("date")
        self.assertEqual(self._credit("concede", rows[1], move).invoice_line_ids.name, "Merger (05/12/2026)")
        whole = self._credit("rebill", rows - rows[1], move)
        self.assertEqual(whole.invoice_line_ids.name, "Merger (05/11/2026 – 05/13/2026)")
        self.assertEqual(len(entries), 3)

    def test_a_label_by_hand_stays(self):
        self._log_approved(1.0, date="2026-05-11")
        self._log_approved(1.0, date="2026-05-12")
        move = self._invoice(grouping="project")
        move.invoice_line_ids.name = "As discussed"
        move.action_post()
        refund = self._credit("rebill", move.timetrack_allocation_ids[0], move)
        self.assertEqual(refund.invoice_line_ids.name, "As discussed")

    # ------------------------------------------------------------------
    # To be billed again
    # ------------------------------------------------------------------

    def test_time_to_be_billed_again(self):
        refund = self._credit("rebill", self.rows[1], reason="Wrong client", date="2026-06-30")
        self.assertRecordValues(
            refund, [{"move_type": "out_refund", "state": "draft", "reversed_entry_id": self.move.id}]
        )
        self.assertEqual((refund.amount_untaxed, str(refund.invoice_date)), (200, "2026-06-30"))
        self.assertIn("Wrong client", refund.ref)
        self.assertRecordValues(refund.invoice_line_ids, [{"quantity": 2.0, "price_unit": 100.0}])
        self.assertEqual(refund.invoice_line_ids.tax_ids, self.move.invoice_line_ids[0].tax_ids)
        self.assertEqual(refund.invoice_line_ids.account_id, self.move.invoice_line_ids[0].account_id)
        self.assertEqual(self.rows.mapped("credited_amount"), [0, 200, 0])
        self.assertStates("billed", "billed", "billed")
        refund.action_post()
        self.assertStates("billed", "unbilled", "billed")
        self.assertEqual(self.rows.mapped("state"), ["posted", "credited", "posted"])
        self.assertRecordValues(
            refund.timetrack_allocation_ids,
            [
                {
                    "state": "posted",
                    "reversed_id": self.rows[1].id,
                    "hours_worked": -2.0,
                    "hours_billed": -2.0,
                    "standard_value": -200.0,
                    "billed_amount": -200.0,
                    "adjustment": 0.0,
                }
            ],
        )
        self.assertEqual(self.entries.mapped("timesheet_invoice_id"), self.move)
        again = self._invoice()
        self.assertEqual(again.amount_untaxed, 200)
        again.action_post()
        self.assertStates("billed", "billed", "billed")
        self.assertEqual(self._net(), [100, 200, 300])

    def test_one_line_for_all(self):
        """The credit note has a share of the invoice line, with what was changed on it."""
        self._log_approved(1.0, 2.0, 4.0)
        move = self._invoice()
        move.invoice_line_ids.price_unit = 90.0
        move.action_post()
        rows = move.timetrack_allocation_ids.sorted("hours_worked")
        refund = self._credit("rebill", rows[1:], move)
        self.assertRecordValues(refund.invoice_line_ids, [{"quantity": 6.0, "price_subtotal": 540.0}])
        refund.action_post()
        self.assertEqual(rows.mapped("state"), ["posted", "credited", "credited"])
        self.assertEqual(rows.line_id.mapped("timetrack_billing_state"), ["billed", "unbilled", "unbilled"])
        self.assertLedger()

    def test_with_what_the_client_saw_taken_off(self):
        """A write-down on a line of its own is credited along."""
        engagement = self.project.timetrack_engagement_ids
        engagement.write({"adjustments": "shown", "discount": 10})
        entry, other = self._log_approved(2.0) | self._log_approved(3.0)
        move = self._invoice(grouping="entry")
        move.action_post()
        self.assertEqual(move.amount_untaxed, 450)
        row = move.timetrack_allocation_ids.filtered(lambda row: row.line_id == entry and row.kind == "time")
        refund = self._credit("rebill", row, move)
        self.assertEqual(refund.amount_untaxed, 180)
        refund.action_post()
        self.assertEqual((entry | other).mapped("timetrack_billing_state"), ["unbilled", "billed"])
        self.assertLedger()
        row = move.timetrack_allocation_ids.filtered(lambda row: row.line_id == other and row.kind == "time")
        refund = self._credit("concede", row, move)
        self.assertEqual(refund.amount_untaxed, 270)
        refund.action_post()
        self.assertEqual(other.timetrack_billing_state, "billed")
        self.assertLedger()

    def _bill_a_part_again(self):
        """An entry of four hours on a posted invoice, one hour of which is to be billed again."""
        [entry] = self._log_approved(4.0)
        prebill = self._propose()
        prebill.line_ids._split([1.0])
        prebill.action_invoice()
        move = prebill.move_id.sudo()
        move.action_post()
        row = move.timetrack_allocation_ids.filtered(lambda row: row.hours_worked == 1.0)
        self._credit("rebill", row, move).action_post()
        return entry

    def test_a_part_of_an_entry(self):
        entry = self._bill_a_part_again()
        self.assertEqual(entry.timetrack_billing_state, "partial")
        self.assertLedger()
        self.assertEqual(self._invoice().amount_untaxed, 100)
        self.assertLedger()

    def test_a_part_that_is_billed_again_has_the_discount(self):
        """One of four hours at 100 less 10 %, and 25 % less by the time that it is billed again."""
        engagement = self.project.timetrack_engagement_ids.sudo()
        engagement.discount = 10
        self._bill_a_part_again()
        engagement.discount = 25
        self.assertIn("75.00", self._wizard().amount_text)
        again = self._propose()
        self.assertRecordValues(again, [{"standard_value": 100, "amount": 75, "adjustment": -25}])
        self.assertEqual(again.line_ids.reason_id, self.env.ref("client_timetrack_billing.adjustment_reason_discount"))

    # ------------------------------------------------------------------
    # Conceded
    # ------------------------------------------------------------------

    def test_conceding_beyond_the_limit(self):
        """6 hours at 100: what is conceded adds up, and is held against the limit of adjustments."""
        self.company.timetrack_adjustment_limit = 20
        with self.assertRaisesRegex(AccessError, "33.3 % of the value of .* more than 20 %"):
            self._credit("concede", self.rows[1])
        self._credit("amount", amount=90)
        with self.assertRaisesRegex(AccessError, "21.7 %"):
            self._credit("amount", amount=40)
        self._credit("amount", amount=30)
        # time that is to be billed again is not given away
        self._credit("rebill", self.rows[1]).action_post()
        self.company.timetrack_adjustment_limit = 0
        self._credit("concede", self.rows[2])

    def test_conceding_beyond_the_limit_is_for_the_partner_in_charge(self):
        self.company.timetrack_adjustment_limit = 20
        self.project.timetrack_engagement_ids.sudo().responsible_id = self.user_billing
        refund = self._credit("concede", self.rows[2])
        self.assertEqual(refund.amount_untaxed, 300)

    def test_conceding_what_was_taken_off_before(self):
        """A write-down on the pre-bill counts; an agreed discount does not."""
        self.project.timetrack_engagement_ids.sudo().discount = 25
        self._log_approved(10.0)
        self._wizard().action_propose()
        prebill = self.env["timetrack.prebill"].search([], order="id desc", limit=1).with_user(self.user_billing)
        reason = self.env["timetrack.adjustment.reason"].search([], limit=1)
        prebill.line_ids.write({"hours_billed": 9.0, "reason_id": reason.id})
        prebill.action_invoice()
        move = prebill.move_id.sudo()
        move.action_post()
        self.assertEqual(move.amount_untaxed, 675)
        self.company.timetrack_adjustment_limit = 10
        with self.assertRaisesRegex(AccessError, "10.5 %"):
            self._credit("amount", move=move, amount=30)
        self.assertEqual(self._credit("amount", move=move, amount=25).amount_untaxed, 25)

    def test_what_is_written_off_is_told_from_what_is_conceded(self):
        """After the invoice, for a reason of the firm's: billed as it was, and not collected."""
        reason = self.env.ref("client_timetrack_billing.adjustment_reason_uncollectable")
        with self.assertRaisesRegex(UserError, "why this is written off"):
            self._credit("concede", self.rows[1], is_write_off=True)
        refund = self._credit("concede", self.rows[1], is_write_off=True, reason_id=reason.id, reason="As we agreed")
        self.assertRecordValues(
            refund.timetrack_allocation_ids,
            [{"effect": "write_off", "reason_id": reason.id, "billed_amount": -200.0, "hours_worked": 0.0}],
        )
        self.assertEqual(refund.timetrack_allocation_ids.adjustment_reason, reason.name)
        self.assertIn("As we agreed", refund.ref)
        refund.action_post()
        self.assertStates("billed", "billed", "billed")
        refund.button_draft()
        self.assertStates("billed", "billed", "billed")
        refund.action_post()
        # a concession beside it
        self._credit("amount", self.rows[2], amount=50, reason_id=reason.id).action_post()
        counters = self.rows.counter_ids.sorted("billed_amount")
        self.assertEqual(counters.mapped("effect"), ["write_off", "concede"])
        self.assertEqual(self._net(), [100, 0, 250])
        # to be billed again is neither
        refund = self._credit("rebill", self.rows[0], is_write_off=True)
        self.assertEqual(refund.timetrack_allocation_ids.effect, "rebill")

    def test_what_is_written_off_counts_against_the_limit(self):
        reason = self.env.ref("client_timetrack_billing.adjustment_reason_uncollectable")
        self.company.timetrack_adjustment_limit = 20
        self._credit("amount", amount=90, is_write_off=True, reason_id=reason.id)
        with self.assertRaisesRegex(AccessError, "21.7 %"):
            self._credit("amount", amount=40)

    def test_what_is_not_paid_is_proposed_to_be_written_off(self):
        payment = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=self.move.ids
        )
        payment.create({"amount": self.move.amount_total / 4})._create_payments()
        wizard = self.env["timetrack.credit.wizard"].with_user(self.user_billing)
        with Form(wizard.with_context(default_move_id=self.move.id)) as form:
            form.what = "amount"
            self.assertEqual(form.amount, 0)
            form.is_write_off = True
            self.assertEqual(form.amount, 450)
            form.reason_id = self.env.ref("client_timetrack_billing.adjustment_reason_uncollectable")

    def test_there_is_nothing_to_concede(self):
        """Time that was billed for nothing costs nothing to give away; to be billed again it goes all the same."""
        trainee = self.env["hr.employee"].create({"name": "Trainee", "company_id": self.company.id})
        self.card.rate_ids = [Command.create({"rate": 0.0, "employee_id": trainee.id})]
        free = self._log_approved(1.0, employee_id=trainee.id)
        paid = self._log_approved(1.0)
        move = self._invoice(grouping="entry")
        move.action_post()
        rows = move.timetrack_allocation_ids
        with self.assertRaisesRegex(UserError, "paid nothing"):
            self._credit("concede", rows.filtered(lambda row: row.line_id == free), move)
        self.assertEqual(self._credit("concede", rows, move).amount_untaxed, 100)
        self._credit("rebill", rows.filtered(lambda row: row.line_id == free), move).action_post()
        self.assertEqual((free + paid).mapped("timetrack_billing_state"), ["unbilled", "billed"])

    def test_time_that_is_conceded(self):
        """It stays billed, for nothing: worked all the same, at its standard value."""
        refund = self._credit("concede", self.rows[1])
        refund.action_post()
        self.assertStates("billed", "billed", "billed")
        self.assertEqual(self.rows.mapped("state"), ["posted", "posted", "posted"])
        self.assertRecordValues(
            refund.timetrack_allocation_ids,
            [
                {
                    "hours_worked": 0.0,
                    "hours_billed": -2.0,
                    "standard_value": 0.0,
                    "billed_amount": -200.0,
                    "adjustment": -200.0,
                }
            ],
        )
        self.assertEqual(self._net(), [100, 0, 300])
        with self.assertRaisesRegex(UserError, "no approved time"):
            self._invoice()

    def test_an_amount_is_spread(self):
        refund = self._credit("amount", amount=100.01)
        self.assertEqual(refund.amount_untaxed, 100.01)
        self.assertEqual(refund.invoice_line_ids.mapped("quantity"), [1.0, 1.0, 1.0])
        refund.action_post()
        # 100.01 by 1 : 2 : 3, by largest remainder
        self.assertEqual(
            refund.timetrack_allocation_ids.sorted("billed_amount").mapped("billed_amount"), [-50, -33.34, -16.67]
        )
        self.assertEqual(set(refund.timetrack_allocation_ids.mapped("hours_billed")), {0.0})
        self.assertStates("billed", "billed", "billed")
        self.assertEqual([round(amount, 2) for amount in self._net()], [83.33, 166.66, 250])

    def test_an_amount_of_chosen_time(self):
        refund = self._credit("amount", self.rows[2], amount=50)
        refund.action_post()
        self.assertEqual(self._net(), [100, 200, 250])
        # the rest of it is to be billed again
        refund = self._credit("rebill", self.rows[2])
        self.assertEqual(refund.amount_untaxed, 250)
        refund.action_post()
        self.assertStates("billed", "billed", "unbilled")
        self._invoice().action_post()
        self.assertEqual(self._net(), [100, 200, 300])

    def test_no_more_than_is_left(self):
        for amount in (0, -1, 600.01):
            with self.assertRaisesRegex(UserError, "no more than what is left"):
                self._credit("amount", amount=amount)
        self._credit("amount", amount=500)
        with self.assertRaisesRegex(UserError, "100"):
            self._credit("amount", amount=100.01)
        self._credit("amount", amount=100)
        with self.assertRaisesRegex(UserError, "credited before"):
            self._credit("rebill", self.rows[0])

    # ------------------------------------------------------------------
    # What happens to the credit note
    # ------------------------------------------------------------------

    def test_changed_before_it_is_posted(self):
        """What was changed is in the ledger; the time goes its way all the same."""
        refund = self._credit("rebill", self.rows[1:])
        refund.invoice_line_ids[0].price_unit = 90.0
        refund.invoice_line_ids = [
            Command.delete(refund.invoice_line_ids[1].id),
            Command.create({"name": "Goodwill", "quantity": 1, "price_unit": 10.0}),
        ]
        refund.action_post()
        self.assertStates("billed", "unbilled", "billed")
        rows = refund.timetrack_allocation_ids.filtered(lambda row: row.state == "posted")
        self.assertEqual(sorted(rows.mapped("billed_amount")), [-180, -10])
        self.assertEqual(self._net(), [100, 20, 300])

    def test_a_draft_that_is_deleted(self):
        for what, rows in (("rebill", self.rows[1]), ("concede", self.rows[1]), ("amount", self.rows)):
            refund = self._credit(what, rows, amount=10)
            self.assertTrue(sum(self.rows.mapped("credited_amount")))
            refund.unlink()
            self.rows.invalidate_recordset()
            self.assertEqual(self.rows.mapped("credited_amount"), [0, 0, 0])
            self.assertStates("billed", "billed", "billed")

    def test_reset_and_posted_again(self):
        for what, states in (("rebill", ("billed", "unbilled", "billed")), ("concede", ("billed",) * 3)):
            refund = self._credit(what, self.rows[1])
            for _time in range(2):
                refund.action_post()
                self.assertStates(*states)
                refund.button_draft()
                self.assertStates("billed", "billed", "billed")
            refund.button_cancel()
            self.rows.invalidate_recordset()
            self.assertEqual(self.rows.mapped("credited_amount"), [0, 0, 0])
            refund.button_draft()
            self.rows.invalidate_recordset()
            self.assertEqual(self.rows.mapped("credited_amount"), [0, 200, 0])
            refund.unlink()

    def test_a_cancelled_one_whose_time_was_credited_otherwise(self):
        refund = self._credit("rebill", self.rows[1])
        refund.button_cancel()
        self._credit("concede", self.rows[1])
        with self.assertRaisesRegex(UserError, "credited otherwise"):
            refund.button_draft()

    def test_reset_after_the_time_was_billed_again(self):
        refund = self._credit("rebill", self.rows[1])
        refund.action_post()
        self._invoice()
        with self.assertRaisesRegex(UserError, "billed again"):
            refund.button_draft()
        self.assertLedger()

    def test_the_invoice_is_credited_in_full_meanwhile(self):
        refund = self._credit("rebill", self.rows[1])
        self._reverse(self.move).action_post()
        # it could not tell what it is for: it credits no time
        self.assertStates("billed", "billed", "billed")
        refund.action_post()
        self.assertStates("billed", "unbilled", "billed")

    def test_a_full_credit_note_after_a_part(self):
        """What was credited is credited once more in money; only the rest of the time is freed."""
        self._credit("rebill", self.rows[1]).action_post()
        refund = self._reverse(self.move)
        refund.action_post()
        self.assertLedger()
        self.assertEqual(sum(refund.timetrack_allocation_ids.mapped("billed_amount")), -600)

    def test_the_invoice_is_not_reset_before_its_credit_note(self):
        for what in ("rebill", "concede"):
            refund = self._credit(what, self.rows[1])
            with self.assertRaisesRegex(UserError, "credit note first"), self.cr.savepoint():
                self.move.button_draft()
            refund.unlink()
        self.move.button_draft()
        self.assertStates("draft", "draft", "draft")

    def test_the_same_time_twice(self):
        self._credit("rebill", self.rows[1])
        for what in ("rebill", "concede"):
            with self.assertRaisesRegex(UserError, "credited before"):
                self._credit(what, self.rows)

    # ------------------------------------------------------------------
    # Taxes, currencies, languages
    # ------------------------------------------------------------------

    def test_taxes_in_the_price(self):
        tax = self.company_data["default_tax_sale"].copy({"name": "Included", "price_include_override": "tax_included"})
        self._log_approved(1.0, 2.0)
        move = self._invoice(grouping="entry")
        move.invoice_line_ids.tax_ids = tax
        move.action_post()
        rows = move.timetrack_allocation_ids.sorted("hours_worked")
        refund = self._credit("rebill", rows[1], move)
        self.assertAlmostEqual(refund.amount_untaxed, rows[1].billed_amount)
        refund = self._credit("amount", rows[0], move, amount=33.33)
        self.assertAlmostEqual(refund.amount_untaxed, 33.33)
        refund.action_post()
        self.assertLedger()

    def test_another_currency(self):
        foreign = self.setup_other_currency("EUR", rates=[("2020-01-01", 2.0)])
        self.project.timetrack_rate_card_id = self._create_card("Abroad", {"rate": 50.0}, currency=foreign)
        self._log_approved(1.0, 2.0)
        move = self._invoice(grouping="entry")
        move.action_post()
        refund = self._credit("rebill", move.timetrack_allocation_ids[0], move)
        self.assertEqual(refund.currency_id, foreign)
        refund.action_post()
        self.assertLedger()

    # ------------------------------------------------------------------
    # The dialog
    # ------------------------------------------------------------------

    def test_dialog(self):
        action = self.move.with_user(self.user_billing).action_timetrack_credit()
        form = Form(self.env["timetrack.credit.wizard"].with_user(self.user_billing).with_context(**action["context"]))
        form.row_ids.add(self.rows[0])
        form.row_ids.add(self.rows[2])
        self.assertEqual((form.total, form.hours), (400, 4))
        form.what = "amount"
        form.amount = 12
        self.assertEqual((form.total, form.hours), (12, 0))
        self.assertEqual(form.save().move_id, self.move)

    def test_what_cannot_be_credited(self):
        with self.assertRaisesRegex(UserError, "Choose the time"):
            self._credit("rebill")
        self._log_approved(1.0)
        draft = self._invoice()
        with self.assertRaisesRegex(UserError, "Only a posted invoice"):
            self._credit("rebill", draft.timetrack_allocation_ids, draft)
        draft.action_post()
        with self.assertRaisesRegex(UserError, "Choose time or costs that are billed by"):
            self._credit("rebill", draft.timetrack_allocation_ids)

    def test_who_may_credit(self):
        for user in (self.user_consultant, self.user_approver):
            with self.assertRaises(AccessError):
                self.env["timetrack.credit.wizard"].with_user(user).create({"move_id": self.move.id})
        refund = self._credit("rebill", self.rows[0])
        for name in ("effect", "state", "reversed_id"):
            with self.assertRaises(AccessError):
                refund.timetrack_allocation_ids.with_user(self.user_billing_manager).write({name: False})

    def test_queries(self):
        """Crediting takes the same number of queries for few entries and for many."""

        def count(number):
            self._log_approved(*[1.0] * number)
            move = self._invoice()
            move.action_post()
            rows = move.timetrack_allocation_ids
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self._credit("rebill", rows, move).action_post()
            self.env.flush_all()
            return self.cr.sql_log_count - before

        count(3)
        few = count(10)
        self.assertLessEqual(count(100), few + 10)
