"""The virtual environment: pinned libraries, Odoo on its path, a command ``odoo``."""

import hashlib
import os
import shutil
import subprocess
import sys

from . import console, paths

PYTHON = paths.VENV / "bin" / "python"
VERSIONS = ((3, 10), (3, 11), (3, 12), (3, 13))
RUN_PINS = paths.SETUP / "requirements.txt"
TEST_PINS = paths.SETUP / "requirements-test.txt"
COMMAND = """#!{python}
import odoo.cli

if __name__ == "__main__":
    odoo.cli.main()
"""


def missing_packages():
    """Return the Debian packages that making the environment needs."""
    if PYTHON.exists():
        return []
    probe = subprocess.run([_base_python(), "-c", "import ensurepip, venv"], capture_output=True)
    return ["python3-venv"] if probe.returncode else []


def ensure(import_root, tests=False):
    """Bring the environment up to the pins; instantly when nothing changed."""
    if PYTHON.exists() and subprocess.run([PYTHON, "-c", "import sys"], capture_output=True).returncode:
        shutil.rmtree(paths.VENV)  # the Python it was made with is gone
    if not PYTHON.exists():
        console.run_step("Making the virtual environment", [_base_python(), "-m", "venv", paths.VENV], "venv")
    _point_to(import_root)
    for pins in (RUN_PINS, TEST_PINS) if tests else (RUN_PINS,):
        _install(pins)


def key():
    """Return a text that changes with the pins Odoo runs on."""
    return hashlib.sha256(RUN_PINS.read_bytes()).hexdigest()[:12]


def _install(pins):
    stamp = paths.VENV / f".{pins.name}"
    if stamp.exists() and stamp.read_bytes() == pins.read_bytes():
        return
    cache = paths.WORK / "cache" / "pip"
    command = [PYTHON, "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--cache-dir", cache]
    # Both files together, so that the second cannot move a pin of the first.
    command += ["-r", RUN_PINS] + (["-r", pins] if pins != RUN_PINS else [])
    console.run_step(f"Installing Python libraries ({pins.name})", command, f"pip-{pins.stem}", env=dict(os.environ))
    stamp.write_bytes(pins.read_bytes())


def _point_to(import_root):
    """Make ``import odoo`` work, and pip see it where Odoo comes with its metadata."""
    packages = next((paths.VENV / "lib").glob("python3*")) / "site-packages"
    _write(packages / "odoo-source.pth", f"{import_root}\n")
    command = paths.VENV / "bin" / "odoo"
    _write(command, COMMAND.format(python=PYTHON))
    command.chmod(0o755)


def _write(path, text):
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def _base_python():
    """Return a Python of a version that Odoo 19 and the pins know: the calling one first."""
    if sys.version_info[:2] in VERSIONS:
        return sys.executable
    for major, minor in reversed(VERSIONS):
        found = shutil.which(f"python{major}.{minor}")
        if found:
            return found
    raise console.Failure("Python 3.10, 3.11, 3.12 or 3.13 is needed; none is on the PATH.")
