from odoo import api, fields, models
from odoo.exceptions import UserError

from ..engine.pricing import HOLD, INCLUDED, NO_CHARGE, with_markup

# What people change of time, and a cost does not have.
OF_TIME = {"hours_billed", "billed_rate"}


class TimetrackAllocation(models.Model):
    """Rows of costs that are re-invoiced (``kind`` is "expense"): a line of a sales order, as far as it is open.

    Odoo says what was spent and what of it is on invoices, by the quantities of the line; the ledger has what the
    client is asked for it.
    """

    _inherit = "timetrack.allocation"

    sale_line_id = fields.Many2one(
        "sale.order.line", string="Cost", readonly=True, index="btree_not_null", ondelete="set null"
    )
    cost_quantity = fields.Float("Quantity", readonly=True, digits="Product Unit", help="In the unit of the cost.")
    cost_amount = fields.Monetary("Before Mark-Up", readonly=True, help="Untaxed.")
    markup = fields.Float("Mark-Up %", readonly=True, aggregator=None)

    _cost_unique = models.UniqueIndex(
        "(sale_line_id) WHERE sale_line_id IS NOT NULL AND reversed_id IS NULL AND state IN ('held', 'prebill')",
        "This cost is on another pre-bill already.",
    )

    @api.model
    def _prepare_cost(self, line, engagement, day, prebill):
        """The row of a cost on a pre-bill.

        :param line: of a sales order, in sudo
        :param engagement: of its project
        :param date day: on which it was spent
        """
        cost = line._timetrack_value_open(engagement)
        amount = line.currency_id._convert(cost.amount, prebill.currency_id, prebill.company_id, day)
        billed = prebill.currency_id.round(with_markup(amount, cost.markup))
        return {
            "prebill_id": prebill.id,
            "state": "prebill",
            "kind": "expense",
            "company_id": prebill.company_id.id,
            "currency_id": prebill.currency_id.id,
            "project_id": line.order_id.project_id.id,
            "sale_line_id": line.id,
            "date": day,
            "cost_quantity": cost.quantity,
            "cost_amount": amount,
            "markup": cost.markup,
            "billed_amount": billed,
            "adjustment": billed,
        }

    def _get_agreed_cost(self):
        """What the cost comes to with its mark-up, untaxed."""
        self.ensure_one()
        return self.currency_id.round(with_markup(self.cost_amount, self.markup))

    def _price_costs(self):
        """Value costs where nobody has entered an amount: at what was agreed on, or at nothing."""
        values = {}
        for row in self:
            amount = row.billed_amount if row.is_amount_fixed else row._get_agreed_cost()
            if row.action == NO_CHARGE:
                amount = 0.0
            if row.currency_id.compare_amounts(amount, row.billed_amount):
                values[row] = {"billed_amount": amount, "adjustment": amount}
        self._write_each(values)

    def _prepare_cost_edit(self, vals):
        """What a change of a cost means.

        :raise UserError: it is none that a cost knows
        """
        self.ensure_one()
        values = dict(vals)
        if values.keys() & OF_TIME or values.get("action") == INCLUDED:
            self._check_no_costs()
        if values.get("action", self.action) == NO_CHARGE:
            # an amount that somebody entered is gone with it
            values.pop("billed_amount", None)
            values["is_amount_fixed"] = False
        if "billed_amount" in values:
            agreed = self._get_agreed_cost()
            values["is_amount_fixed"] = bool(self.currency_id.compare_amounts(values["billed_amount"], agreed))
            values["adjustment"] = values["billed_amount"]
        return values

    def _check_no_costs(self):
        """:raise UserError: some rows are of costs, which have neither hours nor a rate"""
        costs = self.filtered("sale_line_id")
        if costs:
            raise UserError(
                self.env._(
                    "These are costs, not time: %s.\nChange their amount, put them on hold, or take them off the "
                    "pre-bill.",
                    costs._describe(),
                )
            )

    def _check_costs_there(self):
        """Make sure that costs on pre-bills are still to be invoiced.

        :raise UserError: a bill was taken back, or its cost is on another invoice
        """
        gone = self.filtered(lambda row: row.action != HOLD and (not row.sale_line_id or row._is_cost_changed()))
        if gone:
            raise UserError(
                self.env._(
                    "These costs are on another invoice by now, or their bills were changed: %s.\nTake them off the "
                    "pre-bill, and add what is there now.",
                    gone._describe(),
                )
            )

    def _is_cost_changed(self):
        """Whether another quantity is open than the row's."""
        line = self.sale_line_id
        return bool(line.product_uom_id.compare(line._timetrack_get_open_quantity(), self.cost_quantity))

    def _is_billed_twice(self):
        """Whether more is on invoices than was spent."""
        quantity = self.sale_line_id._timetrack_get_open_quantity()
        return quantity < 0 < self.cost_quantity or quantity > 0 > self.cost_quantity

    def _is_on_its_own(self):
        """Whether the row is of a fee or a cost, which pre-bills have beside their lines of time."""
        self.ensure_one()
        return bool(self.instalment_id or self.sale_line_id)
