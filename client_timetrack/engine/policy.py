"""What a policy asks of time entries: its rules as data, and what of them an entry breaks. Plain Python.

How it works
    An :class:`Entry` is what somebody wrote down, :class:`Facts` what else is known about it (what is left of the
    budget, whether the day is a working day, ...), :class:`Settings` what the policy says. ``violations`` looks at
    every rule and returns all that an entry breaks at once. A fact that is unknown (None) breaks no rule.

    ``day_totals``, ``find_duplicates`` and ``find_overlaps`` find those facts that lie in other entries.

    A :class:`Violation` carries a code and parameters: the caller owns the wording, so that it can be translated.

Example
    >>> entry = Entry("a", "Carl", date(2026, 3, 2), 9.0, "Merger")
    >>> settings = Settings(day_hours_severity=WARN, day_hours_max=8.0, require_task=True)
    >>> for violation in violations(entry, Facts(day_hours=9.0), settings, on_submit=True):
    ...     print(violation.rule, violation.severity, violation.params)
    require_task block {}
    day_hours warn {'hours': 9.0, 'allowed': 8.0}
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from datetime import date, datetime
from typing import NamedTuple

NONE = "none"
WARN = "warn"
BLOCK = "block"

# Hours that agree to so many digits are the same: floats of minutes are not exact.
DIGITS = 4
# What Odoo writes where nothing was said.
NO_DESCRIPTION = "/"


class Entry(NamedTuple):
    """What a time entry says. Keys of records are anything hashable; hours are a float.

    ``start`` and ``stop`` are moments of one time zone, or None. ``settled`` time is approved: it stays as it is.
    """

    key: Hashable
    employee: Hashable
    date: date
    hours: float
    project: Hashable
    task: Hashable = None
    activity: Hashable = None
    deliverable: Hashable = None
    description: str = ""
    start: datetime | None = None
    stop: datetime | None = None
    settled: bool = False

    @property
    def counted_hours(self):
        """The hours that count against limits. Hours below zero make room only once they are approved: before that,
        whoever logged them takes them away again when the room is used."""
        return self.hours if self.settled else max(0.0, self.hours)


class Room(NamedTuple):
    """What a budget that an entry counts for allows, and hours used of it, the entry's included.

    ``known``: the entry took as much of it before. ``key`` tells which budget it is.
    """

    name: str
    hours: float
    used: float
    known: bool = False
    key: Hashable = None

    @property
    def excess(self):
        """Hours that the entry goes beyond the budget; None where it does not, or did before."""
        return self.used - self.hours if exceeds(self.used, self.hours) and not self.known else None


class Facts(NamedTuple):
    """What else is known about an entry; None is unknown.

    :ivar today: the date where the employee is
    :ivar closed: ``task`` or ``project``, whichever is closed; empty when neither
    :ivar working_hours: hours that the employee is to work on the day
    :ivar day_hours: hours of the employee on the day in all projects, the entry's included
    :ivar budgets: :class:`Room` of each budget that the entry counts for
    :ivar before: the stored entry as it was before it changed
    :ivar duplicates: number of other entries that say the same
    :ivar overlaps: number of other entries of the employee at the same time
    """

    today: date | None = None
    closed: str = ""
    working_hours: float | None = None
    day_hours: float | None = None
    budgets: tuple = ()
    before: Entry | None = None
    duplicates: int = 0
    overlaps: int = 0


class Settings(NamedTuple):
    """What a policy says; its fields under their own names."""

    require_task: bool = False
    require_activity: bool = False
    require_deliverable: bool = False
    description_min_length: int = 0
    day_hours_severity: str = NONE
    day_hours_max: float = 12.0
    future_severity: str = NONE
    future_days: int = 0
    past_severity: str = NONE
    past_days: int = 31
    non_working_severity: str = NONE
    over_budget_severity: str = NONE
    closed_severity: str = NONE
    duplicate_severity: str = NONE
    overlap_severity: str = NONE


class Violation(NamedTuple):
    """A rule that an entry breaks; ``params`` (numbers and texts) say by how much.

    ``eased``: it broke the rule before, and no further.
    """

    rule: str
    severity: str
    params: dict
    eased: bool = False


# ----------------------------------------------------------------------
# The rules. Each takes (entry, facts, settings) and returns the params of its violation, or None.
# ----------------------------------------------------------------------


def check_task(entry, facts, settings):
    """There is to be a task."""
    return {} if settings.require_task and not entry.task else None


def check_activity(entry, facts, settings):
    """There is to be a service type."""
    return {} if settings.require_activity and not entry.activity else None


def check_deliverable(entry, facts, settings):
    """There is to be a deliverable."""
    return {} if settings.require_deliverable and not entry.deliverable else None


def check_description(entry, facts, settings):
    """The description is to say as many characters, spaces and what says nothing apart."""
    length = len(said(entry.description))
    if length >= settings.description_min_length:
        return None
    return {"length": length, "allowed": settings.description_min_length}


def check_day_hours(entry, facts, settings):
    """An entry that adds nothing makes no day too long."""
    if facts.day_hours is None or entry.hours <= 0 or not exceeds(facts.day_hours, settings.day_hours_max):
        return None
    return {"hours": round(facts.day_hours, DIGITS), "allowed": settings.day_hours_max}


def check_future(entry, facts, settings):
    """No more than so many days ahead of today."""
    days = (entry.date - facts.today).days if facts.today else 0
    return {"days": days, "allowed": settings.future_days} if days > settings.future_days else None


def check_past(entry, facts, settings):
    """No more than so many days before today."""
    days = (facts.today - entry.date).days if facts.today else 0
    return {"days": days, "allowed": settings.past_days} if days > settings.past_days else None


def check_non_working(entry, facts, settings):
    """Not on a day without working hours."""
    return None if facts.working_hours is None or facts.working_hours > 0 else {}


def check_over_budget(entry, facts, settings):
    """The budget that leaves least, one that is new to the entry first. What adds nothing goes over no budget."""
    exceeded = _exceeded(entry, facts)
    if not exceeded:
        return None
    tightest = min(exceeded, key=lambda room: (room.known, room.hours - room.used))
    left = max(0.0, tightest.hours - (tightest.used - entry.hours))
    return {
        "hours": entry.hours,
        "left": round(left, DIGITS),
        "budget": round(tightest.hours, DIGITS),
        "name": tightest.name,
    }


def _exceeded(entry, facts):
    return [room for room in facts.budgets if exceeds(room.used, room.hours)] if entry.hours > 0 else []


def check_closed(entry, facts, settings):
    """Not on work that is closed."""
    return {"what": facts.closed} if facts.closed else None


def check_duplicate(entry, facts, settings):
    """Nothing else says the same of the day."""
    return {"count": facts.duplicates} if facts.duplicates else None


def check_overlap(entry, facts, settings):
    """Nothing else covers the same time of the day."""
    return {"count": facts.overlaps} if facts.overlaps else None


class Rule(NamedTuple):
    """A rule: its check, and what an entry must change for the rule to be asked again."""

    check: Callable
    fields: frozenset


# What an entry must say when it is submitted: without it, the entry is refused.
REQUIRED = {
    "require_task": check_task,
    "require_activity": check_activity,
    "require_deliverable": check_deliverable,
    "description_min_length": check_description,
}

_DAY = frozenset({"employee", "date", "hours"})
_WORK = frozenset({"project", "task", "hours"})
# Budgets are those of the work, of its codes, of a person, and of the days of a period.
_BUDGETED = _DAY | _WORK | {"activity", "deliverable"}

# The limits; the policy's <name>_severity says what comes of breaking one. More hours are new time for each of them.
LIMITS = {
    "day_hours": Rule(check_day_hours, _DAY),
    "future": Rule(check_future, _DAY),
    "past": Rule(check_past, _DAY),
    "non_working": Rule(check_non_working, _DAY),
    "over_budget": Rule(check_over_budget, _BUDGETED),
    "closed": Rule(check_closed, _WORK),
    "duplicate": Rule(check_duplicate, _DAY | _WORK | {"activity", "description", "start"}),
    "overlap": Rule(check_overlap, frozenset({"employee", "start", "stop", "hours"})),
}


def _eases_day(entry, facts):
    before = facts.before
    return (
        bool(before)
        and before[1:3] == entry[1:3]
        # another project may have another policy
        and before.project == entry.project
        and entry.hours <= before.hours
    )


def _eases_budgets(entry, facts):
    return all(room.known for room in _exceeded(entry, facts))


# Whether no more hours than before break the rule: whoever corrects a mistake downwards is not refused.
EASED = {"day_hours": _eases_day, "over_budget": _eases_budgets}


def violations(entry, facts, settings, on_submit=False):
    """Everything about the entry that its policy objects to.

    :param Entry entry: what it says
    :param Facts facts: what is known about it
    :param Settings settings: what the policy says
    :param bool on_submit: whether to ask for what an entry must say as well
    :return: list of :class:`Violation`, in the order of the rules
    """
    found = []
    if on_submit:
        for name, check in REQUIRED.items():
            params = check(entry, facts, settings)
            if params is not None:
                found.append(Violation(name, BLOCK, params))
    for name in active_limits(settings):
        params = LIMITS[name].check(entry, facts, settings)
        if params is not None:
            eased = name in EASED and EASED[name](entry, facts)
            found.append(Violation(name, getattr(settings, f"{name}_severity"), params, eased))
    return found


def active_limits(settings):
    """Names of the limits that the policy sets, in their order."""
    return [name for name in LIMITS if getattr(settings, f"{name}_severity") != NONE]


def refused(found, changed=None):
    """Those of the violations for which a change must be refused.

    :param found: violations of an entry
    :param changed: names of the entry's fields that changed; None for a new or submitted entry, which must satisfy
        every rule, and so must one that has moved to another project, whose policy may be another. Otherwise a rule
        that the change does not touch refuses nothing. Nor does one that is broken no further than before: a budget
        of a client has no less room when time moves from one of their projects to another.
    """
    everything = changed is None or "project" in changed
    return [
        violation
        for violation in found
        if violation.severity == BLOCK
        and not violation.eased
        and (everything or not LIMITS[violation.rule].fields.isdisjoint(changed))
    ]


# ----------------------------------------------------------------------
# What lies in other entries
# ----------------------------------------------------------------------


def day_totals(entries: Iterable[Entry]):
    """Hours by employee and day: dict of (employee, date) to hours."""
    totals = defaultdict(float)
    for entry in entries:
        totals[entry.employee, entry.date] += entry.counted_hours
    return dict(totals)


def find_duplicates(entries: Iterable[Entry]):
    """Number of other entries that say the same, by key of the entry; entries without any are left out.

    Two entries that start at different times are no duplicates, however alike they are.
    """
    alike = defaultdict(list)
    for entry in entries:
        work = (entry.project, entry.task, entry.activity, said(entry.description))
        alike[entry.employee, entry.date, round(entry.hours, DIGITS), work].append(entry)
    found = {}
    for group in alike.values():
        starts = defaultdict(int)
        for entry in group:
            starts[entry.start] += 1
        for entry in group:
            same = len(group) if entry.start is None else starts[entry.start] + starts[None]
            if same > 1:
                found[entry.key] = same - 1
    return found


def find_overlaps(entries: Iterable[Entry]):
    """Keys of the employee's other entries at the same time, by key of the entry; without any left out.

    Entries that lack start or stop are not looked at; one that starts when another stops does not overlap it.
    """
    by_employee = defaultdict(list)
    for entry in entries:
        if entry.start is not None and entry.stop is not None:
            by_employee[entry.employee].append(entry)
    found = defaultdict(set)
    for group in by_employee.values():
        running = []
        for entry in sorted(group, key=lambda entry: (entry.start, entry.stop)):
            running = [other for other in running if other.stop > entry.start]
            for other in running:
                if other.start < entry.stop:
                    found[entry.key].add(other.key)
                    found[other.key].add(entry.key)
            running.append(entry)
    return dict(found)


def said(description):
    """A description without blanks around and between, empty where nothing was said."""
    text = " ".join((description or "").split())
    return "" if text == NO_DESCRIPTION else text


def exceeds(hours, limit):
    """Whether hours are more than a limit, beyond what floats get wrong."""
    return round(hours, DIGITS) > round(limit, DIGITS)
