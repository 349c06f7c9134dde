"""Dividing an amount so that the parts sum exactly to the whole (largest remainder, in whole minor units).

Amounts and units are :class:`decimal.Decimal`; the unit is the smallest amount of the currency (0.01, 1, 0.001, ...).
Floats come in and go out at the edge only, by :func:`to_decimal`.
"""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cache
from math import lcm


def to_decimal(amount, unit):
    """Round an amount to the unit, halves away from zero.

    >>> to_decimal(0.1 + 0.2, Decimal("0.01"))
    Decimal('0.30')
    >>> to_decimal(Decimal("2.67499999999999999"), Decimal("0.01"))
    Decimal('2.68')

    What is less than a millionth of the unit away from a half is the noise of binary hours (three times a third of
    an hour), and counts as a half.

    :param amount: float, int or Decimal
    :param Decimal unit: smallest amount of the currency, positive
    :return: a multiple of the unit
    """
    units = Decimal(repr(amount) if isinstance(amount, float) else amount) / unit
    return units.quantize(Decimal("0.000001"), ROUND_HALF_UP).to_integral_value(ROUND_HALF_UP) * unit


@cache
def unit_of(rounding):
    """The unit of a currency from its rounding factor (a float such as 0.01)."""
    return Decimal(repr(float(rounding))).normalize()


def allocate(total, weights, unit):
    """Divide ``total`` in proportion to ``weights``.

    >>> allocate(Decimal("100.00"), [1, 1, 1], Decimal("0.01"))
    [Decimal('33.34'), Decimal('33.33'), Decimal('33.33')]

    Every part is within one unit of its exact share, a heavier weight never gets less than a lighter one, and of
    equal claims to the last unit the earlier one gets it. Dividing ``-total`` gives the same parts with the other
    sign. With weights of zero only, the parts are equal.

    :param Decimal total: a multiple of the unit, of any sign
    :param weights: numbers of one sign (all >= 0 or all <= 0)
    :param Decimal unit: smallest amount of the currency, positive
    :return: list of Decimal, one per weight, that sums to ``total``
    :raise ValueError: nothing to divide among, a total between two units, or weights of both signs
    """
    exact, _denominator = _to_integers(weights)
    if exact and min(exact) < 0 < max(exact):
        raise ValueError("weights of both signs have no proportion")
    exact = [abs(weight) for weight in exact]
    if not any(exact):
        exact = [1] * len(exact)
    units = _units(total, unit, len(exact))
    sign = -1 if units < 0 else 1
    parts = _largest_remainder(abs(units), [abs(units) * weight for weight in exact], sum(exact))
    return [sign * part * unit for part in parts]


def spread(total, values, unit):
    """Adapt ``values`` (amounts of one currency, of any sign) so that they sum to ``total``.

    >>> spread(Decimal("90.00"), [Decimal("50"), Decimal("50")], Decimal("0.01"))
    [Decimal('45.00'), Decimal('45.00')]
    >>> spread(Decimal("0.00"), [Decimal("50"), Decimal("-50")], Decimal("0.01"))
    [Decimal('50.00'), Decimal('-50.00')]

    The difference between the total and the values' sum is shared by the size of each value, so that values that
    fit already are only rounded, and values of one sign change in proportion. Values that are all zero share alike.

    :param Decimal total: a multiple of the unit, of any sign
    :param values: numbers in the same currency, exact (not rounded)
    :param Decimal unit: smallest amount of the currency, positive
    :return: list of Decimal, one per value, that sums to ``total``
    :raise ValueError: nothing to divide among, or a total between two units
    """
    exact, denominator = _to_integers(values)
    units = _units(total, unit, len(exact))
    # from here on in units, as numerators over one denominator: an invoice may have thousands of values
    numerator, other = Decimal(unit).as_integer_ratio()
    exact = [value * other for value in exact]
    denominator *= numerator
    difference = units * denominator - sum(exact)
    if difference:
        sizes = [abs(value) for value in exact] if any(exact) else [1] * len(exact)
        whole = sum(sizes)
        exact = [value * whole + difference * size for value, size in zip(exact, sizes, strict=True)]
        denominator *= whole
    parts = _largest_remainder(units, exact, denominator)
    return [part * unit for part in parts]


def _to_integers(numbers):
    """Numbers as integers over a common denominator: the integers, and the denominator."""
    ratios = [number.as_integer_ratio() for number in numbers]
    denominator = lcm(*{ratio[1] for ratio in ratios})
    return [numerator * (denominator // own) for numerator, own in ratios], denominator


def _units(total, unit, count):
    """The total as a whole number of units."""
    if not count:
        raise ValueError("an amount cannot be divided among nobody")
    units = Fraction(total) / Fraction(unit)
    if units.denominator != 1:
        raise ValueError(f"{total} is no multiple of {unit}")
    return units.numerator


def _largest_remainder(units, numerators, denominator):
    """Round exact shares (that sum to ``units``) to integers that sum to ``units``.

    :param numerators: of the shares, over the positive denominator
    """
    pairs = [divmod(numerator, denominator) for numerator in numerators]
    parts = [part for part, _remainder in pairs]
    left = units - sum(parts)
    if left:
        # sorting is stable: of equal claims the earlier one is first
        for index in sorted(range(len(pairs)), key=lambda index: -pairs[index][1])[:left]:
            parts[index] += 1
    return parts
