from decimal import Decimal

from odoo import api, fields, models
from odoo.fields import Command

from ..engine.recognition import Position, to_post

# The side of an engagement's position: earned and not billed, or billed and not earned.
UNBILLED, LIABILITY = "unbilled", "liability"


class TimetrackAccrualLine(models.Model):
    """What is accrued of an engagement in one currency, and what of it is posted."""

    _name = "timetrack.accrual.line"
    _description = "Accrual of an Engagement"
    _order = "accrual_id, project_id, id"
    _rec_name = "project_id"

    accrual_id = fields.Many2one("timetrack.accrual", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="accrual_id.company_id", store=True)
    company_currency_id = fields.Many2one(related="company_id.currency_id", string="Company Currency")
    project_id = fields.Many2one("project.project", string="Engagement", required=True, ondelete="restrict")
    partner_id = fields.Many2one(related="project_id.timetrack_client_id", string="Client")
    currency_id = fields.Many2one("res.currency", required=True)
    arrangement_id = fields.Many2one(
        "timetrack.arrangement", string="Fee Arrangement", ondelete="restrict", help="Empty: time by its rates."
    )
    hours = fields.Float()
    value = fields.Monetary(
        "Work in Progress", help="Time on no posted invoice at its net contract rate, without tax."
    )
    amount = fields.Monetary(
        "Accrued", help="What of it is revenue, or what is earned of a fee less what is billed of it."
    )
    balance = fields.Monetary(
        "In Company Currency", currency_field="company_currency_id", help="At the exchange rate of the day."
    )
    entry_ids = fields.One2many("timetrack.accrual.entry", "accrual_line_id", string="Time")
    move_line_ids = fields.One2many("account.move.line", "timetrack_accrual_line_id", string="Journal Items")
    posted_amount = fields.Monetary("Posted", compute="_compute_posted", compute_sudo=True)
    posted_balance = fields.Monetary(
        "Posted in Company Currency",
        compute="_compute_posted",
        compute_sudo=True,
        currency_field="company_currency_id",
    )
    open_balance = fields.Monetary(
        "To Post", compute="_compute_posted", compute_sudo=True, currency_field="company_currency_id"
    )

    @api.depends("balance", "move_line_ids.parent_state", "move_line_ids.balance")
    def _compute_posted(self):
        for line in self:
            posted = line._get_posted()
            line.posted_amount = float(sum(amount for amount, _balance in posted.values()))
            line.posted_balance = float(sum(balance for _amount, balance in posted.values()))
            line.open_balance = line.balance - line.posted_balance

    def _get_key(self):
        """What the line is for."""
        self.ensure_one()
        return self.project_id, self.currency_id, self.arrangement_id

    def _set_target(self, amount, hours, value):
        """Keep what is to be accrued; in the company's currency at the rate of the day.

        :param float value: of the time, at its rates
        """
        self.ensure_one()
        accrual = self.accrual_id
        balance = self.currency_id._convert(amount, accrual.currency_id, accrual.company_id, accrual.date)
        self.write({"amount": amount, "balance": balance, "hours": hours, "value": self.currency_id.round(value)})

    def _get_posted(self):
        """What posted entries of this day have accrued, apart from their reversals: dict of side to amount in the
        currency of the line and in that of the company (Decimal); a liability is negative."""
        self.ensure_one()
        liability = self.accrual_id.liability_account_id
        posted = {UNBILLED: (Decimal(0), Decimal(0)), LIABILITY: (Decimal(0), Decimal(0))}
        for item in self.sudo().move_line_ids:
            if item.parent_state == "posted" and not item.move_id.reversed_entry_id:
                side = LIABILITY if item.account_id == liability else UNBILLED
                amount, balance = posted[side]
                posted[side] = (
                    amount + Decimal(str(self.currency_id.round(item.amount_currency))),
                    balance + Decimal(str(self.company_currency_id.round(item.balance))),
                )
        return posted

    def _get_target(self):
        """What is to be accrued: as :meth:`_get_posted`."""
        self.ensure_one()
        amount, balance = (
            Position(Decimal(str(currency.round(value))), Decimal(0))
            for value, currency in ((self.amount, self.currency_id), (self.balance, self.company_currency_id))
        )
        return {
            UNBILLED: (amount.unbilled, balance.unbilled),
            LIABILITY: (-amount.liability, -balance.liability),
        }

    def _get_open(self):
        """What is still to be posted: dict of side to amount and balance, without those that are nothing."""
        self.ensure_one()
        target, posted = self._get_target(), self._get_posted()
        amounts, balances = (
            to_post(
                {side: values[index] for side, values in target.items()},
                {side: values[index] for side, values in posted.items()},
            )
            for index in (0, 1)
        )
        return {
            side: (amounts.get(side, Decimal(0)), balances.get(side, Decimal(0)))
            for side in (UNBILLED, LIABILITY)
            if side in amounts or side in balances
        }

    def _is_open(self):
        """Whether something is left to post."""
        self.ensure_one()
        return bool(self._get_open())

    def _get_fiscal_position(self):
        """That of the invoice to be: its revenue is on the accounts that the fiscal position says."""
        self.ensure_one()
        contact = self.sudo().project_id.timetrack_engagement_ids[:1]._get_contact() or self.partner_id
        return self.env["account.fiscal.position"].with_company(self.company_id)._get_fiscal_position(contact)

    def _prepare_move_lines(self, income):
        """Commands for what is left to post: the side of the balance sheet, and revenue with its analytic share.

        :param income: the account of revenue
        """
        self.ensure_one()
        accrual = self.accrual_id
        accounts = {UNBILLED: accrual.unbilled_account_id, LIABILITY: accrual.liability_account_id}
        project = self.sudo().project_id
        income = self._get_fiscal_position().map_account(income)
        commands = []
        for side, (amount, balance) in self._get_open().items():
            # more at a lower exchange rate: Odoo wants an amount and its balance to have one sign
            pairs = [(amount, balance)] if amount * balance >= 0 else [(amount, Decimal(0)), (Decimal(0), balance)]
            for part, share in pairs:
                name = ": ".join(one.name for one in (project, self.sudo().arrangement_id) if one)
                common = {"name": name, "currency_id": self.currency_id.id, "partner_id": self.partner_id.id}
                item = {
                    **common,
                    "account_id": accounts[side].id,
                    "amount_currency": float(part),
                    "balance": float(share),
                    "timetrack_accrual_line_id": self.id,
                }
                revenue = {
                    **common,
                    "account_id": income.id,
                    "amount_currency": -float(part),
                    "balance": -float(share),
                    "tax_ids": [Command.clear()],
                    "analytic_distribution": project._get_analytic_distribution() or False,
                }
                commands += [Command.create(item), Command.create(revenue)]
        return commands
