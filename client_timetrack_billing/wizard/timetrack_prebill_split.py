from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import float_round


class TimetrackPrebillSplit(models.TransientModel):
    """Divide a line of a pre-bill: its parts may then be billed, held or given away each on its own."""

    _name = "timetrack.prebill.split"
    _description = "Split a Line of a Pre-Bill"

    row_ids = fields.Many2many("timetrack.allocation", required=True, readonly=True)
    hours = fields.Float("Hours of the Line", compute="_compute_hours")
    part_ids = fields.One2many("timetrack.prebill.split.part", "split_id", string="New Parts")
    left = fields.Float("Left in the Line", compute="_compute_hours")

    @api.depends("row_ids", "part_ids.hours")
    def _compute_hours(self):
        for split in self:
            split.hours = sum(split.row_ids.mapped("hours_worked"))
            split.left = float_round(split.hours - sum(split.part_ids.mapped("hours")), precision_digits=6)

    def action_split(self):
        """Divide the line.

        :raise UserError: the parts leave nothing of the line, or there are none
        """
        self.ensure_one()
        row = self.row_ids
        if len(row) != 1:
            raise UserError(self.env._("Split one line at a time."))
        row.check_access("write")
        for part, new in zip(self.part_ids, row._split(self.part_ids.mapped("hours")), strict=True):
            if part.narrative:
                new.write({"narrative": part.narrative})
        return {"type": "ir.actions.act_window_close"}
