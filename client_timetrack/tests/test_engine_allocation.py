from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..engine.allocation import allocate, spread, to_decimal, unit_of
from .common import cases

units = st.sampled_from([Decimal("1"), Decimal("0.01"), Decimal("0.001"), Decimal("0.05"), Decimal("10")])
counts = st.integers(-10**9, 10**9)
hours = st.lists(st.floats(0, 1000, allow_nan=False), min_size=1, max_size=25)
amounts = st.lists(st.decimals(-10**6, 10**6, places=5, allow_nan=False), min_size=1, max_size=25)


@tagged("-at_install", "post_install")
class TestEngineAllocation(BaseCase):
    @cases(400)
    @given(counts, hours, units)
    def test_parts_sum_to_the_whole_and_are_within_a_unit(self, count, weights, unit):
        total = count * unit
        parts = allocate(total, weights, unit)
        self.assertEqual(sum(parts), total)
        whole = sum(map(Fraction, weights))
        for part, weight in zip(parts, weights, strict=True):
            self.assertEqual(Fraction(part) % Fraction(unit), 0)
            exact = Fraction(total) * Fraction(weight) / whole if whole else Fraction(total) / len(weights)
            self.assertLess(abs(Fraction(part) - exact), Fraction(unit))

    @cases(150)
    @given(counts, hours, units)
    def test_signs_mirror_and_heavier_never_gets_less(self, count, weights, unit):
        parts = allocate(count * unit, weights, unit)
        self.assertEqual(allocate(-count * unit, weights, unit), [-part for part in parts])
        self.assertEqual(allocate(count * unit, [-weight for weight in weights], unit), parts)
        ordered = [abs(part) for _weight, part in sorted(zip(weights, map(abs, parts), strict=True))]
        self.assertEqual(ordered, sorted(ordered))

    @cases(400)
    @given(counts, amounts, units)
    def test_spread_sums_to_the_whole(self, count, values, unit):
        total = count * unit
        parts = spread(total, values, unit)
        self.assertEqual(sum(parts), total)
        self.assertTrue(all(Fraction(part) % Fraction(unit) == 0 for part in parts))

    @cases(150)
    @given(amounts, units)
    def test_values_that_fit_are_only_rounded(self, values, unit):
        total = to_decimal(sum(values), unit)
        for part, value in zip(spread(total, values, unit), values, strict=True):
            # the rounding of the sum (half a unit at most) and of the part itself
            self.assertLess(abs(Fraction(part) - Fraction(value)), Fraction(unit) * Fraction(3, 2) + Fraction(1, 10**9))

    @cases(150)
    @given(st.lists(st.integers(-10**6, 10**6), min_size=1, max_size=25), units)
    def test_exact_values_stay_as_they_are(self, numbers, unit):
        values = [number * unit for number in numbers]
        self.assertEqual(spread(sum(values), values, unit), values)

    def test_ties_go_to_the_first(self):
        cent = Decimal("0.01")
        self.assertEqual(allocate(Decimal("0.02"), [1, 1, 1], cent), [cent, cent, 0])
        self.assertEqual(allocate(Decimal("-0.02"), [1, 1, 1], cent), [-cent, -cent, 0])
        self.assertEqual(allocate(Decimal("0.02"), [0, 0], cent), [cent, cent])

    def test_refuses_what_has_no_answer(self):
        cent = Decimal("0.01")
        for total, weights in ((Decimal("1"), []), (Decimal("0.005"), [1]), (Decimal("1"), [1, -1])):
            with self.assertRaises(ValueError):
                allocate(total, weights, cent)
        with self.assertRaises(ValueError):
            spread(Decimal("1"), [], cent)

    def test_floats_are_read_as_what_they_mean(self):
        self.assertEqual(to_decimal(2.675, Decimal("0.01")), Decimal("2.68"))
        self.assertEqual(to_decimal(-2.675, Decimal("0.01")), Decimal("-2.68"))
        self.assertEqual(to_decimal(0.1 + 0.7, Decimal("0.01")), Decimal("0.80"))
        self.assertEqual(unit_of(0.01), Decimal("0.01"))
        self.assertEqual(unit_of(1.0), Decimal("1"))
        self.assertEqual(unit_of(0.001), Decimal("0.001"))
