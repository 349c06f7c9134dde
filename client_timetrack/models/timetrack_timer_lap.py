from odoo import fields, models


class TimetrackTimerLap(models.Model):
    """From when to when a timer ran: raw time, never rounded."""

    _name = "timetrack.timer.lap"
    _description = "Lap of a Timer"
    _order = "start, id"

    timer_id = fields.Many2one("timetrack.timer", required=True, readonly=True, ondelete="cascade", index=True)
    start = fields.Datetime("Start Time", required=True, readonly=True)
    stop = fields.Datetime("End Time", readonly=True)

    _running_unique = models.UniqueIndex("(timer_id) WHERE stop IS NULL", "The timer runs already.")
    _in_order = models.Constraint("CHECK(stop IS NULL OR stop >= start)", "A lap cannot end before it starts.")
