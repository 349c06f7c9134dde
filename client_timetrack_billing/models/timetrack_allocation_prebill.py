from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.client_timetrack.engine.allocation import unit_of
from odoo.addons.client_timetrack.models.timetrack_internal_mixin import INTERNAL

from ..engine import pricing
from ..engine.pricing import BILL, HOLD, INCLUDED, NO_CHARGE

ACTIONS = [(BILL, "Bill"), (HOLD, "Hold"), (NO_CHARGE, "No Charge"), (INCLUDED, "In the Fee")]
# What people change on the lines of a pre-bill; everything else of a row is the ledger's own.
EDITABLE = {
    "action",
    "hours_billed",
    "billed_rate",
    "billed_amount",
    "narrative",
    "text",
    "reason_id",
    "adjustment_reason",
}
# What is left of a line that is divided: a ten-thousandth of an hour is a third of a second.
LEAST_HOURS = 1e-4


class TimetrackAllocation(models.Model):
    """The rows of the ledger as lines of a pre-bill: what is billed of the time, held back or given away, and why."""

    _inherit = "timetrack.allocation"

    prebill_id = fields.Many2one(
        "timetrack.prebill", string="Pre-Bill", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    action = fields.Selection(
        ACTIONS,
        required=True,
        default=BILL,
        help="Bill: on the invoice. Hold: not now, it is proposed again. No charge: the client gets it for nothing.\n"
        "In the fee: the fee that was agreed on pays for it.",
    )
    hours_worked = fields.Float("Worked")
    hours_rounded = fields.Float(
        "Rounded Hours", readonly=True, help="Hours worked by the increment that was agreed with the client."
    )
    hours_billed = fields.Float("To Bill", readonly=False)
    billed_rate = fields.Float("Rate", readonly=False)
    billed_amount = fields.Monetary("Amount", readonly=False)
    is_amount_fixed = fields.Boolean("Amount by Hand", readonly=True)
    narrative = fields.Text(help="What the client reads. Empty: the description of the time entry.")
    reason_id = fields.Many2one(
        "timetrack.adjustment.reason",
        index="btree_not_null",
        ondelete="restrict",
        domain="['|', ('company_id', '=', False), ('company_id', '=', company_id)]",
    )
    adjustment_reason = fields.Char("Remark", readonly=False)
    merged_id = fields.Many2one(
        "timetrack.allocation",
        string="Together With",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The line whose text and invoice line this one shares.",
    )
    is_adjusted = fields.Boolean("Adjusted", compute="_compute_is_adjusted")
    text = fields.Char(
        "Description",
        compute="_compute_text",
        readonly=False,
        help="What the client reads. The time entry stays as it is.",
    )
    entry_name = fields.Char(related="line_id.name", string="As Logged")
    task_id = fields.Many2one(related="line_id.task_id")
    activity_id = fields.Many2one(related="line_id.timetrack_activity_id")
    deliverable_id = fields.Many2one(related="line_id.timetrack_deliverable_id")

    @api.depends("action", "hours_billed", "hours_rounded", "billed_rate", "standard_rate", "is_amount_fixed")
    def _compute_is_adjusted(self):
        for row in self:
            row.is_adjusted = row._is_adjusted()

    def _is_adjusted(self):
        """Whether somebody decided that the row is billed otherwise than it was worked; rounding does not count."""
        self.ensure_one()
        return pricing.is_adjusted(self)

    @api.depends("narrative", "line_id.name", "sale_line_id")
    def _compute_text(self):
        for row in self:
            row.text = row._get_text()

    @api.onchange("hours_billed", "billed_rate", "action")
    def _onchange_hours_billed(self):
        """Show what the line comes to before it is saved; the server prices all lines together then."""
        if self.currency_id:
            full = self._get_agreed_cost() if self.sale_line_id else self.hours_billed * self.billed_rate
            amount = 0.0 if self.action in (NO_CHARGE, INCLUDED) else full
            self.billed_amount = self.currency_id.round(amount)
            self.adjustment = self.billed_amount - self.standard_value

    @api.onchange("billed_amount")
    def _onchange_billed_amount(self):
        self.adjustment = self.billed_amount - self.standard_value

    # ------------------------------------------------------------------
    # Changing lines
    # ------------------------------------------------------------------

    def write(self, vals):
        """Lines of open pre-bills may be changed by who may bill; everything else is the ledger's own to write.

        :raise UserError: the pre-bill is approved, invoiced or cancelled
        :raise AccessError: the fields are no one's to change, or the lines are not the user's
        """
        if vals and vals.keys() <= EDITABLE and not self._timetrack_is_internal():
            return self._edit(vals)
        return super().write(vals)

    def _edit(self, vals):
        """Change lines as their people do, and price their pre-bills anew."""
        self.check_access("write")
        self._check_open(fees=vals.keys() <= {"narrative", "text"}, costs=True)
        for row in self:
            row._timetrack_internal().write(row._prepare_edit(vals))
        if self.env.context.get("timetrack_price_later") is not INTERNAL:
            self.prebill_id._price()
        return True

    def _check_open(self, fees=False, costs=False):
        """Make sure that the rows are lines of pre-bills that may still be changed.

        :param fees: whether it is something that is done to fees too
        :param costs: whether it is something that is done to costs too
        :raise UserError: they are not, or are fees, which are as was agreed on, or costs
        """
        if not costs:
            self._check_no_costs()
        agreed = self.filtered("instalment_id") if not fees else self.browse()
        if agreed:
            raise UserError(
                self.env._(
                    "Fees are billed as was agreed on: %s.\nChange the instalment, or take it off the pre-bill.",
                    agreed._describe(),
                )
            )
        closed = self.filtered(lambda row: row.state != "prebill" or not row.prebill_id._is_open())
        if closed:
            names = closed.prebill_id.mapped("name") or closed.mapped("display_name")
            raise UserError(
                self.env._("These lines can no longer be changed: %s.\nReopen the pre-bill first.", ", ".join(names))
            )

    def _prepare_edit(self, vals):
        """What a change of the row means. An amount counts as entered by hand if hours by rate do not say it."""
        self.ensure_one()
        values = dict(vals)
        if "text" in values:
            text = values.pop("text")
            values["narrative"] = text if text != self._get_source_text() else False
        if values.get("reason_id"):
            # a change of one line's reason over RPC may name any record
            self.env["timetrack.adjustment.reason"].browse(values["reason_id"]).check_access("read")
        if self.instalment_id:
            return values
        if self.sale_line_id:
            return self._prepare_cost_edit(values)
        hours = values.get("hours_billed", self.hours_billed)
        rate = values.get("billed_rate", self.billed_rate)
        if values.get("action") == INCLUDED:
            self._check_may_include()
        if values.get("action", self.action) in (NO_CHARGE, INCLUDED):
            # an amount that somebody entered is gone with it
            values.pop("billed_amount", None)
            values["is_amount_fixed"] = False
        elif "billed_amount" in values:
            product = self.currency_id.round(hours * rate)
            fixed = bool(self.currency_id.compare_amounts(values["billed_amount"], product))
            values["is_amount_fixed"] = fixed
        elif {"hours_billed", "billed_rate"} & values.keys():
            values["is_amount_fixed"] = False
        return values

    def _price(self, grouping):
        """Value the rows together: standard value, billed amount and adjustment of each.

        :param grouping: names of fields; rows share an invoice line if they are of one project, or were merged, and
            have these in common
        """
        if not self:
            return
        unit = unit_of(self[0].currency_id.rounding)
        inputs = ("hours_worked", "hours_billed", "standard_rate", "billed_rate", "action", "is_amount_fixed")
        results = ("standard_value", "billed_amount", "adjustment")
        rows = self._read_values(*dict.fromkeys((*inputs, *results, "merged_id", "project_id", *grouping)))
        lines = [
            pricing.Line(
                row.hours_worked,
                row.hours_billed,
                row.standard_rate,
                row.billed_rate,
                row.action,
                row.billed_amount if row.is_amount_fixed else None,
                (row.merged_id or (row.project_id,), *(getattr(row, name) for name in grouping)),
            )
            for row in rows
        ]
        changed = {}
        for record, row, one in zip(self, rows, pricing.price(lines, unit), strict=True):
            new = float(one.standard), float(one.billed), float(one.adjustment)
            if new != (row.standard_value, row.billed_amount, row.adjustment):
                changed[record] = dict(zip(results, new, strict=True))
        self._write_each(changed)

    # ------------------------------------------------------------------
    # What people do with lines
    # ------------------------------------------------------------------

    def action_bill(self):
        """Put the lines on the invoice, at full hours and rate."""
        self._restore()
        return True

    def _restore(self):
        """Forget what was adjusted."""
        self.check_access("write")
        self._check_open(costs=True)
        for row in self:
            row._timetrack_internal().write(
                {
                    "action": BILL,
                    "hours_billed": row.hours_rounded,
                    "billed_rate": row.standard_rate,
                    "is_amount_fixed": False,
                    "reason_id": False,
                    "adjustment_reason": False,
                }
            )
        self.prebill_id._price()

    def action_hold(self):
        """Leave the lines off the invoice: they are proposed again with the next pre-bill."""
        self.write({"action": HOLD})
        return True

    def action_adjust(self):
        """Open the dialog that adjusts the lines together."""
        return self._open_dialog("timetrack.prebill.adjust", self.env._("Adjust Lines"))

    def action_move(self):
        """Open the dialog that bills the lines for another project."""
        return self._open_dialog("timetrack.prebill.move", self.env._("Move to Another Engagement"))

    def action_split(self):
        """Open the dialog that divides a line."""
        self.ensure_one()
        return self._open_dialog("timetrack.prebill.split", self.env._("Split a Line"))

    def _open_dialog(self, model, title):
        self.check_access("write")
        self._check_open()
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": model,
            "view_mode": "form",
            "target": "new",
            "context": {"default_row_ids": self.ids},
        }

    def action_merge(self):
        """Have the lines share one invoice line and one text, which says what each of them said.

        :raise UserError: fewer than two lines, or lines of several pre-bills
        """
        self.check_access("write")
        self._check_open()
        rows = self.sorted(lambda row: (row.date, row.id))
        if len(rows) < 2 or len(rows.prebill_id) > 1:
            raise UserError(self.env._("Select two lines or more of one pre-bill to merge their text."))
        first = rows[0]
        texts = dict.fromkeys(text for text in (row._get_text() for row in rows) if text)
        first._timetrack_internal().write({"narrative": "; ".join(texts), "merged_id": False})
        (rows - first)._timetrack_internal().write({"merged_id": first.id})
        # lines that had joined one of these stay with it
        followers = self.search([("merged_id", "in", (rows - first).ids)])
        followers._timetrack_internal().write({"merged_id": first.id})
        self.prebill_id._price()
        return True

    def action_unmerge(self):
        """Give the lines their own invoice lines and texts again."""
        self.check_access("write")
        self._check_open()
        followers = self.search([("merged_id", "in", self.ids)])
        (self | followers)._timetrack_internal().write({"merged_id": False})
        self._timetrack_internal().write({"narrative": False})
        self.prebill_id._price()
        return True

    def _get_text(self):
        """What the client reads about the time."""
        self.ensure_one()
        return self.narrative or self._get_source_text()

    def _get_source_text(self):
        """What the time entry, or the cost, says of itself."""
        self.ensure_one()
        if self.sale_line_id:
            line = self.sudo().sale_line_id
            return line.name or line.product_id.display_name or ""
        name = self.line_id.name or ""
        return "" if name == "/" else name

    def action_remove(self):
        """Take the lines off their pre-bill: their time waits to be billed, as if it had never been proposed."""
        self.check_access("write")
        self._check_open(fees=True, costs=True)
        prebills = self.prebill_id
        self._leave()
        prebills._price()
        return True

    def _leave(self):
        """Rows that leave a pre-bill before it is invoiced."""
        followers = self.search([("merged_id", "in", self.ids)])
        followers._timetrack_internal().write({"merged_id": False})
        self._release()

    def _split(self, hours):
        """Divide the row: some of its hours become a part of their own, to be billed otherwise.

        :param list hours: hours worked of each new part, positive where the row's are; what is left stays in the row
        :return: the new rows
        :raise UserError: the parts leave nothing, or are none
        """
        self.ensure_one()
        self._check_open()
        sign = -1 if self.hours_worked < 0 else 1
        left = self.hours_worked - sum(hours)
        if not hours or any(sign * part <= 0 for part in hours) or sign * left <= LEAST_HOURS:
            raise UserError(self.env._("The parts must be positive, and leave something of the line."))
        last = max(self.search([("line_id", "=", self.line_id.id)]).mapped("part"))
        copied = self._prepare_copy()
        plain = {"is_amount_fixed": False, "narrative": self.narrative, "state": "prebill"}
        news = self._timetrack_internal()._insert(
            [
                {
                    **copied,
                    **plain,
                    "part": last + number,
                    **dict.fromkeys(("hours_worked", "hours_rounded", "hours_billed"), part),
                }
                for number, part in enumerate(hours, start=1)
            ]
        )
        self._timetrack_internal().write(
            {**dict.fromkeys(("hours_worked", "hours_rounded", "hours_billed"), left), "is_amount_fixed": False}
        )
        self.prebill_id._round(self | news)
        self.prebill_id._price()
        return news

    def _move(self, project, keep_rate):
        """Bill the rows for another project: they leave their pre-bill and wait for the other engagement's.

        :param project: the other engagement
        :param bool keep_rate: at the rate they have; otherwise at that of the other engagement
        :raise UserError: there is no rate, or the other engagement is not billed by rates
        """
        self._check_open()
        prebills = self.prebill_id
        rates = {} if keep_rate else self._get_rates_of(project)
        arrangements = self._find_arrangements(project)
        followers = self.search([("merged_id", "in", self.ids)])
        followers._timetrack_internal().write({"merged_id": False})
        for row in self:
            row._timetrack_internal().write(
                {
                    **row._prepare_waiting(),
                    "narrative": row.narrative,
                    "project_id": project.id,
                    "arrangement_id": arrangements[row],
                    "merged_id": False,
                    **rates.get(row.line_id, {}),
                }
            )
            row._timetrack_internal().write({"billed_rate": row.standard_rate})
        self._price(["line_id", "part"])
        self._sync_entries()
        prebills._price()

    def _get_rates_of(self, project):
        """What the rows' time costs for another project: dict of entry to values of a row."""
        entries = self.line_id
        found = entries._timetrack_resolve_rates(project)
        entries.filtered(lambda line: line.id not in found)._timetrack_raise_no_rate(project)
        return {
            entry: {
                "standard_rate": found[entry.id]["timetrack_rate"],
                "currency_id": found[entry.id]["timetrack_rate_currency_id"],
            }
            for entry in entries
        }

    # ------------------------------------------------------------------
    # From pre-bill to invoice and back
    # ------------------------------------------------------------------

    def _return_to_prebill(self):
        """Rows whose draft invoice is gone: their time is on the pre-bill again, as it was adjusted.

        The entries are to be told (:meth:`_sync_entries`).
        """
        if not self:
            return
        shown = self.search(
            [
                ("line_id", "in", self.line_id.ids),
                ("move_id", "in", self.move_id.ids),
                ("kind", "=", "adjustment"),
                ("reversed_id", "=", False),
            ]
        ).grouped(lambda row: (row.line_id, row.part, row.move_id))
        vals_list = []
        for row in self:
            if row.instalment_id:
                vals_list.append(self._prepare_instalment(row.instalment_id, row.prebill_id))
                continue
            if row.sale_line_id:
                vals_list.append({**row._prepare_copy(), "state": "prebill"})
                continue
            beside = shown.get((row.line_id, row.part, row.move_id), self.browse())
            values = {**row._prepare_copy(), **row._fold_back(beside), "state": "prebill"}
            if row.action == INCLUDED:
                # its share of the fee is with the fee again
                values |= {"billed_amount": 0.0, "billed_rate": row.standard_rate, "adjustment": -row.standard_value}
            vals_list.append(values)
        self._timetrack_internal()._insert(vals_list)
        self.prebill_id._come_back()

    def _fold_back(self, shown):
        """What a row and the adjustments that the client saw beside it come to together."""
        self.ensure_one()
        if not shown:
            return {}
        amount = self.currency_id.round(self.billed_amount + sum(shown.mapped("billed_amount")))
        return {
            "hours_billed": self.hours_billed + sum(shown.mapped("hours_billed")),
            "billed_amount": amount,
            "adjustment": self.currency_id.round(amount - self.standard_value),
            "is_amount_fixed": self.action == BILL,
            "reason_id": shown[0].reason_id.id,
            "adjustment_reason": shown[0].adjustment_reason,
        }

    def _claim_waiting(self):
        """Lock rows that wait in the order of their ids, and make sure that they still do.

        :raise UserError: somebody else took or changed some of them
        """
        if not self:
            return
        self.flush_recordset()
        rows = self.env.execute_query(
            SQL("SELECT id, state FROM timetrack_allocation WHERE id = ANY(%s) ORDER BY id FOR UPDATE", self.ids)
        )
        if {state for _id, state in rows} != {"held"}:
            raise UserError(
                self.env._(
                    "Somebody else billed or changed this time a moment ago: %(entries)s.\nPlease start again.",
                    entries=self._describe(),
                )
            )
