"""The demo firm is what its story says, and everything in it ties out."""

import pytest

FACTS = """
firm = env.ref("client_timetrack.company_larkwood")
env = env(context={"allowed_company_ids": firm.ids, "active_test": False})
Line = env["account.analytic.line"]
time = Line.search([("company_id", "=", firm.id), ("project_id", "!=", False)])
moves = env["account.move"].search([("company_id", "=", firm.id), ("move_type", "=", "out_invoice")])
engagements = env["timetrack.engagement"].search([("project_id.company_id", "=", firm.id)])
env["timetrack.check"].search([("active", "=", True)])._run(firm)
findings = env["timetrack.finding"].search([("company_id", "=", firm.id), ("state", "in", ("open", "progress"))])
result = {
    "people": env["hr.employee"].search_count([("company_id", "=", firm.id)]),
    "gone": env["hr.employee"].search_count([("company_id", "=", firm.id), ("active", "=", False)]),
    "clients": len(time.timetrack_client_id),
    "categories": len(time.timetrack_client_id.timetrack_client_category_id),
    "entries": len(time),
    "months": len({(line.date.year, line.date.month) for line in time}),
    "states": sorted(set(time.mapped("timetrack_state"))),
    "waits_for_client": len(time.filtered(lambda line: line.timetrack_step_id.kind == "client")),
    "billing": sorted(set(time.filtered("timetrack_billing_state").mapped("timetrack_billing_state"))),
    "kinds": sorted(set(env["timetrack.arrangement"].search([("company_id", "=", firm.id)]).mapped("kind"))),
    "methods": sorted(set(engagements.mapped("billing_method"))),
    "payment": sorted(set(moves.mapped("payment_state"))),
    "prebills": sorted(set(env["timetrack.prebill"].search([("company_id", "=", firm.id)]).mapped("state"))),
    "disputes": env["timetrack.dispute"].search_count([("company_id", "=", firm.id), ("state", "=", "open")]),
    "retainers": env["timetrack.retainer"].search_count([("company_id", "=", firm.id)]),
    "accruals": sorted(env["timetrack.accrual"].search([("company_id", "=", firm.id)]).mapped("state")),
    "benefits": env["timetrack.benefit"].search_count([("company_id", "=", firm.id)]),
    "substitutes": env["timetrack.delegation"].search_count([("user_id.company_id", "=", firm.id)]),
    "budgets": sorted(set(env["timetrack.budget"].search([("company_id", "=", firm.id)]).mapped("outlook"))),
    "findings": sorted({(one.rule, one.check_id.severity) for one in findings}),
    "billed_twice": env.cr.execute(
        "SELECT line_id FROM timetrack_allocation WHERE state = 'posted' AND reversed_id IS NULL AND kind = 'time'"
        " GROUP BY line_id, company_id HAVING sum(hours_worked) > (SELECT unit_amount + 0.001 FROM"
        " account_analytic_line WHERE id = line_id)"
    ) or env.cr.fetchall(),
}
"""


@pytest.fixture(scope="module")
def facts(database):
    """What there is."""
    firm = database("demo")
    found = firm.shell(FACTS, commit=False)
    firm.drop()
    return found


def test_the_firm_is_as_it_is_told(facts):
    assert facts["people"] == 12
    assert facts["gone"] == 1
    assert facts["clients"] == 10
    assert facts["categories"] == 4
    assert facts["entries"] > 6000
    assert facts["months"] >= 9
    assert set(facts["states"]) >= {"approved", "draft", "rejected", "submitted"}
    assert facts["waits_for_client"]
    assert facts["kinds"] == ["cap", "fixed", "hours"]
    assert set(facts["methods"]) >= {"order", "rates"}
    assert set(facts["payment"]) >= {"not_paid", "paid"}
    assert set(facts["prebills"]) >= {"approved", "draft", "invoiced", "review"}
    assert facts["disputes"] == 1
    assert facts["retainers"]
    assert facts["accruals"] == ["posted"] * 3
    assert facts["benefits"] == 2
    assert facts["substitutes"]
    assert len(facts["budgets"]) >= 3


def test_nothing_is_wrong_with_it(facts):
    """The desk has what it is to show, and no entry is billed twice."""
    assert not facts["billed_twice"]
    rules = {rule for rule, _severity in facts["findings"]}
    assert rules >= {"budget", "duplicate", "unbilled"}, facts["findings"]
    wrong = {"accrual", "changed", "employment", "invoice", "ledger", "no_cost", "no_rate"}
    assert not rules & wrong, facts["findings"]
