"""The recipes for other programs, run as they stand in the documents."""

import os
import re
import shutil
import subprocess

import pytest

from bootstrap import paths

PAGE = paths.ROOT / "client_timetrack" / "readme" / "REMOTE.md"
PASSWORD = "timetrack-remote"
FIRM = """
from datetime import datetime, timedelta

def user(login, name, group):
    return env["res.users"].with_context(no_reset_password=True).create({
        "login": login, "name": name, "password": params["password"], "group_ids": [(6, 0, [env.ref(group).id])],
    })

def key(user):
    return env(user=user)["res.users.apikeys"].sudo()._generate(
        None, "recipes", datetime.now() + timedelta(days=1)
    )

consultant = user("remote", "Carl Consultant", "hr_timesheet.group_hr_timesheet_user")
lead = user("remote_lead", "Lena Lead", "hr_timesheet.group_hr_timesheet_approver")
boss = env["hr.employee"].create({"name": "Lena Lead", "user_id": lead.id})
env["hr.employee"].create({"name": "Carl Consultant", "user_id": consultant.id, "parent_id": boss.id})
client = env["res.partner"].create({"name": "Client Works", "is_company": True})
project = env["project.project"].create({
    "name": "Merger", "allow_timesheets": True, "privacy_visibility": "employees", "partner_id": client.id,
})
env["project.task"].create({"name": "Due diligence", "project_id": project.id})
result = {
    "KEY": key(consultant), "MANAGER_KEY": key(lead), "LOGIN": "remote",
    "TODAY": str(env["account.analytic.line"]._fields["date"].today()),
}
"""


def blocks(kind):
    """The code of the page, in order."""
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def world(serve_firm):
    """What the recipes take for granted, and what they leave behind."""
    served = serve_firm(FIRM, password=PASSWORD)
    return served, {"URL": served.url, "DATABASE": served.db, **served.ids}


def test_every_recipe_runs(world):
    """One after the other, as somebody would who reads the page: an hour is logged, approved and counted."""
    served, names = world
    assert len(blocks("python")) >= 6
    for block in blocks("python"):
        exec(compile(block, PAGE.name, "exec"), names)  # noqa: S102
    [[state, hours]] = served.database.sql(
        "SELECT timetrack_state, unit_amount FROM account_analytic_line WHERE name = 'Reading the contract'"
    )
    assert (state, float(hours)) == ("approved", 1.5)
    assert names["state"]["timer"]["state"] == "running"
    [carl] = [row for row in names["figures"] if row["employee_id"][1] == "Carl Consultant"]
    assert carl["billable_hours:sum"] >= 1.5
    assert carl["utilization:sum"] > 0
    assert names["hours"] >= 0
    assert names["week"]["logged"] >= 1.5


def test_errors_can_be_read(world):
    """A program is told what a person would be told."""
    _served, names = world
    exec(compile(blocks("python")[0], PAGE.name, "exec"), names)  # noqa: S102
    with pytest.raises(RuntimeError, match="approval trail"):
        names["call"]("timetrack.approval.event", "create", vals_list=[{"action": "approve"}])


@pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl")
def test_the_command_runs(world):
    """The same with curl."""
    _served, names = world
    texts = {name: value for name, value in names.items() if name.isupper() and isinstance(value, str)}
    for block in blocks("sh"):
        done = subprocess.run(["sh", "-c", block], env={**os.environ, **texts}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert '"logged": ' in done.stdout
