from odoo.exceptions import AccessError
from odoo.fields import Command, Date
from odoo.tests import freeze_time, new_test_user, tagged

from .common import TimetrackSaleCommon

RATES = "billable_time"


@tagged("-at_install", "post_install")
@freeze_time("2026-07-15")
class TestCoreScreens(TimetrackSaleCommon):
    """Odoo's own screens say of time that is billed by rates what they say of orders."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.alice.hourly_cost = 40.0
        cls.project.allow_billable = True
        cls.user_manager = new_test_user(
            cls.env,
            "tt_project_manager",
            "project.group_project_manager,hr_timesheet.group_timesheet_manager",
            company_id=cls.company.id,
            company_ids=cls.company.ids,
        )

    def _report(self, entries, *names, user=None):
        self.env.flush_all()
        self.env.invalidate_all()
        report = self.env["timesheets.analysis.report"].with_user(user or self.env.user)
        [values] = report._read_group([("id", "in", entries.ids)], [], [f"{name}:sum" for name in names])
        return [round(value, 2) for value in values]

    def _panel(self, user=None):
        """What the panel of the project says: invoiced and to invoice by section of revenue, and costs by section."""
        self.env.flush_all()
        self.env.invalidate_all()
        data = self.project.with_user(user or self.user_manager).get_panel_data()["profitability_items"]
        revenues = {
            one["id"]: (round(one["invoiced"], 2), round(one["to_invoice"], 2)) for one in data["revenues"]["data"]
        }
        self.assertEqual(len(revenues), len(data["revenues"]["data"]), "a section is shown once")
        total = data["revenues"]["total"]
        self.assertAlmostEqual(sum(one[0] for one in revenues.values()), total["invoiced"], 2)
        self.assertAlmostEqual(sum(one[1] for one in revenues.values()), total["to_invoice"], 2)
        return revenues, {one["id"]: round(one["billed"], 2) for one in data["costs"]["data"]}

    # ------------------------------------------------------------------
    # Billable type
    # ------------------------------------------------------------------

    def test_billable_type(self):
        entries = self._log(1.0, 1.0)
        entries[1].timetrack_activity_id = self.activity_internal
        self.assertEqual(entries.mapped("timesheet_invoice_type"), [RATES, "non_billable"])
        sold = self._sell(1.0)
        self.assertEqual((sold.timesheet_invoice_type, sold.so_line), (RATES, self.order_line))
        self.project.timetrack_engagement_ids.billing_method = "none"
        self.assertEqual(self._log(1.0).timesheet_invoice_type, "non_billable")
        self.project.timetrack_engagement_ids.billing_method = "order"
        self.assertEqual(self._log(1.0).timesheet_invoice_type, "non_billable")

    def test_a_firm_without_rates_sees_what_odoo_says(self):
        self.company.timetrack_rate_card_id = False
        entry = self._log(1.0)
        self.assertEqual(entry.timesheet_invoice_type, "non_billable")
        self._approve(entry)
        self.assertEqual(entry.timesheet_invoice_type, "non_billable")
        self.assertEqual(self._report(entry, "timesheet_revenues", "billable_time", "non_billable_time"), [0, 0, 1])

    def test_the_type_follows_a_card_that_came_later(self):
        self.company.timetrack_rate_card_id = False
        entry = self._log(1.0)
        self.company.timetrack_rate_card_id = self.card
        self._approve(entry)
        self.assertEqual(entry.timesheet_invoice_type, RATES)

    # ------------------------------------------------------------------
    # Timesheets analysis
    # ------------------------------------------------------------------

    def test_analysis_from_log_to_credit(self):
        entries = self._log(1.0, 2.0)
        names = ("unit_amount", "billable_time", "non_billable_time", "timesheet_revenues", "margin")
        self.assertEqual(self._report(entries, *names), [3, 3, 0, 0, -120])
        self._approve(entries)
        self.assertEqual(self._report(entries, *names), [3, 3, 0, 300, 180])
        self.project.timetrack_engagement_ids.discount = 10
        self.assertEqual(self._report(entries, *names), [3, 3, 0, 270, 150])
        move = self._invoice()
        self.assertEqual(self._report(entries, *names), [3, 3, 0, 270, 150])
        move.action_post()
        wizard = self.env["timetrack.credit.wizard"].create(
            {
                "move_id": move.id,
                "what": "amount",
                "amount": 30,
                "row_ids": [Command.set(move.timetrack_allocation_ids.ids)],
            }
        )
        refund = self.env["account.move"].browse(wizard.action_credit()["res_id"])
        self.assertEqual(self._report(entries, "timesheet_revenues"), [270], "a draft credits nothing")
        refund.action_post()
        self.assertEqual(self._report(entries, "timesheet_revenues", "margin"), [240, 120])

    def test_analysis_in_another_currency(self):
        """Billed: at the rate of the invoice; not billed: at today's."""
        euro = self.env.ref("base.EUR") if self.company.currency_id.name != "EUR" else self.env.ref("base.USD")
        euro.active = True
        euro.rate_ids.unlink()
        self.env["res.currency.rate"].create(
            [
                {"name": day, "rate": rate, "currency_id": euro.id, "company_id": self.company.id}
                for day, rate in (("2026-01-01", 0.5), ("2026-06-10", 0.8))
            ]
        )
        self.project.timetrack_rate_card_id = self._create_card("Euro", {"rate": 100.0}, currency=euro)
        first = self._log_approved(1.0)
        move = self._invoice()
        move.invoice_date = Date.to_date("2026-05-31")
        move.action_post()
        second = self._log_approved(1.0)
        # 100 at 0.5 to the dollar; the report reads today's rate from the clock of the database
        self.assertEqual(self._report(first, "timesheet_revenues"), [200])
        rates = euro.rate_ids.filtered(lambda rate: rate.name <= self.env.cr.now().date()).sorted("name")
        expected = round(100 / (rates or euro.rate_ids.sorted("name"))[-1 if rates else 0].rate, 2)
        self.assertEqual(self._report(second, "timesheet_revenues"), [expected])

    def test_analysis_of_orders_is_as_ever(self):
        sold = self._approve(self._sell(2.0))
        self.assertEqual(self._report(sold, "timesheet_revenues", "billable_time", "margin"), [160, 2, 80])

    def test_revenue_of_time_is_for_who_may_see_rates(self):
        """An hour and what it brings say the rate."""
        entry = self._log_approved(1.0)
        report = self.env["timesheets.analysis.report"].with_user(self.user_consultant)
        for name in ("timesheet_revenues", "margin"):
            with self.assertRaises(AccessError):
                report._read_group([("id", "in", entry.ids)], [], [f"{name}:sum"])
        self.assertEqual(self._report(entry, "billable_time", user=self.user_consultant), [1])
        self.user_billing.group_ids += self.env.ref("hr_timesheet.group_hr_timesheet_approver")
        self.assertEqual(self._report(entry, "timesheet_revenues", user=self.user_billing), [100])

    # ------------------------------------------------------------------
    # Profitability
    # ------------------------------------------------------------------

    def test_profitability_from_work_in_progress_to_credit(self):
        entries = self._log(1.0, 2.0)
        self.assertEqual(self._panel(), ({}, {RATES: -120}))
        self._approve(entries)
        self.assertEqual(self._panel(), ({RATES: (0, 300)}, {RATES: -120}))
        self.project.timetrack_engagement_ids.discount = 10
        move = self._invoice()
        self.assertEqual(self._panel(), ({RATES: (0, 270)}, {RATES: -120}))
        move.action_post()
        self.assertEqual(self._panel(), ({RATES: (270, 0)}, {RATES: -120}))
        self._log_approved(1.0)
        self.assertEqual(self._panel(), ({RATES: (270, 90)}, {RATES: -160}))
        self._reverse(move).action_post()
        self.assertEqual(self._panel(), ({RATES: (0, 360)}, {RATES: -160}))

    def test_profitability_of_an_order_and_of_rates_in_one_project(self):
        """Both bill hours: one section says what they come to together."""
        self._log_approved(1.0)
        self._approve(self._log(2.0, so_line=self.order_line.id))
        self.assertEqual(self._panel(), ({RATES: (0, 100 + 160)}, {RATES: -120}))
        self._invoice().action_post()
        self.assertEqual(self._panel(), ({RATES: (100, 160)}, {RATES: -120}))
        self.order._create_invoices().action_post()
        self.assertEqual(self._panel(), ({RATES: (260, 0)}, {RATES: -120}))

    def test_profitability_shows_other_invoices_beside(self):
        self._log_approved(1.0)
        self._invoice().action_post()
        other = self.init_invoice("out_invoice", partner=self.partner_a, amounts=[55.0], invoice_date="2026-06-01")
        other.invoice_line_ids.analytic_distribution = {str(self.project.account_id.id): 100}
        other.action_post()
        revenues, _costs = self._panel()
        self.assertEqual(revenues, {RATES: (100, 0), "other_invoice_revenues": (55, 0)})

    def test_profitability_of_a_project_team(self):
        """Work in progress is for who may see rates or leads projects; invoices are for Odoo to show."""
        self._log_approved(1.0)
        member = new_test_user(
            self.env,
            "tt_member",
            "project.group_project_user,hr_timesheet.group_hr_timesheet_user",
            company_id=self.company.id,
            company_ids=self.company.ids,
        )
        self.assertEqual(self._panel(member)[0], {})
        self.assertEqual(self._panel()[0], {RATES: (0, 100)})

    def test_invoices_open_from_the_panel(self):
        self._log_approved(1.0)
        self._invoice().action_post()
        user = self.user_billing
        user.group_ids += self.env.ref("project.group_project_manager")
        data = self.project.with_user(user).get_panel_data()["profitability_items"]["revenues"]["data"]
        [section] = [one for one in data if one["id"] == RATES]
        self.assertTrue(section["action"])
        self.assertFalse(section["isSectionFoldable"], "there are no order items to unfold")
