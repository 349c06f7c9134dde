from odoo import api, fields, models
from odoo.exceptions import AccessError

from .account_analytic_line import LEDGER_GROUP


class AccountMove(models.Model):
    """Invoices that clients dispute, and the credit notes that come of it."""

    _inherit = "account.move"

    timetrack_dispute_ids = fields.One2many(
        "timetrack.dispute", "move_id", string="Disputes", readonly=True, copy=False, groups=LEDGER_GROUP
    )
    timetrack_dispute_count = fields.Integer(
        "Number of Disputes", compute="_compute_timetrack_dispute_count", compute_sudo=True, groups=LEDGER_GROUP
    )
    timetrack_is_disputed = fields.Boolean(
        "Disputed",
        compute="_compute_timetrack_is_disputed",
        store=True,
        compute_sudo=True,
        copy=False,
        help="The client does not accept it, or some of it, and that is not resolved yet.",
    )
    timetrack_dispute_id = fields.Many2one(
        "timetrack.dispute",
        string="Dispute",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        groups=LEDGER_GROUP,
        help="What this credit note comes of.",
    )

    @api.depends("timetrack_dispute_ids.state")
    def _compute_timetrack_is_disputed(self):
        for move in self:
            move.timetrack_is_disputed = any(one.state == "open" for one in move.timetrack_dispute_ids)

    @api.depends("timetrack_dispute_ids")
    def _compute_timetrack_dispute_count(self):
        for move in self:
            move.timetrack_dispute_count = len(move.timetrack_dispute_ids)

    @api.model
    def _timetrack_fixed_fields(self):
        return super()._timetrack_fixed_fields() | {"timetrack_dispute_id", "timetrack_is_disputed"}

    @api.model_create_multi
    def create(self, vals_list):
        """:raise AccessError: a call makes a credit note that ends a dispute"""
        if not self.env.su and any(vals.get("timetrack_dispute_id") for vals in vals_list):
            raise AccessError(self.env._("Credit notes of disputes are made from the dispute."))
        return super().create(vals_list)

    def unlink(self):
        disputes = self.sudo().timetrack_dispute_id
        result = super().unlink()
        disputes._follow_refunds()
        return result

    def _timetrack_sync_ledger(self, before):
        result = super()._timetrack_sync_ledger(before)
        self.sudo().timetrack_dispute_id._follow_refunds()
        return result

    def action_timetrack_dispute(self):
        """Start a dispute of the invoice."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Dispute"),
            "res_model": "timetrack.dispute",
            "view_mode": "form",
            "context": {"default_move_id": self.id},
        }

    def action_timetrack_view_disputes(self):
        """Open the disputes of the invoice."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("client_timetrack_billing.timetrack_dispute_action")
        if len(self.timetrack_dispute_ids) == 1:
            return {**action, "views": [(False, "form")], "res_id": self.timetrack_dispute_ids.id, "context": {}}
        return {**action, "domain": [("move_id", "=", self.id)], "context": {}}
