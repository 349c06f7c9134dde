from odoo import api, models
from odoo.tools import format_date

from ..engine import csv_import
from ..engine import policy as engine
from .timetrack_import import NEW

# The column that a message about a rule points to.
COLUMN_OF_RULE = {
    "day_hours": "hours",
    "future": "date",
    "past": "date",
    "non_working": "date",
    "over_budget": "hours",
    "closed": "task",
    "duplicate": "description",
    "overlap": "hours",
}


class TimetrackImport(models.AbstractModel):
    """Rows of a file are held against lock date and policy before they come in, as typed time is."""

    _inherit = "timetrack.import"

    @api.model
    def _check_lock_date(self, run):
        """Reject the rows of a period that the company has closed, unless the user has an exception."""
        company = run.company.sudo()
        lock_date = company.timetrack_lock_date
        if not lock_date:
            return
        column = self._get_column(run.profile, "date")
        excepted = {}
        for row in run.valid:
            date = row.values["date"]
            if date not in excepted:
                excepted[date] = date > lock_date or bool(company._timetrack_lock_exception(date))
            if not excepted[date]:
                params = {"lock_date": format_date(self.env, lock_date)}
                row.errors.append(csv_import.Problem(row.line, "closed_period", column, str(date), params))

    @api.model
    def _check_policies(self, run):
        """Reject the rows that a policy refuses, and warn of those that it warns of; a dry run tells the same."""
        if not self.env["timetrack.policy"]._get_limiting_ids():
            return
        policies = {}
        asked = []
        for row in run.valid:
            key = row.links["project"]
            if key not in policies:
                policies[key] = self._find_policy(run, key)
            if policies[key]:
                asked.append((row, self._prepare_engine_entry(run, row), policies[key]))
        check = self.env["timetrack.policy.check"]
        violations = check._get_violations([(entry, policy) for _row, entry, policy in asked], ahead=run.ahead)
        for row, entry, policy in asked:
            for found in violations[entry.key]:
                problem = self._prepare_policy_problem(run, row, found, policy)
                (row.errors if found.severity == engine.BLOCK else run.warnings).append(problem)

    @api.model
    def _find_policy(self, run, key):
        """The policy of a project of the file, which may not exist yet: then its client decides, or the company."""
        Project = self.env["project.project"].sudo()
        found = run.found["project"][key]
        client = run.found["client"].get(key[0])
        project = Project.browse(found) if found != NEW else Project.new({"partner_id": client or False})
        return project._timetrack_find_policy(run.company.sudo())[0]

    @api.model
    def _prepare_engine_entry(self, run, row):
        """The row as the engine takes it; what does not exist yet is named by its key."""

        def key_of(target):
            key = row.links.get(target)
            return key and (run.found[target].get(key) or ("new", key))

        prepared = self._prepare_entry(run, row)
        return engine.Entry(
            key=f"line {row.line}",
            employee=key_of("employee"),
            date=prepared["date"],
            hours=prepared["unit_amount"],
            project=key_of("project"),
            task=key_of("task"),
            activity=key_of("activity"),
            deliverable=key_of("deliverable"),
            description=prepared["name"],
        )

    @api.model
    def _prepare_policy_problem(self, run, row, violation, policy):
        reason = self.env["timetrack.policy.check"]._describe(violation.rule, violation.params, policy.name)
        target = COLUMN_OF_RULE[violation.rule]
        return csv_import.Problem(
            row.line,
            "policy",
            self._get_column(run.profile, target),
            str(row.values.get(target) or ""),
            {"reason": reason},
        )

    @api.model
    def _create_entries(self, run):
        """The entries keep what their policies warn of, for their approvers; the trail keeps exceptions."""
        result = super()._create_entries(run)
        run.entries._timetrack_record_override()
        if self.env["timetrack.policy"]._get_limiting_ids():
            run.entries._timetrack_keep_warnings(run.entries._timetrack_violations())
        return result

    @api.model
    def _get_texts(self):
        return {
            **super()._get_texts(),
            "closed_period": (
                self.env._("Time up to %(lock_date)s is closed."),
                self.env._("Leave the row out, or ask somebody who may make an exception from the lock date."),
            ),
            "policy": (
                "%(reason)s",
                self.env._("Correct the row, or have the policy of the project changed."),
            ),
        }
