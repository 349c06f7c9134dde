from odoo import fields, models

from .account_analytic_line import LEDGER_GROUP


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    timetrack_accrual_line_id = fields.Many2one(
        "timetrack.accrual.line",
        string="Accrual of an Engagement",
        index="btree_not_null",
        ondelete="restrict",
        copy=False,
        readonly=True,
        groups=LEDGER_GROUP,
    )
