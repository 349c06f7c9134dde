from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from .common import TimetrackBillingCommon

RATE_FIELDS = ["timetrack_rate", "timetrack_rate_currency_id", "timetrack_rate_id"]


@tagged("-at_install", "post_install")
class TestRates(TimetrackBillingCommon):
    def _count_queries(self, entries):
        """How many queries it takes to find the rates of entries."""
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        entries._timetrack_resolve_rates()
        return self.cr.sql_log_count - before

    def test_rate_is_frozen_at_approval(self):
        entry = self._log(2.0)
        self.assertFalse(entry.timetrack_rate_currency_id)
        self._approve(entry)
        self.assertEqual(entry.timetrack_rate, 100.0)
        self.assertEqual(entry.timetrack_rate_currency_id, self.company.currency_id)
        self.assertEqual(entry.timetrack_rate_id, self.card.rate_ids.filtered(lambda rate: not rate.employee_id))
        self.card.rate_ids.rate = 300.0
        self.assertEqual(entry.timetrack_rate, 100.0)
        move = self._invoice()
        self.assertEqual(move.amount_untaxed, 200.0)

    def test_reopening_clears_the_rate(self):
        entry = self._log_approved(2.0)
        self.card.rate_ids.rate = 300.0
        entry.with_user(self.user_approver).action_timetrack_reopen("Wrong project")
        self.assertFalse(entry.timetrack_rate_currency_id or entry.timetrack_rate_id or entry.timetrack_rate)
        self._approve(entry)
        self.assertEqual(entry.timetrack_rate, 300.0)

    def test_the_card_of_the_project_comes_first(self):
        foreign = self.setup_other_currency("EUR")
        self.project.timetrack_rate_card_id = self._create_card("Special", {"rate": 0.0}, currency=foreign)
        other = self._create_project("Other", self.partner_a)
        entries = self._log_approved(1.0) + self._log_approved(1.0, project_id=other.id)
        self.assertEqual(entries.mapped("timetrack_rate"), [0.0, 100.0])
        self.assertEqual(entries[0].timetrack_rate_currency_id, foreign)

    def test_every_dimension_resolves(self):
        self.card.rate_ids = [
            Command.clear(),
            Command.create({"rate": 1.0}),
            Command.create({"rate": 2.0, "activity_id": self.activity.id}),
            Command.create({"rate": 3.0, "employee_id": self.bob.id}),
            Command.create({"rate": 4.0, "partner_id": self.partner_b.id}),
            Command.create({"rate": 5.0, "project_id": self.project.id, "activity_id": self.activity.id}),
            Command.create({"rate": 6.0, "date_from": "2026-07-01", "date_to": "2026-07-31"}),
        ]
        plain = self._create_project("Plain", self.partner_a)
        contact = self.env["res.partner"].create({"name": "Contact", "parent_id": self.partner_b.id})
        theirs = self._create_project("Theirs", contact)
        cases = [
            ({"project_id": plain.id}, 1.0),
            ({"project_id": plain.id, "timetrack_activity_id": self.activity_drafting.id}, 2.0),
            ({"project_id": plain.id, "employee_id": self.bob.id}, 3.0),
            ({"project_id": theirs.id, "employee_id": self.bob.id}, 4.0),
            ({"timetrack_activity_id": self.activity.id}, 5.0),
            ({"project_id": plain.id, "date": "2026-07-31"}, 6.0),
            ({"project_id": plain.id, "date": "2026-08-01"}, 1.0),
        ]
        for values, rate in cases:
            with self.subTest(values=values):
                self.assertEqual(self._log_approved(1.0, **values).timetrack_rate, rate)

    def test_tasks_with_their_parts_and_the_job_of_the_day(self):
        """A rate of a task is for its sub-tasks as well; who changes the job has the rate of the old one before."""
        task, other = self.env["project.task"].create(
            [{"name": name, "project_id": self.project.id} for name in ("Trial", "Office")]
        )
        part = self.env["project.task"].create(
            {"name": "Pleading", "project_id": self.project.id, "parent_id": task.id}
        )
        junior, senior = self.env["hr.job"].create([{"name": name} for name in ("Junior", "Senior")])
        self.alice.version_id.write({"date_version": "2026-01-01", "job_id": junior.id})
        self.alice.create_version({"date_version": "2026-06-01", "job_id": senior.id})
        self.card.rate_ids = [
            Command.clear(),
            Command.create({"rate": 1.0}),
            Command.create({"rate": 2.0, "job_id": junior.id}),
            Command.create({"rate": 3.0, "job_id": senior.id}),
            Command.create({"rate": 4.0, "task_id": task.id}),
            Command.create({"rate": 5.0, "task_id": task.id, "job_id": senior.id}),
        ]
        cases = [
            ({"employee_id": self.bob.id}, 1.0),
            ({}, 2.0),
            ({"date": "2025-11-30"}, 2.0),
            ({"date": "2026-06-01"}, 3.0),
            ({"task_id": other.id}, 2.0),
            ({"task_id": task.id}, 4.0),
            ({"task_id": part.id}, 4.0),
            ({"task_id": part.id, "date": "2026-06-01"}, 5.0),
        ]
        for values, rate in cases:
            with self.subTest(values=values):
                self.assertEqual(self._log_approved(1.0, **values).timetrack_rate, rate)

    def test_a_rate_that_never_applies_is_refused(self):
        task = self.env["project.task"].create({"name": "Trial", "project_id": self.project.id})
        other = self._create_project("Other", self.partner_a)
        with self.assertRaisesRegex(ValidationError, "would never apply"):
            self.card.rate_ids = [Command.create({"rate": 1.0, "project_id": other.id, "task_id": task.id})]

    def test_missing_rate_is_an_error_that_says_what_to_do(self):
        self.card.rate_ids = [Command.clear(), Command.create({"rate": 9.0, "employee_id": self.bob.id})]
        entry = self._log_approved(1.0)
        self.assertFalse(entry.timetrack_rate_currency_id)
        with self.assertRaisesRegex(UserError, "Alice.*Merger.*2026-05-04[^$]*Standard"):
            self._invoice()
        self.assertIn("no hourly rate", self._wizard().left_out)
        self.card.rate_ids = [Command.create({"rate": 80.0})]
        self.assertEqual(self._invoice().amount_untaxed, 80.0)
        self.company.timetrack_rate_card_id = False
        self._log_approved(1.0)
        with self.assertRaisesRegex(UserError, "Choose a rate card"):
            self._invoice()

    def test_explicit_zero_is_a_rate(self):
        self.card.rate_ids.rate = 0.0
        entry = self._log_approved(3.0)
        move = self._invoice()
        self.assertEqual((move.amount_untaxed, move.invoice_line_ids.quantity), (0.0, 3.0))
        move.action_post()
        self.assertEqual(entry.timetrack_billing_state, "billed")
        self.assertLedger()

    def test_cards_do_not_cross_companies(self):
        other = self.setup_other_company()["company"]
        card = self.env["timetrack.rate.card"].create({"name": "Theirs", "company_id": other.id})
        with self.assertRaises(UserError):
            self.project.timetrack_rate_card_id = card
        with self.assertRaises(ValidationError):
            self.company.timetrack_rate_card_id = card

    def test_rates_are_secret(self):
        entry = self._log_approved(1.0)
        self.user_consultant.group_ids += self.env.ref("base.group_allow_export")
        mine = entry.with_user(self.user_consultant)
        for name in RATE_FIELDS:
            self.assertNotIn(name, mine.fields_get())
            with self.assertRaises(AccessError):
                mine.read([name])
            with self.assertRaises(AccessError):
                mine.export_data([name])
            with self.assertRaises(AccessError):
                mine.search([(name, "!=", False)])
        with self.assertRaises(AccessError):
            mine.formatted_read_group([], ["employee_id"], ["timetrack_rate:avg"])
        with self.assertRaises(AccessError):
            mine.formatted_read_group([], ["timetrack_rate_id"], ["__count"])
        for model in ("timetrack.rate.card", "timetrack.rate", "timetrack.allocation"):
            with self.assertRaises(AccessError):
                self.env[model].with_user(self.user_consultant).search([])
        with self.assertRaises(AccessError):
            self.project.with_user(self.user_consultant).read(["timetrack_rate_card_id"])
        self.assertEqual(entry.with_user(self.user_billing).timetrack_rate, 100.0)

    # ------------------------------------------------------------------
    # Surcharges
    # ------------------------------------------------------------------

    def test_weekends_evenings_and_holidays_cost_more(self):
        """By hand, in Brussels, two hours ahead of the server: an hour from 17:30 is half in the evening."""
        self.alice.tz = "Europe/Brussels"
        self.card.surcharge_ids = [
            Command.create({"name": "Weekend", "days": "weekend", "percent": 50.0}),
            Command.create({"name": "Sunday", "days": "6", "percent": 100.0}),
            Command.create({"name": "Evening", "days": "working", "percent": 25.0, "hour_from": 18.0}),
            Command.create({"name": "Holiday", "days": "holiday", "percent": 75.0}),
        ]
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Ascension",
                "company_id": self.company.id,
                "calendar_id": False,
                "date_from": "2026-05-13 22:00:00",
                "date_to": "2026-05-14 21:59:59",
            }
        )
        cases = [
            ({"date": "2026-05-08"}, 100.0, 0.0),
            ({"date": "2026-05-09"}, 150.0, 50.0),
            ({"date": "2026-05-10"}, 200.0, 100.0),
            ({"date": "2026-05-14"}, 175.0, 75.0),
            ({"timetrack_start": "2026-05-04 15:30:00", "timetrack_stop": "2026-05-04 16:30:00"}, 112.5, 12.5),
            ({"timetrack_start": "2026-05-04 16:00:00", "timetrack_stop": "2026-05-04 17:00:00"}, 125.0, 25.0),
        ]
        for values, rate, percent in cases:
            with self.subTest(values=values):
                entry = self._log_approved(1.0, **values)
                self.assertEqual((entry.timetrack_rate, entry.timetrack_surcharge), (rate, percent))
        entry.with_user(self.user_approver).action_timetrack_reopen("Wrong project")
        self.assertEqual((entry.timetrack_rate, entry.timetrack_surcharge), (0, 0))

    def test_a_surcharge_is_rounded_and_billed(self):
        self.card.surcharge_ids = [Command.create({"name": "Third", "days": "any", "percent": 33.333})]
        self._log_approved(3.0)
        move = self._invoice()
        self.assertEqual((move.invoice_line_ids.price_unit, move.amount_untaxed), (133.33, 399.99))

    def test_hours_of_no_day_are_refused(self):
        for hours in ({"hour_from": 24.0}, {"hour_to": 25.0}, {"hour_from": -1.0}, {"hour_from": 8.0, "hour_to": 8.0}):
            with self.subTest(hours=hours), self.assertRaises(ValidationError):
                self.card.surcharge_ids = [Command.create({"name": "Odd", "percent": 10.0, **hours})]

    def test_surcharges_are_secret(self):
        self.card.surcharge_ids = [Command.create({"name": "Always", "days": "any", "percent": 10.0})]
        entry = self._log_approved(1.0)
        with self.assertRaises(AccessError):
            entry.with_user(self.user_consultant).read(["timetrack_surcharge"])
        with self.assertRaises(AccessError):
            self.env["timetrack.rate.surcharge"].with_user(self.user_consultant).search([])
        with self.assertRaises(AccessError):
            entry.with_user(self.user_billing).timetrack_surcharge = 0

    def test_queries_of_surcharges_do_not_grow_with_the_entries(self):
        self.card.surcharge_ids = [Command.create({"name": "Holiday", "days": "holiday", "percent": 10.0})]

        self._count_queries(self._log(1.0))
        few = self._count_queries(self._log(1.0, 1.0))
        self.assertLessEqual(
            self._count_queries(self._log(*[1.0] * 60) | self._log(*[1.0] * 60, employee_id=self.bob.id)), few
        )

    # ------------------------------------------------------------------
    # Applying a changed card
    # ------------------------------------------------------------------

    def _reprice(self, card=None, user=None):
        card = (card or self.card).with_user(user or self.user_billing_manager)
        return (
            self.env["timetrack.reprice.wizard"]
            .with_user(user or self.user_billing_manager)
            .browse(card.action_reprice()["res_id"])
        )

    def test_a_changed_card_is_applied_by_choice(self):
        """Two of Alice's entries would rise from 100 to 120; one is taken over. Drafts and billed time stay out."""
        billed = self._log_approved(1.0)
        self._invoice().action_post()
        self._log(1.0)
        kept, taken = self._log_approved(2.0, 3.0)
        other = self._log_approved(1.0, employee_id=self.bob.id)
        self.card.rate_ids.filtered(lambda rate: not rate.employee_id).rate = 120.0
        wizard = self._reprice()
        self.assertEqual(
            [(line.line_id, line.old_rate, line.rate, line.value) for line in wizard.line_ids],
            [(kept, 100.0, 120.0, 240.0), (taken, 100.0, 120.0, 360.0)],
        )
        wizard.line_ids[0].is_selected = False
        self.assertIn("300.00", wizard.before_text)
        self.assertIn("360.00", wizard.after_text)
        wizard.action_apply()
        self.env.invalidate_all()
        self.assertEqual((billed + kept + taken + other).mapped("timetrack_rate"), [100.0, 100.0, 120.0, 150.0])
        message = self.card.message_ids[:1]
        self.assertIn("1 entries", message.body)
        self.assertEqual(message.author_id, self.user_billing_manager.partner_id)
        self.assertEqual(self._reprice().line_ids.line_id, kept, "what was left out is offered again")

    def test_time_without_a_rate_gets_one(self):
        self.card.rate_ids = [Command.clear(), Command.create({"rate": 9.0, "employee_id": self.bob.id})]
        entry = self._log_approved(1.0)
        self.card.rate_ids = [Command.create({"rate": 80.0})]
        wizard = self._reprice()
        self.assertEqual((wizard.before_text, wizard.line_ids.line_id), ("None", entry))
        wizard.action_select_none()
        with self.assertRaisesRegex(UserError, "Select the time"):
            wizard.action_apply()
        wizard.action_select_all()
        wizard.action_apply()
        self.assertEqual(entry.timetrack_rate, 80.0)
        with self.assertRaisesRegex(UserError, "already"):
            self._reprice()

    def test_another_card_with_another_currency(self):
        foreign = self.setup_other_currency("EUR")
        entry = self._log_approved(1.0)
        card = self._create_card("Abroad", {"rate": 100.0}, currency=foreign)
        self.project.timetrack_rate_card_id = card
        with self.assertRaisesRegex(UserError, "already"):
            self._reprice()
        self._reprice(card).action_apply()
        self.assertEqual((entry.timetrack_rate, entry.timetrack_rate_currency_id), (100.0, foreign))

    def test_what_was_billed_meanwhile_stays(self):
        entry = self._log_approved(1.0)
        self.card.rate_ids.rate = 120.0
        wizard = self._reprice()
        self._invoice()
        with self.assertRaisesRegex(UserError, "start again"):
            wizard.action_apply()
        self.assertEqual(entry.timetrack_rate, 100.0)

    def test_who_applies_cards(self):
        self._log_approved(1.0)
        self.card.rate_ids.rate = 120.0
        self.user_approver.group_ids += self.env.ref("client_timetrack_billing.group_rate_viewer")
        for user in (self.user_consultant, self.user_approver):
            with self.assertRaises(AccessError):
                self._reprice(user=user)

    def test_a_call_reaches_no_time_of_another_company_or_card(self):
        """The lines of a wizard are its user's to write: what they name is looked at when it is applied."""
        self._log_approved(1.0)
        self.card.rate_ids.rate = 120.0
        wizard = self._reprice()
        other = self.setup_other_company()["company"]
        card = self.env["timetrack.rate.card"].create(
            {"name": "Theirs", "company_id": other.id, "rate_ids": [Command.create({"rate": 7.0})]}
        )
        project = self._create_project("Theirs", self.partner_a, company_id=other.id, timetrack_rate_card_id=card.id)
        dan = self.env["hr.employee"].create({"name": "Dan", "company_id": other.id})
        entry = self._log(1.0, project_id=project.id, employee_id=dan.id)
        entry.action_timetrack_submit()
        self.user_approver.company_ids += other
        approver = self.env(user=self.user_approver, context={"allowed_company_ids": other.ids})
        entry.with_env(approver).action_timetrack_approve()
        card.rate_ids.rate = 9.0
        wizard.line_ids.line_id = entry
        with self.assertRaises(AccessError):
            wizard.action_apply()
        own = self._create_project("Own", self.partner_a)
        own.timetrack_rate_card_id = self._create_card("Special", {"rate": 1.0})
        special = self._log_approved(1.0, project_id=own.id)
        wizard.line_ids.line_id = special
        with self.assertRaisesRegex(UserError, "another rate card"):
            wizard.action_apply()
        self.assertEqual((entry.timetrack_rate, special.timetrack_rate), (7.0, 1.0))

    def test_queries_of_a_preview_do_not_grow_with_the_entries(self):
        def count(number, rate):
            self._log_approved(*[1.0] * number)
            self.card.rate_ids.rate = rate
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self._reprice()
            self.env.flush_all()
            return self.cr.sql_log_count - before

        count(1, 101.0)
        few = count(2, 102.0)
        self.assertLessEqual(count(40, 103.0), few)

    def test_resolution_takes_a_bounded_number_of_queries(self):
        self._count_queries(self._log(1.0))
        few = self._count_queries(self._log(*[1.0] * 10))
        self.card.rate_ids = [
            Command.create({"rate": 1.0 + number, "date_from": f"2025-01-{number + 1:02}"}) for number in range(30)
        ]
        self.assertLessEqual(self._count_queries(self._log(*[1.0] * 100)), few)

    def test_why_this_rate(self):
        viewer = self.user_billing
        entry = self._log(2.0, employee_id=self.bob.id)
        words = entry.with_user(viewer).timetrack_rate_reason
        self.assertIn("150.00", words)
        self.assertIn("once it is approved", words)
        self.assertIn("employee Bob", words)
        self._approve(entry)
        rate = self.card.rate_ids.filtered(lambda one: one.employee_id == self.bob)
        rate.rate = 160.0
        words = entry.with_user(viewer).timetrack_rate_reason
        self.assertIn("150.00", words)
        self.assertIn("an hour, kept since it was approved", words)
        rate.unlink()
        entry.invalidate_recordset()
        self.assertIn("deleted since", entry.with_user(viewer).timetrack_rate_reason)
        free = self._log(1.0, timetrack_is_billable=False)
        self.assertIn("Not billable", free.with_user(viewer).timetrack_rate_reason)
        self.card.rate_ids.unlink()
        self.assertIn("none of the rate card", self._log(1.0).with_user(viewer).timetrack_rate_reason)
        self.company.timetrack_rate_card_id = False
        self.assertIn("neither", self._log(1.0).with_user(viewer).timetrack_rate_reason)
        with self.assertRaises(AccessError):
            entry.with_user(self.user_consultant).read(["timetrack_rate_reason"])

    def test_queries_of_why_this_rate_do_not_grow(self):
        def count(number):
            entries = self._log(*[1.0] * number)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            entries.mapped("timetrack_rate_reason")
            return self.cr.sql_log_count - before

        count(2)
        few = count(5)
        self.assertLessEqual(count(50), few + 2)
