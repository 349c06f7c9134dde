from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import float_round


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

    @api.model
    def _timetrack_fixed_fields(self):
        """Names of the fields that a line has from the start and keeps: what hangs on it is read from them."""
        return {"timetrack_retainer_id", "timetrack_accrual_line_id"}

    def write(self, vals):
        """:raise AccessError: a line would belong to another retainer or accrual than it was made for"""
        if not self.env.su and not self._timetrack_fixed_fields().isdisjoint(vals):
            raise AccessError(self.env._("What a journal item does to a retainer or an accrual cannot be changed."))
        return super().write(vals)

    def unlink(self):
        """Time on a deleted invoice line is free again."""
        self.check_access("unlink")
        self.env["timetrack.allocation"].sudo()._leave_lines(self)
        return super().unlink()

    def _timetrack_sign(self):
        """The sign of the line's rows in the ledger: a credit note takes back."""
        return -1 if self.move_id.move_type == "out_refund" else 1

    @api.model
    def _timetrack_get_hour(self):
        """The unit of hours; asked for each line of an invoice, without looking each time whether it is still there."""
        return self.env["uom.uom"].browse(self.env["ir.model.data"]._xmlid_to_res_id("uom.product_uom_hour"))

    def _timetrack_hours(self):
        """The quantity of the line in hours; quantities of no time unit count as hours."""
        self.ensure_one()
        hour = self._timetrack_get_hour()
        if not self.product_uom_id or not self.product_uom_id._has_common_reference(hour):
            return self.quantity
        return self.product_uom_id._compute_quantity(self.quantity, hour, round=False)

    def _timetrack_is_lump_sum(self):
        """Whether the line is no time although its product is sold by the hour: a fee, or an adjustment."""
        self.ensure_one()
        hour = self._timetrack_get_hour()
        units = self.product_uom_id, self.product_id.uom_id
        return all(units) and [unit._has_common_reference(hour) for unit in units] == [False, True]

    def _timetrack_quantity(self, hours):
        """Hours as a quantity of the line, in its precision: :meth:`_timetrack_hours` the other way round.

        Hours that are too few for it are a quantity of 1.
        """
        self.ensure_one()
        hour = self._timetrack_get_hour()
        if self.product_uom_id and self.product_uom_id._has_common_reference(hour):
            hours = hour._compute_quantity(hours, self.product_uom_id, round=False)
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        return float_round(hours, precision_digits=digits) or 1.0

    def _timetrack_get_gross(self, amount):
        """The amount to enter on the line, whose taxes may be part of prices, so that it comes to one without tax."""
        self.ensure_one()
        included = self.tax_ids.flatten_taxes_hierarchy().filtered("price_include")
        if not included:
            return amount
        return included.compute_all(
            amount,
            currency=self.currency_id,
            product=self.product_id,
            partner=self.partner_id,
            handle_price_include=False,
        )["total_included"]

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
