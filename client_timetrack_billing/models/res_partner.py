from odoo import fields, models
from odoo.fields import Domain

from .account_analytic_line import LEDGER_GROUP

MODULE = "client_timetrack_billing"


class ResPartner(models.Model):
    _inherit = "res.partner"

    timetrack_unbilled_hours = fields.Float(
        "Hours to Bill",
        compute="_compute_timetrack_hours",
        compute_sudo=True,
        groups=LEDGER_GROUP,
        help="Approved, billable hours of the client that are on no invoice.",
    )
    timetrack_billed_hours = fields.Float(
        "Hours Billed", compute="_compute_timetrack_hours", compute_sudo=True, groups=LEDGER_GROUP
    )

    timetrack_retainer_count = fields.Integer(
        "Number of Retainers", compute="_compute_timetrack_retainer_count", groups=LEDGER_GROUP
    )

    def _compute_timetrack_retainer_count(self):
        counts = dict(
            self.env["timetrack.retainer"]._read_group(
                [("partner_id", "in", self.commercial_partner_id.ids)], ["partner_id"], ["__count"]
            )
        )
        for partner in self:
            partner.timetrack_retainer_count = counts.get(partner.commercial_partner_id, 0)

    def action_timetrack_view_retainers(self):
        """Open what the client paid in advance."""
        action = self.env["ir.actions.act_window"]._for_xml_id(f"{MODULE}.timetrack_retainer_action")
        client = self.commercial_partner_id
        return {
            **action,
            "domain": [("partner_id", "in", client.ids)],
            "context": {"default_partner_id": client[:1].id},
        }

    def _compute_timetrack_hours(self):
        """Figures of the client as a whole: a contact shows those of its company."""
        Line = self.env["account.analytic.line"]
        mine = Domain("timetrack_client_id", "in", self.commercial_partner_id.ids) & Domain(
            "company_id", "in", self.env.companies.ids
        )
        unbilled, billed = Line._timetrack_billing_hours(mine, "timetrack_client_id")
        for partner in self:
            client = partner.commercial_partner_id
            partner.timetrack_unbilled_hours = unbilled.get(client, 0.0)
            partner.timetrack_billed_hours = billed.get(client, 0.0)

    def action_timetrack_invoice(self):
        """Open the dialog that invoices the approved time of the client."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(f"{MODULE}.timetrack_invoice_wizard_action")
        return {**action, "context": {"default_partner_id": self.commercial_partner_id.id}}

    def action_timetrack_view_billing(self):
        """Open the client's time by its billing state."""
        action = self.env["ir.actions.act_window"]._for_xml_id(f"{MODULE}.timetrack_billing_entry_action")
        action["domain"] = [
            ("timetrack_client_id", "in", self.commercial_partner_id.ids),
            ("timetrack_billing_state", "!=", False),
        ]
        return action
