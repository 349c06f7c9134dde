"""Logging time in the browser: the week by keyboard, the phone, a lost connection, the timer on two devices, cards."""

from datetime import date, timedelta

import pytest

HOME = "/odoo/my-week"
# Without motion: what slides in cannot be tapped before it stands still.
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "reduced_motion": "reduce"}
TODAY = date.today()
MONDAY = TODAY - timedelta(days=TODAY.weekday())
TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)

FIRM = """
policy = env["timetrack.policy"].create({"name": "Nine Hours", "day_hours_severity": "block", "day_hours_max": 9})
env.company.write({"timetrack_policy_id": policy.id, "timetrack_week_start": "0"})
Employee = env["hr.employee"]
lead = Employee.create({
    "name": "Lena Lead", "user_id": user("cap_lead", "Lena Lead", "hr_timesheet.group_hr_timesheet_approver").id,
})
for name in ("Carl", "Cora", "Cyril", "Cleo"):
    login = f"cap_{name.lower()}"
    groups = ["hr_timesheet.group_hr_timesheet_user", "project.group_project_user"]
    Employee.create({"name": name, "parent_id": lead.id, "user_id": user(login, name, *groups).id})
client = env["res.partner"].create({"name": "Harbor Works", "is_company": True})
project = env["project.project"].create({
    "name": "Merger", "allow_timesheets": True, "privacy_visibility": "employees", "partner_id": client.id,
})
env["project.task"].create([
    {"name": name, "project_id": project.id, "user_ids": False} for name in ("Drafting", "Negotiation")
])
env["timetrack.activity"].create({"name": "Research"})
result = True
"""


@pytest.fixture(scope="module")
def firm(serve_firm):
    """Serve a lead with four people and a project with two tasks; no day has more than nine hours."""
    served, _result = serve_firm(FIRM)
    return served


def logged(firm, login):
    """Return (day, minutes, task, state) of somebody's time."""
    rows = firm.database.sql(
        "SELECT line.date, round(line.unit_amount * 60), coalesce(task.name, ''),"
        " line.timetrack_state FROM account_analytic_line line"
        " JOIN res_users owner ON owner.id = line.user_id LEFT JOIN project_task task ON task.id = line.task_id"
        f" WHERE owner.login = '{login}' ORDER BY line.date, line.id"
    )
    return [(day, int(float(minutes)), task, state) for day, minutes, task, state in rows]


def cell(row, day):
    """Return the selector of a cell of the grid."""
    return f"[data-row='{row}'][data-date='{day:%Y-%m-%d}']"


def add_work(page, words, found):
    """Find work by words and take it."""
    page.fill(".o_timetrack_search_work input", words)
    page.click(f".o-autocomplete--dropdown-item:has-text('{found}')")


def test_a_week_by_keyboard(firm, log_in):
    """Find work, type three days, see a refusal, correct it, hand the week in: without the mouse but for the search."""
    calls = []
    page = log_in("cap_carl")
    page.on("request", lambda request: calls.append(request.url) if "timetrack_grid" in request.url else None)
    page.wait_for_selector(".o_timetrack_grid_empty")
    add_work(page, "harbor draft", "Drafting")
    # The grid waits for hours in the cell of today; until it does, it would take the focus back.
    page.wait_for_selector(f".o_timetrack_cell[data-date='{TODAY:%Y-%m-%d}']:focus")
    page.focus(cell(0, MONDAY))
    for key in ("1:30", "Tab", "90m", "Tab", "2,25", "Enter"):
        page.keyboard.press(key) if key in ("Tab", "Enter") else page.keyboard.type(key)
    page.wait_for_selector(f"{cell(0, WEDNESDAY)}:has-text('2:15')")
    page.focus(cell(0, MONDAY))
    page.keyboard.type("10")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{cell(0, MONDAY)}.o_timetrack_error:has-text('10')")
    assert "Nine Hours" in page.get_attribute(cell(0, MONDAY), "title")
    page.focus(cell(0, MONDAY))
    page.keyboard.press("Escape")
    page.wait_for_selector(f"{cell(0, MONDAY)}:not(.o_timetrack_error):has-text('1:30')")
    page.keyboard.press("Shift+ArrowUp")
    page.wait_for_selector(f"{cell(0, MONDAY)}:has-text('1:45')")
    page.keyboard.press("Control+z")
    page.wait_for_selector(f"{cell(0, MONDAY)}:has-text('1:30')")
    page.wait_for_selector("[aria-busy='false']")
    assert [row[:3] for row in logged(firm, "cap_carl")] == [
        (str(MONDAY), 90, "Drafting"),
        (str(TUESDAY), 90, "Drafting"),
        (str(WEDNESDAY), 135, "Drafting"),
    ]
    saves = [url for url in calls if "timetrack_grid_save" in url]
    assert len(saves) <= 6, saves  # three cells, the refusal, the step, the undo: one call each
    page.click(".o_timetrack_grid_submit")
    page.wait_for_selector(".o_notification:has-text('3 entries submitted')")
    assert {row[3] for row in logged(firm, "cap_carl")} == {"submitted"}


def test_one_call_opens_the_grid(log_in):
    """Beyond action and views, the grid asks once."""
    page = log_in("cap_cora", "/odoo")
    calls = []
    page.on(
        "request",
        lambda request: calls.append(request.url.rsplit("/", 1)[-1]) if "/web/dataset/call_kw" in request.url else None,
    )
    page.evaluate("odoo.__WOWL_DEBUG__.root.env.services.action.doAction('client_timetrack.timetrack_grid_action')")
    page.wait_for_selector(".o_timetrack_time_grid")
    page.wait_for_timeout(1000)
    asked = [name for name in calls if name not in ("get_views", "get_timetrack_pending_count")]
    assert asked == ["timetrack_grid_load"], calls


def test_without_a_connection_nothing_is_lost(firm, log_in):
    """What was typed stays, says so, and is saved when the server is back."""
    page = log_in("cap_cora", tolerate="502")
    add_work(page, "negotiation", "Negotiation")
    page.wait_for_selector(cell(0, MONDAY))
    page.route("**/timetrack_grid_save", lambda route: route.fulfill(status=502, body=""))
    page.focus(cell(0, MONDAY))
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    page.wait_for_selector(".o_timetrack_grid_failures:has-text('no connection')")
    page.unroute("**/timetrack_grid_save")
    page.click(".o_timetrack_grid_failures button:has-text('Try Again')")
    page.wait_for_selector(f"{cell(0, MONDAY)}:not(.o_timetrack_error):has-text('3:00')")
    page.wait_for_selector("[aria-busy='false']")
    assert [row[:3] for row in logged(firm, "cap_cora")] == [(str(MONDAY), 180, "Negotiation")]


def test_phone(firm, log_in):
    """A day as a list: add work, log it with two taps, describe it; nothing is wider than the screen."""
    page = log_in("cap_cyril", **PHONE)
    page.tap(".o_timetrack_add_work")
    add_work(page, "draft", "Drafting")
    page.wait_for_selector(".o_timetrack_cell_panel")
    page.tap(".o_timetrack_entry_new button:has-text('+1:00')")
    page.tap(".o_timetrack_entry_new button:has-text('+0:30')")
    page.fill(".o_timetrack_entry_new input[aria-label='Description']", "First draft")
    page.tap(".o_timetrack_entry_new button[type=submit]")
    page.wait_for_selector(".o_timetrack_card_hours:has-text('1:30')")
    page.wait_for_selector(".o_timetrack_card:has-text('First draft')")
    assert [row[:3] for row in logged(firm, "cap_cyril")] == [(str(TODAY), 90, "Drafting")]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.tap(".o_timetrack_grid_next")
    page.wait_for_selector(f".o_timetrack_day_strip [data-date='{MONDAY + timedelta(days=7):%Y-%m-%d}']")


def test_the_team(firm, log_in, call_as):
    """The lead sees the people's week and corrects what is not handed in."""
    [[project]] = firm.database.sql("SELECT max(id) FROM project_project WHERE allow_timesheets")
    call_as("cap_cleo")(
        "account.analytic.line",
        "create",
        [
            {
                "name": "Call",
                "date": str(TODAY),
                "unit_amount": 2,
                "project_id": int(project),
            }
        ],
    )
    page = log_in("cap_lead", "/odoo/team-time")
    page.wait_for_selector(".o_timetrack_section:has-text('Cleo')")
    row = page.get_attribute(f"[data-date='{TODAY:%Y-%m-%d}']:has-text('2:00')", "data-row")
    page.focus(cell(row, TODAY))
    page.keyboard.type("2:30")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{cell(row, TODAY)}:has-text('2:30')")
    page.wait_for_selector("[aria-busy='false']")
    assert [entry[1] for entry in logged(firm, "cap_cleo")] == [150]


def test_the_timer_on_two_devices(firm, log_in):
    """Started at the desk, stopped on the phone; both show it without a reload."""
    before = logged(firm, "cap_cleo")
    desk = log_in("cap_cleo", "/odoo/project")
    phone = log_in("cap_cleo", "/odoo/project", **PHONE)
    desk.click(".o_kanban_record:has-text('Merger') .o_timetrack_timer_button")
    desk.wait_for_selector(".o_timetrack_timer_running")
    phone.wait_for_selector(".o_timetrack_timer_running")
    desk.reload()
    desk.wait_for_selector(".o_timetrack_timer_running")
    firm.database.sql("UPDATE timetrack_timer_lap SET start = start - interval '30 minutes'")
    phone.tap(".o_timetrack_timer")
    phone.tap(".o_timetrack_timer_stop")
    phone.wait_for_selector(".o_notification:has-text('The time is logged')")
    desk.wait_for_selector(".o_timetrack_timer_running", state="detached")
    # Stopped soon after midnight, the half hour belongs to two days, each rounded by itself.
    entries = [entry for entry in logged(firm, "cap_cleo") if entry not in before]
    assert len(entries) == len({entry[0] for entry in entries})
    assert 30 <= sum(entry[1] for entry in entries) <= 30 + len(entries)


def test_log_time_on_a_card(firm, log_in):
    """A card of a project: a dialog with everything known filled in."""
    before = len(logged(firm, "cap_cora"))
    page = log_in("cap_cora", "/odoo/project")
    page.click(".o_kanban_record:has-text('Merger') .o_timetrack_log_time")
    page.wait_for_selector(".modal [name=unit_amount] input:focus")
    page.keyboard.type("45m")
    page.click(".modal footer .btn-primary")
    page.wait_for_selector(".modal", state="detached")
    entries = logged(firm, "cap_cora")
    assert len(entries) == before + 1
    assert (str(TODAY), 45, "", "draft") in entries
