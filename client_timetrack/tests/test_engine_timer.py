from datetime import date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from pytz import UTC, timezone

from odoo.tests import BaseCase

from ..engine.timer import ROUNDINGS, Day, booked_minutes, split_days, start_of_day, total_seconds

MOMENT = datetime(2026, 3, 1)
moments = st.integers(min_value=0, max_value=300 * 24 * 3600).map(lambda seconds: MOMENT + timedelta(seconds=seconds))
laps = st.lists(st.tuples(moments, st.integers(0, 3 * 24 * 3600)), max_size=4).map(
    lambda found: [(start, start + timedelta(seconds=seconds)) for start, seconds in sorted(found)]
)


def clock(name):
    """Functions from UTC to the wall clock and from dates to their midnight in UTC."""
    tz = timezone(name)
    return (
        lambda moment: UTC.localize(moment).astimezone(tz).replace(tzinfo=None),
        lambda day: tz.localize(start_of_day(day), is_dst=False).astimezone(UTC).replace(tzinfo=None),
    )


class TestTimerEngine(BaseCase):
    """What a stopwatch measured, without a database."""

    def _days(self, zone, *pairs):
        found = split_days([tuple(datetime.fromisoformat(text) for text in pair) for pair in pairs], *clock(zone))
        return [(day.date.isoformat(), day.seconds / 3600) for day in found]

    def test_pauses_are_no_work(self):
        [day] = split_days(
            [
                (datetime(2026, 11, 25, 9), datetime(2026, 11, 25, 10)),
                (datetime(2026, 11, 25, 11), datetime(2026, 11, 25, 11, 30)),
            ],
            *clock("UTC"),
        )
        self.assertEqual(day, Day(date(2026, 11, 25), datetime(2026, 11, 25, 9), datetime(2026, 11, 25, 11, 30), 5400))

    def test_midnight_of_the_employee(self):
        lap = ("2026-11-25 20:00:00", "2026-11-25 23:30:00")
        self.assertEqual(self._days("UTC", lap), [("2026-11-25", 3.5)])
        self.assertEqual(self._days("Europe/Brussels", lap), [("2026-11-25", 3.0), ("2026-11-26", 0.5)])
        self.assertEqual(self._days("America/New_York", lap), [("2026-11-25", 3.5)])
        self.assertEqual(self._days("Pacific/Kiritimati", lap), [("2026-11-26", 3.5)])

    def test_days_of_23_and_25_hours(self):
        whole = ("2026-03-28 23:00:00", "2026-03-29 22:00:00")
        self.assertEqual(self._days("Europe/Brussels", whole), [("2026-03-29", 23.0)])
        whole = ("2026-10-24 22:00:00", "2026-10-25 23:00:00")
        self.assertEqual(self._days("Europe/Brussels", whole), [("2026-10-25", 25.0)])

    def test_a_day_without_midnight(self):
        """In Santiago clocks go from 23:59 to 1:00."""
        lap = ("2026-09-06 02:00:00", "2026-09-06 06:00:00")
        self.assertEqual(sum(hours for _date, hours in self._days("America/Santiago", lap)), 4.0)

    def test_several_days(self):
        lap = ("2026-11-25 12:00:00", "2026-11-27 06:00:00")
        self.assertEqual(self._days("UTC", lap), [("2026-11-25", 12.0), ("2026-11-26", 24.0), ("2026-11-27", 6.0)])

    def test_minutes(self):
        for seconds, minimum, increment, rounding, minutes in (
            (0, 15, 15, "up", 0),
            (1, 0, 0, "up", 1),
            (29, 0, 0, "up", 1),
            (89, 0, 0, "up", 1),
            (90, 0, 0, "up", 2),
            (60, 6, 6, "up", 6),
            (361, 6, 6, "up", 12),
            (360, 6, 6, "up", 6),
            (900, 0, 15, "up", 15),
            (901, 0, 15, "up", 30),
            (901, 0, 15, "nearest", 15),
            (1350, 0, 15, "nearest", 30),
            (1349, 0, 15, "nearest", 15),
            (1799, 0, 15, "down", 15),
            (600, 0, 15, "down", 0),
            (600, 10, 15, "down", 15),
            (60, 20, 0, "up", 20),
            (60, 20, 15, "up", 30),
        ):
            with self.subTest(seconds=seconds, minimum=minimum, increment=increment, rounding=rounding):
                self.assertEqual(booked_minutes(seconds, minimum, increment, rounding), minutes)

    @settings(max_examples=200, deadline=None)
    @given(laps, st.sampled_from(["UTC", "Europe/Brussels", "America/Santiago", "Asia/Kolkata", "Pacific/Apia"]))
    def test_no_second_is_lost(self, found, zone):
        days = split_days(found, *clock(zone))
        self.assertEqual(sum(day.seconds for day in days), total_seconds(found))
        self.assertEqual([day.date for day in days], sorted({day.date for day in days}))
        to_local = clock(zone)[0]
        for day in days:
            self.assertEqual(to_local(day.start).date(), day.date)

    @settings(max_examples=200, deadline=None)
    @given(st.integers(1, 100_000), st.integers(0, 120), st.integers(0, 120), st.sampled_from(ROUNDINGS))
    def test_multiples_within_one_increment(self, seconds, minimum, increment, rounding):
        minutes = booked_minutes(seconds, minimum, increment, rounding)
        self.assertGreaterEqual(minutes, minimum)
        if increment:
            self.assertEqual(minutes % increment, 0)
            if minutes > minimum + increment:
                self.assertLess(abs(minutes * 60 - seconds), increment * 60)
