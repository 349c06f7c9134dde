"""Which rate applies to a time entry.

A rule of a rate card names any of project, client, employee and service type; what it leaves empty fits everything.
Of the rules that fit an entry, the most specific one wins. The order of specificity, most specific first:

====  =======  ======  ========  ============
rank  project  client  employee  service type
====  =======  ======  ========  ============
 15   yes      yes     yes       yes
 14   yes      yes     yes       any
 13   yes      yes     any       yes
 12   yes      yes     any       any
 11   yes      any     yes       yes
 10   yes      any     yes       any
  9   yes      any     any       yes
  8   yes      any     any       any
  7   any      yes     yes       yes
  6   any      yes     yes       any
  5   any      yes     any       yes
  4   any      yes     any       any
  3   any      any     yes       yes
  2   any      any     yes       any
  1   any      any     any       yes
  0   any      any     any       any
====  =======  ======  ========  ============

In words: project before client before employee before service type. Within one rank:

1. a rule for the entry's own service type beats one for the type it is part of, and so on upwards;
2. the rule that starts later beats one that starts earlier (no start is the earliest of all): a new price needs no
   end date on the old one;
3. the rule that was made later (the higher id) beats the older one.

Both dates of a rule are inclusive. A rate of zero is a rate; no fitting rule is no rate.
"""

import datetime
from collections import defaultdict
from typing import NamedTuple

PROJECT, CLIENT, EMPLOYEE, ACTIVITY = 8, 4, 2, 1


class Rule(NamedTuple):
    """One dated rate. ``None`` means "any"; the dates are inclusive and may be ``None``."""

    id: int
    rate: float
    date_from: datetime.date | None = None
    date_to: datetime.date | None = None
    project: int | None = None
    client: int | None = None
    employee: int | None = None
    activity: int | None = None

    @property
    def rank(self):
        """How specific the rule is: see the table of the module."""
        return (
            PROJECT * (self.project is not None)
            + CLIENT * (self.client is not None)
            + EMPLOYEE * (self.employee is not None)
            + ACTIVITY * (self.activity is not None)
        )

    def is_valid_on(self, date):
        return (self.date_from is None or self.date_from <= date) and (self.date_to is None or date <= self.date_to)


class Work(NamedTuple):
    """What the rate of an entry depends on. ``activities``: its service type, then the ones that is part of."""

    date: datetime.date
    project: int | None = None
    client: int | None = None
    employee: int | None = None
    activities: tuple = ()


class RateTable:
    """The rules of one rate card, ready to resolve any number of entries.

    :Example:

    >>> day = datetime.date(2026, 5, 4)
    >>> table = RateTable([Rule(1, 100.0), Rule(2, 0.0, employee=7), Rule(3, 150.0, project=5)])
    >>> table.resolve(Work(day, project=1, employee=1)).rate
    100.0
    >>> table.resolve(Work(day, project=1, employee=7)).rate
    0.0
    >>> table.resolve(Work(day, project=5, employee=7)).id
    3
    >>> RateTable([]).resolve(Work(day)) is None
    True
    """

    def __init__(self, rules):
        groups = defaultdict(list)
        for rule in rules:
            groups[rule.project, rule.client, rule.employee, rule.activity].append(rule)
        for group in groups.values():
            group.sort(key=lambda rule: (rule.date_from or datetime.date.min, rule.id), reverse=True)
        self._groups = dict(groups)
        self._ranks = sorted({rule.rank for group in groups.values() for rule in group}, reverse=True)

    def resolve(self, work):
        """Find the rule that applies.

        :param Work work: the entry
        :return: the winning :class:`Rule`, or None when no rule fits
        """
        for rank in self._ranks:
            activities = work.activities if rank & ACTIVITY else (None,)
            for activity in activities:
                rule = self._latest(rank, work, activity)
                if rule:
                    return rule
        return None

    def _latest(self, rank, work, activity):
        key = (
            work.project if rank & PROJECT else None,
            work.client if rank & CLIENT else None,
            work.employee if rank & EMPLOYEE else None,
            activity,
        )
        for rule in self._groups.get(key, ()):
            if rule.rank == rank and rule.is_valid_on(work.date):
                return rule
        return None
