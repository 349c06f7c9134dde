from datetime import date

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .common import TimetrackBillingCommon


class ArrangementCommon(TimetrackBillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.engagement = cls.project.timetrack_engagement_ids
        cls.project.user_id = False
        cls.design, cls.build = cls.env["project.task"].create(
            [{"name": name, "project_id": cls.project.id} for name in ("Design", "Build")]
        )
        cls.reason = cls.env.ref("client_timetrack_billing.adjustment_reason_budget")

    @classmethod
    def _agree(cls, kind, instalments=(), **values):
        values = {"name": "Phase 1", "engagement_id": cls.engagement.id, "kind": kind, **values}
        if kind == "fixed":
            values = {"amount": 1000, "planned_hours": 20, **values}
            values["instalment_ids"] = [Command.create({"name": "Part", **one}) for one in instalments]
        return cls.env["timetrack.arrangement"].with_user(cls.user_billing).create(values)

    def _actions(self, prebill):
        """What becomes of each line: hours and action, in the order of their days."""
        rows = prebill.line_ids.sorted(lambda row: (row.date, row.line_id.id, row.part))
        return [(round(row.hours_worked, 4), row.action) for row in rows]


@tagged("-at_install", "post_install")
class TestArrangement(ArrangementCommon):
    """Which time an arrangement covers, and what may be agreed on."""

    def test_time_belongs_to_the_first_arrangement_that_covers_it(self):
        phase = self._agree("fixed", task_ids=[Command.set(self.design.ids)])
        rest = self._agree("cap", name="Rest", cap_amount=5000, sequence=20, date_from="2026-05-01")
        part = self.env["project.task"].create({"name": "Sketch", "parent_id": self.design.id})
        inside = self._log(1.0, task_id=part.id)
        beside = self._log(1.0, task_id=self.build.id)
        before = self._log(1.0, task_id=self.build.id, date="2026-04-30")
        other = self._log(1.0, project_id=self._create_project("Other", self.partner_a).id)
        entries = (inside | beside | before | other).sudo()
        none = self.env["timetrack.arrangement"]
        self.assertEqual(entries.mapped("timetrack_arrangement_id"), phase | rest)
        self.assertEqual([line.timetrack_arrangement_id for line in entries], [phase, rest, none, none])
        # what is agreed on later counts for the time that is there
        rest.with_user(self.user_billing).write({"sequence": 1})
        self.assertEqual([line.timetrack_arrangement_id for line in entries], [rest, rest, none, none])
        rest.active = False
        self.assertEqual([line.timetrack_arrangement_id for line in entries], [phase, none, none, none])
        phase.task_ids = False
        self.assertEqual([line.timetrack_arrangement_id for line in entries], [phase, phase, phase, none])
        phase.service_ids = self.activity
        self.assertFalse(entries.timetrack_arrangement_id)
        inside.timetrack_activity_id = self.activity_drafting
        self.assertEqual(entries.timetrack_arrangement_id, phase)
        phase.unlink()
        self.assertFalse(entries.timetrack_arrangement_id)

    def test_what_is_missing_is_said(self):
        for kind, values, problem in (
            ("fixed", {"amount": 0}, "Enter the fee"),
            ("fixed", {"planned_hours": 0}, "planned hours"),
            ("cap", {}, "Enter the limit"),
            ("hours", {"hours": 5, "amount": 100}, "first day"),
            ("hours", {"date_from": "2026-05-01"}, "hours that are included"),
        ):
            with self.subTest(problem), self.assertRaisesRegex(ValidationError, problem):
                self._agree(kind, **values)
        with self.assertRaisesRegex(ValidationError, "120.0 % of the fee"):
            self._agree("fixed", [{"amount": 700}, {"amount": 500}])
        fee = self._agree("fixed", [{"amount": 700}])
        with self.assertRaisesRegex(ValidationError, "come to"):
            fee.instalment_ids.amount = 1001
        other = self._create_project("Other", self.partner_a)
        milestone = self.env["project.milestone"].create({"name": "M", "project_id": other.id})
        with self.assertRaisesRegex(ValidationError, "another project"):
            fee.instalment_ids.milestone_id = milestone

    def test_a_limit_is_not_below_what_is_billed(self):
        limit = self._agree("cap", cap_amount=500)
        self._log_approved(3.0)
        self._post(self._propose())
        with self.assertRaisesRegex(ValidationError, "not to exceed.*200(.|\n)*300"):
            limit.cap_amount = 200
        limit.write({"cap_amount": 300, "cap_hours": 3})
        with self.assertRaisesRegex(ValidationError, "3:00|03:00"):
            limit.cap_hours = 2

    def test_only_who_invoices_agrees_on_fees(self):
        fee = self._agree("fixed", [{"amount": 400, "date": "2026-05-31"}])
        entry = self._log(1.0)
        for user in (self.user_consultant, self.user_approver):
            with self.assertRaises(AccessError):
                fee.with_user(user).read(["amount"])
            with self.assertRaises(AccessError):
                fee.instalment_ids.with_user(user).read(["amount"])
            with self.assertRaises(AccessError):
                entry.with_user(user).read(["timetrack_arrangement_id"])
        with self.assertRaises(AccessError):
            entry.with_user(self.user_billing).write({"timetrack_arrangement_id": False})
        with self.assertRaisesRegex(UserError, "as their periods come"):
            fee.instalment_ids.with_user(self.user_billing).write({"period_first": "2026-05-01"})

    def test_what_is_billed_stays_as_it_was_agreed_on(self):
        fee = self._agree("fixed", [{"amount": 400, "date": "2026-05-31"}])
        self._log_approved(2.0)
        prebill = self._propose()
        with self.assertRaisesRegex(UserError, "keeps its kind"):
            fee.kind = "cap"
        with self.assertRaisesRegex(UserError, "archive it"):
            fee.unlink()
        with self.assertRaisesRegex(UserError, "stay as they are"):
            fee.instalment_ids.amount = 300
        with self.assertRaisesRegex(UserError, "on invoices or pre-bills, and stay"):
            fee.instalment_ids.unlink()
        # what has not changed may be said
        fee.write({"kind": "fixed", "name": "Phase One"})
        prebill.action_cancel()
        fee.instalment_ids.amount = 300
        self.assertEqual(fee.instalment_ids.percent, 30)
        fee.instalment_ids.unlink()
        fee.unlink()

    def test_percent_of_the_fee(self):
        with Form(self.env["timetrack.arrangement"].with_user(self.user_billing)) as form:
            form.name = "Phase 1"
            form.engagement_id = self.engagement
            form.amount = 900
            form.planned_hours = 10
            with form.instalment_ids.new() as line:
                line.name = "Start"
                line.percent = 33.3333
            fee = form.save()
        self.assertEqual(fee.instalment_ids.amount, 300)
        self.assertEqual(fee.unscheduled_amount, 600)
        fee.action_schedule()
        self.assertEqual(fee.instalment_ids.mapped("amount"), [300, 600])
        with self.assertRaisesRegex(UserError, "nothing is left"):
            fee.action_schedule()


@tagged("-at_install", "post_install")
class TestFixedFee(ArrangementCommon):
    """Instalments on pre-bills and invoices, with the time that they pay for."""

    def test_the_time_goes_along_with_its_instalment(self):
        fee = self._agree("fixed", [{"amount": 400, "date": "2026-05-31"}, {"amount": 600, "date": "2026-06-30"}])
        first, second = fee.instalment_ids
        entries = self._log_approved(2.0, 1.0) | self._log_approved(2.0, employee_id=self.bob.id)
        with self.assertRaisesRegex(UserError, "3 entries wait for the next instalment"):
            self._propose(date_to="2026-05-30")
        prebill = self._propose(date_to="2026-05-31")
        self.assertEqual(prebill.fee_line_ids.instalment_id, first)
        self.assertEqual(set(prebill.line_ids.mapped("action")), {"included"})
        self.assertRecordValues(
            prebill,
            [{"standard_value": 600, "amount": 400, "adjustment": -200, "hours_billed": 5, "is_adjusted": False}],
        )
        self.assertAlmostEqual(prebill.realization, 66.67, 2)
        self.assertEqual((first.state, second.state), ("prebill", "due"))
        move = self._post(prebill)
        line = move.invoice_line_ids
        self.assertEqual((line.name, line.quantity, line.price_subtotal), ("Phase 1: Part", 1, 400))
        self.assertEqual(line.analytic_distribution, self.project._get_analytic_distribution())
        rows = entries.timetrack_allocation_ids
        # 400 by the standard values 200, 100 and 300
        self.assertEqual(sorted(rows.mapped("billed_amount")), [66.67, 133.33, 200])
        self.assertEqual(rows.mapped("hours_billed"), rows.mapped("hours_worked"))
        self.assertEqual(set(entries.mapped("timetrack_billing_state")), {"billed"})
        self.assertEqual((first.state, first.move_id, fee.billed_amount, fee.left_amount), ("billed", move, 400, 600))
        self.assertRecordValues(
            prebill,
            [{"standard_value": 600, "amount": 400, "adjustment": -200, "hours_billed": 5, "is_adjusted": False}],
        )

    def test_an_instalment_without_time_and_time_without_an_instalment(self):
        fee = self._agree("fixed", [{"amount": 1000, "date": "2026-05-31"}])
        move = self._post(self._propose(date_to="2026-05-31"))
        self.assertEqual(move.amount_untaxed, 1000)
        [row] = move.timetrack_allocation_ids
        self.assertEqual((row.kind, row.billed_amount), ("instalment", 1000))
        # all of the fee is billed: what is worked now goes along with anything, at nothing
        free = self._log_approved(2.0)
        other = self._log_approved(1.0, project_id=self._create_project("Other", self.partner_a).id)
        prebill = self._propose()
        self.assertEqual(prebill.amount, 100)
        move = self._post(prebill)
        self.assertEqual(move.amount_untaxed, 100)
        self.assertEqual(free.timesheet_invoice_id, move)
        self.assertEqual(free.timetrack_allocation_ids.billed_amount, 0)
        self.assertEqual(other.timetrack_allocation_ids.billed_amount, 100)
        self.assertEqual((fee.used_hours, fee.used_value, fee.realization), (2, 200, 500))
        # alone, it is settled without an invoice
        more = self._log_approved(1.0)
        prebill = self._propose()
        self.assertFalse(self._post(prebill))
        self.assertEqual((prebill.state, more.timetrack_billing_state), ("invoiced", "billed"))

    def test_a_milestone_has_to_be_reached(self):
        milestone = self.env["project.milestone"].create({"name": "Go-live", "project_id": self.project.id})
        fee = self._agree("fixed", [{"amount": 600, "milestone_id": milestone.id}])
        self.assertEqual(fee.instalment_ids.state, "to_come")
        self._log_approved(1.0)
        with self.assertRaisesRegex(UserError, "next instalment"):
            self._propose()
        milestone.is_reached = True
        self.assertEqual(fee.instalment_ids.state, "due")
        self.assertEqual(self._propose().amount, 600)

    def test_a_fixed_phase_and_an_hourly_one(self):
        self._agree(
            "fixed",
            [{"amount": 1000, "date": "2026-05-31", "name": "All of it"}],
            task_ids=[Command.set(self.design.ids)],
        )
        self._log_approved(3.0, task_id=self.design.id)
        self._log_approved(2.0, task_id=self.build.id)
        for adjustments in ("folded", "shown"):
            with self.subTest(adjustments):
                self.engagement.adjustments = adjustments
                move = self._post(self._propose())
                self.assertEqual(move.invoice_line_ids.mapped("price_subtotal"), [1000, 200])
                self.assertEqual(move.invoice_line_ids.mapped("quantity"), [1, 2])
                self._reverse(move).action_post()

    def test_time_may_be_taken_out_of_the_fee(self):
        fee = self._agree("fixed", [{"amount": 400, "date": "2026-05-31"}])
        entries = self._log_approved(1.0, 2.0, 3.0)
        prebill = self._propose()
        small, middle, large = prebill.line_ids.sorted("hours_worked")
        small.action = "bill"
        middle.action = "hold"
        self.assertRecordValues(prebill, [{"amount": 500, "standard_value": 400, "held_amount": 200}])
        move = self._post(prebill)
        self.assertEqual(move.amount_untaxed, 500)
        self.assertEqual(large.billed_amount, 400)
        self.assertEqual(entries[1].timetrack_billing_state, "held")
        # what is billed by its hours is no work for the fee
        self.assertEqual((fee.used_hours, fee.billed_amount), (5, 400))
        plain = self._log_approved(1.0, project_id=self._create_project("Other", self.partner_b).id)
        row = self._propose().line_ids
        self.assertEqual(row.line_id, plain)
        with self.assertRaisesRegex(UserError, "No fee pays for this time"):
            row.action = "included"

    def test_deleted_cancelled_and_credited_invoices_give_the_instalment_back(self):
        fee = self._agree("fixed", [{"amount": 400, "date": "2026-05-31"}])
        entries = self._log_approved(1.0, 3.0)
        prebill = self._propose()
        prebill.action_invoice()
        prebill.move_id.sudo().unlink()
        self.assertLedger()
        self.assertRecordValues(prebill, [{"state": "approved", "amount": 400, "standard_value": 400}])
        self.assertEqual(prebill.line_ids.mapped("billed_amount"), [0, 0])
        prebill.action_invoice()
        move = prebill.move_id.sudo()
        move.button_cancel()
        self.assertEqual((prebill.state, fee.instalment_ids.state), ("approved", "prebill"))
        move.button_draft()
        self.assertLedger()
        self.assertEqual((prebill.state, fee.instalment_ids.state), ("invoiced", "draft"))
        move.invoice_date = "2026-05-31"
        move.action_post()
        rows = entries.timetrack_allocation_ids.filtered(lambda row: row.state == "posted")
        self.assertEqual(sorted(rows.mapped("billed_amount")), [100, 300])
        refund = self._reverse(move)
        refund.action_post()
        self.assertLedger()
        self.assertEqual((fee.instalment_ids.state, fee.billed_amount), ("due", 0))
        self.assertEqual(set(entries.mapped("timetrack_billing_state")), {"unbilled"})
        again = self._propose()
        self.assertEqual(again.amount, 400)
        with self.assertRaisesRegex(UserError, "billed elsewhere|billed again"), self.env.cr.savepoint():
            refund.button_draft()
        again.action_cancel()
        refund.button_draft()
        self.assertLedger()
        self.assertEqual(fee.instalment_ids.state, "billed")

    def test_time_in_a_fee_is_conceded_and_not_billed_again_by_itself(self):
        fee = self._agree("fixed", [{"amount": 400, "date": "2026-05-31"}])
        self._log_approved(1.0, 3.0)
        move = self._post(self._propose())
        rows = move.timetrack_allocation_ids.filtered("line_id")
        wizard = self.env["timetrack.credit.wizard"].with_user(self.user_billing)
        rebill = wizard.create({"move_id": move.id, "what": "rebill", "row_ids": rows[:1].ids, "date": "2026-06-01"})
        with self.assertRaisesRegex(UserError, "A fee pays for this time"):
            rebill.action_credit()
        self.company.timetrack_adjustment_limit = 100
        concede = wizard.create({"move_id": move.id, "what": "amount", "amount": 50, "date": "2026-06-01"})
        refund = self.env["account.move"].browse(concede.action_credit()["res_id"])
        refund.action_post()
        self.assertLedger()
        self.assertEqual(fee.billed_amount, 350)

    def test_an_amount_changed_on_the_invoice_is_spread_over_the_time(self):
        self._agree("fixed", [{"amount": 400, "date": "2026-05-31"}])
        entries = self._log_approved(1.0, 3.0)
        prebill = self._propose()
        prebill.action_invoice()
        move = prebill.move_id.sudo()
        move.invoice_line_ids.price_unit = 300
        move.invoice_date = "2026-05-31"
        move.action_post()
        self.assertLedger()
        self.assertEqual(entries.timetrack_allocation_ids.mapped("billed_amount"), [75, 225])
        self.assertEqual(entries.timetrack_allocation_ids.mapped("hours_billed"), [1, 3])

    def test_prices_that_include_tax(self):
        tax = self.company_data["default_tax_sale"].copy(
            {"name": "20 % incl.", "amount": 20, "price_include_override": "tax_included"}
        )
        self.env.ref("client_timetrack_billing.product_billable_time").taxes_id = tax
        self._agree("fixed", [{"amount": 400, "date": "2026-05-31"}])
        self._log_approved(1.0)
        move = self._post(self._propose())
        self.assertEqual((move.amount_untaxed, move.amount_total), (400, 480))

    def test_another_currency_is_an_error_that_says_what_to_do(self):
        other = self.setup_other_currency("EUR")
        self._agree("fixed", [{"amount": 400, "date": "2026-05-31"}], currency_id=other.id)
        self._log_approved(1.0)
        with self.assertRaisesRegex(UserError, "is in EUR, but the rates of its time are in USD"):
            self._propose()

    def test_an_instalment_is_taken_off_and_added_again(self):
        fee = self._agree("fixed", [{"amount": 400, "date": "2026-05-31"}])
        self._log_approved(1.0)
        prebill = self._propose()
        prebill.fee_line_ids.action_remove()
        self.assertEqual((prebill.amount, fee.instalment_ids.state), (0, "due"))
        prebill.action_add_time()
        self.assertEqual((prebill.amount, fee.instalment_ids.state), (400, "prebill"))

    def test_calls_cannot_change_a_fee_on_a_pre_bill(self):
        """It would be an adjustment without a reason or a limit."""
        self._agree("fixed", [{"amount": 400, "date": "2026-05-31"}])
        self._log_approved(1.0, 2.0)
        prebill = self._propose()
        fee = prebill.fee_line_ids
        for call in (
            lambda: fee.write({"billed_amount": 100}),
            lambda: fee.write({"action": "hold"}),
            lambda: fee.action_hold(),
            lambda: fee.action_bill(),
            lambda: (fee | prebill.line_ids).action_merge(),
            lambda: fee.action_split(),
            lambda: fee.action_move(),
            lambda: prebill.write({"line_ids": [Command.update(fee.id, {"billed_amount": 100})]}),
        ):
            with self.assertRaisesRegex(UserError, "as was agreed on: Phase 1: Part"):
                call()
        for name, value in (("instalment_id", False), ("arrangement_id", False), ("kind", "time")):
            with self.assertRaises(AccessError):
                fee.write({name: value})
        fee.narrative = "First part of our work"
        self.assertEqual(self._post(prebill).invoice_line_ids.name, "First part of our work")

    def test_companies_have_their_own_arrangements(self):
        """Time of another company on a shared project is not for a fee of this one."""
        shared = self._create_project("Shared", self.partner_a, company_id=False)
        other = self.env["res.company"].create({"name": "Branch", "currency_id": self.company.currency_id.id})
        fee = self._agree("fixed", engagement_id=shared.timetrack_engagement_ids.id)
        self.assertEqual(fee.company_id, self.company)
        self.env.user.company_ids |= other
        theirs = self.env["hr.employee"].create({"name": "Theirs", "company_id": other.id})
        mine = self._log(1.0, project_id=shared.id)
        entry = self.env["account.analytic.line"].create(
            {
                "name": "Work",
                "project_id": shared.id,
                "employee_id": theirs.id,
                "company_id": other.id,
                "date": "2026-05-04",
                "unit_amount": 1,
            }
        )
        self.assertEqual(mine.sudo().timetrack_arrangement_id, fee)
        self.assertFalse(entry.sudo().timetrack_arrangement_id)

    def test_money_in_trust_pays_a_fee(self):
        """A fee is of its matter, with time behind it or without."""
        trust = self.env["account.account"].create(
            {"name": "Trust", "code": "239902", "account_type": "liability_current"}
        )
        deposit = self.env["timetrack.retainer"].create(
            {"project_id": self.project.id, "kind": "deposit", "amount": 1000, "account_id": trust.id}
        )
        advance = self.env["account.move"].browse(deposit.action_invoice_advance()["res_id"])
        advance.action_post()
        wizard = self.env["account.payment.register"].with_context(active_model="account.move", active_ids=advance.ids)
        wizard.create({})._create_payments()
        self._agree("fixed", [{"amount": 400, "date": "2026-05-31"}, {"amount": 300, "date": "2026-06-30"}])
        first = self._post(self._propose(date_to="2026-05-31"))
        self._log_approved(2.0, date="2026-06-04")
        second = self._post(self._propose(date_to="2026-06-30"))
        self.assertEqual([move.amount_residual for move in (first, second)], [0, 0])
        total = (first | second)._timetrack_get_draws()
        self.assertAlmostEqual(deposit.balance, 1000 + sum(total.mapped("price_total")), 2)

    def test_the_workbook_and_the_limit_of_adjustments(self):
        self.company.timetrack_adjustment_limit = 5
        self._agree("fixed", [{"amount": 100, "date": "2026-05-31"}], task_ids=[Command.set(self.design.ids)])
        self._log_approved(5.0, task_id=self.design.id)
        self._log_approved(10.0)
        prebill = self._propose()
        # the fee is as agreed, however little it brings in
        self.assertEqual(prebill._get_adjusted_percent(), 0)
        self.assertTrue(prebill._build_workbook())
        row = prebill.line_ids.filtered(lambda row: row.action == "bill")
        row.write({"hours_billed": 9, "reason_id": self.reason.id})
        self.assertEqual(prebill._get_adjusted_percent(), 10)
        with self.assertRaisesRegex(AccessError, "10.0 %"):
            prebill.action_approve()

    def test_a_run_finds_what_is_due(self):
        self.engagement.schedule = "month"
        self._agree("fixed", [{"amount": 400, "date": "2026-05-15"}, {"amount": 600, "date": "2026-06-15"}])
        Engagement = self.env["timetrack.engagement"]
        self.assertFalse(Engagement._get_due("2026-05-14"))
        self.assertFalse(Engagement._get_due("2026-05-30"))
        self.assertEqual(Engagement._get_due("2026-05-31"), {self.partner_a: {date(2026, 5, 31): self.project}})
        self._post(self._propose(date_to="2026-05-31"))
        self._log_approved(1.0)
        self.assertFalse(Engagement._get_due("2026-05-31"))
        self.assertTrue(Engagement._get_due("2026-06-30"))

    def test_bounded_queries(self):
        """The number of queries does not depend on the entries."""
        self._agree("fixed", [{"amount": 400, "date": "2026-05-31"}])
        counts = []
        for number in (3, 40):
            self._log_approved(*[0.5] * number)
            self.env.flush_all()
            self.env.invalidate_all()
            with self.assertQueryCount(400):
                before = self.env.cr.sql_log_count
                prebill = self._propose()
                prebill.action_invoice()
                self.env.flush_all()
                counts.append(self.env.cr.sql_log_count - before)
            prebill.move_id.sudo().unlink()
            prebill.action_reopen()
            prebill.action_cancel()
        self.assertLessEqual(counts[1], counts[0] + 3)


@tagged("-at_install", "post_install")
class TestLimit(ArrangementCommon):
    """Not to exceed: by money or hours, once or in each period, held or written down."""

    def test_what_is_above_is_held(self):
        limit = self._agree("cap", cap_amount=450)
        entries = self._log_approved(2.0, date="2026-05-04") | self._log_approved(3.0, 1.0, date="2026-05-05")
        prebill = self._propose()
        self.assertEqual(self._actions(prebill), [(2, "bill"), (2.5, "bill"), (0.5, "hold"), (1, "hold")])
        self.assertRecordValues(prebill, [{"amount": 450, "held_amount": 150, "is_adjusted": False}])
        move = self._post(prebill)
        self.assertEqual(move.amount_untaxed, 450)
        self.assertEqual(limit.left_amount, -150)
        self.assertEqual(entries.mapped("timetrack_billing_state"), ["billed", "partial", "held"])
        # what was held is held again, until more is agreed on
        prebill = self._propose()
        self.assertEqual(set(prebill.line_ids.mapped("action")), {"hold"})
        limit.cap_amount = 500
        prebill.action_apply_arrangements()
        self.assertEqual(self._actions(prebill), [(0.5, "bill"), (1, "hold")])
        self.assertEqual(self._post(prebill).amount_untaxed, 50)

    def test_what_is_above_is_written_down(self):
        self._agree("cap", cap_amount=450, excess="write_down")
        self._log_approved(2.0, date="2026-05-04")
        self._log_approved(3.0, 1.0, date="2026-05-05")
        prebill = self._propose()
        self.assertEqual(self._actions(prebill), [(2, "bill"), (3, "bill"), (1, "no_charge")])
        self.assertEqual(prebill.line_ids.sorted("id").mapped("billed_amount"), [200, 250, 0])
        self.assertEqual(prebill.line_ids.sorted("id")[1:].reason_id, self.reason)
        self.assertRecordValues(prebill, [{"amount": 450, "standard_value": 600, "adjustment": -150}])
        self.company.timetrack_adjustment_limit = 100
        self.assertEqual(self._post(prebill).amount_untaxed, 450)

    def test_hours_at_most(self):
        for excess, actions, amount in (
            ("hold", [(2, "bill"), (1.5, "bill"), (1.5, "hold")], 350),
            ("write_down", [(2, "bill"), (3, "bill")], 350),
        ):
            with self.subTest(excess):
                limit = self._agree("cap", cap_hours=3.5, excess=excess)
                self._log_approved(2.0, date="2026-05-04")
                self._log_approved(3.0, date="2026-05-05")
                prebill = self._propose()
                self.assertEqual(self._actions(prebill), actions)
                self.assertRecordValues(prebill, [{"amount": amount, "hours_billed": 3.5}])
                prebill.action_cancel()
                self.project.timetrack_engagement_ids.arrangement_ids.active = False
                self.env["account.analytic.line"].search(
                    [("project_id", "=", self.project.id)]
                ).action_timetrack_reopen("Next")
                limit.active = False
                self.env["account.analytic.line"].search([("project_id", "=", self.project.id)]).unlink()

    def test_each_period_has_its_own_limit(self):
        self._agree("cap", cap_amount=100, period="month", date_from="2026-05-15")
        self._log_approved(3.0, date="2026-05-14")
        self._log_approved(2.0, date="2026-06-14")
        self._log_approved(2.0, date="2026-06-15")
        prebill = self._propose()
        self.assertEqual(self._actions(prebill), [(3, "bill"), (1, "bill"), (1, "hold"), (1, "bill"), (1, "hold")])

    def test_what_is_billed_before_counts_and_what_is_credited_does_not(self):
        self._agree("cap", cap_amount=300)
        self._log_approved(2.0)
        first = self._post(self._propose())
        self._log_approved(2.0, date="2026-05-05")
        prebill = self._propose()
        self.assertEqual(self._actions(prebill), [(1, "bill"), (1, "hold")])
        prebill.action_cancel()
        self._reverse(first).action_post()
        prebill = self._propose()
        self.assertEqual(self._actions(prebill), [(2, "bill"), (1, "bill"), (1, "hold")])

    def test_nobody_approves_what_is_above(self):
        self._agree("cap", cap_amount=300)
        self._log_approved(4.0)
        prebill = self._propose()
        held = prebill.line_ids.filtered(lambda row: row.action == "hold")
        held.write({"action": "bill", "reason_id": False})
        with self.assertRaisesRegex(UserError, "not to exceed.*300(.|\n)*400"):
            prebill.action_approve()
        prebill.action_apply_arrangements()
        prebill.action_approve()
        self.assertEqual(prebill.amount, 300)

    def test_nobody_posts_what_is_above(self):
        """By a price that was raised on the draft invoice."""
        self._agree("cap", cap_amount=300)
        self._log_approved(3.0)
        first = self._propose()
        first.action_invoice()
        move = first.move_id.sudo()
        line = move.invoice_line_ids
        line.price_unit = 101
        with self.assertRaisesRegex(ValidationError, "not to exceed"), self.env.cr.savepoint():
            move.action_post()
        line.price_unit = 100
        move.invoice_date = "2026-05-31"
        move.action_post()
        self.assertLedger()

    def test_discounts_count(self):
        self.engagement.discount = 50
        self._agree("cap", cap_amount=150)
        self._log_approved(2.0, date="2026-05-04")
        self._log_approved(2.0, date="2026-05-05")
        prebill = self._propose()
        self.assertEqual(self._actions(prebill), [(2, "bill"), (1, "bill"), (1, "hold")])
        self.assertEqual(prebill.amount, 150)

    def test_cents_of_lines_that_are_priced_together(self):
        """Thirds of an hour come to more together than each of them rounded down."""
        for amount in (99.99, 100, 33.34, 66.66, 66.67):
            with self.subTest(amount):
                self.engagement.grouping = "entry"
                limit = self._agree("cap", cap_amount=amount, excess="write_down")
                self._log_approved(1 / 3, 1 / 3, 1 / 3, 1 / 3)
                prebill = self._propose()
                self.company.timetrack_adjustment_limit = 100
                prebill.action_approve()
                self.assertEqual(prebill.amount, amount)
                prebill.action_reopen()
                prebill.action_cancel()
                limit.active = False
                lines = self.env["account.analytic.line"].search([("project_id", "=", self.project.id)])
                lines.action_timetrack_reopen("Next")
                lines.unlink()

    def test_bounded_queries(self):
        """Neither on the entries above a limit, nor on how many limits there are."""
        limit = self._agree("cap", cap_amount=10)
        counts = []
        for number in (3, 30):
            self._log_approved(*[0.5] * number)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            prebill = self._propose()
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual(prebill.amount, 10)
            prebill.action_cancel()
        self.assertLessEqual(counts[1], counts[0] + 3)
        limit.active = False
        arrangements, counts = self.env["timetrack.arrangement"], []
        for number in (2, 9):
            arrangements |= arrangements.browse(
                self._agree("cap", cap_amount=100, name=str(index)).id for index in range(number)
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            arrangements.mapped("percent")
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0])

    def test_what_waits_is_held_against_a_limit_at_its_net_rate(self):
        limit = self._agree("cap", cap_amount=1000)
        self._log_approved(5.0)
        self.engagement.sudo().discount = 20
        limit.invalidate_recordset()
        self.assertRecordValues(limit, [{"percent": 40, "left_amount": 600}])

    def test_who_is_in_charge_is_warned_once(self):
        limit = self._agree("cap", cap_amount=1000, warn_percent=80)
        self.engagement.responsible_id = self.user_billing_manager
        self._log_approved(7.5)
        limit.sudo()._cron_warn()
        self.assertFalse(limit.activity_ids)
        self._log_approved(0.5)
        limit.invalidate_recordset()
        self.assertEqual(limit.percent, 80)
        for _day in range(2):
            limit.sudo()._cron_warn()
            self.assertEqual(limit.activity_ids.user_id, self.user_billing_manager)
            self.assertEqual(len(limit.activity_ids), 1)
        other = self._agree("cap", cap_amount=100, warn_percent=0, sequence=1)
        self.assertEqual(other.percent, 800)
        other.sudo()._cron_warn()
        self.assertFalse(other.activity_ids)


@tagged("-at_install", "post_install")
class TestIncludedHours(ArrangementCommon):
    """Blocks of hours and subscriptions: their fee, what it pays for, and what is above."""

    def test_what_a_fee_pays_for_is_no_other_work_in_progress(self):
        """Four of seven hours are the fee's: two proposed, one elsewhere, and none of the three that others have."""
        other = self._create_project("Appeal", self.partner_a)
        self._log_approved(3.0, project_id=other.id)
        self._agree("hours", amount=300, hours=4, period="month", date_from="2026-05-01")
        self._log_approved(2.0, date="2026-05-04")
        prebill = self._propose(project_ids=self.project.ids, date_to="2026-05-31")
        self.env.flush_all()
        prebill.invalidate_recordset()
        self.assertEqual(prebill.prior_wip, 300)

    def test_a_subscription_bills_its_fee_and_what_is_above_its_hours(self):
        plan = self._agree("hours", amount=300, hours=4, period="month", date_from="2026-05-01")
        self._log_approved(3.0, date="2026-05-04")
        self._log_approved(2.0, date="2026-05-20")
        # who only looks makes nothing
        wizard = self._wizard(date_to="2026-05-31")
        self.assertIn("600.00", wizard.amount_text)
        self.assertFalse(plan.instalment_ids)
        # the fee of May, and that of June in advance
        prebill = self._propose(date_to="2026-05-31")
        self.assertEqual(
            prebill.fee_line_ids.instalment_id.mapped("period_first"), [date(2026, 5, 1), date(2026, 6, 1)]
        )
        self.assertEqual(self._actions(prebill), [(3, "included"), (1, "included"), (1, "bill")])
        self.assertRecordValues(prebill, [{"amount": 700, "standard_value": 500}])
        move = self._post(prebill)
        self.assertEqual(move.invoice_line_ids.mapped("price_subtotal"), [300, 300, 100])
        self.assertIn("05/01/2026", move.invoice_line_ids[0].name)
        self._log_approved(1.0, date="2026-05-31")
        self._log_approved(4.5, date="2026-06-05")
        prebill = self._propose(date_to="2026-06-30")
        # May is used up, whoever comes late
        self.assertEqual(self._actions(prebill), [(1, "bill"), (4, "included"), (0.5, "bill")])
        self.assertEqual(prebill.amount, 300 + 150)
        self.assertEqual(plan.instalment_ids.filtered(lambda one: one.state == "billed").mapped("amount"), [300, 300])

    def test_in_arrears(self):
        plan = self._agree("hours", amount=300, hours=4, period="month", date_from="2026-05-01", is_in_advance=False)
        self._log_approved(3.0, date="2026-05-04")
        prebill = self._propose(date_to="2026-05-30")
        self.assertFalse(prebill.fee_line_ids)
        prebill.action_cancel()
        prebill = self._propose(date_to="2026-05-31")
        self.assertEqual(prebill.amount, 300)
        self.assertEqual(plan.instalment_ids.mapped("date"), [date(2026, 5, 31)])

    def test_hours_that_are_left_roll_over(self):
        for rollover, actions in (
            (0, [(1, "included"), (4, "included"), (3, "bill"), (4, "included")]),
            (1, [(1, "included"), (7, "included"), (4, "included")]),
        ):
            with self.subTest(rollover):
                plan = self._agree(
                    "hours", amount=300, hours=4, period="month", date_from="2026-05-01", rollover=rollover
                )
                self._log_approved(1.0, date="2026-05-04")
                self._log_approved(7.0, date="2026-06-05")
                self._log_approved(4.0, date="2026-07-05")
                prebill = self._propose(date_to="2026-07-31")
                self.assertEqual(self._actions(prebill), actions)
                prebill.action_cancel()
                plan.active = False
                lines = self.env["account.analytic.line"].search([("project_id", "=", self.project.id)])
                lines.action_timetrack_reopen("Next")
                lines.unlink()

    def test_a_block_of_hours_is_used_up_or_expires(self):
        block = self._agree("hours", amount=900, hours=10, date_from="2026-05-01", date_to="2026-06-30")
        prebill = self._propose(date_to="2026-05-01")
        self.assertEqual(prebill.amount, 900)
        self._post(prebill)
        self._log_approved(4.0, date="2026-05-04")
        prebill = self._propose(date_to="2026-05-31")
        self.assertEqual(self._actions(prebill), [(4, "included")])
        self.assertFalse(self._post(prebill))
        self._log_approved(2.0, date="2026-06-30")
        self._log_approved(2.0, date="2026-07-01")
        prebill = self._propose(date_to="2026-07-31")
        # what comes after the block is billed by its rates
        self.assertEqual(self._actions(prebill), [(2, "included"), (2, "bill")])
        self.assertEqual(prebill.amount, 200)
        self.assertEqual(block.used_hours, 6)

    def test_no_more_is_included_than_there_is(self):
        self._agree("hours", amount=300, hours=4, date_from="2026-05-01")
        self._log_approved(5.0, date="2026-05-04")
        prebill = self._propose()
        self.assertEqual(self._actions(prebill), [(4, "included"), (1, "bill")])
        prebill.line_ids.filtered(lambda row: row.action == "bill").action = "included"
        with self.assertRaisesRegex(UserError, "1.00 hours more are included"):
            prebill.action_approve()
        prebill.action_apply_arrangements()
        self.assertEqual(sorted(self._actions(prebill)), [(1, "bill"), (4, "included")])
        self.assertEqual(prebill.amount, 400)
        prebill.action_approve()

    def test_included_hours_are_those_that_are_rounded(self):
        self.engagement.rounding_minutes = 60
        self._agree("hours", amount=300, hours=4, date_from="2026-05-01")
        self._log_approved(2.5, 2.5, date="2026-05-04")
        prebill = self._propose()
        rows = prebill.line_ids.sorted(lambda row: (row.line_id.id, row.part))
        self.assertEqual(rows.mapped("hours_rounded"), [3, 1, 2])
        self.assertEqual(rows.mapped("action"), ["included", "included", "bill"])
        self.assertAlmostEqual(sum(rows.mapped("hours_worked")), 5)
        self.assertEqual(self._post(prebill).amount_untaxed, 500)

    def test_a_fee_without_hours(self):
        """A subscription may be a fee alone, beside time by its rates."""
        self._agree("hours", amount=300, period="month", date_from="2026-05-01", is_in_advance=False)
        self._log_approved(1.0, date="2026-05-04")
        prebill = self._propose(date_to="2026-05-31")
        self.assertEqual((self._actions(prebill), prebill.amount), ([(1, "bill")], 400))
        # it pays for no time: that would give it away without a reason
        with self.assertRaisesRegex(UserError, "No fee pays for this time"):
            prebill.line_ids.action = "included"
