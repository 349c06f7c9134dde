from datetime import date, timedelta

from odoo.tests import tagged

from .common import TimetrackCommon

# A week from Monday to Sunday.
MONDAY = date(2025, 3, 10)
SUNDAY = date(2025, 3, 16)


@tagged("post_install", "-at_install")
class TestWorkingTime(TimetrackCommon):
    """The hours that people can work; the reports' tests look at contracts, time zones and versions."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.WorkingTime = cls.env["timetrack.working.time"]
        (cls.employee | cls.employee_colleague).write({"tz": "UTC", "date_version": "2025-01-01"})

    def _net(self, employee, date_from=MONDAY, date_to=SUNDAY):
        days = self.WorkingTime._get_hours(employee, date_from, date_to)[employee.id]
        return round(sum(day.net for day in days.values()), 4)

    def _leave(self, day, employee=None, **values):
        return self.env["resource.calendar.leaves"].create(
            {
                "name": "Off",
                "date_from": f"{day} 00:00:00",
                "date_to": f"{day} 23:59:59",
                "company_id": self.company.id,
                "calendar_id": False,
                "resource_id": employee.resource_id.id if employee else False,
                **values,
            }
        )

    def test_a_week_by_the_calendar(self):
        hours = self.WorkingTime._get_hours(self.employee | self.employee_colleague, MONDAY, SUNDAY)
        self.assertEqual(set(hours), {self.employee.id, self.employee_colleague.id})
        self.assertEqual(sorted(hours[self.employee.id]), [MONDAY + timedelta(days=offset) for offset in range(5)])
        self.assertEqual(self._net(self.employee), 40.0)

    def test_holiday_and_leave_are_taken_off(self):
        self._leave(MONDAY)
        self._leave("2025-03-11", self.employee)
        days = self.WorkingTime._get_hours(self.employee, MONDAY, SUNDAY)[self.employee.id]
        self.assertEqual(days[MONDAY][-4:], (8.0, 8.0, 0.0, 0.0))
        self.assertEqual(days[date(2025, 3, 11)][-4:], (8.0, 0.0, 8.0, 0.0))
        self.assertEqual(self._net(self.employee), 24.0)
        self.assertEqual(self._net(self.employee_colleague), 32.0)

    def test_weekly_hours_of_flexible_employees(self):
        self.employee.resource_calendar_id = False
        self.assertEqual(self._net(self.employee), 40.0)
        self.company.timetrack_flexible_weekly_hours = 30.0
        self.assertEqual(self._net(self.employee), 30.0)

    def test_it_answers_whoever_asks(self):
        """Contracts are for officers of the staff; the hours to work are not."""
        hours = self.WorkingTime.with_user(self.consultant)._get_hours(
            self.employee.with_user(self.consultant), MONDAY, SUNDAY
        )
        self.assertEqual(len(hours[self.employee.id]), 5)

    def test_nobody_and_no_days(self):
        self.assertEqual(self.WorkingTime._get_hours(self.env["hr.employee"], MONDAY, SUNDAY), {})
        self.assertEqual(self.WorkingTime._get_hours(self.employee, SUNDAY, MONDAY), {self.employee.id: {}})

    def test_queries_do_not_grow_with_employees_and_days(self):
        def queries(employees, date_to):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.WorkingTime._get_hours(employees, MONDAY, date_to)
            return self.env.cr.sql_log_count - before

        many = self.env["hr.employee"].create([{"name": f"Number {number}"} for number in range(50)])
        queries(many, SUNDAY)
        few = queries(self.employee, MONDAY)
        self.assertLessEqual(queries(many, MONDAY + timedelta(days=365)), few + 2)
        self.assertLessEqual(few, 12)
