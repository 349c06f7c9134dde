"""Debian packages of the machine: installed where we may, named in one line where we may not."""

import os
import shutil
import subprocess

from . import console, paths


def require(missing):
    """Install the named Debian packages, or say in one line what is missing and what to type."""
    missing = sorted(set(missing))
    if not missing:
        return
    command = f"apt-get update && apt-get install -y {' '.join(missing)}"
    prefix = _privilege()
    if prefix is None or not shutil.which("apt-get"):
        names = " ".join(missing)
        raise console.Failure(f"Missing system packages: {names}. Install them with: sudo sh -c '{command}'")
    console.say(f"Installing the system packages {' '.join(missing)}")
    env = dict(paths.child_environment(), DEBIAN_FRONTEND="noninteractive")
    # A third-party source that does not answer must not stop us: the installation tells what counts.
    update = [*prefix, "sh", "-c", "apt-get update || true"]
    console.run_step("apt-get update", update, "apt-update", env=env)
    install = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y"]
    console.run_step("apt-get install", [*install, "--no-install-recommends", *missing], "apt-install", env=env)


def browser():
    """Return the path of a Chromium or Chrome, or None."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((path for path in map(shutil.which, names) if path), None)


def _privilege():
    """Return the prefix that makes a command run as root, or None where there is no way."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0:
        return ["sudo", "-n"]
    return None
