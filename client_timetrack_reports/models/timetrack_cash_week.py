from collections import defaultdict
from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.client_timetrack_billing.models.timetrack_arrangement import FEES
from odoo.addons.client_timetrack_billing.models.timetrack_retainer import DEPOSIT

from ..engine import cash as engine
from .timetrack_cash_item import BANDS

WEEK = timedelta(weeks=1)
# Days from the work to its invoice, where nothing was ever invoiced.
USUAL_LAG = 30
# How far back unapproved time is looked for, and how old invoices are whose cash says what is collected in the end.
LOOK_BACK = 90


class TimetrackCashWeek(models.Model):
    """Cash of a week, as it was expected in some week before: thirteen weeks ahead, by currency.

    Open invoices, fees by schedule, approved and unapproved time come in when clients usually pay (``engine/cash.py``);
    what retainers pay of them does not, but what fills these up again.
    What was expected stays, and is held against what came.
    """

    _name = "timetrack.cash.week"
    _description = "Cash Forecast"
    _inherit = ["timetrack.nightly.mixin"]
    _order = "made desc, week, id"
    _rec_name = "week"

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade", index=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    made = fields.Date("Forecast Of", required=True, readonly=True, help="Monday of the week in which it was made.")
    week = fields.Date(required=True, readonly=True, help="Its Monday.")
    ahead = fields.Integer("Weeks Ahead", readonly=True, aggregator=None)
    is_latest = fields.Boolean("Now", readonly=True)
    is_replayed = fields.Boolean(
        "Worked Out Afterwards",
        readonly=True,
        help="From invoices, payments and time of those days; when time was approved, what was disputed and what "
        "retainers held then is left out.",
    )
    invoiced = fields.Monetary(readonly=True)
    scheduled = fields.Monetary("Fees and Advances", readonly=True)
    approved = fields.Monetary("Approved, Unbilled", readonly=True)
    unapproved = fields.Monetary("Not Approved", readonly=True)
    expected = fields.Monetary(readonly=True, help="All of them, at the median delays.")
    p10 = fields.Monetary(readonly=True, help="In nine of ten cases it is more.")
    p50 = fields.Monetary(readonly=True)
    p90 = fields.Monetary(readonly=True, help="In nine of ten cases it is less.")
    came = fields.Monetary(readonly=True, help="Payments of clients in that week, once it is over.")
    is_over = fields.Boolean("Over", readonly=True)

    _once = models.UniqueIndex("(company_id, made, week, currency_id)", "This week is forecast already.")

    @api.model
    def _work_out(self, company, today):
        """The forecast of a company, and what came of those before."""
        self.env.flush_all()
        payments = self._read_payments(company, today)
        items = self._get_items(company, today)
        self._write_items(company, items, payments, today)
        self._write_weeks(company, items, payments, today)
        self._check_back(company, today)

    @api.model
    def _cron_refresh(self):
        """Then what would have been forecast in the weeks before the first forecast, so that it can be seen soon how
        good that is; week by week, for it takes a while where there is much time."""
        if not super()._cron_refresh():
            return False
        waiting = [
            (company, monday) for company in self._get_companies() for monday in self._get_weeks_to_replay(company)
        ]
        for place, (company, monday) in enumerate(waiting, start=1):
            self._of_company(company)._replay(company, monday)
            if not self.env["ir.cron"]._commit_progress(1, remaining=len(waiting) - place):
                return False
        return True

    @api.model
    def _get_weeks_to_replay(self, company):
        """The Mondays of the weeks before the first forecast that are not worked out yet, the latest first."""
        of_company = Domain("company_id", "=", company.id)
        known = dict(self.sudo()._read_group(of_company, ["made:day"], ["is_replayed:bool_and"]))
        first = min((week for week, is_replayed in known.items() if not is_replayed), default=None)
        weeks = [first - number * WEEK for number in range(1, engine.WEEKS + 1)] if first else []
        return [week for week in weeks if week not in known]

    @api.model
    def _replay(self, company, monday):
        """Put down what would have been forecast at the end of a day, and what came."""
        items = self._get_items(company, monday, is_past=True)
        self._write_weeks(company, items, self._read_payments(company, monday), monday, is_past=True)
        self._check_back(company, fields.Date.context_today(self))

    @api.model
    def _get_companies(self):
        """Who has no employees has invoices all the same."""
        return self.env["res.company"].search([("active", "=", True)])

    @api.model
    def _write_items(self, company, items, payments, today):
        """Put down what is to come, and when."""
        Item = self.env["timetrack.cash.item"]
        Item.search([("company_id", "=", company.id)]).unlink()
        behaviours = engine.Behaviours(payments)
        vals_list = []
        for item, refers in items:
            expected = None
            if not refers.get("is_disputed"):
                expected = behaviours.expect(item.client, item.segment, item.due, today)
            vals_list.append(
                {
                    "company_id": company.id,
                    "currency_id": item.currency,
                    "client_id": item.client,
                    "band": item.band,
                    "amount": item.amount,
                    "due": item.due,
                    "expected": expected and expected.day,
                    "source": expected and expected.source,
                    **refers,
                }
            )
        Item.create(vals_list)

    @api.model
    def _write_weeks(self, company, items, payments, today, is_past=False):
        """Put down the forecast of the running week, instead of what it was before in this week.

        :param bool is_past: ``today`` is a day that is over: the forecast is worked out afterwards
        """
        monday = today - timedelta(days=today.weekday())
        of_company = Domain("company_id", "=", company.id)
        self.search(of_company & Domain("made", "=", monday)).unlink()
        if not is_past:
            self.search(of_company & Domain("is_latest", "=", True)).write({"is_latest": False})
        made = engine.forecast([item for item, refers in items if not refers.get("is_disputed")], payments, today)
        vals_list = []
        # where clients pay there is a forecast, also of nothing; and what was looked at once is not looked at again
        nothing = [engine.Week(monday + place * WEEK, {}, (0.0, 0.0, 0.0)) for place in range(engine.WEEKS)]
        usual = {company.currency_id.id: nothing} if payments or is_past else {}
        for currency, weeks in (usual | made.weeks).items():
            for place, week in enumerate(weeks):
                p10, p50, p90 = week.quantiles
                vals_list.append(
                    {
                        "company_id": company.id,
                        "currency_id": currency,
                        "made": monday,
                        "week": week.start,
                        "ahead": place,
                        "is_latest": not is_past,
                        "is_replayed": is_past,
                        **{band: week.bands.get(band, 0.0) for band, _label in BANDS},
                        "expected": sum(week.bands.values()),
                        "p10": p10,
                        "p50": p50,
                        "p90": p90,
                    }
                )
        self.create(vals_list)

    @api.model
    def _check_back(self, company, today):
        """Put down what came in the weeks that are over."""
        monday = today - timedelta(days=today.weekday())
        rows = self.search([("company_id", "=", company.id), ("week", "<", monday), ("is_over", "=", False)])
        came = self._read_came(company, min(rows.mapped("week"), default=monday))
        for key, same in rows.grouped(lambda row: (row.week, row.currency_id.id)).items():
            same.write({"came": came.get(key, 0.0), "is_over": True})

    # ------------------------------------------------------------------
    # What is known
    # ------------------------------------------------------------------

    @api.model
    def _get_cash(self):
        """SQL of the payments of invoices: what is applied to them (``timetrack.report``) and moves money. What was
        written off with it is none, and neither is what goes from one account to another."""
        return SQL(
            """
            SELECT move.id AS move_id, move.company_id, move.currency_id, move.commercial_partner_id AS client_id,
                   client.timetrack_client_category_id AS category_id, applied.day,
                   applied.company_amount * (1 - applied.lost) AS amount,
                   applied.amount * (1 - applied.lost) AS currency_amount,
                   COALESCE(line.date_maturity, move.invoice_date_due, move.invoice_date) AS due
              FROM (%s) applied
              JOIN account_move move ON move.id = applied.move_id
              JOIN account_move_line line ON line.id = applied.line_id
         LEFT JOIN res_partner client ON client.id = move.commercial_partner_id
             WHERE move.move_type = 'out_invoice' AND move.state = 'posted' AND applied.lost < 1
               AND EXISTS (
                       SELECT FROM account_move_line money
                         JOIN account_account account ON account.id = money.account_id
                        WHERE money.move_id = applied.other_move_id
                          AND account.account_type IN ('asset_cash', 'asset_current', 'liability_credit_card'))
            """,
            self.env["timetrack.report"]._get_applied(),
        )

    @api.model
    def _read_payments(self, company, today):
        """The payments of the last year, as the engine wants them."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT client_id, category_id, day - due, amount FROM (%s) cash
                 WHERE company_id = %s AND day > %s AND day <= %s AND due IS NOT NULL
              ORDER BY day, move_id, amount
                """,
                self._get_cash(),
                company.id,
                today - relativedelta(years=1),
                today,
            )
        )
        return [engine.Payment(client, category, delay, float(amount)) for client, category, delay, amount in rows]

    @api.model
    def _read_came(self, company, start):
        """Cash by week and currency since a day: dict of (Monday, currency id) to amount in the currency."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT date_trunc('week', day::timestamp)::date, currency_id, sum(currency_amount)
                  FROM (%s) cash WHERE company_id = %s AND day >= %s GROUP BY 1, 2
                """,
                self._get_cash(),
                company.id,
                start,
            )
        )
        return {(week, currency): float(amount) for week, currency, amount in rows}

    @api.model
    def _get_items(self, company, today, is_past=False):
        """All that is to come: list of (item of the engine, values of what it refers to).

        :param bool is_past: as it was at the end of that day
        """
        habits = self._get_habits(company, today)
        bills = [
            *self._get_scheduled(company, today, is_past),
            *self._get_unbilled("approved", self._read_approved(company, today, is_past), today, habits),
            *self._get_unbilled("unapproved", self._read_unapproved(company, today, is_past), today, habits),
        ]
        open_items = self._get_open_then(company, today) if is_past else self._get_open(company)
        return [*open_items, *self._get_billed(company, bills, today, habits, is_past)]

    @api.model
    def _get_billed(self, company, bills, today, habits, is_past):
        """What is paid of bills to come: advances pay for them first, and are filled up."""
        Retainer = self.env["timetrack.retainer"]
        automatic = Domain("company_id", "=", company.id) & Domain("is_automatic", "=", True)
        retainers = Retainer if is_past else Retainer.search(automatic)
        funds = [self._get_fund(retainer, habits) for retainer in retainers]
        left, refills = engine.draw(bills, funds, today)
        items = [
            self._make(bill._replace(amount=amount), habits)
            for bill, amount in zip(bills, left, strict=True)
            if not bill.currency.is_zero(amount)
        ]
        for refill in refills:
            retainer = retainers[refill.place]
            advance = engine.Bill(
                "scheduled", retainer.partner_id, retainer.project_id, retainer.currency_id, refill.day, refill.amount
            )
            items.append(self._make(advance, habits, is_certain=True))
        return items

    @api.model
    def _get_fund(self, retainer, habits):
        """A retainer for the engine. All its amounts are untaxed, as bills are: money in trust pays tax too."""
        tax = habits.get_tax(retainer.partner_id) if retainer.kind == DEPOSIT else 1.0
        left = retainer.balance - (retainer.unpaid if retainer.kind == DEPOSIT else 0.0)
        return engine.Fund(
            retainer.partner_id,
            retainer.project_id or None,
            retainer.currency_id,
            left / tax,
            retainer.floor / tax,
            max(retainer.amount, retainer.floor) / tax,
        )

    @api.model
    def _get_open(self, company):
        """What is open of invoices and credit notes, by the lines that are due; what is disputed of it apart."""
        lines = self.env["account.move.line"].search(
            [
                ("company_id", "=", company.id),
                ("parent_state", "=", "posted"),
                ("move_id.move_type", "in", ["out_invoice", "out_refund"]),
                ("account_id.account_type", "=", "asset_receivable"),
                ("amount_residual_currency", "!=", 0),
            ],
            order="id",
        )
        disputes = self.env["timetrack.dispute"].search([("move_id", "in", lines.move_id.ids), ("state", "=", "open")])
        disputed = defaultdict(float)
        for dispute in disputes:
            untaxed = dispute.move_id.amount_untaxed
            disputed[dispute.move_id] += dispute.amount / untaxed if untaxed else 0.0
        items = []
        for line in lines:
            move = line.move_id
            client = move.commercial_partner_id
            share = min(disputed.get(move, 0.0), 1.0)
            currency = line.currency_id
            held = currency.round(line.amount_residual_currency * share)
            for amount, is_disputed in ((line.amount_residual_currency - held, False), (held, True)):
                if not currency.is_zero(amount):
                    item = engine.Item(
                        client.id, client.timetrack_client_category_id.id or None, "invoiced", currency.id, amount,
                        line.date_maturity or move.invoice_date,
                    )  # fmt: skip
                    items.append((item, {"move_id": move.id, "is_disputed": is_disputed}))
        return items

    @api.model
    def _get_open_then(self, company, day):
        """What was open at the end of a day: what is open now, and what was reconciled later."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT move.commercial_partner_id, client.timetrack_client_category_id, line.currency_id,
                       line.amount_residual_currency + sign.of * COALESCE(later.amount, 0),
                       COALESCE(line.date_maturity, move.invoice_date), move.id
                  FROM account_move_line line
                  JOIN account_move move ON move.id = line.move_id
                  JOIN account_account account ON account.id = line.account_id
             LEFT JOIN res_partner client ON client.id = move.commercial_partner_id
             LEFT JOIN (
                        SELECT line_id, sum(amount) AS amount FROM (%(reconciled)s) part WHERE day > %(day)s
                      GROUP BY line_id
                       ) later ON later.line_id = line.id
            CROSS JOIN LATERAL (SELECT CASE WHEN move.move_type = 'out_invoice' THEN 1 ELSE -1 END AS of) sign
                 WHERE move.company_id = %(company)s AND move.state = 'posted'
                   AND move.move_type IN ('out_invoice', 'out_refund')
                   AND account.account_type = 'asset_receivable'
                   AND COALESCE(move.invoice_date, move.date) <= %(day)s
                   AND (line.amount_residual_currency != 0 OR later.amount IS NOT NULL)
              ORDER BY line.id
                """,
                reconciled=self.env["timetrack.report"]._get_reconciled(),
                company=company.id,
                day=day,
            )
        )
        return [
            (engine.Item(client, category, "invoiced", currency, float(amount), due), {"move_id": move})
            for client, category, currency, amount, due, move in rows
            if amount
        ]

    @api.model
    def _get_scheduled(self, company, today, is_past):
        """Bills of fees on no posted invoice: on their day, or that of the milestone they wait for; what has neither
        has no day."""
        billed = Domain("state", "=", "posted") & Domain("reversed_id", "=", False)
        if is_past:
            billed &= Domain("move_id.invoice_date", "<=", today)
        instalments = self.env["timetrack.instalment"].search(
            Domain("company_id", "=", company.id)
            & (Domain("date", "!=", False) | Domain("milestone_id", "!=", False))
            & ~Domain("row_ids", "any", billed)
        )
        bills = []
        for one in instalments:
            milestone = one.milestone_id
            if one.partner_id and one.amount and (not milestone or milestone.is_reached or milestone.deadline):
                days = [today, one.date, False if milestone.is_reached else milestone.deadline]
                day = max(day for day in days if day)
                bills.append(engine.Bill("scheduled", one.partner_id, one.project_id, one.currency_id, day, one.amount))
        return bills

    @api.model
    def _get_unbilled(self, band, groups, today, habits):
        """Bills of time, on the day on which clients are usually billed for it."""
        bills = []
        for client, project, currency, last, standard, net in groups:
            if client:
                billing = habits.get_billing(client)
                day = max(last + timedelta(days=habits.get_lag(client)), today)
                amount = net if billing is None else standard * billing
                bills.append(engine.Bill(band, client, project, currency, day, amount))
        return bills

    @api.model
    def _make(self, bill, habits, is_certain=False):
        """The item of a bill to come: what clients pay of it in the end, with tax.

        :param bool is_certain: it is paid in full
        """
        client, currency = bill.client, bill.currency
        factor = habits.get_tax(client) * (1.0 if is_certain else habits.get_collection(client))
        terms = client.property_payment_term_id.line_ids
        due = max((line._get_due_date(bill.day) for line in terms), default=bill.day)
        item = engine.Item(
            client.id, client.timetrack_client_category_id.id or None, bill.band, currency.id,
            currency.round(bill.amount * factor), due,
        )  # fmt: skip
        return item, {"project_id": bill.project.id}

    @api.model
    def _read_approved(self, company, today, is_past=False):
        """Approved time on no posted invoice, by month of work.

        :return: list of (client, project, currency, last day of work, standard value, value at the net contract rate)
        """
        pieces = self.env["timetrack.billing.queue"]._get_pieces(
            today, as_of_day=is_past, with_orders=True
        )
        rows = self.env.execute_query(
            SQL(
                """
                SELECT partner_id, project_id, currency_id, max(date), sum(hours * standard_rate), sum(hours * rate)
                  FROM (%s) piece
                 WHERE company_id = %s AND currency_id IS NOT NULL AND NOT is_fee
              GROUP BY partner_id, project_id, currency_id, date_trunc('month', date::timestamp)
              ORDER BY 1, 2, 3, 4
                """,
                pieces,
                company.id,
            )
        )
        return self._browse(rows)

    @api.model
    def _browse(self, rows):
        """Rows of ids as rows of records, which are read all at once."""
        clients, projects, currencies = (
            {one.id: one for one in self.env[model].browse({row[place] for row in rows if row[place]})}
            for place, model in enumerate(("res.partner", "project.project", "res.currency"))
        )
        return [
            (clients.get(client), projects[project], currencies[currency], day, float(standard or 0), float(net or 0))
            for client, project, currency, day, standard, net in rows
        ]

    @api.model
    def _read_unapproved(self, company, today, is_past=False):
        """Billable time that is not approved, at the rates that it would have today: as :meth:`_read_approved`, where
        what is approved by now counts as approved on a past day too."""
        waits = Domain("timetrack_state", "!=", "approved")
        if is_past:
            waits &= Domain("create_date", "<", fields.Datetime.to_datetime(today + timedelta(days=1)))
        entries = self.env["account.analytic.line"].search(
            self.env["account.analytic.line"]._timetrack_entry_domain()
            & Domain("company_id", "=", company.id)
            & Domain("timetrack_is_billable", "=", True)
            & waits
            & Domain("so_line", "=", False)
            & ~Domain("timetrack_arrangement_id.kind", "in", FEES)
            & Domain("date", "<=", today)
            & Domain("date", ">", today - timedelta(days=LOOK_BACK)),
            order="project_id, date, id",
        )
        rates = entries._timetrack_resolve_rates()
        engagements = self.env["timetrack.engagement"]._get_by_project(entries.project_id)
        none = self.env["timetrack.engagement"]
        sums = {}
        for entry in entries:
            rate = rates.get(entry.id)
            if rate and rate.get("timetrack_rate_currency_id"):
                key = (entry.timetrack_client_id.id, entry.project_id.id, rate["timetrack_rate_currency_id"])
                last, standard, net = sums.get(key, (entry.date, 0.0, 0.0))
                value = entry.unit_amount * rate["timetrack_rate"]
                factor = engagements.get(entry.project_id, none)._get_net_factor()
                sums[key] = max(last, entry.date), standard + value, net + value * factor
        return self._browse([(*key, *values) for key, values in sums.items()])

    @api.model
    def _get_habits(self, company, today):
        """How clients are billed and pay in the end, by the last year."""
        return Habits(self.env, company, today)


class Habits:
    """Of clients, else of all of them: days from work to invoice, realization, and tax."""

    def __init__(self, env, company, today):
        self.env = env
        of_company = Domain("company_id", "=", company.id)

        def in_year(name):
            return of_company & Domain(name, ">", today - relativedelta(years=1)) & Domain(name, "<=", today)

        self.lags = self._read("timetrack.turnaround", in_year("invoiced"), "billing_median:avg")
        billing = Domain("kind", "=", "billing") & in_year("date")
        self.billing = self._read("timetrack.report", billing, "billing_realization:avg")
        ripe = billing & Domain("cohort_date", "<=", today - timedelta(days=LOOK_BACK))
        self.collection = self._read("timetrack.report", ripe, "collection_realization:avg")
        moves = in_year("invoice_date") & Domain("move_type", "=", "out_invoice") & Domain("state", "=", "posted")
        # advances and what is drawn of them are not taxed as work is
        moves &= ~Domain("line_ids", "any", [("timetrack_retainer_id", "!=", False)])
        sums = [
            (client.id, total / untaxed if untaxed else None)
            for client, total, untaxed in env["account.move"]._read_group(
                moves, ["commercial_partner_id"], ["amount_total_signed:sum", "amount_untaxed_signed:sum"]
            )
        ]
        [(total, untaxed)] = env["account.move"]._read_group(
            moves, [], ["amount_total_signed:sum", "amount_untaxed_signed:sum"]
        )
        self.taxes = {**dict(sums), None: total / untaxed if untaxed else None}

    def _read(self, model, domain, measure):
        """A measure by client, and (under None) of all."""
        Model = self.env[model]
        groups = Model._read_group(domain, ["client_id"], [measure])
        [(every,)] = Model._read_group(domain, [], [measure])
        known = {client.id: value for client, value in groups if client and value is not False}
        return {**known, None: None if every is False else every}

    @staticmethod
    def _choose(values, client, usual):
        value = values.get(client.id)
        value = values.get(None) if value is None else value
        return usual if value is None else float(value)

    def get_lag(self, client):
        """Days from the work to its invoice."""
        return round(self._choose(self.lags, client, USUAL_LAG))

    def get_billing(self, client):
        """What is billed of a standard value; None where nothing was billed yet."""
        return self._choose(self.billing, client, None)

    def get_collection(self, client):
        """What is collected of what was billed, once it is old enough to know."""
        return self._choose(self.collection, client, 1.0)

    def get_tax(self, client):
        """What is to pay of an untaxed amount."""
        return self._choose(self.taxes, client, 1.0)
