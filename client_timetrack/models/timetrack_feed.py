from odoo import fields, models


class TimetrackFeed(models.AbstractModel):
    """The addresses of a feed, shown once: nothing of them is kept but a hash of their key."""

    _name = "timetrack.feed"
    _description = "Time Feed"

    # a form without a table asks for its defaults by an onchange, which needs an id
    id = fields.Id()
    calendar_url = fields.Char("Calendar", readonly=True)
    sheet_url = fields.Char("CSV File", readonly=True)
