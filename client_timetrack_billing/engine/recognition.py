"""Revenue from time that is not on an invoice yet, and invoices whose revenue is not earned yet (IFRS 15, ASC 606).

What is earned by a day:

* by hourly rates: what the time is worth, as it is worked (the right to invoice, IFRS 15.B16);
* a fixed fee: the fee times hours worked / (hours worked + hours still to come), the share of the work that is done
  (IFRS 15.B14-B19, an input method);
* with a cap: the same, up to the cap.

Earned beyond what is billed is unbilled revenue, an asset; billed beyond what is earned is a contract liability. Both
are kept for each engagement: one does not pay for the other. What is earned is divided among the work by its standard
value (``engine/allocation.py``). All amounts are decimals without tax in one currency; ``unit`` is its smallest coin.
"""

from dataclasses import dataclass
from decimal import Decimal

from odoo.addons.client_timetrack.engine.allocation import to_decimal

ZERO = Decimal(0)


@dataclass(frozen=True)
class Position:
    """Where an engagement stands at the end of a day.

    :param earned: revenue of the work that was done
    :param billed: on posted invoices, net of credit notes
    """

    earned: Decimal
    billed: Decimal

    @property
    def unbilled(self):
        """The asset: earned, and not billed yet."""
        return max(self.earned - self.billed, ZERO)

    @property
    def liability(self):
        """Billed, and not earned yet."""
        return max(self.billed - self.earned, ZERO)


def share_done(hours, to_come):
    """The share of a fixed fee's work that is done.

    >>> share_done(Decimal(30), Decimal(10))
    Decimal('0.75')

    :param Decimal hours: worked so far
    :param Decimal to_come: estimate of the hours still to come
    :return: from 0 to 1; work that nobody estimates any more of is done, and without any hours nothing is
    :raise ValueError: hours to come cannot be negative
    """
    if to_come < 0:
        raise ValueError("The estimate to complete is negative.")
    if hours <= 0:
        return ZERO
    return hours / (hours + to_come)


def earned_of_fee(fee, hours, to_come, unit):
    """What is earned of a fixed fee.

    >>> earned_of_fee(Decimal(1000), Decimal(30), Decimal(10), Decimal("0.01"))
    Decimal('750.00')

    :return: a multiple of the unit, no more than the fee
    """
    return to_decimal(fee * share_done(hours, to_come), unit)


def within_cap(values, cap):
    """What each piece of work earns under a cap, in the order given: the first ones in full, until the cap is reached.

    >>> within_cap([Decimal(60), Decimal(60), Decimal(60)], Decimal(100))
    [Decimal('60'), Decimal('40'), Decimal('0')]

    :param values: of the pieces of work; what takes work back is negative and makes room again
    :param cap: amount; none for no cap
    :return: list of Decimal whose sum is the smaller of the sum of the values and the cap
    """
    if cap is None:
        return list(values)
    earned, worth, result = ZERO, ZERO, []
    for value in values:
        worth += value
        target = min(worth, cap)
        result.append(target - earned)
        earned = target
    return result


def to_post(target, posted):
    """What a period's entry still has to post, so that running it again posts the difference only.

    >>> to_post({"a": Decimal(100), "b": Decimal(5)}, {"a": Decimal(80), "c": Decimal(7)})
    {'a': Decimal('20'), 'b': Decimal('5'), 'c': Decimal('-7')}

    :param dict target: what the period is to have accrued, by whatever it is accrued for
    :param dict posted: what it has accrued so far
    :return: dict of the differences, without those that are nothing
    """
    keys = [*target, *(key for key in posted if key not in target)]
    differences = {key: target.get(key, ZERO) - posted.get(key, ZERO) for key in keys}
    return {key: amount for key, amount in differences.items() if amount}
