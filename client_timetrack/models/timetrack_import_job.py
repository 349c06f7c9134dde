import base64
import io
from contextlib import contextmanager
from pathlib import Path

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..engine import csv_import

# Problems that the form shows; all of them are in a list of their own.
SHOWN_PROBLEMS = 80


class TimetrackImportJob(models.Model):
    """A file of time: checked, then imported, in the request or in the background.

    How it works: ``timetrack.import.row`` keeps the rows of the file, ``timetrack.import`` takes them in batch by batch
    (see ``timetrack_import_job_run.py``), and what became of them is kept here, in problems and in names.
    """

    _name = "timetrack.import.job"
    _description = "Import of Time"
    _order = "id desc"

    name = fields.Char(compute="_compute_name")
    profile_id = fields.Many2one(
        "timetrack.import.profile",
        default=lambda self: self._default_profile_id(),
        ondelete="restrict",
        help="How the file is read. Without one, say below what its columns give: that makes one.",
    )
    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company)
    file = fields.Binary(attachment=True)
    filename = fields.Char()
    state = fields.Selection(
        [("draft", "File"), ("checked", "Checked"), ("done", "Imported")], default="draft", readonly=True, copy=False
    )
    running = fields.Selection(
        [("check", "Checking"), ("import", "Importing")], readonly=True, copy=False, help="What is being done."
    )
    is_read = fields.Boolean(readonly=True, copy=False, help="All rows of the file wait in the database.")
    row_count = fields.Integer("Rows", readonly=True, copy=False)
    settled_count = fields.Integer("Rows Done", readonly=True, copy=False)
    progress = fields.Float(compute="_compute_progress", help="Percent of the rows that are done.")
    error = fields.Text("Why It Stopped", readonly=True, copy=False)
    valid_count = fields.Integer("Valid Rows", readonly=True, copy=False)
    rejected_count = fields.Integer("Rejected Rows", readonly=True, copy=False)
    already_count = fields.Integer("Imported Before", readonly=True, copy=False)
    hours = fields.Float(readonly=True, copy=False, help="Hours of the valid rows.")
    created = fields.Json(readonly=True, copy=False, help="Number of records created, or to be created, by their kind.")
    created_text = fields.Char("Creates", compute="_compute_created_text")
    guessed_encoding = fields.Char(readonly=True, copy=False)
    notice = fields.Char(compute="_compute_notice")
    recognized = fields.Char(compute="_compute_recognized")
    delimiter = fields.Char(readonly=True, copy=False)
    header = fields.Json(readonly=True, copy=False)
    column_ids = fields.One2many("timetrack.import.column", "job_id", string="Columns of the File")
    name_ids = fields.One2many("timetrack.import.name", "job_id", string="Names", domain=[("is_listed", "=", True)])
    problem_ids = fields.One2many("timetrack.import.problem", "job_id", string="All Problems", readonly=True)
    shown_problem_ids = fields.Many2many(
        "timetrack.import.problem", compute="_compute_shown_problem_ids", string="First Problems"
    )
    problem_count = fields.Integer("Problems", compute="_compute_shown_problem_ids")
    entry_count = fields.Integer("Time Entries", compute="_compute_entry_count")
    rejected_file = fields.Binary("Rejected Rows as CSV", attachment=True, readonly=True, copy=False)
    rejected_filename = fields.Char(compute="_compute_name")

    # ------------------------------------------------------------------
    # Fields
    # ------------------------------------------------------------------

    @api.model
    def _default_profile_id(self):
        return self.env["timetrack.import.profile"].search([], limit=1)

    @api.depends("filename")
    def _compute_name(self):
        for job in self:
            job.name = job.filename or self.env._("New File")
            job.rejected_filename = self.env._("rejected %(file)s", file=f"{Path(job.filename or 'rows').stem}.csv")

    @api.depends("row_count", "settled_count")
    def _compute_progress(self):
        for job in self:
            job.progress = 100.0 * job.settled_count / job.row_count if job.row_count else 0.0

    @api.depends("created")
    def _compute_created_text(self):
        labels = dict(self.env["timetrack.import.name"]._fields["target"]._description_selection(self.env))
        for job in self:
            created = job.created or {}
            job.created_text = ", ".join(
                f"{label}: {created[target]}" for target, label in labels.items() if created.get(target)
            )

    @api.depends("guessed_encoding")
    def _compute_notice(self):
        for job in self:
            job.notice = job.guessed_encoding and self.env._(
                "The file is not UTF-8; it was read as %(encoding)s. Check names with accents.",
                encoding=job.guessed_encoding,
            )

    @api.depends("file", "profile_id", "running")
    def _compute_recognized(self):
        for job in self:
            job.recognized = False
            if job.state != "draft" or job.running:
                # the page asks every two seconds how far the work has come: not for the file each time
                continue
            with job._open_file() as file:
                if file:
                    found = self.env["timetrack.import.profile"]._recognize(file)
                    job.recognized = (
                        self.env._("These are the columns of the profile “%s”.", found.name)
                        if found
                        else self.env._("No profile fits the columns of this file: say below what they give.")
                    )

    @api.depends("problem_ids")
    def _compute_shown_problem_ids(self):
        Problem = self.env["timetrack.import.problem"]
        counts = dict(Problem._read_group([("job_id", "in", self.ids)], ["job_id"], ["__count"]))
        for job in self:
            job.problem_count = counts.get(job._origin, 0)
            job.shown_problem_ids = Problem.search([("job_id", "=", job._origin.id)], limit=SHOWN_PROBLEMS)

    def _compute_entry_count(self):
        rows = self.env["timetrack.import.row"].sudo()
        groups = rows._read_group([("job_id", "in", self.ids), ("entry_id", "!=", False)], ["job_id"], ["__count"])
        counts = {job.id: count for job, count in groups}
        for job in self:
            job.entry_count = counts.get(job.id, 0)

    @api.onchange("file")
    def _onchange_file(self):
        """The columns of the file say whose export it is; else somebody has to."""
        self.state = "draft"
        with self._open_file() as file:
            if file:
                self.profile_id = self.env["timetrack.import.profile"]._recognize(file)
                self._propose_columns()

    @api.onchange("profile_id")
    def _onchange_profile_id(self):
        """What was found was found by another profile."""
        self.state = "draft"
        if self.file and not self.profile_id:
            self._propose_columns()

    def _propose_columns(self):
        """Ask what the columns give where no profile says it."""
        self.column_ids = [(5, 0, 0)]
        with self._open_file() as file:
            if not file or self.profile_id:
                return
            try:
                table = self.env["timetrack.import.profile"]._read(file)
            except csv_import.FileError:
                return  # the check says what is wrong
            self.column_ids = [(0, 0, vals) for vals in self.env["timetrack.import.column"]._propose(table)]

    @contextmanager
    def _open_file(self):
        """The file, open to be read from the disk where it lies there; None without one."""
        self.ensure_one()
        attachment = self.env["ir.attachment"].browse()
        if isinstance(self.id, int):
            domain = [("res_model", "=", self._name), ("res_id", "=", self.id), ("res_field", "=", "file")]
            attachment = self.env["ir.attachment"].sudo().search(domain, limit=1)
        if attachment.store_fname:
            with open(attachment._full_path(attachment.store_fname), "rb") as file:
                yield file
            return
        # not stored yet, or in the database; the content, also where a view asks for the size
        content = self.with_context(bin_size=False).file
        yield io.BytesIO(base64.b64decode(content)) if content else None

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------

    def action_check(self):
        """Say what an import would do, and write no time; what names mean is remembered.

        :raise UserError: see ``_check_can_start``; the file cannot be read
        """
        self.ensure_one()
        self._check_can_start()
        self._remember_names()
        self._make_profile()
        self._start("check")
        return True

    def action_import(self):
        """Import all valid rows and list the others; go on where an import was interrupted.

        :raise UserError: as ``action_check``
        """
        self.ensure_one()
        self._check_can_start()
        self._remember_names()
        self._make_profile()
        self._start("import")
        return True

    def action_stop(self):
        """Stop what is done in the background; what is in stays, and an import goes on from there."""
        self.ensure_one()
        self.running = False

    def action_change_columns(self):
        """Say by hand what the columns give, whatever profile fits."""
        self.ensure_one()
        if self.state == "draft" and not self.running:
            self.profile_id = False
            self._propose_columns()

    def action_view_entries(self):
        """Open the entries that this import created."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("hr_timesheet.timesheet_action_all")
        action["domain"] = list(Domain("timetrack_import_row_ids.job_id", "=", self.id))
        action["context"] = {}
        return action

    def action_view_problems(self):
        """Open all problems of the rows."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Problems of %s", self.name),
            "res_model": "timetrack.import.problem",
            "view_mode": "list",
            "domain": [("job_id", "=", self.id)],
        }

    def _check_can_start(self):
        """
        :raise UserError: there is no file, it is being worked on, or it is done
        :raise AccessError: the user may not import
        """
        self.env["timetrack.import"]._check_rights()
        if not self.with_context(bin_size=True).file:
            raise UserError(self.env._("Choose a file first."))
        if self.running:
            raise UserError(
                self.env._("“%s” is being worked on already: wait until it is done, or stop it.", self.name)
            )
        if self.state == "done":
            raise UserError(
                self.env._("“%s” is imported already. To import the file once more, open a new import.", self.name)
            )

    def _remember_names(self):
        """Keep what was said of names, for this file and the next."""
        meanings = self.name_ids._get_meanings()
        if meanings:
            self.env["timetrack.import.alias"]._remember(self.company_id, meanings)

    def _make_profile(self):
        """Keep what was said of the columns as a profile: the next file of this kind is recognized.

        :raise UserError: a column that is needed was not named
        """
        if self.profile_id:
            return
        columns = self.column_ids._prepare_profile_columns()
        self.env["timetrack.import.profile"]._check_targets(self.name, [column["target"] for column in columns])
        self.profile_id = self.env["timetrack.import.profile"].create(
            {
                "name": Path(self.filename or "").stem or self.env._("Own File"),
                "date_formats": "auto",
                "column_ids": [(0, 0, column) for column in columns],
            }
        )
        self.column_ids.unlink()

    # ------------------------------------------------------------------
    # Changes
    # ------------------------------------------------------------------

    @api.constrains("company_id")
    def _check_company_id(self):
        for job in self:
            if job.is_read:
                raise UserError(self.env._("The rows of “%s” are read for its company: open a new import.", job.name))

    def write(self, vals):
        """Another file or profile makes what was found void."""
        if self._is_changed(vals):
            changed = self.filtered(lambda job: job.is_read or job.state != "draft")
            for job in changed:
                if job.running or job.state == "done" or job.entry_count:
                    raise UserError(self.env._("“%s” is imported, or being imported: open a new import.", job.name))
                job._forget()
            vals = {**vals, "state": "draft"}
        return super().write(vals)

    def _is_changed(self, vals):
        """Whether other values than these would be read."""
        if "file" in vals:
            return True
        return any(vals["profile_id"] != job.profile_id.id for job in self) if "profile_id" in vals else False

    @api.ondelete(at_uninstall=False)
    def _unlink_except_running(self):
        for job in self:
            if job.running:
                raise UserError(self.env._("“%s” is being worked on: stop it first.", job.name))

    def _get_table(self, file):
        """Read the file of the job.

        :rtype: csv_import.Table
        :raise UserError: it cannot be read
        """
        try:
            return self.profile_id._read(file)
        except csv_import.FileError as error:
            raise UserError(self.env["timetrack.import"]._get_file_text(error.code, error.params)) from error
