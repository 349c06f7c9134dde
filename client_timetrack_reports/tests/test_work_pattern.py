from datetime import date, datetime

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import ReportsCommon


@tagged("post_install", "-at_install")
class TestWorkPattern(ReportsCommon):
    """Brussels is an hour ahead of UTC in March, two in April."""

    def _enter(self, entry, at, start=None):
        self.env.cr.execute(
            "UPDATE account_analytic_line SET create_date = %s, timetrack_start = %s WHERE id = %s",
            [at, start, entry.id],
        )

    def _rows(self, *entries):
        return self.env["timetrack.work.pattern"].search([("line_id", "in", [one.id for one in entries])])

    def test_hours_and_weekdays_are_those_of_the_employee(self):
        """Worked on Monday from 23:30 in Brussels, written down on Tuesday after midnight."""
        entry = self._create_entry(self.ada, "2025-03-03", self.project, 1.0)
        self._enter(entry, datetime(2025, 3, 3, 23, 10), datetime(2025, 3, 3, 22, 30))
        row = self._rows(entry)
        self.assertEqual((row.weekday, row.start_hour, row.entry_weekday, row.entry_hour), ("1", "23", "2", "00"))
        self.assertEqual((row.delay, row.hours, row.billable_hours, row.number), (1, 1, 1, 1))
        summer = self._create_entry(self.ada, "2025-04-07", self.project, 1.0)
        self._enter(summer, datetime(2025, 4, 7, 12, 0))
        row = self._rows(summer)
        self.assertEqual((row.start_hour, row.entry_hour, row.delay), (False, "14", 0))

    def test_delay_is_a_mean(self):
        first = self._create_entry(self.ada, "2025-03-03", self.project, 1.0)
        second = self._create_entry(self.ada, "2025-03-03", self.project, 2.0)
        self._enter(first, datetime(2025, 3, 3, 12, 0))
        self._enter(second, datetime(2025, 3, 6, 12, 0))
        [(delay, hours, number)] = self.env["timetrack.work.pattern"]._read_group(
            [("line_id", "in", (first | second).ids)], [], ["delay:avg", "hours:sum", "number:sum"]
        )
        self.assertEqual((delay, hours, number), (1.5, 3, 2))

    def test_moving_averages(self):
        """Ada logs 14 hours on the 3rd and the 4th, 4 on the 5th, which is 18 in seven days; days off count as such."""
        rows = self.env["timetrack.daily.hours"].search(
            [("department_id", "=", self.department.id), ("date", "<=", "2025-04-10")]
        )
        by_day = {row.date: row for row in rows}
        self.assertEqual(by_day[date(2025, 3, 4)].hours, 8)
        self.assertEqual(by_day[date(2025, 3, 8)].hours, 0)
        self.assertAlmostEqual(by_day[date(2025, 3, 9)].average_7, 18 / 7)
        self.assertAlmostEqual(by_day[date(2025, 3, 10)].average_7, 12 / 7)
        self.assertAlmostEqual(by_day[date(2025, 3, 30)].average_28, 18 / 28)
        self.assertAlmostEqual(by_day[date(2025, 3, 31)].average_28, 12 / 28)
        self.assertAlmostEqual(by_day[date(2025, 3, 9)].billable_7, 14 / 7)
        self.assertEqual(len(rows), len({row.id for row in rows}))

    def test_averages_of_departments_add_up(self):
        [(hours, average)] = self.env["timetrack.daily.hours"]._read_group(
            [("company_id", "=", self.company.id), ("date", "=", "2025-03-13")], [], ["hours:sum", "average_7:sum"]
        )
        self.assertEqual(hours, 3)
        self.assertAlmostEqual(average, (7 + 3) / 7)

    @freeze_time("2025-03-31")
    def test_leave_is_no_work(self):
        """Time off that is kept as timesheet lines is in neither of them."""
        before = self.env["timetrack.work.pattern"].search_count([("company_id", "=", self.company.id)])
        entry = self._create_entry(self.ada, "2025-03-18", self.internal, 8.0)
        self.env.cr.execute(
            "UPDATE account_analytic_line SET global_leave_id = %s WHERE id = %s", [self.holiday.id, entry.id]
        )
        self.env.invalidate_all()
        count = self.env["timetrack.work.pattern"].search_count([("company_id", "=", self.company.id)])
        self.assertEqual(count, before)
        days = self.env["timetrack.daily.hours"].search(
            [("company_id", "=", self.company.id), ("date", "=", "2025-03-18")]
        )
        self.assertEqual(sum(days.mapped("hours")), 0)

    def test_roles(self):
        env = self.env(user=self.ada.user_id, context={"allowed_company_ids": self.company.ids})
        self.assertEqual(env["timetrack.work.pattern"].search([]).employee_id, self.ada)
        with self.assertRaises(AccessError):
            env["timetrack.daily.hours"].search([])
        approver = new_test_user(
            self.env, "tt_pattern", "hr_timesheet.group_hr_timesheet_approver", company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )  # fmt: skip
        env = self.env(user=approver, context={"allowed_company_ids": self.company.ids})
        self.assertEqual(len(env["timetrack.work.pattern"].search([])), 6)
        self.assertTrue(env["timetrack.daily.hours"].search([], limit=1))
