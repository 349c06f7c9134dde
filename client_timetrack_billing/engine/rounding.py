"""Hours to bill: the hours worked, rounded to the increment that was agreed with the client.

The hours worked stay as they are; what is rounded is what goes on the invoice. Everything is counted in minutes as
exact numbers, so that a quarter of an hour never becomes half an hour because of binary floats. Rounding is
symmetric: a correction of minus twenty minutes takes back what twenty minutes were rounded to.

An increment may apply to each entry, to the work of a day on one task, or to the whole invoice. Where several entries
are rounded together, what was added or taken away is shared by their hours (largest remainder, in hundredths of a
minute).
"""

from collections import defaultdict
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import NamedTuple

from odoo.addons.client_timetrack.engine.allocation import allocate, spread

METHODS = {"up": ROUND_CEILING, "nearest": ROUND_HALF_UP, "down": ROUND_FLOOR}
SCOPES = ("entry", "day_task", "invoice")
MINUTES = Decimal(60)
# Shares of a rounded sum are exact to this part of a minute.
SHARE = Decimal("0.01")
# What binary hours are away from the minutes that were meant.
NOISE = Decimal("0.00001")


class Rounding(NamedTuple):
    """How hours are rounded: minutes of the increment (0: not at all), method and scope."""

    increment: int = 0
    method: str = "up"
    scope: str = "entry"


class Work(NamedTuple):
    """Hours of an entry, with its day and task for the scope of a day and task."""

    hours: float
    day: object = None
    task: object = None


def to_minutes(hours):
    """Minutes of a float of hours, without its noise.

    >>> to_minutes(1 / 3)
    Decimal('20.00000')
    """
    return (Decimal(repr(float(hours))) * MINUTES).quantize(NOISE, ROUND_HALF_UP)


def round_minutes(minutes, increment, method):
    """Round minutes to a multiple of the increment; what is negative as what is positive.

    >>> round_minutes(Decimal(16), 15, "up"), round_minutes(Decimal(15), 15, "up")
    (Decimal('30'), Decimal('15'))
    >>> round_minutes(Decimal(-16), 15, "up"), round_minutes(Decimal(22), 15, "nearest")
    (Decimal('-30'), Decimal('15'))

    :param Decimal minutes: of any sign
    :param int increment: minutes; 0 rounds nothing
    :param str method: "up", "nearest" (a half goes up) or "down"
    :return: Decimal
    """
    if not increment:
        return minutes
    units = (abs(minutes) / increment).quantize(Decimal(1), METHODS[method])
    return (-units if minutes < 0 else units) * increment


def round_hours(works, rounding):
    """The hours to bill of each of the works.

    >>> round_hours([Work(0.1), Work(0.25)], Rounding(15, "up"))
    [0.25, 0.25]
    >>> day = [Work(1 / 3, 1, 1), Work(1 / 3, 1, 1), Work(0.5, 2, 1)]
    >>> round_hours(day, Rounding(15, "up", "day_task"))
    [0.375, 0.375, 0.5]

    :param works: list of :class:`Work`
    :param Rounding rounding: what was agreed
    :return: list of hours (float), one for each work, whose sums are multiples of the increment in each scope
    """
    if not rounding.increment:
        return [work.hours for work in works]
    groups = defaultdict(list)
    for index, work in enumerate(works):
        groups[_scope_of(index, work, rounding.scope)].append(index)
    result = [0.0] * len(works)
    for indexes in groups.values():
        minutes = [to_minutes(works[index].hours) for index in indexes]
        total = round_minutes(sum(minutes), rounding.increment, rounding.method)
        for index, share in zip(indexes, _share(total, minutes), strict=True):
            result[index] = float(share / MINUTES)
    return result


def _scope_of(index, work, scope):
    """What is rounded together with the work."""
    if scope == "entry":
        return index
    return (work.day, work.task) if scope == "day_task" else None


def _share(total, minutes):
    """Divide rounded minutes among those that they were rounded from."""
    if sum(minutes) == total:
        return minutes
    one_sign = all(value >= 0 for value in minutes) or all(value <= 0 for value in minutes)
    return (allocate if one_sign else spread)(total, minutes, SHARE)
