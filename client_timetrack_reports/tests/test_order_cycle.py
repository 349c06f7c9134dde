from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from odoo.addons.client_timetrack_billing.tests.common import TimetrackSaleCommon


def day(text):
    return date.fromisoformat(f"2026-{text}")


@tagged("post_install", "-at_install")
class TestOrderCycle(TimetrackSaleCommon):
    """The client's order of May 1 (10,000): 16 hours of May 4 and 18, approved on May 12 and 25, invoiced on May 31 and
    paid on June 10. A company's day has 8 hours. It is June 30."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tz": "UTC"})
        cls.Cycle = cls.env["timetrack.order.cycle"]
        cls.company.resource_calendar_id.hours_per_day = 8.0
        cls.engagement = cls.project.timetrack_engagement_ids
        cls.engagement.write({"order_number": "PO 7", "order_date": "2026-05-01", "order_amount": 10000.0})

    @classmethod
    def _log_approved_on(cls, approved, hours, **values):
        entry = cls._log(hours, **values)
        with freeze_time(f"{approved} 12:00:00"):
            cls._approve(entry)
        return entry

    def _work(self):
        self._log_approved_on("2026-05-12", 10.0, date="2026-05-04")
        self._log_approved_on("2026-05-25", 6.0, date="2026-05-18")

    def _bill(self):
        return self._post(self._propose(project_ids=[(6, 0, self.project.ids)], date_to="2026-05-31"), "2026-05-31")

    def _pay(self, move, when, amount=None):
        wizard = self.env["account.payment.register"].with_context(active_model="account.move", active_ids=move.ids)
        wizard.create({"payment_date": when, "amount": amount or move.amount_residual})._create_payments()

    def _get(self, domain=None):
        self.env.flush_all()
        self.env.invalidate_all()
        with freeze_time("2026-06-30"):
            row = self.Cycle.search(domain or [("kind", "=", "client"), ("project_id", "=", self.project.id)])
            row.fetch()  # while it is that day
            return row.ensure_one()

    def _get_sale(self):
        return self._get([("order_model", "=", "sale.order"), ("order_id", "=", self.order.id)])

    def _read(self, *measures, domain=()):
        self.env.flush_all()
        specs = [f"{name}:{self.Cycle._fields[name].aggregator}" for name in measures]
        with freeze_time("2026-06-30"):
            [values] = self.Cycle._read_group([("company_id", "=", self.company.id), *domain], [], specs)
        return tuple(value and round(float(value), 4) for value in values)

    def test_stage_by_stage(self):
        row = self._get()
        self.assertEqual((row.stage, row.received, row.age), ("received", day("05-01"), 60))
        self.assertEqual((row.reference, row.partner_id, row.amount), ("PO 7", self.partner_a, 10000))
        self.assertEqual((row.longest_leg, row.start_days, row.lead_days), ("start", 0, 60))
        self.assertFalse(row.started)
        draft = self._log(10.0, date="2026-05-04")
        row = self._get()
        self.assertEqual((row.stage, row.started, row.start_days), ("started", day("05-04"), 3))
        self.assertEqual((row.age, row.longest_leg), (57, "approval"))
        with freeze_time("2026-05-12 12:00:00"):
            self._approve(draft)
        row = self._get()
        self.assertEqual((row.stage, row.approved, row.approval_days), ("approved", day("05-12"), 8))
        self.assertEqual((row.age, row.longest_leg), (49, "invoice"))
        move = self._bill()
        row = self._get()
        self.assertEqual((row.stage, row.invoiced, row.invoice_days), ("invoiced", day("05-31"), 19))
        self.assertEqual((row.age, row.longest_leg, row.open_number), (30, "payment", 1))
        self._pay(move, "2026-06-05", 100.0)
        self.assertEqual(self._get().stage, "invoiced")
        self._pay(move, "2026-06-10")
        row = self._get()
        self.assertEqual((row.stage, row.paid, row.payment_days, row.cycle_days), ("paid", day("06-10"), 10, 40))
        self.assertEqual((row.age, row.open_number, row.longest_leg), (0, 0, "invoice"))

    def test_what_is_left_keeps_a_leg_open(self):
        self._work()
        row = self._get()
        self.assertEqual((row.started, row.approved), (day("05-04"), day("05-25")))
        move = self._bill()
        self._pay(move, "2026-06-10")
        self.assertEqual(self._get().stage, "paid")
        # new time of the order waits for its approval, then for its invoice
        late = self._log(2.0, date="2026-06-15")
        row = self._get()
        self.assertEqual((row.stage, row.approved, row.invoiced, row.paid), ("started", False, False, False))
        with freeze_time("2026-06-20 12:00:00"):
            self._approve(late)
        self.assertEqual((self._get().stage, self._get().approved), ("approved", day("06-20")))
        # what is not billable waits for no invoice
        late._timetrack_internal().write({"timetrack_is_billable": False})
        self.assertEqual(self._get().stage, "paid")

    def test_time_before_the_order_is_not_of_it(self):
        self._log_approved_on("2026-04-30", 5.0, date="2026-04-20")
        self.assertEqual((self._get().stage, self._get().hours), ("received", 0))
        self.engagement.order_date = "2026-04-20"
        self.assertEqual((self._get().stage, self._get().hours), ("approved", 5))
        self.engagement.order_date = False
        self.assertFalse(self.Cycle.search([("kind", "=", "client"), ("project_id", "=", self.project.id)]))

    def test_cycle_efficiency(self):
        """16 hours are 2 days, of 40 from May 1 to June 10; of an open order until today."""
        self._work()
        row = self._get()
        self.assertEqual((row.worked_days, row.lead_days, round(row.efficiency, 4)), (2, 60, 0.0333))
        self._pay(self._bill(), "2026-06-10")
        row = self._get()
        self.assertEqual((row.worked_days, row.lead_days, round(row.efficiency, 4)), (2, 40, 0.05))
        self.company.resource_calendar_id.hours_per_day = 4.0
        self.assertEqual(self._get().worked_days, 4)

    def test_sales_order(self):
        self.order.date_order = "2026-05-02 10:00:00"
        row = self._get_sale()
        self.assertEqual((row.stage, row.received), ("received", day("05-02")))
        self._sell(4.0, date="2026-05-06")
        row = self._get_sale()
        self.assertEqual((row.stage, row.started, row.project_id), ("started", day("05-06"), self.sold))
        with freeze_time("2026-05-08 12:00:00"):
            self._approve(row.env["account.analytic.line"].search([("so_line", "=", self.order_line.id)]))
        row = self._get_sale()
        self.assertEqual((row.stage, row.approval_days), ("approved", 2))
        move = self.order._create_invoices()
        move.invoice_date = "2026-05-31"
        self.assertEqual(self._get_sale().stage, "approved")
        move.action_post()
        row = self._get_sale()
        self.assertEqual((row.stage, row.invoice_days), ("invoiced", 23))
        self._pay(move, "2026-06-02")
        row = self._get_sale()
        self.assertEqual((row.stage, row.payment_days, row.cycle_days), ("paid", 2, 31))
        self.assertEqual(row.action_open_source()["res_id"], self.order.id)
        action = row.with_user(self.user_approver).action_open_source()
        self.assertEqual((action["res_model"], action["res_id"]), ("project.project", self.sold.id))
        # work began before the order was received
        self.order.date_order = "2026-06-01 10:00:00"
        row = self._get_sale()
        self.assertEqual((row.start_days, row.cycle_days, row.lead_days), (-26, 1, 27))

    def test_companies_that_share_a_project_see_what_is_their_own(self):
        there = self.setup_other_company(name="There")["company"]
        self.env.user.company_ids += there
        shared = self._create_project("Shared", self.partner_a, company_id=False)
        shared.timetrack_engagement_ids.write({"order_number": "PO 9", "order_date": "2026-05-01"})
        both = self.env(context={**self.env.context, "allowed_company_ids": [self.company.id, there.id]})
        dan = both["hr.employee"].sudo().create({"name": "Dan", "company_id": there.id})
        for employee, hours, day_of in ((self.alice, 4.0, "2026-05-06"), (dan, 16.0, "2026-05-08")):
            both["account.analytic.line"].sudo().create(
                {"name": "Work", "project_id": shared.id, "employee_id": employee.id, "unit_amount": hours,
                 "date": day_of, "company_id": employee.company_id.id}
            )  # fmt: skip
        self.env.flush_all()
        for company, hours, start in ((self.company, 4, day("05-06")), (there, 16, day("05-08"))):
            env = self.env(context={**self.env.context, "allowed_company_ids": company.ids})
            row = env["timetrack.order.cycle"].search([("project_id", "=", shared.id)])
            self.assertEqual((row.company_id, row.hours, row.started), (company, hours, start))
        rows = both["timetrack.order.cycle"].search([("project_id", "=", shared.id)])
        self.assertEqual(sorted(rows.mapped("hours")), [4, 16])

    def test_medians_are_of_the_orders(self):
        """One takes 40 days, another one of 100 days is paid too, a third is open."""
        self._work()
        self._pay(self._bill(), "2026-06-10")
        other = self._create_project("Other", self.partner_b)
        other.timetrack_engagement_ids.write({"order_number": "PO 8", "order_date": "2026-03-02"})
        self._log_approved_on("2026-05-25", 6.0, date="2026-05-18", project_id=other.id)
        clients = [("kind", "=", "client")]
        self.assertEqual(
            self._read("cycle_median", "cycle_p90", "number", "open_number", domain=clients), (40, 40, 2, 1)
        )
        move = self._post(self._propose(project_ids=[(6, 0, other.ids)], date_to="2026-05-31"), "2026-05-31")
        self._pay(move, "2026-06-10")
        self.assertEqual(self._read("cycle_median", "cycle_p90", "open_number", domain=clients), (40, 100, 0))
        # 2 + 0.75 days of 40 + 100
        self.assertEqual(self._read("efficiency", domain=clients), (0.0196,))

    def test_roles(self):
        self._work()
        with self.assertRaises(AccessError):
            self.Cycle.with_user(self.user_consultant).search([])
        approver = new_test_user(
            self.env, "tt_cycle", "hr_timesheet.group_hr_timesheet_approver", company_id=self.company.id,
            company_ids=self.company.ids,
        )  # fmt: skip
        self.env.flush_all()
        own = self.Cycle.with_user(approver)
        domain = [("project_id", "=", self.project.id)]
        self.assertEqual(own.search(domain).approval_days, 21)
        self.assertFalse({"amount", "cost_amount"} & own.fields_get().keys())
        with self.assertRaises(AccessError):
            own._read_group(domain, [], ["amount:sum"])
        self.assertEqual(own.search(domain).action_open_source()["res_model"], "project.project")
        self.project.privacy_visibility = "followers"
        self.env.flush_all()
        self.assertFalse(own.search(domain))

    def test_queries(self):
        self._read("cycle_median")
        with self.assertQueryCount(2):  # one to go without JIT
            self.Cycle._read_group([], ["stage"], ["cycle_median:avg", "efficiency:avg"])
