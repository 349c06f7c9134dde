"""Whatever is sent to a form or an address of the portal: it is answered with a page, and the log has no error.

A dozen requests to each; five hundred with ``--full``.
"""

import os
import re

import pytest
import requests
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

PASSWORD = "timetrack-form"
# each request of a search for a smaller example would be one of a whole page
PHASES = (Phase.explicit, Phase.generate)
FULL = bool(os.environ.get("TIMETRACK_FULL"))
FIRM = """
from odoo.fields import Command

def new_user(login, *groups, **values):
    return env["res.users"].with_context(no_reset_password=True).create({
        "login": login, "name": login, "password": params["password"], "odoobot_state": "disabled",
        "group_ids": [Command.set([env.ref(group).id for group in groups])], **values,
    })

boss = new_user("boss", "hr_timesheet.group_timesheet_manager", "project.group_project_manager",
                "client_timetrack_billing.group_billing_manager")
chief = env["hr.employee"].create({"name": "Bea", "user_id": boss.id})
employee = env["hr.employee"].create({"name": "Carl", "parent_id": chief.id})
client = env["res.partner"].create({"name": "Harbor Works", "is_company": True, "email": "h@client.example"})
new_user("client", "base.group_portal", partner_id=client.id)
card = env["timetrack.rate.card"].create({"name": "Standard", "rate_ids": [Command.create({"rate": 100})]})
env.company.timetrack_rate_card_id = card
policy = env["timetrack.policy"].create({"name": "Client", "portal_time": "all", "step_ids": [
    Command.create({"kind": "manager"}), Command.create({"kind": "client", "sequence": 20}),
]})
projects = env["project.project"].create([
    {"name": name, "allow_timesheets": True, "partner_id": client.id, "privacy_visibility": "portal"}
    for name in ("Billed", "Waiting")
])
projects.message_subscribe(client.ids)

def log(project, day, number):
    entries = env["account.analytic.line"].create([
        {"name": f"Work {one}", "project_id": project.id, "employee_id": employee.id, "unit_amount": 1, "date": day}
        for one in range(number)
    ])
    entries.action_timetrack_submit()
    return entries

log(projects[0], "2026-03-02", 3).with_user(boss).action_timetrack_approve()
projects[1].timetrack_policy_id = policy
waiting = log(projects[1], "2026-04-01", 3)
waiting.with_user(boss).action_timetrack_approve()
log(projects[0], "2026-04-02", 3)
wizard = env["timetrack.invoice.wizard"].with_user(boss).create({"project_ids": [Command.set(projects[0].ids)]})
wizard.action_create_invoices()
invoice = env["account.move"].search([("move_type", "=", "out_invoice")], order="id desc", limit=1)
invoice.action_post()
dispute = env["timetrack.dispute"].create({
    "move_id": invoice.id, "reason_id": env["timetrack.dispute.reason"].search([], limit=1).id, "description": "Why?",
})
env["timetrack.period"]._cron_notify()
period = env["timetrack.period"].search([("employee_id", "=", employee.id), ("date_from", "<=", "2026-04-02")],
                                        order="date_from desc", limit=1)
assert waiting.mapped("timetrack_state") == ["submitted"] * 3, waiting.mapped("timetrack_state")
result = {
    "invoice": invoice.id, "dispute": dispute.id, "period": period.id, "token": invoice._portal_ensure_token(),
    "reason": str(env["timetrack.dispute.reason"].search([], limit=1).id), "waiting": waiting.ids,
}
"""
STATES = (
    "SELECT string_agg(timetrack_state || ' ' || name, ',' ORDER BY id) FROM account_analytic_line"
    " WHERE project_id IS NOT NULL"
)
ODD = ["", "0", "-1", "\u00b2", "\u0663", "9" * 5_000, "1e9", "NaN", "\x00", "a\x00b", "\u202e", "\U0001f600", "'--",
       "%s", "{}", "<script>", "x" * 10_000, "\u00e9"]  # fmt: skip
TEXTS = st.one_of(st.sampled_from(ODD), st.text(max_size=40), st.integers().map(str))
# (who, page with the form, where it is sent to, its fields and what they are otherwise)
FORMS = {
    "time approval": (
        "client",
        "/my/time-approval",
        "/my/time-approval/decide",
        {
            "decision": ("approve", "reject"),
            "comment": ("No",),
            "entry_ids": (),
            "page": ("1",),
            "search_in": ("name",),
        },
    ),
    "dispute": (
        "client",
        "/my/invoices/{invoice}/time",
        "/my/invoices/{invoice}/dispute",
        {"reason": ("{reason}",), "description": ("No",), "row": (), "search": (), "service": (), "access_token": ()},
    ),
    "period": (
        "boss",
        "/timetrack/period/{period}",
        "/timetrack/period/{period}/decide",
        {"decision": ("approve", "reject"), "reason": ("No",), "entry_ids": ()},
    ),
}
ADDRESSES = {
    "/my/time-approval": ("page", "sortby", "groupby", "search_in", "search"),
    "/my/time-approval/page/{number}": ("sortby", "search"),
    "/my/invoices/{invoice}/time": ("search", "service", "access_token"),
    "/my/invoices/{invoice}/time.xlsx": ("access_token",),
    "/my/invoices/{invoice}/ledes": ("access_token",),
    "/my/invoices/{number}/time": ("access_token",),
    "/my/disputes": ("page",),
    "/my/disputes/{dispute}": ("access_token",),
    "/my/disputes/{number}": ("access_token",),
    "/my/engagements": ("page",),
    "/my/retainers/{number}": ("report_type",),
    "/timetrack/period/{number}": ("notice",),
}


@pytest.fixture(scope="module")
def firm(serve_firm):
    return serve_firm(FIRM, password=PASSWORD)


@pytest.fixture(scope="module")
def sessions(firm):
    """A session of each login, and one of nobody."""
    return {"": requests.Session(), **{login: firm.session(login, PASSWORD) for login in ("client", "boss")}}


def many(function):
    """Let a test run many times, with other values each time."""
    quiet = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    return settings(max_examples=500 if FULL else 12, deadline=None, suppress_health_check=quiet, phases=PHASES)(
        function
    )


def errors(firm):
    log = firm.log.read_text(errors="replace")
    return re.findall(r"^\S+ \S+ \d+ (?:ERROR|CRITICAL) .*", log, re.MULTILINE)


def send(firm, sessions, form, values, files):
    """Send a form as its page does; return the answer."""
    login, page, target, _fields = FORMS[form]
    session = sessions[login]
    shown = session.get(firm.url + page.format(**firm.ids))
    assert shown.status_code == 200, page
    [token, *_more] = re.findall(r'name="csrf_token" value="(\w+)"', shown.text)
    data = [("csrf_token", token), *values]
    files = [(name, (f"{name}.txt", b"a file", "text/plain")) for name in files]
    return session.post(firm.url + target.format(**firm.ids), data=_pairs(data), files=files or None)


def _pairs(data):
    """What ``requests`` takes as several values of a name."""
    return {name: [value for other, value in data if other == name] for name, _value in data}


def fields_of(form):
    """Any number of values for each field of a form, of those it knows and of any kind."""
    fields = FORMS[form][3]
    return st.tuples(
        *(
            st.lists(st.one_of(TEXTS, st.sampled_from(known)) if known else TEXTS, max_size=3).map(
                lambda values, name=name: [(name, value) for value in values]
            )
            for name, known in fields.items()
        )
    ).map(lambda groups: [pair for group in groups for pair in group])


@pytest.mark.parametrize("form", FORMS)
def test_forms(firm, sessions, form):
    """What was not chosen is left alone, whatever is sent."""
    before = firm.database.sql(STATES)

    @many
    @given(fields_of(form), st.lists(st.sampled_from(list(FORMS[form][3])), max_size=1))
    def run(values, files):
        values = [(name, value.replace("{reason}", firm.ids["reason"])) for name, value in values]
        answer = send(firm, sessions, form, values, files)
        assert answer.status_code < 500, (answer.status_code, values, files)

    run()
    assert errors(firm) == []
    # entries of the firm have small numbers; only integers that were made up could have met one
    assert firm.database.sql(STATES) == before


@pytest.mark.parametrize("address", ADDRESSES)
def test_addresses(firm, sessions, address):
    names = ADDRESSES[address]

    @many
    @given(
        st.sampled_from(["client", "boss", ""]),
        st.dictionaries(st.sampled_from(names), TEXTS),
        st.one_of(st.integers(0, 10**40), st.sampled_from([0, 2**31, 2**63, 10**20])),
    )
    @example("client", dict.fromkeys(names, "\u00b2"), 1)
    def run(login, arguments, number):
        url = firm.url + address.format(**{**firm.ids, "number": number})
        answer = sessions[login].get(url, params=arguments, allow_redirects=False)
        assert answer.status_code < 500, (answer.status_code, url, arguments)

    run()
    assert errors(firm) == []
