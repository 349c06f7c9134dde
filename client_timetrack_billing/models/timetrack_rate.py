from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date, formatLang

from ..engine.rates import Rule


class TimetrackRate(models.Model):
    """One dated hourly rate of a card. What it leaves empty fits everything; see ``engine/rates.py``."""

    _name = "timetrack.rate"
    _inherit = ["timetrack.kept.mixin"]
    _description = "Hourly Rate"
    _check_company_auto = True
    _order = "card_id, project_id, task_id, partner_id, employee_id, job_id, activity_id, date_from desc, id desc"

    card_id = fields.Many2one("timetrack.rate.card", string="Rate Card", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="card_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="card_id.currency_id")
    date_from = fields.Date("From", help="First day on which the rate applies; empty: since ever.")
    date_to = fields.Date("To", help="Last day on which the rate applies; empty: until a later rate starts.")
    project_id = fields.Many2one(
        "project.project", index="btree_not_null", ondelete="cascade", check_company=True, help="Empty: any project."
    )
    task_id = fields.Many2one(
        "project.task",
        index="btree_not_null",
        ondelete="cascade",
        check_company=True,
        domain="[('project_id', '=?', project_id), ('project_id', '!=', False)]",
        help="Fits the sub-tasks of the task as well. Empty: any task.",
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
    job_id = fields.Many2one(
        "hr.job",
        index="btree_not_null",
        ondelete="cascade",
        check_company=True,
        help="Fits whoever has the job on the day of the work. Empty: any job.",
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

    @api.constrains("project_id", "task_id")
    def _check_task(self):
        for rate in self:
            if rate.project_id and rate.task_id and rate.sudo().task_id.project_id != rate.project_id:
                raise ValidationError(
                    self.env._(
                        "The task “%(task)s” is none of the project “%(project)s”: the rate would never apply.",
                        task=rate.task_id.name,
                        project=rate.project_id.name,
                    )
                )

    def _compute_display_name(self):
        """Say what the rate is for, since that is what "why this rate" asks."""
        for rate in self:
            parts = [
                rate.card_id.name,
                rate.project_id.sudo().name,
                rate.task_id.sudo().name,
                rate.partner_id.name,
                rate.employee_id.sudo().name,
                rate.job_id.sudo().name,
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
            task=self.task_id.id or None,
            job=self.job_id.id or None,
        )

    def _explain(self, surcharge):
        """Where the rate stands and what it is for, with a surcharge in percent."""
        self.ensure_one()
        dimensions = [
            (self.env._("task %s"), self.task_id.name),
            (self.env._("project %s"), self.project_id.name),
            (self.env._("client %s"), self.partner_id.name),
            (self.env._("employee %s"), self.employee_id.name),
            (self.env._("job %s"), self.job_id.name),
            (self.env._("service type %s"), self.activity_id.complete_name),
        ]
        named = ", ".join(text % name for text, name in dimensions if name) or self.env._("everything")
        lines = [
            self.env._(
                "The most specific rate of the card “%(card)s” that fits: %(rate)s for %(named)s.",
                card=self.card_id.name,
                rate=formatLang(self.env, self.rate, currency_obj=self.currency_id),
                named=named,
            )
        ]
        if self.date_from:
            lines.append(self.env._("In force from %s.", format_date(self.env, self.date_from)))
        if surcharge:
            lines.append(self.env._("Surcharge for the time of the work: %g %%.", surcharge))
        return "\n".join(lines)
