"""What a stopwatch measured, as working time of days: split at midnight, rounded by a policy.

Plain Python: nothing here knows Odoo. Raw time is in seconds and stays as it is; what is booked is in whole minutes.

Examples::

    >>> booked_minutes(52 * 60, minimum=0, increment=15, rounding="up")
    60
    >>> booked_minutes(60, minimum=6, increment=6, rounding="up")
    6
"""

from datetime import datetime, time, timedelta
from typing import NamedTuple

UP = "up"
NEAREST = "nearest"
DOWN = "down"
ROUNDINGS = (UP, NEAREST, DOWN)
MINUTE = 60
ONE_DAY = timedelta(days=1)


class Day(NamedTuple):
    """What was worked on a day: from the first start to the last stop (UTC, without time zone), and how long."""

    date: object
    start: datetime
    stop: datetime
    seconds: int


def total_seconds(laps):
    """Seconds of laps: pairs of start and stop."""
    return sum(int((stop - start).total_seconds()) for start, stop in laps)


def split_days(laps, to_local, to_utc):
    """Divide laps among the days of a time zone.

    :param laps: pairs of start and stop as datetimes in UTC, without time zone
    :param to_local: function from a datetime in UTC to the wall clock, both without time zone
    :param to_utc: function from a date to the moment in UTC at which the day begins there
    :return: list of ``Day`` by date; their seconds sum to those of the laps, on days of 23 and 25 hours too
    """
    days = {}
    for start, stop in laps:
        while start < stop:
            date = to_local(start).date()
            end = min(stop, max(to_utc(date + ONE_DAY), start + timedelta(seconds=1)))
            first, last, seconds = days.get(date, (start, end, 0))
            days[date] = (min(first, start), max(last, end), seconds + int((end - start).total_seconds()))
            start = end
    return [Day(date, *days[date]) for date in sorted(days)]


def booked_minutes(seconds, minimum=0, increment=0, rounding=UP):
    """The minutes that are booked for a number of seconds.

    Exact, since all is done with whole numbers: 0.25 hours never become 0.5 by a binary fraction. Without an increment
    time goes to the nearest minute, but what was worked at all never to none.

    :param int seconds: worked
    :param int minimum: minutes that are booked at least
    :param int increment: minutes; what is booked is a multiple of it, 0 for none
    :param rounding: one of ``ROUNDINGS``
    :return: minutes, 0 for no seconds
    """
    if seconds <= 0:
        return 0
    if not increment:
        return max(minimum, 1, (seconds + MINUTE // 2) // MINUTE)
    step = increment * MINUTE
    whole, rest = divmod(seconds, step)
    if rest and (rounding == UP or (rounding == NEAREST and 2 * rest >= step)):
        whole += 1
    minutes = whole * increment
    return max(minutes, -(-minimum // increment) * increment)


def start_of_day(date):
    """Midnight of a date on the wall clock."""
    return datetime.combine(date, time.min)
