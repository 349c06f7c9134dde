import logging
from collections import defaultdict
from datetime import date as Date
from decimal import Decimal
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.client_timetrack.engine.allocation import to_decimal, unit_of
from odoo.addons.client_timetrack.tools import isolated

from ..engine.arrangement import net, use_after
from ..engine.pricing import BILL, HOLD, INCLUDED
from ..engine.recognition import earned_of_fee
from ..engine.retainer import Draw, state
from .timetrack_allocation import LIVE
from .timetrack_arrangement import CAP, FIXED, HOURS

_logger = logging.getLogger(__name__)

ZERO = Decimal(0)


class Work(NamedTuple):
    """Time under an arrangement: an entry, or a part of one.

    :param value: at its standard rate, in the currency of the rate (Decimal)
    :param is_open: it is on no posted invoice
    :param is_decided: a pre-bill has said whether it is included, and did not only hold it
    """

    entry: int
    day: Date
    hours: Decimal
    value: Decimal
    is_open: bool
    action: str
    is_decided: bool


class TimetrackArrangement(models.Model):
    """What is earned of fees, by the work that was done (``engine/recognition.py``), and who is told of a limit."""

    _inherit = "timetrack.arrangement"

    def _get_work(self, day, states=("approved",)):
        """The time under the arrangements up to a day. One query.

        Of a fixed fee, what somebody decided to bill by its hours is no work for the fee.

        :param date day: of the work, at most
        :param states: of approval
        :return: dict of the arrangement's id to a list of :class:`Work`, in the order of their days
        """
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT line.timetrack_arrangement_id, line.id, line.date, line.unit_amount,
                       line.unit_amount * COALESCE(line.timetrack_rate, 0)::float8, TRUE, 'bill', FALSE
                  FROM account_analytic_line line
                 WHERE line.timetrack_arrangement_id = ANY(%(ids)s) AND line.timetrack_billing_state = 'unbilled'
                   AND line.timetrack_state = ANY(%(states)s) AND line.so_line IS NULL AND line.date <= %(day)s
             UNION ALL
                SELECT row.arrangement_id, row.line_id, row.date, row.hours_rounded, row.standard_value::float8,
                       row.state != 'posted', row.action, row.state != 'held' AND row.action != %(hold)s
                  FROM timetrack_allocation row
                  JOIN timetrack_arrangement arrangement ON arrangement.id = row.arrangement_id
                 WHERE row.arrangement_id = ANY(%(ids)s) AND row.kind = 'time' AND row.reversed_id IS NULL
                   AND row.state = ANY(%(live)s) AND row.date <= %(day)s
                   AND (arrangement.kind != 'fixed' OR row.action != %(bill)s OR row.state = 'held')
              ORDER BY 3, 2
                """,
                ids=self.ids,
                states=list(states),
                day=day,
                live=list(LIVE),
                hold=HOLD,
                bill=BILL,
            )
        )
        work = defaultdict(list)
        for arrangement, entry, when, hours, value, is_open, action, is_decided in rows:
            work[arrangement].append(
                Work(entry, when, self._to_hours(hours), Decimal(repr(value)), is_open, action, is_decided)
            )
        return work

    def _get_fees_billed(self, day=None):
        """What posted invoices have billed of fees, less credit notes, without what is billed by rates.

        :param date day: accounting date, at most; none for up to now
        :return: dict of the arrangement's id to an amount
        """
        domain = [
            ("arrangement_id", "in", self.ids),
            ("state", "in", ("posted", "credited")),
            "|",
            ("kind", "=", "instalment"),
            ("action", "=", INCLUDED),
        ]
        if day:
            domain.append(("move_id.date", "<=", day))
        groups = self.env["timetrack.allocation"]._read_group(domain, ["arrangement_id"], ["billed_amount:sum"])
        return {arrangement.id: arrangement.currency_id.round(amount) for arrangement, amount in groups}

    # ------------------------------------------------------------------
    # Included hours
    # ------------------------------------------------------------------

    def _pays_for_time(self):
        """Whether its fee pays for time: an arrangement, or none."""
        return self.kind == FIXED or (self.kind == HOURS and bool(self.hours))

    def _get_hours_taken(self, grants, work):
        """What of the work takes included hours.

        What a pre-bill has included stays so. The rest takes what is left then, in the order of its days; time that is
        billed or given away by decision takes nothing.

        :param grants: of :meth:`_get_grants`
        :param work: list of :class:`Work`
        :return: list of ``Draw``; and a list of the undecided work with the hours of it that nothing covers
        """
        before = net([Draw(piece.day, piece.hours) for piece in work if piece.is_decided and piece.action == INCLUDED])
        undecided = [piece for piece in work if not piece.is_decided]
        # a correction gives back what it takes off the work before it
        sizes = net([Draw(piece.day, piece.hours) for piece in undecided])
        positive = [piece for piece in undecided if piece.hours >= 0]
        usages = use_after(grants, before, sizes)
        taken = [Draw(draw.day, sum(usage.taken.values(), ZERO)) for draw, usage in zip(sizes, usages, strict=True)]
        return [*before, *taken], [(piece, usage.overage) for piece, usage in zip(positive, usages, strict=True)]

    def _get_hours_statement(self, grants, work, day):
        """What has become of included hours by the end of a day: ``Statement``."""
        draws, _overage = self._get_hours_taken(grants, work)
        return state(grants, draws, day)

    # ------------------------------------------------------------------
    # Revenue
    # ------------------------------------------------------------------

    def _get_earned(self, day, work, values=None):
        """What is earned of the fee by the end of a day, without what is billed by rates.

        Of a fixed fee, the share of the planned hours that is worked (IFRS 15.B14-B19, an input method). Of included
        hours, the fee of each period by the hours that were used, or have expired; without hours by its days. Hours
        above these that are on no invoice are worth their rates.

        :param date day: the end of it
        :param work: list of :class:`Work` up to this day
        :param dict values: of entries that have no frozen rate yet, by their ids (amounts)
        :return: amount (Decimal)
        """
        self.ensure_one()
        unit = unit_of(self.currency_id.rounding)
        fee = to_decimal(self.amount, unit)
        if self.kind == FIXED:
            hours = sum((piece.hours for piece in work), ZERO)
            to_come = max(self._to_hours(self.planned_hours) - hours, ZERO)
            return earned_of_fee(fee, hours, to_come, unit)
        if self.date_from > day:
            return to_decimal(ZERO, unit)
        grants, spans = self._get_grants(day)
        if not self.hours:
            shares = [self._get_elapsed(first, last, day) for first, last in spans]
            overage = [(piece, piece.hours) for piece in work if not piece.is_decided]
        else:
            draws, overage = self._get_hours_taken(grants, work)
            statement = state(grants, draws, day)
            shares = [
                (used + expired) / grant.hours
                for grant, used, expired in zip(grants, statement.used, statement.expired, strict=True)
            ]
        earned = sum((to_decimal(fee * share, unit) for share in shares), ZERO)
        values = values or {}
        factor = self._get_net_factor()
        by_rates = sum(
            (
                hours
                / piece.hours
                * (Decimal(repr(values[piece.entry])) if piece.entry in values else piece.value * factor)
                for piece, hours in overage
                if piece.hours
            ),
            ZERO,
        )
        return earned + to_decimal(by_rates, unit)

    def _get_net_factor(self):
        """What is left of the standard value of time after the discount that was agreed on (Decimal)."""
        return 1 - Decimal(repr(self.sudo().engagement_id.discount)) / 100

    @api.model
    def _get_elapsed(self, first, last, day):
        """The share of a period that is over at the end of a day."""
        if not last or last <= day:
            return Decimal(1)
        return Decimal((day - first).days + 1) / ((last - first).days + 1)

    # ------------------------------------------------------------------
    # Limits that come near
    # ------------------------------------------------------------------

    @api.model
    def _cron_warn(self):
        """Tell who is in charge of what is about to exceed its limit: once for each period."""
        today = fields.Date.context_today(self)
        for arrangement in self.search([("kind", "=", CAP), ("warn_percent", ">", 0)]):
            with isolated(self.env.cr, _logger, "Nobody was warned of the limit %s.", arrangement.id):
                arrangement._warn_once(today)

    def _warn_once(self, today):
        """Warn of the limit if it is nearly reached and nobody was told in this period."""
        self.ensure_one()
        period = self._get_period(today)
        first = period[0] if period else Date.min.replace(year=1900)
        if self.warned_period != first and self.percent >= self.warn_percent:
            self.warned_period = first
            self._warn()

    def _warn(self):
        """A to-do for the partner in charge."""
        self.ensure_one()
        user = self.company_id._timetrack_get_told(self.engagement_id._get_responsible(), self._name)
        if not user:
            return
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            user_id=user.id,
            summary=self.env._("%(name)s: %(percent).0f %% of the limit is used", name=self.name, percent=self.percent),
        )
