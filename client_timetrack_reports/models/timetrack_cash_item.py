from odoo import fields, models

BANDS = [
    ("invoiced", "Invoiced"),
    ("scheduled", "Fees and Advances"),
    ("approved", "Approved, Unbilled"),
    ("unapproved", "Not Approved"),
]
SOURCES = [("client", "Client"), ("segment", "Client Category"), ("firm", "All Clients"), ("terms", "Due Date")]


class TimetrackCashItem(models.Model):
    """Money that is to come: of an open invoice, a fee by schedule, or time that is not billed yet; and when."""

    _name = "timetrack.cash.item"
    _description = "Expected Payment"
    _order = "expected, id"
    _rec_name = "client_id"

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade", index=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    client_id = fields.Many2one("res.partner", readonly=True, ondelete="cascade", index="btree_not_null")
    project_id = fields.Many2one("project.project", readonly=True, ondelete="cascade", index="btree_not_null")
    move_id = fields.Many2one("account.move", "Invoice", readonly=True, ondelete="cascade", index="btree_not_null")
    band = fields.Selection(BANDS, required=True, readonly=True)
    amount = fields.Monetary(readonly=True, help="With tax; of what is not billed, what clients usually pay of it.")
    due = fields.Date(readonly=True, help="Of what is not billed: when its invoice would be due.")
    expected = fields.Date(readonly=True, help="By how clients have paid; empty where nobody ever paid as late.")
    source = fields.Selection(
        SOURCES, "By", readonly=True, help="Whose payments say so: with fewer than five, those of a wider circle."
    )
    is_disputed = fields.Boolean("Disputed", readonly=True, help="In no week until the dispute is resolved.")
