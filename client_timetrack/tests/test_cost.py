from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Date
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .common import TimetrackCommon


@tagged("-at_install", "post_install")
@freeze_time("2026-07-10")
class TestCost(TimetrackCommon):
    """What an hour of somebody costs, on which day."""

    def _log(self, day, hours=1.0, **values):
        return self.env["account.analytic.line"].create(
            {
                "name": "Work",
                "project_id": self.project.id,
                "employee_id": self.employee.id,
                "date": day,
                "unit_amount": hours,
                **values,
            }
        )

    def _history(self, employee=None):
        costs = (employee or self.employee).timetrack_cost_ids
        return sorted((str(cost.date_from or ""), cost.hourly_cost) for cost in costs)

    def test_one_cost_needs_no_history(self):
        self.assertEqual(self._history(), [])
        self.assertEqual(self._log("2020-01-01", 2).amount, -100)

    def test_a_raise_leaves_earlier_time_alone(self):
        before = self._log("2026-06-30")
        with freeze_time("2026-07-01"):
            self.employee.hourly_cost = 60
        self.assertEqual(self._history(), [("", 50), ("2026-07-01", 60)])
        self.assertEqual(before.amount, -50)
        before.unit_amount = 2
        self.assertEqual(before.amount, -100, "late changes of June are at June's cost")
        self.assertEqual(self._log("2026-06-15").amount, -50)
        self.assertEqual(self._log("2026-07-01").amount, -60)
        self.assertEqual(self._log("2026-07-09", 0.5).amount, -30)

    def test_time_that_moves_to_another_day_has_its_cost(self):
        with freeze_time("2026-07-01"):
            self.employee.hourly_cost = 60
        entry = self._log("2026-06-30")
        entry.date = "2026-07-02"
        self.assertEqual(entry.amount, -60)
        entry.write({"date": "2026-06-29", "unit_amount": 3})
        self.assertEqual(entry.amount, -150)

    def test_a_slip_is_corrected_on_the_same_day(self):
        self.employee.hourly_cost = 600
        self.employee.hourly_cost = 60
        self.assertEqual(self._history(), [("", 50), ("2026-07-10", 60)])

    def test_a_first_cost_is_that_of_all_time(self):
        """Somebody without a cost gets one: earlier time has it, as in Odoo."""
        self.assertFalse(self.employee_colleague.hourly_cost)
        self.employee_colleague.hourly_cost = 40
        self.assertEqual(self._history(self.employee_colleague), [])
        self.assertEqual(self._log("2026-01-05", employee_id=self.employee_colleague.id).amount, -40)

    def test_a_cost_that_begins_later(self):
        self.env["timetrack.employee.cost"].create(
            [
                {"employee_id": self.employee.id, "hourly_cost": 50},
                {"employee_id": self.employee.id, "date_from": "2026-08-01", "hourly_cost": 70},
            ]
        )
        self.assertEqual(self.employee.hourly_cost, 50)
        self.assertEqual(self._log("2026-08-03").amount, -70)
        with freeze_time("2026-08-01"):
            self.env["timetrack.employee.cost"]._cron_begin()
            self.assertEqual(self.employee.hourly_cost, 70)
            self.assertEqual(self._history(), [("", 50), ("2026-08-01", 70)], "nothing is noted twice")

    def test_the_cost_of_the_employee_follows_the_history(self):
        self.employee.hourly_cost = 60
        last = self.employee.timetrack_cost_ids.filtered("date_from")
        first = self.employee.timetrack_cost_ids - last
        last.hourly_cost = 65
        self.assertEqual(self.employee.hourly_cost, 65)
        first.hourly_cost = 45
        self.assertEqual(self.employee.hourly_cost, 65)
        last.unlink()
        self.assertEqual(self.employee.hourly_cost, 45)
        self.assertEqual(self._history(), [("", 45)])

    def test_a_cost_that_goes_to_somebody_else(self):
        """Written over RPC: both have the cost that is theirs now."""
        self.employee.hourly_cost = 60
        last = self.employee.timetrack_cost_ids.filtered("date_from")
        last.employee_id = self.employee_colleague
        self.assertEqual((self.employee.hourly_cost, self.employee_colleague.hourly_cost), (50, 60))

    def test_time_before_the_first_cost_known(self):
        Cost = self.env["timetrack.employee.cost"]
        Cost.create({"employee_id": self.employee.id, "date_from": "2026-03-01", "hourly_cost": 55})
        self.assertEqual(self._history(), [("", 50), ("2026-03-01", 55)], "what it was until now")
        self.assertEqual(self._log("2026-01-05").amount, -50)
        Cost.create({"employee_id": self.employee_colleague.id, "date_from": "2026-03-01", "hourly_cost": 30})
        self.assertEqual(self._log("2026-01-05", employee_id=self.employee_colleague.id).amount, -30)

    def test_apply_to_time(self):
        """Between its day and the next change, approved time too; what was set right already stays."""
        entries = self._log("2026-02-28") | self._log("2026-03-01") | self._log("2026-06-30") | self._log("2026-07-01")
        entries.action_timetrack_submit()
        entries.with_user(self.lead).action_timetrack_approve()
        Cost = self.env["timetrack.employee.cost"]
        costs = Cost.create(
            [
                {"employee_id": self.employee.id, "date_from": day, "hourly_cost": cost}
                for day, cost in ((False, 50), ("2026-03-01", 55), ("2026-07-01", 60))
            ]
        )
        self.assertEqual(entries.mapped("amount"), [-50] * 4)
        costs[1].action_apply()
        self.assertEqual(entries.mapped("amount"), [-50, -55, -55, -50])
        costs.action_apply()
        self.assertEqual(entries.mapped("amount"), [-50, -55, -55, -60])
        self.assertEqual(set(entries.mapped("timetrack_state")), {"approved"})

    def test_bad_input(self):
        cost = self.env["timetrack.employee.cost"].create(
            {"employee_id": self.employee.id, "date_from": "2026-03-01", "hourly_cost": 55}
        )
        with self.assertRaises(ValidationError):
            cost.hourly_cost = -1
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"), self.cr.savepoint():
            cost.copy()

    def test_costs_are_for_who_sees_them_in_odoo(self):
        cost = self.env["timetrack.employee.cost"].create({"employee_id": self.employee.id, "hourly_cost": 55})
        for user in (self.consultant, self.lead, self.project_manager):
            with self.assertRaises(AccessError):
                cost.with_user(user).read(["hourly_cost"])
            with self.assertRaises(AccessError):
                self.employee.with_user(user).read(["timetrack_cost_ids"])
            with self.assertRaises(AccessError):
                cost.with_user(user).action_apply()
        # administrators of timesheets are officers of employees in Odoo
        self.assertEqual(cost.with_user(self.administrator).hourly_cost, 55)
        officer = self._new_user("tt_officer", "hr.group_hr_user")
        cost.with_user(officer).hourly_cost = 58
        self.assertEqual(self.employee.hourly_cost, 58)
        self.employee.with_user(officer).hourly_cost = 59
        self.assertEqual(self._history(), [("", 58), ("2026-07-10", 59)])

    def test_no_query_for_each_entry(self):
        self.employee.hourly_cost = 60
        values = {"name": "Work", "project_id": self.project.id, "employee_id": self.employee.id, "unit_amount": 1.0}
        Line = self.env["account.analytic.line"]
        Line.create([{**values, "date": Date.to_date("2026-07-01")}])

        def count(number):
            self.env.flush_all()
            self.env.invalidate_all()
            start = self.env.cr.sql_log_count
            Line.create([{**values, "date": Date.to_date("2026-07-01")} for _ in range(number)])
            self.env.flush_all()
            return self.env.cr.sql_log_count - start

        self.assertLessEqual(count(40), count(4) + 5)
