"""The periods in which time is handed in: weeks, two weeks, half months or months.

Plain Python: nothing here knows Odoo. Under one rule every date is in exactly one period, and periods follow each
other without a gap.

Examples::

    >>> from datetime import date
    >>> PeriodRule("week").period_of(date(2026, 11, 25))
    Period(date_from=datetime.date(2026, 11, 23), date_to=datetime.date(2026, 11, 29))
    >>> PeriodRule("week", first_weekday=6).period_of(date(2026, 11, 25)).date_from
    datetime.date(2026, 11, 22)
    >>> PeriodRule("half_month").period_of(date(2026, 2, 16))
    Period(date_from=datetime.date(2026, 2, 16), date_to=datetime.date(2026, 2, 28))
"""

from calendar import monthrange
from datetime import date, timedelta
from typing import NamedTuple

WEEK = "week"
TWO_WEEKS = "two_weeks"
HALF_MONTH = "half_month"
MONTH = "month"
KINDS = (WEEK, TWO_WEEKS, HALF_MONTH, MONTH)

# A Monday. Two weeks are counted from the week of this day where nobody chose another.
DEFAULT_ANCHOR = date(2024, 1, 1)
ONE_DAY = timedelta(days=1)
# The day of the month on which the second half starts.
SECOND_HALF = 16

EMPTY = "empty"
DRAFT = "draft"
REJECTED = "rejected"
SUBMITTED = "submitted"
PARTIALLY_APPROVED = "partially_approved"
APPROVED = "approved"


class Period(NamedTuple):
    """The days of a period, both dates included."""

    date_from: date
    date_to: date

    @property
    def days(self):
        """Every date of the period, in order."""
        count = (self.date_to - self.date_from).days + 1
        return [self.date_from + timedelta(days=offset) for offset in range(count)]


class PeriodRule(NamedTuple):
    """How time is divided into periods.

    :param kind: one of ``KINDS``
    :param first_weekday: the day on which weeks start; Monday is 0
    :param anchor: for two weeks, any day of a first week; None: see ``DEFAULT_ANCHOR``
    """

    kind: str
    first_weekday: int = 0
    anchor: date = None

    def period_of(self, day):
        """Return the ``Period`` that ``day`` is in.

        :raise ValueError: the kind is unknown
        """
        if self.kind == WEEK:
            start = self._week_start(day)
            return Period(start, start + timedelta(days=6))
        if self.kind == TWO_WEEKS:
            start = self._week_start(day)
            start -= timedelta(days=(start - self._week_start(self.anchor or DEFAULT_ANCHOR)).days % 14)
            return Period(start, start + timedelta(days=13))
        last = monthrange(day.year, day.month)[1]
        if self.kind == MONTH:
            return Period(day.replace(day=1), day.replace(day=last))
        if self.kind == HALF_MONTH:
            if day.day < SECOND_HALF:
                return Period(day.replace(day=1), day.replace(day=SECOND_HALF - 1))
            return Period(day.replace(day=SECOND_HALF), day.replace(day=last))
        raise ValueError(f"Unknown kind of period: {self.kind}")

    def _week_start(self, day):
        return day - timedelta(days=(day.weekday() - self.first_weekday) % 7)


def clip(period, ends_before=None, starts_after=None):
    """Shorten a period to what its neighbours leave of it: they may follow another rule.

    :param ends_before: last day of the neighbour before, or None
    :param starts_after: first day of the neighbour after, or None
    :raise ValueError: the neighbours leave nothing

    >>> clip(PeriodRule("month").period_of(date(2026, 11, 30)), ends_before=date(2026, 11, 29))
    Period(date_from=datetime.date(2026, 11, 30), date_to=datetime.date(2026, 11, 30))
    """
    date_from, date_to = period
    if ends_before and ends_before >= date_from:
        date_from = ends_before + ONE_DAY
    if starts_after and starts_after <= date_to:
        date_to = starts_after - ONE_DAY
    if date_from > date_to:
        raise ValueError(f"Nothing is left of {period} after {ends_before} and before {starts_after}")
    return Period(date_from, date_to)


def state_of(states):
    """Say how far a period has come from the states of its entries.

    What came back comes first, then what was never handed in: both ask the employee for something.

    :param states: states of the entries (see ``engine/approval.py``), each any number of times
    :return: "empty", "rejected", "draft", "submitted", "partially_approved" or "approved"

    >>> state_of(["approved", "submitted"]), state_of(["approved", "draft"]), state_of([])
    ('partially_approved', 'draft', 'empty')
    """
    states = set(states)
    for state in (REJECTED, DRAFT):
        if state in states:
            return state
    if states == {SUBMITTED, APPROVED}:
        return PARTIALLY_APPROVED
    return states.pop() if states else EMPTY
