from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..engine.surcharges import DAY_HOURS, EVERY_DAY, Surcharge

DAYS = [
    ("any", "Every Day"),
    ("working", "Monday to Friday"),
    ("weekend", "Saturday and Sunday"),
    ("0", "Mondays"),
    ("1", "Tuesdays"),
    ("2", "Wednesdays"),
    ("3", "Thursdays"),
    ("4", "Fridays"),
    ("5", "Saturdays"),
    ("6", "Sundays"),
    ("holiday", "Public Holidays"),
]
WEEKDAYS = {"any": EVERY_DAY, "working": frozenset(range(5)), "weekend": frozenset({5, 6}), "holiday": frozenset()}


class TimetrackRateSurcharge(models.Model):
    """What work at unusual times costs more by a rate card; see ``engine/surcharges.py``."""

    _name = "timetrack.rate.surcharge"
    _inherit = ["timetrack.kept.mixin"]
    _description = "Surcharge of a Rate Card"
    _order = "card_id, percent desc, id"

    card_id = fields.Many2one("timetrack.rate.card", string="Rate Card", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="card_id.company_id", store=True, index=True)
    name = fields.Char(required=True)
    percent = fields.Float("Surcharge %", required=True, help="What is added to the hourly rate.")
    days = fields.Selection(DAYS, required=True, default="weekend")
    hour_from = fields.Float(
        "From Hour", help="Where the employee is. Work without start and end has surcharges of the whole day only."
    )
    hour_to = fields.Float("To Hour", default=float(DAY_HOURS), help="Earlier than the first hour: over midnight.")

    _percent_positive = models.Constraint("CHECK(percent > 0)", "A surcharge adds something to the rate.")

    @api.constrains("hour_from", "hour_to")
    def _check_hours(self):
        for surcharge in self:
            first, last = surcharge.hour_from, surcharge.hour_to
            if not (0 <= first < DAY_HOURS and 0 <= last <= DAY_HOURS) or first == last:
                raise ValidationError(
                    self.env._("The hours of “%s” are none of a day: choose two from 0:00 to 24:00.", surcharge.name)
                )

    def _prepare_surcharge(self):
        """The surcharge as the engine wants it."""
        self.ensure_one()
        return Surcharge(
            percent=self.percent,
            weekdays=WEEKDAYS.get(self.days) if self.days in WEEKDAYS else frozenset({int(self.days)}),
            holidays=self.days == "holiday",
            hour_from=self.hour_from,
            hour_to=self.hour_to,
        )
