import doctest
import os
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..engine import retainer
from ..engine.retainer import Draw, Grant, grants_of_periods, refill, state, use

EXAMPLES = 30_000 if os.environ.get("TIMETRACK_FULL") else 300
MAY = date(2026, 5, 1)
MONTHS = [(MAY, date(2026, 5, 31)), (date(2026, 6, 1), date(2026, 6, 30)), (date(2026, 7, 1), date(2026, 7, 31))]

days = st.integers(0, 20).map(lambda days: MAY + timedelta(days))
whole = st.integers(0, 6).map(Decimal)
grants = st.builds(
    lambda first, hours, length: Grant(first, hours, None if length is None else first + timedelta(length)),
    days,
    whole,
    st.none() | st.integers(0, 10),
)
draws = st.builds(Draw, days, whole)


def hour_by_hour(grants, draws):
    """The plainest way: each hour asks all grants for the one that expires first. Returns used hours and overage."""
    left = [int(grant.hours) for grant in grants]
    over = 0
    for draw in sorted(draws, key=lambda draw: draw.day):
        for _hour in range(int(draw.hours)):
            open_ones = [
                (grant.last or date.max, grant.first, index)
                for index, grant in enumerate(grants)
                if left[index] and grant.first <= draw.day and (grant.last is None or draw.day <= grant.last)
            ]
            if open_ones:
                left[min(open_ones)[2]] -= 1
            else:
                over += 1
    return [int(grant.hours) - rest for grant, rest in zip(grants, left, strict=True)], over


@tagged("-at_install", "post_install")
class TestEngineRetainer(BaseCase):
    def test_examples(self):
        self.assertEqual(doctest.testmod(retainer).failed, 0)

    def test_a_subscription_month_by_month(self):
        """Ten hours a month that roll over once; written by hand."""
        included = grants_of_periods(MONTHS, Decimal(10), rollover=1)
        days = date(2026, 5, 20), date(2026, 6, 10), date(2026, 7, 1)
        work = [Draw(day, Decimal(hours)) for day, hours in zip(days, (4, 7, 25), strict=True)]
        self.assertEqual([usage.overage for usage in use(included, work)], [0, 0, 6])
        may, june, july = (state(included, work, last) for _first, last in MONTHS)
        self.assertEqual((may.granted, may.used, may.expired, may.left), ([10, 0, 0], [4, 0, 0], [0] * 3, [6, 0, 0]))
        self.assertEqual((june.used, june.expired, june.left), ([10, 1, 0], [0] * 3, [0, 9, 0]))
        self.assertEqual((july.used, july.expired, july.left), ([10, 10, 10], [0] * 3, [0] * 3))

    def test_hours_that_do_not_roll_over_expire(self):
        included = grants_of_periods(MONTHS[:2], Decimal(10))
        found = state(included, [Draw(MAY, Decimal(4))], MONTHS[0][1])
        self.assertEqual((found.expired, found.left), ([6, 0], [0, 0]))
        found = state(included, [Draw(MAY, Decimal(4))], MONTHS[0][1] - timedelta(1))
        self.assertEqual((found.expired, found.left), ([0, 0], [6, 0]))

    def test_hours_that_roll_over_for_ever(self):
        self.assertEqual({grant.last for grant in grants_of_periods(MONTHS, Decimal(1), None)}, {None})

    def test_an_entry_that_comes_late_moves_the_hours_after_it(self):
        block = [Grant(MAY, Decimal(5))]
        first = Draw(date(2026, 5, 10), Decimal(4))
        late = Draw(date(2026, 5, 5), Decimal(3))
        self.assertEqual([usage.overage for usage in use(block, [first])], [0])
        self.assertEqual([usage.overage for usage in use(block, [first, late])], [2, 0])

    def test_bad_input(self):
        with self.assertRaisesRegex(ValueError, "negative"):
            use([Grant(MAY, Decimal(-1))], [])
        with self.assertRaisesRegex(ValueError, "negative"):
            use([], [Draw(MAY, Decimal(-1))])
        with self.assertRaisesRegex(ValueError, "floor"):
            refill(Decimal(0), Decimal(10), Decimal(5))

    @settings(max_examples=EXAMPLES, deadline=None)
    @given(grants=st.lists(grants, max_size=5), draws=st.lists(draws, max_size=6), day=days)
    def _run_any(self, grants, draws, day):
        usages = use(grants, draws)
        used, over = hour_by_hour(grants, draws)
        self.assertEqual([sum(usage.taken.get(index, 0) for usage in usages) for index in range(len(grants))], used)
        self.assertEqual(sum(usage.overage for usage in usages), over)
        for draw, usage in zip(draws, usages, strict=True):
            self.assertEqual(sum(usage.taken.values()) + usage.overage, draw.hours)
        found = state(grants, draws, day)
        for granted, gone, expired, left in zip(*found, strict=True):
            self.assertEqual(granted, gone + expired + left)
            self.assertTrue(min(granted, gone, expired, left) >= 0)

    def test_hours_are_accounted_for(self):
        self._run_any()
