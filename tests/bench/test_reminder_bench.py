"""Reminders: five thousand people in one run, beside five hundred, and beside the activities and mails alone.

Runs as the other benchmarks do (see ``test_bench.py``).
"""

from datetime import date
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SMALL, LARGE = 500, 5_000
TURNS = 3
# Ten times the people; a batch of people is one unit of work.
SLOWEST = 12
START = """
import sys
sys.path.insert(0, params["here"])
import measure_reminder
result = measure_reminder.run(env, params["sizes"], params["turns"])
"""


@pytest.fixture(scope="module")
def figures(wanted, publish, database):
    """The figures of one run, written to a file and shown as well."""
    copy = database("addons")
    raw = copy.shell(START, commit=False, here=str(HERE), sizes=[SMALL, LARGE], turns=TURNS)
    copy.drop()
    found = {int(size): run for size, run in raw.items()}
    publish("bench-reminder", found, report(found))
    return found


def report(found):
    """The figures as Markdown."""
    lines = [
        f"# Reminders, {date.today().isoformat()}",
        "",
        "Everybody of a firm lacks the hours of four weeks. Medians of "
        f"{TURNS} runs; seconds change from machine to machine: the ratios are what counts.",
        "",
        "| people | seconds | queries | activities | mails | times Odoo's create of both |",
        "|--:|--:|--:|--:|--:|--:|",
        *(
            f"| {size:,} | {run['seconds']:.1f} | {run['queries']:,.0f} | {run['activities']:,.0f} "
            f"| {run['mails']:,.0f} | {run['seconds'] / run['core']:.1f} |"
            for size, run in found.items()
        ),
        "",
        f"{LARGE:,} people take {growth(found):.1f} times as long as {SMALL}; limit {SLOWEST}.",
    ]
    return "\n".join(lines) + "\n"


def growth(found):
    """How many times as long the large firm takes."""
    return found[LARGE]["seconds"] / found[SMALL]["seconds"]


def test_everybody_is_told(figures):
    """By an activity for each week that lacks hours, and one mail."""
    for size, run in figures.items():
        assert run["mails"] == size
        assert run["activities"] >= size


def test_no_query_for_each_person(figures):
    """Batches of people make queries; people do not."""
    small, large = (figures[size]["queries"] for size in (SMALL, LARGE))
    assert large <= (LARGE // SMALL) * small
    assert large < LARGE / 2


def test_growth(figures, full):
    if not full:
        pytest.skip("Ratios are held against their limits with --full.")
    assert growth(figures) <= SLOWEST
