from freezegun import freeze_time

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from .common import TimetrackCommon

TODAY = "2026-11-26"


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestBudgetAlert(TimetrackCommon):
    """Project managers learn of a budget in time: once for each threshold, and again after a revision."""

    def setUp(self):
        super().setUp()
        # budgets of other projects are told of now
        self.env["timetrack.budget"].search([])._alert()
        self.project.allocated_hours = 10
        self.budget = self.project.timetrack_budget_ids
        self.mails = self.env["mail.mail"].search([])

    def _log(self, hours, **values):
        return self._entry(date="2026-01-05", unit_amount=hours, **values)

    def _alert(self):
        """Look at all budgets; return what was told: subjects of the new mails."""
        self.env.flush_all()
        self.env.invalidate_all()
        self.env["timetrack.budget"].search([])._alert()
        new = self.env["mail.mail"].search([]) - self.mails
        self.mails |= new
        return new.sorted("id").mapped("subject")

    def _activities(self):
        return self.budget.activity_ids.sorted("id").mapped("summary")

    def test_each_threshold_once(self):
        self._log(4)
        self.assertEqual(self._alert(), [])
        self._log(1)
        self.assertEqual(self._alert(), ["Merger: 50 % of the budget are used"])
        self.assertEqual(self._alert(), [])
        entry = self._log(6)
        self.assertEqual(self._alert(), ["Merger: 110 % of the budget are used"], "80 and 100 at once are one mail")
        entry.unlink()
        self._log(6)
        self.assertEqual(self._alert(), [], "what was told is not told again")
        self.assertEqual(
            self._activities(), ["Merger: 50 % of the budget are used", "Merger: 110 % of the budget are used"]
        )
        self.assertEqual(self.budget.activity_ids.user_id, self.project_manager)
        self.assertEqual(sorted(self.budget.alert_ids.mapped("threshold")), [50, 80, 100])

    def test_the_scheduled_action_runs_to_its_end(self):
        self._log(10)
        with self.enter_registry_test_mode():
            self.env.ref("client_timetrack.ir_cron_budget_alert").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(len(self.budget.alert_ids), 3)

    def test_the_cost_may_be_what_is_used_up(self):
        """The consultant costs 50 an hour: 3 of 10 hours are 150 of 180; without hours the cost is all there is."""
        self.budget.cost = 180
        self._log(3)
        self.assertEqual(self._alert(), ["Merger: 83 % of the budget are used"])
        self.budget.hours = 0
        self._log(1)
        self.assertEqual(self._alert(), ["Merger: 111 % of the budget are used"])
        self.budget.cost = 0
        self._log(9)
        self.assertEqual(self._alert(), [], "nothing is agreed")

    def test_a_cost_that_is_exceeded_is_told_before_hours_that_will_be(self):
        """4 hours of 100 are 200 of 150; a plan of 97 more would exceed the hours."""
        self.project.allocated_hours = 100
        self.budget.cost = 150
        self._log(4)
        self.env["timetrack.plan"].create(
            {"employee_id": self.employee.id, "project_id": self.project.id, "week": "2026-12-07", "hours": 97}
        )
        self.assertEqual(self._alert(), ["Merger: 133 % of the budget are used"])
        self.assertEqual(self._alert(), [])
        self.budget.cost = 0
        self.assertEqual(self._alert(), ["Merger: with what is planned ahead the budget is exceeded"])

    def test_a_revision_tells_again(self):
        self._log(9)
        self.assertEqual(self._alert(), ["Merger: 90 % of the budget are used"])
        self.project.allocated_hours = 15
        self.assertEqual(self._alert(), ["Merger: 60 % of the budget are used"])
        self.project.allocated_hours = 100
        self.assertEqual(self._alert(), [])

    def test_the_company_says_when(self):
        self.company.timetrack_budget_thresholds = "33"
        self._log(4)
        self.assertEqual(self._alert(), ["Merger: 40 % of the budget are used"])
        self._log(5)
        self.assertEqual(self._alert(), [])

    def test_a_budget_says_otherwise(self):
        self.budget.thresholds = "90; 95"
        self._log(8)
        self.assertEqual(self._alert(), [])
        self._log(1)
        self.assertEqual(self._alert(), ["Merger: 90 % of the budget are used"])

    def test_what_is_no_percentage(self):
        for record, name in ((self.budget, "thresholds"), (self.company, "timetrack_budget_thresholds")):
            with self.assertRaisesRegex(ValidationError, "“eighty” is no percentage"), self.env.cr.savepoint():
                record[name] = "50, eighty"

    def test_before_it_is_too_late(self):
        """8 hours are used and 2 go each week: after 13 weeks more they are above 30."""
        self.project.write({"date_start": "2026-01-01", "date": "2027-02-28", "allocated_hours": 100})
        self._entry(date="2026-11-20", unit_amount=8)
        self.assertEqual(self._alert(), [])
        self.project.allocated_hours = 30
        self.assertEqual(self._alert(), ["Merger: at this pace the budget is exceeded before it ends on 2027-02-28"])
        self.assertEqual(self._alert(), [])

    def test_one_mail_for_all_budgets_of_a_manager(self):
        other = self.project.copy({"name": "Other", "allocated_hours": 1})
        self._log(10)
        self._log(2, project_id=other.id, task_id=False)
        self.assertEqual(self._alert(), ["2 budgets need a look"])

    def test_nobody_is_told_of_the_past(self):
        self._log(10)
        self.budget.unlink()
        self.env["timetrack.budget"]._create_missing()
        self.assertEqual(self._alert(), [])
        self.assertEqual(len(self.project.timetrack_budget_ids.alert_ids), 3)

    def test_without_a_manager_it_is_kept_only(self):
        self.project.user_id = False
        self._log(10)
        self.assertEqual(self._alert(), [])
        self.assertEqual(len(self.budget.alert_ids), 3)

    def test_alerts_are_nobodys_to_write(self):
        self._log(10)
        self._alert()
        for change in (lambda alerts: alerts.unlink(), lambda alerts: alerts.write({"threshold": 1})):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                change(self.budget.alert_ids.with_user(self.administrator))

    def test_queries_do_not_grow_with_the_budgets(self):
        projects = self.env["project.project"].create(
            [
                {
                    "name": str(number),
                    "allocated_hours": 5,
                    "allow_timesheets": True,
                    "user_id": self.project_manager.id,
                }
                for number in range(40)
            ]
        )
        budgets = projects.timetrack_budget_ids
        counts = []
        for batch in (budgets[:10], budgets[10:]):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            batch._alert()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0])
