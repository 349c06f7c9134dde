"""PostgreSQL: a private cluster below the ignored folder, or the server that PG* variables name.

PostgreSQL refuses to run as root; called by root, the cluster runs as an unprivileged user. Whoever uses
the cluster holds a shared lock; the last one that leaves stops it, if it was started from here.
"""

import fcntl
import hashlib
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import console, paths

FOLDER = paths.WORK / "pg"
DATA = FOLDER / "data"
STARTED = FOLDER / "started"  # the process id of a server that we started
SOCKET_RECORD = FOLDER / "socket"  # where the socket is, when the path below FOLDER is too long for one
SWITCH = paths.WORK / "pg.switch.lock"  # held for the moment of starting and stopping
USERS = paths.WORK / "pg.users.lock"  # shared by all that use the cluster
LONGEST_SOCKET_FOLDER = 85  # the system allows 107 bytes for folder and name together
MARKERS = ("PGHOST", "PGHOSTADDR", "PGPORT", "PGSERVICE")
# Durability is off: these databases are made for tests and demonstrations and can be built again.
# Never run a cluster with data of value like this.
OPTIONS = (
    "listen_addresses=",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "shared_buffers=512MB",
    "max_connections=150",
)


@dataclass(frozen=True)
class Server:
    """How to reach PostgreSQL, as libpq's environment variables."""

    variables: tuple

    @property
    def env(self):
        """Return the environment for a client program."""
        return {**paths.child_environment(), **dict(self.variables)}

    def get(self, name):
        """Return one of the variables, or None."""
        return dict(self.variables).get(name)

    def client(self, program, *args):
        """Run a client program such as createdb; return what it prints."""
        command = [str(tool(program)), *args]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise console.Failure(f"{program} {' '.join(args)}: {done.stderr.strip()}")
        return done.stdout

    def sql(self, query, database="postgres"):
        """Run one statement; return its rows as lists of texts."""
        output = self.client("psql", "-XAtq", "-F", "\x1f", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", query)
        return [line.split("\x1f") for line in output.splitlines()]


def external():
    """Tell whether the caller named a server of its own."""
    return any(os.environ.get(name) for name in MARKERS)


def missing_packages():
    """Return the Debian packages that are needed and not there."""
    if external():
        return [] if tool("psql") else ["postgresql-client"]
    return [] if tool("initdb") else ["postgresql"]


def tool(name):
    """Return the path of one of PostgreSQL's programs, of the data's version or else the newest, or None."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version_of, reverse=True)
    wanted = (DATA / "PG_VERSION").read_text().strip() if _exists(DATA / "PG_VERSION") else None
    if wanted and not external():
        folders.sort(key=lambda folder: folder.parent.name != wanted)
    candidates = [folder / name for folder in folders]
    found = next((path for path in candidates if path.exists()), None)
    return found or (Path(shutil.which(name)) if shutil.which(name) else None)


@contextmanager
def running():
    """Yield a reachable ``Server``."""
    if external():
        given = tuple((name, value) for name, value in os.environ.items() if name.startswith("PG"))
        yield Server(given)
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    with open(USERS, "w") as users:
        with _switch():
            _start()
            fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield Server((("PGHOST", str(_socket_folder())), ("PGPORT", "5432"), ("PGUSER", role())))
        finally:
            with _switch():
                _leave(users)


@contextmanager
def _switch():
    with open(SWITCH, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _leave(users):
    """Stop the cluster when nobody else uses it and it was started from here."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return
    pid = _running_pid()
    if pid and STARTED.exists() and STARTED.read_text() == str(pid):
        os.kill(pid, signal.SIGINT)  # PostgreSQL's fast shutdown
        _wait(lambda: not _running_pid(), 60)
        STARTED.unlink()
        if SOCKET_RECORD.exists():
            shutil.rmtree(SOCKET_RECORD.read_text(), ignore_errors=True)
            SOCKET_RECORD.unlink()


def _start():
    """Start the cluster, made first if need be. Called under the lock."""
    if _running_pid():
        return
    if not _exists(DATA / "PG_VERSION"):
        _initialise()
    folder = _socket_folder()
    command = [tool("postgres"), "-D", DATA, "-k", folder]
    for option in OPTIONS:
        command += ["-c", option]
    log = paths.LOGS / "postgres.log"
    with open(log, "ab") as output:
        process = subprocess.Popen(
            as_owner(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env=paths.child_environment(),
            start_new_session=True,
        )
    ready = [str(tool("pg_isready")), "-q", "-h", str(folder), "-p", "5432"]
    if not _wait(lambda: process.poll() is not None or not subprocess.call(ready), 60) or process.poll() is not None:
        raise console.Failure(f"PostgreSQL does not start. The end of {log}:\n{console.tail(log)}")
    STARTED.write_text(str(_running_pid()))


def _initialise():
    console.say("Making a private PostgreSQL cluster")
    shutil.rmtree(DATA, ignore_errors=True)
    DATA.mkdir(parents=True)
    DATA.chmod(0o700)
    give_away(DATA)
    command = [tool("initdb"), "-D", DATA, "-U", role(), "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
    console.run_step("initdb", as_owner([*command, "--no-sync"]), "initdb", cwd="/")


def as_owner(command):
    """Return the command as the user that owns the cluster."""
    command = [str(part) for part in command]
    if os.geteuid():
        return command
    uid, gid = owner().pw_uid, owner().pw_gid
    switch = ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups"]
    if _enters(switch):
        return switch + command
    # The checkout is below a folder that only root enters (such as root's home): lend the server the one
    # capability that lets it pass, rather than put its data somewhere else.
    lent = [*switch, "--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    if _enters(lent):
        return lent + command
    raise console.Failure(
        f"PostgreSQL runs as the user {owner().pw_name}, who cannot enter {FOLDER}. "
        "Move the checkout to a folder that others may enter, or open its parents with: chmod o+x FOLDER"
    )


def _enters(prefix):
    """Tell by listing the folder: a lent capability does not count for test -x."""
    return not subprocess.run([*prefix, "ls", str(FOLDER)], cwd="/", capture_output=True).returncode


def give_away(folder):
    """Give a folder to the user that owns the cluster."""
    if os.geteuid() == 0:
        os.chown(folder, owner().pw_uid, owner().pw_gid)


def owner():
    """Return the unprivileged user a cluster of root's runs as, as ``pwd`` has it."""
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise console.Failure("PostgreSQL cannot run as root, and there is no user postgres or nobody.")


def role():
    """Return the database role: the user's name, but for postgres, which Odoo refuses."""
    user = pwd.getpwuid(os.geteuid()).pw_name
    return "odoo" if user == "postgres" else user


def _socket_folder():
    """Return the folder of the unix socket: beside the data, or a short one where the path is too long."""
    folder = FOLDER / "run"
    if len(str(folder)) > LONGEST_SOCKET_FOLDER:
        if SOCKET_RECORD.exists() and Path(SOCKET_RECORD.read_text()).is_dir():
            return Path(SOCKET_RECORD.read_text())
        folder = Path(tempfile.mkdtemp(prefix="timetrack-pg-"))
        SOCKET_RECORD.write_text(str(folder))
    folder.mkdir(exist_ok=True)
    give_away(folder)
    return folder


def _running_pid():
    """Return the process id of this cluster's server when it runs, else None."""
    if not _exists(DATA / "postmaster.pid"):
        return None
    first = (DATA / "postmaster.pid").read_text().split("\n")[0]
    if not re.fullmatch(r"\d+", first):
        return None
    try:
        os.kill(int(first), 0)
        command = Path(f"/proc/{first}/cmdline")
        return int(first) if not command.exists() or b"postgres" in command.read_bytes() else None
    except ProcessLookupError:
        return None
    except PermissionError:
        return int(first)


def _exists(path):
    try:
        return path.exists()
    except PermissionError:
        return False


def _wait(condition, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.1)
    return False


def _version_of(folder):
    return int(folder.parent.name) if folder.parent.name.isdigit() else 0


def checkout_id():
    """Return a short name of this checkout: two of them may share a server."""
    return hashlib.sha256(str(paths.ROOT).encode()).hexdigest()[:6]
