from odoo import api, fields, models
from odoo.tools import formatLang

from .account_analytic_line import RATE_GROUP


class AccountAnalyticLine(models.Model):
    """Why an entry has its rate, in words; and before it is approved, which rate it would get."""

    _inherit = "account.analytic.line"

    timetrack_rate_reason = fields.Text(
        "Why This Rate", compute="_compute_timetrack_rate_reason", compute_sudo=True, groups=RATE_GROUP
    )

    @api.depends(
        "timetrack_rate",
        "timetrack_rate_currency_id",
        "timetrack_rate_id",
        "timetrack_is_billable",
        "so_line",
    )
    @api.depends_context("lang")
    def _compute_timetrack_rate_reason(self):
        waiting = self.filtered(lambda line: line._timetrack_waits_for_rate())
        found = waiting._timetrack_resolve_rates() if waiting else {}
        for line in self:
            line.timetrack_rate_reason = line._timetrack_explain_rate(found.get(line.id))

    def _timetrack_waits_for_rate(self):
        """Whether the entry will get its rate from a card."""
        self.ensure_one()
        is_entry = bool(self.timetrack_state and self.employee_id and self.date and self.project_id)
        return is_entry and self.timetrack_is_billable and not self.so_line and not self.timetrack_rate_currency_id

    def _timetrack_explain_rate(self, found):
        """The words.

        :param dict found: what the card says today, for an entry without a rate of its own
        """
        self.ensure_one()
        if not self.timetrack_state:
            return False
        if self.timetrack_rate_currency_id:
            return self._timetrack_explain_frozen()
        if self.so_line:
            return self.env._("The price of the sales order %s.", self.so_line.display_name)
        if not self.timetrack_is_billable:
            return self.env._("Not billable: it needs no rate.")
        if not found:
            card = self._timetrack_rate_card()
            if card:
                return self.env._("No rate: none of the rate card “%s” fits.", card.name)
            return self.env._("No rate: neither the project nor the company has a rate card.")
        rate = self.env["timetrack.rate"].browse(found["timetrack_rate_id"])
        return self.env._(
            "%(rate)s an hour once it is approved, as the card says today.\n%(reason)s",
            rate=formatLang(self.env, found["timetrack_rate"], currency_obj=rate.card_id.currency_id),
            reason=rate._explain(found["timetrack_surcharge"]),
        )

    def _timetrack_explain_frozen(self):
        rate = formatLang(self.env, self.timetrack_rate, currency_obj=self.timetrack_rate_currency_id)
        if self.timetrack_rate_id:
            reason = self.timetrack_rate_id._explain(self.timetrack_surcharge)
        else:
            reason = self.env._("The rate of the card that it came from was deleted since.")
        return self.env._("%(rate)s an hour, kept since it was approved.\n%(reason)s", rate=rate, reason=reason)
