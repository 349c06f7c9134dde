from odoo import fields, models


class TimetrackPortfolio(models.Model):
    """What benefits are looked at together: a strategy, a transformation, a client's programme."""

    _name = "timetrack.portfolio"
    _description = "Portfolio"
    _order = "name, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    user_id = fields.Many2one("res.users", "Owner", domain="[('share', '=', False)]")
    company_id = fields.Many2one("res.company", default=lambda self: self.env.company)
    benefit_ids = fields.One2many("timetrack.benefit", "portfolio_id", string="Benefits")
