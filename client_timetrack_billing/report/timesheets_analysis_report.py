from odoo import api, fields, models
from odoo.tools import SQL

from ..models.account_analytic_line import RATE_GROUP


class TimesheetsAnalysisReport(models.Model):
    """Odoo's own analysis knows what time brings that is billed by rates.

    Its search view is built upon the one of time entries: it knows the same filters.
    """

    _inherit = "timesheets.analysis.report"

    timetrack_billing_state = fields.Selection(
        lambda self: self.env["account.analytic.line"]._fields["timetrack_billing_state"].selection,
        string="Billing",
        readonly=True,
    )
    # an hour and what it brings say what it costs the client
    timesheet_revenues = fields.Monetary(
        groups=RATE_GROUP,
        help="What the time is billed at, net of discounts and write-downs, in the currency of the company; what is "
        "not billed yet at its rate. Time of sales orders: the hours by the price of the order item.",
    )
    margin = fields.Monetary(groups=RATE_GROUP)

    @api.model
    def _select(self):
        return super()._select() + ", A.timetrack_billing_state AS timetrack_billing_state"

    @property
    def _table_query(self):
        """What Odoo says, but for time without an order that is billed by rates."""
        revenue, hours = self._get_revenue(), "odoo.unit_amount"
        own = {
            name: f"CASE WHEN {self._by_rates()} THEN {value} ELSE odoo.{name} END"
            for name, value in (
                ("timesheet_revenues", revenue),
                ("margin", f"{revenue} + odoo.amount"),
                ("billable_time", hours),
                ("non_billable_time", "0"),
            )
        }
        names = [field.name for field in self._fields.values() if field.store and field.column_type]
        columns = ", ".join(f"{own.get(name, f'odoo.{name}')} AS {name}" for name in names)
        return f"SELECT {columns} FROM ({super()._table_query}) odoo"

    @api.model
    def _at_today(self, amount, currency, company, target):
        """An amount converted at today's rate, unless it is in the target currency already. Odoo's report is text."""
        source_rate, target_rate = (
            self.env["res.currency"]._timetrack_rate_sql(SQL(name), SQL(company), SQL("CURRENT_DATE")).code
            for name in (currency, target)
        )
        return f"CASE WHEN {currency} = {target} THEN {amount} ELSE {amount} * {target_rate} / {source_rate} END"

    @api.model
    def _by_rates(self):
        """Hook: which time is billed by rates."""
        return "(odoo.so_line IS NULL AND odoo.timesheet_invoice_type = 'billable_time')"

    @api.model
    def _get_revenue(self):
        """Hook: what an entry brings: what is in the ledger, at the rate of its invoice; or else hours by the net rate.

        A subquery for each row, which costs nothing where nobody asks for revenue or margin.
        """
        at_invoice = "abs(move_line.balance / NULLIF(move_line.price_subtotal, 0))"
        in_ledger = self._at_today("row.billed_amount", "row.currency_id", "row.company_id", "odoo.currency_id")
        factor = self.env["timetrack.engagement"]._get_net_factor_sql().code
        unbilled = self._at_today(
            f"line.unit_amount * line.timetrack_rate * {factor}",
            "line.timetrack_rate_currency_id",
            "line.company_id",
            "odoo.currency_id",
        )
        return f"""
            COALESCE((
                SELECT sum(COALESCE(row.billed_amount * {at_invoice}, {in_ledger}))
                  FROM timetrack_allocation row
                  LEFT JOIN account_move_line move_line ON move_line.id = row.move_line_id
                 WHERE row.line_id = odoo.id AND row.state != 'cancelled'
                   AND (row.reversed_id IS NULL OR row.state = 'posted')
            ), 0) + COALESCE((
                SELECT {unbilled}
                  FROM account_analytic_line line
                  LEFT JOIN timetrack_engagement engagement ON engagement.project_id = line.project_id
                 WHERE line.id = odoo.id AND line.timetrack_billing_state = 'unbilled'
                   AND line.timetrack_rate_currency_id IS NOT NULL
            ), 0)
        """
