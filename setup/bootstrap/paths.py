"""Where things are. Everything that is made goes below one folder that git ignores."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SETUP = ROOT / "setup"
WORK = ROOT / ".odoo"
LOGS = WORK / "log"
OUT = WORK / "out"
TMP = WORK / "tmp"
VENV = WORK / "venv"
ADDONS = ("client_timetrack", "client_timetrack_billing", "client_timetrack_reports")


def make_folders():
    """Create the folders every other module writes to."""
    for folder in (WORK, LOGS, OUT, TMP, WORK / "home"):
        folder.mkdir(parents=True, exist_ok=True)


def child_environment():
    """Return the environment of our child processes.

    It keeps what tools leave behind (byte code, caches, profiles) below the ignored folder, and it gives
    a home to machines that have none.
    """
    env = dict(os.environ)
    env.update(
        HOME=str(WORK / "home"),
        PYTHONPYCACHEPREFIX=str(WORK / "cache" / "pycache"),
        PYTHONUNBUFFERED="1",
        RUFF_CACHE_DIR=str(WORK / "cache" / "ruff"),
        PYLINTHOME=str(WORK / "cache" / "pylint"),
        HYPOTHESIS_STORAGE_DIRECTORY=str(WORK / "cache" / "hypothesis"),
    )
    env.setdefault("LANG", "C.UTF-8")
    for name in ("PYTHONPATH", "PYTHONHOME", "ODOO_RC", "OPENERP_SERVER"):
        env.pop(name, None)
    return env
