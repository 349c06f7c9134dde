"""When people are reminded of their time. Plain Python, no Odoo.

A rhythm names days on which somebody is told. Whoever was away then is told on the next day of work: what counts is
whether somebody was told since the last such day.

Examples::

    >>> from datetime import date
    >>> thursday = date(2026, 11, 26)
    >>> last_due(DAILY, thursday)
    datetime.date(2026, 11, 26)
    >>> last_due(WEEKLY, thursday, weekday=4)
    datetime.date(2026, 11, 20)
    >>> last_due(PERIOD, thursday, period_start=date(2026, 11, 23))
    datetime.date(2026, 11, 23)
    >>> is_due(date(2026, 11, 20), told=date(2026, 11, 20)), is_due(date(2026, 11, 20), told=date(2026, 11, 19))
    (False, True)
"""

from datetime import date, timedelta

NONE, DAILY, WEEKLY, PERIOD = "none", "daily", "weekly", "period"


def last_due(rhythm: str, today: date, weekday: int = 0, period_start: date | None = None) -> date | None:
    """The last day, up to today, on which people are to be told; None: never.

    :param rhythm: ``daily``, ``weekly``, ``period`` (on the first day after a period) or ``none``
    :param weekday: of a weekly rhythm; Monday is 0
    :param period_start: first day of the current period
    :raise ValueError: the rhythm is unknown
    """
    if rhythm == DAILY:
        return today
    if rhythm == WEEKLY:
        return today - timedelta(days=(today.weekday() - weekday) % 7)
    if rhythm == PERIOD:
        return period_start
    if rhythm == NONE:
        return None
    raise ValueError(f"Unknown rhythm: {rhythm}")


def is_due(due: date | None, told: date | None) -> bool:
    """Whether somebody is to be told, who was told last on a day, or never."""
    return due is not None and (told is None or told < due)
