"""Odoo's own tests of the modules the addons build on, with the addons installed."""

import re
from dataclasses import dataclass

from . import console, paths, runner

MODULES = ("hr_timesheet", "sale_timesheet", "project_timesheet_holidays")
# Where approval by design changes what Odoo's tests expect, a company field restores Odoo's own behaviour.
# (model, field, value): set as default of new companies and written on those that exist.
OWN_BEHAVIOUR = (("res.company", "timetrack_approval_required", False),)
SWITCH = """
missing = []
for model, field, value in params["settings"]:
    if field not in env[model]._fields:
        missing.append(f"{model}.{field}")
        continue
    env["ir.default"].set(model, field, value)
    env[model].search([]).write({field: value})
result = missing
"""
LOG = "odoo-suites"
RESULT = re.compile(r"(\d+) failed, (\d+) error\(s\) of (\d+) tests")
FAILURE = re.compile(r" (?:ERROR|CRITICAL) \S+ \S+: (?:FAIL|ERROR): (.+)")


@dataclass
class Result:
    """Tests by outcome, and what there is to say about them."""

    passed: int
    failed: int
    lines: list


def run(ground, number=9, cancelled=None):
    """Run the suites on a copy of the addons' template; return the ``Result``.

    :param cancelled: an event that stops them, for a thread
    """
    database = ground.databases.session_copy("addons", number)
    try:
        missing = ground.odoo.shell(database, SWITCH, params={"settings": OWN_BEHAVIOUR})
        result = _run_tests(ground, database, cancelled)
    finally:
        ground.databases.drop(database)
    result.lines[:0] = [f"{name} does not exist: nothing to switch to Odoo's own behaviour." for name in missing]
    return result


def _run_tests(ground, database, cancelled):
    tags = ",".join(f"/{name}" for name in MODULES)
    args = ("-d", database, "-u", MODULES[0], "--test-tags", tags, "--stop-after-init")
    label = f"Odoo's tests of {', '.join(MODULES)}"
    broken = None
    try:
        ground.odoo.run(label, LOG, *args, "--http-port", runner.free_port(), cancelled=cancelled)
    except console.Failure as failure:  # Odoo exits so when a test fails
        broken = failure
    passed, failed, names = _read((paths.LOGS / f"{LOG}.log").read_text(errors="replace"))
    lines = [f"FAILED  {name}" for name in names]
    if broken and not failed:
        lines.append(str(broken))  # it broke outside a test
        failed = 1
    return Result(passed, failed, [*lines, f"Odoo's own tests: {passed} passed, {failed} failed"])


def _read(text):
    """Return (passed, failed, names of the failed) from Odoo's log."""
    totals = [tuple(map(int, found)) for found in RESULT.findall(text)]
    failed = sum(failures + errors for failures, errors, _all in totals)
    passed = sum(total for _failures, _errors, total in totals) - failed
    return passed, failed, FAILURE.findall(text)
