from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    timetrack_rate_card_id = fields.Many2one(related="company_id.timetrack_rate_card_id", readonly=False)
    timetrack_product_id = fields.Many2one(related="company_id.timetrack_product_id", readonly=False)
    timetrack_prebill_approval = fields.Boolean(related="company_id.timetrack_prebill_approval", readonly=False)
    timetrack_adjustment_limit = fields.Float(related="company_id.timetrack_adjustment_limit", readonly=False)
