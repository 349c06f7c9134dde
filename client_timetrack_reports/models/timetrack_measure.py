from odoo import fields, models


class TimetrackMeasure(models.Model):
    """Something that can be measured and is to get better: days to answer, errors in a thousand, revenue of a line."""

    _name = "timetrack.measure"
    _description = "Measure of Benefits"
    _order = "name, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    unit = fields.Char(required=True, translate=True, help="Days, %, a currency, pieces a week ...")
    direction = fields.Selection([("up", "Is to Rise"), ("down", "Is to Fall")], required=True, default="up")
    source = fields.Char(help="Where the figure comes from, and how it is measured.")
    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company, index=True)
    measurement_ids = fields.One2many("timetrack.measurement", "measure_id", string="Measurements")
    benefit_ids = fields.One2many("timetrack.benefit", "measure_id", string="Benefits")
