"""A long file on a real server, whose process dies in the middle of it: nothing is lost, nothing comes in twice."""

import base64
import csv
import io
import os
import signal
import time
from datetime import date, timedelta

PASSWORD = "timetrack-import"
ROWS = 100_000 if os.environ.get("TIMETRACK_FULL") else 8_000
PATIENCE = 600 if ROWS < 10_000 else 3_600
HEADER = "Date,Hours,Employee,Client,Project,Task,Activity,Deliverable,Description".split(",")
FIRM = """
user = env["res.users"].with_context(no_reset_password=True).create({
    "login": "importer", "name": "Ines Import", "password": params["password"], "odoobot_state": "disabled",
    "group_ids": [(6, 0, [env.ref(name).id for name in (
        "hr_timesheet.group_timesheet_manager", "project.group_project_manager", "base.group_partner_manager",
    )])],
})
# nobody else's work is due while the file is worked on
env["ir.cron"].search([("id", "!=", env.ref("client_timetrack.ir_cron_import_job").id)]).active = False
"""
COUNT = "SELECT count(*), count(DISTINCT timetrack_import_key), sum(unit_amount) FROM account_analytic_line"


def rows():
    """Rows of thirty people on forty projects, every seventh without hours."""
    for number in range(ROWS):
        day = date(2024, 1, 1) + timedelta(days=number // 30)
        hours = 0 if number % 7 == 3 else 1 + number % 4 / 4
        yield [day, hours, f"Person {number % 30}", f"Client {number % 8}", f"Project {number % 40}",
               f"Task {number % 120}", "", "", f"Work {number}"]  # fmt: skip


def written():
    out = io.StringIO(newline="")
    csv.writer(out).writerows([HEADER, *rows()])
    return out.getvalue().encode()


def entries(copy):
    """Number of entries of the file, of different keys, and their hours."""
    [[count, keys, hours]] = copy.sql(f"{COUNT} WHERE timetrack_import_key IS NOT NULL")
    return int(count), int(keys), float(hours or 0)


def wait_for(condition):
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < PATIENCE, "It takes too long."
        time.sleep(0.2)


def test_a_server_that_dies_in_the_middle(prepared, database, served_at):
    good = [row for row in rows() if row[1]]
    copy = database("addons")
    copy.shell(FIRM, password=PASSWORD)
    options = ("--max-cron-threads", "1")
    with prepared.odoo.serving(copy.name, options=options) as (url, process):
        call = served_at(copy, url).rpc("importer", PASSWORD)
        [job] = call("timetrack.import.job", "create", [[{"file": base64.b64encode(written()).decode(),
                                                          "filename": "years.csv"}]])  # fmt: skip
        call("timetrack.import.job", "action_import", [[job]])
        [state] = call("timetrack.import.job", "read", [[job], ["running", "state", "entry_count"]])
        assert (state["running"], state["state"]) == ("import", "draft"), "the request does not wait for the file"
        wait_for(lambda: entries(copy)[0] > len(good) // 3)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    count, keys, _hours = entries(copy)
    assert 0 < count == keys < len(good), "it died in the middle"
    with prepared.odoo.serving(copy.name, options=options) as (url, _process):
        wait_for(lambda: copy.sql("SELECT running FROM timetrack_import_job") == [[""]])
        call = served_at(copy, url).rpc("importer", PASSWORD)
        fields = ["state", "valid_count", "rejected_count", "already_count", "entry_count", "error", "hours"]
        [done] = call("timetrack.import.job", "read", [[job], fields])
    hours = sum(row[1] for row in good)
    assert entries(copy) == (len(good), len(good), hours)
    assert done == {
        "id": job,
        "state": "done",
        "valid_count": len(good),
        "rejected_count": ROWS - len(good),
        "already_count": 0,
        "entry_count": len(good),
        "error": False,
        "hours": hours,
    }
    [[projects, people]] = copy.sql(
        "SELECT (SELECT count(*) FROM project_project WHERE name->>'en_US' ~ '^Project [0-9]+$'), "
        "(SELECT count(*) FROM hr_employee WHERE name ~ '^Person [0-9]+$')"
    )
    assert (projects, people) == ("40", "30"), "each is created once"
    copy.drop()
