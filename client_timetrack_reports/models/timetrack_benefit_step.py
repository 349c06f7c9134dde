from odoo import fields, models


class TimetrackBenefitStep(models.Model):
    """When how much of a benefit is planned to be there, where that is not evenly between the dates."""

    _name = "timetrack.benefit.step"
    _description = "Step of a Benefit's Plan"
    _order = "date, id"

    benefit_id = fields.Many2one("timetrack.benefit", required=True, index=True, ondelete="cascade")
    date = fields.Date(required=True)
    share = fields.Float("Realized %", required=True, help="Of the way from the baseline to the target.")

    _once = models.UniqueIndex("(benefit_id, date)", "There is a step on this day already.")
