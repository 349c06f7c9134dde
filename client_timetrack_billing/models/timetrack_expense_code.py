from odoo import models


class TimetrackExpenseCode(models.Model):
    """What was spent, as clients who are billed by codes know it. Products carry the code."""

    _name = "timetrack.expense.code"
    _inherit = ["timetrack.code.mixin"]
    _description = "Expense Code"

    _code_unique = models.UniqueIndex(
        "(COALESCE(code_set_id, 0), code) WHERE code <> ''",
        "Another expense code of this code set has this code already: codes must be unique in their set.",
    )
