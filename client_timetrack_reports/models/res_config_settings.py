from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    timetrack_flexible_weekly_hours = fields.Float(
        related="company_id.timetrack_flexible_weekly_hours", readonly=False
    )
