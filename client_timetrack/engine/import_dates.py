"""Dates and times of day as other programs write them: read by a format, or by a format found from a whole column.

Plain Python. A single ``03/04/2026`` says nothing: the whole column decides whether days or months come first, and
where even that leaves two readings nobody guesses.

Example::

    >>> detect_formats(["03/04/2026", "25/04/2026"])
    ('%d/%m/%Y',)
    >>> parse_moment("25/04/2026 9:05 PM", ("%d/%m/%Y",)).isoformat()
    '2026-04-25T21:05:00'
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import combinations

MIN_YEAR = 1900
AUTO = "auto"
ISO = "%Y-%m-%d"
# What exporters write; formats that differ in order only stand beside each other.
KNOWN = (
    ISO,
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y%m%d",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d.%m.%y",
    "%d %b %Y",
    "%d-%b-%Y",
    "%b %d, %Y",
    "%d %B %Y",
    "%B %d, %Y",
)
TIMES = ("%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p", "%I:%M%p", "%H.%M")
# Rows with a typing error must not hide the format of all the others.
ENOUGH = 0.9
ONE_DAY = timedelta(days=1)


class AmbiguousDates(ValueError):
    """Two formats read the dates of a column, and differently."""

    def __init__(self, text: str, formats: tuple):
        super().__init__(f"{text}: {formats}")
        self.text = text
        self.formats = formats


def parse_date(text: str, formats: Iterable) -> date:
    """The date in a text by the first format that fits.

    :raise ValueError: if none does, or if the year cannot be meant
    """
    for pattern in formats:
        found = _try(text, pattern)
        if found:
            return found.date()
    raise ValueError(text)


def parse_moment(text: str, formats: Iterable) -> datetime:
    """The date and time of day in a text: a date by the first format that fits, then a time.

    :raise ValueError: if none does
    """
    text = text.replace("T", " ", 1) if len(text) > 10 and text[10:11] == "T" else text
    text = text.removesuffix("Z")
    for pattern in formats:
        for time_pattern in TIMES:
            found = _try(text, f"{pattern} {time_pattern}")
            if found:
                return found
    raise ValueError(text)


def _try(text: str, pattern: str):
    try:
        found = datetime.strptime(text, pattern)
    except ValueError:
        return None
    return found if found.year >= MIN_YEAR else None


def detect_formats(texts: Iterable) -> tuple:
    """The formats that read a column of dates.

    :param texts: what the cells say, empty ones left out; they are looked at one after the other
    :return: formats to try in this order; empty where none reads them
    :raise AmbiguousDates: two formats read as many, and at least one of them differently
    """
    total, shared, read, apart = 0, False, Counter(), {}
    for text in texts:
        total += 1
        found = _readings(text)
        shared = shared or len(found) > 1
        read.update(pattern for pattern, _moment in found)
        if len({moment for _pattern, moment in found}) > 1:
            for (one, first), (other, second) in combinations(found, 2):
                if first != second:
                    apart.setdefault((one, other), text)
    best = max(read.values(), default=0)
    if not best or best < ENOUGH * total:
        # each text may have its own format where no two formats claim the same text
        return () if shared else tuple(pattern for pattern in KNOWN if read[pattern])
    winners = tuple(pattern for pattern in KNOWN if read[pattern] == best)
    for pair, text in apart.items():
        if set(pair) <= set(winners):
            raise AmbiguousDates(text, winners)
    return winners


def are_dates(texts: Iterable) -> bool:
    """Whether each text is a date in some format, whichever it is.

    >>> are_dates(["03/04/2026", "04/03/2026"]), are_dates(["1.5", "7"])
    (True, False)
    """
    return all(_readings(text) for text in texts)


@lru_cache(maxsize=4096)
def _readings(text: str) -> tuple:
    """(format, moment) for each format that reads a text. A column says the same few dates again and again."""
    found = ((pattern, _try(text, pattern)) for pattern in KNOWN)
    return tuple((pattern, moment) for pattern, moment in found if moment)


def after_midnight(start: datetime, stop: datetime) -> datetime:
    """The end of work that was written as a time of day: the next day's where it is before the start."""
    return stop + ONE_DAY if stop < start else stop
