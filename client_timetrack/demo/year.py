"""What the people of the demo firm worked on, day by day: plain Python, the same for the same day of the year.

Who works on what, from when to when and for how much of the time stands in ``PARTS``; what they write about it in
``work.csv``, for each project in the order in which it was done.
"""

import csv
import random
from datetime import timedelta
from typing import NamedTuple

MONTHS = 9
OFFICE = "office"
# Work that has no beginning and no end: any of its texts, at any time.
ONGOING = {"support", "regulatory", OFFICE}
# How many lines of ``work.csv`` people have in hand at a time.
IN_HAND = 5


class Part(NamedTuple):
    """Somebody's share in a project, from so many months ago to so many months ago; in some tasks of it, or in all."""

    employee: str
    project: str
    first: float
    last: float
    share: float
    tasks: tuple = ()


class Text(NamedTuple):
    """A line of ``work.csv``."""

    project: str
    task: str
    service: str
    deliverable: str
    text: str


class Piece(NamedTuple):
    """An entry to be."""

    employee: str
    date: object
    hours: float
    text: Text


PARTS = [
    Part("helen", "supply", 9, 0, 0.15),
    Part("helen", "grid", 6, 0, 0.12),
    Part("helen", "regulatory", 9, 0, 0.1),
    Part("jonas", "supply", 9, 0, 0.4),
    Part("jonas", "grid", 6, 0, 0.2),
    Part("jonas", "stores", 5, 2, 0.15),
    Part("eva", "supply", 9, 6, 0.75),
    Part("eva", "supply", 6, 0, 0.4),
    Part("eva", "grid", 6, 0, 0.35),
    Part("tom", "supply", 9, 5, 0.8),
    Part("tom", "supply", 5, 0, 0.4),
    Part("tom", "stores", 5, 2, 0.4),
    Part("tom", "benchmark", 2, 0, 0.4),
    Part("priya", "supply", 9, 6, 0.75),
    Part("priya", "grid", 6, 0, 0.75),
    Part("amara", "regulatory", 9, 7, 0.6),
    Part("amara", "regulatory", 7, 0, 0.35),
    Part("amara", "claim", 7, 0, 0.2),
    Part("amara", "licence", 3, 0, 0.08),
    Part("daniel", "regulatory", 9, 7, 0.75),
    Part("daniel", "regulatory", 7, 0, 0.35),
    Part("daniel", "claim", 7, 0, 0.3),
    Part("daniel", "licence", 3, 0, 0.15),
    Part("sofia", "regulatory", 9, 7, 0.7),
    Part("sofia", "regulatory", 7, 0, 0.3),
    Part("sofia", "claim", 7, 0, 0.5),
    Part("ravi", "portal", 9, 1, 0.4),
    Part("ravi", "support", 9, 0, 0.15),
    Part("ravi", "network", 4, 0, 0.2),
    Part("lena", "portal", 6, 1, 0.75),
    Part("lena", "support", 2, 0, 0.2),
    Part("lena", "network", 1, 0, 0.5),
    Part("marcus", "support", 9, 2, 0.55),
    Part("marcus", "portal", 9, 2, 0.25),
    Part("alma", OFFICE, 9, 0, 1, ("office", "books")),
]


def read_texts(lines):
    """The lines of ``work.csv``, by project."""
    texts = {}
    for row in csv.DictReader(lines):
        texts.setdefault(row["project"], []).append(Text(**row))
    return texts


def plan(texts, days, today):
    """The entries of the firm.

    :param dict texts: as ``read_texts`` returns them
    :param dict days: per employee, hours by the calendar (net of leave) by date
    :param date today: the last day with entries; the afternoon of it is not written down yet
    :return: list of ``Piece``, by date and employee; hours are quarters
    """
    pieces = []
    length_of_month = (today - months_before(today, MONTHS)).days / MONTHS
    for employee in sorted(days):
        dice = random.Random(employee)
        parts = [part for part in PARTS if part.employee == employee]
        for date in sorted(date for date in days[employee] if date <= today):
            hours = _day(dice, days[employee][date], date == today)
            age = (today - date).days / length_of_month
            shares = {part: part.share for part in parts if part.first >= age >= part.last}
            free = max(0, 1 - sum(shares.values()))
            if free:
                shares[Part(employee, OFFICE, MONTHS, 0, free, ("office", "learning", "offers"))] = free
            said = set()
            for length in _cut(dice, hours):
                part = dice.choices(list(shares), list(shares.values()))[0]
                choice = [text for text in _in_hand(texts[part.project], part, age) if text not in said]
                if choice:
                    said.add(text := dice.choice(choice))
                    pieces.append(Piece(employee, date, length, text))
    return sorted(pieces, key=lambda piece: (piece.date, piece.employee))


def _day(dice, hours, is_today):
    """Hours that are written down for a day: often what the calendar says, sometimes less or more."""
    if is_today:
        return max(1, hours / 2)
    return max(1, hours + dice.choice([-1, -0.5, -0.25, 0, 0, 0, 0, 0.25, 0.5, 1]))


def _cut(dice, hours):
    """Divide a day into two to four pieces of quarters of an hour.

    >>> sum(_cut(random.Random(1), 8))
    8.0
    """
    quarters = round(hours * 4)
    count = min(dice.choice([2, 3, 3, 4]), quarters)
    cuts = sorted(dice.sample(range(1, quarters), count - 1))
    return [(end - start) / 4 for start, end in zip([0, *cuts], [*cuts, quarters], strict=True)]


def _in_hand(texts, part, age):
    """What can be the work of the day: projects go through their texts from first to last."""
    if part.project in ONGOING:
        return [text for text in texts if not part.tasks or text.task in part.tasks]
    first = max(other.first for other in PARTS if other.project == part.project)
    last = min(other.last for other in PARTS if other.project == part.project)
    done = min(max((first - age) / (first - last), 0), 1)
    start = round(done * max(len(texts) - IN_HAND, 0))
    return texts[start : start + IN_HAND]


def months_before(today, count):
    """The first day of the month so many months before.

    >>> from datetime import date
    >>> months_before(date(2026, 2, 14), 3)
    datetime.date(2025, 11, 1)
    """
    first = today.replace(day=1)
    for _month in range(count):
        first = (first - timedelta(days=1)).replace(day=1)
    return first
