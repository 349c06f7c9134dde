from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import formatLang

from odoo.addons.client_timetrack.engine.allocation import to_decimal, unit_of

from ..engine.pricing import BILL, value_of
from ..engine.rounding import Work, round_hours
from ..models.res_company import MANAGER_GROUP
from ..models.timetrack_arrangement import FEES
from ..models.timetrack_engagement import GROUPINGS


class TimetrackInvoiceWizard(models.TransientModel):
    """Turn approved, unbilled time into draft invoices without a look at each line: one for each engagement, or client
    where its engagements are billed together, and currency. What is proposed is a pre-bill nevertheless."""

    _name = "timetrack.invoice.wizard"
    _description = "Invoice Approved Time"

    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company)
    project_ids = fields.Many2many("project.project", help="Empty: every project.")
    partner_id = fields.Many2one("res.partner", string="Client", help="Empty: every client.")
    date_from = fields.Date("From", help="First work day to invoice; empty: everything that is still to bill.")
    date_to = fields.Date("To", default=fields.Date.context_today, help="Last work day to invoice.")
    grouping = fields.Selection(
        GROUPINGS,
        string="One Line per",
        help="Empty: as was agreed for each engagement. Time of different rates or projects has lines of its own.",
    )
    entry_count = fields.Integer("Time Entries", compute="_compute_preview")
    hours = fields.Float(compute="_compute_preview")
    amount_text = fields.Char("Untaxed Amount", compute="_compute_preview")
    left_out = fields.Text(compute="_compute_preview")
    may_invoice = fields.Boolean(compute="_compute_may_invoice")

    @api.constrains("date_from", "date_to")
    def _check_dates(self):
        for wizard in self:
            if wizard.date_from and wizard.date_to and wizard.date_from > wizard.date_to:
                raise UserError(self.env._("The period ends before it starts."))

    # ------------------------------------------------------------------
    # Preview
    # ------------------------------------------------------------------

    @api.depends("company_id", "project_ids", "partner_id", "date_from", "date_to")
    def _compute_preview(self):
        for wizard in self:
            instalments, to_come = wizard._look_ahead()
            entries, rows, _instalments, costs = wizard._get_time(instalments)
            amounts, missing = wizard._get_amounts(entries, rows)
            fees = [*instalments, *(one for one, spans in to_come.items() for _span in spans)]
            for one in fees:
                amounts[one.currency_id] += to_decimal(one.amount, unit_of(one.currency_id.rounding))
            for currency, amount in costs._timetrack_get_open_amounts().items():
                amounts[currency] += amount
            wizard.entry_count = len(entries | rows.line_id)
            wizard.hours = sum(entries.mapped("unit_amount")) + sum(rows.mapped("hours_worked"))
            wizard.amount_text = "; ".join(
                formatLang(self.env, float(amount), currency_obj=currency) for currency, amount in amounts.items()
            )
            wizard.left_out = wizard._describe_left_out(missing, instalments)

    @api.depends("company_id")
    @api.depends_context("uid")
    def _compute_may_invoice(self):
        may = self.env.user.has_group(MANAGER_GROUP)
        for wizard in self:
            wizard.may_invoice = may or not wizard.company_id.sudo().timetrack_prebill_approval

    def _get_amounts(self, entries, rows):
        """What time comes to, rounded and with the discount of its engagements: a mapping of currency to Decimal, and
        the entries without a rate. What fees pay for comes to nothing; limits are looked at on the pre-bill only.
        """
        entries, rows = entries.sudo(), rows.sudo()
        rates = {
            line.id: (line.timetrack_rate_currency_id.id, line.timetrack_rate)
            for line in entries
            if line.timetrack_rate_currency_id
        }
        for line_id, values in entries.filtered(lambda line: line.id not in rates)._timetrack_resolve_rates().items():
            rates[line_id] = (values["timetrack_rate_currency_id"], values["timetrack_rate"])
        amounts = defaultdict(Decimal)
        pieces = defaultdict(list)
        for line in entries.filtered(lambda line: line.id in rates and not line._timetrack_is_in_fee()):
            pieces[line.project_id].append((Work(line.unit_amount, line.date, line.task_id), *rates[line.id]))
        for row in rows.filtered(lambda row: row.arrangement_id.kind not in FEES):
            if row.sale_line_id:
                amounts[row.currency_id] += to_decimal(row.billed_amount, unit_of(row.currency_id.rounding))
            else:
                work = Work(row.hours_worked, row.date, row.line_id.task_id)
                pieces[row.project_id].append((work, row.currency_id.id, row.standard_rate))
        Engagement = self.env["timetrack.engagement"]
        engagements = Engagement._get_by_project(Engagement.project_id.union(*pieces))
        for project, mine in pieces.items():
            # a project that nobody has looked at yet is billed as is usual
            engagement = engagements.get(project) or Engagement.new({"project_id": project.id})
            hours = round_hours([work for work, _currency, _rate in mine], engagement._get_rounding())
            for rounded, (_work, currency, rate) in zip(hours, mine, strict=True):
                agreed, _reason = engagement._get_agreed(rate)
                amounts[self.env["res.currency"].browse(currency)] += value_of(rounded, agreed)
        return amounts, entries.filtered(lambda line: line.id not in rates)

    def _describe_left_out(self, without_rate, instalments):
        """What is not invoiced, and why; and what would stop the invoice.

        :param without_rate: time that has none
        :param instalments: that are due
        """
        Line = self.env["account.analytic.line"]
        scope = self._get_scope_domain()
        approved = Line._timetrack_approved_domain()
        unbilled = scope & Domain("timetrack_billing_state", "=", "unbilled")
        messages = [
            (
                Line.search_count(unbilled & Domain("so_line", "!=", False)),
                self.env._("%s entries belong to sales orders: invoice these from the order."),
            ),
            (
                Line.search_count(unbilled & Domain("so_line", "=", False) & ~approved),
                self.env._("%s entries are not approved yet."),
            ),
            (
                Line.search_count(unbilled & Domain("timetrack_client_id", "=", False)),
                self.env._("%s entries have no client: set the customer of their project."),
            ),
            (
                Line.search_count(scope & Domain("timetrack_billing_state", "=", "non_billable")),
                self.env._("%s entries are not billable."),
            ),
            (
                Line.search_count(scope & Domain("timetrack_billing_state", "=", "held")),
                self.env._("%s entries are on hold: propose a pre-bill to bill them."),
            ),
            (
                Line.search_count(scope & Domain("timetrack_billing_state", "=", "prebill")),
                self.env._("%s entries are on pre-bills already."),
            ),
            (
                self._count_waiting(unbilled & approved, instalments),
                self.env._("%s entries wait for the next instalment of their fee."),
            ),
            (
                len(without_rate),
                self.env._("%s entries have no hourly rate, and cannot be invoiced before they have one."),
            ),
        ]
        return "\n".join(message % count for count, message in messages if count)

    def _count_waiting(self, domain, instalments):
        """How many entries wait for an instalment that is not due."""
        waiting = self.env["timetrack.arrangement"]._get_waiting(self.company_id, instalments)
        if not waiting:
            return 0
        return self.env["account.analytic.line"].search_count(
            domain & Domain("timetrack_arrangement_id", "in", waiting.ids)
        )

    # ------------------------------------------------------------------
    # Which time
    # ------------------------------------------------------------------

    def _get_scope_domain(self):
        """Domain of all the time that the wizard's criteria fit, whatever its state."""
        domain = Domain("company_id", "=", self.company_id.id) & Domain("project_id", "!=", False)
        if self.project_ids:
            domain &= Domain("project_id", "in", self.project_ids.ids)
        if self.partner_id:
            domain &= Domain("timetrack_client_id", "=", self.partner_id.commercial_partner_id.id)
        if self.date_from:
            domain &= Domain("date", ">=", self.date_from)
        if self.date_to:
            domain &= Domain("date", "<=", self.date_to)
        return domain

    def _look_ahead(self):
        """Instalments that are due, and periods that have none yet."""
        return self.env["timetrack.instalment"]._look_ahead(
            self.company_id, self.date_to, self.project_ids, self.partner_id
        )

    def _get_candidates(self, instalments=None):
        """What the criteria fit: entries, rows of the ledger that wait, instalments of fees, and costs.

        :param instalments: that are due; without, periods that have come get theirs
        """
        return self.env["timetrack.prebill"]._get_candidates(
            self.company_id,
            projects=self.project_ids,
            client=self.partner_id,
            date_from=self.date_from,
            date_to=self.date_to,
            instalments=instalments,
        )

    def _get_time(self, instalments=None):
        """What to invoice at once: without what is on hold. See :meth:`_get_candidates`."""
        time = self._get_candidates(instalments)
        return time._replace(rows=time.rows.filtered(lambda row: row.action == BILL))

    # ------------------------------------------------------------------
    # Pre-bills and invoices
    # ------------------------------------------------------------------

    def action_propose(self):
        """Propose pre-bills, held time included, and open them.

        :raise UserError: there is no time to bill, or some of it has no rate or was billed a moment ago
        """
        self.ensure_one()
        return self._propose(self._check_any(self._get_candidates()))._get_action()

    def _check_any(self, time):
        """:raise UserError: there is nothing to invoice, and why"""
        if not any(time):
            raise UserError(self.env._("There is no approved time to invoice.\n%s", self.left_out or "").strip())
        return time

    def _propose(self, time, **settings):
        """The pre-bills of what the criteria fit.

        :param time: entries, rows of the ledger that wait, instalments, and costs
        """
        return self.env["timetrack.prebill"]._propose(
            self.company_id,
            *time,
            date_from=self.date_from,
            date_to=self.date_to,
            grouping=self.grouping,
            **settings,
        )

    def action_create_invoices(self):
        """Create the draft invoices and open them.

        :raise UserError: there is nothing to invoice, an entry has no rate or was billed a moment ago, or Odoo
            lacks something for the invoice (a journal, an account)
        :raise AccessError: pre-bills need an approval that is not the user's to give
        """
        self.ensure_one()
        time = self._check_any(self._get_time())
        return self.env["timetrack.prebill"]._get_invoices_action(self._create_invoices(*time))

    def _create_invoices(self, entries, rows=None, instalments=None, costs=None):
        """Propose, approve and invoice in one step.

        :return: the invoices
        """
        rows = self.env["timetrack.allocation"] if rows is None else rows
        prebills = self._propose((entries, rows, instalments, costs), is_direct=True)
        prebills.action_approve()
        return prebills._create_invoices()
