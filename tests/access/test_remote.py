"""Remote clients, addresses and files: who guesses an id gets no further than the screens let them."""

import os
import xmlrpc.client
from pathlib import Path

import pytest
import requests
from world import OUTSIDE, PASSWORD, ROLES, login

HERE = Path(__file__).parent
FULL = bool(os.environ.get("TIMETRACK_FULL"))
SCRIPT = """
import sys
from datetime import datetime, timedelta
sys.path.insert(0, params["folder"])
import probe, world
roles = world.build(env)
tomorrow = datetime.now() + timedelta(days=1)
commercial = roles["client"].user.partner_id.commercial_partner_id
employee = roles["consultant"].user.employee_id

def first(model, *domain):
    found = env[model].search(list(domain), order="id", limit=1)
    assert found, f"the demo firm has no {model}"
    return found

ours = ("commercial_partner_id", "=", commercial.id)
invoice = first("account.move", ours, ("move_type", "=", "out_invoice"), ("timetrack_dispute_ids", "!=", False))
env["ir.attachment"].create({"name": "LEDES.txt", "res_model": "account.move", "res_id": invoice.id, "raw": b"LEDES"})
period = first("timetrack.period", ("employee_id", "=", employee.id))
request = first("timetrack.workbook.request")
request.file = "QUJD"
job = first("timetrack.import.job", ("file", "!=", False))
prebill = first("timetrack.prebill", ("responsible_id.login", "=", "partner"))
retainer = first("timetrack.retainer", ("partner_id.commercial_partner_id", "=", commercial.id))
files = env["ir.attachment"].create([
    {"name": f"{record._name}.txt", "res_model": record._name, "res_id": record.id, "raw": b"secret"}
    for record in (prebill, retainer, first("timetrack.accrual"), first("timetrack.benefit"))
])
result = {
    "keys": {
        role: own["res.users.apikeys"]._generate(None, "attack", tomorrow)
        for role, own in roles.items() if role not in world.OUTSIDE
    },
    "models": [
        name for name in sorted(env.registry)
        if env[name]._original_module in probe.ADDONS and not env[name]._abstract and not env[name]._transient
    ],
    "routes": sorted(
        (url, ",".join(endpoint.routing["methods"]))
        for url, endpoint in env["ir.http"]._generate_routing_rules(
            list(env.registry._init_modules), converters=env["ir.http"]._get_converters()
        )
        if probe.is_ours(endpoint.func.__module__)
    ),
    "ids": {
        "period_id": period.id,
        "invoice_id": invoice.id,
        "dispute_id": invoice.timetrack_dispute_ids[:1].id,
        "retainer_id": retainer.id,
        "page": 1,
    },
    "token": invoice._portal_ensure_token(),
    "files": {
        f"/report/html/client_timetrack_billing.report_prebill/{prebill.id}": "pre-bill on paper",
        f"/report/html/client_timetrack_billing.report_retainer/{retainer.id}": "retainer on paper",
        f"/web/content/timetrack.prebill/{prebill.id}/workbook/x.xlsx": "pre-bill as a workbook",
        f"/web/content/timetrack.workbook.request/{request.id}/file/x.xlsx": "the lead's workbook",
        f"/web/content/timetrack.import.job/{job.id}/file/x.csv": "imported file",
        **{f"/web/content/{one.id}": f"attached to {one.res_model}" for one in files},
    },
}
"""

INSIDE = [role for role in ROLES if role not in OUTSIDE]
# Who gets in, by address and method, with the demo client's own record; POST needs a token of the page besides.
BILLING = ("billing user", "billing manager", "accountant")
ROUTES = {
    "/my/disputes": ("client", "other client", *INSIDE),
    "/my/disputes/<int:dispute_id>": BILLING,  # clients come by the link of their list, which has a token
    "/my/engagements": ("client", "other client", *INSIDE),
    "/my/invoices/<int:invoice_id>/ledes": ("client", *BILLING),
    "/my/invoices/<int:invoice_id>/time": ("client", *BILLING),
    "/my/invoices/<int:invoice_id>/time.xlsx": ("client", *BILLING),
    "/my/retainers": ("client", "other client", *INSIDE),
    "/my/retainers/<int:retainer_id>?report_type=html": ("client",),
    "/my/time-approval": ("client", "other client", *INSIDE),
    "/my/time-approval/page/<int:page>": ("client", "other client", *INSIDE),
    # with a key of its own only
    "/timesheets/feed.csv": (),
    "/timesheets/feed.ics": (),
    "/timetrack/period/<int:period_id>": ("team lead", "timesheet administrator"),
}
POSTS = (
    "/my/invoices/<int:invoice_id>/dispute",
    "/my/time-approval/decide",
    "/timetrack/period/<int:period_id>/decide",
)
BILLERS = ("billing user", "billing manager")
FILES = {
    "pre-bill on paper": BILLERS,
    "retainer on paper": BILLING,
    "pre-bill as a workbook": BILLERS,
    "the lead's workbook": ("team lead",),
    "imported file": ("timesheet administrator",),
    "attached to timetrack.prebill": BILLERS,
    "attached to timetrack.retainer": BILLING,
    "attached to timetrack.accrual": BILLERS,
    "attached to timetrack.benefit": ("team lead", "project manager", *BILLERS, "timesheet administrator"),
}


@pytest.fixture(scope="module")
def firm(serve_firm):
    """The demo firm with its attackers, served."""
    return serve_firm(SCRIPT, layer="demo", folder=str(HERE))


@pytest.fixture(scope="module")
def world(firm):
    return firm.ids


@pytest.fixture(scope="module")
def browsers(firm):
    """{role: requests session, logged in}"""
    return {role: requests.Session() if role == "public" else firm.session(login(role), PASSWORD) for role in ROLES}


class Client:
    """Calls of a user by each way there is; a refusal is None."""

    def __init__(self, firm, world, role, session):
        self.firm, self.session, self.key = firm, session, world["keys"].get(role)
        common = xmlrpc.client.ServerProxy(f"{firm.url}/xmlrpc/2/common")
        self.uid = common.authenticate(firm.db, login(role), PASSWORD, {})
        self.models = xmlrpc.client.ServerProxy(f"{firm.url}/xmlrpc/2/object", allow_none=True)

    def ways(self):
        return [self.screen, self.xml_rpc, self.json_rpc, *([self.json_2] if self.key else [])]

    def screen(self, model, method, **values):
        params = {"model": model, "method": method, "args": [], "kwargs": values}
        return self.session.post(f"{self.firm.url}/web/dataset/call_kw", json={"params": params}).json().get("result")

    def xml_rpc(self, model, method, **values):
        try:
            return self.models.execute_kw(self.firm.db, self.uid, PASSWORD, model, method, [], values)
        except xmlrpc.client.Fault:
            return None

    def json_rpc(self, model, method, **values):
        arguments = [self.firm.db, self.uid, PASSWORD, model, method, [], values]
        params = {"service": "object", "method": "execute_kw", "args": arguments}
        return self.session.post(f"{self.firm.url}/jsonrpc", json={"params": params}).json().get("result")

    def json_2(self, model, method, **values):
        head = {"Authorization": f"bearer {self.key}", "X-Odoo-Database": self.firm.db}
        answer = requests.post(f"{self.firm.url}/json/2/{model}/{method}", headers=head, json=values)
        return answer.json() if answer.ok else None


FEW = ("client", "consultant", "team lead", "billing user", "other company")


@pytest.mark.parametrize("role", [role for role in ROLES if role in FEW or (FULL and role != "public")])
def test_all_ways_see_the_same(firm, world, browsers, role):
    """Screens, XML-RPC, JSON-RPC and JSON-2 count the same records, or refuse alike; none knows private methods."""
    client = Client(firm, world, role, browsers[role])
    for model in world["models"]:
        counts = [way(model, "search_count", domain=[]) for way in client.ways()]
        assert len(set(counts)) == 1, f"{role} {model}: {counts}"
    for way in client.ways():
        assert way("timetrack.approval.event", "_timetrack_internal") is None
        assert way("account.analytic.line", "_timetrack_settle", state="approved") is None
        assert way("timetrack.approval.event", "create", vals_list=[{"action": "approve"}]) is None


def get(firm, world, session, path):
    for name, value in world["ids"].items():
        path = path.replace(f"<int:{name}>", str(value))
    return session.get(f"{firm.url}{path}", allow_redirects=False)


def test_no_address_is_unknown(firm, world):
    assert [tuple(route) for route in world["routes"]] == sorted(
        [*((url.partition("?")[0], "GET") for url in ROUTES), *((url, "POST") for url in POSTS)]
    )


@pytest.mark.parametrize("url", ROUTES)
def test_who_gets_in(firm, world, browsers, url):
    """Everybody else is sent to log in, or home, or told that there is no such page; nobody sees an error."""
    answers = {role: get(firm, world, browsers[role], url) for role in ROLES}
    assert {role for role, answer in answers.items() if answer.status_code == 200} == set(ROUTES[url])
    assert {answer.status_code for answer in answers.values()} <= {200, 303, 403, 404}
    if "invoice_id" in url:  # whoever was sent the link has its token; another does not open it
        token = world["token"]
        assert get(firm, world, browsers["public"], f"{url}?access_token={token}").status_code == 200
        assert get(firm, world, browsers["public"], f"{url}?access_token={token[:-1]}x").status_code != 200


@pytest.mark.parametrize("url", POSTS)
def test_nothing_is_sent_from_other_pages(firm, world, browsers, url):
    """A form of another site has no token of ours."""
    for name, value in world["ids"].items():
        url = url.replace(f"<int:{name}>", str(value))
    for role, session in browsers.items():
        answer = session.post(f"{firm.url}{url}", data={"decision": "approve"}, allow_redirects=False)
        assert answer.status_code in (303, 400), (role, answer.status_code)


def test_who_gets_files(firm, world, browsers):
    """A file is for whoever sees its record."""
    known = dict.fromkeys(FILES, ())
    for path, name in world["files"].items():
        answers = {role: get(firm, world, browsers[role], path) for role in ROLES}
        known[name] = tuple(role for role in ROLES if answers[role].status_code == 200)
        assert {answer.status_code for answer in answers.values()} <= {200, 303, 403, 404}, name
    assert known == {name: tuple(role for role in ROLES if role in roles) for name, roles in FILES.items()}
