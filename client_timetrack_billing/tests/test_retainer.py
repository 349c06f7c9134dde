from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command, Date
from odoo.tests import Form, new_test_user, tagged

from .common import TimetrackBillingCommon


@tagged("-at_install", "post_install")
class TestRetainer(TimetrackBillingCommon):
    """A client pays in advance; Alice's hours are 100 each. Time is taxed by 20 %."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tax = cls.company_data["default_tax_sale"].copy({"name": "VAT 20%", "amount": 20})
        cls.env.ref("client_timetrack_billing.product_billable_time").taxes_id = cls.tax
        cls.account, cls.trust = cls.env["account.account"].create(
            [
                {"name": "Client Advances", "code": "239901", "account_type": "liability_current"},
                {"name": "Clients' Money in Trust", "code": "239902", "account_type": "liability_current"},
            ]
        )
        cls.Retainer = cls.env["timetrack.retainer"].with_user(cls.user_billing)

    @classmethod
    def _retainer(cls, kind="down_payment", amount=1000.0, **values):
        account = cls.trust if kind == "deposit" else cls.account
        return cls.Retainer.create(
            {
                "project_id": cls.project.id,
                "kind": kind,
                "amount": amount,
                "account_id": account.id,
                "company_id": cls.company.id,
                **values,
            }
        )

    def _advance(self, retainer, paid=True):
        """Post the advance of a retainer, and have it paid."""
        move = self.env["account.move"].browse(retainer.action_invoice_advance()["res_id"])
        move.invoice_date = "2026-05-01"
        move.action_post()
        if paid:
            self._pay(move)
        return move

    def _pay(self, move, amount=None):
        wizard = self.env["account.payment.register"].with_context(active_model="account.move", active_ids=move.ids)
        wizard.create({"payment_date": "2026-05-02", **({"amount": amount} if amount else {})})._create_payments()
        self.env.flush_all()

    def _bill(self, *hours, post=True, **values):
        self._log_approved(*hours, **values)
        move = self._invoice()
        move.invoice_date = "2026-06-01"
        if post:
            move.action_post()
        return move

    def _figures(self, retainer):
        retainer.invalidate_recordset()
        return (retainer.received, retainer.drawn, retainer.refunded, retainer.balance, retainer.available)

    def _sums(self, *accounts):
        """Balances of the general ledger, credit positive: what is owed."""
        self.env.flush_all()
        return [
            -sum(
                self.env["account.move.line"]
                .search([("account_id", "=", account.id), ("parent_state", "=", "posted")])
                .mapped("balance")
            )
            for account in accounts
        ]

    # ------------------------------------------------------------------
    # Down payments
    # ------------------------------------------------------------------

    def test_a_down_payment_is_taxed_on_receipt_and_deducted_with_its_tax(self):
        retainer = self._retainer()
        self.assertEqual(retainer.tax_ids, self.tax)
        advance = self._advance(retainer, paid=False)
        self.assertEqual((advance.amount_untaxed, advance.amount_tax, advance.amount_total), (1000, 200, 1200))
        self.assertEqual(advance.partner_id.commercial_partner_id, self.partner_a)
        self.assertEqual(self._sums(self.account), [1000])
        # a down payment may be deducted before it is paid: both are owed by the client
        self.assertEqual(self._figures(retainer), (1000, 0, 0, 1000, 1000))
        self.assertEqual(retainer.unpaid, 1000)

        move = self._bill(4.0)
        self.assertEqual((move.amount_untaxed, move.amount_tax, move.amount_total), (0, 0, 0))
        draw = move.invoice_line_ids.filtered("timetrack_retainer_id")
        self.assertEqual((draw.price_subtotal, draw.tax_ids, draw.account_id), (-400, self.tax, self.account))
        self.assertEqual(self._figures(retainer), (1000, 400, 0, 600, 600))
        self.assertEqual(self._sums(self.account), [600])
        # the work is revenue in full, and the ledger ties out
        revenue = move.line_ids.filtered(lambda line: line.account_id.account_type == "income")
        self.assertEqual(sum(revenue.mapped("balance")), -400)
        rows = self.env["timetrack.allocation"].search([("move_id", "=", move.id)])
        self.assertEqual(
            sorted(rows.mapped(lambda row: (row.kind, row.billed_amount))), [("drawdown", -400), ("time", 400)]
        )
        self.assertLedger()

        # more than is left: the rest is for the client to pay
        move = self._bill(8.0)
        self.assertEqual((move.amount_untaxed, move.amount_tax, move.amount_total), (200, 40, 240))
        self.assertEqual(self._figures(retainer), (1000, 1000, 0, 0, 0))
        self.assertEqual(self._sums(self.account), [0])
        self.assertEqual(self._bill(1.0).amount_total, 120)

    def test_what_is_taxed_otherwise_is_not_paid_from_it(self):
        retainer = self._retainer()
        self._advance(retainer)
        move = self._bill(2.0, post=False)
        move.invoice_line_ids.filtered("timetrack_retainer_id").unlink()
        move.invoice_line_ids.tax_ids = False
        with self.assertRaisesRegex(UserError, "Nothing on the invoice is left that is taxed as RET/"):
            move.with_user(self.user_billing).action_timetrack_draw()
        move.invoice_line_ids = [
            Command.create({"name": "Taxed", "price_unit": 50, "tax_ids": [Command.set(self.tax.ids)]})
        ]
        # of 250 in all the time of the matter is 200: four fifths of what is taxed alike
        move.with_user(self.user_billing).action_timetrack_draw()
        self.assertEqual(move.invoice_line_ids.filtered("timetrack_retainer_id").price_subtotal, -40)

    def test_taxes_of_a_fiscal_position(self):
        """A client abroad is taxed otherwise: on the advance, on the invoice and on what is drawn alike."""
        abroad = self.tax.copy({"name": "VAT 10%", "amount": 10})
        position = self.env["account.fiscal.position"].create({"name": "Abroad", "tax_ids": [Command.link(abroad.id)]})
        abroad.original_tax_ids = self.tax
        self.partner_a.property_account_position_id = position
        retainer = self._retainer(amount=250)
        self.assertEqual(retainer.tax_ids, self.tax)
        advance = self._advance(retainer)
        self.assertEqual((advance.amount_untaxed, advance.amount_total), (250, 275))
        move = self._bill(4.0)
        self.assertEqual(move.invoice_line_ids.tax_ids, abroad)
        self.assertEqual((move.amount_untaxed, move.amount_total), (150, 165))

    def test_taxes_that_are_part_of_the_price(self):
        self.tax.price_include_override = "tax_included"
        retainer = self._retainer(amount=250)
        advance = self._advance(retainer)
        self.assertEqual((advance.amount_untaxed, advance.amount_total), (250, 300))
        move = self._bill(4.0)
        self.assertEqual((move.amount_untaxed, move.amount_total), (150, 180))
        self.assertEqual(self._figures(retainer), (250, 250, 0, 0, 0))

    # ------------------------------------------------------------------
    # Money in trust
    # ------------------------------------------------------------------

    def test_a_deposit_is_untaxed_and_pays_what_was_paid_in(self):
        retainer = self._retainer("deposit")
        self.assertFalse(retainer.tax_ids)
        advance = self._advance(retainer, paid=False)
        self.assertEqual((advance.amount_untaxed, advance.amount_total), (1000, 1000))
        self.assertEqual(self._figures(retainer), (1000, 0, 0, 1000, 0))
        # nothing was paid in yet
        self.assertEqual(self._bill(1.0).amount_total, 120)
        self._pay(advance, 500)
        self.assertEqual(self._figures(retainer), (1000, 0, 0, 1000, 500))
        # it pays the invoice with its tax, which stays
        move = self._bill(2.0)
        self.assertEqual((move.amount_tax, move.amount_total), (40, 0))
        self.assertEqual(self._figures(retainer), (1000, 240, 0, 760, 260))
        self.assertEqual(self._sums(self.trust, self.account), [760, 0])
        move = self._bill(5.0)
        self.assertEqual((move.amount_tax, move.amount_total), (100, 340))
        self.assertEqual(self._figures(retainer), (1000, 500, 0, 500, 0))

    def test_money_of_one_matter_pays_for_no_other(self):
        other = self._create_project("Other", self.partner_a)
        retainer = self._retainer("deposit")
        self._advance(retainer)
        self._log_approved(3.0, project_id=other.id)
        move = self._bill(1.0)
        # both matters are on one invoice, of which 120 with tax are for this one
        self.assertEqual((move.amount_untaxed, move.amount_tax), (400 - 120, 80))
        self.assertEqual(self._figures(retainer), (1000, 120, 0, 880, 880))
        # nor is a client's money drawn for another client
        self.project.partner_id = self.partner_b
        foreign = self._bill(1.0)
        self.assertEqual((foreign.commercial_partner_id, foreign.amount_untaxed), (self.partner_b, 100))

    def test_a_retainer_of_the_client_pays_for_all_projects_after_those_of_a_matter(self):
        other = self._create_project("Other", self.partner_a)
        general = self._retainer(project_id=False, partner_id=self.partner_a.id, amount=500)
        matter = self._retainer(amount=100)
        for retainer in (general, matter):
            self._advance(retainer)
        self._log_approved(3.0, project_id=other.id)
        move = self._bill(2.0)
        self.assertEqual(move.amount_total, 0)
        self.assertEqual(self._figures(matter)[1], 100)
        self.assertEqual(self._figures(general)[1], 400)

    # ------------------------------------------------------------------
    # Whatever becomes of the invoices
    # ------------------------------------------------------------------

    def test_drafts_reserve_and_give_back(self):
        retainer = self._retainer()
        self._advance(retainer)
        move = self._bill(6.0, post=False)
        self.assertEqual(retainer.reserved, 600)
        self.assertEqual(self._figures(retainer), (1000, 0, 0, 1000, 400))
        second = self._bill(6.0, post=False)
        self.assertEqual(second.amount_untaxed, 200)
        move.unlink()
        self.assertEqual(self._figures(retainer), (1000, 0, 0, 1000, 600))
        second.action_post()
        self.assertEqual(self._figures(retainer), (1000, 400, 0, 600, 600))
        second.button_draft()
        self.assertEqual(self._figures(retainer), (1000, 0, 0, 1000, 600))
        second.button_cancel()
        self.assertEqual(self._figures(retainer), (1000, 0, 0, 1000, 1000))
        self.assertLedger()

    def test_a_reversed_invoice_gives_its_money_back(self):
        retainer = self._retainer()
        self._advance(retainer)
        move = self._bill(4.0)
        self._reverse(move).action_post()
        self.assertEqual(self._figures(retainer), (1000, 0, 0, 1000, 1000))
        self.assertEqual(self._sums(self.account), [1000])
        self.assertLedger()

    def test_an_accountant_without_rights_on_time_reverses_as_ever(self):
        accountant = new_test_user(
            self.env,
            "tt_accountant",
            "account.group_account_invoice",
            company_id=self.company.id,
            company_ids=self.company.ids,
        )
        plain = self._bill(1.0)
        retainer = self._retainer()
        self._advance(retainer)
        drawn = self._bill(4.0)
        for move in (plain, drawn):
            wizard = (
                self.env["account.move.reversal"]
                .with_user(accountant)
                .with_context(active_model="account.move", active_ids=move.ids)
                .create({"journal_id": move.journal_id.id, "date": "2026-06-30"})
            )
            refund = self.env["account.move"].browse(wizard.refund_moves()["res_id"]).with_user(accountant)
            refund.action_post()
        self.assertEqual(self._figures(retainer), (1000, 0, 0, 1000, 1000))
        self.assertLedger()

    def test_a_duplicate_draws_nothing(self):
        retainer = self._retainer()
        self._advance(retainer)
        copy = self._bill(4.0).copy()
        self.assertFalse(copy.invoice_line_ids.timetrack_retainer_id)
        self.assertEqual(self._figures(retainer), (1000, 400, 0, 600, 600))

    def test_an_advance_that_was_drawn_from_stays(self):
        retainer = self._retainer()
        advance = self._advance(retainer, paid=False)
        self._bill(4.0)
        with self.assertRaisesRegex(UserError, "400.00 more from RET/.* than there is"), self.cr.savepoint():
            advance.button_draft()
        with self.assertRaisesRegex(UserError, "than there is"), self.cr.savepoint():
            self._reverse(advance).action_post()

    def test_no_more_is_drawn_than_there_is(self):
        """Two drafts that were changed by hand."""
        retainer = self._retainer(amount=500)
        self._advance(retainer)
        move = self._bill(9.0, post=False)
        draw = move.invoice_line_ids.filtered("timetrack_retainer_id")
        draw.price_unit = -700
        with self.assertRaisesRegex(UserError, "200.00 more from RET/"), self.cr.savepoint():
            move.action_post()
        draw.price_unit = -500
        move.action_post()
        self.assertEqual(self._figures(retainer), (500, 500, 0, 0, 0))

    def test_lines_stay_with_their_client_account_and_currency(self):
        retainer = self._retainer()
        self._advance(retainer)
        move = self._bill(1.0, post=False)
        draw = move.invoice_line_ids.filtered("timetrack_retainer_id")
        with self.assertRaisesRegex(ValidationError, "stands on the account 239901"), self.cr.savepoint():
            draw.account_id = self.trust
        with self.assertRaisesRegex(ValidationError, "is money of .* cannot be on an invoice of"), self.cr.savepoint():
            move.partner_id = self.partner_b
        euro = self.env.ref("base.EUR")
        euro.active = True
        with self.assertRaisesRegex(ValidationError, "is in USD: take its line off"), self.cr.savepoint():
            move.currency_id = euro
            self.env.flush_all()

    def test_what_is_not_paid_of_an_invoice_that_was_paid_in_part_from_it(self):
        """300 and its tax, of which a deposit paid 240: 120 are due, 100 of them without tax."""
        self._advance(self._retainer("deposit", amount=240))
        move = self._bill(3.0)
        self.assertEqual(move.amount_residual, 120)
        wizard = self.env["timetrack.credit.wizard"].with_user(self.user_billing)
        with Form(wizard.with_context(default_move_id=move.id)) as form:
            form.what = "amount"
            form.is_write_off = True
            form.reason_id = self.env.ref("client_timetrack_billing.adjustment_reason_uncollectable")
            self.assertEqual(form.amount, 100)
        refund = self.env["account.move"].browse(form.record.action_credit()["res_id"])
        self.assertEqual(refund.amount_total, 120)

    # ------------------------------------------------------------------
    # By hand, and what is refused
    # ------------------------------------------------------------------

    def test_is_automatic(self):
        retainer = self._retainer(is_automatic=False)
        self._advance(retainer)
        move = self._bill(2.0, post=False)
        self.assertEqual(move.amount_untaxed, 200)
        self.assertEqual(move.with_user(self.user_billing).timetrack_retainer_count, 1)
        move.with_user(self.user_billing).action_timetrack_draw()
        self.assertEqual(move.amount_untaxed, 0)
        with self.assertRaisesRegex(UserError, "Nothing can be drawn"):
            move.with_user(self.user_billing).action_timetrack_draw()
        move.action_post()
        with self.assertRaisesRegex(UserError, "Only a draft invoice"):
            move.with_user(self.user_billing).action_timetrack_draw()

    def test_another_currency_is_told(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        retainer = self._retainer(currency_id=euro.id)
        self._advance(retainer)
        move = self._bill(2.0, post=False)
        self.assertEqual(move.amount_untaxed, 200)
        with self.assertRaisesRegex(UserError, "is in EUR, the invoice in USD"):
            move.with_user(self.user_billing).action_timetrack_draw()

    def test_what_is_missing_is_told_before_anything_is_made(self):
        count = self.env["account.move"].search_count([])
        retainer = self._retainer(account_id=False)
        with self.assertRaisesRegex(UserError, "has no liability account"):
            retainer.action_invoice_advance()
        retainer.account_id = self.account
        retainer.amount = 0
        with self.assertRaisesRegex(UserError, "raise the advance"):
            retainer.action_invoice_advance()
        with self.assertRaisesRegex(UserError, "Nothing of RET/.* is left to refund"):
            retainer.action_refund()
        with self.assertRaisesRegex(ValidationError, "is no liability account"):
            retainer.account_id = self.company_data["default_account_revenue"]
        with self.assertRaisesRegex(ValidationError, "of one matter"):
            self._retainer("deposit", project_id=False, partner_id=self.partner_a.id)
        with self.assertRaisesRegex(ValidationError, "has no taxes"):
            self._retainer("deposit", tax_ids=self.tax.ids)
        with self.assertRaisesRegex(ValidationError, "Merger is a project of"):
            self._retainer(partner_id=self.partner_b.id)
        self.assertEqual(self.env["account.move"].search_count([]), count)

    def test_what_it_is_stays_once_it_is_used(self):
        retainer = self._retainer()
        retainer.kind = "deposit"
        retainer.kind = "down_payment"
        self._advance(retainer)
        for values in ({"kind": "deposit"}, {"account_id": self.trust.id}, {"tax_ids": [Command.clear()]}):
            with self.subTest(values), self.assertRaisesRegex(UserError, "is on invoices"):
                retainer.write(values)
        retainer.write({"amount": 2000, "account_id": self.account.id})
        with self.assertRaisesRegex(UserError, "still has"):
            retainer.active = False

    def test_the_rest_goes_back(self):
        retainer = self._retainer()
        self._advance(retainer)
        self._bill(4.0)
        refund = self.env["account.move"].browse(retainer.action_refund()["res_id"])
        self.assertEqual((refund.move_type, refund.amount_untaxed, refund.amount_tax), ("out_refund", 600, 120))
        # what is about to go back is not drawn meanwhile
        self.assertEqual(self._figures(retainer), (1000, 400, 0, 600, 0))
        refund.action_post()
        self.assertEqual(self._figures(retainer), (1000, 400, 600, 0, 0))
        self.assertEqual(self._sums(self.account), [0])
        retainer.active = False

    # ------------------------------------------------------------------
    # Evergreen
    # ------------------------------------------------------------------

    def test_who_is_told_may_see_it(self):
        """The partner in charge, unless they have no rights on invoices."""
        for partner, told in (
            (self.user_billing_manager, self.user_billing_manager),
            (self.user_approver, self.user_billing),
        ):
            self.project.timetrack_engagement_ids.responsible_id = partner
            retainer = self._retainer(floor=900)
            retainer.sudo()._tell_responsible("It is low.")
            self.assertEqual(retainer.activity_ids.user_id, told)

    def test_it_is_filled_up_below_its_floor(self):
        retainer = self._retainer(floor=300)
        self._advance(retainer)
        self._bill(6.0)
        self._cron()
        self.assertFalse(retainer.is_low)
        self.assertFalse(retainer._get_draft_advances())
        self._bill(2.0)
        retainer.invalidate_recordset()
        self.assertTrue(retainer.is_low)
        self.assertEqual(self.Retainer.search([("is_low", "=", True)]), retainer)
        self._cron()
        self._cron()
        advance = retainer._get_draft_advances()
        self.assertEqual((len(advance), advance.amount_untaxed), (1, 800))
        self.assertEqual(len(retainer.activity_ids), 1)
        with self.assertRaisesRegex(UserError, "is in draft already"):
            retainer.action_invoice_advance()
        advance.action_post()
        retainer.invalidate_recordset()
        self.assertEqual((retainer.balance, retainer.is_low), (1000, False))
        self.assertFalse(retainer.activity_ids)

    def test_what_fails_for_one_holds_up_no_other(self):
        broken = self._retainer(floor=300, account_id=False)
        fine = self._retainer(floor=300, amount=500)
        self._cron()
        self.assertFalse(broken._get_draft_advances())
        self.assertIn("has no liability account", broken.activity_ids.note)
        self.assertEqual(fine._get_draft_advances().amount_untaxed, 500)
        self._cron()
        self.assertEqual(len(broken.activity_ids), 1)

    def _cron(self):
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref("client_timetrack_billing.ir_cron_retainer_refill").method_direct_trigger()
        self.env.invalidate_all()

    # ------------------------------------------------------------------
    # What people see
    # ------------------------------------------------------------------

    def test_statement(self):
        retainer = self._retainer()
        self._advance(retainer)
        self._bill(4.0)
        self._bill(1.0, post=False)
        statement = retainer._get_statement()
        self.assertEqual([(row["kind"], row["amount"], row["balance"]) for row in statement["rows"]],
            [("advance", 1000, 1000), ("draw", -400, 600)])  # fmt: skip
        self.assertEqual((statement["opening"], statement["closing"]), (0, 600))
        june = retainer._get_statement(Date.to_date("2026-06-01"))
        self.assertEqual((june["opening"], len(june["rows"]), june["closing"]), (1000, 1, 600))
        may = retainer._get_statement(date_to=Date.to_date("2026-05-31"))
        self.assertEqual((len(may["rows"]), may["closing"]), (1, 1000))
        html = self.env["ir.actions.report"]._render_qweb_html(
            "client_timetrack_billing.report_retainer", retainer.ids
        )[0]
        self.assertIn(retainer.name.encode(), html)
        self.assertIn(b"600.00", html)

    def test_a_prebill_says_what_is_left(self):
        self._advance(self._retainer())
        self._log_approved(1.0)
        self._wizard().action_propose()
        prebill = self.env["timetrack.prebill"].search([("project_ids", "in", self.project.ids)])
        self.assertEqual(prebill.with_user(self.user_billing).retainer_left, 1000)

    def test_buttons_where_people_are(self):
        own, general = self._retainer(), self._retainer(project_id=False, partner_id=self.partner_a.id)
        other = self._create_project("Other", self.partner_a)
        for record, expected in (
            (self.project, own | general),
            (other, general),
            (self.partner_a, own | general),
            (self._create_project("Foreign", self.partner_b), self.Retainer),
        ):
            record = record.with_user(self.user_billing)
            self.assertEqual(record.timetrack_retainer_count, len(expected))
            self.assertEqual(self.Retainer.search(record.action_timetrack_view_retainers()["domain"]), expected)

    def test_the_form(self):
        retainer = self._retainer()
        with Form(self.Retainer) as form:
            form.project_id = self.project
            self.assertEqual(form.partner_id, self.partner_a)
            self.assertEqual(form.account_id, self.account)
            self.assertEqual(form.tax_ids[:], self.tax)
            form.kind = "deposit"
            self.assertFalse(form.tax_ids[:])
            form.account_id = self.trust
            form.amount = 300
        self.assertNotEqual(form.record.name, retainer.name)

    def test_calls_cannot_take_a_line_from_its_retainer(self):
        retainer, other = self._retainer(), self._retainer()
        self._advance(retainer)
        draw = self._bill(4.0).invoice_line_ids.filtered("timetrack_retainer_id")
        for value in (False, other.id):
            with self.assertRaisesRegex(AccessError, "cannot be changed"):
                draw.with_user(self.user_billing_manager).timetrack_retainer_id = value
        with self.assertRaisesRegex(AccessError, "cannot be changed"):
            retainer.write({"line_ids": [Command.unlink(draw.id)]})
        self.assertEqual(self._figures(retainer), (1000, 400, 0, 600, 600))

    def test_who_may(self):
        retainer = self._retainer()
        for user in (self.user_consultant, self.user_approver):
            with self.assertRaises(AccessError):
                retainer.with_user(user).check_access("read")

    def test_takes_the_same_queries_for_more_retainers(self):
        retainers = self.Retainer.union(*(self._retainer(amount=100) for _index in range(6)))
        for retainer in retainers:
            self._advance(retainer, paid=False)
        counts = []
        for some in (retainers[:1], retainers):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some.mapped("available")
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 1)
