from functools import partial

from pytz import UTC, timezone

from odoo import api, fields, models
from odoo.tools import SQL

from ..engine import policy as engine


class TimetrackPolicyCheck(models.AbstractModel):
    """Holds time against its policies: many entries at once, stored or only about to be.

    How it works: ``engine/policy.py`` has the rules. Here is what it must be told of each entry, read for all of them
    together and only for the rules that one of their policies sets. It reads as the system does, whoever asks.

    How to use::

        check._get_violations([(entry, policy), ...])[entry.key]

    with an ``engine.Entry`` whose employee, project, task, activity and deliverable are ids; anything else than an
    integer stands for a record that does not exist yet. The key of a stored entry is its id.
    """

    _name = "timetrack.policy.check"
    _description = "Check of Time against Its Policy"

    @api.model
    def _get_violations(self, asked, on_submit=False, ahead=None, before=None):
        """What their policies object to in the entries.

        :param list asked: pairs of ``engine.Entry`` and ``timetrack.policy``
        :param bool on_submit: whether to ask for what an entry must say as well
        :param dict ahead: hours that come before these entries and are not stored, by id of the project
        :param dict before: ``engine.Entry`` of changed entries as they were, by key
        :return: dict of key of the entry to list of ``engine.Violation``
        """
        self = self.sudo().with_context(active_test=False)
        settings = {policy: policy._get_engine_settings() for _entry, policy in asked}
        rules = {name for setting in settings.values() for name in engine.active_limits(setting)}
        entries = [entry for entry, _policy in asked]
        facts = self._get_facts(entries, rules, ahead or {}, before or {})
        return {
            entry.key: engine.violations(entry, facts[entry.key], settings[policy], on_submit)
            for entry, policy in asked
        }

    # ------------------------------------------------------------------
    # What else is known about the entries
    # ------------------------------------------------------------------

    @api.model
    def _get_facts(self, entries, rules, ahead, before):
        """The facts that the rules need.

        :param entries: list of ``engine.Entry``
        :param set rules: names of limits
        :param dict ahead: hours that are used already, by id of the project
        :param dict before: changed entries as they were, by key
        :return: dict of key to ``engine.Facts``
        """
        known = {entry.key: {"before": before.get(entry.key)} for entry in entries}
        for needed, method in (
            ({"future", "past"}, self._find_today),
            ({"closed"}, self._find_closed),
            ({"non_working"}, self._find_working_hours),
            ({"over_budget"}, partial(self._find_budgets, ahead=ahead, before=before)),
            ({"day_hours", "duplicate"}, self._find_same_day),
            ({"overlap"}, self._find_overlaps),
        ):
            if rules & needed:
                for key, values in method(entries):
                    known[key].update(values)
        return {key: engine.Facts(**values) for key, values in known.items()}

    @api.model
    def _browse(self, model, keys):
        """The records of those keys that are ids."""
        return self.env[model].browse(dict.fromkeys(key for key in keys if isinstance(key, int) and key))

    @api.model
    def _find_today(self, entries):
        employees = self._browse("hr.employee", (entry.employee for entry in entries))
        now = UTC.localize(fields.Datetime.now())
        today = {employee.id: now.astimezone(timezone(employee.tz or "UTC")).date() for employee in employees}
        here = fields.Date.context_today(self)
        for entry in entries:
            yield entry.key, {"today": today.get(entry.employee, here)}

    @api.model
    def _find_closed(self, entries):
        tasks = self._browse("project.task", (entry.task for entry in entries))
        projects = self._browse("project.project", (entry.project for entry in entries))
        closed_tasks = set(tasks.filtered("is_closed").ids)
        closed_projects = set(projects.filtered(lambda project: not project.active).ids)
        for entry in entries:
            closed = "task" if entry.task in closed_tasks else ""
            yield entry.key, {"closed": "project" if entry.project in closed_projects else closed}

    @api.model
    def _find_working_hours(self, entries):
        """Hours of the employees on the days; unknown outside of what is known of their employment."""
        employees = self._browse("hr.employee", (entry.employee for entry in entries))
        dates = [entry.date for entry in entries]
        working_time = self.env["timetrack.working.time"]
        hours = working_time._get_hours(employees, min(dates), max(dates)) if employees else {}
        idle = {entry.employee for entry in entries if entry.date not in hours.get(entry.employee, {entry.date})}
        stints = working_time._get_stints(self._browse("hr.employee", idle), min(dates), max(dates)) if idle else []
        employed = {employee: [] for employee in idle}
        for stint in stints:
            employed[stint.employee.id].append((stint.date_from, stint.date_to))
        for entry in entries:
            day = hours.get(entry.employee, {}).get(entry.date)
            if day:
                yield entry.key, {"working_hours": day.net}
            elif any(start <= entry.date <= end for start, end in employed.get(entry.employee, ())):
                yield entry.key, {"working_hours": 0.0}

    @api.model
    def _find_budgets(self, entries, ahead, before):
        """What the budgets that the entries count for leave; see ``timetrack.budget._get_rooms``."""
        for key, rooms in self.env["timetrack.budget"]._get_rooms(entries, ahead, before).items():
            yield key, {"budgets": rooms}

    @api.model
    def _find_same_day(self, entries):
        """Hours of the days and duplicates, among the stored entries of these days and these entries."""
        everything = entries + self._get_same_day(entries)
        totals = engine.day_totals(everything)
        duplicates = engine.find_duplicates(everything)
        for entry in entries:
            yield (
                entry.key,
                {"day_hours": totals[entry.employee, entry.date], "duplicates": duplicates.get(entry.key, 0)},
            )

    @api.model
    def _find_overlaps(self, entries):
        overlaps = engine.find_overlaps(entries + self._get_overlapping(entries))
        for entry in entries:
            yield entry.key, {"overlaps": len(overlaps.get(entry.key, ()))}

    # ------------------------------------------------------------------
    # Other entries
    # ------------------------------------------------------------------

    @api.model
    def _get_stored_keys(self, entries):
        return [entry.key for entry in entries if isinstance(entry.key, int)]

    @api.model
    def _get_same_day(self, entries):
        """The stored entries of the same employees and days, apart from these: list of ``engine.Entry``."""
        days = {(entry.employee, entry.date) for entry in entries if isinstance(entry.employee, int)}
        return self._read_entries(
            SQL(
                """
                JOIN unnest(%(employees)s::int[], %(dates)s::date[]) AS day (employee_id, date)
                  ON day.employee_id = line.employee_id AND day.date = line.date
                """,
                employees=[employee for employee, _date in days],
                dates=[date for _employee, date in days],
            ),
            entries,
        )

    @api.model
    def _get_overlapping(self, entries):
        """The stored entries at the same times as these, apart from them: list of ``engine.Entry``."""
        clocked = [entry for entry in entries if entry.start and entry.stop and isinstance(entry.employee, int)]
        return self._read_entries(
            SQL(
                """
                JOIN (
                    SELECT DISTINCT same.id
                      FROM unnest(%(employees)s::int[], %(starts)s::timestamp[], %(stops)s::timestamp[])
                           AS clocked (employee_id, start, stop)
                      JOIN account_analytic_line same
                        ON same.employee_id = clocked.employee_id
                       AND same.timetrack_start < clocked.stop
                       AND same.timetrack_stop > clocked.start
                     WHERE same.timetrack_start IS NOT NULL
                ) overlapping ON overlapping.id = line.id
                """,
                employees=[entry.employee for entry in clocked],
                starts=[entry.start for entry in clocked],
                stops=[entry.stop for entry in clocked],
            ),
            entries,
        )

    @api.model
    def _read_entries(self, join, entries):
        """The stored time that a join leaves over, without the given entries.

        :param SQL join: narrows ``account_analytic_line line``; must leave each line once
        :rtype: list of ``engine.Entry``
        """
        self.env["account.analytic.line"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT line.id, line.employee_id, line.date, COALESCE(line.unit_amount, 0),
                       line.project_id, line.task_id, line.timetrack_activity_id,
                       line.timetrack_deliverable_id, line.name, line.timetrack_start, line.timetrack_stop,
                       line.timetrack_state = 'approved'
                  FROM account_analytic_line line
                  %(join)s
                 WHERE line.timetrack_state IS NOT NULL
                   AND line.id != ALL(%(ids)s)
                """,
                join=join,
                ids=self._get_stored_keys(entries),
            )
        )
        return [engine.Entry(*row) for row in rows]

    # ------------------------------------------------------------------
    # Words
    # ------------------------------------------------------------------

    @api.model
    def _get_texts(self):
        """(name of the rule, what is wrong and what is allowed) by rule, as templates over the violation's params."""
        return {
            "require_task": (self.env._("Task"), self.env._("choose the task.")),
            "require_activity": (self.env._("Service Type"), self.env._("choose the service type.")),
            "require_deliverable": (self.env._("Deliverable"), self.env._("choose the deliverable.")),
            "description_min_length": (
                self.env._("Description"),
                self.env._("%(length)s characters, at least %(allowed)s are needed."),
            ),
            "day_hours": (
                self.env._("Hours a Day"),
                self.env._("%(hours).2f hours on this day, at most %(allowed).2f are allowed."),
            ),
            "future": (
                self.env._("Future Time"),
                self.env._("dated ahead by days: %(days)s; at most %(allowed)s are allowed."),
            ),
            "past": (
                self.env._("Old Time"),
                self.env._("dated back by days: %(days)s; at most %(allowed)s are allowed."),
            ),
            "non_working": (
                self.env._("Days Off"),
                self.env._("no working day of the employee; only working days are allowed."),
            ),
            "over_budget": (
                self.env._("Over Budget"),
                self.env._(
                    "%(hours).2f hours; of %(budget).2f budgeted hours of “%(name)s” %(left).2f are left. "
                    "Whoever needs more asks under Timesheets > My Work > Budget Overrides."
                ),
            ),
            "closed": (self.env._("Closed Work"), self.env._("only time on open tasks and projects is allowed.")),
            "duplicate": (
                self.env._("Duplicates"),
                self.env._("entries of this day that say the same: %(count)s others; only one is allowed."),
            ),
            "overlap": (
                self.env._("Overlaps"),
                self.env._("entries of the employee at the same time: %(count)s others; none is allowed."),
            ),
        }

    @api.model
    def _describe(self, rule, params, policy_name):
        """A violation in a sentence that names rule, policy and what is allowed."""
        name, text = self._get_texts()[rule]
        if rule == "over_budget" and "name" not in params:
            # kept before budgets had names
            text = self.env._("%(hours).2f hours; of %(budget).2f budgeted hours %(left).2f are left.")
        return self.env._("%(rule)s: %(text)s (Policy “%(policy)s”)", rule=name, text=text % params, policy=policy_name)
