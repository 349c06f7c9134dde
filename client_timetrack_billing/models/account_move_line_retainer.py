from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .account_analytic_line import LEDGER_GROUP
from .timetrack_retainer import ADVANCE, DRAW, REFUND


class AccountMoveLine(models.Model):
    """Lines that bring money to a retainer or take it from there."""

    _inherit = "account.move.line"

    timetrack_retainer_id = fields.Many2one(
        "timetrack.retainer",
        string="Retainer",
        index="btree_not_null",
        ondelete="restrict",
        copy=False,
        readonly=True,
        # no groups: whoever reverses an invoice takes the money back to where it was
    )

    timetrack_retainer_amount = fields.Monetary(
        "Retainer Amount",
        compute="_compute_timetrack_retainer_amount",
        currency_field="currency_id",
        groups=LEDGER_GROUP,
        help="What the line brings to the retainer; what it takes is negative.",
    )

    @api.depends("amount_currency")
    def _compute_timetrack_retainer_amount(self):
        for line in self:
            line.timetrack_retainer_amount = -line.amount_currency

    @api.constrains("timetrack_retainer_id", "account_id", "partner_id")
    def _check_timetrack_retainer_id(self):
        """Money of a retainer stands on its account, and goes to no other client, currency or company."""
        for line in self.sudo().filtered("timetrack_retainer_id"):
            retainer, move = line.timetrack_retainer_id, line.move_id
            if move.commercial_partner_id != retainer.partner_id:
                raise ValidationError(
                    self.env._(
                        "%(retainer)s is money of %(client)s and cannot be on an invoice of %(other)s.",
                        retainer=retainer.name,
                        client=retainer.partner_id.name,
                        other=move.commercial_partner_id.name or "-",
                    )
                )
            if line.account_id != retainer.account_id or move.company_id != retainer.company_id:
                raise ValidationError(
                    self.env._(
                        "The line “%(line)s” is money of %(retainer)s, which stands on the account %(account)s.",
                        line=line.name,
                        retainer=retainer.name,
                        account=retainer.account_id.display_name,
                    )
                )
            if line.currency_id != retainer.currency_id:
                raise ValidationError(
                    self.env._(
                        "%(retainer)s is in %(currency)s: take its line off an invoice in %(other)s.",
                        retainer=retainer.name,
                        currency=retainer.currency_id.name,
                        other=line.currency_id.name,
                    )
                )

    def _copy_data_extend_business_fields(self, values):
        """What is reversed takes the money back to where it was; a duplicate draws nothing."""
        if self.timetrack_retainer_id:
            values["timetrack_retainer_id"] = self.timetrack_retainer_id.id
        return super()._copy_data_extend_business_fields(values)

    def _timetrack_retainer_kind(self):
        """What the line does to its retainer. On credit notes it takes back what it says."""
        self.ensure_one()
        if self.move_id.move_type == "out_refund":
            return REFUND if self.amount_currency > 0 else DRAW
        return ADVANCE if self.amount_currency < 0 else DRAW

    def _timetrack_kind(self):
        if self.sudo().timetrack_retainer_id:
            return "drawdown" if self._timetrack_retainer_kind() == DRAW else "deposit"
        return super()._timetrack_kind()
