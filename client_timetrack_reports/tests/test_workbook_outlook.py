from datetime import date, datetime

from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.client_timetrack_billing.tests.common import TimetrackBillingCommon

from .test_workbook import by_label, read

TODAY = "2026-08-15"
PERIOD = (date(2026, 5, 1), date(2026, 8, 31))


@tagged("post_install", "-at_install")
class TestWorkbookOutlook(TimetrackBillingCommon):
    """10 hours (1,000) of May 4, approved on May 12 and invoiced on May 31, half of it paid on June 10 and the rest due
    on August 20; 5 hours of June 20. The client's order is of May 1, the budget 100 hours, of which 20 % were complete
    on June 30; the project runs from May 1 to August 31. It is August 15."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tz": "UTC"})
        cls.env.user.group_ids += cls.env.ref("client_timetrack.group_cost_viewer")
        cls.env.user.group_ids += cls.env.ref("client_timetrack_billing.group_billing_manager")
        cls.company.resource_calendar_id.hours_per_day = 8.0
        cls.alice.tz = "UTC"
        cls.alice.hourly_cost = 50.0
        cls.project.write({"date_start": "2026-05-01", "date": "2026-08-31", "allocated_hours": 100.0})
        cls.project.timetrack_engagement_ids.write({"order_number": "PO 7", "order_date": "2026-05-01"})
        entry = cls._log(10.0, date="2026-05-04", timetrack_start=datetime(2026, 5, 4, 9))
        with freeze_time("2026-05-12 12:00:00"):
            cls._approve(entry)
        prebill = cls._propose(date_to="2026-05-31")
        prebill.action_invoice()
        cls.move = prebill.move_id.sudo()
        cls.move.write({"invoice_date": "2026-05-31", "invoice_payment_term_id": False})
        cls.move.invoice_date_due = "2026-08-20"
        cls.move.action_post()
        cls.env["account.payment.register"].with_context(active_model="account.move", active_ids=cls.move.ids).create(
            {"payment_date": "2026-06-10", "amount": cls.move.amount_total / 2}
        )._create_payments()
        later = cls._log(5.0, date="2026-06-20")
        with freeze_time("2026-06-22 12:00:00"):
            cls._approve(later)
        cls.env["project.update"].create(
            {"name": "Some", "project_id": cls.project.id, "status": "on_track", "progress": 20, "date": "2026-06-30"}
        )
        cls._create_benefit(cls.project)
        with freeze_time(TODAY):
            for model in ("timetrack.earned.value", "timetrack.cash.week"):
                cls.env[model]._refresh(cls.company)

    @classmethod
    def _create_benefit(cls, project):
        measure = cls.env["timetrack.measure"].create(
            {"name": "Days to close", "unit": "days", "direction": "down", "company_id": cls.company.id}
        )
        cls.env["timetrack.benefit"].create(
            {
                "name": "Faster close", "measure_id": measure.id, "baseline": 10.0, "target": 6.0, "value": 40000.0,
                "date_start": "2026-05-01", "date_target": "2026-12-31", "company_id": cls.company.id,
                "project_ids": [Command.set(project.ids)],
            }
        )  # fmt: skip
        measurement = (
            cls.env["timetrack.measurement"]
            .with_user(cls.user_approver)
            .sudo()
            .create({"measure_id": measure.id, "date": "2026-07-31", "value": 9.0})
        )
        measurement.flush_recordset()
        cls.env.cr.execute("UPDATE timetrack_measurement SET state = 'validated' WHERE id = %s", [measurement.id])
        cls.env.invalidate_all()

    def _build(self, kind="outlook", user=None, period=PERIOD):
        env = self.env(
            user=user or self.env.user, context={"allowed_company_ids": self.company.ids, "tz": "UTC", "lang": "en_US"}
        )
        self.env.flush_all()
        self.env.invalidate_all()
        with freeze_time(TODAY):
            return read(env["timetrack.workbook"]._build(self.company.with_env(env), *period, kind))

    def assertRow(self, row, **expected):
        labels = {label.lower().replace(" ", "_"): value for label, value in row.items() if label}
        for name, value in expected.items():
            if isinstance(value, float):
                self.assertAlmostEqual(labels[name], value, 2, name)
            else:
                self.assertEqual(labels[name], value, name)

    def test_sheets(self):
        names = self._build().sheetnames
        self.assertEqual(
            names,
            ["Forecast", "Forecast against budget", "Cash forecast", "Expected payments", "Cash that came",
             "Invoice turnaround", "Lockup", "Lockup by client, 2026-08-15", "Order cycle", "Benefits", "Hours by day",
             "Hours by start"],
        )  # fmt: skip
        for kind, number in (("earned", 1), ("cash", 3), ("turnaround", 1), ("lockup", 2), ("orders", 1),
                             ("benefits", 1), ("pattern", 2)):  # fmt: skip
            self.assertEqual(len(self._build(kind).sheetnames), number, kind)

    def test_earned_value(self):
        """20 of 100 hours with 15: CPI 4/3. By August 15, 107 of 123 days have passed."""
        [row], totals = by_label(self._build("earned")["Forecast against budget"])
        self.assertRow(
            row, project="Merger", completion_by="Project Updates", complete=0.2, bac=100.0, ac=15.0, ev=20.0,
            cpi=20 / 15, spi=20 / (100 * 107 / 123), eac=75.0, etc=60.0, vac=25.0, tcpi=80 / 85, cost=750.0,
            ac_where_judged=15.0, budget_cost=0.0,
        )  # fmt: skip
        self.assertRow(totals, bac=100.0, cpi=20 / 15, spi=20 / (100 * 107 / 123))

    def test_earned_value_of_a_week_before(self):
        [row], _totals = by_label(
            self._build("earned", period=(date(2026, 5, 1), date(2026, 6, 24)))["Forecast against budget"]
        )
        self.assertRow(row, completion_by="", ac=15.0, cpi="n/a", eac=None)

    def test_cash(self):
        book = self._build("cash")
        rows, totals = by_label(book["Cash forecast"])
        self.assertEqual(len(rows), 13)
        self.assertEqual([row["Week of"] for row in rows[:2]], [datetime(2026, 8, 10), datetime(2026, 8, 17)])
        half = self.move.amount_total / 2
        self.assertRow(rows[1], invoiced=half)
        self.assertRow(totals, invoiced=half)
        payments, _totals = by_label(book["Expected payments"])
        self.assertIn(
            (datetime(2026, 8, 20), self.move.name, "Invoiced", half),
            [(row["Expected"], row["Invoice"], row["Of"], row["Amount"]) for row in payments],
        )
        self.assertEqual(by_label(book["Cash that came"])[0], [])
        with freeze_time("2026-08-24"):
            self.env["timetrack.cash.week"]._refresh(self.company)
        rows, _totals = by_label(self._build("cash")["Cash that came"])
        [row] = [row for row in rows if row["Forecast of"] == datetime(2026, 8, 10)]
        self.assertRow(row, week_of=datetime(2026, 8, 17), weeks_ahead=1.0, expected=half, came=0.0,
                       **{"came_-_expected": -half})  # fmt: skip

    def test_turnaround(self):
        rows, _totals = by_label(self._build("turnaround")["Invoice turnaround"])
        self.assertEqual([row["Client"] for row in rows], [self.partner_a.display_name, "All clients"])
        for row in rows:
            self.assertEqual(
                [row[f"Median: {leg}"] for leg in ("Approval to Invoice", "Work to Invoice", "Work to Payment")],
                [19, 27, None],
            )
            self.assertEqual((row["Items"], row["Open Items"]), (2, 2))

    def test_lockup(self):
        """On May 31 1,000 is receivable, of 1,000 fees; then 500 is in progress and 500 receivable."""
        book = self._build("lockup")
        rows, totals = by_label(book["Lockup"])
        self.assertEqual([row["As of"].date().isoformat() for row in rows],
                         ["2026-05-31", "2026-06-30", "2026-07-31", "2026-08-15"])  # fmt: skip
        self.assertRow(rows[0], work_in_progress=0.0, receivable=1000.0, wip_days=0.0, debtor_days=365.0, dso=92.0)
        self.assertRow(rows[3], work_in_progress=500.0, receivable=500.0, wip_days=182.5, debtor_days=182.5,
                       lockup_days=365.0, dso=46.0)  # fmt: skip
        self.assertFalse(totals)
        [row], totals = by_label(book["Lockup by client, 2026-08-15"])
        self.assertRow(row, client=self.partner_a.display_name, locked_up=1000.0, lockup_days=365.0)
        self.assertRow(totals, locked_up=1000.0, lockup_days=365.0)

    def test_orders(self):
        """15 hours are 1.875 days, of 106 since May 1."""
        [row], totals = by_label(self._build("orders")["Order cycle"])
        self.assertRow(row, reference="PO 7", to_start=3.0, to_approval=49.0, to_invoice=None, stage="To Invoice",
                       longest_leg="To Invoice", days_worked=1.875, days_so_far=106.0, cycle_efficiency=1.875 / 106,
                       days_in_the_stage=54.0)  # fmt: skip
        self.assertRow(totals, cycle_efficiency=1.875 / 106)

    def test_benefits(self):
        """A quarter of the way, worth 10,000, with 15 hours; 106 of 244 days have passed."""
        [row], totals = by_label(self._build("benefits")["Benefits"])
        self.assertRow(row, measured=9.0, realization=0.25, planned_to_date=106 / 244, value_validated=10000.0,
                       value_at_risk=40000 * 106 / 244 - 10000, hours_spent=15.0, return_per_hour=10000 / 15,
                       cost_spent=750.0)  # fmt: skip
        self.assertRow(totals, return_per_hour=10000 / 15)

    def test_patterns(self):
        book = self._build("pattern")
        days, totals = by_label(book["Hours by day"])
        [monday] = [row for row in days if row["Day"] == datetime(2026, 5, 4)]
        self.assertRow(monday, hours=10.0, average_of_7_days=10.0)
        self.assertRow(totals, hours=15.0)
        [row], _totals = by_label(book["Hours by start"])
        self.assertRow(row, start_of_work="09:00", monday=10.0, tuesday=None)

    def test_queries_are_bounded(self):
        """Of two and of eight more clients, each with a project, an order, time, a benefit and an invoice."""

        def count(number):
            for place in range(number):
                client = self.env["res.partner"].create({"name": f"Client {place}", "is_company": True})
                project = self._create_project(f"Case {place}", client, allocated_hours=10.0)
                project.timetrack_engagement_ids.write({"order_number": "PO", "order_date": "2026-05-01"})
                self._log_approved(2.0, project_id=project.id, date="2026-06-01")
                self._post(self._propose(project_ids=[Command.set(project.ids)], date_to="2026-06-30"), "2026-06-30")
                self._log_approved(1.0, project_id=project.id, date="2026-07-01")
                self._create_benefit(project)
            with freeze_time(TODAY):
                for model in ("timetrack.earned.value", "timetrack.cash.week"):
                    self.env[model]._refresh(self.company)
            return self._count_queries(self._build)

        count(1)
        few = count(2)
        self.assertLessEqual(count(8), few)

    def test_each_sees_what_the_page_shows(self):
        """Who approves time sees days and hours; who only logs it sees nothing; and nobody gets an error."""
        approver = new_test_user(
            self.env, "tt_outlook", "hr_timesheet.group_hr_timesheet_approver", company_id=self.company.id,
            company_ids=self.company.ids,
        )  # fmt: skip
        book = self._build(user=approver)
        self.assertEqual(by_label(book["Cash forecast"])[0], [])
        rows, _totals = by_label(book["Lockup"])
        self.assertEqual(list(rows[3]), ["As of", "WIP Days", "Debtor Days", "Lockup Days", "DSO"])
        self.assertAlmostEqual(rows[3]["WIP Days"], 182.5)
        [row], _totals = by_label(book["Order cycle"])
        self.assertNotIn("Amount", row)
        [row], _totals = by_label(book["Forecast against budget"])
        self.assertFalse({"Budget cost", "Cost"} & set(row))
        book = self._build(user=self.user_consultant)
        for name in ("Cash forecast", "Expected payments", "Invoice turnaround", "Lockup", "Order cycle"):
            if name in book.sheetnames:
                self.assertEqual(by_label(book[name])[0], [], name)
