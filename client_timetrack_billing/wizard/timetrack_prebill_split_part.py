from odoo import fields, models


class TimetrackPrebillSplitPart(models.TransientModel):
    _name = "timetrack.prebill.split.part"
    _description = "Part of a Line"

    split_id = fields.Many2one("timetrack.prebill.split", required=True, ondelete="cascade")
    hours = fields.Float(required=True)
    narrative = fields.Char()
