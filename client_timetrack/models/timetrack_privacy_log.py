from odoo import api, fields, models
from odoo.exceptions import AccessError


class TimetrackPrivacyLog(models.Model):
    """Who exported or anonymised the data of whom, and why: never by name. Append-only for everyone."""

    _name = "timetrack.privacy.log"
    _inherit = ["timetrack.internal.mixin"]
    _description = "Personal Data Log"
    _order = "id desc"
    _rec_name = "person"

    date = fields.Datetime("When", required=True, readonly=True, default=fields.Datetime.now)
    user_id = fields.Many2one(
        "res.users", "By", required=True, readonly=True, default=lambda self: self.env.user, ondelete="restrict"
    )
    action = fields.Selection([("export", "Exported"), ("anonymize", "Anonymised")], required=True, readonly=True)
    person = fields.Char(required=True, readonly=True, help="What the person is called once anonymised.")
    reason = fields.Char(readonly=True)
    counts = fields.Json(readonly=True, help="Number of records by their kind.")
    counts_text = fields.Text("Records", compute="_compute_counts_text")

    @api.depends("counts")
    def _compute_counts_text(self):
        for log in self:
            log.counts_text = "\n".join(f"{kind}: {count}" for kind, count in (log.counts or {}).items())

    @api.model_create_multi
    def create(self, vals_list):
        """Only the dialog adds to the log."""
        if not self._timetrack_is_internal():
            raise AccessError(self.env._("The log of personal data is written by the system only."))
        return super().create(vals_list)

    def write(self, vals):  # pylint: disable=method-required-super
        """The log is append-only, for superusers as well."""
        raise AccessError(self.env._("The log of personal data cannot be changed."))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise AccessError(self.env._("The log of personal data cannot be deleted."))
