"""People who act on the same entry at the same moment: the trail is one story, and the entry is how it ends.

Some twenty races in all; a thousand with ``--full``, each time others.
"""

import base64
import csv
import io
import os
import random

import pytest
from together import together

PASSWORD = "timetrack-race"
FULL = bool(os.environ.get("TIMETRACK_FULL"))
RATE = 100
FIRM = """
from odoo.fields import Command

def new_user(login, *groups):
    return env["res.users"].with_context(no_reset_password=True).create({
        "login": login, "name": login, "password": params["password"], "odoobot_state": "disabled",
        "group_ids": [Command.set([env.ref(group).id for group in groups])],
    })

consultant = new_user("consultant", "hr_timesheet.group_hr_timesheet_user")
lead = new_user("lead", "hr_timesheet.group_hr_timesheet_approver")
manager = new_user("manager", "hr_timesheet.group_hr_timesheet_approver")
administrator = new_user(
    "administrator", "hr_timesheet.group_timesheet_manager", "client_timetrack_billing.group_billing_user"
)
boss = env["hr.employee"].create({"name": "Lena Lead", "user_id": lead.id})
employee = env["hr.employee"].create({"name": "Carl", "user_id": consultant.id, "parent_id": boss.id})
card = env["timetrack.rate.card"].create({"name": "Standard", "rate_ids": [Command.create({"rate": params["rate"]})]})
env.company.timetrack_rate_card_id = card
client = env["res.partner"].create({"name": "Harbor Works", "is_company": True})
project = env["project.project"].create({
    "name": "Merger", "allow_timesheets": True, "partner_id": client.id, "user_id": manager.id,
    "privacy_visibility": "employees",
})
result = {"employee": employee.id, "project": project.id}
"""
ROUNDS = 700 if FULL else 24
LINE = "account.analytic.line"
# what is done: (who, method, arguments after the ids)
ACTIONS = {
    "submit": ("consultant", "action_timetrack_submit", []),
    "withdraw": ("consultant", "action_timetrack_withdraw", []),
    "more hours": ("consultant", "write", [{"unit_amount": 3.0}]),
    "another text": ("consultant", "write", [{"name": "Other"}]),
    "delete": ("consultant", "unlink", []),
    "approve": ("lead", "action_timetrack_approve", []),
    "approve too": ("manager", "action_timetrack_approve", []),
    "send back": ("lead", "action_timetrack_reject", ["Why?"]),
    "correct": ("manager", "write", [{"unit_amount": 2.0}]),
    "reopen": ("administrator", "action_timetrack_reopen", ["Wrong"]),
    "bill": ("administrator", "bill", []),
}
STARTS = {"draft": [], "submitted": ["submit"], "approved": ["submit", "approve"]}


@pytest.fixture(scope="module")
def firm(serve_firm):
    """Serve a firm whose people are quick."""
    return serve_firm(FIRM, password=PASSWORD, rate=RATE)


@pytest.fixture(scope="module")
def ids(firm):
    return firm.ids


@pytest.fixture(scope="module")
def calls(firm):
    """A connection for each action: they are used at the same moment."""
    return {name: firm.rpc(who, PASSWORD) for name, (who, _method, _arguments) in ACTIONS.items()}


def act(calls, ids, name, entry):
    _who, method, arguments = ACTIONS[name]
    call = calls[name]
    if method == "bill":
        wizard = call("timetrack.invoice.wizard", "create", [{"project_ids": [(6, 0, [ids["project"]])]}])
        return call("timetrack.invoice.wizard", "action_create_invoices", [[wizard]])
    return call(LINE, method, [[entry], *arguments])


def check(firm, entry):
    """The trail is one story: each event goes on where the one before it ended, and the entry is in the last state."""
    events = firm.database.sql(
        "SELECT action, coalesce(state_from, ''), coalesce(state_to, '') FROM timetrack_approval_event"
        f" WHERE entry_ref = {entry} ORDER BY id"
    )
    state = "draft"
    for action, before, after in events:
        assert before == state, events
        state = after
        assert action != "approve" or (before, after) == ("submitted", "approved"), events
    rows = firm.database.sql(f"SELECT timetrack_state, unit_amount FROM account_analytic_line WHERE id = {entry}")
    if not rows:
        # a draft that nobody had handed in leaves nothing behind
        assert not events or events[-1][0] == "delete", events
        return None
    assert rows[0][0] == state, (rows, events)
    billed = firm.database.sql(
        "SELECT hours_worked, billed_amount FROM timetrack_allocation"
        f" WHERE line_id = {entry} AND kind = 'time' AND state IN ('prebill', 'draft', 'posted')"
    )
    if billed:
        [[hours, amount]] = billed
        assert state == "approved", events
        assert float(hours) == float(rows[0][1]) and float(amount) == float(hours) * RATE
    return state


def test_whoever_is_quick(firm, calls, ids):
    """Two or three act on an entry: each is done after the others or told why not, and nothing is done by half."""
    seed = random.randrange(10**6) if FULL else 19
    print(f"seed {seed}")
    chance = random.Random(seed)
    ended = set()
    for number in range(ROUNDS):
        start = chance.choice(list(STARTS))
        names = chance.sample(list(ACTIONS), chance.choice([2, 2, 3]))
        [entry] = calls["submit"](
            LINE, "create", [[{"name": f"Round {number}", "project_id": ids["project"], "unit_amount": 1.0}]]
        )
        for name in STARTS[start]:
            act(calls, ids, name, entry)
        results = together(*(lambda name=name, entry=entry: act(calls, ids, name, entry) for name in names))
        for name, result in zip(names, results, strict=True):
            if isinstance(result, Exception):
                text = getattr(result, "faultString", str(result))
                assert "Traceback" not in text and "serialize" not in text, (start, names, name, text)
        ended.add(check(firm, entry))
    assert {"draft", "submitted", "approved"} <= ended


def test_the_same_file_twice_at_once(firm, calls, ids):
    """Two people import the same export: each row is in once."""
    for number in range(60 if FULL else 2):
        out = io.StringIO()
        rows = [["Date", "Hours", "Employee", "Client", "Project", "Task", "Activity", "Deliverable", "Description"]]
        rows += [
            [f"2026-03-{day:02}", "1.5", "Carl", "Harbor Works", "Merger", "", "", "", f"Import {number} {day}"]
            for day in range(2, 7)
        ]
        csv.writer(out).writerows(rows)
        text = out.getvalue()
        callers = [firm.rpc("administrator", PASSWORD) for _tab in range(2)]
        results = together(*(lambda call=call, text=text: import_file(call, text) for call in callers))
        done = [result for result in results if not isinstance(result, Exception)]
        assert done, results
        [[count, days]] = firm.database.sql(
            f"SELECT count(*), count(DISTINCT date) FROM account_analytic_line WHERE name LIKE 'Import {number} %'"
        )
        assert (count, days) == ("5", "5"), results


def import_file(call, text):
    """Import a file as the dialog does."""
    values = {"file": base64.b64encode(text.encode()).decode(), "filename": "time.csv"}
    [job] = call("timetrack.import.job", "create", [[values]])
    call("timetrack.import.job", "action_import", [[job]])
    return call("timetrack.import.job", "read", [[job], ["state"]])
