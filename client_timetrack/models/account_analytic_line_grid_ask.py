from odoo import api, models
from odoo.exceptions import UserError

from ..engine import grid
from ..engine.policy import BLOCK, Entry


class AccountAnalyticLine(models.Model):
    """Asking for more where a budget refuses what was typed into the time grid."""

    _inherit = "account.analytic.line"

    @api.model
    def timetrack_grid_ask(self, changes, params, reason):
        """Ask for the hours that changes need beyond budgets, of each budget that refuses them.

        Nobody has to see a budget to ask for more of it: that it is used up was told when the time was refused.

        :param list changes: as ``timetrack_grid_save`` refused them as "over_budget"
        :param dict params: see ``timetrack_grid_load``
        :param str reason: why the budget is not enough
        :return: the requests, as ``[{"budget": "Merger", "hours": 2.5, "responsible": "Petra"}]``; ``responsible`` is
            False where nobody is
        :raise UserError: there is no reason, the changes make no sense, or no budget refuses them
        :raise AccessError: somebody who approves no time asks for other people
        """
        self._timetrack_grid_check(params)
        self.check_access("write")
        reason = str(reason or "").strip()
        if not reason:
            raise UserError(self.env._("Say why the budget is not enough."))
        if not isinstance(changes, list) or not changes:
            raise UserError(self.env._("There is nothing to ask for."))
        entries, before = self._timetrack_grid_foresee(changes, params)
        entries = self._timetrack_grid_limited(entries)
        rooms = self.env["timetrack.budget"].sudo()._get_rooms(entries, {}, before)
        requests = self.env["timetrack.budget.override"]._ask(entries, rooms, reason)
        if not requests:
            raise UserError(self.env._("No budget refuses these hours: try again to save them."))
        return [
            {
                "budget": request.budget_id.name,
                "hours": request.hours,
                "responsible": request.budget_id.user_id.name or False,
            }
            for request in requests
        ]

    @api.model
    def _timetrack_grid_foresee(self, changes, params):
        """The time entries as the changes would leave them, as the policies' engine takes them.

        :return: list of ``engine.policy.Entry``; dict of those that are stored as they are, by key
        """
        known = self._timetrack_grid_known([data.get("values") for data in changes if isinstance(data, dict)])
        understood = [self._timetrack_grid_understand(data, params, known) for data in changes]
        found = self._timetrack_grid_entries(understood, params)
        entries, before = [], {}
        for number, change in enumerate(understood):
            plan = self._timetrack_grid_plan(change, found.get(change.cell, self.browse()))
            if plan and plan.kind == grid.WRITE:
                entry = before[plan.entry.id] = plan.entry._timetrack_to_engine()
                entries.append(entry._replace(hours=plan.vals.get("unit_amount", entry.hours)))
            elif plan and plan.kind == grid.CREATE:
                vals = plan.vals
                entries.append(
                    Entry(
                        key=f"new {number}",
                        employee=vals["employee_id"],
                        date=vals["date"],
                        hours=vals["unit_amount"],
                        project=vals["project_id"],
                        task=vals.get("task_id") or None,
                        activity=vals.get("timetrack_activity_id") or None,
                        deliverable=vals.get("timetrack_deliverable_id") or None,
                    )
                )
        return entries, before

    @api.model
    def _timetrack_grid_limited(self, entries):
        """Those of the engine's entries that a policy does not let go over budget: of others nobody learns more."""
        employees = self.env["hr.employee"].sudo().browse({entry.employee for entry in entries}).exists()
        companies = {employee.id: employee.company_id for employee in employees}
        policies = {}
        for project_id, employee_id in {(entry.project, entry.employee) for entry in entries}:
            project = self.env["project.project"].sudo().browse(project_id)
            company = companies.get(employee_id, project.company_id)
            policies[project_id, employee_id] = project._timetrack_find_policy(company)[0]
        return [entry for entry in entries if policies[entry.project, entry.employee].over_budget_severity == BLOCK]
