"""Retainers: what was paid in advance, by money or by hours, and how it is used up.

Hours come in grants: a block that was bought, or the hours that each period includes. A grant can be used from its
first day to its last one; what is not used by then expires, unless it rolls over to the periods after. Work takes hours
from the grant that expires first, so that as little as possible is lost, and what no grant covers is overage. The work
is read in the order of its days: an entry that comes late moves the hours after it, and a statement is always that of
all entries there are.

Hours and amounts are decimals.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

ZERO = Decimal(0)


@dataclass(frozen=True)
class Grant:
    """Hours that may be used from the first day to the last one, both included; no last day is for ever."""

    first: date
    hours: Decimal
    last: date | None = None

    def covers(self, day):
        """Whether its hours may be used on a day."""
        return self.first <= day and (self.last is None or day <= self.last)

    def ends_by(self, day):
        """Whether what is left of it is lost as a day ends."""
        return self.last is not None and self.last <= day


class Draw(NamedTuple):
    """Hours of work on a day."""

    day: date
    hours: Decimal


class Usage(NamedTuple):
    """Where the hours of one draw came from.

    :param taken: hours by the index of the grant
    :param overage: hours that no grant covered
    """

    taken: dict
    overage: Decimal


class Statement(NamedTuple):
    """What has become of grants by the end of a day; each list has an item for each grant, in their order.

    granted = used + expired + left, for each of them.
    """

    granted: list
    used: list
    expired: list
    left: list


def use(grants, draws):
    """Where the hours of each draw come from.

    >>> may, june = date(2026, 5, 1), date(2026, 6, 1)
    >>> grants = [Grant(may, Decimal(10), date(2026, 6, 30)), Grant(june, Decimal(10), date(2026, 7, 31))]
    >>> use(grants, [Draw(may, Decimal(4)), Draw(june, Decimal(8)), Draw(june, Decimal(9))])
    [Usage(taken={0: Decimal('4')}, overage=Decimal('0')), Usage(taken={0: Decimal('6'), 1: Decimal('2')}, \
overage=Decimal('0')), Usage(taken={1: Decimal('8')}, overage=Decimal('1'))]

    :param grants: list of :class:`Grant`
    :param draws: list of :class:`Draw`; those of one day are taken in the order given
    :return: list of :class:`Usage`, in the order of the draws
    :raise ValueError: a grant or a draw of negative hours
    """
    if any(one.hours < 0 for one in (*grants, *draws)):
        raise ValueError("Hours are not negative.")
    left = [grant.hours for grant in grants]
    order = sorted(range(len(grants)), key=lambda index: (grants[index].last or date.max, grants[index].first, index))
    usages = [None] * len(draws)
    for place in sorted(range(len(draws)), key=lambda place: draws[place].day):
        day, wanted = draws[place]
        taken = {}
        for index in order:
            part = min(wanted, left[index]) if grants[index].covers(day) else ZERO
            if part:
                taken[index] = part
                left[index] -= part
                wanted -= part
        usages[place] = Usage(taken, wanted)
    return usages


def state(grants, draws, day):
    """What has become of the grants by the end of a day.

    :param grants: list of :class:`Grant`; those that start later have nothing granted yet
    :param draws: list of :class:`Draw`; those of later days are left out
    :return: :class:`Statement`
    """
    usages = use(grants, [draw for draw in draws if draw.day <= day])
    granted = [grant.hours if grant.first <= day else ZERO for grant in grants]
    used = [sum((usage.taken.get(index, ZERO) for usage in usages), ZERO) for index in range(len(grants))]
    rest = [hours - gone for hours, gone in zip(granted, used, strict=True)]
    lost = [grant.ends_by(day) for grant in grants]
    expired = [hours if gone else ZERO for hours, gone in zip(rest, lost, strict=True)]
    left = [ZERO if gone else hours for hours, gone in zip(rest, lost, strict=True)]
    return Statement(granted, used, expired, left)


def grants_of_periods(periods, hours, rollover=0):
    """The hours that each period includes.

    >>> months = [(date(2026, 5, 1), date(2026, 5, 31)), (date(2026, 6, 1), date(2026, 6, 30))]
    >>> [grant.last for grant in grants_of_periods(months, Decimal(10), rollover=1)]
    [datetime.date(2026, 6, 30), None]

    :param periods: list of first and last days, one after the other without a gap
    :param Decimal hours: of each
    :param rollover: for how many periods more the hours can be used; none for as long as there are periods
    :return: list of :class:`Grant`; without a last day where the last period that they roll over to is not known yet
    """
    grants = []
    for index, (first, _last) in enumerate(periods):
        until = len(periods) if rollover is None else index + rollover
        grants.append(Grant(first, hours, periods[until][1] if until < len(periods) else None))
    return grants


def refill(balance, floor, target):
    """What an evergreen retainer is to be filled up by.

    >>> refill(Decimal(800), Decimal(1000), Decimal(5000)), refill(Decimal(1000), Decimal(1000), Decimal(5000))
    (Decimal('4200'), Decimal('0'))

    :param balance: what is left
    :param floor: the least that there is to be
    :param target: what it is filled up to
    :return: nothing where the floor is kept
    :raise ValueError: the target is below the floor
    """
    if target < floor:
        raise ValueError("A retainer is filled up to its floor at least.")
    return target - balance if balance < floor else ZERO
