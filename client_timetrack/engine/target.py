"""What people aim at: utilization and billable hours, from a day on. Plain Python, no Odoo.

A target of utilization is a percentage of the hours that somebody can work; one of billable hours is a number a week,
of which each working day has its share by the working calendar, so that a month, a part-time week and a week with a
change of target add up. Days off lower the first and leave the second: whoever promised hours a week promised them.

Target attainment = billable hours / sum over the days of (net available hours x the target in force that day).

Examples::

    >>> from datetime import date
    >>> targets = [Target(date(2026, 1, 1), 70.0, 30.0), Target(date(2026, 3, 4), 80.0, 0.0)]
    >>> monday, wednesday = Day(date(2026, 3, 2), 8.0, 8.0, 40.0), Day(date(2026, 3, 4), 8.0, 4.0, 40.0)
    >>> utilization_hours([monday, wednesday], lambda day: [targets])
    8.8
    >>> billable_hours([monday, wednesday], lambda day: [targets])
    6.0
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import NamedTuple


class Target(NamedTuple):
    """What is aimed at from a day on: percent of the available hours, and billable hours a week; 0: nothing said."""

    date_from: date
    utilization: float
    weekly_hours: float


class Day(NamedTuple):
    """A working day: hours by the calendar, what holidays and leave leave of them, and the calendar's whole week."""

    date: date
    gross: float
    net: float
    week_gross: float


def in_force(targets: Sequence[Target], day: date) -> Target | None:
    """The last target that came into force until a day.

    :param targets: in the order of their dates
    """
    index = bisect_right([target.date_from for target in targets], day)
    return targets[index - 1] if index else None


def aimed_at(levels: Iterable[Sequence[Target]], day: date, name: str) -> float:
    """What is aimed at on a day: by the closest level that says something.

    :param levels: targets of the person, then of the job, the department, the company
    :param name: ``utilization`` or ``weekly_hours``
    """
    for targets in levels:
        target = in_force(targets, day)
        if target and getattr(target, name) > 0:
            return getattr(target, name)
    return 0.0


def utilization_hours(days: Iterable[Day], levels_of: Callable) -> float:
    """Billable hours that the target of utilization asks for: sum of net hours x the target in force.

    :param levels_of: gives the levels of a date, since people change their job
    """
    return round(sum(day.net * aimed_at(levels_of(day.date), day.date, "utilization") / 100 for day in days), 6)


def billable_hours(days: Iterable[Day], levels_of: Callable) -> float:
    """Billable hours that the target a week asks for: each day has its share of the week by the calendar."""
    total = 0.0
    for day in days:
        if day.week_gross > 0:
            total += aimed_at(levels_of(day.date), day.date, "weekly_hours") * day.gross / day.week_gross
    return round(total, 6)


def ratio(numerator: float, denominator: float) -> float | None:
    """A ratio, or None where there is nothing to divide by: never 0 and never 100 %."""
    return numerator / denominator if denominator > 0 else None
