from datetime import timedelta

from odoo.exceptions import UserError
from odoo.fields import Command, Datetime
from odoo.tests import tagged

from .common import TimetrackSaleCommon


@tagged("-at_install", "post_install")
class TestSaleOrder(TimetrackSaleCommon):
    """Odoo's own flow bills approved time only, and its invoices are in the ledger."""

    def test_only_approved_time_is_delivered(self):
        entries = self._sell(1.0, 2.0, 4.0)
        self.assertEqual(entries.so_line, self.order_line)
        self.assertEqual(self.order_line.qty_delivered, 0.0)
        entries.action_timetrack_submit()
        self.assertEqual(self.order_line.qty_delivered, 0.0)
        entries[:2].with_user(self.user_approver).action_timetrack_approve()
        self.assertEqual(self.order_line.qty_delivered, 3.0)
        self.assertEqual(self.order.invoice_status, "to invoice")
        entries[:1].with_user(self.user_approver).action_timetrack_reopen("Wrong")
        self.assertEqual(self.order_line.qty_delivered, 2.0)
        self.assertEqual(self.order_line.qty_to_invoice, 2.0)

    def test_time_from_before_the_installation_is_delivered_when_it_is_approved(self):
        self._sell(1.0, 2.0)
        self.env.flush_all()
        installed_on = "client_timetrack.installed_on"
        self.env["ir.config_parameter"].set_param(installed_on, Datetime.to_string(Datetime.now() + timedelta(days=1)))
        self.env["timetrack.earlier.wizard"].create({"date_before": "2026-06-01"}).action_approve()
        self.assertEqual(self.order_line.qty_delivered, 3.0)
        self.assertEqual(self.order_line.qty_to_invoice, 3.0)
        self.assertEqual(self.order.invoice_status, "to invoice")

    def test_unapproved_time_is_not_linked_to_the_invoice(self):
        approved, draft = self._approve(self._sell(3.0)), self._sell(5.0)
        move = self.order._create_invoices()
        self.assertEqual(move.amount_untaxed, 240.0)
        self.assertEqual(approved.timesheet_invoice_id, move)
        self.assertFalse(draft.timesheet_invoice_id)
        row = approved.timetrack_allocation_ids
        self.assertRecordValues(
            row, [{"hours_billed": 3.0, "billed_amount": 240.0, "standard_value": 300.0, "adjustment": -60.0}]
        )
        self.assertEqual(row.move_line_id.sale_line_ids, self.order_line)
        move.action_post()
        self.assertLedger(approved + draft)
        # and does not come with the period either
        self._sell(1.0)
        wizard = (
            self.env["sale.advance.payment.inv"]
            .with_context(active_ids=self.order.ids, active_model="sale.order")
            .create({"advance_payment_method": "delivered", "date_start_invoice_timesheet": "2026-05-01"})
        )
        with self.assertRaises(UserError):
            wizard.create_invoices()

    def test_without_a_card_the_price_of_the_order_is_the_standard(self):
        self.company.timetrack_rate_card_id = False
        entries = self._approve(self._sell(1 / 3, 1 / 3, 1 / 3, 0.5))
        move = self.order._create_invoices()
        move.action_post()
        self.assertEqual(sum(entries.timetrack_allocation_ids.mapped("billed_amount")), move.amount_untaxed)
        self.assertLedger(entries)

    def test_the_wizard_leaves_time_of_orders_to_the_order(self):
        self._approve(self._sell(1.0))
        self.assertIn("1 entries belong to sales orders", self._wizard().left_out)
        with self.assertRaises(UserError):
            self._invoice()

    def test_both_kinds_in_one_firm(self):
        sold, own = self._approve(self._sell(1.0)), self._log_approved(1.0)
        order_move = self.order._create_invoices()
        own_move = self._invoice()
        self.assertEqual(sold.timesheet_invoice_id, order_move)
        self.assertEqual(own.timesheet_invoice_id, own_move)
        (order_move + own_move).action_post()
        self.assertLedger(sold + own)

    def test_both_kinds_in_one_project(self):
        """Time that was taken off the order is billed by its rate, the rest by the order."""
        sold = self._sell(1.0)
        own = self._sell(2.0)
        own.so_line = False
        self._approve(sold | own)
        self.assertEqual((sold.so_line, own.so_line), (self.order_line, self.order_line.browse()))
        self.assertEqual(self.order_line.qty_delivered, 1.0)
        own_move = self._invoice()
        order_move = self.order._create_invoices()
        self.assertEqual((own_move.amount_untaxed, order_move.amount_untaxed), (200, 80))
        (own_move | order_move).action_post()
        self.assertEqual(set((sold | own).mapped("timetrack_billing_state")), {"billed"})
        self.assertLedger(sold | own)
        # each is credited by itself
        self._reverse(order_move).action_post()
        self.assertEqual((sold.timetrack_billing_state, own.timetrack_billing_state), ("unbilled", "billed"))
        self.assertEqual(self.order_line.qty_to_invoice, 1.0)
        self.assertLedger(sold | own)

    def test_an_order_comes_and_goes(self):
        """Each entry is billed by what held when it was approved; none twice, none never."""
        project = self._create_project("Changing", self.partner_a, allow_billable=True)
        first = self._log_approved(1.0, project_id=project.id)
        order_line = self.order_line.copy({"order_id": self.order.id})
        project.sale_line_id = order_line
        self.assertFalse(first.so_line, "approved time stays with its rate")
        second = self._log_approved(2.0, project_id=project.id)
        project.sale_line_id = False
        third = self._log_approved(4.0, project_id=project.id)
        self.assertEqual((second.so_line, third.so_line), (order_line, order_line.browse()))
        own = self._invoice()
        sold = self.order._create_invoices()
        (own | sold).action_post()
        self.assertEqual((own.amount_untaxed, sold.amount_untaxed), (500, 160))
        entries = first | second | third
        self.assertEqual(set(entries.mapped("timetrack_billing_state")), {"billed"})
        self.assertEqual(entries.mapped("timesheet_invoice_id"), own | sold)
        self.assertLedger(entries)

    def test_an_order_without_a_project(self):
        """Time of any project may be sold by an order that has none."""
        self.sold.sale_line_id = False
        [entry] = self._log(3.0, project_id=self.sold.id)
        entry.so_line = self.order_line
        self._approve(entry)
        self.assertEqual(self.order_line.qty_delivered, 3.0)
        with self.assertRaises(UserError):
            self._invoice()
        move = self.order._create_invoices()
        move.action_post()
        self.assertEqual((move.amount_untaxed, entry.timesheet_invoice_id), (240, move))
        self.assertLedger(entry)

    def test_upsell_alert(self):
        """The salesperson is told when more was approved than was sold; what is not approved does not count."""
        prepaid = self.env["product.product"].create(
            {
                "name": "Prepaid",
                "type": "service",
                "service_policy": "ordered_prepaid",
                "service_upsell_threshold": 1.0,
                "uom_id": self.env.ref("uom.product_uom_hour").id,
                "list_price": 70.0,
                "taxes_id": False,
            }
        )
        order = self.env["sale.order"].create(
            {
                "partner_id": self.partner_a.id,
                "user_id": self.user_approver.id,
                "order_line": [Command.create({"product_id": prepaid.id, "product_uom_qty": 2.0})],
            }
        )
        order.action_confirm()
        project = self._create_project("Prepaid", self.partner_a, allow_billable=True)
        project.sale_line_id = order.order_line
        entries = self._log(1.5, 1.5, project_id=project.id)
        entries.action_timetrack_submit()
        self.env.flush_all()
        self.assertFalse(order.activity_ids)
        entries.with_user(self.user_approver).action_timetrack_approve()
        self.env.flush_all()
        self.assertEqual(order.order_line.qty_delivered, 3.0)
        self.assertTrue(order.order_line.has_displayed_warning_upsell)
        self.assertEqual(order.activity_ids.user_id, self.user_approver)

    def test_deleting_the_invoice_and_billing_again(self):
        entries = self._approve(self._sell(1.0, 2.0))
        self.order._create_invoices().unlink()
        self.assertFalse(entries.timesheet_invoice_id)
        self.assertLedger(entries)
        move = self.order._create_invoices()
        self.assertEqual(entries.timesheet_invoice_id, move)
        move.button_cancel()
        self.assertFalse(entries.timesheet_invoice_id)
        self.assertLedger(entries)

    def test_a_partial_credit_note_leaves_the_rest_billed(self):
        entries = self._approve(self._sell(4.0, 6.0))
        move = self.order._create_invoices()
        move.action_post()
        refund = self._reverse(move)
        refund.invoice_line_ids.quantity = 2.0
        refund.action_post()
        self.assertEqual(entries.timesheet_invoice_id, move)
        self.assertLedger(entries)
        # the period does not bring what is on an invoice again
        self._approve(self._sell(1.0, date="2026-06-01"))
        self.order_line._recompute_qty_to_invoice("2026-05-01", "2026-05-31")
        self.assertEqual(self.order_line.qty_to_invoice, 0.0)

    def test_a_full_credit_note_and_modify(self):
        entries = self._approve(self._sell(4.0, 6.0))
        move = self.order._create_invoices()
        move.action_post()
        copy = self._reverse(move, is_modify=True)
        self.assertEqual(entries.timesheet_invoice_id, copy)
        copy.action_post()
        self.assertLedger(entries)
        self._reverse(copy).action_post()
        self.assertEqual(set(entries.mapped("timetrack_billing_state")), {"unbilled"})
        self.assertLedger(entries)

    def test_approved_time_keeps_its_order_line(self):
        approved, draft = self._approve(self._sell(1.0)), self._sell(1.0)
        other = self.order.copy()
        other.action_confirm()
        self.sold.sale_line_id = other.order_line
        self.assertEqual(approved.so_line, self.order_line)
        self.assertEqual(draft.so_line, other.order_line)
        self.assertFalse(approved._is_updatable_timesheet())
        self.assertTrue(draft._is_updatable_timesheet())
        self.sold.allow_billable = False
        self.assertEqual(approved.so_line, self.order_line)

    def test_without_approval_odoo_behaves_as_ever(self):
        self.company.timetrack_approval_required = False
        entries = self._sell(1.0, 2.0)
        self.assertEqual(self.order_line.qty_delivered, 3.0)
        move = self.order._create_invoices()
        self.assertEqual(entries.timesheet_invoice_id, move)
        entries[0].unlink()
        move.action_post()
        self.assertLedger(entries[1:])

    def test_without_approval_credit_notes_free_time_as_in_odoo(self):
        self.company.timetrack_approval_required = False
        entries = self._sell(1.0, 2.0)
        move = self.order._create_invoices()
        move.action_post()
        refund = self._reverse(move)
        refund.invoice_line_ids.quantity = 1.0
        refund.action_post()
        self.assertFalse(entries.timesheet_invoice_id)

    def test_switching_approval_on_recounts(self):
        self.company.timetrack_approval_required = False
        self._sell(1.0)
        self.assertEqual(self.order_line.qty_delivered, 1.0)
        self.company.timetrack_approval_required = True
        self.assertEqual(self.order_line.qty_delivered, 0.0)

    def test_prepaid_lines_have_a_kind(self):
        prepaid = self.env["product.product"].create(
            {
                "name": "Prepaid",
                "type": "service",
                "service_policy": "ordered_prepaid",
                "list_price": 70.0,
                "taxes_id": False,
            }
        )
        self.order.order_line = [Command.create({"product_id": prepaid.id, "product_uom_qty": 2.0})]
        entries = self._approve(self._sell(1.0))
        move = self.order._create_invoices()
        move.action_post()
        rows = move.timetrack_allocation_ids
        self.assertEqual({row.kind: row.billed_amount for row in rows}, {"time": 80.0, "prepaid": 140.0})
        self.assertLedger(entries)

    def test_invoices_from_before_a_switch_threshold_stay_billed(self):
        entries = self._approve(self._sell(1.0))
        move = self.order._create_invoices()
        move.action_post()
        move.write({"state": "cancel", "payment_state": "invoicing_legacy"})
        self.assertEqual(entries.timesheet_invoice_id, move)
        self.assertLedger(entries)

    def test_prepaid_hours_remain_by_product_and_unit(self):
        """Odoo's figure, which is asked for once for all lines of a product and unit."""
        prepaid = self.env["product.product"].create(
            {
                "name": "Prepaid Hours",
                "type": "service",
                "service_policy": "ordered_prepaid",
                "uom_id": self.env.ref("uom.product_uom_hour").id,
            }
        )
        lines = self.env["sale.order.line"].create(
            [
                {"order_id": self.order.id, "product_id": product.id, "product_uom_qty": 2.0}
                for product in (prepaid, self.product, prepaid)
            ]
        )
        self.assertEqual(lines.mapped("remaining_hours_available"), [True, False, True])
        self.assertEqual(lines.mapped("remaining_hours"), [2.0, 0.0, 2.0])

    def test_many_rates_and_order_lines_take_as_many_queries_as_one(self):
        def approve(count):
            """Approve time of this many people with a rate of their own, each on an order line of their own."""
            employees = self.env["hr.employee"].create(
                [{"name": str(number), "company_id": self.company.id} for number in range(count)]
            )
            self.card.rate_ids = [
                Command.create({"employee_id": employee.id, "rate": 50.0 + number})
                for number, employee in enumerate(employees)
            ]
            order = self.order.copy({"order_line": []})
            order.order_line = [Command.create({"product_id": self.product.id, "product_uom_qty": 0.0})] * count
            order.action_confirm()
            tasks = self.env["project.task"].create(
                [{"name": "T", "project_id": self.sold.id, "sale_line_id": line.id} for line in order.order_line]
            )
            entries = self.env["account.analytic.line"].create(
                [
                    {"name": "W", "task_id": task.id, "employee_id": employee.id, "unit_amount": 1.5}
                    for task, employee in zip(tasks, employees, strict=True)
                ]
            )
            entries.action_timetrack_submit()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            entries.with_user(self.user_approver).action_timetrack_approve()
            self.env.flush_all()
            queries = self.env.cr.sql_log_count - before
            self.assertEqual(order.order_line.mapped("qty_delivered"), [1.5] * count)
            self.assertEqual(entries.mapped("timetrack_rate"), [50.0 + number for number in range(count)])
            return queries

        approve(1)  # warms the caches of rights
        few, many = approve(2), approve(30)
        self.assertLessEqual(many, few + 2)

    def test_what_a_vendor_bill_delivers_is_counted_by_odoo(self):
        """A bill that is charged on by its analytic lines, two of which are of one line of the bill."""
        product = self.env["product.product"].create(
            {"name": "Travel", "type": "service", "expense_policy": "cost", "invoice_policy": "delivery"}
        )
        self.order.order_line = [Command.create({"product_id": product.id, "product_uom_qty": 0.0})]
        line = self.order.order_line[-1]
        line.is_expense = True
        bill_line = self.init_invoice("in_invoice", products=product, post=True).invoice_line_ids
        self.env["account.analytic.line"].create(
            [
                {
                    "name": "Bill",
                    "so_line": line.id,
                    "unit_amount": 3.0,
                    "product_uom_id": line.product_uom_id.id,
                    "amount": -5.0,
                    "move_line_id": bill_line.id,
                }
                for _part in range(2)
            ]
        )
        self.assertEqual(line.qty_delivered, 3.0)
