from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import float_compare


class TimetrackSplitWizard(models.TransientModel):
    """An approver divides a submitted entry into several, such as what is billable and what is not.

    The hours of the parts are taken from the entry, which keeps the rest: the total stays as it was logged.
    """

    _name = "timetrack.split.wizard"
    _description = "Split a Time Entry"

    line_id = fields.Many2one("account.analytic.line", string="Time Entry", required=True, readonly=True)
    # Read with the user's own rights, since any entry may be named here.
    project_id = fields.Many2one(related="line_id.project_id", related_sudo=False)
    hours = fields.Float("Hours Logged", related="line_id.unit_amount", related_sudo=False)
    part_ids = fields.One2many("timetrack.split.wizard.part", "wizard_id", string="New Entries")
    hours_left = fields.Float("Hours That Stay", compute="_compute_hours_left")

    @api.depends("part_ids.hours", "line_id.unit_amount")
    def _compute_hours_left(self):
        for wizard in self:
            wizard.hours_left = wizard.hours - sum(wizard.part_ids.mapped("hours"))

    def action_confirm(self):
        """Split the entry with the user's own rights."""
        self.ensure_one()
        self.line_id._timetrack_split([part._prepare_values() for part in self.part_ids])
        return {"type": "ir.actions.act_window_close"}


class TimetrackSplitWizardPart(models.TransientModel):
    _name = "timetrack.split.wizard.part"
    _description = "Part of a Split Time Entry"

    wizard_id = fields.Many2one("timetrack.split.wizard", required=True, ondelete="cascade")
    project_id = fields.Many2one(related="wizard_id.project_id", related_sudo=False)
    hours = fields.Float(required=True)
    name = fields.Char(
        "Description",
        compute="_compute_from_entry",
        compute_sudo=False,
        store=True,
        readonly=False,
        help="Empty: as the entry.",
    )
    task_id = fields.Many2one(
        "project.task",
        domain="[('project_id', '=', project_id)]",
        compute="_compute_from_entry",
        compute_sudo=False,
        store=True,
        readonly=False,
    )
    activity_id = fields.Many2one(
        "timetrack.activity",
        string="Service Type",
        domain="[('offered_project_id', '=', project_id)]",
        compute="_compute_from_entry",
        compute_sudo=False,
        store=True,
        readonly=False,
    )
    deliverable_id = fields.Many2one(
        "timetrack.deliverable",
        domain="[('offered_project_id', '=', project_id)]",
        compute="_compute_from_entry",
        compute_sudo=False,
        store=True,
        readonly=False,
    )
    is_billable = fields.Boolean(
        "Billable", compute="_compute_from_entry", compute_sudo=False, store=True, readonly=False
    )

    @api.depends("wizard_id.line_id")
    def _compute_from_entry(self):
        for part in self:
            line = part.wizard_id.line_id
            part.name = line.name
            part.task_id = line.task_id
            part.activity_id = line.timetrack_activity_id
            part.deliverable_id = line.timetrack_deliverable_id
            part.is_billable = line.timetrack_is_billable

    def _prepare_values(self):
        """The part as values of a time entry."""
        self.ensure_one()
        if float_compare(self.hours, 0, precision_digits=2) <= 0:
            raise UserError(self.env._("Each part of a split entry needs a positive number of hours."))
        return {
            "unit_amount": self.hours,
            "name": self.name or self.wizard_id.line_id.name,
            "task_id": self.task_id.id,
            "timetrack_activity_id": self.activity_id.id,
            "timetrack_deliverable_id": self.deliverable_id.id,
            "timetrack_is_billable": self.is_billable,
        }
