from psycopg2 import IntegrityError

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import html2plaintext, mute_logger

from .common import TimetrackCommon


@tagged("post_install", "-at_install")
class TestBudget(TimetrackCommon):
    """Budget in hours and cost against what was logged."""

    def test_allocated_hours_are_the_first_budget(self):
        self.assertFalse(self.project.timetrack_budget_ids)
        self.project.allocated_hours = 10
        budget = self.project.timetrack_budget_ids
        self.assertEqual(budget.hours, 10)
        budget.hours = 20
        self.assertEqual(self.project.allocated_hours, 20, "the same number is never asked for twice")

    def test_consumed_and_remaining(self):
        self.project.allocated_hours = 10
        budget = self.project.timetrack_budget_ids
        budget.cost = 1000
        self._entry(unit_amount=2)
        self._approved(unit_amount=3, employee_id=self.employee.id)
        self._entry(unit_amount=100, project_id=self.internal_project.id, task_id=False)
        self.env.invalidate_all()
        # hand-made: 2 h + 3 h of the consultant at 50 an hour
        self.assertEqual(
            (budget.consumed_hours, budget.approved_hours, budget.remaining_hours, budget.hours_percent),
            (5, 3, 5, 50),
        )
        self.assertEqual((budget.consumed_cost, budget.remaining_cost, budget.cost_percent), (250, 750, 25))
        self.assertEqual(self.project.timetrack_budget_percent, 50)
        self.assertEqual(self.project.timetrack_budget_remaining, 5)

    def test_over_budget_is_not_capped(self):
        self.project.allocated_hours = 1
        self._entry(unit_amount=3)
        self.assertEqual(self.project.timetrack_budget_ids.hours_percent, 300)
        self.assertEqual(self.project.timetrack_budget_ids.remaining_hours, -2)

    def test_cost_is_for_those_who_may_see_it(self):
        self.project.allocated_hours = 10
        budget = self.project.timetrack_budget_ids
        for user in (self.consultant, self.lead, self.project_manager):
            for name in ("cost", "consumed_cost", "remaining_cost", "cost_percent"):
                with self.subTest(user=user.login, field=name), self.assertRaises(AccessError):
                    budget.with_user(user).read([name])
            with self.assertRaises(AccessError):
                budget.with_user(user).formatted_read_group([], ["project_id"], ["cost:sum"])
            self.assertEqual(budget.with_user(user).hours, 10)
        self.assertEqual(budget.with_user(self.administrator).read(["cost"])[0]["cost"], 0)

    @mute_logger("odoo.sql_db")
    def test_one_budget_a_project(self):
        self.project.allocated_hours = 10
        with self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self.env["timetrack.budget"].create({"project_id": self.project.id})

    def test_existing_projects_get_theirs_at_installation(self):
        self.project.allocated_hours = 10
        self.project.timetrack_budget_ids.unlink()
        self.env["timetrack.budget"]._create_missing()
        self.env["timetrack.budget"]._create_missing()
        self.assertEqual(len(self.project.timetrack_budget_ids), 1)

    def test_a_project_update_says_what_the_budget_says(self):
        def describe(user):
            description = self.env["project.update"].with_user(user)._build_description(self.project.with_user(user))
            return " ".join(html2plaintext(description).split())

        self.assertNotIn("Budget", describe(self.project_manager))
        self.project.allocated_hours = 10
        self._entry(unit_amount=7)
        self.assertIn("7.00 Hours of 10.00 Hours used (70 %), 3.00 Hours left", describe(self.project_manager))
        self.company.timesheet_encode_uom_id = self.env.ref("uom.product_uom_day")
        self.assertIn("0.88 Days of 1.25 Days used (70 %)", describe(self.project_manager))

    def test_button_opens_the_budget(self):
        self.project.allocated_hours = 10
        action = self.project.with_user(self.consultant).action_timetrack_budget()
        self.assertEqual(action["res_id"], self.project.timetrack_budget_ids.id)

    def test_a_hundred_budgets_take_one_query_more_than_ten(self):
        projects = self.env["project.project"].create(
            [{"name": str(number), "allocated_hours": 5, "allow_timesheets": True} for number in range(60)]
        )
        budgets = projects.timetrack_budget_ids
        counts = []
        for batch in (budgets[:10], budgets[10:60]):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            batch.mapped("hours_percent")
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])

    def test_the_bars_of_many_projects_take_as_many_queries_as_those_of_few(self):
        projects = self.env["project.project"].create(
            [{"name": str(number), "allocated_hours": 5, "allow_timesheets": True} for number in range(60)]
        )
        counts = []
        for some in (projects[:1], projects[1:10], projects[10:60]):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some.with_user(self.consultant).read(["timetrack_budget_percent", "timetrack_budget_remaining"])
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])
