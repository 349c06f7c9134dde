from odoo import api, models
from odoo.exceptions import AccessError


class TimetrackKeptMixin(models.AbstractModel):
    """Records with stored fields that follow from others.

    A screen shows them read-only, but a remote call could write them: the client of a dispute would be another one than
    its invoice's until it is computed again.
    """

    _name = "timetrack.kept.mixin"
    _description = "Stored Fields That Follow From Others"

    # Names of fields without a computation that only the addons' own code writes, in sudo.
    _timetrack_kept = ()

    @api.model
    def _is_kept(self, name):
        """Tell whether nobody writes a field."""
        field = self._fields.get(name)
        follows = field and field.store and field.compute and field.readonly
        return bool(follows) or name in self._timetrack_kept

    def _check_kept_fields(self, vals_list):
        """:raise AccessError: values are given for what follows from others"""
        if self.env.su:
            return
        found = {name for vals in vals_list for name in vals if self._is_kept(name)}
        if found:
            labels = ", ".join(sorted(self._fields[name]._description_string(self.env) for name in found))
            raise AccessError(
                self.env._(
                    "“%(fields)s” of a record of “%(model)s” follows from its other fields and cannot be written: "
                    "change those.",
                    fields=labels,
                    model=self.env["ir.model"]._get(self._name).sudo().name,
                )
            )

    @api.model_create_multi
    def create(self, vals_list):
        self._check_kept_fields(vals_list)
        return super().create(vals_list)

    def write(self, vals):
        self._check_kept_fields([vals])
        return super().write(vals)
