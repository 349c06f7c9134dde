"""Fee arrangements: which of an engagement's time each of them covers, and how far a limit goes.

An engagement may have several, one for each of its phases. Time belongs to the first of them that covers it, in the
order that was agreed; what none of them covers is billed by its rates.

Hours and amounts are decimals.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from dateutil.relativedelta import relativedelta

from .retainer import use

ZERO = Decimal(0)


class Piece(NamedTuple):
    """What a time entry is told by.

    :param tasks: the tasks that it is part of, as keys
    :param activities: its service type and those above it
    """

    day: date
    tasks: tuple = ()
    activities: tuple = ()
    deliverable: Hashable = None


@dataclass(frozen=True)
class Scope:
    """What an arrangement covers: the time of these tasks, deliverables or service types, if it names any, and days."""

    key: Hashable
    tasks: frozenset = field(default_factory=frozenset)
    deliverables: frozenset = field(default_factory=frozenset)
    activities: frozenset = field(default_factory=frozenset)
    first: date | None = None
    last: date | None = None

    def covers(self, piece):
        """Whether a piece of work is covered; where it names several kinds of things, each of them has to fit."""
        if (self.first and piece.day < self.first) or (self.last and piece.day > self.last):
            return False
        if self.tasks and self.tasks.isdisjoint(piece.tasks):
            return False
        if self.deliverables and piece.deliverable not in self.deliverables:
            return False
        return not self.activities or not self.activities.isdisjoint(piece.activities)


def find(scopes, piece):
    """The key of the first scope that covers a piece of work; none where no one does.

    >>> day = date(2026, 5, 4)
    >>> find([Scope("design", tasks=frozenset({1})), Scope("rest")], Piece(day, tasks=(2, 1)))
    'design'
    >>> find([Scope("design", tasks=frozenset({1})), Scope("rest")], Piece(day, tasks=(3,)))
    'rest'
    """
    return next((scope.key for scope in scopes if scope.covers(piece)), None)


def period_of(day, start, months):
    """The period that a day is in: its first and last day.

    >>> period_of(date(2026, 3, 15), date(2026, 1, 31), 1)
    (datetime.date(2026, 2, 28), datetime.date(2026, 3, 30))

    :param date start: of the first period; those before it have the same rhythm
    :param int months: that a period lasts
    """
    count = ((day.year - start.year) * 12 + day.month - start.month) // months
    while start + relativedelta(months=months * count) > day:
        count -= 1
    first, then = (start + relativedelta(months=months * number) for number in (count, count + 1))
    return first, then - timedelta(days=1)


def periods(start, until, months):
    """The periods from a day on that have begun by another one.

    >>> [first.month for first, last in periods(date(2026, 1, 1), date(2026, 3, 1), 1)]
    [1, 2, 3]

    :return: list of first and last days, without a gap
    """
    result, number = [], 0
    while (first := start + relativedelta(months=months * number)) <= until:
        result.append((first, start + relativedelta(months=months * (number + 1)) - timedelta(days=1)))
        number += 1
    return result


def net(draws):
    """Hours of work with what was taken back of them: a correction is taken off the latest work before it.

    >>> from .retainer import Draw
    >>> day = date(2026, 5, 4)
    >>> [draw.hours for draw in net([Draw(day, Decimal(2)), Draw(day, Decimal(3)), Draw(day, Decimal(-4))])]
    [Decimal('1'), Decimal('0')]

    :param draws: list of ``retainer.Draw``, in the order of their days
    :return: list of those that are not negative; what there is nothing to take off from is lost
    """
    result = []
    for draw in draws:
        if draw.hours >= 0:
            result.append(draw)
            continue
        back = -draw.hours
        for place in reversed(range(len(result))):
            part = min(back, result[place].hours)
            result[place] = result[place]._replace(hours=result[place].hours - part)
            back -= part
    return result


def use_after(grants, before, draws):
    """Where the hours of draws come from, when others were taken before.

    :param grants: list of ``retainer.Grant``
    :param before: what was used of them, whatever its days: that stands
    :return: list of ``retainer.Usage``, in the order of the draws
    """
    taken = use(grants, before)
    left = [
        replace(grant, hours=grant.hours - sum((usage.taken.get(index, ZERO) for usage in taken), ZERO))
        for index, grant in enumerate(grants)
    ]
    return use(left, draws)


def within_limits(pieces, amount=None, hours=None):
    """How much of each piece of work is within what is left of a limit, in the order given.

    >>> within_limits([(Decimal(100), Decimal(1)), (Decimal(100), Decimal(1))], amount=Decimal(150))
    [Decimal('1'), Decimal('0.5')]

    :param pieces: list of amounts and hours; negative ones make room again
    :param amount: left; none for no limit
    :param hours: left; none for no limit
    :return: list of shares from 0 to 1
    """
    left, shares = [amount, hours], []
    for piece in pieces:
        fits = [
            max(rest, ZERO) / size if rest is not None and size > 0 and rest < size else Decimal(1)
            for rest, size in zip(left, piece, strict=True)
        ]
        share = min(fits)
        # what is used up is used up to the last digit
        left = [
            None if rest is None else min(rest, ZERO) if fit == share < 1 else rest - share * size
            for rest, size, fit in zip(left, piece, fits, strict=True)
        ]
        shares.append(share)
    return shares
