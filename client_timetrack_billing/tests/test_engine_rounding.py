import doctest
import math
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from odoo.addons.client_timetrack.tests.common import cases

from ..engine import rounding
from ..engine.rounding import METHODS, SCOPES, Rounding, Work, round_hours

MINUTES = st.integers(-1000, 1000)
WORKS = st.lists(
    st.builds(Work, hours=MINUTES.map(lambda minutes: minutes / 60), day=st.integers(1, 3), task=st.integers(1, 2)),
    max_size=12,
)


def expected(minutes, increment, method):
    """The same by whole numbers alone."""
    sign = -1 if minutes < 0 else 1
    units = Fraction(abs(minutes), increment)
    if method == "up":
        units = math.ceil(units)
    elif method == "down":
        units = math.floor(units)
    else:
        units = math.floor(units + Fraction(1, 2))
    return sign * units * increment


@tagged("-at_install", "post_install")
class TestEngineRounding(BaseCase):
    def test_examples(self):
        self.assertEqual(doctest.testmod(rounding).failed, 0)

    def test_binary_hours_are_no_reason_to_round_up(self):
        quarters = [Work(quarter * 0.25) for quarter in range(1, 50)]
        self.assertEqual(round_hours(quarters, Rounding(15)), [work.hours for work in quarters])
        tenths = [Work(minutes / 60) for minutes in range(6, 600, 6)]
        for work, hours in zip(tenths, round_hours(tenths, Rounding(6)), strict=True):
            self.assertAlmostEqual(hours, work.hours, 9)

    @cases(300)
    @given(MINUTES, st.sampled_from([1, 5, 6, 10, 15, 30, 60]), st.sampled_from(sorted(METHODS)))
    def test_each_entry(self, minutes, increment, method):
        [hours] = round_hours([Work(minutes / 60)], Rounding(increment, method))
        self.assertAlmostEqual(hours * 60, expected(minutes, increment, method), 6)

    @cases(200)
    @given(WORKS, st.sampled_from([6, 15, 60]), st.sampled_from(sorted(METHODS)), st.sampled_from(SCOPES))
    def test_each_scope_sums_to_multiples(self, works, increment, method, scope):
        result = round_hours(works, Rounding(increment, method, scope))
        self.assertEqual(len(result), len(works))
        groups = {}
        for index, (work, hours) in enumerate(zip(works, result, strict=True)):
            key = {"entry": index, "day_task": (work.day, work.task), "invoice": None}[scope]
            groups.setdefault(key, []).append((round(work.hours * 60), hours * 60))
        for pairs in groups.values():
            worked = sum(minutes for minutes, _hours in pairs)
            self.assertAlmostEqual(sum(hours for _minutes, hours in pairs), expected(worked, increment, method), 4)

    def test_without_an_increment_nothing_changes(self):
        works = [Work(0.1234567), Work(-3.3)]
        self.assertEqual(round_hours(works, Rounding()), [0.1234567, -3.3])
