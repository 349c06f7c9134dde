from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.safe_eval import safe_eval

from odoo.addons.client_timetrack_billing.models.account_analytic_line import RATE_GROUP

COST_GROUP = "client_timetrack.group_cost_viewer"

# The kinds of facts: each is one branch of the union, with hooks _select_*, _from_* and _where_*. Their order is part
# of the ids of rows: new ones come last.
FACTS = [
    ("entry", "Time"),
    ("capacity", "Capacity"),
    ("plan", "Plan of a Task"),
    ("budget", "Budget"),
    ("billing", "Billing"),
    ("wip", "Work in Progress"),
    ("wip_billed", "Work in Progress That Was Billed"),
    ("booking", "Planned Week"),
    ("deliverable", "Plan of a Deliverable"),
    ("expense", "Expense"),
]
# The id of a row is this many times the source's id, and the fact's place.
MAX_FACTS = 16
# In the context, as the value of "timetrack_facts": only these facts. No call from outside can bring the class along.
CONTEXT_KEY = "timetrack_facts"


class OnlyFacts(tuple):
    """Names of the facts that a query is made of."""

    __slots__ = ()


# How old work in progress is, in the spans of ``timetrack.billing.queue``.
AGES = [
    ("030", "0–30 Days"),
    ("060", "31–60 Days"),
    ("090", "61–90 Days"),
    ("120", "91–120 Days"),
    ("older", "Over 120 Days"),
]

# Measures that are sums and differences of others: name to (measure, sign) each. They are worked out of the columns of
# each row, so that they add up at every level.
TOTALS = {
    "balance_hours": (("logged_hours", 1), ("net_available_hours", -1)),
    "free_hours": (("net_available_hours", 1), ("booked_hours", -1)),
    "planned_variance": (("logged_hours", 1), ("planned_hours", -1)),
    "deliverable_variance": (("deliverable_logged_hours", 1), ("deliverable_planned_hours", -1)),
    "budget_remaining_hours": (("budget_hours", 1), ("budget_logged_hours", -1)),
    "net_revenue": (("billed_amount", 1), ("billed_cost_amount", 1)),
    "margin": (("billed_amount", 1), ("billed_cost_amount", 1), ("cost", -1), ("expense_amount", -1)),
    "leakage_amount": (("write_down", 1), ("concession", 1), ("written_off", 1), ("stale_amount", 1)),
    "leakage_base": (("billed_standard_value", 1), ("stale_value", 1)),
}

# Ratio measures: numerator and denominator. At every level of a report they are the sum of the one divided by the sum
# of the other, and nothing (NULL) unless the denominator is positive.
RATIOS = {
    "utilization": ("billable_hours", "net_available_hours"),
    "utilization_gross": ("billable_hours", "gross_available_hours"),
    "target_attainment": ("billable_hours", "target_hours"),
    "billable_mix": ("billable_hours", "logged_hours"),
    "billable_ratio": ("billable_hours", "non_billable_hours"),
    "timeliness_24": ("timely_24_hours", "logged_hours"),
    "timeliness_48": ("timely_48_hours", "logged_hours"),
    "planned_variance_rate": ("planned_variance", "planned_hours"),
    "deliverable_variance_rate": ("deliverable_variance", "deliverable_planned_hours"),
    "budget_consumed": ("budget_logged_hours", "budget_hours"),
    "billing_realization": ("realized_amount", "billed_standard_value"),
    "collection_realization": ("collected_amount", "billed_amount"),
    "blended_rate": ("standard_value", "rated_hours"),
    "project_rate": ("billed_amount", "logged_hours"),
    "billed_rate": ("billed_amount", "billable_hours"),
    "firm_rate": ("collected_amount", "logged_hours"),
    "leakage": ("leakage_amount", "leakage_base"),
    "margin_rate": ("margin", "net_revenue"),
}
# Ratio measures that are the product of other ones.
PRODUCTS = {"overall_realization": ("billing_realization", "collection_realization")}

TYPES = {
    "char": SQL("varchar"),
    "date": SQL("date"),
    "float": SQL("float8"),
    "many2one": SQL("int4"),
    "monetary": SQL("numeric"),
    "selection": SQL("varchar"),
}


def _ratio(label, help_text, **kwargs):
    return fields.Float(label, readonly=True, aggregator="avg", help=help_text, **kwargs)


class TimetrackReport(models.Model):
    """Time, capacity, plans, budgets, work in progress, invoices, cash and costs: the definitions of the KPIs, once.

    How it works: a union of facts, each with the dimensions it has and the measures it gives; what a fact lacks is
    NULL. So capacity, which belongs to no project, client or service type, is counted once whatever the report is
    grouped by, and a ratio over it is not available where there is none. The files ``timetrack_report_….py`` beside
    this one say what each fact is and by which date it counts.

    Amounts are untaxed and in the currency of the row's company: work at the rate of the day of the work, invoices and
    what is collected of them at the rate of the invoice.

    How to extend: override ``_get_facts``, or ``_select_<fact>`` (a dict of column to SQL), ``_from_<fact>`` and
    ``_where_<fact>``; add ratios in ``_get_ratios`` and sums in ``_get_totals``.
    """

    _name = "timetrack.report"
    _inherit = ["timetrack.sql.report", "hr.manager.department.report", "timetrack.ratio.mixin"]
    _description = "Time, Capacity, Budget and Billing"
    _auto = False
    _rec_name = "date"
    _order = "date desc, id desc"
    _depends = {
        "res.company": ["currency_id"],
        "res.partner": ["commercial_partner_id", "timetrack_client_category_id"],
    }

    # Dimensions
    kind = fields.Selection(FACTS, readonly=True)
    line_id = fields.Many2one("account.analytic.line", "Time Entry", readonly=True)
    move_id = fields.Many2one("account.move", "Invoice", readonly=True)
    employee_id = fields.Many2one("hr.employee", readonly=True)
    user_id = fields.Many2one("res.users", readonly=True)
    department_id = fields.Many2one("hr.department", readonly=True, help="Of the day.")
    job_id = fields.Many2one("hr.job", readonly=True, help="Of the day.")
    manager_id = fields.Many2one("hr.employee", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    date = fields.Date(readonly=True)
    cohort_date = fields.Date(
        "First Invoiced",
        readonly=True,
        help="Of billing: the date of the invoice that a credit note is for, so that what was billed, credited and "
        "collected of the same time stands together.",
    )
    project_id = fields.Many2one("project.project", readonly=True)
    engagement_type = fields.Selection(
        [
            ("rates", "Hourly Rates"),
            ("order", "Sales Order"),
            ("fixed", "Fixed Fee"),
            ("hours", "Fee with Included Hours"),
            ("cap", "Capped"),
            ("none", "Not Billed"),
        ],
        readonly=True,
        help="How the project is billed, or what was agreed on for the time.",
    )
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
    billing_state = fields.Selection(
        selection=lambda self: self.env["account.analytic.line"]._fields["timetrack_billing_state"].selection,
        string="Billing",
        readonly=True,
    )
    policy_id = fields.Many2one("timetrack.policy", readonly=True, help="In force on the project now.")
    wip_age = fields.Selection(
        AGES, string="Age", readonly=True, help="Of work in progress, from the day of the work."
    )

    is_mine = fields.Boolean(
        "Mine", compute="_compute_is_mine", search="_search_is_mine", help="Whether it is of the user who asks."
    )

    # Hours
    logged_hours = fields.Float(readonly=True, help="Time worked, leave apart.")
    billable_hours = fields.Float(readonly=True)
    non_billable_hours = fields.Float("Non-Billable Hours", readonly=True)
    client_hours = fields.Float(
        "Non-Billable for Clients", readonly=True, help="Non-billable hours on projects of clients."
    )
    internal_hours = fields.Float(readonly=True, help="Non-billable hours on projects without a client.")
    submitted_hours = fields.Float(readonly=True, help="Handed in and waiting for approval.")
    approved_hours = fields.Float(readonly=True)
    unbilled_hours = fields.Float(
        readonly=True, help="Approved billable hours, of any order, by their day: on no posted invoice."
    )
    rated_hours = fields.Float(readonly=True, help="Approved billable hours that have a rate.")
    timely_24_hours = fields.Float(
        "Entered within 24 h", readonly=True, help="Hours entered within 24 hours of the end of the day worked."
    )
    timely_48_hours = fields.Float(
        "Entered within 48 h", readonly=True, help="Hours entered within 48 hours of the end of the day worked."
    )
    billed_hours = fields.Float(readonly=True, help="On posted invoices, less credit notes.")
    gross_available_hours = fields.Float(readonly=True)
    holiday_hours = fields.Float("Public Holiday Hours", readonly=True)
    leave_hours = fields.Float(readonly=True)
    net_available_hours = fields.Float(
        readonly=True, help="Working hours without public holidays and own leave."
    )
    target_hours = fields.Float(
        readonly=True, help="Billable hours to aim at: net available hours by the target in force on each day."
    )
    balance_hours = fields.Float(
        "Above Capacity", readonly=True, help="Logged less net available hours: overtime, or what was not logged."
    )
    booked_hours = fields.Float(
        "Planned by Week", readonly=True, help="Hours planned by employee, project and week, on the Monday of the week."
    )
    free_hours = fields.Float("Free Capacity", readonly=True, help="Net available hours less those planned by week.")
    planned_hours = fields.Float(readonly=True, help="Allocated time of tasks.")
    planned_variance = fields.Float("Logged - Planned", readonly=True)
    deliverable_planned_hours = fields.Float("Planned for Deliverables", readonly=True)
    deliverable_logged_hours = fields.Float("Logged on Deliverables", readonly=True)
    deliverable_variance = fields.Float(
        "Deliverables: Logged - Planned", readonly=True, help="Time logged on deliverables less their planned hours."
    )
    budget_hours = fields.Float(readonly=True)
    budget_logged_hours = fields.Float(
        "Logged on Budget",
        readonly=True,
        help="Time logged on projects that have a budget of hours, on the days of the budget.",
    )
    budget_remaining_hours = fields.Float("Budget Hours Left", readonly=True)
    wip_hours = fields.Float(
        "Hours in Progress",
        readonly=True,
        help="Approved time until today that is billed by the hour or by a fee, of the project that it is billed for: "
        "on no posted invoice.",
    )

    # Money, in the company's currency
    standard_value = fields.Monetary(
        readonly=True, groups=RATE_GROUP, help="Approved billable hours by their standard rate, on the day of the work."
    )
    billed_standard_value = fields.Monetary(
        "Standard Value of Billed Time", readonly=True, groups=RATE_GROUP, help="Of the hours on posted invoices."
    )
    write_down = fields.Monetary(
        readonly=True, groups=RATE_GROUP, help="What was billed below the standard value, discounts among it."
    )
    write_up = fields.Monetary(
        readonly=True, groups=RATE_GROUP, help="What was billed above the standard value."
    )
    concession = fields.Monetary("Conceded", readonly=True, groups=RATE_GROUP, help="Credited and not billed again.")
    untimed_amount = fields.Monetary(
        "Fees without Time", readonly=True, groups=RATE_GROUP, help="Fees and other lines that no time explains."
    )
    realized_amount = fields.Monetary(
        "Billed for Time", readonly=True, groups=RATE_GROUP, help="Net fees that were billed for hours."
    )
    billed_amount = fields.Monetary(
        readonly=True,
        groups=RATE_GROUP,
        help="Net fees: on posted invoices less credit notes. Costs, deposits and what was drawn of them are left out; "
        "write-offs do not lower it.",
    )
    billed_cost_amount = fields.Monetary(
        "Billed Costs", readonly=True, groups=RATE_GROUP, help="Re-invoiced costs; write-offs do not lower them."
    )
    collected_amount = fields.Monetary(
        "Collected", readonly=True, groups=RATE_GROUP, help="Of the fees: cash applied, and drawn from deposits."
    )
    receivable_amount = fields.Monetary("Receivable", readonly=True, groups=RATE_GROUP, help="Of the fees: open now.")
    written_off = fields.Monetary(
        readonly=True, groups=RATE_GROUP, help="After the invoice: billed, and given up."
    )
    exchange_amount = fields.Monetary(
        "Exchange Difference", readonly=True, groups=RATE_GROUP, help="Of the fees collected in another currency."
    )
    wip_amount = fields.Monetary(
        "Work in Progress",
        readonly=True,
        groups=RATE_GROUP,
        help="Hours in progress at their net contract rate. Up to a date: opening + produced - billed + adjusted.",
    )
    wip_produced = fields.Monetary("Produced", readonly=True, groups=RATE_GROUP, help="Work, on the day of the work.")
    wip_billed = fields.Monetary(
        "Billed from Progress",
        readonly=True,
        groups=RATE_GROUP,
        help="What work was billed at, on the day of the invoice, at the exchange rate of the day of the work.",
    )
    wip_adjusted = fields.Monetary(
        "Adjusted in Progress", readonly=True, groups=RATE_GROUP, help="What work was billed at, less its net rate."
    )
    stale_amount = fields.Monetary(
        "Unbilled Too Long",
        readonly=True,
        groups=RATE_GROUP,
        help="Work in progress that is older than the days to bill of the policy, or the company.",
    )
    stale_value = fields.Monetary(
        "Standard Value Unbilled Too Long", readonly=True, groups=RATE_GROUP, help="The same at the standard rate."
    )
    leakage_amount = fields.Monetary(
        "Revenue Lost", readonly=True, groups=RATE_GROUP, help="Written down, conceded, written off, unbilled too long."
    )
    leakage_base = fields.Monetary(
        "Revenue at Stake",
        readonly=True,
        groups=RATE_GROUP,
        help="The standard value of what was billed or is unbilled too long.",
    )
    cost = fields.Monetary("Cost of Time", readonly=True, groups=COST_GROUP)
    expense_amount = fields.Monetary("Expenses", readonly=True, groups=COST_GROUP, help="Of the project, time apart.")
    net_revenue = fields.Monetary(readonly=True, groups=RATE_GROUP, help="Billed fees and costs.")
    margin = fields.Monetary(
        readonly=True, groups=RATE_GROUP, help="Net revenue less the cost of time and expenses."
    )
    budget_cost = fields.Monetary(readonly=True, groups=COST_GROUP)
    budget_logged_cost = fields.Monetary(
        "Cost on Budget",
        readonly=True,
        groups=COST_GROUP,
        help="Cost of time on projects that have a budget of cost, on the days of the budget.",
    )
    budget_revenue = fields.Monetary(readonly=True, groups=RATE_GROUP)

    # Ratios
    utilization = _ratio("Utilization", "Billable hours / net available hours.")
    utilization_gross = _ratio("Utilization (Gross)", "Billable hours / gross available hours.")
    target_attainment = _ratio("Target Attainment", "Billable hours / target hours.")
    billable_mix = _ratio("Billable Mix", "Billable / logged hours.")
    billable_ratio = _ratio("Billable to Non-Billable", "Billable / non-billable hours.")
    timeliness_24 = _ratio("Timeliness (24 h)", "Hours entered within 24 hours of the end of the day / all hours.")
    timeliness_48 = _ratio("Timeliness (48 h)", "Hours entered within 48 hours of the end of the day / all hours.")
    planned_variance_rate = _ratio("Variance %", "(Logged - planned hours) / planned hours.")
    deliverable_variance_rate = _ratio("Variance of Deliverables %", "(Logged - planned hours) / planned hours.")
    budget_consumed = _ratio("Budget Used", "Time logged on budgets / budget hours.")
    billing_realization = _ratio(
        "Billing Realization", "Net fees billed for hours / standard value of the same hours.", groups=RATE_GROUP
    )
    collection_realization = _ratio("Collection Realization", "Collected / billed.", groups=RATE_GROUP)
    overall_realization = _ratio("Overall Realization", "Billing x collection realization.", groups=RATE_GROUP)
    blended_rate = _ratio("Blended Rate", "Standard value / hours that have a rate.", groups=RATE_GROUP)
    project_rate = _ratio("Project Rate", "Billed / all hours.", groups=RATE_GROUP)
    billed_rate = _ratio("Billed Rate", "Billed / billable hours.", groups=RATE_GROUP)
    firm_rate = _ratio("Firm Rate", "Collected / all hours.", groups=RATE_GROUP)
    leakage = _ratio("Revenue Leakage", "Revenue lost / revenue at stake.", groups=RATE_GROUP)
    margin_rate = _ratio("Margin %", "Margin / net revenue; without revenue, see the margin.", groups=RATE_GROUP)

    @api.depends("user_id")
    @api.depends_context("uid")
    def _compute_is_mine(self):
        for row in self:
            row.is_mine = row.user_id == self.env.user

    @api.model
    def _search_is_mine(self, operator, value):
        """For dashboards, which are the same for everybody and know no user."""
        if operator != "in":
            return NotImplemented
        mine = Domain("user_id", "=", self.env.uid)
        return Domain.OR(mine if one else ~mine for one in value)

    # ------------------------------------------------------------------
    # The union
    # ------------------------------------------------------------------

    @property
    def _table_query(self):
        wanted = self.env.context.get(CONTEXT_KEY)
        wanted = wanted if isinstance(wanted, OnlyFacts) else self._get_facts()
        return SQL(" UNION ALL ").join(self._get_branch(fact) for fact in wanted)

    @api.model
    def _get_facts(self):
        """Names of the facts in the union."""
        return [fact for fact, _label in FACTS]

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        """Odoo tries out whether fields can be grouped and ordered by: on one fact, instead of the whole union each
        time, since all of them have the same columns."""
        [fact, *_others] = self._get_facts()
        one = self.with_context(**{CONTEXT_KEY: OnlyFacts([fact])})
        return super(TimetrackReport, one).fields_get(allfields, attributes)

    @api.model
    def _get_branch(self, fact):
        """SQL of one fact: the branches have the same columns, in the same order and of the same types."""
        return SQL(
            "SELECT %s %s %s",
            self._get_columns(fact),
            getattr(self, f"_from_{fact}")(),
            getattr(self, f"_where_{fact}")(),
        )

    @api.model
    def _get_columns(self, fact):
        columns = self._get_measured(fact)
        parts = [
            SQL("%s::int8 * %s + %s AS id", columns["id"], MAX_FACTS, self._get_facts().index(fact)),
            SQL("%s::varchar AS kind", fact),
        ]
        for name, field in self._fields.items():
            if name not in ("id", "kind") and field.store and field.type in TYPES:
                value = columns.get(name, SQL("NULL"))
                parts.append(SQL("%s::%s AS %s", value, TYPES[field.type], SQL.identifier(name)))
        return SQL(", ").join(parts)

    @api.model
    def _get_measured(self, fact):
        """The columns that a fact has, totals among them: dict of name to SQL."""
        columns = getattr(self, f"_select_{fact}")()
        totals = {}
        for name, terms in self._get_totals().items():
            signed = [
                SQL("+ %s" if sign > 0 else "- %s", SQL("COALESCE(%s, 0)", columns[measure]))
                for measure, sign in terms
                if measure in columns
            ]
            if signed:
                totals[name] = SQL("(0 %s)", SQL(" ").join(signed))
        return {**columns, **totals}

    @api.model
    def _get_totals(self):
        """Measures that are sums of others: dict of name to pairs of a measure and its sign."""
        return TOTALS

    @api.model
    def _convert_sql(self, amount, currency, target, company, day):
        """SQL of an amount in the currency of the company, at the rate of a day.

        :param SQL amount: in ``currency``
        :param SQL currency: id of its currency
        :param SQL target: id of the company's currency
        """
        Currency = self.env["res.currency"]
        return SQL(
            "CASE WHEN %(currency)s = %(target)s THEN %(amount)s ELSE %(amount)s * %(to)s / %(from)s END",
            amount=amount,
            currency=currency,
            target=target,
            **{
                "to": Currency._timetrack_rate_sql(target, company, day),
                "from": Currency._timetrack_rate_sql(currency, company, day),
            },
        )

    # ------------------------------------------------------------------
    # Ratios and totals
    # ------------------------------------------------------------------

    @api.model
    def _get_ratios(self):
        return {**super()._get_ratios(), **RATIOS}

    @api.model
    def _get_products(self):
        return {**super()._get_products(), **PRODUCTS}

    def _has_field_access(self, field, operation):
        """Who may see a total or a ratio are those who may see all that it is made of."""
        parts = [name for name, _sign in self._get_totals().get(field.name, ())]
        parts += self._get_ratios().get(field.name, ())
        parts += self._get_products().get(field.name, ())
        return super()._has_field_access(field, operation) and all(
            self._has_field_access(self._fields[name], operation) for name in parts
        )

    # ------------------------------------------------------------------
    # Drill-down
    # ------------------------------------------------------------------

    @api.model
    def _get_source(self, fact, source_id):
        """Model and id of the record that a row was made from; the id of a row is ``source_id`` and the fact."""
        models = {
            "entry": "account.analytic.line",
            "capacity": "timetrack.capacity",
            "plan": "project.task",
            "budget": "timetrack.budget",
            "billing": "timetrack.allocation",
            "booking": "timetrack.plan",
            "deliverable": "timetrack.deliverable",
            "expense": "account.analytic.line",
        }
        if fact == "wip":
            source_id, is_row = divmod(source_id, 2)
            return ("timetrack.allocation" if is_row else "account.analytic.line"), source_id
        if fact == "wip_billed":
            return "timetrack.allocation", source_id // 2
        return models[fact], source_id

    @api.model
    def _get_action(self, name, record, field):
        """The report of a record, from the record.

        :param str name: of the action, ``timetrack_report_action_<name>``
        :param record: an employee, project or client
        :param str field: the dimension that it is
        """
        xml_id = f"client_timetrack_reports.timetrack_report_action_{name}"
        action = self.env["ir.actions.act_window"]._for_xml_id(xml_id)
        return {
            **action,
            "display_name": f"{record.display_name}: {action['name']}",
            "domain": list(Domain(safe_eval(action["domain"])) & Domain(field, "=", record.id)),
            "context": {"search_default_year": 1},
        }

    def action_open_entries(self):
        """Open the time entries that the rows were made from, or are for.

        :raise UserError: there are none
        """
        if not self.line_id:
            raise UserError(self.env._("There is no time behind these rows: they are of capacity, plans or amounts."))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Time Entries"),
            "res_model": "account.analytic.line",
            "views": [(False, "list"), (False, "form"), (False, "pivot")],
            "domain": [("id", "in", self.line_id.ids)],
        }

    def action_open_source(self):
        """Open the record that a row was made from, or the closest one that the user may read: the ledger is not for
        everybody who may see time.

        :raise UserError: the user may read none of them
        """
        self.ensure_one()
        source_id, number = divmod(self.id, MAX_FACTS)
        model, record_id = self._get_source(self._get_facts()[number], source_id)
        near = (self.env[model].browse(record_id), self.line_id, self.move_id, self.project_id, self.client_id)
        record = next((one for one in near if one and one.has_access("read")), None)
        if record is None:
            raise UserError(self.env._("What this row was made from is not for you to see."))
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "views": [(False, "form")],
        }
