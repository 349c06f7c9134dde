from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    timetrack_approval_required = fields.Boolean(
        related="company_id.timetrack_approval_required", readonly=False
    )
    timetrack_policy_id = fields.Many2one(
        related="company_id.timetrack_policy_id",
        readonly=False,
        domain="[('company_id', 'in', (False, company_id))]",
    )
    timetrack_lock_date = fields.Date(related="company_id.timetrack_lock_date", readonly=False)
    timetrack_flexible_weekly_hours = fields.Float(
        related="company_id.timetrack_flexible_weekly_hours", readonly=False
    )
