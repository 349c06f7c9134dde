"""Names and descriptions that want to be programs: on screens, the portal, in mail, on paper and in workbooks."""

import io
import os
import re

import pytest
from openpyxl import load_workbook

PASSWORD = "timetrack-hostile"
# sets a mark where a browser takes it for a program
SCRIPT = '<img src=x onerror="window.hacked=1">'
FORMULA = '=HYPERLINK("http://evil","click")'
ODD = "\u202e\u05d0\u05d1 \U0001f469\u200d\U0001f4bb {{ 7*7 }} %(x)s ${x} &amp;"
LONG = "x" * 10_000
FIRM = """
from odoo.fields import Command
script, formula, odd = params["html"], params["formula"], params["odd"]

def new_user(login, name, *groups):
    return env["res.users"].with_context(no_reset_password=True).create({
        "login": login, "name": name, "password": params["password"], "odoobot_state": "disabled",
        "email": f"{login}@firm.example", "notification_type": "email",
        "group_ids": [Command.set([env.ref(group).id for group in groups])],
    })

boss = new_user("boss", f"Bea {script}", "hr_timesheet.group_timesheet_manager", "project.group_project_manager",
                "client_timetrack_billing.group_billing_manager", "client_timetrack_reports.group_margin_viewer")
lead = new_user("lead", f"Lena {script}", "hr_timesheet.group_hr_timesheet_approver")
user = new_user("carl", f"Carl {script}", "hr_timesheet.group_hr_timesheet_user")
Employee = env["hr.employee"]
chief = Employee.create({"name": lead.name, "user_id": lead.id, "work_email": "lead@firm.example"})
employee = Employee.create({"name": user.name, "user_id": user.id, "parent_id": chief.id, "hourly_cost": 50})
client = env["res.partner"].create({"name": f"Client {script}", "is_company": True})
contact = env["res.partner"].create({"name": f"{odd} {script}", "parent_id": client.id, "email": "c@client.example"})
portal = env["res.users"].with_context(no_reset_password=True).create({
    "login": "client", "partner_id": contact.id, "password": params["password"],
    "group_ids": [Command.set([env.ref("base.group_portal").id])],
})
card = env["timetrack.rate.card"].create({"name": formula, "rate_ids": [Command.create({"rate": 100})]})
env.company.write({"timetrack_rate_card_id": card.id})
policy = env["timetrack.policy"].create({
    "name": script, "portal_time": "all", "step_ids": [
        Command.create({"kind": "manager"}), Command.create({"kind": "client", "sequence": 20}),
    ],
})
activity = env["timetrack.activity"].create({"name": f"{script} {formula}"})
project = env["project.project"].create({
    "name": f"Project {script}", "allow_timesheets": True, "partner_id": client.id, "privacy_visibility": "portal",
    "user_id": boss.id,
})
project.message_subscribe(contact.ids)
task = env["project.task"].create({"name": f"Task {script}", "project_id": project.id, "partner_id": contact.id})
deliverable = env["timetrack.deliverable"].create({"name": f"={script}", "project_id": project.id})
engagement = env["timetrack.engagement"].search([("project_id", "=", project.id)])
engagement.annex = engagement._fields["annex"].get_values(env)[0]
texts = [script, formula, odd, "+1+1", "-1+1", "@SUM(1)", params["long"]]
entries = env["account.analytic.line"].with_user(user).create([
    {"name": text, "project_id": project.id, "task_id": task.id, "unit_amount": 1, "date": f"2026-03-{2 + number:02}",
     "timetrack_activity_id": activity.id, "timetrack_deliverable_id": deliverable.id}
    for number, text in enumerate(texts)
])
entries.action_timetrack_submit()
entries.sudo().with_user(lead).action_timetrack_approve()
project.timetrack_policy_id = policy
more = env["account.analytic.line"].with_user(user).create([
    {"name": text, "project_id": project.id, "task_id": task.id, "unit_amount": 1, "date": "2026-04-01"}
    for text in texts[:3]
])
more.action_timetrack_submit()
more[0].with_user(lead).action_timetrack_reject(script)
more[1].with_user(lead).action_timetrack_approve()
env["timetrack.period"]._cron_notify()
wizard = env["timetrack.invoice.wizard"].with_user(boss).create({"project_ids": [Command.set(project.ids)]})
wizard.action_create_invoices()
invoice = env["account.move"].search([("move_type", "=", "out_invoice")], order="id desc", limit=1)
invoice.action_post()
env["timetrack.dispute"].create({
    "move_id": invoice.id, "reason_id": env["timetrack.dispute.reason"].search([], limit=1).id,
    "description": f"{script} {formula}",
})
prebill = env["timetrack.prebill"].search([], order="id desc", limit=1)
prebill.note = script
result = {
    "invoice": invoice.id, "token": invoice._portal_ensure_token(), "prebill": prebill.id, "project": project.id,
    "dispute": invoice.timetrack_dispute_ids.id, "period": env["timetrack.period"].search(
        [("employee_id", "=", employee.id)], limit=1).id, "texts": texts,
}
"""


@pytest.fixture(scope="module")
def firm(serve_firm):
    """A firm whose every name is hostile."""
    return serve_firm(FIRM, html=SCRIPT, formula=FORMULA, odd=ODD, long=LONG, password=PASSWORD)


def harmless(text, where):
    """The text shows the name and runs nothing."""
    assert "onerror" in text, f"{where} does not show it"
    tags = re.sub(r"<script\b.*?</script>", "", text, flags=re.DOTALL)
    assert not re.search(r"<img src=[\"']?x", tags), f"{where} runs it"


@pytest.mark.parametrize(
    ("login", "path"),
    [
        ("client", "/my/time-approval"),
        ("client", "/my/timesheets"),
        ("client", "/my/projects/{project}"),
        ("client", "/my/engagements"),
        ("client", "/my/invoices/{invoice}"),
        ("client", "/my/invoices/{invoice}/time"),
        ("client", "/my/disputes"),
        ("client", "/my/invoices/{invoice}?report_type=html"),
        ("boss", "/report/html/client_timetrack_billing.report_prebill/{prebill}"),
        ("boss", "/timetrack/period/{period}"),
    ],
)
def test_portal_paper_and_pages(firm, login, path):
    answer = firm.session(login, PASSWORD).get(firm.url + path.format(**firm.ids))
    assert answer.status_code == 200, (path, answer.status_code)
    harmless(answer.text, path)


def test_mail(firm):
    """Mail to approvers and employees, and all messages of the chatter."""
    bodies = firm.database.sql(
        "SELECT replace(coalesce(mail.body_html, message.body), chr(10), ' ') FROM mail_message message"
        " LEFT JOIN mail_mail mail ON mail.mail_message_id = message.id"
        " WHERE message.body LIKE '%onerror%' OR mail.body_html LIKE '%onerror%'"
    )
    assert len(bodies) > 1
    for [body] in bodies:
        harmless(body, "mail")


def no_formula(content):
    """Formulas are the workbook's own; texts are texts, and all are there. Return the texts."""
    book = load_workbook(io.BytesIO(content))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    for cell in cells:
        if cell.data_type == "f":
            assert "evil" not in str(cell.value) and "onerror" not in str(cell.value), cell.value
        assert cell.hyperlink is None or "evil" not in str(cell.hyperlink.target), cell.hyperlink
    return [cell.value for cell in cells if cell.data_type == "s"]


def test_workbooks(firm):
    call = firm.rpc("boss", PASSWORD)
    wizard = call(
        "timetrack.workbook.wizard", "create", [[{"date_from": "2026-03-01", "date_to": "2026-04-30", "kind": "all"}]]
    )
    action = call("timetrack.workbook.wizard", "action_download", [wizard])
    texts = no_formula(firm.session("boss", PASSWORD).get(firm.url + action["url"]).content)
    assert any(SCRIPT in text for text in texts)
    session = firm.session("client", PASSWORD)
    answer = session.get(f"{firm.url}/my/invoices/{firm.ids['invoice']}/time.xlsx")
    texts = no_formula(answer.content)
    for text in firm.ids["texts"]:
        assert text.strip() in {one.strip() for one in texts}, text[:40]
    path = f"/web/content/timetrack.prebill/{firm.ids['prebill']}/workbook/x.xlsx"
    assert no_formula(firm.session("boss", PASSWORD).get(firm.url + path).content)


@pytest.mark.parametrize(
    ("login", "action"),
    [
        ("carl", "client_timetrack.timetrack_grid_action"),
        ("lead", "client_timetrack.timetrack_approval_board_action"),
        ("boss", "client_timetrack_billing.timetrack_prebill_action"),
        ("boss", "client_timetrack_reports.timetrack_report_action_wip"),
        ("boss", "client_timetrack.timetrack_approval_event_action"),
    ],
)
def test_screens(firm, open_page, login, action):
    """Nothing runs in the web client, on whatever screen a name is."""
    if login == "boss" and not os.environ.get("TIMETRACK_FULL"):
        pytest.skip("a long one: setup/test --full")
    page = open_page(firm.url, login, PASSWORD, tolerate="404")
    page.goto(f"{firm.url}/odoo/action-{action}")
    page.wait_for_selector(".o_view_controller, .o_action")
    page.wait_for_timeout(3_000)
    assert page.evaluate("window.hacked") is None
    assert not page.locator("img[src=x]").count()
