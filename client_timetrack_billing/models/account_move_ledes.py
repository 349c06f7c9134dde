from decimal import Decimal
from typing import NamedTuple

from odoo import api, fields, models

from odoo.addons.client_timetrack.engine.allocation import spread, to_decimal, unit_of

from ..engine import ledes
from .account_analytic_line import LEDGER_GROUP


class Source(NamedTuple):
    """Where a line of a LEDES file comes from: the row of the ledger, if it is one, and the invoice line."""

    row: models.BaseModel
    line: models.BaseModel


class AccountMove(models.Model):
    """Invoices as LEDES files: what the engine is told, and what its problems mean to people."""

    _inherit = "account.move"

    timetrack_receiver_id = fields.Many2one(
        "timetrack.ledes.receiver",
        string="E-Billing",
        compute="_compute_timetrack_receiver_id",
        compute_sudo=True,
        groups=LEDGER_GROUP,
        help="The system that the client receives electronic invoices with.",
    )

    @api.depends("timetrack_allocation_ids.project_id")
    def _compute_timetrack_receiver_id(self):
        for move in self:
            move.timetrack_receiver_id = move._timetrack_get_receiver()

    def action_timetrack_ledes(self):
        """Open the dialog that checks the invoices and makes their files."""
        return self.env["timetrack.ledes.wizard"]._open(self)

    def _timetrack_get_engagements(self):
        """The engagements whose time or costs are on the invoice, in sudo."""
        self.ensure_one()
        projects = self.sudo().timetrack_allocation_ids.filtered(lambda row: row.state != "cancelled").project_id
        return projects.timetrack_engagement_ids

    def _timetrack_get_receiver(self):
        """The receiver that was agreed on for all of the invoices; none where they differ."""
        engagements = [engagement for move in self for engagement in move._timetrack_get_engagements()]
        receivers = {engagement.receiver_id for engagement in engagements}
        return receivers.pop() if len(receivers) == 1 else self.env["timetrack.ledes.receiver"]

    def _timetrack_get_ledes(self, receiver):
        """What the invoice says, as the engine wants it. Read in sudo: check before that the user may read it.

        :param receiver: whom it is for (``timetrack.ledes.receiver``); may be none
        :return: the :class:`ledes.Invoice`, and for each of its lines the :class:`Source`
        """
        self.ensure_one()
        move = self.sudo()
        engagement = move._timetrack_get_engagements()[:1]
        draws = move._timetrack_get_draws()
        sources, amounts = move._timetrack_get_ledes_amounts(draws)
        rates = [move._timetrack_get_tax_rate(source.line) for source in sources]
        unit = unit_of(move.currency_id.rounding)
        sign = -move.direction_sign
        drawn, drawn_net = (sum(draws.mapped(name)) for name in ("price_total", "price_subtotal"))
        tax = to_decimal(sign * (move.amount_tax - drawn + drawn_net), unit)
        shares = [amount * rate for amount, rate in zip(amounts, rates, strict=True)]
        taxes = spread(tax, shares, unit) if shares else []
        names = receiver._get_class_names()
        keepers = self.env["timetrack.timekeeper"]._get_by_employee(
            self.env["hr.employee"].union(*(source.row.employee_id for source in sources)).sudo()
        )
        days = [source.row.date for source in sources if source.row.date] or [move.invoice_date]
        lines = [
            move._timetrack_prepare_ledes_line(source, amount, max(days), keepers, names, rate, share)
            for source, amount, rate, share in zip(sources, amounts, rates, taxes, strict=True)
        ]
        client, company = move.commercial_partner_id, move.company_id
        abroad = move.currency_id != company.currency_id
        invoice = ledes.Invoice(
            number=move.name or "",
            date=move.invoice_date,
            client_id=engagement.client_code or client.ref or "",
            matter_id=engagement.matter_code or "",
            law_firm_id=receiver.firm_code or company.vat or company.company_registry or "",
            start=min(days),
            end=max(days),
            # what is paid from a retainer is billed all the same
            total=to_decimal(sign * (move.amount_total - drawn), unit),
            lines=tuple(lines),
            client_matter_id=engagement.client_matter_code or "",
            description=engagement.project_id.name or "",
            currency=move.currency_id.name,
            decimals=move.currency_id.decimal_places,
            po_number=engagement.order_number or "",
            client_tax_id=client.vat or "",
            matter_name=engagement.project_id.name or "",
            firm=self._timetrack_get_party(company.partner_id),
            client=self._timetrack_get_party(move.partner_id, client.name),
            reported_tax=self._timetrack_get_reported_tax(tax) if abroad else None,
            tax_currency=company.currency_id.name if abroad else "",
        )
        return invoice, sources

    def _timetrack_get_reported_tax(self, tax):
        """Tax in the currency of the company, at the rate of the invoice.

        :param Decimal tax: in the currency of the invoice
        """
        company = self.company_id
        return to_decimal(float(tax) / self.invoice_currency_rate, unit_of(company.currency_id.rounding))

    @api.model
    def _timetrack_get_party(self, partner, name=None):
        return ledes.Party(
            name=name or partner.commercial_company_name or partner.name or "",
            address_1=partner.street or "",
            address_2=partner.street2 or "",
            city=partner.city or "",
            region=partner.state_id.name or "",
            postcode=partner.zip or "",
            country=partner.country_id.code or "",
        )

    def _timetrack_get_ledes_amounts(self, left_out):
        """What the lines of the file come to without tax; what is taken back is negative.

        What the client sees adjusted on an invoice line of its own becomes the adjustment of its time: a fee in the
        file has a field for it.

        :param left_out: invoice lines that the file does not have
        :return: list of :class:`Source`, and list of their amounts (Decimal)
        """
        self.ensure_one()
        unit = unit_of(self.currency_id.rounding)
        lines = self.invoice_line_ids.filtered(lambda line: line.display_type in ("product", "rounding"))
        lines = (lines - left_out).sorted(lambda line: (line.sequence, line.id))
        none = self.env["timetrack.allocation"]
        rows = none.search([("move_line_id", "in", lines.ids), ("state", "in", ("posted", "credited"))])
        by_line = rows.grouped("move_line_id")
        net = rows._get_amounts_by_part()
        time = {row for row in rows if row.kind == "time" and row.line_id}
        # what is given away in the price, the client is not told on the invoice either
        fees = {row for row in time if row.hours_billed or not row.currency_id.is_zero(row.billed_amount)}
        silent = time - fees
        worked = {(row.line_id, row.part) for row in fees}
        sources, amounts = [], []
        for line in lines:
            if line not in by_line:
                sources.append(Source(none, line))
                amounts.append(to_decimal(line._timetrack_sign() * line.price_subtotal, unit))
            for row in by_line.get(line, none):
                part = (row.line_id, row.part)
                if row in silent or row.kind == "adjustment" and part in worked:
                    continue
                if row.instalment_id and row.currency_id.is_zero(row.billed_amount):
                    # its time says what there is to say
                    continue
                sources.append(Source(row, line))
                amounts.append(net[part] if row in fees else to_decimal(row.billed_amount, unit))
        return sources, amounts

    @api.model
    def _timetrack_get_ledes_price(self, row, line, discount):
        """The price of an hour as the client knows it: the agreed one, or that of the invoice line, where it explains
        the amount to the cent; a third of an hour by it does not divide back to it. Else what the hours were billed at.

        :param float discount: of the invoice line, in percent
        """
        factor = 1 - discount / 100
        for price in (row.standard_rate, line.price_unit):
            amount = line.currency_id.round(row.hours_billed * price * factor)
            if not line.currency_id.compare_amounts(amount, row.billed_amount):
                return price
        return row.billed_rate / factor

    def _timetrack_get_tax_rate(self, line):
        """The rate of all taxes of an invoice line; 0.2 is 20 %. Zero where they cancel each other out."""
        tax = line.price_total - line.price_subtotal
        if line.currency_id.is_zero(tax):
            return Decimal(0)
        taxes = line.tax_ids.flatten_taxes_hierarchy()
        if all(one.amount_type == "percent" and not one.include_base_amount for one in taxes):
            return sum((Decimal(repr(one.amount)) for one in taxes), Decimal(0)) / 100
        return Decimal(repr(tax)) / Decimal(repr(line.price_subtotal))

    def _timetrack_prepare_ledes_line(self, source, amount, last_day, keepers, class_names, tax_rate, tax):
        """A line of the file.

        :param Decimal amount: without tax
        :param date last_day: that of what has no day of its own
        :param dict keepers: timekeeper by employee
        :param dict class_names: what the receiver calls the classifications
        """
        row, line = source
        common = {
            "amount": amount,
            "tax": tax,
            "tax_rate": tax_rate,
            "tax_type": ", ".join(line.tax_ids.flatten_taxes_hierarchy().mapped("name")) if tax else "",
        }
        discount = line.discount if 0 < line.discount < 100 else 0.0
        precise = Decimal(1).scaleb(-max(2, line.currency_id.decimal_places))
        if row.kind == "time" and row.line_id:
            keeper = keepers.get(row.employee_id, self.env["timetrack.timekeeper"])
            return ledes.Line(
                kind=ledes.FEE,
                date=row.date,
                units=to_decimal(row.hours_billed, precise),
                unit_cost=to_decimal(self._timetrack_get_ledes_price(row, line, discount), precise),
                description=row._get_text() or "",
                task_code=row.deliverable_id.code or "",
                activity_code=row.activity_id.code or "",
                timekeeper=ledes.Timekeeper(
                    code=keeper.code or "",
                    last_name=keeper.last_name or "",
                    first_name=keeper.first_name or "",
                    classification=class_names[keeper.classification] if keeper.classification else "",
                ),
                **common,
            )
        code = line.product_id.timetrack_expense_code_id
        kind = row.kind if row else line._timetrack_kind()
        text = line.name or line.product_id.display_name or ""
        if kind == "expense" or code:
            quantity = line.quantity or 1.0
            gross = float(amount) / (1 - discount / 100)
            return ledes.Line(
                kind=ledes.EXPENSE,
                date=row.date or last_day,
                units=to_decimal(quantity, precise),
                unit_cost=to_decimal(abs(gross / quantity), precise),
                description=text,
                expense_code=code.code or "",
                **common,
            )
        return ledes.Line(kind=ledes.FEE_ADJUSTMENT, date=row.date or last_day, description=text, **common)
