from odoo import fields, models


class TimetrackEngagement(models.Model):
    """What a client's e-billing system calls the matter."""

    _inherit = "timetrack.engagement"

    receiver_id = fields.Many2one(
        "timetrack.ledes.receiver",
        string="E-Billing",
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
        domain="['|', ('company_id', '=', False), ('company_id', '=?', company_id)]",
        help="The system that the client receives electronic invoices with.",
    )
    client_code = fields.Char(
        "Client ID", tracking=True, help="What the receiver calls the client. Empty: the client's reference."
    )
    matter_code = fields.Char(
        "Matter Number", tracking=True, copy=False, help="The number that your firm gave the matter."
    )
    client_matter_code = fields.Char(
        "Client's Matter Number", tracking=True, copy=False, help="The number that the client gave the matter."
    )
