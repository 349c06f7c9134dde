from odoo import models
from odoo.tools import SQL

from .timetrack_check import Found


class TimetrackCheck(models.Model):
    """Rules about billing: what waits, what has no rate, and what does not tie between time, ledger and books."""

    _inherit = "timetrack.check"

    def _find_unbilled(self, company):
        """Engagements with approved time that is unbilled longer than their policy allows."""
        groups = self.env["timetrack.report"]._read_group(
            [("kind", "=", "wip"), ("company_id", "=", company.id), ("stale_amount", "!=", False)],
            ["project_id"],
            ["stale_amount:sum", "wip_hours:sum", "date:min"],
        )
        return [
            Found(project.id, float(amount or 0.0), self.env._("%(hours).2f hours since %(day)s", hours=hours, day=day))
            for project, amount, hours, day in groups
        ]

    def _find_no_rate(self, company):
        """Engagements with approved, billable time that has no rate: it counts for nothing."""
        Line = self.env["account.analytic.line"]
        groups = Line._read_group(
            [*Line._timetrack_to_bill_domain(company), ("timetrack_rate_currency_id", "=", False)],
            ["project_id"],
            ["unit_amount:sum", "date:min"],
        )
        return [
            Found(project.id, 0.0, self.env._("%(hours).2f hours since %(day)s", hours=hours, day=day))
            for project, hours, day in groups
        ]

    def _find_changed(self, company):
        """Entries whose hours are others than the billing ledger has of them."""
        rows = self._query(
            SQL(
                """
                SELECT line.id, line.unit_amount, part.hours,
                       abs(line.unit_amount - part.hours) * part.rate
                  FROM (
                      SELECT row.line_id, sum(row.hours_worked) AS hours, max(row.standard_rate) AS rate
                        FROM timetrack_allocation row
                       WHERE row.company_id = %s AND row.kind = 'time' AND row.reversed_id IS NULL
                         AND row.state IN ('held', 'prebill', 'draft', 'posted') AND row.line_id IS NOT NULL
                    GROUP BY row.line_id
                  ) part
                  JOIN account_analytic_line line ON line.id = part.line_id
                 WHERE abs(line.unit_amount - part.hours) > 0.00001
                """,
                company.id,
            )
        )
        return [
            Found(line, amount, self.env._("%(now).2f hours, %(then).2f of them in the ledger", now=now, then=then))
            for line, now, then, amount in rows
        ]

    def _find_ledger(self, company):
        """Posted invoices with a line whose rows in the ledger do not sum to its untaxed amount."""
        rows = self._query(
            SQL(
                """
                SELECT line.move_id, sum(abs(gap.amount) / COALESCE(NULLIF(move.invoice_currency_rate, 0), 1)::numeric)
                  FROM account_move_line line
                  JOIN account_move move ON move.id = line.move_id AND move.state = 'posted'
                  JOIN res_currency currency ON currency.id = line.currency_id
                  JOIN (
                      SELECT move_line_id, sum(billed_amount) AS billed
                        FROM timetrack_allocation
                       WHERE company_id = %s AND state IN ('posted', 'credited') AND move_line_id IS NOT NULL
                    GROUP BY move_line_id
                  ) booked ON booked.move_line_id = line.id
            CROSS JOIN LATERAL (
                      SELECT booked.billed - line.price_subtotal
                             * CASE WHEN move.move_type = 'out_refund' THEN -1 ELSE 1 END AS amount
                  ) gap
                 WHERE abs(gap.amount) >= currency.rounding / 2
              GROUP BY line.move_id
                """,
                company.id,
            )
        )
        return [Found(move, float(amount)) for move, amount in rows]

    def _find_invoice(self, company):
        """Posted invoices that bill the product of time, with no time behind them."""
        rows = self._query(
            SQL(
                """
                SELECT move.id, sum(line.balance)
                  FROM account_move_line line
                  JOIN account_move move ON move.id = line.move_id AND move.state = 'posted'
                   AND move.move_type = 'out_invoice'
                 WHERE line.company_id = %(company)s AND line.product_id = %(product)s
                   AND line.display_type = 'product' AND line.price_subtotal > 0 AND %(start)s
                   AND NOT EXISTS (
                       SELECT FROM timetrack_allocation row
                        WHERE row.move_id = move.id AND (row.line_id IS NOT NULL OR row.instalment_id IS NOT NULL)
                   )
              GROUP BY move.id
                """,
                company=company.id,
                product=company._timetrack_get_product().id,
                start=SQL("move.invoice_date >= %s", self._get_start()) if self.days else SQL("TRUE"),
            )
        )
        return [Found(move, -float(amount)) for move, amount in rows]

    def _find_accrual(self, company):
        """The last accrual, if the work in progress of its day is another one by now: time was approved, changed,
        credited or invoiced back in time."""
        accrual = self.env["timetrack.accrual"].search([("company_id", "=", company.id)], order="date desc", limit=1)
        if not accrual or accrual.state != "posted":
            return []
        rows = self._query(
            SQL(
                """
                SELECT piece.currency_id, sum(piece.hours * COALESCE(piece.rate, 0))
                  FROM (%s) piece
                 WHERE piece.company_id = %s AND piece.currency_id IS NOT NULL AND NOT piece.is_fee
              GROUP BY piece.currency_id
                """,
                self.env["timetrack.billing.queue"]._get_pieces(accrual.date, as_of_day=True),
                company.id,
            )
        )
        now = dict(rows)
        gap = 0.0
        for currency, lines in accrual.line_ids.filtered(
            lambda line: not line.arrangement_id or line.arrangement_id.kind == "cap"
        ).grouped("currency_id").items():
            difference = currency.round(now.pop(currency.id, 0.0) - sum(lines.mapped("value")))
            gap += abs(currency._convert(difference, company.currency_id, company, accrual.date))
        for currency_id, value in now.items():
            currency = self.env["res.currency"].browse(currency_id)
            gap += abs(currency._convert(currency.round(value), company.currency_id, company, accrual.date))
        return [Found(accrual.id, gap)] if not company.currency_id.is_zero(gap) else []
