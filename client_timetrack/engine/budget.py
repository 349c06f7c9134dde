"""Budgets of time: their periods, what they allow, when they will be used up. Plain Python, no Odoo.

A budget is an amount (of hours, or of money) for its whole life or for each month, quarter or year. Revisions change
the amount from a day on; what was agreed before stays known. What is left of a period goes over to the next where the
budget says so, and what was overspent then has to be made up for.

Formulas are those of the field: burn is the mean of the last four weeks, runway what is left divided by it. A ratio
without a positive denominator is None, never 0 and never 100 %.

Examples::

    >>> from datetime import date
    >>> spans(Rule("month", date(2026, 1, 15), date(2026, 3, 10)))[-1]
    Period(date_from=datetime.date(2026, 3, 1), date_to=datetime.date(2026, 3, 10))
    >>> allowances([10.0, 10.0, 10.0], [8.0, 15.0, 0.0], carry_over=True)
    [10.0, 12.0, 7.0]
    >>> crossed(45.0, 85.0, (50, 80, 100))
    [50, 80]
"""

import math
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from .allocation import allocate, to_decimal
from .periods import Period

WHOLE, MONTH, QUARTER, YEAR = "whole", "month", "quarter", "year"
MONTHS = {MONTH: 1, QUARTER: 3, YEAR: 12}
WEEK = timedelta(days=7)
BURN_WEEKS = 4
# Amounts nearer to each other than this are the same: floats of minutes are not exact.
EPSILON = 1e-6
MOST_PERCENT = 1000
FIRST, LAST = date.min, date.max
# What is longer has no end that means anything.
LONGEST = timedelta(days=366 * 50)


class Rule(NamedTuple):
    """When a budget runs: its rhythm (``whole``, ``month``, ``quarter`` or ``year``), first and last day, or None."""

    every: str
    date_from: date | None = None
    date_to: date | None = None


class Version(NamedTuple):
    """What was agreed from a day on."""

    date: date
    amount: float


# ----------------------------------------------------------------------
# Periods
# ----------------------------------------------------------------------


def span_of(rule: Rule, day: date) -> Period | None:
    """The period of the budget that a day belongs to; None before its beginning and after its end.

    Months, quarters and years are those of the calendar; the first and the last are cut to the days of the budget.
    """
    first, last = rule.date_from or FIRST, rule.date_to or LAST
    if not first <= day <= last:
        return None
    if rule.every == WHOLE:
        return Period(first, last)
    months = MONTHS[rule.every]
    start = date(day.year, (day.month - 1) // months * months + 1, 1)
    return Period(max(first, start), min(last, months_later(start, months) - timedelta(days=1)))


def months_later(day: date, months: int) -> date:
    """The first day of a month so many months after a first day; at most the last day there is."""
    number = day.month - 1 + months
    if day.year + number // 12 > LAST.year:
        return LAST
    return date(day.year + number // 12, number % 12 + 1, 1)


def spans(rule: Rule, until: date | None = None) -> list:
    """The periods of a budget, from its first day to its last, or to the one that holds ``until``.

    A budget that recurs needs a first day.
    """
    if rule.every == WHOLE:
        return [Period(rule.date_from or FIRST, rule.date_to or LAST)]
    last = min(rule.date_to or LAST, until or LAST)
    result = []
    day = rule.date_from
    while day <= last:
        result.append(span_of(rule, day))
        day = result[-1].date_to + timedelta(days=1)
    return result


def span_key(rule: Rule, span: Period) -> date | None:
    """What tells the periods of a budget apart: the first day of the month, quarter or year; None for the whole life.

    >>> span_key(Rule("quarter", date(2026, 5, 20)), Period(date(2026, 5, 20), date(2026, 6, 30)))
    datetime.date(2026, 4, 1)
    """
    if rule.every == WHOLE:
        return None
    months = MONTHS[rule.every]
    return span.date_from.replace(month=(span.date_from.month - 1) // months * months + 1, day=1)


def month_of(day: date) -> date:
    """The first day of the month that a day is in."""
    return day.replace(day=1)


def days_in(period: Period) -> int:
    """The number of days of a period; none where it ends before it begins."""
    return max(0, (period.date_to - period.date_from).days + 1)


def months_of(period: Period) -> list:
    """The months of a period, the first and the last cut to its days.

    >>> [days_in(month) for month in months_of(Period(date(2026, 1, 30), date(2026, 3, 1)))]
    [2, 28, 1]
    """
    return spans(Rule(MONTH, period.date_from, period.date_to))


# ----------------------------------------------------------------------
# Amounts
# ----------------------------------------------------------------------


def amount_of(versions: Sequence[Version], period: Period) -> float:
    """What was agreed for a period: the last version that came into force before the period was over.

    :param versions: in the order of their dates; the first one also holds before its date
    """
    if not versions:
        return 0.0
    index = bisect_right([version.date for version in versions], period.date_to)
    return versions[max(0, index - 1)].amount


def allowances(amounts: Sequence[float], used: Sequence[float], carry_over: bool) -> list:
    """What each period allows: its amount, and what the period before it left, or lacked.

    Where nothing was agreed for any period there is nothing to lack either.

    :param amounts: agreed for each period, in order
    :param used: in each period; of the last one it does not matter
    :param bool carry_over: whether periods hand over what they leave
    """
    carry_over = carry_over and any(amounts)
    result, carried = [], 0.0
    for amount, spent in zip(amounts, used, strict=True):
        result.append(amount + carried)
        carried = result[-1] - spent if carry_over else 0.0
    return result


def by_month(amount: float, period: Period, unit: Decimal) -> dict:
    """What each month of a period gets of its amount: by its days, the parts being the whole.

    A period without a beginning or an end, or one longer than anybody plans, gets all of it in its first month.

    :param unit: what parts are multiples of, such as the smallest amount of a currency
    :return: dict of the first days of months to amounts

    >>> by_month(10, Period(date(2026, 1, 17), date(2026, 3, 1)), Decimal("0.01"))[date(2026, 1, 1)]
    3.41
    """
    if not 0 < days_in(period) <= LONGEST.days:
        return {month_of(period.date_from): amount}
    months = months_of(period)
    parts = allocate(to_decimal(amount, unit), [days_in(month) for month in months], unit)
    return {month_of(month.date_from): float(part) for month, part in zip(months, parts, strict=True)}


def ahead_by_month(planned: dict, weekly: float, period: Period, today: date) -> dict:
    """What will be used in each month of a period that is not over, as ``at_completion`` says: at the pace of the last
    weeks, or as planned if that is more.

    :param planned: hours planned from today on, by the first day of the month
    :param weekly: of ``burn``
    :param period: its last day may be ``LAST``: then only a plan says anything
    """
    rest = Period(max(today, period.date_from), period.date_to)
    if period.date_to == LAST or weekly / 7 * days_in(rest) <= sum(planned.values()):
        return planned
    # nobody looks at more than the first months of what goes on for centuries
    rest = rest._replace(date_to=min(rest.date_to, rest.date_from + LONGEST))
    return {month_of(month.date_from): weekly / 7 * days_in(month) for month in months_of(rest)}


def percent(used: float, allowed: float) -> float | None:
    """Used in percent of what is allowed; None where nothing is."""
    return 100 * used / allowed if allowed > EPSILON else None


def exceeds(used: float, allowed: float) -> bool:
    """Whether more is used than is allowed, beyond what floats get wrong."""
    return used > allowed + EPSILON


# ----------------------------------------------------------------------
# Alerts
# ----------------------------------------------------------------------


def parse_thresholds(text: str) -> list:
    """The thresholds that a text lists, from the lowest to the highest.

    :raise ValueError: a part is no percentage above 0 and up to 1000; its argument is that part

    >>> parse_thresholds("100, 50 %; 80"), parse_thresholds("")
    ([50.0, 80.0, 100.0], [])
    """
    found = set()
    for part in re.split(r"[,;\s]+", (text or "").replace("%", " ").strip()):
        if not part:
            continue
        try:
            number = float(part)
        except ValueError:
            raise ValueError(part) from None
        if not 0 < number <= MOST_PERCENT:
            raise ValueError(part)
        found.add(number)
    return sorted(found)


def crossed(before: float | None, after: float | None, thresholds: Iterable[float]) -> list:
    """The thresholds, in percent, that were not reached before and are now, from the lowest to the highest.

    :param before: percent used when it was looked at last; None: never
    :param after: percent used now; None where nothing is allowed
    """
    if after is None:
        return []
    return sorted(
        threshold
        for threshold in set(thresholds)
        if threshold <= after + EPSILON and (before is None or before + EPSILON < threshold)
    )


# ----------------------------------------------------------------------
# Forecast
# ----------------------------------------------------------------------


def burn_window(today: date) -> Period:
    """The days whose use tells the burn: the four weeks before today."""
    return Period(today - BURN_WEEKS * WEEK, today - timedelta(days=1))


def burn(used: float) -> float:
    """Use of a week: the mean of four.

    :param used: in the days of ``burn_window``
    """
    return used / BURN_WEEKS


def runway(left: float, weekly: float) -> float | None:
    """For how many weeks what is left lasts; 0 where nothing is; None where nothing is being used."""
    if left <= EPSILON:
        return 0.0
    return left / weekly if weekly > EPSILON else None


def exhaustion(left: float, weekly: float, today: date) -> date | None:
    """The day on which what is left is used up, at the pace of the last weeks; today where it is; None: never."""
    weeks = runway(left, weekly)
    if weeks is None:
        return None
    days = math.ceil(round(weeks * 7, 6))
    return today + timedelta(days=days) if days <= (LAST - today).days else None


def at_completion(used: float, weekly: float, today: date, last: date | None, planned: float = 0.0) -> float | None:
    """What will be used at the end: at the pace of the last weeks until the last day, or as planned if that is more.

    :param planned: planned ahead, from today on
    :return: None where neither a last day nor a plan says anything
    """
    if last is None or last == LAST:
        return used + planned if planned > EPSILON else None
    weeks = max(0, (last - today).days + 1) / 7
    return used + max(planned, weekly * weeks)
