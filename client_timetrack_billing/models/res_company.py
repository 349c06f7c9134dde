from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import float_compare, format_date, format_duration, formatLang

MANAGER_GROUP = "client_timetrack_billing.group_billing_manager"


class ResCompany(models.Model):
    _inherit = "res.company"

    timetrack_rate_card_id = fields.Many2one(
        "timetrack.rate.card",
        string="Default Rate Card",
        domain="[('company_id', '=', id)]",
        groups="client_timetrack_billing.group_rate_viewer",
        help="The rates of projects that have no rate card of their own.",
    )
    timetrack_product_id = fields.Many2one(
        "product.product",
        string="Product of Invoiced Time",
        domain=[("type", "=", "service")],
        help="Decides the account and the taxes of invoiced time. Empty: Billable Time.",
    )

    timetrack_prebill_approval = fields.Boolean(
        "Pre-Bills Need Approval",
        help="Only the partner in charge or a billing manager approves a pre-bill. Otherwise who invoices time may.",
    )
    timetrack_adjustment_limit = fields.Float(
        "Limit of Adjustments %",
        help="Beyond this part of the standard value, only the partner in charge or a billing manager adjusts a "
        "pre-bill, concedes time by a credit note or agrees on a discount. 0: no limit.",
    )

    _timetrack_adjustment_limit_percent = models.Constraint(
        "CHECK(timetrack_adjustment_limit >= 0)", "The limit of adjustments is not negative."
    )

    @api.constrains("timetrack_rate_card_id")
    def _check_timetrack_rate_card_id(self):
        for company in self.sudo():
            card = company.timetrack_rate_card_id
            if card and card.company_id != company:
                raise ValidationError(
                    self.env._(
                        "The rate card “%(card)s” belongs to another company than %(company)s.",
                        card=card.name,
                        company=company.name,
                    )
                )

    def _timetrack_may_adjust(self, percent, responsible):
        """Whether the user may have time billed for that much less or more than its standard value.

        :param float percent: of the standard value, positive
        :param responsible: partners in charge (users)
        """
        self.ensure_one()
        limit = self.sudo().timetrack_adjustment_limit
        if not limit or self.env.user in responsible or self.env.user.has_group(MANAGER_GROUP):
            return True
        return float_compare(percent, limit, precision_digits=2) <= 0

    def _timetrack_check_currencies(self, currencies, day):
        """Make sure that amounts can be converted: Odoo takes a currency without a rate for one to one.

        :param currencies: iterable of currencies
        :raise UserError: one of them has no rate on the day
        """
        self.ensure_one()
        foreign = {currency for currency in currencies if currency != self.currency_id}
        if not foreign:
            return
        known = self.env["res.currency.rate"]._read_group(
            [
                ("currency_id", "in", [currency.id for currency in foreign]),
                ("company_id", "in", [False, self.root_id.id]),
                ("name", "<=", day),
            ],
            ["currency_id"],
        )
        missing = foreign - {currency for [currency] in known}
        if missing:
            raise UserError(
                self.env._(
                    "There is no exchange rate of %(currencies)s on %(date)s: enter it and try again.",
                    currencies=", ".join(sorted(currency.name for currency in missing)),
                    date=format_date(self.env, day),
                )
            )

    def _timetrack_get_product(self):
        """The product of invoice lines for time."""
        self.ensure_one()
        return self.timetrack_product_id or self.env.ref("client_timetrack_billing.product_billable_time")

    def _timetrack_format_time(self, hours):
        """Hours as they are written, or days where the company keeps time in days."""
        self.ensure_one()
        if not self.env["timetrack.period"]._is_in_days(self):
            return format_duration(hours)
        days = self.project_time_mode_id._compute_quantity(hours, self.timesheet_encode_uom_id, round=False)
        return formatLang(self.env, days, digits=2)

    def _timetrack_get_told(self, users, model):
        """Who is told of something: nobody gets a to-do that they cannot open.

        :param users: whom it is for, the first one first
        :param str model: what they have to be able to read
        :return: the first of them who may, or else somebody who manages billing; may be empty
        """
        self.ensure_one()
        Model = self.env[model]
        for user in users:
            if user.active and not user.share and Model.with_user(user).has_access("read"):
                return user
        group = self.env.ref(MANAGER_GROUP)
        managers = Domain("all_group_ids", "in", group.ids) & Domain("company_ids", "in", self.ids)
        return self.env["res.users"].sudo().search(managers & Domain("share", "=", False), order="id", limit=1)
