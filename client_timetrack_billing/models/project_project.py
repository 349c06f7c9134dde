from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

MODULE = "client_timetrack_billing"
LEDGER_GROUP = f"{MODULE}.group_billing_user"


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

    def action_timetrack_view_billing(self):
        """Open the project's time by its billing state."""
        action = self.env["ir.actions.act_window"]._for_xml_id(f"{MODULE}.timetrack_billing_entry_action")
        action["domain"] = [("project_id", "in", self.ids), ("timetrack_billing_state", "!=", False)]
        return action
