from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from .common import TimetrackBillingCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-05-20")
class TestBudgetRevenue(TimetrackBillingCommon):
    """Budgets of revenue, and the billed share of what is used. Alice costs 100.00 an hour, Bob 150.00."""

    def setUp(self):
        super().setUp()
        self.project.allocated_hours = 40
        self.budget = self.project.timetrack_budget_ids
        self.budget.revenue = 1000

    def _figures(self):
        self.env.flush_all()
        self.env.invalidate_all()
        budget = self.budget
        return budget.approved_hours, budget.billed_hours, budget.consumed_revenue, budget.remaining_revenue

    def test_from_time_to_invoice_and_back(self):
        self._log(5)
        self.assertEqual(self._figures(), (0, 0, 0, 1000), "drafts bring in nothing")
        self._log_approved(2)
        self._log_approved(1, employee_id=self.bob.id)
        self.assertEqual(self._figures(), (3, 0, 350, 650))
        invoice = self._invoice()
        self.assertEqual(self._figures(), (3, 0, 350, 650), "a draft invoice can be changed")
        invoice.invoice_line_ids.filtered(lambda line: line.price_unit == 150).price_unit = 120
        invoice.action_post()
        self.assertEqual(self._figures(), (3, 3, 320, 680), "what was written down is not earned")
        self.assertEqual(self.budget.revenue_percent, 32)
        with freeze_time("2026-06-30"):
            refund = self._reverse(invoice)
            self.assertEqual(self._figures(), (3, 3, 320, 680), "a draft takes nothing back")
            refund.action_post()
        self.assertEqual(self._figures(), (3, 0, 350, 650))

    def test_time_that_is_not_billable_brings_in_nothing(self):
        self._log_approved(2, timetrack_activity_id=self.activity_internal.id)
        self.assertEqual(self._figures(), (2, 0, 0, 1000))

    def test_time_that_waits_is_net_of_the_agreed_discount(self):
        self._log_approved(2.0)
        self.project.timetrack_engagement_ids.discount = 10
        self.assertEqual(self._figures()[2:], (180, 820))
        self._invoice()
        self.assertEqual(self._figures()[2:], (180, 820))

    def test_another_currency(self):
        """Two for one from May on, four for one before: the rate of the day of the work, rounded to cents."""
        currency = self.env["res.currency"].create(
            {
                "name": "TTX",
                "symbol": "x",
                "rounding": 0.01,
                "rate_ids": [
                    Command.create({"name": "2026-01-01", "rate": 4.0}),
                    Command.create({"name": "2026-05-01", "rate": 2.0}),
                ],
            }
        )
        self.project.timetrack_rate_card_id = self._create_card("Abroad", {"rate": 10.01}, currency=currency)
        self._log_approved(1, date="2026-04-30")
        self._log_approved(1, date="2026-05-01")
        # 2.5025 and 5.005
        self.assertAlmostEqual(self.budget.consumed_revenue, 2.50 + 5.01)
        # on an invoice, all of it has the rate of the invoice
        invoice = self._invoice()
        invoice.invoice_date = "2026-05-20"
        invoice.action_post()
        self._figures()
        self.assertAlmostEqual(self.budget.consumed_revenue, 5.01 + 5.01)

    def test_revisions_keep_the_revenue(self):
        self.env.flush_all()
        wizard = Form(self.env["timetrack.budget.revise.wizard"].with_context(**self.budget.action_revise()["context"]))
        self.assertEqual(wizard.revenue, 1000)
        wizard.revenue, wizard.reason = 1200, "A second language"
        wizard.save().action_revise()
        self.env.invalidate_all()
        self.assertEqual(
            [(version.hours, version.revenue, version.reason) for version in self.budget.version_ids.sorted("id")],
            [(40, 0, "First budget"), (40, 1000, "Changed on the budget"), (40, 1200, "A second language")],
        )

    def test_each_month_with_carry_over(self):
        self.budget = self.env["timetrack.budget"].create(
            {
                "scope": "client",
                "client_id": self.partner_a.id,
                "every": "month",
                "date_from": "2026-04-01",
                "carry_over": True,
                "revenue": 500,
            }
        )
        self._log_approved(3, date="2026-04-10")
        self._log_approved(1, date="2026-05-11")
        self.assertEqual(self._figures(), (1, 0, 100, 600))
        self.assertEqual(self.budget.allowed_revenue, 700)
        rows = self.env["timetrack.budget.report"].search_read(
            [("budget_id", "=", self.budget.id), ("month", "<", "2026-06-01")],
            ["month", "budget_revenue", "actual_revenue", "remaining_revenue"],
            order="month",
        )
        self.assertEqual(
            [tuple(row.values())[1:] for row in rows],
            [(date(2026, 4, 1), 500, 300, 200), (date(2026, 5, 1), 500, 100, 400)],
        )
        [(rate,)] = self.env["timetrack.budget.report"]._read_group(
            [("budget_id", "=", self.budget.id), ("month", "<", "2026-06-01")], [], ["revenue_rate:avg"]
        )
        self.assertEqual(rate, 0.4)

    def test_who_sees_no_rates_sees_no_revenue(self):
        manager = new_test_user(self.env, "tt_no_rates", "project.group_project_manager")
        self._log_approved(2)
        budget = self.budget.with_user(manager)
        self.assertEqual(budget.approved_hours, 2)
        for names in (["revenue"], ["consumed_revenue"], ["remaining_revenue"], ["revenue_percent"]):
            with self.subTest(names=names), self.assertRaises(AccessError):
                budget.read(names)
        with self.assertRaises(AccessError):
            budget.version_ids.read(["revenue"])
        Report = self.env["timetrack.budget.report"].with_user(manager)
        for aggregate in ("actual_revenue:sum", "revenue_rate:avg"):
            with self.subTest(aggregate=aggregate), self.assertRaises(AccessError):
                Report._read_group([], [], [aggregate])
        wizard = self.env["timetrack.budget.revise.wizard"].with_user(manager)
        wizard.create({"budget_id": self.budget.id, "hours": 30, "reason": "Less"}).action_revise()
        self.env.invalidate_all()
        self.assertEqual((self.budget.hours, self.budget.revenue), (30, 1000))

    def test_who_invoices_sees_every_budget(self):
        self.project.privacy_visibility = "followers"
        self._log_approved(2)
        budget = self.budget.with_user(self.user_billing)
        self.assertEqual((budget.consumed_revenue, budget.approved_hours), (200, 2))
        with self.assertRaises(AccessError):
            budget.hours = 1
        [(revenue,)] = (
            self.env["timetrack.budget.report"]
            .with_user(self.user_billing)
            ._read_group([("project_id", "=", self.project.id)], [], ["actual_revenue:sum"])
        )
        self.assertEqual(revenue, 200)
        with self.assertRaises(AccessError):
            self.env["timetrack.budget.report"].with_user(self.user_consultant).search([])

    def test_queries_depend_neither_on_budgets_nor_on_entries(self):
        projects = self._create_project("Many 0", self.partner_a)
        for number in range(1, 12):
            projects |= self._create_project(f"Many {number}", self.partner_a)
        projects.allocated_hours = 10
        budgets = projects.timetrack_budget_ids
        budgets.revenue = 100
        self._log_approved(1, 1, project_id=projects[0].id)

        def count(some):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some.browse(some.ids).mapped("consumed_revenue")
            return self.env.cr.sql_log_count - before

        count(budgets[:1])
        few = count(budgets[:2])
        self._log_approved(*[1] * 10, project_id=projects[1].id)
        self.assertEqual(count(budgets), few)
