"""The addons on a million time entries, beside Odoo on the same entries: ratios, never seconds.

``setup/test tests/bench`` measures and writes the figures to ``.odoo/out``; with ``--full`` the ratios are held against
their limits. ``TIMETRACK_BENCH_ROWS=100000`` makes a quick trial of it. Results to keep are in ``results/``.
"""

import platform
from datetime import date
from pathlib import Path

import pytest

from bootstrap import million
from bootstrap.growth import Ratio

HERE = Path(__file__).parent
REPETITIONS = 7
# Entries of the smaller operations; a trial on fewer entries has fewer to offer.
SIZE = min(1000, million.rows() // 500)
LARGE = 10 * SIZE
MEASURE = """
import sys
sys.path.insert(0, params["here"])
import measure
result = measure.run(params["addons"], params["core"], params["size"], params["repetitions"])
"""


RATIOS = (
    Ratio(f"submit {SIZE}", f"submit {SIZE}: write, core", 3),
    Ratio(f"submit {SIZE}", f"submit {SIZE}: write", 3),
    Ratio(f"approve {SIZE}", f"approve {SIZE}: write, core", 3),
    Ratio(f"approve {SIZE}", f"approve {SIZE}: write", 3),
    Ratio(f"submit {LARGE}", f"submit {SIZE}", 12),
    Ratio(f"approve {LARGE}", f"approve {SIZE}", 12),
    Ratio("queue by employee", "all timesheets, core", 1.5),
    Ratio("queue by employee", "all timesheets", 1.5),
    Ratio("queue as a list", "all timesheets", 1.5),
    Ratio("queue as a list", "all timesheets, core"),
    Ratio("all timesheets", "all timesheets, core"),
    Ratio(f"create {SIZE}", f"create {SIZE}, core", 1.1),
    Ratio("my week as a grid", "my week as a list, core", 2),
    Ratio("500 budgets", "500 budgets, plain SQL", 2),
    Ratio("500 budgets by month", "500 budgets by month, plain SQL", 3),
    Ratio("a cell changed", "an entry changed, core"),
    Ratio("a cell filled", "an entry created, core"),
)
LIMITED = [ratio for ratio in RATIOS if ratio.limit]
QUERIES = {f"submit {SIZE}": 40, f"approve {SIZE}": 40}


@pytest.fixture(scope="module")
def measured(wanted, publish, prepared, database):
    """The figures of one run, written to files and shown as well."""
    addons, core = database("million_addons"), database("million")
    params = {"here": str(HERE), "addons": addons.name, "core": core.name, "size": SIZE, "repetitions": REPETITIONS}
    figures = addons.shell(MEASURE, **params)
    version = prepared.server.sql("SHOW server_version")[0][0].split()[0]
    for copy in (addons, core):
        copy.drop()
    publish("bench", figures, report(figures, version), RATIOS)
    return figures


def report(figures, version):
    """The figures as Markdown."""
    lines = [
        f"# {million.rows():,} time entries, {date.today().isoformat()}",
        "",
        f"Medians of one run, in which the operations of a comparison take turns. Python {platform.python_version()}, "
        f"PostgreSQL {version}. “core” is Odoo without the addons on the same entries. Seconds change from machine to "
        "machine: the ratios are what counts.",
        "",
        *tables(figures, RATIOS),
    ]
    return "\n".join(lines) + "\n"


def tables(figures, ratios):
    """The lines of the two tables of a benchmark: its ratios, and the figures that they are made of."""
    return [
        "| operation | beside | times as long | limit |",
        "|---|---|--:|--:|",
        *(
            f"| {ratio.name} | {ratio.base} | {ratio.value(figures):.2f} "
            f"| {'' if ratio.limit is None else f'{ratio.limit:g}'} |"
            for ratio in ratios
        ),
        "",
        "| operation | seconds | of the processor | queries |",
        "|---|--:|--:|--:|",
        *(
            f"| {name} | {figure['seconds']:.3f} | {figure['cpu']:.3f} | {figure['queries']} |"
            for name, figure in figures.items()
            if figure["all"]  # runs of it; what is no time has none
        ),
    ]


def test_everything_is_measured(measured):
    assert {name for ratio in RATIOS for name in (ratio.name, ratio.base)} <= measured.keys()
    assert all(figure["seconds"] > 0 and figure["queries"] > 0 for figure in measured.values())


@pytest.mark.parametrize("name", sorted(QUERIES))
def test_queries_are_bounded(measured, name):
    if million.rows() < million.ROWS:
        pytest.skip("What a batch of a thousand asks for is what is bounded.")
    assert measured[name]["queries"] <= QUERIES[name]


@pytest.mark.parametrize("ratio", LIMITED, ids=lambda ratio: " : ".join(ratio[:2]))
def test_ratio(measured, full, ratio):
    if not full:
        pytest.skip("Ratios are held against their limits with --full.")
    assert ratio.value(measured) <= ratio.limit
