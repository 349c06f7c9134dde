from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class TimetrackBudget(models.Model):
    """What a project may take, in hours and in cost, and how much of it is used.

    The hours are the project's own allocated time: the same number is never asked for twice.
    """

    _name = "timetrack.budget"
    _description = "Time Budget"
    _order = "project_id, id"
    _rec_name = "project_id"

    project_id = fields.Many2one("project.project", required=True, ondelete="cascade", index=True)
    partner_id = fields.Many2one(related="project_id.partner_id", string="Client")
    user_id = fields.Many2one(related="project_id.user_id", string="Project Manager")
    company_id = fields.Many2one(
        "res.company", compute="_compute_company_id", store=True, index=True, compute_sudo=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    hours = fields.Float(
        "Budget Hours", related="project_id.allocated_hours", readonly=False, help="The project's allocated time."
    )
    cost = fields.Monetary("Budget Cost", groups="client_timetrack.group_cost_viewer")
    consumed_hours = fields.Float("Hours Used", compute="_compute_consumed", compute_sudo=True)
    approved_hours = fields.Float("Hours Approved", compute="_compute_consumed", compute_sudo=True)
    remaining_hours = fields.Float("Hours Left", compute="_compute_consumed", compute_sudo=True)
    hours_percent = fields.Float(
        "% of Hours", compute="_compute_consumed", compute_sudo=True, help="Hours used in percent of the budget."
    )
    consumed_cost = fields.Monetary(
        "Cost Used", compute="_compute_consumed", compute_sudo=True, groups="client_timetrack.group_cost_viewer"
    )
    remaining_cost = fields.Monetary(
        "Cost Left", compute="_compute_consumed", compute_sudo=True, groups="client_timetrack.group_cost_viewer"
    )
    cost_percent = fields.Float(
        "% of Cost", compute="_compute_consumed", compute_sudo=True, groups="client_timetrack.group_cost_viewer"
    )

    _project_unique = models.UniqueIndex("(project_id)", "This project has a budget already: change that one.")
    _cost_positive = models.Constraint("CHECK(cost >= 0)", "The cost of a budget cannot be negative.")

    @api.depends("project_id.company_id")
    def _compute_company_id(self):
        for budget in self:
            budget.company_id = budget.project_id.company_id or budget.company_id or self.env.company

    @api.depends("project_id.timesheet_ids.unit_amount", "project_id.allocated_hours", "cost")
    def _compute_consumed(self):
        """Time logged on the project, leave apart, against the budget (hours; cost in the company's currency)."""
        Line = self.env["account.analytic.line"]
        used = {project: (0.0, 0.0, 0.0) for project in self.project_id}
        for project, state, hours, amount in Line._read_group(
            Line._timetrack_entry_domain() & Domain("project_id", "in", self.project_id.ids),
            ["project_id", "timetrack_state"],
            ["unit_amount:sum", "amount:sum"],
        ):
            total, approved, cost = used[project]
            used[project] = (total + hours, approved + hours * (state == "approved"), cost - amount)
        for budget in self:
            hours, approved, cost = used[budget.project_id]
            budget.consumed_hours = hours
            budget.approved_hours = approved
            budget.remaining_hours = budget.hours - hours
            budget.hours_percent = 100 * hours / budget.hours if budget.hours > 0 else 0
            budget.consumed_cost = cost
            budget.remaining_cost = budget.cost - cost
            budget.cost_percent = 100 * cost / budget.cost if budget.cost > 0 else 0

    @api.model
    def _create_missing(self):
        """Give every project that has allocated hours its budget, in one statement."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO timetrack_budget (project_id, company_id, create_uid, create_date, write_uid, write_date)
                SELECT project.id, COALESCE(project.company_id, %(company)s),
                       %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
                  FROM project_project project
                 WHERE project.allocated_hours > 0
                   AND project.is_template IS NOT TRUE
                   AND NOT EXISTS (SELECT 1 FROM timetrack_budget budget WHERE budget.project_id = project.id)
                """,
                company=self.env.company.id,
                uid=self.env.uid,
            )
        )
        self.env.invalidate_all(flush=False)
