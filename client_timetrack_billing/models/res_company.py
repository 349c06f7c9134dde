from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ResCompany(models.Model):
    _inherit = "res.company"

    timetrack_rate_card_id = fields.Many2one(
        "timetrack.rate.card",
        string="Default Rate Card",
        domain="[('company_id', '=', id)]",
        groups="client_timetrack_billing.group_rate_viewer",
        help="The rates of projects that have no rate card of their own.",
    )
    timetrack_product_id = fields.Many2one(
        "product.product",
        string="Product of Invoiced Time",
        domain=[("type", "=", "service")],
        help="Decides the account and the taxes of invoiced time. Empty: Billable Time.",
    )

    @api.constrains("timetrack_rate_card_id")
    def _check_timetrack_rate_card_id(self):
        for company in self.sudo():
            card = company.timetrack_rate_card_id
            if card and card.company_id != company:
                raise ValidationError(
                    self.env._(
                        "The rate card “%(card)s” belongs to another company than %(company)s.",
                        card=card.name,
                        company=company.name,
                    )
                )

    def _timetrack_get_product(self):
        """The product of invoice lines for time."""
        self.ensure_one()
        return self.timetrack_product_id or self.env.ref("client_timetrack_billing.product_billable_time")
