from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from .timetrack_allocation import TAKEN
from .timetrack_arrangement import FEES, HOURS


class TimetrackInstalment(models.Model):
    """A part of a fee that is billed on a day, or when a milestone is reached.

    Those of fixed fees are agreed on; those of included hours are made as their periods come. Whether it is billed is
    read from the ledger, in which it has a row from its pre-bill on.
    """

    _name = "timetrack.instalment"
    _description = "Instalment of a Fee"
    _inherit = ["timetrack.lock.mixin", "timetrack.internal.mixin", "timetrack.kept.mixin"]
    _order = "arrangement_id, date, sequence, id"

    arrangement_id = fields.Many2one(
        "timetrack.arrangement", string="Fee Arrangement", required=True, index=True, ondelete="cascade"
    )
    project_id = fields.Many2one(related="arrangement_id.project_id", string="Engagement", store=True, index=True)
    partner_id = fields.Many2one(related="project_id.timetrack_client_id", string="Client")
    company_id = fields.Many2one(related="arrangement_id.company_id", store=True)
    currency_id = fields.Many2one(related="arrangement_id.currency_id")
    sequence = fields.Integer(default=10)
    name = fields.Char(required=True, help="The client reads it on the invoice.")
    date = fields.Date("Due Date", help="Billed on this day, or later.")
    milestone_id = fields.Many2one(
        "project.milestone",
        domain="[('project_id', '=', project_id)]",
        ondelete="restrict",
        index="btree_not_null",
        help="Billed when it is reached.",
    )
    amount = fields.Monetary(required=True, help="Untaxed.")
    percent = fields.Float("% of the Fee", compute="_compute_percent", inverse="_inverse_percent")
    period_first = fields.Date("Period From", readonly=True, help="Of included hours: what the fee is for.")
    period_last = fields.Date("Period To", readonly=True)
    row_ids = fields.One2many("timetrack.allocation", "instalment_id", string="Ledger", readonly=True)
    state = fields.Selection(
        [
            ("to_come", "To Come"),
            ("due", "Due"),
            ("prebill", "On a Pre-Bill"),
            ("draft", "On a Draft Invoice"),
            ("billed", "Billed"),
        ],
        compute="_compute_state",
        compute_sudo=True,
    )
    move_id = fields.Many2one("account.move", string="Invoice", compute="_compute_state", compute_sudo=True)

    _period_unique = models.UniqueIndex(
        "(arrangement_id, period_first) WHERE period_first IS NOT NULL", "This period has its instalment already."
    )
    _amount_positive = models.Constraint("CHECK(amount >= 0)", "An instalment is not negative.")

    @api.depends("amount", "arrangement_id.amount")
    def _compute_percent(self):
        for one in self:
            fee = one.arrangement_id.amount
            one.percent = 100 * one.amount / fee if fee else 0.0

    def _inverse_percent(self):
        for one in self:
            one.amount = one.currency_id.round(one.arrangement_id.amount * one.percent / 100)

    @api.onchange("percent")
    def _onchange_percent(self):
        self._inverse_percent()

    @api.depends("row_ids.state", "date", "milestone_id.is_reached")
    def _compute_state(self):
        today = fields.Date.context_today(self)
        for one in self:
            row = one._get_row()
            one.move_id = row.move_id
            if row:
                one.state = "billed" if row.state == "posted" else row.state
            else:
                one.state = "due" if one._is_due(today) else "to_come"

    def _get_row(self):
        """The row of the ledger that has the instalment on a pre-bill or an invoice, if there is one."""
        self.ensure_one()
        return self.row_ids.filtered(lambda row: row.state in TAKEN and not row.reversed_id)[:1]

    def _is_due(self, day):
        """Whether it may be billed on a day. What has neither a day nor a milestone waits to be given one."""
        self.ensure_one()
        if not self.date and not self.milestone_id:
            return False
        return (not self.date or self.date <= day) and (not self.milestone_id or self.milestone_id.is_reached)

    @api.model
    def _due_domain(self, companies, day):
        """Domain of what is to be billed with the time up to a day: instalments that are due and on no bill yet, and
        fees in advance whose period begins the day after.

        :param date day: none for today
        """
        day = day or fields.Date.context_today(self)
        then = day + timedelta(days=1)
        return Domain.AND(
            [
                Domain("company_id", "in", companies.ids),
                Domain("arrangement_id.active", "=", True),
                Domain("arrangement_id.kind", "in", FEES),
                Domain("project_id.timetrack_client_id", "!=", False),
                self.env["timetrack.engagement"]._by_rates_domain(),
                Domain("amount", ">", 0),
                Domain("date", "<=", day)
                | (Domain("date", "=", False) & Domain("milestone_id", "!=", False))
                | (
                    Domain("date", "=", then)
                    & Domain("arrangement_id.is_in_advance", "=", True)
                    & Domain("period_first", "=", then)
                ),
                Domain("milestone_id", "=", False) | Domain("milestone_id.is_reached", "=", True),
                Domain("row_ids", "not any", [("state", "in", TAKEN), ("reversed_id", "=", False)]),
            ]
        )

    @api.model
    def _get_due(self, companies, day, projects=None, client=None):
        """What is to be billed with the time up to a day; periods that have come by then get their instalments.

        See :meth:`_look_ahead` for the parameters.

        :return: instalments, in sudo
        """
        found, missing = self._look_ahead(companies, day, projects, client)
        if missing:
            self._make_periods(missing)
            found, _missing = self._look_ahead(companies, day, projects, client)
        return found

    @api.model
    def _look_ahead(self, companies, day, projects=None, client=None):
        """What is to be billed with the time up to a day. Nothing is changed: who only looks makes nothing.

        :param companies: whose
        :param date day: none for today
        :param projects: of these engagements only
        :param client: of this client only
        :return: instalments, in sudo; and dict of arrangement (in sudo) to the first and last days of periods that have
            none yet
        """
        day = day or fields.Date.context_today(self)
        engagements = Domain("company_id", "in", companies.ids)
        if projects:
            engagements &= Domain("project_id", "in", projects.ids)
        if client:
            engagements &= Domain("project_id.partner_id.commercial_partner_id", "=", client.commercial_partner_id.id)
        arrangements = self.env["timetrack.arrangement"].sudo().search(engagements)
        if not arrangements:
            return self.sudo().browse(), {}
        missing = {}
        for arrangement in arrangements.filtered(lambda one: one.kind == HOURS and one.amount):
            there = set(arrangement.instalment_ids.mapped("period_first"))
            spans = [span for span in arrangement._get_billing_periods(day) if span[0] not in there]
            if spans:
                missing[arrangement] = spans
        due = self._due_domain(companies, day) & Domain("arrangement_id", "in", arrangements.ids)
        return self.sudo().search(due), missing

    @api.model
    def _make_periods(self, missing):
        """The instalments of included hours whose periods have come.

        :param dict missing: arrangement (in sudo) to first and last days
        """
        # who comes second starts again, and finds them
        self.env["timetrack.arrangement"].union(*missing)._lock()
        self.sudo()._timetrack_internal().create(
            [
                {
                    "arrangement_id": arrangement.id,
                    "name": arrangement._get_period_name(first, last),
                    "date": first if arrangement.is_in_advance else last or first,
                    "period_first": first,
                    "period_last": last,
                    "amount": arrangement.amount,
                }
                for arrangement, spans in missing.items()
                for first, last in spans
            ]
        )

    # ------------------------------------------------------------------
    # What is billed stays
    # ------------------------------------------------------------------

    @api.constrains("milestone_id", "arrangement_id")
    def _check_milestone(self):
        for one in self:
            if one.milestone_id and one.milestone_id.project_id != one.project_id:
                raise ValidationError(
                    self.env._("The milestone %s is of another project.", one.milestone_id.display_name)
                )

    @api.constrains("amount", "arrangement_id")
    def _check_amount(self):
        self.arrangement_id._check_schedule()

    def write(self, vals):
        """:raise UserError: the instalment is on a pre-bill or an invoice, and more than its day or place is changed"""
        if vals.keys() - {"date", "sequence", "milestone_id"}:
            self._check_free()
        self._check_own(vals)
        return super().write(vals)

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_own(vals)
        return super().create(vals_list)

    def _check_own(self, vals):
        """:raise UserError: a call sets the period of an instalment, which is for the arrangement to say"""
        if {"period_first", "period_last"} & vals.keys() and not self._timetrack_is_internal():
            raise UserError(self.env._("Instalments of periods are made as their periods come."))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_billed(self):
        """:raise UserError: an instalment is or was on an invoice, or is on a pre-bill"""
        used = self.filtered(lambda one: any(row.state != "cancelled" for row in one.sudo().row_ids))
        if used:
            raise UserError(
                self.env._(
                    "These instalments are or were on invoices or pre-bills, and stay: %s.",
                    ", ".join(used.mapped("name")),
                )
            )

    def _check_free(self):
        taken = self.filtered(lambda one: one.sudo()._get_row())
        if taken:
            raise UserError(
                self.env._(
                    "These instalments are on pre-bills or invoices, and stay as they are: %s.",
                    ", ".join(taken.mapped("name")),
                )
            )

    def _claim(self):
        """Lock what is put on pre-bills: of two people at once, one is told to start again.

        :raise UserError: somebody else billed some of it a moment ago
        """
        if not self:
            return
        self._lock()
        taken = self.env["timetrack.allocation"].search(
            [("instalment_id", "in", self.ids), ("state", "in", TAKEN), ("reversed_id", "=", False)]
        )
        if taken:
            raise UserError(
                self.env._(
                    "Somebody else billed these instalments a moment ago: %s.\nPlease start again.",
                    ", ".join(taken.instalment_id.mapped("name")),
                )
            )

    @api.depends("name", "arrangement_id.name")
    def _compute_display_name(self):
        for one in self:
            one.display_name = f"{one.arrangement_id.name}: {one.name}" if one.arrangement_id else one.name
