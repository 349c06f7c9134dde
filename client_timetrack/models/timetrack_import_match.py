from collections import defaultdict

from odoo import api, models
from odoo.fields import Domain

from ..engine import csv_import
from .timetrack_import import CODES, MODELS, NEW, TAGS, key_text


class TimetrackImport(models.AbstractModel):
    """What the names in the rows of a file stand for: one search a model and batch, nothing is asked row by row."""

    _inherit = "timetrack.import"

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
            self._note(run, "employee", key, rows, self._decide(run, "employee", key, found))

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
            column = self._get_column(run.profile, "tags")
            run.warnings.append(csv_import.Problem(some[0].line, "unknown_tag", column, tag))

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
            projects = self._leave_made(run, "project", by_name[key[1]])
            projects = self._projects_of_client(run, projects, key[0], rows)
            # of several, the one without a client is meant where the row names none
            top = None if key[0] else lambda project: not project.partner_id
            outcome = self._decide(run, "project", key, projects, top)
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
            column = self._get_column(run.profile, "client")
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
            alias = self._get_alias(run, target, key)
            codes = self._leave_made(run, target, by_key[key]).filtered("active") if target in CODES else None
            if alias and target in CODES or codes:
                run.candidates[target][key] = alias or codes
            else:
                self._note(run, target, key, rows, self._decide(run, target, key, by_key[key], top))

    @api.model
    def _get_alias(self, run, target, key):
        """What somebody said that the name of a key means, or None."""
        name = key[-1] if isinstance(key, tuple) else key
        return run.aliases.get((target, run.names.get(name, name) if target == "employee" else name))

    @api.model
    def _leave_made(self, run, target, records):
        """The records without those that were created for other names of this file."""
        return records.browse(set(records.ids) - set(run.made[target].values()))

    @api.model
    def _decide(self, run, target, key, records, top=None):
        """Which record a key means: what somebody said it means, what was created for it, else what has the name.

        See ``_pick``.
        """
        alias = self._get_alias(run, target, key)
        made = run.made[target].get(key_text(key))
        if alias or made:
            return alias.id if alias else made
        return self._pick(run, target, self._leave_made(run, target, records), top)

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
        column = self._get_column(run.profile, target)
        for row in rows:
            value = row.values.get(target) or row.values.get("activity_parent")
            row.errors.append(csv_import.Problem(row.line, code, column, value, params))

    @api.model
    def _get_column(self, profile, target):
        """The column of the file to name in a message about a target."""
        columns = profile.column_ids.filtered(lambda column: column.target == target)
        return " + ".join(name for column in columns for name in column._get_names()[:1]) or target
