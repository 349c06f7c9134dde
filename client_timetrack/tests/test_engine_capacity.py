import doctest
from datetime import date, datetime, timedelta

from odoo.tests import BaseCase, tagged

from ..engine import capacity


def at(hour):
    return datetime(2025, 3, 10) + timedelta(hours=hour)


@tagged("post_install", "-at_install")
class TestCapacityEngine(BaseCase):
    def test_examples_of_the_docstrings(self):
        result = doctest.testmod(capacity)
        self.assertTrue(result.attempted)
        self.assertFalse(result.failed)

    def test_leave_over_a_holiday_counts_once(self):
        work = [(at(8), at(12)), (at(13), at(17))]
        day = capacity.split_day(work, [(at(0), at(12))], [(at(0), at(24))])
        self.assertEqual(day, (8.0, 4.0, 4.0, 0.0))

    def test_overlapping_intervals_count_once(self):
        work = [(at(8), at(12)), (at(10), at(14))]
        leaves = [(at(9), at(11)), (at(10), at(12))]
        self.assertEqual(capacity.split_day(work, [], leaves), (6.0, 0.0, 3.0, 3.0))

    def test_leave_outside_of_work_takes_nothing(self):
        self.assertEqual(capacity.split_day([(at(8), at(12))], [], [(at(12), at(20))]), (4.0, 0.0, 0.0, 4.0))

    def test_flexible_days_do_not_depend_on_the_first_day(self):
        def days(first):
            return capacity.flexible_days(38.0, lambda moment: moment, first, date(2025, 3, 31))

        late, early = days(date(2025, 3, 5)), days(date(2025, 3, 1))
        self.assertTrue(all(early[day] == work for day, work in late.items()))
        week = [work for day, work in early.items() if date(2025, 3, 3) <= day <= date(2025, 3, 9)]
        self.assertAlmostEqual(sum(map(capacity.hours_of, week)), 38.0)
        self.assertNotIn(date(2025, 3, 8), early)

    def test_no_weekly_hours_no_capacity(self):
        self.assertFalse(capacity.flexible_days(0.0, lambda moment: moment, date(2025, 3, 1), date(2025, 3, 31)))
