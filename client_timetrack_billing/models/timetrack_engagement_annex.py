from odoo import fields, models

ANNEXES = [
    ("entry", "Each Time Entry"),
    ("day", "By Day"),
    ("employee", "By Employee"),
    ("task", "By Task"),
    ("activity", "By Service Type"),
    ("deliverable", "By Deliverable"),
]


class TimetrackEngagement(models.Model):
    """The time behind an invoice, on a page of its own."""

    _inherit = "timetrack.engagement"

    annex = fields.Selection(
        ANNEXES,
        string="Time Detail",
        tracking=True,
        help="What was worked, on a page after the invoice: printed, sent and on the portal. Empty: none.",
    )
    annex_names = fields.Boolean(
        "With Names",
        default=True,
        tracking=True,
        help="Who worked. Where the policy hides names from clients, they stay hidden.",
    )
    annex_amounts = fields.Boolean(
        "With Amounts", default=True, tracking=True, help="What each comes to; otherwise its time alone."
    )
