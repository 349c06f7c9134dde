from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.client_timetrack.engine.allocation import spread, to_decimal, unit_of

from ..engine.arrangement import find
from ..engine.pricing import BILL, HOLD, INCLUDED


class TimetrackAllocation(models.Model):
    """Rows of time that a fee pays for, and of the instalments of fees.

    On a pre-bill the instalment has a row of its own (``kind`` is "instalment") with its amount, and the time that it
    pays for is *included*, at nothing. On the invoice both are on one line, whose amount is divided among the time by
    its standard value; what there is no time for stays with the row of the instalment.
    """

    _inherit = "timetrack.allocation"

    arrangement_id = fields.Many2one(
        "timetrack.arrangement", string="Fee Arrangement", readonly=True, index="btree_not_null", ondelete="set null"
    )
    instalment_id = fields.Many2one("timetrack.instalment", readonly=True, index="btree_not_null", ondelete="set null")

    _instalment_unique = models.UniqueIndex(
        "(instalment_id) WHERE instalment_id IS NOT NULL AND reversed_id IS NULL "
        "AND state IN ('prebill', 'draft', 'posted')",
        "This instalment is on another pre-bill or invoice already.",
    )

    @api.model
    def _prepare_instalment(self, instalment, prebill):
        """The row of an instalment on a pre-bill."""
        return {
            "prebill_id": prebill.id,
            "state": "prebill",
            "kind": "instalment",
            "company_id": prebill.company_id.id,
            "currency_id": prebill.currency_id.id,
            "project_id": instalment.project_id.id,
            "arrangement_id": instalment.arrangement_id.id,
            "instalment_id": instalment.id,
            "billed_amount": instalment.amount,
            "adjustment": instalment.amount,
        }

    def _get_instalment_text(self):
        """What the client reads of a fee."""
        self.ensure_one()
        instalment = self.sudo().instalment_id
        return self.narrative or f"{instalment.arrangement_id.name}: {instalment.name}"

    def _find_arrangements(self, project=None):
        """What was agreed on for the rows by now: dict of row to an arrangement's id, or None. A bounded number of
        queries.

        :param project: if they were billed for this one, instead of their own
        """
        scopes = self.env["timetrack.arrangement"]._get_scopes(project or self.project_id)
        entries = self.sudo().line_id if scopes else self.line_id.browse()
        paths = entries.task_id._timetrack_get_paths()
        result = {}
        for row in self:
            target = project or row.project_id
            entry = row.sudo().line_id
            key = target.id, row.company_id.id
            if key in scopes and entry:
                # time that was moved is of no task of the other project
                tasks = paths.get(entry.task_id.id, ()) if entry.project_id == target else ()
                result[row] = find(scopes[key], entry._timetrack_prepare_piece(tasks))
            else:
                result[row] = None
        return result

    def _describe(self):
        """The time, the instalments and the costs of the rows in words."""
        names = [self.line_id._timetrack_describe(), *self.sudo().instalment_id.mapped("display_name")]
        names += [row._get_text() for row in self.filtered("sale_line_id")]
        return ", ".join(name for name in names if name)

    def _is_fee(self):
        """Whether the row is of a fee, and not of hours by their rates."""
        self.ensure_one()
        return self.kind == "instalment" or self.action == INCLUDED

    def _check_may_include(self):
        """:raise UserError: no fee pays for some of the time; one that includes no hours pays for none"""
        lost = self.filtered(lambda row: not row.sudo().arrangement_id._pays_for_time())
        if lost:
            raise UserError(
                self.env._(
                    "No fee pays for this time: %s.\nBill it, hold it, or choose “No Charge”.",
                    lost._describe() or "-",
                )
            )

    @api.model
    def _bill_fees_on(self, rows_by_line):
        """Put instalments, with the time that they pay for, and costs on invoice lines. The number of queries depends
        neither on the rows nor on the lines.

        :param dict rows_by_line: line of the draft invoice to its rows: that of the instalment or cost, then those of
            time, of which there may be none. What another fee pays for, or nothing does, goes along at nothing
        """
        fees, time = {}, {}
        for move_line, rows in rows_by_line.items():
            fees[rows[0]], mine = self._prepare_fee_rows(move_line, rows[0], rows[1:])
            time |= mine
        self._write_each(time)
        self._write_each(fees)

    @api.model
    def _prepare_fee_rows(self, move_line, instalment, included):
        """Values of the row of a fee or cost on an invoice line, and dict of the rows of time to theirs; see
        :meth:`_bill_fees_on`."""
        unit = unit_of(move_line.currency_id.rounding)
        total = to_decimal(move_line.price_subtotal, unit)
        place = {"move_line_id": move_line.id, "move_id": move_line.move_id.id, "state": "draft"}
        rest = Decimal(0)
        values = {}
        own = included.filtered(lambda row: row.action == INCLUDED and row.arrangement_id == instalment.arrangement_id)
        fee = self.env._("Fee")
        if own:
            standard = [to_decimal(row.standard_value, unit) for row in own]
            weights = standard if any(standard) else [Decimal(repr(row.hours_worked)) for row in own]
            for row, value, share in zip(own, standard, spread(total, weights, unit), strict=True):
                billed = self._prepare_billed(row.hours_rounded, value, share, fee)
                values[row] = {**place, "hours_billed": row.hours_rounded, **billed}
        else:
            rest = total
        for row in included - own:
            reason = row.adjustment_reason or row.reason_id.name or fee
            value = to_decimal(row.standard_value, unit)
            values[row] = {**place, "hours_billed": 0.0, **self._prepare_billed(0.0, value, Decimal(0), reason)}
        return {**place, "billed_amount": float(rest), "adjustment": float(rest)}, values

    def _get_others(self, name, states):
        """Rows of the instalments or costs that these rows, which are not live, were for.

        :param str name: of the field that says for what a row is
        :param states: of the rows in question
        :return: rows on the same pre-bill, which give way, and those of these rows that others have taken the place of
        """
        mine = self.filtered(name)
        there = self.search([(name, "in", mine[name].ids), ("state", "in", states), ("reversed_id", "=", False)])
        prebills = {row[name]: row.prebill_id for row in mine}
        same = there.filtered(lambda row: row.state == "prebill" and row.prebill_id == prebills[row[name]])
        elsewhere = (there - same - mine)[name]
        return same, mine.filtered(lambda row: row[name] in elsewhere)

    def _split_off(self, rounded):
        """Divide a line by its rounded hours: the new line has these of them, and its share of the hours worked."""
        self.ensure_one()
        before = self.hours_rounded
        new = self._split([self.hours_worked * rounded / before])
        self.env["timetrack.allocation"]._write_each(
            {
                self: {"hours_rounded": before - rounded, "hours_billed": before - rounded},
                new: {"hours_rounded": rounded, "hours_billed": rounded, "billed_rate": self.billed_rate},
            }
        )
        return new

    def _forget_limit(self, reason):
        """Bill what was held or written down for a limit as it was agreed on."""
        engagements = self.env["timetrack.engagement"]._get_by_project(self.project_id)
        values = {}
        for row in self.filtered(lambda row: reason and row.reason_id == reason):
            rate, usual = engagements[row.project_id]._get_agreed(row.standard_rate)
            values[row] = {
                "action": BILL,
                "hours_billed": row.hours_rounded,
                "billed_rate": rate,
                "is_amount_fixed": False,
                "reason_id": usual.id or None,
            }
        self._write_each(values)

    def _limit(self, share, amount, arrangement, reason):
        """Bill a share of the line only; what is above is held or written down, as was agreed on.

        :param Decimal share: more than 0, less than 1
        :param Decimal amount: that it comes to
        """
        self.ensure_one()
        changed = {"reason_id": reason.id or None}
        held = arrangement.excess == "hold"
        hours = self.hours_rounded
        if held:
            rest = self._split_off(hours * float(1 - share))
            self._write_each({rest: {**changed, "action": HOLD}})
            hours = self.hours_billed
        elif arrangement.cap_hours:
            hours *= float(share)
        if not held or self.currency_id.compare_amounts(hours * self.billed_rate, float(amount)):
            fixed = {"hours_billed": hours, "is_amount_fixed": True, "billed_amount": float(amount)}
            self._write_each({self: {**changed, **fixed}})

    def _trim(self, amount, reason):
        """Lines that are priced together may come to a cent more than each by itself: not above a limit.

        :param Decimal amount: that they may come to; none for no limit in money
        """
        billed = self.filtered(lambda row: row.action == BILL)
        if amount is None or not billed:
            return
        unit = unit_of(self.currency_id.rounding)
        over = sum(to_decimal(row.billed_amount, unit) for row in billed) - amount
        last = billed[-1]
        if 0 < over <= to_decimal(last.billed_amount, unit):
            trimmed = float(to_decimal(last.billed_amount, unit) - over)
            fixed = {"is_amount_fixed": True, "billed_amount": trimmed, "reason_id": reason.id or None}
            self._write_each({last: {**fixed, "adjustment": trimmed - last.standard_value}})
