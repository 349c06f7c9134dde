"""The stages of ``setup/test``: lint, tests of the addons, tests across addons, Odoo's own tests.

The addons' tests run with pytest-odoo in a process that has loaded the database; the tests across addons
start Odoo themselves, so they run in a second process without it. Odoo's own tests need nothing but a database: they
run beside the others, on the second core, and are reported at the end.
"""

import contextlib
import multiprocessing
import os
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path

from . import console, lint, paths, suites, venv

ACROSS = "tests"
# Options of pytest whose value is a word of its own, which is no path even where a file has that name.
WITH_VALUE = ("-k", "-m", "-p", "-o", "-c", "-n", "-r", "-W", "--deselect", "--ignore", "--rootdir", "--maxfail")
NO_TEST_COLLECTED = 5


@dataclass
class Selection:
    """What a command line of pytest asks for."""

    options: list = field(default_factory=list)
    addon_paths: list = field(default_factory=list)
    across_paths: list = field(default_factory=list)

    @property
    def whole(self):
        """Tell whether everything is asked for."""
        narrowing = any(option.startswith(("-k", "-m", "--lf", "--ff")) for option in self.options)
        return not (narrowing or self.addon_paths or self.across_paths)


@dataclass
class Count:
    """Tests by outcome."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def add(self, passed=0, failed=0, skipped=0):
        """Count more of them."""
        self.passed += passed
        self.failed += failed
        self.skipped += skipped

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed" + (f", {self.skipped} skipped" if self.skipped else "")


def select(arguments, start):
    """Sort pytest's arguments into options and paths by the process they belong to.

    :param Path start: folder that relative paths start from
    """
    selection = Selection()
    value = False
    for argument in arguments:
        name, _colons, rest = argument.partition("::")
        path = Path(os.path.abspath(start / name))
        if value or argument.startswith("-") or not path.exists():
            selection.options.append(argument)
        else:
            _sort_path(selection, path, f"{path}::{rest}" if rest else str(path))
        value = not value and argument in WITH_VALUE
    return selection


def run(ground, selection):
    """Run what was selected; return the ``Count``."""
    count = Count()
    if selection.whole:
        console.say("\nLint")
        results = lint.run(ground.source)
        failed = sum(not result.passed for result in results)
        count.add(len(results) - failed, failed)
    with _suites_beside(ground) if selection.whole else contextlib.nullcontext() as suites_result:
        for name, stage in (("Tests of the addons", _addon_tests), ("Tests across addons", _across_tests)):
            command = stage(ground, selection)
            if command:
                console.say(f"\n{name}")
                _pytest(ground, command, stage.__name__.strip("_"), count)
        if selection.whole:
            console.say("\nOdoo's own tests with the addons installed")
            count.add(*suites_result())
    return count


@contextlib.contextmanager
def _suites_beside(ground):
    """Run Odoo's own tests in a process beside; yield a function that waits for (passed, failed)."""
    ground.databases.template("addons")  # built once, before two processes want it
    fork = multiprocessing.get_context("fork")
    receiver, sender = fork.Pipe(duplex=False)
    log = paths.LOGS / "suites-beside.log"
    process = fork.Process(target=_run_suites, args=(ground, sender, log))
    process.start()
    sender.close()

    def result():
        try:
            found = receiver.recv()
        except EOFError:  # it broke: its text says how
            found = (0, 1)
        process.join()
        console.say(log.read_text().rstrip())
        return found

    try:
        yield result
    finally:
        if process.is_alive():
            process.terminate()
            process.join()


def _run_suites(ground, sender, log):
    with open(log, "w") as output, contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        sender.send(suites.run(ground))


def _sort_path(selection, path, text):
    if path == paths.ROOT:
        return
    top = path.relative_to(paths.ROOT).parts[0] if path.is_relative_to(paths.ROOT) else ""
    if top in paths.ADDONS:
        selection.addon_paths.append(text)
    elif top == ACROSS:
        selection.across_paths.append(text)
    else:
        raise console.Failure(f"{path} is neither in an addon nor in {ACROSS}/.")


def _addon_tests(ground, selection):
    """Return the arguments of pytest for the addons' tests, or None when they are not asked for."""
    if selection.across_paths and not selection.addon_paths:
        return None
    where = selection.addon_paths or [str(paths.ROOT / addon) for addon in paths.ADDONS]
    database = ground.databases.session_copy("addons", 1)
    odoo = [f"--odoo-database={database}", f"--odoo-config={ground.odoo.config}", "--odoo-http"]
    return [*odoo, *selection.options, *where]


def _across_tests(ground, selection):
    """Return the arguments of pytest for the tests across addons, or None when they are not asked for."""
    folder = paths.ROOT / ACROSS
    if not folder.is_dir() or (selection.addon_paths and not selection.across_paths):
        return None
    return ["-p", "no:odoo", *selection.options, *(selection.across_paths or [str(folder)])]


def _pytest(ground, arguments, name, count):
    """Run pytest in the foreground and count its outcomes from its report."""
    report = paths.LOGS / f"{name}.xml"
    report.unlink(missing_ok=True)
    command = [str(venv.PYTHON), "-m", "pytest", f"--junitxml={report}", *arguments]
    process = subprocess.Popen(command, cwd=paths.ROOT, env=ground.server.env, stdin=subprocess.DEVNULL)
    try:
        code = process.wait()
    except KeyboardInterrupt:
        process.wait()  # the terminal has told pytest too: let it close what it opened
        raise
    if report.exists():
        passed, failed, skipped = _read(report)
        count.add(passed, failed, skipped)
    else:
        failed = 0
    if code not in (0, NO_TEST_COLLECTED) and not failed:
        console.say(f"pytest ended with exit code {code}")
        count.add(failed=1)


def _read(report):
    """Return (passed, failed, skipped) of a JUnit report.

    Its totals count each sub-test too, so the test cases themselves are counted.
    """
    outcomes = {"passed": 0, "failed": 0, "skipped": 0}
    for case in ET.parse(report).getroot().iter("testcase"):
        marks = {child.tag for child in case}
        failed = marks & {"failure", "error"}
        outcomes["failed" if failed else "skipped" if "skipped" in marks else "passed"] += 1
    return tuple(outcomes.values())
