import doctest

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from odoo.addons.client_timetrack_reports.engine import earned_value as engine
from odoo.addons.client_timetrack_reports.engine.earned_value import earned_value

HOURS = st.integers(1, 4000).map(lambda quarters: quarters / 4)


@tagged("-at_install", "post_install")
class TestEngineEarnedValue(BaseCase):
    def test_examples(self):
        self.assertEqual(doctest.testmod(engine).failed, 0)

    def test_the_definition(self):
        value = earned_value(bac=100_000, pv=50_000, ev=40_000, ac=45_000)
        self.assertEqual((value.cv, value.sv, value.spi), (-5_000, -10_000, 0.8))
        self.assertAlmostEqual(value.cpi, 0.8889, 4)
        self.assertAlmostEqual(value.eac, 112_500)
        self.assertAlmostEqual(value.etc, 67_500)
        self.assertAlmostEqual(value.vac, -12_500)
        self.assertAlmostEqual(value.tcpi, 1.0909, 4)
        self.assertEqual(value.eac_one_off, 105_000)
        self.assertTrue(value.is_attainable)

    def test_figures_without_a_meaning(self):
        nothing = earned_value(bac=100, pv=0, ev=0, ac=0)
        self.assertEqual((nothing.cpi, nothing.spi, nothing.eac, nothing.etc, nothing.vac), (None,) * 5)
        self.assertIsNone(earned_value(bac=100, pv=50, ev=0, ac=10).eac)
        spent = earned_value(bac=100, pv=50, ev=60, ac=100)
        self.assertEqual((spent.tcpi, spent.is_attainable), (None, False))
        self.assertTrue(earned_value(bac=100, ev=100, ac=120).is_attainable, "the work is complete")
        unjudged = earned_value(bac=100, ev=None, ac=40, pv=30)
        self.assertEqual(unjudged[:9], (None,) * 9)

    @given(HOURS, HOURS, HOURS)
    def test_identities(self, bac, ev, ac):
        value = earned_value(bac, ev, ac, pv=bac)
        self.assertAlmostEqual(value.eac - value.etc, ac, 6)
        self.assertAlmostEqual(value.eac + value.vac, bac, 6)
        self.assertAlmostEqual(value.eac * value.cpi, bac, 6)
        self.assertAlmostEqual(value.eac_one_off - ac, bac - ev, 6)
        self.assertEqual(value.cv < 0, value.cpi < 1)

    @given(HOURS, HOURS, HOURS)
    def test_units(self, bac, ev, ac):
        one, four = earned_value(bac, ev, ac, bac), earned_value(bac * 4, ev * 4, ac * 4, bac * 4)
        self.assertEqual((one.cpi, one.spi, one.tcpi), (four.cpi, four.spi, four.tcpi))
        self.assertEqual(one.eac * 4, four.eac)
