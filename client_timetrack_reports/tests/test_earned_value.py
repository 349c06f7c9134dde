from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import ReportsCommon

# A Friday: 25 of 50 hours are logged on the project, in the four weeks before.
TODAY = "2025-03-21"
MONDAY = date(2025, 3, 17)


@tagged("post_install", "-at_install")
class TestEarnedValue(ReportsCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Earned = cls.env["timetrack.earned.value"]
        cls.env.user.group_ids += cls.env.ref("client_timetrack.group_cost_viewer")
        cls.env.user.group_ids += cls.env.ref("project.group_project_manager")
        cls.env.user.group_ids += cls.env.ref("project.group_project_milestone")
        cls.project.write({"date_start": "2025-03-02", "date": "2025-04-10", "user_id": cls.env.uid})

    def _refresh(self, day=TODAY):
        with freeze_time(day):
            self.Earned._refresh(self.company)
        return self._now()

    def _now(self, project=None):
        project = project or self.project
        return self.Earned.search([("project_id", "=", project.id), ("is_latest", "=", True)])

    def _update(self, progress, day):
        self.env["project.update"].create(
            {"name": "Status", "project_id": self.project.id, "status": "on_track", "progress": progress, "date": day}
        )

    def test_hours_and_cost(self):
        """40 % of 50 hours are earned with 25 (CPI 0.8), a half of the schedule has passed; 1,250 of 3,000 spent."""
        self._update(40, "2025-03-20")
        row = self._refresh()
        self.assertEqual((row.week, row.progress, row.progress_by), (MONDAY, 0.4, "manual"))
        self.assertEqual((row.bac_hours, row.ac_hours, row.pv_hours, row.ev_hours), (50, 25, 25, 20))
        self.assertEqual((row.cpi, row.spi), (0.8, 0.8))
        self.assertEqual((row.eac_hours, row.etc_hours, row.vac_hours), (62.5, 37.5, -12.5))
        self.assertEqual((row.eac_one_off_hours, row.tcpi), (55, 1.2))
        self.assertTrue(row.is_attainable)
        self.assertEqual((row.bac_cost, row.ac_cost, row.ev_cost), (3000, 1250, 1200))
        self.assertEqual(row.cost_cpi, 0.96)
        self.assertAlmostEqual(row.eac_cost, 3125)
        # 25 hours in four weeks: the other 25 last four more
        self.assertEqual((row.burn_hours, row.exhaustion_date), (6.25, date(2025, 4, 18)))
        self.assertEqual((row.client_id, row.user_id), (self.client_partner, self.env.user))

    def test_hours_of_a_project_with_a_budget_of_cost_alone(self):
        self.project.allocated_hours = 0
        row = self._refresh()
        self.assertEqual((row.bac_hours, row.ac_hours, row.burn_hours), (0, 25, 6.25))
        self.assertEqual((row.bac_cost, row.ac_cost), (3000, 1250))

    def test_completion_is_judged_and_never_worked_out(self):
        row = self._refresh()
        self.assertEqual((row.progress_by, row.ev_hours, row.eac_hours), (False, 0, 0))
        self.assertEqual((row.ac_hours, row.burn_hours), (25, 6.25))

    def test_completion_by_what_there_is(self):
        """Accepted deliverables, else milestones, else updates; or what the project says."""
        self._update(90, "2025-03-10")
        self.assertEqual(self._refresh().progress_by, "manual")
        Milestone = self.env["project.milestone"]
        with freeze_time("2025-03-15"):
            Milestone.create({"name": "First", "project_id": self.project.id, "is_reached": True})
        Milestone.create([{"name": name, "project_id": self.project.id} for name in ("Second", "Third", "Fourth")])
        row = self._refresh()
        self.assertEqual((row.progress_by, row.progress), ("milestones", 0.25))
        Deliverable = self.env["timetrack.deliverable"]
        whole = Deliverable.create({"name": "Study", "project_id": self.project.id, "planned_hours": 40.0})
        Deliverable.create(
            [
                {"name": "Draft", "parent_id": whole.id, "project_id": self.project.id, "planned_hours": 30.0,
                 "date_accepted": "2025-03-14"},
                {"name": "Final", "parent_id": whole.id, "project_id": self.project.id, "planned_hours": 10.0,
                 "date_accepted": "2025-04-01"},
                {"name": "Gift", "project_id": self.project.id, "date_accepted": "2025-03-14"},
            ]
        )  # fmt: skip
        row = self._refresh()
        self.assertEqual((row.progress_by, row.progress), ("deliverables", 0.75))
        self.project.timetrack_progress_by = "milestones"
        self.assertEqual(self._refresh().progress, 0.25)
        self.project.timetrack_progress_by = "manual"
        self.assertEqual(self._refresh().progress, 0.9)

    def test_weeks_stay_and_show_how_good_they_were(self):
        """40 % at first, when the EAC was 62.5; in the end it took 31."""
        self._update(40, "2025-03-20")
        first = self._refresh()
        self._create_entry(self.ada, "2025-03-25", self.project, 6.0)
        self._update(100, "2025-03-26")
        now = self._refresh("2025-03-27")
        self.assertEqual((now.week, now.ac_hours, now.progress), (date(2025, 3, 24), 31, 1.0))
        self.assertFalse(first.is_latest)
        self.assertEqual((first.ac_hours, first.eac_hours, first.final_hours), (25, 62.5, 31))
        self.assertAlmostEqual(first.forecast_error, 31.5 / 31, 4)
        # once more in the same week, the row is worked out anew
        self._create_entry(self.ada, "2025-03-26", self.project, 1.0)
        self.assertEqual(self._refresh("2025-03-28"), now)
        self.assertEqual(now.ac_hours, 32)

    def test_the_first_run_looks_back(self):
        self._update(40, "2025-03-14")
        self._refresh()
        rows = self.Earned.search([("project_id", "=", self.project.id)])
        by_week = {row.week: (row.ac_hours, row.progress) for row in rows}
        self.assertEqual(by_week[date(2025, 3, 3)], (18, 0))
        self.assertEqual(by_week[date(2025, 3, 10)], (25, 0.4))
        self.assertEqual(len(rows), 27)

    def test_portfolio(self):
        """Ratios are sums over sums, of those whose completion is known: (20 + 5) / (25 + 4)."""
        other = self.project.copy({"name": "Other", "allocated_hours": 10.0, "partner_id": self.client_partner.id})
        unknown = self.project.copy({"name": "Unknown", "allocated_hours": 30.0})
        self._create_entry(self.ada, "2025-03-06", other, 4.0)
        self._create_entry(self.ada, "2025-03-07", unknown, 9.0)
        self._update(40, "2025-03-20")
        self.env["project.update"].create(
            {"name": "Half", "project_id": other.id, "status": "on_track", "progress": 50, "date": "2025-03-20"}
        )
        self._refresh()
        domain = [("company_id", "=", self.company.id), ("is_latest", "=", True)]
        [(bac, ac, ev, cpi, completion)] = self.Earned._read_group(
            domain, [], ["bac_hours:sum", "ac_hours:sum", "ev_hours:sum", "cpi:avg", "completion:avg"]
        )
        self.assertEqual((bac, ac, ev), (90, 38, 25))
        self.assertAlmostEqual(cpi, 25 / 29)
        self.assertAlmostEqual(completion, 25 / 60)

    def test_without_a_budget_there_is_no_row(self):
        self._refresh()
        self.assertFalse(self.Earned.search([("project_id", "=", self.internal.id)]))
        self.project.allocated_hours = 0.0
        self.budget.sudo().cost = 0.0
        self.assertFalse(self._refresh("2025-03-22"))

    def test_queries_are_bounded(self):
        def count(number):
            for place in range(number):
                project = self.project.copy({"name": f"P{place}", "allocated_hours": 10.0})
                self._create_entry(self.ada, "2025-03-06", project, 1.0)
            self._refresh()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._refresh()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        self.assertLessEqual(count(20), count(3) + 25)

    def test_roles(self):
        self._update(40, "2025-03-20")
        row = self._refresh()
        with self.assertRaises(AccessError):
            self.Earned.with_user(self.ada.user_id).search([])
        manager = new_test_user(
            self.env, "tt_earned", "hr_timesheet.group_hr_timesheet_approver", company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )  # fmt: skip
        own = row.with_user(manager).with_context(allowed_company_ids=self.company.ids)
        self.assertEqual(own.eac_hours, 62.5)
        with self.assertRaises(AccessError):
            own.read(["eac_cost"])
        with self.assertRaises(AccessError):
            own.write({"progress": 1.0})
        self.project.privacy_visibility = "followers"
        env = self.env(user=manager, context={"allowed_company_ids": self.company.ids})
        self.assertFalse(env["timetrack.earned.value"].search([("project_id", "=", self.project.id)]))
        self.project.message_subscribe(manager.partner_id.ids)
        self.assertTrue(env["timetrack.earned.value"].search([("project_id", "=", self.project.id)]))
