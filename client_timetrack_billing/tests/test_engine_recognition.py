import doctest
import os
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..engine import recognition
from ..engine.recognition import Position, earned_of_fee, share_done, to_post, within_cap

EXAMPLES = 50_000 if os.environ.get("TIMETRACK_FULL") else 300
CENT = Decimal("0.01")

amounts = st.decimals(-10_000, 10_000, places=2)
worth = st.decimals(0, 10_000, places=2)
hours = st.decimals(0, 5_000, places=4)
books = st.dictionaries(st.integers(0, 9), amounts.filter(bool))


@tagged("-at_install", "post_install")
class TestEngineRecognition(BaseCase):
    def test_examples(self):
        self.assertEqual(doctest.testmod(recognition).failed, 0)

    def test_a_fixed_fee_month_by_month(self):
        """A fee of 9,000: 20 of 80 hours, then the estimate grows, then it is done with 110 (by hand)."""
        months = [(20, 60, "2250.00"), (60, 60, "4500.00"), (110, 0, "9000.00")]
        for worked, to_come, earned in months:
            found = earned_of_fee(Decimal(9000), Decimal(worked), Decimal(to_come), CENT)
            self.assertEqual(found, Decimal(earned))

    def test_nothing_worked_is_nothing_earned(self):
        self.assertEqual(share_done(Decimal(0), Decimal(10)), 0)
        self.assertEqual(share_done(Decimal(0), Decimal(0)), 0)
        with self.assertRaisesRegex(ValueError, "negative"):
            share_done(Decimal(10), Decimal(-1))

    def test_time_taken_back_makes_room_under_the_cap(self):
        found = within_cap([Decimal(80), Decimal(50), Decimal(-60), Decimal(20)], Decimal(100))
        self.assertEqual(found, [80, 20, -30, 20])
        self.assertEqual(within_cap([Decimal(80), Decimal(50)], None), [80, 50])

    def test_both_sides_of_the_books(self):
        ahead, behind = Position(Decimal(100), Decimal(30)), Position(Decimal(30), Decimal(100))
        self.assertEqual((ahead.unbilled, ahead.liability), (70, 0))
        self.assertEqual((behind.unbilled, behind.liability), (0, 70))

    @settings(max_examples=EXAMPLES, deadline=None)
    @given(fee=worth, done=hours, to_come=hours, more=hours, unit=st.sampled_from(["1", "0.01", "0.001"]))
    def _run_fees(self, fee, done, to_come, more, unit):
        unit = Decimal(unit)
        earned = earned_of_fee(fee, done, to_come, unit)
        self.assertEqual(earned % unit, 0)
        self.assertTrue(0 <= earned <= fee + unit / 2)
        # work that goes on earns no less, an estimate that grows no more
        self.assertGreaterEqual(earned_of_fee(fee, done + more, to_come, unit), earned)
        self.assertLessEqual(earned_of_fee(fee, done, to_come + more, unit), earned)

    def test_fees(self):
        self._run_fees()

    @settings(max_examples=EXAMPLES, deadline=None)
    @given(values=st.lists(amounts, max_size=8), cap=worth)
    def _run_caps(self, values, cap):
        found = within_cap(values, cap)
        for count in range(len(values) + 1):
            self.assertEqual(sum(found[:count]), min(sum(values[:count]), cap) if count else 0)

    def test_caps(self):
        self._run_caps()

    @settings(max_examples=EXAMPLES, deadline=None)
    @given(target=books, posted=books)
    def _run_posting(self, target, posted):
        result = dict(posted)
        for key, amount in to_post(target, posted).items():
            result[key] = result.get(key, Decimal(0)) + amount
        self.assertEqual({key: amount for key, amount in result.items() if amount}, target)
        self.assertEqual(to_post(target, result), {})

    def test_a_second_run_posts_nothing(self):
        self._run_posting()
