from datetime import date, datetime
from unittest.mock import patch

from freezegun import freeze_time
from pytz import timezone

from odoo.fields import Command
from odoo.tests import tagged

from .common import TZ, ReportsCommon

DIRECT_DAYS = "odoo.addons.client_timetrack_reports.models.timetrack_capacity_dirty.DIRECT_DAYS"


@tagged("post_install", "-at_install")
class TestCapacity(ReportsCommon):
    def _sum(self, employee, date_from, date_to):
        """(gross, holiday, leave, net) of an employee between two dates."""
        rows = self.Capacity.search(
            [("employee_id", "=", employee.id), ("date", ">=", date_from), ("date", "<=", date_to)]
        )
        return tuple(
            round(sum(rows.mapped(name)), 4) for name in ("gross_hours", "holiday_hours", "leave_hours", "net_hours")
        )

    def test_the_firm_in_march(self):
        self.assertEqual(self._sum(self.ada, *self.MARCH), (168.0, 8.0, 8.0, 152.0))
        self.assertEqual(self._sum(self.bob, *self.MARCH), (84.0, 4.0, 0.0, 80.0))
        self.assertEqual(self._sum(self.cai, *self.MARCH), (112.0, 0.0, 0.0, 112.0))
        self.assertEqual(self._sum(self.dee, *self.MARCH), (168.0, 8.0, 0.0, 160.0))

    def test_week_of_the_definition(self):
        """40 h, less a public holiday 32 h, less a day of own leave 24 h; the same as Odoo's own intervals."""
        week = (date(2025, 3, 10), date(2025, 3, 14))
        gross, holiday, leave, net = self._sum(self.ada, *week)
        self.assertEqual((gross, gross - holiday, gross - holiday - leave, net), (40.0, 32.0, 24.0, 24.0))
        start = timezone(TZ).localize(datetime(2025, 3, 10))
        end = timezone(TZ).localize(datetime(2025, 3, 15))
        resource = self.ada.resource_id
        for compute_leaves, expected in ((False, gross), (True, net)):
            intervals, _calendars = resource._get_valid_work_intervals(start, end, compute_leaves=compute_leaves)
            hours = sum((stop - begin).total_seconds() for begin, stop, _work in intervals[resource.id]) / 3600
            self.assertEqual(hours, expected)

    def test_one_row_a_day_of_work(self):
        rows = self.Capacity.search([("employee_id", "=", self.ada.id), ("date", ">=", "2025-03-08")], order="date")
        self.assertEqual(rows[0].date, date(2025, 3, 10))
        self.assertEqual(rows[0].department_id, self.department)
        self.assertEqual(rows[0].company_id, self.company)
        self.assertEqual(rows[0].net_hours, 0.0)

    def test_leave_that_counts_as_work_takes_nothing(self):
        self._create_leave("2025-03-17 23:00:00", "2025-03-18 22:59:59", self.ada, time_type="other")
        self.assertEqual(self._sum(self.ada, *self.MARCH)[3], 152.0)

    def test_own_leave_under_another_company(self):
        """Odoo fills the company of leave without a calendar by whoever computes it; it is the resource's all the
        same."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE resource_calendar_leaves SET company_id = %s WHERE id = %s",
            [self.env.ref("base.main_company").id, self.leave.id],
        )
        self.env.invalidate_all()
        self.assertEqual(self.Capacity._refresh(self.ada, *self.MARCH), 0)

    def test_holiday_of_another_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        holiday = self.env["resource.calendar.leaves"].create(
            {
                "name": "Theirs",
                "date_from": "2025-03-17 23:00:00",
                "date_to": "2025-03-18 22:59:59",
                "calendar_id": other.resource_calendar_id.id,
            }
        )
        self.assertEqual(holiday.company_id, other)
        self.Capacity._refresh(self.firm, *self.MARCH)
        self.assertEqual(self._sum(self.bob, *self.MARCH)[3], 80.0)

    def test_holiday_of_one_calendar(self):
        self._create_leave("2025-03-16 23:00:00", "2025-03-17 22:59:59", calendar_id=self.part_time.id)
        self.assertEqual(self._sum(self.bob, *self.MARCH)[3], 76.0)
        self.assertEqual(self._sum(self.ada, *self.MARCH)[3], 152.0)

    def test_half_a_day_of_flexible_work(self):
        self._create_leave("2025-03-17 11:00:00", "2025-03-17 22:59:59", self.dee)
        self.assertEqual(self._sum(self.dee, date(2025, 3, 17), date(2025, 3, 17)), (8.0, 0.0, 4.0, 4.0))

    def test_flexible_calendar(self):
        self.full_time.write({"schedule_type": "flexible", "hours_per_week": 35.0, "hours_per_day": 7.0})
        self.Capacity._refresh(self.ada, *self.MARCH)
        self.assertEqual(self._sum(self.ada, date(2025, 3, 17), date(2025, 3, 23))[0], 35.0)

    def test_weekly_hours_of_flexible_employees(self):
        self.company.timetrack_flexible_weekly_hours = 30.0
        self.Capacity._refresh(self.dee, *self.MARCH)
        self.assertEqual(self._sum(self.dee, date(2025, 3, 17), date(2025, 3, 23))[0], 30.0)

    def test_calendar_changes_with_the_version(self):
        """From the 17th Ada works mornings; before it nothing changes."""
        self.ada.create_version({"date_version": date(2025, 3, 17), "resource_calendar_id": self.part_time.id})
        self.Capacity._refresh(self.ada, *self.MARCH)
        self.assertEqual(self._sum(self.ada, date(2025, 3, 1), date(2025, 3, 16))[0], 80.0)
        self.assertEqual(self._sum(self.ada, date(2025, 3, 17), date(2025, 3, 31))[0], 44.0)

    def test_employment_ends_with_the_departure(self):
        self.ada.departure_date = date(2025, 3, 14)
        self.Capacity._refresh(self.ada, *self.MARCH)
        self.assertEqual(self._sum(self.ada, *self.MARCH)[0], 80.0)

    def test_employment_ends_with_the_contract(self):
        self.bob.contract_date_end = date(2025, 3, 7)
        self.Capacity._refresh(self.bob, *self.MARCH)
        self.assertEqual(self._sum(self.bob, *self.MARCH), (20.0, 0.0, 0.0, 20.0))

    def test_without_a_contract_employment_starts_with_the_first_entry(self):
        eve = self._create_employee("Eve", self.full_time, contract_date_start=False, date_version="2025-03-24")
        self.Capacity._refresh(eve, *self.MARCH)
        self.assertEqual(self._sum(eve, *self.MARCH)[0], 48.0)
        self._create_entry(eve, "2025-03-17", self.internal, 1.0)
        self.Capacity._refresh(eve, *self.MARCH)
        self.assertEqual(self._sum(eve, *self.MARCH)[0], 88.0)
        eve.active = False
        self.Capacity._refresh(eve, *self.MARCH)
        self.assertEqual(self._sum(eve, *self.MARCH)[0], 8.0, "archived with no date: gone with the last entry")

    def test_time_zone_of_the_employee(self):
        """A day off from midnight to midnight in Brussels is one from noon to noon in Auckland."""
        self.bob.tz = "Pacific/Auckland"
        self.Capacity._refresh(self.bob, *self.MARCH)
        self.assertEqual(self._sum(self.bob, date(2025, 3, 10), date(2025, 3, 10)), (4.0, 0.0, 0.0, 4.0))
        self.assertAlmostEqual(self._sum(self.bob, date(2025, 3, 11), date(2025, 3, 11))[1], 4.0, 3)

    def test_refresh_is_idempotent(self):
        self.assertEqual(self.Capacity._refresh(self.firm, *self.MARCH), 0)
        ids = self.Capacity.search([("employee_id", "in", self.firm.ids)]).ids
        self.holiday.unlink()
        self.Capacity._refresh(self.firm, *self.MARCH)
        self.assertEqual(self.Capacity.search([("employee_id", "in", self.firm.ids)]).ids, ids)
        self.assertEqual(self.Capacity._refresh(self.firm, *self.MARCH), 0)

    def test_only_what_differs_is_written(self):
        self.env.cr.execute(
            "UPDATE timetrack_capacity SET net_hours = 1 WHERE employee_id = %s AND date = '2025-03-03'", [self.ada.id]
        )
        self.env.cr.execute(
            "DELETE FROM timetrack_capacity WHERE employee_id = %s AND date = '2025-03-04'", [self.ada.id]
        )
        self.env.cr.execute(
            "INSERT INTO timetrack_capacity (employee_id, company_id, date, gross_hours) "
            "VALUES (%s, %s, '2025-03-08', 1)",
            [self.ada.id, self.company.id],
        )
        self.assertEqual(self.Capacity._refresh(self.firm, *self.MARCH), 3)
        self.assertEqual(self._sum(self.ada, *self.MARCH), (168.0, 8.0, 8.0, 152.0))

    def test_queries_do_not_grow_with_employees_and_days(self):
        def queries(employees, date_from, date_to):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.Capacity._refresh(employees, date_from, date_to)
            return self.env.cr.sql_log_count - before

        queries(self.ada, *self.MARCH)
        few = queries(self.ada, date(2025, 3, 3), date(2025, 3, 4))
        many = queries(self.ada | self.bob | self.cai, date(2025, 1, 1), date(2025, 12, 31))
        self.assertLessEqual(many, few + 8)

    # The hooks

    def test_a_new_leave_shows_at_once(self):
        with freeze_time("2025-03-15"):
            leave = self._create_leave("2025-03-19 23:00:00", "2025-03-20 22:59:59", self.bob)
            self.assertEqual(self._sum(self.bob, *self.MARCH), (84.0, 4.0, 4.0, 76.0))
            leave.date_to = "2025-03-21 22:59:59"
            self.assertEqual(self._sum(self.bob, *self.MARCH), (84.0, 4.0, 8.0, 72.0))
            leave.resource_id = self.cai.resource_id
            self.assertEqual(self._sum(self.bob, *self.MARCH)[3], 80.0)
            self.assertEqual(self._sum(self.cai, *self.MARCH)[3], 96.0)
            leave.unlink()
            self.assertEqual(self._sum(self.cai, *self.MARCH)[3], 112.0)

    def test_a_changed_calendar_changes_the_rows(self):
        with freeze_time("2025-03-15"):
            friday = self.part_time.attendance_ids.filtered(lambda work: work.dayofweek == "4")
            friday.unlink()
            self.assertEqual(self._sum(self.bob, date(2025, 3, 3), date(2025, 3, 9))[0], 16.0)
            self.part_time.attendance_ids[0].hour_to = 14.0
            self.assertEqual(self._sum(self.bob, date(2025, 3, 3), date(2025, 3, 9))[0], 18.0)
            self.part_time.attendance_ids = [
                Command.create({"name": "Friday", "dayofweek": "4", "hour_from": 8.0, "hour_to": 9.0})
            ]
            self.assertEqual(self._sum(self.bob, date(2025, 3, 3), date(2025, 3, 9))[0], 19.0)

    def test_targets_show_at_once(self):
        """The target in force on each day: of the person, else of the department above; and what is changed of them."""
        above = self.env["hr.department"].create({"name": "All", "company_id": self.company.id})

        def target():
            self.env.flush_all()
            [(hours,)] = self.Capacity._read_group(
                [("employee_id", "=", self.ada.id), ("date", ">=", "2025-03-17"), ("date", "<=", "2025-03-21")],
                [], ["target_hours:sum"],
            )  # fmt: skip
            return round(hours, 6)

        with freeze_time("2025-03-15"):
            values = {"company_id": self.company.id, "date_from": "2025-03-15", "utilization": 50.0}
            general = self.env["timetrack.target"].create({"scope": "department", "department_id": above.id, **values})
            self.assertEqual(target(), 0.0)
            self.department.parent_id = above
            self.assertEqual(target(), 20.0)
            own = self.env["timetrack.target"].create({"scope": "employee", "employee_id": self.ada.id, **values})
            own.utilization = 80.0
            self.assertEqual(target(), 32.0)
            own.date_from = "2025-03-20"
            self.assertEqual(target(), 12.0 + 12.8)
            own.unlink()
            self.assertEqual(target(), 20.0)
            general.unlink()
            self.assertEqual(target(), 0.0)

    def test_queries_do_not_grow_with_the_targets(self):
        jobs = self.env["hr.job"].create(
            [{"name": f"Job {number}", "company_id": self.company.id} for number in range(44)]
        )

        def count(some):
            values = [
                {"scope": "job", "job_id": job.id, "company_id": self.company.id, "date_from": "2025-01-01",
                 "utilization": 70.0}
                for job in some
            ]  # fmt: skip
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            targets = self.env["timetrack.target"].create(values)
            targets.write({"utilization": 60.0})
            targets.unlink()
            return self.env.cr.sql_log_count - before

        with freeze_time("2025-03-15"):
            count(jobs[:2])
            few = count(jobs[2:4])
            self.assertLessEqual(count(jobs[4:]), few + 2)

    def test_the_job_of_the_day(self):
        job = self.env["hr.job"].create({"name": "Partner", "company_id": self.company.id})
        with freeze_time("2025-03-15"):
            self.ada.create_version({"date_version": "2025-03-19", "job_id": job.id})
            days = self.Capacity.search([("employee_id", "=", self.ada.id), ("job_id", "=", job.id)], order="date")
            self.assertEqual(days[0].date, date(2025, 3, 19))
            self._create_entry(self.ada, "2025-03-18", self.project, 1.0)
            self._create_entry(self.ada, "2025-03-19", self.project, 2.0)
            hours = self._groups("job_id", "logged_hours", domain=self._in_march(("employee_id", "=", self.ada.id),
                                                                                ("kind", "=", "entry")))  # fmt: skip
            self.assertEqual(hours[job], 2.0)

    def test_a_changed_contract_changes_the_rows(self):
        with freeze_time("2025-03-15"):
            self.cai.contract_date_end = date(2025, 3, 14)
            self.assertEqual(self._sum(self.cai, *self.MARCH)[0], 24.0)
            self.cai.resource_calendar_id = self.part_time
            self.assertEqual(self._sum(self.cai, *self.MARCH)[0], 12.0)

    def test_a_new_employee_has_capacity_at_once(self):
        with freeze_time("2025-03-15"):
            eve = self._create_employee("Eve", self.full_time, contract_date_start="2025-03-24")
            self.assertEqual(self._sum(eve, *self.MARCH)[0], 48.0)

    def test_large_changes_are_left_to_the_scheduled_action(self):
        with freeze_time("2025-03-15"), patch(DIRECT_DAYS, 10):
            cron = self.env.ref("client_timetrack_reports.ir_cron_timetrack_capacity")
            self.full_time.attendance_ids.filtered(lambda work: work.dayofweek == "4").unlink()
            Dirty = self.env["timetrack.capacity.dirty"]
            dirty = Dirty.search([("company_id", "=", self.company.id)])
            self.assertEqual(dirty.employee_id, self.ada | self.cai)
            self.assertTrue(self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)]))
            self.assertEqual(self._sum(self.ada, date(2025, 3, 17), date(2025, 3, 23))[0], 40.0)
            self._run_cron()
            self.assertFalse(dirty.exists())
            self.assertEqual(self._sum(self.ada, date(2025, 3, 17), date(2025, 3, 23))[0], 32.0)

    def _run_cron(self):
        """Run the scheduled action as the scheduler would, without its commits."""
        with self.enter_registry_test_mode():
            self.env.ref("client_timetrack_reports.ir_cron_timetrack_capacity").method_direct_trigger()

    def test_scheduled_action_reaches_from_the_first_entry_to_a_year_ahead(self):
        self._create_entry(self.ada, "2025-02-20", self.internal, 1.0)
        with freeze_time("2025-03-15"):
            self._run_cron()
            self.assertEqual(self._sum(self.ada, date(2025, 2, 20), date(2025, 2, 28))[0], 56.0)
            self.assertEqual(self._sum(self.ada, date(2026, 3, 30), date(2026, 4, 30))[0], 16.0)

    def test_old_entries_wake_the_scheduled_action(self):
        cron = self.env.ref("client_timetrack_reports.ir_cron_timetrack_capacity")
        triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])
        self._create_entry(self.ada, "2024-05-06", self.internal, 1.0)
        self.assertTrue(self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]) - triggers)

    def test_hiring_computes_once(self):
        """Not for the employee, their version and their resource, which Odoo writes one after the other."""
        with freeze_time("2025-03-15"):
            with patch.object(type(self.Capacity), "_refresh", autospec=True, return_value=0) as refresh:
                eve = self._create_employee("Eve", self.full_time)
            self.assertEqual([call.args[1] for call in refresh.call_args_list], [eve])
            fay = self._create_employee("Fay", self.full_time, contract_date_start="2025-03-15")
            self.assertEqual(self._sum(fay, date(2025, 3, 17), date(2025, 3, 21))[0], 40.0)

    def test_rows_go_with_their_employee(self):
        eve = self._create_employee("Eve", self.full_time)
        self.Capacity._refresh(eve, *self.MARCH)
        eve.unlink()
        self.assertFalse(self.Capacity.search([("employee_id", "=", eve.id)]))
