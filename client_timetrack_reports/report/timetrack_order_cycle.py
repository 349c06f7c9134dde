from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .timetrack_quantile_mixin import days, quantile
from .timetrack_report import COST_GROUP, RATE_GROUP

# Leg, its label, and the columns of its first and last day. An order has those legs whose days it has.
LEGS = {
    "start": ("To Start", "received", "started"),
    "approval": ("To Approval", "started", "approved"),
    "confirm": ("To Order", "received", "confirmed"),
    "invoice": ("To Invoice", "settled", "invoiced"),
    "payment": ("To Payment", "invoiced", "paid"),
    "cycle": ("Receipt to Payment", "received", "paid"),
}
PARTS = tuple(leg for leg in LEGS if leg != "cycle")
KINDS = [
    ("sale", "Sales Order"),
    ("client", "Client's Purchase Order"),
    ("vendor", "Order to a Vendor"),
]
STAGES = [
    ("received", "To Start"),
    ("started", "To Approve"),
    ("approved", "To Invoice"),
    ("requested", "To Order"),
    ("confirmed", "To Be Invoiced"),
    ("invoiced", "To Be Paid"),
    ("paid", "Paid"),
]
# Hours of a working day where a company has no calendar.
USUAL_DAY = 8.0


def _days(leg):
    return days(LEGS[leg][0])


def _quantile(leg, word):
    return quantile(
        LEGS[leg][0], word, "Days: so much of the orders took no longer. What is still open does not count."
    )


class TimetrackOrderCycle(models.Model):
    """How long an order takes, leg by leg: clients' orders from their receipt to the cash, and orders to vendors from
    the request to the payment.

    - A sales order has the time that is booked on its lines. It was received when it was confirmed.
    - A client's own purchase order stands on the engagement of a project, with its date, and has the time and the
      invoices of the project since then.
    - An order to a vendor is for the projects that its lines are distributed to. There is no record of a request: it
      counts from the creation of the request for quotation. They are there where Odoo's purchase app is installed.

    A client's order is approved when none of its time waits for approval any more, invoiced when nothing waits for its
    invoice, and paid when all of its invoices are; so a leg goes on while there is something left of it. Cycle
    efficiency = logged hours as working days / calendar days from the receipt, or the first work if that was before, to
    the payment, or today.
    """

    _name = "timetrack.order.cycle"
    _inherit = ["timetrack.sql.report", "timetrack.quantile.mixin", "timetrack.ratio.mixin"]
    _description = "Order Cycle"
    _auto = False
    _order = "received desc, id desc"
    _rec_name = "reference"
    _depends = {
        "account.analytic.line": [
            "date", "project_id", "so_line", "timetrack_billing_state", "timetrack_is_billable", "timetrack_state",
            "timetrack_state_date", "unit_amount",
        ],
        "account.move": ["amount_residual", "date", "invoice_date", "move_type", "state"],
        "account.partial.reconcile": ["credit_move_id", "debit_move_id", "max_date"],
        "project.project": ["account_id", "company_id", "partner_id", "timetrack_rate_card_id", "user_id"],
        "resource.calendar": ["hours_per_day"],
        "sale.order": ["amount_untaxed", "client_order_ref", "date_order", "invoice_status", "state"],
        "timetrack.allocation": ["move_id", "project_id", "reversed_id", "state"],
        "timetrack.engagement": ["order_amount", "order_date", "order_number"],
    }  # fmt: skip

    kind = fields.Selection(KINDS, readonly=True)
    order_model = fields.Char(readonly=True)
    order_id = fields.Many2oneReference(model_field="order_model", readonly=True)
    reference = fields.Char(readonly=True)
    partner_id = fields.Many2one("res.partner", "Client or Vendor", readonly=True)
    project_id = fields.Many2one("project.project", readonly=True)
    user_id = fields.Many2one("res.users", "Project Manager", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    stage = fields.Selection(STAGES, readonly=True)
    received = fields.Date(readonly=True, help="From a client; of an order to a vendor, when it was requested.")
    started = fields.Date(readonly=True, help="The first day of its time.")
    approved = fields.Date(readonly=True, help="The last approval, once none of its time waits for one.")
    confirmed = fields.Date("Ordered", readonly=True, help="Of an order to a vendor.")
    settled = fields.Date("Approved or Ordered", readonly=True)
    invoiced = fields.Date(readonly=True, help="The last invoice, once nothing waits for one.")
    paid = fields.Date(readonly=True, help="The last payment, once all of its invoices are paid.")
    amount = fields.Monetary(readonly=True, groups=RATE_GROUP, help="Of clients' orders, untaxed.")
    cost_amount = fields.Monetary("Ordered for", readonly=True, groups=COST_GROUP, help="Of vendors, untaxed.")
    hours = fields.Float(readonly=True)
    number = fields.Integer("Orders", readonly=True)
    open_number = fields.Integer("Open Orders", readonly=True)
    age = fields.Integer(
        "Oldest Open (Days)", readonly=True, aggregator="max", help="Days since an open order came into its stage."
    )
    longest_leg = fields.Selection(
        [(leg, LEGS[leg][0]) for leg in PARTS],
        readonly=True,
        help="The leg that took the most days until now; the one that goes on counts.",
    )
    worked_days = fields.Float(readonly=True, help="Logged hours as working days of the company.")
    lead_days = fields.Float(
        "Days so Far", readonly=True, help="Calendar days from the receipt to the payment, or today."
    )
    efficiency = fields.Float(
        "Cycle Efficiency", readonly=True, aggregator="avg", help="Days worked / days from the receipt to the payment."
    )

    start_days = _days("start")
    approval_days = _days("approval")
    confirm_days = _days("confirm")
    invoice_days = _days("invoice")
    payment_days = _days("payment")
    cycle_days = _days("cycle")
    start_median = _quantile("start", "median")
    start_p90 = _quantile("start", "p90")
    approval_median = _quantile("approval", "median")
    approval_p90 = _quantile("approval", "p90")
    confirm_median = _quantile("confirm", "median")
    confirm_p90 = _quantile("confirm", "p90")
    invoice_median = _quantile("invoice", "median")
    invoice_p90 = _quantile("invoice", "p90")
    payment_median = _quantile("payment", "median")
    payment_p90 = _quantile("payment", "p90")
    cycle_median = _quantile("cycle", "median")
    cycle_p90 = _quantile("cycle", "p90")

    @api.model
    def _get_legs(self):
        return LEGS

    @api.model
    def _get_ratios(self):
        return {**super()._get_ratios(), "efficiency": ("worked_days", "lead_days")}

    @property
    def _table_query(self):
        today = fields.Date.context_today(self)
        legs = SQL(", ").join(
            SQL(
                "(%s, %s, COALESCE(part.%s, CASE WHEN part.stage != 'paid' THEN %s END) - part.%s)",
                place,
                leg,
                SQL.identifier(LEGS[leg][2]),
                today,
                SQL.identifier(LEGS[leg][1]),
            )
            for place, leg in enumerate(PARTS)
        )
        return SQL(
            """
            SELECT part.*, 1 AS number, CASE WHEN part.stage = 'paid' THEN 0 ELSE 1 END AS open_number,
                   CASE WHEN part.stage != 'paid'
                        THEN %(today)s - COALESCE(part.invoiced, part.settled, part.started, part.received) END AS age,
                   worked.days AS worked_days, worked.lead AS lead_days,
                   CASE WHEN worked.lead > 0 THEN worked.days / worked.lead END AS efficiency,
                   longest.leg AS longest_leg,
                   %(legs)s
              FROM (%(orders)s) part
         LEFT JOIN res_company company ON company.id = part.company_id
         LEFT JOIN resource_calendar calendar ON calendar.id = company.resource_calendar_id
CROSS JOIN LATERAL (
                    SELECT COALESCE(part.hours, 0) / COALESCE(NULLIF(calendar.hours_per_day, 0), %(usual)s) AS days,
                           CASE WHEN part.kind != 'vendor'
                                THEN GREATEST(COALESCE(part.paid, %(today)s) - LEAST(part.received, part.started), 1)
                                END::float8 AS lead
                   ) worked
 LEFT JOIN LATERAL (
                    SELECT leg
                      FROM (VALUES %(lengths)s) AS one (place, leg, length)
                     WHERE length IS NOT NULL
                       AND (leg IN ('invoice', 'payment') OR (leg = 'confirm') = (part.kind = 'vendor'))
                  ORDER BY length DESC, place
                     LIMIT 1
                   ) longest ON TRUE
            """,
            today=today,
            legs=self._get_leg_columns(),
            lengths=legs,
            orders=SQL(" UNION ALL ").join(self._get_orders()),
            usual=USUAL_DAY,
        )

    @api.model
    def _get_orders(self):
        """Hook: SELECTs with the same columns, one a kind of order."""
        orders = [self._get_sale_orders(), self._get_client_orders()]
        if "purchase.order" in self.env:
            orders.append(self._get_vendor_orders())
        return orders

    # ------------------------------------------------------------------
    # Clients' orders
    # ------------------------------------------------------------------

    @api.model
    def _get_sale_orders(self):
        """SQL of confirmed orders that have time, or sell it."""
        work = SQL(
            """
            SELECT line.order_id, %s
              FROM account_analytic_line l
              JOIN sale_order_line line ON line.id = l.so_line
                   %s
          GROUP BY line.order_id
            """,
            self._get_work_columns(),
            self.env["timetrack.report"]._where_entry(),
        )
        invoices = SQL(
            """
            SELECT DISTINCT line.order_id, item.move_id, NULL::int AS company_id
              FROM sale_order_line line
              JOIN sale_order_line_invoice_rel link ON link.order_line_id = line.id
              JOIN account_move_line item ON item.id = link.invoice_line_id
            """
        )
        return SQL(
            """
            SELECT o.id::int8 * 4 AS id, 'sale' AS kind, 'sale.order' AS order_model, o.id AS order_id,
                   CONCAT_WS(', ', o.name, o.client_order_ref) AS reference, o.partner_id, place.project_id,
                   project.user_id, o.company_id, company.currency_id, %(columns)s,
                   o.amount_untaxed / COALESCE(NULLIF(o.currency_rate, 0), 1)::numeric AS amount,
                   NULL::numeric AS cost_amount, work.hours
              FROM sale_order o
              JOIN res_company company ON company.id = o.company_id
         LEFT JOIN (%(work)s) work ON work.order_id = o.id
CROSS JOIN LATERAL (SELECT COALESCE(work.project_id, o.project_id) AS project_id) place
         LEFT JOIN project_project project ON project.id = place.project_id
         LEFT JOIN (%(bills)s) bill ON bill.order_id = o.id
CROSS JOIN LATERAL (%(milestones)s) one
             WHERE o.state = 'sale'
               AND (work.order_id IS NOT NULL
                    OR EXISTS (SELECT FROM sale_order_line line
                                 JOIN product_product product ON product.id = line.product_id
                                 JOIN product_template template ON template.id = product.product_tmpl_id
                                WHERE line.order_id = o.id AND template.service_type = 'timesheet'))
            """,
            columns=self._get_milestone_columns(),
            work=work,
            bills=self._get_bills(invoices),
            milestones=self._get_milestones(
                self._get_day(SQL("o.date_order")), SQL("o.invoice_status NOT IN ('invoiced', 'upselling')")
            ),
        )

    @api.model
    def _get_client_orders(self):
        """SQL of the purchase orders that stand on engagements. One of a project that companies share is there once for
        each that works on it, with what is its own."""
        sharing = SQL("CASE WHEN project.company_id IS NULL THEN %s END", SQL("l.company_id"))
        work = SQL(
            """
            SELECT engagement.id AS order_id, %(sharing)s AS company_id, %(columns)s
              FROM account_analytic_line l
              JOIN timetrack_engagement engagement ON engagement.project_id = l.project_id
              JOIN project_project project ON project.id = l.project_id
                   %(entries)s
               AND l.so_line IS NULL AND l.date >= engagement.order_date
          GROUP BY engagement.id, %(sharing)s
            """,
            sharing=sharing,
            columns=self._get_work_columns(),
            entries=self.env["timetrack.report"]._where_entry(),
        )
        invoices = SQL(
            """
            SELECT DISTINCT engagement.id AS order_id, a.move_id,
                   CASE WHEN project.company_id IS NULL THEN move.company_id END AS company_id
              FROM timetrack_allocation a
              JOIN account_move move ON move.id = a.move_id
              JOIN timetrack_engagement engagement ON engagement.project_id = a.project_id
              JOIN project_project project ON project.id = a.project_id
         LEFT JOIN account_analytic_line l ON l.id = a.line_id
             WHERE a.state = 'posted' AND a.reversed_id IS NULL AND l.so_line IS NULL
               AND COALESCE(move.invoice_date, move.date) >= engagement.order_date
            """
        )
        return SQL(
            """
            SELECT (o.id::int8 * 65536 + COALESCE(work.company_id, 0)) * 4 + 1 AS id, 'client' AS kind,
                   'timetrack.engagement' AS order_model, o.id AS order_id, o.order_number AS reference,
                   partner.commercial_partner_id AS partner_id, o.project_id, project.user_id, company.id AS company_id,
                   company.currency_id, %(columns)s, NULLIF(%(amount)s, 0)::numeric AS amount,
                   NULL::numeric AS cost_amount, work.hours
              FROM timetrack_engagement o
              JOIN project_project project ON project.id = o.project_id
         LEFT JOIN res_partner partner ON partner.id = project.partner_id
         LEFT JOIN (%(work)s) work ON work.order_id = o.id
         LEFT JOIN res_company company ON company.id = COALESCE(project.company_id, work.company_id)
         LEFT JOIN timetrack_rate_card card
                ON card.id = COALESCE(project.timetrack_rate_card_id, company.timetrack_rate_card_id)
         LEFT JOIN (%(bills)s) bill
                ON bill.order_id = o.id AND bill.company_id IS NOT DISTINCT FROM work.company_id
CROSS JOIN LATERAL (%(milestones)s) one
             WHERE o.order_date IS NOT NULL
            """,
            columns=self._get_milestone_columns(),
            amount=self.env["timetrack.report"]._convert_sql(
                SQL("o.order_amount"),
                SQL("COALESCE(card.currency_id, company.currency_id)"),
                SQL("company.currency_id"),
                SQL("company.id"),
                SQL("o.order_date"),
            ),
            work=work,
            bills=self._get_bills(invoices),
            milestones=self._get_milestones(SQL("o.order_date"), SQL("work.waiting > 0")),
        )

    # ------------------------------------------------------------------
    # Orders to vendors
    # ------------------------------------------------------------------

    @api.model
    def _get_vendor_orders(self):
        """SQL of the orders to vendors by the projects that their lines are distributed to; only where Odoo's purchase
        app is installed, on which nothing else here depends."""
        for model in ("purchase.order", "purchase.order.line"):
            self.env[model].flush_model()  # it cannot stand in _depends
        invoices = SQL(
            """
            SELECT DISTINCT line.order_id, item.move_id, NULL::int AS company_id
              FROM purchase_order_line line
              JOIN account_move_line item ON item.purchase_line_id = line.id
            """
        )
        milestones = SQL(
            """
            SELECT %(requested)s AS received, NULL::date AS started, NULL::date AS approved,
                   CASE WHEN o.state = 'purchase' THEN %(ordered)s END AS confirmed,
                   CASE WHEN o.state = 'purchase' AND o.invoice_status = 'invoiced' THEN bill.invoiced END AS invoiced
            """,
            requested=self._get_day(SQL("o.create_date")),
            ordered=self._get_day(SQL("o.date_approve")),
        )
        return SQL(
            """
            SELECT (o.id::int8 * 16777216 + share.project_id) * 4 + 2 AS id, 'vendor' AS kind,
                   'purchase.order' AS order_model, o.id AS order_id, CONCAT_WS(', ', o.name, o.partner_ref) AS
                   reference, o.partner_id, share.project_id, project.user_id, o.company_id, company.currency_id,
                   %(columns)s, NULL::numeric AS amount,
                   share.amount / COALESCE(NULLIF(o.currency_rate, 0), 1)::numeric AS cost_amount, NULL::float8 AS hours
              FROM purchase_order o
              JOIN res_company company ON company.id = o.company_id
              JOIN (
                    SELECT line.order_id, project.id AS project_id,
                           sum(line.price_subtotal * part.share::numeric / 100) AS amount
                      FROM purchase_order_line line
                CROSS JOIN LATERAL jsonb_each_text(line.analytic_distribution) AS part (accounts, share)
                CROSS JOIN LATERAL unnest(string_to_array(part.accounts, ',')) AS account (id)
                      JOIN project_project project
                        ON project.account_id = CASE WHEN account.id ~ '^[0-9]+$' THEN account.id::int END
                  GROUP BY line.order_id, project.id
                   ) share ON share.order_id = o.id
              JOIN project_project project ON project.id = share.project_id
         LEFT JOIN (%(bills)s) bill ON bill.order_id = o.id
CROSS JOIN LATERAL (%(milestones)s) one
             WHERE o.state != 'cancel'
            """,
            columns=self._get_milestone_columns("requested"),
            bills=self._get_bills(invoices, ("in_invoice",)),
            milestones=milestones,
        )

    # ------------------------------------------------------------------
    # Parts of all of them
    # ------------------------------------------------------------------

    @api.model
    def _get_work_columns(self):
        """SQL of what the time of an order says, grouped by order."""
        is_approved = SQL("COALESCE(l.timetrack_state, '') = 'approved'")
        return SQL(
            """
            min(l.date) AS started, sum(l.unit_amount) AS hours,
            CASE WHEN bool_and(%(is_approved)s) THEN max(%(day)s) END AS approved,
            count(*) FILTER (WHERE l.timetrack_is_billable AND COALESCE(l.timetrack_billing_state, '') != 'billed')
                AS waiting,
            CASE WHEN min(l.project_id) = max(l.project_id) THEN min(l.project_id) END AS project_id
            """,
            is_approved=is_approved,
            day=self._get_day(SQL("COALESCE(l.timetrack_state_date, l.create_date)")),
        )

    @api.model
    def _get_bills(self, links, kinds=("out_invoice",)):
        """SQL of the last invoice of each order, and of the last payment where all of them are paid.

        :param SQL links: SELECT of order_id, move_id and company_id (where an order is of several), each once
        """
        return SQL(
            """
            SELECT link.order_id, link.company_id, max(day.invoiced) AS invoiced,
                   CASE WHEN bool_and(move.amount_residual = 0) THEN max(COALESCE(last.day, day.invoiced)) END AS paid
              FROM (%(links)s) link
              JOIN account_move move ON move.id = link.move_id AND move.state = 'posted'
               AND move.move_type = ANY(%(kinds)s)
CROSS JOIN LATERAL (SELECT COALESCE(move.invoice_date, move.date) AS invoiced) day
         LEFT JOIN (%(settled)s) last ON last.move_id = move.id
          GROUP BY link.order_id, link.company_id
            """,
            links=links,
            kinds=list(kinds),
            settled=self.env["timetrack.report"]._get_last_settled(kinds),
        )

    @api.model
    def _get_milestones(self, received, waits):
        """SQL of the days that a client's order has reached; what it has of ``work`` and of ``bill`` is in reach.

        :param SQL waits: whether something of it waits for its invoice
        """
        return SQL(
            """
            SELECT %(received)s AS received, work.started, work.approved, NULL::date AS confirmed,
                   CASE WHEN (work.order_id IS NULL OR work.approved IS NOT NULL) AND NOT COALESCE(%(waits)s, FALSE)
                        THEN bill.invoiced END AS invoiced
            """,
            received=received,
            waits=waits,
        )

    @api.model
    def _get_milestone_columns(self, first="received"):
        """SQL of the days and the stage of an order, by its milestones (``one``) and its ``bill``.

        :param str first: the stage of an order on which nothing was done
        """
        return SQL(
            """
            one.received, one.started, one.approved, one.confirmed, COALESCE(one.approved, one.confirmed) AS settled,
            one.invoiced, CASE WHEN one.invoiced IS NOT NULL THEN bill.paid END AS paid,
            CASE WHEN one.invoiced IS NOT NULL AND bill.paid IS NOT NULL THEN 'paid'
                 WHEN one.invoiced IS NOT NULL THEN 'invoiced'
                 WHEN one.confirmed IS NOT NULL THEN 'confirmed'
                 WHEN one.approved IS NOT NULL THEN 'approved'
                 WHEN one.started IS NOT NULL THEN 'started' ELSE %s END AS stage
            """,
            first,
        )

    @api.model
    def _get_day(self, moment):
        """SQL of the day of a point in time, in the time zone of the user."""
        return SQL("(%s AT TIME ZONE 'UTC' AT TIME ZONE %s)::date", moment, str(self.env.tz))

    def action_open_source(self):
        """Open the order, or what it stands on; or else its project, or its client or vendor.

        :raise UserError: the user may read none of them
        """
        self.ensure_one()
        order = self.env[self.order_model].browse(self.order_id)
        # the form of a sales order has fields for salespeople only, though others may read orders
        is_for_sales = order._name == "sale.order" and not self.env.user.has_group("sales_team.group_sale_salesman")
        if order._name == "timetrack.engagement" or is_for_sales:
            order = self.project_id
        near = (order, self.project_id, self.partner_id)
        record = next((one for one in near if one and one.has_access("read")), None)
        if record is None:
            raise UserError(self.env._("This order is not for you to see."))
        return record.get_formview_action()
