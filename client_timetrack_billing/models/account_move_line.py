from odoo import api, fields, models
from odoo.fields import Domain


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    timetrack_allocation_ids = fields.One2many(
        "timetrack.allocation",
        "move_line_id",
        string="Time Billed",
        readonly=True,
        copy=False,
        groups="client_timetrack_billing.group_billing_user",
    )

    @api.model
    def _timesheet_domain_get_invoiced_lines(self, sale_line_delivery):
        """Orders bill approved time only, and no time that is on an invoice."""
        domain = super()._timesheet_domain_get_invoiced_lines(sale_line_delivery)
        Line = self.env["account.analytic.line"]
        return list(Domain(domain) & Line._timetrack_order_domain())

    def unlink(self):
        """Time on a deleted invoice line is free again."""
        self.check_access("unlink")
        self.env["timetrack.allocation"].sudo()._search_live(self)._release()
        return super().unlink()

    def _timetrack_hours(self):
        """The quantity of the line in hours; quantities of no time unit count as hours."""
        self.ensure_one()
        hour = self.env.ref("uom.product_uom_hour")
        if not self.product_uom_id or not self.product_uom_id._has_common_reference(hour):
            return self.quantity
        return self.product_uom_id._compute_quantity(self.quantity, hour, round=False)

    def _timetrack_kind(self):
        """What an invoice line is that no time explains: a kind of ``timetrack.allocation``."""
        self.ensure_one()
        policies = self.sale_line_ids.product_id.mapped("service_policy")
        if self.is_downpayment:
            return "deposit"
        if "ordered_prepaid" in policies:
            return "prepaid"
        if "delivered_milestones" in policies:
            return "instalment"
        if any(self.sale_line_ids.mapped("is_expense")):
            return "expense"
        return "manual"
