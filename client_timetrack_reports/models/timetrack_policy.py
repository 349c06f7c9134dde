from odoo import fields, models


class TimetrackPolicy(models.Model):
    _inherit = "timetrack.policy"

    unbilled_days = fields.Integer(
        "Days to Bill",
        help="Approved time that is not billed so many days after the work counts as revenue that leaks. "
        "0: the company's limit.",
    )

    _unbilled_days_positive = models.Constraint("CHECK(unbilled_days >= 0)", "The days to bill cannot be negative.")
