from collections import defaultdict
from decimal import Decimal
from math import copysign
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import float_round, format_date, formatLang

from ..engine.allocation import to_decimal, unit_of


class InvoiceLine(NamedTuple):
    """A line to be: its entries, all of one rate, and what their values sum to (in the invoice's currency)."""

    entries: models.BaseModel
    rate: float
    target: float


class TimetrackInvoiceWizard(models.TransientModel):
    """Turn approved, unbilled time into draft invoices: one for each client and currency of the rate cards."""

    _name = "timetrack.invoice.wizard"
    _description = "Invoice Approved Time"

    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company)
    project_ids = fields.Many2many("project.project", help="Empty: every project.")
    partner_id = fields.Many2one("res.partner", string="Client", help="Empty: every client.")
    date_from = fields.Date("From", help="First work day to invoice; empty: everything that is still to bill.")
    date_to = fields.Date("To", default=fields.Date.context_today, help="Last work day to invoice.")
    grouping = fields.Selection(
        [
            ("project", "Project"),
            ("task", "Task"),
            ("employee", "Employee"),
            ("activity", "Service Type"),
            ("entry", "Time Entry"),
        ],
        string="One Line per",
        required=True,
        default="project",
        help="Time of different rates or projects always gets lines of its own.",
    )
    entry_count = fields.Integer("Time Entries", compute="_compute_preview")
    hours = fields.Float(compute="_compute_preview")
    amount_text = fields.Char("Untaxed Amount", compute="_compute_preview")
    left_out = fields.Text(compute="_compute_preview")

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
            entries = wizard._get_entries()
            amounts, missing = wizard._get_amounts(entries)
            wizard.entry_count = len(entries)
            wizard.hours = sum(entries.mapped("unit_amount"))
            wizard.amount_text = "; ".join(
                formatLang(self.env, float(amount), currency_obj=currency) for currency, amount in amounts.items()
            )
            wizard.left_out = wizard._describe_left_out(missing)

    def _get_amounts(self, entries):
        """What the entries are worth: a mapping of currency to Decimal, and the entries without a rate."""
        entries = entries.sudo()
        rates = {
            line.id: (line.timetrack_rate_currency_id.id, line.timetrack_rate)
            for line in entries
            if line.timetrack_rate_currency_id
        }
        for line_id, values in entries.filtered(lambda line: line.id not in rates)._timetrack_resolve_rates().items():
            rates[line_id] = (values["timetrack_rate_currency_id"], values["timetrack_rate"])
        amounts = defaultdict(Decimal)
        for line in entries.filtered(lambda line: line.id in rates):
            currency_id, rate = rates[line.id]
            currency = self.env["res.currency"].browse(currency_id)
            amounts[currency] += Decimal(repr(line.unit_amount)) * Decimal(repr(rate))
        return amounts, entries.filtered(lambda line: line.id not in rates)

    def _describe_left_out(self, without_rate):
        """What is not invoiced, and why; and what would stop the invoice."""
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
                len(without_rate),
                self.env._("%s entries have no hourly rate, and cannot be invoiced before they have one."),
            ),
        ]
        return "\n".join(message % count for count, message in messages if count)

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

    def _get_entries(self):
        """The time to invoice, in the order of its dates."""
        Line = self.env["account.analytic.line"]
        return Line.search(
            self._get_scope_domain()
            & Line._timetrack_to_bill_domain(self.company_id)
            & Domain("timetrack_client_id", "!=", False),
            order="date, id",
        )

    # ------------------------------------------------------------------
    # Invoices
    # ------------------------------------------------------------------

    def action_create_invoices(self):
        """Create the draft invoices and open them.

        :raise UserError: there is nothing to invoice, an entry has no rate or was billed a moment ago, or Odoo
            lacks something for the invoice (a journal, an account)
        """
        self.ensure_one()
        entries = self._get_entries()
        if not entries:
            raise UserError(
                self.env._("There is no approved time to invoice.\n%s", self.left_out or "").strip()
            )
        moves = self._create_invoices(entries)
        action = self.env["ir.actions.act_window"]._for_xml_id("account.action_move_out_invoice_type")
        if len(moves) == 1:
            return {**action, "views": [(False, "form")], "res_id": moves.id}
        return {**action, "domain": [("id", "in", moves.ids)]}

    def _create_invoices(self, entries):
        """Create draft invoices for the entries and put them into the ledger.

        :return: the invoices
        """
        entries._timetrack_claim()
        entries._timetrack_freeze_rates()
        entries = entries.sudo()
        entries.filtered(lambda line: not line.timetrack_rate_currency_id)._timetrack_raise_no_rate()
        plans = [
            (client, currency, self._get_lines(group, currency))
            for (client, currency), group in entries.grouped(
                lambda line: (line.timetrack_client_id, line.timetrack_rate_currency_id)
            ).items()
        ]
        moves = (
            self.env["account.move"]
            .with_company(self.company_id)
            .create([self._prepare_move(client, currency, lines) for client, currency, lines in plans])
        )
        entries_by_line = {}
        for move, (_client, _currency, lines) in zip(moves, plans, strict=True):
            move_lines = move._timetrack_product_lines()
            self._settle_prices(move, list(zip(move_lines, lines, strict=True)))
            entries_by_line.update({move_line: line.entries for move_line, line in zip(move_lines, lines, strict=True)})
        self.env["timetrack.allocation"].sudo()._book(entries_by_line, self.env._("Rounding of the invoice line"))
        return moves

    def _get_lines(self, entries, currency):
        """Group the entries of one invoice to its lines.

        :return: list of :class:`InvoiceLine`
        """
        groups = entries.grouped(lambda line: (line.project_id, self._get_group_record(line), line.timetrack_rate))
        unit = unit_of(currency.rounding)
        lines = []
        for (_project, _record, rate), group in groups.items():
            value = sum(Decimal(repr(line.unit_amount)) for line in group) * Decimal(repr(rate))
            lines.append(InvoiceLine(group, rate, float(to_decimal(value, unit))))
        return lines

    def _get_group_record(self, line):
        """What entries of one invoice line have in common, besides project and rate."""
        if self.grouping == "project":
            return line.project_id
        if self.grouping == "entry":
            return line
        return line[{"task": "task_id", "employee": "employee_id", "activity": "timetrack_activity_id"}[self.grouping]]

    def _prepare_move(self, client, currency, lines):
        """Hook: the values of a draft invoice. What is not in here is Odoo's own to compute."""
        partner = self.env["res.partner"].browse(client.address_get(["invoice"])["invoice"])
        translated = self.with_context(lang=partner.lang or self.env.lang)
        return {
            "move_type": "out_invoice",
            "company_id": self.company_id.id,
            "partner_id": partner.id,
            "currency_id": currency.id,
            "invoice_line_ids": [
                Command.create(translated._prepare_move_line(line, sequence))
                for sequence, line in enumerate(lines, start=10)
            ],
        }

    def _prepare_move_line(self, line, sequence):
        """Hook: the values of an invoice line."""
        entries = line.entries.with_context(lang=self.env.context.get("lang"))
        return {
            "sequence": sequence,
            "product_id": self.company_id.sudo()._timetrack_get_product().id,
            "product_uom_id": self.env.ref("uom.product_uom_hour").id,
            "name": self._get_line_name(entries),
            "quantity": self._get_quantity(line),
            "price_unit": line.rate,
            "analytic_distribution": entries.project_id._get_analytic_distribution() or False,
        }

    def _get_quantity(self, line):
        """The hours of an invoice line in the precision of quantities; never zero for time of value."""
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        hours = sum(line.entries.mapped("unit_amount"))
        quantity = float_round(hours, precision_digits=digits)
        return quantity or (copysign(10**-digits, hours) if line.target else 0.0)

    def _get_line_name(self, entries):
        """Hook: the label of an invoice line, in the client's language."""
        project = entries.project_id.name
        dates = sorted(set(entries.mapped("date")))
        period = format_date(self.env, dates[0])
        if len(dates) > 1:
            period = f"{period} – {format_date(self.env, dates[-1])}"
        parts = [project, *self._get_group_names(entries)]
        return f"{' – '.join(part for part in parts if part)} ({period})"

    def _get_group_names(self, entries):
        """What the entries of a line have in common besides their project, in words."""
        if self.grouping == "project":
            return []
        if self.grouping == "entry":
            return [entries.employee_id.name, entries.name if entries.name != "/" else ""]
        return [self._get_group_record(entries[0]).with_env(entries.env).display_name]

    def _settle_prices(self, move, pairs):
        """Make each subtotal what the line's entries sum to.

        Quantities are rounded, and taxes may be part of the price: where hours by rate come to something else, the
        unit price gives way, not the amount.
        """
        commands = [
            Command.update(move_line.id, {"price_unit": self._get_gross_amount(move_line, line) / move_line.quantity})
            for move_line, line in pairs
            if move_line.quantity and move_line.currency_id.compare_amounts(move_line.price_subtotal, line.target)
        ]
        if commands:
            move.write({"invoice_line_ids": commands})

    def _get_gross_amount(self, move_line, line):
        """The amount to enter on an invoice line so that it comes to the line's target without tax."""
        included = move_line.tax_ids.flatten_taxes_hierarchy().filtered("price_include")
        if not included:
            return line.target
        return included.compute_all(
            line.target,
            currency=move_line.currency_id,
            product=move_line.product_id,
            partner=move_line.partner_id,
            handle_price_include=False,
        )["total_included"]
