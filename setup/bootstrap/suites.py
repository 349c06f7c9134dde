"""Odoo's own tests of the modules the addons build on, with the addons installed; or of more, with and without."""

import concurrent.futures
import re
from dataclasses import dataclass

from . import console, paths, runner

MODULES = ("hr_timesheet", "sale_timesheet", "project_timesheet_holidays")
# What the long run compares: all that the addons touch, and what firms install beside them.
COMPARED = (
    "analytic",
    "account",
    "project",
    "hr_timesheet",
    "sale_project",
    "sale_timesheet",
    "sale_timesheet_margin",
    "project_timesheet_holidays",
    "project_purchase",
    "hr_attendance",
    "spreadsheet_dashboard",
)
# Of the web client's tests, those of views.
VIEWS = "/web:WebSuite.test_unit_desktop[@web/views]"
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
LOG_WITHOUT = "odoo-suites-without"
RESULT = re.compile(r"(\d+) failed, (\d+) error\(s\) of (\d+) tests")
FAILURE = re.compile(r" (?:ERROR|CRITICAL) \S+ (\S+): (?:FAIL|ERROR): (.+)")


@dataclass
class Result:
    """Tests by outcome, and what there is to say about them."""

    passed: int
    failed: int
    lines: list


def run(ground, number=9):
    """Run the suites on a copy of the addons' template; return the ``Result``."""
    # the others are built on the first one: its update runs their tests of installation too
    suite = Suite(ground.databases, ground.odoo, "addons", MODULES, MODULES[:1], (), LOG, number)
    passed, failed, lines = suite.run(OWN_BEHAVIOUR)
    lines = [f"FAILED  {name}" for name in sorted(lines)]
    return Result(passed, failed, [*lines, f"Odoo's own tests: {passed} passed, {failed} failed"])


def compare(ground):
    """Run the suites without the addons and with them; failed in the ``Result`` are those that fail with them only.

    Both run at the same time, each on a database of its own.
    """
    without = Suite(ground.databases, ground.databases.plain, "core", COMPARED, COMPARED, (VIEWS,), LOG_WITHOUT, 8)
    with_addons = Suite(ground.databases, ground.odoo, "addons", COMPARED, COMPARED, (VIEWS,), LOG, 9)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        before = pool.submit(without.run, ())
        passed, failed, broken = with_addons.run(OWN_BEHAVIOUR)
        passed_before, failed_before, broken_before = before.result()
    news, gone = sorted(broken - broken_before), sorted(broken_before - broken)
    lines = [
        f"Odoo's own tests without the addons: {passed_before} passed, {failed_before} failed",
        *(f"  fails anyway  {name}" for name in sorted(broken & broken_before)),
        *(f"  fails without the addons only  {name}" for name in gone),
        f"Odoo's own tests with the addons:    {passed} passed, {failed} failed",
        *(f"FAILED with the addons only  {name}" for name in news),
    ]
    if passed + failed < passed_before + failed_before:
        lines.append(f"FAILED  {passed_before + failed_before - passed - failed} tests did not run with the addons")
        return Result(passed, len(news) + 1, lines)
    return Result(passed, len(news), lines)


@dataclass
class Suite:
    """Odoo's tests of some modules on a copy of a template.

    :param odoo: the ``Runner`` of it
    :param updated: modules whose update runs the tests of installation of all of them
    :param more: tags of other tests
    :param number: of the copy
    """

    databases: object
    odoo: object
    layer: str
    modules: tuple
    updated: tuple
    more: tuple
    log: str
    number: int

    def run(self, settings):
        """Return (passed, failed, set of names of the failed).

        :param settings: what restores Odoo's own behaviour, see ``OWN_BEHAVIOUR``
        """
        database = self.databases.session_copy(self.layer, self.number)
        try:
            more = [name for name in self.modules if not self._is_installed(database, name)]
            if more:
                label = f"Installing {', '.join(more)} besides {self.layer}"
                self.odoo.run(label, f"{self.log}-install", "-d", database, "-i", ",".join(more), "--stop-after-init")
            if settings:
                missing = self.odoo.shell(database, SWITCH, params={"settings": settings})
                if missing:
                    raise console.Failure(f"{', '.join(missing)}: there is nothing to restore Odoo's behaviour with.")
            return self._run_tests(database)
        finally:
            self.databases.drop(database)

    def _is_installed(self, database, name):
        query = f"SELECT 1 FROM ir_module_module WHERE name = '{name}' AND state = 'installed'"
        return bool(self.databases.server.sql(query, database))

    def _run_tests(self, database):
        tags = [*(f"/{name}" for name in self.modules), *self.more]
        args = ("-d", database, "-u", ",".join(self.updated), "--test-tags", ",".join(tags), "--stop-after-init")
        label = f"Odoo's tests of {', '.join(self.modules)} on {self.layer}"
        broken = None
        try:
            self.odoo.run(label, self.log, *args, "--http-port", runner.free_port())
        except console.Failure as failure:  # Odoo exits so when a test fails
            broken = failure
        passed, failed, names = _read((paths.LOGS / f"{self.log}.log").read_text(errors="replace"))
        if broken and not failed:
            names, failed = {str(broken)}, 1  # it broke outside a test
        return passed, failed, names


def _read(text):
    """Return (passed, failed, names of the failed) from Odoo's log."""
    totals = [tuple(map(int, found)) for found in RESULT.findall(text)]
    failed = sum(failures + errors for failures, errors, _all in totals)
    passed = sum(total for _failures, _errors, total in totals) - failed
    return passed, failed, {f"{module.removeprefix('odoo.addons.')} {name}" for module, name in FAILURE.findall(text)}
