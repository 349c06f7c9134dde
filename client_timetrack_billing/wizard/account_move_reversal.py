from odoo import models


class AccountMoveReversal(models.TransientModel):
    _inherit = "account.move.reversal"

    def reverse_moves(self, is_modify=False):
        """The invoice that takes the place of a reversed one takes over its time."""
        origins = self.move_ids
        action = super().reverse_moves(is_modify)
        if is_modify:
            origins._timetrack_relink()
            self.env["timetrack.allocation"].sudo()._rebook(origins, self.new_move_ids.sorted("id"))
        return action
