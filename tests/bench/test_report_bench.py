"""The report of the KPIs on a million time entries, beside Odoo's own analysis and plain SQL: ratios, never seconds.

Runs as the other benchmarks do (see ``test_bench.py``).
"""

from datetime import date
from pathlib import Path

import pytest
from test_bench import tables

from bootstrap import million
from bootstrap.growth import Ratio

HERE = Path(__file__).parent
REPETITIONS = 7
START = """
import sys
sys.path.insert(0, params["here"])
import measure_report
result = measure_report.run(params["addons"], params["core"], params["repetitions"])
"""
RATIOS = (
    Ratio("pivot", "analysis, core", 0.5),
    Ratio("pivot", "pivot, plain SQL", 1.1),
    Ratio("pivot of a month", "analysis of a month, core", 2),
    Ratio("pivot of a month", "pivot of a month, plain SQL"),
    Ratio("workbook", "export, Odoo", 0.6),
    Ratio("workbook", "workbook, XlsxWriter", 1.3),
    # at the end of each month, beside what is in progress now
    Ratio("lockup", "wip", 2),
    # four times the entries
    Ratio("memory of a workbook", "memory of a quarter of it", 1.3),
)
MEMORY = "memory"
# What the data of any page may take.
QUERIES = 12


@pytest.fixture(scope="module")
def reported(wanted, publish, database):
    """The figures of one run, written to files and shown as well."""
    addons, core = database("million_addons"), database("million")
    figures = addons.shell(START, here=str(HERE), addons=addons.name, core=core.name, repetitions=REPETITIONS)
    for copy in (addons, core):
        copy.drop()
    publish("bench-report", figures, report(figures), RATIOS)
    return figures


def report(figures):
    """The figures as Markdown."""
    lines = [
        f"# The report, {million.rows():,} time entries, {date.today().isoformat()}",
        "",
        "Medians of one run, in which the operations of a comparison take turns. The pivot is employee x month with "
        "eight measures, utilization among them, over time and capacity; “core” is Odoo's analysis of timesheets with "
        "its six measures on the same entries, “plain SQL” the same by hand. Below them is the data of each page of "
        "the report, over all the time there is. Seconds change from machine to machine: the ratios are what counts.",
        "",
        *tables(figures, RATIOS),
        "",
        *(
            f"The {name}: {figure['seconds']:.1f} MB for {figure['queries']:,} entries."
            for name, figure in figures.items()
            if name.startswith(MEMORY)
        ),
    ]
    return "\n".join(lines) + "\n"


def test_everything_is_measured(reported):
    assert {name for ratio in RATIOS for name in (ratio.name, ratio.base)} <= reported.keys()
    assert len(reported) > len(RATIOS) + 2


def test_queries_of_pages_are_bounded(reported):
    asked = {name: figure["queries"] for name, figure in reported.items() if "workbook" not in name}
    asked = {name: number for name, number in asked.items() if not name.startswith((MEMORY, "export"))}
    assert {name: number for name, number in asked.items() if number > QUERIES} == {}


@pytest.mark.parametrize("ratio", [ratio for ratio in RATIOS if ratio.limit], ids=lambda ratio: " : ".join(ratio[:2]))
def test_ratio(reported, full, ratio):
    if not full:
        pytest.skip("Ratios are held against their limits with --full.")
    assert ratio.value(reported) <= ratio.limit
