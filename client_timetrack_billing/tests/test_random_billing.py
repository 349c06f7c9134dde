import os
import random

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common import TimetrackBillingCommon

FULL = bool(os.environ.get("TIMETRACK_FULL"))
# The long run goes ways that no run went before; a failure says where it began, to go the same way once more.
START = int(os.environ.get("TIMETRACK_SEED") or (random.SystemRandom().randrange(1_000_000) if FULL else 0))
SEEDS = range(START, START + (40 if FULL else 4))
STEPS = 35


@tagged("-at_install", "post_install")
class TestRandomBilling(TimetrackBillingCommon):
    """Whatever people do in whatever order, the ledger accounts for every hour and every cent once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.project.user_id = False
        cls.other = cls._create_project("Appeal", cls.partner_b, user_id=False)
        cls.reason = cls.env.ref("client_timetrack_billing.adjustment_reason_courtesy")
        cls.travel = cls.env["product.product"].create(
            {"name": "Travel", "type": "service", "expense_policy": "cost", "taxes_id": False}
        )
        accounts = cls.env["account.account"].create(
            [
                {"name": f"Client Advances {number}", "code": f"23990{number}", "account_type": "liability_current"}
                for number in (1, 2)
            ]
        )
        # one is drawn by itself, the other by hand
        cls.retainers = (
            cls.env["timetrack.retainer"]
            .with_user(cls.user_billing)
            .create(
                [
                    {"project_id": cls.project.id, "amount": 300, "account_id": accounts[0].id},
                    {
                        "partner_id": cls.partner_b.id,
                        "amount": 200,
                        "account_id": accounts[1].id,
                        "is_automatic": False,
                    },
                ]
            )
        )

    def test_random_sequences(self):
        self.taken = set()
        for seed in SEEDS:
            with self.subTest(start=START, seed=seed), self.env.cr.savepoint():
                self._run_sequence(random.Random(seed))
        if FULL:
            self.assertEqual(self.taken, {name for name in dir(self) if name.startswith("_do_")})

    def _run_sequence(self, dice):
        engagements = (self.project | self.other).timetrack_engagement_ids
        engagements.write(
            {
                "grouping": dice.choice(["project", "employee", "entry", "one"]),
                "adjustments": dice.choice(["folded", "shown"]),
                "rounding_minutes": dice.choice([0, 15]),
                "discount": dice.choice([0, 10]),
                "cost_markup": 10,
            }
        )
        self._agree(dice)
        self.taken_back = False
        entries = self._log_approved(
            *[dice.choice([1 / 3, 0.4, 1.0, 2.25]) for _number in range(4)], employee_id=self.bob.id
        )
        entries |= self._log_approved(*[dice.choice([0.1, 1.5]) for _number in range(3)], project_id=self.other.id)
        # what the sequences before have left takes part
        entries = entries.search([("project_id", "in", (self.project | self.other).ids)])
        steps = [getattr(self, name) for name in sorted(dir(self)) if name.startswith("_do_")]
        taken = []
        for _number in range(STEPS):
            step = dice.choice(steps)
            before = self._get_totals(entries)
            try:
                with self.env.cr.savepoint():
                    step(dice, entries)
                    self.env.flush_all()
                taken.append(step.__name__)
                self.taken.add(step.__name__)
            except UserError:
                # refused, and nothing of it done
                self.env.invalidate_all()
                self.assertEqual(self._get_totals(entries), before)
            self._check(entries, taken)

    def _agree(self, dice):
        """Another fee or limit than before, for each of the projects, or none."""
        arrangements = self.env["timetrack.arrangement"]
        arrangements.search([("engagement_id.project_id", "in", (self.project | self.other).ids)]).active = False
        excess = dice.choice(["hold", "write_down"])
        for project in self.project | self.other:
            common = {"name": "Terms", "engagement_id": project.timetrack_engagement_ids.id}
            terms = dice.choice(
                [
                    None,
                    {"kind": "cap", "cap_amount": dice.choice([99.99, 400]), "excess": excess},
                    {"kind": "cap", "cap_hours": 2.5, "excess": excess},
                    {"kind": "hours", "amount": 111.11, "hours": 2, "date_from": "2026-05-01"},
                    {
                        "kind": "fixed",
                        "amount": 1000,
                        "planned_hours": 10,
                        "instalment_ids": [
                            Command.create({"name": f"Part {number}", "amount": 100.01, "date": "2026-05-31"})
                            for number in range(3)
                        ],
                    },
                ]
            )
            if terms:
                arrangements.create({**common, **terms})

    def _get_totals(self, entries):
        return [(entry.timetrack_billing_state, entry.timesheet_invoice_id.id) for entry in entries]

    def _check(self, entries, taken):
        """Each hour is in one place, each invoice line ties out, each pre-bill is its invoice."""
        self.env.invalidate_all()
        self.assertLedger(entries)
        for prebill in self._prebills(entries):
            live = prebill.line_ids.filtered(lambda row: row.state != "credited")
            moves = live.move_id
            if prebill.state == "invoiced" and len(moves) == 1 and moves.state == "posted":
                rows = moves.timetrack_allocation_ids
                if rows.prebill_id == prebill and all(row.prebill_id for row in rows):
                    drawn = sum(moves._timetrack_get_draws().mapped("price_subtotal"))
                    self.assertAlmostEqual(prebill.amount, moves.amount_untaxed - drawn, 2, taken)
            if prebill.state in ("draft", "review", "approved"):
                billed = live.filtered(lambda row: row.action != "hold")
                self.assertEqual(set(live.mapped("state")) - {"prebill"}, set(), taken)
                self.assertAlmostEqual(prebill.standard_value, sum(billed.mapped("standard_value")), 2, taken)
                fees = prebill.fee_line_ids.filtered(lambda row: row.state != "credited")
                self.assertEqual(set(fees.mapped("state")) - {"prebill"}, set(), taken)
                costs = prebill.cost_line_ids.filtered(lambda row: row.state != "credited" and row.action != "hold")
                self.assertEqual(set(costs.mapped("state")) - {"prebill"}, set(), taken)
                self.assertAlmostEqual(prebill.cost_amount, sum(costs.mapped("billed_amount")), 2, taken)
                amount = sum((billed | fees | costs).mapped("billed_amount"))
                self.assertAlmostEqual(prebill.amount, amount, 2, taken)
                self.assertEqual(fees.mapped("billed_amount"), fees.instalment_id.mapped("amount"), taken)
        self._check_retainers(taken)
        queue = self.env["timetrack.billing.queue"].search([("company_id", "=", self.company.id)])
        waiting = sum(entry.unit_amount for entry in entries if entry.timetrack_billing_state == "unbilled") + sum(
            row.hours_worked
            for row in entries.timetrack_allocation_ids
            if row.kind == "time" and row.state in ("held", "prebill", "draft") and not row.reversed_id
        )
        mine = queue.filtered(lambda row: row.project_id in entries.project_id)
        self.assertAlmostEqual(sum(mine.mapped("hours")), waiting, 6, taken)
        self._check_costs(mine, taken)

    def _check_costs(self, queue, taken):
        """No cost is invoiced twice, or waits in two places, and the queue has what is on no posted invoice."""
        waiting = 0
        for line in self._costs():
            rows = line.timetrack_allocation_ids.filtered(lambda row: not row.reversed_id)
            proposed = rows.filtered(lambda row: row.state in ("held", "prebill"))
            self.assertLessEqual(len(proposed), 1, taken)
            # each bill is of one piece; what is on drafts of credit notes is on its invoice still
            drafts = line.invoice_lines.filtered(
                lambda one: one.move_id.state == "draft" and one.move_id.move_type == "out_refund"
            )
            invoiced = line.qty_invoiced + sum(drafts.mapped("quantity"))
            self.assertIn(invoiced, (0, 1), taken)
            waiting += sum(rows.filtered(lambda row: row.state in ("held", "prebill", "draft")).mapped("billed_amount"))
            given = rows.filtered(lambda row: row.state == "posted" and not row.move_id)
            if not proposed and not given and invoiced < line.qty_delivered:
                waiting += round(line.price_subtotal * 1.1, 2)
            elif not proposed and not given and invoiced > line.qty_delivered:
                self.taken_back = True
        if not self.taken_back:
            self.assertAlmostEqual(sum(queue.mapped("cost_amount")), waiting, 2, taken)

    def _check_retainers(self, taken):
        """What is left of them is what the general ledger says, and never less than nothing."""
        for retainer in self.retainers:
            lines = self.env["account.move.line"].search(
                [("account_id", "=", retainer.account_id.id), ("parent_state", "=", "posted")]
            )
            self.assertEqual(lines.timetrack_retainer_id, retainer if lines else lines.timetrack_retainer_id)
            self.assertAlmostEqual(retainer.balance, -sum(lines.mapped("balance")), 2, taken)
            self.assertGreaterEqual(retainer.balance, 0, taken)
            self.assertAlmostEqual(retainer._get_statement()["closing"], retainer.balance, 2, taken)

    def _prebills(self, entries):
        return self._rows(entries).prebill_id

    def _rows(self, entries):
        """Everything in the ledger of the time, and of the costs of its projects."""
        costs = self._costs().timetrack_allocation_ids
        return entries.timetrack_allocation_ids | costs | costs.counter_ids

    def _costs(self):
        return self.env["sale.order.line"].search(
            [("is_expense", "=", True), ("order_id.project_id", "in", (self.project | self.other).ids)]
        )

    def _some(self, dice, records):
        self.assertOrRefuse(records)
        return dice.choice(list(records))

    def assertOrRefuse(self, records):
        """A step without anything to do it with is refused like any other that cannot be."""
        if not records:
            raise UserError(self.env._("There is nothing to do this with."))

    def _open_rows(self, dice, entries):
        rows = self._prebills(entries).line_ids.filtered(lambda row: row.state == "prebill")
        self.assertOrRefuse(rows)
        return rows.browse(dice.sample(rows.ids, dice.randint(1, len(rows)))).with_user(self.user_billing)

    def _invoices(self, entries, state):
        moves = self._rows(entries).move_id
        return moves.filtered(lambda move: move.state == state and move.move_type == "out_invoice")

    # ------------------------------------------------------------------
    # What people do
    # ------------------------------------------------------------------

    def _do_propose(self, dice, entries):
        projects = dice.choice([self.project, self.other, self.project | self.other])
        self._wizard(project_ids=projects.ids).action_propose()

    def _do_invoice_at_once(self, dice, entries):
        self._wizard(project_ids=self._some(dice, entries).project_id.ids).action_create_invoices()

    def _do_hold(self, dice, entries):
        self._open_rows(dice, entries).action_hold()

    def _do_bill(self, dice, entries):
        self._open_rows(dice, entries).action_bill()

    def _do_no_charge(self, dice, entries):
        self._open_rows(dice, entries).write({"action": "no_charge", "reason_id": self.reason.id})

    def _do_adjust(self, dice, entries):
        values = dice.choice([{"hours_billed": 0.75}, {"billed_rate": 77.77}, {"billed_amount": 12.34}])
        self._open_rows(dice, entries).write({"action": "bill", "reason_id": self.reason.id, **values})

    def _do_include(self, dice, entries):
        self._open_rows(dice, entries).write({"action": "included"})

    def _do_apply_arrangements(self, dice, entries):
        self._some(dice, self._prebills(entries)).with_user(self.user_billing).action_apply_arrangements()

    def _do_remove_fee(self, dice, entries):
        fees = self._prebills(entries).fee_line_ids.filtered(lambda row: row.state == "prebill")
        self._some(dice, fees).with_user(self.user_billing).action_remove()

    def _do_agree_otherwise(self, dice, entries):
        self._agree(dice)

    def _do_split(self, dice, entries):
        row = self._open_rows(dice, entries)[0]
        row._split([row.hours_worked / dice.choice([2, 3])])

    def _do_move(self, dice, entries):
        rows = self._open_rows(dice, entries)
        target = dice.choice([self.project, self.other])
        self.env["timetrack.prebill.move"].with_user(self.user_billing).with_context(default_row_ids=rows.ids).create(
            {"project_id": target.id, "keep_rate": dice.choice([True, False])}
        ).action_move()

    def _do_add_time(self, dice, entries):
        self._some(dice, self._prebills(entries)).with_user(self.user_billing).action_add_time()

    def _do_merge(self, dice, entries):
        rows = self._open_rows(dice, entries)
        rows[0].prebill_id.line_ids.filtered(lambda row: row.state == "prebill")[:3].action_merge()

    def _do_remove(self, dice, entries):
        self._open_rows(dice, entries).action_remove()

    def _do_approve_and_invoice(self, dice, entries):
        prebill = self._some(dice, self._prebills(entries)).with_user(self.user_billing)
        prebill.action_invoice()

    def _do_reopen_or_cancel(self, dice, entries):
        prebill = self._some(dice, self._prebills(entries)).with_user(self.user_billing)
        prebill.action_reopen() if dice.random() < 0.7 else prebill.action_cancel()

    def _do_post(self, dice, entries):
        self._some(dice, self._invoices(entries, "draft")).action_post()

    def _do_change_price(self, dice, entries):
        move = self._some(dice, self._invoices(entries, "draft"))
        line = move._timetrack_product_lines()[:1]
        move.write({"invoice_line_ids": [Command.update(line.id, {"price_unit": line.price_unit * 0.9})]})
        move.action_post()

    def _do_spend(self, dice, entries):
        """A bill of one project, or of both."""
        first, second = (str(project.account_id.id) for project in (self.project, self.other))
        line = {
            "name": "Train",
            "product_id": self.travel.id,
            "price_unit": dice.choice([10, 33.33, 80.05]),
            "tax_ids": False,
            "analytic_distribution": dice.choice([{first: 100}, {second: 100}, {first: 33.33, second: 66.67}]),
        }
        values = {"move_type": "in_invoice", "partner_id": self.partner_b.id, "invoice_date": "2026-05-08"}
        self.env["account.move"].create({**values, "invoice_line_ids": [Command.create(line)]}).action_post()

    def _do_take_bill_back(self, dice, entries):
        moves = self._costs().analytic_line_ids.move_line_id.move_id
        move = self._some(dice, moves.filtered(lambda one: one.state == "posted"))
        if dice.random() < 0.5:
            move.button_draft()
        else:
            self._reverse(move).action_post()

    def _do_review_cost(self, dice, entries):
        rows = self._prebills(entries).cost_line_ids.filtered(lambda row: row.state == "prebill")
        row = self._some(dice, rows).with_user(self.user_billing)
        what = dice.choice(["hold", "bill", "no_charge", "amount", "remove"])
        if what == "remove":
            row.action_remove()
        elif what == "amount":
            row.write({"action": "bill", "billed_amount": 22.22, "reason_id": self.reason.id})
        else:
            row.write({"action": what, "reason_id": self.reason.id})

    def _do_reset(self, dice, entries):
        self._some(dice, self._invoices(entries, "posted")).button_draft()

    def _do_cancel_invoice(self, dice, entries):
        self._some(dice, self._invoices(entries, "draft")).button_cancel()

    def _do_revive_invoice(self, dice, entries):
        self._some(dice, self._invoices(entries, "cancel")).button_draft()

    def _do_delete_draft(self, dice, entries):
        self._some(dice, self._invoices(entries, "draft")).unlink()

    def _do_credit(self, dice, entries):
        self._reverse(self._some(dice, self._invoices(entries, "posted")), dice.choice([False, True])).action_post()

    def _do_credit_time(self, dice, entries):
        move = self._some(dice, self._invoices(entries, "posted"))
        rows = move.timetrack_allocation_ids.filtered(lambda row: row._is_credited_by_itself())
        self.assertOrRefuse(rows)
        rows = rows.browse(dice.sample(rows.ids, dice.randint(1, len(rows))))
        what = dice.choice(["rebill", "concede", "amount"])
        wizard = self.env["timetrack.credit.wizard"].with_user(self.user_billing)
        values = {
            "move_id": move.id,
            "what": what,
            "row_ids": [Command.set(rows.ids)],
            "amount": dice.choice([5, 33.33]),
            "is_write_off": dice.choice([True, False]),
            "reason_id": self.reason.id,
        }
        wizard.create(values).action_credit()

    def _do_invoice_advance(self, dice, entries):
        retainer = dice.choice(self.retainers)
        self.env["account.move"].browse(retainer.action_invoice_advance()["res_id"]).action_post()

    def _do_draw(self, dice, entries):
        self._some(dice, self._invoices(entries, "draft")).with_user(self.user_billing).action_timetrack_draw()

    def _do_refund_retainer(self, dice, entries):
        refund = self.env["account.move"].browse(dice.choice(self.retainers).action_refund()["res_id"])
        refund.action_post() if dice.random() < 0.5 else refund.unlink()

    def _do_reset_advance(self, dice, entries):
        lines = dice.choice(self.retainers).sudo().line_ids.filtered(lambda line: line.parent_state == "posted")
        self._some(dice, lines.move_id).button_draft()

    def _do_drop_advance(self, dice, entries):
        lines = dice.choice(self.retainers).sudo().line_ids.filtered(lambda line: line.parent_state == "draft")
        move = self._some(dice, lines.move_id)
        # what was posted once has a number, and is kept
        move.button_cancel() if move.name not in (False, "/") else move.unlink()

    def _do_post_credit_note(self, dice, entries):
        self._some(dice, self._refunds(entries, "draft")).action_post()

    def _do_reset_credit_note(self, dice, entries):
        refund = self._some(dice, self._refunds(entries, dice.choice(["posted", "cancel"])))
        refund.button_draft()

    def _do_drop_credit_note(self, dice, entries):
        refund = self._some(dice, self._refunds(entries, "draft"))
        refund.unlink() if dice.random() < 0.5 else refund.button_cancel()

    def _refunds(self, entries, state):
        moves = self._rows(entries).move_id
        return moves.filtered(lambda move: move.state == state and move.move_type == "out_refund")

    def _do_reopen_time(self, dice, entries):
        entry = self._some(dice, entries)
        entry.with_user(self.user_approver).action_timetrack_reopen("Once more")
        self._approve(entry)
