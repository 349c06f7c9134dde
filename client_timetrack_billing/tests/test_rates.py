from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from .common import TimetrackBillingCommon

RATE_FIELDS = ["timetrack_rate", "timetrack_rate_currency_id", "timetrack_rate_id"]


@tagged("-at_install", "post_install")
class TestRates(TimetrackBillingCommon):
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

    def test_resolution_takes_a_bounded_number_of_queries(self):
        def count(entries):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            entries._timetrack_resolve_rates()
            return self.cr.sql_log_count - before

        count(self._log(1.0))
        few = count(self._log(*[1.0] * 10))
        self.card.rate_ids = [
            Command.create({"rate": 1.0 + number, "date_from": f"2025-01-{number + 1:02}"}) for number in range(30)
        ]
        self.assertLessEqual(count(self._log(*[1.0] * 100)), few)
