import tempfile
from pathlib import Path

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.client_timetrack_billing.engine import workbook
from odoo.addons.client_timetrack_billing.models.account_analytic_line import RATE_GROUP

from .timetrack_report import COST_GROUP

Column = workbook.Column
# Rows that are fetched at once.
BATCH = 5000
# What an entry names: alias to table and field.
JOINS = {
    "employee": ("hr_employee", "employee_id"),
    "department": ("hr_department", "department_id"),
    "client": ("res_partner", "timetrack_client_id"),
    "project": ("project_project", "project_id"),
    "task": ("project_task", "task_id"),
    "activity": ("timetrack_activity", "timetrack_activity_id"),
    "deliverable": ("timetrack_deliverable", "timetrack_deliverable_id"),
    "currency": ("res_currency", "timetrack_rate_currency_id"),
}


class TimetrackWorkbook(models.AbstractModel):
    """The workbook of all time entries, one by one: written while it is read, for there may be very many."""

    _inherit = "timetrack.workbook"

    @api.model
    def _get_detail_domain(self, company, date_from, date_to):
        """The entries of a company and period."""
        return (
            self.env["account.analytic.line"]._timetrack_entry_domain()
            & Domain("company_id", "=", company.id)
            & Domain("date", ">=", date_from)
            & Domain("date", "<=", date_to)
        )

    @api.model
    def _stream_detail(self, path, company, domain, header):
        """Write the entries that the reader may see to a file, in the order of their days.

        :param path: of the file
        :param domain: of the entries
        :param header: lines of the header block
        :return: how many there are
        """
        columns = self._get_detail_columns()
        sheet = workbook.Sheet(
            self.env._("Time detail"),
            [column for column, _value in columns],
            self._fetch_detail(domain, columns),
            total_label=self.env._("Total"),
        )
        return workbook.stream(path, header, sheet, company.currency_id._timetrack_get_style())

    @api.model
    def _get_detail_columns(self):
        """Pairs of a column and its SQL. Texts are never NULL."""
        Line = self.env["account.analytic.line"]
        _t = self.env._

        def own(name):
            return Line._field_to_sql(Line._table, name)

        def name_of(model, alias, field="name"):
            return SQL("COALESCE(%s, '')", self.env[model]._field_to_sql(alias, field))

        def label_of(field):
            options = Line._fields[field]._description_selection(self.env)
            cases = SQL(" ").join(SQL("WHEN %s THEN %s", key, label) for key, label in options)
            return SQL("CASE %s %s ELSE '' END", own(field), cases)

        columns = [
            (Column("date", _t("Date"), workbook.DATE), own("date")),
            (Column("employee", _t("Employee")), name_of("hr.employee", "employee")),
            (Column("department", _t("Department")), name_of("hr.department", "department")),
            (Column("client", _t("Client")), name_of("res.partner", "client", "complete_name")),
            (Column("project", _t("Project")), name_of("project.project", "project")),
            (Column("task", _t("Task")), name_of("project.task", "task")),
            (Column("activity", _t("Service type")), name_of("timetrack.activity", "activity")),
            (Column("deliverable", _t("Deliverable")), name_of("timetrack.deliverable", "deliverable")),
            (Column("text", _t("Description")), SQL("left(COALESCE(%s, ''), %s)", own("name"), workbook.MAX_TEXT)),
            (Column("hours", _t("Hours"), workbook.HOURS, total=True), own("unit_amount")),
            (
                Column("billable_hours", _t("Billable hours"), workbook.HOURS, total=True),
                SQL("CASE WHEN %s THEN %s ELSE 0 END", own("timetrack_is_billable"), own("unit_amount")),
            ),
            (Column("state", _t("Approval")), label_of("timetrack_state")),
            (Column("billing", _t("Billing")), label_of("timetrack_billing_state")),
        ]
        if self.env.user.has_group(RATE_GROUP):
            columns += [
                (Column("rate", _t("Rate"), workbook.HOURS), SQL("NULLIF(%s, 0)::float8", own("timetrack_rate"))),
                (Column("currency", _t("Currency of the rate")), SQL("COALESCE(currency.name, '')")),
            ]
        if self.env.user.has_group(COST_GROUP):
            columns.append((Column("cost", _t("Cost"), workbook.MONEY, total=True), SQL("-%s::float8", own("amount"))))
        return columns

    @api.model
    def _get_joins(self):
        """Hook: what an entry names, alias to table and field."""
        return JOINS

    @api.model
    def _fetch_detail(self, domain, columns):
        """The values of the entries, batch by batch: PostgreSQL keeps the rest until it is asked for."""
        Line = self.env["account.analytic.line"]
        query = Line._search(domain, order="date, id")
        if query.is_empty():
            return
        for alias, (table, field) in self._get_joins().items():
            condition = SQL("%s = %s", SQL.identifier(alias, "id"), SQL.identifier(Line._table, field))
            query.add_join("LEFT JOIN", alias, SQL.identifier(table), condition)
        statement = query.select(*(value for _column, value in columns))
        self.env.flush_all()
        cr = self.env.cr
        # all rows are fetched: PostgreSQL would plan for the first tenth of them
        cr.execute("SET LOCAL cursor_tuple_fraction = 1")
        cr.execute(SQL("DECLARE timetrack_detail NO SCROLL CURSOR FOR %s", statement))
        try:
            while rows := self.env.execute_query(SQL("FETCH FORWARD %s FROM timetrack_detail", BATCH)):
                yield from rows
        finally:
            cr.execute("CLOSE timetrack_detail")

    @api.model
    def _build_file(self, company, date_from, date_to, kind, domain=None):
        """A workbook of any kind.

        :param domain: of the entries of a time detail, instead of those of the period
        :return: its bytes, and the number of entries that it lists
        :raise UserError: the period ends before it starts
        """
        if date_from > date_to:
            raise UserError(self.env._("The period ends before it starts: choose a later last day."))
        if kind != "detail":
            return self._build(company, date_from, date_to, kind), 0
        if domain is None:
            domain = self._get_detail_domain(company, date_from, date_to)
        header = self._prepare_header(company, date_from, date_to)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "detail.xlsx"
            rows = self._stream_detail(str(path), company, domain, header)
            return path.read_bytes(), rows
