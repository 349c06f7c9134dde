"""When clients will pay, by how they have paid. Plain Python, no Odoo.

A client's behaviour are the delays of its payments, in days after the due date and weighted by their amounts. With
fewer than five payments it is that of its segment, else that of the firm: which one is told. A firm that has not five
payments to show goes by the due dates alone.

An invoice is expected at the weighted median of the delays that can still be: what is 20 days late already has none of
those that paid within 20 days in its future, so the expected day is never a past one. What is later than anything ever
paid has no expected day: it is told apart, and in no week.

What a client has paid in advance pays for bills to come, in their order: of these only the rest is paid in cash, and
what fills the advance up again comes in.

How wide the forecast is comes from drawing: each time every item gets one of the delays that can still be, each as
likely as the money that was paid with it; P10, P50 and P90 of the sums of each week are those of all draws. The draws
are the same for the same input.

Examples::

    >>> from datetime import date
    >>> payments = [Payment("A", "gold", delay, 100.0) for delay in (0, 5, 10, 15, 20)]
    >>> found = Behaviours(payments)
    >>> found.get("A", "gold").source, found.get("B", "gold").source, found.get("B", None).source
    ('client', 'segment', 'firm')
    >>> found.expect("A", "gold", due=date(2026, 6, 1), today=date(2026, 5, 1))
    Expected(day=datetime.date(2026, 6, 11), source='client')
    >>> found.expect("A", "gold", due=date(2026, 6, 1), today=date(2026, 6, 13))  # 15 or 20 days
    Expected(day=datetime.date(2026, 6, 16), source='client')
    >>> found.expect("A", "gold", due=date(2026, 6, 1), today=date(2026, 7, 31)) is None
    True
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from datetime import date, timedelta
from itertools import accumulate
from random import Random
from typing import NamedTuple

WEEK = timedelta(weeks=1)
WEEKS = 13
ENOUGH = 5
DRAWS = 500
CLIENT, SEGMENT, FIRM, TERMS = "client", "segment", "firm", "terms"
QUANTILES = (0.1, 0.5, 0.9)


class Payment(NamedTuple):
    """Cash that came: whose, of which segment (a category, or None), days after the due date (before: negative)."""

    client: object
    segment: object
    delay: int
    amount: float


class Item(NamedTuple):
    """Money that is to come: whose, in which band and currency, and when it is due."""

    client: object
    segment: object
    band: str
    currency: object
    amount: float
    due: date


class Bill(NamedTuple):
    """What will be billed on a day: in which band, whose, of which project, in which currency."""

    band: str
    client: object
    project: object
    currency: object
    day: date
    amount: float


class Fund(NamedTuple):
    """Money that was paid in advance: whose, for which project (None: for all of the client), in which currency; what
    is left of it; once that is below ``floor`` (0: never) it is filled up to ``target``."""

    client: object
    project: object
    currency: object
    left: float
    floor: float = 0.0
    target: float = 0.0


class Refill(NamedTuple):
    """An advance that will be asked for on a day: the place of its fund, and how much."""

    place: int
    day: date
    amount: float


class Expected(NamedTuple):
    """The day on which an item is expected, and whose behaviour says so."""

    day: date
    source: str


class Week(NamedTuple):
    """What is expected in a week in one currency: by band, and P10, P50 and P90 of all of it."""

    start: date
    bands: dict
    quantiles: tuple


class Forecast(NamedTuple):
    """Weeks by currency; what comes after them; what nobody can tell a day of; number of items by source."""

    weeks: dict
    later: dict
    unknown: dict
    sources: dict


class Delays:
    """Delays and their weights: quantiles and draws of those that are longer than some days."""

    def __init__(self, payments, source):
        ordered = sorted((payment.delay, payment.amount) for payment in payments)
        self.source = source
        self.delays = [delay for delay, _amount in ordered]
        # zero first: the weight up to a place is the difference of two sums
        self.sums = [0.0, *accumulate(amount for _delay, amount in ordered)]

    def can_be(self, lateness):
        """Whether any payment came after more than so many days."""
        return self.weigh(lateness) > 0

    def weigh(self, lateness):
        """The money that came after more than so many days."""
        return self.sums[-1] - self.sums[bisect_right(self.delays, lateness)]

    def quantile(self, share, lateness):
        """The delay within which a share of the money came, of what came after more than ``lateness`` days."""
        before = self.sums[bisect_right(self.delays, lateness)]
        place = bisect_left(self.sums, before + share * (self.sums[-1] - before) - 1e-9, lo=1)
        return self.delays[max(place - 1, bisect_right(self.delays, lateness))]


class Behaviours:
    """How clients pay, from their payments."""

    def __init__(self, payments):
        """:param payments: list of :class:`Payment`; only those with a positive amount say something"""
        payments = [payment for payment in payments if payment.amount > 0]
        by_client, by_segment = defaultdict(list), defaultdict(list)
        for payment in payments:
            by_client[payment.client].append(payment)
            by_segment[payment.segment].append(payment)
        self.clients = {key: Delays(own, CLIENT) for key, own in by_client.items() if len(own) >= ENOUGH}
        self.segments = {
            key: Delays(own, SEGMENT) for key, own in by_segment.items() if key is not None and len(own) >= ENOUGH
        }
        on_time = [Payment(None, None, 0, 1.0)]
        self.firm = Delays(payments, FIRM) if len(payments) >= ENOUGH else Delays(on_time, TERMS)

    def choose(self, client, segment):
        """Whose delays may speak for a client, the closest first."""
        known = (self.clients.get(client), self.segments.get(segment), self.firm)
        return [delays for delays in known if delays is not None]

    def get(self, client, segment, lateness=None):
        """The closest delays that can still be; None where there are none."""
        for delays in self.choose(client, segment):
            if delays.can_be(lateness if lateness is not None else -(10**9)):
                return delays
        return None

    def expect(self, client, segment, due, today):
        """The expected day of payment, after today; None where nobody ever paid as late."""
        lateness = (today - due).days
        delays = self.get(client, segment, lateness)
        if delays is None:
            return None
        return Expected(due + timedelta(days=delays.quantile(0.5, lateness)), delays.source)


def draw(bills, funds, today):
    """Pay bills from advances, in the order of their days: from that of the project first, then from the client's.

    :param bills: list of :class:`Bill`; a negative one gives nothing back
    :param funds: list of :class:`Fund`
    :return: what is left to pay of each bill, in their order; list of :class:`Refill`

    Of 500, then 800, a fund of 600 that is filled up to 1,000 below 200 leaves nothing to pay, and is filled up once:

    >>> first, second = date(2026, 6, 1), date(2026, 7, 1)
    >>> bills = [Bill("", "A", 1, "USD", second, 800.0), Bill("", "A", 1, "USD", first, 500.0)]
    >>> draw(bills, [Fund("A", None, "USD", 600.0, 200.0, 1000.0)], date(2026, 5, 1))[0]
    [0.0, 0.0]
    >>> [refill.amount for refill in draw(bills, [Fund("A", None, "USD", 600.0, 200.0, 1000.0)], first)[1]]
    [900.0]
    """
    left = [fund.left for fund in funds]
    due = [bill.amount for bill in bills]
    refills = []

    def fill_up(place, day):
        fund = funds[place]
        if 0 < fund.floor and left[place] < fund.floor:
            refills.append(Refill(place, day, fund.target - left[place]))
            left[place] = fund.target

    for place in range(len(funds)):
        fill_up(place, today)
    order = sorted(range(len(funds)), key=lambda place: (funds[place].project is None, place))
    for number in sorted(range(len(bills)), key=lambda number: (bills[number].day, number)):
        bill = bills[number]
        for place in order:
            fund = funds[place]
            if (fund.client, fund.currency) != (bill.client, bill.currency) or due[number] <= 0:
                continue
            if fund.project is None or fund.project == bill.project:
                taken = min(max(left[place], 0.0), due[number])
                left[place] -= taken
                due[number] -= taken
                fill_up(place, bill.day)
    return due, refills


def forecast(items, payments, today, weeks=WEEKS, draws=DRAWS, seed=0):
    """Expect cash week by week, from the week of ``today`` on.

    :param items: list of :class:`Item`; credits have a negative amount
    :param payments: list of :class:`Payment`, of the last year or so
    :return: :class:`Forecast`
    """
    behaviours = Behaviours(payments)
    monday = today - timedelta(days=today.weekday())
    bands = defaultdict(lambda: [defaultdict(float) for _week in range(weeks)])
    later, unknown, sources = defaultdict(float), defaultdict(float), defaultdict(int)
    drawn = []
    for item in items:
        found = behaviours.expect(item.client, item.segment, item.due, today)
        own = bands[item.currency]
        if found is None:
            unknown[item.currency] += item.amount
            continue
        sources[found.source] += 1
        place = (found.day - monday).days // 7
        if place < weeks:
            own[place][item.band] += item.amount
        else:
            later[item.currency] += item.amount
        lateness = (today - item.due).days
        drawn.append((item, lateness, behaviours.get(item.client, item.segment, lateness)))
    spread = _draw(drawn, monday, weeks, draws, Random(seed))
    return Forecast(
        {
            currency: [
                Week(monday + place * WEEK, dict(own[place]), spread[currency][place]) for place in range(weeks)
            ]
            for currency, own in bands.items()
        },
        dict(later),
        dict(unknown),
        dict(sources),
    )


def _draw(drawn, monday, weeks, draws, source):
    """P10, P50 and P90 of the sums of each week by currency, over many draws of a delay for each item."""
    totals = defaultdict(lambda: [[0.0] * draws for _week in range(weeks)])
    for item, lateness, delays in drawn:
        own = totals[item.currency]
        start = (item.due - monday).days
        for number in range(draws):
            place = (start + delays.quantile(source.random(), lateness)) // 7
            if place < weeks:
                own[place][number] += item.amount
    found = defaultdict(lambda: [(0.0, 0.0, 0.0)] * weeks)
    for currency, own in totals.items():
        found[currency] = [
            tuple(sorted(sums)[min(int(share * draws), draws - 1)] for share in QUANTILES) for sums in own
        ]
    return found
