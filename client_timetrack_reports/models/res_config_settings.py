from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    timetrack_unbilled_days = fields.Integer(related="company_id.timetrack_unbilled_days", readonly=False)
