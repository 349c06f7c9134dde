from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.client_timetrack.engine.allocation import to_decimal, unit_of

from ..engine.arrangement import use_after, within_limits
from ..engine.pricing import BILL, HOLD, INCLUDED, NO_CHARGE
from ..engine.retainer import Draw
from .timetrack_arrangement import CAP, HOURS

CAP_REASON = "client_timetrack_billing.adjustment_reason_budget"


class TimetrackPrebill(models.Model):
    """Fees on pre-bills: instalments that are due, the time that they pay for, and limits that are kept."""

    _inherit = "timetrack.prebill"

    fee_line_ids = fields.One2many(
        "timetrack.allocation",
        "prebill_id",
        string="Fees",
        domain=[("kind", "=", "instalment"), ("state", "!=", "cancelled"), ("reversed_id", "=", False)],
        readonly=True,
    )
    has_arrangement = fields.Boolean(compute="_compute_has_arrangement")

    @api.depends("line_ids.arrangement_id")
    def _compute_has_arrangement(self):
        for prebill in self:
            prebill.has_arrangement = bool(prebill.line_ids.arrangement_id)

    def action_apply_arrangements(self):
        """Apply limits and included hours once more, after lines were changed.

        :raise UserError: the pre-bill may no longer be changed
        """
        self.check_access("write")
        self._check_open()
        for prebill in self.sudo():
            prebill._apply_arrangements(prebill.line_ids.arrangement_id)
        return True

    def _apply_arrangements(self, arrangements):
        """What arrangements make of the lines: included, held, or written down; they are priced by that."""
        self.ensure_one()
        arrangements = arrangements.filtered(lambda one: one.kind in (CAP, HOURS))
        if not arrangements:
            return
        # two bills at once do not take the same hours or money
        arrangements._lock()
        rows = self.line_ids.filtered(lambda row: row.state == "prebill" and row.arrangement_id in arrangements)
        for arrangement, some in rows.grouped("arrangement_id").items():
            some = some.sorted(lambda row: (row.date, row.line_id.id, row.part))
            apply = self._apply_cap if arrangement.kind == CAP else self._apply_hours
            apply(arrangement, some)
        self._price()

    def _apply_hours(self, arrangement, rows):
        """Time takes the hours that are left; the part of an entry that is above them becomes a line of its own."""
        rows = rows.filtered(lambda row: row.action in (BILL, INCLUDED))
        if not rows or not arrangement.hours:
            return
        grants, _periods = arrangement._get_grants(max(rows.mapped("date")))
        before = arrangement._get_included(without=rows)
        worked = rows.filtered(lambda row: row.hours_rounded > 0)
        draws = [Draw(row.date, arrangement._to_hours(row.hours_rounded)) for row in worked]
        actions = dict.fromkeys(rows - worked, INCLUDED)
        for row, usage in zip(worked, use_after(grants, before, draws), strict=True):
            actions[row] = BILL if usage.overage else INCLUDED
            if usage.overage and usage.taken:
                included = float(sum(usage.taken.values()))
                actions[row._split_off(row.hours_rounded - included)] = BILL
                actions[row] = INCLUDED
        self.env["timetrack.allocation"]._write_each(
            {row: {"action": action} for row, action in actions.items() if row.action != action}
        )

    def _apply_cap(self, arrangement, rows):
        """Lines in the order of their days are billed up to the limit of their period; the rest by the policy."""
        reason = self.env.ref(CAP_REASON, raise_if_not_found=False) or self.env["timetrack.adjustment.reason"]
        rows._forget_limit(reason)
        self._price()
        rows = rows.filtered(lambda row: row.action == BILL)
        left_of = arrangement._get_limits(without=rows)
        unit = unit_of(self.currency_id.rounding)
        for period, some in rows.grouped(lambda row: arrangement._get_period(row.date)).items():
            amount, hours = left_of(arrangement, period)
            pieces = [(to_decimal(row.billed_amount, unit), arrangement._to_hours(row.hours_billed)) for row in some]
            shares = within_limits(pieces, amount, hours)
            above = some.browse()
            for row, (value, _hours), share in zip(some, pieces, shares, strict=True):
                within = to_decimal(float(value * share), unit)
                if share < 1 and share and within:
                    row._limit(share, within, arrangement, reason)
                elif share < 1:
                    above |= row
            action = HOLD if arrangement.excess == "hold" else NO_CHARGE
            above._write_each(dict.fromkeys(above, {"reason_id": reason.id or None, "action": action}))
            self._price()
            some._trim(amount, reason)

    # ------------------------------------------------------------------
    # Before it is approved
    # ------------------------------------------------------------------

    def _check_arrangements(self):
        """Nothing above what was agreed on is approved.

        :raise UserError: a limit is exceeded, or more hours are included than there are
        """
        for prebill in self.sudo():
            prebill.line_ids.arrangement_id._check_kept()
            included = prebill.line_ids.filtered(
                lambda row: row.action == INCLUDED and row.arrangement_id.kind == HOURS
            ).grouped("arrangement_id")
            if included:
                self.env["timetrack.arrangement"].union(*included)._lock()
            for arrangement, rows in included.items():
                prebill._check_included(arrangement, rows)

    def _check_included(self, arrangement, rows):
        """:raise UserError: there are not as many hours as are included"""
        grants, _periods = arrangement._get_grants(max(rows.mapped("date")))
        draws = [Draw(row.date, max(arrangement._to_hours(row.hours_rounded), Decimal(0))) for row in rows]
        over = sum(usage.overage for usage in use_after(grants, arrangement._get_included(without=rows), draws))
        if over > 0:
            raise UserError(
                self.env._(
                    "%(hours).2f hours more are included on %(prebill)s than are left of %(name)s: bill them, or "
                    "choose “No Charge”.",
                    hours=over,
                    prebill=self.name,
                    name=arrangement.name,
                )
            )
