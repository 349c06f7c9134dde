from collections import defaultdict
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain

from odoo.addons.client_timetrack.engine.allocation import to_decimal, unit_of

from ..engine.pricing import BILL, HOLD, INCLUDED, value_of
from .timetrack_arrangement import FEES, FIXED


class Candidates(NamedTuple):
    """What may be proposed: time entries, rows of the ledger that wait, instalments of fees that are due, and costs
    (lines of sales orders)."""

    entries: models.BaseModel
    rows: models.BaseModel
    instalments: models.BaseModel
    costs: models.BaseModel


class TimetrackPrebill(models.Model):
    """Where pre-bills come from: approved time that waits to be billed."""

    _inherit = "timetrack.prebill"

    @api.model
    def _get_candidates(self, company, projects=None, client=None, date_from=None, date_to=None, instalments=None):
        """What may be proposed. Time that a fixed fee pays for goes along with an instalment, or, when all of these are
        billed, with whatever comes.

        :param company: whose time
        :param projects: of these engagements only
        :param client: of this client only
        :param date_from: first work day
        :param date_to: last work day
        :param instalments: that are due, if the caller knows; without, periods that have come by then get theirs
        :return: :class:`Candidates`, in the order of their days
        """
        if instalments is None:
            instalments = self.env["timetrack.instalment"]._get_due(company, date_to, projects, client)
        Line = self.env["account.analytic.line"]
        entries = Line._timetrack_to_bill_domain(company) & Domain("timetrack_client_id", "!=", False)
        rows = Domain("state", "=", "held") & Domain("company_id", "=", company.id)
        if projects:
            entries &= Domain("project_id", "in", projects.ids)
            rows &= Domain("project_id", "in", projects.ids)
        if client:
            entries &= Domain("timetrack_client_id", "=", client.commercial_partner_id.id)
            rows &= Domain("project_id.partner_id.commercial_partner_id", "=", client.commercial_partner_id.id)
        for operator, day in ((">=", date_from), ("<=", date_to)):
            if day:
                entries &= Domain("date", operator, day)
                rows &= Domain("date", operator, day)
        waiting = self.env["timetrack.arrangement"]._get_waiting(company, instalments)
        if waiting:
            entries &= Domain("timetrack_arrangement_id", "not in", waiting.ids)
            rows &= Domain("arrangement_id", "not in", waiting.ids)
        held = self.env["timetrack.allocation"].search(rows)
        held = held.sorted(lambda row: (row.date, row.id))
        costs = self.env["sale.order.line"]._timetrack_get_costs(company, date_to, projects, client, date_from)
        return Candidates(Line.search(entries, order="date, id"), held, instalments, costs)

    @api.model
    def _propose(self, company, entries, rows, instalments=None, costs=None, date_from=None, date_to=None, **settings):
        """Make pre-bills of time: one for each engagement, or client where its engagements are billed together, and
        for each currency.

        Time is locked in the order of its ids; whoever proposes the same time at once gets an error, not a second
        pre-bill. Rates are frozen where they are not yet.

        :param company: whose time it is
        :param entries: time entries that are on no pre-bill or invoice
        :param rows: rows of the ledger that wait
        :param instalments: of fees, that are due
        :param costs: lines of sales orders, to be re-invoiced
        :param dict settings: of all the pre-bills, instead of those of the engagements
        :return: the pre-bills
        :raise UserError: time has no rate, or was billed or changed a moment ago
        """
        instalments = (instalments or self.env["timetrack.instalment"]).sudo()
        costs = (costs or self.env["sale.order.line"]).sudo()
        entries, rows = self._claim(entries, rows)
        instalments._claim()
        projects = entries.project_id | rows.project_id | instalments.project_id | costs.order_id.project_id
        self.env["timetrack.engagement"]._ensure(projects)
        engagements = self.env["timetrack.engagement"]._get_by_project(projects)
        groups = defaultdict(lambda: Candidates([], [], [], []))
        together = entries._read_group(
            [("id", "in", entries.ids)],
            ["project_id", "timetrack_client_id", "timetrack_rate_currency_id"],
            ["id:array_agg"],
        )
        for project, client, currency, lines in together:
            groups[self._get_group_key(engagements[project], client, currency)].entries.extend(lines)
        for place, records in (("rows", rows), ("instalments", instalments)):
            for one in records:
                engagement, client = engagements[one.project_id], one.project_id.timetrack_client_id
                getattr(groups[self._get_group_key(engagement, client, one.currency_id)], place).append(one.id)
        for line in costs:
            engagement = engagements[line.order_id.project_id]
            client = engagement.project_id.timetrack_client_id
            groups[self._get_group_key(engagement, client, engagement.currency_id)].costs.append(line.id)
        groups = {
            key: Candidates(
                entries.browse(some.entries),
                rows.browse(some.rows),
                instalments.browse(some.instalments),
                costs.browse(some.costs),
            )
            for key, some in groups.items()
        }
        days_of = costs._timetrack_get_days()
        vals_list = []
        for (client, project, currency, *_address), some in groups.items():
            mine = project or (
                some.entries.project_id
                | some.rows.project_id
                | some.instalments.project_id
                | some.costs.order_id.project_id
            )
            values = self._prepare_prebill(company, client, [engagements[one] for one in mine], currency)
            days = some.entries.mapped("date") + some.rows.mapped("date") + [days_of[line] for line in some.costs]
            days = days or [date_to or fields.Date.context_today(self)]
            period = {"date_from": date_from or min(days), "date_to": date_to or max(days)}
            vals_list.append({**values, **period, **{name: value for name, value in settings.items() if value}})
        prebills = self._timetrack_internal().create(vals_list)
        for prebill, taken in zip(prebills, groups.values(), strict=True):
            prebill._take(*taken)
        return prebills.with_env(self.env)

    @api.model
    def _claim(self, entries, rows):
        """Lock time that waits, and freeze its rates: the entries and rows, in sudo.

        :raise UserError: time has no rate, or was billed or changed a moment ago
        """
        entries._timetrack_claim()
        rows._claim_waiting()
        entries.sudo().fetch(self._get_entry_fields())
        rateless = entries.sudo().filtered(lambda line: not line.timetrack_rate_currency_id)
        rateless._timetrack_freeze_rates()
        rateless.filtered(lambda line: not line.timetrack_rate_currency_id)._timetrack_raise_no_rate()
        return entries.sudo(), rows.sudo()

    @api.model
    def _get_entry_fields(self):
        """Hook: what is asked of entries one by one as they are proposed; read together."""
        return [
            "date",
            "project_id",
            "timetrack_client_id",
            "timetrack_arrangement_id",
            "timetrack_rate",
            "timetrack_rate_currency_id",
            "unit_amount",
        ]

    @api.model
    def _get_group_key(self, engagement, client, currency):
        """What shares a pre-bill: client, project (unless it is billed together with others), currency, and to whom and
        in which language it goes."""
        project = self.env["project.project"] if engagement.is_together else engagement.project_id
        return client, project, currency, engagement._get_contact(), engagement.invoice_lang

    @api.model
    def _prepare_prebill(self, company, client, engagements, currency):
        """Hook: the values of a pre-bill for some engagements of a client; the first one decides where they differ."""
        first = engagements[0]
        orders = dict.fromkeys(one.order_number for one in engagements if one.order_number)
        return {
            "company_id": company.id,
            "partner_id": client.id,
            "contact_id": first._get_contact().id or client.id,
            "project_ids": [Command.set([one.project_id.id for one in engagements])],
            "currency_id": currency.id,
            "responsible_id": first._get_responsible().id,
            "grouping": first.grouping,
            "sections": first.sections,
            "adjustments": first.adjustments,
            "reference": ", ".join(orders) or False,
        }

    def _take(self, entries, rows, instalments, costs):
        """Put time on the pre-bill, at what it comes to by its engagement: rounded, and with the discount agreed; and
        fees, with what they make of the time; and costs, with their mark-up."""
        self.ensure_one()
        entries = entries.sudo()
        engagements = self.env["timetrack.engagement"]._get_by_project(entries.project_id | rows.project_id)
        common = {
            "prebill_id": self.id,
            "state": "prebill",
            "company_id": self.company_id.id,
            "currency_id": self.currency_id.id,
        }
        unit = unit_of(self.currency_id.rounding)
        vals_list = []
        for project, lines in entries.grouped("project_id").items():
            engagement, values = engagements[project], {**common, "project_id": project.id}
            mine = [{**values, **self._prepare_row(entry, engagement, unit)} for entry in lines]
            if lines.timetrack_arrangement_id:
                mine = [{**one, **self._prepare_covered(entry, one)} for one, entry in zip(mine, lines, strict=True)]
            vals_list += mine
        ledger = self.env["timetrack.allocation"]._timetrack_internal()
        news = ledger._insert(vals_list)
        ledger._insert([ledger._prepare_instalment(one, self) for one in instalments])
        self._take_costs(costs)
        # what was agreed on since they began to wait counts; what was put on hold keeps the rate that it had by then
        terms = {row: {"arrangement_id": found} for row, found in rows._find_arrangements().items()}
        for row in rows.filtered(lambda row: row.action == BILL and row.line_id):
            rate, reason = engagements[row.project_id]._get_agreed(row.standard_rate)
            terms.setdefault(row, {}).update(billed_rate=rate, reason_id=reason.id or None)
        rows._write_each(terms)
        self._check_currency(entries.timetrack_arrangement_id | rows.arrangement_id)
        rows._timetrack_internal().write({"prebill_id": self.id, "state": "prebill"})
        # time that has just come is as it was worked: where nothing is rounded there is nothing to do
        rounded = [one.project_id for one in engagements.values() if one._get_rounding().increment]
        news_rounded = news.filtered(lambda row: row.project_id in rounded) if rounded else news.browse()
        self._round(news_rounded | rows.filtered(lambda row: row.action == BILL and row.line_id))
        if not self.is_direct:
            # what goes on to an invoice at once says where it is when it is there; nothing of the time was anywhere
            entries._timetrack_follow_ledger([("prebill", None, entries)])
        fixed = rows.filtered(lambda row: row.arrangement_id.kind == FIXED and row.action == BILL)
        fixed._write_each(dict.fromkeys(fixed, {"action": INCLUDED}))
        self._price()
        self._apply_arrangements(entries.timetrack_arrangement_id | rows.arrangement_id)

    def _check_currency(self, arrangements):
        """:raise UserError: what was agreed on is in another currency than the rates of the time"""
        for arrangement in arrangements:
            if arrangement.currency_id != self.currency_id:
                raise UserError(
                    self.env._(
                        "%(name)s of %(project)s is in %(currency)s, but the rates of its time are in %(other)s: "
                        "choose a rate card of that currency, or make the arrangement in the other one.",
                        name=arrangement.name,
                        project=arrangement.project_id.name,
                        currency=arrangement.currency_id.name,
                        other=self.currency_id.name,
                    )
                )

    def _prepare_row(self, entry, engagement, unit):
        """Hook: the values of the line of a time entry.

        :param Decimal unit: smallest amount of the currency
        """
        # most lines come to this; where lines share an invoice line, a few get a cent more or less
        hours, standard_rate = entry.unit_amount, entry.timetrack_rate
        rate, reason = engagement._get_agreed(standard_rate)
        standard = billed = to_decimal(value_of(hours, standard_rate), unit)
        if rate != standard_rate:
            billed = to_decimal(value_of(hours, rate), unit)
        return {
            "line_id": entry.id,
            "date": entry.date,
            "hours_worked": hours,
            "hours_rounded": hours,
            "hours_billed": hours,
            "standard_rate": standard_rate,
            "standard_value": float(standard),
            "billed_rate": rate,
            "billed_amount": float(billed),
            "adjustment": float(billed - standard),
            "reason_id": reason.id,
        }

    @api.model
    def _prepare_covered(self, entry, values):
        """Hook: what a fee arrangement makes of the values of a line; a fixed fee pays for it."""
        arrangement = entry.timetrack_arrangement_id
        covered = {"arrangement_id": arrangement.id}
        if arrangement.kind == FIXED:
            nothing = {"billed_amount": 0.0, "adjustment": -values["standard_value"], "reason_id": False}
            covered |= {"action": INCLUDED, "billed_rate": values["standard_rate"], **nothing}
        return covered

    def action_add_time(self):
        """Add the time of the same engagements and days that was approved since.

        :raise UserError: there is none
        """
        self.ensure_one()
        self._check_may_bill()
        self._check_open()
        entries, rows, instalments, costs = self._get_candidates(
            self.company_id, projects=self.project_ids, date_from=self.date_from, date_to=self.date_to
        )
        entries, rows = self._claim(entries, rows)
        instalments = instalments.filtered(lambda one: one.currency_id == self.currency_id)
        instalments._claim()
        entries = entries.filtered(
            lambda line: (
                line.timetrack_rate_currency_id == self.currency_id and line.timetrack_client_id == self.partner_id
            )
        )
        rows = rows.filtered(lambda row: row.currency_id == self.currency_id)
        engagements = self.env["timetrack.engagement"]._get_by_project(costs.order_id.project_id)
        costs = costs.filtered(lambda line: engagements[line.order_id.project_id].currency_id == self.currency_id)
        if not (entries or rows or instalments or costs):
            raise UserError(self.env._("Nothing else of these engagements waits to be billed."))
        self.sudo()._take(entries, rows, instalments, costs)
        return True

    # ------------------------------------------------------------------
    # What people look at while they decide
    # ------------------------------------------------------------------

    prior_wip = fields.Monetary(
        "Other Work in Progress",
        compute="_compute_context",
        compute_sudo=True,
        help="Approved time of the client that is on no posted invoice and not on this pre-bill, at its rates.",
    )
    receivable = fields.Monetary(
        "Open Invoices",
        currency_field="company_currency_id",
        compute="_compute_context",
        compute_sudo=True,
        help="What the client owes by posted invoices, taxes included, in the currency of the company.",
    )
    receivable_overdue = fields.Monetary(
        "Overdue", currency_field="company_currency_id", compute="_compute_context", compute_sudo=True
    )
    order_left = fields.Monetary(
        "Left of the Client's Order",
        compute="_compute_context",
        compute_sudo=True,
        help="Of the purchase orders of these engagements, before this pre-bill.",
    )
    has_order = fields.Boolean(compute="_compute_context", compute_sudo=True)
    budget_hours_left = fields.Float(
        "Budget Left",
        compute="_compute_context",
        compute_sudo=True,
        help="Hours left of the budgets of these projects as a whole.",
    )
    has_budget = fields.Boolean(compute="_compute_context", compute_sudo=True)
    retainer_left = fields.Monetary(
        "Left in Retainers",
        compute="_compute_context",
        compute_sudo=True,
        help="What the client has paid in advance for these projects in this currency, and may be drawn.",
    )

    @api.depends("partner_id", "company_id", "currency_id", "project_ids")
    def _compute_context(self):
        for prebill in self:
            today = fields.Date.context_today(prebill)
            prebill.prior_wip = prebill._get_prior_wip(today)
            receivable = prebill._get_receivable()
            prebill.receivable = sum(receivable.values())
            prebill.receivable_overdue = sum(amount for due, amount in receivable.items() if due and due < today)
            engagements = self.env["timetrack.engagement"]._get_by_project(prebill.project_ids).values()
            ordered = self.env["timetrack.engagement"].union(*engagements).filtered("order_amount")
            prebill.has_order = bool(ordered)
            prebill.order_left = sum(
                one.currency_id._convert(one.order_amount - billed, prebill.currency_id, prebill.company_id, today)
                for one, billed in ordered._get_order_billed().items()
            )
            budgets = prebill.project_ids.timetrack_budget_ids
            prebill.has_budget = bool(budgets)
            prebill.budget_hours_left = sum(budgets.mapped("remaining_hours"))
            prebill.retainer_left = sum(prebill._get_retainers().mapped("available"))

    def _get_retainers(self):
        """What the invoice may be paid from."""
        self.ensure_one()
        return self.env["timetrack.retainer"].search(
            [
                ("partner_id", "=", self.partner_id.id),
                ("company_id", "=", self.company_id.id),
                ("currency_id", "=", self.currency_id.id),
                ("project_id", "in", [False, *self.project_ids.ids]),
            ]
        )

    def _get_prior_wip(self, today):
        """Unbilled value of the client that is elsewhere, in the currency of the pre-bill."""
        self.ensure_one()
        queue = self.env["timetrack.billing.queue"]
        groups = queue._read_group(
            [("partner_id", "=", self.partner_id.id), ("company_id", "=", self.company_id.id)],
            ["currency_id"],
            ["amount:sum"],
        )
        total = sum(
            currency._convert(amount, self.currency_id, self.company_id, today)
            for currency, amount in groups
            if currency
        )
        own = self.line_ids.filtered(lambda row: row.state in ("prebill", "draft"))
        # what a fee pays for is no work in progress by rates, there as here
        own = own.filtered(
            lambda row: row.action != INCLUDED and not (row.action == HOLD and row.arrangement_id.kind in FEES)
        )
        return total - own._get_agreed_value()

    def _get_receivable(self):
        """What the client owes: amount by due date, in the company's currency."""
        self.ensure_one()
        return {
            due: amount
            for due, amount in self.env["account.move.line"]._read_group(
                [
                    ("partner_id", "child_of", self.partner_id.id),
                    ("company_id", "=", self.company_id.id),
                    ("account_id.account_type", "=", "asset_receivable"),
                    ("parent_state", "=", "posted"),
                    ("amount_residual", "!=", 0),
                ],
                ["date_maturity:day"],
                ["amount_residual:sum"],
            )
        }
