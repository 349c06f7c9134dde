from odoo import api, fields, models

from ..engine.rates import RateTable

# What the rules are made from, to be read at once.
RULE_FIELDS = [
    "card_id",
    "rate",
    "date_from",
    "date_to",
    "project_id",
    "task_id",
    "partner_id",
    "employee_id",
    "job_id",
    "activity_id",
]


class TimetrackRateCard(models.Model):
    """A price list of time: dated hourly rates in one currency, untaxed."""

    _name = "timetrack.rate.card"
    _description = "Rate Card"
    _inherit = ["mail.thread"]
    _check_company_auto = True
    _order = "name, id"

    name = fields.Char(required=True, tracking=True)
    active = fields.Boolean(default=True, tracking=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company, tracking=True
    )
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        default=lambda self: self.env.company.currency_id,
        tracking=True,
        help="The currency of the rates and of the invoices made from them.",
    )
    partner_id = fields.Many2one(
        "res.partner", string="Agreed With", index="btree_not_null", help="For information: it restricts nothing."
    )
    note = fields.Text("Notes")
    rate_ids = fields.One2many("timetrack.rate", "card_id", string="Rates", copy=True)
    surcharge_ids = fields.One2many("timetrack.rate.surcharge", "card_id", string="Surcharges", copy=True)
    project_ids = fields.One2many("project.project", "timetrack_rate_card_id", string="Projects")

    def _get_tables(self):
        """The rules of the cards as the engine wants them.

        :return: mapping of card to :class:`~.engine.rates.RateTable`
        """
        rates = self.env["timetrack.rate"].search_fetch([("card_id", "in", self.ids)], RULE_FIELDS).grouped("card_id")
        return {card: RateTable(rate._prepare_rule() for rate in rates.get(card, ())) for card in self}

    def _get_surcharges(self):
        """The surcharges of the cards as the engine wants them: mapping of card to list, cards without any left out."""
        found = self.env["timetrack.rate.surcharge"].search([("card_id", "in", self.ids)]).grouped("card_id")
        return {card: [one._prepare_surcharge() for one in some] for card, some in found.items()}

    def action_reprice(self):
        """Show the approved, unbilled time that has another rate than the card says by now, to apply it by choice.

        :raise AccessError: the card is not the user's to change
        """
        self.check_access("write")
        return self.env["timetrack.reprice.wizard"]._open(self)

    @api.onchange("company_id")
    def _onchange_company_id(self):
        if self.company_id and not self.rate_ids:
            self.currency_id = self.company_id.currency_id
