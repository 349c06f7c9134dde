from datetime import date, timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.client_timetrack_billing.tests.common import TimetrackBillingCommon

# A Wednesday.
TODAY = "2026-06-10"
MONDAY = date(2026, 6, 8)
WEEK = timedelta(weeks=1)


@tagged("post_install", "-at_install")
class TestCash(TimetrackBillingCommon):
    """The client pays ten days after the due date, as five invoices of 1,000 and a tax of 15 % show."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids += cls.env.ref("client_timetrack_billing.group_billing_manager")
        cls.Week = cls.env["timetrack.cash.week"]
        cls.Item = cls.env["timetrack.cash.item"]
        cls.partner_a.property_payment_term_id = False
        for month in range(1, 6):
            move = cls._create_invoice(1000.0, date(2026, month, 1))
            cls._pay(move, date(2026, month, 11))

    @classmethod
    def _create_invoice(cls, amount, day, **values):
        move = cls.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": cls.partner_a.id,
                "invoice_date": day,
                "invoice_payment_term_id": False,
                "invoice_date_due": day,
                "invoice_line_ids": [
                    Command.create({"name": "Fee", "price_unit": amount, "tax_ids": [Command.set(cls.tax_sale_a.ids)]})
                ],
                **values,
            }
        )
        move.action_post()
        return move

    @classmethod
    def _pay(cls, move, day, **values):
        cls.env["account.payment.register"].with_context(active_model="account.move", active_ids=move.ids).create(
            {"payment_date": day, **values}
        )._create_payments()

    def _refresh(self, day=TODAY):
        with freeze_time(day):
            self.Week._refresh(self.company)

    def _items(self, band):
        return self.Item.search([("company_id", "=", self.company.id), ("band", "=", band)])

    def _weeks(self, *domain):
        rows = self.Week.search([("company_id", "=", self.company.id), ("is_latest", "=", True), *domain])
        return {row.week: row for row in rows}

    def test_an_open_invoice_comes_when_the_client_pays(self):
        move = self._create_invoice(500.0, date(2026, 6, 5))
        self._refresh()
        item = self._items("invoiced")
        self.assertEqual((item.amount, item.due, item.expected), (575, date(2026, 6, 5), date(2026, 6, 15)))
        self.assertEqual((item.source, item.move_id, item.client_id), ("client", move, self.partner_a))
        weeks = self._weeks()
        self.assertEqual(sorted(weeks), [MONDAY + place * WEEK for place in range(13)])
        self.assertEqual({day for day, row in weeks.items() if row.expected}, {MONDAY + WEEK})
        row = weeks[MONDAY + WEEK]
        self.assertEqual((row.invoiced, row.p10, row.p90, row.ahead), (575, 575, 575, 1))

    def test_a_part_paid_and_a_credit_note(self):
        move = self._create_invoice(500.0, date(2026, 6, 5))
        self._pay(move, date(2026, 6, 9), amount=175.0)
        self._create_invoice(100.0, date(2026, 6, 5), move_type="out_refund")
        self._refresh()
        self.assertEqual(sorted(self._items("invoiced").mapped("amount")), [-115, 400])
        self.assertEqual(self._weeks()[MONDAY + WEEK].invoiced, 285)

    def test_later_than_ever_is_in_no_week(self):
        self._create_invoice(500.0, date(2026, 5, 30))
        self._refresh()
        item = self._items("invoiced")
        self.assertEqual((item.expected, item.source), (False, False))
        self.assertFalse(any(row.expected for row in self._weeks().values()))

    def test_what_is_disputed_is_apart(self):
        move = self._create_invoice(500.0, date(2026, 6, 5))
        self.env["timetrack.dispute"].create(
            {
                "move_id": move.id,
                "reason_id": self.env.ref("client_timetrack_billing.dispute_reason_hours").id,
                "description": "No",
                "user_id": self.env.user.id,
            }
        )
        self._refresh()
        item = self._items("invoiced")
        self.assertEqual((item.amount, item.is_disputed, item.expected), (575, True, False))
        self.assertEqual({row.expected for row in self._weeks().values()}, {0})

    def test_time_that_is_not_billed(self):
        """Invoices go out 30 days after the work where nobody knows better; with tax, and what was agreed on."""
        self.project.timetrack_engagement_ids.discount = 10.0
        self._log_approved(3.0, date="2026-06-01")
        waiting = self._log(2.0, date="2026-06-08")
        waiting.action_timetrack_submit()
        self._log(1.0, date="2026-06-09", timetrack_activity_id=self.activity_internal.id)
        self._refresh()
        approved, unapproved = self._items("approved"), self._items("unapproved")
        self.assertEqual(
            (approved.amount, approved.due, approved.expected), (310.5, date(2026, 7, 1), date(2026, 7, 11))
        )
        self.assertEqual((unapproved.amount, unapproved.expected), (207, date(2026, 7, 18)))
        self.assertEqual((approved.project_id, approved.client_id), (self.project, self.partner_a))
        weeks = self._weeks()
        self.assertEqual((weeks[date(2026, 7, 6)].approved, weeks[date(2026, 7, 13)].unapproved), (310.5, 207))

    def test_terms_of_payment(self):
        self.partner_a.property_payment_term_id = self.env.ref("account.account_payment_term_30days")
        self._log_approved(3.0, date="2026-06-01")
        self._refresh()
        self.assertEqual(self._items("approved").due, date(2026, 7, 31))

    def test_as_the_client_was_billed_before(self):
        """8 of 10 hours were billed, 20 days after the work: so will the next."""
        self._log_approved(10.0, date="2026-05-04")
        prebill = self._propose(date_to="2026-05-24")
        prebill.line_ids.write(
            {"hours_billed": 8.0, "reason_id": self.env["timetrack.adjustment.reason"].create({"name": "Long"}).id}
        )
        self._post(prebill, "2026-05-24")
        self._log_approved(5.0, date="2026-06-01")
        self._refresh()
        item = self._items("approved")
        self.assertEqual((item.due, item.amount), (date(2026, 6, 21), 460))

    def test_fees_by_schedule(self):
        self.env["timetrack.arrangement"].create(
            {
                "name": "Study",
                "engagement_id": self.project.timetrack_engagement_ids.id,
                "kind": "fixed",
                "amount": 1000.0,
                "planned_hours": 10.0,
                "instalment_ids": [Command.create({"name": "End", "date": "2026-07-20", "amount": 1000.0})],
            }
        )
        self._refresh()
        item = self._items("scheduled")
        self.assertEqual((item.amount, item.expected), (1150, date(2026, 7, 30)))

    def test_fees_that_wait_for_a_milestone(self):
        """On the deadline of the milestone, or now once it is reached; without a deadline there is no day."""
        self.project.allow_milestones = True
        milestones = self.env["project.milestone"].create(
            [
                {"name": "Draft", "project_id": self.project.id, "deadline": "2026-07-01"},
                {"name": "Some Day", "project_id": self.project.id},
            ]
        )
        draft, some_day = milestones
        parts = [("Draft", draft, False), ("Some Day", some_day, False), ("Later", draft, "2026-07-20")]
        self.env["timetrack.arrangement"].create(
            {
                "name": "Study",
                "engagement_id": self.project.timetrack_engagement_ids.id,
                "kind": "fixed",
                "amount": 300.0,
                "planned_hours": 10.0,
                "instalment_ids": [
                    Command.create({"name": name, "milestone_id": milestone.id, "date": day, "amount": 100.0})
                    for name, milestone, day in parts
                ],
            }
        )

        def dues():
            self._refresh()
            return sorted(self.env["timetrack.cash.item"].search([("band", "=", "scheduled")]).mapped("due"))

        self.assertEqual(dues(), [date(2026, 7, 1), date(2026, 7, 20)])
        some_day.is_reached = True
        self.assertEqual(dues(), [date.fromisoformat(TODAY), date(2026, 7, 1), date(2026, 7, 20)])
        draft.is_reached = True
        self.assertEqual(dues(), [date.fromisoformat(TODAY)] * 2 + [date(2026, 7, 20)])

    def test_a_fee_on_a_draft_invoice_is_still_to_come(self):
        self.env["timetrack.arrangement"].create(
            {
                "name": "Study",
                "engagement_id": self.project.timetrack_engagement_ids.id,
                "kind": "fixed",
                "amount": 1000.0,
                "planned_hours": 10.0,
                "instalment_ids": [Command.create({"name": "End", "date": "2026-06-01", "amount": 1000.0})],
            }
        )
        prebill = self._propose(date_to="2026-06-05")
        prebill.action_invoice()
        move = prebill.move_id.sudo()
        self.assertEqual((move.state, move.amount_untaxed), ("draft", 1000))
        self._refresh()
        self.assertEqual(self._items("scheduled").amount, 1150)
        move.invoice_date = "2026-06-05"
        move.action_post()
        self._refresh()
        self.assertFalse(self.env["timetrack.cash.item"].search([("band", "=", "scheduled")]))
        self.assertEqual(self._items("invoiced").amount, 1150)

    def _create_retainer(self, amount, **values):
        account = self.env["account.account"].create(
            {"name": "Client Money", "code": "239901", "account_type": "liability_current"}
        )
        retainer = self.env["timetrack.retainer"].create(
            {
                "partner_id": self.partner_a.id, "project_id": self.project.id, "kind": "deposit", "amount": amount,
                "account_id": account.id, "company_id": self.company.id, **values,
            }
        )  # fmt: skip
        advance = self.env["account.move"].browse(retainer.action_invoice_advance()["res_id"])
        advance.invoice_date = "2026-05-01"
        advance.action_post()
        self._pay(advance, date(2026, 5, 2))
        return retainer

    def test_what_a_deposit_pays_brings_no_cash(self):
        """Of 1,000 and 150 of tax, 400 are in trust."""
        self._log_approved(10.0, date="2026-06-01")
        self._refresh()
        self.assertEqual(self._items("approved").amount, 1150)
        retainer = self._create_retainer(400.0)
        self.assertEqual(retainer.available, 400)
        self._refresh()
        self.assertEqual(self._items("approved").amount, 750)
        retainer.is_automatic = False
        self._refresh()
        self.assertEqual(self._items("approved").amount, 1150)

    def test_what_fills_a_retainer_up_again_is_to_come(self):
        """300 and 45 of tax leave 55 of 400, below 200: 345 will be asked for, when the time is billed."""
        self._create_retainer(400.0, floor=200.0)
        self._log_approved(3.0, date="2026-06-01")
        self._refresh()
        self.assertFalse(self.env["timetrack.cash.item"].search([("band", "=", "approved")]))
        item = self._items("scheduled")
        self.assertEqual((item.amount, item.project_id), (345, self.project))

    def test_against_what_came(self):
        move = self._create_invoice(500.0, date(2026, 6, 5))
        self._refresh()
        self._pay(move, date(2026, 6, 16))
        self._refresh("2026-06-24")
        rows = self.Week.search([("company_id", "=", self.company.id), ("made", "=", MONDAY)])
        by_week = {row.week: (row.is_over, row.expected, row.came) for row in rows}
        self.assertEqual(by_week[MONDAY], (True, 0, 0))
        self.assertEqual(by_week[MONDAY + WEEK], (True, 575, 575))
        self.assertEqual(by_week[MONDAY + 2 * WEEK], (False, 0, 0))
        self.assertFalse(any(rows.mapped("is_latest")))

    def _run_cron(self, day=TODAY, seconds=None):
        """As at night, with so many seconds to go after each step."""
        left = iter(seconds or [])
        with (
            freeze_time(day),
            patch.object(type(self.env["ir.cron"]), "_commit_progress", lambda cron, *args, **kwargs: next(left, 60)),
            patch.object(type(self.Week), "_get_companies", lambda week: self.company),
        ):
            return self.Week._cron_refresh()

    def test_the_first_night_looks_back(self):
        """An invoice of May 20 was expected on May 30, and came on June 1; work of May 12 is expected on June 21."""
        move = self._create_invoice(500.0, date(2026, 5, 20))
        self._pay(move, date(2026, 6, 1))
        self._log_approved(10.0, date="2026-05-12")
        self._run_cron()
        rows = self.Week.search([("company_id", "=", self.company.id)])
        self.assertEqual({row.made for row in rows}, {MONDAY - number * WEEK for number in range(14)})
        self.assertEqual(rows.filtered("is_replayed"), rows.filtered(lambda row: row.made < MONDAY))
        self.assertEqual(rows.filtered("is_latest"), rows.filtered(lambda row: row.made == MONDAY))

        def by_week(made):
            return {
                row.week: (row.invoiced, row.approved, row.came if row.is_over else None)
                for row in rows
                if row.made == made and (row.expected or row.came)
            }

        may = date(2026, 5, 25)
        self.assertEqual(by_week(may), {may: (575, 0, 0), may + WEEK: (0, 0, 575), may + 3 * WEEK: (0, 1150, None)})
        # on May 18 there was no invoice yet, on May 11 no work
        self.assertEqual(by_week(may - WEEK), {may + WEEK: (0, 0, 575), may + 3 * WEEK: (0, 1150, None)})
        self.assertEqual(by_week(may - 2 * WEEK), {may - 2 * WEEK: (0, 0, 1150), may + WEEK: (0, 0, 575)})
        # on May 4 four payments were known, which say too little: the fifth invoice was late by its terms
        self.assertEqual(by_week(may - 3 * WEEK), {may - 2 * WEEK: (0, 0, 1150), may + WEEK: (0, 0, 575)})
        # once is enough
        self._run_cron("2026-06-17")
        again = self.Week.search([("company_id", "=", self.company.id), ("is_replayed", "=", True)])
        self.assertEqual(again, rows.filtered("is_replayed"))

    def test_looking_back_goes_on_the_next_night(self):
        """There is time for the company and three weeks; then for the rest."""
        self.assertFalse(self._run_cron(seconds=[60, 60, 60, 0]))
        past = [("company_id", "=", self.company.id), ("is_replayed", "=", True)]
        self.assertEqual({row.made for row in self.Week.search(past)}, {MONDAY - number * WEEK for number in (1, 2, 3)})
        self.assertTrue(self._run_cron("2026-06-11"))
        self.assertEqual(len({row.made for row in self.Week.search(past)}), 13)

    def test_a_night_that_is_too_short_goes_on_with_who_has_waited(self):
        there = self.setup_other_company(name="There")["company"]
        both = self.company | there
        done = []
        with (
            patch.object(type(self.env["ir.cron"]), "_commit_progress", lambda cron, *args, **kwargs: 0),
            patch.object(type(self.Week), "_get_companies", lambda week: both),
            patch.object(type(self.Week), "_refresh", lambda week, company: done.append(company)),
        ):
            for company in both:
                self.assertFalse(self.Week._cron_refresh())
                self.Week.sudo().create(
                    {"company_id": company.id, "currency_id": company.currency_id.id, "made": MONDAY, "week": MONDAY}
                )
                # the clock of a transaction stands still
                self.env.flush_all()
                self.env.cr.execute(
                    "UPDATE timetrack_cash_week SET write_date = %s WHERE company_id = %s",
                    [f"2026-06-0{len(done)} 01:00:00", company.id],
                )
                self.env.invalidate_all()
            self.assertFalse(self.Week._cron_refresh())
        self.assertEqual(done, [self.company, there, self.company])

    def test_the_same_week_again(self):
        self._create_invoice(500.0, date(2026, 6, 5))
        self._refresh()
        self._create_invoice(100.0, date(2026, 6, 6))
        self._refresh("2026-06-11")
        rows = self.Week.search([("company_id", "=", self.company.id), ("is_replayed", "=", False)])
        self.assertEqual((len(rows), sum(rows.mapped("expected"))), (13, 690))

    def test_a_write_off_is_no_cash(self):
        """An invoice is booked as lost: that says nothing of how clients pay, and is no cash."""
        move = self._create_invoice(500.0, date(2026, 6, 1))
        move_line = move.line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable")
        lost = self.env["account.move"].create(
            {
                "date": "2026-06-09",
                "line_ids": [
                    Command.create({"account_id": self.company_data["default_account_expense"].id, "debit": 575.0}),
                    Command.create(
                        {"account_id": move_line.account_id.id, "credit": 575.0, "partner_id": self.partner_a.id}
                    ),
                ],
            }
        )
        lost.action_post()
        (move_line | lost.line_ids.filtered("credit")).reconcile()
        self.assertEqual(len(self.Week._read_payments(self.company, date(2026, 6, 10))), 5)
        self.assertEqual(self.Week._read_came(self.company, date(2026, 6, 1)), {})

    def test_what_is_lost_with_a_payment_is_no_cash(self):
        """Of 575 the client pays 400, and the rest is booked as lost with the payment."""
        move = self._create_invoice(500.0, date(2026, 6, 1))
        self._pay(
            move, date(2026, 6, 9), amount=400.0, payment_difference_handling="reconcile",
            writeoff_account_id=self.company_data["default_account_expense"].id,
        )  # fmt: skip
        self.env.flush_all()
        came = self.Week._read_came(self.company, date(2026, 6, 1))
        self.assertEqual(
            {key: round(amount, 2) for key, amount in came.items()}, {(MONDAY, self.company.currency_id.id): 400.0}
        )

    def test_queries_of_many_clients_are_bounded(self):
        """Clients with time that is not billed, approved and not."""

        def count(number):
            for place in range(number):
                client = self.env["res.partner"].create({"name": f"Client {place}", "is_company": True})
                client.property_payment_term_id = self.env.ref("account.account_payment_term_30days")
                project = self._create_project(f"Case {place}", client)
                self._log_approved(1.0, project_id=project.id, date="2026-06-01")
                self._log(2.0, project_id=project.id, date="2026-06-02")
            return self._count_queries(self._refresh)

        count(1)
        few = count(2)
        many = count(10)
        self.assertLessEqual(many, few + 2)

    def test_queries_are_bounded(self):
        def count(number):
            for place in range(number):
                self._create_invoice(100.0 + place, date(2026, 6, 5))
            return self._count_queries(self._refresh)

        count(1)
        few = count(3)
        self.assertLessEqual(count(15), few)

    def test_roles(self):
        self._create_invoice(500.0, date(2026, 6, 5))
        self._refresh()
        for model in ("timetrack.cash.week", "timetrack.cash.item"):
            self.assertTrue(self.env[model].with_user(self.user_billing).search([("company_id", "=", self.company.id)]))
            for user in (self.user_consultant, self.user_approver):
                with self.assertRaises(AccessError):
                    self.env[model].with_user(user).search([])
            with self.assertRaises(AccessError):
                self.env[model].with_user(self.user_billing).search([], limit=1).write({"company_id": 1})
        self.Week.with_user(self.user_billing).with_context(allowed_company_ids=self.company.ids).action_refresh()
