"""A PostgreSQL cluster of a test's own, which may be killed."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from bootstrap import paths, postgres

PATIENCE = 60


class Cluster:
    """A cluster in a folder that is removed in the end; unlike the one of all tests it is durable."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="timetrack-pg-"))
        self.data = self.folder / "data"
        self.log = paths.LOGS / "postgres-of-a-test.log"
        self.process = None
        postgres.give_away(self.folder)
        command = [postgres.tool("initdb"), "-D", self.data, "-U", postgres.role(), "--auth=trust", "--encoding=UTF8",
                   "--locale=C.UTF-8"]  # fmt: skip
        subprocess.run(postgres.as_owner(command), check=True, cwd="/", stdout=subprocess.DEVNULL)

    @property
    def server(self):
        """How it is reached."""
        variables = (("PGHOST", str(self.folder)), ("PGPORT", "5432"), ("PGUSER", postgres.role()))
        return postgres.Server(variables)

    def start(self):
        """Start it, and wait until it has recovered."""
        command = [postgres.tool("postgres"), "-D", self.data, "-k", self.folder, "-c", "listen_addresses="]
        with open(self.log, "ab") as output:
            self.process = subprocess.Popen(
                postgres.as_owner(command), cwd="/", stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        ready = [postgres.tool("pg_isready"), "-q", "-h", self.folder, "-p", "5432"]
        self._wait(lambda: not subprocess.call([str(part) for part in ready]))

    def kill(self):
        """Kill all of it at once, as a machine that loses its power would, but for what it has given to the disk."""
        pids = [self.process.pid, *_children(self.process.pid)]
        for pid in pids:
            _kill(pid)
        self.process.wait()
        self._wait(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))

    def kill_one(self):
        """Kill the process of one connection: PostgreSQL then ends all of them, and recovers by itself."""
        query = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        [[pid]] = self.server.sql(f"{query} ORDER BY state, backend_start LIMIT 1")  # one at work, if there is one
        _kill(int(pid))
        self._wait(lambda: not Path(f"/proc/{pid}").exists())
        ready = [str(part) for part in (postgres.tool("psql"), "-XAtqc", "SELECT 1", "postgres")]
        self._wait(
            lambda: (
                not subprocess.call(ready, env=self.server.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            )
        )

    def restore(self, server, name):
        """Take a copy of another cluster's database."""
        dump = self.folder / "dump"
        server.client("pg_dump", "-Fc", "-Z1", "-f", str(dump), name)
        self.server.client("createdb", name)
        self.server.client("pg_restore", "-d", name, "-j", "2", str(dump))

    def remove(self):
        """Stop it and remove it."""
        if self.process:
            self.kill()
        shutil.rmtree(self.folder)

    def _wait(self, condition):
        started = time.monotonic()
        while not condition():
            assert time.monotonic() - started < PATIENCE, f"PostgreSQL does not come back: {self.log}"
            time.sleep(0.1)


def _kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # it has just ended by itself


def _children(parent):
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == parent:
            yield int(status.parent.name)
