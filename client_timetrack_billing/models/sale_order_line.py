from odoo import api, models
from odoo.fields import Domain


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    @api.depends("analytic_line_ids.timetrack_state", "company_id.timetrack_approval_required")
    def _compute_qty_delivered(self):
        """Time is delivered when it is approved."""
        return super()._compute_qty_delivered()

    def _timesheet_compute_delivered_quantity_domain(self):
        domain = Domain(super()._timesheet_compute_delivered_quantity_domain())
        Line = self.env["account.analytic.line"]
        domain &= Line._timetrack_approved_domain()
        if self.env.context.get("timetrack_not_on_invoice"):
            domain &= Line._timetrack_order_domain()
        return domain

    def _recompute_qty_to_invoice(self, start_date, end_date):
        """What is on an invoice already does not come again, even after a credit note for a part of it."""
        return super(SaleOrderLine, self.with_context(timetrack_not_on_invoice=True))._recompute_qty_to_invoice(
            start_date, end_date
        )
