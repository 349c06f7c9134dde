import uuid
from collections import defaultdict

from pytz import UTC, timezone

from odoo import api, models

from .timetrack_import import MODELS, NEW, TARGETS


class TimetrackImport(models.AbstractModel):
    """Writes what the rows of a file say: first what they refer to and does not exist, then the entries."""

    _inherit = "timetrack.import"

    @api.model
    def _plan_hours(self, run):
        """Planned hours of tasks, and their sums by project and by the first deliverable that a task names."""
        for client, project, task, hours, deliverable in run.plans:
            key = (client, project)
            run.planned["task"][key, task] = hours
            run.planned["project"][key] += hours
            if deliverable:
                run.planned["deliverable"][key, deliverable] += hours

    @api.model
    def _get_needed(self, run):
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
        run.encode_uom_in_days = self.env["project.task"]._uom_in_days()
        for target in TARGETS:
            prepare = getattr(self, f"_prepare_{target}")
            model = self.env[MODELS[target]]
            keys = run.needed[target]
            if keys:
                records = model.create([prepare(run, key) for key in keys])
                run.found[target].update(zip(keys, records.ids, strict=True))
        groups = run.found["activity_parent"]
        for key, found in run.found["activity"].items():
            if found == NEW and not key[0]:
                run.found["activity"][key] = groups.get(key[1], NEW)
        self._write_planned_hours(run, set(run.needed["task"]))

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
        keys = {row.links["task"] for row in run.valid if "task" in row.links} - created
        tasks = {run.found["task"][key]: run.planned["task"][key] for key in keys if run.planned["task"][key]}
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
        run.entries = model.create([self._prepare_entry(run, row) for row in run.valid])
        run.entries._timetrack_check_codes()
        run.entries.flush_recordset()

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
