from odoo import fields, models


class TimetrackAdjustmentReason(models.Model):
    """Why time is not billed as it was worked. Every adjustment names one, so that reports can tell them apart."""

    _name = "timetrack.adjustment.reason"
    _description = "Reason of an Adjustment"
    _order = "sequence, name, id"
    _rec_names_search = ["name", "code"]

    name = fields.Char(required=True, translate=True)
    code = fields.Char(help="A short key for reports and exports.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index="btree_not_null", help="Empty: in every company.")

    _code_unique = models.Constraint("UNIQUE(code, company_id)", "The code of a reason is unique.")
