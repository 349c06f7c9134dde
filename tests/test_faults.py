"""What goes wrong with machines: disks that are full, servers that die or of which there are two, work that overlaps.

Nothing is lost, nothing is done twice, and work goes on.
"""

import base64
import dataclasses
import os
import resource
import signal
import time

import pytest
from cluster import Cluster
from together import together

from bootstrap import runner

PASSWORD = "timetrack-fault"
FULL = bool(os.environ.get("TIMETRACK_FULL"))
SMALL = 4_096  # bytes that fit on the "full" disk: sessions do, workbooks do not
CRON = ("--max-cron-threads", "1")
FIRM = """
from odoo.fields import Command
groups = ("hr_timesheet.group_timesheet_manager", "client_timetrack_billing.group_billing_manager", "base.group_system",
          "project.group_project_manager")
user = env["res.users"].with_context(no_reset_password=True).create({
    "login": "boss", "name": "Bea Boss", "password": params["password"], "odoobot_state": "disabled",
    "email": "boss@firm.example", "group_ids": [Command.set([env.ref(group).id for group in groups])],
})
card = env["timetrack.rate.card"].create({"name": "Standard", "rate_ids": [Command.create({"rate": 100})]})
env.company.write({"timetrack_rate_card_id": card.id, "timetrack_reminder": "daily"})
employee = env["hr.employee"].create({"name": "Carl"})
clients = env["res.partner"].create([{"name": f"Client {number}", "is_company": True} for number in range(12)])
projects = env["project.project"].create([
    {"name": client.name, "allow_timesheets": True, "partner_id": client.id, "privacy_visibility": "employees"}
    for client in clients
])
for project in projects:
    engagement = env["timetrack.engagement"].search([("project_id", "=", project.id)])
    engagement.schedule = "month"
entries = env["account.analytic.line"].create([
    {"name": f"Work {number}", "project_id": project.id, "employee_id": employee.id, "unit_amount": 1.5,
     "date": f"2026-0{1 + number % 9}-0{1 + number % 8}"}
    for project in projects for number in range(10)
])
entries.action_timetrack_submit()
entries.action_timetrack_approve()
result = {"employee": employee.id, "projects": projects.ids}
"""
ASK = """
user = env["res.users"].search([("login", "=", "boss")])
env["timetrack.workbook.request"]._ask(
    [user] * params["number"], kind="all", date_from="2026-01-01", date_to="2026-09-30", company_id=env.company.id,
)
"""
WAITING = "SELECT count(*) FROM timetrack_workbook_request WHERE state = 'waiting'"


@pytest.fixture
def firm(database):
    copy = database("addons")
    copy.ids = copy.shell(FIRM, password=PASSWORD)
    yield copy
    copy.drop()


def limit_files(process, size):
    """Let a server write no file of more than some bytes: the disk is full."""
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def damaged(copy):
    """Attachments whose file is not what it should be."""
    script = """
result = [
    (one.name, one.file_size, len(one.raw or b"")) for one in env["ir.attachment"].search(
        [("res_model", "=like", "timetrack.%"), ("res_field", "!=", False)]
    ) if one.store_fname and one.file_size != len(one.raw or b"")
]
"""
    return copy.shell(script, commit=False)


def test_the_disk_is_full(prepared, firm, served_at):
    """A workbook that finds no room says so, the next one waits for nobody, and an upload leaves no half of a file."""
    firm.shell(ASK, number=2)
    states = "SELECT string_agg(state, ',' ORDER BY id) FROM timetrack_workbook_request"
    content = base64.b64encode(b"Date,Hours\n" + b"2026-01-05,1\n" * 5_000).decode()
    with prepared.odoo.serving(firm.name, options=("--max-cron-threads", "0")) as (url, process):
        call = served_at(firm, url).rpc("boss", PASSWORD)
        limit_files(process, SMALL)
        with pytest.raises(Exception, match="File too large|No space"):
            call("timetrack.import.job", "create", [[{"file": content, "filename": "time.csv"}]])
        cron = firm.shell("result = env.ref('client_timetrack_reports.ir_cron_timetrack_workbook').id")
        call("ir.cron", "method_direct_trigger", [[cron]])
        assert firm.sql(states) == [["failed,failed"]]
        problems = firm.sql("SELECT DISTINCT problem FROM timetrack_workbook_request")
        assert problems == [["It could not be stored: File too large. Ask for it again once there is room."]]
        # there is room again
        limit_files(process, resource.RLIM_INFINITY)
        requests = call("timetrack.workbook.request", "search", [[]])
        call("timetrack.workbook.request", "action_again", [requests])
        call("ir.cron", "method_direct_trigger", [[cron]])
        assert firm.sql(states) == [["done,done"]]
        [job] = call("timetrack.import.job", "create", [[{"file": content, "filename": "time.csv"}]])
        [kept] = call("timetrack.import.job", "read", [[job], ["file"]])
        assert kept["file"] == content
    assert damaged(firm) == []


@pytest.mark.skipif(not FULL, reason="a long one: setup/test --full")
def test_a_server_dies_while_it_builds_workbooks(prepared, firm):
    """Each is built once, whenever the server died, and is whole."""
    firm.shell(ASK, number=8)
    for _death in range(6):
        with prepared.odoo.serving(firm.name, options=CRON) as (_url, process):
            before = firm.number(WAITING)
            firm.wait_for(lambda before=before: firm.number(WAITING) < before or before == 0)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    with prepared.odoo.serving(firm.name, options=CRON):
        firm.wait_for(lambda: firm.number(WAITING) == 0)
    assert firm.sql("SELECT DISTINCT state, problem FROM timetrack_workbook_request") == [["done", ""]]
    assert damaged(firm) == []


@pytest.mark.skipif(not FULL, reason="a long one: setup/test --full")
def test_a_server_dies_while_it_accrues(prepared, firm, served_at):
    """An accrual is worked out and posted altogether or not at all, and the same the next time."""
    create = """
account = env["account.account"].search([("account_type", "=", "asset_current")], limit=1)
result = env["timetrack.accrual"].create({"date": "2026-09-30", "unbilled_account_id": account.id}).id
"""
    accrual = firm.shell(create)
    total = "SELECT coalesce(sum(balance), 0) FROM timetrack_accrual_line"
    worked_out = 12 * 10 * 1.5 * 100  # projects, entries of each, hours, rate
    for delay in (0.02, 0.05, 0.1, 0.3, 0.6):
        with prepared.odoo.serving(firm.name, options=("--max-cron-threads", "0")) as (url, process):
            call = served_at(firm, url).rpc("boss", PASSWORD)
            together(
                lambda call=call: call("timetrack.accrual", "action_work_out", [[accrual]]),
                lambda process=process, delay=delay: (time.sleep(delay), os.killpg(process.pid, signal.SIGKILL)),
            )
            process.wait()
        [[balance]] = firm.sql(total)
        assert float(balance) in (0, worked_out)
    with prepared.odoo.serving(firm.name, options=("--max-cron-threads", "0")) as (url, _process):
        call = served_at(firm, url).rpc("boss", PASSWORD)
        for _time in range(2):
            call("timetrack.accrual", "action_work_out", [[accrual]])
            assert [[float(value) for value in row] for row in firm.sql(total)] == [[worked_out]]


ROWS = 6_000
UNDER_WAY = """
file = base64.b64encode(("Date,Hours,Employee,Project,Description\\n" + "".join(
    f"2025-{1 + one % 12:02}-{1 + one % 28:02},1,Carl,Client {one % 12},Row {one}\\n" for one in range(params["rows"])
)).encode())
boss = env["res.users"].search([("login", "=", "boss")])
env["timetrack.import.job"].with_user(boss).create({"file": file, "filename": "years.csv"}).action_import()
run = env["timetrack.billing.run"].with_user(boss).create({"scope": "all", "until": "post"})
run.action_start()
account = env["account.account"].search([("account_type", "=", "asset_current")], limit=1)
accrual = env["timetrack.accrual"].with_user(boss).create({"date": "2026-09-30", "unbilled_account_id": account.id})
result = {"run": run.id, "accrual": accrual.id}
"""
# What is left to do, of each kind of work.
LEFT = (
    f"SELECT ({WAITING}) + (SELECT count(*) FROM timetrack_billing_run_line WHERE is_pending)"
    " + (SELECT count(*) FROM timetrack_import_job WHERE running IS NOT NULL) * 100"
    f" + {ROWS} - (SELECT count(*) FROM account_analytic_line WHERE timetrack_import_key IS NOT NULL)"
)


@pytest.mark.skipif(not FULL, reason="a long one: setup/test --full")
def test_postgresql_dies(prepared, firm, served_at):
    """A billing run, an import, workbooks and an accrual go on where they were, each thing done once."""
    firm.shell(ASK, number=6)
    ids = firm.shell("import base64" + UNDER_WAY, rows=ROWS)
    cluster = Cluster()
    try:
        cluster.start()
        cluster.restore(prepared.server, firm.name)
        odoo = runner.write_config(prepared.source, cluster.server, "of-a-test")
        copy = type(firm)(dataclasses.replace(prepared, server=cluster.server, odoo=odoo), firm.name)
        options = ("--workers", "2", "--max-cron-threads", "1", "--gevent-port", runner.free_port())
        for death in range(8):
            with odoo.serving(copy.name, options=options) as (url, _process):
                before = copy.number(LEFT)
                copy.wait_for(lambda before=before: copy.number(LEFT) < before or before == 0)
                call = served_at(copy, url).rpc("boss", PASSWORD)
                together(
                    lambda call=call: call("timetrack.accrual", "action_work_out", [[ids["accrual"]]]),
                    lambda death=death: (time.sleep(0.05 * death), cluster.kill_one() if death % 2 else cluster.kill()),
                )
                if not death % 2:
                    cluster.start()
            # Odoo ends where its database is not there, and is started again by whatever watches over it
        with odoo.serving(copy.name, options=options) as (url, _process):
            copy.wait_for(lambda: copy.number(LEFT) == 0)
            call = served_at(copy, url).rpc("boss", PASSWORD)
            call("timetrack.accrual", "action_work_out", [[ids["accrual"]]])
            figures = ["state", "failed_count", "move_count", "amount"]
            [done] = call("timetrack.billing.run", "read", [[ids["run"]], figures])
        fees = 12 * 10 * 1.5 * 100  # projects, entries of each, hours, rate
        assert done == {"id": ids["run"], "state": "done", "failed_count": 0, "move_count": 12, "amount": fees}
        assert copy.sql("SELECT DISTINCT state, problem FROM timetrack_workbook_request") == [["done", ""]]
        assert copy.sql("SELECT DISTINCT state FROM timetrack_import_job") == [["done"]]
        keys = "SELECT count(DISTINCT timetrack_import_key) FROM account_analytic_line"
        assert copy.number(keys) == ROWS
        assert copy.sql("SELECT line_id FROM timetrack_allocation GROUP BY line_id, part HAVING count(*) > 1") == []
        [[balance]] = copy.sql("SELECT coalesce(sum(balance), 0) FROM timetrack_accrual_line")
        assert float(balance) == fees, "it is invoiced later than that"
        assert damaged(copy) == []
    finally:
        cluster.remove()


def test_work_in_the_background_overlaps_itself(prepared, firm, served_at):
    """Whoever runs a scheduled action while it runs: each thing is done once, and the log has no error."""
    crons = firm.shell(
        "result = env['ir.model.data'].search([('module', '=like', 'client_timetrack%'), ('model', '=', 'ir.cron')])"
        ".mapped('res_id')"
    )
    assert len(crons) > 10
    with prepared.odoo.serving(firm.name, options=("--max-cron-threads", "0")) as (url, _process):
        served = served_at(firm, url)
        calls = [served.rpc("boss", PASSWORD) for _call in range(3)]
        for _round in range(4 if FULL else 1):
            for cron in crons:
                results = together(
                    *(lambda call=call, cron=cron: call("ir.cron", "method_direct_trigger", [[cron]]) for call in calls)
                )
                refused = [str(one) for one in results if isinstance(one, Exception)]
                # Odoo says that it runs already
                assert all("already executing" in text for text in refused), (cron, refused)
                assert len(refused) < len(calls), refused
        log = served.log.read_text(errors="replace")
    assert not [line for line in log.splitlines() if " ERROR " in line or " CRITICAL " in line]
    for query in (
        "SELECT line_id FROM timetrack_allocation WHERE state IN ('prebill', 'draft') GROUP BY line_id, part"
        " HAVING count(*) > 1",
        "SELECT res_id FROM mail_activity WHERE res_model LIKE 'timetrack.%'"
        " GROUP BY res_model, res_id, user_id, activity_type_id, summary HAVING count(*) > 1",
        # what an index of the database sees to already is not asked again: periods, capacity, forecasts, findings
        "SELECT res_partner_id FROM mail_notification GROUP BY res_partner_id, mail_message_id HAVING count(*) > 1",
    ):
        assert firm.sql(query) == [], query


def test_two_servers_share_the_work(prepared, firm, served_at):
    """What one server is told the other knows, and work of the background is done once, whoever does it."""
    with (
        prepared.odoo.serving(firm.name, log_name="serve-one", options=CRON) as (one, _first),
        prepared.odoo.serving(firm.name, log_name="serve-two", options=CRON) as (two, _second),
    ):
        first, second = (served_at(firm, url).rpc("boss", PASSWORD) for url in (one, two))
        project = firm.ids["projects"][0]
        entry = {"name": "x", "project_id": project, "employee_id": firm.ids["employee"], "unit_amount": 30}
        # a rule that the first server is told of holds on the second, which has read the old one before
        second("account.analytic.line", "create", [[entry]])
        [policy] = first(
            "timetrack.policy",
            "create",
            [[{"name": "Strict", "day_hours_severity": "block", "day_hours_max": 12}]],
        )
        first("project.project", "write", [[project], {"timetrack_policy_id": policy}])
        with pytest.raises(Exception, match="Strict"):
            second("account.analytic.line", "create", [[{**entry, "date": "2026-03-03"}]])
        # three kinds of work at the same time
        [run] = first("timetrack.billing.run", "create", [[{"scope": "all", "until": "post"}]])
        together(
            lambda: first("timetrack.billing.run", "action_start", [[run]]),
            lambda: firm.shell(ASK, number=4),
        )
        firm.wait_for(lambda: firm.number("SELECT count(*) FROM timetrack_billing_run_line WHERE is_pending") == 0)
        firm.wait_for(lambda: firm.number(WAITING) == 0)
        [done] = second("timetrack.billing.run", "read", [[run], ["state", "failed_count", "move_count", "amount"]])
    assert done == {"id": run, "state": "done", "failed_count": 0, "move_count": 12, "amount": 12 * 10 * 1.5 * 100}
    assert firm.sql("SELECT DISTINCT state FROM timetrack_workbook_request") == [["done"]]
    assert damaged(firm) == []
