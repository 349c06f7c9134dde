from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import float_round, formatLang

from .account_analytic_line import LEDGER_GROUP
from .timetrack_retainer import DEPOSIT, DRAW


class AccountMove(models.Model):
    """Invoices that are paid from retainers."""

    _inherit = "account.move"

    timetrack_retainer_count = fields.Integer(
        "Retainers",
        compute="_compute_timetrack_retainer_count",
        compute_sudo=True,
        groups=LEDGER_GROUP,
        help="Of the client, with money in them.",
    )

    @api.constrains("currency_id", "partner_id", "company_id")
    def _check_timetrack_retainers(self):
        self.sudo().line_ids._check_timetrack_retainer_id()

    @api.depends("commercial_partner_id", "company_id", "invoice_line_ids.price_subtotal")
    def _compute_timetrack_retainer_count(self):
        retainers = self.env["timetrack.retainer"].search(self._timetrack_retainer_domain())
        retainers = retainers.filtered(lambda one: one.available > 0)
        for move in self:
            move.timetrack_retainer_count = len(
                retainers.filtered_domain(
                    [("partner_id", "=", move.commercial_partner_id.id), ("company_id", "=", move.company_id.id)]
                )
            )

    def _timetrack_retainer_domain(self):
        """Retainers of the clients of the invoices."""
        return Domain("partner_id", "in", self.commercial_partner_id.ids) & Domain(
            "company_id", "in", self.company_id.ids
        )

    def write(self, vals):
        """Whatever changes the state of invoices: no more is taken from retainers than there is."""
        retainers = self.sudo().line_ids.timetrack_retainer_id if "state" in vals else None
        if retainers:
            retainers._lock()
        result = super().write(vals)
        if retainers:
            self.env.flush_all()
            retainers.invalidate_recordset(flush=False)
            retainers._check_not_overdrawn()
            # what somebody was asked to fill up is filled up
            retainers.filtered(lambda one: not one.is_low).activity_unlink(["mail.mail_activity_data_todo"])
        return result

    def _timetrack_unpaid_share(self):
        """How much of the invoice is not paid, from 0 to 1."""
        self.ensure_one()
        if self.state != "posted" or self.currency_id.is_zero(self.amount_total):
            return 0.0
        return self.amount_residual / self.amount_total

    # ------------------------------------------------------------------
    # Lines
    # ------------------------------------------------------------------

    def _timetrack_add_retainer_line(self, retainer, amount, label):
        """Add a line that brings money to a retainer or takes it from there.

        :param float amount: without tax, in the currency of both; what is drawn is negative
        """
        self.ensure_one()
        before = self.invoice_line_ids
        values = {
            "name": label,
            "account_id": retainer.account_id.id,
            "quantity": 1.0,
            "price_unit": amount,
            "tax_ids": [Command.set(self._timetrack_map_taxes(retainer).ids)],
            "timetrack_retainer_id": retainer.id,
            "sequence": 10_000,
        }
        self.write({"invoice_line_ids": [Command.create(values)]})
        line = self.invoice_line_ids - before
        if line.currency_id.compare_amounts(line.price_subtotal, amount):
            # taxes that are part of the price
            gross = {"price_unit": line._timetrack_get_gross(amount)}
            self.write({"invoice_line_ids": [Command.update(line.id, gross)]})

    def _timetrack_get_draws(self):
        """The lines that pay the invoices from retainers."""
        lines = self.invoice_line_ids.filtered("timetrack_retainer_id")
        return lines.filtered(lambda line: line._timetrack_retainer_kind() == DRAW)

    def _timetrack_map_taxes(self, retainer):
        """The taxes of a retainer's money on this invoice."""
        return self.fiscal_position_id.map_tax(retainer.sudo().tax_ids)

    # ------------------------------------------------------------------
    # Draws
    # ------------------------------------------------------------------

    def action_timetrack_draw(self):
        """Pay the draft from the client's retainers as far as they go.

        :raise UserError: it is no draft invoice, or nothing can be drawn, and why
        """
        self.ensure_one()
        self.check_access("write")
        if self.state != "draft" or self.move_type != "out_invoice":
            raise UserError(self.env._("Only a draft invoice can be paid from a retainer."))
        retainers = self.env["timetrack.retainer"].search(self._timetrack_retainer_domain(), order="project_id, id")
        drawn = self._timetrack_draw(retainers)
        if not drawn:
            reasons = [self._timetrack_explain_no_draw(retainer) for retainer in retainers]
            raise UserError("\n".join([self.env._("Nothing can be drawn."), *(f"- {reason}" for reason in reasons)]))
        return True

    def _timetrack_explain_no_draw(self, retainer):
        """Why a retainer pays nothing of the invoice."""
        if retainer.currency_id != self.currency_id:
            return self.env._(
                "%(retainer)s is in %(currency)s, the invoice in %(other)s.",
                retainer=retainer.name,
                currency=retainer.currency_id.name,
                other=self.currency_id.name,
            )
        if not retainer.available:
            return self.env._("%s has nothing left that may be drawn.", retainer.name)
        if retainer.project_id and retainer.project_id not in self._timetrack_get_engagements().project_id:
            return self.env._(
                "%(retainer)s is for %(project)s, of which the invoice has no time.",
                retainer=retainer.name,
                project=retainer.project_id.sudo().name,
            )
        return self.env._("Nothing on the invoice is left that is taxed as %s is.", retainer.name)

    def _timetrack_draw_automatic(self):
        """Pay draft invoices from the retainers that say so: those of a matter first, then those of the client."""
        retainers = self.env["timetrack.retainer"].search(
            self._timetrack_retainer_domain() & Domain("is_automatic", "=", True), order="project_id, id"
        )
        for move in self if retainers else self.browse():
            move._timetrack_draw(
                retainers.filtered(
                    lambda one, move=move: (
                        one.partner_id == move.commercial_partner_id and one.company_id == move.company_id
                    )
                )
            )

    def _timetrack_draw(self, retainers):
        """Add a line for what each of the retainers pays.

        :return: what was drawn in all, without the tax of down payments
        """
        self.ensure_one()
        retainers = retainers.filtered(lambda one: one.currency_id == self.currency_id and one.available)
        if not retainers:
            return 0.0
        retainers._lock()
        translated = self.with_context(lang=self.partner_id.lang or self.env.lang)
        drawn = 0.0
        for retainer in retainers:
            amount = min(retainer.available, self._timetrack_get_draw_limit(retainer))
            if self.currency_id.compare_amounts(amount, 0) > 0:
                label = translated.env._("Drawn from %s", retainer.name)
                self._timetrack_add_retainer_line(retainer, -amount, label)
                drawn += amount
        if drawn:
            self.message_post(
                body=self.env._("Drawn from retainers: %s", formatLang(self.env, drawn, currency_obj=self.currency_id))
            )
        return drawn

    def _timetrack_get_draw_limit(self, retainer):
        """The most that a retainer may pay of the invoice: of a down payment without its tax.

        A down payment is deducted from what is taxed alike, so that its tax is deducted as well. Money of one matter
        pays for no other: of the invoice it has the share that the time of the matter has.
        """
        self.ensure_one()
        lines = self._timetrack_product_lines()
        draws = lines.filtered("timetrack_retainer_id")
        work = lines - draws
        if retainer.kind == DEPOSIT:
            left = self.amount_total
            base = left - sum(draws.mapped("price_total"))
        else:
            taxes = self._timetrack_map_taxes(retainer)
            left = sum(line.price_subtotal for line in lines if line.tax_ids == taxes)
            base = sum(line.price_subtotal for line in work if line.tax_ids == taxes)
        if retainer.project_id:
            rows = self.sudo().timetrack_allocation_ids.filtered(
                lambda row: row.state != "cancelled" and row.project_id == retainer.project_id
            )
            total = sum(work.mapped("price_subtotal"))
            share = sum(rows.mapped("billed_amount")) / total if total else 0.0
            mine = draws.filtered(lambda line: line.timetrack_retainer_id.project_id == retainer.project_id)
            name = "price_total" if retainer.kind == DEPOSIT else "price_subtotal"
            left = min(left, base * share + sum(mine.mapped(name)))
        limit = max(0.0, left)
        return float_round(limit, precision_rounding=self.currency_id.rounding, rounding_method="DOWN")
