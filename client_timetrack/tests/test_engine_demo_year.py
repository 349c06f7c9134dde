from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged
from odoo.tools import file_open

from ..demo import year

DAYS = st.dates(date(2026, 1, 1), date(2029, 12, 31))


@tagged("standard", "at_install")
class TestDemoYear(BaseCase):
    """Whatever the day on which the demo firm is loaded, it has worked believably until then."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with file_open("client_timetrack/demo/work.csv") as lines:
            cls.texts = year.read_texts(lines)

    def _plan(self, today):
        first = year.months_before(today, year.MONTHS)
        work_days = [
            first + timedelta(days=number)
            for number in range((today - first).days + 1)
            if (first + timedelta(days=number)).weekday() < 5
        ]
        days = {part.employee: dict.fromkeys(work_days, 8.0) for part in year.PARTS}
        return days, year.plan(self.texts, days, today)

    @settings(max_examples=12)
    @given(DAYS)
    def test_a_year_of_any_day(self, today):
        days, pieces = self._plan(today)
        self.assertEqual({piece.employee for piece in pieces}, set(days))
        self.assertEqual({piece.text.project for piece in pieces}, set(self.texts))
        self.assertLessEqual(max(piece.date for piece in pieces), today)
        self.assertEqual({piece.hours * 4 % 1 for piece in pieces}, {0})
        self.assertGreater(min(piece.hours for piece in pieces), 0)
        # nobody says the same twice a day
        said = [(piece.employee, piece.date, piece.text) for piece in pieces]
        self.assertEqual(len(said), len(set(said)))
        worked = {}
        for piece in pieces:
            worked[piece.employee, piece.date] = worked.get((piece.employee, piece.date), 0) + piece.hours
        self.assertLessEqual(max(worked.values()), 9)
        billable = sum(piece.hours for piece in pieces if piece.text.project != year.OFFICE)
        self.assertTrue(0.4 < billable / sum(piece.hours for piece in pieces) < 0.8)

    def test_the_same_day_gives_the_same_year(self):
        self.assertEqual(self._plan(date(2026, 11, 30))[1], self._plan(date(2026, 11, 30))[1])
