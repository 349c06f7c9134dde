"""Install, update and uninstall: each addon alone, and into a database that holds years of time."""

import os
import re

import pytest

ADDONS = ("client_timetrack", "client_timetrack_billing", "client_timetrack_reports")
# What Odoo itself says while it installs, whatever the addons do.
ODOOS_OWN = re.compile(r"Running as user 'root'|RtlCSS|Two fields .* have the same label.*\[Modules: (?!.*timetrack)")

COLUMNS = """
    SELECT table_name, column_name, data_type FROM information_schema.columns
     WHERE table_schema = 'public' ORDER BY 1, 2
"""
RESIDUE = """
    SELECT 'table ' || table_name FROM information_schema.tables WHERE table_name LIKE '%timetrack%'
     UNION SELECT 'column ' || table_name || '.' || column_name FROM information_schema.columns
            WHERE table_schema = 'public' AND column_name LIKE '%timetrack%'
     UNION SELECT 'model ' || model FROM ir_model WHERE model LIKE '%timetrack%'
     UNION SELECT 'field ' || model || '.' || name FROM ir_model_fields WHERE name LIKE '%timetrack%'
     UNION SELECT 'data ' || module || '.' || name FROM ir_model_data
            WHERE module LIKE 'client\\_timetrack%'
     UNION SELECT 'parameter ' || key FROM ir_config_parameter WHERE key LIKE '%timetrack%'
     UNION SELECT 'view ' || name FROM ir_ui_view WHERE arch_db::text LIKE '%timetrack%'
     UNION SELECT 'index ' || indexname FROM pg_indexes WHERE indexname LIKE '%timetrack%'
     UNION SELECT 'cron ' || cron_name FROM ir_cron WHERE cron_name ILIKE '%timetrack%'
     UNION SELECT 'attachment ' || res_model FROM ir_attachment WHERE res_model LIKE '%timetrack%'
"""
UNINSTALL = """
modules = env["ir.module.module"].search([("name", "in", params["addons"]), ("state", "=", "installed")])
modules.button_immediate_uninstall()
"""


def complaints(output):
    """Return the warnings and errors of a run of Odoo that are not Odoo's own."""
    lines = re.findall(r"^\d{4}-\d\d-\d\d .* (?:WARNING|ERROR|CRITICAL) .*$", output, re.MULTILINE)
    return [line for line in lines if not ODOOS_OWN.search(line)]


def installed(database):
    """Return the names of our installed addons."""
    names = ", ".join(f"'{addon}'" for addon in ADDONS)
    rows = database.sql(f"SELECT name FROM ir_module_module WHERE name IN ({names}) AND state = 'installed'")
    return {row[0] for row in rows}


@pytest.mark.parametrize(
    ("addon", "comes_with"),
    [
        ("client_timetrack", {"client_timetrack"}),
        pytest.param(
            "client_timetrack_billing",
            {"client_timetrack", "client_timetrack_billing"},
            marks=pytest.mark.skipif(
                not os.environ.get("TIMETRACK_FULL"), reason="a long one: setup/test --full"
            ),  # the third one installs, updates and uninstalls it too
        ),
        ("client_timetrack_reports", set(ADDONS)),
    ],
)
def test_each_addon_installs_alone_updates_and_uninstalls(database, addon, comes_with):
    """With just what its manifest names; nothing is left of it afterwards."""
    fresh = database("base")
    done = fresh.cli("-i", addon)
    assert not complaints(done.stdout)
    assert installed(fresh) == comes_with
    done = fresh.cli("-u", addon)
    assert not complaints(done.stdout)
    fresh.shell(UNINSTALL, addons=list(ADDONS))
    assert not installed(fresh)
    assert fresh.sql(RESIDUE) == []
    fresh.drop()


def test_uninstalling_leaves_odoo_as_it_was(database):
    """The columns of the tables of Odoo, its time entries and its own settings are what they were before."""
    used = database("core")
    used.shell(YEARS_OF_TIME)
    before = used.sql(COLUMNS), used.sql(OWN_DATA)
    used.cli("-i", ",".join(ADDONS))
    assert used.shell(RATES_AND_FEEDS) == ["billable_time"]
    used.shell(UNINSTALL, addons=list(ADDONS))
    assert used.sql(RESIDUE) == []
    assert (used.sql(COLUMNS), used.sql(OWN_DATA)) == before
    assert used.sql("SELECT scope FROM res_users_apikeys") == []
    used.drop()


# Time without an order has a rate now, and somebody a key for a feed.
RATES_AND_FEEDS = """
line = env["account.analytic.line"].search([("project_id.name", "=", "Old Matter")])
env.company.timetrack_rate_card_id = env["timetrack.rate.card"].create({
    "name": "Standard", "rate_ids": [(0, 0, {"rate": 100})],
})
env["res.users.apikeys"]._generate("timetrack.feed", "Feed", "2099-01-01 00:00:00")
env.flush_all()
env.add_to_compute(line._fields["timesheet_invoice_type"], line)
env.flush_all()
result = [line.timesheet_invoice_type]
"""


# A firm that billed by sales orders before: four entries on a delivered-timesheet order, two of them invoiced and
# posted, one of an internal project, one for a client without an order, one day of leave written as time.
YEARS_OF_TIME = """
from datetime import date
Employee = env["hr.employee"]
employee = Employee.create({"name": "Years", "hourly_cost": 40})
partner = env["res.partner"].create({"name": "Old Client", "is_company": True})
product = env["product.product"].create({
    "name": "Hours", "type": "service", "service_policy": "delivered_timesheet", "service_tracking": "task_in_project",
    "uom_id": env.ref("uom.product_uom_hour").id, "list_price": 100, "taxes_id": False,
})
order = env["sale.order"].create({
    "partner_id": partner.id, "order_line": [(0, 0, {"product_id": product.id, "product_uom_qty": 10})],
})
order.action_confirm()
task = order.tasks_ids
Line = env["account.analytic.line"]

def log(day, hours, **values):
    return Line.create({
        "name": "Old work", "employee_id": employee.id, "date": day, "unit_amount": hours,
        "project_id": task.project_id.id, "task_id": task.id, **values,
    })

log("2020-01-10", 2)
log("2020-01-20", 3)
invoice = order._create_invoices()
invoice.invoice_date = date(2020, 1, 31)
invoice.action_post()
log("2020-02-10", 1.5)
log("2021-02-10", 4)
internal = env["project.project"].create({"name": "Old Office", "allow_timesheets": True})
log("2020-03-01", 1, project_id=internal.id, task_id=False)
matter = env["project.project"].create({"name": "Old Matter", "allow_timesheets": True, "partner_id": partner.id})
log("2020-03-02", 1, project_id=matter.id, task_id=False)
leave = env["resource.calendar.leaves"].create({
    "name": "Holiday", "date_from": "2020-05-01 00:00:00", "date_to": "2020-05-01 23:59:59",
})
log("2020-05-01", 8, project_id=internal.id, task_id=False, global_leave_id=leave.id)
"""
OWN_DATA = """
    SELECT name, date, unit_amount, amount, project_id, task_id, employee_id, user_id, partner_id, so_line,
           timesheet_invoice_id, timesheet_invoice_type, manager_id, department_id, company_id
      FROM account_analytic_line ORDER BY id
"""


def test_into_a_database_with_years_of_time(database):
    """Invoiced time becomes approved and gets ledger rows; time before the chosen date too; the rest is draft."""
    used = database("core")
    used.shell(YEARS_OF_TIME)
    before = used.sql(OWN_DATA)
    used.sql("INSERT INTO ir_config_parameter (key, value) VALUES ('client_timetrack.approved_before', '2020-02-28')")
    used.cli("-i", ",".join(ADDONS))
    assert used.sql(OWN_DATA) == before
    rows = used.sql(
        "SELECT date::text, timetrack_state, timetrack_client_id IS NOT NULL, timetrack_is_billable "
        "FROM account_analytic_line WHERE project_id IS NOT NULL AND global_leave_id IS NULL AND date < '2022-01-01' "
        "ORDER BY date"
    )
    assert rows == [
        ["2020-01-10", "approved", "t", "t"],
        ["2020-01-20", "approved", "t", "t"],
        ["2020-02-10", "approved", "t", "t"],
        ["2020-03-01", "draft", "f", "f"],
        ["2020-03-02", "draft", "t", "t"],
        ["2021-02-10", "draft", "t", "t"],
    ]
    # Odoo itself writes the holiday as time of everybody, besides the line above
    leave = "FROM account_analytic_line WHERE global_leave_id IS NOT NULL"
    assert int(used.sql(f"SELECT count(*) {leave}")[0][0]) > 0
    assert used.sql(f"SELECT id {leave} AND timetrack_state IS NOT NULL") == []
    events = used.sql("SELECT action, count(*) FROM timetrack_approval_event GROUP BY 1")
    assert events == [["migrate", "3"]]
    # 2 h and 3 h at 100: 500 on one invoice line, each its share
    ledger = used.sql(
        "SELECT line.date::text, row.hours_billed::text, row.billed_amount::text, row.state, row.is_migrated "
        "FROM timetrack_allocation row JOIN account_analytic_line line ON line.id = row.line_id ORDER BY 1"
    )
    assert [(day, float(hours), float(amount), state, migrated) for day, hours, amount, state, migrated in ledger] == [
        ("2020-01-10", 2, 200, "posted", "t"),
        ("2020-01-20", 3, 300, "posted", "t"),
    ]
    used.drop()
