from odoo import api, fields, models

from .account_analytic_line import LEDGER_GROUP


class AccountMove(models.Model):
    _inherit = "account.move"

    timetrack_accrual_id = fields.Many2one(
        "timetrack.accrual",
        string="Revenue Accrual",
        index="btree_not_null",
        ondelete="restrict",
        copy=False,
        readonly=True,
        groups=LEDGER_GROUP,
    )

    @api.model
    def _timetrack_fixed_fields(self):
        return super()._timetrack_fixed_fields() | {"timetrack_accrual_id"}
