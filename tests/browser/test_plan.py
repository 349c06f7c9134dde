"""Planning in the browser: a lead fills the weeks of her people, who see them, and ask for more of a budget."""

from datetime import date, timedelta

import pytest

HOME = "/odoo/time-plan"
TODAY = date.today()
MONDAY = TODAY - timedelta(days=TODAY.weekday())
WEEKS = [MONDAY + timedelta(weeks=number) for number in range(6)]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "reduced_motion": "reduce"}

FIRM = """
policy = env["timetrack.policy"].create({"name": "Strict", "over_budget_severity": "block"})
env.company.timetrack_policy_id = policy
Employee = env["hr.employee"]
lead_user = user("plan_lead", "Lena Lead", "hr_timesheet.group_hr_timesheet_approver")
lead = Employee.create({"name": "Lena Lead", "user_id": lead_user.id})
carl = Employee.create({
    "name": "Carl", "parent_id": lead.id,
    "user_id": user("plan_carl", "Carl", "hr_timesheet.group_hr_timesheet_user").id,
})
carl.version_id.date_version = "2020-01-01"
client = env["res.partner"].create({"name": "Harbor Works", "is_company": True})
values = {"allow_timesheets": True, "privacy_visibility": "employees", "partner_id": client.id}
env["project.project"].create([
    {"name": "Merger", "allocated_hours": 100, "user_id": lead_user.id, **values},
    {"name": "Small", "allocated_hours": 2, "user_id": lead_user.id, **values},
])
result = True
"""


@pytest.fixture(scope="module")
def firm(serve_firm):
    """Serve a lead with one person, a project with room for a hundred hours and one with room for two."""
    served, _result = serve_firm(FIRM)
    return served


def planned(firm):
    """Return (week, hours, note) of the plan of Carl."""
    rows = firm.database.sql(
        "SELECT plan.week, plan.hours, coalesce(plan.note, '') FROM timetrack_plan plan"
        " JOIN hr_employee employee ON employee.id = plan.employee_id WHERE employee.name = 'Carl' ORDER BY plan.week"
    )
    return [(date.fromisoformat(str(week)), float(hours), note) for week, hours, note in rows]


def cell(week, row=0):
    """Return the selector of a cell of the grid."""
    return f"[data-row='{row}'][data-date='{week:%Y-%m-%d}']"


def wait_until_saved(page):
    """Wait for the server: a cell shows what was typed before it has answered."""
    page.wait_for_selector("[aria-busy='false']")


def test_a_lead_plans_and_the_consultant_sees_it(firm, log_in):
    """Find a project for a person, spread 60 hours over three weeks, note why, copy on, take back."""
    page = log_in("plan_lead")
    page.click(".o_timetrack_section:has-text('Carl') .o_timetrack_add_for")
    page.locator(".o_timetrack_search_work input").fill("harbor merg")
    page.click(".o-autocomplete--dropdown-item:has-text('Merger')")
    page.wait_for_selector(f"{cell(WEEKS[0])}:focus")
    page.keyboard.type("60/3")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{cell(WEEKS[2])}:has-text('20:00')")
    wait_until_saved(page)
    assert planned(firm) == [(week, 20.0, "") for week in WEEKS[:3]]
    assert page.inner_text(".o_timetrack_left") == "40:00 left to plan"
    page.focus(cell(WEEKS[2]))
    page.keyboard.press("Space")
    page.fill(".o_timetrack_plan_hours", "50")
    page.fill(".o_timetrack_plan_note", "Due diligence")
    page.click(".o_timetrack_cell_panel .btn-primary")
    page.wait_for_selector(f".o_timetrack_overload[data-date='{WEEKS[2]:%Y-%m-%d}']")
    page.wait_for_selector(".o_timetrack_left:has-text('10:00 left to plan')")
    page.focus(cell(WEEKS[2]))
    page.keyboard.press(">")
    page.wait_for_selector(f"{cell(WEEKS[3])}:has-text('50:00')")
    page.wait_for_selector(".o_timetrack_left.text-danger:has-text('40:00 over budget')")
    assert planned(firm)[2:] == [(WEEKS[2], 50.0, "Due diligence"), (WEEKS[3], 50.0, "Due diligence")]
    page.click(".o_timetrack_grid_undo")
    page.wait_for_selector(f"{cell(WEEKS[3])}:not(:has-text('50:00'))")
    wait_until_saved(page)
    assert len(planned(firm)) == 3
    own = log_in("plan_carl", "/odoo/my-plan")
    own.wait_for_selector(f"{cell(WEEKS[2])}.o_timetrack_locked:has-text('50:00')")
    own.focus(cell(WEEKS[0]))
    own.keyboard.type("1")
    own.wait_for_selector(".o_notification:has-text('You plan the people that you lead')")
    assert len(planned(firm)) == 3


def test_a_week_is_planned_on_the_phone(firm, log_in):
    """One card, its sheet, hours for the week; after what the desk has planned."""
    page = log_in("plan_lead", **PHONE)
    page.wait_for_selector(".o_timetrack_phone_list")
    page.click(f".o_timetrack_day_strip [data-date='{WEEKS[4]:%Y-%m-%d}']")
    page.click(".o_timetrack_card_hours")
    page.fill(".o_timetrack_plan_hours", "6")
    page.click(".o_timetrack_cell_panel .btn-primary")
    page.wait_for_selector(".o_timetrack_card_hours:has-text('6:00')")
    wait_until_saved(page)
    assert planned(firm)[-1] == (WEEKS[4], 6.0, "")


def test_more_of_a_budget_is_asked_for_where_it_ends(firm, log_in):
    """Five hours where two are left: refused, asked for, approved, and saved by trying again."""
    page = log_in("plan_carl", "/odoo/my-week")
    page.locator(".o_timetrack_search_work input").fill("small")
    page.click(".o-autocomplete--dropdown-item:has-text('Small')")
    page.wait_for_selector(f"{cell(TODAY)}:focus")
    page.keyboard.type("5")
    page.keyboard.press("Enter")
    page.click(".o_timetrack_grid_failures .o_timetrack_ask_for_more")
    page.fill(".modal [name=reason]", "The client called again")
    page.click(".modal-footer .btn-primary")
    page.wait_for_selector(".o_notification:has-text('3:00 of “Small”: Lena Lead decides')")
    lead = log_in("plan_lead", "/odoo/time-budget-overrides")
    lead.click(".o_data_row:has-text('The client called again') button[name=action_approve]")
    lead.wait_for_selector(".o_view_nocontent, .o_list_view:not(:has(.o_data_row))")
    page.click(".o_timetrack_grid_failures button:has-text('Try Again')")
    page.wait_for_selector(f"{cell(TODAY)}:not(.o_timetrack_error):has-text('5:00')")
    wait_until_saved(page)
    assert page.query_selector(".o_timetrack_grid_failures") is None
    assert firm.database.sql("SELECT sum(unit_amount)::int FROM account_analytic_line WHERE name = '/'") == [["5"]]
