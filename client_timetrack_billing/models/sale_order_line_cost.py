from collections import defaultdict
from decimal import Decimal
from typing import NamedTuple

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.client_timetrack.engine.allocation import to_decimal, unit_of

from ..engine.pricing import with_markup
from .timetrack_allocation import PROPOSED


class OpenCost(NamedTuple):
    """What is on no invoice of a cost: its quantity, its value without mark-up, and the mark-up in percent."""

    quantity: float
    amount: float
    markup: float


class SaleOrderLine(models.Model):
    """Costs that Odoo re-invoices, as pre-bills propose them: a line for each vendor bill line or expense."""

    _name = "sale.order.line"
    _inherit = ["sale.order.line", "timetrack.lock.mixin"]

    timetrack_allocation_ids = fields.One2many(
        "timetrack.allocation",
        "sale_line_id",
        string="Billed",
        readonly=True,
        copy=False,
        groups="client_timetrack_billing.group_billing_user",
    )

    @api.model
    def _timetrack_get_costs(self, companies, day, projects=None, client=None, date_from=None):
        """Costs that may be proposed. A bounded number of queries.

        :param companies: whose
        :param date day: up to which; none for all
        :param projects: of these only
        :param client: of this one only
        :param date date_from: since when
        :return: lines of sales orders, in sudo, in the order of their days
        """
        orders = self.env["timetrack.engagement"]._bills_costs_domain()
        if projects:
            orders &= Domain("project_id", "in", projects.ids)
        clients = Domain("project_id.partner_id", "!=", False)
        if client:
            clients = Domain("project_id.partner_id.commercial_partner_id", "=", client.commercial_partner_id.id)
        gone = Domain("state", "in", PROPOSED) | (
            # given away where there was no invoice to go along with
            Domain("state", "=", "posted") & Domain("move_id", "=", False)
        )
        domain = Domain(
            [
                ("is_expense", "=", True),
                ("state", "=", "sale"),
                ("company_id", "in", companies.ids),
                ("order_id", "any", orders & clients),
                ("timetrack_allocation_ids", "not any", gone & Domain("reversed_id", "=", False)),
            ]
        )
        # what Odoo has to be invoiced goes by the quantity ordered for some products: nobody orders costs
        lines = self.sudo().search(domain & Domain.custom(to_sql=self._timetrack_open_sql))
        lines = lines.filtered(lambda line: line._timetrack_get_open_quantity())
        days = lines._timetrack_get_days()
        lines = lines.filtered(
            lambda line: (not day or days[line] <= day) and (not date_from or days[line] >= date_from)
        )
        return lines.sorted(lambda line: (days[line], line.id))

    @staticmethod
    def _timetrack_open_sql(model, alias, query):
        """SQL of whether another quantity was spent than is on invoices."""
        spent, invoiced = (model._field_to_sql(alias, name, query) for name in ("qty_delivered", "qty_invoiced"))
        return SQL("%s != %s", spent, invoiced)

    def _prepare_qty_delivered(self):
        """What was sent back to a vendor, with a credit note of its bill, was not spent."""
        delivered = super()._prepare_qty_delivered()
        costs = self.filtered(lambda line: line.is_expense and line.order_id.timetrack_is_cost_order)
        back = costs._get_delivered_quantity_by_analytic([("amount", ">", 0.0)])
        for line in costs:
            delivered[line] -= back.get(line._origin.id, 0.0)
        return delivered

    def _timetrack_get_open_quantity(self):
        """What was spent and is on no invoice, in the unit of the line. Negative where a bill was taken back that the
        client had paid for. A credit note counts once it is posted; for Odoo it does before."""
        self.ensure_one()
        drafts = self.invoice_lines.filtered(
            lambda line: line.move_id.state == "draft" and line.move_id.move_type == "out_refund"
        )
        quantity = self.qty_delivered - self.qty_invoiced
        quantity -= sum(line.product_uom_id._compute_quantity(line.quantity, self.product_uom_id) for line in drafts)
        return 0.0 if self.product_uom_id.is_zero(quantity) else quantity

    def _timetrack_get_days(self):
        """The days on which costs were spent: dict of line to the last date of its bills, which may be booked later, or
        to that of the order where there is no bill any more."""
        spent = self.env["account.analytic.line"].sudo().search([("so_line", "in", self.ids), ("amount", "<=", 0)])
        days = defaultdict(list)
        for one in spent:
            days[one.so_line.id].append(one.move_line_id.move_id.invoice_date or one.date)
        return {line: max(days[line.id], default=line.order_id.date_order.date()) for line in self}

    def _timetrack_value_open(self, engagement):
        """What is open of the cost, and its value, untaxed in the currency of the order. What is taken back comes to
        what the client was invoiced for it.

        :param engagement: whose mark-up counts for what is re-invoiced at cost
        :return: :class:`OpenCost`
        """
        self.ensure_one()
        quantity = self._timetrack_get_open_quantity()
        if quantity < 0 and self.qty_invoiced_posted:
            amount = self.untaxed_amount_invoiced * quantity / self.qty_invoiced_posted
        else:
            price = self.price_subtotal / self.product_uom_qty if self.product_uom_qty else self.price_unit
            amount = price * quantity
        at_cost = self.product_id.expense_policy != "sales_price" and quantity > 0
        return OpenCost(quantity, self.currency_id.round(amount), engagement.cost_markup if at_cost else 0.0)

    def _timetrack_get_open_amounts(self):
        """What the open quantities come to with mark-up, untaxed: dict of currency to amount (Decimal)."""
        engagements = self.env["timetrack.engagement"]._get_by_project(self.order_id.project_id)
        amounts = defaultdict(Decimal)
        for line in self:
            currency = line.currency_id
            cost = line._timetrack_value_open(engagements[line.order_id.project_id])
            billed = currency.round(with_markup(cost.amount, cost.markup))
            amounts[currency] += to_decimal(billed, unit_of(currency.rounding))
        return amounts
