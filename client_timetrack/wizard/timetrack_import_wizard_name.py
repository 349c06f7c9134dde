from odoo import fields, models

from ..models.timetrack_import_alias import RECORD_FIELDS


class TimetrackImportWizardName(models.TransientModel):
    """A name of the file that needs a word: what it means, or that it will be created."""

    _name = "timetrack.import.wizard.name"
    _description = "Name in an Imported File"
    _order = "is_new, target, hours desc, id"

    wizard_id = fields.Many2one("timetrack.import.wizard", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="wizard_id.company_id")
    target = fields.Selection(
        selection=lambda self: self.env["timetrack.import.alias"]._fields["target"].selection,
        string="Kind",
        required=True,
        readonly=True,
    )
    name = fields.Char("Name in the File", required=True, readonly=True)
    row_count = fields.Integer("Rows", readonly=True)
    hours = fields.Float(readonly=True)
    is_new = fields.Boolean("Will Be Created", readonly=True)
    reason = fields.Char(readonly=True)
    client_id = fields.Many2one("res.partner")
    employee_id = fields.Many2one("hr.employee")
    project_id = fields.Many2one("project.project")
    task_id = fields.Many2one("project.task")
    activity_id = fields.Many2one("timetrack.activity", string="Service Type")
    deliverable_id = fields.Many2one("timetrack.deliverable")

    def _get_meanings(self):
        """What was said: dict of (target, name) to record, for those that something was said of."""
        found = {(line.target, line.name): line[RECORD_FIELDS[line.target]] for line in self}
        return {key: record for key, record in found.items() if record}
