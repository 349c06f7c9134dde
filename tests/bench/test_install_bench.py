"""Installing the addons on a database with years of time in it, beside installing them on one without any."""

import time
from datetime import date

import pytest

from bootstrap import million, paths

MINUTES = 10  # at most, for a million entries
# All of it approved or not: earlier time is approved by the installation, as a firm asks for with a date.
STATES = "SELECT timetrack_state, count(*) FROM account_analytic_line WHERE project_id IS NOT NULL GROUP BY 1"
COUNT = "SELECT count(*) FROM account_analytic_line WHERE project_id IS NOT NULL"


@pytest.fixture(scope="module")
def installed(wanted, publish, prepared, database):
    """Seconds by what there was, entries by their state afterwards, and how many there were before."""
    seconds = {}
    for layer in ("core", "million"):
        copy = database(layer)
        if layer == "million":
            million.choose_day(prepared.databases.plain, copy.name)
        before = copy.number(COUNT)
        started = time.monotonic()
        copy.cli("-i", ",".join(paths.ADDONS))
        seconds[layer] = time.monotonic() - started
        assert copy.number(COUNT) == before
        states = {state: int(number) for state, number in copy.sql(STATES)}
        copy.drop()
    figures = {
        "installation on the entries": {"seconds": seconds["million"]},
        "installation without any": {"seconds": seconds["core"]},
    }
    publish("bench-install", figures, report(seconds, states))
    return seconds, states, before


def report(seconds, states):
    """The figures as Markdown."""
    return (
        f"# Installation, {million.rows():,} time entries, {date.today().isoformat()}\n\n"
        f"| | seconds |\n|---|--:|\n"
        f"| the three addons on {million.rows():,} entries | {seconds['million']:.0f} |\n"
        f"| the three addons on none | {seconds['core']:.0f} |\n\n"
        f"Limit: {MINUTES} minutes. Afterwards: "
        + ", ".join(f"{number:,} {state}" for state, number in sorted(states.items()))
        + ".\n"
    )


def test_entries_are_approved_or_drafts(installed):
    _seconds, states, rows = installed
    assert sum(states.values()) == rows >= million.rows()
    assert states["approved"] > 0.9 * rows
    assert states.keys() == {"approved", "draft"}


def test_it_takes_ten_minutes_at_most(installed, full):
    if not full:
        pytest.skip("Limits are held with --full.")
    seconds, _states, _rows = installed
    assert seconds["million"] <= MINUTES * 60
