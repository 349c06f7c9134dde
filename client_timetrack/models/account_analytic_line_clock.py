from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

CLOCK_FIELDS = ("unit_amount", "timetrack_start", "timetrack_stop")


class AccountAnalyticLine(models.Model):
    """From when to when the work of a time entry was done, where somebody says so.

    The hours stay the truth: start and stop written without hours give the hours, hours written alone move the stop.
    Who writes all three means them: there was a break.
    """

    _inherit = "account.analytic.line"

    timetrack_start = fields.Datetime(
        "Start Time",
        copy=False,
        help="When the work began. Entries without start and end are outside of the rule on overlaps.",
    )
    timetrack_stop = fields.Datetime(
        "End Time", copy=False, help="When the work ended. It follows when the hours are changed alone."
    )

    _timetrack_clock_idx = models.Index("(employee_id, timetrack_start) WHERE timetrack_start IS NOT NULL")

    @api.constrains("timetrack_start", "timetrack_stop")
    def _check_timetrack_stop(self):
        for line in self:
            if line.timetrack_start and line.timetrack_stop and line.timetrack_stop < line.timetrack_start:
                raise ValidationError(
                    self.env._(
                        "Time cannot end before it starts: correct start or end, or empty one of them. %(entry)s",
                        entry=line._timetrack_describe(),
                    )
                )

    @api.onchange("timetrack_start", "timetrack_stop")
    def _onchange_timetrack_clock(self):
        if self.timetrack_start and self.timetrack_stop and self.timetrack_stop >= self.timetrack_start:
            self.unit_amount = self._timetrack_hours_between(self.timetrack_start, self.timetrack_stop)

    @api.onchange("unit_amount")
    def _onchange_timetrack_hours(self):
        if self.timetrack_start and self.timetrack_stop and self.unit_amount >= 0:
            self.timetrack_stop = self._timetrack_stop_after(self.timetrack_start, self.unit_amount)

    @api.model
    def _timetrack_hours_between(self, start, stop):
        return (stop - start).total_seconds() / 3600

    @api.model
    def _timetrack_stop_after(self, start, hours):
        return start + timedelta(seconds=round(hours * 3600))

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("timetrack_start") and vals.get("timetrack_stop") and "unit_amount" not in vals:
                start = fields.Datetime.to_datetime(vals["timetrack_start"])
                stop = fields.Datetime.to_datetime(vals["timetrack_stop"])
                vals["unit_amount"] = self._timetrack_hours_between(start, stop)
        return super().create(vals_list)

    def write(self, vals):
        result = super().write(vals)
        written = {name for name in CLOCK_FIELDS if name in vals}
        if written:
            for lines, values in self._timetrack_get_clock_values(written):
                super(AccountAnalyticLine, lines).write(values)
        return result

    def _timetrack_get_clock_values(self, written):
        """What follows from the clock fields that were written, by entries that take the same.

        :param set written: names of the clock fields that somebody wrote; the others follow
        :return: pairs of entries and values
        """
        groups = {}
        for line in self.filtered(lambda line: line.timetrack_start and line.timetrack_stop):
            start, stop = line.timetrack_start, line.timetrack_stop
            if "unit_amount" not in written:
                name, value = "unit_amount", self._timetrack_hours_between(start, stop)
            elif "timetrack_stop" not in written:
                name, value = "timetrack_stop", self._timetrack_stop_after(start, line.unit_amount)
            else:
                continue
            if line[name] != value:
                groups.setdefault((name, value), []).append(line.id)
        return [(self.browse(ids), {name: value}) for (name, value), ids in groups.items()]

    @api.model
    def _timetrack_written_fields(self, vals):
        written = super()._timetrack_written_fields(vals)
        return written | set(CLOCK_FIELDS) if written.intersection(CLOCK_FIELDS) else written
