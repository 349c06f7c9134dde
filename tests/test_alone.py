"""The tests of the core addon where neither sales nor accounting nor leave is installed, run by Odoo's own runner."""

import os
import re
import subprocess

import pytest

from bootstrap import paths, runner

pytestmark = pytest.mark.skipif(not os.environ.get("TIMETRACK_FULL"), reason="a long one: setup/test --full")

RESULT = re.compile(r"(\d+) failed, (\d+) error\(s\) of (\d+) tests")
FAILURE = re.compile(r"(?:FAIL|ERROR): .*")


def test_the_core_addon_without_sales_and_leave(database):
    """All of its tests pass, in the browser too."""
    fresh = database("base")
    fresh.cli("-i", "client_timetrack")
    installed = fresh.sql("SELECT name FROM ir_module_module WHERE state = 'installed'")
    assert not {"sale_timesheet", "account", "hr_holidays", "project_timesheet_holidays"} & {
        row[0] for row in installed
    }
    command = fresh.ground.odoo.command(
        "-d",
        fresh.name,
        "--http-port",
        str(runner.free_port()),
        "--stop-after-init",
        "-u",
        "client_timetrack",
        "--test-tags",
        "/client_timetrack",
    )
    done = subprocess.run(
        command,
        cwd=paths.ROOT,
        # once is enough here: the long property tests need no addon to be missing
        env={name: value for name, value in fresh.ground.odoo.env.items() if name != "TIMETRACK_FULL"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    (paths.LOGS / "tests-alone.log").write_text(done.stdout)
    failed, errors, count = map(int, RESULT.findall(done.stdout)[-1])
    assert (done.returncode, failed, errors) == (0, 0, 0), "\n".join(FAILURE.findall(done.stdout))
    assert count > 300
    fresh.drop()
