from collections import defaultdict
from datetime import date as Date
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL, format_date, formatLang
from odoo.tools.date_utils import end_of

from odoo.addons.client_timetrack.engine.allocation import spread, to_decimal, unit_of

from ..engine.arrangement import within_limits
from ..engine.pricing import BILL
from .timetrack_arrangement import CAP, FEES

APPROVED, SUBMITTED = "approved", "submitted"


class Piece(NamedTuple):
    """Time that is accrued: its hours, its value at the net rate, not rounded, and the share of it that counts."""

    hours: float
    value: float
    day: Date
    share: Decimal = Decimal(1)


class TimetrackAccrual(models.Model):
    """Revenue of a company's time that is on no invoice at the end of a period.

    How it works: what is accrued is the work in progress of the day (``timetrack.billing.queue``), time by rates being
    revenue as it is worked (the right to invoice, IFRS 15.B16), up to the limits that were agreed on; and what is
    earned of fees less what is billed of them, which is a contract liability where more is billed. *Work Out* reads it,
    entry by entry, and *Post* makes a journal entry of that day, and its reversal of the day after. Worked out again
    after late entries, the difference is posted, and nothing where there is none: what was posted is read from the
    journal items that name the accrual.

    There is one accrual for a company and a day.
    """

    _name = "timetrack.accrual"
    _description = "Revenue Accrual"
    _inherit = ["mail.thread", "timetrack.lock.mixin", "timetrack.kept.mixin"]
    _check_company_auto = True
    _order = "date desc, id desc"
    _rec_name = "date"
    _timetrack_kept = ("worked_out", "rateless_hours")

    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company)
    currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Date(
        "Period End",
        required=True,
        default=lambda self: self._default_date(),
        tracking=True,
        help="The day that revenue is accrued for. It is reversed the day after.",
    )
    scope = fields.Selection(
        [(APPROVED, "Approved Time"), (SUBMITTED, "Approved and Submitted Time")],
        string="What Counts",
        required=True,
        default=APPROVED,
        tracking=True,
    )
    journal_id = fields.Many2one(
        "account.journal",
        compute="_compute_journal_id",
        store=True,
        readonly=False,
        check_company=True,
        domain="[('type', '=', 'general')]",
    )
    unbilled_account_id = fields.Many2one(
        "account.account",
        string="Unbilled Revenue",
        compute="_compute_unbilled_account_id",
        store=True,
        readonly=False,
        check_company=True,
        domain="[('account_type', '=', 'asset_current')]",
        help="The asset: earned, and not billed yet.",
    )
    liability_account_id = fields.Many2one(
        "account.account",
        string="Contract Liabilities",
        compute="_compute_liability_account_id",
        store=True,
        readonly=False,
        check_company=True,
        domain="[('account_type', 'in', ('liability_current', 'liability_non_current'))]",
        help="Billed and not earned yet: fees in advance, and engagements that are below zero.",
    )
    line_ids = fields.One2many("timetrack.accrual.line", "accrual_id", string="Engagements", readonly=True)
    move_ids = fields.One2many("account.move", "timetrack_accrual_id", string="Journal Entries", readonly=True)
    worked_out = fields.Datetime("Worked Out On", readonly=True, copy=False)
    rateless_hours = fields.Float(
        "Hours Without Rate", readonly=True, copy=False, help="They have no value, and are not accrued."
    )
    amount = fields.Monetary(
        "Accrued", compute="_compute_amounts", help="At the end of the day, in the company's currency."
    )
    posted = fields.Monetary(compute="_compute_amounts", help="Accrued by posted journal entries of this day.")
    to_post = fields.Monetary(compute="_compute_amounts", help="What late entries have changed since.")
    state = fields.Selection(
        [("draft", "New"), ("worked_out", "To Post"), ("posted", "Posted")], compute="_compute_amounts"
    )

    _day_unique = models.Constraint("UNIQUE(company_id, date)", "This company has an accrual of this day already.")

    @api.model
    def _default_date(self):
        """The end of the month after the one that was accrued last; of the last month where there is none."""
        last = self.search([("company_id", "=", self.env.company.id)], limit=1)
        if last:
            return end_of(last.date + timedelta(days=1), "month")
        return fields.Date.context_today(self).replace(day=1) - timedelta(days=1)

    @api.depends("date")
    def _compute_display_name(self):
        for accrual in self:
            accrual.display_name = format_date(self.env, accrual.date) or self.env._("New")

    @api.depends("company_id")
    def _compute_journal_id(self):
        Journal = self.env["account.journal"]
        for accrual in self:
            general = [*Journal._check_company_domain(accrual.company_id), ("type", "=", "general")]
            last = accrual._get_last("journal_id")
            accrual.journal_id = last or accrual.journal_id or Journal.search(general, limit=1)

    @api.depends("company_id")
    def _compute_unbilled_account_id(self):
        for accrual in self:
            accrual.unbilled_account_id = accrual._get_last("unbilled_account_id") or accrual.unbilled_account_id

    @api.depends("company_id")
    def _compute_liability_account_id(self):
        for accrual in self:
            accrual.liability_account_id = accrual._get_last("liability_account_id") or accrual.liability_account_id

    def _get_last(self, name):
        """What the company's last accrual has in a field."""
        domain = [
            ("company_id", "=", self.company_id.id),
            (name, "!=", False),
            ("id", "not in", self._origin.ids),
        ]
        return self.search(domain, limit=1)[name]

    @api.depends("line_ids.balance", "line_ids.posted_balance", "worked_out")
    def _compute_amounts(self):
        for accrual in self:
            accrual.amount = sum(accrual.line_ids.mapped("balance"))
            accrual.posted = sum(accrual.line_ids.mapped("posted_balance"))
            accrual.to_post = accrual.amount - accrual.posted
            open_lines = accrual.line_ids.filtered(lambda line: line._is_open())
            if not accrual.worked_out:
                accrual.state = "draft"
            else:
                accrual.state = "worked_out" if open_lines else "posted"

    @api.constrains("unbilled_account_id", "liability_account_id")
    def _check_accounts(self):
        for accrual in self:
            if accrual.unbilled_account_id and accrual.unbilled_account_id.internal_group != "asset":
                raise ValidationError(self.env._("%s is no asset account.", accrual.unbilled_account_id.display_name))
            if accrual.liability_account_id and accrual.liability_account_id.internal_group != "liability":
                raise ValidationError(
                    self.env._("%s is no liability account.", accrual.liability_account_id.display_name)
                )

    def write(self, vals):
        """What was posted was posted by what the accrual says.

        :raise UserError: it is posted, and its company, day or accounts are changed
        """
        fixed = {"company_id", "date", "unbilled_account_id", "liability_account_id"} & vals.keys()
        for accrual in self if fixed else self.browse():
            if accrual.sudo().move_ids.filtered(lambda move: move.state == "posted"):
                raise UserError(
                    self.env._(
                        "The accrual of %s is posted: its day and accounts stay. Reset its journal entries first.",
                        format_date(self.env, accrual.date),
                    )
                )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_posted(self):
        if self.sudo().move_ids.filtered(lambda move: move.state == "posted"):
            raise UserError(self.env._("An accrual that is posted cannot be deleted: its journal entries go first."))

    # ------------------------------------------------------------------
    # Working out
    # ------------------------------------------------------------------

    def action_work_out(self):
        """Read what is to be accrued.

        :raise UserError: a currency has no rate
        """
        for accrual in self:
            accrual.check_access("write")
            accrual.sudo()._work_out()
        return True

    def _work_out(self):
        """Make the lines what the work in progress is. The number of queries does not depend on the time."""
        self.ensure_one()
        self._lock()
        values, self.rateless_hours = self._get_values()
        earned = self._get_fees_earned(values)
        currencies = {currency for _project, currency, _arrangement in values}
        self.company_id._timetrack_check_currencies(currencies, self.date)
        lines = {line._get_key(): line for line in self.line_ids}
        vals_list = [
            {
                "accrual_id": self.id,
                "project_id": project.id,
                "currency_id": currency.id,
                "arrangement_id": arrangement.id,
            }
            for project, currency, arrangement in values
            if (project, currency, arrangement) not in lines
        ]
        news = self.env["timetrack.accrual.line"].create(vals_list)
        lines.update({line._get_key(): line for line in news})
        self.env["timetrack.accrual.entry"]._clear(self.line_ids)
        details = []
        for key, line in lines.items():
            entries = values.get(key, {})
            unit = unit_of(line.currency_id.rounding)
            exact = [Decimal(repr(piece.value)) * piece.share for piece in entries.values()]
            total = earned.get(line.arrangement_id, to_decimal(sum(exact, Decimal(0)), unit))
            if line.arrangement_id in earned and total <= 0:
                # more is billed of the fee than was earned: no time stands behind that
                shares = [Decimal(0)] * len(entries)
            else:
                shares = spread(total, exact, unit) if entries else []
            value = sum(piece.value for piece in entries.values())
            line._set_target(float(total), sum(piece.hours for piece in entries.values()), value)
            details += [
                (line.id, entry, piece.hours, float(share))
                for (entry, piece), share in zip(entries.items(), shares, strict=True)
            ]
        self.env["timetrack.accrual.entry"]._insert(details)
        self.line_ids.filtered(lambda line: not line.amount and not line.move_line_ids).unlink()
        self.worked_out = fields.Datetime.now()

    def _get_values(self):
        """What is accrued of each entry.

        Time that fees pay for is left to :meth:`_get_fees_earned`.

        :return: dict of project, currency and fee arrangement (none for plain rates) to a dict of the entry's id to
            :class:`Piece`; and the hours that have no rate
        """
        queue = self.env["timetrack.billing.queue"]
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT piece.id, piece.project_id, piece.currency_id, sum(piece.hours),
                       sum(piece.hours * COALESCE(piece.rate, 0)), piece.arrangement_id, min(piece.date)
                  FROM (%s) piece
                 WHERE piece.company_id = %s AND NOT piece.is_fee
              GROUP BY piece.id, piece.project_id, piece.currency_id, piece.arrangement_id
                HAVING abs(sum(piece.hours)) > 0.00001 OR abs(sum(piece.hours * COALESCE(piece.rate, 0))) > 0.00001
              ORDER BY piece.project_id, min(piece.date), piece.id
                """,
                queue._get_pieces(self.date, as_of_day=True),
                self.company_id.id,
            )
        )
        if self.scope == SUBMITTED:
            rows += self._get_submitted()
        values = defaultdict(dict)
        rateless = 0.0
        projects = self.env["project.project"].browse({row[1] for row in rows})
        currencies = self.env["res.currency"].browse({row[2] for row in rows if row[2]})
        by_id = {record.id: record for record in projects}, {record.id: record for record in currencies}
        limited = self.env["timetrack.arrangement"].browse({row[5] for row in rows if row[5]})
        limited = {record.id: record for record in limited if record.kind == CAP}
        plain = self.env["timetrack.arrangement"]
        for entry, project, currency, hours, value, arrangement, day in rows:
            if currency:
                key = by_id[0][project], by_id[1][currency], limited.get(arrangement, plain)
                before = values[key].get(entry)
                if before:
                    hours, value = hours + before.hours, value + before.value
                values[key][entry] = Piece(hours, value, day)
            else:
                rateless += hours
        used = plain.union(*(arrangement for _project, _currency, arrangement in values))
        left = used._get_limits(day=self.date)
        for (_project, _currency, arrangement), pieces in values.items():
            if arrangement:
                self._limit(arrangement, pieces, left)
        return dict(values), rateless

    def _limit(self, arrangement, pieces, left):
        """What is above the limit of its period is no revenue, in the order of the days of the work.

        :param left: of :meth:`_get_limits` of arrangements
        """
        by_period = defaultdict(list)
        for entry, piece in pieces.items():
            by_period[arrangement._get_period(piece.day)].append(entry)
        for period, entries in by_period.items():
            sizes = [
                (Decimal(repr(pieces[entry].value)), arrangement._to_hours(pieces[entry].hours)) for entry in entries
            ]
            for entry, share in zip(entries, within_limits(sizes, *left(arrangement, period)), strict=True):
                pieces[entry] = pieces[entry]._replace(share=share)

    def _get_fees_earned(self, values):
        """What is earned of fees and not billed by the day: below zero where more is billed.

        :param dict values: of :meth:`_get_values`, which gets the time of the fees that is on no posted invoice
        :return: dict of arrangement to amount (Decimal)
        """
        fees = (
            self.env["timetrack.arrangement"]
            .with_context(active_test=False)
            .search([("company_id", "=", self.company_id.id), ("kind", "in", FEES)])
        )
        if not fees:
            return {}
        states = (APPROVED, SUBMITTED) if self.scope == SUBMITTED else (APPROVED,)
        work, billed = fees._get_work(self.date, states), fees._get_fees_billed(self.date)
        waiting = {row[0]: row[4] for row in self._get_submitted(fees)} if self.scope == SUBMITTED else {}
        earned = {}
        for fee in fees:
            pieces = work.get(fee.id, [])
            unit = unit_of(fee.currency_id.rounding)
            amount = fee._get_earned(self.date, pieces, waiting) - to_decimal(billed.get(fee.id, 0.0), unit)
            if amount or fee in self.line_ids.arrangement_id:
                earned[fee] = amount
                time = values.setdefault((fee.project_id, fee.currency_id, fee), {})
                for piece in pieces:
                    # what is to be billed by its rate is work in progress like any other
                    if piece.is_open and not (piece.is_decided and piece.action == BILL):
                        before = time.get(piece.entry, Piece(0.0, 0.0, piece.day))
                        value = waiting.get(piece.entry, float(piece.value))
                        time[piece.entry] = Piece(before.hours + float(piece.hours), before.value + value, piece.day)
        return earned

    def _get_submitted(self, fees=None):
        """Time that waits for approval, at the rates that it would have today.

        :param fees: that of these arrangements; without, that of no fee
        """
        kinds = Domain("timetrack_arrangement_id", "in", fees.ids) if fees else ~self._in_fee_domain()
        entries = self.env["account.analytic.line"].search(
            kinds
            & Domain(
                [
                    ("timetrack_state", "=", "submitted"),
                    ("timetrack_billing_state", "=", "unbilled"),
                    ("so_line", "=", False),
                    ("company_id", "=", self.company_id.id),
                    ("date", "<=", self.date),
                ]
            ),
            order="project_id, date, id",
        )
        rates = entries._timetrack_resolve_rates()
        engagements = self.env["timetrack.engagement"]._get_by_project(entries.project_id)
        rows = []
        for entry in entries:
            rate = rates.get(entry.id, {})
            engagement = engagements.get(entry.project_id, self.env["timetrack.engagement"])
            value = entry.unit_amount * rate.get("timetrack_rate", 0.0) * engagement._get_net_factor()
            arrangement = entry.timetrack_arrangement_id
            currency = rate.get("timetrack_rate_currency_id")
            rows.append((entry.id, entry.project_id.id, currency, entry.unit_amount, value, arrangement.id, entry.date))
        return rows

    @api.model
    def _in_fee_domain(self):
        """Domain of time that a fee pays for, at least in part."""
        return Domain("timetrack_arrangement_id.kind", "in", FEES)

    # ------------------------------------------------------------------
    # Posting
    # ------------------------------------------------------------------

    def action_post(self):
        """Post what is not posted yet, and its reversal of the day after.

        :raise UserError: an account is missing, or one of the days is in a closed period
        """
        for accrual in self:
            accrual.check_access("write")
            accrual._lock()
            if not accrual.worked_out:
                accrual.action_work_out()
            accrual._post()
        return True

    def _post(self):
        self.ensure_one()
        lines = self.line_ids.filtered(lambda line: line._is_open())
        if not lines:
            return
        self._check_ready()
        income = self._get_income_account()
        commands = [command for line in lines for command in line._prepare_move_lines(income)]
        amount = sum(lines.mapped("open_balance"))
        move = self.env["account.move"].create(
            {
                "move_type": "entry",
                "company_id": self.company_id.id,
                "journal_id": self.journal_id.id,
                "date": self.date,
                "ref": self.env._("Unbilled revenue at %s", format_date(self.env, self.date)),
                "timetrack_accrual_id": self.id,
                "line_ids": commands,
            }
        )
        move.action_post()
        reversal = move._reverse_moves(
            [
                {
                    "date": self.date + timedelta(days=1),
                    "ref": self.env._("Reversal of: %s", move.name),
                    "timetrack_accrual_id": self.id,
                }
            ]
        )
        reversal.action_post()
        self.message_post(
            body=self.env._(
                "Posted: %(amount)s, %(move)s; reversed by %(reversal)s.",
                amount=formatLang(self.env, amount, currency_obj=self.currency_id),
                move=move._get_html_link(),
                reversal=reversal._get_html_link(),
            )
        )

    def _check_ready(self):
        """Say what is missing before anything is posted.

        :raise UserError: an account, the journal or an open period
        """
        missing = [
            self._fields[name]._description_string(self.env)
            for name in ("journal_id", "unbilled_account_id", "liability_account_id")
            if not self[name]
        ]
        if missing:
            raise UserError(self.env._("Choose what the accrual is posted on: %s.", ", ".join(missing)))
        for day in (self.date, self.date + timedelta(days=1)):
            locks = self.company_id._get_violated_lock_dates(day, False, self.journal_id)
            if locks:
                raise UserError(
                    self.env._(
                        "Nothing can be posted on %(day)s: %(locks)s.",
                        day=format_date(self.env, day),
                        locks=self.company_id._format_lock_dates(locks),
                    )
                )
        income = self._get_income_account()
        if not income:
            product = self.company_id._timetrack_get_product()
            raise UserError(
                self.env._(
                    "The product of time, “%s”, has no income account: set it there or on its category.",
                    product.display_name,
                )
            )

    def _get_income_account(self):
        """The account that invoiced time is on."""
        company = self.company_id
        product = company.sudo()._timetrack_get_product().with_company(company)
        return product.product_tmpl_id.get_product_accounts()["income"]

    # ------------------------------------------------------------------
    # Screens
    # ------------------------------------------------------------------

    def action_view_moves(self):
        """Open the journal entries."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Journal Entries"),
            "res_model": "account.move",
            "view_mode": "list,form",
            "domain": [("timetrack_accrual_id", "=", self.id)],
            "context": {"create": False},
        }

    def action_view_entries(self):
        """Open what is accrued entry by entry."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "client_timetrack_billing.timetrack_accrual_entry_action"
        )
        return {**action, "domain": [("accrual_line_id", "in", self.line_ids.ids)]}
