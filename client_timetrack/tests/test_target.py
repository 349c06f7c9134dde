import doctest
from datetime import date, datetime

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..engine import target as engine
from .common import TimetrackCommon

# A Thursday.
TODAY = date(2026, 11, 26)
MONDAY, SUNDAY = date(2026, 11, 23), date(2026, 11, 29)


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestTarget(TimetrackCommon):
    """What people aim at, and how far they have come; hand-made figures of a week of 40 hours."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        calendar = cls.env["resource.calendar"].create(
            {
                "name": "Nine to five",
                "tz": "UTC",
                "attendance_ids": [
                    (0, 0, {"name": "Day", "dayofweek": str(day), "hour_from": 9, "hour_to": 17}) for day in range(5)
                ],
            }
        )
        cls.job = cls.env["hr.job"].create({"name": "Senior"})
        cls.firm = cls.env["hr.department"].create({"name": "Firm"})
        cls.legal = cls.env["hr.department"].create({"name": "Legal", "parent_id": cls.firm.id})
        people = cls.employee | cls.employee_colleague
        people.write({"resource_calendar_id": calendar.id, "tz": "UTC"})
        people.version_id.date_version = "2026-01-01"
        cls.employee.write({"job_id": cls.job.id, "department_id": cls.legal.id})

    def _target(self, utilization=0.0, weekly_hours=0.0, date_from="2026-01-01", **values):
        scope = {"employee_id": "employee", "job_id": "job", "department_id": "department"}.get(
            next(iter(values), ""), "company"
        )
        return self.env["timetrack.target"].create(
            {"scope": scope, "utilization": utilization, "weekly_hours": weekly_hours, "date_from": date_from, **values}
        )

    def _progress(self, employee=None, date_from=MONDAY, date_to=SUNDAY):
        employee = employee or self.employee
        self.env.flush_all()
        self.env.invalidate_all()
        span = date_from, date_to
        return self.env["timetrack.target"]._get_progress(employee, [span], TODAY)[employee, span]

    def test_examples_of_the_documentation(self):
        self.assertEqual(doctest.testmod(engine).failed, 0)

    def test_hours_of_the_week(self):
        self._entry(unit_amount=10, date=MONDAY)
        self._entry(unit_amount=6, date=MONDAY, timetrack_activity_id=self.activity_training.id)
        progress = self._progress()
        self.assertEqual(tuple(progress), (16, 10, 10, 40, 32, None, None, None))

    def test_the_closest_target_decides(self):
        self._target(10)
        self.assertEqual(self._progress().target, 4)
        self._target(20, department_id=self.firm.id)
        self.assertEqual(self._progress().target, 8)
        self._target(30, department_id=self.legal.id)
        self.assertEqual(self._progress().target, 12)
        self._target(40, job_id=self.job.id)
        self.assertEqual(self._progress().target, 16)
        self._target(50, employee_id=self.employee.id)
        self.assertEqual((self._progress().target, self._progress().target_due), (20, 16))
        self.assertEqual(self._progress(self.employee_colleague).target, 4)

    def test_each_measure_by_itself(self):
        """A target that says nothing of billable hours leaves them to the next one."""
        self._target(50, 20)
        self._target(60, employee_id=self.employee.id)
        self.assertEqual((self._progress().target, self._progress().weekly_target), (24, 20))

    def test_a_target_counts_from_its_day_on(self):
        self._target(50, 20, employee_id=self.employee.id)
        self._target(100, 40, "2026-11-26", employee_id=self.employee.id)
        progress = self._progress()
        self.assertEqual(progress.target, 3 * 4 + 2 * 8)
        self.assertEqual(progress.weekly_target, 3 * 4 + 2 * 8)

    def test_days_off_lower_utilization_and_leave_promised_hours(self):
        self._target(50, 20)
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Leave",
                "resource_id": self.employee.resource_id.id,
                "date_from": datetime(2026, 11, 27, 0, 0),
                "date_to": datetime(2026, 11, 27, 23, 59),
            }
        )
        progress = self._progress()
        self.assertEqual((progress.available, progress.target, progress.weekly_target), (32, 16, 20))

    def test_a_month_is_made_of_its_days(self):
        """November 2026 has 21 working days."""
        self._target(50, 20)
        progress = self._progress(date_from=date(2026, 11, 1), date_to=date(2026, 11, 30))
        self.assertEqual((progress.available, progress.target, progress.weekly_target), (168, 84, 84))

    def test_my_own_progress(self):
        self._target(50)
        self._entry(unit_amount=8, date=MONDAY)
        # what is logged ahead is of the week, but no utilization so far
        self._entry(unit_amount=2, date=SUNDAY)
        self._entry(unit_amount=20, date=date(2026, 11, 17))
        mine = self.env["timetrack.target"].with_user(self.consultant).get_my_progress()
        week, month = mine["spans"]
        self.assertEqual((week["billable"], week["billable_due"], week["target"]), (10, 8, 20))
        self.assertEqual(week["utilization"], 0.25)
        self.assertEqual((week["date_from"], week["date_to"]), ("2026-11-23", "2026-11-29"))
        self.assertEqual((month["billable"], month["date_to"]), (30, "2026-11-30"))
        self.assertEqual(len(mine["weeks"]), 8)
        self.assertEqual(mine["weeks"][-1], {"date_from": "2026-11-16", "utilization": 0.5, "target": 0.5})
        theirs = self.env["timetrack.target"].with_user(self.colleague).get_my_progress()
        self.assertEqual(theirs["spans"][1]["billable"], 0)

    def test_nobody_sees_the_targets_of_others(self):
        own = self._target(50, employee_id=self.employee.id)
        self.assertEqual(own.with_user(self.consultant).utilization, 50)
        for user in (self.colleague, self.lead, self.project_manager):
            with self.assertRaises(AccessError):
                own.with_user(user).read(["utilization"])
        with self.assertRaises(AccessError):
            own.with_user(self.consultant).utilization = 1

    @mute_logger("odoo.sql_db")
    def test_what_makes_no_sense_is_refused(self):
        self._target(50)
        for error, values in (
            (IntegrityError, {}),
            (IntegrityError, {"date_from": "2026-02-01", "utilization": 201}),
            (ValidationError, {"date_from": "2026-02-01", "scope": "employee"}),
            (ValidationError, {"date_from": "2026-02-01", "scope": "company", "job_id": self.job.id}),
        ):
            with self.assertRaises(error), self.env.cr.savepoint():
                self.env["timetrack.target"].create(
                    {"scope": "company", "utilization": 50, "date_from": "2026-01-01", **values}
                )

    def test_progress_of_many_takes_as_many_queries_as_of_few(self):
        self._target(50)
        people = self.env["hr.employee"].create([{"name": f"Person {number}"} for number in range(50)])

        def cost(some):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env["timetrack.target"]._get_progress(some, [(MONDAY, SUNDAY)], TODAY)
            return self.env.cr.sql_log_count - before

        cost(people[:1])
        self.assertLessEqual(cost(people), cost(people[:5]) + 1)
