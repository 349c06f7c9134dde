from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import TimetrackBillingCommon


@tagged("-at_install", "post_install")
class TestInvoiceWizard(TimetrackBillingCommon):
    def test_one_draft_invoice_with_the_right_lines(self):
        entries = self._log_approved(1.5, 2.0) + self._log_approved(1.0, employee_id=self.bob.id)
        move = self._invoice(project_ids=self.project.ids)
        self.assertEqual(move.state, "draft")
        self.assertEqual(move.move_type, "out_invoice")
        self.assertEqual(move.partner_id, self.partner_a)
        self.assertEqual(move.invoice_payment_term_id, self.partner_a.property_payment_term_id)
        # lines are split by rate
        self.assertRecordValues(
            move.invoice_line_ids,
            [
                {"quantity": 3.5, "price_unit": 100.0, "price_subtotal": 350.0, "tax_ids": self.tax_sale_a.ids},
                {"quantity": 1.0, "price_unit": 150.0, "price_subtotal": 150.0, "tax_ids": self.tax_sale_a.ids},
            ],
        )
        distribution = {str(self.project.account_id.id): 100.0}
        self.assertEqual(move.invoice_line_ids.mapped("analytic_distribution"), [distribution] * 2)
        self.assertEqual(move.invoice_line_ids.product_uom_id, self.env.ref("uom.product_uom_hour"))
        self.assertEqual(entries.timesheet_invoice_id, move)
        self.assertEqual(move.timesheet_ids, entries)
        self.assertEqual(set(entries.mapped("timetrack_billing_state")), {"draft"})
        self.assertFalse(any(entries.timetrack_allocation_ids.mapped("adjustment")))
        self.assertLedger(entries)

    def test_grouping(self):
        task, other = self.env["project.task"].create(
            [{"name": name, "project_id": self.project.id} for name in ("Contract", "Due Diligence")]
        )
        self._log_approved(1.0, 1.0, task_id=task.id)
        self._log_approved(1.0, task_id=other.id, timetrack_activity_id=self.activity_drafting.id)
        self._log_approved(1.0, timetrack_activity_id=self.activity.id)
        self._log_approved(1.0, employee_id=self.bob.id, date="2026-05-05")
        expected = {
            "project": (2, "Merger ("),
            "task": (4, "Merger – Contract ("),
            "employee": (2, "Merger – Alice ("),
            "activity": (4, "Merger – Advice / Drafting ("),
            "entry": (5, "Merger – Alice – Work ("),
        }
        for grouping, (count, name) in expected.items():
            with self.subTest(grouping=grouping):
                move = self._invoice(grouping=grouping)
                self.assertEqual(len(move.invoice_line_ids), count)
                self.assertTrue(any(line.startswith(name) for line in move.invoice_line_ids.mapped("name")))
                self.assertEqual(move.amount_untaxed, 550.0)
                self.assertLedger()
                move.unlink()

    def test_preview_agrees_with_the_invoice(self):
        self._log_approved(1.25, 2.5)
        self._log(4.0)
        self._log_approved(3.0, timetrack_is_billable=False)
        with Form(self.env["timetrack.invoice.wizard"].with_user(self.user_billing)) as form:
            form.project_ids.add(self.project)
            form.date_to = "2026-12-31"
            self.assertEqual((form.entry_count, form.hours), (2, 3.75))
            self.assertIn("375", form.amount_text)
            self.assertIn("1 entries are not approved", form.left_out)
            self.assertIn("1 entries are not billable", form.left_out)
        self.assertEqual(self._invoice().amount_untaxed, 375.0)

    def test_preview_is_net_and_rounded(self):
        """Two entries of a day come to 31 minutes, which are billed as 45, at 100 less 10 %: 67.50."""
        engagement = self.project.timetrack_engagement_ids.sudo()
        engagement.write({"discount": 10, "rounding_minutes": 15, "rounding_method": "up"})
        engagement.rounding_scope = "day_task"
        self._log_approved(0.25, 16 / 60)
        self.assertIn("67.50", self._wizard().amount_text)
        engagement.rounding_scope = "entry"
        self.assertIn("67.50", self._wizard().amount_text)
        engagement.rounding_minutes = 30
        self.assertIn("90.00", self._wizard().amount_text)
        self.assertEqual(self._invoice().amount_untaxed, 90.0)

    def test_period_is_inclusive(self):
        first, inside, last, after = (
            self._log_approved(1.0, date=date) for date in ("2026-05-01", "2026-05-15", "2026-05-31", "2026-06-01")
        )
        move = self._invoice(date_from="2026-05-01", date_to="2026-05-31")
        self.assertEqual(move.timesheet_ids, first + inside + last)
        self.assertEqual(after.timetrack_billing_state, "unbilled")
        with self.assertRaises(UserError):
            self._wizard(date_from="2026-06-01", date_to="2026-05-01")

    def test_unapproved_and_non_billable_time_stays_out(self):
        submitted, rejected, draft = self._log(1.0), self._log(1.0), self._log(1.0)
        (submitted + rejected).action_timetrack_submit()
        rejected.with_user(self.user_approver).action_timetrack_reject("No")
        internal = self._log_approved(1.0, timetrack_activity_id=self.activity_internal.id)
        self.assertEqual(internal.timetrack_billing_state, "non_billable")
        with self.assertRaises(UserError):
            self._invoice()
        self.assertFalse((submitted + rejected + draft + internal).timetrack_allocation_ids)

    def test_no_entry_twice(self):
        entries = self._log_approved(1.0, 2.0)
        wizards = [self._wizard(), self._wizard()]
        stale, *_others = wizards[1]._get_time()
        wizards[0].action_create_invoices()
        with self.assertRaisesRegex(UserError, "no approved time"):
            wizards[1].action_create_invoices()
        with self.assertRaisesRegex(UserError, "Somebody else"):
            wizards[1]._create_invoices(stale)
        self.assertEqual(len(entries.timetrack_allocation_ids), 2)

    def test_the_database_refuses_a_second_live_row(self):
        self._log_approved(1.0)
        self._invoice()
        row = self.env["timetrack.allocation"].search([], limit=1)
        with mute_logger("odoo.sql_db"), self.assertRaisesRegex(UniqueViolation, "live_unique"), self.cr.savepoint():
            self.env["timetrack.allocation"]._timetrack_internal().create(row._prepare_copy())
            self.env.flush_all()

    def test_one_invoice_for_each_client_and_currency(self):
        foreign = self.setup_other_currency("EUR")
        abroad = self._create_project("Abroad", self.partner_a)
        abroad.timetrack_rate_card_id = self._create_card("Euro", {"rate": 90.0}, currency=foreign)
        theirs = self._create_project("Theirs", self.partner_b)
        for project in (self.project, abroad, theirs):
            self._log_approved(1.0, project_id=project.id)
        moves = self._invoice()
        self.assertEqual(len(moves), 3)
        euro = moves.filtered(lambda move: move.currency_id == foreign)
        self.assertEqual((euro.partner_id, euro.amount_untaxed), (self.partner_a, 90.0))
        # the fiscal position of client B maps the tax
        theirs_move = moves.filtered(lambda move: move.partner_id == self.partner_b)
        self.assertEqual(theirs_move.fiscal_position_id, self.fiscal_pos_a)
        self.assertEqual(theirs_move.invoice_line_ids.tax_ids, self.tax_sale_b)
        moves.action_post()
        self.assertLedger()

    def test_the_product_of_invoiced_time_is_the_companys(self):
        self._log_approved(1.0)
        default = self._invoice().invoice_line_ids.product_id
        self.assertEqual(default, self.env.ref("client_timetrack_billing.product_billable_time"))
        self.company.timetrack_product_id = self.product_a
        self._log_approved(1.0)
        self.assertEqual(self._invoice().invoice_line_ids.product_id, self.product_a)

    def test_invoice_goes_to_the_invoice_address(self):
        address = self.env["res.partner"].create(
            {"name": "Accounts", "type": "invoice", "parent_id": self.partner_a.id}
        )
        self._log_approved(1.0)
        self.assertEqual(self._invoice(partner_id=address.id).partner_id, address)

    def test_odd_hours_and_rates_come_out_to_the_cent(self):
        self.card.rate_ids = [
            Command.clear(),
            Command.create({"rate": 333.33}),
            Command.create({"rate": 99.99, "employee_id": self.bob.id}),
        ]
        hours = [1 / 3, 2 / 3, 0.1, 1.7, 0.0166667, 0.004, 7.25]
        self._log_approved(*hours)
        self._log_approved(*hours, employee_id=self.bob.id)
        self._log_approved(-0.25)
        for grouping in ("project", "entry"):
            move = self._invoice(grouping=grouping)
            self.assertLedger()
            rows = move.timetrack_allocation_ids
            self.assertEqual(len(rows), 15)
            self.assertFalse(any(rows.mapped("adjustment")), "the unit price gives way, not the amount")
            if grouping == "project":
                self.assertAlmostEqual(
                    move.amount_untaxed,
                    round((sum(hours) - 0.25) * 333.33, 2) + round(sum(hours) * 99.99, 2),
                    2,
                )
                move.unlink()

    def test_taxes_included_in_the_price(self):
        tax = self.env["account.tax"].create(
            {"name": "19 % included", "amount": 19.0, "price_include_override": "tax_included"}
        )
        self.env.ref("client_timetrack_billing.product_billable_time").taxes_id = tax
        entries = self._log_approved(1 / 3, 1.1, 2.0, 0.7)
        move = self._invoice(grouping="entry")
        self.assertEqual(move.invoice_line_ids.tax_ids, tax)
        self.assertEqual(move.invoice_line_ids.mapped("price_subtotal"), [33.33, 110.0, 200.0, 70.0])
        self.assertFalse(any(entries.timetrack_allocation_ids.mapped("adjustment")))
        move.action_post()
        self.assertLedger(entries)

    def test_currency_without_decimals(self):
        yen = self.env["res.currency"].with_context(active_test=False).search([("name", "=", "JPY")])
        yen.active = True
        self.project.timetrack_rate_card_id = self._create_card("Yen", {"rate": 10001.0}, currency=yen)
        entries = self._log_approved(1 / 3, 1 / 3, 1 / 3, 0.5)
        move = self._invoice()
        self.assertEqual(move.currency_id, yen)
        self.assertEqual(move.amount_untaxed, 15002.0)
        amounts = entries.timetrack_allocation_ids.mapped("billed_amount")
        self.assertTrue(all(amount == int(amount) for amount in amounts))
        move.action_post()
        self.assertLedger(entries)

    def test_time_without_client_is_named(self):
        project = self._create_project("Nobody's", self.env["res.partner"])
        self._log_approved(1.0, project_id=project.id, timetrack_is_billable=True)
        self.assertIn("1 entries have no client", self._wizard().left_out)

    def test_without_approval_all_billable_time_is_invoiced(self):
        self.company.timetrack_approval_required = False
        entry = self._log(2.0)
        move = self._invoice()
        self.assertEqual(move.amount_untaxed, 200.0)
        with self.assertRaises(UserError):
            entry.unit_amount = 3.0
        self.assertLedger(entry)

    def test_company_without_a_journal_gets_a_clear_error(self):
        self._log_approved(1.0)
        self.env["account.journal"].search(
            [("type", "=", "sale"), ("company_id", "=", self.company.id)]
        ).active = False
        with self.assertRaisesRegex(UserError, "(?i)journal"):
            self._invoice()

    def test_other_companies_are_left_alone(self):
        other = self.setup_other_company()["company"]
        self.env.user.company_ids += other
        employee = self.env["hr.employee"].create({"name": "Carol", "company_id": other.id})
        project = self._create_project("Theirs", self.partner_a, company_id=other.id)
        entry = self._log(1.0, project_id=project.id, employee_id=employee.id)
        self.user_approver.company_ids += other
        self._approve(entry)
        with self.assertRaises(UserError):
            self._invoice()

    def test_buttons(self):
        self._log_approved(2.0)
        project = self.project.with_user(self.user_billing)
        self.assertEqual(project.timetrack_unbilled_hours, 2.0)
        action = project.action_timetrack_invoice()
        wizard = (
            self.env["timetrack.invoice.wizard"].with_user(self.user_billing).with_context(**action["context"]).create({})
        )
        self.assertEqual(wizard.project_ids, self.project)
        partner = self.partner_a.with_user(self.user_billing)
        self.assertEqual(partner.timetrack_unbilled_hours, 2.0)
        action = partner.action_timetrack_invoice()
        wizard = (
            self.env["timetrack.invoice.wizard"].with_user(self.user_billing).with_context(**action["context"]).create({})
        )
        wizard.date_to = "2026-12-31"
        self.assertEqual(wizard.partner_id, self.partner_a)
        move = self.env["account.move"].browse(wizard.action_create_invoices()["res_id"])
        self.env.invalidate_all()
        self.assertEqual((project.timetrack_unbilled_hours, project.timetrack_billed_hours), (0.0, 2.0))
        self.assertEqual((partner.timetrack_unbilled_hours, partner.timetrack_billed_hours), (0.0, 2.0))
        self.assertEqual(move.with_user(self.user_billing).timetrack_allocation_count, 1)
        self.assertEqual(move.action_timetrack_view_allocations()["domain"], [("move_id", "in", move.ids)])

    def test_a_consultant_cannot_invoice(self):
        Wizard = self.env["timetrack.invoice.wizard"].with_user(self.user_consultant)
        with self.assertRaises(AccessError):
            Wizard.create({})

    def test_queries_do_not_grow_with_the_entries(self):
        def count(number):
            entries = self._log_approved(*[1.0] * number)
            wizard = self._wizard()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            wizard.action_create_invoices()
            self.env.flush_all()
            queries = self.cr.sql_log_count - before
            entries.timesheet_invoice_id.action_post()
            return queries

        count(3)
        few = count(10)
        many = count(100)
        self.assertLessEqual(many, few + 5)
