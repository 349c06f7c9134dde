from odoo import fields, models


class ProductTemplate(models.Model):
    _inherit = "product.template"

    timetrack_expense_code_id = fields.Many2one(
        "timetrack.expense.code",
        string="Expense Code",
        index="btree_not_null",
        ondelete="restrict",
        help="The code that expenses of this product have on electronic invoices.",
    )
