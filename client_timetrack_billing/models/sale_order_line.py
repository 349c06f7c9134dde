from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.client_timetrack.models.timetrack_internal_mixin import INTERNAL


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    @api.depends("company_id.timetrack_approval_required")
    def _compute_qty_delivered(self):
        """Time is delivered when it is approved: see ``_timetrack_recount_delivered``."""
        return super()._compute_qty_delivered()

    def _timetrack_recount_delivered(self):
        """Time of the lines has just become approved, or is so no longer: recount what was delivered.

        Called where that happens. A dependency on the state of the time would add up all the time of an order with
        every step of approval, where only the last one matters.
        """
        self.env.add_to_compute(self._fields["qty_delivered"], self)
        self.modified(["qty_delivered"])

    def _timesheet_compute_delivered_quantity_domain(self):
        domain = Domain(super()._timesheet_compute_delivered_quantity_domain())
        Line = self.env["account.analytic.line"]
        domain &= Line._timetrack_approved_domain()
        if self.env.context.get("timetrack_not_on_invoice") is INTERNAL:
            domain &= Line._timetrack_order_domain()
        return domain

    def _get_delivered_quantity_by_analytic(self, additional_domain):
        """Add up what has no vendor bill behind it, as time has none, by itself.

        Odoo counts the bills, so as to count none twice, for which the database has to sort all the time that was
        ever worked for the orders; without, it reads an index.
        """
        billed = Domain("move_line_id", "!=", False)
        result = super()._get_delivered_quantity_by_analytic(Domain(additional_domain) & billed)
        groups = self.env["account.analytic.line"]._read_group(
            Domain(additional_domain) & ~billed & Domain("so_line", "in", self.ids),
            ["so_line", "product_uom_id"],
            ["unit_amount:sum"],
        )
        for line, uom, quantity in groups:
            result[line.id] += uom._compute_quantity(quantity, line.product_uom_id, rounding_method="HALF-UP")
        return result

    def _compute_remaining_hours_available(self):
        """Ask once for a product and unit: Odoo looks up the unit of hours in the database for every line."""
        groups = self.grouped(lambda line: (line.product_id, line.product_uom_id)).values()
        firsts = self.browse().union(*(lines[0] for lines in groups))
        result = super(SaleOrderLine, firsts)._compute_remaining_hours_available()
        for lines in groups:
            lines.remaining_hours_available = lines[0].remaining_hours_available
        return result

    def _recompute_qty_to_invoice(self, start_date, end_date):
        """What is on an invoice already does not come again, even after a credit note for a part of it."""
        return super(SaleOrderLine, self.with_context(timetrack_not_on_invoice=INTERNAL))._recompute_qty_to_invoice(
            start_date, end_date
        )

    # ------------------------------------------------------------------
    # Reports
    # ------------------------------------------------------------------

    @api.model
    def _timetrack_join_sql(self, entry):
        """SQL joins of the ``order_line`` of a time entry, and of the units of both.

        :param SQL entry: alias of the entry
        """
        return SQL(
            """
            LEFT JOIN sale_order_line order_line ON order_line.id = %(entry)s.so_line
            LEFT JOIN uom_uom order_unit ON order_unit.id = order_line.product_uom_id
            LEFT JOIN uom_uom time_unit ON time_unit.id = %(entry)s.product_uom_id
            """,
            entry=entry,
        )

    @api.model
    def _timetrack_price_sql(self):
        """SQL of what an hour costs by the ``order_line``, net of its discount and without tax."""
        return SQL(
            "(COALESCE(order_line.price_subtotal / NULLIF(order_line.product_uom_qty, 0),"
            " order_line.price_unit * (1 - COALESCE(order_line.discount, 0) / 100))::float8"
            " * time_unit.factor::float8 / order_unit.factor::float8)"
        )
