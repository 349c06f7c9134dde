"""Messages and progress of long steps, on a terminal and in a plain log."""

import os
import re
import signal
import subprocess
import sys
import time

from . import paths

TAIL_LINES = 30
PLAIN_INTERVAL = 30  # seconds between two progress lines where there is no terminal
WIDTH = 110
ODOO_PREFIX = re.compile(r"^[\d-]+ [\d:,]+ \d+ [A-Z]+ \S+ (?:odoo\.)?")


class Failure(Exception):
    """A step that cannot go on; its text says what is wrong and what to do."""


def say(text=""):
    """Print a line at once, also into a pipe."""
    print(text, flush=True)


def tail(path, lines=TAIL_LINES):
    """Return the last lines of a log."""
    return "\n".join(_last_text(path, 64_000).splitlines()[-lines:])


def run_step(label, command, log_name, *, env=None, cwd=None, stdin=None, echo=None):
    """Run a command with its output in a log, showing elapsed time and what is going on.

    ``stdin`` is text for the command; lines of the log that start with ``echo`` are shown without it.
    Raise ``Failure`` with the tail of the log when the command fails.
    """
    paths.make_folders()
    log = paths.LOGS / f"{log_name}.log"
    progress = _Progress(label, log, echo)
    with open(log, "wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=env or paths.child_environment(),
            cwd=cwd or paths.ROOT,
            start_new_session=True,
        )
        try:
            if stdin is not None:
                _feed(process, stdin)
            while process.poll() is None:
                progress.show()
                time.sleep(0.1)
        except BaseException:
            stop(process)
            raise
    progress.close(process.returncode)
    if process.returncode:
        raise Failure(f"{label}: failed (exit {process.returncode}). The end of {log}:\n{tail(log)}")
    return log


def stop(process, patience=20):
    """End a child started in a session of its own: asked first, forced after ``patience`` seconds."""
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        try:
            os.killpg(process.pid, signum)
            process.wait(patience)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def main(function):
    """Run a program's main function; turn failures into one clear message and an exit code."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        sys.exit(function(sys.argv[1:]))
    except Failure as failure:
        sys.stdout.flush()
        sys.exit(f"\n{failure}")
    except KeyboardInterrupt:
        say("\nStopped.")
        sys.exit(130)


def _interrupt(signum, frame):
    raise KeyboardInterrupt


def _feed(process, text):
    try:
        process.stdin.write(text.encode())
        process.stdin.close()
    except BrokenPipeError:
        return  # it ended without reading: its exit code tells


def _elapsed(started):
    seconds = int(time.monotonic() - started)
    return f"{seconds // 60}m{seconds % 60:02d}s" if seconds >= 60 else f"{seconds}s"


def _last_text(path, size):
    with open(path, "rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - size))
        return file.read().decode(errors="replace")


def _activity(log):
    """Return the last thing a log says, without what Odoo puts in front of it."""
    lines = [line for line in _last_text(log, 4000).splitlines() if line.strip()]
    return ODOO_PREFIX.sub("", lines[-1]).strip() if lines else ""


class _Progress:
    """One line that changes on a terminal, a line now and then elsewhere."""

    def __init__(self, label, log, echo):
        self.label, self.log, self.echo = label, log, echo
        self.started = self.shown = time.monotonic()
        self.terminal = sys.stdout.isatty()
        self.read = 0
        if not self.terminal:
            say(f"  {label} ...")

    def show(self):
        """Say how far it is, now and then."""
        self._echo_new_lines()
        interval = 0.5 if self.terminal else PLAIN_INTERVAL
        if time.monotonic() - self.shown < interval:
            return
        self.shown = time.monotonic()
        text = f"  {self.label}: {_elapsed(self.started)}  {_activity(self.log)}"[:WIDTH]
        if self.terminal:
            sys.stdout.write(f"\r\x1b[K{text}")
            sys.stdout.flush()
        else:
            say(text)

    def close(self, code):
        """Say that it is done, or failed."""
        self._echo_new_lines()
        start = "\r\x1b[K" if self.terminal else ""
        say(f"{start}  {self.label}: {'failed after' if code else 'done in'} {_elapsed(self.started)}")

    def _echo_new_lines(self):
        if not self.echo:
            return
        with open(self.log, "rb") as file:
            file.seek(self.read)
            whole, _newline, _rest = file.read().rpartition(b"\n")
        self.read += len(whole) + 1 if whole else 0
        for line in whole.decode(errors="replace").splitlines():
            if line.startswith(self.echo):
                say(("\r\x1b[K" if self.terminal else "") + f"    {line[len(self.echo) :].strip()}")
