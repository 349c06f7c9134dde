from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    timetrack_approval_required = fields.Boolean(related="company_id.timetrack_approval_required", readonly=False)
    timetrack_policy_id = fields.Many2one(
        related="company_id.timetrack_policy_id",
        readonly=False,
        domain="[('company_id', 'in', (False, company_id))]",
    )
    timetrack_lock_date = fields.Date(related="company_id.timetrack_lock_date", readonly=False)
    timetrack_flexible_weekly_hours = fields.Float(related="company_id.timetrack_flexible_weekly_hours", readonly=False)
    timetrack_period = fields.Selection(related="company_id.timetrack_period", readonly=False, required=True)
    timetrack_week_start = fields.Selection(related="company_id.timetrack_week_start", readonly=False, required=True)
    timetrack_period_anchor = fields.Date(related="company_id.timetrack_period_anchor", readonly=False)
    timetrack_deadline_days = fields.Integer(related="company_id.timetrack_deadline_days", readonly=False)
    timetrack_timer_warn_hours = fields.Float(related="company_id.timetrack_timer_warn_hours", readonly=False)
    timetrack_budget_thresholds = fields.Char(related="company_id.timetrack_budget_thresholds", readonly=False)
    timetrack_reminder = fields.Selection(related="company_id.timetrack_reminder", readonly=False, required=True)
    timetrack_reminder_weekday = fields.Selection(
        related="company_id.timetrack_reminder_weekday", readonly=False, required=True
    )
    timetrack_reminder_hour = fields.Integer(related="company_id.timetrack_reminder_hour", readonly=False)
    timetrack_reminder_tolerance = fields.Float(related="company_id.timetrack_reminder_tolerance", readonly=False)
    timetrack_reminder_escalation_days = fields.Integer(
        related="company_id.timetrack_reminder_escalation_days", readonly=False
    )
    timetrack_reminder_pending_days = fields.Integer(
        related="company_id.timetrack_reminder_pending_days", readonly=False
    )
    timetrack_reminder_may_mute = fields.Boolean(related="company_id.timetrack_reminder_may_mute", readonly=False)
    timetrack_code_set_ids = fields.Many2many(related="company_id.timetrack_code_set_ids", readonly=False)
