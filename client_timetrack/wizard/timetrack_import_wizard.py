import base64
import csv
import io

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

SHOWN = 1000


class TimetrackImportWizard(models.TransientModel):
    """Checks and imports a file of time entries."""

    _name = "timetrack.import.wizard"
    _description = "Import Time"

    profile_id = fields.Many2one(
        "timetrack.import.profile", required=True, default=lambda self: self._default_profile_id()
    )
    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company)
    file = fields.Binary(attachment=False)
    filename = fields.Char()
    state = fields.Selection([("draft", "File"), ("checked", "Checked"), ("done", "Imported")], default="draft")
    valid_count = fields.Integer("Valid Rows", readonly=True)
    rejected_count = fields.Integer("Rejected Rows", readonly=True)
    already_count = fields.Integer("Imported Before", readonly=True)
    hours = fields.Float(readonly=True, help="Hours of the valid rows.")
    created_text = fields.Char("Creates", readonly=True)
    notice = fields.Char(readonly=True)
    line_ids = fields.One2many("timetrack.import.wizard.line", "wizard_id", string="Problems", readonly=True)
    hidden_count = fields.Integer("Problems Not Shown", readonly=True)
    rejected_file = fields.Binary("Rejected Rows as CSV", attachment=False, readonly=True)
    rejected_filename = fields.Char(readonly=True)
    first_entry = fields.Integer(readonly=True)
    last_entry = fields.Integer(readonly=True)

    @api.model
    def _default_profile_id(self):
        return self.env["timetrack.import.profile"].search([], limit=1)

    @api.onchange("file", "profile_id", "company_id")
    def _onchange_file(self):
        """What was found is about another file or profile now."""
        self.state = "draft"

    def action_check(self):
        """Say what an import would do, and write nothing."""
        self.ensure_one()
        self._report(self._run(dry_run=True), "checked")
        return self._reopen()

    def action_import(self):
        """Import all valid rows and list the others."""
        self.ensure_one()
        self._report(self._run(), "done")
        return self._reopen()

    def action_view_entries(self):
        """Open the entries that this import created."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("hr_timesheet.timesheet_action_all")
        action["domain"] = list(
            Domain("id", ">=", self.first_entry)
            & Domain("id", "<=", self.last_entry)
            & Domain("timetrack_import_key", "!=", False)
        )
        action["context"] = {}
        return action

    def _run(self, dry_run=False):
        if not self.file:
            raise UserError(self.env._("Choose a file first."))
        if self.company_id not in self.env.companies:
            raise UserError(self.env._("Switch to %(company)s first.", company=self.company_id.name))
        content = base64.b64decode(self.file)
        return self.env["timetrack.import"]._run(self.profile_id, content, self.company_id, dry_run)

    def _reopen(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Import Time"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def _report(self, run, state):
        """Keep what became of the rows."""
        describe = self.env["timetrack.import"]._describe
        problems = [dict(problem, kind="rejected") for problem in describe(run.problems)]
        problems += [dict(problem, kind="warning") for problem in describe(run.warnings)]
        rejected = run.rejected
        entries = run.entries.ids if run.entries else []
        self.line_ids.unlink()
        self.write(
            {
                "state": state,
                "valid_count": len(run.valid),
                "rejected_count": len(rejected),
                "already_count": len(run.already),
                "hours": sum(row.values["hours"] for row in run.valid),
                "created_text": self._get_created_text(run),
                "notice": self._get_notice(run),
                "line_ids": [(0, 0, problem) for problem in problems[:SHOWN]],
                "hidden_count": max(0, len(problems) - SHOWN),
                "rejected_file": base64.b64encode(self._get_rejected_csv(run)) if rejected else False,
                "rejected_filename": self.env._("rejected %(file)s", file=self.filename or "rows.csv"),
                "first_entry": entries[0] if entries else 0,
                "last_entry": entries[-1] if entries else 0,
            }
        )

    def _get_created_text(self, run):
        labels = dict(self.env["timetrack.import.profile.column"]._fields["target"]._description_selection(self.env))
        counts = [f"{labels[target]}: {count}" for target, count in run.created.items() if count]
        return ", ".join(counts)

    def _get_notice(self, run):
        notices = {
            "guessed_encoding": self.env._(
                "The file is not UTF-8; it was read as %(encoding)s. Check names with accents.",
                encoding=run.table.encoding,
            )
        }
        return " ".join(notices[code] for code, _params in run.table.notices)

    def _get_rejected_csv(self, run):
        """The rejected rows as they were, with line, reason and advice added.

        Corrected, the file can be imported with the same profile: the added columns are passed over.
        """
        out = io.StringIO(newline="")
        writer = csv.writer(out, delimiter=run.table.delimiter or ",")
        added = [self.env._("Import: line"), self.env._("Import: reason"), self.env._("Import: what to do")]
        header = run.table.header
        writer.writerow([*header, *added])
        for row in run.rejected:
            problems = self.env["timetrack.import"]._describe(row.errors)
            reasons = [f"{problem['column']}: {problem['reason']}".lstrip(": ") for problem in problems]
            cells = (row.cells + [""] * len(header))[: max(len(header), len(row.cells))]
            writer.writerow([*cells, row.line, " ".join(reasons), " ".join(problem["advice"] for problem in problems)])
        return out.getvalue().encode("utf-8-sig")


class TimetrackImportWizardLine(models.TransientModel):
    """One problem of one row of the file."""

    _name = "timetrack.import.wizard.line"
    _description = "Problem of an Imported Row"
    _order = "id"

    wizard_id = fields.Many2one("timetrack.import.wizard", required=True, ondelete="cascade", index=True)
    kind = fields.Selection([("rejected", "Rejected"), ("warning", "Warning")], required=True)
    line = fields.Integer(help="Line of the file on which the row starts.")
    column = fields.Char()
    value = fields.Char()
    code = fields.Char()
    reason = fields.Char()
    advice = fields.Char("What to Do")
