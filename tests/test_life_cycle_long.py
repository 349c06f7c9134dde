"""Install one by one, take away and bring back; update from versions of before; charts and languages of others.

All of it with ``--full``; the short ones are in ``test_life_cycle.py``.
"""

import os
import subprocess

import pytest
from test_life_cycle import ADDONS, OWN_DATA, RESIDUE, UNINSTALL, YEARS_OF_TIME, complaints, installed

from bootstrap import paths, runner

pytestmark = pytest.mark.skipif(not os.environ.get("TIMETRACK_FULL"), reason="a long one: setup/test --full")

STATES = "SELECT id, timetrack_state, timetrack_client_id, timetrack_is_billable FROM account_analytic_line ORDER BY id"
LEDGER = (
    "SELECT id, line_id, hours_worked, hours_billed, billed_amount, state, move_line_id FROM timetrack_allocation"
    " ORDER BY id"
)
# A firm that works: two entries billed, one approved, one handed in, one draft.
WORK = """
from odoo.fields import Command
client = env["res.partner"].create({"name": "Client", "is_company": True})
card = env["timetrack.rate.card"].create({"name": "Standard", "rate_ids": [Command.create({"rate": 100})]})
env.company.timetrack_rate_card_id = card
project = env["project.project"].create({
    "name": "Matter", "allow_timesheets": True, "partner_id": client.id, "privacy_visibility": "employees",
})
employee = env["hr.employee"].create({"name": "Carl", "hourly_cost": 50})
entries = env["account.analytic.line"].create([
    {"name": f"Work {number}", "project_id": project.id, "employee_id": employee.id, "unit_amount": 1 + number / 4}
    for number in range(5)
])
entries[:4].action_timetrack_submit()
entries[:2].action_timetrack_approve()
wizard = env["timetrack.invoice.wizard"].create({"project_ids": [Command.set(project.ids)]})
wizard.action_create_invoices()
entries[2].action_timetrack_approve()
"""
MORE = """
from odoo.fields import Command
project = env["project.project"].search([("name", "=", "Matter")])
before = env["account.move"].search([])
env["account.analytic.line"].search([("timetrack_state", "=", "submitted")]).action_timetrack_approve()
wizard = env["timetrack.invoice.wizard"].create({"project_ids": [Command.set(project.ids)]})
wizard.action_create_invoices()
invoice = env["account.move"].search([]) - before
invoice.action_post()
result = [invoice.amount_untaxed, invoice.state]
"""
# The last commits before updates that have something to migrate.
VERSIONS = {"before fees and limits": "d627caf^", "before costs": "0c51483^", "before the outlook": "f3c77a3^"}


def residue(firm):
    """What is left of the addons, but for the product that is on invoices: Odoo keeps what is in use."""
    return [text for [text] in firm.sql(RESIDUE) if "client_timetrack_billing.product_billable_time" not in text]


def test_one_after_the_other(database):
    """Billing comes by itself once there are sales; each goes alone, and comes back to what was there."""
    fresh = database("base")
    fresh.cli("-i", "client_timetrack")
    assert installed(fresh) == {"client_timetrack"}
    done = fresh.cli("-i", "sale_timesheet")
    assert not complaints(done.stdout)
    assert installed(fresh) == {"client_timetrack", "client_timetrack_billing"}
    fresh.cli("-i", "client_timetrack_reports")
    fresh.shell(WORK)
    before = fresh.sql(STATES), fresh.sql(LEDGER)
    fresh.shell(UNINSTALL, addons=["client_timetrack_reports"])
    assert installed(fresh) == {"client_timetrack", "client_timetrack_billing"}
    assert not complaints(fresh.cli("-i", "client_timetrack_reports").stdout)
    assert (fresh.sql(STATES), fresh.sql(LEDGER)) == before
    fresh.shell(UNINSTALL, addons=["client_timetrack_billing"])
    assert installed(fresh) == {"client_timetrack"}
    assert fresh.sql(STATES) == before[0]
    # billed time is in the ledger again, by Odoo's own link to its invoice
    assert not complaints(fresh.cli("-i", "client_timetrack_billing,client_timetrack_reports").stdout)
    assert fresh.sql(STATES) == before[0]
    [[count, hours, amount]] = fresh.sql(
        "SELECT count(*), sum(hours_billed), sum(billed_amount) FROM timetrack_allocation WHERE is_migrated"
    )
    assert (count, float(hours), float(amount)) == ("2", 2.25, 225)
    fresh.shell(UNINSTALL, addons=list(ADDONS))
    assert residue(fresh) == []
    fresh.drop()


@pytest.fixture
def previous(prepared, tmp_path):
    """Return a function that gives the ``Runner`` of the addons as they were at a commit."""

    def make(commit):
        archive = subprocess.run(["git", "archive", commit, *ADDONS], cwd=paths.ROOT, capture_output=True)
        if archive.returncode:
            pytest.skip(f"{commit} is not in this clone: {archive.stderr.decode().strip()}")
        subprocess.run(["tar", "-x", "-C", str(tmp_path)], input=archive.stdout, check=True)
        now = prepared.odoo.config.read_text()
        assert str(paths.ROOT) in now
        config = tmp_path / "odoo.conf"
        lines = (
            line.replace(f",{paths.ROOT}", f",{tmp_path}") if line.startswith("addons_path") else line
            for line in now.splitlines()
        )
        config.write_text("\n".join(lines))
        return runner.Runner(prepared.server, config)

    return make


@pytest.mark.parametrize("version", VERSIONS)
def test_update_from_a_version_of_before(database, previous, version):
    """Whoever has the version updates: entries and ledger are what they were, and work goes on."""
    odoo = previous(VERSIONS[version])
    firm = database("core")
    firm.shell(YEARS_OF_TIME)
    odoo.update(f"Installing the addons as they were {version}", firm.name, "-i", ",".join(ADDONS))
    odoo.shell(firm.name, WORK)
    before = firm.sql(STATES), firm.sql(LEDGER), firm.sql(OWN_DATA)
    done = firm.cli("-u", ",".join(ADDONS))
    assert not complaints(done.stdout)
    assert (firm.sql(STATES), firm.sql(LEDGER), firm.sql(OWN_DATA)) == before
    # 1.5 h were approved, 1.75 h are now
    assert firm.shell(MORE) == [325, "posted"]
    firm.shell(UNINSTALL, addons=list(ADDONS))
    assert residue(firm) == []
    firm.drop()


CHART = """
from odoo.fields import Command
country = env.ref(f"base.{params['country']}")
# Odoo would install what the country's firms use besides
company = env["res.company"].with_context(install_mode=True).create({
    "name": params["country"], "country_id": country.id, "currency_id": country.currency_id.id,
})
country.currency_id.active = True
company = company.with_context(install_mode=False)
env.user.company_ids |= company
env = env(context={"allowed_company_ids": company.ids})
env["account.chart.template"].try_loading(params["chart"], company=company, install_demo=False)
client = env["res.partner"].create({"name": "Client", "is_company": True, "country_id": country.id})
card = env["timetrack.rate.card"].create({
    "name": "Standard", "company_id": company.id, "currency_id": company.currency_id.id,
    "rate_ids": [Command.create({"rate": 100})],
})
company.timetrack_rate_card_id = card
employee = env["hr.employee"].create({"name": "Carl", "company_id": company.id})
project = env["project.project"].create({
    "name": "Matter", "allow_timesheets": True, "partner_id": client.id, "company_id": company.id,
})
entries = env["account.analytic.line"].create([
    {"name": "Work", "project_id": project.id, "employee_id": employee.id, "unit_amount": 1.5, "date": "2026-03-02"}
    for _number in range(2)
])
entries.action_timetrack_submit()
entries.action_timetrack_approve()
accrual = env["timetrack.accrual"].create({
    "date": "2026-03-31", "company_id": company.id,
    "unbilled_account_id": env["account.account"].search([("account_type", "=", "asset_current")], limit=1).id,
    "liability_account_id": env["account.account"].search([("account_type", "=", "liability_current")], limit=1).id,
})
accrual.action_work_out()
accrual.action_post()
wizard = env["timetrack.invoice.wizard"].create({"project_ids": [Command.set(project.ids)]})
wizard.action_create_invoices()
invoice = env["account.move"].search([("move_type", "=", "out_invoice"), ("company_id", "=", company.id)])
invoice.action_post()
# what the country makes of the company's tax for this client
tax, line = invoice.fiscal_position_id.map_tax(company.account_sale_tax_id), invoice.invoice_line_ids
result = {
    "invoice": [invoice.state, invoice.amount_untaxed, invoice.currency_id.name, line.tax_ids == tax],
    "tax": company.currency_id.round(300 * sum(tax.flatten_taxes_hierarchy().mapped("amount")) / 100),
    "amount_tax": invoice.amount_tax,
    "accrued": sum(accrual.line_ids.mapped("balance")),
}
"""


@pytest.mark.parametrize(
    ("module", "chart", "country", "currency"),
    [("l10n_be", "be_comp", "be", "EUR"), ("l10n_in", "in", "in", "INR"), ("l10n_us", "generic_coa", "us", "USD")],
)
def test_charts_of_accounts(database, module, chart, country, currency):
    """Accounts, taxes and journals are those of the country's chart."""
    firm = database("addons")
    assert not complaints(firm.cli("-i", module).stdout)
    done = firm.shell(CHART, chart=chart, country=country)
    assert done["invoice"] == ["posted", 300, currency, True]
    assert done["amount_tax"] == pytest.approx(done["tax"])
    assert done["accrued"] == 300
    firm.drop()


SEEN = """
from odoo.fields import Command
first, second = env["res.company"].search([], order="id")
groups = ("hr_timesheet.group_timesheet_manager", "client_timetrack_billing.group_billing_manager",
          "project.group_project_manager")
result = {}
for companies in (first, second, first | second):
    company = companies[:1]
    user = env["res.users"].with_context(no_reset_password=True).create({
        "name": company.name, "login": f"of {companies.ids}", "company_id": company.id,
        "company_ids": [Command.set(companies.ids)],
        "group_ids": [Command.set([env.ref(group).id for group in groups])],
    })
    own = env(user=user.id, context={"allowed_company_ids": companies.ids})
    elsewhere = {
        name: len(records)
        for name in own.registry
        if name.startswith("timetrack.") and "company_id" in own[name]._fields and own[name]._fields["company_id"].store
        and not own[name]._transient and own[name].has_access("read")
        for records in [own[name].search([]).filtered(lambda one: one.company_id and one.company_id not in companies)]
        if records
    }
    [figures] = own["timetrack.report"].formatted_read_group([], [], ["logged_hours:sum"])
    result[str(companies.ids)] = [own["account.analytic.line"].search_count([("project_id.name", "=", "Matter")]),
                                  figures["logged_hours:sum"], elsewhere, user.has_group("base.group_multi_company")]
crons = env["ir.model.data"].search([("module", "=like", "client_timetrack%"), ("model", "=", "ir.cron")])
for cron in env["ir.cron"].browse(crons.mapped("res_id")):
    cron.method_direct_trigger()
result = {"seen": result, "crons": len(crons)}
"""


def test_a_second_company_comes_later(database):
    """What the first one has stays as it is and is its own; work of the background does both."""
    firm = database("addons")
    firm.shell(WORK)
    before = firm.sql(STATES), firm.sql(LEDGER)
    assert not complaints(firm.cli("-i", "l10n_be").stdout)
    assert firm.shell(CHART, chart="be_comp", country="be")["accrued"] == 300
    first, second = (row[0] for row in firm.sql("SELECT id FROM res_company ORDER BY id"))
    done = firm.shell(SEEN)
    # by hand: 1 + 1.25 + 1.5 + 1.75 + 2 hours of the one, two times 1.5 of the other
    assert done["seen"] == {
        f"[{first}]": [5, 7.5, {}, False],
        f"[{second}]": [2, 3, {}, False],
        f"[{first}, {second}]": [7, 10.5, {}, True],
    }
    assert done["crons"] > 10
    now = firm.sql(STATES), firm.sql(LEDGER)
    assert (now[0][: len(before[0])], now[1][: len(before[1])]) == before
    firm.shell(UNINSTALL, addons=list(ADDONS))
    assert residue(firm) == []
    firm.drop()


LANGUAGES = """
codes = ["fr_FR", "de_DE", "ar_001"]
for code in codes:
    env["res.lang"]._activate_lang(code)
env["ir.module.module"].search([("state", "=", "installed")])._update_translations(codes)
problems, count = [], 0
for code in codes:
    own = env(context={"lang": code})
    for view in own["ir.ui.view"].search([("model", "!=", False), ("inherit_id", "=", False)]):
        if view.get_external_id()[view.id].startswith("client_timetrack"):
            count += 1
            try:
                own[view.model].get_view(view.id, view.type)
            except Exception as error:
                problems.append(f"{code} {view.xml_id}: {error}")
    for name in env.registry:
        if name.startswith("timetrack.") and not own[name]._abstract:
            own[name].fields_get()
result = [count, problems]
"""


def test_other_languages(database):
    """Every view of the addons can be read in other languages, one that is written from right to left among them."""
    firm = database("addons")
    [count, problems] = firm.shell(LANGUAGES)
    assert count > 300 and problems == []
    firm.drop()
