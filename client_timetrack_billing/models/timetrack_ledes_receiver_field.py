from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..engine import ledes


class TimetrackLedesReceiverField(models.Model):
    """What a receiver asks of one field beyond the format."""

    _name = "timetrack.ledes.receiver.field"
    _description = "Field of an E-Billing Receiver"
    _order = "name, id"

    receiver_id = fields.Many2one("timetrack.ledes.receiver", required=True, index=True, ondelete="cascade")
    name = fields.Selection([(name, name) for name in ledes.FIELDS_98BI], string="Field", required=True)
    is_required = fields.Boolean("Required", help="An invoice without it is not sent.")
    max_length = fields.Integer("Longest Text", help="In signs. 0: as long as the format allows.")

    _name_unique = models.Constraint("UNIQUE(receiver_id, name)", "A receiver has each field once.")
    _length_positive = models.Constraint("CHECK(max_length >= 0)", "The length of a text is not negative.")

    @api.constrains("name", "receiver_id")
    def _check_name(self):
        """A file has only the fields of its format: what else is asked for would never be seen."""
        for line in self:
            if line.name not in ledes.NAMES[line.receiver_id.format]:
                raise ValidationError(
                    self.env._(
                        "%(format)s has no field %(field)s. Take it from the list, or choose the other format.",
                        format=dict(line.receiver_id._fields["format"].selection)[line.receiver_id.format],
                        field=line.name,
                    )
                )
