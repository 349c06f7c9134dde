from collections import defaultdict
from datetime import date as Date
from decimal import Decimal

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_date, format_duration, formatLang

from odoo.addons.client_timetrack.engine.allocation import to_decimal, unit_of

from ..engine.arrangement import Scope, net, period_of, periods
from ..engine.pricing import BILL, INCLUDED
from ..engine.retainer import Draw, Grant, grants_of_periods
from .account_analytic_line import FREE
from .timetrack_allocation import LIVE

FIXED, CAP, HOURS = "fixed", "cap", "hours"
# The kinds by which a fee pays for time, at least for some of it: it is not billed by its rates alone.
FEES = (FIXED, HOURS)
MONTHS = {"month": 1, "quarter": 3, "year": 12}
# By how many decimals of an hour hours are counted: a tenth of a second.
HOUR_UNIT = Decimal("0.0001")


class TimetrackArrangement(models.Model):
    """What was agreed on for some of an engagement's time, or all of it, instead of hours by rates alone.

    * A *fixed fee* is billed by its instalments; the time goes along with them, and is worth its share of the fee.
    * *Not to exceed*: time is billed by its rates up to a limit; what is above it waits, or is written down.
    * *Included hours*: a fee, once or for each period, pays for some hours, and the others are billed by rates. A block
      of hours that was bought in advance is one of these, and so is a subscription.

    Time belongs to the first arrangement that covers it (``engine/arrangement.py``), which is kept on the entry
    (``timetrack_arrangement_id``) until it is on a pre-bill, and in the ledger from then on.
    """

    _name = "timetrack.arrangement"
    _description = "Fee Arrangement"
    _inherit = ["mail.thread", "mail.activity.mixin", "timetrack.lock.mixin", "timetrack.kept.mixin"]
    _timetrack_kept = ("warned_period",)
    _check_company_auto = True
    _order = "engagement_id, sequence, id"

    name = fields.Char(required=True, tracking=True, help="The client reads it on invoices.")
    active = fields.Boolean(default=True, tracking=True)
    sequence = fields.Integer(default=10, help="Time belongs to the first arrangement that covers it.")
    engagement_id = fields.Many2one("timetrack.engagement", required=True, index=True, ondelete="cascade")
    project_id = fields.Many2one(related="engagement_id.project_id", store=True, index=True)
    partner_id = fields.Many2one(related="project_id.timetrack_client_id", string="Client")
    company_id = fields.Many2one(
        "res.company", compute="_compute_company_id", store=True, readonly=False, required=True, precompute=True
    )
    currency_id = fields.Many2one(
        "res.currency", compute="_compute_currency_id", store=True, readonly=False, required=True, precompute=True
    )
    kind = fields.Selection(
        [(FIXED, "Fixed Fee"), (CAP, "Not to Exceed"), (HOURS, "Included Hours")],
        required=True,
        default=FIXED,
        tracking=True,
        help="Fixed fee: billed by instalments, whatever the hours.\n"
        "Not to exceed: billed by rates, up to a limit.\n"
        "Included hours: a fee pays for some hours, and what is above them is billed by rates.",
    )

    # What it covers
    task_ids = fields.Many2many(
        "project.task",
        string="Tasks",
        domain="[('project_id', '=', project_id)]",
        help="Time of these tasks and their sub-tasks only. Empty: of all.",
    )
    deliverable_ids = fields.Many2many(
        "timetrack.deliverable", string="Deliverables", help="Time for these deliverables only. Empty: for all."
    )
    service_ids = fields.Many2many(
        "timetrack.activity", string="Service Types", help="Time of these service types only. Empty: of all."
    )
    date_from = fields.Date("From", tracking=True)
    date_to = fields.Date("To", tracking=True, help="Of included hours: the day that the last of them expire.")

    # Money and hours
    amount = fields.Monetary("Fee", tracking=True, help="Untaxed. Of included hours: for each period.")
    planned_hours = fields.Float(
        tracking=True,
        help="Estimate of all the hours that the work takes. The fee is earned as they are worked.",
    )
    instalment_ids = fields.One2many("timetrack.instalment", "arrangement_id", string="Instalments")
    unscheduled_amount = fields.Monetary(
        "Not Scheduled", compute="_compute_unscheduled_amount", help="Of the fee: on no instalment yet."
    )
    hours = fields.Float("Hours Included", tracking=True, help="In each period. Hours as they are rounded for bills.")
    period = fields.Selection(
        [("once", "Once"), ("month", "Each Month"), ("quarter", "Each Quarter"), ("year", "Each Year")],
        required=True,
        default="once",
        tracking=True,
        help="Periods begin on the first day of the arrangement.",
    )
    rollover = fields.Integer(
        "Periods Carried Over",
        tracking=True,
        help="For how many periods more hours may be used that are left. 0: what is left expires.",
    )
    is_in_advance = fields.Boolean(
        "Billed in Advance", default=True, tracking=True, help="As a period begins; otherwise after it has ended."
    )
    cap_amount = fields.Monetary("At Most", tracking=True, help="Untaxed, in each period. 0: no limit in money.")
    cap_hours = fields.Float("Hours at Most", tracking=True, help="In each period. 0: no limit in hours.")
    excess = fields.Selection(
        [("hold", "Is Held"), ("write_down", "Is Written Down")],
        string="What Is Above",
        required=True,
        default="hold",
        tracking=True,
        help="Held: it waits, and is billed if the client agrees. Written down: the client gets it for nothing.",
    )
    warn_percent = fields.Float(
        "Warn At %",
        default=80,
        tracking=True,
        help="When this much is used, with the time that is not billed yet, the partner in charge is told. 0: never.",
    )
    warned_period = fields.Date(readonly=True, copy=False, help="First day of the period that was warned of.")

    # What has become of it
    used_hours = fields.Float("Hours So Far", compute="_compute_figures", compute_sudo=True)
    used_value = fields.Monetary(
        "Standard Value So Far", compute="_compute_figures", compute_sudo=True, help="Of approved time, at its rates."
    )
    billed_amount = fields.Monetary(
        "Billed", compute="_compute_figures", compute_sudo=True, help="On posted invoices, less credit notes."
    )
    left_amount = fields.Monetary("Left", compute="_compute_figures", compute_sudo=True)
    left_hours = fields.Float("Hours Left", compute="_compute_figures", compute_sudo=True)
    percent = fields.Float("Used %", compute="_compute_figures", compute_sudo=True)
    realization = fields.Float(
        "Realization %",
        compute="_compute_figures",
        compute_sudo=True,
        help="The fee in percent of the standard value of its time.",
    )

    _numbers = models.Constraint(
        "CHECK(amount >= 0 AND planned_hours >= 0 AND hours >= 0 AND rollover BETWEEN 0 AND 120 AND cap_amount >= 0"
        " AND cap_hours >= 0 AND warn_percent >= 0)",
        "Fees, hours and limits are not negative, and hours are carried over for 120 periods at most.",
    )
    _days = models.Constraint("CHECK(date_to >= date_from)", "The arrangement ends before it starts.")

    # ------------------------------------------------------------------
    # What is agreed
    # ------------------------------------------------------------------

    @api.depends("engagement_id")
    def _compute_company_id(self):
        for arrangement in self:
            arrangement.company_id = arrangement.engagement_id.company_id or self.env.company

    @api.depends("engagement_id")
    def _compute_currency_id(self):
        for arrangement in self:
            arrangement.currency_id = arrangement.engagement_id.currency_id or arrangement.company_id.currency_id

    @api.depends("kind", "amount", "instalment_ids.amount")
    def _compute_unscheduled_amount(self):
        for arrangement in self:
            left = arrangement.amount - sum(arrangement.instalment_ids.mapped("amount"))
            arrangement.unscheduled_amount = left if arrangement.kind == FIXED else 0.0

    @api.constrains("kind", "amount", "planned_hours", "hours", "cap_amount", "cap_hours", "date_from", "period")
    def _check_terms(self):
        """What is missing for an arrangement of its kind."""
        for arrangement in self:
            problem = arrangement._get_missing()
            if problem:
                raise ValidationError(self.env._("%(name)s: %(problem)s", name=arrangement.name, problem=problem))

    def _get_missing(self):
        self.ensure_one()
        if self.kind == FIXED:
            if not self.amount:
                return self.env._("Enter the fee.")
            if not self.planned_hours:
                return self.env._("Enter the planned hours: the fee is earned as they are worked.")
        elif self.kind == CAP and not self.cap_amount and not self.cap_hours:
            return self.env._("Enter the limit, in money or in hours.")
        elif self.kind == HOURS:
            if not self.date_from:
                return self.env._("Enter the first day: periods begin on it.")
            if not self.amount and not self.hours:
                return self.env._("Enter the hours that are included, and the fee for them.")
        return None

    @api.constrains("amount", "instalment_ids", "kind")
    def _check_schedule(self):
        """Instalments are no more than the fee."""
        for arrangement in self.filtered(lambda one: one.kind == FIXED):
            scheduled = sum(arrangement.instalment_ids.mapped("amount"))
            if arrangement.currency_id.compare_amounts(scheduled, arrangement.amount) > 0:
                raise ValidationError(
                    self.env._(
                        "The instalments of %(name)s come to %(scheduled)s, which is %(percent).1f %% of the fee of "
                        "%(amount)s: make them smaller, or the fee higher.",
                        name=arrangement.name,
                        scheduled=arrangement._format(scheduled),
                        percent=100 * scheduled / arrangement.amount if arrangement.amount else 0.0,
                        amount=arrangement._format(arrangement.amount),
                    )
                )

    @api.constrains("cap_amount", "cap_hours", "period", "date_from", "kind")
    def _check_limit(self):
        """A limit is no less than what is on invoices and pre-bills already."""
        limits = self.filtered(lambda one: one.kind == CAP)
        billed = limits.sudo()._get_billed_by_period() if limits else {}
        for arrangement in limits:
            for period, (amount, hours) in billed[arrangement].items():
                arrangement._check_within(period, amount, hours)

    def _check_kept(self):
        """Nothing above a limit is approved or posted: lines that were changed after it was applied, a price that was
        raised on the draft, or an invoice that came back after others had used its room. Who is second waits.

        :raise ValidationError: more than a limit is billed
        """
        limits = self.filtered(lambda one: one.kind == CAP)
        if limits:
            limits._lock()
            limits._check_limit()

    def _check_within(self, period, amount, hours):
        """:raise ValidationError: more than the limit is billed in a period"""
        over_amount = self.cap_amount and self.currency_id.compare_amounts(float(amount), self.cap_amount) > 0
        over_hours = self.cap_hours and hours - Decimal(repr(self.cap_hours)) > HOUR_UNIT
        if not over_amount and not over_hours:
            return
        limits = [self._format(self.cap_amount)] * bool(self.cap_amount)
        limits += [self.env._("%s hours", format_duration(self.cap_hours))] * bool(self.cap_hours)
        raise ValidationError(
            self.env._(
                "%(name)s is not to exceed %(limit)s%(period)s, but %(amount)s for %(hours)s hours are on invoices and "
                "pre-bills. Hold or write down what is above, or agree on a higher limit.",
                name=self.name,
                limit=", ".join(limits),
                period=f" ({self._format_period(period)})" if self.period != "once" else "",
                amount=self._format(float(amount)),
                hours=format_duration(float(hours)),
            )
        )

    def _format(self, amount):
        return formatLang(self.env, amount, currency_obj=self.currency_id)

    def _format_period(self, period):
        return f"{format_date(self.env, period[0])} – {format_date(self.env, period[1])}" if period else ""

    @api.model
    def _get_covering_fields(self):
        """What decides which time is covered."""
        return {
            "active", "sequence", "task_ids", "deliverable_ids", "service_ids", "date_from", "date_to",
        }  # fmt: skip

    @api.model_create_multi
    def create(self, vals_list):
        arrangements = super().create(vals_list)
        arrangements._cover_again()
        return arrangements

    def write(self, vals):
        """What is on a pre-bill or an invoice was billed by what the arrangement says.

        :raise UserError: its kind, currency, company or engagement is changed after that
        """
        fixed = {"kind", "currency_id", "company_id", "engagement_id"} & vals.keys()
        for arrangement in self if fixed else self.browse():
            changed = any(
                vals[name] != self._fields[name].convert_to_write(arrangement[name], arrangement) for name in fixed
            )
            if changed and arrangement.sudo()._get_live_rows():
                raise UserError(
                    self.env._(
                        "%s is on pre-bills or invoices: it keeps its kind, currency and engagement. Archive it, and "
                        "make another one.",
                        arrangement.name,
                    )
                )
        result = super().write(vals)
        if {"kind", "amount", "period", "date_from", "date_to", "is_in_advance"} & vals.keys():
            # instalments of periods are made anew as they come; what is on a bill stays
            self._forget_periods()
        if self._get_covering_fields() & vals.keys():
            self._cover_again()
        return result

    def unlink(self):
        entries = self._get_free_entries()
        result = super().unlink()
        entries._timetrack_cover_again()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_billed(self):
        for arrangement in self:
            if arrangement.sudo()._get_live_rows():
                raise UserError(self.env._("%s is on pre-bills or invoices: archive it instead.", arrangement.name))

    def _get_live_rows(self):
        """A row of a pre-bill or an invoice, credited ones too, if there is one."""
        rows = self.env["timetrack.allocation"]
        return rows.search([("arrangement_id", "in", self.ids), ("state", "!=", "cancelled")], limit=1)

    def _cover_again(self):
        """Find anew what covers the time of the projects that is not on a pre-bill or an invoice."""
        self._get_free_entries()._timetrack_cover_again()

    def _get_free_entries(self):
        return (
            self.env["account.analytic.line"]
            .sudo()
            .search(
                [
                    ("project_id", "in", self.sudo().project_id.ids),
                    ("timetrack_billing_state", "in", [*FREE, False]),
                ]
            )
        )

    @api.model
    def _get_scopes(self, projects):
        """What the arrangements of projects cover: dict of the ids of project and company to a list of ``Scope``. A
        bounded number of queries."""
        found = self.sudo().search([("project_id", "in", projects.ids)])
        scopes = defaultdict(list)
        for one in found:
            scopes[one.project_id.id, one.company_id.id].append(
                Scope(
                    one.id,
                    frozenset(one.task_ids.ids),
                    frozenset(one.deliverable_ids.ids),
                    frozenset(one.service_ids.ids),
                    one.date_from,
                    one.date_to,
                )
            )
        return scopes

    # ------------------------------------------------------------------
    # Periods and hours
    # ------------------------------------------------------------------

    def _get_period(self, day):
        """The first and last day of the period that a day is in; None where there is one only."""
        self.ensure_one()
        if self.period == "once":
            return None
        return period_of(day, self.date_from or day.replace(month=1, day=1), MONTHS[self.period])

    def _get_grants(self, day):
        """The hours that are included by a day: list of ``Grant``, and of the first and last day that each is for."""
        self.ensure_one()
        hours = Decimal(repr(self.hours))
        if self.period == "once":
            return [Grant(self.date_from, hours, self.date_to or None)], [(self.date_from, self.date_to)]
        months = MONTHS[self.period]
        found = periods(self.date_from, min(day, self.date_to or day), months)
        # hours that are left may be used until the end of a period that may not have begun
        last = self.date_from + relativedelta(months=months * (len(found) - 1 + self.rollover))
        grants = grants_of_periods(periods(self.date_from, last, months), hours, self.rollover)[: len(found)]
        if self.date_to:
            grants = [Grant(one.first, one.hours, min(one.last or self.date_to, self.date_to)) for one in grants]
        return grants, found

    def _get_included(self, without=None):
        """The hours that bills have taken from what is included: list of ``Draw``.

        :param without: rows of the ledger that do not count
        """
        self.ensure_one()
        rows = self.env["timetrack.allocation"].search(
            [
                ("arrangement_id", "=", self.id),
                ("kind", "=", "time"),
                ("action", "=", INCLUDED),
                ("state", "in", LIVE),
                ("reversed_id", "=", False),
            ],
            order="date, id",
        )
        rows -= without or rows.browse()
        return net(
            [Draw(row.date, self._to_hours(row.hours_rounded)) for row in rows._read_values("date", "hours_rounded")]
        )

    @api.model
    def _to_hours(self, hours):
        """Hours as the engine counts them."""
        return to_decimal(hours, HOUR_UNIT)

    def _get_billed_by_period(self, without=None, day=None):
        """What is billed by rates under the arrangements, drafts and pre-bills included. One query.

        :param without: rows of the ledger that do not count
        :param day: instead, what was on posted invoices of accounting dates up to this day
        :return: dict of arrangement to a dict of period to amount and hours (Decimal)
        """
        domain = Domain(
            [("arrangement_id", "in", self.ids), ("kind", "in", ("time", "adjustment")), ("action", "=", BILL)]
        )
        if without:
            domain &= Domain("id", "not in", without.ids)
        if day:
            domain &= Domain("state", "in", ("posted", "credited")) & Domain("move_id.date", "<=", day)
        else:
            # what a credit note is planned to take back is not taken back yet
            live = Domain("state", "in", ("prebill", "draft", "posted", "credited"))
            domain &= live & (Domain("reversed_id", "=", False) | Domain("state", "=", "posted"))
        groups = self.env["timetrack.allocation"]._read_group(
            domain, ["arrangement_id", "date:day"], ["billed_amount:sum", "hours_billed:sum"]
        )
        result = {one: {} for one in self}
        for arrangement, when, amount, hours in groups:
            periods_of = result[arrangement]
            period = arrangement._get_period(when)
            before = periods_of.get(period, (Decimal(0), Decimal(0)))
            amount = to_decimal(amount, unit_of(arrangement.currency_id.rounding))
            periods_of[period] = before[0] + amount, before[1] + self._to_hours(hours)
        return result

    def _get_limits(self, without=None, day=None):
        """What is left of the limits. One query.

        :return: function of an arrangement and a period to amount and hours (Decimal, or None for no limit)
        """
        billed = self._get_billed_by_period(without, day)

        def left(arrangement, period):
            amount, hours = billed[arrangement].get(period, (Decimal(0), Decimal(0)))
            unit = unit_of(arrangement.currency_id.rounding)
            return (
                to_decimal(arrangement.cap_amount, unit) - amount if arrangement.cap_amount else None,
                self._to_hours(arrangement.cap_hours) - hours if arrangement.cap_hours else None,
            )

        return left

    # ------------------------------------------------------------------
    # What has become of it
    # ------------------------------------------------------------------

    @api.depends(
        "kind",
        "amount",
        "planned_hours",
        "hours",
        "period",
        "rollover",
        "date_from",
        "date_to",
        "cap_amount",
        "cap_hours",
    )
    def _compute_figures(self):
        today = fields.Date.context_today(self)
        saved = self._origin
        work = saved._get_work(today) if saved else {}
        billed = saved._get_fees_billed() if saved else {}
        limits = saved.filtered(lambda one: one.kind == CAP)
        live, posted = (limits._get_billed_by_period(day=day) for day in (None, Date.max)) if limits else ({}, {})
        names = "used_hours", "used_value", "billed_amount", "left_amount", "left_hours", "percent", "realization"
        for arrangement in self:
            figures = dict.fromkeys(names, 0.0)
            origin = arrangement._origin
            pieces = work.get(origin.id, ())
            figures["used_hours"] = float(sum(piece.hours for piece in pieces))
            figures["used_value"] = arrangement.currency_id.round(float(sum(piece.value for piece in pieces)))
            figures["billed_amount"] = float(billed.get(origin.id, 0.0))
            if arrangement.kind and origin and not arrangement._get_missing():
                if arrangement.kind == FIXED:
                    figures |= arrangement._get_figures_of_fee(figures)
                elif arrangement.kind == HOURS:
                    figures |= arrangement._get_figures_of_hours(pieces, today)
                else:
                    figures |= arrangement._get_figures_of_limit(
                        pieces, live.get(origin, {}), posted.get(origin, {}), today
                    )
            arrangement.update(figures)

    def _get_figures_of_fee(self, figures):
        value, hours = figures["used_value"], figures["used_hours"]
        return {
            "left_amount": self.amount - figures["billed_amount"],
            "left_hours": self.planned_hours - hours,
            "percent": 100 * hours / self.planned_hours,
            "realization": 100 * self.amount / value if value else 0.0,
        }

    def _get_figures_of_hours(self, pieces, today):
        """Of included hours: what is left today, by all the time there is, billed or not."""
        grants, _periods = self._get_grants(today)
        statement = self._get_hours_statement(grants, pieces, today)
        granted, left, used = (sum(hours, Decimal(0)) for hours in (statement.granted, statement.left, statement.used))
        return {"left_hours": float(left), "percent": 100 * float(used / granted) if granted else 0.0}

    def _get_figures_of_limit(self, pieces, live, posted, today):
        """Of a limit: what is left of the period of today, with the time that is not billed yet, at its net rate.

        :param dict live: what is billed by period, drafts and pre-bills included
        :param dict posted: what is billed by posted invoices
        """
        period = self._get_period(today)
        amount, hours = live.get(period, (Decimal(0), Decimal(0)))
        factor = self._get_net_factor()
        for piece in pieces:
            if not piece.is_decided and self._get_period(piece.day) == period:
                amount, hours = amount + piece.value * factor, hours + piece.hours
        limits = ((float(amount), self.cap_amount), (float(hours), self.cap_hours))
        return {
            "billed_amount": float(sum(billed for billed, _hours in posted.values())),
            "left_amount": self.cap_amount - float(amount) if self.cap_amount else 0.0,
            "left_hours": self.cap_hours - float(hours) if self.cap_hours else 0.0,
            "percent": max((100 * used / limit for used, limit in limits if limit), default=0.0),
        }
