from collections import defaultdict
from datetime import timedelta

from odoo import fields, models
from odoo.tools import SQL

from ..engine import budget as engine


class TimetrackBudget(models.Model):
    """What is planned ahead of a budget of a project, a client, a person or a job."""

    _inherit = "timetrack.budget"

    planned_hours = fields.Float(
        "Hours Planned",
        compute="_compute_figures",
        compute_sudo=True,
        help="From this week on, until the end of the period; of this week, what is not logged yet.",
    )

    def _get_planned(self, today, last_days, parts):
        """Hours that are planned from this week on, by month, until the last day of each budget.

        A week belongs to the month of its Monday; the running one, and the one in which a budget begins, to the month
        of today and of the first day. Plans name no task, no deliverable and no service type: budgets of these have
        none. One statement.

        :param dict last_days: the last day that counts, by id
        :param dict parts: as of ``_get_parts``
        :return: dict of id to dict of the first day of the month to hours
        """
        pairs = [
            (
                budget._origin.id,
                record_id,
                budget.scope,
                budget.project_id.id or 0,
                budget.date_from or engine.FIRST,
                last_days[budget._origin.id],
            )
            for budget in self
            if budget.scope in ("project", "client", "employee", "job")
            for record_id in parts.get(budget._origin.id, ())
        ]
        if not pairs:
            return {}
        self.env["timetrack.plan"].flush_model()
        self.env["project.project"].flush_model(["partner_id"])
        self.env["account.analytic.line"].flush_model()
        columns = ("ids", "records", "scopes", "projects", "froms", "tos")
        rows = self.env.execute_query(
            SQL(
                """
                WITH ahead AS (
                    SELECT plan.employee_id, plan.project_id, customer.commercial_partner_id AS client_id, plan.week,
                           GREATEST(plan.hours - CASE WHEN plan.week <= %(today)s THEN COALESCE((
                                SELECT sum(line.unit_amount)
                                  FROM account_analytic_line line
                                 WHERE line.employee_id = plan.employee_id
                                   AND line.project_id = plan.project_id
                                   AND line.date BETWEEN plan.week AND plan.week + 6
                                   AND line.timetrack_state IS NOT NULL
                           ), 0) ELSE 0 END, 0) AS hours
                      FROM timetrack_plan plan
                      JOIN project_project project ON project.id = plan.project_id
                      LEFT JOIN res_partner customer ON customer.id = project.partner_id
                     WHERE plan.week >= %(monday)s
                )
                SELECT budget.id,
                       date_trunc('month', GREATEST(ahead.week, %(today)s, budget.date_from))::date,
                       sum(ahead.hours)
                  FROM unnest(
                           %(ids)s::int[], %(records)s::int[], %(scopes)s::text[], %(projects)s::int[],
                           %(froms)s::date[], %(tos)s::date[]
                       ) AS budget (id, record_id, scope, project_id, date_from, date_to)
                  JOIN ahead
                    ON ahead.week <= budget.date_to
                   AND ahead.week + 6 >= budget.date_from
                   AND CASE budget.scope
                       WHEN 'project' THEN ahead.project_id = budget.record_id
                       WHEN 'client' THEN ahead.client_id = budget.record_id
                       ELSE ahead.employee_id = budget.record_id AND ahead.project_id = budget.project_id
                       END
              GROUP BY 1, 2
                """,
                today=today,
                monday=today - timedelta(days=today.weekday()),
                **{name: list(values) for name, values in zip(columns, zip(*pairs, strict=True), strict=True)},
            )
        )
        planned = defaultdict(dict)
        for budget_id, month, hours in rows:
            planned[budget_id][month] = hours
        return planned

    def _get_forecast(self, today):
        """Hours at the end: as planned, or at the pace of the last weeks if that is more."""
        self.ensure_one()
        begun = max(today, self.span_from or engine.FIRST)
        if not self.last_day and not self.planned_hours:
            return self.consumed_hours
        return engine.at_completion(
            self.consumed_hours, self.burn_hours, begun, self.last_day or None, self.planned_hours
        )

    def _exceeds_by_plan(self):
        """Whether it is what is planned that exceeds the budget, more than the pace of the last weeks."""
        self.ensure_one()
        planned = self.consumed_hours + self.planned_hours
        return engine.exceeds(planned, self.allowed_hours) and not engine.exceeds(self.forecast_hours, planned)
