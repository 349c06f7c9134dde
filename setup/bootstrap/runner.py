"""Running Odoo: its configuration, commands, scripts in ``odoo shell``, and a server on a free port."""

import json
import os
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import console, paths, postgres, venv

DATA = paths.WORK / "data"
CONFIG = """[options]
addons_path = {addons}
data_dir = {data}
http_interface = 127.0.0.1
list_db = False
max_cron_threads = 0
{database}
"""
# What runs in ``odoo shell``: the caller's text sees env and params, and leaves its answer in result.
SCRIPT = """
import json as _json
params = _json.loads({params!r})
result = None
exec(compile({script!r}, "script", "exec"))
{ending}
with open({answer!r}, "w") as _file:
    _json.dump(result, _file, default=str)
"""


@dataclass(frozen=True)
class Runner:
    """Odoo with one configuration file."""

    server: postgres.Server
    config: Path
    python: Path = venv.PYTHON

    @property
    def env(self):
        """Return the environment of every Odoo process."""
        return self.server.env

    def command(self, *args):
        """Return the command line of ``odoo`` with the configuration."""
        first = [str(self.python), str(paths.VENV / "bin" / "odoo")]
        if args and args[0] in ("shell", "db", "module", "populate", "i18n"):
            return [*first, args[0], "-c", str(self.config), *map(str, args[1:])]
        return [*first, "-c", str(self.config), *map(str, args)]

    def run(self, label, log_name, *args, **options):
        """Run an ``odoo`` command as a step (see ``console.run_step``); return its log."""
        return console.run_step(label, self.command(*args), log_name, env=self.env, **options)

    def update(self, label, database, *args, demo=False):
        """Install or update modules (``-i``/``-u``) and stop."""
        options = ["-d", database, "--no-http", "--stop-after-init"] + (["--with-demo"] if demo else [])
        return self.run(label, f"odoo-{database}", *options, *args)

    def shell(self, database, script, *, params=None, commit=True, label=None, echo=None):
        """Run a script with ``env`` and ``params`` in a database; return its ``result``, passed as JSON."""
        handle, answer = tempfile.mkstemp(suffix=".json", dir=paths.TMP)
        os.close(handle)
        text = SCRIPT.format(
            params=json.dumps(params or {}),
            script=script,
            answer=answer,
            ending="env.cr.commit()" if commit else "env.cr.rollback()",
        )
        args = ("shell", "-d", database, "--no-http")
        try:
            if label:
                self.run(label, f"shell-{database}", *args, stdin=text, echo=echo)
            else:
                self._quietly(args, text)
            return json.loads(Path(answer).read_text() or "null")
        finally:
            os.unlink(answer)

    def _quietly(self, args, text):
        done = subprocess.run(
            self.command(*args),
            input=text,
            env=self.env,
            cwd=paths.ROOT,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        if done.returncode:
            raise console.Failure(f"The script failed in odoo shell:\n{done.stdout[-6000:]}")

    @contextmanager
    def serving(self, database, port=None, log_name=None, options=()):
        """Serve a database on 127.0.0.1; yield (address, process)."""
        port = port or free_port()
        log = paths.LOGS / f"{log_name or 'serve-' + database}.log"
        args = ("-d", database, "--db-filter", f"^{database}$", "--http-port", port, *options)
        with open(log, "wb") as output:
            process = subprocess.Popen(
                self.command(*args),
                env=self.env,
                cwd=paths.ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(f"{address}/web/login", process, log)
            yield address, process
        finally:
            console.stop(process)


def write_config(source, server, name="odoo", with_addons=True):
    """Write a configuration file; return a ``Runner`` for it."""
    addons = [str(path) for path in source.addons] + ([str(paths.ROOT)] if with_addons else [])
    pairs = {"db_host": server.get("PGHOST"), "db_port": server.get("PGPORT"), "db_user": server.get("PGUSER")}
    database = "\n".join(f"{key} = {value}" for key, value in pairs.items() if value)
    config = paths.WORK / "conf" / f"{name}.conf"
    config.parent.mkdir(exist_ok=True)
    text = CONFIG.format(addons=",".join(addons), data=DATA, database=database)
    if not config.exists() or config.read_text() != text:
        config.write_text(text)
    return Runner(server, config)


def free_port():
    """Return a free port of the loopback interface."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def port_is_free(port):
    """Tell whether a server can listen on this port of the loopback interface."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _wait_for(address, process, log, seconds=180):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            with opener.open(address, timeout=60):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.3)
    raise console.Failure(f"Odoo does not answer at {address}. The end of {log}:\n{console.tail(log)}")
