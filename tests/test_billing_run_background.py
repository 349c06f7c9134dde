"""A billing run on a real server, whose process dies again and again: nothing is billed twice, nothing is lost."""

import os
import random
import signal
import time

PASSWORD = "timetrack-run"
FULL = bool(os.environ.get("TIMETRACK_FULL"))
CLIENTS = 200 if FULL else 24
DEATHS = 20 if FULL else 3
HOURS = (1.0, 2.5, 0.75)
RATE = 100
FIRM = """
from odoo.fields import Command
user = env["res.users"].with_context(no_reset_password=True).create({
    "login": "biller", "name": "Bea Biller", "password": params["password"], "odoobot_state": "disabled",
    "group_ids": [Command.set([
        env.ref("client_timetrack_billing.group_billing_user").id,
        env.ref("hr_timesheet.group_timesheet_manager").id,
    ])],
})
# nobody else's work is due meanwhile
env["ir.cron"].search([("id", "!=", env.ref("client_timetrack_billing.ir_cron_billing_run").id)]).active = False
env.company.timetrack_rate_card_id = env["timetrack.rate.card"].create({
    "name": "Standard", "rate_ids": [Command.create({"rate": params["rate"]})],
})
employee = env["hr.employee"].create({"name": "Rita Run"})
clients = env["res.partner"].create([
    {"name": f"Run client {number}", "is_company": True} for number in range(params["clients"])
])
projects = env["project.project"].create([
    {"name": client.name, "allow_timesheets": True, "partner_id": client.id, "privacy_visibility": "employees"}
    for client in clients
])
entries = env["account.analytic.line"].create([
    {"name": "Work", "project_id": project.id, "employee_id": employee.id, "unit_amount": hours}
    for project in projects for hours in params["hours"]
])
entries.action_timetrack_submit()
entries.action_timetrack_approve()
"""
# what was done, each step of it: the next death comes after some more of them
STEPS = (
    "SELECT (SELECT count(*) FROM timetrack_prebill) + (SELECT count(*) FROM account_move"
    " WHERE move_type = 'out_invoice') + (SELECT count(*) FROM account_move WHERE move_type = 'out_invoice'"
    " AND state = 'posted')"
)
LEFT = "SELECT count(*) FROM timetrack_billing_run_line WHERE is_pending"


def check(copy):
    """Whatever moment it is: time is on one pre-bill or invoice, and invoices are what their time comes to."""
    assert (
        copy.sql(
            "SELECT line_id FROM timetrack_allocation WHERE kind = 'time' AND reversed_id IS NULL"
            " AND state IN ('held', 'prebill', 'draft', 'posted') GROUP BY line_id HAVING count(*) > 1"
        )
        == []
    )
    assert (
        copy.sql(
            "SELECT line.id FROM account_move_line line JOIN timetrack_allocation row ON row.move_line_id = line.id"
            " GROUP BY line.id"
            " HAVING round(sum(row.billed_amount)::numeric, 2) != round(line.price_subtotal::numeric, 2)"
        )
        == []
    )
    assert (
        copy.sql(
            "SELECT move.id FROM account_move move JOIN account_move_line line ON line.move_id = move.id"
            " WHERE move.move_type = 'out_invoice' AND line.display_type = 'product' AND NOT EXISTS"
            " (SELECT FROM timetrack_allocation row WHERE row.move_line_id = line.id AND row.state = CASE"
            " WHEN move.state = 'posted' THEN 'posted' ELSE 'draft' END)"
        )
        == []
    )
    assert (
        copy.sql(
            "SELECT entry.id FROM account_analytic_line entry JOIN timetrack_allocation row ON row.line_id = entry.id"
            " WHERE row.state IN ('prebill', 'draft', 'posted') AND entry.timetrack_billing_state !="
            " CASE row.state WHEN 'posted' THEN 'billed' ELSE row.state END"
        )
        == []
    )


def test_a_server_that_dies_again_and_again(prepared, database, served_at):
    chance = random.Random(19)
    copy = database("addons")
    copy.shell(FIRM, password=PASSWORD, rate=RATE, clients=CLIENTS, hours=HOURS)
    options = ("--max-cron-threads", "1")
    run = None
    everything = 3 * CLIENTS
    for death in range(DEATHS):
        with prepared.odoo.serving(copy.name, options=options) as (url, process):
            if run is None:
                call = served_at(copy, url).rpc("biller", PASSWORD)
                [run] = call("timetrack.billing.run", "create", [[{"scope": "all", "until": "post"}]])
                call("timetrack.billing.run", "action_start", [[run]])
                assert copy.number(LEFT) > 0, "the request does not wait for it"
            before = copy.number(STEPS)
            after = before + (everything - before) // (DEATHS + 1 - death)
            copy.wait_for(lambda after=after: copy.number(STEPS) >= after)
            time.sleep(chance.uniform(0, 0.1))
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        check(copy)
        assert copy.number(LEFT) > 0, "it died in the middle"
    with prepared.odoo.serving(copy.name, options=options) as (url, _process):
        copy.wait_for(lambda: copy.number(LEFT) == 0)
        call = served_at(copy, url).rpc("biller", PASSWORD)
        [done] = call(
            "timetrack.billing.run",
            "read",
            [[run], ["state", "line_count", "failed_count", "prebill_count", "move_count", "amount"]],
        )
    assert done == {
        "id": run,
        "state": "done",
        "line_count": CLIENTS,
        "failed_count": 0,
        "prebill_count": CLIENTS,
        "move_count": CLIENTS,
        "amount": CLIENTS * sum(HOURS) * RATE,
    }
    check(copy)
    assert copy.number(STEPS) == everything
    [[invoices, amount]] = copy.sql(
        "SELECT count(*), sum(amount_untaxed) FROM account_move WHERE move_type = 'out_invoice' AND state = 'posted'"
    )
    assert (int(invoices), float(amount)) == (CLIENTS, CLIENTS * sum(HOURS) * RATE)
    assert copy.sql(
        "SELECT timetrack_billing_state, count(*) FROM account_analytic_line WHERE name = 'Work' GROUP BY 1"
    ) == [["billed", str(CLIENTS * len(HOURS))]]
    copy.drop()
