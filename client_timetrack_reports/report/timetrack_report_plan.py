from odoo import api, models
from odoo.tools import SQL


class TimetrackReport(models.Model):
    """Plans and budgets.

    - plan: allocated hours of tasks, less what their sub-tasks take of them; on the day of the deadline, else of the
      first time entry, else of the task's creation;
    - deliverable: planned hours of deliverables, less what their parts take of them; on the day they are due; those of
      every project have no project;
    - budget: hours, cost and revenue of the project's ``timetrack.budget``; without a date, since it is for the whole
      life of the project.
    """

    _inherit = "timetrack.report"
    _depends = {
        "account.analytic.line": ["date", "task_id"],
        "project.project": ["allocated_hours", "company_id", "is_template", "partner_id"],
        "project.task": [
            "allocated_hours", "company_id", "date_deadline", "is_template", "parent_id", "partner_id", "project_id",
        ],
        "timetrack.budget": ["company_id", "cost", "every", "project_id", "revenue", "scope"],
        "timetrack.deliverable": ["active", "date_due", "parent_id", "planned_hours", "project_id"],
    }  # fmt: skip

    @api.model
    def _get_project_dimensions(self):
        """The dimensions that the joins of :meth:`_join_project` give."""
        return {
            "client_id": SQL("client.id"),
            "client_category_id": SQL("client.timetrack_client_category_id"),
            "engagement_type": SQL("COALESCE(engagement.billing_method, 'rates')"),
            "policy_id": SQL("policy.policy_id"),
        }

    @api.model
    def _join_project(self, partner, company):
        """The joins for the dimensions of a ``project``.

        :param SQL partner: id of the client's contact
        :param SQL company: id of the company
        """
        return SQL(
            """
            LEFT JOIN res_partner partner ON partner.id = %(partner)s
            LEFT JOIN res_partner client ON client.id = partner.commercial_partner_id
            LEFT JOIN timetrack_engagement engagement ON engagement.project_id = project.id
            LEFT JOIN (%(policies)s) policy ON policy.project_id = project.id AND policy.company_id = %(company)s
            """,
            partner=partner,
            company=company,
            policies=self._get_policies(),
        )

    @api.model
    def _select_plan(self):
        return {
            **self._get_project_dimensions(),
            "id": SQL("task.id"),
            "company_id": SQL("COALESCE(task.company_id, project.company_id)"),
            "currency_id": SQL("company.currency_id"),
            "date": SQL(
                """
                COALESCE(
                    task.date_deadline::date,
                    (SELECT MIN(line.date) FROM account_analytic_line line WHERE line.task_id = task.id),
                    task.create_date::date
                )
                """
            ),
            "project_id": SQL("task.project_id"),
            "task_id": SQL("task.id"),
            "planned_hours": self._sql_planned_hours(),
        }

    @api.model
    def _sql_planned_hours(self):
        """Allocated hours of a task that are not those of its sub-tasks: a parent's include its children's."""
        return SQL(
            """
            GREATEST(task.allocated_hours - COALESCE((
                SELECT SUM(child.allocated_hours) FROM project_task child
                 WHERE child.parent_id = task.id AND child.project_id IS NOT NULL), 0), 0)
            """
        )

    @api.model
    def _from_plan(self):
        return SQL(
            """
            FROM project_task task
                 JOIN project_project project ON project.id = task.project_id
                 LEFT JOIN res_company company ON company.id = COALESCE(task.company_id, project.company_id)
                 %s
            """,
            self._join_project(
                SQL("COALESCE(task.partner_id, project.partner_id)"),
                SQL("COALESCE(task.company_id, project.company_id)"),
            ),
        )

    @api.model
    def _where_plan(self):
        return SQL(
            """
            WHERE task.allocated_hours > 0
              AND task.is_template IS NOT TRUE
              AND project.is_template IS NOT TRUE
            """
        )

    @api.model
    def _select_deliverable(self):
        return {
            **self._get_project_dimensions(),
            "id": SQL("deliverable.id"),
            "company_id": SQL("project.company_id"),
            "currency_id": SQL("company.currency_id"),
            "date": SQL("deliverable.date_due"),
            "project_id": SQL("project.id"),
            "deliverable_id": SQL("deliverable.id"),
            "deliverable_planned_hours": SQL(
                """
                GREATEST(deliverable.planned_hours - COALESCE((
                    SELECT SUM(part.planned_hours) FROM timetrack_deliverable part
                     WHERE part.parent_id = deliverable.id AND part.active), 0), 0)
                """
            ),
        }

    @api.model
    def _from_deliverable(self):
        return SQL(
            """
            FROM timetrack_deliverable deliverable
                 LEFT JOIN project_project project ON project.id = deliverable.project_id
                 LEFT JOIN res_company company ON company.id = project.company_id
                 %s
            """,
            self._join_project(SQL("project.partner_id"), SQL("project.company_id")),
        )

    @api.model
    def _where_deliverable(self):
        return SQL("WHERE deliverable.planned_hours > 0 AND deliverable.active AND project.is_template IS NOT TRUE")

    @api.model
    def _select_budget(self):
        return {
            **self._get_project_dimensions(),
            "id": SQL("b.id"),
            "company_id": SQL("b.company_id"),
            "currency_id": SQL("company.currency_id"),
            "project_id": SQL("b.project_id"),
            "budget_hours": SQL("NULLIF(project.allocated_hours, 0)"),
            "budget_cost": SQL("b.cost"),
            "budget_revenue": SQL("b.revenue"),
        }

    @api.model
    def _from_budget(self):
        return SQL(
            """
            FROM timetrack_budget b
                 JOIN project_project project ON project.id = b.project_id
                 LEFT JOIN res_company company ON company.id = b.company_id
                 %s
            """,
            self._join_project(SQL("project.partner_id"), SQL("b.company_id")),
        )

    @api.model
    def _where_budget(self):
        return SQL("WHERE project.is_template IS NOT TRUE AND b.scope = 'project' AND b.every = 'whole'")
