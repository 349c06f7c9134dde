from odoo import api, fields, models
from odoo.exceptions import AccessError


class SaleOrder(models.Model):
    """Orders that hold the costs of an engagement until its pre-bills invoice them.

    They are the firm's own: on the portal clients would read what was spent before its mark-up, and what nobody has
    reviewed yet.
    """

    _inherit = "sale.order"

    timetrack_is_cost_order = fields.Boolean(
        "Costs of an Engagement",
        readonly=True,
        copy=False,
        help="Made by re-invoicing costs of an engagement. Clients do not see it.",
    )

    _timetrack_cost_order_idx = models.Index("(project_id) WHERE timetrack_is_cost_order")

    @api.model
    def _timetrack_check_own(self, vals):
        """:raise AccessError: a call says what an order was made for"""
        if "timetrack_is_cost_order" in vals and not self.env.su:
            raise AccessError(self.env._("What a sales order was made for cannot be changed."))

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._timetrack_check_own(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._timetrack_check_own(vals)
        return super().write(vals)
