from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.client_timetrack.engine.allocation import to_decimal, unit_of

from ..models.timetrack_allocation import CONCEDE, REBILL, WRITE_OFF


class TimetrackCreditWizard(models.TransientModel):
    """Make a credit note for chosen time of an invoice, or for an amount of it."""

    _name = "timetrack.credit.wizard"
    _description = "Credit Time"

    move_id = fields.Many2one("account.move", string="Invoice", required=True, readonly=True)
    currency_id = fields.Many2one(related="move_id.currency_id")
    what = fields.Selection(
        [
            (REBILL, "Time that is to be billed again"),
            (CONCEDE, "Time that is not to be billed at all"),
            ("amount", "An amount: the time stays billed, for less"),
        ],
        string="Credit",
        required=True,
        default=REBILL,
    )
    row_ids = fields.Many2many(
        "timetrack.allocation",
        string="Time and Costs",
        domain="[('move_id', '=', move_id), ('kind', 'in', ('time', 'expense')), ('state', '=', 'posted'), "
        "('reversed_id', '=', False), '|', ('line_id', '!=', False), ('sale_line_id', '!=', False)]",
    )
    amount = fields.Monetary(
        help="Untaxed. It is spread over the time chosen, or all of the invoice's, by what it costs."
    )
    is_write_off = fields.Boolean(
        "Written Off",
        help="The client does not pay what is right: it lowers what is collected, not what was billed.",
    )
    reason_id = fields.Many2one(
        "timetrack.adjustment.reason",
        string="Reason of the Firm",
        domain="['|', ('company_id', '=', False), ('company_id', '=', company_id)]",
        help="For reports; the client does not see it.",
    )
    dispute_id = fields.Many2one("timetrack.dispute", readonly=True, help="What the credit note comes of.")
    company_id = fields.Many2one(related="move_id.company_id")
    reason = fields.Char(help="The client reads it on the credit note.")
    date = fields.Date("Credit Note Date", required=True, default=fields.Date.context_today)
    hours = fields.Float(compute="_compute_total")
    total = fields.Monetary("Untaxed Amount", compute="_compute_total")

    @api.depends("what", "row_ids", "amount")
    def _compute_total(self):
        for wizard in self:
            rows = wizard.row_ids._origin
            net = rows._net_of_adjustments(
                {row: to_decimal(row.billed_amount - row.credited_amount, wizard._get_unit()) for row in rows}
            )
            wizard.hours = sum(rows.mapped("hours_billed")) if wizard.what != "amount" else 0.0
            wizard.total = wizard.amount if wizard.what == "amount" else float(sum(net.values()))

    @api.onchange("is_write_off", "what")
    def _onchange_is_write_off(self):
        """What is written off is mostly all that is not paid."""
        if self.is_write_off and self.what == "amount" and not self.amount:
            self.amount = self.currency_id.round(self._get_unpaid())

    def _get_unpaid(self):
        """What is not paid of the invoice, without the tax of its lines."""
        lines = self.move_id._timetrack_product_lines() - self.move_id._timetrack_get_draws()
        total = sum(lines.mapped("price_total"))
        return self.move_id.amount_residual * sum(lines.mapped("price_subtotal")) / total if total else 0.0

    def _get_unit(self):
        return unit_of((self.currency_id or self.env.company.currency_id).rounding)

    def action_credit(self):
        """Make the draft credit note and open it.

        :raise UserError: nothing is chosen, the invoice is not posted, the time is not the invoice's, nothing is left
            of it to credit, or it is written off without a reason
        """
        self.ensure_one()
        self.move_id.check_access("write")
        dispute = self.dispute_id
        if dispute:
            dispute.check_access("write")
            if dispute.move_id != self.move_id or dispute.state != "open":
                raise UserError(self.env._("%s is resolved, or of another invoice.", dispute.name))
        if self.move_id.state != "posted" or self.move_id.move_type != "out_invoice":
            raise UserError(self.env._("Only a posted invoice can be credited."))
        Allocation = self.env["timetrack.allocation"].sudo()
        all_rows = Allocation.search(Allocation._creditable_domain(self.move_id))
        rows = self.row_ids.sudo()
        if rows - all_rows:
            raise UserError(self.env._("Choose time or costs that are billed by %s.", self.move_id.display_name))
        is_given_up = self.what != REBILL
        if is_given_up and self.is_write_off and not self.reason_id:
            raise UserError(self.env._("Choose the firm's reason why this is written off."))
        effect = WRITE_OFF if is_given_up and self.is_write_off else CONCEDE if is_given_up else REBILL
        if self.what == "amount":
            unit = self._get_unit()
            amount = to_decimal(self.amount, unit)
            refund = (rows or all_rows)._credit_amount(amount, self._prepare_values(), effect, self.reason_id)
        elif not rows:
            raise UserError(self.env._("Choose the time or the costs to credit."))
        else:
            refund = rows._credit_entries(effect, self._prepare_values(), self.reason_id)
        if dispute:
            refund.sudo().timetrack_dispute_id = dispute
        return refund.with_env(self.env).get_formview_action()

    def _prepare_values(self):
        """Hook: the values of the credit note, as Odoo's own dialog has them."""
        name = self.move_id.name
        return {
            "ref": self.env._("Reversal of: %(move_name)s, %(reason)s", move_name=name, reason=self.reason)
            if self.reason
            else self.env._("Reversal of: %s", name),
            "date": self.date,
            "invoice_date": self.date,
            "invoice_date_due": self.date,
            "invoice_payment_term_id": None,
            "invoice_user_id": self.move_id.invoice_user_id.id,
        }
