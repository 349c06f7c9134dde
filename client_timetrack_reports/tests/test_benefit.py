import doctest
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command, Date
from odoo.tests import BaseCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.client_timetrack_reports.engine import benefit as engine

from .common import ReportsCommon

VALUES = st.integers(-1000, 1000).map(float)


@tagged("-at_install", "post_install")
class TestEngineBenefit(BaseCase):
    def test_examples(self):
        self.assertEqual(doctest.testmod(engine).failed, 0)

    @given(VALUES, VALUES, VALUES)
    def test_realization(self, baseline, target, measured):
        share = engine.realization(baseline, target, measured)
        if baseline == target:
            self.assertIsNone(share)
        else:
            self.assertAlmostEqual(baseline + share * (target - baseline), measured, 6)
            self.assertEqual(engine.realization(baseline, target, baseline), 0)
            self.assertEqual(engine.realization(baseline, target, target), 1)
            self.assertEqual(engine.realization(-baseline, -target, -measured), share, "up and down are the same")

    def test_planned(self):
        start, end = date(2026, 1, 1), date(2026, 1, 11)
        self.assertEqual(
            [engine.planned(start, end, date(2026, 1, day)) for day in (1, 6, 11, 20)], [0.0, 0.5, 1.0, 1.0]
        )
        self.assertEqual(engine.planned(start, end, date(2025, 12, 1)), 0.0)
        steps = [(date(2026, 2, 1), 0.2), (date(2026, 2, 11), 0.6)]
        self.assertAlmostEqual(engine.planned(start, end, date(2026, 2, 6), steps), 0.4)
        self.assertEqual(engine.planned(start, end, date(2026, 3, 1), steps), 0.6)
        self.assertEqual(engine.planned(start, start, start), 1.0)
        self.assertIsNone(engine.planned(None, end, start))


@tagged("-at_install", "post_install")
class TestBenefit(ReportsCommon):
    """Days to answer are to fall from 40 to 20 within 200 days, 100 of which have passed; that is worth 10,000."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = Date.context_today(cls.env.user)
        cls.owner = cls._create_user("owner", "project.group_project_manager")
        cls.finance = cls._create_user("finance", "client_timetrack_billing.group_billing_user")
        cls.measure = cls._as(cls.owner)["timetrack.measure"].create(
            {"name": "Days to answer", "unit": "days", "direction": "down", "company_id": cls.company.id}
        )
        cls.benefit = cls._create_benefit()

    @classmethod
    def _create_user(cls, name, groups):
        return new_test_user(
            cls.env, f"tt_benefit_{name}", groups, company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )  # fmt: skip

    @classmethod
    def _as(cls, user):
        return cls.env(user=user, context={"allowed_company_ids": cls.company.ids})

    @classmethod
    def _create_benefit(cls, **values):
        return cls._as(cls.owner)["timetrack.benefit"].create(
            {
                "name": "Faster answers",
                "company_id": cls.company.id,
                "measure_id": cls.measure.id,
                "project_ids": [Command.set(cls.project.ids)],
                "baseline": 40.0,
                "target": 20.0,
                "date_start": cls.today - timedelta(days=100),
                "date_target": cls.today + timedelta(days=100),
                "value": 10_000.0,
                **values,
            }
        )

    def _measure(self, value, days_ago=1, is_valid=True):
        measurement = self._as(self.owner)["timetrack.measurement"].create(
            {"measure_id": self.measure.id, "date": self.today - timedelta(days=days_ago), "value": value}
        )
        if is_valid:
            measurement.with_env(self._as(self.finance)).action_validate()
        return measurement

    def test_realization_planned_and_at_risk(self):
        self.assertEqual((self.benefit.has_realization, self.benefit.expected), (False, 0.5))
        self.assertEqual((self.benefit.value_validated, self.benefit.value_at_risk), (0, 5000))
        self._measure(35.0)
        self.assertEqual((self.benefit.measured, self.benefit.realization), (35, 0.25))
        self.assertEqual(
            (self.benefit.value_expected, self.benefit.value_validated, self.benefit.value_at_risk), (5000, 2500, 2500)
        )

    def test_only_what_finance_validated_counts(self):
        self._measure(38.0, 20)
        latest = self._measure(25.0, 2, is_valid=False)
        self.assertEqual(self.benefit.measured, 38)
        latest.with_env(self._as(self.finance)).action_validate()
        self.assertEqual((self.benefit.measured, self.benefit.realization), (25, 0.75))
        self.assertEqual(latest.validated_by, self.finance)
        latest.with_env(self._as(self.finance)).action_refuse()
        self.assertEqual(self.benefit.measured, 38)

    def test_nobody_validates_their_own_and_nothing_is_validated_otherwise(self):
        measurement = self._measure(30.0, is_valid=False)
        with self.assertRaises(AccessError):
            measurement.action_validate()
        with self.assertRaises(AccessError):
            measurement.write({"state": "validated"})
        own = self._as(self.finance)["timetrack.measurement"].create(
            {"measure_id": self.measure.id, "value": 20.0, "state": "validated", "validated_by": self.finance.id}
        )
        self.assertEqual((own.state, own.validated_by), ("draft", self.env["res.users"]))
        with self.assertRaises(AccessError):
            own.action_validate()
        measurement.with_env(self._as(self.finance)).action_validate()
        for change in (lambda: measurement.write({"value": 1.0}), measurement.unlink):
            with self.assertRaises(UserError):
                change()

    def test_who_changed_a_figure_does_not_validate_it(self):
        measurement = self._measure(30.0, is_valid=False)
        by_finance = measurement.with_env(self._as(self.finance))
        by_finance.value = 21.0
        self.assertEqual(measurement.measured_by, self.finance)
        for user in (self.finance, self.owner):
            with self.assertRaises(AccessError):
                measurement.with_env(self._as(user)).action_validate()
        other = self._create_user("other", "client_timetrack_billing.group_billing_user")
        measurement.with_env(self._as(other)).action_validate()
        self.assertEqual(self.benefit.measured, 21)

    def test_what_was_validated_does_not_go_with_its_measure(self):
        measure = self._as(self.owner)["timetrack.measure"].create({"name": "Other", "unit": "%"})
        measurement = self._as(self.owner)["timetrack.measurement"].create({"measure_id": measure.id, "value": 1.0})
        measurement.with_env(self._as(self.finance)).action_validate()
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            measure.unlink()
        self.assertTrue(measurement.exists())

    def test_before_the_benefit_began_nothing_is_its_own(self):
        self._measure(22.0, 150)
        self.assertFalse(self.benefit.has_measured)

    def test_a_dis_benefit(self):
        self._measure(44.0)
        self.assertEqual((self.benefit.realization, self.benefit.value_validated), (-0.2, -2000))
        self.assertEqual(self.benefit.value_at_risk, 7000)

    def test_more_than_was_aimed_at(self):
        self._measure(10.0)
        self.assertEqual((self.benefit.realization, self.benefit.value_at_risk), (1.5, 0))

    def test_a_target_that_is_the_baseline_says_nothing(self):
        self.benefit.target = 40.0
        self._measure(30.0)
        self.assertEqual((self.benefit.has_realization, self.benefit.value_validated), (False, 0))

    def test_a_measure_is_claimed_once(self):
        self.benefit.attribution = 60.0
        other = self._create_benefit(name="Other", attribution=40.0)
        with self.assertRaises(ValidationError):
            other.attribution = 41.0
        other.status = "cancelled"
        self.benefit.attribution = 100.0
        with self.assertRaises(ValidationError):
            other.status = "planned"

    def test_the_target_is_where_the_measure_is_to_go(self):
        with self.assertRaises(ValidationError):
            self.benefit.target = 50.0

    def test_one_measurement_a_day(self):
        self._measure(30.0)
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self._measure(31.0)

    def test_steps_of_a_plan(self):
        self.benefit.step_ids = [
            Command.create({"date": self.today - timedelta(days=50), "share": 10.0}),
            Command.create({"date": self.today + timedelta(days=50), "share": 50.0}),
        ]
        self.assertAlmostEqual(self.benefit.expected, 0.3)

    def test_value_by_hour(self):
        """25 hours are logged on the project, at 50 an hour."""
        self._measure(35.0)
        self.assertEqual((self.benefit.hours, self.benefit.return_per_hour), (25, 100))
        self.assertEqual(self.benefit.sudo().cost, 1250)
        with self.assertRaises(AccessError):
            self.benefit.read(["cost"])
        self.benefit.project_ids = False
        self.assertEqual((self.benefit.hours, self.benefit.return_per_hour), (0, 0))

    def _curve(self, *domain):
        self.env.flush_all()
        self.env.invalidate_all()
        return self._as(self.owner)["timetrack.benefit.curve"].search(
            [("benefit_id", "=", self.benefit.id), *domain], order="date"
        )

    def test_curve_and_overview(self):
        """Each month is what the engine says of its last day."""
        self._measure(38.0, 60)
        self._measure(35.0, 5)
        for steps in ([], [(-80, 20.0), (-20, 30.0), (90, 100.0)]):
            self.benefit.step_ids = [
                Command.create({"date": self.today + timedelta(days=days), "share": share}) for days, share in steps
            ]
            plan = [(self.today + timedelta(days=days), share / 100) for days, share in steps]
            rows = self._curve()
            ends = []
            month = self.benefit.date_start.replace(day=1)
            while month <= self.today:
                ends.append(min(month + relativedelta(day=31), self.today))
                month += relativedelta(months=1)
            self.assertEqual(rows.mapped("date"), ends)
            for row in rows:
                share = engine.planned(self.benefit.date_start, self.benefit.date_target, row.date, plan)
                self.assertAlmostEqual(row.planned_value, 10_000 * share, 2)
                known = [value for value, ago in ((38.0, 60), (35.0, 5)) if self.today - timedelta(ago) <= row.date]
                validated = 10_000 * engine.realization(40.0, 20.0, known[-1]) if known else 0.0
                self.assertAlmostEqual(row.validated_value, validated, 2)
                self.assertAlmostEqual(row.risk_value, max(10_000 * share - validated, 0), 2)
            now = self._curve(("is_now", "=", True))
            self.assertEqual((now, now.target_value), (rows[-1], 10_000))
            self.assertAlmostEqual(now.planned_value, self.benefit.value_expected, 2)
            self.assertAlmostEqual(now.risk_value, self.benefit.value_at_risk, 2)
        self.benefit.status = "cancelled"
        self.assertFalse(self._curve())

    def test_roles(self):
        with self.assertRaises(AccessError):
            self._as(self.ada.user_id)["timetrack.benefit"].search([])
        approver = self._create_user("approver", "hr_timesheet.group_hr_timesheet_approver")
        own = self.benefit.with_env(self._as(approver))
        self.assertEqual(own.expected, 0.5)
        self.assertTrue(own.action_view_curve() and own.action_view_measurements())
        with self.assertRaises(AccessError):
            own.write({"target": 10.0})

    def test_queries_are_bounded(self):
        self.benefit.attribution = 1.0

        def count(number):
            benefits = self.benefit
            for place in range(number):
                benefits |= self._create_benefit(name=f"B{place}", attribution=1.0)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            benefits.mapped("value_at_risk")
            benefits.mapped("return_per_hour")
            return self.env.cr.sql_log_count - before

        few = count(3)
        self.assertLessEqual(count(20), few)
