from datetime import date, timedelta

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common import TimetrackAccrualCommon
from .test_arrangement import ArrangementCommon

MAY, JUNE = date(2026, 5, 31), date(2026, 6, 30)


@tagged("-at_install", "post_install")
class TestArrangementRevenue(ArrangementCommon, TimetrackAccrualCommon):
    """What is earned of fees and under limits at the end of a day, beside what is billed."""

    def _work_out(self, day, **values):
        accrual = self._get_accrual(day, **values)
        accrual.with_user(self.user_billing).action_work_out()
        for line in accrual.line_ids.filtered("entry_ids"):
            self.assertAlmostEqual(sum(line.entry_ids.mapped("amount")), max(line.amount, 0), 6)
        return accrual

    def _balances(self, day):
        """Unbilled revenue, contract liabilities and revenue in the general ledger, at the end of a day."""
        self.env.flush_all()
        groups = self.env["account.move.line"]._read_group(
            [
                ("account_id", "in", (self.unbilled | self.liability | self.income).ids),
                ("parent_state", "=", "posted"),
                ("date", "<=", day),
            ],
            ["account_id"],
            ["balance:sum"],
        )
        found = dict(groups)
        return [round(found.get(account, 0), 2) for account in (self.unbilled, self.liability, self.income)]

    def test_a_fixed_fee_is_earned_by_its_hours(self):
        fee = self._agree("fixed", [{"amount": 400, "date": "2026-05-15"}, {"amount": 600, "date": "2026-06-30"}])
        entries = self._log_approved(5.0, date="2026-05-04")
        accrual = self._work_out(MAY)
        # 5 of 20 hours
        self.assertRecordValues(accrual.line_ids, [{"arrangement_id": fee.id, "hours": 5, "value": 500, "amount": 250}])
        self.assertEqual(accrual.line_ids.entry_ids.line_id, entries)
        self._post(self._propose(date_to="2026-05-15"), "2026-05-15")
        # 400 are billed: 150 more than is earned
        accrual = self._work_out(MAY)
        self.assertRecordValues(accrual.line_ids, [{"amount": -150, "balance": -150}])
        accrual.with_user(self.user_billing).action_post()
        self.assertEqual(self._balances(MAY), [0, -150, -250])
        self.assertEqual(self._balances(MAY + timedelta(days=1)), [0, 0, -400])
        self._log_approved(10.0, date="2026-06-04")
        accrual = self._work_out(JUNE)
        # 15 of 20 hours
        self.assertEqual(accrual.line_ids.amount, 750 - 400)
        fee.planned_hours = 15
        self.assertEqual(self._work_out(JUNE).line_ids.amount, 600)
        fee.planned_hours = 30
        self.assertEqual(self._work_out(JUNE).line_ids.amount, 100)
        # and as it was at the end of May
        self.assertEqual(self._work_out(MAY).line_ids.amount, round(1000 * 5 / 30 - 400, 2))

    def test_late_time_posts_the_difference(self):
        self._agree("fixed", [{"amount": 1000, "date": "2026-05-15"}])
        self._post(self._propose(date_to="2026-05-15"), "2026-05-15")
        accrual = self._work_out(MAY).with_user(self.user_billing)
        accrual.action_post()
        self.assertEqual(self._balances(MAY), [0, -1000, 0])
        self._log_approved(5.0, date="2026-05-04")
        self._work_out(MAY)
        self.assertEqual(accrual.to_post, 250)
        accrual.action_post()
        self.assertEqual(self._balances(MAY), [0, -750, -250])
        moves = len(accrual.move_ids)
        self._work_out(MAY)
        accrual.action_post()
        self.assertEqual(len(accrual.move_ids), moves)
        self.assertEqual(self._balances(MAY + timedelta(days=1)), [0, 0, -1000])

    def test_time_taken_out_of_the_fee_is_earned_by_its_rate(self):
        self._agree("fixed", [{"amount": 400, "date": "2026-05-15"}, {"amount": 600, "date": "2026-06-30"}])
        self._log_approved(2.0, 8.0, date="2026-05-04")
        prebill = self._propose(date_to="2026-05-15")
        prebill.line_ids.filtered(lambda row: row.hours_worked == 2).action = "bill"
        accrual = self._work_out(MAY)
        self.assertEqual(
            sorted(accrual.line_ids.mapped(lambda line: (line.amount, bool(line.arrangement_id)))),
            [(200, False), (400, True)],
        )

    def test_what_is_above_a_limit_is_no_revenue(self):
        limit = self._agree("cap", cap_amount=450)
        self._log_approved(2.0, date="2026-05-04")
        self._post(self._propose(date_to="2026-05-15"), "2026-05-15")
        late = self._log_approved(4.0, date="2026-05-20")
        first = self._log_approved(1.0, date="2026-05-18")
        accrual = self._work_out(MAY)
        self.assertRecordValues(
            accrual.line_ids, [{"arrangement_id": limit.id, "hours": 5, "value": 500, "amount": 250}]
        )
        by_entry = {entry.line_id: entry.amount for entry in accrual.line_ids.entry_ids}
        self.assertEqual(by_entry, {first: 100, late: 150})
        # before the invoice all of it was in progress
        self.assertEqual(self._work_out(date(2026, 5, 14)).amount, 200)
        # what is held changes nothing
        self._post(self._propose(date_to="2026-06-10"), "2026-06-10")
        self.assertEqual(self._work_out(MAY).amount, 250)
        self.assertEqual(self._work_out(JUNE).amount, 0)
        limit.cap_hours = 4.5
        self.assertEqual(self._work_out(JUNE).amount, 0)

    def test_included_hours_are_earned_as_they_are_used_or_expire(self):
        plan = self._agree("hours", amount=300, hours=4, period="month", date_from="2026-05-01", rollover=1)
        self._log_approved(1.0, date="2026-05-04")
        self._post(self._propose(date_to="2026-04-30"), "2026-05-01")
        accrual = self._work_out(MAY)
        # one of four hours of May; the others may be used in June
        self.assertRecordValues(accrual.line_ids, [{"arrangement_id": plan.id, "amount": 75 - 300}])
        accrual.with_user(self.user_billing).action_post()
        self.assertEqual(self._balances(MAY), [0, -225, -75])
        self._log_approved(2.0, date="2026-06-04")
        # three hours were used, one of May has expired, and those of June are left, whose fee is not billed
        self.assertEqual(self._work_out(JUNE).amount, 300 - 300)
        # what is above the hours is worth its rate: July has the four of June and four of its own
        self._log_approved(9.0, date="2026-07-04")
        self.assertEqual(self._work_out(date(2026, 7, 31)).amount, 900 + 100 - 300)
        prebill = self._propose(date_to="2026-07-31")
        self.assertEqual(self._actions(prebill), [(1, "included"), (2, "included"), (8, "included"), (1, "bill")])
        self._post(prebill, "2026-07-31")
        # three fees are billed by now, that of August too, and what was above
        self.assertEqual(self._work_out(date(2026, 7, 31)).amount, -300)

    def test_a_fee_without_hours_is_earned_by_its_days(self):
        self._agree("hours", amount=310, period="month", date_from="2026-05-01")
        self.assertEqual(self._work_out(date(2026, 5, 10)).amount, 100)
        self.assertEqual(self._work_out(MAY).amount, 310)
        self.assertEqual(self._work_out(date(2026, 6, 15)).amount, 310 + 155)

    def test_bounded_queries(self):
        """Working out takes as many for nine fees of a hundred entries as for two of three."""
        kinds = (
            {"kind": "fixed", "amount": 1000, "planned_hours": 200},
            {"kind": "hours", "amount": 90, "hours": 2, "period": "month", "date_from": "2026-05-01"},
            {"kind": "cap", "cap_amount": 50},
        )
        counts = []
        for size, number in ((1, 3), (3, 100)):
            tasks = self.env["project.task"].create(
                [{"name": str(index), "project_id": self.project.id} for index in range(size * len(kinds))]
            )
            for index, task in enumerate(tasks):
                terms = kinds[index % len(kinds)]
                self._agree(**{"name": task.name, "task_ids": [Command.set(task.ids)], **terms})
                self._log_approved(*[0.25] * (number // size), task_id=task.id)
            day = date(2026, 5, 30) if size == 1 else MAY
            accrual = self._get_accrual(day).with_user(self.user_billing)
            counts.append(self._count_queries(accrual.action_work_out))
            self.assertGreater(accrual.amount, 0)
        self.assertLessEqual(counts[1], counts[0])

    def test_submitted_time_counts_where_that_was_chosen(self):
        fee = self._agree("fixed", [{"amount": 1000, "date": "2026-08-15"}], task_ids=[Command.set(self.design.ids)])
        limit = self._agree("cap", cap_amount=150, task_ids=[Command.set(self.build.ids)])
        plan = self._agree("hours", hours=1, amount=80, date_from="2026-05-01")
        for task in (self.design, self.build, self.env["project.task"]):
            self._log(2.0, date="2026-05-04", task_id=task.id).action_timetrack_submit()
        self.assertEqual(self._work_out(MAY).amount, 0)
        accrual = self._work_out(MAY, scope="submitted")
        accrual.scope = "submitted"
        self._work_out(MAY)
        amounts = {line.arrangement_id: line.amount for line in accrual.line_ids}
        self.assertEqual(amounts, {fee: 100, limit: 150, plan: 80 + 100})

    def test_fees_of_another_currency_need_its_rate(self):
        other = self.setup_other_currency("EUR", rates=[("2026-01-01", 2.0)])
        card = self._create_card("Euro", {"rate": 100}, currency=other)
        self.project.timetrack_rate_card_id = card
        fee = self._agree("fixed", [{"amount": 1000, "date": "2026-05-15"}])
        self.assertEqual(fee.currency_id, other)
        self._post(self._propose(date_to="2026-05-15"), "2026-05-15")
        accrual = self._work_out(MAY)
        self.assertRecordValues(accrual.line_ids, [{"amount": -1000, "balance": -500}])
        other.rate_ids.unlink()
        with self.assertRaisesRegex(UserError, "no exchange rate of EUR"):
            self._work_out(MAY)
