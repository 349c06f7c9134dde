from datetime import date, timedelta

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.client_timetrack_reports.engine import forecast as engine

from .common import ReportsCommon
from .test_workbook import by_label, read

# A Wednesday: the week of the second is running.
TODAY = "2026-03-04"
MONDAY = date(2026, 3, 2)
WEEK = timedelta(weeks=1)


def hours_of(week):
    """Hours of a week of the past, by how many weeks it is ago: billable, and not."""
    return 20.0 + (week * 7) % 11, 4.0 + (week * 5) % 3


@tagged("post_install", "-at_install")
class TestForecast(ReportsCommon):
    """Ada has worked for 60 weeks, Bob for 10."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids += cls.env.ref("hr_timesheet.group_timesheet_manager")
        cls.entries.sudo()._timetrack_internal().unlink()
        vals = []
        for week in range(1, 61):
            billable, other = hours_of(week)
            vals += [cls._prepare(cls.ada, week, cls.project, cls.reading, billable)]
            vals += [cls._prepare(cls.ada, week, cls.internal, cls.idle, other)]
            if week <= 10:
                vals += [cls._prepare(cls.bob, week, cls.project, cls.meeting, 8.0 + week)]
        # of the running week, and after it
        vals += [cls._prepare(cls.ada, 0, cls.project, cls.reading, 7.0)]
        cls.env["account.analytic.line"].create(vals)
        with freeze_time(TODAY):
            cls.Capacity._refresh(cls.firm, date(2025, 1, 1), date(2026, 5, 31))
            cls.env["timetrack.forecast"]._refresh(cls.company)

    @classmethod
    def _create_work(cls):
        work = super()._create_work()
        cls.idle = cls.env["timetrack.activity"].create({"name": "Idle", "is_billable": False})
        return work

    @classmethod
    def _prepare(cls, employee, week, project, activity, hours):
        return {
            "name": "Work",
            "employee_id": employee.id,
            "date": MONDAY - week * WEEK + timedelta(days=week % 5),
            "project_id": project.id,
            "timetrack_activity_id": activity.id,
            "unit_amount": hours,
        }

    def _get(self, scope, measure, record=None):
        field = {"department": "department_id", "client": "client_id", "activity": "activity_id"}.get(scope)
        domain = [("company_id", "=", self.company.id), ("scope", "=", scope), ("measure", "=", measure)]
        return self.env["timetrack.forecast"].search([*domain, *([(field, "=", record.id)] if record else [])])

    def _values(self, series, kind="actual"):
        points = series.point_ids.filtered(lambda point: point.kind == kind)
        return {point.week: point.value for point in points}

    def test_series_are_sums_of_complete_weeks(self):
        series = self._get("company", "logged_hours")
        expected = {
            MONDAY - week * WEEK: sum(hours_of(week)) + (8.0 + week if week <= 10 else 0.0) for week in range(1, 61)
        }
        self.assertEqual(self._values(series), expected)
        self.assertEqual((series.weeks, series.last_week), (60, MONDAY - WEEK))
        self.assertAlmostEqual(series.recent, sum(expected[MONDAY - week * WEEK] for week in range(1, 5)) / 4)

    def test_scopes(self):
        """Bob has no department; service types are those of the top level."""
        department = self._values(self._get("department", "billable_hours", self.department))
        self.assertEqual(department[MONDAY - WEEK], hours_of(1)[0])
        research = self._values(self._get("activity", "logged_hours", self.research))
        self.assertEqual(research[MONDAY - WEEK], hours_of(1)[0])
        client = self._values(self._get("client", "billable_hours", self.client_partner))
        self.assertEqual(client[MONDAY - WEEK], hours_of(1)[0] + 9.0)
        self.assertFalse(self._get("activity", "billable_hours", self.idle))

    def test_what_is_forecast_is_what_the_engine_says(self):
        values = [hours_of(week)[0] for week in range(60, 0, -1)]
        made = engine.forecast(values)
        series = self._get("activity", "billable_hours", self.research)
        self.assertEqual(
            (series.method, series.origins, series.is_scored), (made.method, made.origins, made.mase is not None)
        )
        self.assertAlmostEqual(series.mase, made.mase, 2)
        for kind, wanted in (("forecast", made.values), ("low", made.low), ("high", made.high)):
            found = self._values(series, kind)
            self.assertEqual(list(found), [MONDAY + place * WEEK for place in range(8)])
            for value, expected in zip(found.values(), wanted, strict=True):
                self.assertAlmostEqual(value, expected, 6)
        self.assertAlmostEqual(series.ahead, sum(made.values[:4]) / 4, 6)
        self.assertIn(f"{round(made.mase * 100)} %", series.note)

    def test_utilization_divides_by_what_is_known_ahead(self):
        """In the second week ahead Ada is away for two days."""
        with freeze_time(TODAY):
            self._create_leave("2026-03-09 00:00:00", "2026-03-10 22:59:59", self.ada)
            self.Capacity._refresh(self.ada, date(2026, 3, 1), date(2026, 5, 31))
            self.env["timetrack.forecast"]._refresh(self.company)
        billable = self._values(self._get("department", "billable_hours", self.department), "forecast")
        utilization = self._get("department", "utilization", self.department)
        ahead = self._values(utilization, "forecast")
        self.assertAlmostEqual(ahead[MONDAY], 100 * billable[MONDAY] / 40, 6)
        self.assertAlmostEqual(ahead[MONDAY + WEEK], 100 * billable[MONDAY + WEEK] / 24, 6)
        past = self._values(utilization)
        self.assertAlmostEqual(past[MONDAY - WEEK], 100 * hours_of(1)[0] / 40, 6)
        low = self._values(self._get("department", "billable_hours", self.department), "low")
        self.assertAlmostEqual(self._values(utilization, "low")[MONDAY + WEEK], 100 * low[MONDAY + WEEK] / 24, 6)

    def test_refusals_say_why(self):
        short = self._get("activity", "logged_hours", self.meeting)
        self.assertEqual((short.refusal, short.method, short.ahead), ("short", False, 0.0))
        self.assertIn("Only 10 complete weeks", short.note)
        self.assertTrue(self._values(short), "its history is there all the same")
        self.assertFalse(self._values(short, "forecast"))

    def test_unusual_weeks_and_what_they_are_made_of(self):
        self.env["account.analytic.line"].create([self._prepare(self.ada, 20, self.project, self.reading, 90.0)])
        with freeze_time(TODAY):
            self.env["timetrack.forecast"]._refresh(self.company)
        series = self._get("activity", "billable_hours", self.research)
        [odd] = series.point_ids.filtered("is_anomaly")
        self.assertEqual((odd.week, odd.value), (MONDAY - 20 * WEEK, hours_of(20)[0] + 90))
        self.assertAlmostEqual(odd.difference, odd.value - odd.expected)
        self.assertGreater(odd.difference, 60)
        self.assertEqual(series.anomaly_count, 1)
        action = odd.action_open_entries()
        rows = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(sum(rows.mapped("logged_hours")), odd.value)
        with self.assertRaises(UserError):
            series.point_ids.filtered(lambda point: point.kind == "forecast")[0].action_open_entries()

    def test_workbook(self):
        env = self.env(context={**self.env.context, "allowed_company_ids": self.company.ids})
        build = env["timetrack.workbook"]._build
        rows, _totals = by_label(read(build(self.company, *self.MARCH, kind="forecast"))["Forecast"])
        rows = {row["Series"]: row for row in rows}
        self.assertEqual(len(rows), len(self.env["timetrack.forecast"].search([("company_id", "=", self.company.id)])))
        series = self._get("company", "logged_hours")
        row = rows[series.name]
        ahead = self._values(series, "forecast")
        self.assertAlmostEqual(row["Week of 2026-03-02"], ahead[MONDAY], 6)
        self.assertAlmostEqual(row["Week of 2026-04-20"], ahead[MONDAY + 7 * WEEK], 6)
        self.assertAlmostEqual(row["MASE"], series.mase, 6)
        self.assertEqual((row["Method"], row["Weeks"]), ("Mean of Four Weeks", 60))
        short = rows[self._get("activity", "logged_hours", self.meeting).name]
        self.assertEqual((short["MASE"], short["Week of 2026-03-02"]), (None, None))
        self.assertIn("Only 10", short["How good it is"])
        nobody = self.env(user=self.ada.user_id, context={"allowed_company_ids": self.company.ids})
        page = read(nobody["timetrack.workbook"]._build(self.company.with_env(nobody), *self.MARCH, kind="forecast"))
        self.assertEqual(by_label(page["Forecast"])[0], [])

    def test_refresh_keeps_records_and_drops_what_is_gone(self):
        series = self._get("client", "billable_hours", self.client_partner)
        known = self.env["timetrack.forecast"].search([("company_id", "=", self.company.id)])
        with freeze_time("2026-03-11"):
            self.env["timetrack.forecast"]._refresh(self.company)
        self.assertEqual(series.last_week, MONDAY)
        self.assertEqual(self._values(series)[MONDAY], 7.0)
        self.assertEqual(self.env["timetrack.forecast"].search([("company_id", "=", self.company.id)]), known)
        with freeze_time("2027-06-01"):
            self.env["timetrack.forecast"]._refresh(self.company)
        self.assertFalse(known.exists(), "nobody worked for a year")

    def test_queries_are_bounded(self):
        """As many for 5 clients as for 30."""

        def count(clients):
            for number in range(clients):
                partner = self.env["res.partner"].create({"name": f"Client {number}", "is_company": True})
                project = self.project.copy({"name": f"Project {number}", "partner_id": partner.id})
                self.env["account.analytic.line"].create(
                    [self._prepare(self.ada, week, project, self.reading, 1.0 + week % 3) for week in (1, 2, 3)]
                )
            for _time in range(2):  # the second time all of them are known
                self.env.flush_all()
                self.env.invalidate_all()
                before = self.env.cr.sql_log_count
                with freeze_time(TODAY):
                    self.env["timetrack.forecast"]._refresh(self.company)
                self.env.flush_all()
                taken.append(self.env.cr.sql_log_count - before)

        taken = []
        count(5)
        count(25)
        new, known, more_new, more_known = taken
        self.assertLessEqual(more_new, new + 10)
        self.assertLessEqual(more_known, known + 10)

    def test_clients_of_private_projects_are_not_for_all_approvers(self):
        """What a client with a private project takes says what that project takes."""
        approver, manager = (
            new_test_user(
                self.env, f"tt_private_{name}", f"hr_timesheet.{group}", company_id=self.company.id,
                company_ids=[Command.set(self.company.ids)],
            )
            for name, group in (("approver", "group_hr_timesheet_approver"), ("manager", "group_timesheet_manager"))
        )  # fmt: skip
        domain = [("company_id", "=", self.company.id), ("scope", "=", "client")]

        def see(user):
            env = self.env(user=user, context={"allowed_company_ids": self.company.ids})
            found = env["timetrack.forecast"].search(domain)
            points = env["timetrack.forecast.point"].search([("forecast_id.scope", "=", "client")])
            self.assertEqual(points.forecast_id, found)
            return bool(found)

        self.assertEqual((see(approver), see(manager)), (True, True))
        self.project.privacy_visibility = "followers"
        with freeze_time(TODAY):
            self.env["timetrack.forecast"]._refresh(self.company)
        self.assertEqual((see(approver), see(manager)), (False, True))
        series = self.env["timetrack.forecast"].search([("company_id", "=", self.company.id)])
        self.assertEqual(set(series.filtered("has_private").mapped("scope")), {"client"})

    def test_roles(self):
        Forecast = self.env["timetrack.forecast"]
        series = self._get("company", "logged_hours")
        consultant = self.ada.user_id
        with self.assertRaises(AccessError):
            Forecast.with_user(consultant).search([])
        approver = new_test_user(
            self.env, "tt_foresight", "hr_timesheet.group_hr_timesheet_approver", company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )  # fmt: skip
        own = series.with_user(approver).with_context(allowed_company_ids=self.company.ids)
        self.assertTrue(own.note)
        self.assertTrue(own.point_ids.mapped("value"))
        self.assertEqual(own.action_view_points()["domain"], [("forecast_id", "=", series.id)])
        with self.assertRaises(AccessError):
            own.write({"method": "naive"})
        with freeze_time(TODAY):
            Forecast.with_user(approver).with_context(allowed_company_ids=self.company.ids).action_refresh()
        other = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env, "tt_elsewhere", "hr_timesheet.group_hr_timesheet_approver", company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )  # fmt: skip
        env = self.env(user=stranger, context={"allowed_company_ids": other.ids})
        ours = [("id", "in", series.ids)]
        self.assertFalse(env["timetrack.forecast"].search(ours))
        self.assertFalse(env["timetrack.forecast.point"].search([("forecast_id", "in", series.ids)]))
