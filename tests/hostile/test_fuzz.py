"""Values that no screen sends, for every field of every record of the demo firm."""

import os
from pathlib import Path

import pytest

SCRIPT = """
import sys
sys.path.insert(0, params["folder"])
import fuzz
result = fuzz.fuzz(env)
"""


@pytest.mark.skipif(not os.environ.get("TIMETRACK_FULL"), reason="a long one: setup/test --full")
def test_nothing_breaks(database):
    firm = database("demo")
    problems = firm.shell(SCRIPT, commit=False, folder=str(Path(__file__).parent))
    assert not problems, "\n".join(problems)
    firm.drop()
