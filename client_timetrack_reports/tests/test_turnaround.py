from datetime import datetime, timedelta

from odoo.exceptions import AccessError
from odoo.fields import Date
from odoo.tests import new_test_user, tagged

from odoo.addons.client_timetrack_billing.tests.common import TimetrackBillingCommon

DAYS = {
    # name: hours, then days after the work until it was entered, submitted, approved
    "quick": (1.0, 0, 1, 2),
    "slow": (6.0, 1, 5, 15),
    "usual": (3.0, 0, 2, 6),
}


@tagged("post_install", "-at_install")
class TestTurnaround(TimetrackBillingCommon):
    """Alice works 10 hours on May 4, worth 1,000: 100 quickly, 600 slowly, 300 as usual; all invoiced on May 31."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Turnaround = cls.env["timetrack.turnaround"]
        cls.alice.tz = "UTC"
        cls.entries = {}
        for name, (hours, *days) in DAYS.items():
            entry = cls._log_approved(hours, name=name, date="2026-05-04")
            cls.entries[name] = entry
            entry.flush_recordset()
            entered, submitted, approved = (datetime(2026, 5, 4, 12) + timedelta(days=one) for one in days)
            cls.env.cr.execute(
                "UPDATE account_analytic_line SET create_date = %s, timetrack_state_date = %s WHERE id = %s",
                [entered, approved, entry.id],
            )
            cls.env.cr.execute(
                "UPDATE timetrack_approval_event SET date = %s WHERE line_id = %s AND action = 'submit'",
                [submitted, entry.id],
            )
        cls.env.invalidate_all()

    def _read(self, *measures, domain=(), groupby=()):
        self.env.flush_all()
        specs = [f"{name}:{self.Turnaround._fields[name].aggregator}" for name in measures]
        rows = self.Turnaround._read_group([("project_id", "=", self.project.id), *domain], list(groupby), specs)
        return rows if groupby else rows[0]

    def _rows(self):
        self.env.flush_all()
        self.env.invalidate_all()
        return {row.line_id.name: row for row in self.Turnaround.search([("project_id", "=", self.project.id)])}

    def _bill(self):
        return self._post(self._propose(date_to="2026-05-31"), "2026-05-31")

    def test_legs_of_what_waits_for_its_invoice(self):
        rows = self._rows()
        self.assertEqual({row.stage for row in rows.values()}, {"approved"})
        slow = rows["slow"]
        self.assertEqual((slow.entry_days, slow.submission_days, slow.approval_days), (1, 4, 10))
        self.assertEqual((slow.invoiced, slow.paid), (False, False))
        self.assertEqual(slow.age, (Date.today() - Date.to_date("2026-05-19")).days)
        self.assertEqual(self._read("number", "open_number", "age")[:2], (3, 3))
        self.assertEqual(self._read("age"), (rows["quick"].age,))

    def test_medians_are_of_the_money(self):
        """To approval: 1 day for 100, 4 for 300, 10 for 600. Half of the money took 10 days, a third of the items."""
        self.assertEqual(self._read("approval_median", "approval_p90"), (10, 10))
        only = [("line_id", "in", (self.entries["quick"] | self.entries["usual"]).ids)]
        self.assertEqual(self._read("approval_median", "approval_p90", domain=only), (4, 4))
        self.assertEqual(self._read("entry_median"), (1,))
        self.assertEqual(self._read("invoice_median", "cash_p90"), (False, False))

    def test_from_the_invoice_to_the_cash(self):
        move = self._bill()
        rows = self._rows()
        self.assertEqual({row.stage for row in rows.values()}, {"invoiced"})
        self.assertEqual((rows["slow"].invoice_days, rows["slow"].billing_days), (12, 27))
        self.assertEqual(rows["slow"].amount, 600)
        self.assertEqual(rows["slow"].age, (Date.today() - Date.to_date("2026-05-31")).days)
        register = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=move.ids
        )
        register.create({"payment_date": "2026-06-10", "amount": move.amount_total / 2})._create_payments()
        self.assertEqual(self._read("payment_median", "open_number"), (False, 3))
        register.create({"payment_date": "2026-06-20"})._create_payments()
        rows = self._rows()
        self.assertEqual({row.stage for row in rows.values()}, {"paid"})
        self.assertEqual({(row.payment_days, row.cash_days, row.age) for row in rows.values()}, {(20, 47, 0)})
        self.assertEqual(self._read("payment_median", "cash_median", "open_number"), (20, 47, 0))

    def test_groups_and_sets(self):
        """As a pivot asks: the same in every set."""
        self.env.flush_all()
        sets = self.Turnaround._read_grouping_sets(
            [("project_id", "=", self.project.id)], [[], ["client_id"], ["worked:month"]], ["approval_median:avg"]
        )
        self.assertEqual([rows[0][-1] for rows in sets], [10, 10, 10])

    def test_what_is_not_handed_in(self):
        self._log(2.0, name="draft", date="2026-05-05")
        submitted = self._log(2.0, name="submitted", date="2026-05-05")
        submitted.action_timetrack_submit()
        self._log(2.0, name="internal", timetrack_activity_id=self.activity_internal.id)
        rows = self._rows()
        self.assertEqual((rows["draft"].stage, rows["submitted"].stage), ("draft", "submitted"))
        self.assertEqual((rows["draft"].submitted, rows["draft"].amount), (False, 0))
        self.assertNotIn("internal", rows)
        self.assertEqual(rows["draft"].age, (Date.today() - Date.to_date("2026-05-05")).days)

    def test_what_was_credited_to_be_billed_again_waits_again(self):
        move = self._bill()
        self._reverse(move).action_post()
        self.assertEqual({row.stage for row in self._rows().values()}, {"approved"})

    def test_opens_the_invoice_or_the_entry(self):
        self.assertEqual(self._rows()["slow"].action_open_source()["res_model"], "account.analytic.line")
        move = self._bill()
        action = self._rows()["slow"].action_open_source()
        self.assertEqual((action["res_model"], action["res_id"]), ("account.move", move.id))

    def test_roles(self):
        with self.assertRaises(AccessError):
            self.Turnaround.with_user(self.user_consultant).search([])
        approver = new_test_user(
            self.env, "tt_turn", "hr_timesheet.group_hr_timesheet_approver", company_id=self.company.id,
            company_ids=self.company.ids,
        )  # fmt: skip
        self.env.flush_all()
        own = self.Turnaround.with_user(approver)
        domain = [("project_id", "=", self.project.id)]
        self.assertEqual(own._read_group(domain, [], ["approval_median:avg"]), [(10,)])
        with self.assertRaises(AccessError):
            own._read_group(domain, [], ["amount:sum"])
        self.assertNotIn("amount", own.fields_get())
