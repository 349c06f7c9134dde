from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import formatLang


class TimetrackRepriceWizard(models.TransientModel):
    """What a changed rate card would make of time that is approved and not billed: seen before, taken over by choice.

    Rates are frozen at approval: a card that changes later changes nothing by itself.
    """

    _name = "timetrack.reprice.wizard"
    _description = "Apply Rates to Unbilled Time"

    card_id = fields.Many2one("timetrack.rate.card", string="Rate Card", required=True, readonly=True)
    line_ids = fields.One2many("timetrack.reprice.line", "wizard_id", string="Changes")
    before_text = fields.Char("Now", compute="_compute_totals")
    after_text = fields.Char("With the Rates of the Card", compute="_compute_totals")

    @api.depends("line_ids.is_selected")
    def _compute_totals(self):
        """Untaxed value of what is selected, in each currency."""
        for wizard in self:
            chosen = wizard.line_ids.filtered("is_selected")
            wizard.before_text = self._sum_up((line.old_currency_id, line.old_value) for line in chosen)
            wizard.after_text = self._sum_up((line.currency_id, line.value) for line in chosen)

    @api.model
    def _sum_up(self, amounts):
        totals = {}
        for currency, amount in amounts:
            if currency:
                totals[currency] = totals.get(currency, 0.0) + amount
        texts = [formatLang(self.env, total, currency_obj=currency) for currency, total in totals.items()]
        return "; ".join(texts) or self.env._("None")

    @api.model
    def _open(self, card):
        """The dialog with all time whose rate would be another one, as an action.

        :raise UserError: there is none
        """
        card.ensure_one()
        entries = self._get_entries(card)
        changes = self._get_changes(entries)
        if not changes:
            raise UserError(
                self.env._("All approved time that waits for its invoice has the rates of “%s” already.", card.name)
            )
        wizard = self.create({"card_id": card.id})
        self.env["timetrack.reprice.line"].create(
            [
                {
                    "wizard_id": wizard.id,
                    "line_id": entry.id,
                    "old_rate": entry.timetrack_rate,
                    "old_currency_id": entry.timetrack_rate_currency_id.id,
                    "rate": values["timetrack_rate"],
                    "currency_id": values["timetrack_rate_currency_id"],
                }
                for entry, values in changes.items()
            ]
        )
        return wizard._reopen()

    def _reopen(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Apply Rates to Unbilled Time"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def action_select_all(self):
        """Have all of it selected."""
        self.line_ids.is_selected = True
        return self._reopen()

    def action_select_none(self):
        """Have none of it selected, to choose a few."""
        self.line_ids.is_selected = False
        return self._reopen()

    @api.model
    def _get_entries(self, card):
        """The time that the card is for, and that waits for its invoice: in sudo, read by the user's rights."""
        Line = self.env["account.analytic.line"]
        own = Domain("project_id.timetrack_rate_card_id", "=", card.id)
        default = Domain("company_id.timetrack_rate_card_id", "=", card.id) & (
            Domain("project_id.timetrack_rate_card_id", "=", False)
            | Domain("project_id.timetrack_rate_card_id.company_id", "!=", card.company_id.id)
        )
        return Line.search(Line._timetrack_to_bill_domain(card.company_id) & (own | default), order="date, id").sudo()

    @api.model
    def _get_changes(self, entries):
        """What would be another rate than it is: dict of entry to the values of its rate fields."""
        changes = {}
        for entry_id, values in entries._timetrack_resolve_rates().items():
            entry = entries.browse(entry_id)
            currency = entry.timetrack_rate_currency_id
            same = currency.id == values["timetrack_rate_currency_id"]
            if not same or currency.compare_amounts(entry.timetrack_rate, values["timetrack_rate"]):
                changes[entry] = values
        return {entry: changes[entry] for entry in entries if entry in changes}

    def action_apply(self):
        """Give the selected time the rate that the card has for it by now; whatever was billed meanwhile stays.

        :raise UserError: nothing is selected, or somebody billed or changed some of it meanwhile
        :raise AccessError: the card or some of the time is not the user's to see
        """
        self.ensure_one()
        entries = self.line_ids.filtered("is_selected").line_id
        if not entries:
            raise UserError(self.env._("Select the time that is to have the rates of the card."))
        # the lines may have been written by a call, with any time and any card
        self.card_id.check_access("write")
        entries.check_access("read")
        if any(entry._timetrack_rate_card() != self.card_id for entry in entries.sudo()):
            raise UserError(self.env._("Some of this time has another rate card by now.\nPlease start again."))
        entries._timetrack_claim()
        entries = entries.sudo()
        entries._timetrack_store_rates({entry.id: values for entry, values in self._get_changes(entries).items()})
        self.card_id.sudo().message_post(
            body=self.env._(
                "Applied to unbilled time: %(count)s entries, before %(before)s, now %(after)s.",
                count=len(entries),
                before=self.before_text,
                after=self.after_text,
            ),
            author_id=self.env.user.partner_id.id,
        )
        return {"type": "ir.actions.act_window_close"}
