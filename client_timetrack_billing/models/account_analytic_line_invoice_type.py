from odoo import api, models

from .account_analytic_line import BY_RATES
from .timetrack_engagement import NOT_BY_RATES


class AccountAnalyticLine(models.Model):
    """Time that is billed by rates is billable in the screens of Odoo too, which know orders only."""

    _inherit = "account.analytic.line"

    @api.depends("timetrack_is_billable", "timetrack_rate_currency_id")
    def _compute_timesheet_invoice_type(self):
        """Time without an order that has a rate, or a rate card to get one from, is “Billed on Timesheets”.

        A card that is chosen later counts when the rate is frozen: the year's time is not worked out anew for it.
        """
        by_rates = self._timetrack_filter_by_rates().filtered(
            lambda line: line.timetrack_rate_currency_id or line._timetrack_rate_card()
        )
        by_rates.timesheet_invoice_type = BY_RATES
        return super(AccountAnalyticLine, self - by_rates)._compute_timesheet_invoice_type()

    def _timetrack_filter_by_rates(self):
        """The entries that are billable by rates, if there are any; in sudo."""
        lines = self.sudo().filtered(lambda line: line.project_id and line.timetrack_is_billable and not line.so_line)
        engagements = self.env["timetrack.engagement"]._get_by_project(lines.project_id)
        otherwise = {project for project, terms in engagements.items() if terms.billing_method in NOT_BY_RATES}
        return lines.filtered(lambda line: line.project_id not in otherwise)
