from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import escape_psql, format_date

from odoo.addons.project.models.project_task import CLOSED_STATES

from ..engine.periods import Period
from .account_analytic_line_grid import OPEN_STATES, ROW_FIELDS, is_id

# How far back the grid looks for what somebody works on, and how many rows it proposes of it.
RECENT = timedelta(days=21)
MAX_SUGGESTED = 8
MAX_FOUND = 50
MAX_WORDS = 8
# How far back "copy the last day" looks for one with time.
LAST_DAY = timedelta(days=14)


class AccountAnalyticLine(models.Model):
    """Where the rows of the time grid come from beside the entries: pinned, worked on lately, assigned, searched,
    copied."""

    _inherit = "account.analytic.line"

    # ------------------------------------------------------------------
    # Proposed rows
    # ------------------------------------------------------------------

    @api.model
    def _timetrack_grid_more_rows(self, employee, shown, pinned, span, params):
        """Rows without time: what is pinned, then what the employee worked on lately and is assigned to.

        :param set shown: keys of the rows that are there already
        :param dict pinned: of ``timetrack.favorite._get_rows``
        """
        if not params.get("suggest"):
            return []
        rows = [
            self._timetrack_grid_row(employee_id, records, "favorite", params)
            for key, (employee_id, records) in pinned.items()
            if key not in shown
        ]
        shown = shown | set(pinned)
        suggested = 0
        for records in self._timetrack_grid_suggestions(employee, span, params):
            key = self._timetrack_grid_key(employee.id, [record.id for record in records.values()])
            if key not in shown and suggested < MAX_SUGGESTED:
                rows.append(self._timetrack_grid_row(employee.id, records, "suggested", params))
                shown.add(key)
                suggested += 1
        return rows

    @api.model
    def _timetrack_open_work_domain(self):
        """Domain of the entries on work that goes on: the project takes time, the task is not closed."""
        return (
            Domain("project_id.active", "=", True)
            & Domain("project_id.allow_timesheets", "=", True)
            & (Domain("task_id", "=", False) | Domain("task_id.state", "not in", list(CLOSED_STATES)))
            & (Domain("task_id", "=", False) | Domain("task_id.active", "=", True))
        )

    @api.model
    def _timetrack_grid_suggestions(self, employee, span, params):
        """What the employee worked on in the weeks before, most often first; then open tasks of theirs.

        :return: list of dicts of row field to record
        """
        names = params["rows"]
        domain = (
            self._timetrack_entry_domain()
            & Domain("employee_id", "=", employee.id)
            & Domain("date", ">=", span.date_from - RECENT)
            & Domain("date", "<", span.date_from)
            & self._timetrack_open_work_domain()
        )
        # one's own time, which everybody may see
        groups = self.sudo()._read_group(domain, names, ["__count", "date:max"])
        groups.sort(key=lambda group: group[-2:], reverse=True)
        rows = [dict(zip(names, group, strict=False)) for group in groups[: 2 * MAX_SUGGESTED]]
        rows = self._timetrack_grid_offered(self._timetrack_grid_visible(rows))
        if len(rows) < MAX_SUGGESTED and "task_id" in names:
            tasks = self.env["project.task"].search(self._timetrack_grid_task_domain(), limit=MAX_SUGGESTED)
            rows += [self._timetrack_grid_task_row(names, task) for task in tasks]
        return rows

    @api.model
    def _timetrack_grid_visible(self, rows, names=("project_id",)):
        """The rows of which the user can still see the records.

        :param rows: dicts of row field to record
        :param names: the row fields whose records are asked for
        """
        hidden = {}
        for name in names:
            records = self[name].union(*(row[name] for row in rows if row.get(name)))
            hidden[name] = records - records._filtered_access("read")
        return [row for row in rows if not any(row[name] & hidden[name] for name in names if row.get(name))]

    @api.model
    def _timetrack_grid_offered(self, rows):
        """The rows with those codes only that their projects still offer."""
        for name in self._timetrack_code_fields():
            lines = [
                self.new({"project_id": row["project_id"].id, "company_id": self.env.company.id, name: row[name].id})
                for row in rows
                if row.get(name) and row.get("project_id")
            ]
            refused = self.browse().concat(*lines)._timetrack_filter_not_offered(name) if lines else self.browse()
            gone = {(line.project_id._origin.id, line[name]._origin.id) for line in refused}
            rows = [row for row in rows if (row["project_id"].id, row.get(name) and row[name].id) not in gone]
        return rows

    @api.model
    def _timetrack_grid_task_domain(self):
        """Domain of the user's own open tasks that take time."""
        return (
            Domain("user_ids", "in", self.env.uid)
            & Domain("state", "not in", list(CLOSED_STATES))
            & Domain("project_id.active", "=", True)
            & Domain("allow_timesheets", "=", True)
            & Domain("has_template_ancestor", "=", False)
        )

    @api.model
    def _timetrack_grid_task_row(self, names, task):
        """The records of a row for a task, without codes."""
        row = {name: self[name] for name in names}
        row.update({name: record for name, record in self._timetrack_grid_task_records(task).items() if name in row})
        return row

    @api.model
    def _timetrack_grid_task_records(self, task):
        return {"project_id": task.project_id, "task_id": task}

    # ------------------------------------------------------------------
    # Search
    # ------------------------------------------------------------------

    @api.model
    def timetrack_grid_search(self, text, params, limit=20):
        """Find work to add a row for: client, project and task at once.

        Every word is found in the name of the task, the project or the client, in any order. Without a word: what the
        user worked on lately and is assigned to.

        :param str text: words
        :param dict params: see ``timetrack_grid_load``
        :param int limit: number of rows, at most ``MAX_FOUND``
        :return: list of rows as in ``timetrack_grid_load``, without cells
        :raise UserError: see ``_timetrack_grid_check``
        """
        self._timetrack_grid_check(params)
        limit = max(1, min(limit if isinstance(limit, int) else MAX_FOUND, MAX_FOUND))
        names = params["rows"]
        words = self._timetrack_grid_words(text)
        employee = self.env.user.employee_id
        if words:
            found = self._timetrack_grid_find_work(words, names, limit)
        else:
            today = fields.Date.context_today(self) + timedelta(days=1)
            found = self._timetrack_grid_suggestions(employee, Period(today, today), params)
        return [self._timetrack_grid_row(employee.id, records, "search", params) for records in found[:limit]]

    @api.model
    def _timetrack_grid_words(self, text):
        """The words that are searched for, as patterns."""
        return [escape_psql(word) for word in str(text or "").split()[:MAX_WORDS]]

    @api.model
    def _timetrack_grid_project_domain(self, words):
        """Domain of the projects that all words are found in, in the name or the client's."""
        return Domain.AND(
            Domain("name", "ilike", word) | Domain("partner_id.display_name", "ilike", word) for word in words
        )

    @api.model
    def _timetrack_grid_find_work(self, words, names, limit):
        """Projects, then tasks, that all words are found in; the user's own tasks come first.

        :return: list of dicts of row field to record
        """
        Project, Task = self.env["project.project"], self.env["project.task"]
        open_projects = Domain(self._domain_project_id())
        projects = self._timetrack_grid_project_domain(words)
        rows = [
            {name: project if name == "project_id" else self[name] for name in names}
            for project in Project.search(open_projects & projects, limit=limit)
        ]
        if "task_id" in names:
            tasks = Domain.AND(
                Domain("name", "ilike", word)
                | Domain("project_id.name", "ilike", word)
                | Domain("partner_id.display_name", "ilike", word)
                | Domain("project_id.partner_id.display_name", "ilike", word)
                for word in words
            )
            open_tasks = (
                Domain("project_id", "any", open_projects)
                & Domain("allow_timesheets", "=", True)
                & Domain("has_template_ancestor", "=", False)
                & Domain("state", "not in", list(CLOSED_STATES))
            )
            found = Task.search(open_tasks & tasks & Domain("user_ids", "in", self.env.uid), limit=limit)
            found |= Task.search(open_tasks & tasks, limit=limit)
            rows += [self._timetrack_grid_task_row(names, task) for task in found]
        return rows

    # ------------------------------------------------------------------
    # Pinned rows
    # ------------------------------------------------------------------

    @api.model
    def timetrack_grid_pin(self, values, pinned):
        """Keep work at hand in the user's grid, or no longer.

        :param dict values: id or False of each row field
        :param bool pinned: whether it is to be pinned
        :raise UserError: there is no project or no employee, or the user may not see what is to be pinned
        """
        employee = self._timetrack_grid_own_employee()
        values = self._timetrack_grid_values(values, self._timetrack_grid_known([values]))
        # pins are kept by this method alone, which knows what the user can see
        Favorite = self.env["timetrack.favorite"].sudo()
        favorites = Favorite.search(Favorite._get_domain(employee, values))
        if not pinned:
            favorites.unlink()
        elif not favorites:
            Favorite.create({"employee_id": employee.id, **values})
        return True

    @api.model
    def _timetrack_grid_own_employee(self):
        """The employee of the user in the active company.

        :raise UserError: there is none
        """
        self.check_access("write")
        employee = self.env.user.employee_id
        if not employee:
            raise UserError(self._timetrack_no_employee_notice())
        return employee

    @api.model
    def _timetrack_grid_known(self, some):
        """What may be named of the records of rows: what the user can see, itself or through time on it.

        :param some: dicts of row field to id or False; what makes no sense is left to ``_timetrack_grid_values``
        :return: dict of row field to set of ids
        """
        known = {}
        for name in ROW_FIELDS:
            asked = (values.get(name) for values in some if isinstance(values, dict))
            ids = {number for number in asked if is_id(number)}
            model = self.env[self._fields[name].comodel_name].with_context(active_test=False)
            known[name] = set(model.search([("id", "in", list(ids))]).ids) if ids else set()
            if ids - known[name]:
                seen = self._timetrack_entry_domain() & Domain(name, "in", list(ids - known[name]))
                known[name] |= {record.id for [record] in self._read_group(seen, [name])}
        return known

    @api.model
    def _timetrack_grid_values(self, values, known):
        """The ids that a row is made of, checked: the user can see the records, and there is a project.

        :param dict values: id or False by row field
        :param dict known: of ``_timetrack_grid_known``
        :return: the same, with the project of the task
        :raise UserError: a field or a record is none of a row
        """
        if not isinstance(values, dict) or set(values) - set(ROW_FIELDS):
            raise UserError(self.env._("The rows of a time grid are made of: %s.", ", ".join(ROW_FIELDS)))
        result = {}
        for name, number in values.items():
            if number and not is_id(number):
                raise UserError(
                    self.env._("“%(value)s” is no %(field)s.", value=number, field=self._fields[name].string)
                )
            if number and number not in known[name]:
                raise UserError(
                    self.env._(
                        "%(field)s: this is gone, or not shared with you. Load the page again.",
                        field=self._fields[name].string,
                    )
                )
            result[name] = number or False
        task = self.env["project.task"].browse(result.get("task_id") or [])
        if task and not result.get("project_id"):
            result["project_id"] = task.sudo().project_id.id
        if not result.get("project_id"):
            raise UserError(self.env._("Choose a project, or a task of a project, to log time on."))
        return result

    # ------------------------------------------------------------------
    # Copies and submission
    # ------------------------------------------------------------------

    @api.model
    def timetrack_grid_copy(self, what, params):
        """Take over the rows of the days before the shown ones, with or without their hours.

        Hours go to the same days of the week, as drafts, each with its description; days off and cells that have time
        already are left out. From one day they come from the last day with time.

        :param str what: "rows" or "hours"
        :param dict params: see ``timetrack_grid_load``
        :return: for rows: ``{"rows": […]}``, as in ``timetrack_grid_load``; for hours::

            {"created": 3,                      # entries
             "skipped": [{"date": "2026-11-24", "label": "Merger", "reason": "Time off"}],
             "undo": […]}                       # changes for ``timetrack_grid_save``

        :raise UserError: there is nothing to copy, or the days cannot be matched
        """
        self._timetrack_grid_check(params)
        employee = self._timetrack_grid_own_employee()
        span = self._timetrack_grid_span(self.env.company, params)
        source = self._timetrack_grid_source(employee, span, params)
        domain = (
            self._timetrack_entry_domain() & self._timetrack_grid_days(source) & Domain("employee_id", "=", employee.id)
        )
        entries = self.search_fetch(domain, self._timetrack_grid_read_fields(), order="date, id")
        if not entries:
            raise UserError(
                self.env._(
                    "There is no time to copy: you logged none from %(date_from)s to %(date_to)s.",
                    date_from=format_date(self.env, source.date_from),
                    date_to=format_date(self.env, source.date_to),
                )
            )
        if what == "rows":
            names = params["rows"]
            rows = {tuple(line[name].id for name in names): {name: line[name] for name in names} for line in entries}
            return {
                "rows": [self._timetrack_grid_row(employee.id, records, "copied", params) for records in rows.values()]
            }
        if what != "hours":
            raise UserError(self.env._("Rows or hours can be copied, not “%s”.", what))
        return self._timetrack_grid_copy_hours(employee.sudo(), entries, source, span, params)

    @api.model
    def _timetrack_grid_source(self, employee, span, params):
        """The days that are copied from.

        :rtype: engine.periods.Period
        """
        day = span.date_from - timedelta(days=1)
        if params["scale"] != "day":
            return self._timetrack_grid_span(self.env.company, {**params, "anchor": fields.Date.to_string(day)})
        last = self.search_fetch(
            self._timetrack_entry_domain()
            & Domain("employee_id", "=", employee.id)
            & self._timetrack_grid_days(Period(span.date_from - LAST_DAY, day)),
            ["date"],
            order="date desc",
            limit=1,
        )
        return Period(last.date or day, last.date or day)

    @api.model
    def _timetrack_grid_copy_hours(self, employee, entries, source, span, params):
        """Create entries like ``entries`` in the shown days."""
        if len(source.days) != len(span.days):
            raise UserError(
                self.env._("Hours are copied between spans of the same length: show a week or a day, or copy the rows.")
            )
        [shown] = self._timetrack_grid_employees(employee, span, params)
        taken = self._timetrack_grid_taken(employee, span, params["rows"])
        move = span.date_from - source.date_from
        changes, skipped = [], []
        for line in entries:
            date = fields.Date.to_string(line.date + move)
            ids = tuple(line[name].id or False for name in params["rows"])
            reason = self._timetrack_grid_skip_reason(line, date, (date, ids) in taken, shown)
            label = line.task_id.sudo().display_name or line.project_id.sudo().display_name
            if reason:
                skipped.append({"date": date, "label": label, "reason": reason})
                continue
            values = dict(zip(params["rows"], ids, strict=True))
            name = "" if line.name == "/" else line.name
            changes.append(
                {
                    "op": "new",
                    "employee_id": employee.id,
                    "values": values,
                    "date": date,
                    "hours": line.unit_amount,
                    "name": name,
                    "label": label,
                }
            )
        undo = []
        for change, result in zip(changes, self.timetrack_grid_save(changes, params), strict=True):
            if "error" in result:
                skipped.append({"date": change["date"], "label": change["label"], "reason": result["error"]})
            undo += result.get("undo", [])
        return {"created": len(undo), "skipped": skipped, "undo": undo}

    @api.model
    def _timetrack_grid_taken(self, employee, span, names):
        """The cells of an employee that have time: set of (date as text, ids of the row's values)."""
        groups = self._read_group(
            self._timetrack_entry_domain() & self._timetrack_grid_days(span) & Domain("employee_id", "=", employee.id),
            ["date:day", *names],
        )
        return {
            (fields.Date.to_string(date), tuple(record.id or False for record in records)) for date, *records in groups
        }

    def _timetrack_grid_skip_reason(self, line, date, taken, employee):
        """Why an entry is not copied to a day, or False."""
        notice = self._timetrack_grid_notice(line.project_id.sudo())
        if taken:
            return self.env._("There is time already.")
        return notice or employee["off"].get(date, False)

    @api.model
    def timetrack_grid_submit(self, params):
        """Hand in the user's own drafts and sent-back entries of the shown days.

        :param dict params: see ``timetrack_grid_load``
        :return: ``{"submitted": number of entries}``
        :raise UserError: there is nothing to submit, or a policy refuses it: it lists all that it objects to
        """
        self._timetrack_grid_check(params)
        employee = self._timetrack_grid_own_employee()
        span = self._timetrack_grid_span(self.env.company, params)
        entries = self.search(
            self._timetrack_entry_domain()
            & self._timetrack_grid_days(span)
            & Domain("employee_id", "=", employee.id)
            & Domain("timetrack_state", "in", OPEN_STATES)
        )
        if not entries:
            raise UserError(self.env._("There is nothing to submit: log time first. What is submitted waits already."))
        entries.action_timetrack_submit()
        return {"submitted": len(entries)}
