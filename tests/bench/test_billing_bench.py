"""Billing on a million time entries, beside Odoo's own invoicing and plain SQL: ratios, never seconds.

Runs as the other benchmarks do (see ``test_bench.py``).
"""

from datetime import date
from pathlib import Path

import pytest
from test_bench import tables

from bootstrap import million
from bootstrap.growth import Ratio

HERE = Path(__file__).parent
REPETITIONS = 5
SMALL, LARGE = 500, 5_000
START = """
import sys
sys.path.insert(0, params["here"])
import measure_billing
result = measure_billing.run(params["addons"], params["core"], params["sizes"], params["repetitions"])
"""
RATIOS = (
    Ratio(f"pre-bill and invoice of {LARGE}", f"order invoiced, {LARGE}, core", 2.5),
    Ratio(f"pre-bill and invoice of {LARGE}", f"pre-bill and invoice of {SMALL}", 12),
    Ratio(f"invoiced at once, {LARGE}", f"order invoiced, {LARGE}, core"),
    Ratio(f"order invoiced, {LARGE}", f"order invoiced, {LARGE}, core"),
    Ratio("work in progress", "work in progress, plain SQL", 2),
)
# What ten times the entries may take more of them: Odoo reads records in batches of a thousand.
MORE_QUERIES = 25


@pytest.fixture(scope="module")
def billing(wanted, publish, database):
    """The figures of one run, written to files and shown as well."""
    addons, core = database("million_addons"), database("million")
    params = {"here": str(HERE), "addons": addons.name, "core": core.name}
    figures = addons.shell(START, sizes=[SMALL, LARGE], repetitions=REPETITIONS, **params)
    for copy in (addons, core):
        copy.drop()
    publish("bench-billing", figures, report(figures), RATIOS)
    return figures


def report(figures):
    """The figures as Markdown."""
    lines = [
        f"# Billing, {million.rows():,} time entries, {date.today().isoformat()}",
        "",
        "Medians of one run, in which the operations of a comparison take turns. “core” is Odoo without the addons on "
        "the same entries: its wizard invoices an order with as much time in one line. A pre-bill and its invoice are "
        "two requests, as people make them; “at once” is one. Seconds change from machine to machine: the ratios are "
        "what counts.",
        "",
        *tables(figures, RATIOS),
    ]
    return "\n".join(lines) + "\n"


def test_queries_are_bounded(billing):
    small, large = (billing[f"pre-bill and invoice of {size}"]["queries"] for size in (SMALL, LARGE))
    assert large <= small + MORE_QUERIES


@pytest.mark.parametrize("ratio", [one for one in RATIOS if one.limit], ids=lambda ratio: " : ".join(ratio[:2]))
def test_ratio(billing, full, ratio):
    if not full:
        pytest.skip("Ratios are held against their limits with --full.")
    assert ratio.value(billing) <= ratio.limit
