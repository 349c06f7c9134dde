import random
from calendar import monthrange
from datetime import date, timedelta

from odoo.fields import Command
from odoo.tests import tagged

from .common import TimetrackAccrualCommon

YEAR = 2025
TAX = 0.2
ALICE, BOB = 100, 150
DEPOSIT, FLOOR = 4000, 1000
MARKUP = 0.1


class Books:
    """What the year comes to by plain arithmetic: it reads nothing of what is tested."""

    def __init__(self):
        self.time = {}  # id of an entry: day, value, day of its invoice
        self.revenue = []  # day and amount without tax, of invoices and credit notes
        self.trust = []  # day and amount, paid in and drawn
        self.receivable = []  # day and amount with tax, billed and paid
        self.spent = []  # day and amount, on vendor bills
        self.to_reinvoice = []  # day and amount with mark-up, of costs that no invoice has yet

    @staticmethod
    def upto(moves, day):
        return round(sum(amount for when, amount in moves if when <= day), 2)

    def wip(self, day):
        return round(
            sum(
                value for when, value, billed in self.time.values() if when <= day and (billed is None or billed > day)
            ),
            2,
        )


@tagged("-at_install", "post_install")
class TestYear(TimetrackAccrualCommon):
    """A year of a law firm: time, approval, bills with write-downs, fees of the court with a mark-up, money in trust,
    payments, credit notes, a dispute, a write-off, and revenue accrued at the end of each month, late entries included.
    The general ledger is what plain arithmetic says, each month.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tax = cls.company_data["default_tax_sale"].copy({"name": "VAT 20%", "amount": 100 * TAX})
        cls.env.ref("client_timetrack_billing.product_billable_time").taxes_id = cls.tax
        cls.trust = cls.env["account.account"].create(
            {"name": "Clients' Money in Trust", "code": "239902", "account_type": "liability_current"}
        )
        cls.matters = cls.project | cls._create_project("Appeal", cls.partner_a)
        cls.matters.timetrack_engagement_ids.write({"is_together": False, "grouping": "entry"})
        cls.matters.user_id = False
        cls.reason = cls.env.ref("client_timetrack_billing.adjustment_reason_uncollectable")
        cls.project.timetrack_engagement_ids.cost_markup = 100 * MARKUP
        cls.expense = cls.company_data["default_account_expense"]
        cls.court_fees = cls.env["product.product"].create(
            {
                "name": "Court Fees",
                "type": "service",
                "expense_policy": "cost",
                "taxes_id": [Command.set(cls.tax.ids)],
                "supplier_taxes_id": False,
            }
        )

    def setUp(self):
        super().setUp()
        self.books = Books()
        self.dice = random.Random(7)
        self.deposit = (
            self.env["timetrack.retainer"]
            .with_user(self.user_billing)
            .create(
                {
                    "project_id": self.project.id,
                    "kind": "deposit",
                    "amount": DEPOSIT,
                    "floor": FLOOR,
                    "account_id": self.trust.id,
                }
            )
        )

    # ------------------------------------------------------------------
    # What people do
    # ------------------------------------------------------------------

    def _work(self, month):
        """Time of the month, approved but for the last entry of each matter: those come late."""
        last = monthrange(YEAR, month)[1]
        late = self.env["account.analytic.line"]
        for matter in self.matters:
            for number in range(5):
                who, rate = self.dice.choice([(self.alice, ALICE), (self.bob, BOB)])
                hours = self.dice.choice([0.25, 1.5, 4.0, 6.75])
                day = date(YEAR, month, self.dice.randint(1, last))
                entry = self._log(hours, project_id=matter.id, employee_id=who.id, date=day)
                if number == 4:
                    late |= entry
                    continue
                self._approve(entry)
                self.books.time[entry.id] = (day, hours * rate, None)
        return late

    def _come_late(self, entries):
        self._approve(entries)
        for entry in entries:
            rate = ALICE if entry.employee_id == self.alice else BOB
            self.books.time[entry.id] = (entry.date, entry.unit_amount * rate, None)

    def _spend(self, day):
        """The court sends a bill for the first matter."""
        amount = 40 + self.dice.randint(0, 120) / 2  # its tax with mark-up is whole cents
        line = {
            "product_id": self.court_fees.id,
            "name": "Filing fee",
            "price_unit": amount,
            "account_id": self.expense.id,
            "tax_ids": False,
            "analytic_distribution": {str(self.project.account_id.id): 100},
        }
        values = {"move_type": "in_invoice", "partner_id": self.partner_b.id, "invoice_date": day, "date": day}
        self.env["account.move"].create({**values, "invoice_line_ids": [Command.create(line)]}).action_post()
        self.books.spent.append((day, amount))
        self.books.to_reinvoice.append((day, round(amount * (1 + MARKUP), 2)))

    def _bill(self, matter, until, day):
        """Bill what is in progress of a matter, less an hour of its longest entry in every other month."""
        self._wizard(project_ids=matter.ids, date_to=until).action_propose()
        prebill = self.env["timetrack.prebill"].search([("project_ids", "in", matter.ids)], order="id desc", limit=1)
        prebill = prebill.with_user(self.user_billing)
        entries = prebill.line_ids.line_id
        amount = sum(self.books.time[entry.id][1] for entry in entries)
        if day.month % 2:
            row = prebill.line_ids.sorted("hours_worked")[-1]
            if row.hours_worked > 1:
                row.write({"hours_billed": row.hours_worked - 1, "reason_id": self.reason.id})
                amount -= ALICE if row.employee_id == self.alice else BOB
        for entry in entries:
            when, value, _billed = self.books.time[entry.id]
            self.books.time[entry.id] = (when, value, day)
        if matter == self.project:
            amount += sum(cost for when, cost in self.books.to_reinvoice if when <= until)
            self.books.to_reinvoice = [one for one in self.books.to_reinvoice if one[0] > until]
        prebill.action_invoice()
        move = prebill.move_id.sudo()
        move.invoice_date = day
        move.action_post()
        self.books.revenue.append((day, amount))
        total = round(amount * (1 + TAX), 2)
        if matter == self.project:
            drawn = min(total, self.books.upto(self.books.trust, date.max))
            self.books.trust.append((day, -drawn))
            total -= drawn
        self.books.receivable.append((day, total))
        return move

    def _pay(self, move, day):
        if not move.currency_id.is_zero(move.amount_residual):
            amount = move.amount_residual
            wizard = self.env["account.payment.register"].with_context(active_model="account.move", active_ids=move.ids)
            wizard.create({"payment_date": day})._create_payments()
            self.books.receivable.append((day, -amount))

    def _fill_up(self, day):
        """Ask for the advance that fills the deposit up, and have it paid."""
        amount = DEPOSIT - self.books.upto(self.books.trust, date.max)
        move = self.env["account.move"].browse(self.deposit.action_invoice_advance()["res_id"])
        move.invoice_date = day
        move.action_post()
        self.assertEqual(move.amount_total, amount)
        self.books.receivable.append((day, amount))
        self._pay(move, day)
        self.books.trust.append((day, amount))

    def _credit(self, move, day, **values):
        wizard = self.env["timetrack.credit.wizard"].with_user(self.user_billing)
        wizard = wizard.create({"move_id": move.id, "date": day, **values})
        refund = self.env["account.move"].browse(wizard.action_credit()["res_id"])
        refund.action_post()
        self.books.revenue.append((day, -refund.amount_untaxed))
        self.books.receivable.append((day, -refund.amount_total))
        return refund

    # ------------------------------------------------------------------
    # What it comes to
    # ------------------------------------------------------------------

    def _check(self, day):
        """The books of a day, beside the general ledger, the queue, and the client's statement."""
        books = self.books
        accounts = {
            "work in progress": ([("account_id", "=", self.unbilled.id)], books.wip(day)),
            "money in trust": ([("account_id", "=", self.trust.id)], -books.upto(books.trust, day)),
            "revenue": (
                [("account_id", "=", self.income.id)],
                -(books.upto(books.revenue, day) + books.wip(day)),
            ),
            "receivables": (
                [("account_id.account_type", "=", "asset_receivable")],
                books.upto(books.receivable, day),
            ),
            "costs": ([("account_id", "=", self.expense.id)], books.upto(books.spent, day)),
            "tax": ([("tax_line_id", "!=", False)], -TAX * books.upto(books.revenue, day)),
            "all accounts": ([], 0),
        }
        for name, (domain, expected) in accounts.items():
            with self.subTest(name, day=day):
                self.assertAlmostEqual(self._balance(day, domain), expected, 2)
        with self.subTest("statement", day=day):
            statement = self.deposit._get_statement(date_to=day)
            self.assertAlmostEqual(statement["closing"], books.upto(books.trust, day), 2)

    def test_a_year_of_a_law_firm(self):
        self._fill_up(date(YEAR, 1, 2))
        bills = []
        for month in range(1, 13):
            end = date(YEAR, month, monthrange(YEAR, month)[1])
            self._tell_planner()
            late = self._work(month)
            # the second bill of the month is the next invoice's
            self._spend(date(YEAR, month, 9))
            self._spend(end + timedelta(days=2))
            first = self._accrue(end)
            self._check(end)
            before = len(first.move_ids)
            self._come_late(late)
            self._accrue(end)
            self.assertEqual(len(first.move_ids), before + 2)
            self._check(end)
            day = end + timedelta(days=5)
            for matter in self.matters:
                move = self._bill(matter, end, day)
                bills.append(move)
                if self.dice.random() < 0.7:
                    self._pay(move, day + timedelta(days=20))
            if self.books.upto(self.books.trust, date.max) < FLOOR:
                self.assertTrue(self.deposit.is_low)
                self._fill_up(day + timedelta(days=2))
            if month == 5:
                # an entry of the bill goes back, and is on the next one
                rows = bills[-1].timetrack_allocation_ids.filtered(lambda row: row.kind == "time" and row.line_id)
                row = rows.filtered(lambda row: row.billed_amount == row.standard_value)[:1]
                refund = self._credit(bills[-1], day + timedelta(days=5), what="rebill", row_ids=[Command.set(row.ids)])
                when, value, billed = self.books.time.pop(row.line_id.id)
                # two pieces: billed for some days, and in progress again from then on
                self.books.time["credited"] = (billed, -value, refund.date)
                self.books.time[row.line_id.id] = (when, value, None)
            if month == 7:
                # the client does not accept an entry, and is right
                rows = bills[-1].timetrack_allocation_ids.filtered(lambda row: row.kind == "time" and row.line_id)
                row = rows.filtered(lambda row: row.billed_amount == row.standard_value)[:1]
                dispute = (
                    self.env["timetrack.dispute"]
                    .with_user(self.user_billing)
                    .create(
                        {
                            "move_id": bills[-1].id,
                            "row_ids": [Command.set(row.ids)],
                            "reason_id": self.env.ref("client_timetrack_billing.dispute_reason_hours").id,
                        }
                    )
                )
                self.assertTrue(bills[-1].no_followup)
                values = {"what": "concede", "row_ids": [Command.set(row.ids)], "dispute_id": dispute.id}
                refund = self._credit(bills[-1], day + timedelta(days=3), **values)
                self.assertEqual(refund.amount_untaxed, self.books.time[row.line_id.id][1])
                self.assertEqual((dispute.state, bills[-1].no_followup), ("closed", False))
            if month == 9:
                self._credit(
                    bills[-1],
                    day + timedelta(days=8),
                    what="amount",
                    amount=50,
                    is_write_off=True,
                    reason_id=self.reason.id,
                )
        self.assertLedger()
        # each month once more, after all that came later
        for month in range(1, 13):
            end = date(YEAR, month, monthrange(YEAR, month)[1])
            accrual = self._accrue(end)
            self.assertAlmostEqual(accrual.amount, self.books.wip(end), 2)
            self.assertEqual(accrual.to_post, 0)
            self._check(end)
        # opening + produced - billed = closing, by the ledger
        rows = self.env["timetrack.allocation"].search(
            [("project_id", "in", self.matters.ids), ("kind", "=", "time"), ("state", "in", ("posted", "credited"))]
        )
        opening = 0
        for month in range(1, 13):
            first, end = date(YEAR, month, 1), date(YEAR, month, monthrange(YEAR, month)[1])
            produced = sum(
                value for key, (when, value, _billed) in self.books.time.items()
                if key != "credited" and first <= when <= end
            )  # fmt: skip
            billed = sum(
                rows.filtered(lambda row, first=first, end=end: first <= row.move_id.date <= end).mapped(
                    "standard_value"
                )
            )
            closing = self.books.wip(end)
            self.assertAlmostEqual(opening + produced - billed, closing, 2)
            opening = closing
