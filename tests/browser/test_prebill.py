"""Billing in the browser: an accountant proposes and adjusts, the partner approves on the phone, it is invoiced."""

import pytest

HOME = "/odoo/work-in-progress"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "reduced_motion": "reduce"}

FIRM = """
accountant = user("bill_ann", "Ann Accountant", "client_timetrack_billing.group_billing_user")
partner = user(
    "bill_paul", "Paul Partner", "client_timetrack_billing.group_rate_viewer",
    "hr_timesheet.group_hr_timesheet_approver",
)
client = env["res.partner"].create({"name": "Harbor Works", "is_company": True})
card = env["timetrack.rate.card"].create({"name": "Standard", "rate_ids": [Command.create({"rate": 100})]})
env.company.write({"timetrack_rate_card_id": card.id, "timetrack_prebill_approval": True})
employee = env["hr.employee"].create({"name": "Carl"})
project = env["project.project"].create({
    "name": "Merger", "allow_timesheets": True, "partner_id": client.id, "privacy_visibility": "employees",
    "user_id": partner.id,
})
entries = env["account.analytic.line"].create([
    {"name": name, "project_id": project.id, "employee_id": employee.id, "unit_amount": hours}
    for name, hours in (("Reading", 2), ("Drafting", 3), ("Travel", 1))
])
entries.action_timetrack_submit()
entries.action_timetrack_approve()
result = True
"""


@pytest.fixture(scope="module")
def firm(serve_firm):
    """Serve an accountant, a partner in charge, and six approved hours at 100."""
    served, _result = serve_firm(FIRM)
    return served


def line(page, text):
    """The line of the pre-bill with a description."""
    return page.locator(f"[name=line_ids] .o_data_row:has-text('{text}')")


def shows(page, name, text):
    """Wait until a field of the line that is being edited has a text."""
    page.wait_for_function(
        "([name, text]) => document.querySelector(`.o_selected_row [name=${name}] input`)?.value.includes(text)",
        arg=[name, text],
    )


def test_from_the_queue_to_the_invoice(firm, log_in):
    """Propose, write down with a reason, hold, ask; approve on the phone; invoice."""
    page = log_in("bill_ann")
    row = page.locator(".o_data_row:has-text('Harbor Works')")
    assert "600.00" in row.inner_text()
    row.locator(".o_list_record_selector input").check()
    page.click("button[name=action_propose]")
    page.wait_for_selector(".o_form_view [name=line_ids] .o_data_row:has-text('Drafting')")
    line(page, "Drafting").locator("td[name=hours_billed]").click()
    page.fill(".o_selected_row [name=hours_billed] input", "2:30")
    page.press(".o_selected_row [name=hours_billed] input", "Tab")
    shows(page, "billed_amount", "250.00")  # the server has answered
    page.fill(".o_selected_row [name=reason_id] input", "Courtesy")
    page.click(".o-autocomplete--dropdown-item:has-text('Courtesy')")
    shows(page, "reason_id", "Courtesy")
    line(page, "Travel").locator("td[name=action]").click()
    shows(page, "text", "Travel")
    page.click(".o_selected_row [name=action] input")
    page.click(".o_select_menu_menu .o_select_menu_item:has-text('Hold')")
    shows(page, "action", "Hold")
    page.click(".o_form_button_save")
    page.wait_for_selector("[name=amount]:has-text('450.00')")
    assert "500.00" in page.inner_text("[name=standard_value] >> nth=0")
    page.click("button[name=action_submit]")
    page.wait_for_selector(".o_arrow_button_current:has-text('In Review')")
    assert not page.locator("button[name=action_approve]:visible").count()
    prebill = page.url.rsplit("/", 1)[-1]
    phone = log_in("bill_paul", f"/odoo/my-pre-bills/{prebill}", **PHONE)
    phone.wait_for_selector("[name=amount]:has-text('450.00')")
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["viewport"]["width"]
    phone.tap("button[name=action_approve]")
    phone.wait_for_selector(".o_statusbar_status:has-text('Approved'), .o_arrow_button_current:has-text('Approved')")
    page.reload()
    page.click("button[name=action_invoice]")
    page.wait_for_selector(".o_form_view [name=invoice_line_ids] .o_data_row:has-text('Merger')")
    page.click("button[name=action_post]")
    page.wait_for_selector(".o_statusbar_status button.o_arrow_button_current:has-text('Posted')")
    rows = firm.database.sql(
        "SELECT line.name, row.state, round(row.billed_amount::numeric) FROM timetrack_allocation row"
        " JOIN account_analytic_line line ON line.id = row.line_id ORDER BY line.id"
    )
    assert rows == [["Reading", "posted", "200"], ["Drafting", "posted", "250"], ["Travel", "held", "100"]]
    page.goto(f"{firm.url}/odoo/work-in-progress")
    page.wait_for_selector(".o_data_row:has-text('Harbor Works'):has-text('100.00')")


def test_credit_and_a_run(firm, log_in, call_as):
    """An entry is credited to be billed again; a run of all clients bills it, and says why what fails does."""
    call = call_as("bill_ann")
    [invoice] = call("account.move", "search", [[("timetrack_allocation_ids", "!=", False)]])
    page = log_in("bill_ann", f"/odoo/customer-invoices/{invoice}")
    page.click("button[name=action_timetrack_credit]")
    page.click(".modal .o_field_x2many_list_row_add a")
    page.locator(".modal .o_list_view .o_data_row:has-text('Reading') .o_list_record_selector input").check()
    page.click(".modal .o_select_button")
    page.wait_for_selector(".modal [name=total]:has-text('200.00')")
    page.fill(".modal [name=reason] input", "Wrong matter")
    page.click(".modal button[name=action_credit]")
    page.wait_for_selector(".o_form_view:has-text('Customer Credit Note') [name=invoice_line_ids] .o_data_row")
    page.click("button[name=action_post]")
    page.wait_for_selector(".o_statusbar_status button.o_arrow_button_current:has-text('Posted')")

    page.goto(f"{firm.url}/odoo/billing-runs/new")
    page.click(".o_radio_item:has-text('All Time That Waits') input")
    page.click("button[name=action_start]")
    page.wait_for_selector(".o_arrow_button_current:has-text('Running')")
    # the background is another process
    work = "env.ref('client_timetrack_billing.ir_cron_billing_run').method_direct_trigger()"
    firm.database.shell(work)
    page.wait_for_selector(".o_arrow_button_current:has-text('Done')")
    # what was credited; what is on hold is shown on the pre-bill
    page.wait_for_selector("[name=line_ids] .o_data_row:has-text('Harbor Works'):has-text('200.00')")
    page.click("button[name=action_post]")
    page.click(".modal-footer .btn-primary")
    page.wait_for_selector(".o_arrow_button_current:has-text('Running')")
    firm.database.shell(work)
    page.wait_for_selector("[name=line_ids] .o_data_row:has-text('for Paul Partner to approve')")
    page.click("[name=line_ids] .o_data_row button[name=action_view_prebills]")
    page.wait_for_selector(".o_form_view [name=line_ids] .o_data_row:has-text('Reading')")
    # on hold once, on hold until somebody bills it
    line(page, "Travel").locator("td[name=action]:has-text('Hold')").wait_for()
