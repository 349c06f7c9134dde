from datetime import date

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..engine import csv_import, import_dates, text_reader, xlsx_reader

REQUIRED_TARGETS = ("date", "hours", "employee", "project")
# What identifies a row of a file without a key. What may be mapped later (a service type) is no part of it: a file
# that is imported again with more columns must not come in twice.
KEY_TARGETS = ("date", "hours", "employee", "client", "project", "task", "description")


class TimetrackImportProfile(models.Model):
    """How the files of one source of time are read: their format, and which column means what."""

    _name = "timetrack.import.profile"
    _description = "Import Profile"
    _order = "sequence, name, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    delimiter = fields.Selection(
        [("auto", "Find out"), (",", "Comma"), (";", "Semicolon"), ("tab", "Tab"), ("|", "Vertical bar")],
        default="auto",
        required=True,
    )
    encoding = fields.Selection(
        [
            ("auto", "Find out"),
            ("utf-8", "UTF-8"),
            ("cp1252", "Windows (Western)"),
            ("latin-1", "Latin-1"),
            ("utf-16", "UTF-16"),
        ],
        default="auto",
        required=True,
    )
    date_formats = fields.Text(
        default="%Y-%m-%d",
        required=True,
        help="One a line; the first that fits a date is taken. %d day, %m month, %b short English name of the month, "
        "%Y year, %y year of two digits. “auto” finds the format from all dates of the file.",
    )
    decimal_mark = fields.Selection(
        [("auto", "Find out"), (".", "Point (1.5)"), (",", "Comma (1,5)")],
        default="auto",
        required=True,
        help="Where it has to be found out, a number such as 1.500 is refused: it could be either.",
    )
    max_hours = fields.Float(
        "Most Hours of a Row", default=24.0, help="A row with more hours is rejected. 0 for no limit."
    )
    key_columns = fields.Text(
        help="Names of the columns that identify a row, one a line: a row with the same values is never imported "
        "twice. Without any, a row is identified by its date, hours, employee, client, project, task and description, "
        "and equal rows of a file are counted."
    )
    create_missing = fields.Boolean(
        default=True,
        help="Create clients, projects, tasks, employees, service types and deliverables that do not exist yet. "
        "Otherwise rows that name them are rejected.",
    )
    column_ids = fields.One2many("timetrack.import.profile.column", "profile_id", string="Columns", copy=True)

    @api.constrains("date_formats")
    def _check_date_formats(self):
        """A format must give back the date that was written with it."""
        day = date(2019, 11, 23)
        for profile in self:
            for pattern in profile._lines("date_formats") or [""]:
                if pattern == import_dates.AUTO:
                    continue
                try:
                    works = import_dates.parse_date(day.strftime(pattern), [pattern]) == day
                except ValueError:
                    works = False
                if not works:
                    raise ValidationError(
                        self.env._(
                            "“%(format)s” in the profile “%(profile)s” is no format of a whole date. "
                            "Write for instance %(example)s.",
                            format=pattern,
                            profile=profile.name,
                            example="%d/%m/%Y",
                        )
                    )

    @api.constrains("max_hours")
    def _check_max_hours(self):
        for profile in self:
            if profile.max_hours < 0:
                raise ValidationError(self.env._("The most hours of a row cannot be negative."))

    @api.constrains("column_ids")
    def _check_column_ids(self):
        for profile in self:
            profile._check_targets(profile.name, profile.column_ids.mapped("target"))

    @api.model
    def _check_targets(self, name, targets):
        """
        :param str name: of the profile, or of the file that one is made for
        :param list targets: what its columns give
        :raise ValidationError: something that every row needs is not given
        """
        labels = dict(self.column_ids._fields["target"]._description_selection(self.env))
        missing = [labels[target] for target in REQUIRED_TARGETS if target not in set(targets)]
        if missing:
            raise ValidationError(
                self.env._("Say for “%(name)s” which columns give: %(targets)s.", name=name, targets=", ".join(missing))
            )

    def _lines(self, name):
        """The lines of a text field that say something."""
        self.ensure_one()
        return [line.strip() for line in (self[name] or "").splitlines() if line.strip()]

    def _read(self, file):
        """Read a file as the profile says, or, without a profile, as it looks.

        :param file: binary file that can be read more than once
        :rtype: csv_import.Table
        :raise csv_import.FileError: the file cannot be read
        """
        file.seek(0)
        if xlsx_reader.is_workbook(file.read(8)):
            return xlsx_reader.read_xlsx(file)
        delimiter = {"auto": "", "tab": "\t"}.get(self.delimiter, self.delimiter or "")
        return text_reader.read_csv(file, delimiter, self.encoding or "auto")

    @api.model
    def _recognize(self, file):
        """The profile whose columns a file has.

        Of the profiles that find all they need, the one that knows most of the file's columns.

        :param file: binary file
        :return: ``timetrack.import.profile``, empty where no profile fits or the file cannot be read
        """
        try:
            header = self.browse()._read(file).header
        except csv_import.FileError:
            return self.browse()
        known = {profile: profile.column_ids._count_known(header) for profile in self.search([])}
        return max(known, key=lambda profile: (known[profile], -profile.sequence), default=self.browse()).filtered(
            lambda profile: known[profile]
        )

    def _get_spec(self):
        """The profile as the engine wants it."""
        self.ensure_one()
        return csv_import.Spec(
            columns=tuple(column._get_engine_column() for column in self.column_ids),
            date_formats=tuple(self._lines("date_formats")),
            decimal_mark=self.decimal_mark,
            max_hours=self.max_hours,
            key_columns=tuple(self._lines("key_columns")),
            key_targets=KEY_TARGETS,
        )

    def action_timetrack_import(self):
        """Open the import dialog with this profile."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("client_timetrack.timetrack_import_job_action")
        return {**action, "view_mode": "form", "views": [(False, "form")], "context": {"default_profile_id": self.id}}
