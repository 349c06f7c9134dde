from collections import defaultdict
from decimal import Decimal

from odoo import api, models

from odoo.addons.client_timetrack.engine.allocation import to_decimal, unit_of

from ..engine.pricing import BILL, INCLUDED, is_adjusted, value_of


class TimetrackAllocation(models.Model):
    """Rows that go from a pre-bill to the lines of its invoice."""

    _inherit = "timetrack.allocation"

    @api.model
    def _get_shown_amount(self, row, unit):
        """What the client sees of a row where adjustments are shown apart: its rounded hours at standard rate."""
        if row.action == INCLUDED:
            return to_decimal(0, unit)
        plain = row.action == BILL and not is_adjusted(row)
        return to_decimal(row.billed_amount if plain else value_of(row.hours_rounded, row.standard_rate), unit)

    def _get_amounts_by_part(self):
        """What the time of an invoice comes to, with what is adjusted of it on lines of their own.

        :return: dict of time entry and part to an amount (Decimal), of the rows of kinds "time" and "adjustment" that
            have an entry
        """
        amounts = defaultdict(Decimal)
        for row in self:
            if row.kind in ("time", "adjustment") and row.line_id:
                amounts[row.line_id, row.part] += to_decimal(row.billed_amount, unit_of(row.currency_id.rounding))
        return amounts

    @api.model
    def _bill_on(self, rows_by_line, shown):
        """Put rows on invoice lines. The number of queries depends neither on the rows nor on the lines.

        :param dict rows_by_line: invoice line to its rows; of one invoice, which is in one currency
        :param shown: what is adjusted goes on lines of their own (:meth:`_adjust_on`)
        """
        rounding, fee = self.env._("Rounding"), self.env._("Fee")
        names = ("hours_rounded", "hours_billed", "standard_rate", "billed_rate", "standard_value", "billed_amount")
        more = ("adjustment", "action", "is_amount_fixed", "adjustment_reason", "reason_id")
        everything = self.union(*rows_by_line.values()) if rows_by_line else self
        found = {row.id: row for row in everything._read_values(*names, *more)}
        plain, changed = {}, {}
        for move_line, records in rows_by_line.items():
            unit = unit_of(move_line.currency_id.rounding)
            place = {"move_line_id": move_line.id, "move_id": move_line.move_id.id, "state": "draft"}
            for record in records:
                row = found[record.id]
                if shown:
                    hours = row.hours_rounded if row.action != INCLUDED else 0.0
                    standard = to_decimal(row.standard_value, unit)
                    values = self._prepare_billed(hours, standard, self._get_shown_amount(row, unit), None)
                else:
                    hours = row.hours_billed if row.action == BILL else 0.0
                    values = {"billed_rate": row.billed_amount / hours if hours else 0.0, "adjustment": row.adjustment}
                values["hours_billed"] = hours
                other = fee if row.action == INCLUDED else rounding
                if values["adjustment"]:
                    values["adjustment_reason"] = row.adjustment_reason or record.reason_id.name or other
                else:
                    values["adjustment_reason"] = None
                if any(getattr(row, name) != value for name, value in values.items()):
                    changed[record] = {**place, **values}
                else:
                    plain[record] = place
        self._write_each(plain)
        self._write_each(changed)
        for move_line, records in rows_by_line.items():
            records._adapt(move_line)

    @api.model
    def _adjust_on(self, move_line, shares):
        """Put what is adjusted of rows on an invoice line of its own.

        :param dict shares: hours and amount (Decimal) by row
        """
        adjustment = self.env._("Adjustment")
        vals_list = []
        for row, (hours, amount) in shares.items():
            vals_list.append(
                {
                    **row._prepare_copy(),
                    "kind": "adjustment",
                    "state": "draft",
                    "move_line_id": move_line.id,
                    **dict.fromkeys(("hours_worked", "hours_rounded", "standard_rate", "standard_value"), 0.0),
                    "hours_billed": hours,
                    "billed_rate": 0.0,
                    "billed_amount": float(amount),
                    "adjustment": float(amount),
                    "adjustment_reason": row.adjustment_reason or row.reason_id.name or adjustment,
                    "is_amount_fixed": False,
                }
            )
        self._timetrack_internal()._insert(vals_list)._adapt(move_line)
