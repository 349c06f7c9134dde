"""The import: its rate beside Odoo's own create of the same rows, and memory that does not grow with the file.

Runs as the other benchmarks do (see ``test_bench.py``).
"""

from datetime import date
from pathlib import Path

import pytest

from bootstrap import paths

HERE = Path(__file__).parent
DATA = paths.ROOT.parent / "shared" / "data"
TURNS = 3
SMALL, LARGE = 10_000, 100_000
SLOWEST = 0.7
# Megabytes more that a file of ten times the rows may take: noise of an allocator, far below what the rows would.
MORE = 15
START = """
import sys
sys.path[:0] = [params["setup"], params["here"]]
import measure_import
"""


@pytest.fixture(scope="module")
def figures(wanted, publish, database):
    """The figures of one run, written to a file and shown as well."""
    if not (DATA / "sip_tasks.csv").exists():
        pytest.skip(f"The records of time are not in {DATA.name}.")
    where = {"setup": str(paths.ROOT / "setup"), "here": str(HERE)}
    copy = database("addons")
    rate = copy.shell(
        f'{START}result = measure_import.rate(env, params["data"], params["turns"])',
        commit=False, data=str(DATA), turns=TURNS, **where,
    )  # fmt: skip
    copy.drop()
    memory = {}
    for size in (SMALL, LARGE):
        copy = database("addons")
        job = copy.shell(f'{START}result = measure_import.prepare(env, params["size"])', size=size, **where)
        memory[size] = copy.shell(f'{START}result = measure_import.memory(env, params["job"])', job=job, **where)
        copy.drop()
    found = {"rate": rate, "memory": memory}
    publish("bench-import", found, report(found))
    return found


def report(found):
    """The figures as Markdown."""
    rate, memory = found["rate"], found["memory"]
    lines = [
        f"# The import, {date.today().isoformat()}",
        "",
        f"{rate['import']['rows']:,.0f} entries of a real company with their tasks, projects and people, beside "
        "Odoo's own `create` of the same records (one call a model, entries a thousand at a time, no mail). Medians of "
        f"{TURNS} turns; seconds change from machine to machine: the ratio is what counts.",
        "",
        "| | seconds | queries |",
        "|---|--:|--:|",
        *(f"| {name} | {run['seconds']:.1f} | {run['queries']:,.0f} |" for name, run in rate.items()),
        "",
        f"The import runs at {speed(found):.2f} times the rate of `create`; limit {SLOWEST}.",
        "",
        "| rows in the background | megabytes more than before | seconds |",
        "|--:|--:|--:|",
        *(f"| {size:,} | {run['megabytes']:.0f} | {run['seconds']:.0f} |" for size, run in memory.items()),
    ]
    return "\n".join(lines) + "\n"


def speed(found):
    """Rate of the import in rates of Odoo's create."""
    return found["rate"]["create"]["seconds"] / found["rate"]["import"]["seconds"]


def test_all_rows_come_in(figures):
    assert {size: run["rows"] for size, run in figures["memory"].items()} == {SMALL: SMALL, LARGE: LARGE}


def test_memory_does_not_grow_with_the_file(figures):
    small, large = (figures["memory"][size]["megabytes"] for size in (SMALL, LARGE))
    assert large <= small + MORE


def test_rate(figures, full):
    if not full:
        pytest.skip("Ratios are held against their limits with --full.")
    assert speed(figures) >= SLOWEST
