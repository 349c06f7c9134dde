from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date

from odoo.addons.client_timetrack.models.account_analytic_line_approval import ADMINISTRATOR_GROUP
from odoo.addons.client_timetrack_billing.engine import workbook
from odoo.addons.client_timetrack_billing.models.account_analytic_line import LEDGER_GROUP

from ..engine.earned_value import planned_share
from .timetrack_report import AGES as AGE_SELECTION

# Changes whenever a figure of the workbooks is defined anew.
DEFINITION_VERSION = "3"
KINDS = [
    ("all", "All Summaries"),
    ("utilization", "Utilization"),
    ("wip", "Work in Progress by Age"),
    ("budget", "Budget against Actual"),
    ("profitability", "Client Profitability"),
    ("outlook", "All Outlooks and Cycles"),
    ("forecast", "Forecasts"),
    ("earned", "Forecast against Budget"),
    ("cash", "Cash Forecast"),
    ("turnaround", "Invoice Turnaround"),
    ("lockup", "Lockup"),
    ("orders", "Order Cycle"),
    ("benefits", "Benefits"),
    ("pattern", "Work Patterns"),
    ("detail", "Time Detail"),
]
# Kinds that are several sheets.
TOGETHER = {
    "all": ("utilization", "budget", "wip", "profitability"),
    "outlook": ("forecast", "earned", "cash", "turnaround", "lockup", "orders", "benefits", "pattern"),
}
AGES = tuple(key for key, _label in AGE_SELECTION)
Column, Ratio, Difference, Product = workbook.Column, workbook.Ratio, workbook.Difference, workbook.Product
HOURS, MONEY, DATE, INDEX, PERCENT = workbook.HOURS, workbook.MONEY, workbook.DATE, workbook.INDEX, workbook.PERCENT


class TimetrackWorkbook(models.AbstractModel):
    """Workbooks of the KPIs. Every figure is read from ``timetrack.report``, so it is the one of the pivot.

    The reader's own rights decide what is read: records by the rules of ``timetrack.report``, money by the groups of
    its fields. Columns of money that the reader may not see are left out. Who sees all of it has a total set against
    the records that the report is made of.
    """

    _name = "timetrack.workbook"
    _description = "Time Workbook"

    @api.model
    def _build(self, company, date_from, date_to, kind="all"):
        """The workbook of a company and period.

        :param company: ``res.company`` record
        :param date date_from: first day
        :param date date_to: last day; balances are those at its end
        :param str kind: one of ``KINDS``, but the time detail
        :return: bytes of an .xlsx file
        """
        sheets = []
        for name in TOGETHER.get(kind, (kind,)):
            sheets += getattr(self, f"_prepare_{name}")(company, date_from, date_to)
        header = self._prepare_header(company, date_from, date_to)
        return workbook.build(header, sheets, company.currency_id._timetrack_get_style())

    @api.model
    def _prepare_header(self, company, date_from, date_to):
        return workbook.Header(
            company.name,
            [
                (self.env._("Company"), company.name),
                (self.env._("As of"), min(fields.Date.context_today(self), date_to)),
                (self.env._("Period from"), date_from),
                (self.env._("Period to"), date_to),
                (self.env._("Currency"), company.currency_id.name),
                (self.env._("Filters"), self.env._("What %(user)s may see", user=self.env.user.name)),
                (self.env._("Definition version"), DEFINITION_VERSION),
            ],
        )

    @api.model
    def _can_read(self, *names):
        """Whether the user may read fields of the report."""
        Report = self.env["timetrack.report"]
        return all(Report._has_field_access(Report._fields[name], "read") for name in names)

    @api.model
    def _read(self, domain, groupby, measures, **context):
        """Groups of the report as (records of the groups, dict of measure to value)."""
        aggregates = [name if ":" in name else f"{name}:sum" for name in measures]
        size = len(groupby)
        return [
            (
                group[:size],
                {
                    name: (value or None) if ":" in name else float(value or 0.0)
                    for name, value in zip(measures, group[size:], strict=True)
                },
            )
            for group in self.env["timetrack.report"].with_context(**context)._read_group(domain, groupby, aggregates)
        ]

    @api.model
    def _get_company_domain(self, company):
        return Domain("company_id", "in", [company.id, False])

    @api.model
    def _get_period_domain(self, company, date_from, date_to):
        return (
            self._get_company_domain(company) & Domain("date", ">=", date_from) & Domain("date", "<=", date_to)
        )

    # ------------------------------------------------------------------
    # Utilization
    # ------------------------------------------------------------------

    @api.model
    def _prepare_utilization(self, company, date_from, date_to):
        """One row an employee, with the present job and department; overtime is what was logged above the net hours."""
        measures = [
            "gross_available_hours",
            "holiday_hours",
            "leave_hours",
            "net_available_hours",
            "billable_hours",
            "client_hours",
            "internal_hours",
            "logged_hours",
            "target_hours",
        ]
        period = self._get_period_domain(company, date_from, date_to)
        domain = period & Domain("kind", "in", ["entry", "capacity"])
        groups = self._read(domain, ["employee_id"], measures)
        rows = [
            {
                "employee": employee.sudo().name or "",
                "job": employee.sudo().job_id.name or "",
                "department": employee.sudo().department_id.display_name or "",
                **values,
            }
            for (employee,), values in groups
        ]
        rows.sort(key=lambda row: row["employee"].lower())
        _t = self.env._
        columns = [
            Column("employee", _t("Employee")),
            Column("job", _t("Job")),
            Column("department", _t("Department")),
            Column("gross_available_hours", _t("Gross hours"), HOURS, total=True),
            Column("holiday_hours", _t("Public holidays"), HOURS, total=True),
            Column("leave_hours", _t("Own leave"), HOURS, total=True),
            Column("net_available_hours", _t("Net hours"), HOURS, total=True),
            Column("billable_hours", _t("Billable"), HOURS, total=True),
            Column("client_hours", _t("Non-billable for clients"), HOURS, total=True),
            Column("internal_hours", _t("Internal"), HOURS, total=True),
            Column("logged_hours", _t("Logged"), HOURS, total=True),
            Difference("overtime", _t("Overtime"), "logged_hours", "net_available_hours", floor=True),
            Ratio("utilization", _t("Utilization"), "billable_hours", "net_available_hours"),
            Column("target_hours", _t("Target hours"), HOURS, total=True),
            Ratio("target", _t("Target"), "target_hours", "net_available_hours"),
            Difference("variance", _t("Variance in hours"), "billable_hours", "target_hours"),
            Ratio("billable_mix", _t("Billable mix"), "billable_hours", "logged_hours"),
        ]
        return [
            workbook.Sheet(
                _t("Utilization"),
                columns,
                rows,
                chart=workbook.Chart(
                    _t("Hours by employee"), ("net_available_hours", "billable_hours", "internal_hours"), "employee"
                ),
                note=_t("Utilization = billable / net hours; n/a without net hours."),
                total_label=_t("Total"),
                ties=self._get_time_tie(period, "logged_hours"),
            )
        ]

    @api.model
    def _get_time_tie(self, period, key):
        """The hours of the entries themselves, for who sees all of them."""
        if not self.env.user.has_group(ADMINISTRATOR_GROUP):
            return []
        Line = self.env["account.analytic.line"]
        [(hours,)] = Line._read_group(Line._timetrack_entry_domain() & period, [], ["unit_amount:sum"])
        return [self._prepare_tie(self.env._("Time entries"), key, hours)]

    @api.model
    def _prepare_tie(self, label, key, value):
        return workbook.Tie(label, key, float(value or 0.0), self.env._("Difference"))

    # ------------------------------------------------------------------
    # Work in progress
    # ------------------------------------------------------------------

    @api.model
    def _prepare_wip(self, company, date_from, date_to):
        """One row a client and project, at the end of the period."""
        has_money = self._can_read("wip_amount")
        domain = self._get_company_domain(company) & Domain("kind", "=", "wip")
        amount = "wip_amount" if has_money else "wip_hours"
        rows = {}
        for (client, project, age), values in self._read(
            domain, ["client_id", "project_id", "wip_age"], ["wip_hours", amount], timetrack_as_of=date_to
        ):
            row = rows.setdefault((client, project), {"wip_hours": 0.0, amount: 0.0, **dict.fromkeys(AGES, 0.0)})
            for name in {"wip_hours", amount}:
                row[name] += values[name]
            row[age] += values[amount]
        if not rows:
            return [self._prepare_wip_sheet(company, [], has_money, date_to)]
        held = domain & Domain("billing_state", "=", "held")
        on_hold = dict(self._read(held, ["project_id"], [amount], timetrack_as_of=date_to))
        oldest = dict(self._read(domain, ["project_id"], ["date:min"], timetrack_as_of=date_to))
        billed = self._get_company_domain(company) & Domain("kind", "=", "billing") & Domain("date", "<=", date_to)
        last = dict(self._read(billed, ["project_id"], ["date:max"]))
        engagements = self.env["timetrack.engagement"].sudo()._get_by_project(
            self.env["project.project"].union(*(project for _client, project in rows)).sudo()
        )
        lines = [
            {
                "manager": (engagements.get(project) and engagements[project]._get_responsible().name)
                or project.sudo().user_id.name
                or "",
                "client": client.sudo().display_name or "",
                "project": project.sudo().name or "",
                "oldest": oldest.get((project,), {}).get("date:min"),
                "last": last.get((project,), {}).get("date:max"),
                "held": on_hold.get((project,), {}).get(amount, 0.0),
                **values,
            }
            for (client, project), values in rows.items()
        ]
        lines.sort(key=lambda row: (row["manager"].lower(), row["client"].lower(), row["project"].lower()))
        return [self._prepare_wip_sheet(company, lines, has_money, date_to)]

    @api.model
    def _prepare_wip_sheet(self, company, rows, has_money, day):
        _t = self.env._
        kind = MONEY if has_money else HOURS
        labels = (_t("0–30 days"), _t("31–60 days"), _t("61–90 days"), _t("91–120 days"), _t("Over 120 days"))
        columns = [
            Column("manager", _t("Responsible")),
            Column("client", _t("Client")),
            Column("project", _t("Project")),
            Column("wip_hours", _t("Hours"), HOURS, total=True),
            *[Column("wip_amount", _t("Work in progress"), MONEY, total=True)] * has_money,
            *(Column(age, label, kind, total=True) for age, label in zip(AGES, labels, strict=True)),
            Column("oldest", _t("Oldest"), DATE),
            Column("last", _t("Last invoice"), DATE),
            Column("held", _t("On hold"), kind, total=True),
        ]
        ties = []
        if has_money and self.env.user.has_group(LEDGER_GROUP):
            steps = self._get_company_domain(company) & Domain("kind", "in", ["wip", "wip_billed"])
            [((), values)] = self._read(steps & Domain("date", "<=", day), [], ["wip_amount"])
            label = _t("Produced less billed until %s", format_date(self.env, day))
            ties = [self._prepare_tie(label, "wip_amount", values["wip_amount"]), *self._get_ledger_tie(company, day)]
        return workbook.Sheet(
            _t("WIP by age"),
            columns,
            rows,
            chart=workbook.Chart(_t("Work in progress by age"), AGES, "project"),
            note=_t("Approved, billable time on no posted invoice, at its net contract rate, by the day of the work."),
            total_label=_t("Total"),
            ties=ties,
        )

    @api.model
    def _get_ledger_tie(self, company, day):
        """What the general ledger has of it as unbilled receivable, if revenue was accrued at the end of that day."""
        accrual = self.env["timetrack.accrual"].search(
            [("company_id", "=", company.id), ("date", "=", day)], limit=1
        )
        if accrual.state != "posted":
            return []
        [(balance,)] = (
            self.env["account.move.line"]
            .sudo()
            ._read_group(
                [
                    ("account_id", "=", accrual.unbilled_account_id.id),
                    ("company_id", "=", company.id),
                    ("parent_state", "=", "posted"),
                    ("date", "<=", day),
                ],
                [],
                ["balance:sum"],
            )
        )
        label = self.env._("General ledger, %s", accrual.unbilled_account_id.display_name)
        return [self._prepare_tie(label, "wip_amount", balance)]

    # ------------------------------------------------------------------
    # Budgets
    # ------------------------------------------------------------------

    @api.model
    def _prepare_budget(self, company, date_from, date_to):
        """One row a project with a budget: the whole budget, time of the period and up to its end, and where it leads.

        What is complete is what somebody judged until then (``_timetrack_get_progress``): nobody can tell it from the
        hours.
        """
        costs = [name for name in ("budget_cost", "budget_logged_cost") if self._can_read(name)]
        measures = ["budget_hours", "budget_logged_hours", *costs]
        of_company = self._get_company_domain(company)
        kinds = Domain("kind", "in", ["entry", "budget"])
        until = of_company & kinds & (Domain("date", "=", False) | Domain("date", "<=", date_to))
        period = self._get_period_domain(company, date_from, date_to) & Domain("kind", "=", "entry")
        groups = [
            (project, values)
            for (project,), values in self._read(until, ["project_id"], measures)
            if values["budget_hours"] > 0 or values.get("budget_cost")
        ]
        projects = self.env["project.project"].union(*(project for project, _values in groups))
        in_period = dict(
            self._read(period & Domain("project_id", "in", projects.ids), ["project_id"], ["budget_logged_hours"])
        )
        progress = projects._timetrack_get_progress(date_to)
        rows = []
        for project, values in groups:
            known = project.sudo()
            done, _source = progress.get(project, (None, None))
            share = planned_share(known.date_start, known.date, date_to)
            rows.append(
                {
                    "project": known.name,
                    "client": known.partner_id.commercial_partner_id.display_name or "",
                    "period": in_period.get((project,), {}).get("budget_logged_hours", 0.0),
                    "done": done,
                    "planned": None if share is None else values["budget_hours"] * share,
                    **values,
                }
            )
        rows.sort(key=lambda row: row["project"].lower())
        return [self._prepare_budget_sheet(rows, len(costs) == 2)]

    @api.model
    def _prepare_budget_sheet(self, rows, has_costs):
        _t = self.env._
        columns = [
            Column("project", _t("Project")),
            Column("client", _t("Client")),
            Column("budget_hours", _t("Budget hours"), HOURS, total=True),
            Column("period", _t("In the period"), HOURS, total=True),
            Column("budget_logged_hours", _t("To date"), HOURS, total=True),
            Difference("remaining_hours", _t("Hours left"), "budget_hours", "budget_logged_hours"),
            Ratio("budget_consumed", _t("Budget used"), "budget_logged_hours", "budget_hours"),
            Column("done", _t("Complete"), PERCENT),
            Product("earned", _t("Earned hours"), "budget_hours", "done"),
            Column("planned", _t("Planned by schedule"), HOURS, total=True),
            Ratio("cpi", _t("CPI"), "earned", "budget_logged_hours", INDEX, total=False),
            Ratio("spi", _t("SPI"), "earned", "planned", INDEX, total=False),
            Ratio("eac", _t("EAC"), "budget_hours", "cpi", HOURS, total=False),
            Difference("etc", _t("ETC"), "eac", "budget_logged_hours", total=False),
            Difference("vac", _t("VAC"), "budget_hours", "eac", total=False),
        ]
        if has_costs:
            columns += [
                Column("budget_cost", _t("Budget cost"), MONEY, total=True),
                Column("budget_logged_cost", _t("Cost of time"), MONEY, total=True),
                Difference("remaining_cost", _t("Cost left"), "budget_cost", "budget_logged_cost", MONEY),
                Ratio("cost_consumed", _t("Cost used"), "budget_logged_cost", "budget_cost"),
            ]
        return workbook.Sheet(
            _t("Budget against actual"),
            columns,
            rows,
            chart=workbook.Chart(_t("Budget and logged hours"), ("budget_hours", "budget_logged_hours"), "project"),
            note=_t(
                "Whole budget; time on the days of the budget, up to the end of the period. Projects without a budget "
                "are left out. Complete is what was accepted, reached or told by then; EAC = budget / CPI."
            ),
            total_label=_t("Total"),
        )

    # ------------------------------------------------------------------
    # Profitability
    # ------------------------------------------------------------------

    @api.model
    def _prepare_profitability(self, company, date_from, date_to):
        """One row a client: time and costs by their day, billing by the invoice date, and what came of it until the
        end of the period; work in progress at its end.
        """
        rates = self._can_read("billed_amount")
        costs = self._can_read("cost")
        measures = ["logged_hours", "billable_hours"]
        if rates:
            measures += ["standard_value", "billed_standard_value", "realized_amount", "write_down", "write_up",
                         "concession", "billed_amount", "billed_cost_amount", "collected_amount",
                         "receivable_amount"]  # fmt: skip
        if costs:
            measures += ["cost", "expense_amount"]
        domain = self._get_period_domain(company, date_from, date_to)
        kinds = Domain("kind", "in", ["entry", "billing", "expense"])
        groups = self._read(domain & kinds, ["client_id"], measures, timetrack_as_of=date_to)
        rows = {client: dict(values) for (client,), values in groups}
        if rates:
            wip = self._get_company_domain(company) & Domain("kind", "=", "wip")
            for (client,), values in self._read(wip, ["client_id"], ["wip_amount"], timetrack_as_of=date_to):
                rows.setdefault(client, dict.fromkeys(measures, 0.0)).update(values)
        billed = sum(values.get("billed_amount", 0.0) for values in rows.values())
        lines = [
            {
                "client": client.sudo().display_name or self.env._("No client"),
                "adjustments": sum(values.get(name, 0.0) * sign for name, sign in
                                   (("write_up", 1), ("write_down", -1), ("concession", -1))),
                "share": values.get("billed_amount", 0.0) / billed if billed > 0 else None,
                "wip_amount": 0.0,
                **values,
                "direct_cost": values.get("cost", 0.0) + values.get("expense_amount", 0.0),
                "revenue": values.get("billed_amount", 0.0) + values.get("billed_cost_amount", 0.0),
            }
            for client, values in rows.items()
        ]  # fmt: skip
        lines.sort(key=lambda row: (-row["revenue"], row["client"].lower()))
        return [self._prepare_profitability_sheet(lines, rates, costs, domain)]

    @api.model
    def _prepare_profitability_sheet(self, rows, rates, costs, period):
        _t = self.env._
        columns = [
            Column("client", _t("Client")),
            Column("logged_hours", _t("Hours"), HOURS, total=True),
            Column("billable_hours", _t("Billable hours"), HOURS, total=True),
        ]
        if rates:
            columns += [
                Column("standard_value", _t("Standard value worked"), MONEY, total=True),
                Column("billed_standard_value", _t("Standard value billed"), MONEY, total=True),
                Column("adjustments", _t("Adjustments"), MONEY, total=True),
                Column("realized_amount", _t("Billed for time"), MONEY, total=True),
                Ratio("realization", _t("Realization"), "realized_amount", "billed_standard_value"),
                Column("billed_amount", _t("Billed"), MONEY, total=True),
                Ratio("project_rate", _t("Project rate"), "billed_amount", "logged_hours", MONEY),
                Column("share", _t("Share of total"), PERCENT),
                Column("collected_amount", _t("Collected"), MONEY, total=True),
                Column("receivable_amount", _t("Receivable"), MONEY, total=True),
                Column("wip_amount", _t("Work in progress"), MONEY, total=True),
            ]
        if costs:
            columns.append(Column("direct_cost", _t("Direct cost"), MONEY, total=True))
        if rates and costs:
            columns += [
                Column("revenue", _t("Net revenue"), MONEY, total=True),
                Difference("margin", _t("Margin"), "revenue", "direct_cost", MONEY),
                Ratio("margin_rate", _t("Margin %"), "margin", "revenue"),
            ]
        return workbook.Sheet(
            _t("Client profitability"),
            columns,
            rows,
            chart=workbook.Chart(_t("Billed and cost by client"), ("billed_amount", "direct_cost"), "client")
            if rates and costs
            else None,
            note=_t(
                "Time and costs by their day, billing by the invoice date, without tax. Of these invoices, what was "
                "collected and what was open at the end of the period; all work in progress at its end."
            ),
            total_label=_t("Total"),
            ties=self._get_time_tie(period, "logged_hours"),
        )
