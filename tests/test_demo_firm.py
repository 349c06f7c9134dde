"""The demo firm is what its story says, and everything in it ties out, whatever the day on which it is loaded."""

import json
import os
import subprocess

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
    check_story(facts)


def test_nothing_is_wrong_with_it(facts):
    """The desk has what it is to show, and no entry is billed twice."""
    check_sums(facts)


def check_story(facts):
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


def check_sums(facts):
    assert not facts["billed_twice"]
    rules = {rule for rule, _severity in facts["findings"]}
    assert rules >= {"budget", "duplicate", "unbilled"}, facts["findings"]
    wrong = {"accrual", "changed", "employment", "invoice", "ledger", "no_cost", "no_rate"}
    assert not rules & wrong, facts["findings"]


# Odoo on another day. PostgreSQL knows the true one.
ON_A_DAY = """
import sys
from freezegun import freeze_time
freeze_time(sys.argv.pop(1), tick=True).start()
import odoo.cli
odoo.cli.main()
"""
ANSWER = "The facts are: "


def run_on(day, firm, *args, script=None):
    """Run Odoo as if it were that day, at noon; return what it printed."""
    python, _odoo, *rest = firm.ground.odoo.command(*args)
    done = subprocess.run(
        [python, "-c", ON_A_DAY, f"{day} 12:00:00", *rest],
        input=script, env=firm.ground.odoo.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert not done.returncode, done.stdout[-6000:]
    return done.stdout


@pytest.mark.skipif(not os.environ.get("TIMETRACK_FULL"), reason="a long one: setup/test --full")
@pytest.mark.parametrize("day", ["2026-01-01", "2026-02-28", "2026-05-03", "2026-08-31"])
def test_on_other_days(database, day):
    """The first of a year, the last of February, a Sunday, the last of a month."""
    firm = database("core_demo")
    options = "-d", firm.name, "--no-http", "--stop-after-init", "-i", "client_timetrack_reports", "--with-demo"
    run_on(day, firm, *options)
    script = f"import json\nexec({FACTS!r})\nprint({ANSWER!r} + json.dumps(result, default=str))\n"
    printed = run_on(day, firm, "shell", "-d", firm.name, "--no-http", script=script)
    [answer] = [line for line in printed.splitlines() if ANSWER in line]
    facts = json.loads(answer.partition(ANSWER)[2])
    firm.drop()
    check_story(facts)
    check_sums(facts)
