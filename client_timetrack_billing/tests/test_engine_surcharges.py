import doctest
from datetime import date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from odoo.addons.client_timetrack.tests.common import cases

from ..engine import surcharges
from ..engine.surcharges import EVERY_DAY, Surcharge, percent_of

# A Monday.
MONDAY = date(2026, 5, 4)
HOURS = st.integers(0, 48).map(lambda halves: halves / 2)
RULES = st.lists(
    st.builds(
        Surcharge,
        percent=st.integers(1, 200).map(float),
        weekdays=st.frozensets(st.integers(0, 6)),
        holidays=st.booleans(),
        hour_from=HOURS.filter(lambda hour: hour < 24),
        hour_to=HOURS,
    ),
    max_size=4,
)


def at(hours):
    return datetime.combine(MONDAY, datetime.min.time()) + timedelta(hours=hours)


@tagged("-at_install", "post_install")
class TestEngineSurcharges(BaseCase):
    def test_examples(self):
        self.assertEqual(doctest.testmod(surcharges).failed, 0)

    def test_the_highest_counts(self):
        rules = [Surcharge(25.0), Surcharge(50.0, hour_from=18.0), Surcharge(40.0, hour_from=17.0)]
        # an hour each of 25, 40 and 50
        self.assertAlmostEqual(percent_of(MONDAY, at(16), at(19), set(), rules), (25 + 40 + 50) / 3)
        self.assertEqual(percent_of(MONDAY, None, None, set(), rules), 25.0)

    def test_over_midnight(self):
        night = Surcharge(60.0, EVERY_DAY, hour_from=22.0, hour_to=6.0)
        self.assertAlmostEqual(percent_of(MONDAY, at(21), at(25), set(), [night]), 60 * 3 / 4)
        self.assertAlmostEqual(percent_of(MONDAY, at(5), at(7), set(), [night]), 30.0)
        # until Tuesday at one, when only Monday's night counts
        monday = night._replace(weekdays=frozenset({0}))
        self.assertAlmostEqual(percent_of(MONDAY, at(23), at(25), set(), [monday]), 30.0)

    def test_holidays(self):
        holiday = Surcharge(100.0, frozenset(), holidays=True)
        self.assertEqual(percent_of(MONDAY, at(8), at(12), {MONDAY}, [holiday]), 100.0)
        self.assertEqual(percent_of(MONDAY, None, None, {MONDAY}, [holiday]), 100.0)
        self.assertEqual(percent_of(MONDAY, at(8), at(12), {date(2026, 5, 5)}, [holiday]), 0.0)

    def test_a_clock_that_did_not_run_is_none(self):
        self.assertEqual(percent_of(MONDAY, at(8), at(8), set(), [Surcharge(10.0)]), 10.0)
        self.assertEqual(percent_of(MONDAY, at(20), at(8), set(), [Surcharge(10.0, hour_from=18.0)]), 0.0)

    @cases(200)
    @given(RULES, st.integers(0, 96), st.integers(1, 60), st.sets(st.integers(0, 3)))
    def test_minute_by_minute(self, rules, start, length, free):
        """Beside a plain look at every quarter of an hour: bounds are half hours."""
        holidays = {MONDAY + timedelta(days=offset) for offset in free}
        begin, end = at(start / 2), at((start + length) / 2)
        total, moment = 0.0, begin
        while moment < end:
            hour, day = moment.hour + moment.minute / 60, moment.date()
            total += max(
                (
                    rule.percent
                    for rule in rules
                    if (day.weekday() in rule.weekdays or (rule.holidays and day in holidays))
                    and (
                        rule.hour_from <= hour < rule.hour_to
                        if rule.hour_to > rule.hour_from
                        else hour >= rule.hour_from or hour < rule.hour_to
                    )
                ),
                default=0.0,
            )
            moment += timedelta(minutes=15)
        expected = total / ((end - begin).total_seconds() / 900)
        self.assertAlmostEqual(percent_of(MONDAY, begin, end, holidays, rules), expected)
