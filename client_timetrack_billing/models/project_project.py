from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .account_analytic_line import LEDGER_GROUP

MODULE = "client_timetrack_billing"


class ProjectProject(models.Model):
    _inherit = "project.project"

    timetrack_rate_card_id = fields.Many2one(
        "timetrack.rate.card",
        string="Rate Card",
        index="btree_not_null",
        domain="[('company_id', '=?', company_id)]",
        groups="client_timetrack_billing.group_rate_viewer",
        help="The rates of this project's time. Empty: the company's default rate card.",
    )
    timetrack_engagement_ids = fields.One2many(
        "timetrack.engagement",
        "project_id",
        string="Engagement",
        copy=False,
        groups="client_timetrack_billing.group_rate_viewer",
        help="How the time of the project is billed.",
    )
    timetrack_billing_method = fields.Selection(
        related="timetrack_engagement_ids.billing_method",
        readonly=False,
        groups=LEDGER_GROUP,
    )
    timetrack_billing_schedule = fields.Selection(
        related="timetrack_engagement_ids.schedule",
        readonly=False,
        groups=LEDGER_GROUP,
    )
    timetrack_invoice_grouping = fields.Selection(
        related="timetrack_engagement_ids.grouping",
        readonly=False,
        groups=LEDGER_GROUP,
    )
    timetrack_rounding_minutes = fields.Integer(
        related="timetrack_engagement_ids.rounding_minutes",
        readonly=False,
        groups=LEDGER_GROUP,
    )
    timetrack_order_number = fields.Char(
        related="timetrack_engagement_ids.order_number",
        readonly=False,
        groups=LEDGER_GROUP,
    )
    timetrack_unbilled_hours = fields.Float(
        "Hours to Bill",
        compute="_compute_timetrack_hours",
        compute_sudo=True,
        groups=LEDGER_GROUP,
        help="Approved, billable hours that are on no invoice.",
    )
    timetrack_billed_hours = fields.Float(
        "Hours Billed", compute="_compute_timetrack_hours", compute_sudo=True, groups=LEDGER_GROUP
    )

    timetrack_retainer_count = fields.Integer(
        "Number of Retainers", compute="_compute_timetrack_retainer_count", groups=LEDGER_GROUP
    )

    def _compute_timetrack_retainer_count(self):
        """Those of the project, and those of its client for all projects."""
        Retainer = self.env["timetrack.retainer"]
        own = dict(Retainer._read_group([("project_id", "in", self.ids)], ["project_id"], ["__count"]))
        general = dict(
            Retainer._read_group(
                [("project_id", "=", False), ("partner_id", "in", self.timetrack_client_id.ids)],
                ["partner_id"],
                ["__count"],
            )
        )
        for project in self:
            project.timetrack_retainer_count = own.get(project, 0) + general.get(project.timetrack_client_id, 0)

    def action_timetrack_view_retainers(self):
        """Open what the client paid in advance for the project, or for all of its projects."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(f"{MODULE}.timetrack_retainer_action")
        client = self.timetrack_client_id
        return {
            **action,
            "domain": [("partner_id", "=", client.id), ("project_id", "in", [False, self.id])],
            "context": {"default_project_id": self.id},
        }

    @api.model_create_multi
    def create(self, vals_list):
        projects = super().create(vals_list)
        self.env["timetrack.engagement"]._ensure(projects)
        return projects

    def copy(self, default=None):
        """A copy is billed as its original; what was agreed is copied by who need not see it."""
        copies = super().copy(default)
        for project, copy in zip(self.sudo(), copies.sudo(), strict=True):
            terms = project.timetrack_engagement_ids.copy_data({"project_id": copy.id})
            if terms:
                copy.timetrack_engagement_ids.write(terms[0])
        return copies

    def _compute_timetrack_hours(self):
        Line = self.env["account.analytic.line"]
        unbilled, billed = Line._timetrack_billing_hours(Domain("project_id", "in", self.ids), "project_id")
        for project in self:
            project.timetrack_unbilled_hours = unbilled.get(project, 0.0)
            project.timetrack_billed_hours = billed.get(project, 0.0)

    @api.constrains("timetrack_rate_card_id", "company_id")
    def _check_timetrack_rate_card_id(self):
        for project in self.sudo():
            card = project.timetrack_rate_card_id
            if card and project.company_id and card.company_id != project.company_id:
                raise UserError(
                    self.env._(
                        "The rate card “%(card)s” belongs to another company than the project %(project)s.",
                        card=card.name,
                        project=project.name,
                    )
                )

    def action_timetrack_invoice(self):
        """Open the dialog that invoices the approved time of the projects."""
        action = self.env["ir.actions.act_window"]._for_xml_id(f"{MODULE}.timetrack_invoice_wizard_action")
        context = {"default_project_ids": self.ids}
        if len(self.company_id) == 1:
            context["default_company_id"] = self.company_id.id
        return {**action, "context": context}

    def action_timetrack_engagement(self):
        """Open how the project is billed."""
        self.ensure_one()
        engagement = self.env["timetrack.engagement"].search([("project_id", "=", self.id)])
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Engagement"),
            "res_model": "timetrack.engagement",
            "res_id": engagement.id,
            "view_mode": "form",
        }

    def action_timetrack_view_billing(self):
        """Open the project's time by its billing state."""
        action = self.env["ir.actions.act_window"]._for_xml_id(f"{MODULE}.timetrack_billing_entry_action")
        action["domain"] = [("project_id", "in", self.ids), ("timetrack_billing_state", "!=", False)]
        return action
