"""Which rate applies to a time entry.

A rule of a rate card names any of task, project, client, employee, job and service type; what it leaves empty fits
everything. Of the rules that fit an entry, the most specific one wins: what a rule names counts, and its rank is the
sum:

============  ======
names         counts
============  ======
task              32
project           16
client             8
employee           4
job                2
service type       1
============  ======

So a rule for a task beats all that name none; of two that both name the task or neither, one for the project beats one
without, and so on: task before project before client before employee before job before service type. A rule for
employee and service type (5) beats one for the employee (4), which beats one for job and service type (3). Within one
rank:

1. a rule for the entry's own task beats one for the task that it is part of, and so on upwards;
2. then a rule for the entry's own service type beats one for the type that it is part of, and so on upwards;
3. the rule that starts later beats one that starts earlier (no start is the earliest of all): a new price needs no
   end date on the old one;
4. the rule that was made later (the higher id) beats the older one.

Both dates of a rule are inclusive. A rate of zero is a rate; no fitting rule is no rate.
"""

import datetime
from collections import defaultdict
from itertools import product
from typing import NamedTuple

# Most specific first.
DIMENSIONS = ("task", "project", "client", "employee", "job", "activity")
COUNTS = {name: 1 << place for place, name in reversed(list(enumerate(reversed(DIMENSIONS))))}


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
    task: int | None = None
    job: int | None = None

    @property
    def rank(self):
        """How specific the rule is: see the table of the module."""
        return sum(count for name, count in COUNTS.items() if getattr(self, name) is not None)

    def is_valid_on(self, date):
        """Whether the rule holds on a day; its first and last day count."""
        return (self.date_from is None or self.date_from <= date) and (self.date_to is None or date <= self.date_to)


class Work(NamedTuple):
    """What the rate of an entry depends on.

    ``activities``: its service type, then the ones that is part of; ``tasks``: its task, then those that is part of;
    ``job``: that of the employee on the day.
    """

    date: datetime.date
    project: int | None = None
    client: int | None = None
    employee: int | None = None
    activities: tuple = ()
    tasks: tuple = ()
    job: int | None = None

    def candidates(self, name):
        """What a rule may name of a dimension to fit, the closest first."""
        if name == "activity":
            return self.activities
        if name == "task":
            return self.tasks
        value = getattr(self, name)
        return () if value is None else (value,)


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
            groups[tuple(getattr(rule, name) for name in DIMENSIONS)].append(rule)
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
            # the task varies slowest, the service type fastest
            named = [work.candidates(name) if rank & count else (None,) for name, count in COUNTS.items()]
            for key in product(*named):
                for rule in self._groups.get(key, ()):
                    if rule.is_valid_on(work.date):
                        return rule
        return None
