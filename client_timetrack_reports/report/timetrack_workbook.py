from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.client_timetrack_billing.engine import workbook

# Changes whenever a figure of the workbooks is defined anew.
DEFINITION_VERSION = "1"


class TimetrackWorkbook(models.AbstractModel):
    """Workbooks of the KPIs. Every figure is read from ``timetrack.report``, so it is the one of the pivot.

    The reader's own rights decide what is read: records by the rules of ``timetrack.report``, money by the groups of
    its fields. Columns of money that the reader may not see are left out.
    """

    _name = "timetrack.workbook"
    _description = "Time Workbook"

    @api.model
    def _build(self, company, date_from, date_to):
        """The workbook of a company and period.

        :param company: ``res.company`` record
        :param date date_from: first day
        :param date date_to: last day
        :return: bytes of an .xlsx file
        """
        sheets = [
            self._prepare_utilization(company, date_from, date_to),
            self._prepare_budget(company, date_to),
            self._prepare_billing(company, date_from, date_to),
        ]
        return workbook.build(self._prepare_header(company, date_from, date_to), sheets)

    @api.model
    def _prepare_header(self, company, date_from, date_to):
        return workbook.Header(
            company.name,
            [
                (self.env._("Company"), company.name),
                (self.env._("As of"), fields.Date.context_today(self)),
                (self.env._("Period from"), date_from),
                (self.env._("Period to"), date_to),
                (self.env._("Currency"), company.currency_id.name),
                (self.env._("Filters"), self.env._("What %(user)s may see", user=self.env.user.name)),
                (self.env._("Definition version"), DEFINITION_VERSION),
            ],
        )

    @api.model
    def _can_read(self, name):
        """Whether the user may read a field of the report."""
        Report = self.env["timetrack.report"]
        return Report._has_field_access(Report._fields[name], "read")

    @api.model
    def _read(self, domain, groupby, measures):
        """Groups of the report as (records of the groups, dict of measure to value)."""
        aggregates = [f"{name}:sum" for name in measures]
        size = len(groupby)
        return [
            (group[:size], {name: value or 0.0 for name, value in zip(measures, group[size:], strict=True)})
            for group in self.env["timetrack.report"]._read_group(domain, groupby, aggregates)
        ]

    @api.model
    def _get_company_domain(self, company):
        return Domain("company_id", "in", [company.id, False])

    @api.model
    def _get_period_domain(self, company, date_from, date_to):
        return (
            self._get_company_domain(company) & Domain("date", ">=", date_from) & Domain("date", "<=", date_to)
        )

    @api.model
    def _prepare_utilization(self, company, date_from, date_to):
        """One row an employee, with the present department; overtime is what was logged above the net hours."""
        measures = [
            "gross_available_hours",
            "holiday_hours",
            "leave_hours",
            "net_available_hours",
            "billable_hours",
            "non_billable_hours",
            "logged_hours",
        ]
        domain = self._get_period_domain(company, date_from, date_to) & Domain("kind", "in", ["entry", "capacity"])
        rows = [
            {
                "employee": employee.sudo().name or "",
                "department": employee.sudo().department_id.display_name or "",
                **values,
            }
            for (employee,), values in self._read(domain, ["employee_id"], measures)
        ]
        rows.sort(key=lambda row: row["employee"].lower())
        Column, Ratio, Difference = workbook.Column, workbook.Ratio, workbook.Difference
        _t = self.env._
        columns = [
            Column("employee", _t("Employee")),
            Column("department", _t("Department")),
            Column("gross_available_hours", _t("Gross hours"), workbook.HOURS, total=True),
            Column("holiday_hours", _t("Public holidays"), workbook.HOURS, total=True),
            Column("leave_hours", _t("Own leave"), workbook.HOURS, total=True),
            Column("net_available_hours", _t("Net hours"), workbook.HOURS, total=True),
            Column("billable_hours", _t("Billable"), workbook.HOURS, total=True),
            Column("non_billable_hours", _t("Non-billable"), workbook.HOURS, total=True),
            Column("logged_hours", _t("Logged"), workbook.HOURS, total=True),
            Difference("overtime", _t("Overtime"), "logged_hours", "net_available_hours", floor=True),
            Ratio("utilization", _t("Utilization"), "billable_hours", "net_available_hours"),
            Ratio("billable_mix", _t("Billable mix"), "billable_hours", "logged_hours"),
        ]
        return workbook.Sheet(
            _t("Utilization"),
            columns,
            rows,
            chart=workbook.Chart(
                _t("Hours by employee"), ("net_available_hours", "billable_hours", "non_billable_hours"), "employee"
            ),
            note=_t("Utilization = billable / net hours; n/a without net hours."),
            total_label=_t("Total"),
        )

    @api.model
    def _prepare_budget(self, company, date_to):
        """One row a project with a budget: the whole budget against all time up to the end of the period."""
        costs = [name for name in ("budget_cost", "cost") if self._can_read(name)]
        measures = ["budget_hours", "logged_hours", "approved_hours", *costs]
        domain = (
            self._get_company_domain(company)
            & Domain("kind", "in", ["entry", "budget"])
            & (Domain("date", "=", False) | Domain("date", "<=", date_to))
        )
        rows = [
            {
                "project": project.sudo().name,
                "client": project.sudo().partner_id.commercial_partner_id.display_name or "",
                **values,
            }
            for (project,), values in self._read(domain, ["project_id"], measures)
            if values["budget_hours"] > 0 or values.get("budget_cost")
        ]
        rows.sort(key=lambda row: row["project"].lower())
        Column, Ratio, Difference = workbook.Column, workbook.Ratio, workbook.Difference
        _t = self.env._
        columns = [
            Column("project", _t("Project")),
            Column("client", _t("Client")),
            Column("budget_hours", _t("Budget hours"), workbook.HOURS, total=True),
            Column("logged_hours", _t("Logged hours"), workbook.HOURS, total=True),
            Column("approved_hours", _t("Approved hours"), workbook.HOURS, total=True),
            Difference("remaining_hours", _t("Hours left"), "budget_hours", "logged_hours"),
            Ratio("budget_consumed", _t("Budget used"), "logged_hours", "budget_hours"),
        ]
        if len(costs) == 2:
            columns += [
                Column("budget_cost", _t("Budget cost"), workbook.MONEY, total=True),
                Column("cost", _t("Cost of time"), workbook.MONEY, total=True),
                Difference("remaining_cost", _t("Cost left"), "budget_cost", "cost", workbook.MONEY),
                Ratio("cost_consumed", _t("Cost used"), "cost", "budget_cost"),
            ]
        return workbook.Sheet(
            _t("Budget against actual"),
            columns,
            rows,
            chart=workbook.Chart(_t("Budget and logged hours"), ("budget_hours", "logged_hours"), "project"),
            note=_t("Whole budget; time up to the end of the period. Projects without a budget are left out."),
            total_label=_t("Total"),
        )

    @api.model
    def _prepare_billing(self, company, date_from, date_to):
        """One row a client and project: hours by the day worked, billing by the invoice date."""
        measures = ["approved_hours", "unbilled_hours", "billed_hours"]
        money = ["billed_amount"] if self._can_read("billed_amount") else []
        domain = self._get_period_domain(company, date_from, date_to) & Domain("kind", "in", ["entry", "billing"])
        rows = [
            {
                "client": client.sudo().display_name or "",
                "project": project.sudo().name or "",
                "currency": company.currency_id.name,
                **values,
            }
            for (client, project), values in self._read(domain, ["client_id", "project_id"], [*measures, *money])
            if any(values.values())
        ]
        rows.sort(key=lambda row: (row["client"].lower(), row["project"].lower()))
        Column = workbook.Column
        _t = self.env._
        columns = [
            Column("client", _t("Client")),
            Column("project", _t("Project")),
            Column("approved_hours", _t("Approved hours"), workbook.HOURS, total=True),
            Column("unbilled_hours", _t("Unbilled hours"), workbook.HOURS, total=True),
            Column("billed_hours", _t("Billed hours"), workbook.HOURS, total=True),
        ]
        if money:
            columns += [
                Column("billed_amount", _t("Billed amount"), workbook.MONEY, total=True),
                Column("currency", _t("Currency")),
            ]
        return workbook.Sheet(
            _t("Billing"),
            columns,
            rows,
            chart=workbook.Chart(
                _t("Hours by project"), ("approved_hours", "billed_hours", "unbilled_hours"), "project"
            ),
            note=_t("Hours by the day worked, billing by the invoice date; amounts without tax."),
            total_label=_t("Total"),
        )
