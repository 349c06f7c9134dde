import doctest
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..engine import reminder

DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))


@tagged("post_install", "-at_install")
class TestReminderDays(BaseCase):
    """When people are told."""

    def test_examples_of_the_documentation(self):
        self.assertEqual(doctest.testmod(reminder).failed, 0)

    @given(DAYS, st.integers(0, 6))
    def test_a_weekly_day_is_the_last_such_weekday(self, today, weekday):
        due = reminder.last_due(reminder.WEEKLY, today, weekday)
        self.assertEqual(due.weekday(), weekday)
        self.assertLessEqual(due, today)
        self.assertLess(today - due, timedelta(days=7))

    @given(DAYS, st.integers(0, 6), st.sampled_from([reminder.DAILY, reminder.WEEKLY]), st.sets(st.integers(0, 30)))
    def test_whoever_is_away_is_told_once_after_it(self, first, weekday, rhythm, away):
        """Day by day: one is never told twice for one occasion, and never on a day away."""
        told = None
        for offset in range(31):
            today = first + timedelta(days=offset)
            due = reminder.last_due(rhythm, today, weekday)
            if offset in away or not reminder.is_due(due, told):
                continue
            self.assertTrue(told is None or told < due <= today)
            told = today
        days = sorted(set(range(31)) - away)
        if rhythm == reminder.DAILY and days:
            self.assertEqual(told, first + timedelta(days=days[-1]))

    def test_never(self):
        self.assertFalse(reminder.is_due(reminder.last_due(reminder.NONE, date(2026, 1, 1)), None))
        with self.assertRaises(ValueError):
            reminder.last_due("often", date(2026, 1, 1))
