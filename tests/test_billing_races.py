"""Two accountants at the same time: nothing is billed twice, and nothing is lost.

Some twenty rounds in all; a thousand with ``--full``.
"""

import os

import pytest
from together import together

PASSWORD = "timetrack-race"
ACCOUNTANTS = ("race_ann", "race_ben")
HOURS = (1.0, 2.5, 0.75)
RATE = 100

FIRM = """
from odoo.fields import Command
for login in params["logins"]:
    env["res.users"].with_context(no_reset_password=True).create({
        "login": login, "name": login, "password": params["password"], "odoobot_state": "disabled",
        "group_ids": [Command.set([
            env.ref("client_timetrack_billing.group_billing_user").id,
            env.ref("hr_timesheet.group_timesheet_manager").id,
        ])],
    })
client = env["res.partner"].create({"name": "Harbor Works", "is_company": True})
card = env["timetrack.rate.card"].create({"name": "Standard", "rate_ids": [Command.create({"rate": params["rate"]})]})
env.company.timetrack_rate_card_id = card
employee = env["hr.employee"].create({"name": "Rita Race"})
project = env["project.project"].create({
    "name": "Merger", "allow_timesheets": True, "partner_id": client.id, "privacy_visibility": "employees",
})
reason = env.ref("client_timetrack_billing.adjustment_reason_courtesy")
account = env["account.account"].create({
    "name": "Client Advances", "code": "239901", "account_type": "liability_current",
})
result = {
    "employee": employee.id, "project": project.id, "reason": reason.id, "client": client.id, "account": account.id,
}
"""

COSTS = """
product = env["product.product"].create({
    "name": "Travel", "type": "service", "expense_policy": "cost", "invoice_policy": "delivery", "taxes_id": False,
    "supplier_taxes_id": False,
})
projects = env["project.project"].create([
    {"name": f"Costs {number}", "allow_timesheets": True, "partner_id": params["client"],
     "privacy_visibility": "employees"}
    for number in range(params["rounds"])
])
result = [product.id, [[project.id, project.account_id.id] for project in projects]]
"""

# of each of the races
ROUNDS = 334 if os.environ.get("TIMETRACK_FULL") else 4


@pytest.fixture(scope="module")
def firm(serve_firm):
    """Serve two accountants, and a project whose time they bill."""
    return serve_firm(FIRM, logins=ACCOUNTANTS, password=PASSWORD, rate=RATE)


@pytest.fixture(scope="module")
def ids(firm):
    return firm.ids


@pytest.fixture
def calls(firm):
    """A connection for each accountant, and a second one of the first."""
    return [firm.rpc(login, PASSWORD) for login in (*ACCOUNTANTS, ACCOUNTANTS[0])]


def log_approved(call, ids, number):
    """Approved time of a round; its entries."""
    entries = call("account.analytic.line", "create", [[
        {"name": f"Round {number}", "project_id": ids["project"], "employee_id": ids["employee"], "unit_amount": hours}
        for hours in HOURS
    ]])  # fmt: skip
    call("account.analytic.line", "action_timetrack_submit", [entries])
    call("account.analytic.line", "action_timetrack_approve", [entries])
    return entries


def propose(call, method, ids, **values):
    """Propose or invoice the time of the project."""
    wizard = call("timetrack.invoice.wizard", "create", [{"project_ids": [(6, 0, [ids["project"]])], **values}])
    return call("timetrack.invoice.wizard", method, [[wizard]])


def check(firm, entries):
    """Each entry is live once, and each invoice line is what its rows sum to."""
    names = ", ".join(map(str, entries))
    [[rows, parts]] = firm.database.sql(
        "SELECT count(*), count(DISTINCT line_id) FROM timetrack_allocation"
        f" WHERE line_id IN ({names}) AND kind = 'time' AND reversed_id IS NULL"
        " AND state IN ('held', 'prebill', 'draft', 'posted')"
    )
    assert rows == parts == str(len(entries))
    apart = firm.database.sql(
        "SELECT line.id FROM account_move_line line JOIN timetrack_allocation row ON row.move_line_id = line.id"
        " WHERE row.state IN ('draft', 'posted') GROUP BY line.id"
        " HAVING round(sum(row.billed_amount)::numeric, 2) != round(line.price_subtotal::numeric, 2)"
    )
    assert apart == []


@pytest.mark.parametrize("method", ["action_create_invoices", "action_propose"])
def test_two_accountants_bill_the_same_time(firm, calls, ids, method):
    """One of them bills it; the other is told that it is billed."""
    for number in range(ROUNDS):
        entries = log_approved(calls[0], ids, number)
        results = together(*(lambda call=call: propose(call, method, ids) for call in calls[:2]))
        refused = [result for result in results if isinstance(result, Exception)]
        assert len(refused) == 1, results
        assert "Somebody else billed" in str(refused[0]) or "no approved time" in str(refused[0]), results
        check(firm, entries)


def test_a_pre_bill_is_invoiced_once_while_it_is_changed(firm, calls, ids):
    """One writes a line down while the other invoices: before it, or not at all."""
    firm.database.sql("UPDATE timetrack_prebill SET state = 'cancel' WHERE state = 'draft'")
    firm.database.sql("UPDATE timetrack_allocation SET state = 'cancelled' WHERE state = 'prebill'")
    full = sum(HOURS) * RATE
    for number in range(ROUNDS):
        entries = log_approved(calls[0], ids, f"of changes {number}")
        prebill = propose(calls[0], "action_propose", ids)["res_id"]
        [row] = calls[0]("timetrack.allocation", "search", [[("line_id", "=", entries[0])]])
        change = {"billed_amount": 10.0, "reason_id": ids["reason"]}
        results = together(
            lambda row=row, change=change: calls[0]("timetrack.allocation", "write", [[row], change]),
            lambda prebill=prebill: calls[1]("timetrack.prebill", "action_invoice", [[prebill]]),
            lambda prebill=prebill: calls[2]("timetrack.prebill", "action_invoice", [[prebill]]),
        )
        invoiced = [result for result in results[1:] if not isinstance(result, Exception)]
        assert len(invoiced) == 1, results
        assert any("only an approved pre-bill can be invoiced" in str(result) for result in results[1:]), results
        changed = not isinstance(results[0], Exception)
        assert changed or "no longer be changed" in str(results[0]), results
        check(firm, entries)
        [[amount, untaxed]] = firm.database.sql(
            "SELECT prebill.amount, move.amount_untaxed FROM timetrack_prebill prebill"
            f" JOIN account_move move ON move.id = prebill.move_id WHERE prebill.id = {prebill}"
        )
        assert float(amount) == float(untaxed) == (full - HOURS[0] * RATE + 10 if changed else full)


def test_the_same_time_is_credited_once(firm, calls, ids):
    """Two accountants credit the same entries: one does; the other is told that they are credited."""
    for number in range(ROUNDS):
        entries = log_approved(calls[0], ids, f"to credit {number}")
        move = propose(calls[0], "action_create_invoices", ids)["res_id"]
        calls[0]("account.move", "action_post", [[move]])
        rows = calls[0]("timetrack.allocation", "search", [[("move_id", "=", move), ("kind", "=", "time")]])
        kinds = ("rebill", "concede")

        def credit(call, what, rows=rows, move=move):
            values = {"move_id": move, "what": what, "row_ids": [(6, 0, rows)]}
            wizard = call("timetrack.credit.wizard", "create", [values])
            return call("timetrack.credit.wizard", "action_credit", [[wizard]])["res_id"]

        results = together(
            *(lambda call=call, what=what: credit(call, what) for call, what in zip(calls, kinds, strict=False))
        )
        refused = [result for result in results if isinstance(result, Exception)]
        assert len(refused) == 1, results
        assert "credited before" in str(refused[0]), results
        [refund] = [result for result in results if not isinstance(result, Exception)]
        calls[0]("account.move", "action_post", [[refund]])
        [[credited, amount]] = firm.database.sql(
            "SELECT sum(-row.billed_amount), max(move.amount_untaxed) FROM timetrack_allocation row"
            f" JOIN account_move move ON move.id = row.move_id WHERE move.id = {refund} AND row.state = 'posted'"
        )
        assert float(credited) == float(amount) == sum(HOURS) * RATE
        states = firm.database.sql(
            "SELECT DISTINCT timetrack_billing_state FROM account_analytic_line"
            f" WHERE id IN ({', '.join(map(str, entries))})"
        )
        assert states == [["unbilled" if not isinstance(results[0], Exception) else "billed"]]
        if states == [["unbilled"]]:
            # not for the next round
            firm.database.sql(
                "UPDATE account_analytic_line SET timetrack_billing_state = 'non_billable'"
                f" WHERE id IN ({', '.join(map(str, entries))})"
            )


def test_one_instalment_and_one_limit(firm, calls, ids):
    """Two accountants bill at once what a fee and a limit are for: the instalment once, and no more than the limit."""
    [engagement] = calls[0]("timetrack.engagement", "search", [[("project_id", "=", ids["project"])]])
    for number in range(ROUNDS):
        # what was before is over
        old = calls[0]("timetrack.arrangement", "search", [[("engagement_id", "=", engagement)]])
        calls[0]("timetrack.arrangement", "write", [old, {"active": False}])
        common = {"name": f"Round {number}", "engagement_id": engagement, "date_from": "2026-05-01"}
        fee = {"kind": "fixed", "amount": 500, "planned_hours": 5, "date_to": "2026-05-01"}
        instalment = (0, 0, {"name": "All", "amount": 500, "date": "2026-05-01"})
        [fee] = calls[0]("timetrack.arrangement", "create", [[{**common, **fee, "instalment_ids": [instalment]}]])
        results = together(*(lambda call=call: propose(call, "action_create_invoices", ids) for call in calls[:2]))
        refused = [result for result in results if isinstance(result, Exception)]
        assert len(refused) == 1, results
        assert "Somebody else billed" in str(refused[0]) or "no approved time" in str(refused[0]), results
        assert firm.database.sql(
            f"SELECT sum(billed_amount) FROM timetrack_allocation WHERE arrangement_id = {fee} AND state = 'draft'"
        ) == [["500.0"]]
        limit = {**common, "kind": "cap", "cap_amount": 150, "sequence": 1}
        [limit] = calls[0]("timetrack.arrangement", "create", [[limit]])
        entries = calls[0]("account.analytic.line", "create", [[
            {
                "name": "Work", "project_id": ids["project"], "employee_id": ids["employee"], "unit_amount": 1,
                "date": day,
            }
            for day in ("2026-05-04", "2026-06-04")
        ]])  # fmt: skip
        calls[0]("account.analytic.line", "action_timetrack_submit", [entries])
        calls[0]("account.analytic.line", "action_timetrack_approve", [entries])
        spans = ({"date_to": "2026-05-31"}, {"date_from": "2026-06-01"})
        results = together(
            *(
                lambda call=call, span=span: propose(call, "action_create_invoices", ids, **span)
                for call, span in zip(calls, spans, strict=False)
            )
        )
        assert not any(isinstance(result, Exception) for result in results), results
        rows = firm.database.sql(
            "SELECT state, sum(billed_amount) FROM timetrack_allocation"
            f" WHERE arrangement_id = {limit} AND state IN ('draft', 'held') AND kind = 'time' GROUP BY 1 ORDER BY 1"
        )
        assert [[state, float(amount)] for state, amount in rows] == [["draft", 150], ["held", 50]]
        hours = firm.database.sql(
            "SELECT sum(hours_worked) FROM timetrack_allocation WHERE kind = 'time' AND state IN ('draft', 'held')"
            f" AND line_id IN ({', '.join(map(str, entries))}) GROUP BY line_id"
        )
        assert [float(number) for [number] in hours] == [1, 1]
        # what is held does not wait for the next round
        firm.database.sql("UPDATE timetrack_allocation SET state = 'cancelled' WHERE state = 'held'")


def test_a_cost_is_billed_once(firm, calls, ids):
    """Two vendor bills of a new engagement are posted at once, on one order; then two accountants bill their costs."""
    product, projects = firm.database.shell(COSTS, rounds=ROUNDS, client=ids["client"])
    for number, (project, account) in enumerate(projects):
        line = {"name": "Train", "product_id": product, "price_unit": 100, "tax_ids": [(5,)]}
        line["analytic_distribution"] = {str(account): 100}
        bills = [
            calls[0](
                "account.move",
                "create",
                [
                    {
                        "move_type": "in_invoice",
                        "partner_id": ids["client"],
                        "invoice_date": "2026-05-04",
                        "invoice_line_ids": [(0, 0, line)],
                    }
                ],
            )
            for _each in range(2)
        ]
        results = together(
            *(
                lambda call=call, bill=bill: call("account.move", "action_post", [[bill]])
                for call, bill in zip(calls, bills, strict=False)
            )
        )
        assert not any(isinstance(result, Exception) for result in results), results
        costs = firm.database.sql(
            "SELECT line.order_id FROM sale_order_line line JOIN sale_order sale ON sale.id = line.order_id"
            f" WHERE line.is_expense AND sale.project_id = {project}"
        )
        assert len(costs) == 2
        assert len({order for [order] in costs}) == 1
        methods = ("action_create_invoices", ("action_create_invoices", "action_propose")[number % 2])
        results = together(
            *(
                lambda call=call, method=method, project=project: propose(call, method, {"project": project})
                for call, method in zip(calls, methods, strict=False)
            )
        )
        refused = [result for result in results if isinstance(result, Exception)]
        assert len(refused) == 1, results
        rows = firm.database.sql(
            "SELECT count(*), count(DISTINCT sale_line_id), sum(billed_amount) FROM timetrack_allocation"
            f" WHERE project_id = {project} AND state IN ('held', 'prebill', 'draft', 'posted')"
        )
        assert rows == [["2", "2", "200.0"]]
        [[invoiced]] = firm.database.sql(
            "SELECT sum(qty_invoiced) FROM sale_order_line line JOIN sale_order sale ON sale.id = line.order_id"
            f" WHERE sale.project_id = {project}"
        )
        assert float(invoiced) == (2 if "account.move" in str(results) else 0), results


def test_the_same_money_is_drawn_once(firm, calls, ids):
    """Two accountants pay two drafts from one retainer, which has enough for one and a half: no more is drawn than
    there is, and what is left is drawn. Then both are posted at once."""
    values = {"partner_id": ids["client"], "account_id": ids["account"], "tax_ids": [(5,)], "is_automatic": False}
    line = {"name": "Work", "quantity": 1, "price_unit": 100, "tax_ids": [(5,)]}
    for number in range(ROUNDS):
        retainer = calls[0]("timetrack.retainer", "create", [{**values, "amount": 150}])
        advance = calls[0]("timetrack.retainer", "action_invoice_advance", [[retainer]])["res_id"]
        calls[0]("account.move", "action_post", [[advance]])
        drafts = [
            calls[0](
                "account.move",
                "create",
                [{"move_type": "out_invoice", "partner_id": ids["client"], "invoice_line_ids": [(0, 0, line)]}],
            )
            for _each in range(2)
        ]
        results = together(
            *(
                lambda call=call, draft=draft: call("account.move", "action_timetrack_draw", [[draft]])
                for call, draft in zip(calls, drafts, strict=False)
            )
        )
        assert not any(isinstance(result, Exception) for result in results), (number, results)
        drawn = firm.database.sql(
            f"SELECT -price_subtotal FROM account_move_line WHERE timetrack_retainer_id = {retainer}"
            f" AND move_id IN ({', '.join(map(str, drafts))}) ORDER BY 1"
        )
        assert [float(amount) for [amount] in drawn] == [50, 100]
        # both are made to draw all of it by hand: one is posted, the other is more than there is
        for draft in drafts:
            [row] = calls[0](
                "account.move.line", "search", [[("move_id", "=", draft), ("timetrack_retainer_id", "!=", False)]]
            )
            calls[0]("account.move", "write", [[draft], {"invoice_line_ids": [(1, row, {"price_unit": -100})]}])
        results = together(
            *(
                lambda call=call, draft=draft: call("account.move", "action_post", [[draft]])
                for call, draft in zip(calls, drafts, strict=False)
            )
        )
        refused = [result for result in results if isinstance(result, Exception)]
        assert len(refused) == 1, results
        assert "than there is" in str(refused[0]), results
        for draft in drafts:
            if calls[0]("account.move", "read", [[draft], ["state"]])[0]["state"] == "draft":
                calls[0]("account.move", "unlink", [[draft]])
        rest = calls[0]("timetrack.retainer", "read", [[retainer], ["balance", "available"]])[0]
        assert (rest["balance"], rest["available"]) == (50, 50)
        refund = calls[0]("timetrack.retainer", "action_refund", [[retainer]])["res_id"]
        calls[0]("account.move", "action_post", [[refund]])
