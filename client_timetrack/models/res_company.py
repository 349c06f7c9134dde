from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    timetrack_approval_required = fields.Boolean(
        "Approve Time Before It Counts",
        default=True,
        help="Approved time is locked, and only approved time is billed. "
        "Without this, time behaves as in Odoo without approval.",
    )
