from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.client_timetrack_billing.models.timetrack_billing_queue import AGES as SPANS

from .timetrack_report import AGES


class TimetrackReport(models.Model):
    """Work in progress: approved, billable time on no posted invoice, at its net contract rate.

    - wip: what is in progress now, on the day of the work; the pieces are those of ``timetrack.billing.queue``, and
      time of sales orders that is billed by the hour. With a date in the context (``timetrack_as_of``), what was in
      progress at the end of that day instead, aged from there;
    - wip_billed: what was in progress once: each row of the ledger that is posted comes in on the day of the work, and
      goes out on the accounting date of its invoice. With this fact, the sum of all rows up to a date is the work in
      progress at that date, and between two dates opening + produced - billed + adjusted = closing.
    """

    _inherit = "timetrack.report"
    _depends = {
        "account.analytic.line": ["so_line", "timesheet_invoice_type"],
        "account.move": ["date", "state"],
        "project.project": ["partner_id"],
        "res.company": ["timetrack_unbilled_days"],
        "timetrack.allocation": [
            "action", "billed_amount", "currency_id", "effect", "hours_worked", "move_id", "standard_rate", "state",
        ],
        "timetrack.engagement": ["discount"],
        "timetrack.policy": ["unbilled_days"],
    }  # fmt: skip

    @api.model
    def _get_as_of(self):
        """The date that work in progress is asked for, or None for now."""
        return fields.Date.to_date(self.env.context.get("timetrack_as_of") or None)

    def _at_work_sql(self, amount, currency, day):
        """SQL of an amount in the currency of the ``company``, at the rate of the day of the work."""
        return self._convert_sql(amount, currency, SQL("company.currency_id"), SQL("company.id"), day)

    @api.model
    def _select_wip(self):
        today = self._get_as_of() or fields.Date.context_today(self)
        amount = self._at_work_sql(SQL("(piece.hours * piece.rate)"), SQL("piece.currency_id"), SQL("piece.date"))
        value = self._at_work_sql(
            SQL("(piece.hours * piece.standard_rate)"), SQL("piece.currency_id"), SQL("piece.date")
        )
        age = SQL("(%s - piece.date)", today)
        is_stale = SQL("%s > COALESCE(NULLIF(rule.unbilled_days, 0), company.timetrack_unbilled_days)", age)
        ages = SQL(" ").join(
            SQL("WHEN %s <= %s THEN %s", age, last, name)
            for (name, _label), (_first, last) in zip(AGES, SPANS, strict=True)
            if last is not None
        )
        return {
            **self._get_entry_dimensions(),
            **self._get_joined_dimensions(),
            "id": SQL("(CASE WHEN piece.row_id IS NULL THEN piece.id * 2::int8 ELSE piece.row_id * 2::int8 + 1 END)"),
            "company_id": SQL("piece.company_id"),
            "currency_id": SQL("company.currency_id"),
            "date": SQL("piece.date"),
            "project_id": SQL("piece.project_id"),
            "client_id": SQL("piece.partner_id"),
            "billing_state": SQL("piece.state"),
            "wip_age": SQL("CASE %s ELSE 'older' END", ages),
            "wip_hours": SQL("piece.hours"),
            "wip_amount": amount,
            "wip_produced": amount,
            "stale_amount": SQL("CASE WHEN %s THEN %s END", is_stale, amount),
            "stale_value": SQL("CASE WHEN %s AND NOT piece.is_fee THEN %s END", is_stale, value),
        }

    @api.model
    def _from_wip(self):
        day = self._get_as_of()
        pieces = self.env["timetrack.billing.queue"]._get_pieces(
            day or fields.Date.context_today(self), as_of_day=bool(day), with_orders=True
        )
        return SQL(
            """
            FROM (%(pieces)s) piece
                 LEFT JOIN account_analytic_line l ON l.id = piece.id
                 JOIN res_company company ON company.id = piece.company_id
                 %(joins)s
                 LEFT JOIN timetrack_policy rule ON rule.id = policy.policy_id
            """,
            pieces=pieces,
            joins=self._join_entry(
                SQL("piece.project_id"), SQL("piece.arrangement_id"), SQL("piece.partner_id"), SQL("piece.company_id")
            ),
        )

    @api.model
    def _where_wip(self):
        return SQL("WHERE TRUE")

    @api.model
    def _select_wip_billed(self):
        value = self._at_work_sql(
            self._get_contract_value(), SQL("COALESCE(order_line.currency_id, a.currency_id)"), SQL("l.date")
        )
        billed = self._at_work_sql(SQL("a.billed_amount"), SQL("a.currency_id"), SQL("l.date"))
        billed = SQL("CASE WHEN a.action = 'included' THEN 0 ELSE %s END", billed)
        return {
            **self._get_entry_dimensions(),
            **self._get_joined_dimensions(),
            "id": SQL("(a.id * 2::int8 + step.goes)"),
            "move_id": SQL("a.move_id"),
            "company_id": SQL("a.company_id"),
            "currency_id": SQL("company.currency_id"),
            "date": SQL("CASE step.goes WHEN 0 THEN l.date ELSE GREATEST(l.date, move.date) END"),
            "project_id": SQL("a.project_id"),
            "client_id": SQL("client.id"),
            "billing_state": SQL("'billed'"),
            "wip_hours": SQL("CASE step.goes WHEN 0 THEN a.hours_worked ELSE -a.hours_worked END"),
            "wip_amount": SQL("CASE step.goes WHEN 0 THEN %(value)s ELSE -(%(value)s) END", value=value),
            "wip_produced": SQL("CASE WHEN step.goes = 0 THEN %s END", value),
            "wip_billed": SQL("CASE WHEN step.goes = 1 THEN %s END", billed),
            "wip_adjusted": SQL("CASE WHEN step.goes = 1 THEN (%s) - (%s) END", billed, value),
        }

    @api.model
    def _get_contract_value(self):
        """SQL of a row's hours at their net contract rate, as ``timetrack.billing.queue`` has those in progress."""
        return SQL(
            "(CASE WHEN a.action = 'included' THEN 0 WHEN l.so_line IS NOT NULL THEN a.hours_worked * %s"
            " ELSE a.hours_worked * a.standard_rate * %s END)",
            self.env["sale.order.line"]._timetrack_price_sql(),
            self.env["timetrack.engagement"]._get_net_factor_sql(),
        )

    @api.model
    def _from_wip_billed(self):
        return SQL(
            """
            FROM timetrack_allocation a
                 CROSS JOIN (VALUES (0), (1)) AS step (goes)
                 JOIN account_move move ON move.id = a.move_id
                 JOIN account_analytic_line l ON l.id = a.line_id
                 JOIN res_company company ON company.id = a.company_id
                 JOIN project_project project ON project.id = a.project_id
                 LEFT JOIN res_partner partner ON partner.id = project.partner_id
                 %s
                 %s
            """,
            self._join_entry(
                SQL("a.project_id"), SQL("a.arrangement_id"), SQL("partner.commercial_partner_id"), SQL("a.company_id")
            ),
            self.env["sale.order.line"]._timetrack_join_sql(SQL("l")),
        )

    @api.model
    def _where_wip_billed(self):
        """What was conceded or written off was in progress no more."""
        return SQL(
            """
            WHERE a.state IN ('posted', 'credited') AND a.kind = 'time' AND COALESCE(a.effect, 'rebill') = 'rebill'
              AND (l.so_line IS NULL OR l.timesheet_invoice_type = 'billable_time')
            """
        )
