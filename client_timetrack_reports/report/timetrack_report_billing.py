from odoo import api, models
from odoo.tools import SQL

# Rows of the ledger that are fees; the others are costs, deposits and what was drawn from these.
FEE_KINDS = ("time", "adjustment", "instalment", "manual", "prepaid")

# Moves of clients.
SALES = ("out_invoice", "out_refund")

# Of an ``account``: whether what is booked on it is a result.
IS_RESULT = SQL("split_part(account.account_type, '_', 1) IN ('income', 'expense')")


class TimetrackReport(models.Model):
    """Billing: rows of the ledger (``timetrack.allocation``) on posted invoices and credit notes, on the invoice date.

    What was billed is untaxed and at the exchange rate of the invoice; so is what was collected of it: each row has its
    share of the cash that was applied to its invoice. Standard value = billed for time + write-downs - write-ups +
    concessions. With a date in the context (``timetrack_as_of``), what was collected, written off and open at its end.
    """

    _inherit = "timetrack.report"
    _depends = {
        "account.move": [
            "amount_residual", "amount_total", "commercial_partner_id", "date", "invoice_currency_rate", "invoice_date",
            "move_type", "reversed_entry_id", "state",
        ],
        "account.move.line": [
            "account_id", "amount_currency", "balance", "is_downpayment", "move_id", "price_total", "tax_line_id",
            "timetrack_retainer_id",
        ],
        "account.partial.reconcile": [
            "amount", "credit_amount_currency", "credit_move_id", "debit_amount_currency", "debit_move_id",
            "exchange_move_id",
        ],
        "timetrack.allocation": [
            "adjustment", "arrangement_id", "billed_amount", "company_id", "effect", "hours_billed", "kind", "line_id",
            "move_id", "project_id", "reversed_id", "standard_value", "state",
        ],
    }  # fmt: skip

    @api.model
    def _select_billing(self):
        def at_invoice(amount):
            return SQL("%s / COALESCE(NULLIF(move.invoice_currency_rate, 0), 1)::numeric", amount)

        def if_(condition, amount):
            return SQL("CASE WHEN %s THEN %s END", condition, amount)

        billed = at_invoice(SQL("a.billed_amount"))
        is_fee = self._get_is_fee()
        is_kept = SQL("a.effect IS DISTINCT FROM 'write_off'")
        is_net = SQL("%s AND %s", is_fee, is_kept)
        # a credit note that names no time gives up a part of the invoice, as one that concedes does
        is_conceded = SQL(
            "(COALESCE(a.effect, '') = 'concede' OR (a.kind = 'manual' AND move.move_type = 'out_refund'))"
        )
        is_of_time = SQL("(a.kind IN ('time', 'adjustment') OR %s)", is_conceded)
        adjusted = SQL("a.kind IN ('time', 'adjustment') AND COALESCE(a.effect, 'rebill') = 'rebill'")
        # a row that takes back another one takes back its write-down or write-up
        sign = SQL("CASE WHEN a.reversed_id IS NULL THEN a.adjustment ELSE -a.adjustment END")
        share = self._get_payable()
        return {
            **self._get_entry_dimensions(),
            **self._get_joined_dimensions(),
            "id": SQL("a.id"),
            "move_id": SQL("a.move_id"),
            "company_id": SQL("a.company_id"),
            "currency_id": SQL("company.currency_id"),
            "date": SQL("COALESCE(move.invoice_date, move.date)"),
            "cohort_date": SQL("COALESCE(origin.invoice_date, reversed.invoice_date, move.invoice_date, move.date)"),
            "project_id": self._get_billed_project(),
            "client_id": SQL("move.commercial_partner_id"),
            "billing_state": SQL("'billed'"),
            "billed_hours": SQL("a.hours_billed"),
            "billed_amount": if_(is_net, billed),
            "billed_cost_amount": if_(SQL("a.kind = 'expense' AND %s", is_kept), billed),
            "billed_standard_value": at_invoice(SQL("a.standard_value")),
            "realized_amount": if_(SQL("%s AND %s", is_net, is_of_time), billed),
            "untimed_amount": if_(SQL("%s AND NOT %s", is_net, is_of_time), billed),
            "write_down": if_(SQL("%s AND (%s) < 0", adjusted, sign), SQL("-(%s)", at_invoice(SQL("a.adjustment")))),
            "write_up": if_(SQL("%s AND (%s) > 0", adjusted, sign), at_invoice(SQL("a.adjustment"))),
            "concession": if_(SQL("%s AND %s", is_fee, is_conceded), SQL("-(%s)", billed)),
            "collected_amount": if_(
                is_fee,
                SQL("%s * (COALESCE(settled.paid, 0) + COALESCE(drawn.amount, 0)) / %s", billed, share),
            ),
            "written_off": if_(
                is_fee,
                SQL(
                    "CASE WHEN a.effect = 'write_off' THEN -(%(billed)s) ELSE 0 END"
                    " + COALESCE(%(billed)s * settled.written_off / %(share)s, 0)",
                    billed=billed,
                    share=share,
                ),
            ),
            "receivable_amount": SQL("%s * %s", self._get_fee_share(), self._get_open()),
            "exchange_amount": if_(is_fee, SQL("settled.exchange * a.billed_amount / %s", share)),
        }

    @api.model
    def _get_is_fee(self):
        """SQL of whether a row is of a fee."""
        return SQL("a.kind = ANY(%s)", list(FEE_KINDS))

    @api.model
    def _get_payable(self):
        """SQL of what an invoice is for, with tax, in its currency: what deposits pay of it among it."""
        return SQL("NULLIF(move.amount_total + COALESCE(drawn.amount, 0), 0)")

    @api.model
    def _get_open(self):
        """SQL of what is open of an invoice or credit note, in its currency, now or at the end of the day asked for."""
        day = self._get_as_of()
        if not day:
            return SQL("move.amount_residual")
        return SQL(
            "(move.amount_residual + COALESCE("
            "(SELECT sum(later.amount) FROM (%s) later WHERE later.move_id = move.id AND later.day > %s), 0))",
            self._get_reconciled(),
            day,
        )

    @api.model
    def _get_fee_share(self):
        """SQL of the fee, in the company's currency, in each unit of what the client pays of the invoice: nothing for
        what is no fee."""
        return SQL(
            "CASE WHEN %s THEN a.billed_amount / COALESCE(NULLIF(move.invoice_currency_rate, 0), 1)::numeric / %s END",
            self._get_is_fee(),
            self._get_payable(),
        )

    @api.model
    def _get_billed_project(self):
        """SQL of the project that a row was billed for: what an invoice has besides is for its only project."""
        return SQL(
            "COALESCE(a.project_id, l.project_id,"
            " (SELECT CASE WHEN min(beside.project_id) = max(beside.project_id) THEN min(beside.project_id) END"
            " FROM timetrack_allocation beside WHERE beside.move_id = a.move_id))"
        )

    @api.model
    def _from_billing(self):
        return SQL(
            """
            FROM timetrack_allocation a
                 JOIN account_move move ON move.id = a.move_id
                 LEFT JOIN account_analytic_line l ON l.id = a.line_id
                 LEFT JOIN res_company company ON company.id = a.company_id
                 LEFT JOIN timetrack_allocation taken_back ON taken_back.id = a.reversed_id
                 LEFT JOIN account_move origin ON origin.id = taken_back.move_id
                 LEFT JOIN account_move reversed ON reversed.id = move.reversed_entry_id
                 LEFT JOIN (%(settled)s) settled ON settled.move_id = a.move_id
                 LEFT JOIN (%(drawn)s) drawn ON drawn.move_id = a.move_id
                 %(joins)s
            """,
            settled=self._get_settled(),
            drawn=self._get_drawn(),
            joins=self._join_entry(
                self._get_billed_project(),
                SQL("a.arrangement_id"),
                SQL("move.commercial_partner_id"),
                SQL("a.company_id"),
            ),
        )

    @api.model
    def _where_billing(self):
        return SQL("WHERE a.state IN ('posted', 'credited')")

    @api.model
    def _get_settled(self):
        """SQL of what was applied to each invoice and credit note, until now or the end of the day asked for.

        :return: SELECT of move_id, paid and written_off (positive, in the currency of the invoice), and exchange (of
            the company: a gain is positive)
        """
        return SQL(
            """
            SELECT part.move_id,
                   sum(part.amount * (1 - part.lost)) AS paid,
                   sum(part.amount * part.lost) AS written_off,
                   -sum(difference.balance) AS exchange
              FROM (SELECT * FROM (%(applied)s) applied WHERE %(is_until)s) part
   LEFT JOIN LATERAL (
                  SELECT sum(item.balance) AS balance
                    FROM account_move_line item
                    JOIN account_account account ON account.id = item.account_id
                   WHERE item.move_id = part.exchange_move_id AND %(is_result)s
              ) difference ON TRUE
          GROUP BY part.move_id
            """,
            applied=self._get_applied(),
            is_until=SQL("applied.day <= %s", day) if (day := self._get_as_of()) else SQL("TRUE"),
            is_result=IS_RESULT,
        )

    @api.model
    def _get_applied(self):
        """SQL of each thing that was applied to an invoice or a credit note: what cash is, for all who ask.

        It is what is reconciled with its receivable, except another invoice or credit note of the client, an exchange
        difference, and the part of an entry that went to income or expense, or to a tax: that part was written off.

        :return: SELECT of move_id, line_id (its receivable), other_move_id, day, amount (positive, in the currency of
            the invoice), company_amount, lost (the share of it that was written off) and exchange_move_id
        """
        return SQL(
            """
            SELECT part.move_id, part.line_id, other_move.id AS other_move_id, part.day, part.amount,
                   part.company_amount, other.lost, part.exchange_move_id
              FROM (%(reconciled)s) part
              JOIN account_move_line other_line ON other_line.id = part.other_id
              JOIN account_move other_move ON other_move.id = other_line.move_id
               AND other_move.move_type NOT IN ('out_invoice', 'out_refund')
               AND NOT EXISTS (SELECT FROM account_partial_reconcile WHERE exchange_move_id = other_move.id)
        CROSS JOIN LATERAL (
                  SELECT LEAST(GREATEST(COALESCE(
                             sum(item.balance) FILTER (WHERE item.tax_line_id IS NOT NULL OR %(is_result)s)
                             / NULLIF(-sum(item.balance) FILTER (WHERE account.account_type = 'asset_receivable'), 0),
                         0), 0), 1) AS lost
                    FROM account_move_line item
                    JOIN account_account account ON account.id = item.account_id
                   WHERE item.move_id = other_move.id
              ) other
            """,
            reconciled=self._get_reconciled(),
            is_result=IS_RESULT,
        )

    @api.model
    def _get_last_settled(self, move_types=SALES):
        """SQL of the last day on which something was reconciled with each invoice.

        :return: SELECT of move_id and day
        """
        return SQL("SELECT move_id, max(day) AS day FROM (%s) part GROUP BY move_id", self._get_reconciled(move_types))

    @api.model
    def _get_reconciled(self, move_types=SALES):
        """SQL of each thing that is reconciled with the receivable of an invoice or a credit note, whatever it is.

        :param move_types: of other moves than those of clients, what is reconciled with their payable

        :return: SELECT of move_id, line_id (its receivable), other_id (journal item), day, amount (positive, in the
            currency of the invoice), company_amount and exchange_move_id
        """
        return SQL(
            """
            SELECT line.move_id, part.*
              FROM (
                  SELECT debit_move_id AS line_id, credit_move_id AS other_id, debit_amount_currency AS amount,
                         amount AS company_amount, max_date AS day, exchange_move_id
                    FROM account_partial_reconcile
               UNION ALL
                  SELECT credit_move_id, debit_move_id, credit_amount_currency, amount, max_date, exchange_move_id
                    FROM account_partial_reconcile
              ) part
              JOIN account_move_line line ON line.id = part.line_id
              JOIN account_move move ON move.id = line.move_id AND move.move_type = ANY(%s)
            """,
            list(move_types),
        )

    @api.model
    def _get_drawn(self):
        """SQL of what was paid of invoices from deposits, by lines of their own: with tax, positive."""
        return SQL(
            """
            SELECT move_id, -sum(price_total) AS amount
              FROM account_move_line
             WHERE (timetrack_retainer_id IS NOT NULL OR is_downpayment) AND price_total < 0
          GROUP BY move_id
            """
        )
