from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Command

from odoo.addons.client_timetrack.demo.year import MONTHS, months_before

# After how many days clients pay: some before their bills are due, some after a reminder.
DAYS_TO_PAY = {
    "partner_insurer": 24,
    "partner_brightwell": 27,
    "partner_norrland": 41,
    "partner_meridian": 12,
    "partner_pinecrest": 33,
    "partner_calloway": 15,
    "partner_orchard": 75,
    "partner_kestrel": 30,
    "partner_tessera": 20,
    "partner_fairview": 45,
}
INVOICE_DAY = 4
# Engagements whose last month is reviewed line by line before it is invoiced.
REVIEWED = ("supply", "regulatory", "grid")
# Some time of this engagement, so many months ago, was put on hold until the client says yes, and nobody asked again.
FORGOTTEN, FORGOTTEN_MONTHS = "grid", 4
ACCRUED_MONTHS = 3


class TimetrackDemo(models.AbstractModel):
    _inherit = "timetrack.demo"

    @api.model
    def _open_books(self):
        """A chart of accounts for the firm."""
        self = self._firm()
        # try_loading would warn of a registry that is not complete: what the generic chart needs is there
        self.env["account.chart.template"]._load("generic_coa", self.env.company, install_demo=False)

    @api.model
    def _load_billing(self):
        """Bill the nine months: each month is invoiced in the next one, and paid when the client pays."""
        self = self._firm().with_context(tracking_disable=True)
        today = fields.Date.today()
        self._agree_on_terms()
        # what was approved before there were rates has none yet
        self.env["timetrack.billing.queue"].search(
            [("company_id", "=", self.env.company.id), ("rateless_hours", ">", 0)]
        ).action_find_rates()
        self._take_advance(today)
        projects = self.env["project.project"].search(
            [("company_id", "=", self.env.company.id), ("allow_billable", "=", True)]
        )
        reviewed = self.env["project.project"].union(
            *(self.env.ref(f"client_timetrack.project_{name}") for name in REVIEWED)
        )
        for back in range(MONTHS - 1, 0, -1):
            month = months_before(today, back)
            day = month + relativedelta(months=1, day=INVOICE_DAY)
            last = back == 1
            forgotten = self.env.ref(f"client_timetrack.project_{FORGOTTEN}") if back == FORGOTTEN_MONTHS else None
            self._bill_month(projects - reviewed if last else projects, month, min(day, today), forgotten)
            self._bill_order(month, min(day, today))
        self._pay(today)
        self._review(reviewed, months_before(today, 0) - timedelta(days=1))
        self._dispute(today)
        for back in range(ACCRUED_MONTHS, 0, -1):
            accrual = self.env["timetrack.accrual"].create(
                {
                    "company_id": self.env.company.id,
                    "date": months_before(today, back - 1) - timedelta(days=1),
                    "unbilled_account_id": self.env.ref("client_timetrack_billing.account_unbilled").id,
                    "liability_account_id": self.env.ref("client_timetrack_billing.account_contract_liability").id,
                }
            )
            accrual.action_post()

    @api.model
    def _agree_on_terms(self):
        """Clients pay within thirty days."""
        clients = self.env["res.partner"].union(*(self.env.ref(f"client_timetrack.{name}") for name in DAYS_TO_PAY))
        clients.property_payment_term_id = self.env.ref("account.account_payment_term_30days")

    @api.model
    def _take_advance(self, today):
        """The insurer pays money into trust as the matter begins."""
        retainer = self.env.ref("client_timetrack_billing.retainer_claim")
        advance = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.env.ref("client_timetrack.partner_insurer").id,
                "invoice_date": months_before(today, 7),
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": f"Advance: {retainer.project_id.name}",
                            "account_id": retainer.account_id.id,
                            "price_unit": retainer.amount,
                            "tax_ids": [Command.clear()],
                            "timetrack_retainer_id": retainer.id,
                        }
                    )
                ],
            }
        )
        advance.action_post()
        self._register_payment(advance, advance.invoice_date + timedelta(days=9))

    @api.model
    def _bill_month(self, projects, month, day, forgotten=None):
        """Invoice what was worked until the end of a month, on a day of the next; hold some time of one project."""
        end = month + relativedelta(months=1, days=-1)
        wizard = self.env["timetrack.invoice.wizard"].create(
            {"company_id": self.env.company.id, "project_ids": projects.ids, "date_to": end}
        )
        prebills = wizard._propose(wizard._get_candidates())
        self._adjust(prebills)
        if forgotten:
            rows = prebills.line_ids.filtered(lambda row: row.line_id.project_id == forgotten)
            rows[:3].write({"action": "hold"})
        prebills.invoice_date = day
        prebills.action_approve()
        prebills.action_invoice()
        prebills.move_id.action_post()

    @api.model
    def _bill_order(self, month, day):
        """The school district has a sales order: Odoo's own dialog bills it, until the end of a month."""
        order = self.env.ref("client_timetrack_billing.order_network")
        end = month + relativedelta(months=1, days=-1)
        open_time = self.env["account.analytic.line"].search_count(
            [("order_id", "=", order.id), ("timesheet_invoice_id", "=", False), ("date", "<=", end),
             ("timetrack_state", "=", "approved")],
            limit=1,
        )  # fmt: skip
        if open_time:
            dialog = self.env["sale.advance.payment.inv"].with_context(active_model="sale.order", active_ids=order.ids)
            known = order.invoice_ids
            dialog.create({"advance_payment_method": "delivered", "date_end_invoice_timesheet": end}).create_invoices()
            invoice = order.invoice_ids - known
            invoice.invoice_date = day
            invoice.action_post()

    @api.model
    def _adjust(self, prebills):
        """Now and then something is written down: one line in twelve that was slow, one in forty for nothing."""
        rows = prebills.line_ids.filtered(lambda row: row.line_id and row.action == "bill")
        slow = self.env.ref("client_timetrack_billing.adjustment_reason_inefficiency")
        courtesy = self.env.ref("client_timetrack_billing.adjustment_reason_courtesy")
        for row in rows:
            if row.line_id.id % 40 == 0:
                row.write({"action": "no_charge", "reason_id": courtesy.id})
            elif row.line_id.id % 12 == 0 and row.hours_billed > 1:
                row.write({"hours_billed": row.hours_billed - 0.5, "reason_id": slow.id})

    @api.model
    def _pay(self, today):
        """Clients pay what is due, each after its own time."""
        invoices = self.env["account.move"].search(
            [
                ("company_id", "=", self.env.company.id),
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
                ("payment_state", "=", "not_paid"),
            ],
            order="invoice_date, id",
        )
        days = {self.env.ref(f"client_timetrack.{name}"): number for name, number in DAYS_TO_PAY.items()}
        for invoice in invoices:
            day = invoice.invoice_date + timedelta(days=days[invoice.commercial_partner_id] + invoice.id % 5)
            if day <= today:
                self._register_payment(invoice, day)

    @api.model
    def _register_payment(self, invoice, day):
        self.env["account.payment.register"].with_context(active_model="account.move", active_ids=invoice.ids).create(
            {"payment_date": day}
        ).action_create_payments()

    @api.model
    def _review(self, projects, end):
        """The last month: one pre-bill waits for the partner in charge, one is approved, the others are drafts."""
        wizard = self.env["timetrack.invoice.wizard"].create(
            {"company_id": self.env.company.id, "project_ids": projects.ids, "date_to": end}
        )
        prebills = wizard._propose(wizard._get_candidates())
        self._adjust(prebills)
        supply = prebills.filtered(lambda one: self.env.ref("client_timetrack.project_supply") in one.project_ids)
        supply.line_ids.filtered("line_id")[:2].write({"action": "hold"})
        supply.action_submit()
        regulatory = self.env.ref("client_timetrack.project_regulatory")
        prebills.filtered(lambda one: regulatory in one.project_ids).action_approve()

    @api.model
    def _dispute(self, today):
        """The insurer does not accept two entries of its last invoice."""
        matter = self.env.ref("client_timetrack.project_claim")
        rows = self.env["timetrack.allocation"].search(
            [("project_id", "=", matter.id), ("state", "=", "posted"), ("line_id", "!=", False)], order="date desc, id"
        )
        invoice = rows[:1].move_id
        self.env["timetrack.dispute"].create(
            {
                "move_id": invoice.id,
                "row_ids": [Command.set(rows.filtered(lambda row: row.move_id == invoice)[:2].ids)],
                "reason_id": self.env.ref("client_timetrack_billing.dispute_reason_hours").id,
                "description": "We agreed on three hours of research at most.",
                "user_id": self.env.ref("client_timetrack.user_partner").id,
                "date_due": today + timedelta(days=6),
            }
        )
