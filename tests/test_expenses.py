"""Expenses of employees, where Odoo's Expenses are installed: they join pre-bills as vendor bills do."""

import pytest

FIRM = """
from odoo.fields import Command, Date
# nothing of a chart of accounts is needed but these
account = env["account.account"].create({"name": "Travel", "code": "629901", "account_type": "expense"})
env["account.account"].create({"name": "Owed to Employees", "code": "219901", "account_type": "liability_payable"})
client = env["res.partner"].create({"name": "Harbor Works", "is_company": True})
env.company.timetrack_rate_card_id = env["timetrack.rate.card"].create(
    {"name": "Standard", "rate_ids": [Command.create({"rate": 100})]}
)
home = env["res.partner"].create({"name": "Rita Race"})
employee = env["hr.employee"].create({"name": "Rita Race", "work_contact_id": home.id})
projects = env["project.project"].create([
    {"name": name, "allow_timesheets": True, "partner_id": client.id} for name in ("Merger", "Other")
])
projects.timetrack_engagement_ids.write({"cost_markup": 10, "is_together": False})
product = env["product.product"].create({
    "name": "Train", "type": "service", "can_be_expensed": True, "expense_policy": "cost",
    "property_account_expense_id": account.id, "taxes_id": False, "supplier_taxes_id": False,
})

def expense(amount, distribution, **values):
    one = env["hr.expense"].create({
        "name": f"Train {amount}", "product_id": product.id, "employee_id": employee.id,
        "total_amount_currency": amount, "analytic_distribution": distribution, "tax_ids": False, "date": "2026-05-04",
        "payment_mode": "own_account", **values,
    })
    one.action_submit()
    one._do_approve(check=False)
    action = one.action_post()
    wizard = env["hr.expense.post.wizard"].with_context(action["context"]).browse(action["res_id"])
    wizard.accounting_date = "2026-05-04"
    wizard.action_post_entry()
    return one

def costs(project):
    lines = env["sale.order.line"].search([("is_expense", "=", True), ("order_id.project_id", "=", project.id)])
    return [[line.price_subtotal, line.qty_delivered] for line in lines.sorted("id")]

mine, its = (str(project.account_id.id) for project in projects)
result = {}
"""

BILLED = (
    FIRM
    + """
first = expense(80.0, {mine: 100})
second = expense(50.0, {mine: 40, its: 60})
result["costs"] = [costs(project) for project in projects]
wizard = env["timetrack.invoice.wizard"].create({"date_to": "2026-12-31"})
wizard.action_propose()
prebills = env["timetrack.prebill"].search([], order="id")
result["prebills"] = [[row.billed_amount for row in one.cost_line_ids] for one in prebills]
prebills.action_invoice()
moves = prebills.move_id
moves.invoice_date = "2026-05-31"
moves.action_post()
result["invoices"] = moves.mapped("amount_untaxed")
panel = projects[0]._get_profitability_items(with_action=False)
result["panel"] = [panel["revenues"]["total"], panel["costs"]["total"]]
result["text"] = moves[0].invoice_line_ids.mapped("name")
"""
)

TAKEN_BACK = (
    FIRM
    + """
one = expense(80.0, {mine: 100})
wizard = env["timetrack.invoice.wizard"].create({"date_to": "2026-12-31"})
wizard.action_propose()
prebill = env["timetrack.prebill"].search([])
one.account_move_id.button_draft()
try:
    with env.cr.savepoint():
        prebill.action_approve()
except Exception as error:
    result["error"] = str(error)
result["costs"] = costs(projects[0])
order = env["sale.order"].create({"partner_id": client.id})
order.action_confirm()
chosen = expense(30.0, {mine: 100}, sale_order_id=order.id)
result["chosen"] = chosen.sale_order_line_id.order_id == order
result["after"] = costs(projects[0])
"""
)


@pytest.fixture(scope="module")
def with_expenses(database):
    """A database with Odoo's Expenses beside the addons."""
    copy = database("addons")
    copy.cli("-i", "project_sale_expense")
    return copy


def test_expenses_join_the_prebills_of_their_engagements(with_expenses):
    """Without that anybody chose a sales order; one of two engagements is divided."""
    result = with_expenses.shell(BILLED, commit=False)
    assert result["costs"] == [[[80.0, 1.0], [20.0, 1.0]], [[30.0, 1.0]]]
    assert result["prebills"] == [[88.0, 22.0], [33.0]]
    assert result["invoices"] == [110.0, 33.0]
    assert result["panel"] == [{"invoiced": 110.0, "to_invoice": 0.0}, {"billed": -130.0, "to_bill": 0.0}]
    assert len(result["text"]) == 2
    assert all("Train" in text for text in result["text"])


def test_expenses_that_are_taken_back_or_have_an_order(with_expenses):
    """An expense that was reset is not billed; one with an order of somebody's choice is invoiced from there."""
    result = with_expenses.shell(TAKEN_BACK, commit=False)
    assert "Train 80.0" in result["error"]
    assert [quantity for _amount, quantity in result["costs"]] == [0.0]
    assert result["chosen"]
    assert result["after"] == result["costs"]
