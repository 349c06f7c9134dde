"""Orders to vendors in the order cycle, where Odoo's purchase app is installed: before and after the addons."""

import os

import pytest

FIRM = """
from datetime import datetime
from freezegun import freeze_time
from odoo.fields import Command

Account = env["account.account"]
expense = Account.create({"name": "Services", "code": "629901", "account_type": "expense"})
payable = Account.create({"name": "Owed", "code": "219901", "account_type": "liability_payable"})
bank = Account.create({"name": "Bank", "code": "109901", "account_type": "asset_cash"})
vendor = env["res.partner"].create({"name": "Vendor", "property_account_payable_id": payable.id})
projects = env["project.project"].create([
    {"name": name, "allow_timesheets": True} for name in ("Merger", "Other", "None")
])
product = env["product.product"].create({
    "name": "Opinion", "type": "service", "purchase_method": "purchase", "supplier_taxes_id": False,
    "property_account_expense_id": expense.id,
})
merger, other, _none = (str(project.account_id.id) for project in projects)
Order = env["purchase.order"]
MEASURES = ["confirm_days", "invoice_days", "payment_days", "cycle_days"]

def order(*lines):
    with freeze_time("2026-05-01 10:00:00"):
        one = Order.create({"partner_id": vendor.id, "order_line": [
            Command.create({"product_id": product.id, "product_qty": 1, "price_unit": price,
                            "analytic_distribution": shares}) for price, shares in lines]})
        one.flush_recordset()
    env.cr.execute("UPDATE purchase_order SET create_date = '2026-05-01 10:00:00' WHERE id = %s", [one.id])
    return one

def rows():
    env.invalidate_all()
    with freeze_time("2026-06-30"):
        found = env["timetrack.order.cycle"].search([("kind", "=", "vendor")], order="project_id, cost_amount")
        return [[row.reference == row.env["purchase.order"].browse(row.order_id).name, row.project_id.name, row.stage,
                 row.cost_amount, row.age, row.longest_leg, *(row[name] for name in MEASURES)] for row in found]
"""

STAGES = """
one = order((400.0, {merger: 75, other: 25}), (100.0, {merger: 100}))
nowhere = order((50.0, False))
result = {"requested": rows()}
with freeze_time("2026-05-08 10:00:00"):
    one.button_confirm()
result["confirmed"] = rows()
bill = env["account.move"].browse(one.action_create_invoice()["res_id"])
bill.write({"invoice_date": "2026-05-20", "date": "2026-05-20"})
result["draft"] = rows()[0][2]
bill.action_post()
result["billed"] = rows()
journal = env["account.journal"].search([("type", "=", "general")], limit=1)
payment = env["account.move"].create({"journal_id": journal.id,
    "date": "2026-06-05", "line_ids": [
        Command.create({"account_id": payable.id, "partner_id": vendor.id, "debit": 500.0}),
        Command.create({"account_id": bank.id, "credit": 500.0})]})
payment.action_post()
(bill | payment).line_ids.filtered(lambda line: line.account_id == payable).reconcile()
result["paid"] = rows()
opened = env["timetrack.order.cycle"].search([("kind", "=", "vendor")], limit=1).action_open_source()
result["opens"] = [opened["res_model"], opened["res_id"] == one.id]
again = order((10.0, {other: 100}))
again.button_cancel()
result["cancelled"] = len(rows())
"""

KINDS = """
result = [env["ir.module.module"]._get("purchase").state, env["timetrack.order.cycle"].search_count([])]
"""

UNINSTALL = """
env["ir.module.module"].search([("name", "=", "purchase")]).button_immediate_uninstall()
"""


@pytest.mark.parametrize("first", ["addons", "purchase"])
def test_orders_to_vendors(database, first):
    """The app is installed after the addons, or before them; and when it goes, the report stays."""
    if first == "purchase" and not os.environ.get("TIMETRACK_FULL"):
        pytest.skip("a long one: setup/test --full")
    firm = database("addons" if first == "addons" else "core")
    firm.cli("-i", "purchase")
    if first == "purchase":
        firm.cli("-i", "client_timetrack_reports")
    found = firm.shell(FIRM + STAGES)
    merger, other = found["requested"]
    # May 1 to June 30; 300 and 100 of the lines, and 100
    assert merger == [True, "Merger", "requested", 400.0, 60, "confirm", 0, 0, 0, 0]
    assert other == [True, "Other", "requested", 100.0, 60, "confirm", 0, 0, 0, 0]
    assert [row[2:] for row in found["confirmed"]] == [
        ["confirmed", amount, 53, "invoice", 7, 0, 0, 0] for amount in (400.0, 100.0)
    ]
    assert found["draft"] == "confirmed"
    assert [row[2:] for row in found["billed"]] == [
        ["invoiced", amount, 41, "payment", 7, 12, 0, 0] for amount in (400.0, 100.0)
    ]
    assert [row[2:] for row in found["paid"]] == [
        ["paid", amount, 0, "payment", 7, 12, 16, 35] for amount in (400.0, 100.0)
    ]
    assert found["opens"] == ["purchase.order", True]
    assert found["cancelled"] == 2
    firm.shell(UNINSTALL)
    assert firm.shell(KINDS) == ["uninstalled", 0]
    firm.drop()
