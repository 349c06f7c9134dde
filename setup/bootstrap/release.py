"""What is published: wheels that are built from the sources as they are committed, checked, and tried."""

import ast
import re
import shutil
import subprocess
import zipfile
from contextlib import contextmanager
from dataclasses import replace
from email import message_from_string

from . import console, lint, paths, venv

ADDONS = ("client_timetrack", "client_timetrack_billing", "client_timetrack_reports")
DIST = paths.ROOT / "dist"
CHANGES = paths.ROOT / "client_timetrack" / "readme" / "HISTORY.md"
FRESH = paths.WORK / "release"
LICENSE = "LGPL-3"
# What a wheel has, and what it has not.
NEEDED = ("__manifest__.py", "LICENSE", "static/description/icon.png", "static/description/index.html")
UNWANTED = re.compile(r"(^|/)(__pycache__|\.git|\.odoo)(/|$)|\.pyc$")
# An hour from the week to an invoice, in a company that has set up nothing but a rate.
SMOKE = """
from odoo.fields import Command
client = env["res.partner"].create({"name": "Client", "is_company": True})
env.company.timetrack_rate_card_id = env["timetrack.rate.card"].create({
    "name": "Standard", "rate_ids": [Command.create({"rate": 100})],
})
project = env["project.project"].create({"name": "Matter", "allow_timesheets": True, "partner_id": client.id})
employee = env["hr.employee"].create({"name": "Carl"})
entry = env["account.analytic.line"].create({
    "name": "Work", "project_id": project.id, "employee_id": employee.id, "unit_amount": 1.5,
})
entry.action_timetrack_submit()
entry.action_timetrack_approve()
wizard = env["timetrack.invoice.wizard"].create({"project_ids": [Command.set(project.ids)]})
wizard.action_create_invoices()
invoice = env["account.move"].search([("partner_id", "=", client.id)])
invoice.action_post()
env["timetrack.capacity"]._refresh_horizon(env.company)
env.flush_all()
[row] = env["timetrack.report"].formatted_read_group(
    [("project_id", "=", project.id)], [], ["logged_hours:sum", "billed_amount:sum"]
)
import odoo.addons.client_timetrack as addon
result = [entry.timetrack_state, invoice.amount_untaxed, row["logged_hours:sum"], row["billed_amount:sum"],
          addon.__file__]
"""


def manifest(addon):
    """The manifest of an addon."""
    return ast.literal_eval((paths.ROOT / addon / "__manifest__.py").read_text())


def versions():
    """The version of each addon."""
    return {addon: manifest(addon)["version"] for addon in ADDONS}


def check_sources(for_tag):
    """Each version has its entry in the list of changes; a release is what is committed.

    :raise Failure: it is not so
    """
    text = CHANGES.read_text()
    for addon, version in versions().items():
        if not re.search(rf"^\| `{addon}` \| {re.escape(version)} \|", text, re.M):
            raise console.Failure(f"{CHANGES.relative_to(paths.ROOT)} says nothing of {addon} {version}.")
    if for_tag and _git("status", "--porcelain"):
        raise console.Failure("There are changes that are not committed: a release is what is committed.")


def build():
    """Build the wheels; return their paths."""
    shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir()
    for addon in ADDONS:
        command = [venv.PYTHON, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-w", DIST]
        console.run_step(f"Building {addon}", [*command, paths.ROOT / addon], f"wheel-{addon}")
    wheels = sorted(DIST.glob("*.whl"))
    if len(wheels) != len(ADDONS):
        raise console.Failure(f"{len(ADDONS)} wheels were expected, and there are {len(wheels)} in {DIST}.")
    return wheels


def check_wheels(source, wheels):
    """Metadata, licence, files.

    :param source: Odoo's, which knows what the addons build on
    :raise Failure: something is missing, or something is in a wheel that does not belong there
    """
    console.run_step("Checking metadata", [venv.PYTHON, "-m", "twine", "check", "--strict", *wheels], "twine")
    for name, (tool, *command) in lint.manifestoo(source):
        console.run_step(name, [paths.VENV / "bin" / tool, *command], name.replace(" ", "-"))
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            names = archive.namelist()
            [info] = [name for name in names if name.endswith(".dist-info/METADATA")]
            metadata = message_from_string(archive.read(info).decode())
        addon = metadata["Name"].removeprefix("odoo-addon-").replace("-", "_")
        problems = [f"it has {name}" for name in names if UNWANTED.search(name)]
        problems += [
            f"{name} is missing" for name in NEEDED if not any(one.endswith(f"{addon}/{name}") for one in names)
        ]
        if not metadata["Version"].startswith(manifest(addon)["version"]):
            problems.append(f"its version is {metadata['Version']}, the manifest's is {manifest(addon)['version']}")
        if manifest(addon)["license"] != LICENSE:
            problems.append(f"its licence is {manifest(addon)['license']}")
        if problems:
            raise console.Failure(f"{wheel.name}: {'; '.join(problems)}")


def try_out(ground, wheels):
    """Install the wheels where nothing else of the project is, and bill an hour with them.

    :raise Failure: an addon is not found, does not install, or an hour does not become an invoice
    """
    with _fresh(ground.source.import_root, wheels) as python:
        # a configuration without the sources, and a command of the fresh environment
        plain = replace(ground.databases.plain, python=python)
        name = ground.databases.session_copy("core", "release")
        try:
            plain.update("Installing the wheels", name, "-i", "client_timetrack_reports")
            result = plain.shell(name, SMOKE, label="Billing an hour with them")
        finally:
            ground.databases.drop(name)
    if result[:4] != ["approved", 150.0, 1.5, 150.0] or str(FRESH) not in result[4]:
        raise console.Failure(f"The wheels do not do what they should: {result}")


def tag():
    """Mark the commit with the version of the first addon."""
    version = versions()[ADDONS[0]]
    _git("tag", "-a", version, "-m", f"Version {version}")
    console.say(f"Tagged as {version}")


@contextmanager
def _fresh(import_root, wheels):
    """A virtual environment with Odoo, its libraries and the wheels; yield its Python."""
    shutil.rmtree(FRESH, ignore_errors=True)
    console.run_step("Making a fresh environment", [venv.PYTHON, "-m", "venv", FRESH], "release-venv")
    python = FRESH / "bin" / "python"
    pip = [python, "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    cache = ["--cache-dir", paths.WORK / "cache" / "pip"]
    console.run_step("Installing Odoo's libraries", [*pip, *cache, "-r", venv.RUN_PINS], "release-pip")
    [packages] = (FRESH / "lib").glob("python3*")
    (packages / "site-packages" / "odoo-source.pth").write_text(f"{import_root}\n")
    console.run_step("Installing the wheels in it", [*pip, "--no-deps", *wheels], "release-wheels")
    try:
        yield python
    finally:
        shutil.rmtree(FRESH)


def _git(*args):
    done = subprocess.run(["git", "-C", paths.ROOT, *args], capture_output=True, text=True, check=True)
    return done.stdout.strip()
