from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from odoo.addons.client_timetrack_billing.tests.common import TimetrackBillingCommon

MEASURES = ("wip_amount", "receivable_amount", "fees_year", "wip_days", "debtor_days", "lockup_days", "dso")


@tagged("post_install", "-at_install")
class TestLockup(TimetrackBillingCommon):
    """1,000 worked on May 4 and invoiced on May 31, half of it paid on June 10 and the rest on August 1; 500 worked on
    June 20. It is August 15."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids += cls.env.ref("client_timetrack_billing.group_billing_manager")
        cls.Lockup = cls.env["timetrack.lockup"]
        cls._log_approved(10.0, date="2026-05-04")
        prebill = cls._propose(date_to="2026-05-31")
        prebill.action_invoice()
        cls.move = prebill.move_id
        cls.move.invoice_date = "2026-05-31"
        cls.move.action_post()
        cls._log_approved(5.0, date="2026-06-20")
        cls._pay(cls.move.amount_total / 2, "2026-06-10")
        cls._pay(False, "2026-08-01")

    @classmethod
    def _pay(cls, amount, day):
        wizard = cls.env["account.payment.register"].with_context(active_model="account.move", active_ids=cls.move.ids)
        wizard.create({"payment_date": day, **({"amount": amount} if amount else {})})._create_payments()

    def _read(self, groupby=(), domain=(), day="2026-08-15", measures=MEASURES, model=None):
        self.env.flush_all()
        self.env.invalidate_all()
        with freeze_time(day):
            return [
                (*row[: len(groupby)], *(value and round(float(value), 2) for value in row[len(groupby) :]))
                for row in (self.Lockup if model is None else model)._read_group(
                    [("project_id", "=", self.project.id), *domain],
                    list(groupby),
                    [f"{name}:{self.Lockup._fields[name].aggregator}" for name in measures],
                )
            ]

    def test_month_ends_and_today(self):
        since = [("day", ">=", "2026-05-01")]
        self.assertEqual(
            self._read(["day:month"], since),
            [
                # 1,000 receivable of 1,000; March to May have 92 days
                (date(2026, 5, 1), 0, 1000, 1000, 0, 365, 365, 92),
                # 500 each; April to June have 91 days
                (date(2026, 6, 1), 500, 500, 1000, 182.5, 182.5, 365, 45.5),
                # May to July have 92 days
                (date(2026, 7, 1), 500, 500, 1000, 182.5, 182.5, 365, 46),
                (date(2026, 8, 1), 500, 0, 1000, 182.5, 0, 182.5, 0),
            ],
        )
        self.assertEqual(self._read(domain=[("is_now", "=", True)]), [(500, 0, 1000, 182.5, 0, 182.5, 0)])

    def test_several_month_ends(self):
        """Balances are means, and days are of the sums: (0 + 500 + 500) / (1,000 x 3) x 365."""
        domain = [("day", ">=", "2026-05-31"), ("day", "<=", "2026-07-31")]
        self.assertEqual(
            self._read(domain=domain, measures=("wip_amount", "receivable_amount", "wip_days", "debtor_days")),
            [(333.33, 666.67, 121.67, 243.33)],
        )

    def test_fees_count_for_a_year(self):
        """Twelve months after the end of May they are there no more, on the day and at the month end."""
        measures = ("fees_year", "wip_days")
        now = [("is_now", "=", True)]
        self.assertEqual(self._read(domain=now, day="2027-05-30", measures=measures), [(1000, 182.5)])
        self.assertEqual(self._read(domain=now, day="2027-05-31", measures=measures), [(0, False)])
        ends = [("day", ">=", "2027-04-30"), ("day", "<=", "2027-05-31")]
        self.assertEqual(
            self._read(["day:month"], ends, "2027-06-10", measures),
            [(date(2027, 4, 1), 1000, 182.5), (date(2027, 5, 1), 0, False)],
        )

    def test_what_is_older_than_all_month_ends_is_in_each(self):
        self.assertEqual(
            self._read(["day:year"], day="2030-01-15", measures=("wip_amount", "fees_year")),
            [(date(2028, 1, 1), 500, 0), (date(2029, 1, 1), 500, 0), (date(2030, 1, 1), 500, 0)],
        )

    def test_months_shown(self):
        """24 month ends, of which the last may be today; but none before there was anything."""
        own = [("project_id", "=", self.project.id)]
        for day, first in (("2028-08-15", "2026-09-30"), ("2028-08-31", "2026-09-30"), ("2028-09-01", "2026-10-31")):
            with freeze_time(day):
                rows = self.Lockup.search(own, order="day")
                self.assertEqual((len(rows), str(rows[0].day), str(rows[-1].day)), (24, first, day))
                self.assertEqual(rows.mapped("is_now"), [False] * 23 + [True])
            self.env.invalidate_all()
        self._log_approved(1.0, date="2026-03-02")
        self.env.flush_all()
        with freeze_time("2026-08-15"):
            rows = self.Lockup.search([*own, ("company_id", "=", self.company.id)], order="day")
            self.assertLessEqual(str(rows[0].day), "2026-03-31")
            self.assertEqual(rows.filtered("has_fees").mapped(lambda row: str(row.day))[0], "2026-05-31")

    def test_today_is_what_the_report_says(self):
        """Also with a credit note that concedes a part, reconciled with the invoice or not."""
        self._log_approved(4.0, date="2026-07-01")
        move = self._post(self._propose(date_to="2026-07-31"), "2026-07-31")
        wizard = self.env["timetrack.credit.wizard"].create(
            {"move_id": move.id, "what": "amount", "amount": 100.0, "date": "2026-08-10"}
        )
        refund = self.env["account.move"].browse(wizard.action_credit()["res_id"])
        refund.action_post()
        # 400 and the 500 of June, less 100
        self.assertEqual(self._read(domain=[("is_now", "=", True)])[0][:3], (0, 800, 1800))
        july = [("day", "=", "2026-07-31")]
        self.assertEqual(self._read(domain=july)[0][:3], (0, 1400, 1900))
        lines = (move | refund).line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable")
        lines.reconcile()
        self.assertEqual(self._read(domain=[("is_now", "=", True)])[0][:3], (0, 800, 1800))
        self.assertEqual(self._read(domain=july)[0][:3], (0, 1400, 1900))
        [(receivable, wip)] = self.env["timetrack.report"]._read_group(
            [("project_id", "=", self.project.id)], [], ["receivable_amount:sum", "wip_amount:sum"]
        )
        self.assertEqual((float(receivable), float(wip)), (800, 0))

    def test_opens_the_work_in_progress(self):
        self.env.flush_all()
        with freeze_time("2026-08-15"):
            [row] = self.Lockup.search([("project_id", "=", self.project.id), ("day", "=", "2026-06-30")])
            action = row.action_open_source()
        [(amount,)] = self.env["timetrack.report"]._read_group(action["domain"], [], ["wip_amount:sum"])
        self.assertEqual(float(amount), 500)

    def test_roles(self):
        """Who approves time sees days and no amounts, and the projects that are visible to them."""
        with self.assertRaises(AccessError):
            self.Lockup.with_user(self.user_consultant).search([])
        approver = new_test_user(
            self.env, "tt_lockup", "hr_timesheet.group_hr_timesheet_approver", company_id=self.company.id,
            company_ids=self.company.ids,
        )  # fmt: skip
        own = self.Lockup.with_user(approver)
        self.assertEqual(self._read([], [("is_now", "=", True)], measures=("wip_days",), model=own), [(182.5,)])
        with self.assertRaises(AccessError):
            own._read_group([], [], ["wip_amount:sum"])
        self.assertFalse({"wip_amount", "receivable_quarter", "fees_year"} & own.fields_get().keys())
        own.search([]).mapped("wip_days")  # in an order that does not tell amounts either
        self.project.privacy_visibility = "followers"
        self.assertEqual(self._read([], [("is_now", "=", True)], measures=("wip_days",), model=own), [(False,)])

    def test_queries(self):
        """One query, whatever there is."""
        self._read(["day:month"])
        with self.assertQueryCount(2):  # one to go without JIT
            self.Lockup._read_group([], ["day:month"], ["lockup_days:avg"])
