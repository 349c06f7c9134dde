from odoo import api, fields, models
from odoo.exceptions import AccessError

from .account_analytic_line import STATE_SELECTION


class TimetrackApprovalEvent(models.Model):
    """The approval trail: who did what to a time entry, when and why. Append-only for everyone; people are taken out of
    it by ``timetrack.privacy.wizard`` alone.

    The trail survives its entry: ``entry_ref`` keeps the number of an entry that was deleted, and the event of
    the deletion keeps what the entry said.
    """

    _name = "timetrack.approval.event"
    _inherit = ["timetrack.internal.mixin"]
    _description = "Approval Event"
    _order = "date desc, id desc"
    _rec_name = "action"

    line_id = fields.Many2one(
        "account.analytic.line", string="Time Entry", readonly=True, index="btree_not_null", ondelete="set null"
    )
    entry_ref = fields.Integer("Entry Number", readonly=True, index=True)
    action = fields.Selection(
        [
            ("submit", "Submitted"),
            ("withdraw", "Withdrawn"),
            ("approve", "Approved"),
            ("auto", "Approved by the Policy"),
            ("pass", "Step Passed Over"),
            ("reject", "Rejected"),
            ("reopen", "Reopened"),
            ("change", "Changed"),
            ("split", "Divided"),
            ("override", "Changed Past the Lock Date"),
            ("delete", "Deleted"),
            ("migrate", "Approved at Installation"),
        ],
        required=True,
        readonly=True,
    )
    state_from = fields.Selection(STATE_SELECTION, string="State Before", readonly=True)
    state_to = fields.Selection(STATE_SELECTION, string="State After", readonly=True)
    user_id = fields.Many2one("res.users", string="By", readonly=True, required=True, ondelete="restrict")
    on_behalf_of_id = fields.Many2one(
        "res.users", readonly=True, ondelete="restrict", help="In whose place it was done."
    )
    step_name = fields.Char("Step", readonly=True, help="The approval step that was taken.")
    date = fields.Datetime("When", readonly=True, required=True)
    reason = fields.Char(readonly=True)
    changes = fields.Json("Changed Values", readonly=True, help="Old and new value of each changed field of the entry.")
    changes_text = fields.Text("Changes", compute="_compute_changes_text")
    company_id = fields.Many2one("res.company", readonly=True, index=True)

    # The screen of the whole trail, the last events first.
    _last_idx = models.Index("(date DESC, id DESC)")
    # Decisions that employees are still to be told (see ``timetrack.period``).
    _decided_idx = models.Index("(date) WHERE action IN ('approve', 'reject')")

    @api.depends("changes")
    @api.depends_context("lang")
    def _compute_changes_text(self):
        Line = self.env["account.analytic.line"]
        labels = {name: attributes["string"] for name, attributes in Line.fields_get(attributes=["string"]).items()}
        for event in self:
            event.changes_text = "\n".join(
                f"{labels.get(name, name)}: {old} → {new}" for name, (old, new) in (event.changes or {}).items()
            )

    @api.model_create_multi
    def create(self, vals_list):
        """Only the addon's own code adds to the trail: a trail that a client can extend proves nothing."""
        if not self._timetrack_is_internal():
            raise AccessError(self.env._("Events of the approval trail are recorded by the system only."))
        return super().create(vals_list)

    def write(self, vals):  # pylint: disable=method-required-super
        """The trail is append-only, for superusers as well."""
        raise AccessError(self.env._("The approval trail cannot be changed."))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise AccessError(self.env._("The approval trail cannot be deleted."))
