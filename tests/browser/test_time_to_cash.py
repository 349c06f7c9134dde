"""From an hour to cash in the browser: a consultant logs, a manager decides, an accountant invoices and reports.

Each test is one role; they follow each other on one database, as the people would. Errors on the browser's console
fail them (see ``open_page``), warnings and errors of the server at the end.
"""

import io
import re
from datetime import date

import openpyxl
import pytest

FIRM = """
Employee = env["hr.employee"]
manager = Employee.create({
    "name": "Mia Manager", "user_id": user("manager", "Mia Manager", "hr_timesheet.group_hr_timesheet_approver").id,
})
Employee.create({
    "name": "Carl Consultant", "parent_id": manager.id, "hourly_cost": 50,
    "user_id": user("consultant", "Carl Consultant", "hr_timesheet.group_hr_timesheet_user").id,
})
user("accountant", "Alma Accountant", "client_timetrack_billing.group_billing_user")
client = env["res.partner"].create({"name": "Client Works", "is_company": True})
env["project.project"].create({
    "name": "Merger", "allow_timesheets": True, "partner_id": client.id, "allocated_hours": 10,
    "privacy_visibility": "employees",
})
env["timetrack.activity"].create({"name": "Research"})
card = env["timetrack.rate.card"].create({"name": "Standard", "currency_id": env.company.currency_id.id})
env["timetrack.rate"].create({"card_id": card.id, "rate": 100, "date_from": "2020-01-01"})
env.company.timetrack_rate_card_id = card
result = env.company.currency_id.name
"""


@pytest.fixture(scope="module")
def firm(serve_firm):
    """Serve a small firm with one user of each role."""
    served, _result = serve_firm(FIRM)
    return served


def choose(page, row, field, text):
    """Choose a record in a many2one field of the row that is being edited."""
    page.fill(f"{row} [name={field}] input", text)
    page.click(f".o-autocomplete--dropdown-item:has-text('{text}')")


def log_time(page, hours, description):
    """Add an entry in the list of one's own time."""
    row = ".o_selected_row"
    page.click(".o_list_button_add")
    page.wait_for_selector(f"{row} :focus")  # the row takes the focus a moment after it shows, and closes what is open
    choose(page, row, "project_id", "Merger")
    choose(page, row, "timetrack_activity_id", "Research")
    page.fill(f"{row} [name=name] input", description)
    page.fill(f"{row} [name=unit_amount] input", hours)
    page.click(".o_list_button_save")
    page.wait_for_selector(f".o_data_row:has-text('{description}'):has-text('Draft')")


def states(firm):
    """Return the state of each entry by its description."""
    rows = firm.database.sql("SELECT name, timetrack_state FROM account_analytic_line WHERE name LIKE 'Job%'")
    return dict(map(tuple, rows))


def test_consultant_logs_and_submits(firm, log_in):
    """Three entries, selected together and submitted together."""
    page = log_in("consultant", "/odoo/timesheets")
    log_time(page, "2:15", "Job reading")
    log_time(page, "1:30", "Job writing")
    log_time(page, "9:00", "Job lunch")
    page.check(".o_list_view thead .o_list_record_selector input")
    page.click(".o_control_panel button[name=action_timetrack_submit]")
    page.wait_for_selector(".o_data_row:has-text('Job reading'):has-text('Submitted')")
    assert page.locator("button[name=action_timetrack_approve]").count() == 0
    assert page.locator(".o_menu_sections :text-is('Billing')").count() == 0
    assert states(firm) == dict.fromkeys(("Job reading", "Job writing", "Job lunch"), "submitted")


def test_manager_approves_and_rejects(firm, log_in):
    """Two are right, one is sent back with a reason."""
    page = log_in("manager", "/odoo/time-to-approve")
    page.click(".o_group_header:has-text('Carl Consultant')")
    page.click(".o_group_header:has-text('Carl Consultant') ~ .o_group_header")
    for description in ("Job reading", "Job writing"):
        page.click(f".o_data_row:has-text('{description}') button[name=action_timetrack_approve]")
        page.wait_for_selector(f".o_data_row:has-text('{description}')", state="detached")
    page.click(".o_data_row:has-text('Job lunch') button[name=action_timetrack_ask_reason]")
    page.fill(".modal [name=reason] input", "Lunch is not work")
    page.click(".modal button[name=action_confirm]:visible")
    page.wait_for_selector(".o_view_nocontent:has-text('Nothing waits for you')")
    assert states(firm) == {"Job reading": "approved", "Job writing": "approved", "Job lunch": "rejected"}


def test_accountant_invoices_and_opens_the_workbook(firm, log_in):
    """The approved hours and no others are invoiced, and the workbook says the same."""
    page = log_in("accountant", "/odoo/timesheets")
    page.click(".o_menu_sections button:has-text('Billing')")
    page.click(".o-dropdown--menu :text-is('Invoice Approved Time')")
    page.wait_for_selector(".modal [name=entry_count]:has-text('2')")
    page.click(".modal button[name=action_create_invoices]")
    page.wait_for_selector(".o_form_view [name=invoice_line_ids] .o_data_row:has-text('Merger')")
    page.click("button[name=action_post]")
    page.wait_for_selector(".o_statusbar_status button.o_arrow_button_current:has-text('Posted')")
    # 2:15 + 1:30 at 100 an hour
    assert page.inner_text("[name=invoice_line_ids] .o_data_row [name=price_subtotal]").find("375.00") >= 0
    page.goto(f"{firm.url}/odoo/timesheets")
    page.click(".o_menu_sections button:has-text('Billing')")
    page.click(".o-dropdown--menu :text-is('Workbook')")
    # last month is proposed; the time of this test is of today
    page.click(".modal [data-field=date_to]")
    page.fill(".modal input[data-field=date_to]", f"{date.today():%m/%d/%Y}")
    page.press(".modal input[data-field=date_to]", "Tab")
    with page.expect_download() as download:
        page.click(".modal button[name=action_download]")
    workbook = openpyxl.load_workbook(io.BytesIO(download.value.path().read_bytes()), data_only=True)
    rows = list(workbook["Client profitability"].iter_rows(values_only=True))
    labels = next(row for row in rows if row[0] == "Client")
    [row] = [dict(zip(labels, row, strict=True)) for row in rows if 375 in row and row[0] != "Total"]
    assert (row["Billed"], row["Standard value billed"], row["Realization"]) == (375, 375, 1)
    assert row["Hours"] > 3.75, "the time that was not approved counts as worked, and is not billed"


def test_nothing_in_the_log_of_the_server(firm):
    """Neither a warning nor an error while people worked."""
    complaints = [
        line
        for line in firm.log.read_text().splitlines()
        if re.search(r" (WARNING|ERROR|CRITICAL) ", line) and "Running as user" not in line and "iap" not in line
    ]
    assert complaints == [], f"{date.today()}: the server complained"
