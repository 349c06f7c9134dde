import base64
import csv
import io

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..engine import csv_import
from ..models.timetrack_import import NEW
from ..models.timetrack_import_alias import RECORD_FIELDS

SHOWN = 1000
# Names that are listed to say what they mean, of each kind: nobody maps more by hand.
SHOWN_NAMES = 100
# New tasks and deliverables are many, and rarely other names of old ones.
NOT_LISTED = ("task", "deliverable")


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
    recognized = fields.Char(compute="_compute_recognized")
    name_ids = fields.One2many("timetrack.import.wizard.name", "wizard_id", string="Names")
    line_ids = fields.One2many("timetrack.import.wizard.line", "wizard_id", string="Problems", readonly=True)
    hidden_count = fields.Integer("Problems Not Shown", readonly=True)
    rejected_file = fields.Binary("Rejected Rows as CSV", attachment=False, readonly=True)
    rejected_filename = fields.Char(readonly=True)
    first_entry = fields.Integer(readonly=True)
    last_entry = fields.Integer(readonly=True)

    @api.model
    def _default_profile_id(self):
        return self.env["timetrack.import.profile"].search([], limit=1)

    @api.onchange("file")
    def _onchange_file_profile(self):
        """The columns of the file say whose export it is."""
        if self.file:
            found = self.env["timetrack.import.profile"]._recognize(base64.b64decode(self.file))
            self.profile_id = found or self.profile_id

    @api.depends("file", "profile_id")
    def _compute_recognized(self):
        for wizard in self:
            # the file itself, where a view asks for its size
            file = wizard.state == "draft" and wizard.with_context(bin_size=False).file
            if not file:
                wizard.recognized = False
                continue
            found = self.env["timetrack.import.profile"]._recognize(base64.b64decode(file))
            wizard.recognized = (
                self.env._("These are the columns of the profile “%s”.", found.name)
                if found
                else self.env._("No profile fits the columns of this file: choose one, or make one for it.")
            )

    @api.onchange("file", "profile_id", "company_id")
    def _onchange_file(self):
        """What was found is about another file or profile now."""
        self.state = "draft"

    def action_check(self):
        """Say what an import would do, and write no time; what names mean is remembered."""
        self.ensure_one()
        self._remember_names()
        self._report(self._run(dry_run=True), "checked")
        return self._reopen()

    def action_import(self):
        """Import all valid rows and list the others."""
        self.ensure_one()
        self._remember_names()
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

    def _remember_names(self):
        """Keep what was said of names, for this file and the next."""
        meanings = self.name_ids._get_meanings()
        if meanings:
            self.env["timetrack.import.alias"]._remember(self.company_id, meanings)

    def _prepare_names(self, run):
        """Values of the names that need a word: those that mean nothing, and those that will be created."""
        rows = {}
        for row in run.rows:
            for target, key in row.links.items():
                rows.setdefault((target, key), []).append(row)
        found = []
        for target in RECORD_FIELDS:
            refused = [(key, False) for key in run.refused[target]]
            new = [
                (key, True) for key, record in run.found[target].items() if record == NEW and target not in NOT_LISTED
            ]
            names = [(self._get_name(run, target, key), key, is_new) for key, is_new in refused + new]
            found += [
                self._prepare_name(run, target, name, rows.get((target, key), []), is_new, run.refused[target].get(key))
                for name, key, is_new in names[:SHOWN_NAMES]
            ]
        found += [
            self._prepare_name(run, "activity", tag, some, False, ("unknown_tag", {"count": len(some)}))
            for tag, some in list(run.unknown_tags.items())[:SHOWN_NAMES]
        ]
        return list({(name["target"], name["name"]): name for name in reversed(found)}.values())

    def _get_name(self, run, target, key):
        """The name of the file behind a key."""
        while isinstance(key, tuple):
            key = key[-1]
        return run.names.get(key, key) if target == "employee" else key

    def _prepare_name(self, run, target, name, rows, is_new, refusal):
        texts = self.env["timetrack.import"]._get_texts()
        reason = texts[refusal[0]][0] % refusal[1] if refusal else ""
        return {
            "target": target,
            "name": name,
            "row_count": len(rows),
            "hours": sum(row.values.get("hours") or 0.0 for row in rows),
            "is_new": is_new,
            "reason": reason,
        }

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
        self.name_ids.unlink()
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
                "name_ids": [(0, 0, name) for name in self._prepare_names(run)],
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
        writer.writerow([csv_import.harmless(name) for name in [*header, *added]])
        for row in run.rejected:
            problems = self.env["timetrack.import"]._describe(row.errors)
            reasons = [f"{problem['column']}: {problem['reason']}".lstrip(": ") for problem in problems]
            cells = (row.cells + [""] * len(header))[: max(len(header), len(row.cells))]
            cells = [csv_import.harmless(cell) for cell in cells]
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
