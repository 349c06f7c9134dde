from odoo import fields, models


class TimetrackClientCategory(models.Model):
    _name = "timetrack.client.category"
    _description = "Client Category"
    _order = "sequence, name, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(help="A short key, as other systems and imports know this category.")
    sequence = fields.Integer(default=10)
    color = fields.Integer()
    active = fields.Boolean(default=True)
    policy_id = fields.Many2one(
        "timetrack.policy",
        string="Time Policy",
        ondelete="restrict",
        help="How time of clients of this category is kept, unless client or project say otherwise.",
    )

    _code_unique = models.UniqueIndex(
        "(code) WHERE code IS NOT NULL",
        "Another client category has this code already: codes must be unique.",
    )
