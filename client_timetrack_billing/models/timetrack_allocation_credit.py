from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tools import SQL

from odoo.addons.client_timetrack.engine.allocation import spread, to_decimal, unit_of

from ..engine.pricing import INCLUDED
from .timetrack_allocation import CONCEDE, GIVEN_UP, REBILL, WRITE_OFF


class TimetrackAllocation(models.Model):
    """Credit notes for chosen time.

    A planned credit note has its counter rows from the start: in draft, each with an ``effect``. Posting it makes them
    final: what is to be billed again leaves its invoice; what is conceded or written off stays, for less. (A credit
    note that was made otherwise gets its rows when it is posted, see :meth:`_post_refunds`; they have no effect of
    their own.)
    """

    _inherit = "timetrack.allocation"

    effect = fields.Selection(
        [(REBILL, "To Be Billed Again"), (CONCEDE, "Conceded"), (WRITE_OFF, "Written Off")],
        string="Of the Credit",
        readonly=True,
        help="What becomes of time that a credit note takes back.",
    )
    counter_ids = fields.One2many("timetrack.allocation", "reversed_id", string="Taken Back By", readonly=True)
    credited_amount = fields.Monetary(
        "Credited", compute="_compute_credited_amount", help="Untaxed, by credit notes in draft too."
    )

    @api.depends("counter_ids.billed_amount", "counter_ids.state")
    def _compute_credited_amount(self):
        groups = self._read_group(
            [("reversed_id", "in", self.ids), ("state", "in", ("draft", "posted"))],
            ["reversed_id"],
            ["billed_amount:sum"],
        )
        credited = {row.id: -amount for row, amount in groups}
        for row in self:
            row.credited_amount = credited.get(row.id, 0.0)

    # ------------------------------------------------------------------
    # Making a credit note
    # ------------------------------------------------------------------

    @api.model
    def _creditable_domain(self, moves):
        """Domain of time and costs on posted invoices that may be credited."""
        return [
            ("move_id", "in", moves.ids),
            ("kind", "in", ("time", "expense")),
            ("state", "=", "posted"),
            ("reversed_id", "=", False),
            "|",
            ("line_id", "!=", False),
            ("sale_line_id", "!=", False),
        ]

    def _is_credited_by_itself(self):
        """Whether the row is of time or a cost, of an invoice: what people choose to dispute or credit."""
        self.ensure_one()
        return self.kind in ("time", "expense") and not self.reversed_id and bool(self.line_id or self.sale_line_id)

    def _claim_to_credit(self):
        """Mark rows as being credited: whoever credits the same ones at the same moment starts again, and sees that.

        :return: what is left to credit of each: dict of row to Decimal, without those that are credited in full
        """
        if not self:
            return {}
        self.flush_recordset()
        self.env.execute_query(
            SQL("UPDATE timetrack_allocation SET write_date = now() AT TIME ZONE 'UTC' WHERE id = ANY(%s) RETURNING id",
                sorted(self.ids))
        )  # fmt: skip
        self.invalidate_recordset(["credited_amount", "state"])
        left = {}
        for row in self:
            unit = unit_of(row.currency_id.rounding)
            rest = to_decimal(row.billed_amount, unit) - to_decimal(row.credited_amount, unit)
            credited_in_full = row.credited_amount and not rest
            if row.state == "posted" and not credited_in_full:
                left[row] = rest
        return left

    def _credit_entries(self, effect, values, reason=None):
        """Make the draft credit note of chosen time, at what is left of its invoice.

        :param str effect: ``REBILL``, ``CONCEDE`` or ``WRITE_OFF``
        :param dict values: of the credit note
        :param reason: why (``timetrack.adjustment.reason``)
        :return: the credit note
        :raise UserError: some of it was credited before, or there is nothing to concede
        """
        if effect == REBILL:
            fees = self.filtered(lambda row: row.action == INCLUDED)
            if fees:
                raise UserError(
                    self.env._(
                        "A fee pays for this time, which is not billed by itself: %s.\nCredit the whole invoice, or "
                        "concede an amount.",
                        fees.line_id._timetrack_describe(),
                    )
                )
        rows = self._with_adjustments() if effect == REBILL else self
        left = rows._claim_to_credit()
        gone = self.filtered(lambda row: row not in left)
        if gone:
            raise UserError(self.env._("This was credited before: %s.", gone._describe()))
        if effect in GIVEN_UP:
            # what the client saw taken off on a line of its own is not to be credited once more
            left = self._net_of_adjustments(left)
            if not left:
                raise UserError(
                    self.env._(
                        "The client paid nothing for this, or nothing is left of it to concede: %s.",
                        self._describe(),
                    )
                )
        hours = {row: row.hours_billed for row in left}
        return self._create_credit_note(left, hours, effect, values, reason)

    def _credit_amount(self, amount, values, effect=CONCEDE, reason=None):
        """Make the draft credit note of an amount, spread over time by what is left of it.

        :param Decimal amount: untaxed, in the currency of the invoice
        :param dict values: of the credit note
        :param str effect: ``CONCEDE`` or ``WRITE_OFF``
        :param reason: why (``timetrack.adjustment.reason``)
        :return: the credit note
        :raise UserError: there is less left than that
        """
        left = self._net_of_adjustments(self._claim_to_credit())
        total = sum(left.values())
        if not left or not 0 < amount <= total:
            raise UserError(
                self.env._(
                    "The amount must be positive, and no more than what is left of this: %s without tax.",
                    self.currency_id[:1].format(float(total)),
                )
            )
        unit = unit_of(self.currency_id[:1].rounding)
        weights = [amount * rest / total for rest in left.values()]
        shares = dict(zip(left, spread(amount, weights, unit), strict=True))
        shares = {row: share for row, share in shares.items() if share}
        return self._create_credit_note(shares, {}, effect, values, reason)

    def _with_adjustments(self):
        """The rows, and what the client saw taken off or added to them on other lines."""
        beside = self.search(
            [
                ("move_id", "in", self.move_id.ids),
                ("line_id", "in", self.line_id.ids),
                ("kind", "=", "adjustment"),
                ("state", "=", "posted"),
                ("reversed_id", "=", False),
            ]
        )
        own = {(row.move_id, row.line_id, row.part) for row in self}
        return self | beside.filtered(lambda row: (row.move_id, row.line_id, row.part) in own)

    def _net_of_adjustments(self, left):
        """What the client was billed for the rows, with what was taken off or added on other lines.

        :param dict left: row to Decimal
        """
        shown = {}
        for row in self._with_adjustments() - self:
            unit = unit_of(row.currency_id.rounding)
            key = (row.line_id, row.part)
            shown[key] = shown.get(key, Decimal(0)) + to_decimal(row.billed_amount - row.credited_amount, unit)
        net = {row: rest + shown.get((row.line_id, row.part), 0) for row, rest in left.items()}
        return {row: rest for row, rest in net.items() if rest}

    def _create_credit_note(self, amounts, hours, effect, values, reason=None):
        """Reverse the invoice as Odoo does, and keep of that what is credited.

        :param dict amounts: of each row, Decimal
        :param dict hours: of each row; none for an amount alone
        :raise AccessError: more is conceded than the user may adjust
        """
        rows = self.browse(row.id for row in amounts)
        if effect in GIVEN_UP:
            rows._check_may_concede(float(sum(amounts.values())))
        move = rows.move_id.with_env(self.env(su=False))
        move.ensure_one()
        refund = move._reverse_moves([dict(values)])
        pairs = list(zip(move._timetrack_product_lines(), refund._timetrack_product_lines(), strict=True))
        by_line = rows.grouped("move_line_id")
        commands = [Command.delete(line.id) for line in refund.invoice_line_ids if line.display_type != "product"]
        credited = {}
        for line, refund_line in pairs:
            if line not in by_line:
                commands.append(Command.delete(refund_line.id))
                continue
            some = by_line[line]
            target = sum(amounts[row] for row in some)
            worked = sum(hours.get(row, 0.0) for row in some)
            # of a cost Odoo counts what comes back by its quantity
            quantity = refund_line.quantity if some.sale_line_id else refund_line._timetrack_quantity(worked)
            credited[refund_line] = some
            update = {
                "quantity": quantity,
                "discount": 0.0,
                "price_unit": refund_line._timetrack_get_gross(float(target)) / quantity,
            }
            name = some._get_credit_name(line)
            if name:
                update["name"] = name
            if effect in GIVEN_UP:
                # the order has delivered and invoiced it all the same
                update["sale_line_ids"] = [Command.clear()]
            commands.append(Command.update(refund_line.id, update))
        refund.write({"invoice_line_ids": commands})
        text = reason.name if reason else values.get("ref")
        counters = [
            row._prepare_planned_counter(refund_line, amounts[row], hours.get(row, 0.0), effect, text)
            for refund_line, some in credited.items()
            for row in some
        ]
        if reason:
            counters = [{**counter, "reason_id": reason.id} for counter in counters]
        self._timetrack_internal()._insert(counters)
        return refund

    def _check_may_concede(self, amount):
        """Conceding adjusts what an invoice came to, after the fact: the limit is that of its pre-bill, and what was
        adjusted and conceded before counts.

        :param float amount: conceded now, in the currency of the invoice
        :raise AccessError: it is more than the user may adjust
        """
        move = self.move_id
        rows = self.search(
            [
                ("move_id", "=", move.id),
                ("kind", "in", ("time", "adjustment", "expense")),
                ("state", "=", "posted"),
                ("reversed_id", "=", False),
                "|",
                ("kind", "!=", "expense"),
                ("sale_line_id", "!=", False),
            ]
        )
        costs = rows.filtered("sale_line_id")
        spent = sum(row._get_agreed_cost() for row in costs)
        standard = sum(rows.mapped("standard_value")) + spent
        if not standard:
            return
        before = rows.counter_ids.filtered(lambda row: row.effect in GIVEN_UP and row.state in ("draft", "posted"))
        left = sum((rows | before).mapped("billed_amount")) - amount
        percent = 100 * abs((rows - costs)._get_agreed_value() + spent - left) / abs(standard)
        engagements = self.env["timetrack.engagement"]._get_by_project(self.project_id).values()
        responsible = self.prebill_id.responsible_id.union(*(one._get_responsible() for one in engagements))
        if not move.company_id._timetrack_may_adjust(percent, responsible):
            raise AccessError(
                self.env._(
                    "With this, %(percent).1f %% of the value of %(move)s would be given away; more than %(limit)g %% "
                    "is for a billing manager or the partner in charge to concede.",
                    percent=percent,
                    move=move.display_name,
                    limit=move.company_id.sudo().timetrack_adjustment_limit,
                )
            )

    def _get_credit_name(self, line):
        """What the credit note says where it takes back a part of a line: the days, people and words of that part.

        :param line: of the invoice
        :return: None for all of the line, and where somebody wrote its label by hand or it is of an order
        """
        mine = self.filtered(lambda row: row.kind == "time").sorted(lambda row: (row.date, row.line_id.id, row.part))
        whole = line.timetrack_allocation_ids.filtered(
            lambda row: row.kind == "time" and row.state == "posted" and not row.reversed_id
        ).sorted(lambda row: (row.date, row.line_id.id, row.part))
        prebill = mine.prebill_id
        if len(prebill) != 1 or mine == whole:
            return None
        return prebill._get_name_of(mine) if line.name == prebill._get_name_of(whole) else None

    def _prepare_planned_counter(self, refund_line, amount, hours, effect, reason):
        """The row of a draft credit note. Time to be billed again is taken back as a whole; what is conceded was
        worked, at its standard value, all the same."""
        self.ensure_one()
        unit = unit_of(self.currency_id.rounding)
        worked = -self.hours_worked if effect == REBILL else 0.0
        standard = -to_decimal(self.standard_value, unit) if effect == REBILL else Decimal(0)
        return {
            **self._prepare_copy(),
            "reversed_id": self.id,
            "move_line_id": refund_line.id,
            "state": "draft",
            "effect": effect,
            "hours_worked": worked,
            "hours_rounded": worked,
            "standard_value": float(standard),
            "cost_quantity": -self.cost_quantity if effect == REBILL else 0.0,
            "cost_amount": -self.cost_amount if effect == REBILL else 0.0,
            "is_amount_fixed": False,
            "hours_billed": -hours,
            **self._prepare_billed(-hours, standard, -amount, reason),
        }

    # ------------------------------------------------------------------
    # Following it
    # ------------------------------------------------------------------

    @api.model
    def _search_planned(self, moves, state="draft"):
        """The counter rows of planned credit notes."""
        return self.search([("move_id", "in", moves.ids), ("effect", "!=", False), ("state", "=", state)])

    def _post_planned(self, refund):
        """A planned credit note was posted: its rows take over what was changed on it, and take effect.

        :raise UserError: the invoice is no longer posted, or its time was credited otherwise
        """
        origins = self.reversed_id
        gone = origins.filtered(lambda row: row.state != "posted")
        if gone:
            raise UserError(
                self.env._(
                    "%(refund)s credits what was credited otherwise, or whose invoice is not posted any more: "
                    "%(entries)s.\nDelete this credit note.",
                    refund=refund.display_name,
                    entries=gone._describe(),
                )
            )
        by_line = self.grouped("move_line_id")
        missing = []
        for line in refund._timetrack_product_lines():
            if line in by_line:
                by_line[line]._adapt(line)
            else:
                missing.append(self._prepare_partial_credit(line))
        self._timetrack_internal()._insert(missing)
        self._timetrack_internal().write({"state": "posted"})
        self.filtered(lambda row: row.effect == REBILL).reversed_id._release("credited")

    def _cancel_planned(self):
        """Draft credit notes, or lines of them, are about to be deleted or were cancelled."""
        rows = self.filtered(lambda row: row.effect and row.state == "draft")
        rows._timetrack_internal().write({"state": "cancelled"})

    @api.model
    def _revive_planned(self, refunds):
        """Cancelled credit notes were reset to draft.

        :raise UserError: their time was credited otherwise
        """
        rows = self._search_planned(refunds, "cancelled")
        left = rows.reversed_id._claim_to_credit()
        for row in rows:
            rest = left.get(row.reversed_id)
            unit = unit_of(row.currency_id.rounding)
            amount = -to_decimal(row.billed_amount, unit)
            if rest is None or (row.kind in ("time", "expense") and abs(amount) > abs(rest)):
                raise UserError(
                    self.env._(
                        "Time of %(refund)s was credited otherwise since: %(entries)s.\nMake a new credit note.",
                        refund=row.move_id.display_name,
                        entries=row._describe(),
                    )
                )
        rows._timetrack_internal().write({"state": "draft"})
