from odoo import api, fields, models
from odoo.tools import SQL

from .timetrack_quantile_mixin import days, quantile
from .timetrack_report import RATE_GROUP

# From the work to the cash: leg, its label, and the columns of its first and last day.
LEGS = {
    "entry": ("Work to Entry", "worked", "entered"),
    "submission": ("Entry to Submission", "entered", "submitted"),
    "approval": ("Submission to Approval", "submitted", "approved"),
    "invoice": ("Approval to Invoice", "approved", "invoiced"),
    "payment": ("Invoice to Payment", "invoiced", "paid"),
    "billing": ("Work to Invoice", "worked", "invoiced"),
    "cash": ("Work to Payment", "worked", "paid"),
}
STAGES = [
    ("draft", "To Submit"),
    ("submitted", "To Approve"),
    ("approved", "To Invoice"),
    ("invoiced", "To Be Paid"),
    ("paid", "Paid"),
]


def _days(leg):
    return days(LEGS[leg][0])


def _quantile(leg, word):
    return quantile(
        LEGS[leg][0],
        word,
        "Days, weighted by the amount: so much of the money took no longer. What is still open does not count.",
    )


class TimetrackTurnaround(models.Model):
    """How long billable time takes from the work to the cash, leg by leg.

    A row is what a posted invoice bills of an entry, or an entry that is on none yet. A leg that is not over has no
    days: how many rows are open in which stage, and for how long, is told beside. Medians and P90 are of the money:
    half of it, or nine tenths, took no longer (weighted quantiles, at every level of a pivot).
    """

    _name = "timetrack.turnaround"
    _inherit = ["timetrack.sql.report", "timetrack.quantile.mixin"]
    _description = "Invoice Turnaround"
    _auto = False
    _order = "worked desc, id desc"
    _rec_name = "worked"
    _depends = {
        "account.analytic.line": [
            "amount", "company_id", "create_date", "date", "employee_id", "manager_id", "project_id",
            "timetrack_billing_state", "timetrack_client_id", "timetrack_is_billable", "timetrack_rate",
            "timetrack_rate_currency_id", "timetrack_state", "timetrack_state_date", "unit_amount", "user_id",
        ],
        "account.move": ["amount_residual", "date", "invoice_currency_rate", "invoice_date", "state"],
        "account.partial.reconcile": ["credit_move_id", "debit_move_id", "max_date"],
        "project.project": ["user_id"],
        "timetrack.allocation": ["billed_amount", "kind", "line_id", "move_id", "reversed_id", "state"],
        "timetrack.approval.event": ["action", "date", "line_id"],
    }  # fmt: skip

    line_id = fields.Many2one("account.analytic.line", "Time Entry", readonly=True)
    move_id = fields.Many2one("account.move", "Invoice", readonly=True)
    employee_id = fields.Many2one("hr.employee", readonly=True)
    manager_id = fields.Many2one("hr.employee", readonly=True)
    project_id = fields.Many2one("project.project", readonly=True)
    user_id = fields.Many2one("res.users", "Project Manager", readonly=True)
    client_id = fields.Many2one("res.partner", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    stage = fields.Selection(STAGES, readonly=True)
    worked = fields.Date(readonly=True)
    entered = fields.Date(readonly=True)
    submitted = fields.Date(readonly=True)
    approved = fields.Date(readonly=True)
    invoiced = fields.Date(readonly=True)
    paid = fields.Date(readonly=True, help="The last payment, of what is paid in full.")
    hours = fields.Float(readonly=True)
    amount = fields.Monetary(readonly=True, groups=RATE_GROUP, help="Billed, or else hours by their rate.")
    number = fields.Integer("Items", readonly=True)
    open_number = fields.Integer("Open Items", readonly=True)
    age = fields.Integer(
        "Oldest Open (Days)", readonly=True, aggregator="max", help="Days since an open item came into its stage."
    )

    entry_days = _days("entry")
    submission_days = _days("submission")
    approval_days = _days("approval")
    invoice_days = _days("invoice")
    payment_days = _days("payment")
    billing_days = _days("billing")
    cash_days = _days("cash")
    entry_median = _quantile("entry", "median")
    entry_p90 = _quantile("entry", "p90")
    submission_median = _quantile("submission", "median")
    submission_p90 = _quantile("submission", "p90")
    approval_median = _quantile("approval", "median")
    approval_p90 = _quantile("approval", "p90")
    invoice_median = _quantile("invoice", "median")
    invoice_p90 = _quantile("invoice", "p90")
    payment_median = _quantile("payment", "median")
    payment_p90 = _quantile("payment", "p90")
    billing_median = _quantile("billing", "median")
    billing_p90 = _quantile("billing", "p90")
    cash_median = _quantile("cash", "median")
    cash_p90 = _quantile("cash", "p90")

    _quantile_weight = "amount"

    @api.model
    def _get_legs(self):
        return LEGS

    @property
    def _table_query(self):
        return SQL("%s FROM (%s) part", self._select(), self._parts())

    @api.model
    def _select(self):
        """Hook: the columns."""
        return SQL(
            """
            SELECT part.*, 1 AS number, CASE WHEN part.stage = 'paid' THEN 0 ELSE 1 END AS open_number,
                   CASE part.stage WHEN 'paid' THEN NULL
                                   WHEN 'draft' THEN %(today)s - part.worked
                                   WHEN 'submitted' THEN %(today)s - part.submitted
                                   WHEN 'approved' THEN %(today)s - part.approved
                                   ELSE %(today)s - part.invoiced END AS age,
                   %(legs)s
            """,
            today=fields.Date.context_today(self),
            legs=self._get_leg_columns(),
        )

    @api.model
    def _parts(self):
        """Hook: what posted invoices bill of entries, and billable entries that are on none."""
        billed = SQL("row.billed_amount / COALESCE(NULLIF(move.invoice_currency_rate, 0), 1)::numeric")
        waiting = self.env["timetrack.report"]._convert_sql(
            SQL("(l.unit_amount * l.timetrack_rate)"),
            SQL("l.timetrack_rate_currency_id"),
            SQL("l.currency_id"),
            SQL("l.company_id"),
            SQL("l.date"),
        )
        return SQL(
            """
            SELECT row.id::int8 * 2 AS id, %(columns)s, row.move_id,
                   CASE WHEN move.amount_residual = 0 THEN 'paid' ELSE 'invoiced' END AS stage,
                   COALESCE(move.invoice_date, move.date) AS invoiced,
                   CASE WHEN move.amount_residual = 0 THEN settled.day END AS paid,
                   row.hours_worked AS hours, (%(billed)s)::numeric AS amount
              FROM timetrack_allocation row
              JOIN account_move move ON move.id = row.move_id
              JOIN account_analytic_line l ON l.id = row.line_id
                   %(joins)s
         LEFT JOIN (%(settled)s) settled ON settled.move_id = row.move_id
             WHERE row.state = 'posted' AND row.kind = 'time' AND row.reversed_id IS NULL
         UNION ALL
            SELECT l.id::int8 * 2 + 1, %(columns)s, NULL,
                   CASE l.timetrack_state WHEN 'submitted' THEN 'submitted' WHEN 'approved' THEN 'approved'
                                          ELSE 'draft' END,
                   NULL, NULL, l.unit_amount,
                   CASE WHEN l.timetrack_rate_currency_id IS NOT NULL THEN %(waiting)s END::numeric
              FROM account_analytic_line l
                   %(joins)s
             %(entries)s AND l.timetrack_is_billable
               AND COALESCE(l.timetrack_billing_state, '') NOT IN ('billed', 'partial')
            """,
            columns=SQL(
                """
                l.id AS line_id, l.employee_id, l.manager_id, l.project_id, project.user_id,
                l.timetrack_client_id AS client_id, l.company_id, l.currency_id, l.date AS worked,
                (l.create_date AT TIME ZONE 'UTC' AT TIME ZONE COALESCE(resource.tz, 'UTC'))::date AS entered,
                CASE WHEN l.timetrack_state IN ('submitted', 'approved') THEN
                    (trail.at AT TIME ZONE 'UTC' AT TIME ZONE COALESCE(resource.tz, 'UTC'))::date END AS submitted,
                CASE WHEN l.timetrack_state = 'approved' THEN
                    (l.timetrack_state_date AT TIME ZONE 'UTC' AT TIME ZONE COALESCE(resource.tz, 'UTC'))::date END
                    AS approved
                """
            ),
            joins=SQL(
                """
                LEFT JOIN project_project project ON project.id = l.project_id
                LEFT JOIN hr_employee employee ON employee.id = l.employee_id
                LEFT JOIN resource_resource resource ON resource.id = employee.resource_id
                LEFT JOIN (
                    SELECT event.line_id, max(event.date) AS at
                      FROM timetrack_approval_event event
                     WHERE event.action = 'submit' AND event.line_id IS NOT NULL
                  GROUP BY event.line_id
                ) trail ON trail.line_id = l.id
                """
            ),
            billed=billed,
            waiting=waiting,
            settled=self.env["timetrack.report"]._get_last_settled(),
            entries=self.env["timetrack.report"]._where_entry(),
        )

    def action_open_source(self):
        """Open the invoice, or else the time entry."""
        self.ensure_one()
        record = self.move_id if self.move_id and self.move_id.has_access("read") else self.line_id
        return record.get_formview_action()
