from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .account_analytic_line import LEDGER_GROUP


class AccountMove(models.Model):
    _inherit = "account.move"

    timetrack_allocation_ids = fields.One2many(
        "timetrack.allocation", "move_id", string="Time Billed", readonly=True, copy=False, groups=LEDGER_GROUP
    )
    timetrack_allocation_count = fields.Integer(
        "Ledger Rows", compute="_compute_timetrack_allocation_count", compute_sudo=True, groups=LEDGER_GROUP
    )

    @api.depends("timetrack_allocation_ids")
    def _compute_timetrack_allocation_count(self):
        counts = dict(
            self.env["timetrack.allocation"]._read_group(
                [("move_id", "in", self.ids), ("state", "!=", "cancelled")], ["move_id"], ["__count"]
            )
        )
        for move in self:
            move.timetrack_allocation_count = counts.get(move, 0)

    @api.model
    def _timetrack_fixed_fields(self):
        """Names of the fields that an entry has from the start and keeps, or that follow from what becomes of it."""
        return set()

    def write(self, vals):
        """The ledger follows the state of its invoices, whoever changes it and however.

        :raise AccessError: somebody changes what an entry was made for
        """
        if not self.env.su and not self._timetrack_fixed_fields().isdisjoint(vals):
            raise AccessError(self.env._("What a journal entry was made for, and what is disputed, cannot be changed."))
        if "move_type" in vals and self.sudo().line_ids.timetrack_allocation_ids.filtered(lambda row: row._is_live()):
            raise UserError(
                self.env._("This invoice holds time and stays an invoice. Delete the draft to release its time.")
            )
        before = {move.id: move.state for move in self} if "state" in vals else {}
        result = super().write(vals)
        if before:
            self.filtered(lambda move: move.state != before[move.id])._timetrack_sync_ledger(before)
        return result

    def unlink(self):
        """Time of a deleted draft is back on its pre-bill, or free."""
        self.check_access("unlink")
        self.env["timetrack.allocation"].sudo()._cancel_invoices(self)
        return super().unlink()

    def _timetrack_sync_ledger(self, before):
        """Tell the ledger that the state of invoices or credit notes has changed.

        :param dict before: the former state of each move, by id
        """
        Allocation = self.env["timetrack.allocation"].sudo()
        invoices = self.sudo().filtered(lambda move: move.move_type == "out_invoice")
        refunds = self.sudo().filtered(lambda move: move.move_type == "out_refund")
        if invoices:
            Allocation._post_invoices(invoices.filtered(lambda move: move.state == "posted"))
            Allocation._cancel_invoices(invoices.filtered(lambda move: move._timetrack_is_void()))
            drafts = invoices.filtered(lambda move: move.state == "draft")
            Allocation._reset_invoices(drafts.filtered(lambda move: before[move.id] == "posted"))
            Allocation._revive_invoices(drafts.filtered(lambda move: before[move.id] == "cancel"))
        if refunds:
            Allocation._post_refunds(refunds.filtered(lambda move: move.state == "posted"))
            Allocation._undo_refunds(refunds.filtered(lambda move: before[move.id] == "posted"))
            Allocation._search_planned(refunds.filtered(lambda move: move.state == "cancel"))._cancel_planned()
            Allocation._revive_planned(
                refunds.filtered(lambda move: move.state == "draft" and before[move.id] == "cancel")
            )

    def _timetrack_is_void(self):
        """Whether the invoice is cancelled. Those from before a switch threshold only look so: they count as billed."""
        self.ensure_one()
        return self.state == "cancel" and self.payment_state != "invoicing_legacy"

    def _timetrack_product_lines(self):
        """The lines that carry the untaxed amount of the invoices, in their order."""
        return self.invoice_line_ids.filtered(lambda line: line.display_type == "product").sorted(
            lambda line: (line.move_id.id, line.sequence, line.id)
        )

    def action_post(self):
        """Credit notes leave the time that they do not take back on its invoice."""
        result = super().action_post()
        self.filtered(lambda move: move.move_type == "out_refund").reversed_entry_id._timetrack_relink()
        return result

    def _timetrack_relink(self):
        """Odoo unlinks all the time of an invoice from it when a part is credited: the ledger knows better."""
        if self:
            rows = self.env["timetrack.allocation"].sudo().search([("move_id", "in", self.ids)])
            rows.filtered(lambda row: row.line_id and row.line_id._timetrack_follows_ledger())._sync_entries()

    def _link_timesheets_to_invoice(self, start_date=None, end_date=None):
        """Time that a sales order bills is in the ledger as well."""
        result = super()._link_timesheets_to_invoice(start_date, end_date)
        drafts = self.filtered(lambda move: move.move_type == "out_invoice" and move.state == "draft")
        self.env["timetrack.allocation"].sudo()._book_linked(drafts)
        return result

    def action_timetrack_credit(self):
        """Open the dialog that credits time of the invoice."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "client_timetrack_billing.timetrack_credit_wizard_action"
        )
        return {**action, "context": {"default_move_id": self.id}}

    def action_timetrack_view_allocations(self):
        """Open the ledger rows of the invoice."""
        action = self.env["ir.actions.act_window"]._for_xml_id("client_timetrack_billing.timetrack_allocation_action")
        action["domain"] = [("move_id", "in", self.ids)]
        action["context"] = {}
        return action
