from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Date
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import TimetrackBillingCommon


@tagged("-at_install", "post_install")
class TestEngagement(TimetrackBillingCommon):
    """Each setting of an engagement, flipped alone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.project.user_id = False
        cls.engagement = cls.project.timetrack_engagement_ids.with_user(cls.user_billing)

    def _bill(self):
        """Propose and invoice: the draft invoice."""
        prebill = self._propose()
        prebill.action_invoice()
        return prebill.move_id.sudo()

    # ------------------------------------------------------------------
    # Each project has one
    # ------------------------------------------------------------------

    def test_each_project_has_one(self):
        self.assertEqual(len(self.engagement), 1)
        self.engagement.discount = 5
        copy = self.project.copy()
        self.assertEqual((len(copy.timetrack_engagement_ids), copy.timetrack_engagement_ids.discount), (1, 5))
        self.env["timetrack.engagement"]._ensure(self.project | copy)
        self.assertEqual(len(self.project.timetrack_engagement_ids), 1)

    def test_who_invoices_keeps_them_without_a_right_to_projects(self):
        self.assertFalse(self.project.with_user(self.user_billing).has_access("write"))
        with Form(self.engagement) as form:
            form.rounding_minutes = 15
            form.rate_card_id = self._create_card("Other", {"rate": 7.0})
        self.assertEqual(self.project.timetrack_rate_card_id.name, "Other")
        with self.assertRaises(AccessError):
            self.engagement.with_user(self.user_approver).rounding_minutes = 6
        with self.assertRaisesRegex(AccessError, "stays with its project"):
            self.engagement.project_id = self._create_project("Other", self.partner_a)
        # the tab of the project is the same
        self.project.timetrack_rounding_minutes = 30
        self.assertEqual(self.engagement.rounding_minutes, 30)

    def test_a_discount_beyond_the_limit_is_for_others_to_agree(self):
        self.company.timetrack_adjustment_limit = 10
        self.engagement.discount = 10
        with self.assertRaisesRegex(AccessError, "Merger is more than the limit of 10 %"):
            self.engagement.discount = 10.5
        self.engagement.with_user(self.user_billing_manager).discount = 15
        # the partner in charge agrees on it too
        self.engagement.with_user(self.user_billing_manager).responsible_id = self.user_billing
        self.engagement.discount = 30
        self.company.timetrack_adjustment_limit = 0
        self.engagement.with_user(self.user_billing_manager).responsible_id = False
        self.engagement.discount = 40

    # ------------------------------------------------------------------
    # Settings
    # ------------------------------------------------------------------

    def test_billing_method(self):
        entry = self._log_approved(1.0)
        draft = self._log(1.0)
        self.engagement.billing_method = "order"
        self.assertFalse(self._wizard().entry_count)
        self.engagement.billing_method = "none"
        self.assertFalse(self._wizard().entry_count)
        self.assertFalse(draft.timetrack_is_billable)
        self.assertTrue(entry.timetrack_is_billable, "what is approved stays")
        self.assertFalse(self._log(1.0).timetrack_is_billable)
        self.engagement.billing_method = "rates"
        self.assertTrue(draft.timetrack_is_billable)
        self.assertEqual(self._wizard().entry_count, 1)

    def test_discount(self):
        self._log_approved(1.0, 2.0)
        self.engagement.discount = 12.5
        prebill = self._propose()
        self.assertEqual((prebill.standard_value, prebill.amount), (300.0, 262.5))
        self.assertEqual(prebill.line_ids.reason_id.code, "DISC")
        prebill.action_invoice()
        self.assertEqual(prebill.move_id.sudo().amount_untaxed, 262.5)
        with mute_logger("odoo.sql_db"), self.assertRaises(CheckViolation), self.cr.savepoint():
            self.engagement.discount = 101
            self.env.flush_all()

    def test_responsible_id(self):
        self._log_approved(1.0)
        prebill = self._propose()
        self.assertFalse(prebill.responsible_id)
        prebill.action_cancel()
        self.engagement.responsible_id = self.user_approver
        prebill = self._propose()
        self.assertEqual(prebill.responsible_id, self.user_approver)
        prebill.action_invoice()
        self.assertEqual(prebill.move_id.sudo().invoice_user_id, self.user_approver)

    def test_grouping(self):
        task = self.env["project.task"].create({"name": "Contract", "project_id": self.project.id})
        deliverable = self.env["timetrack.deliverable"].create({"name": "Opinion", "project_id": self.project.id})
        self._log_approved(1.0, 1.0, task_id=task.id)
        self._log_approved(1.0, timetrack_activity_id=self.activity.id, timetrack_deliverable_id=deliverable.id)
        self._log_approved(1.0, date="2026-05-05", employee_id=self.bob.id)
        expected = {
            "project": (2, "Merger ("),
            "task": (3, "Merger – Contract ("),
            "employee": (2, "Merger – Bob ("),
            "activity": (3, "Merger – Advice ("),
            "deliverable": (3, "Merger – Opinion ("),
            "day": (2, "Merger ("),
            "entry": (4, "Merger – Bob – Work ("),
            "one": (1, "Merger ("),
        }
        for grouping, (count, name) in expected.items():
            with self.subTest(grouping=grouping):
                self.engagement.grouping = grouping
                move = self._bill()
                self.assertEqual(len(move.invoice_line_ids), count)
                self.assertTrue(any(line.startswith(name) for line in move.invoice_line_ids.mapped("name")))
                self.assertEqual(move.amount_untaxed, 450.0)
                self.assertLedger()
                prebill = move.timetrack_allocation_ids.prebill_id
                move.unlink()
                prebill.action_cancel()

    def test_sections(self):
        self._log_approved(1.0, timetrack_activity_id=self.activity.id)
        self._log_approved(2.0, employee_id=self.bob.id)
        self._log_approved(4.0)
        self.engagement.sections = "employee"
        self.engagement.grouping = "activity"
        move = self._bill()
        self.assertEqual(
            [(line.display_type, line.name.split(" (")[0]) for line in move.invoice_line_ids.sorted("sequence")],
            [
                ("line_section", "Alice"),
                ("product", "Merger – Advice"),
                ("product", "Merger"),
                ("line_section", "Bob"),
                ("product", "Merger"),
            ],
        )
        self.assertLedger()

    def test_adjustments(self):
        for shown, prices in (("folded", [90.0]), ("shown", [100.0, -40.0])):
            self.engagement.adjustments = shown
            self.engagement.discount = 10
            self._log_approved(4.0)
            move = self._bill()
            self.assertEqual(move.invoice_line_ids.mapped("price_unit"), prices)
            self.assertEqual(move.amount_untaxed, 360)
            self.assertLedger()

    def test_narrative_template(self):
        self._log_approved(1.0, name="Call")
        self._log_approved(2.0, name="Letter", employee_id=self.bob.id)
        self.engagement.grouping = "one"
        self.engagement.narrative_template = "{hours} h of {employee}: {narrative}"
        self.assertEqual(self._bill().invoice_line_ids.name, "03:00 h of Alice, Bob: Call; Letter")
        for bad in ("{client}", "{project", "{project.company_id}", "{0}"):
            with self.assertRaisesRegex(ValidationError, "{project}"):
                self.engagement.narrative_template = bad

    def test_invoice_lang(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.activity.with_context(lang="fr_FR").name = "Conseil"
        self.engagement.grouping = "activity"
        self._log_approved(1.0, timetrack_activity_id=self.activity.id)
        self.engagement.invoice_lang = "fr_FR"
        self.assertIn("Conseil (04/05/2026)", self._bill().invoice_line_ids.name)

    def test_contact_id(self):
        contact = self.env["res.partner"].create({"name": "Ann", "parent_id": self.partner_a.id})
        self._log_approved(1.0)
        self.engagement.contact_id = contact
        self.assertEqual(self._bill().partner_id, contact)
        with self.assertRaisesRegex(ValidationError, "another client"):
            self.engagement.contact_id = self.partner_b

    def test_is_together(self):
        other = self._create_project("Due Diligence", self.partner_a)
        for together in (False, True):
            self._log_approved(1.0)
            self._log_approved(1.0, project_id=other.id)
            (self.engagement | other.timetrack_engagement_ids).is_together = together
            self.assertEqual(len(self._propose()), 1 if together else 2)

    def test_rounding_minutes(self):
        self._log_approved(0.1, 1.0, 1.3)
        self.engagement.rounding_minutes = 15
        prebill = self._propose()
        self.assertEqual(prebill.line_ids.sorted("hours_worked").mapped("hours_billed"), [0.25, 1.0, 1.5])
        self.assertEqual((round(prebill.hours_worked, 6), prebill.hours_billed, prebill.amount), (2.4, 2.75, 275))
        prebill.action_invoice()
        self.assertEqual(prebill.state, "invoiced", "rounding is agreed: it needs no reason")
        rounded = prebill.line_ids.filtered("adjustment")
        self.assertEqual(set(rounded.mapped("adjustment_reason")), {"Rounding"})
        self.assertEqual(prebill.line_ids.line_id.sorted("unit_amount").mapped("unit_amount"), [0.1, 1.0, 1.3])
        self.assertLedger()

    def test_rounding_method(self):
        self.engagement.rounding_minutes = 60
        for method, hours in (("up", 2.0), ("nearest", 1.0), ("down", 1.0)):
            self._log_approved(1.2)
            self.engagement.rounding_method = method
            self.assertEqual(self._propose().hours_billed, hours)

    def test_rounding_scope(self):
        self.engagement.rounding_minutes = 60
        for scope, hours in (("entry", 4.0), ("day_task", 3.0), ("invoice", 2.0)):
            self._log_approved(0.5, 0.6)
            self._log_approved(0.1, date="2026-05-05")
            self._log_approved(0.7, date="2026-05-06")
            self.engagement.rounding_scope = scope
            prebill = self._propose()
            self.assertAlmostEqual(prebill.hours_billed, hours + (scope == "day_task"), 6)

    def test_order_number(self):
        self._log_approved(1.0)
        self.engagement.order_number = "PO 4711"
        self.assertEqual(self._bill().ref, "PO 4711")

    def test_order_amount(self):
        self._log_approved(3.0)
        self.assertFalse(self.engagement.order_left)
        self.engagement.order_amount = 1000
        self._bill()
        self.engagement.invalidate_recordset()
        self.assertEqual((self.engagement.order_billed, self.engagement.order_left), (300, 700))

    def test_order_date(self):
        self._log_approved(3.0)
        self._bill().invoice_date = "2026-05-31"
        self.engagement.order_amount = 1000
        for day, left in (("2026-05-31", 700), ("2026-06-01", 1000)):
            self.engagement.order_date = day
            self.assertEqual(self.engagement.order_left, left)

    def test_schedule(self):
        self._log_approved(1.0, date="2026-05-04")
        self.assertFalse(self.env["timetrack.engagement"]._get_due("2026-05-31"))
        for schedule, days in (
            ("week", {"2026-05-09": False, "2026-05-10": True}),
            ("month", {"2026-05-30": False, "2026-05-31": True}),
            ("quarter", {"2026-05-31": False, "2026-06-30": True}),
        ):
            self.engagement.schedule = schedule
            for day, expected in days.items():
                due = self.env["timetrack.engagement"]._get_due(day)
                expected_due = {self.partner_a: {Date.to_date(day): self.project}} if expected else {}
                self.assertEqual(due, expected_due, (schedule, day))

    def test_rounding_with_a_discount(self):
        """Both hold: hours are rounded, and billed for less."""
        self.engagement.write({"rounding_minutes": 15, "discount": 10})
        self._log_approved(0.4)
        self.assertAlmostEqual(self._bill().amount_untaxed, 45)
