from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.client_timetrack_billing.models.account_analytic_line import LEDGER_GROUP

# What people put down; all else is for those who validate.
OWN_FIELDS = {"date", "value", "note", "measure_id"}


class TimetrackMeasurement(models.Model):
    """What a measure was on a day. Only what finance validated counts."""

    _name = "timetrack.measurement"
    _description = "Measurement"
    _order = "date desc, id desc"
    _rec_name = "date"

    measure_id = fields.Many2one("timetrack.measure", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="measure_id.company_id", store=True, index=True)
    unit = fields.Char(related="measure_id.unit")
    date = fields.Date(required=True, default=fields.Date.context_today)
    value = fields.Float(required=True)
    note = fields.Char(help="How it was measured, and what was unusual.")
    state = fields.Selection(
        [("draft", "To Validate"), ("validated", "Validated"), ("refused", "Refused")],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
    )
    measured_by = fields.Many2one(
        "res.users", "Put Down By", readonly=True, copy=False, default=lambda self: self.env.user,
        help="Who entered it, or changed it last.",
    )  # fmt: skip
    validated_by = fields.Many2one("res.users", readonly=True, copy=False)
    validated_on = fields.Date(readonly=True, copy=False)
    can_validate = fields.Boolean(compute="_compute_can_validate")

    _once = models.UniqueIndex("(measure_id, date)", "There is a measurement of this day already.")

    @api.depends("measured_by")
    @api.depends_context("uid")
    def _compute_can_validate(self):
        """Finance validates, and nobody what they put down themselves."""
        is_finance = self.env.user.has_group(LEDGER_GROUP)
        for measurement in self:
            measurement.can_validate = is_finance and measurement.measured_by != self.env.user

    @api.model_create_multi
    def create(self, vals_list):
        """Who puts a measurement down does not validate it."""
        if not self.env.su:
            vals_list = [{name: value for name, value in vals.items() if name in OWN_FIELDS} for vals in vals_list]
        return super().create(vals_list)

    def write(self, vals):
        """:raise AccessError: somebody writes what only validation does; :raise UserError: it is validated"""
        if not self.env.su:
            if not OWN_FIELDS.issuperset(vals):
                raise AccessError(self.env._("A measurement is validated by its button."))
            self._check_open()
            # whose figure it is: who changed it does not validate it either
            vals = {**vals, "measured_by": self.env.uid}
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_validated(self):
        if not self.env.su:
            self._check_open()

    def _check_open(self):
        if "validated" in self.mapped("state"):
            raise UserError(self.env._("A validated measurement stays as it is: have it refused first."))

    def action_validate(self):
        """Let the measurements count.

        :raise AccessError: the user is not of finance, or put one of them down
        """
        self._decide("validated")

    def action_refuse(self):
        """The measurements do not count.

        :raise AccessError: the user is not of finance, or put one of them down
        """
        self._decide("refused")

    def _decide(self, state):
        self.check_access("read")
        if not all(self.mapped("can_validate")):
            raise AccessError(
                self.env._("Measurements are validated by people who invoice time, and not by who put them down.")
            )
        self.sudo().write(
            {"state": state, "validated_by": self.env.uid, "validated_on": fields.Date.context_today(self)}
        )
