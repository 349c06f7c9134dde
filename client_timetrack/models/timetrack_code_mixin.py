from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import escape_psql


class TimetrackCodeMixin(models.AbstractModel):
    """What all codes have in common: a name, mostly a code, and the set that they come in."""

    _name = "timetrack.code.mixin"
    _description = "Code of a Code Set"
    _rec_names_search = ["name", "code"]
    _order = "sequence, code, name, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(copy=False, help="A short key, as clients and imports know it. It is unique in its code set.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    code_set_id = fields.Many2one(
        "timetrack.code.set",
        index=True,
        ondelete="restrict",
        help="The set that the code comes in. Projects choose the sets whose codes they offer.",
    )

    @api.depends("name", "code")
    @api.depends_context("lang")
    def _compute_display_name(self):
        """The code goes first, as people who know the codes read it."""
        for record in self:
            record.display_name = f"{record.code} {record.name}" if record.code else record._get_full_name()

    def _get_full_name(self):
        """The name of a code without a code, in the language of the user."""
        self.ensure_one()
        return self.name

    @api.model
    def _search_display_name(self, operator, value):
        """Find "L110 Fact" as well, which is neither the code nor the name but how both are shown."""
        domain = super()._search_display_name(operator, value)
        if operator in Domain.NEGATIVE_OPERATORS or operator == "any":
            return domain
        texts = [value] if isinstance(value, str) else value
        for text in texts:
            code, _space, name = text.partition(" ") if isinstance(text, str) else ("", "", "")
            if name:
                value = [name] if operator == "in" else name
                domain |= Domain("code", "=ilike", escape_psql(code)) & Domain("name", operator, value)
        return domain

    @api.model
    def _get_set_domain(self):
        """Domain of the codes that belong to sets and nowhere else."""
        return Domain("code_set_id", "!=", False)
