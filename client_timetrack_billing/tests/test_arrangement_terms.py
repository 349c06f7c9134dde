from datetime import date

from odoo.tests import tagged

from .test_arrangement import ArrangementCommon


@tagged("-at_install", "post_install")
class TestArrangementTerms(ArrangementCommon):
    """Each term of an arrangement changes what is billed, by itself."""

    def _bill(self, *hours, day="2026-05-04", until="2026-05-31", **values):
        """What a pre-bill makes of new time: its amount and the actions of its lines; it is given up again."""
        entries = self._log_approved(*hours, date=day, **values) if hours else self.env["account.analytic.line"]
        before = self.env["timetrack.prebill"].search([])
        self._wizard(date_to=until).action_propose()
        prebills = self.env["timetrack.prebill"].search([]) - before
        result = sum(prebills.mapped("amount")), {row.action for row in prebills.line_ids}
        prebills.with_user(self.user_billing).action_cancel()
        entries.action_timetrack_reopen("Once more")
        entries.unlink()
        return result

    def _cap(self, **values):
        return self._agree("cap", **{"cap_amount": 150, **values})

    def _plan(self, **values):
        return self._agree("hours", **{"amount": 300, "hours": 2, "date_from": "2026-05-01", **values})

    def test_kind(self):
        fee = self._agree("fixed", [{"amount": 400, "date": "2026-05-31"}], cap_amount=150)
        self.assertEqual(self._bill(2.0), (400, {"included"}))
        fee.kind = "cap"
        self.assertEqual(self._bill(2.0), (150, {"bill", "hold"}))

    def test_active(self):
        fee = self._cap()
        self.assertEqual(self._bill(2.0), (150, {"bill", "hold"}))
        fee.active = False
        self.assertEqual(self._bill(2.0), (200, {"bill"}))

    def test_task_ids(self):
        fee = self._cap()
        fee.task_ids = self.design
        self.assertEqual(self._bill(2.0, task_id=self.build.id), (200, {"bill"}))
        self.assertEqual(self._bill(2.0, task_id=self.design.id), (150, {"bill", "hold"}))

    def test_deliverable_ids(self):
        fee = self._cap()
        report, plan = self.env["timetrack.deliverable"].create(
            [{"name": name, "project_id": self.project.id} for name in ("Report", "Plan")]
        )
        fee.deliverable_ids = report
        self.assertEqual(self._bill(2.0, timetrack_deliverable_id=plan.id), (200, {"bill"}))
        self.assertEqual(self._bill(2.0, timetrack_deliverable_id=report.id), (150, {"bill", "hold"}))

    def test_service_ids(self):
        fee = self._cap()
        fee.service_ids = self.activity
        self.assertEqual(self._bill(2.0), (200, {"bill"}))
        self.assertEqual(self._bill(2.0, timetrack_activity_id=self.activity.id), (150, {"bill", "hold"}))

    def test_date_from(self):
        fee = self._cap()
        self.assertEqual(self._bill(2.0), (150, {"bill", "hold"}))
        fee.date_from = "2026-05-05"
        self.assertEqual(self._bill(2.0), (200, {"bill"}))

    def test_date_to(self):
        fee = self._cap()
        self.assertEqual(self._bill(2.0), (150, {"bill", "hold"}))
        fee.date_to = "2026-05-03"
        self.assertEqual(self._bill(2.0), (200, {"bill"}))

    def test_amount(self):
        plan = self._plan()
        self.assertEqual(self._bill(1.0)[0], 300)
        plan.amount = 500
        self.assertEqual(self._bill(1.0)[0], 500)

    def test_planned_hours(self):
        fee = self._agree("fixed")
        self._log_approved(5.0)
        self.assertEqual(fee.percent, 25)
        fee.planned_hours = 10
        self.assertEqual(fee.percent, 50)

    def test_hours(self):
        plan = self._plan()
        self.assertEqual(self._bill(3.0), (400, {"included", "bill"}))
        plan.hours = 3
        self.assertEqual(self._bill(3.0), (300, {"included"}))

    def test_period(self):
        plan = self._plan(is_in_advance=False)
        self.assertEqual(self._bill(2.0, day="2026-06-04", until="2026-06-30"), (300, {"included"}))
        plan.period = "month"
        self.assertEqual(self._bill(2.0, day="2026-06-04", until="2026-06-30"), (600, {"included"}))

    def test_rollover(self):
        plan = self._plan(period="month")
        self.assertEqual(self._bill(4.0, day="2026-06-04", until="2026-06-04")[1], {"included", "bill"})
        plan.rollover = 1
        self.assertEqual(self._bill(4.0, day="2026-06-04", until="2026-06-04")[1], {"included"})

    def test_is_in_advance(self):
        plan = self._plan(period="month")
        self.assertEqual(self._bill(1.0, until="2026-05-31")[0], 600)
        plan.is_in_advance = False
        self.assertEqual(self._bill(1.0, until="2026-05-31")[0], 300)

    def test_cap_amount(self):
        fee = self._cap()
        self.assertEqual(self._bill(2.0)[0], 150)
        fee.cap_amount = 175
        self.assertEqual(self._bill(2.0)[0], 175)

    def test_cap_hours(self):
        fee = self._cap()
        self.assertEqual(self._bill(2.0)[0], 150)
        fee.cap_hours = 1
        self.assertEqual(self._bill(2.0)[0], 100)

    def test_excess(self):
        fee = self._cap()
        self.assertEqual(self._bill(1.0, 2.0)[1], {"bill", "hold"})
        fee.excess = "write_down"
        self.assertEqual(self._bill(1.0, 1.0), (150, {"bill"}))

    def test_warn_percent(self):
        self.engagement.responsible_id = self.user_billing_manager
        fee = self._cap(warn_percent=90)
        self._log_approved(1.25)
        fee.sudo()._cron_warn()
        self.assertFalse(fee.activity_ids)
        fee.warn_percent = 80
        fee.sudo()._cron_warn()
        self.assertEqual(fee.warned_period, date(1900, 1, 1))
        self.assertTrue(fee.activity_ids)
