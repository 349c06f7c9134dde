import doctest
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from odoo.addons.client_timetrack.tests.common import cases

from ..engine import pricing
from ..engine.pricing import BILL, HOLD, NO_CHARGE, Line, price

UNITS = st.sampled_from([Decimal("1"), Decimal("0.01"), Decimal("0.001"), Decimal("0.05")])
HOURS = st.integers(-600, 600).map(lambda minutes: minutes / 60)
RATES = st.sampled_from([0.0, 33.33, 99.99, 100.0, 333.333])
LINES = st.lists(
    st.builds(
        Line,
        hours_worked=HOURS,
        hours_billed=HOURS,
        standard_rate=RATES,
        billed_rate=RATES,
        action=st.sampled_from([BILL, HOLD, NO_CHARGE]),
        amount=st.none() | st.integers(-500, 500).map(float),
        group=st.integers(1, 2),
    ),
    max_size=10,
)


@tagged("-at_install", "post_install")
class TestEnginePricing(BaseCase):
    def test_examples(self):
        self.assertEqual(doctest.testmod(pricing).failed, 0)

    @cases(300)
    @given(LINES, UNITS)
    def test_amounts_are_whole_units_and_near(self, lines, unit):
        """Each amount is a multiple of the unit and within one of hours by rate."""
        for line, one in zip(lines, price(lines, unit), strict=True):
            for amount in (one.standard, one.billed):
                self.assertEqual(amount % unit, 0)
            self.assertLessEqual(abs(float(one.standard) - line.hours_worked * line.standard_rate), float(unit) + 1e-6)
            if line.action == NO_CHARGE:
                self.assertEqual(one.billed, 0)
            elif line.amount is not None:
                self.assertLessEqual(abs(float(one.billed) - line.amount), float(unit) / 2 + 1e-6)
            else:
                billed = line.hours_billed * line.billed_rate
                self.assertLessEqual(abs(float(one.billed) - billed), float(unit) + 1e-6)
            self.assertEqual(one.standard + one.adjustment, one.billed)

    @cases(300)
    @given(st.lists(HOURS, min_size=1, max_size=12), RATES, UNITS)
    def test_time_as_it_was_worked_sums_to_its_hours_by_rate(self, hours, rate, unit):
        lines = [Line(number, number, rate, rate) for number in hours]
        prices = price(lines, unit)
        self.assertTrue(all(one.adjustment == 0 for one in prices))
        total = sum(Decimal(repr(number)) for number in hours) * Decimal(repr(rate))
        self.assertLessEqual(abs(sum(one.billed for one in prices) - total), unit / 2 + Decimal("0.000001"))

    def test_other_groups_do_not_matter(self):
        cent = Decimal("0.01")
        third = Line(1 / 3, 1 / 3, 100.0, 100.0, group=1)
        together = price([third, third, third._replace(group=2)], cent)
        self.assertEqual([one.billed for one in together], [Decimal("33.34"), Decimal("33.33"), Decimal("33.33")])
