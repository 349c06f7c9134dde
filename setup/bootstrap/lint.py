"""The checks of ``setup/lint``: style, Odoo's rules, translations, licences, and no trace of a machine."""

import re
import subprocess
from dataclasses import dataclass

from . import console, dashboards, paths

HOSTS = re.compile(r"\b(?:pypi|pythonhosted|debian|npmjs)\.(?:org|com)\b")
MACHINE_PATH = re.compile(r"(?<![\w.}/-])/(?:work|root|home/\w+)/")
TEXT_LIMIT = 2_000_000  # bytes; larger files are data


@dataclass(frozen=True)
class Result:
    """What one check said."""

    name: str
    passed: bool
    output: str


def run(source):
    """Run all checks, print what each has to say, return the results."""
    results = []
    for name, command in commands(source):
        results.append(_tool(name, command))
        _show(results[-1])
    problems = machine_traces()
    results.append(Result("no host names and paths of a machine", not problems, "\n".join(problems)))
    _show(results[-1])
    stale = [f"{path.name}: run setup/dashboards" for path in dashboards.stale()]
    results.append(Result("dashboards are what is described", not stale, "\n".join(stale)))
    _show(results[-1])
    return results


def commands(source):
    """Return (name, command) of the tools."""
    addons = [addon for addon in paths.ADDONS if (paths.ROOT / addon).is_dir()]
    catalogues = sorted(str(path.relative_to(paths.ROOT)) for path in paths.ROOT.glob("client_timetrack*/i18n/*.po*"))
    checks = [
        ("ruff", ["ruff", "check", "--no-fix", "."]),
        ("pylint-odoo", ["pylint", "--rcfile", "pyproject.toml", *addons]),
        ("oca-checks-odoo-module", ["oca-checks-odoo-module", *addons]),
        *manifestoo(source),
    ]
    if catalogues:
        checks.append(("oca-checks-po", ["oca-checks-po", "--disable=po-pretty-format", *catalogues]))
    return checks


def manifestoo(source):
    """Return name and command of each check of the manifests."""
    odoo_path = ",".join(map(str, source.addons))
    tool = ["manifestoo", "--addons-path", odoo_path, "--select-addons-dir", str(paths.ROOT), "--odoo-series", "19.0"]
    return [
        ("manifestoo check-licenses", [*tool, "check-licenses"]),
        ("manifestoo check-dev-status", [*tool, "check-dev-status", "--default-dev-status", "Beta"]),
    ]


def machine_traces():
    """Return a line for each place in our files that names a registry's host or a path of one machine."""
    found = []
    for path in _files():
        if not path.is_file() or path.stat().st_size > TEXT_LIMIT:
            continue
        content = path.read_bytes()
        if b"\0" in content[:8000]:
            continue
        for number, line in enumerate(content.decode(errors="replace").splitlines(), 1):
            if HOSTS.search(line) or MACHINE_PATH.search(line):
                found.append(f"{path.relative_to(paths.ROOT)}:{number}: {line.strip()[:100]}")
    return found


def _files():
    """Return the files of the project: what git knows or would add; everything visible without git."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(command, cwd=paths.ROOT, capture_output=True, text=True, check=True)
        return [paths.ROOT / name for name in done.stdout.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        visible = (path for path in paths.ROOT.rglob("*") if not path.relative_to(paths.ROOT).parts[0].startswith("."))
        return [path for path in visible if "__pycache__" not in path.parts]


def _tool(name, command):
    program = paths.VENV / "bin" / command[0]
    env = dict(paths.child_environment(), PATH=f"{paths.VENV / 'bin'}:/usr/local/bin:/usr/bin:/bin")
    done = subprocess.run(
        [str(program), *command[1:]],
        cwd=paths.ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    output = done.stdout.strip()
    silent = name in ("pylint-odoo", "oca-checks-odoo-module", "oca-checks-po")  # for these any message is one too many
    return Result(name, done.returncode == 0 and not (silent and output), output)


def _show(result):
    console.say(f"  {'ok    ' if result.passed else 'FAILED'}  {result.name}")
    if not result.passed:
        console.say(result.output)
