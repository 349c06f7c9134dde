from datetime import date

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import TimetrackCommon

# A Thursday.
TODAY = date(2026, 11, 26)
THIS, NEXT, LATER = date(2026, 11, 23), date(2026, 11, 30), date(2026, 12, 7)


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestPlan(TimetrackCommon):
    """Planned hours by employee, project and week: in budgets, and beside the time that was logged."""

    def _plan(self, hours, week=NEXT, **values):
        return self.env["timetrack.plan"].create(
            {
                "employee_id": self.employee.id,
                "project_id": self.project.id,
                "week": week,
                "hours": hours,
                **values,
            }
        )

    def test_any_day_stands_for_its_week(self):
        plan = self._plan(8, week=date(2026, 12, 6))
        self.assertEqual(plan.week, NEXT)
        plan.week = "2026-12-09"
        self.assertEqual(plan.week, LATER)

    @mute_logger("odoo.sql_db")
    def test_what_makes_no_sense_is_refused(self):
        self._plan(8)
        for values in ({}, {"week": LATER, "hours": -1}, {"week": LATER, "hours": 169}):
            with self.assertRaises(IntegrityError), self.env.cr.savepoint():
                self._plan(**{"hours": 8, **values})

    def test_copy_forward(self):
        """A week is copied; what is planned already stays; what is empty is left out."""
        plans = self._plan(8, note="Workshop") | self._plan(4, employee_id=self.employee_colleague.id)
        self._plan(1, week=LATER, employee_id=self.employee_colleague.id)
        action = (plans | self._plan(0, project_id=self.internal_project.id)).action_copy_forward()
        new = self.env["timetrack.plan"].search(action["domain"])
        self.assertEqual(
            [(plan.employee_id, plan.week, plan.hours, plan.note) for plan in new],
            [
                (self.employee, LATER, 8, "Workshop"),
            ],
        )
        with self.assertRaisesRegex(UserError, "nothing was copied"):
            plans.action_copy_forward()

    def test_copying_a_hundred_plans_takes_as_many_queries_as_ten(self):
        employees = self.env["hr.employee"].create([{"name": f"Person {number}"} for number in range(100)])
        plans = self.env["timetrack.plan"].create(
            [{"employee_id": one.id, "project_id": self.project.id, "week": THIS, "hours": 1} for one in employees]
        )

        def cost(some):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some.action_copy_forward()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        cost(plans[:1])
        self.assertLessEqual(cost(plans[11:]), cost(plans[1:11]) + 2)

    # ------------------------------------------------------------------
    # Budgets
    # ------------------------------------------------------------------

    def test_budgets_see_what_is_planned(self):
        """Powers of two tell which plans were counted; of this week, what is not logged yet."""
        job = self.env["hr.job"].create({"name": "Senior"})
        self.employee_colleague.job_id = job
        second = self.project.copy({"name": "Second", "allocated_hours": 0})
        self.project.allocated_hours = 1000
        Budget = self.env["timetrack.budget"]
        budgets = {
            "project": self.project.timetrack_budget_ids,
            "client": Budget.create({"scope": "client", "client_id": self.client_company.id, "hours": 1}),
            "employee": Budget.create(
                {"scope": "employee", "project_id": self.project.id, "employee_id": self.employee.id, "hours": 1}
            ),
            "job": Budget.create({"scope": "job", "project_id": self.project.id, "job_id": job.id, "hours": 1}),
            "month": Budget.create(
                {
                    "scope": "client",
                    "client_id": self.client_company.id,
                    "hours": 1,
                    "every": "month",
                    "date_from": "2026-11-01",
                }
            ),
        }
        self._plan(64, week=date(2026, 11, 16))
        self._plan(3, week=THIS)
        self._entry(unit_amount=2, date=THIS)
        self._plan(2, week=NEXT)
        self._plan(4, week=LATER, employee_id=self.employee_colleague.id)
        self._plan(8, week=LATER, project_id=second.id)
        self._plan(16, week=LATER, project_id=self.internal_project.id)
        planned = {name: budget.planned_hours for name, budget in budgets.items()}
        self.assertEqual(planned, {"project": 7, "client": 15, "employee": 3, "job": 4, "month": 3})

    def test_the_plan_is_part_of_the_forecast(self):
        self.project.write({"allocated_hours": 100, "date_start": "2026-01-01", "date": "2026-12-31"})
        budget = self.project.timetrack_budget_ids
        self._entry(unit_amount=20, date="2026-01-05")
        self.assertEqual((budget.forecast_hours, budget.outlook), (20, "fine"))
        plan = self._plan(90)
        self.assertEqual((budget.forecast_hours, budget.outlook), (110, "risk"))
        plan.hours = 80
        self.assertEqual((budget.forecast_hours, budget.outlook), (100, "fine"))
        plan.unlink()
        self.assertEqual(budget.forecast_hours, 20)

    def test_the_manager_learns_that_too_much_is_planned(self):
        """Without a last day too: a plan says enough."""
        self.env["timetrack.budget"].search([])._alert(silently=True)
        self.project.allocated_hours = 10
        self._plan(11)
        budget = self.project.timetrack_budget_ids
        self.assertEqual((budget.last_day, budget.outlook), (False, "risk"))
        budget._alert()
        self.assertEqual(
            budget.activity_ids.mapped("summary"), ["Merger: with what is planned ahead the budget is exceeded"]
        )

    # ------------------------------------------------------------------
    # Planned and actual
    # ------------------------------------------------------------------

    def test_planned_beside_actual(self):
        """Entries of three days of one week, a week without a plan, and a plan without time."""
        for day, hours in ((THIS, 3), (TODAY, 4), (date(2026, 11, 29), 2), (date(2026, 11, 22), 1)):
            self._entry(unit_amount=hours, date=day)
        self._plan(8, week=THIS)
        self._plan(5)
        rows = self.env["timetrack.plan.report"].search_read(
            [("project_id", "=", self.project.id)], ["week", "planned_hours", "actual_hours", "variance"], order="week"
        )
        self.assertEqual(
            [tuple(row.values())[1:] for row in rows],
            [(date(2026, 11, 16), 0, 1, 1), (THIS, 8, 9, 1), (NEXT, 5, 0, -5)],
        )
        [(planned, actual, rate)] = self.env["timetrack.plan.report"]._read_group(
            [("project_id", "=", self.project.id)], [], ["planned_hours:sum", "actual_hours:sum", "variance_rate:avg"]
        )
        self.assertEqual((planned, actual), (13, 10))
        self.assertAlmostEqual(rate, -3 / 13)
        [(rate,)] = self.env["timetrack.plan.report"]._read_group(
            [("project_id", "=", self.project.id), ("week", "<", THIS)], [], ["variance_rate:avg"]
        )
        self.assertFalse(rate, "nothing was planned: not 100 %")

    # ------------------------------------------------------------------
    # Rights
    # ------------------------------------------------------------------

    def test_who_plans_whom(self):
        plan = self._plan(8)
        self.assertEqual(plan.with_user(self.consultant).hours, 8)
        with self.assertRaises(AccessError):
            plan.with_user(self.colleague).read(["hours"])
        with self.assertRaises(AccessError):
            plan.with_user(self.consultant).hours = 9
        plan.with_user(self.lead).hours = 10
        plan.with_user(self.project_manager).hours = 11
        self.assertEqual(plan.with_user(self.other_lead).hours, 11)
        with self.assertRaises(AccessError):
            plan.with_user(self.other_lead).hours = 12

    def test_a_plan_tells_no_name_of_a_hidden_project(self):
        hidden = self.env["project.project"].create(
            {"name": "Takeover", "privacy_visibility": "followers", "allow_timesheets": True, "user_id": False}
        )
        foreign = self._plan(8, project_id=hidden.id)
        with self.assertRaises(AccessError):
            foreign.with_user(self.other_lead).read(["project_id"])
        own = self._plan(8)
        values = {"employee_id": self.employee.id, "project_id": hidden.id, "week": LATER, "hours": 1}
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            self.env["timetrack.plan"].with_user(self.lead).create(values)
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            own.with_user(self.lead).project_id = hidden

    def test_no_plan_is_moved_to_somebody_elses_people(self):
        own = self._plan(8)
        with self.assertRaises(AccessError):
            own.with_user(self.lead).write({"employee_id": self.employee_other_lead.id})
