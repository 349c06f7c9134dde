from odoo import api, fields, models
from odoo.tools import SQL

# The kinds of facts: each is one branch of the union, with hooks _select_*, _from_* and _where_*.
FACTS = [
    ("entry", "Time"),
    ("capacity", "Capacity"),
    ("plan", "Plan"),
    ("budget", "Budget"),
    ("billing", "Billing"),
]

# Ratio measures: numerator and denominator. At every level of a report they are the sum of the one divided by the sum
# of the other, and nothing (NULL) unless the denominator is positive.
RATIOS = {
    "utilization": ("billable_hours", "net_available_hours"),
    "utilization_gross": ("billable_hours", "gross_available_hours"),
    "billable_mix": ("billable_hours", "logged_hours"),
    "planned_variance_rate": ("planned_variance", "planned_hours"),
    "budget_consumed": ("budget_logged_hours", "budget_hours"),
}

NULLS = {
    "char": SQL("NULL::varchar"),
    "date": SQL("NULL::date"),
    "float": SQL("NULL::float8"),
    "many2one": SQL("NULL::int4"),
    "monetary": SQL("NULL::numeric"),
    "selection": SQL("NULL::varchar"),
}


class TimetrackReport(models.Model):
    """Time against capacity, plan, budget and invoices: the definitions of the KPIs, once.

    How it works: a union of facts, each with the dimensions it has and the measures it gives; what a fact lacks is
    NULL. So capacity, which belongs to no project, client or service type, is counted once whatever the report is
    grouped by, and a ratio over it is not available where there is none.

    - time: analytic lines of a project, leave apart, on the day worked;
    - capacity: ``timetrack.capacity``;
    - plan: allocated hours of tasks, less what their sub-tasks take of them; on the day of the deadline, else of the
      first time entry, else of the task's creation;
    - budget: hours and cost of the project's ``timetrack.budget``; without a date, since a budget is for the whole
      life of the project;
    - billing: rows of the ledger (``timetrack.allocation``) on posted invoices and credit notes, on the invoice date,
      in the company's currency at the rate of the invoice, without tax.

    How to extend: override ``_get_facts``, or ``_select_<fact>`` (a dict of column to SQL), ``_from_<fact>`` and
    ``_where_<fact>``; add ratios in ``_get_ratios``.
    """

    _name = "timetrack.report"
    _inherit = ["hr.manager.department.report", "timetrack.ratio.mixin"]
    _description = "Time, Capacity, Budget and Billing"
    _auto = False
    _rec_name = "date"
    _order = "date desc, id desc"
    _depends = {
        "account.analytic.line": [
            "amount", "company_id", "currency_id", "date", "department_id", "employee_id", "manager_id", "project_id",
            "task_id", "timetrack_activity_id", "timetrack_billing_state", "timetrack_client_id",
            "timetrack_deliverable_id", "timetrack_is_billable", "timetrack_state", "unit_amount", "user_id",
        ],
        "account.move": ["date", "invoice_currency_rate", "invoice_date", "state"],
        "hr.employee": ["parent_id", "user_id"],
        "project.project": ["allocated_hours", "company_id", "is_template", "partner_id"],
        "project.task": [
            "active", "allocated_hours", "company_id", "date_deadline", "is_template", "parent_id", "partner_id",
            "project_id",
        ],
        "res.company": ["currency_id"],
        "res.partner": ["commercial_partner_id", "timetrack_client_category_id"],
        "timetrack.activity": ["top_id"],
        "timetrack.allocation": [
            "billed_amount", "company_id", "hours_billed", "line_id", "move_id", "state",
        ],
        "timetrack.budget": ["company_id", "cost", "every", "project_id", "scope"],
    }

    # Dimensions
    kind = fields.Selection(FACTS, readonly=True)
    line_id = fields.Many2one("account.analytic.line", "Time Entry", readonly=True)
    employee_id = fields.Many2one("hr.employee", readonly=True)
    user_id = fields.Many2one("res.users", readonly=True)
    department_id = fields.Many2one("hr.department", readonly=True)
    manager_id = fields.Many2one("hr.employee", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    date = fields.Date(readonly=True)
    project_id = fields.Many2one("project.project", readonly=True)
    task_id = fields.Many2one("project.task", readonly=True)
    client_id = fields.Many2one("res.partner", readonly=True)
    client_category_id = fields.Many2one("timetrack.client.category", readonly=True)
    activity_id = fields.Many2one("timetrack.activity", "Service Type", readonly=True)
    top_activity_id = fields.Many2one("timetrack.activity", "Service Type (Top Level)", readonly=True)
    deliverable_id = fields.Many2one("timetrack.deliverable", readonly=True)
    state = fields.Selection(
        selection=lambda self: self.env["account.analytic.line"]._fields["timetrack_state"].selection,
        string="Approval",
        readonly=True,
    )

    # Hours
    logged_hours = fields.Float(readonly=True, help="Time worked, leave apart.")
    billable_hours = fields.Float(readonly=True)
    non_billable_hours = fields.Float("Non-Billable Hours", readonly=True)
    submitted_hours = fields.Float(readonly=True, help="Handed in and waiting for approval.")
    approved_hours = fields.Float(readonly=True)
    unbilled_hours = fields.Float(
        readonly=True, help="Approved billable hours that are on no posted invoice."
    )
    billed_hours = fields.Float(readonly=True, help="On posted invoices, less credit notes.")
    gross_available_hours = fields.Float(readonly=True)
    holiday_hours = fields.Float("Public Holiday Hours", readonly=True)
    leave_hours = fields.Float(readonly=True)
    net_available_hours = fields.Float(
        readonly=True, help="Working hours without public holidays and own leave."
    )
    planned_hours = fields.Float(readonly=True, help="Allocated time of tasks.")
    planned_variance = fields.Float("Logged - Planned", readonly=True)
    budget_hours = fields.Float(readonly=True)
    budget_logged_hours = fields.Float(
        "Logged on Budget", readonly=True, help="Time logged on projects that have a budget of hours."
    )
    budget_remaining_hours = fields.Float("Budget Hours Left", readonly=True)

    # Money, in the company's currency
    billed_amount = fields.Monetary(
        readonly=True,
        groups="client_timetrack_billing.group_rate_viewer",
        help="Without tax, on posted invoices less credit notes, at the invoice date's rate.",
    )
    cost = fields.Monetary("Cost of Time", readonly=True, groups="client_timetrack.group_cost_viewer")
    budget_cost = fields.Monetary(readonly=True, groups="client_timetrack.group_cost_viewer")

    # Ratios
    utilization = fields.Float(
        readonly=True, aggregator="avg", help="Billable hours / net available hours."
    )
    utilization_gross = fields.Float(
        "Utilization (Gross)", readonly=True, aggregator="avg", help="Billable hours / gross available hours."
    )
    billable_mix = fields.Float(readonly=True, aggregator="avg", help="Billable / logged hours.")
    planned_variance_rate = fields.Float(
        "Variance %", readonly=True, aggregator="avg", help="(Logged - planned hours) / planned hours."
    )
    budget_consumed = fields.Float(
        "Budget Used", readonly=True, aggregator="avg", help="Time logged on projects with a budget / budget hours."
    )

    # ------------------------------------------------------------------
    # The union
    # ------------------------------------------------------------------

    @property
    def _table_query(self):
        return SQL(" UNION ALL ").join(
            SQL(
                "SELECT %s %s %s",
                self._get_columns(number, fact),
                getattr(self, f"_from_{fact}")(),
                getattr(self, f"_where_{fact}")(),
            )
            for number, fact in enumerate(self._get_facts())
        )

    @api.model
    def _get_facts(self):
        """Names of the facts in the union (at most 8, the id of a row is 8 x the source's id + the fact's place)."""
        return [fact for fact, _label in FACTS]

    @api.model
    def _get_columns(self, number, fact):
        """The columns of one branch, all branches in the same order and of the same types."""
        columns = getattr(self, f"_select_{fact}")()
        source_id = columns.pop("id")
        parts = [SQL("%s * 8 + %s AS id", source_id, number), SQL("%s::varchar AS kind", fact)]
        for name, field in self._fields.items():
            if name in ("id", "kind") or not field.store or field.type not in NULLS:
                continue
            parts.append(SQL("%s AS %s", columns.get(name, NULLS[field.type]), SQL.identifier(name)))
        return SQL(", ").join(parts)

    # Time

    @api.model
    def _select_entry(self):
        return {
            "id": SQL("l.id"),
            "line_id": SQL("l.id"),
            "employee_id": SQL("l.employee_id"),
            "user_id": SQL("l.user_id"),
            "department_id": SQL("l.department_id"),
            "manager_id": SQL("l.manager_id"),
            "company_id": SQL("l.company_id"),
            "currency_id": SQL("l.currency_id"),
            "date": SQL("l.date"),
            "project_id": SQL("l.project_id"),
            "task_id": SQL("l.task_id"),
            "client_id": SQL("l.timetrack_client_id"),
            "client_category_id": SQL("client.timetrack_client_category_id"),
            "activity_id": SQL("l.timetrack_activity_id"),
            "top_activity_id": SQL("activity.top_id"),
            "deliverable_id": SQL("l.timetrack_deliverable_id"),
            "state": SQL("l.timetrack_state"),
            "logged_hours": SQL("l.unit_amount"),
            "billable_hours": SQL("CASE WHEN l.timetrack_is_billable THEN l.unit_amount ELSE 0 END"),
            "non_billable_hours": SQL("CASE WHEN l.timetrack_is_billable THEN 0 ELSE l.unit_amount END"),
            "submitted_hours": SQL("CASE WHEN l.timetrack_state = 'submitted' THEN l.unit_amount ELSE 0 END"),
            "approved_hours": SQL("CASE WHEN l.timetrack_state = 'approved' THEN l.unit_amount ELSE 0 END"),
            "unbilled_hours": SQL(
                "CASE WHEN l.timetrack_state != 'approved' THEN 0 "
                "WHEN l.timetrack_billing_state IN ('unbilled', 'held', 'prebill', 'draft') THEN l.unit_amount "
                "WHEN l.timetrack_billing_state = 'partial' THEN (SELECT sum(part.hours_worked) "
                "FROM timetrack_allocation part WHERE part.line_id = l.id AND part.kind = 'time' "
                "AND part.reversed_id IS NULL AND part.state IN ('held', 'prebill', 'draft')) ELSE 0 END"
            ),
            "planned_variance": SQL("l.unit_amount"),
            "budget_logged_hours": SQL("CASE WHEN budgeted.allocated_hours > 0 THEN l.unit_amount END"),
            "budget_remaining_hours": SQL("CASE WHEN budgeted.allocated_hours > 0 THEN -l.unit_amount END"),
            "cost": SQL("-l.amount"),
        }

    @api.model
    def _from_entry(self):
        return SQL(
            """
            FROM account_analytic_line l
                 LEFT JOIN res_partner client ON client.id = l.timetrack_client_id
                 LEFT JOIN timetrack_activity activity ON activity.id = l.timetrack_activity_id
                 LEFT JOIN timetrack_budget budget
                        ON budget.project_id = l.project_id AND budget.scope = 'project' AND budget.every = 'whole'
                 LEFT JOIN project_project budgeted ON budgeted.id = budget.project_id
            """
        )

    @api.model
    def _where_entry(self):
        """Worked time only: leave that is kept as timesheet lines is no work."""
        leave_fields = self.env["account.analytic.line"]._timetrack_leave_fields()
        conditions = [SQL("l.project_id IS NOT NULL")]
        conditions += [SQL("%s IS NULL", SQL.identifier("l", name)) for name in leave_fields]
        return SQL("WHERE %s", SQL(" AND ").join(conditions))

    # Capacity

    @api.model
    def _select_capacity(self):
        return {
            "id": SQL("c.id"),
            "employee_id": SQL("c.employee_id"),
            "user_id": SQL("employee.user_id"),
            "department_id": SQL("c.department_id"),
            "manager_id": SQL("employee.parent_id"),
            "company_id": SQL("c.company_id"),
            "currency_id": SQL("company.currency_id"),
            "date": SQL("c.date"),
            "gross_available_hours": SQL("c.gross_hours"),
            "holiday_hours": SQL("c.holiday_hours"),
            "leave_hours": SQL("c.leave_hours"),
            "net_available_hours": SQL("c.net_hours"),
        }

    @api.model
    def _from_capacity(self):
        return SQL(
            """
            FROM timetrack_capacity c
                 LEFT JOIN hr_employee employee ON employee.id = c.employee_id
                 LEFT JOIN res_company company ON company.id = c.company_id
            """
        )

    @api.model
    def _where_capacity(self):
        return SQL("WHERE TRUE")

    # Plan

    @api.model
    def _select_plan(self):
        return {
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
            "client_id": SQL("client.id"),
            "client_category_id": SQL("client.timetrack_client_category_id"),
            "planned_hours": self._sql_planned_hours(),
            "planned_variance": SQL("-(%s)", self._sql_planned_hours()),
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
                 LEFT JOIN res_partner partner ON partner.id = COALESCE(task.partner_id, project.partner_id)
                 LEFT JOIN res_partner client ON client.id = partner.commercial_partner_id
                 LEFT JOIN res_company company ON company.id = COALESCE(task.company_id, project.company_id)
            """
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

    # Budget

    @api.model
    def _select_budget(self):
        return {
            "id": SQL("b.id"),
            "company_id": SQL("b.company_id"),
            "currency_id": SQL("company.currency_id"),
            "project_id": SQL("b.project_id"),
            "client_id": SQL("client.id"),
            "client_category_id": SQL("client.timetrack_client_category_id"),
            "budget_hours": SQL("project.allocated_hours"),
            "budget_remaining_hours": SQL("CASE WHEN project.allocated_hours > 0 THEN project.allocated_hours END"),
            "budget_cost": SQL("b.cost"),
        }

    @api.model
    def _from_budget(self):
        return SQL(
            """
            FROM timetrack_budget b
                 JOIN project_project project ON project.id = b.project_id
                 LEFT JOIN res_partner partner ON partner.id = project.partner_id
                 LEFT JOIN res_partner client ON client.id = partner.commercial_partner_id
                 LEFT JOIN res_company company ON company.id = b.company_id
            """
        )

    @api.model
    def _where_budget(self):
        return SQL("WHERE project.is_template IS NOT TRUE AND b.scope = 'project' AND b.every = 'whole'")

    # Billing

    @api.model
    def _select_billing(self):
        return {
            "id": SQL("a.id"),
            "line_id": SQL("a.line_id"),
            "employee_id": SQL("l.employee_id"),
            "user_id": SQL("l.user_id"),
            "department_id": SQL("l.department_id"),
            "manager_id": SQL("l.manager_id"),
            "company_id": SQL("a.company_id"),
            "currency_id": SQL("company.currency_id"),
            "date": SQL("COALESCE(move.invoice_date, move.date)"),
            "project_id": SQL("l.project_id"),
            "task_id": SQL("l.task_id"),
            "client_id": SQL("client.id"),
            "client_category_id": SQL("client.timetrack_client_category_id"),
            "activity_id": SQL("l.timetrack_activity_id"),
            "top_activity_id": SQL("activity.top_id"),
            "deliverable_id": SQL("l.timetrack_deliverable_id"),
            "billed_hours": SQL("a.hours_billed"),
            "billed_amount": SQL("a.billed_amount / COALESCE(NULLIF(move.invoice_currency_rate, 0), 1)::numeric"),
        }

    @api.model
    def _from_billing(self):
        return SQL(
            """
            FROM timetrack_allocation a
                 JOIN account_move move ON move.id = a.move_id
                 LEFT JOIN account_analytic_line l ON l.id = a.line_id
                 LEFT JOIN timetrack_activity activity ON activity.id = l.timetrack_activity_id
                 LEFT JOIN res_partner partner ON partner.id = move.partner_id
                 LEFT JOIN res_partner client
                        ON client.id = COALESCE(l.timetrack_client_id, partner.commercial_partner_id)
                 LEFT JOIN res_company company ON company.id = a.company_id
            """
        )

    @api.model
    def _where_billing(self):
        return SQL("WHERE a.state IN ('posted', 'credited')")

    # ------------------------------------------------------------------
    # Ratios
    # ------------------------------------------------------------------

    @api.model
    def _get_ratios(self):
        return {**super()._get_ratios(), **RATIOS}

    # ------------------------------------------------------------------
    # Drill-down
    # ------------------------------------------------------------------

    def action_open_source(self):
        """Open the record that a row was made from."""
        self.ensure_one()
        source_id, number = divmod(self.id, 8)
        model = {
            "entry": "account.analytic.line",
            "capacity": "timetrack.capacity",
            "plan": "project.task",
            "budget": "timetrack.budget",
            "billing": "timetrack.allocation",
        }[self._get_facts()[number]]
        return {
            "type": "ir.actions.act_window",
            "res_model": model,
            "res_id": source_id,
            "views": [(False, "form")],
        }
