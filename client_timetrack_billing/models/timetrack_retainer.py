from collections import defaultdict
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import formatLang

from odoo.addons.client_timetrack.engine.allocation import to_decimal, unit_of

from ..engine.retainer import refill

DOWN_PAYMENT, DEPOSIT = "down_payment", "deposit"
ADVANCE, DRAW, REFUND = "advance", "draw", "refund"
LIABILITIES = ("liability_current", "liability_non_current")


class Figures(NamedTuple):
    """What became of the money of a retainer, in its currency; of a down payment without tax.

    ``unpaid`` of what was received is invoiced and not paid yet; ``reserved`` is on draft invoices.
    """

    received: float = 0.0
    unpaid: float = 0.0
    drawn: float = 0.0
    refunded: float = 0.0
    reserved: float = 0.0


class TimetrackRetainer(models.Model):
    """Money that a client paid in advance, and what is left of it.

    How it works: an advance is an invoice whose line is on a liability account; a draw is a line on a later invoice
    that takes money from that account and makes the invoice less; what is left goes back by a credit note. All these
    are lines of Odoo's own journal entries that name the retainer, so that posting, resetting, cancelling and
    reversing them needs nothing of ours, and what is left is the balance of these lines: there is no second book.

    What always holds: no more is drawn or given back than there is, whoever posts or resets what. See
    :meth:`_check_not_overdrawn`.
    """

    _name = "timetrack.retainer"
    _description = "Retainer"
    _inherit = ["mail.thread", "mail.activity.mixin", "timetrack.lock.mixin"]
    _check_company_auto = True
    _order = "partner_id, id"

    name = fields.Char(
        "Number", required=True, readonly=True, copy=False, default=lambda self: self.env._("New Retainer")
    )
    active = fields.Boolean(default=True, tracking=True)
    company_id = fields.Many2one("res.company", required=True, index=True, default=lambda self: self.env.company)
    partner_id = fields.Many2one(
        "res.partner",
        string="Client",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
        compute="_compute_partner_id",
        store=True,
        readonly=False,
        precompute=True,
        domain="[('parent_id', '=', False)]",
    )
    project_id = fields.Many2one(
        "project.project",
        string="Matter",
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
        domain="[('timetrack_client_id', '!=', False), ('timetrack_client_id', '=?', partner_id)]",
        help="The money pays for time of this project only. Empty: for all projects of the client.",
    )
    kind = fields.Selection(
        [(DOWN_PAYMENT, "Down Payment"), (DEPOSIT, "Trust Deposit")],
        required=True,
        default=DOWN_PAYMENT,
        tracking=True,
        help="Down payment: taxed on receipt, and deducted with its tax later.\n"
        "Trust deposit: the client's own money until it is drawn, untaxed, for one matter; what was paid is drawn.",
    )
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        help="Invoices in this currency are what it pays for.",
    )
    account_id = fields.Many2one(
        "account.account",
        string="Liability Account",
        compute="_compute_account_id",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        tracking=True,
        domain=f"[('account_type', 'in', {LIABILITIES})]",
        help="Where the money stands until it is drawn.",
    )
    tax_ids = fields.Many2many(
        "account.tax",
        string="Taxes",
        compute="_compute_tax_ids",
        store=True,
        readonly=False,
        check_company=True,
        domain="[('type_tax_use', '=', 'sale')]",
        help="Of down payments. They are deducted from what is taxed alike on invoices.",
    )
    amount = fields.Monetary(
        "Advance", tracking=True, help="What the client is asked for, and filled up to later. Untaxed."
    )
    floor = fields.Monetary(
        "Fill Up Below", tracking=True, help="Once less than this is left, an advance is proposed. 0: never."
    )
    is_automatic = fields.Boolean(
        "Draw on Invoices",
        default=True,
        tracking=True,
        help="Draft invoices of time are paid from it as they are made. Otherwise it is drawn by hand on the draft.",
    )
    line_ids = fields.One2many("account.move.line", "timetrack_retainer_id", string="Journal Items", readonly=True)
    received = fields.Monetary(compute="_compute_figures", compute_sudo=True, help="Posted advances.")
    unpaid = fields.Monetary(compute="_compute_figures", compute_sudo=True, help="Of it, not paid yet.")
    drawn = fields.Monetary(compute="_compute_figures", compute_sudo=True, help="On posted invoices.")
    refunded = fields.Monetary(compute="_compute_figures", compute_sudo=True, help="Given back.")
    balance = fields.Monetary(compute="_compute_figures", compute_sudo=True, help="Received less drawn and refunded.")
    reserved = fields.Monetary(compute="_compute_figures", compute_sudo=True, help="Drawn on draft invoices.")
    available = fields.Monetary(
        compute="_compute_figures",
        compute_sudo=True,
        help="What may be drawn: what is left, without what is on draft invoices; of trust deposits, what was paid.",
    )
    is_low = fields.Boolean("Below the Floor", compute="_compute_figures", compute_sudo=True, search="_search_is_low")

    _amounts = models.Constraint(
        "CHECK(amount >= 0 AND floor >= 0 AND floor <= amount)",
        "The amounts of a retainer are not negative, and it is filled up to at least its floor.",
    )

    @api.depends("project_id")
    def _compute_partner_id(self):
        for retainer in self:
            retainer.partner_id = retainer.project_id.timetrack_client_id or retainer.partner_id

    @api.depends("project_id", "company_id")
    def _compute_currency_id(self):
        for retainer in self:
            engagement = retainer.project_id.sudo().timetrack_engagement_ids
            company = retainer.company_id or self.env.company
            retainer.currency_id = engagement.currency_id or retainer.currency_id or company.currency_id

    @api.depends("kind", "company_id")
    def _compute_account_id(self):
        """The account that the company's last retainer of this kind had."""
        for retainer in self:
            last = self.search(
                [
                    ("kind", "=", retainer.kind),
                    ("company_id", "=", retainer.company_id.id),
                    ("account_id", "!=", False),
                    ("id", "not in", retainer._origin.ids),
                ],
                order="id desc",
                limit=1,
            )
            retainer.account_id = last.account_id or retainer.account_id

    @api.depends("kind", "company_id")
    def _compute_tax_ids(self):
        """What time is taxed by; what is held in trust is not the firm's, and untaxed."""
        for retainer in self:
            company = retainer.company_id or self.env.company
            taxes = company.sudo()._timetrack_get_product().taxes_id._filter_taxes_by_company(company)
            retainer.tax_ids = taxes if retainer.kind == DOWN_PAYMENT else False

    @api.depends(
        "line_ids.parent_state",
        "line_ids.amount_currency",
        "line_ids.move_id.amount_residual",
        "kind",
        "floor",
        "amount",
    )
    def _compute_figures(self):
        found = self._get_figures()
        for retainer in self:
            figures = found.get(retainer._origin, Figures())
            balance = figures.received - figures.drawn - figures.refunded
            usable = balance - (figures.unpaid if retainer.kind == DEPOSIT else 0.0)
            values = figures._asdict() | {"balance": balance, "available": max(0.0, usable - figures.reserved)}
            for name, value in values.items():
                retainer[name] = retainer.currency_id.round(value) if retainer.currency_id else value
            retainer.is_low = bool(retainer._get_refill(retainer.floor))

    def _get_refill(self, floor):
        """What the advance is to be that fills the retainer up, where less than a floor is left; in its currency."""
        self.ensure_one()
        unit = unit_of((self.currency_id or self.env.company.currency_id).rounding)
        target = max(self.amount, floor)
        return float(refill(*(to_decimal(value, unit) for value in (self.balance, floor, target))))

    def _search_is_low(self, operator, value):
        if operator != "in":
            return NotImplemented
        low = self.search([("floor", ">", 0)]).filtered("is_low")
        return [("id", "in" if True in value else "not in", low.ids)]

    def _get_figures(self):
        """What became of the money: dict of retainer to :class:`Figures`. Two queries, however many they are."""
        sums = defaultdict(lambda: defaultdict(float))
        lines = self.env["account.move.line"].sudo()
        lines = lines.search([("timetrack_retainer_id", "in", self._origin.ids), ("parent_state", "!=", "cancel")])
        for line in lines:
            of = sums[line.timetrack_retainer_id.with_env(self.env)]
            kind, amount = line._timetrack_retainer_kind(), abs(line.amount_currency)
            if line.parent_state == "draft":
                if kind == DRAW and line.move_type == "out_invoice":
                    of["reserved"] += amount
                elif kind == REFUND:
                    of["reserved"] += amount
                continue
            if kind == DRAW:
                of["drawn"] += amount if line.move_type == "out_invoice" else -amount
            elif kind == REFUND:
                of["refunded"] += amount
            else:
                of["received"] += amount
                of["unpaid"] += amount * line.move_id._timetrack_unpaid_share()
        return {retainer: Figures(**values) for retainer, values in sums.items()}

    @api.constrains("kind", "project_id", "account_id", "tax_ids")
    def _check_kind(self):
        """Money in trust is kept by matter, on a liability account, and is not taxed."""
        for retainer in self:
            if retainer.kind == DEPOSIT and not retainer.project_id:
                raise ValidationError(
                    self.env._("A trust deposit is of one matter: choose the project that it is kept for.")
                )
            if retainer.kind == DEPOSIT and retainer.tax_ids:
                raise ValidationError(
                    self.env._("A trust deposit is the client's own money and has no taxes: use a down payment.")
                )
            if retainer.account_id and retainer.account_id.account_type not in LIABILITIES:
                raise ValidationError(
                    self.env._(
                        "%s is no liability account: money of clients is owed to them until it is drawn.",
                        retainer.account_id.display_name,
                    )
                )

    @api.constrains("project_id", "partner_id", "company_id")
    def _check_project_id(self):
        for retainer in self:
            project = retainer.project_id
            if project and project.timetrack_client_id != retainer.partner_id:
                raise ValidationError(
                    self.env._(
                        "%(project)s is a project of %(client)s, not of %(other)s.",
                        project=project.name,
                        client=project.timetrack_client_id.name or "-",
                        other=retainer.partner_id.name,
                    )
                )
            if project.company_id and project.company_id != retainer.company_id:
                raise ValidationError(self.env._("%s belongs to another company.", project.name))

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            company = self.env["res.company"].browse(vals.get("company_id")) or self.env.company
            vals["name"] = self.env["ir.sequence"].sudo().with_company(company).next_by_code("timetrack.retainer")
        return super().create(vals_list)

    def write(self, vals):
        """What invoices were made by stays as it was, and so does its number.

        :raise UserError: its number is written; or the retainer is on invoices, and its kind, client, matter, currency
            or account is changed
        """
        fixed = [
            name for name in ("kind", "partner_id", "project_id", "currency_id", "account_id", "company_id", "tax_ids")
            if name in vals
        ]  # fmt: skip
        if "name" in vals and not self.env.su:
            names = ", ".join(self.mapped("name"))
            raise UserError(self.env._("Retainers are numbered by the system: %s stays.", names))
        for retainer in self if fixed else self.browse():
            used = retainer.sudo().line_ids.filtered(lambda line: line.parent_state != "cancel")
            if used and any(retainer._differs(name, vals[name]) for name in fixed):
                raise UserError(
                    self.env._(
                        "%(retainer)s is on invoices (%(moves)s): refund it and make another one instead of changing "
                        "what it is.",
                        retainer=retainer.name,
                        moves=", ".join(used.move_id[:3].mapped("display_name")),
                    )
                )
        if vals.get("active") is False:
            for retainer in self:
                if not retainer.currency_id.is_zero(retainer.balance) or retainer.reserved:
                    raise UserError(
                        self.env._(
                            "%(retainer)s still has %(balance)s: draw or refund it before it is archived.",
                            retainer=retainer.name,
                            balance=formatLang(self.env, retainer.balance, currency_obj=retainer.currency_id),
                        )
                    )
        return super().write(vals)

    def _differs(self, name, value):
        """Whether a written value is another one than the field's."""
        field = self._fields[name]
        if field.type == "many2many":
            return self[name] != self.new({name: value}, origin=self)[name]._origin
        return field.convert_to_write(self[name], self) != value

    # ------------------------------------------------------------------
    # Advances and refunds
    # ------------------------------------------------------------------

    def action_invoice_advance(self):
        """Make the draft invoice of an advance, and open it: what fills the retainer up.

        :raise UserError: there is no amount or account, it is full, or an advance is in draft already
        """
        self.ensure_one()
        return self._create_advance().get_formview_action()

    def _create_advance(self):
        """The draft invoice that fills the retainer up to its advance."""
        self.ensure_one()
        self._check_ready()
        amount = self._get_refill(self.amount)
        if not amount:
            raise UserError(
                self.env._(
                    "%(retainer)s has %(balance)s already, and is filled up to %(amount)s: raise the advance to ask "
                    "for more.",
                    retainer=self.name,
                    balance=formatLang(self.env, self.balance, currency_obj=self.currency_id),
                    amount=formatLang(self.env, self.amount, currency_obj=self.currency_id),
                )
            )
        pending = self._get_draft_advances()
        if pending:
            raise UserError(self.env._("An advance of %s is in draft already: post or delete it first.", self.name))
        return self._create_move("out_invoice", amount, self.env._("Advance: %s", self._get_subject()))

    def _get_draft_advances(self):
        """Draft invoices of advances."""
        return self.line_ids.filtered(
            lambda line: line.parent_state == "draft" and line._timetrack_retainer_kind() == ADVANCE
        ).move_id

    def action_refund(self):
        """Make the draft credit note of what is left, and open it.

        :raise UserError: nothing is left, or no account is set
        """
        self.ensure_one()
        self._check_ready()
        if self.currency_id.compare_amounts(self.available, 0) <= 0:
            raise UserError(self.env._("Nothing of %s is left to refund.", self.name))
        move = self._create_move("out_refund", self.available, self.env._("Refund: %s", self._get_subject()))
        return move.get_formview_action()

    def _check_ready(self):
        if not self.account_id:
            raise UserError(
                self.env._(
                    "%s has no liability account: choose where the client's money stands until it is drawn.", self.name
                )
            )

    def _get_subject(self):
        """What the money is for, in the language of its invoices."""
        return self.project_id.sudo().name or self.partner_id.name

    def _get_contact(self):
        """Whom its invoices go to."""
        engagement = self.project_id.sudo().timetrack_engagement_ids
        if engagement:
            return engagement._get_contact().with_env(self.env)
        return self.env["res.partner"].browse(self.partner_id.address_get(["invoice"])["invoice"])

    def _create_move(self, move_type, amount, label):
        """A draft invoice or credit note of the retainer's money.

        :param float amount: in its currency, without tax
        """
        Move = self.env["account.move"].with_company(self.company_id)
        move = Move.create(
            {
                "move_type": move_type,
                "company_id": self.company_id.id,
                "partner_id": self._get_contact().id,
                "currency_id": self.currency_id.id,
                "invoice_origin": self.name,
            }
        )
        move._timetrack_add_retainer_line(self, amount, label)
        return move

    # ------------------------------------------------------------------
    # Draws
    # ------------------------------------------------------------------

    def _check_not_overdrawn(self):
        """Check that no more was taken than there was.

        :raise UserError: more is drawn and given back on posted invoices than was received; of a trust deposit, paid
        """
        for retainer in self.sudo():
            limit = retainer.unpaid if retainer.kind == DEPOSIT else 0.0
            over = limit - retainer.balance
            taken = retainer.drawn or retainer.refunded
            if taken and retainer.currency_id.compare_amounts(over, 0) > 0:
                raise UserError(
                    self.env._(
                        "This would take %(over)s more from %(retainer)s of %(client)s than there is. Received and "
                        "paid: %(received)s, drawn: %(drawn)s, refunded: %(refunded)s.",
                        retainer=retainer.name,
                        client=retainer.partner_id.name,
                        **{
                            name: formatLang(self.env, value, currency_obj=retainer.currency_id)
                            for name, value in (
                                ("over", over),
                                ("received", retainer.received - limit),
                                ("drawn", retainer.drawn),
                                ("refunded", retainer.refunded),
                            )
                        },
                    )
                )

    @api.model
    def _cron_refill(self):
        """Propose the advances of retainers that went below their floor, each once, for whoever is in charge.

        What fails for one is told on it, and holds up no other.
        """
        retainers = self.search([("floor", ">", 0)]).filtered("is_low")
        retainers = retainers.filtered(lambda one: not one._get_draft_advances() and not one._is_told())
        self.env["ir.cron"]._commit_progress(remaining=len(retainers))
        for retainer in retainers:
            try:
                with self.env.cr.savepoint():
                    move = retainer.with_company(retainer.company_id)._create_advance()
                    text = self.env._("The draft invoice is made: %s", move._get_html_link())
            except UserError as error:
                text = self.env._("No draft invoice could be made: %s", error)
            retainer._tell_responsible(text)
            if not self.env["ir.cron"]._commit_progress(1):
                return

    def _is_told(self):
        """Whether somebody was asked already to fill it up."""
        self.ensure_one()
        return bool(self.activity_search(["mail.mail_activity_data_todo"]))

    def _tell_responsible(self, text):
        """Ask whoever is in charge to send the advance.

        :param text: what became of its draft invoice
        """
        self.ensure_one()
        engagement = self.project_id.timetrack_engagement_ids
        users = (engagement._get_responsible() if engagement else self.env["res.users"]) | self.create_uid
        user = self.company_id._timetrack_get_told(users, self._name)
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("Send the advance"),
            note=self.env._(
                "Less than %(floor)s is left. %(text)s",
                floor=formatLang(self.env, self.floor, currency_obj=self.currency_id),
                text=text,
            ),
            user_id=(user or self.create_uid).id,
        )

    # ------------------------------------------------------------------
    # Statement
    # ------------------------------------------------------------------

    def _get_statement(self, date_from=None, date_to=None):
        """What came and went of posted invoices, by the day of their journal entry.

        :return: dict of ``opening`` and ``closing``, and of ``rows``: each a dict of date, move, label, kind, amount
            (what is drawn and given back is negative) and balance after it
        """
        self.ensure_one()
        lines = self.sudo().line_ids.filtered(lambda line: line.parent_state == "posted")
        opening = balance = 0.0
        rows = []
        for line in lines.sorted(lambda line: (line.date, line.move_id.id, line.id)):
            if date_to and line.date > date_to:
                break
            balance = self.currency_id.round(balance - line.amount_currency)
            if date_from and line.date < date_from:
                opening = balance
                continue
            rows.append(
                {
                    "date": line.date,
                    "move": line.move_id,
                    "label": line.name,
                    "kind": line._timetrack_retainer_kind(),
                    "amount": -line.amount_currency,
                    "balance": balance,
                }
            )
        return {"opening": opening, "rows": rows, "closing": balance}

    def action_print(self):
        """Print the statement."""
        return self.env.ref("client_timetrack_billing.timetrack_retainer_report").report_action(self)

    def action_view_moves(self):
        """Open the invoices and credit notes of the retainer."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("account.action_move_out_invoice_type")
        return {**action, "domain": [("line_ids.timetrack_retainer_id", "=", self.id)], "context": {"create": False}}
