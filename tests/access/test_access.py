"""Who may do what with what the addons bring: every model, field and method, by every role, tried.

``access.md`` is what comes out; a model, a field or a method that is not in it fails here, and so does one that has
become open to somebody, or closed. It is written by

    TIMETRACK_WRITE=1 setup/test --full tests/access

and somebody reads what has changed before it is committed. That everything has its row, access rights and groups of
fields are looked at in every run; it is tried with ``--full``.
"""

import difflib
import os
import re
from pathlib import Path

import pytest
from table import names, render, rows, section

HERE = Path(__file__).parent
TABLE = HERE / "access.md"
ROOT = HERE.parents[1]
FULL = bool(os.environ.get("TIMETRACK_FULL"))
WRITE = bool(os.environ.get("TIMETRACK_WRITE"))
SCRIPT = """
import sys
sys.path.insert(0, params["folder"])
import probe, world
result = probe.probe(env, world.build(env), params["tricks"], params["thorough"])
"""


def tricks():
    """The keys of a context that the addons ask for."""
    asked = re.compile(r"context(?:\.get\(|\[)\"(timetrack_\w+)\"")
    files = (file for folder in ROOT.glob("client_timetrack*") for file in folder.rglob("*.py"))
    return sorted({key for file in files if file.parent.name != "tests" for key in asked.findall(file.read_text())})


@pytest.fixture(scope="module")
def found(database):
    """What was tried on the demo firm."""
    firm = database("demo")
    result = firm.shell(SCRIPT, commit=False, folder=str(HERE), tricks=tricks(), thorough=FULL)
    firm.drop()
    return result


def test_tricks_are_found():
    assert "timetrack_internal" in tricks() and len(tricks()) > 5


@pytest.mark.skipif(not FULL, reason="a long one: setup/test --full")
def test_no_way_around(found):
    """What is hidden stays hidden whatever the way and the context; nonsense is refused with a sentence."""
    assert not found["problems"], "\n".join(found["problems"])
    # it was tried, and some of it is allowed to somebody
    assert found["counts"]["imports"] > 1_000
    assert found["counts"]["commands that do something"] > 50, found["counts"]


@pytest.mark.parametrize("part", ["allowed", "groups", *(("visible", "changed", "called") if FULL else ())])
def test_the_table_is_what_is_there(found, part):
    """Nobody may do more, or less, than was looked at."""
    if WRITE and FULL:
        TABLE.write_text(render(found))
    known = section(part, TABLE.read_text())
    text = "\n".join(difflib.unified_diff(known, rows(part, found), "known", "now", n=0, lineterm=""))
    assert not text, f"Read this, and write it down with TIMETRACK_WRITE=1:\n{text}"


@pytest.mark.parametrize(("kind", "part"), [("fields", "changed"), ("methods", "called")])
def test_everything_has_a_row(found, kind, part):
    """No field or method is there that nobody looked at."""
    assert sorted(names(section(part, TABLE.read_text()))) == sorted(found[kind])
