from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

# More days at once nobody means.
MAX_DAYS = 366
MAX_ENTRIES = 2000


class TimetrackDuplicateWizard(models.TransientModel):
    """Logs the same work on other days."""

    _name = "timetrack.duplicate.wizard"
    _description = "Duplicate Time to Days"

    line_ids = fields.Many2many("account.analytic.line", string="Time Entries", required=True)
    date_from = fields.Date("From", required=True, default=lambda self: self._default_date(1))
    date_to = fields.Date("Until", required=True, default=lambda self: self._default_date(1))
    monday = fields.Boolean(default=True)
    tuesday = fields.Boolean(default=True)
    wednesday = fields.Boolean(default=True)
    thursday = fields.Boolean(default=True)
    friday = fields.Boolean(default=True)
    saturday = fields.Boolean()
    sunday = fields.Boolean()
    with_days_off = fields.Boolean(
        "Holidays and Time Off Too", help="Also on days without working hours: holidays, time off, days off."
    )
    skip_refused = fields.Boolean(
        "Leave Out What a Rule Refuses", help="Otherwise nothing is logged where a single day is refused."
    )
    entry_count = fields.Integer("Entries to Log", compute="_compute_preview")
    left_out = fields.Text(compute="_compute_preview")

    @api.model
    def _default_date(self, days):
        return fields.Date.context_today(self) + timedelta(days=days)

    @api.model
    def default_get(self, names):
        """Propose the days that follow: the rest of the week of the last entry."""
        result = super().default_get(names)
        lines = self.env["account.analytic.line"].browse(self.env.context.get("active_ids") or [])
        if lines and self.env.context.get("active_model") == lines._name:
            last = max(lines.mapped("date"))
            result["line_ids"] = [fields.Command.set(lines.ids)]
            result["date_from"] = last + timedelta(days=1)
            result["date_to"] = last + timedelta(days=max(1, 6 - last.weekday()))
        return result

    @api.depends(
        "line_ids",
        "date_from",
        "date_to",
        "with_days_off",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    )
    def _compute_preview(self):
        for wizard in self:
            pairs, left_out = wizard._get_plan() if wizard._is_complete() else ([], [])
            wizard.entry_count = len(pairs)
            wizard.left_out = "\n".join(left_out)

    def _is_complete(self):
        return self.line_ids and self.date_from and self.date_to and self.date_from <= self.date_to

    def _get_dates(self):
        """The chosen days.

        :raise UserError: there are too many, or none
        """
        self.ensure_one()
        if self.date_from > self.date_to:
            raise UserError(self.env._("The first day is after the last: correct the days."))
        count = (self.date_to - self.date_from).days + 1
        if count > MAX_DAYS:
            raise UserError(self.env._("Choose up to %s days.", MAX_DAYS))
        weekdays = [
            self.monday,
            self.tuesday,
            self.wednesday,
            self.thursday,
            self.friday,
            self.saturday,
            self.sunday,
        ]
        days = (self.date_from + timedelta(days=offset) for offset in range(count))
        return [day for day in days if weekdays[day.weekday()]]

    def _get_plan(self):
        """Which entry goes to which day.

        :return: list of (entry, date), and of texts that say which days are left out and why
        """
        dates = self._get_dates()
        if not dates:
            return [], []
        lines = self.line_ids._origin or self.line_ids
        employees = lines.employee_id.sudo()
        hours = self.env["timetrack.working.time"]._get_hours(employees, dates[0], dates[-1])
        pairs, left_out = [], {}
        for line in lines:
            days = hours[line.employee_id.id]
            own = line.employee_id.sudo().user_id == self.env.user
            for date in dates:
                if self.with_days_off or (date in days and days[date].net > 0):
                    pairs.append((line, date))
                else:
                    left_out[date] = line._timetrack_grid_off(days.get(date), own)
        texts = [
            self.env._("%(date)s: %(reason)s", date=format_date(self.env, date), reason=reason)
            for date, reason in sorted(left_out.items())
        ]
        return pairs, texts

    def action_duplicate(self):
        """Log the entries, all or none unless what is refused is left out.

        :return: an action that shows what was logged
        :raise UserError: there is nothing to log, too much, or a rule refuses a day
        """
        self.ensure_one()
        self.line_ids.check_access("read")
        pairs, _left_out = self._get_plan()
        if not pairs:
            raise UserError(self.env._("There is no day to log this time on: choose other days."))
        if len(pairs) > MAX_ENTRIES:
            raise UserError(self.env._("This makes more than %s time entries: choose fewer days.", MAX_ENTRIES))
        with self.env.cr.savepoint():
            lines, refused = self._log(pairs)
            if refused and not (self.skip_refused and lines):
                raise UserError(
                    self.env._(
                        "Nothing was logged, since a rule refuses some of it. Choose other days, or leave out what is "
                        "refused.\n\n%s",
                        "\n".join(refused),
                    )
                )
        return lines._timetrack_get_duplicates_action()

    def _log(self, pairs):
        """Create the entries together; where one is refused, day by day.

        :return: the entries, and texts of what was refused
        """
        Line = self.env["account.analytic.line"]._timetrack_grid_without_defaults()
        values = {date: [] for _line, date in pairs}
        for line, date in pairs:
            values[date].append(line._timetrack_prepare_duplicate(date))
        try:
            with self.env.cr.savepoint():
                return self._log_days(Line, values.values()), []
        except UserError:
            lines, refused = Line, []
        for date, vals_list in values.items():
            try:
                with self.env.cr.savepoint():
                    lines |= self._log_days(Line, [vals_list])
            except UserError as error:
                refused.append(f"{format_date(self.env, date)}: {error}")
        return lines, refused

    @api.model
    def _log_days(self, Line, days):
        lines = Line.create([dict(vals) for vals_list in days for vals in vals_list])
        self.env.flush_all()
        return lines
