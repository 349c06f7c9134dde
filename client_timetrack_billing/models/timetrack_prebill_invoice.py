from collections import defaultdict
from decimal import Decimal
from math import copysign
from typing import NamedTuple

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import SQL, float_round, format_date, format_duration

from odoo.addons.client_timetrack.engine.allocation import allocate, to_decimal, unit_of

from ..engine import narrative
from ..engine.pricing import BILL, HOLD, INCLUDED, NO_CHARGE, value_of
from .timetrack_prebill import RECORDS

HUNDRED = Decimal(100)
# What comes after what on an invoice.
ORDER = {"adjustment": 1, "cost": 2}


class InvoiceLine(NamedTuple):
    """An invoice line to be: the rows behind it, the hours and the untaxed amount that it shows.

    ``kind``: "time"; "adjustment" for what the client sees taken off (or added) below, of which each row has its
    share: a pair of hours and amount; "instalment" for a fee, whose first row is that of the instalment, and the
    others that of the time that it pays for; or "cost", whose first row is that of the cost. What is free of charge may
    go along with any of them.
    """

    rows: models.BaseModel
    section: models.BaseModel | None
    kind: str
    hours: float
    rate: float
    target: float
    shares: dict | None = None


class TimetrackPrebill(models.Model):
    """From an approved pre-bill to its draft invoice."""

    _inherit = "timetrack.prebill"

    def action_invoice(self):
        """Create the draft invoices of the pre-bills, and open them.

        :raise UserError: a pre-bill has nothing to bill, waits for approval or is invoiced already, or Odoo lacks
            something for the invoice (a journal, an account)
        :raise AccessError: the user may not invoice, or not approve what is not approved yet
        """
        self.filtered(lambda one: one.state in ("draft", "review")).action_approve()
        moves = self._create_invoices()
        return self._get_invoices_action(moves) if moves else True

    @api.model
    def _get_invoices_action(self, moves):
        """Open invoices: one as a form, several as a list."""
        action = self.env["ir.actions.act_window"]._for_xml_id("account.action_move_out_invoice_type")
        if len(moves) == 1:
            return {**action, "views": [(False, "form")], "res_id": moves.id}
        return {**action, "domain": [("id", "in", moves.ids)]}

    def _create_invoices(self):
        """Create the draft invoices of approved pre-bills and put their rows on the lines.

        What is held waits from now on without a pre-bill; what is free of charge goes along with the invoice.

        :return: the invoices; none for a pre-bill on which everything is free of charge
        """
        self._check_may_bill()
        self._lock()
        plans = [(prebill, prebill._get_lines()) for prebill in self.sudo()]
        billed = [(prebill, lines) for prebill, lines in plans if lines]
        by_company = defaultdict(list)
        for prebill, lines in billed:
            by_company[prebill.company_id].append((prebill, lines))
        moves = self.env["account.move"]
        by_prebill = {}
        for company, some in by_company.items():
            news = moves.with_company(company).create(
                [prebill.with_env(self.env)._prepare_move(lines) for prebill, lines in some]
            )
            for move, (prebill, lines) in zip(news, some, strict=True):
                prebill._put_on(move.sudo(), lines)
                by_prebill[prebill] = move
            moves |= news
        for prebill in self.sudo():
            prebill._finish(by_prebill.get(prebill, moves.browse()))
        moves.sudo()._timetrack_draw_automatic()
        return moves.with_env(self.env)

    def _lock(self):
        """Lock the pre-bills in the order of their ids; two users at once invoice them once.

        :raise UserError: one is not approved, or there is nothing on it to bill
        """
        self.flush_recordset()
        # waits for who was first: what has changed then is tried again from the start, and says so
        self.env.execute_query(
            SQL("SELECT id FROM timetrack_prebill WHERE id = ANY(%s) ORDER BY id FOR UPDATE", self.ids)
        )
        self.invalidate_recordset(["state"])
        for prebill in self:
            if prebill.state != "approved":
                raise UserError(
                    self.env._(
                        "%(prebill)s is %(state)s: only an approved pre-bill can be invoiced.",
                        prebill=prebill.name,
                        state=dict(prebill._fields["state"]._description_selection(self.env))[prebill.state],
                    )
                )
            mine = prebill.sudo()
            if not (mine._get_rows_to_invoice() or mine._get_fees_to_invoice() or mine._get_costs_to_invoice()):
                raise UserError(self.env._("Everything on %s is on hold: there is nothing to invoice.", prebill.name))
            mine._get_costs_to_invoice()._check_costs_there()

    def _finish(self, move):
        """The invoice, if there is one, has what is billed: the rest goes its way."""
        self.ensure_one()
        left = self.env["timetrack.allocation"].search([("prebill_id", "=", self.id), ("state", "=", "prebill")])
        held = left.filtered(lambda row: row.action == HOLD)
        if held:
            held._timetrack_internal().write({"state": "held", "prebill_id": False, "merged_id": False})
            self.message_post(
                body=self.env._(
                    "On hold, to be proposed again: %(count)s lines, %(hours)s hours.",
                    count=len(held),
                    hours=format_duration(sum(held.mapped("hours_worked"))),
                )
            )
        # free of charge, and no invoice to go along with
        (left - held)._set_state("posted")
        self._timetrack_internal().write({"state": "invoiced", "move_id": move.id})

    # ------------------------------------------------------------------
    # Lines
    # ------------------------------------------------------------------

    def _get_lines(self):
        """What the invoice says: list of :class:`InvoiceLine`, in the order of its sections."""
        self.ensure_one()
        rows = self._get_rows_to_invoice()._read_values(*self._get_line_fields())
        rows.sort(key=lambda row: (row.date, row.line_id, row.part))
        included = [row for row in rows if row.action == INCLUDED]
        fees, included = self._get_fee_lines(included)
        rows = [row for row in rows if row.action != INCLUDED]
        free = not rows or self.adjustments == "folded" and all(row.action != BILL for row in rows)
        if free and not fees and not self._has_billed_costs():
            return []
        section_of = self._get_sections(rows)
        prefetch = [row.id for row in rows]
        leaders = {row.merged_id for row in rows if row.merged_id}
        groups = defaultdict(list)
        for row in rows:
            key = self._get_line_key(row, row.merged_id or (row.id if row.id in leaders else None))
            groups[section_of(row), key].append(row)
        lines = [self._prepare_line(section, some, prefetch) for (section, _key), some in groups.items()]
        lines = self._fold_free_lines(fees + lines + self._get_cost_lines())
        if included:
            # what the fees of other invoices pay for goes along, at nothing
            lines[0] = lines[0]._replace(rows=lines[0].rows | included)
        if self.adjustments == "shown":
            lines += self._get_adjustment_lines(rows, section_of, prefetch)
        order = {section: place for place, section in enumerate(dict.fromkeys(line.section for line in lines))}
        return sorted(lines, key=lambda line: (order[line.section], ORDER.get(line.kind, 0)))

    def _get_fee_lines(self, included):
        """A line for each instalment, with the time that the first one of its arrangement pays for.

        :param included: values of the rows that fees pay for
        :return: list of :class:`InvoiceLine`, and the rows that fees of other invoices pay for
        """
        ledger = self.env["timetrack.allocation"]
        time = ledger.browse(row.id for row in included)
        by_arrangement = time.grouped("arrangement_id")
        lines = []
        for row in self._get_fees_to_invoice().sorted("id"):
            rows = row | by_arrangement.pop(row.arrangement_id, ledger)
            section = row.project_id if self.sections == "project" else None
            lines.append(InvoiceLine(rows, section, "instalment", 1.0, row.billed_amount, row.billed_amount))
        return lines, ledger.union(*by_arrangement.values()) if by_arrangement else ledger

    def _get_rows_to_invoice(self):
        """The rows that are not on hold."""
        return self.env["timetrack.allocation"].search(
            [("prebill_id", "=", self.id), ("kind", "=", "time"), ("state", "=", "prebill"), ("action", "!=", HOLD)]
        )

    def _get_fees_to_invoice(self):
        """The rows of instalments that are on the pre-bill, and on no invoice."""
        return self.fee_line_ids.filtered(lambda row: row.state == "prebill")

    def _get_line_fields(self):
        """Fields of the rows that invoice lines are made of."""
        names = [
            "date", "line_id", "part", "project_id", "merged_id", "action", "is_amount_fixed", "hours_rounded",
            "hours_billed", "standard_rate", "billed_rate", "billed_amount", "reason_id",
        ]  # fmt: skip
        names += [RECORDS[by] for by in (self.sections, self.grouping) if by in RECORDS]
        return dict.fromkeys(names)

    def _get_sections(self, rows):
        """A function from a row to the record that its section is named after: None where there are no sections."""
        if not self.sections:
            return lambda row: None
        name = RECORDS[self.sections]
        model = self.env[self.env["timetrack.allocation"]._fields[name].comodel_name]
        records = {value: model.browse(value) for value in {getattr(row, name) for row in rows}}
        return lambda row: records[getattr(row, name)]

    def _get_line_key(self, row, leader):
        """What rows of one invoice line have in common, their section aside.

        :param int leader: the row whose line and text this one shares, if it shares any
        """
        if leader:
            return "merged", leader
        if self.grouping == "one":
            return None
        # an amount by hand makes a price of its own only where it stands alone
        if self.adjustments == "shown" or row.action == NO_CHARGE or row.is_amount_fixed:
            rate = row.standard_rate
        else:
            rate = row.billed_rate
        return row.project_id, getattr(row, RECORDS[self.grouping]), rate

    def _prepare_line(self, section, rows, prefetch):
        """The line of some rows: as they are billed, or as they were worked where adjustments are shown below.

        :param list prefetch: ids of all rows of the invoice, which are read together however many lines there are
        """
        unit = unit_of(self.currency_id.rounding)
        if self.adjustments == "shown":
            hours = sum(row.hours_rounded for row in rows)
            target = sum(self.env["timetrack.allocation"]._get_shown_amount(row, unit) for row in rows)
            rates = {row.standard_rate for row in rows}
        else:
            billed = [row for row in rows if row.action == BILL]
            hours = sum(row.hours_billed for row in billed)
            target = sum(to_decimal(row.billed_amount, unit) for row in billed)
            rates = {None if row.is_amount_fixed else row.billed_rate for row in billed}
        rate = rates.pop() if len(rates) == 1 else None
        if rate is None:
            rate = float(target) / hours if hours else 0.0
        records = self.env["timetrack.allocation"].browse(row.id for row in rows).with_prefetch(prefetch)
        return InvoiceLine(records, section, "time", hours, rate, float(target))

    def _fold_free_lines(self, lines):
        """Time free of charge whose line would say nothing goes along with another line of its section, or any."""
        empty = [line for line in lines if not line.target and not line.hours]
        if not empty or len(empty) == len(lines):
            return lines
        result = [line for line in lines if line not in empty]
        for line in empty:
            place = next((index for index, other in enumerate(result) if other.section == line.section), 0)
            result[place] = result[place]._replace(rows=result[place].rows | line.rows)
        return result

    def _get_adjustment_lines(self, rows, section_of, prefetch):
        """What was taken off or added, in a line for each section, project and reason.

        :param list prefetch: as of :meth:`_prepare_line`
        """
        unit = unit_of(self.currency_id.rounding)
        ledger = self.env["timetrack.allocation"]
        groups = defaultdict(dict)
        for row in rows:
            hours = (row.hours_billed if row.action == BILL else 0.0) - row.hours_rounded
            amount = to_decimal(row.billed_amount, unit) - ledger._get_shown_amount(row, unit)
            if amount:
                groups[section_of(row), row.project_id, row.reason_id][row.id] = hours, amount
        lines = []
        for (section, _project, _reason), shares in groups.items():
            records = ledger.browse(shares).with_prefetch(prefetch)
            target = float(sum(amount for _hours, amount in shares.values()))
            shares = dict(zip(records, shares.values(), strict=True))
            lines.append(InvoiceLine(records, section, "adjustment", 0.0, 0.0, target, shares))
        return lines

    # ------------------------------------------------------------------
    # The invoice
    # ------------------------------------------------------------------

    def _prepare_move(self, lines):
        """Hook: the values of the draft invoice. What is not in here is Odoo's own to compute."""
        self.ensure_one()
        translated = self.with_context(lang=self._get_invoice_lang())
        values = {
            "move_type": "out_invoice",
            "company_id": self.company_id.id,
            "partner_id": self.contact_id.id,
            "currency_id": self.currency_id.id,
            "invoice_origin": self.name,
            "invoice_line_ids": translated._prepare_move_lines(lines),
        }
        if self.reference:
            values["ref"] = self.reference
        if self.invoice_date:
            values["invoice_date"] = self.invoice_date
        if self.responsible_id:
            values["invoice_user_id"] = self.responsible_id.id
        return values

    def _get_invoice_lang(self):
        """The language of the invoice: what was agreed, or else that of whom it goes to."""
        self.ensure_one()
        return self._get_engagement().invoice_lang or self.contact_id.lang or self.env.lang

    def _get_engagement(self):
        """The engagement that decides where several of them differ: the first."""
        self.ensure_one()
        engagements = self.env["timetrack.engagement"]._get_by_project(self.project_ids)
        return next((engagements[project] for project in self.project_ids if project in engagements), None)

    def _prepare_move_lines(self, lines):
        """Commands for the invoice lines, with their sections."""
        commands = []
        section = None
        product = self.company_id.sudo()._timetrack_get_product()
        prepare = {
            "time": self._prepare_move_line,
            "instalment": self._prepare_fee_line,
            "adjustment": self._prepare_adjustment_line,
            "cost": self._prepare_cost_values,
        }
        for line in lines:
            if line.section is not None and line.section != section:
                section = line.section
                commands.append(
                    Command.create(
                        {
                            "sequence": len(commands) + 10,
                            "display_type": "line_section",
                            "name": self._get_section_name(section),
                        }
                    )
                )
            values = prepare[line.kind](line, product)
            commands.append(Command.create({**values, "sequence": len(commands) + 10}))
        return commands

    def _get_section_name(self, section):
        """How a section is called; that of costs has a model of its own, where sections are no projects."""
        if section._name == "sale.order.line":
            return self.env._("Costs")
        return self._get_record_name(section, self.sections)

    def _prepare_fee_line(self, line, product):
        """Hook: the values of an invoice line for an instalment of a fee.

        :param product: of the company's time
        """
        return {
            "product_id": product.id,
            "product_uom_id": self.env["ir.model.data"]._xmlid_to_res_id("uom.product_uom_unit"),
            "name": line.rows[0]._get_instalment_text(),
            "quantity": 1.0,
            "price_unit": line.target,
            "analytic_distribution": line.rows[0].sudo().project_id._get_analytic_distribution() or False,
        }

    def _prepare_move_line(self, line, product):
        """Hook: the values of an invoice line for time.

        :param product: of the company's time
        """
        return {
            "product_id": product.id,
            "product_uom_id": self.env["account.move.line"]._timetrack_get_hour().id,
            "name": self._get_line_name(line),
            "quantity": self._get_quantity(line),
            "price_unit": line.rate,
            "analytic_distribution": self._get_distribution(line.rows) or False,
        }

    def _prepare_adjustment_line(self, line, product):
        """Hook: the values of an invoice line for what was taken off or added.

        :param product: of the company's time
        """
        reasons = line.rows.reason_id.with_context(lang=self.env.context.get("lang"))
        return {
            "product_id": product.id,
            "product_uom_id": self.env["ir.model.data"]._xmlid_to_res_id("uom.product_uom_unit"),
            "name": reasons.name or self.env._("Adjustment"),
            "quantity": 1.0,
            "price_unit": line.target,
            "analytic_distribution": self._get_distribution(line.rows) or False,
        }

    def _get_distribution(self, rows):
        """The analytic distribution of a line: that of its project, or of its projects by what each brings in."""
        projects = rows.sudo().project_id
        if len(projects) == 1:
            return projects._get_analytic_distribution()
        by_project = rows.grouped("project_id")
        weights = [abs(value_of(1, sum(by_project[one].mapped("standard_value")))) for one in projects]
        result = defaultdict(Decimal)
        for project, percent in zip(projects, allocate(HUNDRED, weights, Decimal("0.01")), strict=True):
            for accounts, share in project._get_analytic_distribution().items():
                result[accounts] += percent * Decimal(repr(float(share))) / HUNDRED
        return {accounts: float(percent) for accounts, percent in result.items() if percent}

    def _get_quantity(self, line):
        """The hours of an invoice line in the precision of quantities; never zero for time of value."""
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        quantity = float_round(line.hours, precision_digits=digits)
        return quantity or (copysign(10**-digits, line.hours or line.target) if line.target else 0.0)

    def _get_line_name(self, line):
        """Hook: the label of an invoice line, in the language of the invoice."""
        rows = line.rows.sudo().with_context(lang=self.env.context.get("lang"))
        billed = rows.filtered(lambda row: row.action == BILL) or rows
        engagement = self._get_engagement_of(rows)
        template = engagement.narrative_template if engagement else False
        return narrative.fill(template or narrative.DEFAULT, self._get_words(billed, bool(template))) or "/"

    def _get_name_of(self, rows):
        """What an invoice line of these rows says, in the language of the invoice."""
        translated = self.with_context(lang=self._get_invoice_lang())
        return translated._get_line_name(InvoiceLine(rows, None, "time", 0.0, 0.0, 0.0))

    def _get_engagement_of(self, rows):
        """The engagement whose template names the rows' line."""
        return rows.sudo().project_id[:1].timetrack_engagement_ids[:1]

    def _get_words(self, rows, everything):
        """What the names of a template stand for.

        :param everything: also what the rows of the line do not have in common by their grouping
        """
        days = sorted(set(rows.mapped("date")))
        period = format_date(self.env, days[0])
        if len(days) > 1:
            period = f"{period} – {format_date(self.env, days[-1])}"
        merged = rows.merged_id
        leaders = rows.filtered(lambda row: row in merged)
        single = self.grouping == "entry" or bool(merged)
        told = (leaders if merged else rows) if everything or single else rows.browse()
        texts = dict.fromkeys(row._get_text() for row in told)
        words = {
            "project": ", ".join(rows.project_id.mapped("name")),
            "period": period,
            "narrative": "; ".join(text for text in texts if text),
            "hours": format_duration(sum(rows.mapped("hours_billed"))),
            "order": self.reference or "",
        }
        for name, by in (
            ("task", "task"),
            ("employee", "employee"),
            ("service", "activity"),
            ("deliverable", "deliverable"),
        ):
            # names that clients do not see are told where somebody asked for them only
            named = by == "employee" and self.grouping == "entry" and not self._is_discreet(rows)
            shown = everything or by == self.grouping or named
            records = self.env[rows._fields[RECORDS[by]].comodel_name]
            for row in rows if shown else ():
                records |= row[RECORDS[by]]
            words[name] = ", ".join(self._get_record_name(record, by) for record in records)
        return words

    def _is_discreet(self, rows):
        """Whether a policy hides from clients who worked."""
        return any(rows.line_id.timetrack_policy_id.mapped("portal_hide_employee"))

    def _get_record_name(self, record, by):
        """How a record is called on an invoice."""
        if not record:
            return {
                "task": self.env._("Other work"),
                "activity": self.env._("Other services"),
                "deliverable": self.env._("Other work"),
            }.get(by, "")
        if by == "day":
            return format_date(self.env, record)
        record = record.sudo().with_context(lang=self.env.context.get("lang"))
        # codes are for colleagues and for electronic invoices
        return record.complete_name if by == "activity" else record.name

    def _put_on(self, move, lines):
        """Put the rows on the lines of their draft invoice, whose subtotals are made to be what the rows come to."""
        move_lines = move._timetrack_product_lines()
        pairs = list(zip(move_lines, lines, strict=True))
        self._settle_prices(move, pairs)
        time = {move_line: line.rows for move_line, line in pairs if line.kind == "time"}
        self.env["timetrack.allocation"]._bill_on(time, shown=self.adjustments == "shown")
        fees = {move_line: line.rows for move_line, line in pairs if line.kind in ("instalment", "cost")}
        self.env["timetrack.allocation"]._bill_fees_on(fees)
        for move_line, line in pairs:
            if line.kind == "adjustment":
                self.env["timetrack.allocation"]._adjust_on(move_line, line.shares)
        rows = self.env["timetrack.allocation"].union(*(line.rows for line in lines))
        rows._sync_entries()

    def _settle_prices(self, move, pairs):
        """Make each subtotal what the line's rows sum to.

        Quantities are rounded, and taxes may be part of the price: where hours by rate come to something else, the
        unit price gives way, not the amount.
        """
        commands = []
        for move_line, line in pairs:
            if move_line.quantity and move_line.currency_id.compare_amounts(move_line.price_subtotal, line.target):
                price = move_line._timetrack_get_gross(line.target) / move_line.quantity
                commands.append(Command.update(move_line.id, {"price_unit": price}))
        if commands:
            move.write({"invoice_line_ids": commands})
