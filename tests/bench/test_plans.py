"""How PostgreSQL finds what screens ask for on a million entries: by an index, wherever a list is not of everything."""

from datetime import date
from pathlib import Path

import pytest

from bootstrap import million

MEASURE = """
import sys
sys.path.insert(0, params["here"])
import measure_plans
result = [measure_plans.run(env), measure_plans.sizes(env)]
"""


@pytest.fixture(scope="module")
def plans(wanted, publish, database):
    """What was found, written to files."""
    copy = database("million_addons")
    found, sizes = copy.shell(MEASURE, here=str(Path(__file__).parent))
    copy.drop()
    publish("plans", found, page(found, sizes))
    return found


def page(found, sizes):
    lines = [
        f"# How screens find their records, {million.rows():,} time entries, {date.today().isoformat()}",
        "",
        "| screen | milliseconds | by |",
        "|---|--:|---|",
        *(
            f"| {one['screen']} | {one['milliseconds']:.1f} | {', '.join(f'`{name}`' for name in one['indexes'])} |"
            for one in found
        ),
        "",
        "| index of the addons | on | MB |",
        "|---|---|--:|",
        *(f"| `{index}` | `{table}` | {size:.0f} |" for table, index, size in sizes),
        "",
        *(f"## {one['screen']}\n\n```\n{one['plan']}\n```\n" for one in found),
    ]
    return "\n".join(lines) + "\n"


def test_no_table_is_read_whole(plans):
    assert {one["screen"]: one["whole"] for one in plans if one["whole"]} == {}
    assert [one["screen"] for one in plans if one["indexes"]]
