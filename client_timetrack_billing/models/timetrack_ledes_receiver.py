from odoo import fields, models

from ..engine import ledes

FORMATS = [(ledes.LEDES_1998B, "LEDES 1998B"), (ledes.LEDES_98BI, "LEDES 98BI V2")]


class TimetrackLedesReceiver(models.Model):
    """An e-billing system that clients have their law firms' invoices sent to, and what it asks for."""

    _name = "timetrack.ledes.receiver"
    _description = "E-Billing Receiver"
    _order = "name, id"

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index=True, default=lambda self: self.env.company)
    format = fields.Selection(
        FORMATS,
        required=True,
        default=ledes.LEDES_1998B,
        help="1998B knows neither taxes nor currencies; 98BI V2 has both, and addresses.",
    )
    firm_code = fields.Char(
        "Law Firm ID", help="What the receiver calls your firm. Empty: your company's tax ID, or its registry number."
    )
    adjustment_units = fields.Selection(
        [("empty", "Empty"), ("0", "0"), ("1", "1")],
        string="Units of Adjustments",
        required=True,
        default="empty",
        help="What stands for the units of a line that adjusts the whole invoice.",
    )
    field_ids = fields.One2many("timetrack.ledes.receiver.field", "receiver_id", string="Fields", copy=True)
    class_pt = fields.Char("Partner", default="PT")
    class_as = fields.Char("Associate", default="AS")
    class_oc = fields.Char("Of Counsel", default="OC")
    class_la = fields.Char("Legal Assistant", default="LA")
    class_ot = fields.Char("Other", default="OT", help="Empty: the receiver knows no such class.")

    def _get_class_names(self):
        """What the receiver calls each classification; what it does not know is empty."""
        if not self:
            return {name: name for name in ledes.CLASSIFICATIONS}
        return {name: self[f"class_{name.lower()}"] or "" for name in ledes.CLASSIFICATIONS}

    def _get_receiver(self):
        """What the receiver asks for, as the engine wants it."""
        self.ensure_one()
        return ledes.Receiver(
            format=self.format,
            required=frozenset(self.field_ids.filtered("is_required").mapped("name")),
            lengths={line.name: line.max_length for line in self.field_ids if line.max_length},
            adjustment_units="" if self.adjustment_units == "empty" else self.adjustment_units,
            classifications=tuple(name for name in self._get_class_names().values() if name),
        )
