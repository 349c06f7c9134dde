from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import PASSWORD_LENGTH_OK, TimetrackCommon

# A Wednesday in a week from Monday, 10 March, to Sunday, 16 March 2025.
TODAY = date(2025, 3, 12)
MONDAY = date(2025, 3, 10)
SUNDAY = date(2025, 3, 16)


class PeriodCommon(TimetrackCommon):
    """The small firm in a week of March 2025, with working hours in UTC."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(freeze_time(TODAY))
        cls.Period = cls.env["timetrack.period"]
        cls.Line = cls.env["account.analytic.line"]
        cls.everybody = (
            cls.employee
            | cls.employee_colleague
            | cls.employee_lead
            | cls.employee_other_lead
            | cls.employee_manager
            | cls.employee_administrator
        )
        cls.everybody.write({"tz": "UTC", "date_version": "2025-01-01"})

    @classmethod
    def _entry(cls, **values):
        return super()._entry(**{"date": MONDAY, **values})

    @classmethod
    def _period(cls, employee=None, day=TODAY):
        return cls.Period._ensure(employee or cls.employee, day).with_env(cls.env)

    @classmethod
    def _second_company(cls):
        return cls.env["res.company"].create({"name": "Second"})

    def _days(self, period):
        return (period.date_from, period.date_to)


@tagged("post_install", "-at_install")
class TestPeriodDays(PeriodCommon):
    """Which days a period has, and who makes it."""

    def test_a_week_from_monday(self):
        self.assertEqual(self._days(self._period()), (MONDAY, SUNDAY))

    def test_week_starts_on_sunday(self):
        """Flips timetrack_week_start."""
        self.company.timetrack_week_start = "6"
        self.assertEqual(self._days(self._period()), (date(2025, 3, 9), date(2025, 3, 15)))

    def test_kind_of_period(self):
        """Flips timetrack_period; each kind for another employee's first period."""
        for kind, days in (
            ("two_weeks", (date(2025, 3, 10), date(2025, 3, 23))),
            ("half_month", (date(2025, 3, 1), date(2025, 3, 15))),
            ("month", (date(2025, 3, 1), date(2025, 3, 31))),
        ):
            self.company.timetrack_period = kind
            period = self._period()
            self.assertEqual(self._days(period), days, kind)
            period.unlink()

    def test_anchor_of_two_weeks(self):
        """Flips timetrack_period_anchor: the week before the present one is a first week."""
        self.company.timetrack_period = "two_weeks"
        self.company.timetrack_period_anchor = date(2025, 3, 5)
        self.assertEqual(self._days(self._period()), (date(2025, 3, 3), date(2025, 3, 16)))

    def test_a_period_is_made_once(self):
        period = self._period()
        self.assertEqual(self._period(day=SUNDAY), period)
        self.assertEqual(len(self.Period.search([("employee_id", "=", self.employee.id)])), 1)

    def test_a_new_kind_goes_on_where_the_old_one_stopped(self):
        week = self._period()
        self.company.timetrack_period = "month"
        self.assertEqual(self._period(), week, "history stays")
        after = self._period(day=date(2025, 3, 20))
        self.assertEqual(self._days(after), (date(2025, 3, 17), date(2025, 3, 31)))
        before = self._period(day=date(2025, 3, 1))
        self.assertEqual(self._days(before), (date(2025, 3, 1), date(2025, 3, 9)))
        self.assertEqual(self._days(self._period(day=date(2025, 4, 1))), (date(2025, 4, 1), date(2025, 4, 30)))

    def test_colleagues_have_the_same_days(self):
        """Somebody new after the change is no exception: the board has one range for all."""
        self._period()
        self.company.timetrack_period = "month"
        self.assertEqual(self._days(self._period(self.employee_colleague)), (MONDAY, SUNDAY))

    def test_an_employee_who_changed_the_company(self):
        """Periods of an employee do not overlap, whatever the rule of the new company."""
        self._period()
        second = self._second_company()
        second.timetrack_period = "month"
        self.employee.company_id = second
        days = [(self.employee.id, date(2025, 3, day)) for day in range(1, 32)]
        self.Period._ensure_days(days)
        periods = self.Period.search([("employee_id", "=", self.employee.id)], order="date_from")
        self.assertEqual(
            [self._days(period) for period in periods],
            [(date(2025, 3, 1), date(2025, 3, 9)), (MONDAY, SUNDAY), (date(2025, 3, 17), date(2025, 3, 31))],
        )
        self.assertEqual([period.company_id for period in periods], [second, self.company, second])

    def test_two_employees_of_a_user(self):
        second = self._second_company()
        elsewhere = self.env["hr.employee"].create(
            {"name": "Carl elsewhere", "user_id": self.consultant.id, "company_id": second.id}
        )
        periods = self.Period._ensure(self.employee | elsewhere, TODAY)
        self.assertEqual(len(periods), 2)
        self.assertEqual(periods.company_id, self.company | second)
        self.consultant.company_ids |= second
        companies = (self.company | second).ids
        own = self.Period.with_user(self.consultant).with_context(allowed_company_ids=companies).search([])
        self.assertEqual(own, periods)
        self.assertEqual(
            self.Period.with_user(self.consultant).with_context(allowed_company_ids=second.ids).search([]).employee_id,
            elsewhere,
        )

    def test_current_periods_are_made_every_day(self):
        second = self._second_company()
        second.timetrack_approval_required = False
        elsewhere = self.env["hr.employee"].create({"name": "No approval", "company_id": second.id})
        nobody = self.env["hr.employee"].create({"name": "No user"})
        self.employee_colleague.active = False
        self.Period._cron_create()
        made = self.Period.search([("date_from", "<=", TODAY), ("date_to", ">=", TODAY)])
        self.assertLessEqual(self.employee | nobody, made.employee_id)
        self.assertFalse((elsewhere | self.employee_colleague) & made.employee_id)

    def test_the_period_before(self):
        last, before = self._period(day=date(2025, 3, 9)), self._period(day=date(2025, 3, 2))
        periods = last | before | self._period()
        self.assertEqual(self.Period.search([("id", "in", periods.ids), ("is_previous", "=", True)]), last)
        self.assertEqual(periods.filtered("is_previous"), last)

    def test_the_periods_of_an_employee(self):
        period = self._period()
        self._period(self.employee_colleague)
        for user, model in ((self.administrator, "hr.employee"), (self.lead, "hr.employee.public")):
            action = self.env[model].with_user(user).browse(self.employee.id).action_timetrack_view_periods()
            self.assertEqual(self.Period.with_user(user).search(action["domain"]), period)

    def test_it_takes_the_same_queries_for_many(self):
        many = self.env["hr.employee"].create([{"name": f"Number {number}"} for number in range(60)])
        self.env.flush_all()

        def queries(employees):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.Period._ensure(employees, TODAY)
            return self.env.cr.sql_log_count - before

        few = queries(many[:2])
        self.assertLessEqual(queries(many), few)
        self.assertLessEqual(few, 10)


@tagged("post_install", "-at_install")
class TestPeriodFigures(PeriodCommon):
    """What a period says of its entries."""

    def _state(self, *states):
        self.Line.search([("employee_id", "=", self.employee.id)])._timetrack_internal().unlink()
        for state in states:
            self._entry()._timetrack_internal().write({"timetrack_state": state})
        period = self._period()
        period.invalidate_recordset()
        return period.state

    def test_state_and_its_search(self):
        period = self._period()
        for states, expected in (
            ((), "empty"),
            (("draft", "submitted", "approved"), "draft"),
            (("rejected", "draft", "submitted", "approved"), "rejected"),
            (("submitted",), "submitted"),
            (("submitted", "approved"), "partially_approved"),
            (("approved", "approved"), "approved"),
        ):
            self.assertEqual(self._state(*states), expected)
            for name in ("empty", "draft", "rejected", "submitted", "partially_approved", "approved"):
                found = self.Period.search([("id", "=", period.id), ("state", "=", name)])
                self.assertEqual(bool(found), name == expected, (states, name))
            self.assertTrue(self.Period.search([("id", "=", period.id), ("state", "in", [expected, "empty"])]))
            self.assertFalse(self.Period.search([("id", "=", period.id), ("state", "!=", expected)]))

    def test_hours_by_state(self):
        for hours, state in ((1, "draft"), (2, "submitted"), (3, "approved"), (4, "rejected")):
            self._entry(unit_amount=hours)._timetrack_internal().write({"timetrack_state": state})
        self._entry(unit_amount=99, date=date(2025, 3, 17))  # next week
        self._entry(unit_amount=99, employee_id=self.employee_colleague.id)
        period = self._period()
        self.assertEqual(
            (
                period.draft_hours,
                period.submitted_hours,
                period.approved_hours,
                period.rejected_hours,
                period.logged_hours,
                period.entry_count,
            ),
            (1.0, 2.0, 3.0, 4.0, 10.0, 4),
        )

    def test_expected_is_net_of_holidays_and_leave(self):
        """A holiday on Tuesday, leave on Thursday: 24 hours to work, 16 of them before today: Monday's 8."""
        for day, employee in (("2025-03-11", None), ("2025-03-13", self.employee)):
            self.env["resource.calendar.leaves"].create(
                {
                    "name": "Off",
                    "date_from": f"{day} 00:00:00",
                    "date_to": f"{day} 23:59:59",
                    "company_id": self.company.id,
                    "calendar_id": False,
                    "resource_id": employee.resource_id.id if employee else False,
                }
            )
        self._entry(unit_amount=6)
        period = self._period()
        self.assertEqual((period.expected_hours, period.missing_hours, period.overtime_hours), (24.0, 2.0, 0.0))
        self._entry(unit_amount=20)
        period.invalidate_recordset()
        self.assertEqual((period.missing_hours, period.overtime_hours), (0.0, 2.0))

    def test_missing_hours_can_be_searched(self):
        self._entry(unit_amount=8)
        self._entry(unit_amount=8, date=date(2025, 3, 11))
        self._entry(unit_amount=7, employee_id=self.employee_colleague.id)
        periods = self.Period._ensure(self.employee | self.employee_colleague, TODAY)
        found = self.Period.search([("id", "in", periods.ids), ("missing_hours", ">", 0)])
        self.assertEqual(found.employee_id, self.employee_colleague)
        found = self.Period.search([("id", "in", periods.ids), ("missing_hours", "=", 0)])
        self.assertEqual(found.employee_id, self.employee)

    def test_nothing_is_expected_of_somebody_who_has_left(self):
        self.employee.departure_date = date(2025, 3, 10)
        self.assertEqual(self._period().expected_hours, 8.0)

    def test_late_after_the_days_to_submit(self):
        """Flips timetrack_deadline_days: two days after Sunday by default."""
        self._entry()
        period = self._period()
        self.assertEqual(period.deadline, date(2025, 3, 18))
        for day, days, late in (("2025-03-18", 2, False), ("2025-03-19", 2, True), ("2025-03-19", 5, False)):
            self.company.timetrack_deadline_days = days
            with freeze_time(day):
                period.invalidate_recordset()
                self.assertEqual(period.is_late, late, (day, days))
                self.assertEqual(bool(self.Period.search([("id", "=", period.id), ("is_late", "=", True)])), late)
                self.assertEqual(bool(self.Period.search([("id", "=", period.id), ("is_late", "=", False)])), not late)

    def test_late_or_not_by_what_is_missing(self):
        empty, submitted, on_leave = self.Period._ensure(
            self.employee | self.employee_colleague | self.employee_other_lead, TODAY
        ).sorted(lambda period: self.everybody.ids.index(period.employee_id.id))
        self._submitted(employee_id=self.employee_colleague.id)
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Off",
                "date_from": "2025-03-10 00:00:00",
                "date_to": "2025-03-16 23:59:59",
                "calendar_id": False,
                "resource_id": self.employee_other_lead.resource_id.id,
            }
        )
        periods = empty | submitted | on_leave
        with freeze_time("2025-03-19"):
            periods.invalidate_recordset()
            self.assertEqual(periods.mapped("is_late"), [True, False, False])
            self.assertEqual(self.Period.search([("id", "in", periods.ids), ("is_late", "=", True)]), empty)
            self.company.timetrack_approval_required = False
            periods.invalidate_recordset()
            self.assertFalse(empty.is_late)
            self.assertFalse(self.Period.search([("id", "in", periods.ids), ("is_late", "=", True)]))

    def test_time_on_projects_of_another_company_counts(self):
        second = self._second_company()
        project = self.env["project.project"].create(
            {"name": "Elsewhere", "allow_timesheets": True, "company_id": second.id}
        )
        entry = self._entry(project_id=project.id, task_id=False)
        self.assertEqual((entry.company_id, entry.employee_id.company_id), (second, self.company))
        self.assertEqual(self._period().logged_hours, 2.0)

    def test_leave_kept_as_time_is_no_entry(self):
        entry = self._entry()
        entry._timetrack_internal().write({"timetrack_state": False})
        period = self._period()
        self.assertEqual((period.state, period.logged_hours), ("empty", 0.0))

    def test_figures_take_the_same_queries_for_many(self):
        many = self.env["hr.employee"].create([{"name": f"Number {number}"} for number in range(60)])
        for employee in many[:10]:
            self._entry(employee_id=employee.id)
        periods = self.Period._ensure(many, TODAY).with_user(self.administrator)
        names = ["display_name", "state", "logged_hours", "expected_hours", "missing_hours", "deadline", "is_late"]
        names += ["pending_ids", "entry_ids"]

        def queries(records):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            records.read(names)
            return self.env.cr.sql_log_count - before

        queries(periods)
        few = queries(periods[:5])
        self.assertLessEqual(queries(periods), few + 2)
        self.assertLessEqual(few, 40)


@tagged("post_install", "-at_install")
class TestPeriodAccess(PeriodCommon):
    """Who sees a period, and that nobody makes or changes one."""

    def _visible(self, user):
        Period = self.Period.with_user(user)
        found = Period.search([("id", "in", self.periods.ids)])
        for period in self.periods:
            readable = period.with_user(user).has_access("read")
            self.assertEqual(readable, period in found, (user.login, period.employee_id.name))
        return found.employee_id

    def test_by_role(self):
        self.periods = self.Period._ensure(self.everybody, TODAY)
        own = self.employee | self.employee_colleague
        self.assertEqual(self._visible(self.consultant), self.employee)
        self.assertEqual(self._visible(self.lead), own | self.employee_lead)
        self.assertEqual(self._visible(self.other_lead), self.employee_other_lead)
        self.assertEqual(self._visible(self.project_manager), self.employee_manager)
        self.assertEqual(self._visible(self.administrator), self.everybody)

    def test_people_below_at_any_depth(self):
        self.employee_lead.parent_id = self.employee_other_lead
        self.employee.active = False
        self.periods = self.Period._ensure(self.everybody, TODAY)
        self.assertEqual(
            self._visible(self.other_lead),
            self.employee_other_lead | self.employee_lead | self.employee | self.employee_colleague,
        )

    def test_project_managers_see_periods_with_time_on_their_projects(self):
        self._entry()
        self._entry(employee_id=self.employee_colleague.id, project_id=self.internal_project.id, task_id=False)
        self.periods = self.Period._ensure(self.everybody, TODAY) | self.Period._ensure(self.employee, date(2025, 3, 1))
        found = self.Period.with_user(self.project_manager).search([("id", "in", self.periods.ids)])
        self.assertEqual(found, self._period() | self._period(self.employee_manager))

    def test_whoever_may_decide_sees_the_period(self):
        """The lead has neither a manager nor a project manager here: any approver decides."""
        self._submitted(employee_id=self.employee_lead.id, project_id=self.internal_project.id, task_id=False)
        self.periods = self.Period._ensure(self.everybody, TODAY)
        self.assertEqual(self._visible(self.other_lead), self.employee_other_lead | self.employee_lead)

    def test_delegates_see_what_the_delegator_sees(self):
        self.periods = self.Period._ensure(self.everybody, TODAY)
        delegation = self.env["timetrack.delegation"].create(
            {"user_id": self.lead.id, "delegate_id": self.other_lead.id, "date_from": MONDAY, "date_to": TODAY}
        )
        own = self.employee_other_lead
        self.assertEqual(self._visible(self.other_lead), own | self.employee | self.employee_colleague)
        delegation.date_to = "2025-03-11"
        self.env.invalidate_all()
        self.assertEqual(self._visible(self.other_lead), own)

    def test_not_in_another_company(self):
        second = self._second_company()
        stranger = new_test_user(
            self.env,
            login="tt_stranger",
            groups="hr_timesheet.group_timesheet_manager",
            company_id=second.id,
            company_ids=[(6, 0, second.ids)],
            password=PASSWORD_LENGTH_OK,
        )
        self.periods = self._period()
        self.assertFalse(self._visible(stranger))

    def test_not_for_people_without_timesheets(self):
        outsider = new_test_user(self.env, login="tt_outsider", groups="base.group_user", password=PASSWORD_LENGTH_OK)
        with self.assertRaises(AccessError):
            self.Period.with_user(outsider).search([])

    def test_nobody_makes_one(self):
        values = {
            "employee_id": self.employee.id,
            "company_id": self.company.id,
            "date_from": "2025-03-12",
            "date_to": "2025-03-13",
        }
        for user in (self.consultant, self.administrator):
            for context in ({}, {"timetrack_internal": True}):
                with self.assertRaises(AccessError):
                    self.Period.with_user(user).with_context(**context).create(values)
        with self.assertRaises(AccessError):
            self.Period.sudo().create(values)

    def test_employee_company_and_days_never_change(self):
        period = self._period()
        for values in (
            {"employee_id": self.employee_colleague.id},
            {"company_id": self._second_company().id},
            {"date_from": "2025-03-09"},
            {"date_to": "2025-03-15"},
        ):
            for record in (period.with_user(self.administrator), period.sudo()):
                with self.assertRaises(AccessError):
                    record.with_context(timetrack_internal=1).write(values)
        with self.assertRaises(AccessError):
            period.with_user(self.consultant).copy()

    def test_deleting_it_deletes_no_entry(self):
        entry, submitted = self._entry(), self._submitted()
        with self.assertRaises(AccessError):
            self._period().with_user(self.consultant).unlink()
        self._period().with_user(self.administrator).unlink()
        self.assertEqual((entry | submitted).exists(), entry | submitted)
        self.assertEqual(submitted.timetrack_state, "submitted")
        self.assertEqual(self._period().logged_hours, 4.0)

    def test_it_goes_with_its_employee(self):
        employee = self.env["hr.employee"].create({"name": "Short Stay"})
        period = self._period(employee)
        period.message_post(body="Hello")
        employee.unlink()
        self.assertFalse(period.exists())
        self.assertFalse(
            self.env["mail.message"].search([("model", "=", "timetrack.period"), ("res_id", "=", period.id)])
        )

    def test_everybody_who_sees_it_may_write_a_message(self):
        period = self._period()
        for user in (self.consultant, self.lead):
            period.with_user(user).message_post(body="A question")
        with self.assertRaises(AccessError):
            period.with_user(self.other_lead).message_post(body="A question")


@tagged("post_install", "-at_install")
class TestPeriodActions(PeriodCommon):
    """A whole period at once."""

    def test_submit_and_withdraw_and_approve(self):
        entries = self._entry() | self._entry(date=SUNDAY)
        later = self._entry(date=date(2025, 3, 17))
        period = self._period()
        period.with_user(self.consultant).action_submit()
        self.assertEqual(entries.mapped("timetrack_state"), ["submitted"] * 2)
        self.assertEqual(later.timetrack_state, "draft")
        period.with_user(self.consultant).action_withdraw()
        self.assertEqual(period.state, "draft")
        period.with_user(self.consultant).action_submit()
        self.assertTrue(period.with_user(self.lead).is_pending)
        period.with_user(self.lead).action_approve()
        self.assertEqual(period.state, "approved")
        self.assertFalse(period.with_user(self.lead).is_pending)

    def test_approve_only_what_waits_for_oneself(self):
        mine = self._submitted()
        other = self._submitted(project_id=self.internal_project.id, task_id=False)
        period = self._period()
        period.with_user(self.project_manager).action_approve()
        self.assertEqual((mine.timetrack_state, other.timetrack_state), ("approved", "submitted"))
        self.assertEqual(period.state, "partially_approved")
        with self.assertRaisesRegex(UserError, "Nothing of this time waits for you"):
            period.with_user(self.project_manager).action_approve()

    def test_reject_by_the_dialog(self):
        entry = self._submitted()
        period = self._period().with_user(self.lead)
        with self.assertRaisesRegex(UserError, "give a reason"):
            period.action_reject(" ")
        action = period.action_ask_reason()
        wizard = (
            self.env[action["res_model"]].with_user(self.lead).with_context(**action["context"]).create({"reason": "x"})
        )
        wizard.action_confirm()
        self.assertEqual((entry.timetrack_state, entry.timetrack_reason), ("rejected", "x"))
        period.invalidate_recordset()
        with self.assertRaisesRegex(UserError, "Nothing of this time waits for you"):
            period.action_ask_reason()

    def test_nothing_to_submit_or_withdraw(self):
        period = self._period().with_user(self.consultant)
        with self.assertRaisesRegex(UserError, "nothing to submit"):
            period.action_submit()
        with self.assertRaisesRegex(UserError, "nothing to withdraw"):
            period.action_withdraw()

    def test_waiting_periods_can_be_searched(self):
        self._submitted()
        self._entry(employee_id=self.employee_colleague.id)
        periods = self.Period._ensure(self.everybody, TODAY)
        for user, expected in ((self.lead, self.employee), (self.other_lead, self.env["hr.employee"])):
            Period = self.Period.with_user(user)
            found = Period.search([("id", "in", periods.ids), ("is_pending", "=", True)])
            self.assertEqual(found.employee_id, expected)

    def test_the_entries_behind_it(self):
        entry = self._entry()
        self._entry(date=date(2025, 3, 17))
        action = self._period().with_user(self.consultant).action_view_entries()
        found = self.Line.with_user(self.consultant).search(action["domain"])
        self.assertEqual(found, entry)
        self.assertEqual(self._period().with_user(self.consultant).entry_ids, entry)


@tagged("post_install", "-at_install")
class TestMyPeriod(PeriodCommon):
    """What the systray shows of the user's own week."""

    def _mine(self, day=None):
        return self.Period.with_user(self.consultant).get_my_period(day)

    def test_not_of_any_day_that_can_be_written(self):
        count = self.Period.search_count([])
        for day in ("9999-12-31", "0001-01-01"):
            with self.assertRaisesRegex(UserError, "nearer to today"):
                self._mine(day)
        self.assertEqual(self.Period.search_count([]), count)

    def test_my_week(self):
        self._entry(unit_amount=6.5)
        rejected = self._submitted(unit_amount=2)
        rejected.with_user(self.lead).action_timetrack_reject("Which?")
        for offset in range(5):  # the week before is complete
            entry = self._entry(unit_amount=8, date=date(2025, 3, 3 + offset))
            entry._timetrack_internal().write({"timetrack_state": "approved"})
        mine = self._mine()
        self.assertEqual(mine["id"], self._period().id)
        self.assertEqual(
            (mine["date_from"], mine["date_to"], mine["deadline"]), ("2025-03-10", "2025-03-16", "2025-03-18")
        )
        self.assertEqual((mine["state"], mine["state_label"], mine["is_late"]), ("rejected", "Sent Back", False))
        self.assertEqual((mine["logged"], mine["expected"], mine["missing"], mine["overtime"]), (8.5, 40.0, 7.5, 0.0))
        self.assertEqual((mine["to_submit"], mine["to_submit_hours"], mine["rejected"]), (2, 8.5, 1))
        self.assertEqual(mine["unit"], "hours")
        self.assertEqual(mine["text"]["logged"], "08:30")
        self.assertIs(mine["previous"], False)

    def test_the_week_before_with_something_left(self):
        self._entry(unit_amount=5, date=date(2025, 3, 3))
        previous = self._mine()["previous"]
        self.assertEqual((previous["date_from"], previous["to_submit"]), ("2025-03-03", 1))
        self.assertEqual((previous["missing"], previous["state"]), (35.0, "draft"))

    def test_in_days(self):
        self.company.timesheet_encode_uom_id = self.env.ref("uom.product_uom_day")
        self._entry(unit_amount=12)
        mine = self._mine()
        self.assertEqual((mine["unit"], mine["logged"], mine["text"]["logged"]), ("days", 12.0, "1.50 days"))

    def test_submit_my_week(self):
        entries = self._entry() | self._entry(project_id=self.internal_project.id, task_id=False)
        result = self.Period.with_user(self.consultant).submit_my_period(self._mine()["id"])
        self.assertEqual(entries.mapped("timetrack_state"), ["submitted"] * 2)
        self.assertEqual((result["state"], result["to_submit"]), ("submitted", 0))

    def test_only_my_own(self):
        self._entry()
        with self.assertRaises(AccessError):
            self.Period.with_user(self.colleague).submit_my_period(self._period().id)
        with self.assertRaisesRegex(AccessError, "your own time only"):
            self.Period.with_user(self.lead).submit_my_period(self._period().id)

    def test_without_an_employee(self):
        user = new_test_user(
            self.env, login="tt_no_employee", groups="hr_timesheet.group_hr_timesheet_user", password=PASSWORD_LENGTH_OK
        )
        self.assertIs(self.Period.with_user(user).get_my_period(), False)


@tagged("post_install", "-at_install")
class TestBoard(PeriodCommon):
    """What the approvers' screen shows."""

    def _board(self, user, **arguments):
        return self.Period.with_user(user).get_board(**arguments)

    def _row(self, board, employee):
        return next((row for row in board["employees"] if row["id"] == employee.id), None)

    def test_a_week_of_the_team(self):
        submitted = self._submitted(unit_amount=6)
        draft = self._entry(unit_amount=1)
        tuesday = self._submitted(unit_amount=3, date=date(2025, 3, 11))
        self._period().message_post(body="A question", message_type="comment")
        board = self._board(self.lead)
        self.assertEqual(board["period"]["from"], "2025-03-10")
        self.assertEqual((board["period"]["previous"], board["period"]["next"]), ("2025-03-09", "2025-03-17"))
        self.assertEqual(board["days"][::6], ["2025-03-10", "2025-03-16"])
        self.assertEqual([row["name"] for row in board["employees"]], ["Carl Consultant", "Cora Colleague"])
        row = self._row(board, self.employee)
        self.assertEqual((row["period_id"], row["state"], row["message_count"]), (self._period().id, "draft", 1))
        self.assertEqual(
            (row["expected"], row["logged"], row["missing"], row["submitted"], row["pending"]),
            (40.0, 10.0, 6.0, 9.0, 9.0),
        )
        self.assertEqual(row["pending_ids"], (submitted | tuesday).ids)
        cell = row["days"]["2025-03-10"]
        self.assertEqual(
            cell,
            {
                "expected": 8.0,
                "logged": 7.0,
                "pending": 6.0,
                "states": {"submitted": 6.0, "draft": 1.0},
                "warnings": 0,
                "entry_ids": (submitted | draft).ids,
                "pending_ids": submitted.ids,
            },
        )
        self.assertEqual(row["days"]["2025-03-16"]["expected"], 0.0)
        self.assertEqual(board["totals"]["logged"], 10.0)

    @freeze_time("2025-03-26 12:00:00")
    def test_it_opens_where_something_waits(self):
        self.assertEqual(self._board(self.lead)["period"]["from"], "2025-03-24")
        self._submitted()
        self._submitted(date=date(2025, 3, 18))
        self._submitted(date=date(2025, 4, 7))
        self.assertEqual(self._board(self.lead)["period"]["from"], "2025-03-17", "not what is to come")
        self.assertEqual(self._board(self.lead, date="2025-03-26")["period"]["from"], "2025-03-24")
        self._submitted(date=date(2025, 3, 27))
        self.assertEqual(self._board(self.lead)["period"]["from"], "2025-03-24")

    def test_only_who_has_something_for_me(self):
        self._submitted()
        board = self._board(self.lead, scope="pending")
        self.assertEqual([row["id"] for row in board["employees"]], self.employee.ids)

    def test_project_managers_see_who_works_on_their_projects(self):
        self._submitted()
        self._entry(employee_id=self.employee_colleague.id, project_id=self.internal_project.id, task_id=False)
        board = self._board(self.project_manager)
        self.assertEqual([row["id"] for row in board["employees"]], self.employee.ids)
        everybody = self._board(self.project_manager, scope="all")
        self.assertEqual([row["id"] for row in everybody["employees"]], (self.employee | self.employee_colleague).ids)

    def test_only_entries_that_one_may_read(self):
        secret = self.env["project.project"].create(
            {"name": "Secret", "allow_timesheets": True, "privacy_visibility": "followers", "user_id": False}
        )
        entry = self._submitted(project_id=secret.id, task_id=False)
        open_entry = self._submitted(project_id=self.internal_project.id, task_id=False, unit_amount=1)
        self.assertFalse(entry.with_user(self.other_lead).has_access("read"))
        row = self._row(self._board(self.other_lead, scope="all"), self.employee)
        self.assertEqual((row["logged"], row["days"]["2025-03-10"]["entry_ids"]), (1.0, open_entry.ids))

    def test_looking_ahead_makes_no_periods(self):
        board = self._board(self.lead, date="2025-06-02")
        self.assertEqual([row["period_id"] for row in board["employees"]], [False, False])
        self.assertFalse(self.Period.search([("date_from", ">", SUNDAY), ("employee_id", "in", self.everybody.ids)]))

    def test_for_approvers_only_and_within_ones_companies(self):
        with self.assertRaises(AccessError):
            self._board(self.consultant)
        with self.assertRaises(AccessError):
            self._board(self.lead, company_id=self._second_company().id)
        with self.assertRaisesRegex(UserError, "Unknown scope"):
            self._board(self.lead, scope="mine")

    def test_queries_do_not_grow_with_employees_and_entries(self):
        employees = self.env["hr.employee"].create(
            [{"name": f"Number {number}", "parent_id": self.employee_lead.id} for number in range(50)]
        )

        def fill(members, hours):
            entries = self.Line.create(
                [
                    {
                        "name": "Work",
                        "project_id": self.project.id,
                        "employee_id": employee.id,
                        "unit_amount": hours,
                        "date": day,
                    }
                    for employee in members
                    for day in (MONDAY, date(2025, 3, 11), SUNDAY)
                ]
            )
            entries.action_timetrack_submit()

        def queries():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            board = self._board(self.lead, scope="pending")
            return self.env.cr.sql_log_count - before, len(board["employees"])

        fill(employees[:2], 1)
        queries()
        few, count = queries()
        self.assertEqual(count, 2)
        fill(employees, 2)
        queries()
        many, count = queries()
        self.assertEqual(count, 50)
        self.assertLessEqual(many, few + 2)
        self.assertLessEqual(few, 50)
