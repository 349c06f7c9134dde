from odoo import fields, models

from ..engine.pricing import BILL, HOLD
from .timetrack_prebill_invoice import InvoiceLine


class TimetrackPrebill(models.Model):
    """Costs on pre-bills: what was spent for the client, with the mark-up that was agreed on."""

    _inherit = "timetrack.prebill"

    cost_line_ids = fields.One2many(
        "timetrack.allocation",
        "prebill_id",
        string="Cost Lines",
        domain=[
            ("kind", "=", "expense"),
            ("sale_line_id", "!=", False),
            ("state", "!=", "cancelled"),
            ("reversed_id", "=", False),
        ],
    )
    cost_amount = fields.Monetary(
        "Costs", compute="_compute_totals", store=True, help="To bill, with mark-up, without what is held."
    )

    def _get_cost_rows(self):
        """The costs that the pre-bill comes to."""
        self.ensure_one()
        return self.cost_line_ids.filtered(lambda row: row.state != "credited" or row.move_id == self.move_id)

    def _get_costs_to_invoice(self):
        """The rows of costs that are neither on hold nor on an invoice."""
        self.ensure_one()
        return self.cost_line_ids.filtered(lambda row: row.state == "prebill" and row.action != HOLD)

    def _take_costs(self, costs):
        """Put costs on the pre-bill.

        :param costs: lines of sales orders
        :raise UserError: a currency has no rate
        """
        self.ensure_one()
        if not costs:
            return
        costs = costs.sudo()
        # who invoices them at this moment, from a pre-bill or their order, is first or second
        costs._lock()
        engagements = self.env["timetrack.engagement"]._get_by_project(costs.order_id.project_id)
        days = costs._timetrack_get_days()
        foreign = costs.filtered(lambda line: line.currency_id != self.currency_id)
        if foreign:
            currencies = foreign.currency_id | self.currency_id
            self.company_id._timetrack_check_currencies(currencies, min(days[line] for line in foreign))
        ledger = self.env["timetrack.allocation"]._timetrack_internal()
        ledger._insert(
            [ledger._prepare_cost(line, engagements[line.order_id.project_id], days[line], self) for line in costs]
        )

    def _get_cost_lines(self):
        """An invoice line for each cost. What is free of charge is there too: else Odoo has it invoiced again."""
        self.ensure_one()
        lines = []
        other = self.env["sale.order.line"] if self.sections else None
        for row in self._get_costs_to_invoice().sorted(lambda row: (row.date, row.id)):
            section = row.project_id if self.sections == "project" else other
            lines.append(InvoiceLine(row, section, "cost", row.cost_quantity, 0.0, row.billed_amount))
        return lines

    def _prepare_cost_values(self, line, product):
        """Hook: the values of an invoice line for a cost: Odoo's own for the line of its order, at our price.

        :param product: of the company's time, which costs are not
        """
        # an index would forget that the others are read with it
        row = next(iter(line.rows))
        cost = row.sudo().sale_line_id
        return cost._prepare_invoice_line(
            name=row._get_text(),
            quantity=row.cost_quantity,
            price_unit=line.target / row.cost_quantity,
            discount=0.0,
            analytic_distribution=cost.analytic_distribution or False,
        )

    def _get_cost_figures(self):
        """What costs were agreed to come to, and what they are billed at: two sums for the limit of adjustments."""
        rows = self.cost_line_ids.filtered(lambda row: row.action != HOLD)
        return sum(row._get_agreed_cost() for row in rows), sum(rows.mapped("billed_amount"))

    def _has_billed_costs(self):
        """Whether the client is asked for costs."""
        return any(row.action == BILL for row in self._get_costs_to_invoice())
