from odoo import fields, models
from odoo.exceptions import UserError


class TimetrackPrebillMove(models.TransientModel):
    """Bill lines of a pre-bill for another project. The time entries stay where they were logged."""

    _name = "timetrack.prebill.move"
    _description = "Move Lines to Another Engagement"

    row_ids = fields.Many2many("timetrack.allocation", required=True, readonly=True)
    company_id = fields.Many2one("res.company", default=lambda self: self.env.company)
    project_id = fields.Many2one(
        "project.project",
        string="Engagement",
        required=True,
        domain="[('allow_timesheets', '=', True), ('partner_id', '!=', False), "
        "('company_id', 'in', (False, company_id))]",
    )
    keep_rate = fields.Boolean(help="Otherwise the time gets the rate of the other engagement.")

    def action_move(self):
        """Move the lines: they leave this pre-bill, and are proposed with the other engagement's next one.

        :raise UserError: the other engagement is another company's or not billed by rates, or has no rate
        """
        self.ensure_one()
        rows = self.row_ids
        rows.check_access("write")
        self.project_id.check_access("read")
        project = self.project_id.sudo()
        engagement = self.env["timetrack.engagement"]._get_by_project(project).get(project)
        if not project.partner_id or not engagement or engagement.billing_method != "rates":
            raise UserError(self.env._("“%s” is not billed by hourly rates, or has no client.", project.name))
        if project.company_id and project.company_id != rows.company_id:
            raise UserError(self.env._("“%s” belongs to another company.", project.name))
        rows._move(project, self.keep_rate)
        return {"type": "ir.actions.act_window_close"}
