from datetime import timedelta

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command, Date
from odoo.tests import Form, tagged

from .common import TimetrackBillingCommon

MAY = Date.to_date("2026-05-31")


@tagged("-at_install", "post_install")
class TestAccrual(TimetrackBillingCommon):
    """Alice's hours are 100 each, Bob's 150. The period ends on the 31st of May."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.ref("client_timetrack_billing.product_billable_time").taxes_id = False
        cls.unbilled, cls.liability = cls.env["account.account"].create(
            [
                {"name": "Unbilled Revenue", "code": "119901", "account_type": "asset_current"},
                {"name": "Contract Liabilities", "code": "239903", "account_type": "liability_current"},
            ]
        )
        cls.income = cls.company_data["default_account_revenue"]
        cls.engagement = cls.project.timetrack_engagement_ids

    def _accrual(self, date=MAY, **values):
        return (
            self.env["timetrack.accrual"]
            .with_user(self.user_billing)
            .create(
                {
                    "company_id": self.company.id,
                    "date": date,
                    "unbilled_account_id": self.unbilled.id,
                    "liability_account_id": self.liability.id,
                    **values,
                }
            )
        )

    def _balance(self, account, day):
        """Of the general ledger, at the end of a day."""
        self.env.flush_all()
        items = self.env["account.move.line"].search(
            [("account_id", "=", account.id), ("parent_state", "=", "posted"), ("date", "<=", day)]
        )
        return sum(items.mapped("balance"))

    def _balances(self, day=MAY):
        return [self._balance(account, day) for account in (self.unbilled, self.liability, self.income)]

    def _invoice_at(self, day, **values):
        move = self._invoice(**values)
        move.invoice_date = day
        move.action_post()
        return move

    # ------------------------------------------------------------------
    # What is accrued
    # ------------------------------------------------------------------

    def test_work_in_progress_of_the_day(self):
        """Approved, billable, up to the day, and not invoiced by then."""
        self._log_approved(2.0, date="2026-05-04")
        self._log_approved(1.0, date="2026-05-31", employee_id=self.bob.id)
        self._log_approved(4.0, date="2026-06-01")
        self._log_approved(8.0, date="2026-05-05", timetrack_is_billable=False)
        self._log(16.0, date="2026-05-06")
        accrual = self._accrual()
        self.assertEqual(accrual.state, "draft")
        accrual.action_work_out()
        self.assertEqual((accrual.amount, accrual.posted, accrual.to_post), (350, 0, 350))
        self.assertRecordValues(
            accrual.line_ids, [{"project_id": self.project.id, "hours": 3.0, "amount": 350.0, "balance": 350.0}]
        )
        entries = self.env["timetrack.accrual.entry"].with_user(self.user_billing).search([], order="amount")
        self.assertEqual(
            entries.mapped(lambda entry: (entry.employee_id.id, entry.amount)),
            [(self.bob.id, 150), (self.alice.id, 200)],
        )
        accrual.action_post()
        self.assertEqual(accrual.state, "posted")
        self.assertEqual(self._balances(), [350, 0, -350])
        # the day after it is as if it had never been
        self.assertEqual(self._balances(MAY + timedelta(days=1)), [0, 0, 0])
        item = accrual.move_ids.sudo().line_ids.filtered(lambda line: line.account_id == self.income)[:1]
        self.assertEqual(item.analytic_distribution, self.project._get_analytic_distribution())
        self.assertFalse(accrual.move_ids.sudo().line_ids.tax_ids)

    def test_revenue_is_on_the_account_of_the_clients_fiscal_position(self):
        """As that of the invoice will be."""
        abroad = self.income.copy({"code": "499901", "name": "Revenue Abroad"})
        self.partner_a.property_account_position_id = self.env["account.fiscal.position"].create(
            {
                "name": "Abroad",
                "account_ids": [Command.create({"account_src_id": self.income.id, "account_dest_id": abroad.id})],
            }
        )
        self._log_approved(2.0, date="2026-05-04")
        accrual = self._accrual()
        accrual.action_post()
        revenue = accrual.move_ids.sudo().line_ids.filtered(lambda line: line.account_id.internal_group == "income")
        self.assertEqual(revenue.account_id, abroad)
        self.assertEqual(self._invoice_at("2026-06-10").invoice_line_ids.account_id, abroad)

    def test_it_is_as_it_was_at_the_end_of_the_day(self):
        """What was invoiced and credited later was in progress, and was not, on the day."""
        first = self._log_approved(1.0, date="2026-05-04")
        self._invoice_at("2026-05-20")
        self._log_approved(2.0, date="2026-05-05")
        later = self._invoice_at("2026-06-10")
        self._log_approved(4.0, date="2026-05-06")
        accrual = self._accrual()
        accrual.action_work_out()
        self.assertEqual(accrual.amount, 600)
        # credited in June: it was billed in May, and is in progress in June
        first_move = first.timetrack_allocation_ids.move_id
        self._reverse(first_move).action_post()
        accrual.action_work_out()
        self.assertEqual(accrual.amount, 600)
        june = self._accrual("2026-06-30")
        june.action_work_out()
        self.assertEqual(june.amount, 500)
        # and before the invoice of May
        self.assertEqual(self._amount_at("2026-05-19"), 700)
        self.assertEqual(self._amount_at("2026-05-20"), 600)
        self.assertEqual(self._amount_at("2026-06-09"), 600)
        self.assertEqual(self._amount_at("2026-06-10"), 400)
        self.assertEqual(later.amount_untaxed, 200)

    def _amount_at(self, day):
        accrual = self._accrual(day)
        accrual.action_work_out()
        amount = accrual.amount
        accrual.unlink()
        return amount

    def test_conceded_and_divided_time(self):
        """Time that is conceded stays billed; of a divided entry the part that is billed is not in progress."""
        entry = self._log_approved(3.0, date="2026-05-04")
        self._wizard().action_propose()
        prebill = self.env["timetrack.prebill"].search([("project_ids", "in", self.project.ids)])
        split = (
            self.env["timetrack.prebill.split"]
            .with_user(self.user_billing)
            .create(
                {
                    "row_ids": prebill.line_ids.ids,
                    "part_ids": [Command.create({"hours": 2.0})],
                }
            )
        )
        split.action_split()
        prebill.line_ids.filtered(lambda row: row.hours_worked == 2).action_hold()
        prebill.with_user(self.user_billing).action_invoice()
        move = prebill.move_id.sudo()
        move.invoice_date = "2026-05-10"
        move.action_post()
        self.assertEqual(self._amount_at(MAY), 200)
        row = entry.timetrack_allocation_ids.filtered(lambda row: row.state == "posted")
        wizard = self.env["timetrack.credit.wizard"].with_user(self.user_billing)
        wizard = wizard.create({"move_id": move.id, "what": "concede", "row_ids": row.ids, "date": "2026-06-05"})
        self.env["account.move"].browse(wizard.action_credit()["res_id"]).action_post()
        self.assertEqual(self._amount_at(MAY), 200)
        self.assertEqual(self._amount_at("2026-06-30"), 200)

    def test_net_of_the_agreed_discount_and_to_the_cent(self):
        self.engagement.discount = 15
        self._log_approved(1 / 3, 1 / 3, 1 / 3, date="2026-05-04")
        accrual = self._accrual()
        accrual.action_work_out()
        self.assertEqual(accrual.amount, 85)
        amounts = sorted(self.env["timetrack.accrual.entry"].search([]).mapped("amount"))
        self.assertEqual(amounts, [28.33, 28.33, 28.34])

    def test_scope(self):
        self._log_approved(1.0, date="2026-05-04")
        self._log(2.0, date="2026-05-05").action_timetrack_submit()
        accrual = self._accrual()
        accrual.action_work_out()
        self.assertEqual(accrual.amount, 100)
        accrual.scope = "submitted"
        accrual.action_work_out()
        self.assertEqual(accrual.amount, 300)

    def test_time_without_a_rate_is_told(self):
        self.card.rate_ids.unlink()
        self._log_approved(2.0, date="2026-05-04")
        accrual = self._accrual()
        accrual.action_work_out()
        self.assertEqual((accrual.amount, accrual.rateless_hours), (0, 2.0))

    # ------------------------------------------------------------------
    # Again, and again
    # ------------------------------------------------------------------

    def test_late_entries_post_the_difference(self):
        self._log_approved(2.0, date="2026-05-04")
        accrual = self._accrual()
        accrual.action_post()
        self.assertEqual(len(accrual.move_ids), 2)
        accrual.action_post()
        accrual.action_work_out()
        accrual.action_post()
        self.assertEqual(len(accrual.move_ids), 2)
        # late
        self._log_approved(1.0, date="2026-05-07")
        accrual.action_work_out()
        self.assertEqual((accrual.amount, accrual.posted, accrual.to_post), (300, 200, 100))
        self.assertEqual(accrual.state, "worked_out")
        accrual.action_post()
        self.assertEqual(len(accrual.move_ids), 4)
        self.assertIn("100.00", accrual.message_ids[0].body)
        self.assertEqual(self._balances(), [300, 0, -300])
        # less than before
        self._invoice_at("2026-05-31")
        accrual.action_work_out()
        self.assertEqual(accrual.to_post, -300)
        accrual.action_post()
        self.assertEqual(self._balances(), [0, 0, -300])
        self.assertEqual(self._balances(MAY + timedelta(days=1)), [0, 0, -300])
        self.assertEqual((accrual.state, accrual.to_post), ("posted", 0))

    def test_an_entry_that_was_reset_is_posted_again(self):
        self._log_approved(2.0, date="2026-05-04")
        accrual = self._accrual()
        accrual.action_post()
        move = accrual.move_ids.sudo().filtered(lambda move: not move.reversed_entry_id)
        accrual.move_ids.sudo().button_draft()
        accrual.invalidate_recordset()
        self.assertEqual((accrual.posted, accrual.state), (0, "worked_out"))
        (accrual.move_ids.sudo() - move).unlink()
        move.unlink()
        accrual.action_post()
        self.assertEqual(self._balances(), [200, 0, -200])

    def test_below_zero_is_a_liability(self):
        """Time that takes more back than there is."""
        self._log_approved(-2.0, date="2026-05-04")
        accrual = self._accrual()
        accrual.action_post()
        self.assertEqual(self._balances(), [0, -200, 200])
        self._log_approved(3.0, date="2026-05-05")
        accrual.action_work_out()
        accrual.action_post()
        self.assertEqual(self._balances(), [100, 0, -100])

    def test_other_currencies_at_the_rate_of_the_day(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        rates = self.env["res.currency.rate"]
        rates.search([("currency_id", "=", euro.id)]).unlink()
        other = self._create_project("Euro", self.partner_b)
        other.timetrack_rate_card_id = self._create_card("Euro", {"rate": 100.0}, currency=euro)
        other.partner_id.property_account_position_id = False
        self._log_approved(2.0, date="2026-05-04", project_id=other.id)
        self._log_approved(1.0, date="2026-05-04")
        accrual = self._accrual()
        with self.assertRaisesRegex(UserError, "no exchange rate of EUR on 05/31/2026"):
            accrual.action_work_out()
        self.assertFalse(accrual.line_ids)
        rates.create(
            [
                {"currency_id": euro.id, "name": "2026-05-01", "rate": 0.5, "company_id": self.company.id},
                {"currency_id": euro.id, "name": "2026-06-01", "rate": 0.25, "company_id": self.company.id},
            ]
        )
        accrual.action_work_out()
        self.assertEqual(
            sorted(accrual.line_ids.mapped(lambda line: (line.amount, line.balance))), [(100, 100), (200, 400)]
        )
        accrual.action_post()
        self.assertEqual(self._balances(), [500, 0, -500])
        item = accrual.move_ids.sudo().line_ids.filtered(lambda line: line.currency_id == euro)[:1]
        self.assertEqual((abs(item.amount_currency), abs(item.balance)), (200, 400))
        self.assertEqual(self._balances(MAY + timedelta(days=1)), [0, 0, 0])
        # the rate is corrected, and more time comes at the same moment: more euros, fewer dollars
        rates.search([("currency_id", "=", euro.id), ("name", "=", "2026-05-01")]).rate = 0.8
        self._log_approved(1.0, date="2026-05-05", project_id=other.id)
        accrual.action_work_out()
        self.assertEqual(accrual.to_post, -25)
        accrual.action_post()
        self.assertEqual(self._balances(), [475, 0, -475])
        self.assertEqual((accrual.state, accrual.to_post), ("posted", 0))

    # ------------------------------------------------------------------
    # What is refused
    # ------------------------------------------------------------------

    def test_what_is_missing_is_told_before_anything_is_posted(self):
        self._log_approved(2.0, date="2026-05-04")
        accrual = self._accrual(unbilled_account_id=False)
        with self.assertRaisesRegex(UserError, "Choose what the accrual is posted on: Unbilled Revenue"):
            accrual.action_post()
        with self.assertRaisesRegex(ValidationError, "is no asset account"):
            accrual.unbilled_account_id = self.liability
        accrual.unbilled_account_id = self.unbilled
        for lock in ("2026-05-31", "2026-06-01"):
            with self.subTest(lock):
                self.company.sudo().fiscalyear_lock_date = lock
                with self.assertRaisesRegex(UserError, "Nothing can be posted on"):
                    accrual.action_post()
                self.company.sudo().fiscalyear_lock_date = False
        self.assertFalse(accrual.move_ids)
        accrual.action_post()
        with self.assertRaisesRegex(UserError, "is posted: its day and accounts stay"):
            accrual.date = "2026-04-30"
        with self.assertRaisesRegex(UserError, "cannot be deleted"):
            accrual.unlink()

    def test_the_next_one_knows_the_accounts(self):
        self._accrual()
        with Form(self.env["timetrack.accrual"].with_user(self.user_billing)) as form:
            self.assertEqual(form.unbilled_account_id, self.unbilled)
            self.assertEqual(form.liability_account_id, self.liability)
            self.assertTrue(form.journal_id)
            self.assertEqual(str(form.date), "2026-06-30")
        self.assertEqual(form.record.display_name, "06/30/2026")

    def test_calls_cannot_take_entries_from_their_accrual(self):
        self._log_approved(2.0, date="2026-05-04")
        accrual = self._accrual()
        accrual.action_post()
        move = accrual.move_ids.filtered(lambda move: not move.reversed_entry_id)
        with self.assertRaisesRegex(AccessError, "cannot be changed"):
            move.with_user(self.user_billing_manager).timetrack_accrual_id = False
        with self.assertRaisesRegex(AccessError, "cannot be changed"):
            accrual.write({"move_ids": [Command.unlink(move.id)]})
        items = move.with_user(self.user_billing_manager).line_ids.filtered("timetrack_accrual_line_id")
        with self.assertRaisesRegex(AccessError, "cannot be changed"):
            items.timetrack_accrual_line_id = False
        self.assertEqual((accrual.posted, accrual.state), (200, "posted"))

    def test_who_may(self):
        accrual = self._accrual()
        for user in (self.user_consultant, self.user_approver):
            with self.assertRaises(AccessError):
                accrual.with_user(user).action_work_out()
        with self.assertRaises(AccessError):
            self.env["timetrack.accrual.line"].with_user(self.user_billing).create(
                {"accrual_id": accrual.id, "project_id": self.project.id, "currency_id": self.card.currency_id.id}
            )

    def test_takes_the_same_queries_for_more_time(self):
        counts = []
        accrual = self._accrual(scope="submitted")
        for number in (2, 40):
            self._log_approved(*[1.0] * number, date="2026-05-04")
            self._log(*[1.0] * number, date="2026-05-05").action_timetrack_submit()
            accrual.action_work_out()
            counts.append(self._count_queries(accrual.action_work_out))
        self.assertLessEqual(counts[1], counts[0] + 1)
