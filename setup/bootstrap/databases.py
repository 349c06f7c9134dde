"""Template databases, keyed by what they were built from, and quick copies of them.

A template is built on a copy of another one, so a change in the addons costs only their installation::

    base             Odoo without applications
    core             Odoo's modules that the addons build on, without the addons
    addons           core and the three addons
    core_demo, demo  the same two with demo data
    million          core with a million time entries (see ``million.py``); built for the benchmarks only
    million_addons   million with the three addons at work

A name holds the key; a template appears under its name only when it is complete.
"""

import ast
import fcntl
import hashlib
import os
import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass

from . import console, million, paths, postgres, runner, venv

# Installed besides what the addons' manifests name: what firms run with them and Odoo's suites need.
CORE_MODULES = (
    "hr_timesheet",
    "sale_timesheet",
    "account",
    "project_timesheet_holidays",
    "spreadsheet_dashboard",
)
LAYERS = {  # name: (built on, what to install, with demo data)
    "base": (None, "base", False),
    "core": (None, "core", False),
    "addons": ("core", "addons", False),
    "core_demo": (None, "core", True),
    "demo": ("core_demo", "addons", True),
    "million": ("core", "million", False),
    "million_addons": ("million", "million_addons", False),
}
# Of an addon's files these leave no trace in a database.
NOT_IN_DATABASE = ("tests", "readme", "README.md", "README.rst", "pyproject.toml", "__pycache__")
ASSETS = ("static/src", "static/tests")
ASSETS_SCRIPT = "env['ir.qweb']._pregenerate_assets_bundles()"


@dataclass(frozen=True)
class Databases:
    """The databases of this checkout on a server."""

    server: postgres.Server
    source_key: str
    plain: runner.Runner  # Odoo without our addons
    full: runner.Runner

    def template(self, layer):
        """Return the name of an up-to-date template database, built now if need be."""
        name = self.template_name(layer)
        with _lock():
            if not self.exists(name):
                self._build(layer, name)
        return name

    def copy(self, origin, name):
        """Make a database a copy of another, files included."""
        self.server.client("createdb", "-T", origin, name)
        files = runner.DATA / "filestore"
        if (files / origin).is_dir():
            # Files of Odoo's store are named by their content and never change: links are safe.
            subprocess.run(["cp", "-al", str(files / origin), str(files / name)], check=True)
        return name

    def drop(self, name):
        """Remove a database and its files; nothing happens when it is not there."""
        self.server.client("dropdb", "--if-exists", "--force", name)
        shutil.rmtree(runner.DATA / "filestore" / name, ignore_errors=True)

    def rename(self, old, new):
        """Rename a database and its files."""
        self.server.sql(f'ALTER DATABASE "{old}" RENAME TO "{new}"')
        files = runner.DATA / "filestore"
        if (files / old).is_dir():
            (files / old).rename(files / new)

    def exists(self, name):
        """Tell whether a database is there."""
        return name in self.names()

    def names(self):
        """Return the names of all databases of the server."""
        return [row[0] for row in self.server.sql("SELECT datname FROM pg_database")]

    def label(self, name, text=None):
        """Read, or with ``text`` set, the label that says what a database was built from."""
        if text is not None:
            self.server.sql(f"COMMENT ON DATABASE \"{name}\" IS '{text}'")
        query = f"SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '{name}'"
        rows = self.server.sql(query)
        return rows[0][0] if rows else None

    def session_copy(self, layer, number):
        """Return a new copy of a template for this process; ``drop_sessions`` removes what is left of them."""
        return self.copy(self.template(layer), f"{_prefix('run')}{os.getpid()}_{number}")

    def drop_sessions(self, pid=None):
        """Drop the copies of a process, or those whose process is gone."""
        start = _prefix("run")
        for name in self.names():
            owner = name[len(start) :].partition("_")[0]
            if name.startswith(start) and owner.isdigit():
                if int(owner) == pid or (pid is None and not os.path.exists(f"/proc/{owner}")):
                    self.drop(name)

    def template_name(self, layer):
        """Return the name of a template, which holds the hash of all that it is built from."""
        below, content, demo = LAYERS[layer]
        parts = [self.source_key, venv.key(), below and self.template_name(below), demo]
        parts.append(_content_key(content))
        return f"{_prefix('tpl')}{layer}_{hashlib.sha256(repr(parts).encode()).hexdigest()[:10]}"

    def _build(self, layer, name):
        """Build a template beside its final name; drop what it replaces."""
        below, content, demo = LAYERS[layer]
        origin = self.template_name(below) if below else None
        if origin and not self.exists(origin):
            self._build(below, origin)
        partial = f"{_prefix('new')}{layer}"
        self.drop(partial)
        if origin:
            self.copy(origin, partial)
        self._fill(layer, content, partial, demo)
        for old in self.names():
            if old.startswith(f"{_prefix('tpl')}{layer}_") and len(old) == len(name):
                self.drop(old)
        self.rename(partial, name)

    def _fill(self, layer, content, database, demo):
        """Put into a new template what its layer adds to the one below."""
        if content == "million":
            million.load(self.plain, database)
        elif content == "million_addons":
            million.choose_day(self.plain, database)
            self._install(layer, "addons", database, demo)
            self.server.sql("VACUUM", database)  # the rates take the place that the installation left behind
            million.put_to_work(self.full, database)
        else:
            self._install(layer, content, database, demo)
        if layer.startswith("million"):  # now, rather than by the server in the middle of a measurement
            self.server.sql("VACUUM ANALYZE", database)

    def _install(self, layer, content, database, demo):
        """Install the modules of a layer."""
        modules = {"base": ("base",), "core": core_modules(), "addons": paths.ADDONS}[content]
        odoo = self.full if content == "addons" else self.plain
        label = f"Building the template database {layer!r}"
        odoo.update(label, database, "-i", ",".join(modules), demo=demo)
        if content == "core":  # all copies open their first page at once, as far as the addons leave the assets alone
            odoo.shell(database, ASSETS_SCRIPT, label="Building its web assets")


def core_modules():
    """Return the Odoo modules of the template ``core``, sorted."""
    names = set(CORE_MODULES)
    for addon in paths.ADDONS:
        names.update(manifest(addon)["depends"])
    return tuple(sorted(names - set(paths.ADDONS)))


def manifest(addon):
    """Return the manifest of one of our addons."""
    return ast.literal_eval((paths.ROOT / addon / "__manifest__.py").read_text())


def addons_key():
    """Return a hash of all files of the addons that can show in a database."""
    digest = hashlib.sha256()
    for addon in paths.ADDONS:
        for path in sorted((paths.ROOT / addon).rglob("*")):
            relative = path.relative_to(paths.ROOT / addon)
            if path.is_file() and _in_database(relative):
                digest.update(f"{addon}/{relative}\0".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _content_key(content):
    """Return what a template depends on besides the one that it is built on."""
    if content == "million":
        return million.key()
    if content == "million_addons":
        return addons_key(), million.addons_key()
    return {"base": "", "core": (core_modules(), ASSETS_SCRIPT), "addons": addons_key()}[content]


def _in_database(relative):
    skipped = set(relative.parts) & set(NOT_IN_DATABASE)
    return not skipped and not relative.as_posix().startswith(ASSETS)


def _prefix(kind):
    return f"timetrack_{kind}_{postgres.checkout_id()}_"


@contextmanager
def _lock():
    """Let one process build at a time: the next one finds the template ready."""
    with open(paths.WORK / "templates.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            console.say("  Waiting for another run that builds a template database")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
