import random
from calendar import monthrange
from datetime import date, timedelta

from odoo.fields import Command
from odoo.tests import tagged

from .common import TimetrackAccrualCommon

YEAR = 2025
ALICE, BOB = 100, 150
# What the IT house and the consultancy have agreed on.
PLAN_FEE, PLAN_HOURS = 1000, 10
FEE, PLANNED, INSTALMENTS = 24000, 240, {2: 6000, 6: 12000, 11: 6000}
LIMIT = 9000


def end_of(month):
    return date(YEAR, month, monthrange(YEAR, month)[1])


class Entry:
    """A time entry in the books: what became of it is written down when it is billed."""

    def __init__(self, key, day, hours, rate):
        self.key, self.day, self.hours, self.rate = key, day, hours, rate
        self.billed = None  # day of the invoice
        self.included = None  # hours of it that the plan paid for, by that bill

    @property
    def value(self):
        return self.hours * self.rate


class Books:
    """What a year of fees comes to by plain arithmetic: it reads nothing of what is tested."""

    def __init__(self):
        self.plan, self.fixed, self.limited = [], [], []
        self.invoices = []  # day, amount without tax, what for
        self.payments = []  # day, amount

    def billed(self, day, what=None):
        return sum(amount for when, amount, kind in self.invoices if when <= day and what in (None, kind))

    def split_plan(self, day):
        """Hours of each entry that the plan pays for: what bills said stands, and the rest is read by its days."""
        left = {month: PLAN_HOURS for month in range(1, 13)}
        for entry in self.plan:
            if entry.included is not None:
                left[entry.day.month] -= entry.included
        result = {}
        for entry in sorted(self.plan, key=lambda one: (one.day, one.key)):
            if entry.day > day:
                continue
            if entry.included is not None:
                result[entry] = entry.included
            else:
                result[entry] = min(entry.hours, left[entry.day.month])
                left[entry.day.month] -= result[entry]
        return result

    def earned_plan(self, day):
        """At the end of a month the fees of it and of those before: used or expired."""
        return PLAN_FEE * day.month

    def overage(self, day):
        """Above the hours of the plan: on no invoice of the day."""
        return sum(
            (entry.hours - included) * entry.rate
            for entry, included in self.split_plan(day).items()
            if entry.billed is None or entry.billed > day
        )

    def earned_fixed(self, day):
        hours = sum(entry.hours for entry in self.fixed if entry.day <= day)
        return round(FEE * min(hours / PLANNED, 1), 2)

    def open_limited(self, day):
        """In progress under the limit: what is above it is no revenue."""
        value = sum(
            entry.value for entry in self.limited if entry.day <= day and (entry.billed is None or entry.billed > day)
        )
        return min(value, LIMIT - self.billed(day, "limited"))


@tagged("-at_install", "post_install")
class TestYearOfFees(TimetrackAccrualCommon):
    """A year of an IT house with a subscription, and of a consultancy with a phase at a fixed fee and another one up to
    a limit: billed a few days after each month, accrued at its end, late time included. The general ledger is what
    plain arithmetic says, each month.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.ref("client_timetrack_billing.product_billable_time").taxes_id = False
        client = cls.env["res.partner"].create({"name": "Branch Office", "is_company": True})
        cls.support = cls._create_project("Support", client)
        cls.projects = cls.project | cls.support
        cls.projects.user_id = False
        cls.concept, cls.build = cls.env["project.task"].create(
            [{"name": name, "project_id": cls.project.id} for name in ("Concept", "Build")]
        )
        cls.plan, cls.fee, cls.limit = cls.env["timetrack.arrangement"].create(
            [
                {
                    "name": "Plan",
                    "engagement_id": cls.support.timetrack_engagement_ids.id,
                    "kind": "hours",
                    "amount": PLAN_FEE,
                    "hours": PLAN_HOURS,
                    "period": "month",
                    "date_from": date(YEAR, 1, 1),
                    "date_to": date(YEAR, 12, 31),
                },
                {
                    "name": "Concept",
                    "engagement_id": cls.project.timetrack_engagement_ids.id,
                    "kind": "fixed",
                    "amount": FEE,
                    "planned_hours": PLANNED,
                    "task_ids": [Command.set(cls.concept.ids)],
                    "instalment_ids": [
                        Command.create({"name": f"Part {month}", "date": end_of(month), "amount": amount})
                        for month, amount in INSTALMENTS.items()
                    ],
                },
                {
                    "name": "Build",
                    "engagement_id": cls.project.timetrack_engagement_ids.id,
                    "kind": "cap",
                    "cap_amount": LIMIT,
                    "period": "year",
                    "date_from": date(YEAR, 1, 1),
                    "task_ids": [Command.set(cls.build.ids)],
                },
            ]
        )

    def setUp(self):
        super().setUp()
        self.books = Books()
        self.dice = random.Random(11)

    # ------------------------------------------------------------------
    # What people do
    # ------------------------------------------------------------------

    def _work(self, month):
        """Time of the month; what is left unapproved comes late."""
        late = []
        places = (
            (self.books.plan, self.support, self.env["project.task"], 5),
            (self.books.fixed, self.project, self.concept, 4),
            (self.books.limited, self.project, self.build, 3),
        )
        for book, project, task, count in places:
            for number in range(count):
                who, rate = self.dice.choice([(self.alice, ALICE), (self.bob, BOB)])
                hours = self.dice.choice([0.5, 1.25, 3.0, 6.5])
                day = date(YEAR, month, self.dice.randint(1, end_of(month).day))
                line = self._log(hours, project_id=project.id, task_id=task.id, employee_id=who.id, date=day)
                item = (book, line, Entry(line.id, day, hours, rate))
                if number == count - 1:
                    late.append(item)
                else:
                    self._come(item)
        return late

    def _come(self, item):
        book, line, entry = item
        self._approve(line)
        book.append(entry)

    def _bill(self, until, day):
        """Bill all that there is, and write down what it is to come to."""
        books = self.books
        before = self.env["account.move"].search([])
        self._wizard(project_ids=self.projects.ids, date_to=until).action_create_invoices()
        moves = self.env["account.move"].search([]) - before
        for move in moves.sudo():
            move.invoice_date = day
            move.action_post()
        expected = {"plan": 0, "fixed": 0, "limited": 0}
        for entry, included in books.split_plan(until).items():
            if entry.billed is None:
                expected["plan"] += (entry.hours - included) * entry.rate
                entry.billed, entry.included = day, included
        # the fee of the month that has begun
        fees = [month for month in range(1, 13) if date(YEAR, month, 1) <= until + timedelta(days=1)]
        expected["fee"] = PLAN_FEE * len(fees) - books.billed(day, "fee")
        due = [month for month in INSTALMENTS if end_of(month) <= until]
        expected["fixed"] = sum(INSTALMENTS[month] for month in due) - books.billed(day, "fixed")
        left = LIMIT - books.billed(day, "limited")
        for entry in sorted(books.limited, key=lambda one: (one.day, one.key)):
            if entry.day > until or entry.billed:
                continue
            share = min(left, entry.value)
            left -= share
            expected["limited"] += share
            if share == entry.value:
                entry.billed = day
            elif share:
                # the rest of it waits
                books.limited.append(Entry(entry.key, entry.day, entry.hours * (1 - share / entry.value), entry.rate))
                entry.hours *= share / entry.value
                entry.billed = day
        self.assertAlmostEqual(sum(moves.mapped("amount_untaxed")), sum(expected.values()), 2)
        for kind, amount in expected.items():
            if amount:
                books.invoices.append((day, amount, kind))
        return moves

    def _pay(self, moves, day):
        for move in moves:
            wizard = self.env["account.payment.register"].with_context(active_model="account.move", active_ids=move.ids)
            wizard.create({"payment_date": day})._create_payments()
            self.books.payments.append((day, move.amount_total))

    # ------------------------------------------------------------------
    # What it comes to
    # ------------------------------------------------------------------

    def _check(self, day):
        """The general ledger at the end of a month that is accrued."""
        books = self.books
        plan = books.earned_plan(day) - books.billed(day, "fee") + books.overage(day)
        fixed = books.earned_fixed(day) - books.billed(day, "fixed")
        limited = books.open_limited(day)
        positions = (plan, fixed, limited)
        revenue = books.billed(day) + sum(positions)
        paid = sum(amount for when, amount in books.payments if when <= day)
        accounts = {
            "unbilled revenue": (self.unbilled, sum(max(one, 0) for one in positions)),
            "contract liabilities": (self.liability, sum(min(one, 0) for one in positions)),
            "revenue": (self.income, -revenue),
        }
        for name, (account, expected) in accounts.items():
            with self.subTest(name, day=day):
                self.assertAlmostEqual(self._balance(day, [("account_id", "=", account.id)]), expected, 2)
        with self.subTest("receivables", day=day):
            receivable = self._balance(day, [("account_id.account_type", "=", "asset_receivable")])
            self.assertAlmostEqual(receivable, books.billed(day) - paid, 2)

    def test_a_year_of_fees(self):
        self._bill(date(YEAR - 1, 12, 31), date(YEAR, 1, 2))
        for month in range(1, 13):
            end = end_of(month)
            self._tell_planner()
            late = self._work(month)
            self._accrue(end)
            self._check(end)
            if month % 3:
                # before the month is billed, or after
                for item in late:
                    self._come(item)
                late = []
                self._accrue(end)
                self._check(end)
            day = end + timedelta(days=5)
            moves = self._bill(end, day)
            if self.dice.random() < 0.7:
                self._pay(moves, day + timedelta(days=12))
            for item in late:
                self._come(item)
            self._accrue(end)
            self._check(end)
        self.assertLedger()
        # each month once more, after all that came later
        for month in range(1, 13):
            end = end_of(month)
            accrual = self._accrue(end)
            self.assertEqual(accrual.to_post, 0)
            self._check(end)
        self.assertEqual(self.fee.billed_amount, FEE)
        self.assertEqual(self.plan.billed_amount, 12 * PLAN_FEE)
        self.assertAlmostEqual(self.limit.billed_amount, self.books.billed(date.max, "limited"), 2)
        self.assertLessEqual(self.limit.billed_amount, LIMIT)
