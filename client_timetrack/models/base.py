from datetime import date, datetime

from odoo import api, fields, models
from odoo.exceptions import ValidationError

# No hours, rate or amount of a firm is larger, in any currency: sums of them stay numbers. What is smaller than the
# smallest is a number that PostgreSQL may not take.
SMALLEST, LARGEST = 1e-100, 1e12
FIRST, LAST = date(1900, 1, 1), date(2199, 12, 31)


class Base(models.AbstractModel):
    """Numbers and dates of the addons' fields are such that one can calculate with them.

    A screen sends no others. A remote call or an import may: one NaN among a million hours makes every sum NaN, and a
    date of the year 9999 a calendar of eight thousand years.
    """

    _inherit = "base"

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._timetrack_check_values(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._timetrack_check_values(vals)
        return super().write(vals)

    @api.model
    def _timetrack_is_checked(self, field):
        """Tell whether the values of a field have to be usable."""
        return (field._module or "").startswith("client_timetrack")

    @api.model
    def _timetrack_check_values(self, vals):
        """:raise ValidationError: a value is no number, or too large or too far away to be meant"""
        for name, value in vals.items():
            field = self._fields.get(name)
            if not value or field is None or not self._timetrack_is_checked(field):
                continue
            if field.type in ("float", "monetary") and isinstance(value, int | float):
                if not SMALLEST <= abs(value) <= LARGEST:  # NaN is neither
                    raise ValidationError(
                        self.env._(
                            "“%(field)s” cannot be %(value)s: give a number of at most %(largest)s.",
                            field=field._description_string(self.env),
                            value=value,
                            largest=f"{LARGEST:,.0f}",
                        )
                    )
            elif field.type in ("date", "datetime"):
                day = fields.Date.to_date(value) if not isinstance(value, datetime) else value.date()
                if not FIRST <= day <= LAST:
                    raise ValidationError(
                        self.env._(
                            "“%(field)s” cannot be %(day)s: give a day from %(first)s to %(last)s.",
                            field=field._description_string(self.env),
                            day=day,
                            first=FIRST,
                            last=LAST,
                        )
                    )
