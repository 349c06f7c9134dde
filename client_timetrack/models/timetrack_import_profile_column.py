from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..engine import csv_import
from .timetrack_import_profile import REQUIRED_TARGETS

KINDS = {
    "date": "date",
    "hours": "hours",
    "planned_hours": "hours",
    "start": "moment",
    "stop": "moment",
    "billable": "flag",
}


class TimetrackImportProfileColumn(models.Model):
    """Where one piece of a time entry comes from: a column of the file, or the same text for all rows."""

    _name = "timetrack.import.profile.column"
    _description = "Column of an Import Profile"
    _order = "profile_id, sequence, id"

    profile_id = fields.Many2one("timetrack.import.profile", required=True, ondelete="cascade", index=True)
    sequence = fields.Integer(default=10)
    target = fields.Selection(
        [
            ("date", "Date"),
            ("hours", "Hours"),
            ("employee", "Employee"),
            ("employee_email", "E-Mail of the Employee"),
            ("client", "Client"),
            ("project", "Project"),
            ("task", "Task"),
            ("planned_hours", "Planned Hours of the Task"),
            ("activity_parent", "Group of the Service Type"),
            ("activity", "Service Type"),
            ("deliverable", "Deliverable"),
            ("tags", "Tags"),
            ("description", "Description"),
            ("billable", "Billable"),
            ("start", "Start Time"),
            ("stop", "End Time"),
        ],
        string="Gives",
        required=True,
        help="Several columns that give the same are joined with a space: a date and a time of day, say. Start and end "
        "are of the time zone of the employee.",
    )
    name = fields.Char(
        "Column", help="The name in the first line of the file. Other names it may have instead follow after a |."
    )
    prefix = fields.Char(trim=False, help="Text put before what the column says, a space at its end included.")
    constant = fields.Char("Same for All Rows", help="Where no column of the file says it.")
    is_optional = fields.Boolean("May Be Absent", help="Files without this column are accepted.")

    @api.constrains("target", "name", "constant")
    def _check_source(self):
        for column in self:
            if bool(column._get_names()) == bool(column.constant):
                raise ValidationError(
                    self.env._("Each line needs either the name of a column or a text that is the same for all rows.")
                )

    def _get_names(self):
        """The names the column may have in a file, best first."""
        return [name.strip() for name in (self.name or "").split("|") if name.strip()]

    def _count_known(self, header):
        """How many of the columns a file has; 0 if it lacks one that is needed."""
        present = {csv_import.normal(name) for name in header}
        count = 0
        for column in self.filtered("name"):
            if any(csv_import.normal(name) in present for name in column._get_names()):
                count += 1
            elif not column.is_optional:
                return 0
        return count

    def _get_engine_column(self):
        """The column as the engine wants it."""
        self.ensure_one()
        return csv_import.Column(
            target=self.target,
            names=tuple(self._get_names()),
            kind=KINDS.get(self.target, "text"),
            constant=self.constant or "",
            prefix=self.prefix or "",
            required=self.target in REQUIRED_TARGETS,
            optional=self.is_optional,
        )
