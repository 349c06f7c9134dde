from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from odoo.addons.client_timetrack.engine.allocation import spread, to_decimal, unit_of

from ..engine.pricing import BILL, NO_CHARGE


class TimetrackPrebillAdjust(models.TransientModel):
    """Adjust several lines of a pre-bill at once, with one reason."""

    _name = "timetrack.prebill.adjust"
    _description = "Adjust Lines of a Pre-Bill"

    row_ids = fields.Many2many("timetrack.allocation", required=True, readonly=True)
    mode = fields.Selection(
        [
            ("percent", "Percent"),
            ("total", "Total Amount"),
            ("rate", "Hourly Rate"),
            ("no_charge", "No Charge"),
            ("restore", "As It Was Worked"),
        ],
        required=True,
        default="percent",
    )
    percent = fields.Float("Off %", help="Of the standard value; a negative number adds.")
    amount = fields.Float("New Total", help="Untaxed, of all selected lines; shared by their value.")
    rate = fields.Float("New Rate", help="Untaxed, of an hour.")
    reason_id = fields.Many2one("timetrack.adjustment.reason")
    remark = fields.Char()

    def action_apply(self):
        """Adjust the lines.

        :raise UserError: the lines are of several currencies, have no value to share by, or no longer open
        """
        self.ensure_one()
        rows = self.row_ids
        rows.check_access("write")
        rows._check_open()
        if self.mode == "restore":
            rows._restore()
            return {"type": "ir.actions.act_window_close"}
        reason = {"reason_id": self.reason_id.id, "adjustment_reason": self.remark}
        if self.mode == "no_charge":
            rows.write({"action": NO_CHARGE, **reason})
        elif self.mode == "total":
            self._apply_total(rows, reason)
        else:
            for prebill, group in rows.grouped("prebill_id").items():
                commands = [Command.update(row.id, {"action": BILL, **reason, **self._get_rate(row)}) for row in group]
                prebill.write({"line_ids": commands})
        return {"type": "ir.actions.act_window_close"}

    def _get_rate(self, row):
        """The hours and the rate of a row at a percentage or a rate, without an amount by hand."""
        rate = self.rate if self.mode == "rate" else row.standard_rate * (1 - self.percent / 100)
        return {"billed_rate": rate, "hours_billed": row.hours_billed}

    def _apply_total(self, rows, reason):
        """Share an amount among the rows by their standard value."""
        if len(rows.currency_id) > 1 or len(rows.prebill_id) > 1:
            raise UserError(self.env._("Share a total among lines of one pre-bill."))
        unit = unit_of(rows.currency_id.rounding)
        values = [to_decimal(row.standard_value, unit) for row in rows]
        shares = spread(to_decimal(self.amount, unit), values, unit)
        rows.prebill_id.write(
            {
                "line_ids": [
                    Command.update(row.id, {"action": BILL, **reason, "billed_amount": float(share)})
                    for row, share in zip(rows, shares, strict=True)
                ]
            }
        )
