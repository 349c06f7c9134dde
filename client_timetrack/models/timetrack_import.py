import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from odoo import api, models
from odoo.exceptions import AccessError

BATCH = 1000
TAGS = re.compile(r"[,;]")
NEW = 0
# In this order: what is created later refers to what is created before.
TARGETS = ("client", "employee", "activity_parent", "activity", "project", "task", "deliverable")
MODELS = {
    "client": "res.partner",
    "employee": "hr.employee",
    "activity_parent": "timetrack.activity",
    "activity": "timetrack.activity",
    "project": "project.project",
    "task": "project.task",
    "deliverable": "timetrack.deliverable",
}
# Fields of the entry that take codes: a project may offer some of them only.
CODES = {"activity": "timetrack.activity", "deliverable": "timetrack.deliverable"}


def key_text(key):
    """The key of a name as text."""
    return json.dumps(key)


@dataclass
class ImportRun:
    """Some rows of a file on their way in: what they refer to and what became of them.

    :ivar rows: list of ``csv_import.Row``
    :ivar hashes: what identifies each row, by line; rows that could not be read have nothing
    :ivar plans: what the whole file plans: list of (client, project, task, hours, first deliverable or False), as texts
    :ivar ahead: hours that a check has let in before these rows, by id of the project
    :ivar found: per target, what a key stands for: an id, or ``NEW``
    :ivar refused: per target, why a key cannot be used: (code, params)
    :ivar candidates: per target of ``CODES``, the active codes that a key may stand for: the project decides
    :ivar warnings: problems that reject no row
    :ivar already: lines of rows that were imported before
    :ivar planned: planned hours by target (project, task, deliverable) and key
    :ivar made: records that earlier rows of the file needed and that were created for them: dict of target to dict of
        key, as ``key_text`` writes it, to id. They stand for that key and for no other, as if all rows came at once
    :ivar needed: keys of what is created for these rows, or would be, by target
    :ivar entries: the new time entries, in the order of ``valid``
    :ivar aliases: what somebody said a name means: dict of (target, name) to record
    :ivar names: names of employees by what they are known by, an e-mail address say
    :ivar unknown_tags: rows by tag that is no service type
    """

    profile: models.Model
    company: models.Model
    rows: list
    hashes: dict
    plans: list = field(default_factory=list)
    ahead: dict = field(default_factory=dict)
    found: dict = field(default_factory=lambda: defaultdict(dict))
    refused: dict = field(default_factory=lambda: defaultdict(dict))
    candidates: dict = field(default_factory=lambda: defaultdict(dict))
    warnings: list = field(default_factory=list)
    already: set = field(default_factory=set)
    planned: dict = field(default_factory=lambda: defaultdict(Counter))
    made: dict = field(default_factory=lambda: defaultdict(dict))
    needed: dict = field(default_factory=dict)
    encode_uom_in_days: bool = False
    entries: models.Model = None
    aliases: dict = field(default_factory=dict)
    names: dict = field(default_factory=dict)
    unknown_tags: dict = field(default_factory=lambda: defaultdict(list))

    @property
    def rejected(self):
        """Rows that do not come in: something is wrong with them."""
        return [row for row in self.rows if row.errors]

    @property
    def valid(self):
        """Rows that come in, or would."""
        return [row for row in self.rows if not row.errors and row.line not in self.already]

    @property
    def problems(self):
        """All that is wrong, row by row."""
        return [problem for row in self.rows for problem in row.errors]


class TimetrackImport(models.AbstractModel):
    """Brings rows of a file in as draft time entries.

    How it works: ``engine/csv_import.py`` reads the file, ``timetrack.import.job`` keeps the rows and hands them over
    in batches. Here a batch is matched with what exists (``timetrack_import_match.py``), held against policies
    (``timetrack_import_policy.py``) and written (``timetrack_import_create.py``).

    What the rows refer to is looked up by name with one search a model, and created with one call a model; nothing is
    asked or written row by row.
    """

    _name = "timetrack.import"
    _description = "Import of Rows of Time"

    @api.model
    def _check_rights(self):
        """
        :raise AccessError: the user may not import
        """
        if not self.env.su and not self.env.user.has_group("hr_timesheet.group_timesheet_manager"):
            raise AccessError(self.env._("Only timesheet administrators can import time."))

    @api.model
    def _run(self, run, dry_run=False):
        """Check rows, and import the valid ones unless it is a dry run, which writes nothing.

        :param ImportRun run: the rows; what becomes of them is written into it
        :raise UserError: a row is refused by something only its creation tells; part of the rows may be written by then
        """
        self._check_rights()
        self = self.with_env(self.env(context=self._get_context(run.company)))
        run.profile = run.profile.with_env(self.env)
        self._match_imported(run)
        run.aliases = self.env["timetrack.import.alias"]._get_records(run.company)
        self._match_tags(run)
        for target in TARGETS:
            getattr(self, f"_match_{target}")(run)
        for target in CODES:
            self._match_offers(run, target)
        self._check_lock_date(run)
        self._check_policies(run)
        self._plan_hours(run)
        run.needed = self._get_needed(run)
        if not dry_run:
            self._create_needed(run)
            self._create_entries(run)

    @api.model
    def _get_context(self, company):
        """A context of our own: no defaults of the caller, no mail, nobody follows thousands of tasks."""
        companies = [company.id] + [other for other in self.env.companies.ids if other != company.id]
        return {
            "lang": self.env.context.get("lang"),
            "tz": self.env.context.get("tz"),
            "allowed_company_ids": companies,
            "tracking_disable": True,
            "mail_create_nolog": True,
            "mail_create_nosubscribe": True,
            "mail_auto_subscribe_no_notify": True,
            "timetrack_no_follower": True,
        }

    @api.model
    def _match_imported(self, run):
        """Set apart the rows that came in before."""
        lines = {key: line for line, key in run.hashes.items()}
        # Whoever may not see an entry must not import it a second time either.
        entries = (
            self.env["account.analytic.line"]
            .sudo()
            .search_fetch([("timetrack_import_key", "in", list(lines))], ["timetrack_import_key"])
        )
        run.already = {lines[entry.timetrack_import_key] for entry in entries}
