from odoo import fields, models

from ..engine.rates import Rule


class TimetrackRate(models.Model):
    """One dated hourly rate of a card. What it leaves empty fits everything; see ``engine/rates.py``."""

    _name = "timetrack.rate"
    _description = "Hourly Rate"
    _check_company_auto = True
    _order = "card_id, project_id, partner_id, employee_id, activity_id, date_from desc, id desc"

    card_id = fields.Many2one("timetrack.rate.card", string="Rate Card", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="card_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="card_id.currency_id")
    date_from = fields.Date("From", help="First day on which the rate applies; empty: since ever.")
    date_to = fields.Date("To", help="Last day on which the rate applies; empty: until a later rate starts.")
    project_id = fields.Many2one(
        "project.project", index="btree_not_null", ondelete="cascade", check_company=True, help="Empty: any project."
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Client",
        index="btree_not_null",
        ondelete="cascade",
        domain="[('is_company', '=', True)]",
        help="Empty: any client.",
    )
    employee_id = fields.Many2one(
        "hr.employee", index="btree_not_null", ondelete="cascade", check_company=True, help="Empty: anybody."
    )
    activity_id = fields.Many2one(
        "timetrack.activity",
        string="Service Type",
        index="btree_not_null",
        ondelete="cascade",
        help="Fits the parts of the service type as well. Empty: any service type.",
    )
    rate = fields.Monetary(
        "Hourly Rate", required=True, help="Untaxed price of one hour. Zero is a rate: the time is free."
    )

    _dates_ordered = models.Constraint(
        "CHECK(date_from IS NULL OR date_to IS NULL OR date_from <= date_to)",
        "A rate cannot end before it starts.",
    )
    _rate_positive = models.Constraint("CHECK(rate >= 0)", "An hourly rate cannot be negative.")

    def _compute_display_name(self):
        """Say what the rate is for, since that is what "why this rate" asks."""
        for rate in self:
            parts = [
                rate.card_id.name,
                rate.project_id.sudo().name,
                rate.partner_id.name,
                rate.employee_id.sudo().name,
                rate.activity_id.complete_name,
            ]
            rate.display_name = " / ".join(part for part in parts if part)

    def _prepare_rule(self):
        """The rule as the engine wants it."""
        self.ensure_one()
        return Rule(
            id=self.id,
            rate=self.rate,
            date_from=self.date_from or None,
            date_to=self.date_to or None,
            project=self.project_id.id or None,
            client=self.partner_id.commercial_partner_id.id or None,
            employee=self.employee_id.id or None,
            activity=self.activity_id.id or None,
        )
