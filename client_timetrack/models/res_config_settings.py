from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    timetrack_approval_required = fields.Boolean(
        related="company_id.timetrack_approval_required", readonly=False
    )
