"""The stages of ``setup/test``: lint, tests of the addons, Odoo's own tests, tests across addons.

The addons' tests run with pytest-odoo in a process that has loaded the database; the tests across addons
start Odoo themselves, so they run in a second process without it. A complete run has two of them at work: the tests
across addons on the second core, beside the others. ``--full`` does one after the other, for it measures.
"""

import contextlib
import os
import signal
import subprocess
import time
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
    if selection.whole and (paths.ROOT / ACROSS).is_dir() and not os.environ.get("TIMETRACK_FULL"):
        _run_on_two_cores(ground, selection, count)
    else:
        _run_one_by_one(ground, selection, count)
    return count


def _run_one_by_one(ground, selection, count):
    addons, across = _addon_tests(ground, selection), _across_tests(ground, selection)
    if addons:
        console.say("\nTests of the addons")
        Pytest(ground, addons, "addon_tests").run(count)
    if across:
        console.say("\nTests across addons")
        Pytest(ground, across, "across_tests").run(count)
    if selection.whole:
        console.say("\nOdoo's own tests with the addons installed")
        full = os.environ.get("TIMETRACK_FULL")
        _count_suites(suites.compare(ground) if full else suites.run(ground), count)


def _run_on_two_cores(ground, selection, count):
    with Pytest(ground, _across_tests(ground, selection), "across_tests") as across:
        across.start_beside()
        console.say("\nTests of the addons")
        Pytest(ground, _addon_tests(ground, selection), "addon_tests").run(count)
        console.say("\nOdoo's own tests with the addons installed")
        _count_suites(suites.run(ground), count)
        console.say("\nTests across addons")
        across.run(count)


def _count_suites(result, count):
    for line in result.lines:
        console.say(f"  {line}")
    count.add(result.passed, result.failed)


class Pytest(contextlib.AbstractContextManager):
    """A run of pytest with a report, from which its outcomes are counted.

    :param arguments: of pytest
    :param name: of its report and its log
    """

    def __init__(self, ground, arguments, name):
        self.report = paths.LOGS / f"{name}.xml"
        self.log = paths.LOGS / f"{name}.log"
        self.command = [str(venv.PYTHON), "-m", "pytest", f"--junitxml={self.report}", *(arguments or ())]
        self.env = ground.server.env
        self.process = None

    def start_beside(self):
        """Start it in the background, with its output in its log."""
        with open(self.log, "wb") as output:
            self._start(stdout=output, stderr=subprocess.STDOUT)

    def __exit__(self, *exception):
        """Stop what still runs in the background."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)  # it closes what it opened
            self.process.wait()

    def run(self, count):
        """Run it in the foreground, or show what it did in the background until it is done; count its outcomes."""
        if self.process:
            self._follow()
        else:
            self._start()
        try:
            code = self.process.wait()
        except KeyboardInterrupt:
            self.process.wait()  # the terminal has told pytest too: let it close what it opened
            raise
        failed = 0
        if self.report.exists():
            passed, failed, skipped = _read(self.report)
            count.add(passed, failed, skipped)
        if code not in (0, NO_TEST_COLLECTED) and not failed:
            console.say(f"pytest ended with exit code {code}")
            count.add(failed=1)

    def _start(self, **output):
        self.report.unlink(missing_ok=True)
        self.process = subprocess.Popen(self.command, cwd=paths.ROOT, env=self.env, stdin=subprocess.DEVNULL, **output)

    def _follow(self):
        """Print the log as it grows."""
        with open(self.log, errors="replace") as lines:
            done, begun = False, ""
            while not done:
                done = self.process.poll() is not None
                for part in lines:  # what is being written ends in the middle of a line
                    begun += part
                    if begun.endswith("\n"):
                        console.say(begun.rstrip("\n"))
                        begun = ""
                time.sleep(0 if done else 1)
            if begun:
                console.say(begun)


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
