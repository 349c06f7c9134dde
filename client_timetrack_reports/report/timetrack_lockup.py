from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from .timetrack_report import RATE_GROUP

# Days of a year, by which balances and fees of twelve months become days.
YEAR = 365
# How many month ends are shown, and how many before them have fees that count.
SHOWN, BEFORE = 24, 12
# Balances: of several month ends they are no sum.
BALANCES = ("wip_amount", "receivable_amount", "lockup_amount", "fees_year", "fees_quarter")
RATIOS = {
    "wip_days": ("wip_amount", "fees_year"),
    "debtor_days": ("receivable_amount", "fees_year"),
    "lockup_days": ("lockup_amount", "fees_year"),
    "dso": ("receivable_quarter", "fees_quarter"),
}


def _balance(label, help_text):
    return fields.Monetary(
        label, readonly=True, groups=RATE_GROUP, help=f"{help_text} Of several month ends it is the mean."
    )


def _days(label, help_text):
    return fields.Float(label, readonly=True, aggregator="avg", digits=(12, 1), help=help_text)


class TimetrackLockup(models.Model):
    """Lockup by month: the days of fees that are tied up in work in progress and with debtors.

    A row is a client's project at the end of a month, or today. Work in progress and fees are those of
    ``timetrack.report``, where they go by the day of the work and of the invoice; what is receivable of the fees is
    what was not reconciled by that day. Today it is the report's own. Formulas (``readme/METHODS.md``): WIP days = work
    in progress / net fees of twelve months x 365; debtor days likewise; lockup is both; DSO = receivable / fees of the
    last three months x their days.
    """

    _name = "timetrack.lockup"
    _inherit = ["timetrack.sql.report", "timetrack.ratio.mixin"]
    _description = "Lockup"
    _auto = False
    _order = "day desc, lockup_days desc nulls last, id"
    _rec_name = "day"
    _depends = {
        "account.partial.reconcile": ["credit_amount_currency", "debit_amount_currency", "max_date"],
        "project.project": ["user_id"],
        "res.company": ["currency_id"],
        "timetrack.report": ["billed_amount", "client_id", "company_id", "date", "project_id", "wip_amount"],
    }

    day = fields.Date("As Of", readonly=True)
    is_now = fields.Boolean("Now", readonly=True)
    client_id = fields.Many2one("res.partner", readonly=True)
    project_id = fields.Many2one("project.project", readonly=True)
    user_id = fields.Many2one("res.users", "Project Manager", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)

    wip_amount = _balance("Work in Progress", "Approved and unbilled, at its net contract rate.")
    receivable_amount = _balance("Receivable", "Of the fees, without tax.")
    lockup_amount = _balance("Locked Up", "Work in progress and receivable.")
    fees_year = _balance("Fees of 12 Months", "Net fees of the twelve months until the day.")
    fees_quarter = _balance("Fees of 3 Months", "Net fees of the three months until the day.")
    receivable_quarter = fields.Monetary(
        "Receivable by Days", readonly=True, groups=RATE_GROUP, help="Receivable x the days of the three months."
    )
    quarter_days = fields.Integer("Days of 3 Months", readonly=True, aggregator="max")
    wip_days = _days("WIP Days", "Work in progress / net fees of 12 months x 365.")
    debtor_days = _days("Debtor Days", "Receivable / net fees of 12 months x 365.")
    lockup_days = _days("Lockup Days", "WIP days and debtor days.")
    has_fees = fields.Boolean(readonly=True, help="In the twelve months: otherwise there are no days.")
    has_recent_fees = fields.Boolean(readonly=True, help="In the three months: otherwise there is no DSO.")
    dso = _days("DSO", "Receivable / net fees of 3 months x the days of these.")

    @property
    def _table_query(self):
        today = fields.Date.context_today(self)
        first = today.replace(day=1) - relativedelta(months=SHOWN + BEFORE - 1)
        ratios = [
            SQL(
                "CASE WHEN %(base)s > 0 THEN %(factor)s * %(part)s / %(base)s END::float8 AS %(name)s",
                part=SQL.identifier(part),
                base=SQL.identifier(base),
                factor=self._get_factor(name),
                name=SQL.identifier(name),
            )
            for name, (part, base) in RATIOS.items()
        ]
        return SQL(
            """
              WITH month_end AS (
                    SELECT (start - INTERVAL '1 day')::date AS day
                      FROM generate_series(%(first)s::timestamp, %(today)s::timestamp, INTERVAL '1 month') start
                     WHERE start::date <= %(today)s
                 UNION ALL
                    SELECT %(today)s
              ),
              monthly AS MATERIALIZED (
                    SELECT company_id, client_id, project_id, month, SUM(wip) AS wip, SUM(receivable) AS receivable,
                           SUM(fees) AS fees, SUM(year) AS year, SUM(quarter) AS quarter
                      FROM (%(movements)s) one
                  GROUP BY 1, 2, 3, 4
              ),
              movement AS (
                    -- places by one number: clients and projects may be NULL, which PostgreSQL joins row by row
                    SELECT DENSE_RANK() OVER (ORDER BY company_id, client_id, project_id) AS place,
                           GREATEST(LEAST((month + INTERVAL '1 month - 1 day')::date, %(today)s), %(first)s::date - 1)
                               AS day,
                           monthly.*
                      FROM monthly
              ),
              moved AS (
                    SELECT place, day, SUM(wip) AS wip, SUM(receivable) AS receivable, SUM(fees) AS fees,
                           SUM(year) AS year, SUM(quarter) AS quarter
                      FROM movement
                  GROUP BY 1, 2
              ),
              place AS (
                    SELECT DISTINCT place, company_id, client_id, project_id FROM movement
              ),
              balance AS (
                    SELECT place.*, month_end.day, month_end.day = %(today)s AS is_now,
                           COALESCE(SUM(wip) OVER until, 0) AS wip_amount,
                           COALESCE(SUM(receivable) OVER until, 0) AS receivable_amount,
                           COALESCE(CASE WHEN month_end.day = %(today)s THEN SUM(year) OVER always
                                         ELSE SUM(fees) OVER twelve END, 0) AS fees_year,
                           COALESCE(CASE WHEN month_end.day = %(today)s THEN SUM(quarter) OVER always
                                         ELSE SUM(fees) OVER three END, 0) AS fees_quarter,
                           month_end.day - (month_end.day + INTERVAL '1 day' - INTERVAL '3 months')::date + 1
                               AS quarter_days,
                           ROW_NUMBER() OVER (ORDER BY place.place, month_end.day) AS id
                      FROM place
                CROSS JOIN month_end
                 LEFT JOIN moved ON moved.place = place.place AND moved.day = month_end.day
                    WINDOW always AS (PARTITION BY place.place),
                           until AS (always ORDER BY month_end.day),
                           twelve AS (until ROWS BETWEEN 11 PRECEDING AND CURRENT ROW),
                           three AS (until ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)
              ),
              locked AS (
                    SELECT *, fees_year > 0 AS has_fees, fees_quarter > 0 AS has_recent_fees,
                           wip_amount + receivable_amount AS lockup_amount,
                           receivable_amount * quarter_days AS receivable_quarter
                      FROM balance
                     WHERE day >= GREATEST(%(shown)s, (SELECT min(day) FROM moved))
              )
            SELECT locked.*, project.user_id, company.currency_id, %(ratios)s
              FROM locked
              JOIN res_company company ON company.id = locked.company_id
         LEFT JOIN project_project project ON project.id = locked.project_id
            """,
            first=first,
            today=today,
            shown=today.replace(day=1) - relativedelta(months=SHOWN - 2, days=1),
            movements=SQL(" UNION ALL ").join(self._sum_up(movements, today) for movements in self._get_movements()),
            ratios=SQL(", ").join(ratios),
        )

    @api.model
    def _sum_up(self, movements, today):
        """SQL of movements by month. Each kind is summed up by itself: of a million pieces of work PostgreSQL sorts
        what is left of them."""
        return SQL(
            """
            SELECT company_id, client_id, project_id, date_trunc('month', date::timestamp) AS month,
                   SUM(wip) AS wip, SUM(receivable) AS receivable, SUM(fees) AS fees,
                   SUM(fees) FILTER (WHERE date > %(year)s) AS year,
                   SUM(fees) FILTER (WHERE date > %(quarter)s) AS quarter
              FROM (%(movements)s) one
             WHERE date <= %(today)s
          GROUP BY 1, 2, 3, 4
            """,
            movements=movements,
            today=today,
            year=today - relativedelta(years=1),
            quarter=today - relativedelta(months=3),
        )

    @api.model
    def _get_movements(self):
        """Hook: SELECTs of what comes in and goes out: company_id, client_id, project_id, date, wip, receivable,
        fees."""
        Report = self.env["timetrack.report"]
        columns = Report._select_billing()
        return [
            self._get_facts("wip", wip="wip_amount"),
            self._get_facts("wip_billed", wip="wip_amount"),
            self._get_facts("billing", fees="billed_amount"),
            SQL(
                """
                SELECT %(key)s, GREATEST(%(date)s, step.day) AS date, NULL::numeric AS wip,
                       (%(share)s)::numeric * step.amount AS receivable, NULL::numeric AS fees
                       %(from)s
                  JOIN (
                        SELECT move.id AS move_id, NULL::date AS day, move.amount_residual AS amount
                          FROM account_move move
                     UNION ALL
                        SELECT move_id, NULL, amount FROM (%(reconciled)s) part
                     UNION ALL
                        SELECT move_id, day, -amount FROM (%(reconciled)s) part
                       ) step ON step.move_id = a.move_id
                       %(where)s
                """,
                key=self._get_key(columns),
                date=columns["date"],
                share=Report._get_fee_share(),
                reconciled=Report._get_reconciled(),
                where=Report._where_billing(),
                **{"from": Report._from_billing()},
            ),
        ]

    @api.model
    def _get_facts(self, fact, **measures):
        """SQL of the movements that a fact of ``timetrack.report`` is."""
        Report = self.env["timetrack.report"]
        columns = getattr(Report, f"_select_{fact}")()
        amounts = [
            SQL(
                "(%s)::numeric AS %s",
                columns[measures[name]] if name in measures else SQL("NULL"),
                SQL.identifier(name),
            )
            for name in ("wip", "receivable", "fees")
        ]
        return SQL(
            "SELECT %s, %s AS date, %s %s %s",
            self._get_key(columns),
            columns["date"],
            SQL(", ").join(amounts),
            getattr(Report, f"_from_{fact}")(),
            getattr(Report, f"_where_{fact}")(),
        )

    @api.model
    def _get_key(self, columns):
        names = ("company_id", "client_id", "project_id")
        return SQL(", ").join(SQL("%s AS %s", columns[name], SQL.identifier(name)) for name in names)

    @api.model
    def _get_factor(self, name):
        return SQL("1") if name == "dso" else SQL("%s", YEAR)

    # ------------------------------------------------------------------
    # Aggregates
    # ------------------------------------------------------------------

    @api.model
    def _get_ratios(self):
        return {**super()._get_ratios(), **RATIOS}

    @api.model
    def _get_ratio_sql(self, name, query):
        """Days may be seen by who may not see the amounts."""
        return SQL("%s * %s", self._get_factor(name), super(TimetrackLockup, self.sudo())._get_ratio_sql(name, query))

    def _read_group_select(self, aggregate_spec, query):
        """A balance of several month ends is their mean."""
        name, _colon, function = aggregate_spec.partition(":")
        total = super()._read_group_select(aggregate_spec, query)
        if name not in BALANCES or function not in ("sum", "sum_currency"):
            return total
        return SQL("%s / COUNT(DISTINCT %s)", total, SQL.identifier(self._table, "day"))

    def action_open_source(self):
        """Open the work and the invoices that the row is made of, until its day."""
        self.ensure_one()
        action = self.env["timetrack.report"]._get_action("wip_roll", self.project_id, "project_id")
        until = Domain("date", "<=", self.day) & Domain("client_id", "=", self.client_id.id)
        return {
            **action,
            "display_name": self.env._(
                "%(project)s until %(day)s",
                project=self.project_id.display_name or self.client_id.display_name or "",
                day=format_date(self.env, self.day),
            ),
            "domain": list(Domain(action["domain"]) & until),
            "context": {},
        }
