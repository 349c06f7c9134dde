"""Earned value, by its standard formulas. Plain Python, no Odoo.

Source: PMI, Practice Standard for Earned Value Management.

CV = EV - AC, SV = EV - PV, CPI = EV / AC, SPI = EV / PV, EAC = BAC / CPI (it goes on as it went) or AC + BAC - EV (what
went wrong was one-off), ETC = EAC - AC, VAC = BAC - EAC, TCPI = (BAC - EV) / (BAC - AC). All of them are of one unit,
hours or money. What has no denominator is None: it is neither nothing nor endless. The earned value needs a percentage
of completion that was judged, and not worked out of what was spent, which would make each CPI 1.

The worked example::

    >>> value = earned_value(bac=100_000, ev=40_000, ac=45_000, pv=50_000)
    >>> value.cv, value.sv, round(value.cpi, 4), value.spi
    (-5000, -10000, 0.8889, 0.8)
    >>> value.eac, value.etc, value.vac, round(value.tcpi, 4), value.eac_one_off
    (112500.0, 67500.0, -12500.0, 1.0909, 105000)
"""

from typing import NamedTuple


class EarnedValue(NamedTuple):
    """What is earned against what is planned and spent; None where there is no telling.

    ``is_attainable``: whether the rest of the work can still be done for what is left of the budget; ``tcpi`` is how
    well that would have to go.
    """

    cv: float | None
    sv: float | None
    cpi: float | None
    spi: float | None
    eac: float | None
    eac_one_off: float | None
    etc: float | None
    vac: float | None
    tcpi: float | None
    is_attainable: bool


def earned_value(bac, ev, ac, pv=None):
    """Work out the indices.

    :param bac: budget at completion
    :param ev: earned value, None if nobody judged it
    :param ac: actual cost (or hours)
    :param pv: planned value at the day, None without a schedule
    """
    cpi = ev / ac if ev is not None and ac > 0 else None
    eac = bac / cpi if cpi is not None and cpi > 0 else None
    return EarnedValue(
        cv=None if ev is None else ev - ac,
        sv=None if ev is None or pv is None else ev - pv,
        cpi=cpi,
        spi=ev / pv if ev is not None and pv is not None and pv > 0 else None,
        eac=eac,
        eac_one_off=None if ev is None else ac + bac - ev,
        etc=None if eac is None else eac - ac,
        vac=None if eac is None else bac - eac,
        tcpi=(bac - ev) / (bac - ac) if ev is not None and bac > ac else None,
        is_attainable=bac > ac or (ev is not None and ev >= bac),
    )


def planned_share(start, end, day):
    """The share of a schedule that has passed at the end of a day, evenly by days; None without a schedule.

    >>> from datetime import date
    >>> planned_share(date(2026, 1, 1), date(2026, 1, 10), date(2026, 1, 5))
    0.5
    >>> planned_share(None, date(2026, 1, 10), date(2026, 1, 5)) is None
    True
    """
    if not start or not end or end < start:
        return None
    passed = (day - start).days + 1
    return min(max(passed / ((end - start).days + 1), 0.0), 1.0)


def accepted_share(parts):
    """The share of planned work that is accepted; None where nothing is planned.

    :param parts: pairs of planned hours (or 1 for each) and whether it is accepted

    >>> accepted_share([(30, True), (10, False)])
    0.75
    """
    parts = list(parts)
    planned = sum(size for size, _accepted in parts)
    if planned <= 0:
        return None
    return sum(size for size, accepted in parts if accepted) / planned
