"""What the lines of a pre-bill come to, in the currency's smallest units.

A line that is billed as it was worked, at its standard rate, has one value: standard and billed are the same. Such
lines of one rate on one invoice line are valued together, so that three times twenty minutes at 100 come to 100.00
and not to 99.99; what each gets is by largest remainder. A line with other hours or another rate is an adjustment:
its standard value stands by itself, and those of one rate on one invoice line are billed together likewise. An amount
that somebody entered is taken as it is. What a fee pays for is billed at nothing here: the fee is divided on its
invoice.

    adjustment = billed amount - standard value
    realization = billed amount / standard value (of the lines that are not held)
"""

from collections import defaultdict
from decimal import Decimal
from typing import NamedTuple

from odoo.addons.client_timetrack.engine.allocation import spread, to_decimal

BILL, HOLD, NO_CHARGE, INCLUDED = "bill", "hold", "no_charge", "included"
# Hours that differ by less are the same: a ten-thousandth of an hour is a third of a second.
HOURS_TOLERANCE, RATE_TOLERANCE = 0.5e-4, 0.5e-6


class Line(NamedTuple):
    """A line to be priced. ``amount``: entered by hand, or None; ``group``: what shares its invoice line."""

    hours_worked: float
    hours_billed: float
    standard_rate: float
    billed_rate: float
    action: str = BILL
    amount: float | None = None
    group: object = None


class Price(NamedTuple):
    """Standard value and billed amount of a line, multiples of the currency's unit (Decimal)."""

    standard: Decimal
    billed: Decimal

    @property
    def adjustment(self):
        """What is billed more than the standard value; below 0: less."""
        return self.billed - self.standard


def value_of(hours, rate):
    """Hours by rate, exact in decimals.

    >>> value_of(0.1, 3.3)
    Decimal('0.33')
    """
    return Decimal(repr(float(hours))) * Decimal(repr(float(rate)))


def with_markup(amount, percent):
    """What a cost comes to with its mark-up, not rounded.

    >>> with_markup(200.0, 5.0)
    210.0
    """
    return amount * (1 + percent / 100)


def is_adjusted(line):
    """Whether somebody decided that a line is billed otherwise than it was worked; rounding does not count.

    :param line: with ``action``, ``is_amount_fixed``, ``hours_billed``, ``hours_rounded``, ``billed_rate`` and
        ``standard_rate``
    """
    if line.action != BILL:
        return line.action == NO_CHARGE
    return bool(
        line.is_amount_fixed
        or abs(line.hours_billed - line.hours_rounded) > HOURS_TOLERANCE
        or abs(line.billed_rate - line.standard_rate) > RATE_TOLERANCE
    )


def price(lines, unit):
    """Value the lines of a pre-bill.

    >>> cent = Decimal("0.01")
    >>> third = Line(1 / 3, 1 / 3, 100.0, 100.0)
    >>> sum(one.billed for one in price([third] * 3, cent))
    Decimal('100.00')
    >>> price([Line(2.0, 1.5, 100.0, 100.0)], cent)[0].adjustment
    Decimal('-50.00')
    >>> price([Line(2.0, 2.0, 100.0, 100.0, NO_CHARGE)], cent)[0].billed
    Decimal('0.00')

    :param lines: list of :class:`Line`
    :param Decimal unit: smallest amount of the currency
    :return: list of :class:`Price`
    """
    standard, billed = [None] * len(lines), [None] * len(lines)
    plain, adjusted = defaultdict(list), defaultdict(list)
    for index, line in enumerate(lines):
        if _is_plain(line):
            plain[line.group, line.standard_rate].append(index)
            continue
        standard[index] = to_decimal(value_of(line.hours_worked, line.standard_rate), unit)
        if line.action in (NO_CHARGE, INCLUDED):
            billed[index] = to_decimal(Decimal(0), unit)
        elif line.amount is not None:
            billed[index] = to_decimal(line.amount, unit)
        else:
            adjusted[line.group, line.billed_rate].append(index)
    for indexes in plain.values():
        for index, value in _value_together(lines, indexes, unit):
            standard[index] = billed[index] = value
    for indexes in adjusted.values():
        for index, value in _value_together(lines, indexes, unit):
            billed[index] = value
    return [Price(*pair) for pair in zip(standard, billed, strict=True)]


def _is_plain(line):
    """Whether the line is billed as it was worked."""
    return (
        line.action not in (NO_CHARGE, INCLUDED)
        and line.amount is None
        and line.hours_billed == line.hours_worked
        and line.billed_rate == line.standard_rate
    )


def _value_together(lines, indexes, unit):
    """Pairs of a line's index and its share of what the lines come to together."""
    values = [value_of(lines[index].hours_billed, lines[index].billed_rate) for index in indexes]
    return zip(indexes, spread(to_decimal(sum(values), unit), values, unit), strict=True)
