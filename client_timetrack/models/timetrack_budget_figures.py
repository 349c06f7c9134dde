from collections import defaultdict
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

from ..engine import budget as engine
from ..engine.approval import APPROVED, SUBMITTED
from .timetrack_budget import TARGETS

# Of time entries.
EVERYTHING = SQL("TRUE")


class Sums(NamedTuple):
    """What is summed of time entries (``line``) for a ``budget``: SQL by name.

    ``converts``: it asks for the currency and the company of the budget: see ``_get_converted_sql``.
    """

    columns: dict
    converts: bool = False


HOURS = Sums({"hours": SQL("sum(line.unit_amount)")})
# The column of time entries that says what each scope is about.
COLUMNS = {
    "project": "project_id",
    "client": "timetrack_client_id",
    "task": "task_id",
    "deliverable": "timetrack_deliverable_id",
    "activity": "timetrack_activity_id",
    "employee": "employee_id",
    "job": "employee_id",
}


class TimetrackBudget(models.Model):
    """How much of a budget is used in its period, and what becomes of it at the pace of the last weeks.

    One statement counts for all budgets and all of their periods: nothing is stored that an entry could get out of step
    with when it is moved, dated anew, sent back, split or deleted.
    """

    _inherit = "timetrack.budget"

    span_from = fields.Date("Period From", compute="_compute_figures", compute_sudo=True)
    span_to = fields.Date("Period Until", compute="_compute_figures", compute_sudo=True)
    allowed_hours = fields.Float(
        "Hours Allowed",
        compute="_compute_figures",
        compute_sudo=True,
        help="Of this period: the budget, and what the periods before it left or took too much.",
    )
    consumed_hours = fields.Float("Hours Used", compute="_compute_figures", compute_sudo=True)
    open_hours = fields.Float(
        "Hours Not Handed In",
        compute="_compute_figures",
        compute_sudo=True,
        help="Drafts, and time that was sent back.",
    )
    submitted_hours = fields.Float("Hours Submitted", compute="_compute_figures", compute_sudo=True)
    approved_hours = fields.Float("Hours Approved", compute="_compute_figures", compute_sudo=True)
    remaining_hours = fields.Float("Hours Left", compute="_compute_figures", compute_sudo=True)
    hours_percent = fields.Float(
        "% of Hours", compute="_compute_figures", compute_sudo=True, help="Hours used in percent of what is allowed."
    )
    burn_hours = fields.Float(
        "Hours a Week", compute="_compute_figures", compute_sudo=True, help="Mean of the four weeks before today."
    )
    exhaustion_date = fields.Date(
        "Used Up On",
        compute="_compute_figures",
        compute_sudo=True,
        help="The day on which the hours are used up at the pace of the last four weeks; today where they are.",
    )
    last_day = fields.Date(
        "Ends On",
        compute="_compute_figures",
        compute_sudo=True,
        help="The last day of the period, of the budget or of its project.",
    )
    forecast_hours = fields.Float(
        "Hours at the End",
        compute="_compute_figures",
        compute_sudo=True,
        help="Hours used until the last day: at the pace of the last four weeks, or as planned if that is more.",
    )
    outlook = fields.Selection(
        [("fine", "Within Budget"), ("risk", "Will Be Exceeded"), ("over", "Exceeded")],
        compute="_compute_figures",
        compute_sudo=True,
        help="Will be exceeded: at the pace of the last four weeks, or as planned, the hours are used up too early.",
    )
    allowed_cost = fields.Monetary(
        "Cost Allowed", compute="_compute_figures", compute_sudo=True, groups="client_timetrack.group_cost_viewer"
    )
    consumed_cost = fields.Monetary(
        "Cost Used", compute="_compute_figures", compute_sudo=True, groups="client_timetrack.group_cost_viewer"
    )
    remaining_cost = fields.Monetary(
        "Cost Left", compute="_compute_figures", compute_sudo=True, groups="client_timetrack.group_cost_viewer"
    )
    cost_percent = fields.Float(
        "% of Cost", compute="_compute_figures", compute_sudo=True, groups="client_timetrack.group_cost_viewer"
    )

    @api.depends(
        "hours",
        "cost",
        "scope",
        "every",
        "date_from",
        "date_to",
        "carry_over",
        *TARGETS.values(),
        "project_id.timesheet_ids.unit_amount",
        "project_id.date",
        "version_ids",
    )
    def _compute_figures(self):
        """Time logged, leave apart, against the budget (hours; cost in the company's currency).

        Burn, day of exhaustion and forecast are those of ``engine/budget.py``.
        """
        today = fields.Date.context_today(self)
        parts = self._get_parts()
        used = self._get_used(today, parts)
        rules = {budget: budget._get_rule() for budget in self}
        current = {budget: budget._get_span(rule, today) for budget, rule in rules.items()}
        planned = self._get_planned(today, {budget._origin.id: span.date_to for budget, span in current.items()}, parts)
        for budget, span in current.items():
            rule = rules[budget]
            budget.planned_hours = sum(planned.get(budget._origin.id, {}).values())
            spans = engine.spans(rule, until=span.date_from) if budget.carry_over else [span]
            found = used.get(budget._origin.id, {})
            spent = [found.get(engine.span_key(rule, one), {}) for one in spans]
            budget._set_used(span, spent[-1])
            budget.burn_hours = engine.burn(sum(sum_of(part, "burn") for part in found.values()))
            for name in self._get_amounts():
                agreed = budget._get_agreed(name, spans)
                used_in = [sum_of(part, name) for part in spent]
                allowed = engine.allowances(agreed, used_in, budget.carry_over)[-1]
                budget[f"allowed_{name}"] = allowed
                budget[f"consumed_{name}"] = used_in[-1]
                budget[f"remaining_{name}"] = allowed - used_in[-1]
                budget[f"{name}_percent"] = engine.percent(used_in[-1], allowed) or 0
            budget._set_outlook(today)

    @api.model
    def _get_amounts(self):
        """What budgets are agreed in; each has its figures ``allowed_…``, ``consumed_…``, ``remaining_…``,
        ``…_percent``, its sum in ``_get_sums``, its expression in ``_get_agreed_columns``, a field of its name on
        revisions (``timetrack.budget.version``) and in the dialog that revises, and the measures ``budget_…``,
        ``actual_…`` and ``remaining_…`` of ``timetrack.budget.report``. Other addons add theirs.
        """
        return ["hours", "cost"]

    def _get_rule(self):
        self.ensure_one()
        return engine.Rule(self.every or engine.WHOLE, self.date_from or None, self.date_to or None)

    def _get_span(self, rule, today):
        """The period that is looked at: that of today, or the nearest one."""
        self.ensure_one()
        day = min(max(today, rule.date_from or engine.FIRST), rule.date_to or engine.LAST)
        return engine.span_of(rule, day)

    def _get_agreed(self, name, spans):
        """Hours or cost that were agreed for each of some periods. The last one is as it is agreed by now."""
        versions = self.version_ids.sorted("id") if len(spans) > 1 else ()
        history = [engine.Version(version.date, version[name]) for version in versions]
        return [*(engine.amount_of(history, span) for span in spans[:-1]), self[name]]

    def _set_used(self, span, states):
        """Set what is used in a period.

        :param dict states: of ``_get_used``, of this period
        """
        self.span_from = span.date_from if span.date_from != engine.FIRST else False
        self.span_to = span.date_to if span.date_to != engine.LAST else False
        self.submitted_hours = states.get(SUBMITTED, {}).get("hours", 0.0)
        self.approved_hours = states.get(APPROVED, {}).get("hours", 0.0)
        self.open_hours = sum_of(states, "hours") - self.submitted_hours - self.approved_hours

    def _set_outlook(self, today):
        """Set what becomes of what is left, at the pace of the last weeks."""
        self.last_day = self.span_to or self.project_id.date
        self.forecast_hours = self._get_forecast(today)
        if not self.hours > 0:
            self.exhaustion_date = self.outlook = False
            return
        self.exhaustion_date = engine.exhaustion(self.remaining_hours, self.burn_hours, today) or False
        if engine.exceeds(self.consumed_hours, self.allowed_hours):
            self.outlook = "over"
        else:
            self.outlook = "risk" if engine.exceeds(self.forecast_hours, self.allowed_hours) else "fine"

    # ------------------------------------------------------------------
    # Counting
    # ------------------------------------------------------------------

    def _get_used(self, today, parts):
        """What is used of each budget, by the beginning of the period and by state.

        :param dict parts: as of ``_get_parts``
        :return: dict of id of the budget to dict of ``engine.span_key`` to dict of state to dict of ``_get_sums``
        """
        self.env["account.analytic.line"].flush_model()
        window = engine.burn_window(today)
        counted = {budget: budget._get_counted(window, today) for budget in self if budget._origin.id}
        return self._count(counted, parts, window)

    @api.model
    def _count(self, counted, parts, window, condition=EVERYTHING, sums=None):
        """What is used of budgets: one statement for all of them.

        :param dict counted: what of the time on its work counts (``_get_counted``) by budget
        :param dict parts: as of ``_get_parts``
        :param window: the days whose hours are told apart
        :param SQL condition: which time entries (``line``) count at all
        :param Sums sums: what is wanted: as of ``_get_sums``, which is the default
        :return: as of ``_get_used``
        """
        sums = sums or self.union(*counted)._get_sums(window)
        pairs_of = defaultdict(list)
        for budget, details in counted.items():
            company = budget.sudo().company_id if sums.converts else self.env["res.company"]
            pairs_of[budget.scope] += [
                (budget._origin.id, record_id, *details, company.currency_id.id or None, company.root_id.id or None)
                for record_id in parts.get(budget._origin.id, ())
            ]
        branches = [
            self._get_branch(COLUMNS[scope], pairs, sums, condition) for scope, pairs in pairs_of.items() if pairs
        ]
        used = defaultdict(lambda: defaultdict(dict))
        if branches:
            for budget_id, key, state, *amounts in self.env.execute_query(SQL(" UNION ALL ").join(branches)):
                used[budget_id][key][state] = dict(zip(sums.columns, amounts, strict=True))
        return used

    def _get_sums(self, window):
        """What is summed of the time on the work of budgets.

        Cost is Odoo's amount, in the currency of the budget's company at the rate of the day of the work.

        :param window: the days whose hours tell the burn
        :rtype: Sums
        """
        cost, converted = SQL("-line.amount"), self._has_several_currencies()
        if converted:
            cost = self._get_converted_sql(cost, SQL("line.currency_id"))
        columns = {
            **HOURS.columns,
            "cost": SQL("sum(%s)::double precision", cost),
            "burn": SQL(
                "COALESCE(sum(line.unit_amount) FILTER (WHERE line.date BETWEEN %s AND %s), 0)",
                window.date_from,
                window.date_to,
            ),
        }
        return Sums(columns, converts=converted)

    def _get_counted(self, window, today):
        """What of the time on its work counts for a budget: project or None, first and last day, rhythm."""
        rule = self._get_rule()
        span = self._get_span(rule, today)
        first = (rule.date_from or engine.FIRST) if self.carry_over else span.date_from
        if self.every != engine.WHOLE:
            # the pace of the last weeks began in the period before
            first = max(rule.date_from or engine.FIRST, min(first, window.date_from))
        project = self.project_id.id if self.scope != "project" and self.project_id else None
        return project, first, span.date_to, self.every

    def _get_parts(self):
        """The records whose time counts for the budgets: dict of id of the budget to list of ids."""
        self._flush_parts()
        parts = defaultdict(list)
        for budget_id, record_id in self.env.execute_query(self._get_parts_sql()):
            parts[budget_id].append(record_id)
        return parts

    @api.model
    def _flush_parts(self):
        """What ``_get_parts_sql`` reads must be in the database."""
        for model in (
            "timetrack.budget",
            "timetrack.activity",
            "timetrack.deliverable",
            "project.task",
            "res.company",
            "res.currency.rate",
            "res.partner",
            "hr.employee",
            "hr.version",
        ):
            self.env[model].flush_model()

    def _get_parts_sql(self):
        """The records whose time counts for the budgets, parts of what a budget is about too.

        :return: a query of the columns ``budget_id`` and ``record_id``: ids of what ``COLUMNS`` names for the scope
        :rtype: SQL
        """
        return SQL(
            """
            WITH RECURSIVE wanted AS (
                SELECT * FROM timetrack_budget WHERE id = ANY(%(ids)s)
            ), subtask AS (
                SELECT id AS budget_id, task_id AS record_id FROM wanted WHERE scope = 'task'
                 UNION
                SELECT subtask.budget_id, task.id
                  FROM subtask
                  JOIN project_task task ON task.parent_id = subtask.record_id
            )
            SELECT id AS budget_id, project_id AS record_id FROM wanted WHERE scope = 'project'
             UNION ALL
            SELECT id, employee_id FROM wanted WHERE scope = 'employee'
             UNION ALL
            SELECT wanted.id, client.commercial_partner_id
              FROM wanted
              JOIN res_partner client ON client.id = wanted.client_id
             WHERE scope = 'client'
             UNION ALL
            SELECT wanted.id, employee.id
              FROM wanted
              JOIN hr_version version ON version.job_id = wanted.job_id
              JOIN hr_employee employee ON employee.current_version_id = version.id
             WHERE scope = 'job'
             UNION ALL
            SELECT wanted.id, part.id
              FROM wanted
              JOIN timetrack_activity whole ON whole.id = wanted.activity_id
              JOIN timetrack_activity part ON starts_with(part.parent_path, whole.parent_path)
             WHERE scope = 'activity'
             UNION ALL
            SELECT wanted.id, part.id
              FROM wanted
              JOIN timetrack_deliverable whole ON whole.id = wanted.deliverable_id
              JOIN timetrack_deliverable part ON starts_with(part.parent_path, whole.parent_path)
             WHERE scope = 'deliverable'
             UNION ALL
            SELECT budget_id, record_id FROM subtask
            """,
            ids=self.ids,
        )

    @api.model
    def _get_branch(self, column, pairs, sums, condition):
        """The statement that counts for the budgets of one scope.

        :param str column: of time entries
        :param list pairs: of (id of the budget, id of the record, project or None, first day, last day, rhythm,
            currency or None, root company or None)
        :param Sums sums: of ``_get_sums``
        :param SQL condition: which time entries (``line``) count at all
        """
        return SQL(
            """
            SELECT budget.id,
                   CASE budget.every WHEN 'whole' THEN NULL ELSE date_trunc(budget.every, line.date)::date END,
                   line.timetrack_state,
                   %(sums)s
              FROM unnest(
                       %(ids)s::int[], %(records)s::int[], %(projects)s::int[],
                       %(froms)s::date[], %(tos)s::date[], %(rhythms)s::text[],
                       %(currencies)s::int[], %(companies)s::int[]
                   ) AS budget (id, record_id, project_id, date_from, date_to, every, currency_id, company_id)
              JOIN account_analytic_line line
                ON %(column)s = budget.record_id
               AND line.date BETWEEN budget.date_from AND budget.date_to
               AND (budget.project_id IS NULL OR line.project_id = budget.project_id)
             WHERE line.timetrack_state IS NOT NULL
               AND %(condition)s
             GROUP BY 1, 2, 3
            """,
            column=SQL.identifier("line", column),
            condition=condition,
            sums=SQL(", ").join(sums.columns.values()),
            **dict(
                zip(
                    ("ids", "records", "projects", "froms", "tos", "rhythms", "currencies", "companies"),
                    (list(values) for values in zip(*pairs, strict=True)),
                    strict=True,
                )
            ),
        )

    @api.model
    def _get_converted_sql(self, amount, currency):
        """An amount in the currency of the ``budget``, at the rate of the day of ``line``, rounded as that currency is.

        :param SQL amount: in ``currency``
        :param SQL currency: id of its currency
        """
        return SQL(
            """
            CASE WHEN %(currency)s = budget.currency_id THEN %(amount)s
            ELSE round(
                (%(amount)s * %(rate_to)s / %(rate_from)s)::numeric,
                (SELECT decimal_places FROM res_currency WHERE id = budget.currency_id)
            ) END
            """,
            currency=currency,
            amount=amount,
            rate_to=self._get_rate_sql(SQL("budget.currency_id")),
            rate_from=self._get_rate_sql(currency),
        )

    @api.model
    def _has_several_currencies(self):
        """Whether companies have different currencies: time entries are in the currency of theirs."""
        companies = self.env["res.company"].sudo().with_context(active_test=False)
        return len(companies._read_group([], ["currency_id"])) > 1

    @api.model
    def _get_rate_sql(self, currency):
        """The rate of a currency on the day of ``line``, as the company of ``budget`` has it: as ``_get_rates`` says.

        :param SQL currency: id of the currency
        """
        return self.env["res.currency"]._timetrack_rate_sql(currency, SQL("budget.company_id"), SQL("line.date"))


def sum_of(states, name):
    """Sum over the states of a period."""
    return sum(sums[name] for sums in states.values())
