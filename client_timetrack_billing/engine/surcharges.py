"""What work at unusual times costs more: weekends, holidays, evenings.

A surcharge says on which days and between which hours it holds, and how many percent it adds to the hourly rate. Where
several hold at once the highest counts, not their sum. Work by the clock is looked at minute by minute: of an hour from
half past five to half past six, an evening surcharge from six on is for one half. Work without a clock has the
surcharges of its whole day only, for nobody knows when it was done.

Examples::

    >>> evening = Surcharge(25.0, frozenset(range(5)), hour_from=18.0)
    >>> sunday = Surcharge(100.0, frozenset({6}))
    >>> def at(day, hour, minute=0):
    ...     return datetime(2026, 5, day, hour, minute)
    >>> percent_of(date(2026, 5, 4), at(4, 17, 30), at(4, 18, 30), set(), [evening, sunday])
    12.5
    >>> percent_of(date(2026, 5, 3), None, None, set(), [evening, sunday])
    100.0
"""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

DAY_HOURS = 24
EVERY_DAY = frozenset(range(7))


class Surcharge(NamedTuple):
    """Percent that are added on some days (Monday is 0), and on public holidays, between two hours of the day.

    ``hour_to`` before ``hour_from`` goes over midnight: the evening and the early morning of the day.
    """

    percent: float
    weekdays: frozenset = EVERY_DAY
    holidays: bool = False
    hour_from: float = 0.0
    hour_to: float = 24.0

    @property
    def is_whole_day(self) -> bool:
        """Whether it holds at all hours of its days."""
        return self.hour_from <= 0 and self.hour_to >= DAY_HOURS

    def is_on(self, day: date, holidays: Iterable) -> bool:
        """Whether it holds on a day."""
        return day.weekday() in self.weekdays or (self.holidays and day in holidays)

    def windows(self, day: date) -> list:
        """When it holds on a day: pairs of datetimes."""
        if self.hour_to > self.hour_from:
            spans = [(self.hour_from, self.hour_to)]
        else:
            spans = [(0.0, self.hour_to), (self.hour_from, float(DAY_HOURS))]
        midnight = datetime.combine(day, time.min)
        return [(midnight + timedelta(hours=start), midnight + timedelta(hours=end)) for start, end in spans]


def percent_of(day: date, start: datetime | None, stop: datetime | None, holidays: set, surcharges: list) -> float:
    """Percent that work costs more.

    :param day: of the work
    :param start: when it began, where it was done; None without a clock
    :param stop: when it ended
    :param holidays: dates of public holidays
    :param surcharges: list of :class:`Surcharge`
    :return: percent of the hourly rate, weighted by time
    """
    if not start or not stop or stop <= start:
        found = [one.percent for one in surcharges if one.is_whole_day and one.is_on(day, holidays)]
        return max(found, default=0.0)
    windows = []
    for offset in range((stop.date() - start.date()).days + 1):
        today = start.date() + timedelta(days=offset)
        for one in surcharges:
            if one.is_on(today, holidays):
                windows += [(begin, end, one.percent) for begin, end in one.windows(today)]
    # Between two neighbouring bounds nothing changes.
    bounds = {bound for begin, end, _percent in windows for bound in (begin, end) if start < bound < stop}
    moments = sorted({start, stop} | bounds)
    total = 0.0
    for begin, end in zip(moments, moments[1:], strict=False):
        highest = max((percent for first, last, percent in windows if first <= begin and end <= last), default=0.0)
        total += highest * (end - begin).total_seconds()
    return total / (stop - start).total_seconds()
