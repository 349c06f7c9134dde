from odoo import fields, models
from odoo.exceptions import AccessError

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

    def write(self, vals):
        """:raise AccessError: an entry would belong to another accrual than it was made for"""
        if not self.env.su and "timetrack_accrual_id" in vals:
            raise AccessError(self.env._("The accrual of a journal entry cannot be changed."))
        return super().write(vals)
