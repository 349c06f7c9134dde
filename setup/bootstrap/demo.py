"""The demo database: demo data, the main job on real input, a summary, a server."""

import hashlib
import json
import shutil
import time
from pathlib import Path

from . import console, paths, runner

DATABASE = "timetrack_demo"
DEFAULT_PORT = 8069
DEFAULT_DATA = paths.ROOT.parent / "shared" / "data"
INPUT = paths.WORK / "input"
SUMMARY = paths.OUT / "summary.json"
MAIN_JOB = paths.SETUP / "main_job.py"
# Who can log in where, by role. Only those that the database really has are printed.
DEMO_LOGINS = (
    ("Consultant", "consultant", "consultant"),
    ("Head of Consulting", "manager", "manager"),
    ("Managing Partner", "partner", "partner"),
    ("Accountant", "accountant", "accountant"),
    ("Administrator", "admin", "admin"),
    ("Client, on the portal", "client", "client"),
)
# The main job prints its progress with this in front; see setup/main_job.py.
ECHO = "[job]"
SCRIPT = """
import sys
sys.path.insert(0, params["setup"])
import main_job
from pathlib import Path
result = main_job.run(
    env, Path(params["data"]), Path(params["out"]), lambda text: print(params["echo"], text, flush=True)
)
"""


def build(ground, files):
    """Bring the demo database up to date; return the summary of the main job."""
    collect(files)
    key = _key(ground)
    base = ground.databases
    if base.label(DATABASE) == key and SUMMARY.exists():
        console.say(f"The database {DATABASE} is up to date.")
        return json.loads(SUMMARY.read_text())
    started = time.monotonic()
    partial = f"{DATABASE}_new"
    template = base.template("demo")
    base.drop(partial)
    base.copy(template, partial)
    summary = _main_job(ground, partial)
    base.drop(DATABASE)
    base.rename(partial, DATABASE)
    summary["seconds"] = round(time.monotonic() - started)
    SUMMARY.write_text(json.dumps(summary))
    base.label(DATABASE, key)
    return summary


def drop(ground):
    """Remove the demo database, so that it is built anew."""
    ground.databases.drop(DATABASE)
    SUMMARY.unlink(missing_ok=True)
    console.say(f"The database {DATABASE} is dropped.")


def collect(files):
    """Link the input files into one folder, which the main job reads."""
    shutil.rmtree(INPUT, ignore_errors=True)
    INPUT.mkdir(parents=True)
    if not files and DEFAULT_DATA.is_dir():
        files = [DEFAULT_DATA]
    for path in (Path(name).expanduser().resolve() for name in files or ()):
        if not path.exists():
            raise console.Failure(f"There is no file {path} (--data).")
        for file in sorted(path.glob("*.csv")) if path.is_dir() else [path]:
            (INPUT / file.name).symlink_to(file)


def show(summary):
    """Print the figures of the main job and the paths of what it wrote."""
    console.say("\nSummary")
    for name, value in summary.get("figures", []):
        console.say(f"  {name:<44} {value}")
    for path in summary.get("files", []):
        console.say(f"  written: {path}")


def serve(ground, port):
    """Serve the demo database until Ctrl-C."""
    options = ("--max-cron-threads", "1")
    with ground.odoo.serving(DATABASE, port or _default_port(), "serve", options) as (address, process):
        console.say(f"\nOdoo answers at {address}  (log: {paths.LOGS / 'serve.log'})")
        for role, login, password in _logins(ground):
            console.say(f"  {role:<28} {login} / {password}")
        console.say("Ctrl-C stops it.")
        process.wait()
        raise console.Failure(f"Odoo ended. The end of its log:\n{console.tail(paths.LOGS / 'serve.log')}")


def _main_job(ground, database):
    params = {"setup": str(paths.SETUP), "data": str(INPUT), "out": str(paths.OUT), "echo": ECHO}
    result = ground.odoo.shell(database, SCRIPT, params=params, label="Running the main job", echo=ECHO)
    return result or {}


def _logins(ground):
    rows = ground.server.sql("SELECT login FROM res_users WHERE active", DATABASE)
    known = {row[0] for row in rows}
    return [entry for entry in DEMO_LOGINS if entry[1] in known]


def _default_port():
    port = next(port for port in range(DEFAULT_PORT, DEFAULT_PORT + 200) if runner.port_is_free(port))
    if port != DEFAULT_PORT:
        console.say(f"Port {DEFAULT_PORT} is taken; using {port}.")
    return port


def _key(ground):
    """Return a hash of all that the demo database is made from."""
    digest = hashlib.sha256(ground.databases.template_name("demo").encode())
    digest.update(MAIN_JOB.read_bytes())
    for path in sorted(INPUT.iterdir()):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]
