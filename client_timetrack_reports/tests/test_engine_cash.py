import doctest
import random
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from odoo.addons.client_timetrack_reports.engine import cash as engine
from odoo.addons.client_timetrack_reports.engine.cash import Behaviours, Bill, Fund, Item, Payment

TODAY = date(2026, 6, 10)  # a Wednesday
DAYS = st.integers(-40, 120)
AMOUNTS = st.integers(1, 100_000).map(lambda cents: cents / 100)
PAYMENTS = st.lists(
    st.builds(Payment, st.sampled_from("ABC"), st.sampled_from(["gold", "silver", None]), DAYS, AMOUNTS), max_size=40
)
ITEMS = st.lists(
    st.builds(
        Item,
        st.sampled_from("ABCD"),
        st.sampled_from(["gold", "silver", None]),
        st.sampled_from(["invoiced", "approved", "unapproved"]),
        st.sampled_from(["USD", "EUR"]),
        st.integers(-10_000, 100_000).map(lambda cents: cents / 100),
        st.integers(-100, 200).map(lambda days: TODAY + timedelta(days=days)),
    ),
    max_size=25,
)
WHOLE = st.integers(0, 1000).map(float)
BILLS = st.lists(
    st.builds(
        Bill,
        st.just("approved"),
        st.sampled_from("AB"),
        st.sampled_from([1, 2]),
        st.sampled_from(["USD", "EUR"]),
        st.integers(0, 60).map(lambda days: TODAY + timedelta(days=days)),
        st.integers(-200, 1000).map(float),
    ),
    max_size=12,
)
FUNDS = st.lists(
    st.tuples(
        st.sampled_from("AB"), st.sampled_from([None, 1]), st.sampled_from(["USD", "EUR"]), WHOLE, WHOLE, WHOLE
    ).map(lambda values: Fund(*values[:5], max(values[4:]))),
    max_size=5,
)


@tagged("-at_install", "post_install")
class TestEngineCash(BaseCase):
    def test_examples(self):
        self.assertEqual(doctest.testmod(engine).failed, 0)

    # ------------------------------------------------------------------
    # Behaviour
    # ------------------------------------------------------------------

    def test_the_median_is_of_the_money(self):
        """Four small payments in time, one big one late: half of the money came 30 days late."""
        payments = [Payment("A", None, 0, 10.0)] * 4 + [Payment("A", None, 30, 100.0)]
        expected = Behaviours(payments).expect("A", None, TODAY, TODAY - timedelta(days=10))
        self.assertEqual(expected.day, TODAY + timedelta(days=30))

    def test_four_payments_say_too_little(self):
        payments = [Payment("A", "gold", 40, 10.0)] * 4 + [Payment("B", "gold", 10, 100.0)]
        found = Behaviours(payments)
        self.assertEqual(found.expect("A", "gold", TODAY, TODAY).source, "segment")
        self.assertEqual(found.expect("A", "silver", TODAY, TODAY).source, "firm")
        self.assertEqual(Behaviours([*payments, payments[0]]).expect("A", "gold", TODAY, TODAY).source, "client")

    def test_what_is_late_has_only_later_days_ahead(self):
        """Delays of 0 to 40 by tens: 15 days late, 20, 30 and 40 can still be; 40 days late, none of the client's."""
        payments = [Payment("A", None, delay, 1.0) for delay in (0, 10, 20, 30, 40)] + [Payment("B", None, 60, 1.0)]
        found = Behaviours(payments)
        due = TODAY - timedelta(days=15)
        self.assertEqual(found.expect("A", None, due, TODAY), (due + timedelta(days=30), "client"))
        due = TODAY - timedelta(days=40)
        self.assertEqual(found.expect("A", None, due, TODAY), (due + timedelta(days=60), "firm"))
        self.assertIsNone(found.expect("A", None, TODAY - timedelta(days=60), TODAY))

    def test_without_payments_the_due_date_is_all_there_is(self):
        found = Behaviours([Payment("A", "gold", -70, 10.0)] * 4)
        due = TODAY + timedelta(days=3)
        self.assertEqual(found.expect("A", "gold", due, TODAY), (due, "terms"))
        self.assertIsNone(found.expect("A", "gold", TODAY, TODAY))

    def test_credits_and_nothing_say_nothing(self):
        self.assertIsNone(Behaviours([Payment("A", None, 5, -10.0)]).expect("A", None, TODAY, TODAY))
        self.assertIsNone(Behaviours([]).expect("A", None, TODAY, TODAY))

    # ------------------------------------------------------------------
    # What holds for every forecast
    # ------------------------------------------------------------------

    @settings(max_examples=40, deadline=None)
    @given(ITEMS, PAYMENTS)
    def test_nothing_is_lost_and_nothing_is_past(self, items, payments):
        made = engine.forecast(items, payments, TODAY, draws=20)
        for currency in {item.currency for item in items}:
            total = sum(item.amount for item in items if item.currency == currency)
            found = sum(amount for week in made.weeks[currency] for amount in week.bands.values())
            found += made.later.get(currency, 0.0) + made.unknown.get(currency, 0.0)
            self.assertAlmostEqual(found, total, 4)
            self.assertEqual([week.start for week in made.weeks[currency]][0], date(2026, 6, 8))
            self.assertEqual(len(made.weeks[currency]), 13)
            for week in made.weeks[currency]:
                self.assertLessEqual(week.quantiles[0], week.quantiles[1])
                self.assertLessEqual(week.quantiles[1], week.quantiles[2])
        behaviours = Behaviours(payments)
        for item in items:
            expected = behaviours.expect(item.client, item.segment, item.due, TODAY)
            if expected:
                self.assertGreater(expected.day, TODAY)

    @settings(max_examples=20, deadline=None)
    @given(ITEMS, PAYMENTS)
    def test_the_same_again(self, items, payments):
        self.assertEqual(
            engine.forecast(items, payments, TODAY, draws=20), engine.forecast(items, payments, TODAY, draws=20)
        )

    def test_currencies_are_apart(self):
        payments = [Payment("A", None, 0, 1.0)] * 5
        items = [Item("A", None, "invoiced", one, 100.0, TODAY + timedelta(days=7)) for one in ("USD", "EUR")]
        made = engine.forecast(items, payments, TODAY)
        for currency in ("USD", "EUR"):
            self.assertEqual(made.weeks[currency][1].bands, {"invoiced": 100.0})
            self.assertEqual(made.weeks[currency][1].quantiles, (100.0, 100.0, 100.0))

    # ------------------------------------------------------------------
    # A year whose behaviour is known
    # ------------------------------------------------------------------

    def _live(self, seed):
        """Invoices of two years as (client, amount, issued, due, paid): each client has its own way of paying."""
        source = random.Random(seed)
        habits = {f"C{number}": (source.uniform(-5, 45), source.uniform(2, 12)) for number in range(12)}
        invoices = []
        for client, (mean, spread) in habits.items():
            day = date(2024, 6, 3)
            while day < date(2026, 12, 1):
                due = day + timedelta(days=30)
                paid = due + timedelta(days=max(-25, round(source.gauss(mean, spread))))
                invoices.append((client, round(source.uniform(500, 3000), 2), day, due, paid))
                day += timedelta(days=source.randint(5, 12))
        return invoices

    def test_replay(self):
        """Thirteen weeks of what is invoiced, from each of ten days: the sum within a tenth, and of the weeks nearly as
        many within P10 and P90 as there should be."""
        inside, weeks, errors = 0, 0, []
        for seed in range(5):
            invoices = self._live(seed)
            for start in (date(2025, 9, 3), date(2026, 3, 4)):
                payments = [
                    Payment(client, None, (paid - due).days, amount)
                    for client, amount, _issued, due, paid in invoices
                    if start - timedelta(days=365) <= paid <= start
                ]
                items = [
                    Item(client, None, "invoiced", "USD", amount, due)
                    for client, amount, issued, due, paid in invoices
                    if issued <= start < paid
                ]
                made = engine.forecast(items, payments, start)
                self.assertEqual(set(made.sources), {"client"})
                came = [0.0] * 13
                for _client, amount, issued, _due, paid in invoices:
                    place = (paid - made.weeks["USD"][0].start).days // 7
                    if issued <= start < paid and place < 13:
                        came[place] += amount
                expected = [sum(week.bands.values()) for week in made.weeks["USD"]]
                errors.append(sum(expected) / sum(came) - 1)
                for week, amount in zip(made.weeks["USD"], came, strict=True):
                    low, _middle, high = week.quantiles
                    if high > 0:
                        weeks += 1
                        inside += low - 1e-6 <= amount <= high + 1e-6
        self.assertLess(max(map(abs, errors)), 0.1)
        self.assertGreater(inside / weeks, 0.7)
        self.assertLess(inside / weeks, 0.95)

    # ------------------------------------------------------------------
    # Advances
    # ------------------------------------------------------------------

    def test_that_of_the_project_pays_first(self):
        bills = [Bill("", "A", 1, "USD", TODAY, 500.0), Bill("", "A", 2, "USD", TODAY, 500.0)]
        funds = [Fund("A", None, "USD", 600.0), Fund("A", 1, "USD", 300.0)]
        # 300 and 200 of the first, 400 of the second
        self.assertEqual(engine.draw(bills, funds, TODAY), ([0.0, 100.0], []))

    def test_another_client_project_or_currency_does_not_pay(self):
        bill = Bill("", "A", 1, "USD", TODAY, 500.0)
        for fund in (Fund("B", None, "USD", 600.0), Fund("A", 2, "USD", 600.0), Fund("A", None, "EUR", 600.0)):
            self.assertEqual(engine.draw([bill], [fund], TODAY), ([500.0], []))

    def test_what_is_low_already_is_filled_up_today(self):
        _due, refills = engine.draw([], [Fund("A", None, "USD", 100.0, 200.0, 1000.0)], TODAY)
        self.assertEqual(refills, [(0, TODAY, 900.0)])

    @given(BILLS, FUNDS)
    @settings(deadline=None)
    def test_nothing_is_lost_between_bills_and_advances(self, bills, funds):
        """What bills ask for is paid in cash or drawn; what is drawn was there before or filled up; no more than was
        billed is paid, and credits stay as they are."""
        due, refills = engine.draw(bills, funds, TODAY)
        for bill, left in zip(bills, due, strict=True):
            self.assertLessEqual(min(bill.amount, 0.0), left)
            self.assertLessEqual(left, bill.amount)
            if bill.amount <= 0:
                self.assertEqual(left, bill.amount)
        drawn = sum(bill.amount for bill in bills) - sum(due)
        filled = sum(refill.amount for refill in refills)
        self.assertLessEqual(drawn, sum(fund.left for fund in funds) + filled + 1e-6)
        for refill in refills:
            fund = funds[refill.place]
            self.assertGreater(refill.amount, fund.target - fund.floor - 1e-6)
            self.assertLessEqual(refill.amount, fund.target)
        self.assertEqual(engine.draw(bills, [], TODAY), ([bill.amount for bill in bills], []))
