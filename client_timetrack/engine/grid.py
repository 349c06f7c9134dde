"""What typing into a cell of the time grid means for the time entries that the cell shows.

Plain Python: nothing here knows Odoo. A cell is the work of an employee on a day; its hours are the sum of its
entries. What was handed in, approved or closed stays as it is: a new total only changes the part of the cell that is
still open.

Examples::

    >>> plan_total([], 1.5)
    Step(kind='create', entry_id=None, hours=1.5)
    >>> plan_total([Entry(7, 2.0, True)], 3.0)
    Step(kind='write', entry_id=7, hours=3.0)
    >>> plan_total([Entry(7, 2.0, False)], 3.0)                 # approved: what is more becomes an entry of its own
    Step(kind='create', entry_id=None, hours=1.0)
    >>> plan_total([Entry(7, 2.0, True)], 0)
    Step(kind='delete', entry_id=7, hours=0.0)
"""

import math
from typing import NamedTuple

CREATE = "create"
WRITE = "write"
DELETE = "delete"

DAY_HOURS = 24
# Half a second: hours nearer to each other are the same.
EPSILON = 1 / 7200
DIGITS = 6


class Entry(NamedTuple):
    """A time entry of a cell: hours, and whether the grid may change it."""

    id: int
    hours: float
    editable: bool


class Step(NamedTuple):
    """What is to be done: ``create``, ``write`` or ``delete``, with the hours that the entry then has."""

    kind: str
    entry_id: int
    hours: float


class Refused(Exception):
    """The cell cannot become what was typed.

    :ivar code: ``number``, ``negative``, ``too_many``, ``locked``, ``several`` or ``changed``
    :ivar params: values for the message of that code; hours as floats
    """

    def __init__(self, code, **params):
        super().__init__(f"{code}: {params}")
        self.code = code
        self.params = params


def same(hours, other):
    """Whether two numbers of hours are the same, as far as people are concerned."""
    return abs(hours - other) < EPSILON


def total(entries):
    """The hours of a cell."""
    return sum(entry.hours for entry in entries)


def check_hours(hours):
    """Refuse what no day of work has.

    :return: the hours as a float
    :raise Refused: ``number``, ``negative`` or ``too_many``
    """
    if isinstance(hours, bool) or not isinstance(hours, int | float) or not math.isfinite(hours):
        raise Refused("number")
    if hours < 0:
        raise Refused("negative", hours=hours)
    if hours > DAY_HOURS + EPSILON:
        raise Refused("too_many", hours=hours)
    return float(hours)


def check_known(entries, known):
    """Refuse a change by somebody who looks at other hours than the cell has by now.

    :param known: hours that the screen shows; None where nobody looked
    :raise Refused: ``changed``
    """
    if known is not None and not same(check_number(known), total(entries)):
        raise Refused("changed", known=known, hours=total(entries))


def check_number(value):
    """A finite number, negative ones too.

    :raise Refused: ``number``
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Refused("number")
    return float(value)


def plan_total(entries, hours):
    """Plan how the cell comes to a number of hours.

    :param entries: list of ``Entry``, in their order
    :param hours: what the cell is to show
    :return: ``Step``; None if it shows that already
    :raise Refused: the number is none of a day; less than what is ``locked``; or ``several`` entries could change,
        and nobody says which
    """
    hours = check_hours(hours)
    if same(hours, total(entries)):
        return None
    locked = total(entry for entry in entries if not entry.editable)
    rest = round(hours - locked, DIGITS)
    if rest < -EPSILON:
        raise Refused("locked", locked=locked)
    open_entries = [entry for entry in entries if entry.editable]
    if len(open_entries) > 1:
        raise Refused("several", count=len(open_entries))
    if not open_entries:
        return Step(CREATE, None, rest)
    return _set(open_entries[0], rest)


def plan_more(entries, delta):
    """Plan how the cell comes to have more or fewer hours: its last open entry takes the difference.

    :param delta: hours to add, negative to take away
    :raise Refused: as ``plan_total``; ``negative`` if more is taken away than is open
    """
    delta = check_number(delta)
    check_hours(max(0.0, total(entries) + delta))
    if same(delta, 0):
        return None
    open_entries = [entry for entry in entries if entry.editable]
    if not open_entries:
        if delta < 0:
            raise Refused("locked", locked=total(entries)) if entries else Refused("negative", hours=delta)
        return Step(CREATE, None, delta)
    rest = round(open_entries[-1].hours + delta, DIGITS)
    if rest < -EPSILON:
        raise Refused("negative", hours=total(entries) + delta)
    return _set(open_entries[-1], rest)


def _set(entry, hours):
    if same(hours, 0):
        return Step(DELETE, entry.id, 0.0)
    return Step(WRITE, entry.id, hours)
