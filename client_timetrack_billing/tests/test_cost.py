from datetime import date

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from .common import TimetrackBillingCommon


class CostCommon(TimetrackBillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.engagement = cls.project.timetrack_engagement_ids
        cls.project.user_id = False
        cls.reason = cls.env.ref("client_timetrack_billing.adjustment_reason_budget")
        cls.account_bill = cls.company_data["default_account_expense"]
        cls.travel = cls._create_service("Travel", "cost")
        # who posts bills, and has no right to sales or projects
        cls.user_accountant = new_test_user(
            cls.env,
            "tt_bills",
            "account.group_account_invoice",
            company_id=cls.company.id,
            company_ids=cls.company.ids,
        )

    @classmethod
    def _create_service(cls, name, policy, **values):
        return cls.env["product.product"].create(
            {
                "name": name,
                "type": "service",
                "expense_policy": policy,
                "invoice_policy": "delivery",
                "sale_ok": True,
                "purchase_ok": True,
                "taxes_id": False,
                "supplier_taxes_id": False,
                **values,
            }
        )

    @classmethod
    def _bill(cls, *amounts, product=None, project=None, quantity=1.0, distribution=None, day="2026-05-10", **values):
        """A posted vendor bill with a line of each amount."""
        account = (project or cls.project).account_id
        values = {"date": day, **values}
        bill = (
            cls.env["account.move"]
            .with_user(cls.user_accountant)
            .create(
                {
                    "move_type": "in_invoice",
                    "partner_id": cls.partner_b.id,
                    "invoice_date": day,
                    "invoice_line_ids": [
                        Command.create(
                            {
                                "name": f"Train {amount}",
                                "product_id": (product or cls.travel).id,
                                "quantity": quantity,
                                "price_unit": amount,
                                "account_id": cls.account_bill.id,
                                "tax_ids": False,
                                "analytic_distribution": distribution or {str(account.id): 100},
                            }
                        )
                        for amount in amounts
                    ],
                    **values,
                }
            )
        )
        bill.action_post()
        return bill

    @classmethod
    def _costs(cls, project=None):
        """The lines of sales orders that re-invoice costs of a project."""
        return cls.env["sale.order.line"].search(
            [("is_expense", "=", True), ("order_id.project_id", "=", (project or cls.project).id)], order="id"
        )


@tagged("-at_install", "post_install")
class TestCost(CostCommon, HttpCase):
    """What was spent for a client, from its bill to the client's invoice."""

    def test_bill_joins_the_prebill_with_markup(self):
        self.engagement.cost_markup = 10
        self._bill(80.0, 33.33)
        self._log_approved(2.0)
        costs = self._costs()
        self.assertEqual(costs.order_id.project_id, self.project)
        self.assertEqual((costs.order_id.state, costs.order_id.partner_id), ("sale", self.partner_a))
        self.assertEqual(costs.mapped("price_subtotal"), [80.0, 33.33])
        prebill = self._propose()
        rows = prebill.cost_line_ids
        self.assertEqual(rows.mapped("text"), ["Train 80.0", "Train 33.33"])
        self.assertEqual(rows.mapped("cost_amount"), [80.0, 33.33])
        self.assertEqual(rows.mapped("billed_amount"), [88.0, 36.66])
        self.assertEqual(rows.mapped("date"), [date(2026, 5, 10)] * 2)
        self.assertEqual((prebill.cost_amount, prebill.amount), (124.66, 324.66))
        # time is billed in full: costs are no part of its realization
        self.assertEqual((prebill.realization, prebill.adjustment), (100.0, 0.0))
        move = self._post(prebill)
        self.assertEqual(move.amount_untaxed, 324.66)
        lines = move.invoice_line_ids.filtered(lambda line: line.product_id == self.travel)
        self.assertEqual(lines.mapped("name"), ["Train 80.0", "Train 33.33"])
        self.assertEqual(lines.mapped("price_subtotal"), [88.0, 36.66])
        self.assertEqual(lines.sale_line_ids, costs)
        self.assertEqual(lines[0].analytic_distribution, {str(self.project.account_id.id): 100})
        self.assertEqual(costs.mapped("qty_invoiced"), [1.0, 1.0])
        self.assertEqual(set(rows.mapped("state")), {"posted"})
        with self.assertRaisesRegex(UserError, "no approved time"):
            self._propose()

    def test_costs_follow_time_on_the_invoice(self):
        self._bill(80.0)
        self._log_approved(2.0)
        for sections, expected in (
            (False, [("product", "Merger"), ("product", "Train 80.0")]),
            ("project", [("line_section", "Merger"), ("product", "Merger"), ("product", "Train 80.0")]),
            (
                "employee",
                [
                    ("line_section", "Alice"),
                    ("product", "Merger"),
                    ("line_section", "Costs"),
                    ("product", "Train 80.0"),
                ],
            ),
        ):
            with self.subTest(sections=sections):
                prebill = self._propose()
                prebill.sections = sections
                prebill.action_invoice()
                lines = prebill.move_id.sudo().invoice_line_ids.sorted("sequence")
                found = [(line.display_type, line.name.split(" – ")[0].split(" (")[0]) for line in lines]
                self.assertEqual(found, expected)
                prebill.move_id.sudo().unlink()
                prebill.action_cancel()

    def test_no_order_is_made_twice(self):
        self._bill(10.0)
        self._bill(20.0, day="2026-05-11")
        self.assertEqual(len(self._costs().order_id), 1)
        # an order of the project is taken as in Odoo, a quotation is not
        other = self._create_project("Other", self.partner_a)
        orders = self.env["sale.order"].create(
            [{"partner_id": self.partner_a.id, "project_id": other.id} for _count in range(2)]
        )
        orders[1].action_confirm()
        self._bill(10.0, project=other)
        self.assertEqual(self._costs(other).order_id, orders[1])
        self.assertEqual(self._propose(project_ids=other.ids).amount, 10.0)
        # what the client has ordered is the client's to see, and what was spent before its mark-up is not
        other.timetrack_engagement_ids.cost_markup = 10
        self._bill(20.0, project=other)
        self.assertEqual(self._costs(other).order_id.mapped("timetrack_is_cost_order"), [False, True])

    def test_clients_see_no_costs_before_they_are_invoiced(self):
        self._create_clients()
        self.engagement.cost_markup = 10
        own = self.env["sale.order"].create({"partner_id": self.partner_a.id, "project_id": self.project.id})
        own.action_confirm()
        self._bill(80.0)
        costs = self._costs()
        carla = self.env["res.users"].search([("login", "=", "tt_carla")])
        orders = self.env["sale.order"].with_user(carla).search([("partner_id", "child_of", self.partner_a.id)])
        self.assertEqual(orders, own)
        for record in (costs, costs.order_id):
            with self.assertRaises(AccessError):
                record.with_user(carla).check_access("read")
        self.assertFalse(self.env["sale.order.line"].with_user(carla).search([("is_expense", "=", True)]))
        self.authenticate("tt_carla", "tt_carla")
        page = self.url_open("/my/orders").text
        self.assertIn(own.name, page)
        self.assertNotIn(costs.order_id.name, page)
        page = self.url_open(f"/my/orders/{costs.order_id.id}")
        self.assertNotIn("Train 80.0", page.text)
        self.assertFalse(costs.order_id.message_partner_ids & self.partner_a.child_ids)
        # who sells may neither hide an order nor show this one
        seller = new_test_user(self.env, "tt_sales", "sales_team.group_sale_manager")
        for order in (own, costs.order_id):
            with self.assertRaises(AccessError):
                order.with_user(seller).write({"timetrack_is_cost_order": False})
        with self.assertRaises(AccessError):
            own.with_user(seller).create({"partner_id": self.partner_a.id, "timetrack_is_cost_order": True})
        self.assertFalse(costs.order_id.copy().timetrack_is_cost_order)

    def test_locked_orders_are_no_obstacle(self):
        self.env["ir.config_parameter"].sudo().set_param("sale.auto_done_setting", True)
        self.env.ref("base.group_user").implied_ids += self.env.ref("sale.group_auto_done_setting")
        self._bill(10.0)
        self._bill(20.0)
        self.assertEqual(len(self._costs()), 2)
        self.assertEqual(len(self._costs().order_id), 1)

    def test_a_bill_of_several_engagements_is_divided(self):
        other = self._create_project("Other", self.partner_a)
        mine, its = str(self.project.account_id.id), str(other.account_id.id)
        self._bill(100.01, quantity=3.0, distribution={mine: 33.33, its: 66.67})
        lines = self._costs() | self._costs(other)
        self.assertEqual(lines.mapped("qty_delivered"), [3.0, 3.0])
        self.assertEqual(lines.mapped("price_subtotal"), [100.0, 200.03])
        self.assertEqual(sum(lines.mapped("price_subtotal")), 300.03)
        # what each brings in is its own
        self.assertEqual(lines.mapped("analytic_distribution"), [{mine: 100.0}, {its: 100.0}])
        move = self._post(self._propose())
        self.assertEqual(move.invoice_line_ids.mapped("analytic_distribution"), [{mine: 100.0}, {its: 100.0}])
        # a part that is no engagement's is nobody's to pay
        plain = self.env["account.analytic.account"].create(
            {"name": "Overhead", "plan_id": self.project.account_id.plan_id.id}
        )
        self._bill(100.0, distribution={mine: 40, str(plain.id): 60})
        self.assertEqual(self._costs()[-1].price_subtotal, 40.0)

    def test_the_price_of_a_unit_loses_no_cent(self):
        self._bill(33.3333, quantity=3.0)
        line = self._costs()
        self.assertEqual(line.price_subtotal, 100.0)
        self.assertEqual(self._post(self._propose()).amount_untaxed, 100.0)

    def test_what_is_not_reinvoiced(self):
        nothing = self._create_service("Paper", "no")
        by_order = self._create_project("Order", self.partner_a)
        by_order.timetrack_engagement_ids.billing_method = "order"
        without = self._create_project("Included", self.partner_a)
        without.timetrack_engagement_ids.is_cost_billed = False
        internal = self.env["project.project"].create(
            {"name": "Internal", "allow_timesheets": True, "company_id": self.company.id}
        )
        self._bill(10.0, product=nothing)
        for project in (by_order, without, internal):
            self._bill(10.0, project=project)
        self.assertFalse(self.env["sale.order.line"].search([("is_expense", "=", True)]))

    def test_an_engagement_without_costs_leaves_them_to_its_order(self):
        self.engagement.is_cost_billed = False
        order = self.env["sale.order"].create({"partner_id": self.partner_a.id, "project_id": self.project.id})
        order.action_confirm()
        self.user_accountant.group_ids += self.env.ref("sales_team.group_sale_salesman_all_leads") + self.env.ref(
            "project.group_project_user"
        )
        self._bill(10.0)
        self.assertEqual(self._costs().order_id, order)
        with self.assertRaisesRegex(UserError, "no approved time"):
            self._propose()
        self.engagement.is_cost_billed = True
        self.assertEqual(self._propose().amount, 10.0)

    def test_is_cost_billed(self):
        self._bill(10.0)
        for value, expected in ((False, []), (True, [10.0])):
            self.engagement.is_cost_billed = value
            costs = self._wizard()._get_candidates().costs
            self.assertEqual(costs.mapped("price_subtotal"), expected)

    def test_cost_markup(self):
        self._bill(10.0)
        for value, expected in ((0, 10.0), (25, 12.5)):
            self.engagement.cost_markup = value
            prebill = self._propose()
            self.assertEqual(prebill.amount, expected)
            prebill.action_cancel()

    def test_markup_is_for_what_is_reinvoiced_at_cost(self):
        mileage = self._create_service("Mileage", "sales_price", list_price=0.5)
        self.engagement.cost_markup = 20
        self._bill(0.3, product=mileage, quantity=100.0)
        self._bill(0.3, product=mileage, quantity=40.0, day="2026-05-12")
        # each drive is a cost of its own, with its own day
        rows = self._propose().cost_line_ids
        self.assertEqual(rows.mapped("cost_quantity"), [100.0, 40.0])
        self.assertEqual(rows.mapped("billed_amount"), [50.0, 20.0])
        self.assertEqual(rows.mapped("markup"), [0.0, 0.0])

    def test_markup_is_a_percentage(self):
        for percent in (-1, 1001):
            with (
                self.assertRaisesRegex(Exception, "mark-up|cost_markup"),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                self.engagement.cost_markup = percent
                self.env.flush_all()

    def test_taxes_are_those_of_the_order(self):
        tax = self.company_data["default_tax_sale"].copy({"name": "Costs 10 %", "amount": 10})
        included = tax.copy({"name": "Costs 10 % included", "price_include_override": "tax_included"})
        self.travel.taxes_id = tax
        meals = self._create_service("Meals", "cost", taxes_id=[Command.set(included.ids)])
        self._bill(100.0)
        self._bill(110.0, product=meals)
        prebill = self._propose()
        # Odoo takes what was spent for the price, of which the tax is a part
        self.assertEqual(prebill.cost_line_ids.mapped("billed_amount"), [100.0, 100.0])
        move = self._post(prebill)
        self.assertEqual((move.amount_untaxed, move.amount_tax), (200.0, 20.0))

    def test_the_day_is_that_of_the_bill(self):
        self._bill(10.0, day="2026-05-10", date="2026-06-03")
        self.assertEqual(self._propose(date_to="2026-05-31").cost_line_ids.date, date(2026, 5, 10))
        row = self.env["timetrack.billing.queue"].search([("project_id", "=", self.project.id)])
        self.assertEqual(row.oldest_date, date(2026, 5, 10))

    def test_only_up_to_the_day(self):
        self._bill(10.0, day="2026-05-10")
        self._bill(20.0, day="2026-06-10")
        self.assertEqual(self._propose(date_to="2026-05-31").amount, 10.0)
        self.assertEqual(self._propose(date_from="2026-06-01", date_to="2026-06-30").amount, 20.0)

    def test_other_currencies(self):
        other = self.env.ref("base.EUR")
        other.active = True
        other.rate_ids.unlink()
        self.project.timetrack_rate_card_id = self._create_card("Other", {"rate": 100.0}, currency=other)
        self._bill(50.0)
        with self.assertRaisesRegex(UserError, "no exchange rate of EUR on 05/10/2026"):
            self._propose()
        self.env["res.currency.rate"].create(
            {"name": "2026-01-01", "currency_id": other.id, "rate": 2.0, "company_id": self.company.id}
        )
        self.engagement.cost_markup = 10
        self._log_approved(1.0)
        prebill = self._propose()
        self.assertEqual((prebill.currency_id, prebill.cost_line_ids.billed_amount), (other, 110.0))
        self.assertEqual(self._post(prebill).amount_untaxed, 210.0)
        self.assertEqual(self._costs().qty_invoiced, 1.0)

    def test_costs_stay_in_the_currency_that_was_paid(self):
        other = self.env.ref("base.EUR")
        other.active = True
        self.partner_a.property_product_pricelist = self.env["product.pricelist"].create(
            {"name": "Other", "currency_id": other.id}
        )
        self._bill(50.0)
        costs = self._costs()
        self.assertEqual((costs.currency_id, costs.price_subtotal), (self.company.currency_id, 50.0))

    def test_invoiced_at_once(self):
        self.engagement.cost_markup = 10
        self._bill(50.0)
        wizard = self._wizard()
        self.assertIn("55.00", wizard.amount_text)
        move = self._invoice()
        self.assertEqual(move.amount_untaxed, 55.0)
        self.assertFalse(wizard._get_candidates().costs)

    def test_added_to_an_open_prebill(self):
        self._log_approved(1.0)
        prebill = self._propose(date_to="2026-05-31")
        self._bill(50.0)
        prebill.action_add_time()
        self.assertEqual(prebill.amount, 150.0)
        with self.assertRaisesRegex(UserError, "Nothing else"):
            prebill.action_add_time()

    def test_schedules_bill_costs_alone(self):
        Engagement = self.env["timetrack.engagement"]
        self.engagement.schedule = "month"
        self._bill(50.0, day="2026-05-10")
        self.assertEqual(Engagement._get_due(date(2026, 5, 30)), {})
        due = Engagement._get_due(date(2026, 6, 2))
        self.assertEqual(due, {self.partner_a: {date(2026, 5, 31): self.project.sudo()}})
        self.assertEqual(Engagement._get_due(date(2026, 6, 2), clients=self.partner_b), {})
        self.engagement.schedule = "quarter"
        self.assertEqual(Engagement._get_due(date(2026, 6, 2)), {})

    def test_queue_and_engagement_say_what_waits(self):
        self.engagement.cost_markup = 10
        bill = self._bill(50.0, 30.0)
        Queue = self.env["timetrack.billing.queue"].with_user(self.user_billing)

        def figures():
            self.env.flush_all()
            self.env.invalidate_all()
            row = Queue.search([("project_id", "=", self.project.id)])
            engagement = self.engagement.with_user(self.user_billing)
            return row.cost_amount or 0.0, row.amount or 0.0, engagement.cost_amount

        self.assertEqual(figures(), (88.0, 0.0, 88.0))
        prebill = self._propose()
        self.assertEqual(figures(), (88.0, 0.0, 88.0))
        prebill.cost_line_ids[0].action_hold()
        prebill.action_invoice()
        self.assertEqual(figures(), (88.0, 0.0, 88.0))
        prebill.move_id.sudo().action_post()
        self.assertEqual(figures(), (55.0, 0.0, 55.0))
        self.assertEqual(bill.state, "posted")
        action = self.engagement.with_user(self.user_billing).action_view_costs()
        self.assertEqual(self.env["sale.order.line"].search(action["domain"]), self._costs())

    def test_queries_do_not_depend_on_the_number_of_costs(self):
        counts, invoiced = [], []
        for number in (5, 25):
            self._bill(*range(1, number + 1))
            with self.subTest(number=number):
                counts.append(self._count_queries(self._wizard().action_propose))
                prebill = self.env["timetrack.prebill"].search([], order="id desc", limit=1)
                self.assertEqual(len(prebill.cost_line_ids), number)
                prebill = prebill.with_user(self.user_billing)
                prebill.action_approve()
                invoiced.append(self._count_queries(prebill._create_invoices))
        self.assertLessEqual(counts[1], counts[0] + 3)
        self.assertLessEqual(invoiced[1], invoiced[0] + 3)


@tagged("-at_install", "post_install")
class TestCostReview(CostCommon):
    """What people do with costs on a pre-bill."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.engagement.cost_markup = 10
        cls._bill(100.0, 200.0)

    def test_changed_with_a_reason(self):
        prebill = self._propose()
        row = prebill.cost_line_ids[0]
        prebill.write({"cost_line_ids": [Command.update(row.id, {"billed_amount": 105.0, "text": "Train to Bern"})]})
        self.assertEqual((row.billed_amount, row.is_amount_fixed, row.is_adjusted), (105.0, True, True))
        self.assertEqual((prebill.amount, prebill.is_adjusted), (325.0, True))
        with self.assertRaisesRegex(UserError, "reason.*Train to Bern"):
            prebill.action_approve()
        row.reason_id = self.reason
        move = self._post(prebill)
        line = move.invoice_line_ids[0]
        self.assertEqual((line.name, line.price_subtotal, line.quantity), ("Train to Bern", 105.0, 1.0))
        self.assertEqual(self._costs()[0].name, "Train 100.0")

    def test_as_agreed_again(self):
        row = self._propose().cost_line_ids[0]
        row.write({"billed_amount": 0.0, "reason_id": self.reason.id})
        self.assertEqual(row.billed_amount, 0.0)
        row.action_bill()
        self.assertEqual((row.billed_amount, row.is_amount_fixed, row.reason_id.id), (110.0, False, False))

    def test_an_amount_is_gone_with_no_charge(self):
        self._log_approved(2.0)
        prebill = self._propose()
        for row, usual in ((prebill.line_ids, 200.0), (prebill.cost_line_ids[0], 110.0)):
            row.write({"billed_amount": 12.0, "reason_id": self.reason.id})
            row.write({"action": "no_charge"})
            self.assertEqual(row.billed_amount, 0.0)
            row.write({"action": "bill"})
            self.assertEqual((row.billed_amount, row.is_amount_fixed), (usual, False))

    def test_giving_away_has_its_limit(self):
        self.company.timetrack_adjustment_limit = 10
        prebill = self._propose()
        row = prebill.cost_line_ids[0]
        row.write({"billed_amount": 60.0, "reason_id": self.reason.id})
        self.assertAlmostEqual(prebill._get_adjusted_percent(), 100 * 50 / 330, 6)
        with self.assertRaisesRegex(AccessError, "15.2 %"):
            prebill.action_approve()
        prebill.with_user(self.user_billing_manager).action_approve()
        self.assertEqual(self._post(prebill).amount_untaxed, 280.0)

    def test_no_charge_is_on_the_invoice_at_nothing(self):
        prebill = self._propose()
        prebill.cost_line_ids[0].write({"action": "no_charge", "reason_id": self.reason.id})
        self.assertEqual(prebill.amount, 220.0)
        move = self._post(prebill)
        self.assertEqual(move.invoice_line_ids.mapped("price_subtotal"), [0.0, 220.0])
        self.assertEqual(self._costs().mapped("qty_invoiced"), [1.0, 1.0])

    def test_no_charge_without_an_invoice(self):
        prebill = self._propose()
        prebill.cost_line_ids.write({"action": "no_charge", "reason_id": self.reason.id})
        prebill.action_approve()
        self.assertFalse(prebill._create_invoices())
        self.assertEqual((prebill.state, set(prebill.cost_line_ids.mapped("state"))), ("invoiced", {"posted"}))
        with self.assertRaisesRegex(UserError, "no approved time"):
            self._propose()
        self.assertFalse(self.env["timetrack.billing.queue"].search([("project_id", "=", self.project.id)]))

    def test_hold_waits_for_a_word(self):
        self.engagement.schedule = "month"
        prebill = self._propose()
        prebill.cost_line_ids[0].action_hold()
        self.assertEqual((prebill.amount, prebill.held_amount), (220.0, 110.0))
        self.assertEqual(self._post(prebill).amount_untaxed, 220.0)
        self.assertEqual(self.env["timetrack.engagement"]._get_due(date(2026, 6, 2)), {})
        again = self._propose()
        self.assertEqual(again.cost_line_ids.mapped("action"), ["hold"])
        with self.assertRaisesRegex(UserError, "on hold"):
            again.action_approve()
            again._create_invoices()
        again.action_reopen()
        again.cost_line_ids.action_bill()
        self.assertEqual(self._post(again).amount_untaxed, 110.0)

    def test_taken_off(self):
        prebill = self._propose()
        prebill.cost_line_ids[0].action_remove()
        self.assertEqual(prebill.amount, 220.0)
        self.assertEqual(self._propose().amount, 110.0)
        prebill.action_cancel()
        self.assertEqual(self._propose().amount, 220.0)

    def test_costs_are_no_time(self):
        self._log_approved(1.0)
        prebill = self._propose()
        row = prebill.cost_line_ids[0]
        other = self._create_project("Other", self.partner_a)
        adjust = self.env["timetrack.prebill.adjust"].create({"row_ids": row.ids, "percent": 10})
        for wrong in (
            lambda: row.write({"hours_billed": 2.0}),
            lambda: row.write({"billed_rate": 2.0}),
            lambda: row.write({"action": "included"}),
            lambda: prebill.write({"cost_line_ids": [Command.update(row.id, {"hours_billed": 1})]}),
            lambda: row._split([0.1]),
            lambda: row._move(other, True),
            lambda: (row | prebill.line_ids).action_merge(),
            adjust.action_apply,
        ):
            with self.assertRaisesRegex(UserError, "costs, not time: Train 100.0"), self.env.cr.savepoint():
                wrong()
        for wrong in (
            lambda: row.write({"cost_amount": 1.0}),
            lambda: row.write({"sale_line_id": False}),
            lambda: row.write({"markup": 50.0}),
            lambda: row.with_context(timetrack_internal=True).write({"cost_quantity": 1.0}),
        ):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                wrong()
        for command in (Command.create({"cost_amount": 1.0}), Command.delete(row.id), Command.unlink(row.id)):
            with self.assertRaisesRegex(UserError, "proposed from time"), self.env.cr.savepoint():
                prebill.write({"cost_line_ids": [command]})
        prebill.action_approve()
        with self.assertRaisesRegex(UserError, "no longer be changed"):
            row.write({"billed_amount": 1.0})

    def test_the_form_shows_what_a_change_comes_to(self):
        prebill = self._propose()
        with Form(prebill) as form:
            with form.cost_line_ids.edit(0) as line:
                line.action = "no_charge"
                self.assertEqual(line.billed_amount, 0.0)
                line.action = "bill"
                self.assertEqual(line.billed_amount, 110.0)
            with form.cost_line_ids.edit(1) as line:
                line.billed_amount = 210.0
                line.reason_id = self.reason
        self.assertEqual(prebill.cost_line_ids.mapped("billed_amount"), [110.0, 210.0])
        self.assertEqual(prebill.cost_line_ids.mapped("is_amount_fixed"), [False, True])

    def test_printed_and_in_the_workbook(self):
        prebill = self._propose()
        prebill.cost_line_ids[1].action_hold()
        rows = prebill._prepare_sheet().rows
        self.assertEqual(
            [(row["text"], row["amount"], row["held"]) for row in rows],
            [
                ("Train 100.0", 110.0, 0.0),
                ("Train 200.0", 0.0, 220.0),
            ],
        )
        html, _type = self.env["ir.actions.report"]._render_qweb_html(
            "client_timetrack_billing.timetrack_prebill_report", prebill.ids
        )
        self.assertIn(b"Train 100.0", html)
        self.assertNotIn(b"Train 200.0", html)


@tagged("-at_install", "post_install")
class TestCostLife(CostCommon):
    """Costs stay with their bills, and follow their invoices."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.engagement.cost_markup = 10
        cls.bill = cls._bill(100.0)

    def test_a_bill_that_is_taken_back(self):
        prebill = self._propose()
        self.bill.button_draft()
        with self.assertRaisesRegex(UserError, "Train 100.0"):
            prebill.action_approve()
        # posted again it is another cost
        self.bill.action_post()
        prebill.cost_line_ids.action_remove()
        prebill.action_add_time()
        self.assertEqual(self._post(prebill).amount_untaxed, 110.0)

    def test_a_bill_that_is_taken_back_after_approval(self):
        prebill = self._propose()
        prebill.action_approve()
        self.bill.button_draft()
        with self.assertRaisesRegex(UserError, "Train 100.0"):
            prebill.action_invoice()

    def test_invoiced_from_the_order_meanwhile(self):
        prebill = self._propose()
        self._costs().order_id._create_invoices()
        with self.assertRaisesRegex(UserError, "on another invoice"):
            prebill.action_approve()
        prebill.action_cancel()
        with self.assertRaisesRegex(UserError, "no approved time"):
            self._propose()

    def test_a_bill_that_is_taken_back_after_the_client_paid_it(self):
        # nobody orders costs, whatever the product says
        second = self._bill(50.0, product=self._create_service("Hotel", "cost", invoice_policy="order"))
        move = self._post(self._propose())
        for bill in (self.bill, second):
            bill.button_draft()
            bill.button_cancel()
        self._log_approved(2.0)
        prebill = self._propose()
        # the client has paid for them with the mark-up, and gets that back
        rows = prebill.cost_line_ids
        self.assertEqual(rows.mapped("cost_quantity"), [-1.0, -1.0])
        self.assertEqual(rows.mapped("billed_amount"), [-110.0, -55.0])
        self.assertEqual(self._post(prebill).amount_untaxed, 35.0)
        self.assertEqual(self._costs().mapped("qty_invoiced"), [0.0, 0.0])
        self.assertEqual(move.state, "posted")

    def _refund(self, bill, **values):
        """Reverse a vendor bill, and change the line of its credit note."""
        refund = bill.with_user(self.user_accountant)._reverse_moves([{"invoice_date": "2026-05-20"}])
        if values:
            refund.invoice_line_ids[0].write(values)
        refund.action_post()
        return refund

    def test_what_the_vendor_takes_back_was_not_spent(self):
        refund = self._refund(self.bill)
        self.assertEqual(self._costs().qty_delivered, 0.0)
        with self.assertRaisesRegex(UserError, "no approved time"):
            self._propose()
        refund.button_draft()
        self.assertEqual(self._costs().qty_delivered, 1.0)
        self.assertEqual(self._propose().amount, 110.0)

    def test_the_vendor_takes_back_a_part(self):
        other = self._create_project("Other", self.partner_a)
        mine, its = str(self.project.account_id.id), str(other.account_id.id)
        bill = self._bill(10.0, 10.0, quantity=4.0, distribution={mine: 50, its: 50})
        self._refund(bill, quantity=1.0)
        costs = self._costs(other)
        self.assertEqual(costs.mapped("qty_delivered"), [3.0, 0.0])
        self.assertEqual((self._costs() - self._costs()[0]).mapped("qty_delivered"), [3.0, 0.0])
        # less for all of it is for people to say
        bill = self._bill(50.0)
        self._refund(bill, price_unit=20.0)
        self.assertEqual(self._costs()[-1].qty_delivered, 1.0)

    def test_the_vendor_takes_back_what_the_client_was_invoiced(self):
        self._post(self._propose())
        self._refund(self.bill)
        self.assertEqual(self._propose().cost_line_ids.mapped("billed_amount"), [-110.0])

    def test_a_credit_note_to_the_client_is_no_cost(self):
        refund = self.env["account.move"].create(
            {
                "move_type": "out_refund",
                "partner_id": self.partner_a.id,
                "invoice_date": "2026-05-20",
                "invoice_line_ids": [
                    Command.create(
                        {
                            "product_id": self.travel.id,
                            "price_unit": 40.0,
                            "analytic_distribution": {str(self.project.account_id.id): 100},
                        }
                    )
                ],
            }
        )
        refund.action_post()
        self.assertEqual(len(self._costs()), 1)

    def test_back_from_a_draft_that_is_deleted(self):
        prebill = self._propose()
        prebill.cost_line_ids.write({"billed_amount": 90.0, "reason_id": self.reason.id})
        prebill.action_invoice()
        prebill.move_id.sudo().unlink()
        self.assertEqual((prebill.state, prebill.amount), ("approved", 90.0))
        live = prebill.cost_line_ids.filtered(lambda row: row.state == "prebill")
        self.assertEqual((live.reason_id, live.is_amount_fixed), (self.reason, True))
        self.assertEqual(self._post(prebill).amount_untaxed, 90.0)

    def test_cancelled_and_revived(self):
        prebill = self._propose()
        prebill.action_invoice()
        move = prebill.move_id.sudo()
        move.button_cancel()
        self.assertEqual(prebill.state, "approved")
        move.button_draft()
        self.assertEqual((prebill.state, prebill.amount), ("invoiced", 110.0))
        move.button_cancel()
        prebill.action_reopen()
        prebill.cost_line_ids.filtered(lambda row: row.state == "prebill").action_remove()
        other = self._propose()
        with self.assertRaisesRegex(UserError, "Train 100.0"), self.env.cr.savepoint():
            move.button_draft()
        self._post(other)
        with self.assertRaisesRegex(UserError, "Train 100.0"), self.env.cr.savepoint():
            move.button_draft()

    def test_credited_and_billed_again(self):
        move = self._post(self._propose())
        refund = self._reverse(move)
        refund.action_post()
        self.assertLedger()
        self.assertEqual(self._costs().qty_to_invoice, 1.0)
        rows = move.timetrack_allocation_ids | refund.timetrack_allocation_ids
        self.assertEqual(rows.mapped("billed_amount"), [110.0, -110.0])
        again = self._propose()
        self.assertEqual(again.amount, 110.0)
        # the credit note is wrong after all, but its cost is elsewhere by now
        with self.assertRaisesRegex(UserError, "Train 100.0"), self.env.cr.savepoint():
            refund.button_draft()
        again.action_cancel()
        refund.button_draft()
        self.assertEqual(move.timetrack_allocation_ids.mapped("state"), ["posted"])
        # a draft takes nothing back, although Odoo has the cost to be invoiced
        self.assertEqual(self._costs().qty_to_invoice, 1.0)
        with self.assertRaisesRegex(UserError, "no approved time"):
            self._propose()
        self.assertFalse(self.env["timetrack.billing.queue"].search([("project_id", "=", self.project.id)]).cost_amount)
        refund.button_cancel()
        self.assertEqual(self._costs().qty_to_invoice, 0.0)

    def _credit(self, move, rows, user=None, **values):
        """The draft credit note of chosen rows."""
        wizard = self.env["timetrack.credit.wizard"].with_user(user or self.user_billing)
        wizard = wizard.create({"move_id": move.id, "date": "2026-06-05", "row_ids": [Command.set(rows.ids)], **values})
        return self.env["account.move"].browse(wizard.action_credit()["res_id"])

    def test_a_cost_goes_back_alone(self):
        self._bill(20.0, quantity=4.0)
        self._log_approved(1.0)
        move = self._post(self._propose())
        rows = move.timetrack_allocation_ids.filtered("sale_line_id")
        mine = rows.filtered(lambda row: row.cost_quantity == 4.0)
        refund = self._credit(move, mine, what="rebill")
        self.assertEqual((refund.amount_untaxed, refund.invoice_line_ids.quantity), (88.0, 4.0))
        with self.assertRaisesRegex(UserError, "credited before: Train 20.0"), self.env.cr.savepoint():
            self._credit(move, mine, what="rebill")
        with self.assertRaisesRegex(UserError, "no approved time"), self.env.cr.savepoint():
            self._propose()
        refund.action_post()
        self.assertLedger()
        self.assertEqual((mine.state, mine.sale_line_id.qty_invoiced), ("credited", 0.0))
        prebill = self._propose()
        self.assertEqual((prebill.amount, prebill.cost_line_ids.cost_quantity), (88.0, 4.0))
        with self.assertRaisesRegex(UserError, "Train 20.0"), self.env.cr.savepoint():
            refund.button_draft()
        prebill.action_cancel()
        refund.button_draft()
        self.assertEqual((mine.state, refund.timetrack_allocation_ids.mapped("state")), ("posted", ["draft"]))
        refund.action_post()
        self.assertLedger()

    def test_a_cost_is_conceded(self):
        self.company.timetrack_adjustment_limit = 40
        self._log_approved(1.0)
        move = self._post(self._propose())
        row = move.timetrack_allocation_ids.filtered("sale_line_id")
        # 110 of 210
        with self.assertRaisesRegex(AccessError, "52.4 %"), self.env.cr.savepoint():
            self._credit(move, row, what="concede")
        refund = self._credit(move, row, self.user_billing_manager, what="concede")
        refund.action_post()
        self.assertLedger()
        self.assertEqual((refund.amount_untaxed, row.credited_amount, row.state), (110.0, 110.0, "posted"))
        # Odoo is not to invoice it again
        self.assertEqual(self._costs().qty_to_invoice, 0.0)
        with self.assertRaisesRegex(UserError, "no approved time"):
            self._propose()

    def test_a_bill_of_costs_is_written_off(self):
        move = self._post(self._propose())
        values = {"what": "amount", "amount": 30.0, "is_write_off": True, "reason_id": self.reason.id}
        refund = self._credit(move, self.env["timetrack.allocation"], **values)
        refund.action_post()
        self.assertLedger()
        self.assertEqual(refund.timetrack_allocation_ids.mapped("effect"), ["write_off"])
        self.assertEqual(move.timetrack_allocation_ids.credited_amount, 30.0)

    def test_a_cost_is_disputed(self):
        self._log_approved(1.0)
        move = self._post(self._propose())
        lines = move._timetrack_get_time_detail(move._timetrack_get_time_rows())["lines"]
        self.assertEqual(
            [(line["text"], line["time"], line["amount"]) for line in lines],
            [("Work", "01:00", 100.0), ("Train 100.0", "", 110.0)],
        )
        row = lines[1]["row"]
        dispute = (
            self.env["timetrack.dispute"]
            .with_user(self.user_billing)
            .create(
                {
                    "move_id": move.id,
                    "row_ids": [Command.set(row.ids)],
                    "reason_id": self.env.ref("client_timetrack_billing.dispute_reason_hours").id,
                }
            )
        )
        self.assertEqual(dispute.amount, 110.0)
        action = dispute.action_credit()
        wizard = self.env["timetrack.credit.wizard"].with_user(self.user_billing).with_context(**action["context"])
        refund = self.env["account.move"].browse(wizard.create({"date": "2026-06-05"}).action_credit()["res_id"])
        refund.action_post()
        self.assertEqual((dispute.state, refund.amount_untaxed), ("closed", 110.0))

    def test_credited_and_replaced(self):
        move = self._post(self._propose())
        copy = self._reverse(move, is_modify=True)
        self.assertEqual(copy.timetrack_allocation_ids.mapped("kind"), ["expense"])
        self.assertEqual(copy.timetrack_allocation_ids.sale_line_id, self._costs())
        copy.action_post()
        self.assertLedger()
        with self.assertRaisesRegex(UserError, "no approved time"):
            self._propose()

    def test_changed_on_the_invoice(self):
        prebill = self._propose()
        prebill.action_invoice()
        move = prebill.move_id.sudo()
        move.invoice_line_ids.price_unit = 95.0
        move.action_post()
        self.assertLedger()
        self.assertEqual(prebill.cost_line_ids.billed_amount, 95.0)
        self.assertEqual(prebill.amount, 95.0)

    def test_time_in_a_fee_goes_along(self):
        arrangement = self.env["timetrack.arrangement"].create(
            {
                "name": "Phase 1",
                "engagement_id": self.engagement.id,
                "kind": "fixed",
                "amount": 500,
                "planned_hours": 5,
                "instalment_ids": [Command.create({"name": "All", "amount": 500, "date": "2026-05-01"})],
            }
        )
        self._log_approved(1.0)
        self._post(self._propose())
        # the fee is billed, and its time goes along with whatever comes: here a cost
        self._log_approved(2.0)
        self._bill(30.0)
        prebill = self._propose()
        self.assertEqual(prebill.amount, 33.0)
        move = self._post(prebill)
        self.assertEqual(move.invoice_line_ids.mapped("price_subtotal"), [33.0])
        rows = move.timetrack_allocation_ids
        self.assertEqual(sorted(rows.mapped("billed_amount")), [0.0, 33.0])
        self.assertEqual(rows.filtered("line_id").arrangement_id, arrangement)

    def test_free_time_goes_along(self):
        self._log_approved(1.0)
        prebill = self._propose()
        prebill.line_ids.write({"action": "no_charge", "reason_id": self.reason.id})
        prebill.with_user(self.user_billing_manager).action_approve()
        move = self._post(prebill)
        self.assertEqual(move.invoice_line_ids.mapped("price_subtotal"), [110.0])
        self.assertEqual(len(move.timetrack_allocation_ids), 2)

    def test_electronic_invoice_has_the_day_of_the_cost(self):
        move = self._post(self._propose())
        sources, amounts = move._timetrack_get_ledes_amounts(self.env["account.move.line"])
        self.assertEqual([source.row.date for source in sources], [date(2026, 5, 10)])
        self.assertEqual([float(amount) for amount in amounts], [110.0])

    def test_the_panel_of_the_project_counts_costs_once(self):
        move = self._post(self._propose())
        items = self.project._get_profitability_items(with_action=False)
        self.assertEqual(items["revenues"]["total"]["invoiced"], 110.0)
        self.assertEqual(items["costs"]["total"]["billed"], -100.0)
        self.assertTrue(move)

    def test_another_company_keeps_its_costs(self):
        other = self._create_company(name="Other")
        with self.assertRaisesRegex((UserError, ValidationError), "no approved time"):
            self.env["timetrack.invoice.wizard"].create(
                {"company_id": other.id, "date_to": "2026-12-31"}
            ).action_propose()
        self.assertEqual(self._propose().company_id, self.company)
