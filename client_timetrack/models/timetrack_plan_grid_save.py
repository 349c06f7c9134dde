from collections import defaultdict
from typing import NamedTuple

from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import mute_logger

from ..engine import plan as engine
from ..engine.grid import DIGITS, Refused, check_number, same
from .account_analytic_line_grid import is_id
from .account_analytic_line_grid_save import MAX_CHANGES, GridRefused
from .timetrack_plan import WEEK

OPS = ("set", "add", "spread")


class Change(NamedTuple):
    """A change of the grid, understood: what is asked for, and the cells that it is about, by week.

    A cell is (employee id, project id, Monday); ``data`` is what the view sent.
    """

    op: str
    cells: list
    data: dict


class TimetrackPlan(models.Model):
    """What is typed into the grid of the plan, saved.

    All changes of a call are tried together, in a number of queries that does not grow with theirs; where one of them
    is refused they are tried one by one, each in a savepoint of its own, so that the others are saved.
    """

    _inherit = "timetrack.plan"

    @api.model
    def timetrack_grid_save(self, changes, params):
        """Save changes of cells.

        :param list changes: dicts with ``employee_id``, ``values`` ({"project_id": id}), ``date`` (a day of the week),
            ``hours`` and ``op``:

            - "set": the cell comes to ``hours``, none deletes the plan; ``known`` are the hours that the screen shows;
              ``name`` is the note
            - "add": the cell gets ``hours`` more, or less; ``known`` as above
            - "spread": ``hours`` are spread over as many ``weeks`` from the cell on, by the working time of each

        :param dict params: see ``timetrack_grid_load``
        :return: for each change, in order::

            {"key": "3-7", "date": "2026-11-23",    # the row and the week of the cell
             "cell": {…},                           # as it is now
             "cells": {"2026-11-23": {…}, …},       # all that the change is about
             "left": 12.0,                          # of the project's budget, see ``timetrack_grid_load``
             "undo": [change, …]}                   # what brings back how it was
            {"key": …, …, "error": "A week has no more than 168 hours.", "code": "refused"}

            ``code`` is "changed" (somebody else changed the cell), "invalid" or "refused"
        :raise UserError: see ``timetrack_grid_load``
        :raise AccessError: the user plans nobody
        """
        self._check_grid(params)
        self.check_access("write")
        if not isinstance(changes, list) or len(changes) > MAX_CHANGES:
            raise UserError(self.env._("Change up to %s cells at once.", MAX_CHANGES))
        results = [None] * len(changes)
        understood = {}
        known = self._get_grid_known([data for data in changes if isinstance(data, dict)])
        for index, data in enumerate(changes):
            try:
                understood[index] = self._understand_grid(data, known)
            except UserError as error:
                results[index] = {"error": str(error), "code": "invalid"}
        for batch in self._split_grid_batches(understood):
            self._save_grid_batch(batch, results)
        self._complete_grid_results(understood, results)
        return results

    # ------------------------------------------------------------------
    # What is asked for
    # ------------------------------------------------------------------

    @api.model
    def _get_grid_known(self, some):
        """What may be named: employees of the user's companies, projects that the user can see.

        :return: two sets of ids
        """
        employee_ids = {data.get("employee_id") for data in some if is_id(data.get("employee_id"))}
        employees = (
            self.env["hr.employee"]
            .sudo()
            .with_context(active_test=False)
            .search([("id", "in", list(employee_ids)), ("company_id", "in", self.env.companies.ids)])
        )
        Line = self.env["account.analytic.line"]
        return set(employees.ids), Line._timetrack_grid_known([data.get("values") for data in some])

    @api.model
    def _understand_grid(self, data, known):
        """Turn a change as the view sends it into a ``Change``.

        :raise UserError: it makes no sense
        """
        op = data.get("op") if isinstance(data, dict) else None
        if op not in OPS:
            raise UserError(self.env._("The grid of the plan cannot do “%s”.", op))
        employee_ids, records = known
        employee_id = data.get("employee_id")
        Line = self.env["account.analytic.line"]
        values = Line._timetrack_grid_values(data.get("values"), records)
        if not is_id(employee_id) or employee_id not in employee_ids or not data.get("date"):
            raise UserError(self.env._("A cell of the plan is an employee's, in a week."))
        monday = self._to_monday(Line._timetrack_grid_date(data["date"]))
        try:
            count = engine.check_weeks(data.get("weeks")) if op == "spread" else 1
        except Refused as refused:
            raise self._get_grid_refusal(refused) from refused
        cells = [(employee_id, values["project_id"], monday + WEEK * number) for number in range(count)]
        return Change(op, cells, data)

    @api.model
    def _split_grid_batches(self, understood):
        """Dicts of changes in which no cell occurs twice: what follows on it needs to see what came before."""
        batches, taken = [], set()
        for index, change in understood.items():
            if not batches or not taken.isdisjoint(change.cells):
                batches.append({})
                taken = set()
            batches[-1][index] = change
            taken.update(change.cells)
        return batches

    @api.model
    def _find_grid_plans(self, cells):
        """The plans of cells, whoever can see them: dict of cell to plan, in sudo."""
        cells = set(cells)
        employees, projects, weeks = (list({cell[part] for cell in cells}) for part in range(3))
        plans = self.sudo().search_fetch(
            Domain("employee_id", "in", employees) & Domain("project_id", "in", projects) & Domain("week", "in", weeks),
            ["employee_id", "project_id", "week", "hours", "note"],
        )
        found = {(plan.employee_id.id, plan.project_id.id, plan.week): plan for plan in plans}
        return {cell: plan for cell, plan in found.items() if cell in cells}

    # ------------------------------------------------------------------
    # Doing it
    # ------------------------------------------------------------------

    @api.model
    def _save_grid_batch(self, batch, results):
        """Carry out the changes of a batch; put what came of each into ``results``."""
        found = self._find_grid_plans(cell for change in batch.values() for cell in change.cells)
        spread = [cell for change in batch.values() if change.op == "spread" for cell in change.cells]
        capacity = self._get_spread_capacity(spread)
        plans = self.browse().concat(*found.values()).sudo(False)
        closed = plans - plans._filtered_access("write")
        wanted = {}
        for index, change in batch.items():
            try:
                # before anything is said of the hours
                (closed & self.browse(found[cell].id for cell in change.cells if cell in found)).check_access("write")
                wanted[index] = self._get_grid_wanted(change, found, capacity)
            except Refused as refused:
                error = self._get_grid_refusal(refused)
                results[index] = {"error": str(error), "code": error.code}
            except AccessError as error:
                results[index] = {"error": str(error), "code": "refused"}
        refusals = self._try_grid(wanted, found)
        for index in wanted:
            if index in refusals:
                results[index] = refusals[index]
            else:
                results[index] = {"undo": [self._get_grid_undo(cell, before) for cell, before in wanted[index][1]]}

    @api.model
    def _get_spread_capacity(self, cells):
        """Working time of the weeks that hours are spread over: dict of cell to hours."""
        if not cells:
            return {}
        employees = self.env["hr.employee"].sudo().browse({employee_id for employee_id, _project_id, _week in cells})
        working = self._get_grid_capacity(employees, [week for _employee_id, _project_id, week in cells])
        weeks = {cell: working[cell[0]].get(cell[2]) for cell in cells}
        return {cell: week.net if week else 0.0 for cell, week in weeks.items()}

    @api.model
    def _get_grid_wanted(self, change, found, capacity):
        """What a change makes of its cells.

        :return: dict of cell to (hours, note), without cells that are so already; list of (cell, (hours, note)) of
            how these are now
        :raise Refused: see ``engine/plan.py``
        """
        data = change.data
        now = {
            cell: (found[cell].hours, found[cell].note or "") if cell in found else (0.0, "") for cell in change.cells
        }
        first = change.cells[0]
        if change.op == "spread":
            hours = engine.spread(data.get("hours"), [capacity[cell] for cell in change.cells])
            wanted = {cell: (part, now[cell][1]) for cell, part in zip(change.cells, hours, strict=True)}
        else:
            engine.check_known(now[first][0], data.get("known"))
            hours = data.get("hours")
            if change.op == "add":
                hours = round(now[first][0] + check_number(hours), DIGITS)
            note = str(data["name"] or "").strip() if "name" in data else now[first][1]
            wanted = {first: (engine.check_hours(hours), note)}
        wanted = {
            cell: (hours, note)
            for cell, (hours, note) in wanted.items()
            if not same(hours, now[cell][0]) or note != now[cell][1]
        }
        return wanted, [(cell, now[cell]) for cell in wanted]

    @api.model
    def _get_grid_undo(self, cell, before):
        employee_id, project_id, week = cell
        hours, note = before
        return {
            "op": "set",
            "employee_id": employee_id,
            "values": {"project_id": project_id},
            "date": fields.Date.to_string(week),
            "hours": hours,
            "name": note,
        }

    @api.model
    def _try_grid(self, wanted, found):
        """Carry changes out, all together or, where one is refused, each by itself.

        :param dict wanted: of ``_get_grid_wanted``, by index
        :return: dict of index to what is said of those that were refused
        """
        if not wanted:
            return {}
        try:
            # what the unique index refuses is told to whoever typed
            with self.env.cr.savepoint(), mute_logger("odoo.sql_db"):
                self._execute_grid([cells for cells, _before in wanted.values()], found)
            return {}
        except (UserError, UniqueViolation) as error:
            if len(wanted) == 1:
                return {next(iter(wanted)): self._get_grid_error(error)}
        refusals = {}
        for index, one in wanted.items():
            refusals.update(self._try_grid({index: one}, found))
        return refusals

    @api.model
    def _get_grid_error(self, error):
        if isinstance(error, UniqueViolation):
            message = self.env._("Somebody planned the same at this moment. Load the page again to see it.")
            return {"error": message, "code": "changed"}
        return {"error": str(error), "code": "refused"}

    @api.model
    def _execute_grid(self, changes, found):
        """Write, create and delete plans, those of a kind together, with the user's rights."""
        writes, gone, new = defaultdict(self.browse), self.browse(), []
        for cell, (hours, note) in (item for cells in changes for item in cells.items()):
            plan = found[cell].sudo(False) if cell in found else self.browse()
            if same(hours, 0):
                gone += plan
            elif plan:
                writes[hours, note] += plan
            else:
                employee_id, project_id, week = cell
                values = {"employee_id": employee_id, "project_id": project_id, "week": week}
                new.append({**values, "hours": hours, "note": note})
        gone.unlink()
        for (hours, note), plans in writes.items():
            plans.write({"hours": hours, "note": note})
        clean = self.env["account.analytic.line"]._timetrack_grid_without_defaults().env[self._name]
        clean.create(new)
        self.env.flush_all()

    # ------------------------------------------------------------------
    # What came of it
    # ------------------------------------------------------------------

    @api.model
    def _complete_grid_results(self, understood, results):
        """Add the cells as they are now, as far as the user can see them, and what is left of the budgets."""
        Line = self.env["account.analytic.line"]
        found = self._find_grid_plans(cell for change in understood.values() for cell in change.cells)
        plans = self.browse().concat(*found.values()).sudo(False)
        visible = plans._filtered_access("read")
        empty = {"hours": 0.0, "entries": []}
        cells = {cell: plan._get_grid_cell() for cell, plan in found.items() if plan.sudo(False) in visible}
        projects = self.env["project.project"].browse({change.cells[0][1] for change in understood.values()})
        left = self._get_grid_left(projects)
        for index, result in enumerate(results):
            if index not in understood:
                result["cell"] = empty
                continue
            change = understood[index]
            employee_id, project_id, week = change.cells[0]
            result.update(
                key=Line._timetrack_grid_key(employee_id, [project_id]),
                date=fields.Date.to_string(week),
                cell=cells.get(change.cells[0], empty),
                cells={fields.Date.to_string(cell[2]): cells.get(cell, empty) for cell in change.cells},
                left=left.get(project_id, False),
            )

    @api.model
    def _get_grid_refusal(self, refused):
        """What the engine refuses, in words."""
        format_hours = self.env["timetrack.period"]._format_hours
        hours = format_hours(refused.params.get("hours", 0.0), self.env.company)
        texts = {
            "number": self.env._("Type hours such as 8, 1:30 or 90m."),
            "negative": self.env._("Nobody works less than no time."),
            "too_many": self.env._("A week has no more than 168 hours; this is %s.", hours),
            "weeks": self.env._("Hours are spread over 1 to %s weeks.", engine.MAX_WEEKS),
            "changed": self.env._(
                "%s are planned by now, changed elsewhere. Type your hours again to replace them.", hours
            ),
        }
        code = {"changed": "changed", "number": "invalid", "weeks": "invalid"}.get(refused.code, "refused")
        return GridRefused(texts[refused.code], code)
