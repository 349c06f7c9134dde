import doctest
from datetime import date, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..engine import periods
from ..engine.periods import KINDS, Period, PeriodRule, clip, state_of

DAYS = st.dates(date(1999, 12, 1), date(2101, 1, 31))
RULES = st.builds(PeriodRule, st.sampled_from(KINDS), st.integers(min_value=0, max_value=6), st.one_of(st.none(), DAYS))
# The machine may be busy: how long an example takes says nothing.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@tagged("post_install", "-at_install")
class TestPeriodEngine(BaseCase):
    def test_examples_of_the_docstrings(self):
        result = doctest.testmod(periods)
        self.assertTrue(result.attempted)
        self.assertFalse(result.failed)

    @UNHURRIED
    @given(RULES, DAYS)
    def test_a_date_is_in_its_period(self, rule, day):
        period = rule.period_of(day)
        self.assertLessEqual(period.date_from, day)
        self.assertLessEqual(day, period.date_to)

    @UNHURRIED
    @given(RULES, DAYS)
    def test_all_days_of_a_period_have_the_same_one(self, rule, day):
        period = rule.period_of(day)
        self.assertEqual({rule.period_of(other) for other in period.days}, {period})

    @UNHURRIED
    @given(RULES, DAYS)
    def test_the_days_around_belong_to_others(self, rule, day):
        period = rule.period_of(day)
        one = timedelta(days=1)
        self.assertEqual(rule.period_of(period.date_from - one).date_to, period.date_from - one)
        self.assertEqual(rule.period_of(period.date_to + one).date_from, period.date_to + one)

    @UNHURRIED
    @given(RULES, DAYS, st.integers(min_value=0, max_value=400))
    def test_a_span_is_covered_once_without_a_gap(self, rule, first, count):
        last = first + timedelta(days=count)
        found = [rule.period_of(first)]
        while found[-1].date_to < last:
            found.append(rule.period_of(found[-1].date_to + timedelta(days=1)))
        days = [day for period in found for day in period.days]
        self.assertEqual(days, [days[0] + timedelta(days=offset) for offset in range(len(days))])
        self.assertIn(first, found[0].days)
        self.assertIn(last, found[-1].days)

    @UNHURRIED
    @given(RULES, DAYS)
    def test_how_long_and_where_they_start(self, rule, day):
        period = rule.period_of(day)
        length = len(period.days)
        if rule.kind in ("week", "two_weeks"):
            self.assertEqual(length, 7 if rule.kind == "week" else 14)
            self.assertEqual(period.date_from.weekday(), rule.first_weekday)
        elif rule.kind == "month":
            self.assertEqual(period.date_from.day, 1)
            self.assertIn(length, range(28, 32))
        else:
            self.assertIn(period.date_from.day, (1, 16))
            self.assertIn(length, range(13, 17))

    @UNHURRIED
    @given(DAYS, DAYS, st.integers(min_value=0, max_value=6))
    def test_the_anchor_is_in_a_first_week(self, anchor, day, weekday):
        rule = PeriodRule("two_weeks", weekday, anchor)
        self.assertLess((anchor - rule.period_of(anchor).date_from).days, 7)
        self.assertEqual((rule.period_of(day).date_from - rule.period_of(anchor).date_from).days % 14, 0)

    @UNHURRIED
    @given(RULES, RULES, DAYS)
    def test_a_new_rule_goes_on_where_the_old_one_stopped(self, old, new, day):
        before = old.period_of(day)
        first = before.date_to + timedelta(days=1)
        after = clip(new.period_of(first), ends_before=before.date_to)
        self.assertEqual(after.date_from, first)
        self.assertEqual(after.date_to, new.period_of(first).date_to)
        last = before.date_from - timedelta(days=1)
        earlier = clip(new.period_of(last), starts_after=before.date_from)
        self.assertEqual(earlier.date_to, last)

    def test_leap_year_and_short_month(self):
        self.assertEqual(
            PeriodRule("half_month").period_of(date(2028, 2, 29)), Period(date(2028, 2, 16), date(2028, 2, 29))
        )
        self.assertEqual(PeriodRule("month").period_of(date(2027, 2, 1)).date_to, date(2027, 2, 28))

    def test_neighbours_that_leave_nothing(self):
        week = PeriodRule("week").period_of(date(2026, 11, 25))
        with self.assertRaisesRegex(ValueError, "Nothing is left"):
            clip(week, ends_before=week.date_to)

    def test_unknown_kind(self):
        with self.assertRaisesRegex(ValueError, "fortnight"):
            PeriodRule("fortnight").period_of(date(2026, 11, 25))

    def test_state_of_a_period(self):
        for states, expected in (
            ([], "empty"),
            (["draft"], "draft"),
            (["draft", "submitted", "approved"], "draft"),
            (["rejected", "draft", "approved"], "rejected"),
            (["submitted", "submitted"], "submitted"),
            (["submitted", "approved"], "partially_approved"),
            (["approved", "approved"], "approved"),
        ):
            self.assertEqual(state_of(states), expected, states)
