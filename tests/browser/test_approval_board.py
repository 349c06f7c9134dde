"""Handing in a week and deciding on it in the browser: systray, board, badge, queue, on a desk and on a phone."""

from datetime import date

import pytest

# Without motion: what slides in cannot be tapped before it stands still.
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "reduced_motion": "reduce"}

FIRM = """
Employee = env["hr.employee"]
lead = user("board_lead", "Lena Lead", "hr_timesheet.group_hr_timesheet_approver")
manager = Employee.create({"name": "Lena Lead", "user_id": lead.id})
project = env["project.project"].create({
    "name": "Merger", "allow_timesheets": True, "privacy_visibility": "employees",
})
ids = {}
for name in ("Carl", "Cora", "Cyril"):
    login = f"board_{name.lower()}"
    employee = Employee.create({
        "name": name, "parent_id": manager.id,
        "user_id": user(login, name, "hr_timesheet.group_hr_timesheet_user").id,
    })
    ids[name] = employee.id
    env["account.analytic.line"].create([
        {"name": f"{name} {number}", "project_id": project.id, "employee_id": employee.id, "unit_amount": 2,
         "date": fields.Date.today()}
        for number in range(1, 4)
    ])
env["account.analytic.line"].search([("project_id", "=", project.id), ("employee_id.name", "!=", "Cyril")]
    ).action_timetrack_submit()
result = ids
"""


@pytest.fixture(scope="module")
def employees():
    """Return the ids of the employees by name, filled in by ``firm``."""
    return {}


@pytest.fixture(scope="module")
def firm(serve_firm, employees):
    """Serve a lead with three people: two have handed in three entries of today, one has not yet."""
    served, ids = serve_firm(FIRM)
    employees.update(ids)
    return served


def states(firm, name):
    """Return the state and the reason of somebody's entries by their number."""
    rows = firm.database.sql(
        "SELECT right(name, 1), timetrack_state, coalesce(timetrack_reason, '') FROM account_analytic_line"
        f" WHERE name LIKE '{name} %' ORDER BY name"
    )
    return {number: (state, reason) for number, state, reason in rows}


def row(employees, name):
    """Return the selector of somebody's row."""
    return f"[data-employee='{employees[name]}']"


def cell(employees, name):
    """Return the selector of somebody's cell of today."""
    return f"{row(employees, name)} [data-date='{date.today():%Y-%m-%d}']"


def badge(count):
    """Return the selector of the menu's number."""
    return f".o_menu_sections .o_timetrack_badge:text-is('{count}')"


def test_submit_my_week_from_the_systray(firm, log_in):
    """One click on any page hands in all time of the week."""
    page = log_in("board_cyril", "/odoo/timesheets")
    page.click(".o_timetrack_my_period")
    card = ".o_timetrack_my_period_card >> nth=0"
    page.wait_for_selector(f"{card} >> :text('06:00')")
    page.click(f"{card} >> .o_timetrack_submit_period")
    page.wait_for_selector(".o_notification:has-text('Your time is submitted')")
    page.wait_for_selector(".o_data_row:has-text('Cyril 1'):has-text('Submitted')")
    assert states(firm, "Cyril") == dict.fromkeys("123", ("submitted", ""))


def test_approve_one_entry_and_the_cell(firm, log_in, employees):
    """The panel decides on one entry, the cell on what is left; the menu's number follows."""
    page = log_in("board_lead", "/odoo/approve-time")
    page.wait_for_selector(badge(9))
    page.click(cell(employees, "Carl"))
    page.click(".o_timetrack_entry:has-text('Carl 2') .o_timetrack_approve")
    page.wait_for_selector(".o_timetrack_entry:has-text('Carl 2'):has-text('Approved')")
    page.wait_for_selector(badge(8))
    assert states(firm, "Carl")["2"] == ("approved", "")
    page.keyboard.press("Escape")
    page.wait_for_selector(".o_timetrack_entry", state="detached")
    page.hover(cell(employees, "Carl"))
    page.click(f"{cell(employees, 'Carl')} .o_timetrack_approve")
    page.wait_for_selector(badge(6))
    assert states(firm, "Carl") == dict.fromkeys("123", ("approved", ""))


def test_reject_a_row_with_a_reason(firm, log_in, employees):
    """All that somebody handed in goes back, and the person reads why."""
    page = log_in("board_lead", "/odoo/approve-time")
    page.click(f"{row(employees, 'Cora')} th .o_timetrack_reject")
    page.fill(".modal [name=reason]", "Which task?")
    page.click(".modal .btn-primary")
    page.wait_for_selector(f"{cell(employees, 'Cora')} .bg-danger")
    page.wait_for_selector(badge(3))
    assert states(firm, "Cora") == dict.fromkeys("123", ("rejected", "Which task?"))


def test_what_changed_meanwhile_is_said_and_shown(firm, log_in, employees, call_as):
    """An entry that was withdrawn while the board was open is approved by nobody."""
    page = log_in("board_lead", "/odoo/approve-time")
    page.wait_for_selector(f"{cell(employees, 'Cyril')}.o_timetrack_pending")
    entries = call_as("board_cyril")("account.analytic.line", "search", [[("name", "=", "Cyril 3")]])
    call_as("board_cyril")("account.analytic.line", "action_timetrack_withdraw", [entries])
    page.click(f"{row(employees, 'Cyril')} th .o_timetrack_approve")
    page.wait_for_selector(".modal:has-text('Only submitted time can be approved')")
    page.click(".modal .btn-primary")
    page.wait_for_selector(f"{cell(employees, 'Cyril')}.o_timetrack_pending .bg-secondary")
    assert [state for state, _reason in states(firm, "Cyril").values()] == ["submitted", "submitted", "draft"]


def test_phone(firm, log_in, employees):
    """On a phone people are cards; a day opens from below; nothing is wider than the screen."""
    page = log_in("board_lead", "/odoo/approve-time", **PHONE)
    page.tap(cell(employees, "Cyril"))
    page.wait_for_selector(".o_bottom_sheet .o_timetrack_entry:has-text('Cyril 1')")
    page.tap(".o_timetrack_entry:has-text('Cyril 1') .o_timetrack_approve")
    page.wait_for_selector(".o_timetrack_entry:has-text('Cyril 1'):has-text('Approved')")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["viewport"]["width"]
    page.goto(f"{firm.url}/odoo/approve-time")
    page.tap(f"{row(employees, 'Cyril')} .o_timetrack_approve")
    page.wait_for_selector(".o_notification:has-text('Entries approved: 1')")
    assert [state for state, _reason in states(firm, "Cyril").values()] == ["approved", "approved", "draft"]


def test_what_was_sent_back_is_handed_in_again(firm, log_in):
    """The systray says that entries came back; one click hands them in again."""
    page = log_in("board_cora", "/odoo/timesheets", **PHONE)
    page.tap(".o_timetrack_my_period")
    page.wait_for_selector(".o_timetrack_my_period_card:has-text('Entries sent back to you: 3')")
    page.tap(".o_timetrack_my_period_card >> nth=0 >> .o_timetrack_submit_period")
    page.wait_for_selector(".o_notification:has-text('Your time is submitted')")
    assert states(firm, "Cora") == dict.fromkeys("123", ("submitted", ""))


def test_the_queue_decides_on_a_whole_search_result(firm, log_in):
    """Folded groups are selected at once; nothing is left to wait, and the menu says no number."""
    page = log_in("board_lead", "/odoo/time-to-approve")
    page.wait_for_selector(badge(3))
    page.check(".o_list_view thead .o_list_record_selector input")
    page.click(".o_control_panel button[name=action_timetrack_approve]")
    page.wait_for_selector(".o_view_nocontent:has-text('Nothing waits for you')")
    page.wait_for_selector(".o_timetrack_badge", state="detached")
    assert states(firm, "Cora") == dict.fromkeys("123", ("approved", ""))
