from odoo import api, fields, models
from odoo.exceptions import UserError


class TimetrackLedesCode(models.TransientModel):
    """Fill in the codes that billed time lacks."""

    _name = "timetrack.ledes.code"
    _description = "Codes of Billed Time"

    wizard_id = fields.Many2one("timetrack.ledes.wizard", required=True, ondelete="cascade")
    line_id = fields.Many2one("account.analytic.line", string="Time Entry", required=True, readonly=True)
    date = fields.Date(related="line_id.date")
    employee_id = fields.Many2one(related="line_id.employee_id")
    project_id = fields.Many2one(related="line_id.project_id")
    name = fields.Char(related="line_id.name", string="Description")
    has_deliverable = fields.Boolean(compute="_compute_has_codes")
    has_activity = fields.Boolean(compute="_compute_has_codes")
    deliverable_id = fields.Many2one("timetrack.deliverable", domain="[('offered_project_id', '=', project_id)]")
    activity_id = fields.Many2one(
        "timetrack.activity", string="Service Type", domain="[('offered_project_id', '=', project_id)]"
    )

    @api.depends("line_id")
    def _compute_has_codes(self):
        for wizard in self:
            wizard.has_deliverable = bool(wizard.line_id.timetrack_deliverable_id)
            wizard.has_activity = bool(wizard.line_id.timetrack_activity_id)

    @api.model
    def _open(self, problem):
        """Ask for the codes of the time that a problem is about."""
        entry = self.env["account.analytic.line"].browse(problem.res_id)
        wizard = self.create(
            {
                "wizard_id": problem.wizard_id.id,
                "line_id": entry.id,
                "deliverable_id": entry.timetrack_deliverable_id.id,
                "activity_id": entry.timetrack_activity_id.id,
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Codes of Billed Time"),
            "res_model": self._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "target": "new",
        }

    def action_apply(self):
        """Give the entry the codes that it lacks, and look at the invoices once more.

        :raise UserError: the time is not on the invoices that are checked
        """
        self.ensure_one()
        moves = self.wizard_id.move_ids
        moves.check_access("read")
        if self.line_id.sudo() not in moves.sudo().timetrack_allocation_ids.line_id:
            raise UserError(self.env._("This time is on none of the invoices: change its codes where it was logged."))
        self.line_id._timetrack_fill_codes(
            {
                "timetrack_deliverable_id": self.deliverable_id.id,
                "timetrack_activity_id": self.activity_id.id,
            }
        )
        self.wizard_id.action_check()
        return {"type": "ir.actions.act_window_close"}
