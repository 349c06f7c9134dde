"""Periods, allowances and forecasts of budgets, by hand-written cases and by properties. Needs no database."""

import doctest
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase

from ..engine import budget
from ..engine.budget import MONTH, QUARTER, WHOLE, YEAR, Rule, Version
from ..engine.periods import Period

DAYS = st.dates(date(2000, 1, 1), date(2060, 12, 31))
AMOUNTS = st.integers(0, 4000).map(lambda quarters: quarters / 4)
TODAY = date(2026, 11, 26)


class TestBudgetPeriods(BaseCase):
    def test_examples(self):
        self.assertEqual(doctest.testmod(budget).failed, 0)

    def test_whole_life(self):
        rule = Rule(WHOLE, date(2026, 1, 15), date(2026, 3, 10))
        self.assertEqual(budget.spans(rule), [Period(date(2026, 1, 15), date(2026, 3, 10))])
        self.assertIsNone(budget.span_of(rule, date(2026, 1, 14)))
        self.assertIsNone(budget.span_of(rule, date(2026, 3, 11)))
        self.assertEqual(budget.span_of(Rule(WHOLE), TODAY), Period(date.min, date.max))

    def test_quarters_are_those_of_the_calendar(self):
        rule = Rule(QUARTER, date(2025, 11, 20))
        self.assertEqual(
            budget.spans(rule, until=date(2026, 4, 1)),
            [
                Period(date(2025, 11, 20), date(2025, 12, 31)),
                Period(date(2026, 1, 1), date(2026, 3, 31)),
                Period(date(2026, 4, 1), date(2026, 6, 30)),
            ],
        )

    def test_the_last_years_that_can_be_written(self):
        for every in (MONTH, QUARTER, YEAR):
            with self.subTest(every=every):
                span = budget.span_of(Rule(every, date(9999, 1, 1)), date(9999, 12, 31))
                self.assertEqual(span.date_to, date(9999, 12, 30))

    @given(st.sampled_from([MONTH, QUARTER, YEAR]), DAYS, st.integers(0, 3000), st.integers(0, 3000))
    def test_every_day_is_in_one_period(self, every, first, length, offset):
        rule = Rule(every, first, first + timedelta(days=length))
        spans = budget.spans(rule)
        self.assertEqual((spans[0].date_from, spans[-1].date_to), (rule.date_from, rule.date_to))
        for one, other in zip(spans, spans[1:], strict=False):
            self.assertEqual(one.date_to + timedelta(days=1), other.date_from)
            self.assertEqual(other.date_from.day, 1)
        day = first + timedelta(days=offset)
        inside = [span for span in spans if span.date_from <= day <= span.date_to]
        self.assertEqual(inside, [budget.span_of(rule, day)] if offset <= length else [])


class TestBudgetAmounts(BaseCase):
    def test_revisions(self):
        versions = [
            Version(date(2026, 1, 1), 100.0),
            Version(date(2026, 3, 10), 150.0),
            Version(date(2026, 5, 1), 80.0),
        ]
        for span, amount in (
            (Period(date(2025, 12, 1), date(2025, 12, 31)), 100.0),
            (Period(date(2026, 2, 1), date(2026, 2, 28)), 100.0),
            (Period(date(2026, 3, 1), date(2026, 3, 31)), 150.0),
            (Period(date(2026, 4, 1), date(2026, 4, 30)), 150.0),
            (Period(date(2026, 5, 1), date(2026, 5, 31)), 80.0),
        ):
            with self.subTest(span=span):
                self.assertEqual(budget.amount_of(versions, span), amount)
        self.assertEqual(budget.amount_of([], Period(TODAY, TODAY)), 0.0)

    def test_carry_over(self):
        self.assertEqual(budget.allowances([10, 10, 10], [8, 15, 3], carry_over=False), [10, 10, 10])
        self.assertEqual(budget.allowances([10, 10, 10], [8, 15, 3], carry_over=True), [10, 12, 7])

    def test_nothing_agreed_is_nothing_lacked(self):
        """A budget of hours has no cost that could be overdrawn; one that begins later has."""
        self.assertEqual(budget.allowances([0, 0, 0], [8, 15, 3], carry_over=True), [0, 0, 0])
        self.assertEqual(budget.allowances([0, 10, 10], [8, 1, 3], carry_over=True), [0, 2, 11])

    @given(st.lists(st.tuples(AMOUNTS, AMOUNTS), max_size=24), st.booleans())
    def test_nothing_is_lost_from_period_to_period(self, pairs, carry_over):
        amounts = [amount for amount, _used in pairs]
        used = [spent for _amount, spent in pairs]
        found = budget.allowances(amounts, used, carry_over)
        for index, allowed in enumerate(found):
            # recounted from the beginning
            handed = sum(amounts[:index]) - sum(used[:index]) if carry_over and any(amounts) else 0
            self.assertAlmostEqual(allowed, amounts[index] + handed)

    def test_percent(self):
        self.assertEqual(budget.percent(15.0, 10.0), 150.0)
        self.assertEqual(budget.percent(-1.0, 10.0), -10.0)
        self.assertIsNone(budget.percent(1.0, 0.0))
        self.assertIsNone(budget.percent(1.0, -5.0))


class TestBudgetMonths(BaseCase):
    def test_shares_by_days(self):
        """31 + 28 + 31 days: 90 hours come in whole hours."""
        span = Period(date(2026, 1, 1), date(2026, 3, 31))
        self.assertEqual(
            budget.by_month(90, span, Decimal("0.01")),
            {date(2026, 1, 1): 31, date(2026, 2, 1): 28, date(2026, 3, 1): 31},
        )
        self.assertEqual(
            budget.by_month(0.1, span, Decimal("0.01")),
            {date(2026, 1, 1): 0.04, date(2026, 2, 1): 0.03, date(2026, 3, 1): 0.03},
        )

    def test_what_has_no_end_stands_in_its_first_month(self):
        for last in (date.max, date(2026, 1, 1), date(2126, 1, 1)):
            with self.subTest(last=last):
                span = Period(date(2026, 1, 15), last)
                self.assertEqual(budget.by_month(90, span, Decimal("0.01")), {date(2026, 1, 1): 90})

    @given(st.integers(0, 10**7), DAYS, st.integers(0, 3000), st.sampled_from(["0.01", "1", "0.001"]))
    def test_the_months_are_the_whole(self, units, first, length, unit):
        unit = Decimal(unit)
        span = Period(first, first + timedelta(days=length))
        shares = budget.by_month(float(units * unit), span, unit)
        self.assertEqual(sum(round(share / float(unit)) for share in shares.values()), units)
        self.assertEqual(set(shares), {day.replace(day=1) for day in span.days})

    @given(
        st.dictionaries(st.sampled_from([date(2026, 11, 1), date(2026, 12, 1), date(2027, 2, 1)]), AMOUNTS),
        AMOUNTS,
        st.integers(-60, 60),
        st.one_of(st.none(), st.integers(-90, 400)),
    )
    def test_the_months_ahead_are_the_forecast(self, planned, weekly, start, length):
        first = TODAY + timedelta(days=start)
        last = date.max if length is None else max(first, TODAY + timedelta(days=length))
        months = budget.ahead_by_month(planned, weekly, Period(first, last), TODAY)
        total = sum(planned.values())
        forecast = budget.at_completion(0.0, weekly, max(first, TODAY), last, total)
        self.assertAlmostEqual(sum(months.values()), forecast or 0.0)


class TestBudgetAlerts(BaseCase):
    def test_each_threshold_once(self):
        self.assertEqual(budget.crossed(None, 60.0, (50, 80, 100)), [50])
        self.assertEqual(budget.crossed(60.0, 79.99, (50, 80, 100)), [])
        self.assertEqual(budget.crossed(60.0, 80.0, (50, 80, 100)), [80])
        self.assertEqual(budget.crossed(60.0, 120.0, (100, 80, 50, 80)), [80, 100])
        self.assertEqual(budget.crossed(120.0, 60.0, (50, 80, 100)), [])
        self.assertEqual(budget.crossed(10.0, None, (50,)), [])

    def test_thresholds_as_people_write_them(self):
        for text, found in (("50, 80, 100", [50, 80, 100]), ("100;33.3;100 %", [33.3, 100]), (" ", []), (None, [])):
            with self.subTest(text=text):
                self.assertEqual(budget.parse_thresholds(text), found)
        for text in ("eighty", "50, -1", "0", "1001", "nan", "50 80x", "inf"):
            with self.subTest(text=text), self.assertRaises(ValueError):
                budget.parse_thresholds(text)

    @given(st.lists(st.integers(0, 300), min_size=1), st.sets(st.integers(1, 200)))
    def test_a_rising_budget_crosses_each_once(self, figures, thresholds):
        found, before = [], None
        for after in sorted(figures):
            found += budget.crossed(before, after, thresholds)
            before = after
        self.assertEqual(found, sorted(threshold for threshold in thresholds if threshold <= max(figures)))


class TestBudgetForecast(BaseCase):
    def test_burn_and_exhaustion(self):
        """40 hours in four weeks are 10 a week; 25 hours last two and a half weeks, until the 18th day."""
        window = budget.burn_window(TODAY)
        self.assertEqual(window, Period(date(2026, 10, 29), date(2026, 11, 25)))
        weekly = budget.burn(40.0)
        self.assertEqual(weekly, 10.0)
        self.assertEqual(budget.runway(25.0, weekly), 2.5)
        self.assertEqual(budget.exhaustion(25.0, weekly, TODAY), date(2026, 12, 14))
        self.assertEqual(budget.exhaustion(0.0, weekly, TODAY), TODAY)
        self.assertEqual(budget.exhaustion(-3.0, 0.0, TODAY), TODAY)
        self.assertIsNone(budget.exhaustion(25.0, 0.0, TODAY))
        self.assertIsNone(budget.exhaustion(25.0, -1.0, TODAY))
        self.assertIsNone(budget.exhaustion(1e9, 0.01, TODAY))

    def test_at_completion(self):
        last = TODAY + timedelta(days=13)
        self.assertEqual(budget.at_completion(80.0, 10.0, TODAY, last), 100.0)
        self.assertEqual(budget.at_completion(80.0, 10.0, TODAY, last, planned=30.0), 110.0)
        self.assertEqual(budget.at_completion(80.0, 10.0, TODAY, TODAY - timedelta(days=9)), 80.0)
        self.assertIsNone(budget.at_completion(80.0, 10.0, TODAY, None))
        self.assertEqual(budget.at_completion(80.0, 10.0, TODAY, None, planned=5.0), 85.0)

    @given(AMOUNTS, AMOUNTS.filter(bool))
    def test_the_budget_lasts_until_it_is_used_up(self, left, weekly):
        day = budget.exhaustion(left, weekly, TODAY)
        used = weekly * (day - TODAY).days / 7
        self.assertGreaterEqual(used + 1e-4, left)
        self.assertLess(used - weekly / 7 - 1e-4, left)
