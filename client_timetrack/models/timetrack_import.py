import re
import uuid
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from pytz import UTC, timezone

from odoo import api, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

from ..engine import csv_import

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


@dataclass
class ImportRun:
    """One file on its way in: its rows, what they refer to and what became of them.

    :ivar found: per target, what a key stands for: an id, or ``NEW``
    :ivar refused: per target, why a key cannot be used: (code, params)
    :ivar candidates: per target of ``CODES``, the active codes that a key may stand for: the project decides
    :ivar warnings: problems that reject no row
    :ivar already: lines of rows that were imported before
    :ivar planned: planned hours by target (project, task, deliverable) and key
    :ivar created: number of records created, or to be created, by target
    :ivar aliases: what somebody said a name means: dict of (target, name) to record
    :ivar names: names of employees by what they are known by, an e-mail address say
    :ivar unknown_tags: rows by tag that is no service type
    """

    profile: models.Model
    company: models.Model
    table: csv_import.Table
    rows: list
    found: dict = field(default_factory=lambda: defaultdict(dict))
    refused: dict = field(default_factory=lambda: defaultdict(dict))
    candidates: dict = field(default_factory=lambda: defaultdict(dict))
    warnings: list = field(default_factory=list)
    already: set = field(default_factory=set)
    hashes: dict = field(default_factory=dict)
    planned: dict = field(default_factory=lambda: defaultdict(Counter))
    created: dict = field(default_factory=dict)
    encode_uom_in_days: bool = False
    entries: models.Model = None
    aliases: dict = field(default_factory=dict)
    names: dict = field(default_factory=dict)
    unknown_tags: dict = field(default_factory=lambda: defaultdict(list))

    @property
    def rejected(self):
        return [row for row in self.rows if row.errors]

    @property
    def valid(self):
        """Rows that come in, or would."""
        return [row for row in self.rows if not row.errors and row.line not in self.already]

    @property
    def problems(self):
        return [problem for row in self.rows for problem in row.errors]

    def count_by_reason(self):
        """Number of rejected rows by the code of their first problem."""
        return Counter(row.errors[0].code for row in self.rejected)


class TimetrackImport(models.AbstractModel):
    """Brings the rows of a file in as draft time entries, all valid ones or, after an unexpected error, none.

    What the rows refer to is looked up by name with one search a model, and created with one call a model and
    batch; nothing is asked or written row by row.
    """

    _name = "timetrack.import"
    _description = "Import of Time"

    # ------------------------------------------------------------------
    # The run
    # ------------------------------------------------------------------

    @api.model
    def _run(self, profile, content, company, dry_run=False):
        """Read a file, and import its valid rows unless it is a dry run, which writes nothing.

        :param bytes content: the file
        :param company: the company whose employees and projects are meant
        :raise UserError: the file cannot be read, or a row is refused by something only its creation tells
        :rtype: ImportRun
        """
        if not self.env.su and not self.env.user.has_group("hr_timesheet.group_timesheet_manager"):
            raise AccessError(self.env._("Only timesheet administrators can import time."))
        self = self.with_env(self.env(context=self._get_context(company)))
        run = self._read(profile.with_env(self.env), content, company)
        self._match_imported(run)
        run.aliases = self.env["timetrack.import.alias"]._get_records(company)
        self._match_tags(run)
        for target in TARGETS:
            getattr(self, f"_match_{target}")(run)
        for target in CODES:
            self._match_offers(run, target)
        self._check_lock_date(run)
        self._check_policies(run)
        self._plan_hours(run)
        run.created = {target: len(keys) for target, keys in self._needed(run).items()}
        if not dry_run:
            self._create_needed(run)
            self._create_entries(run)
        return run

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
    def _read(self, profile, content, company):
        try:
            table = profile._get_table(content)
            rows = list(csv_import.parse_table(table, profile._get_spec()))
        except csv_import.FileError as error:
            raise UserError(self._get_file_text(error.code, error.params)) from error
        return ImportRun(profile, company, table, rows)

    @api.model
    def _match_imported(self, run):
        """Set apart the rows that came in before, and those that repeat the key of an earlier row of the file."""
        first = {}
        for row in run.rows:
            if row.errors:
                continue
            digest = csv_import.row_hash([str(run.company.id)], row.key)
            if digest in first:
                columns = ", ".join(dict.fromkeys(name for name, _value in row.key if name))
                value = ", ".join(value for _name, value in row.key)
                row.errors.append(csv_import.Problem(row.line, "repeated_key", columns, value, {"line": first[digest]}))
            else:
                first[digest] = row.line
                run.hashes[row.line] = digest
        # Whoever may not see an entry must not import it a second time either.
        lines = (
            self.env["account.analytic.line"]
            .sudo()
            .search_fetch([("timetrack_import_key", "in", list(first))], ["timetrack_import_key"])
        )
        run.already = {first[line.timetrack_import_key] for line in lines}

    # ------------------------------------------------------------------
    # What the rows refer to
    # ------------------------------------------------------------------

    @api.model
    def _match_client(self, run):
        wanted = self._collect(run, "client", lambda row: row.values.get("client"))
        records = self._search_named(run, "client", wanted, self._company_domain(run))
        self._resolve(run, "client", wanted, records, lambda p: {(p.name or "").strip()}, top=lambda p: not p.parent_id)

    @api.model
    def _match_employee(self, run):
        """Keys are e-mail addresses where the file has them, else names: two people may have the same name."""

        def key_of(row):
            name, email = row.values.get("employee"), (row.values.get("employee_email") or "").casefold()
            run.names[email or name] = name or email
            return email or name

        wanted = self._collect(run, "employee", key_of)
        names = {key: run.names[key] for key in wanted}
        records = self._search_named(
            run,
            "employee",
            {*wanted, *names.values()},
            Domain("company_id", "=", run.company.id),
            ("name", "work_email"),
        )
        by_email = records.grouped(lambda employee: (employee.work_email or "").casefold())
        by_name = records.grouped(lambda employee: (employee.name or "").strip())
        for key, rows in wanted.items():
            found = by_email.get(key.casefold()) or by_name.get(names[key], records.browse())
            self._note(run, "employee", key, rows, self._decide(run, "employee", names[key], found))

    @api.model
    def _match_tags(self, run):
        """A tag that is the name or the code of a service type, or stands for one, gives it to rows without one."""
        rows = [row for row in run.rows if row.values.get("tags") and not row.values.get("activity")]
        tags = {row.line: [tag.strip() for tag in TAGS.split(row.values["tags"]) if tag.strip()] for row in rows}
        texts = {tag for some in tags.values() for tag in some}
        if not texts:
            return
        codes = self._search_named(run, "activity", texts, self._code_domain(), ("name", "code"))
        known = {name for code in codes.filtered("active") for name in self._code_names(code)}
        known |= {name for target, name in run.aliases if target == "activity"}
        for row in rows:
            meant = next((tag for tag in tags[row.line] if tag in known), None)
            if meant:
                row.values["activity"] = meant
            elif row.line in run.hashes and row.line not in run.already:
                for tag in tags[row.line]:
                    run.unknown_tags[tag].append(row)
        for tag, some in run.unknown_tags.items():
            column = self._get_column(run, "tags")
            run.warnings.append(csv_import.Problem(some[0].line, "unknown_tag", column, tag, {"count": len(some)}))

    @api.model
    def _match_activity_parent(self, run):
        wanted = self._collect(run, "activity_parent", lambda row: row.values.get("activity_parent"))
        records = self._search_named(run, "activity_parent", wanted, self._code_domain(), ("name", "code"))
        self._resolve(run, "activity_parent", wanted, records, self._code_names, top=lambda a: not a.parent_id)

    @api.model
    def _match_activity(self, run):
        """Keys are (group or empty, name); a group without a service type is meant itself."""

        def key_of(row):
            group, name = row.values.get("activity_parent") or "", row.values.get("activity")
            return (group, name) if name else group and ("", group)

        def keys_of(activity):
            groups = {""} | (self._code_names(activity.parent_id) if activity.parent_id else set())
            return {(group, name) for group in groups for name in self._code_names(activity)}

        wanted = self._collect(run, "activity", key_of)
        records = self._search_named(run, "activity", wanted, self._code_domain(), ("name", "code"))
        self._resolve(run, "activity", wanted, records, keys_of)

    @api.model
    def _match_project(self, run):
        """Keys are (client or empty, name): two clients may each have a project of the same name."""

        def key_of(row):
            name, client = row.values.get("project"), row.links.get("client") or ""
            return name and client not in run.refused["client"] and (client, name)

        wanted = self._collect(run, "project", key_of)
        domain = self._company_domain(run) & Domain("is_template", "=", False)
        by_name = defaultdict(lambda: self.env["project.project"])
        for project in self._search_named(run, "project", wanted, domain):
            by_name[project.name.strip()] |= project
        for key, rows in wanted.items():
            projects = self._projects_of_client(run, by_name[key[1]], key[0], rows)
            outcome = self._decide(run, "project", key[1], projects)
            if isinstance(outcome, int) and outcome and not by_name.default_factory().browse(outcome).allow_timesheets:
                outcome = ("no_timesheets", {})
            self._note(run, "project", key, rows, outcome)

    @api.model
    def _projects_of_client(self, run, projects, client, rows):
        """Those of the projects that are the client's, else those without a client."""
        if not client or not projects:
            return projects
        partner = self.env["res.partner"].browse(run.found["client"].get(client) or []).commercial_partner_id
        own = projects.filtered(lambda project: partner and project.partner_id.commercial_partner_id == partner)
        if own:
            return own
        free = projects.filtered(lambda project: not project.partner_id)
        if free:
            column = self._get_column(run, "client")
            run.warnings.append(csv_import.Problem(rows[0].line, "project_without_client", column, client))
        return free

    @api.model
    def _match_task(self, run):
        self._match_in_project(run, "task", ("name",), lambda task: {task.name.strip()})

    @api.model
    def _match_deliverable(self, run):
        self._match_in_project(run, "deliverable", ("name", "code"), self._code_names)

    @api.model
    def _match_in_project(self, run, target, names, names_of):
        """Keys are (key of the project, name); a record of the project goes before one of every project."""

        def key_of(row):
            name, project = row.values.get(target), row.links.get("project")
            return name and project and project not in run.refused["project"] and (project, name)

        wanted = self._collect(run, target, key_of)
        projects = defaultdict(set)
        for key in {key[0] for key in wanted}:
            projects[run.found["project"].get(key) or NEW].add(key)
        domain = Domain("project_id", "in", [project for project in projects if project])
        if target == "deliverable":
            domain = (domain | Domain("project_id", "=", False)) & self._code_domain()
            # one of every project serves the new projects as well
            projects[False] = {key[0] for key in wanted}
        records = self._search_named(run, target, wanted, domain, names)

        def keys_of(record):
            return {(key, name) for key in projects.get(record.project_id.id, ()) for name in names_of(record)}

        self._resolve(run, target, wanted, records, keys_of, top=lambda record: bool(record.project_id))

    @api.model
    def _match_offers(self, run, target):
        """Decide per project which of the codes of a name are meant: one that the project offers.

        A row whose project does not offer its code is rejected.
        """
        restricted = self._get_restricted_sets(run, target)
        wanted = defaultdict(list)
        for row in run.valid:
            key = row.links.get(target)
            project = row.links.get("project")
            if key in run.candidates[target] or (target == "activity" and key and restricted[project]):
                wanted[project, key].append(row)
        for (project, key), rows in wanted.items():
            offered = self._get_offered(run, target, project, key, restricted[project])
            own = self._get_own_first(target)
            outcome = self._pick(run, target, offered, own) if offered else self._refuse(restricted[project])
            for row in rows:
                row.links[target] = (project, key)
            self._note(run, target, (project, key), rows, outcome)

    @api.model
    def _get_offered(self, run, target, project, key, code_sets):
        """The codes that a key may stand for and that the project offers."""
        codes = run.candidates[target].get(key) or self.env[CODES[target]]
        record = self.env["project.project"].browse(run.found["project"].get(project) or [])
        return codes.filtered(lambda code: code._is_offered(record, code_sets))

    @api.model
    def _get_own_first(self, target):
        """What goes before others of the same name: a top-level service type, a project's own deliverable."""
        if target == "activity":
            return lambda activity: not activity.parent_id
        return lambda deliverable: bool(deliverable.project_id)

    @api.model
    def _refuse(self, code_sets):
        return "not_offered", {"sets": ", ".join(code_sets.mapped("name"))}

    @api.model
    def _get_restricted_sets(self, run, target):
        """The sets that codes are restricted to, by key of the project; for new projects as they will be."""
        Project, Partner, CodeSet = self.env["project.project"], self.env["res.partner"], self.env["timetrack.code.set"]
        projects = {record.id: record for record in Project.browse(filter(None, run.found["project"].values()))}
        clients = {record.id: record for record in Partner.browse(filter(None, run.found["client"].values()))}
        sets = {}
        for key, found_id in run.found["project"].items():
            project = projects.get(found_id, Project)
            client = Partner if project else clients.get(run.found["client"].get(key[0]), Partner)
            sets[key] = client._timetrack_get_default_code_sets() or project._timetrack_get_code_sets(run.company)
        restricting = self.env[CODES[target]]._get_restricting_sets(CodeSet.sudo().union(*sets.values()))
        return {key: code_sets & restricting for key, code_sets in sets.items()}

    @api.model
    def _code_domain(self):
        """Domain of the codes that a file can mean: not those of sets that wait in the catalogue."""
        return Domain("code_set_id", "=", False) | Domain("code_set_id.active", "=", True)

    @api.model
    def _code_names(self, code):
        """What a code is called in files: its name, its code, or both as Odoo shows them."""
        name = code.name.strip()
        return {name, code.code, f"{code.code} {name}"} if code.code else {name}

    @api.model
    def _company_domain(self, run):
        return Domain("company_id", "in", [False, run.company.id])

    @api.model
    def _collect(self, run, target, key_of):
        """Rows by key, over the rows that could be read and are not in yet."""
        wanted = defaultdict(list)
        for row in run.rows:
            if row.line in run.hashes and row.line not in run.already:
                key = key_of(row)
                if key:
                    row.links[target] = key
                    wanted[key].append(row)
        return wanted

    @api.model
    def _search_named(self, run, target, wanted, domain, names=("name",)):
        """One search for all keys, archived records included so that they can be told from unknown ones."""
        model = self.env[MODELS[target]].with_context(active_test=False)
        texts = sorted({key[-1] if isinstance(key, tuple) else key for key in wanted})
        if not texts:
            return model
        if "code" in names:
            # "A102 Research": the first word may be the code
            texts = sorted({*texts, *(text.partition(" ")[0] for text in texts)})
        return model.search(domain & Domain.OR(Domain(name, "in", texts) for name in names))

    @api.model
    def _resolve(self, run, target, wanted, records, keys_of, top=None):
        """Decide for every key which record it means.

        :param keys_of: the keys that a record answers to
        :param top: tells the records that go before others of the same key
        """
        by_key = defaultdict(lambda: records.browse())
        for record in records:
            for key in keys_of(record):
                by_key[key] |= record
        for key, rows in wanted.items():
            name = key[-1] if isinstance(key, tuple) else key
            alias = run.aliases.get((target, name))
            if target in CODES and (alias or any(by_key[key].mapped("active"))):
                run.candidates[target][key] = alias or by_key[key].filtered("active")
            else:
                self._note(run, target, key, rows, self._decide(run, target, name, by_key[key], top))

    @api.model
    def _decide(self, run, target, name, records, top=None):
        """Which record a name means: what somebody said it means, else what has the name. See ``_pick``."""
        alias = run.aliases.get((target, name))
        return alias.id if alias else self._pick(run, target, records, top)

    @api.model
    def _pick(self, run, target, records, top=None):
        """The id of the one record that is meant, ``NEW``, or why there is none: (code, params)."""
        active = records.filtered("active")
        if len(active) > 1 and top:
            active = active.filtered(top) or active
        if len(active) == 1:
            return active.id
        if active:
            return "ambiguous", {"count": len(active)}
        if records:
            return "archived", {}
        if not run.profile.create_missing:
            return "unknown", {}
        if not self.env[MODELS[target]].has_access("create"):
            return "no_right", {"model": self.env[MODELS[target]]._description}
        return NEW

    @api.model
    def _note(self, run, target, key, rows, outcome):
        """Keep what a key means; if it means nothing, its rows are rejected."""
        if isinstance(outcome, int):
            run.found[target][key] = outcome
            return
        code, params = outcome
        run.refused[target][key] = outcome
        column = self._get_column(run, target)
        for row in rows:
            value = row.values.get(target) or row.values.get("activity_parent")
            row.errors.append(csv_import.Problem(row.line, code, column, value, params))

    @api.model
    def _get_column(self, run, target):
        """The column of the file to name in a message about a target."""
        columns = run.profile.column_ids.filtered(lambda column: column.target == target)
        return " + ".join(name for column in columns for name in column._get_names()[:1]) or target

    @api.model
    def _plan_hours(self, run):
        """Planned hours of each task: the largest that its rows say, with a warning where they disagree."""
        said = defaultdict(dict)
        for row in run.valid:
            hours = row.values.get("planned_hours")
            if hours and row.links.get("task"):
                said[row.links["task"]].setdefault(hours, row)
        for key, hours in said.items():
            run.planned["task"][key] = max(hours)
            run.planned["project"][key[0]] += max(hours)
            if len(hours) > 1:
                row = list(hours.values())[-1]
                run.warnings.append(
                    csv_import.Problem(
                        row.line,
                        "planned_differs",
                        self._get_column(run, "planned_hours"),
                        " / ".join(f"{value:g}" for value in sorted(hours)),
                        {"task": key[1], "kept": max(hours)},
                    )
                )
        # a task counts for the first deliverable that it names
        first = {}
        for row in run.valid:
            if "task" in row.links and "deliverable" in row.links:
                first.setdefault(row.links["task"], row.links["deliverable"])
        for task, deliverable in first.items():
            run.planned["deliverable"][deliverable] += run.planned["task"][task]

    # ------------------------------------------------------------------
    # Writing
    # ------------------------------------------------------------------

    @api.model
    def _needed(self, run):
        """Per target, the keys that valid rows use and that stand for nothing yet, in the order of the file."""
        needed = {target: {} for target in TARGETS}
        for row in run.valid:
            for target, key in row.links.items():
                if run.found[target].get(key) == NEW:
                    needed[target].setdefault(key)
        # a service type of the top level may be its own group
        for key in list(needed["activity"]):
            if not key[0] and key[1] in run.found["activity_parent"]:
                needed["activity"].pop(key)
        return {target: list(keys) for target, keys in needed.items()}

    @api.model
    def _create_needed(self, run):
        """Create what valid rows refer to and does not exist."""
        needed = self._needed(run)
        run.encode_uom_in_days = self.env["project.task"]._uom_in_days()
        for target in TARGETS:
            prepare = getattr(self, f"_prepare_{target}")
            model = self.env[MODELS[target]]
            keys = needed[target]
            for start in range(0, len(keys), BATCH):
                batch = keys[start : start + BATCH]
                records = model.create([prepare(run, key) for key in batch])
                run.found[target].update(zip(batch, records.ids, strict=True))
        groups = run.found["activity_parent"]
        for key, found in run.found["activity"].items():
            if found == NEW and not key[0]:
                run.found["activity"][key] = groups.get(key[1], NEW)
        self._write_planned_hours(run, set(needed["task"]))

    @api.model
    def _prepare_client(self, run, key):
        return {"name": key, "is_company": True}

    @api.model
    def _prepare_employee(self, run, key):
        name = run.names.get(key, key)
        # an address is only taken where the file has one, never made up
        return {"name": name, "work_email": key if key != name else False, "company_id": run.company.id}

    @api.model
    def _prepare_activity_parent(self, run, key):
        return {"name": key}

    @api.model
    def _prepare_activity(self, run, key):
        return {"name": key[1], "parent_id": run.found["activity_parent"].get(key[0])}

    @api.model
    def _prepare_project(self, run, key):
        return {
            "name": key[1],
            "partner_id": run.found["client"].get(key[0]),
            "company_id": run.company.id,
            "allow_timesheets": True,
            "allocated_hours": run.planned["project"][key],
        }

    @api.model
    def _prepare_task(self, run, key):
        return {
            "name": key[1],
            "project_id": run.found["project"][key[0]],
            "allocated_hours": run.planned["task"][key],
            # Left out, core would write the one and ask for the other task by task.
            "access_token": str(uuid.uuid4()),
            "encode_uom_in_days": run.encode_uom_in_days,
        }

    @api.model
    def _prepare_deliverable(self, run, key):
        return {
            "name": key[1],
            "project_id": run.found["project"][key[0]],
            "planned_hours": run.planned["deliverable"][key],
        }

    @api.model
    def _write_planned_hours(self, run, created):
        """Plan the tasks that existed without a plan; what somebody planned stays."""
        tasks = {run.found["task"][key]: hours for key, hours in run.planned["task"].items() if key not in created}
        by_hours = defaultdict(list)
        for task in self.env["project.task"].browse(tasks):
            if not task.allocated_hours:
                by_hours[tasks[task.id]].append(task.id)
        for hours, ids in by_hours.items():
            self.env["project.task"].browse(ids).allocated_hours = hours

    @api.model
    def _create_entries(self, run):
        """Create the time entries as drafts, with the user's own rights."""
        # Only for the import key, which is protected; the context holds no default of the caller.
        model = self.env["account.analytic.line"]._timetrack_internal()
        rows = run.valid
        run.entries = self.env["account.analytic.line"]
        ids = []
        for start in range(0, len(rows), BATCH):
            batch = rows[start : start + BATCH]
            try:
                entries = model.create([self._prepare_entry(run, row) for row in batch])
                entries._timetrack_check_codes()
                entries.flush_recordset()
            except (UserError, ValidationError, AccessError) as error:
                raise UserError(
                    self.env._(
                        "Nothing was imported: one of the lines %(first)s to %(last)s was refused.\n%(reason)s",
                        first=batch[0].line,
                        last=batch[-1].line,
                        reason=error.args[0],
                    )
                ) from error
            ids += entries.ids
        run.entries = run.entries.browse(ids)

    @api.model
    def _prepare_entry(self, run, row):
        """Values of the time entry of a row. Other addons add theirs."""
        values, links = row.values, row.links
        record = {target: run.found[target][key] for target, key in links.items()}
        return {
            **self._prepare_clock(run, record["employee"], values),
            "date": values["date"],
            "unit_amount": values["hours"],
            "employee_id": record["employee"],
            "project_id": record["project"],
            "task_id": record.get("task"),
            "name": values.get("description") or values.get("task") or "/",
            "timetrack_activity_id": record.get("activity"),
            "timetrack_deliverable_id": record.get("deliverable"),
            "timetrack_import_key": run.hashes[row.line],
        }

    @api.model
    def _prepare_clock(self, run, employee_id, values):
        """Start, end and billing of the time entry of a row; what the row does not say is left to Odoo."""
        result = {}
        if values.get("start") and values.get("stop"):
            tz = timezone(self.env["hr.employee"].browse(employee_id).tz or "UTC")
            for name in ("start", "stop"):
                moment = tz.localize(values[name], is_dst=False).astimezone(UTC).replace(tzinfo=None)
                result[f"timetrack_{name}"] = moment
        if values.get("billable") is not None:
            result["timetrack_is_billable"] = values["billable"]
        return result

    # ------------------------------------------------------------------
    # Words
    # ------------------------------------------------------------------

    @api.model
    def _get_file_text(self, code, params):
        """What is wrong with a file, and what to do."""
        if code == "missing_columns":
            return self.env._(
                "The file has no column: %(missing)s.\nIts columns are: %(present)s.\n"
                "Choose another profile, or correct the names of the columns in the profile.",
                missing=", ".join(params["missing"]),
                present=", ".join(params["present"]),
            )
        if code == "repeated_column":
            return self.env._(
                "The file has more than one column “%(column)s”: rename all but one of them.", column=params["column"]
            )
        if code == "encoding":
            return self.env._(
                "The file is not written in %(encoding)s. Choose another encoding in the profile, or “Find out”.",
                encoding=params["encoding"],
            )
        if code == "ambiguous_dates":
            return self.env._(
                "Days and months cannot be told apart: “%(value)s” could be read in more than one way (%(formats)s).\n"
                "Write the format of the dates into the profile.",
                value=params["value"],
                formats=params["formats"],
            )
        if code == "old_workbook":
            return self.env._(
                "This is a workbook of an old version of Excel, or one with a password. Save it as .xlsx without a "
                "password, or as CSV."
            )
        if code == "bad_workbook":
            return self.env._("The workbook cannot be read: it is damaged, or no workbook. Save it again as .xlsx.")
        if code == "too_large":
            return self.env._("The workbook unpacks to more than can be read. Save the sheet as CSV.")
        if code == "bad_header":
            return self.env._("The line with the names of the columns cannot be read: check its quotation marks.")
        return self.env._("The file is empty.")

    @api.model
    def _get_texts(self):
        """(what is wrong, what to do) by code, as templates. Other addons that add codes add their texts."""
        return {
            "missing": (self.env._("There is no value."), self.env._("Fill it in.")),
            "bad_date": (
                self.env._("This is no date in any of the formats %(formats)s."),
                self.env._("Correct it, or add its format to the profile."),
            ),
            "bad_number": (
                self.env._("This is no number of hours."),
                self.env._("Write for instance 1.5, 1,5 or 1:30."),
            ),
            "ambiguous_number": (
                self.env._("This could be thousands or a fraction."),
                self.env._("Choose the decimal mark in the profile."),
            ),
            "bad_flag": (self.env._("This is neither yes nor no."), self.env._("Write yes or no.")),
            "control_character": (
                self.env._("A value holds a character that is no text (NUL)."),
                self.env._("Remove it, or export the file again."),
            ),
            "long_cell": (
                self.env._("A value is longer than 131,072 characters."),
                self.env._("Shorten it. A quotation mark that is never closed has the same effect."),
            ),
            "unknown_tag": (
                self.env._("%(count)s rows have this tag, which is no service type."),
                self.env._("Say which service type it stands for, or leave it: tags are not kept."),
            ),
            "not_positive": (
                self.env._("Hours must be above zero."),
                self.env._("Correct the hours, or leave the row out."),
            ),
            "too_many_hours": (
                self.env._("More than the %(max_hours)g hours that a row may have."),
                self.env._("Correct the hours, split the row, or raise the limit in the profile."),
            ),
            "too_many_cells": (
                self.env._("The row has %(cells)s values for %(columns)s columns."),
                self.env._("Put values that hold a delimiter into quotation marks."),
            ),
            "bad_quote": (self.env._("A quotation mark stands inside a value."), self.env._("Double it.")),
            "open_quote": (
                self.env._("A quotation mark opens here and is never closed: nothing after it could be read."),
                self.env._("Close it or remove it."),
            ),
            "repeated_key": (
                self.env._("Line %(line)s of the file is identified by the same values."),
                self.env._("Remove one, or add a column to those that identify a row."),
            ),
            "unknown": (
                self.env._("This does not exist."),
                self.env._("Create it, correct the name, or let the profile create it."),
            ),
            "ambiguous": (
                self.env._("%(count)s records have this name."),
                self.env._("Rename all but one, or give a code or an e-mail address."),
            ),
            "archived": (self.env._("This is archived."), self.env._("Restore it, or correct the name.")),
            "not_offered": (
                self.env._("The project offers the codes of these sets only: %(sets)s."),
                self.env._("Choose one of their codes, or add the set of this code to the project."),
            ),
            "no_timesheets": (self.env._("This project takes no time."), self.env._("Switch on its timesheets.")),
            "no_right": (
                self.env._("This does not exist, and you may not create it (%(model)s)."),
                self.env._("Ask an administrator for the right, or have it created."),
            ),
            "project_without_client": (
                self.env._("The project exists without a client: its time has none."),
                self.env._("Set the client on the project."),
            ),
            "planned_differs": (
                self.env._("The rows of the task “%(task)s” plan different hours: %(kept)g were kept."),
                self.env._("Check the task."),
            ),
        }

    @api.model
    def _describe(self, problems):
        """The problems as dicts: line, column, value, code, reason, advice."""
        texts = self._get_texts()
        return [
            {
                "line": problem.line,
                "column": problem.column,
                "value": problem.value,
                "code": problem.code,
                "reason": texts[problem.code][0] % problem.params,
                "advice": texts[problem.code][1],
            }
            for problem in problems
        ]
