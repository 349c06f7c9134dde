from datetime import timedelta

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from .timetrack_arrangement import FIXED


class TimetrackArrangement(models.Model):
    """The instalments of fees: those of included hours follow from their periods."""

    _inherit = "timetrack.arrangement"

    def _get_billing_periods(self, day):
        """The periods whose fee is to be billed with the time up to a day: list of first and last days."""
        self.ensure_one()
        if not self.date_from:
            return []
        if self.is_in_advance:
            day += timedelta(days=1)
        if self.period == "once":
            due = self.date_from if self.is_in_advance else self.date_to or self.date_from
            return [(self.date_from, self.date_to or False)] if due <= day else []
        _grants, spans = self._get_grants(day)
        return spans if self.is_in_advance else [(first, last) for first, last in spans if last <= day]

    def _forget_periods(self):
        """Delete the instalments of periods that were never on an invoice, and are on no pre-bill now."""
        made = self.sudo().instalment_ids.filtered("period_first")
        made.filtered(lambda one: all(row.state == "cancelled" for row in one.row_ids)).unlink()

    def _get_period_name(self, first, last):
        """What the fee of a period is called, in the language of the invoice."""
        engagement = self.sudo().engagement_id
        lang = engagement.invoice_lang or engagement._get_contact().lang or self.env.lang
        env = self.with_context(lang=lang).env
        if not last:
            return self.name
        return f"{format_date(env, first)} – {format_date(env, last)}"

    @api.model
    def _get_waiting(self, companies, instalments):
        """Fixed fees whose time waits for an instalment: those that have one to come, and none now.

        :param instalments: that are due
        """
        fees = self.sudo().search([("company_id", "in", companies.ids), ("kind", "=", FIXED), ("active", "=", True)])
        return fees.filtered(lambda one: one not in instalments.arrangement_id and one._has_more())

    def _has_more(self):
        """Whether some of a fixed fee is still to be billed."""
        self.ensure_one()
        open_ones = self.instalment_ids.filtered(lambda one: one.amount and not one._get_row())
        return bool(open_ones) or not self.currency_id.is_zero(self.unscheduled_amount)

    def action_schedule(self):
        """Divide what is not scheduled of a fixed fee: one more instalment, for the rest.

        :raise UserError: nothing is left
        """
        self.ensure_one()
        if self.kind != FIXED or self.currency_id.is_zero(self.unscheduled_amount):
            raise UserError(self.env._("The instalments come to the fee: nothing is left to schedule."))
        self.env["timetrack.instalment"].create(
            {
                "arrangement_id": self.id,
                "name": self.env._("Instalment %s", len(self.instalment_ids) + 1),
                "amount": self.unscheduled_amount,
            }
        )
        return True
