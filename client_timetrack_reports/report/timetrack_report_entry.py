from odoo import api, models
from odoo.tools import SQL


class TimetrackReport(models.Model):
    """Time: analytic lines of a project, leave apart, on the day worked."""

    _inherit = "timetrack.report"
    _depends = {
        "account.analytic.line": [
            "amount", "company_id", "currency_id", "date", "department_id", "employee_id", "manager_id", "project_id",
            "so_line", "task_id", "timesheet_invoice_type", "timetrack_activity_id", "timetrack_arrangement_id",
            "timetrack_billing_state",
            "timetrack_client_id", "timetrack_deliverable_id", "timetrack_is_billable", "timetrack_rate",
            "timetrack_rate_currency_id", "timetrack_state", "unit_amount", "user_id",
        ],
        "hr.employee": ["resource_id"],
        "hr.version": ["date_version", "employee_id", "job_id"],
        "project.project": ["allocated_hours"],
        "resource.resource": ["tz"],
        "sale.order.line": ["currency_id", "discount", "price_subtotal", "price_unit", "product_uom_qty"],
        "timetrack.activity": ["top_id"],
        "timetrack.allocation": ["hours_worked", "kind", "line_id", "reversed_id", "state"],
        "timetrack.arrangement": ["kind"],
        "timetrack.budget": ["cost", "date_from", "date_to", "every", "project_id", "scope"],
        "timetrack.engagement": ["billing_method", "project_id"],
    }  # fmt: skip

    @api.model
    def _get_entry_dimensions(self):
        """The dimensions that a time entry ``l`` gives, with the joins of :meth:`_join_entry`."""
        return {
            "line_id": SQL("l.id"),
            "employee_id": SQL("l.employee_id"),
            "user_id": SQL("l.user_id"),
            "department_id": SQL("l.department_id"),
            "job_id": SQL(
                "(SELECT version.job_id FROM hr_version version WHERE version.employee_id = l.employee_id"
                " AND version.active ORDER BY version.date_version <= l.date DESC,"
                " abs(version.date_version - l.date), version.id LIMIT 1)"
            ),
            "manager_id": SQL("l.manager_id"),
            "task_id": SQL("l.task_id"),
            "activity_id": SQL("l.timetrack_activity_id"),
            "top_activity_id": SQL("activity.top_id"),
            "deliverable_id": SQL("l.timetrack_deliverable_id"),
            "state": SQL("l.timetrack_state"),
        }

    @api.model
    def _join_entry(self, project, arrangement, client, company):
        """The joins for the dimensions that facts of time share; PostgreSQL leaves out those that nobody asks for.

        :param SQL project: id of the project that the time is billed for
        :param SQL arrangement: id of what was agreed on for it
        :param SQL client: id of the client
        :param SQL company: id of the company
        """
        return SQL(
            """
            LEFT JOIN res_partner client ON client.id = %(client)s
            LEFT JOIN timetrack_activity activity ON activity.id = l.timetrack_activity_id
            LEFT JOIN timetrack_engagement engagement ON engagement.project_id = %(project)s
            LEFT JOIN timetrack_arrangement arrangement ON arrangement.id = %(arrangement)s
            LEFT JOIN (%(policies)s) policy ON policy.project_id = %(project)s AND policy.company_id = %(company)s
            """,
            client=client,
            project=project,
            arrangement=arrangement,
            company=company,
            policies=self._get_policies(),
        )

    @api.model
    def _get_policies(self):
        """The policy in force, at most one for a project and company, as PostgreSQL can see."""
        return SQL(
            "SELECT project_id, company_id, max(policy_id) AS policy_id FROM (%s) policies GROUP BY 1, 2",
            self.env["project.project"]._timetrack_policy_sql(),
        )

    @api.model
    def _get_joined_dimensions(self):
        """The dimensions that the joins of :meth:`_join_entry` give."""
        return {
            "client_category_id": SQL("client.timetrack_client_category_id"),
            "engagement_type": SQL("COALESCE(arrangement.kind, engagement.billing_method, 'rates')"),
            "policy_id": SQL("policy.policy_id"),
        }

    @api.model
    def _select_entry(self):
        hours, none = SQL("l.unit_amount"), SQL("0")
        # time of an order that no rate card covers has the price of the order
        frozen = SQL("l.timetrack_rate_currency_id IS NOT NULL")
        price = self.env["sale.order.line"]._timetrack_price_sql()
        value = self._convert_sql(
            SQL("(l.unit_amount * CASE WHEN %s THEN l.timetrack_rate ELSE %s END)", frozen, price),
            SQL("COALESCE(l.timetrack_rate_currency_id, order_line.currency_id)"),
            SQL("l.currency_id"),
            SQL("l.company_id"),
            SQL("l.date"),
        )
        counts = self.env["account.analytic.line"]._timetrack_approved_sql("l")
        rated = SQL(
            "%s AND l.timetrack_is_billable"
            " AND (%s OR l.so_line IS NOT NULL AND l.timesheet_invoice_type = 'billable_time')",
            counts,
            frozen,
        )

        def hours_if(condition):
            return SQL("CASE WHEN %s THEN %s ELSE %s END", condition, hours, none)

        return {
            **self._get_entry_dimensions(),
            **self._get_joined_dimensions(),
            "id": SQL("l.id"),
            "company_id": SQL("l.company_id"),
            "currency_id": SQL("l.currency_id"),
            "date": SQL("l.date"),
            "project_id": SQL("l.project_id"),
            "client_id": SQL("l.timetrack_client_id"),
            "billing_state": SQL("l.timetrack_billing_state"),
            "logged_hours": hours,
            "billable_hours": hours_if(SQL("l.timetrack_is_billable")),
            "non_billable_hours": hours_if(SQL("l.timetrack_is_billable IS NOT TRUE")),
            "client_hours": hours_if(SQL("l.timetrack_is_billable IS NOT TRUE AND l.timetrack_client_id IS NOT NULL")),
            "internal_hours": hours_if(SQL("l.timetrack_is_billable IS NOT TRUE AND l.timetrack_client_id IS NULL")),
            "submitted_hours": hours_if(SQL("l.timetrack_state = 'submitted'")),
            "approved_hours": hours_if(SQL("l.timetrack_state = 'approved'")),
            "rated_hours": hours_if(rated),
            "timely_24_hours": hours_if(self._get_timely_sql(24)),
            "timely_48_hours": hours_if(self._get_timely_sql(48)),
            "unbilled_hours": SQL(
                "CASE WHEN NOT %s THEN 0 "
                "WHEN l.timetrack_billing_state IN ('unbilled', 'held', 'prebill', 'draft') THEN l.unit_amount "
                "WHEN l.timetrack_billing_state = 'partial' THEN (SELECT sum(part.hours_worked) "
                "FROM timetrack_allocation part WHERE part.line_id = l.id AND part.kind = 'time' "
                "AND part.reversed_id IS NULL AND part.state IN ('held', 'prebill', 'draft')) ELSE 0 END",
                counts,
            ),
            "deliverable_logged_hours": SQL("CASE WHEN l.timetrack_deliverable_id IS NOT NULL THEN l.unit_amount END"),
            "budget_logged_hours": SQL("CASE WHEN budgeted.hours > 0 THEN l.unit_amount END"),
            "budget_logged_cost": SQL("CASE WHEN budgeted.cost > 0 THEN -l.amount END"),
            "standard_value": SQL("CASE WHEN %s THEN %s END", rated, value),
            "cost": SQL("-l.amount"),
        }

    @api.model
    def _get_timely_sql(self, hours):
        """Whether an entry was made within some hours of the end of its day, in the time zone of the employee."""
        return SQL(
            "l.create_date <= (((l.date + 1)::timestamp + make_interval(hours => %s))"
            " AT TIME ZONE COALESCE(resource.tz, 'UTC')) AT TIME ZONE 'UTC'",
            hours,
        )

    @api.model
    def _from_entry(self):
        return SQL(
            """
            FROM account_analytic_line l
                 %s
                 LEFT JOIN hr_employee employee ON employee.id = l.employee_id
                 LEFT JOIN resource_resource resource ON resource.id = employee.resource_id
                 %s
                 LEFT JOIN (
                     SELECT budget.project_id,
                            max(project.allocated_hours) AS hours,
                            max(budget.cost) AS cost,
                            min(COALESCE(budget.date_from, '-infinity')) AS date_from,
                            max(COALESCE(budget.date_to, 'infinity')) AS date_to
                       FROM timetrack_budget budget
                       JOIN project_project project ON project.id = budget.project_id
                      WHERE budget.scope = 'project' AND budget.every = 'whole'
                   GROUP BY budget.project_id
                 ) budgeted ON budgeted.project_id = l.project_id
                           AND l.date BETWEEN budgeted.date_from AND budgeted.date_to
            """,
            self._join_entry(
                SQL("l.project_id"),
                SQL("l.timetrack_arrangement_id"),
                SQL("l.timetrack_client_id"),
                SQL("l.company_id"),
            ),
            self.env["sale.order.line"]._timetrack_join_sql(SQL("l")),
        )

    @api.model
    def _where_entry(self):
        """Worked time only: leave that is kept as timesheet lines is no work."""
        leave_fields = self.env["account.analytic.line"]._timetrack_leave_fields()
        conditions = [SQL("l.project_id IS NOT NULL")]
        conditions += [SQL("%s IS NULL", SQL.identifier("l", name)) for name in leave_fields]
        return SQL("WHERE %s", SQL(" AND ").join(conditions))
