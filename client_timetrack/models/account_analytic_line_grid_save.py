from collections import defaultdict
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_duration

from ..engine import grid
from .account_analytic_line_grid import OPEN_STATES, ROW_FIELDS, is_id

MAX_CHANGES = 500
CELL_OPS = ("set", "add", "new", "restore")
ENTRY_OPS = ("entry", "delete")
# Those that two tabs could do at once to an empty cell, each for itself.
FILLING_OPS = ("set", "add")


class Change(NamedTuple):
    """A change of the grid, understood: where it is, and what is asked for.

    ``cell`` is (employee id, date, ids of the row's values); ``data`` is what the view sent.
    """

    op: str
    cell: tuple
    values: dict
    entry: models.Model
    data: dict


class Plan(NamedTuple):
    """What a change does to an entry (``create``, ``write`` or ``delete``), and what takes it back."""

    kind: str
    entry: models.Model
    vals: dict
    undo: list


class GridRefused(UserError):
    """A change is refused by the grid itself; ``code`` tells the view what it can do about it."""

    def __init__(self, message, code):
        super().__init__(message)
        self.code = code


class AccountAnalyticLine(models.Model):
    """What is typed into the time grid, saved.

    What a new total of a cell means for its entries is ``engine/grid.py``'s to say. All changes of a call are tried
    together, in a number of queries that does not grow with theirs but for what Odoo needs for each entry; where one
    of them is refused they are tried one by one, each in a savepoint of its own, so that the others are saved.
    """

    _inherit = "account.analytic.line"

    @api.model
    def timetrack_grid_save(self, changes, params):
        """Save changes of cells.

        :param list changes: dicts; those of a cell have ``employee_id``, ``values`` (id or False by row field),
            ``date`` and ``op``:

            - "set": the cell comes to ``hours``; ``known`` are the hours that the screen shows; ``name`` describes it
            - "add": the cell gets ``hours`` more, or less; ``known`` as above
            - "new": one more entry, of ``hours`` with ``name``
            - "restore": an entry that was deleted, as ``undo`` says

            those of an entry have ``entry_id`` and ``op``:

            - "entry": it gets ``hours``, ``name`` or both
            - "delete"
        :param dict params: see ``timetrack_grid_load``
        :return: for each change, in order::

            {"key": "3-7-12-0-0", "date": "2026-11-23",     # the row and the day of the cell
             "cell": {…},           # as it is now, see ``timetrack_grid_load``
             "undo": [change, …]}   # what brings back how it was
            {"key": …, "date": …, "cell": {…}, "error": "Approved time is locked.", "code": "refused"}

            ``code`` is "several" (many entries could change: which?), "changed" (somebody else changed the cell),
            "over_budget" (for which more can be asked: see ``timetrack_grid_ask``), "invalid" or "refused"
        :raise UserError: see ``_timetrack_grid_check``
        """
        self._timetrack_grid_check(params)
        self.check_access("write")
        if not isinstance(changes, list) or len(changes) > MAX_CHANGES:
            raise UserError(self.env._("Change up to %s cells at once.", MAX_CHANGES))
        results = [None] * len(changes)
        understood = {}
        known = self._timetrack_grid_known([data.get("values") for data in changes if isinstance(data, dict)])
        for index, data in enumerate(changes):
            try:
                understood[index] = self._timetrack_grid_understand(data, params, known)
            except UserError as error:
                results[index] = {"error": str(error), "code": "invalid"}
        for batch in self._timetrack_grid_batches(understood):
            self._timetrack_grid_save_batch(batch, params, results)
        cells = self._timetrack_grid_current(list(understood.values()), params)
        empty = {"hours": 0.0, "entries": []}
        for index, result in enumerate(results):
            change = understood.get(index)
            result["cell"] = cells.get(change.cell, empty) if change else empty
            if change:
                employee_id, date, ids = change.cell
                result["key"] = self._timetrack_grid_key(employee_id, ids)
                result["date"] = fields.Date.to_string(date)
        return results

    # ------------------------------------------------------------------
    # What is asked for
    # ------------------------------------------------------------------

    @api.model
    def _timetrack_grid_understand(self, data, params, known):
        """Turn a change as the view sends it into a ``Change``.

        :param dict known: of ``_timetrack_grid_known``
        :raise UserError: it makes no sense
        """
        op = data.get("op") if isinstance(data, dict) else None
        if op in ENTRY_OPS:
            number = data.get("entry_id")
            entry = self.browse(number if is_id(number) else []).exists()
            if not entry:
                raise UserError(self.env._("This time entry is gone: somebody deleted it."))
            entry.check_access("read")
            ids = tuple(entry[name].id or False for name in params["rows"])
            values = dict(zip(params["rows"], ids, strict=True))
            return Change(op, (entry.employee_id.id, entry.date, ids), values, entry, data)
        if op not in CELL_OPS or not isinstance(data.get("kept", {}), dict):
            raise UserError(self.env._("The time grid cannot do “%s”.", op))
        values = self._timetrack_grid_values(data.get("values"), known)
        employee_id = data.get("employee_id")
        if not is_id(employee_id) or not data.get("date"):
            raise UserError(self.env._("A cell of the time grid is an employee's, on a day."))
        date = self._timetrack_grid_date(data["date"])
        ids = tuple(values.get(name) or False for name in params["rows"])
        return Change(op, (employee_id, date, ids), values, self.browse(), data)

    @api.model
    def _timetrack_grid_batches(self, understood):
        """Lists of (index, change) in which no cell occurs twice: what follows on it needs to see what came before."""
        batches = []
        for index, change in understood.items():
            if not batches or any(change.cell == other.cell for _index, other in batches[-1]):
                batches.append([])
            batches[-1].append((index, change))
        return batches

    @api.model
    def _timetrack_grid_entries(self, changes, params):
        """The entries of the cells of changes that the user can see: dict of cell to entries, by id."""
        if not changes:
            return {}
        names = params["rows"]
        cells = {change.cell for change in changes}
        domain = (
            self._timetrack_entry_domain()
            & Domain("employee_id", "in", list({cell[0] for cell in cells}))
            & Domain("date", "in", list({cell[1] for cell in cells}))
        )
        found = defaultdict(self.browse)
        for line in self.search_fetch(domain, self._timetrack_grid_read_fields(), order="id"):
            cell = (line.employee_id.id, line.date, tuple(line[name].id or False for name in names))
            if cell in cells:
                found[cell] |= line
        return found

    @api.model
    def _timetrack_grid_current(self, changes, params):
        """The cells of changes as they are now: dict of cell to what ``timetrack_grid_load`` says of it."""
        found = self._timetrack_grid_entries(changes, params)
        cells = self.union(*found.values())._timetrack_grid_cells(params["rows"])
        return {
            (employee_id, date, ids): cells[employee_id, ids][fields.Date.to_string(date)]
            for employee_id, date, ids in found
        }

    # ------------------------------------------------------------------
    # Plans
    # ------------------------------------------------------------------

    @api.model
    def _timetrack_grid_save_batch(self, batch, params, results):
        """Plan the changes of a batch and carry them out; put what came of each into ``results``."""
        found = self._timetrack_grid_entries([change for _index, change in batch], params)
        empty = [change.cell for _index, change in batch if change.op in FILLING_OPS and change.cell not in found]
        self.env["timetrack.grid.turn"].sudo()._take(empty)
        plans = {}
        for index, change in batch:
            try:
                plans[index] = self._timetrack_grid_plan(change, found.get(change.cell, self.browse()))
            except UserError as error:
                results[index] = {"error": str(error), "code": getattr(error, "code", "refused")}
        refusals = self._timetrack_grid_try(plans)
        for index, plan in plans.items():
            results[index] = refusals.get(index) or {"undo": plan.undo if plan else []}

    @api.model
    def _timetrack_grid_plan(self, change, entries):
        """What a change does, as a ``Plan``; None if there is nothing to do.

        :param entries: those of the cell
        :raise UserError: the grid refuses it
        """
        data = change.data
        try:
            if change.op == "delete":
                return self._timetrack_grid_plan_delete(change.entry)
            if change.op == "entry":
                return self._timetrack_grid_plan_entry(change)
            if change.op in ("new", "restore"):
                return self._timetrack_grid_plan_create(change, grid.check_hours(data.get("hours", 0.0)))
            engine_entries = [
                grid.Entry(
                    line.id, line.unit_amount, line.timetrack_state in OPEN_STATES and not line._timetrack_is_locked()
                )
                for line in entries
            ]
            grid.check_known(engine_entries, data.get("known"))
            decide = grid.plan_total if change.op == "set" else grid.plan_more
            step = decide(engine_entries, data.get("hours"))
        except grid.Refused as refused:
            raise self._timetrack_grid_refusal(refused) from refused
        if step is None:
            return None
        if step.kind == grid.CREATE:
            return self._timetrack_grid_plan_create(change, step.hours)
        entry = self.browse(step.entry_id)
        if step.kind == grid.DELETE:
            return self._timetrack_grid_plan_delete(entry)
        return self._timetrack_grid_plan_write(entry, {"unit_amount": step.hours, **self._timetrack_grid_name(data)})

    @api.model
    def _timetrack_grid_plan_create(self, change, hours):
        vals = {
            "employee_id": change.cell[0],
            "date": change.cell[1],
            **change.values,
            "unit_amount": hours,
            **self._timetrack_grid_name(change.data),
        }
        if change.op == "restore":
            vals.update(self._timetrack_grid_get_kept(change.data.get("kept", {})))
        # The id of what is created is known afterwards only: see _timetrack_grid_execute.
        return Plan(grid.CREATE, self.browse(), vals, [])

    @api.model
    def _timetrack_grid_get_kept(self, kept):
        """What an entry gets back, of what the view sent.

        :raise UserError: it is no moment
        """
        vals = {name: kept[name] for name in self._timetrack_grid_kept_fields() if name in kept}
        for name, value in vals.items():
            if self._fields[name].type == "datetime":
                try:
                    vals[name] = fields.Datetime.to_datetime(value)
                except (ValueError, TypeError) as error:
                    raise UserError(self.env._("“%s” is no date and time.", value)) from error
        return vals

    @api.model
    def _timetrack_grid_plan_entry(self, change):
        vals = self._timetrack_grid_name(change.data)
        if "hours" in change.data:
            vals["unit_amount"] = grid.check_hours(change.data["hours"])
        return self._timetrack_grid_plan_write(change.entry, vals)

    @api.model
    def _timetrack_grid_plan_write(self, entry, vals):
        if not vals:
            return None
        undo = {"op": "entry", "entry_id": entry.id}
        if "unit_amount" in vals:
            undo["hours"] = entry.unit_amount
        if "name" in vals:
            undo["name"] = entry.name
        return Plan(grid.WRITE, entry, vals, [undo])

    @api.model
    def _timetrack_grid_plan_delete(self, entry):
        undo = {
            "op": "restore",
            "employee_id": entry.employee_id.id,
            "date": fields.Date.to_string(entry.date),
            "values": {name: entry[name].id or False for name in ROW_FIELDS},
            "hours": entry.unit_amount,
            "name": entry.name,
            "kept": {
                name: fields.Datetime.to_string(entry[name]) if self._fields[name].type == "datetime" else entry[name]
                for name in self._timetrack_grid_kept_fields()
            },
        }
        return Plan(grid.DELETE, entry, {}, [undo])

    @api.model
    def _timetrack_grid_name(self, data):
        """The description that a change brings along, as values to write."""
        return {"name": str(data["name"]).strip() or "/"} if "name" in data else {}

    @api.model
    def _timetrack_grid_kept_fields(self):
        """Names of the fields that an entry gets back when its deletion is undone, beside hours and description.

        Other addons add what people can set by hand.
        """
        return ["timetrack_start", "timetrack_stop", "timetrack_is_billable"]

    # ------------------------------------------------------------------
    # Doing it
    # ------------------------------------------------------------------

    @api.model
    def _timetrack_grid_try(self, plans):
        """Carry out plans, all together or, where one is refused, each by itself.

        :param dict plans: by index; None is nothing to do
        :return: dict of index to what is said of those that were refused
        """
        plans = {index: plan for index, plan in plans.items() if plan}
        try:
            with self.env.cr.savepoint():
                self._timetrack_grid_execute(plans.values())
            return {}
        except UserError as error:
            if len(plans) == 1:
                over_budget = getattr(error, "rules", None) == {"over_budget"}
                return {next(iter(plans)): {"error": str(error), "code": "over_budget" if over_budget else "refused"}}
        refusals = {}
        for index, plan in plans.items():
            refusals.update(self._timetrack_grid_try({index: plan}))
        return refusals

    @api.model
    def _timetrack_grid_execute(self, plans):
        """Carry plans out, those of a kind together; complete what undoes them."""
        self.union(*(plan.entry for plan in plans if plan.kind == grid.DELETE)).unlink()
        writes = defaultdict(self.browse)
        for plan in plans:
            if plan.kind == grid.WRITE:
                writes[tuple(sorted(plan.vals.items()))] |= plan.entry
        for vals, entries in writes.items():
            entries.write(dict(vals))
        creates = [plan for plan in plans if plan.kind == grid.CREATE]
        lines = self._timetrack_grid_without_defaults().create([dict(plan.vals) for plan in creates])
        for plan, line in zip(creates, lines, strict=True):
            plan.undo[:] = [{"op": "delete", "entry_id": line.id}]
        self.env.flush_all()

    @api.model
    def _timetrack_grid_without_defaults(self):
        """The model with language, time zone and companies of the caller, and no other context: no defaults."""
        context = self.env.context
        kept = {name: context[name] for name in ("lang", "tz", "allowed_company_ids") if name in context}
        return self.with_env(self.env(context=kept))

    @api.model
    def _timetrack_grid_refusal(self, refused):
        """What the engine refuses, in words."""
        hours = {name: format_duration(value) for name, value in refused.params.items() if name != "count"}
        texts = {
            "number": self.env._("Type hours such as 1:30, 1.5 or 90m."),
            "negative": self.env._("A cell cannot have less than no time."),
            "too_many": self.env._("A day has 24 hours, not %(hours)s.", hours=hours.get("hours")),
            "locked": self.env._(
                "%(locked)s of this cell are submitted, approved or closed: withdraw them, or have them sent back, "
                "before the cell can show less.",
                locked=hours.get("locked"),
            ),
            "several": self.env._(
                "There are %(count)s entries in this cell: change one of them.", count=refused.params.get("count")
            ),
            "changed": self.env._(
                "The cell has %(hours)s by now, changed elsewhere. Type your hours again to replace them.",
                hours=hours.get("hours"),
            ),
        }
        code = refused.code if refused.code in ("several", "changed") else "refused"
        return GridRefused(texts[refused.code], "invalid" if refused.code == "number" else code)
