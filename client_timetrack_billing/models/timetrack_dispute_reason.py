from odoo import fields, models


class TimetrackDisputeReason(models.Model):
    """Why clients do not accept what they were billed, as a firm counts it."""

    _name = "timetrack.dispute.reason"
    _description = "Reason of a Dispute"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True, help="Clients read it on the portal.")
    code = fields.Char()
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
