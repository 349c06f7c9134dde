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
    code_set_ids = fields.Many2many(
        "timetrack.code.set",
        "timetrack_client_category_code_set_rel",
        "category_id",
        "code_set_id",
        string="Code Sets",
        help="New projects of clients of this category choose these sets, unless somebody chooses others. "
        "Projects that have chosen theirs keep them when the category changes.",
    )

    _code_unique = models.UniqueIndex(
        "(code) WHERE code IS NOT NULL",
        "Another client category has this code already: codes must be unique.",
    )
