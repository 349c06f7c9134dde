from datetime import date, timedelta

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command, Date
from odoo.tests import new_test_user, tagged

from odoo.addons.client_timetrack_billing.tests.common import TimetrackAccrualCommon

from ..models.timetrack_check import Found

TODAY = "2026-06-10"


@tagged("post_install", "-at_install")
class TestFinding(TimetrackAccrualCommon):
    """Each rule of the reconciliation desk finds what it is for, and nothing else; what is solved is closed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(freeze_time(TODAY))
        cls.env.user.group_ids += cls.env.ref("client_timetrack_billing.group_billing_manager")
        cls.alice.hourly_cost = cls.bob.hourly_cost = 50.0
        both = cls.alice | cls.bob
        both.sudo().current_version_id.write({"date_version": "2026-01-01", "contract_date_start": "2026-01-01"})
        cls.env["timetrack.capacity"]._refresh(both, date(2026, 1, 1), date(2026, 6, 30))
        cls.checks = cls.env["timetrack.check"].search([("rule", "!=", "domain")])
        cls.Finding = cls.env["timetrack.finding"]

    def _check(self, rule):
        return self.checks.filtered(lambda check: check.rule == rule)

    def _run(self, rule):
        """Run a rule in the company: what is open."""
        check = self._check(rule)
        check._run(self.company)
        return self._get(rule)

    def _get(self, rule, state=("open", "progress")):
        return self.Finding.search(
            [("check_id", "=", self._check(rule).id), ("company_id", "=", self.company.id), ("state", "in", state)]
        )

    def assertFinds(self, rule, record, amount=0.0):
        finding = self._run(rule)
        self.assertEqual([(one.res_model, one.res_id) for one in finding], [(record._name, record.id)])
        self.assertAlmostEqual(finding.amount, amount)
        self.assertIn(record.display_name, finding.name)
        return finding

    def assertSolved(self, finding):
        self._run(finding.rule)
        self.assertEqual((finding.state, finding.solved_date), ("solved", Date.to_date(TODAY)))
        self.assertFalse(self._get(finding.rule))

    def test_every_rule_has_a_method_and_a_model(self):
        rules = dict(self.env["timetrack.check"]._fields["rule"].selection)
        self.assertEqual(set(self.checks.mapped("rule")), set(rules) - {"domain"})
        for rule in rules:
            self.assertTrue(hasattr(self.checks, f"_find_{rule}"))
        self.assertEqual(set(self.checks._get_models()), set(rules) - {"domain"})

    def test_nothing_to_find(self):
        self._log_approved(2.0, date="2026-06-09")
        for check in self.checks - self._check("missing"):
            self.assertFalse(self._run(check.rule), check.rule)

    def test_unbilled_too_long(self):
        """The company has 60 days; the fix proposes a pre-bill, and what is on it waits all the same."""
        self._log_approved(3.0, date="2026-04-11")
        self.assertFalse(self._run("unbilled"))
        entries = self._log_approved(2.0, date="2026-04-10")
        finding = self.assertFinds("unbilled", self.project, 200.0)
        action = finding.with_user(self.user_billing).action_fix()
        self.assertEqual(action["res_model"], "timetrack.prebill")
        self.assertEqual(set((entries).mapped("timetrack_billing_state")), {"prebill"})
        self.assertEqual(finding.state, "open")
        with self.assertRaisesRegex(UserError, "finish these"):
            finding.with_user(self.user_billing).action_fix()
        self._post(self.env["timetrack.prebill"].browse(action["res_id"]).with_user(self.user_billing))
        self.assertSolved(finding)

    def test_no_rate(self):
        self.company.timetrack_rate_card_id = False
        self._log_approved(2.0)
        finding = self.assertFinds("no_rate", self.project)
        with self.assertRaises(UserError):
            finding.with_user(self.user_billing).action_fix()
        self.company.timetrack_rate_card_id = self.card
        finding.with_user(self.user_billing).action_fix()
        self.assertEqual(finding.state, "solved")

    def test_no_cost(self):
        carl = self.env["hr.employee"].sudo().create({"name": "Carl", "company_id": self.company.id})
        self._log(2.0, employee_id=carl.id)
        finding = self.assertFinds("no_cost", carl)
        self._check("no_cost").days = 5
        self.assertSolved(finding)

    def test_billed_time_that_was_changed(self):
        entries = self._log_approved(2.0)
        self._invoice().action_post()
        self.env.flush_all()
        self.env.cr.execute("UPDATE account_analytic_line SET unit_amount = 3 WHERE id = %s", entries.ids)
        self.env.invalidate_all()
        self.assertFinds("changed", entries, 100.0)

    def test_ledger_and_invoice_apart(self):
        self._log_approved(2.0)
        move = self._invoice()
        move.action_post()
        row = move.sudo().timetrack_allocation_ids
        self.env.flush_all()
        self.env.cr.execute("UPDATE timetrack_allocation SET billed_amount = 150 WHERE id = %s", row.ids)
        self.env.invalidate_all()
        self.assertFinds("ledger", move, 50.0)

    def test_accrual_and_work_in_progress_apart(self):
        self._log_approved(2.0, date="2026-05-04")
        accrual = self._accrue("2026-05-31")
        self.assertFalse(self._run("accrual"))
        self._log_approved(1.0, date="2026-05-05")
        finding = self.assertFinds("accrual", accrual, 100.0)
        finding.with_user(self.user_billing).action_fix()
        accrual.action_post()
        self.assertSolved(finding)

    def test_time_on_closed_work(self):
        task = self.env["project.task"].create({"name": "Closed", "project_id": self.project.id})
        self._log(1.0, task_id=task.id, date="2026-06-01")
        task.write({"state": "1_done"})
        task.date_end = "2026-06-03 12:00:00"
        late = self._log(1.0, task_id=task.id, date="2026-06-05")
        self.assertFinds("closed", late)

    def test_time_outside_of_the_employment(self):
        version = self.alice.sudo().current_version_id
        version.write({"contract_date_start": "2026-05-06", "contract_date_end": "2026-06-05"})
        self.env["timetrack.capacity"]._refresh(self.alice, date(2026, 1, 1), date(2027, 12, 31))
        self._log(1.0, date="2026-05-06")
        before = self._log(1.0, date="2026-05-05")
        finding = self.assertFinds("employment", before)
        self.assertEqual(finding.detail, "Before the first working day")
        version.contract_date_start = "2026-01-01"
        self.env["timetrack.capacity"]._refresh(self.alice, date(2026, 1, 1), date(2027, 12, 31))
        self.assertSolved(finding)
        after = self._log(1.0, date="2026-06-08")
        self.assertEqual(self.assertFinds("employment", after).detail, "After the last working day")

    def test_time_on_days_off(self):
        self.env["resource.calendar.leaves"].sudo().create(
            {"name": "Off", "date_from": "2026-06-01 00:00:00", "date_to": "2026-06-01 23:59:59",
             "company_id": self.company.id, "calendar_id": False, "resource_id": self.alice.resource_id.id,
             "time_type": "leave"}
        )  # fmt: skip
        entry = self._log(1.0, date="2026-06-01")
        self._log(1.0, date="2026-06-02")
        finding = self.assertFinds("leave", entry)
        self.assertEqual(finding.detail, "On a day of leave")

    def test_the_same_time_twice(self):
        """Same person, day, work, hours and words, whatever their case; the fix deletes the later entry."""
        first = self._log(2.0, name="Call")
        self._log(2.0, name="Mail")
        self._log(3.0, name="Call")
        self._log(2.0, name="Call", employee_id=self.bob.id)
        second = self._log(2.0, name=" call")
        finding = self.assertFinds("duplicate", second)
        finding.action_fix()
        self.assertEqual((first | second).exists(), first)
        self.assertEqual(finding.state, "solved")

    def test_invoice_of_time_without_time(self):
        product = self.company._timetrack_get_product()
        move = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.partner_a.id,
                "invoice_date": "2026-06-01",
                "invoice_line_ids": [
                    Command.create({"product_id": product.id, "quantity": 2, "price_unit": 80, "tax_ids": []})
                ],
            }
        )
        move.action_post()
        self._log_approved(1.0)
        self._invoice().action_post()
        self.assertFinds("invoice", move, 160.0)

    def test_exceeded_budgets(self):
        self.project.allocated_hours = 5.0
        budget = self.project.timetrack_budget_ids or self.env["timetrack.budget"].create(
            {"project_id": self.project.id}
        )
        self._log(5.0)
        self.assertFalse(self._run("budget"))
        self._log(1.0, name="More")
        finding = self.assertFinds("budget", budget)
        self.assertEqual(finding.detail, "1.00 hours more than the budget")

    def test_missing_time(self):
        """Last week Alice was there for 40 hours, and logged 39."""
        self._log(39.0, date="2026-06-03")
        finding = self._run("missing")
        self.assertEqual(finding.mapped("res_id"), [self.alice.id])
        self.assertEqual(finding.detail, "39.00 of 40.00 hours last week")
        self._log(1.0, date="2026-06-04")
        self.assertSolved(finding)

    # ------------------------------------------------------------------
    # Rules of one's own
    # ------------------------------------------------------------------

    def _own_rule(self, domain="[('name', '=', 'Work')]", **values):
        return self.env["timetrack.check"].create(
            {
                "name": "Nothing said",
                "rule": "domain",
                "model_id": self.env["ir.model"]._get_id("account.analytic.line"),
                "domain": domain,
                **values,
            }
        )

    def test_rule_by_domain(self):
        owner = new_test_user(
            self.env, "tt_owner", "hr_timesheet.group_timesheet_manager", company_id=self.company.id,
            company_ids=self.company.ids,
        )  # fmt: skip
        rule = self._own_rule(user_id=owner.id, severity="3")
        entries = self._log(1.0, 2.0)
        self._log(1.0, name="Read the contract")
        rule.action_run()
        findings = self.Finding.search([("check_id", "=", rule.id)])
        self.assertEqual(set(findings.mapped("res_id")), set(entries.ids))
        self.assertEqual((findings.user_id, set(findings.mapped("severity")), rule.open_count), (owner, {"3"}, 2))
        rule.domain = "[('name', '=', 'Work'), ('unit_amount', '>', 1.5)]"
        rule.action_run()
        self.assertEqual(sorted(findings.mapped("state")), ["open", "solved"])
        self.assertEqual(rule.open_count, 1)

    def test_rules_of_ones_own_see_what_their_author_sees(self):
        """An administrator of timesheets asks for what is not theirs to know: it is not found, by no rule of theirs."""
        Check = self.env["timetrack.check"].with_user(self.user_approver)
        parameters = self.env["ir.model"]._get_id("ir.config_parameter")
        values = {"name": "Secrets", "rule": "domain", "domain": "[]", "author_id": self.env.ref("base.user_root").id}
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            Check.create({**values, "model_id": parameters})
        partners = self.env["ir.model"]._get_id("res.partner")
        other = self.env["res.company"].create({"name": "Other"})
        hidden = self.env["res.partner"].create({"name": "Theirs", "company_id": other.id})
        seen = self.env["res.partner"].create({"name": "Ours"})
        domain = f"[('id', 'in', {(hidden | seen).ids})]"
        rule = Check.create({**values, "model_id": partners, "domain": domain})
        self.assertEqual(rule.author_id, self.user_approver)
        rule.sudo()._run(self.company | other)
        self.assertEqual(set(rule.sudo().finding_ids.mapped("res_id")), set(seen.ids))
        rule.sudo().author_id = self.env.ref("base.user_root")
        rule.write({"domain": f"[('id', 'in', {hidden.ids})]"})
        self.assertEqual(rule.author_id, self.user_approver, "who changes the domain is its author")

    def test_domains_that_cannot_be_used(self):
        for domain in ("[('no_such_field', '=', 1)]", "[(", "import os"):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                self._own_rule(domain=domain)
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            self._own_rule(model_id=False)

    # ------------------------------------------------------------------
    # Following up
    # ------------------------------------------------------------------

    def test_life_of_a_finding(self):
        self._log_approved(2.0, date="2026-04-10")
        finding = self._run("unbilled").with_user(self.user_billing)
        finding.action_start()
        self.assertEqual((finding.state, finding.user_id), ("progress", self.user_billing))
        finding.action_accept()
        self.assertEqual(self._run("unbilled"), self.Finding, "what is accepted stays so")
        self.assertEqual(len(self._get("unbilled", ["accepted"])), 1)
        finding.action_reopen()
        self._log_approved(1.0, date="2026-04-10")
        self._run("unbilled")
        self.assertEqual(finding.amount, 300.0)
        self.assertEqual(finding.action_open_cause()["res_id"], self.project.id)
        self._check("unbilled").active = False

    def test_what_comes_back_is_a_new_finding(self):
        entry = self._log(2.0, name="Call")
        second = self._log(2.0, name="Call")
        first = self._run("duplicate")
        second.name = "Mail"
        self.assertSolved(first)
        with self.assertRaises(UserError):
            first.with_user(self.user_billing).action_reopen()
        second.name = "Call"
        again = self._run("duplicate")
        self.assertEqual((len(again), again & first, entry.exists()), (1, self.Finding, entry))

    def test_trend(self):
        """Two found on Monday, one of them gone on Wednesday: two were open, then one."""
        second, third = self._log(2.0, name="Call") and self._log(2.0, 2.0, name="Call")
        self._run("duplicate")
        with freeze_time(Date.to_date(TODAY) + timedelta(days=2)):
            third.name = "Mail"
            self._check("duplicate")._run(self.company)
        days = self.env["timetrack.finding.trend"]._read_group(
            [("check_id", "=", self._check("duplicate").id), ("company_id", "=", self.company.id)], ["date:day"],
            ["number:sum"],
        )  # fmt: skip
        self.assertEqual(days, [(date(2026, 6, 10), 2), (date(2026, 6, 12), -1)])
        self.assertTrue(second.exists())
        names = self.env["timetrack.finding.trend"].get_views([(False, "graph"), (False, "pivot"), (False, "search")])
        self.assertIn("severity", names["models"]["timetrack.finding.trend"]["fields"])

    def test_rights(self):
        self._log_approved(2.0, date="2026-04-10")
        finding = self._run("unbilled")
        with self.assertRaises(AccessError):
            finding.with_user(self.user_consultant).read(["detail"])
        with self.assertRaises(AccessError):
            self.checks.with_user(self.user_consultant).action_run()
        with self.assertRaises(AccessError):
            self._check("unbilled").with_user(self.user_billing).write({"active": False})
        for values in ({"state": "solved"}, {"amount": 0.0}, {"detail": "Nothing"}, {"first_date": "2026-01-01"}):
            with self.assertRaises(AccessError):
                finding.with_user(self.user_billing).write(values)
        approver = self.Finding.with_user(self.user_approver).search([("id", "=", finding.id)])
        self.assertEqual(approver.web_read({"name": {}, "detail": {}, "state": {}})[0]["state"], "open")
        self.assertNotIn("amount", approver.fields_get())
        approver.write({"note": "Asked the partner", "state": "progress"})
        with self.assertRaises(AccessError):
            self.Finding.with_user(self.user_billing).create(
                {"check_id": finding.check_id.id, "company_id": self.company.id, "res_model": "res.partner",
                 "res_id": 1}
            )  # fmt: skip

    def test_fixes_are_for_who_may_do_them(self):
        """Nobody is offered a button that ends in an error: pre-bills are for billing, others' time is not."""
        self._log_approved(2.0, date="2026-04-10")
        self._log(2.0, 2.0, name="Call")
        for rule, may, may_not in (
            ("unbilled", self.user_billing, self.user_approver),
            ("duplicate", self.user_approver, self.user_billing),
        ):
            finding = self._run(rule)
            self.assertTrue(finding.with_user(may).can_fix, rule)
            self.assertFalse(finding.with_user(may_not).can_fix, rule)
            with self.assertRaises(UserError):
                finding.with_user(may_not).action_fix()

    def test_queries_do_not_grow_with_what_changes(self):
        check = self._check("missing").sudo().with_company(self.company)
        employees = self.env["hr.employee"].sudo().create([{"name": f"E{number}"} for number in range(60)]).ids

        def count(number, amount):
            found = [Found(employee, amount, f"{amount} hours") for employee in employees[:number]]
            return self._count_queries(lambda: check._note(self.company, found))

        count(60, 1.0)
        check._note(self.company, [])
        check._note(self.company, [Found(employee) for employee in employees[:6]])
        few = count(6, 2.0)
        check._note(self.company, [Found(employee) for employee in employees])
        self.assertLessEqual(count(60, 3.0), few + 3)

    def test_other_companies_are_left_alone(self):
        other = self.env["res.company"].create({"name": "Other"})
        self._log_approved(2.0, date="2026-04-10")
        finding = self._run("unbilled")
        self._check("unbilled")._run(other)
        self.assertEqual(finding.state, "open")
        self._check("unbilled").company_id = other
        self._check("unbilled")._run(self.company | other)
        self.assertEqual(finding.state, "open")

    def test_queries_do_not_grow_with_what_is_found(self):
        def count(rule):
            check = self._check(rule)
            return self._count_queries(lambda: check._run(self.company))

        self._log(1.0, 1.0, name="Call")
        self._run("duplicate")
        self._log(*[2.0] * 5, name="Mail")
        few = count("duplicate")
        self._log(*[3.0] * 50, name="Note")
        self.assertLessEqual(count("duplicate"), few + 3)
        self.assertEqual(len(self._get("duplicate")), 1 + 4 + 49)
