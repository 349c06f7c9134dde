"""Capacity of one day, in plain Python.

How it works: the work intervals of a day come from the working calendar; what a public holiday covers of them is
holiday, what the employee's own leave covers of the rest is leave, and what remains is net. Nothing is counted
twice: a leave over a public holiday takes nothing from it.

Intervals are pairs ``(start, end)`` of anything that can be compared and subtracted to a ``timedelta``.

Example::

    >>> from datetime import datetime
    >>> def hour(n): return datetime(2026, 3, 2, n)
    >>> split_day([(hour(8), hour(12)), (hour(13), hour(17))], [], [(hour(0), hour(12))])
    DayHours(gross=8.0, holiday=0.0, leave=4.0, net=4.0)
"""

from collections import defaultdict
from datetime import datetime, time, timedelta
from typing import NamedTuple

# Weekdays (Monday is 0) that share the weekly hours of people without fixed working days.
FLEXIBLE_WEEKDAYS = (0, 1, 2, 3, 4)
# Hours are kept to this many digits: the nanoseconds lost by "24:00 is 23:59:59.999999" are no change.
DIGITS = 4


class DayHours(NamedTuple):
    """Hours of one employee on one day; ``net = gross - holiday - leave``."""

    gross: float
    holiday: float
    leave: float
    net: float


def hours_of(intervals):
    """Length in hours (float) of intervals that do not overlap."""
    return sum((end - start for start, end in intervals), timedelta()).total_seconds() / 3600


def union(intervals):
    """The same time as sorted intervals that do not overlap."""
    merged = []
    for start, end in sorted(intervals):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        elif start < end:
            merged.append((start, end))
    return merged


def subtract(intervals, cuts):
    """What remains of sorted, disjoint ``intervals`` outside of ``cuts`` (any intervals)."""
    remaining = list(intervals)
    for cut_start, cut_end in cuts:
        pieces = []
        for start, end in remaining:
            if cut_end <= start or end <= cut_start:
                pieces.append((start, end))
                continue
            if start < cut_start:
                pieces.append((start, cut_start))
            if cut_end < end:
                pieces.append((cut_end, end))
        remaining = pieces
    return remaining


def split_day(work, holidays=(), leaves=()):
    """Divide the work intervals of a day into holiday, leave and net hours.

    :param work: intervals of work by the calendar
    :param holidays: intervals of public holidays that touch the day
    :param leaves: intervals of the employee's own leave that touch the day
    :rtype: DayHours
    """
    work = union(work)
    after_holidays = subtract(work, holidays)
    gross = round(hours_of(work), DIGITS)
    net = round(hours_of(subtract(after_holidays, leaves)), DIGITS)
    holiday = round(gross - hours_of(after_holidays), DIGITS)
    return DayHours(gross, holiday, round(gross - holiday - net, DIGITS), net)


def dates_between(date_from, date_to):
    """Every date from ``date_from`` to ``date_to``, both included."""
    for offset in range((date_to - date_from).days + 1):
        yield date_from + timedelta(days=offset)


def by_date(intervals, date_from, date_to):
    """Sort intervals by the dates they touch, within ``date_from`` .. ``date_to``.

    :param intervals: pairs of datetimes, in the time zone whose dates count
    :return: dict of date to list of intervals
    """
    result = defaultdict(list)
    for start, end in intervals:
        for date in dates_between(max(start.date(), date_from), min(end.date(), date_to)):
            result[date].append((start, end))
    return result


def flexible_days(weekly_hours, localize, date_from, date_to):
    """Work intervals of somebody who has weekly hours but no fixed working days.

    The week's hours are shared evenly by Monday to Friday, around noon, so that any range of dates gives the same
    figures and half a day of leave takes half a day's hours.

    :param float weekly_hours: hours a week
    :param localize: function from a naive to an aware datetime
    :return: dict of date to list of intervals
    """
    half = timedelta(hours=max(weekly_hours, 0.0) / len(FLEXIBLE_WEEKDAYS) / 2)
    result = {}
    for date in dates_between(date_from, date_to):
        if half and date.weekday() in FLEXIBLE_WEEKDAYS:
            noon = datetime.combine(date, time(12))
            result[date] = [(localize(noon - half), localize(noon + half))]
    return result
