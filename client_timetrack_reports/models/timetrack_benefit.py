from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ..engine import benefit as engine
from ..report.timetrack_report import COST_GROUP

# Shares nearer to each other than this are the same.
EPSILON = 1e-6


class TimetrackBenefit(models.Model):
    """A benefit profile: what a project, or a programme of several, is done for.

    How far it has come is read from the validated measurements of its measure, whatever the state of the projects: work
    can be complete and bring nothing. Several benefits may claim a share of one measure, all of it together at most.
    """

    _name = "timetrack.benefit"
    _description = "Benefit"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "portfolio_id, date_target, id"
    _check_company_auto = True

    name = fields.Char(required=True, tracking=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    portfolio_id = fields.Many2one("timetrack.portfolio", index="btree_not_null")
    project_ids = fields.Many2many(
        "project.project", string="Projects", check_company=True, help="One, or those of a programme."
    )
    user_id = fields.Many2one(
        "res.users", "Owner", required=True, default=lambda self: self.env.user, tracking=True,
        domain="[('share', '=', False)]", help="Answers for the benefit, also when the projects are over.",
    )  # fmt: skip
    measure_id = fields.Many2one(
        "timetrack.measure", required=True, index=True, check_company=True, ondelete="restrict"
    )
    unit = fields.Char(related="measure_id.unit")
    direction = fields.Selection(related="measure_id.direction")
    baseline = fields.Float(required=True, tracking=True, help="What was measured before.")
    target = fields.Float(required=True, tracking=True)
    attribution = fields.Float(
        "Attribution %", required=True, default=100.0, tracking=True,
        help="How much of the change of the measure is due to these projects. All benefits of a measure have 100 % "
        "together at most.",
    )  # fmt: skip
    date_start = fields.Date("From", required=True, default=fields.Date.context_today)
    date_target = fields.Date("Target Date", required=True)
    step_ids = fields.One2many("timetrack.benefit.step", "benefit_id", string="Plan")
    value = fields.Monetary(tracking=True, help="What it is worth once the target is reached, attribution included.")
    status = fields.Selection(
        [
            ("planned", "Planned"),
            ("tracked", "Being Measured"),
            ("realized", "Realized"),
            ("missed", "Missed"),
            ("cancelled", "Given Up"),
        ],
        required=True,
        default="planned",
        tracking=True,
        help="Of the benefit; that of the work is on the projects.",
    )
    note = fields.Html("Profile")

    measured = fields.Float(compute="_compute_realization", help="The last validated measurement.")
    measured_date = fields.Date("Measured On", compute="_compute_realization")
    has_measured = fields.Boolean(compute="_compute_realization")
    realization = fields.Float(
        compute="_compute_realization", help="(Measured - baseline) / (target - baseline). Below 0: a dis-benefit."
    )
    has_realization = fields.Boolean(compute="_compute_realization")
    expected = fields.Float("Planned to Date", compute="_compute_realization", help="What should have come by today.")
    value_expected = fields.Monetary("Value Planned to Date", compute="_compute_realization")
    value_validated = fields.Monetary(compute="_compute_realization")
    value_at_risk = fields.Monetary(
        "Value at Risk", compute="_compute_realization", help="What should be there by now and is not validated."
    )
    hours = fields.Float("Hours Spent", compute="_compute_spent", help="On the projects, all of them.")
    cost = fields.Monetary("Cost Spent", compute="_compute_spent", groups=COST_GROUP)
    return_per_hour = fields.Monetary(
        compute="_compute_spent", help="Value validated / hours spent on the projects; nothing without hours."
    )

    _dates = models.Constraint("CHECK(date_target >= date_start)", "The target date is before the first day.")
    _attribution_range = models.Constraint(
        "CHECK(attribution > 0 AND attribution <= 100)", "The attribution is a percentage above 0, up to 100."
    )

    @api.constrains("attribution", "measure_id", "active", "status")
    def _check_attribution(self):
        """A change of one measure is claimed once."""
        claimed = Domain("measure_id", "in", self.measure_id.ids) & Domain("status", "!=", "cancelled")
        groups = self.sudo()._read_group(claimed, ["measure_id"], ["attribution:sum"])
        for measure, share in groups:
            if share > 100 + EPSILON:
                raise ValidationError(
                    self.env._(
                        "The benefits of “%(measure)s” claim %(share)g %% of it together, more than there is: lower "
                        "the attribution of one of them.",
                        measure=measure.name,
                        share=share,
                    )
                )

    @api.constrains("baseline", "target", "measure_id")
    def _check_direction(self):
        """The target lies where the measure is to go."""
        for benefit in self:
            change = benefit.target - benefit.baseline
            if change and (change > 0) != (benefit.measure_id.direction == "up"):
                raise ValidationError(
                    self.env._(
                        "“%(measure)s” is to %(direction)s: a target of %(target)g does not, from %(baseline)g.",
                        measure=benefit.measure_id.name,
                        direction=self.env._("rise") if benefit.measure_id.direction == "up" else self.env._("fall"),
                        target=benefit.target,
                        baseline=benefit.baseline,
                    )
                )

    @api.depends(
        "measure_id.measurement_ids.state", "measure_id.measurement_ids.value", "measure_id.measurement_ids.date",
        "baseline", "target", "date_start", "date_target", "step_ids.date", "step_ids.share", "value",
    )  # fmt: skip
    def _compute_realization(self):
        today = fields.Date.context_today(self)
        for benefit in self:
            last = benefit._get_last(today)
            share = engine.realization(benefit.baseline, benefit.target, last.value if last else None)
            expected = benefit._get_planned(today) or 0.0
            benefit.has_measured = bool(last)
            benefit.measured = last.value
            benefit.measured_date = last.date
            benefit.has_realization = share is not None
            benefit.realization = share or 0.0
            benefit.expected = expected
            benefit.value_expected = benefit.value * expected
            benefit.value_validated = benefit.value * (share or 0.0)
            benefit.value_at_risk = engine.at_risk(benefit.value_expected, benefit.value_validated)

    def _get_last(self, day):
        """The last validated measurement until a day, from the first day of the benefit on."""
        self.ensure_one()
        own = self.measure_id.measurement_ids.filtered(
            lambda one: one.state == "validated" and self.date_start and self.date_start <= one.date <= day
        )
        return own.sorted(lambda one: (one.date, one.id))[-1:]

    def _get_planned(self, day):
        """The share that should have come by a day, or None."""
        self.ensure_one()
        steps = [(step.date, step.share / 100) for step in self.step_ids if step.date]
        return engine.planned(self.date_start, self.date_target, day, steps)

    @api.depends("project_ids", "value_validated")
    def _compute_spent(self):
        """Hours and cost as the report of the KPIs has them."""
        groups = (
            self.env["timetrack.report"]
            .sudo()
            ._read_group(
                [("kind", "=", "entry"), ("project_id", "in", self.project_ids.ids)],
                ["project_id"],
                ["logged_hours:sum", "cost:sum"],
            )
        )
        spent = {project.id: (hours or 0.0, cost or 0.0) for project, hours, cost in groups}
        for benefit in self:
            own = [spent.get(project.id, (0.0, 0.0)) for project in benefit.project_ids._origin]
            benefit.hours = sum(hours for hours, _cost in own)
            benefit.cost = float(sum(cost for _hours, cost in own))
            benefit.return_per_hour = benefit.value_validated / benefit.hours if benefit.hours > 0 else 0.0

    def action_view_measurements(self):
        """Open the measurements of the measure."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.measure_id.name,
            "res_model": "timetrack.measurement",
            "views": [(False, "list"), (False, "graph"), (False, "form")],
            "domain": [("measure_id", "=", self.measure_id.id)],
            "context": {"default_measure_id": self.measure_id.id},
        }

    def action_view_curve(self):
        """Open planned against realized, month by month."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "client_timetrack_reports.timetrack_benefit_curve_action"
        )
        return {**action, "domain": [("benefit_id", "in", self.ids)]}
