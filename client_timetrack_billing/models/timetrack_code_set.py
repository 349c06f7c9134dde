from odoo import api, fields, models


class TimetrackCodeSet(models.Model):
    _inherit = "timetrack.code.set"

    expense_code_ids = fields.One2many(
        "timetrack.expense.code", "code_set_id", string="Expense Codes", context={"active_test": False}
    )
    expense_code_count = fields.Integer("Number of Expense Codes", compute="_compute_code_count", compute_sudo=True)

    @api.model
    def _get_count_fields(self):
        return {**super()._get_count_fields(), "timetrack.expense.code": "expense_code_count"}

    @api.depends("expense_code_ids")
    def _compute_code_count(self):
        return super()._compute_code_count()
