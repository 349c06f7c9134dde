"""Hours of a plan spread over weeks. Needs no database."""

import doctest

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase

from ..engine import plan
from ..engine.grid import Refused

CAPACITIES = st.lists(st.integers(0, 240).map(lambda quarters: quarters / 4), min_size=1, max_size=plan.MAX_WEEKS)


class TestPlanEngine(BaseCase):
    def _refused(self, code, call, *args):
        with self.assertRaises(Refused) as caught:
            call(*args)
        self.assertEqual(caught.exception.code, code)

    def test_examples(self):
        self.assertEqual(doctest.testmod(plan).failed, 0)

    def test_by_hand(self):
        # 100 quarters over 40 : 32 : 40 are 35.7, 28.6, 35.7: the two largest remainders get what is left
        self.assertEqual(plan.spread(25, [40, 32, 40]), [9.0, 7.0, 9.0])
        self.assertEqual(plan.spread(1, [40, 40, 40]), [0.5, 0.25, 0.25])
        self.assertEqual(plan.spread(6, [0, 0]), [3.0, 3.0])
        # no quarters of an hour: minutes
        self.assertEqual(plan.spread(1 / 6, [40, 40, 40, 40]), [3 / 60, 3 / 60, 2 / 60, 2 / 60])
        self.assertEqual(plan.spread(0, [40]), [0.0])

    def test_what_makes_no_sense(self):
        for hours in (float("nan"), float("inf"), "1", None, True, [1]):
            self._refused("number", plan.spread, hours, [40])
            self._refused("number", plan.check_hours, hours)
        self._refused("negative", plan.spread, -1, [40])
        self._refused("too_many", plan.spread, 169, [40])
        # all of it would come to the one week with work
        self._refused("too_many", plan.spread, 200, [40, 0])
        self._refused("weeks", plan.spread, 1, [])
        self._refused("weeks", plan.spread, 1, [1] * (plan.MAX_WEEKS + 1))
        for weeks in (0, -1, 54, 1.5, True, "4", None):
            self._refused("weeks", plan.check_weeks, weeks)
        self._refused("changed", plan.check_known, 3.0, 4)
        self._refused("number", plan.check_known, 3.0, "3")
        self.assertIsNone(plan.check_known(3.0, 3.0001))
        self.assertIsNone(plan.check_known(3.0, None))

    @given(CAPACITIES, st.integers(0, 168 * 60))
    def test_the_parts_are_the_whole_and_in_proportion(self, capacities, minutes):
        hours = minutes / 60
        try:
            parts = [round(part * 60) for part in plan.spread(hours, capacities)]
        except Refused:
            self.fail("a week's hours fit into weeks")
        self.assertEqual(sum(parts), minutes)
        step = 1 if minutes % 15 else 15
        weights = capacities if any(capacities) else [1] * len(capacities)
        for part, weight in zip(parts, weights, strict=True):
            self.assertLess(abs(part - minutes * weight / sum(weights)), step)
            self.assertEqual(part % step, 0)
            if not weight:
                self.assertEqual(part, 0)

    @given(CAPACITIES, st.integers(0, 600))
    def test_equal_weeks_differ_by_a_quarter_at_most(self, capacities, quarters):
        parts = plan.spread(quarters / 4, [40] * len(capacities))
        self.assertLessEqual(max(parts) - min(parts), 0.25)
        self.assertEqual(parts, sorted(parts, reverse=True))
