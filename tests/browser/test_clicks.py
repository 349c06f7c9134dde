"""How many clicks the work of every day takes: ``client_timetrack/readme/COMPARISON.md`` says these numbers."""

from datetime import date, timedelta

import pytest

HOME = "/odoo/my-week"
MONDAY = date.today() - timedelta(days=date.today().weekday())

FIRM = """
from datetime import timedelta
monday = fields.Date.today() - timedelta(days=fields.Date.today().weekday())
lead = env["hr.employee"].create({
    "name": "Lena Lead", "user_id": user("click_lead", "Lena Lead", "hr_timesheet.group_hr_timesheet_approver").id,
})
people = [
    env["hr.employee"].create({
        "name": name, "parent_id": lead.id,
        "user_id": user(f"click_{name.lower()}", name, "hr_timesheet.group_hr_timesheet_user").id,
    })
    for name in ("Carl", "Cora")
]
user("click_ann", "Ann Accountant", "client_timetrack_billing.group_billing_user")
client = env["res.partner"].create({"name": "Harbor Works", "is_company": True})
env.company.timetrack_rate_card_id = env["timetrack.rate.card"].create({
    "name": "Standard", "rate_ids": [Command.create({"rate": 100})],
})
project = env["project.project"].create({
    "name": "Merger", "allow_timesheets": True, "partner_id": client.id, "privacy_visibility": "employees",
})
other = env["project.project"].create({
    "name": "Appeal", "allow_timesheets": True, "privacy_visibility": "employees",
    "partner_id": env["res.partner"].create({"name": "Lake Lines", "is_company": True}).id,
})
Line = env["account.analytic.line"]
common = {"name": "Reading", "unit_amount": 4}
for person in people:
    Line.create([
        {**common, "employee_id": person.id, "project_id": project.id, "date": monday - timedelta(days=days)}
        for days in (3, 4, 5)
    ]).action_timetrack_submit()
billed = Line.create([
    {**common, "employee_id": people[0].id, "project_id": one.id, "date": monday - timedelta(days=20)}
    for one in (project, other)
])
billed.action_timetrack_submit()
billed.action_timetrack_approve()
# the row of the week that time is typed into
Line.create({**common, "employee_id": people[0].id, "project_id": project.id, "date": monday})
env["timetrack.capacity"]._refresh_horizon(env.company)
result = True
"""


@pytest.fixture(scope="module")
def firm(serve_firm):
    """Serve a lead with two people who handed in last week, and an accountant with time of two clients to bill."""
    served, _result = serve_firm(FIRM)
    return served


class Hand:
    """Clicks on a page, and counts them; what is typed into one place is a field."""

    def __init__(self, page):
        self.page, self.clicks, self.fields = page, 0, 0

    def click(self, selector):
        self.page.click(selector)
        self.clicks += 1

    def type(self, text):
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")
        self.fields += 1

    def open(self, name, below=None):
        """Open an entry of the menu at the top, or one below it."""
        self.click(f".o_menu_sections > *:has-text('{name}') >> nth=0")
        if below:
            self.click(f".o-dropdown--menu .dropdown-item:text-is('{below}')")

    @property
    def count(self):
        return self.clicks, self.fields


def test_approve_the_week_of_a_team(firm, log_in):
    """The one in which something waits: that is last week's."""
    page = log_in("click_lead")
    hand = Hand(page)
    hand.open("To Approve", "By Employee and Day")
    hand.click(".o_timetrack_approve_target")
    page.wait_for_selector(".o_notification:has-text('Entries approved: 6')")
    assert hand.count == (3, 0)


def test_log_an_hour_and_hand_the_week_in(firm, log_in):
    page = log_in("click_carl")
    cell = f"[data-row='0'][data-date='{MONDAY + timedelta(days=1):%Y-%m-%d}']"
    page.wait_for_selector(cell)
    hand = Hand(page)
    hand.click(cell)
    hand.type("1")
    page.wait_for_selector(f"{cell}:has-text('1:00')")
    page.wait_for_selector("[aria-busy='false']")
    assert hand.count == (1, 1)

    hand = Hand(page)
    hand.click(".o_timetrack_grid_submit")
    page.wait_for_selector(".o_notification:has-text('2 entries submitted')")
    assert hand.count == (1, 0)


def test_log_work_that_is_not_in_the_week_yet(firm, log_in):
    page = log_in("click_cora")
    page.wait_for_selector(".o_timetrack_search_work input")
    hand = Hand(page)
    hand.click(".o_timetrack_search_work input")
    page.keyboard.type("lake app")
    hand.fields += 1
    hand.click(".o-autocomplete--dropdown-item:has-text('Appeal')")
    page.wait_for_selector(f".o_timetrack_cell[data-date='{date.today():%Y-%m-%d}']:focus")
    hand.type("1")
    page.wait_for_selector(f".o_timetrack_cell[data-date='{date.today():%Y-%m-%d}']:has-text('1:00')")
    assert hand.count == (2, 2)


def test_hand_the_week_in_from_any_page(firm, log_in):
    page = log_in("click_cora", "/odoo")
    page.wait_for_selector("button.o_timetrack_my_period")
    hand = Hand(page)
    hand.click("button.o_timetrack_my_period")
    hand.click("button:has-text('Submit My Week')")
    page.wait_for_selector(".o_notification:has-text('submitted')")
    assert hand.count == (2, 0)


def test_bill_a_client(firm, log_in):
    page = log_in("click_ann")
    hand = Hand(page)
    hand.open("Billing", "Work in Progress")
    hand.click(".o_data_row:has-text('Lake Lines') .o_list_record_selector input")
    hand.click("button[name=action_propose]")
    hand.click(".o_form_view button[name=action_approve]")
    hand.click(".o_form_view button[name=action_invoice]")
    page.wait_for_selector(".o_form_view [name=invoice_line_ids]")
    assert "400.00" in page.inner_text(".o_form_view [name=amount_untaxed], .o_form_view [name=tax_totals]")
    assert hand.count == (6, 0)


def test_see_my_utilization(firm, log_in):
    page = log_in("click_carl")
    hand = Hand(page)
    hand.open("My Numbers")
    page.wait_for_selector(".o_pivot:has-text('Utilization')")
    assert hand.count == (1, 0)
