from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from .timetrack_allocation import PROPOSED
from .timetrack_arrangement import FEES
from .timetrack_engagement import NOT_BY_RATES

AGES = ((0, 30), (31, 60), (61, 90), (91, 120), (121, None))


class TimetrackBillingQueue(models.Model):
    """Work in progress: approved, billable time that is on no posted invoice, by engagement and currency, with its age;
    and the costs to re-invoice beside it.

    By the definition of WIP: hours dated up to today by their net contract rate, which is the frozen rate less the
    discount of the engagement; of time that is divided the parts that are not posted, at the rate in the ledger. Aged
    from the day of the work.
    """

    _name = "timetrack.billing.queue"
    _description = "Work in Progress by Engagement"
    _auto = False
    _order = "oldest_date, id"
    _rec_name = "project_id"

    company_id = fields.Many2one("res.company", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Client", readonly=True)
    project_id = fields.Many2one("project.project", string="Engagement", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True, help="Empty: the time has no rate yet.")
    hours = fields.Float(readonly=True)
    amount = fields.Monetary(
        "Work in Progress",
        readonly=True,
        help="Net of agreed discounts, untaxed. Time that a fee pays for counts for nothing here: what is earned of a "
        "fee is accrued by its own rule.",
    )
    fee_hours = fields.Float("Paid by Fees", readonly=True, help="Hours that a fee pays for: they have no amount.")
    amount_30 = fields.Monetary("0–30 Days", readonly=True)
    amount_60 = fields.Monetary("31–60", readonly=True)
    amount_90 = fields.Monetary("61–90", readonly=True)
    amount_120 = fields.Monetary("91–120", readonly=True)
    amount_older = fields.Monetary("Over 120", readonly=True)
    draft_amount = fields.Monetary("On Drafts", readonly=True, help="Of the work in progress: on draft invoices.")
    open_hours = fields.Float("To Propose", readonly=True, help="Hours on no pre-bill and no draft invoice.")
    held_hours = fields.Float("On Hold", readonly=True)
    prebill_hours = fields.Float("On Pre-Bills", readonly=True)
    draft_hours = fields.Float("On Draft Invoices", readonly=True)
    rateless_hours = fields.Float(
        "Without Rate", readonly=True, help="Hours that have no rate: they count for nothing."
    )
    cost_amount = fields.Monetary(
        "Costs",
        readonly=True,
        help="Costs to re-invoice that are on no posted invoice, with mark-up, untaxed. They are no work in progress.",
    )
    oldest_date = fields.Date("Oldest", readonly=True)
    newest_date = fields.Date("Newest", readonly=True)

    @property
    def _table_query(self):
        # Time and costs are summed up each by itself: PostgreSQL's workers share a sum over one table, and not one over
        # a union, all rows of which they would send to one of them.
        functions = {"oldest_date": SQL("min"), "newest_date": SQL("max")}
        names = {name: SQL.identifier(name) for name in self._get_measures()}
        return SQL(
            "SELECT %(id)s AS id, %(keys)s, %(measures)s FROM (%(time)s UNION ALL %(costs)s) piece GROUP BY %(keys)s",
            id=self._get_id(),
            keys=self._get_keys(),
            measures=SQL(", ").join(
                SQL("%s(piece.%s) AS %s", functions.get(name, SQL("sum")), column, column)
                for name, column in names.items()
            ),
            time=self._sum_up(self._get_time()),
            costs=self._sum_up(self._get_client_costs()),
        )

    @api.model
    def _sum_up(self, pieces):
        """SQL of the sums of pieces, by what a row is for."""
        return SQL(
            "SELECT %(keys)s, %(measures)s FROM (%(pieces)s) piece WHERE %(where)s GROUP BY %(keys)s",
            keys=self._get_keys(),
            measures=SQL(", ").join(
                SQL("%s AS %s", term, SQL.identifier(name)) for name, term in self._get_measures().items()
            ),
            pieces=pieces,
            where=self._where(),
        )

    @api.model
    def _get_keys(self):
        """Hook: what a row is for."""
        return SQL("piece.company_id, piece.partner_id, piece.project_id, piece.currency_id")

    @api.model
    def _get_measures(self):
        """Hook: the columns, SQL of sums by name."""
        today = fields.Date.context_today(self)
        value = SQL("piece.hours * COALESCE(piece.rate, 0)")
        buckets = {
            name: SQL(
                "sum(%(value)s) FILTER (WHERE %(today)s - piece.date %(span)s)",
                value=value,
                today=today,
                span=SQL("BETWEEN %s AND %s", first, last) if last is not None else SQL(">= %s", first),
            )
            for (first, last), name in zip(
                AGES, ("amount_30", "amount_60", "amount_90", "amount_120", "amount_older"), strict=True
            )
        }
        states = {
            f"{name}_hours": SQL("sum(piece.hours) FILTER (WHERE piece.state = %s)", state)
            for state, name in (("unbilled", "open"), ("held", "held"), ("prebill", "prebill"), ("draft", "draft"))
        }
        return {
            "hours": SQL("sum(piece.hours)"),
            "amount": SQL("sum(%s)", value),
            **buckets,
            **states,
            "draft_amount": SQL("sum(%s) FILTER (WHERE piece.state = 'draft')", value),
            "rateless_hours": SQL("sum(piece.hours) FILTER (WHERE piece.currency_id IS NULL AND NOT piece.is_fee)"),
            "fee_hours": SQL("sum(piece.hours) FILTER (WHERE piece.is_fee)"),
            "cost_amount": SQL("sum(piece.cost)"),
            "oldest_date": SQL("min(piece.date)"),
            "newest_date": SQL("max(piece.date)"),
        }

    @api.model
    def _get_id(self):
        """An id that a row keeps while its time comes and goes; a browser counts 52 bits exactly."""
        return SQL(
            "hashtextextended(concat_ws('/', piece.company_id, piece.partner_id, piece.project_id, piece.currency_id),"
            " 0) & ((1::bigint << 52) - 1)"
        )

    @api.model
    def _get_time(self):
        """Hook: the pieces of time."""
        return SQL(
            "SELECT time.*, NULL::numeric AS cost FROM (%s) time", self._get_pieces(fields.Date.context_today(self))
        )

    @api.model
    def _get_client_costs(self):
        """Hook: the costs as pieces, of which there are no hours."""
        return SQL(
            """
            SELECT cost.company_id, client.commercial_partner_id AS partner_id, cost.project_id, cost.currency_id,
                   0::float8 AS hours, 0::float8 AS rate, cost.date, cost.state, FALSE AS is_fee, cost.amount AS cost
              FROM (%s) cost
              JOIN project_project project ON project.id = cost.project_id
              JOIN res_partner client ON client.id = project.partner_id
            """,
            self._get_costs(),
        )

    @api.model
    def _get_costs(self):
        """SQL of the costs that are on no posted invoice: what ``sale.order.line`` proposes
        (:meth:`_timetrack_get_costs`), and what the ledger has of them.

        :return: SELECT of company_id, project_id, currency_id, date, state, amount (with mark-up, untaxed)
        """
        return SQL(
            """
            SELECT line.company_id, sale.project_id, line.currency_id,
                   COALESCE(
                       (SELECT max(COALESCE(move.invoice_date, spent.date))
                          FROM account_analytic_line spent
                     LEFT JOIN account_move_line move_line ON move_line.id = spent.move_line_id
                     LEFT JOIN account_move move ON move.id = move_line.move_id
                         WHERE spent.so_line = line.id AND spent.amount <= 0),
                       sale.date_order::date
                   ) AS date, 'unbilled' AS state,
                   open.quantity::numeric
                   * COALESCE(line.price_subtotal / NULLIF(line.product_uom_qty, 0), line.price_unit)::numeric
                   * CASE WHEN template.expense_policy = 'sales_price' OR open.quantity < 0 THEN 1
                          ELSE 1 + COALESCE(engagement.cost_markup, 0)::numeric / 100 END AS amount
              FROM sale_order_line line
              JOIN sale_order sale ON sale.id = line.order_id
              JOIN timetrack_engagement engagement ON engagement.project_id = sale.project_id
              JOIN product_product product ON product.id = line.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
        CROSS JOIN LATERAL (
                    SELECT line.qty_delivered - line.qty_invoiced - COALESCE(sum(refund.quantity), 0) AS quantity
                      FROM sale_order_line_invoice_rel rel
                      JOIN account_move_line refund ON refund.id = rel.invoice_line_id
                      JOIN account_move move ON move.id = refund.move_id
                       AND move.state = 'draft' AND move.move_type = 'out_refund'
                     WHERE rel.order_line_id = line.id
              ) open
             WHERE line.is_expense AND line.state = 'sale' AND line.qty_delivered != line.qty_invoiced
               AND abs(open.quantity) > 0.000001
               AND engagement.billing_method NOT IN %(other)s AND engagement.is_cost_billed
               AND NOT EXISTS (
                   SELECT FROM timetrack_allocation row
                    WHERE row.sale_line_id = line.id AND row.reversed_id IS NULL
                      AND (row.state IN %(proposed)s OR row.state = 'posted' AND row.move_id IS NULL)
               )
         UNION ALL
            SELECT row.company_id, row.project_id, row.currency_id, row.date, row.state, row.billed_amount
              FROM timetrack_allocation row
             WHERE row.sale_line_id IS NOT NULL AND row.state IN ('held', 'prebill', 'draft')
               AND row.reversed_id IS NULL
            """,
            other=NOT_BY_RATES,
            proposed=PROPOSED,
        )

    @api.model
    def _get_pieces(self, day, as_of_day=False, with_orders=False):
        """SQL of the pieces of time up to a day that are on no posted invoice: the definition of WIP, for all who ask.

        :param date day: of the work, at most
        :param as_of_day: what was not on an invoice (by its accounting date) at the end of that day, instead of what
            is not now. Who approved what when does not count: it is what is approved now (or needs no approval)
        :param with_orders: the time that sales orders bill by the hour too, which the orders invoice
        :return: SELECT of id (of the entry), row_id (in the ledger, if it is there), company_id, partner_id,
            project_id, currency_id, hours, standard_rate, rate (net), date, state, arrangement_id, is_fee; what has no
            rate has no currency, and what a fee pays for has a rate of nothing. A piece of time has several rows that
            sum up where it was credited
        """
        wanted = SQL("line.so_line IS NULL AND line.date <= %s", day)
        orders, price, currency = SQL(), SQL("NULL::float8"), SQL("NULL::int")
        if with_orders:
            wanted = SQL(
                "(line.so_line IS NULL OR line.timesheet_invoice_type = 'billable_time') AND line.date <= %s", day
            )
            OrderLine = self.env["sale.order.line"]
            orders, price = OrderLine._timetrack_join_sql(SQL.identifier("line")), OrderLine._timetrack_price_sql()
            currency = SQL("order_line.currency_id")
        pieces = SQL(
            # what the ledger has not divided or moved is read from the entries alone
            """
            SELECT line.id, NULL::int AS row_id, line.company_id, line.timetrack_client_id AS partner_id,
                   line.project_id, line.timetrack_rate_currency_id AS currency_id, line.unit_amount AS hours,
                   line.timetrack_rate::float8 AS rate, line.date, line.timetrack_billing_state AS state,
                   line.timetrack_arrangement_id AS arrangement_id, 'waiting' AS action, %(price)s AS order_price,
                   %(currency)s AS order_currency_id
              FROM account_analytic_line line
                   %(orders)s
             WHERE line.timetrack_billing_state = 'unbilled' AND %(is_approved)s AND %(wanted)s
         UNION ALL
            SELECT line.id, row.id, row.company_id, client.commercial_partner_id, row.project_id, row.currency_id,
                   row.hours_worked, row.standard_rate, line.date, row.state, row.arrangement_id,
                   CASE WHEN row.state = 'held' THEN 'waiting' ELSE row.action END, %(price)s, %(currency)s
              FROM timetrack_allocation row
              JOIN account_analytic_line line ON line.id = row.line_id
                   %(orders)s
              JOIN project_project project ON project.id = row.project_id
              JOIN res_partner client ON client.id = project.partner_id
             WHERE row.state IN ('held', 'prebill', 'draft') AND row.kind = 'time' AND row.reversed_id IS NULL
               AND %(wanted)s
            """,
            wanted=wanted,
            is_approved=self.env["account.analytic.line"]._timetrack_approved_sql("line"),
            price=price,
            currency=currency,
            orders=orders,
        )
        if as_of_day:
            # back from now: what was invoiced since was in progress, and what was credited since was not
            pieces = SQL(
                """
                %(pieces)s
             UNION ALL
                SELECT line.id, row.id, row.company_id, client.commercial_partner_id, row.project_id, row.currency_id,
                       row.hours_worked, row.standard_rate, line.date, row.state, row.arrangement_id, row.action,
                       %(price)s, %(currency)s
                  FROM timetrack_allocation row
                  JOIN account_move move ON move.id = row.move_id
                  JOIN account_analytic_line line ON line.id = row.line_id
                       %(orders)s
                  JOIN project_project project ON project.id = row.project_id
                  JOIN res_partner client ON client.id = project.partner_id
                 WHERE row.state IN ('posted', 'credited') AND row.kind = 'time' AND move.date > %(day)s AND %(wanted)s
                """,
                pieces=pieces,
                day=day,
                wanted=wanted,
                price=price,
                currency=currency,
                orders=orders,
            )
        return SQL(
            """
            SELECT part.id, part.row_id, part.company_id, part.partner_id, part.project_id,
                   COALESCE(part.order_currency_id, part.currency_id) AS currency_id, part.hours,
                   CASE WHEN part.order_currency_id IS NULL OR part.order_currency_id = part.currency_id
                        THEN part.rate ELSE part.order_price END AS standard_rate,
                   CASE WHEN %(is_fee)s THEN 0 WHEN part.order_currency_id IS NOT NULL THEN part.order_price
                        ELSE part.rate * %(net_factor)s END AS rate,
                   part.date, part.state, part.arrangement_id, %(is_fee)s AS is_fee
              FROM (%(pieces)s) part
         LEFT JOIN timetrack_engagement engagement ON engagement.project_id = part.project_id
         LEFT JOIN timetrack_arrangement arrangement ON arrangement.id = part.arrangement_id
            """,
            pieces=pieces,
            net_factor=self.env["timetrack.engagement"]._get_net_factor_sql(),
            is_fee=SQL(
                "(part.action = 'included' OR (part.action IN ('waiting', 'hold')"
                " AND COALESCE(arrangement.kind = ANY(%s), FALSE)))",
                list(FEES),
            ),
        )

    @api.model
    def _where(self):
        """Hook: which of the pieces."""
        return SQL("piece.company_id IS NOT NULL")

    def action_propose(self):
        """Propose pre-bills for the time of the selected engagements up to today.

        :raise UserError: nothing of it waits, or some of it has no rate
        """
        Prebill = self.env["timetrack.prebill"]
        prebills = Prebill
        for company, rows in self.grouped("company_id").items():
            time = Prebill._get_candidates(company, projects=rows.project_id, date_to=fields.Date.context_today(self))
            if any(time):
                prebills |= Prebill._propose(company, *time)
        if not prebills:
            raise UserError(
                self.env._("All of this is on pre-bills or draft invoices already, or waits for an instalment.")
            )
        return prebills._get_action()

    def action_find_rates(self):
        """Give time that was approved before there was a rate for it the rate that there is by now.

        :raise UserError: there is none for some of it, and what is missing
        """
        Line = self.env["account.analytic.line"]
        entries = Line.search(
            Line._timetrack_to_bill_domain(self.company_id) & Domain("project_id", "in", self.project_id.ids)
        ).sudo()
        entries._timetrack_freeze_rates()
        entries.filtered(lambda line: not line.timetrack_rate_currency_id)._timetrack_raise_no_rate()
        return True

    def action_view_entries(self):
        """Open the time behind the row."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "client_timetrack_billing.timetrack_billing_entry_action"
        )
        action["domain"] = [("project_id", "=", self.project_id.id), ("timetrack_billing_state", "!=", False)]
        return action
