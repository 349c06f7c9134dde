from datetime import timedelta

from pytz import UTC, timezone

from odoo import fields, models

from ..engine.surcharges import percent_of
from .account_analytic_line import RATE_GROUP


class AccountAnalyticLine(models.Model):
    """What a time entry costs more because of when the work was done."""

    _inherit = "account.analytic.line"

    timetrack_surcharge = fields.Float(
        "Surcharge %",
        readonly=True,
        copy=False,
        aggregator=None,
        groups=RATE_GROUP,
        help="Of the hourly rate, and in it: for weekends, holidays or evenings, as the rate card said at approval.",
    )

    def _timetrack_get_surcharges(self, cards):
        """Percent that the entries cost more, in a number of queries that does not depend on them.

        The clock is read where the employee is; public holidays are those of the employee's company.

        :param dict cards: rate card by entry
        :return: dict of entry to percent
        """
        rules = self.env["timetrack.rate.card"].union(*cards.values())._get_surcharges()
        lines = self.filtered(lambda line: rules.get(cards[line]))
        if not lines:
            return {}
        holidays = (
            lines._timetrack_get_holidays() if any(one.holidays for some in rules.values() for one in some) else {}
        )
        result = {}
        for line in lines:
            tz = timezone(line.employee_id.tz or "UTC")
            start, stop = (
                moment and UTC.localize(moment).astimezone(tz).replace(tzinfo=None)
                for moment in (line.timetrack_start, line.timetrack_stop)
            )
            free = holidays.get((line.employee_id.company_id, tz), ())
            result[line] = percent_of(line.date, start or None, stop or None, free, rules[cards[line]])
        return result

    def _timetrack_get_holidays(self):
        """Dates of public holidays around the entries: dict of (company, time zone) to set of dates."""
        working_time = self.env["timetrack.working.time"].sudo()
        first, last = min(self.mapped("date")), max(self.mapped("date")) + timedelta(days=1)
        leaves, _own = working_time._get_leaves(self.employee_id, first, last)
        places = {(employee.company_id, timezone(employee.tz or "UTC")) for employee in self.employee_id}
        return {
            (company, tz): set(working_time._get_days_off(leaves[company], tz, first, last)) for company, tz in places
        }
