from odoo import fields, models
from odoo.fields import Domain


class ResPartner(models.Model):
    """The budgets of a client's work, where people look at the client."""

    _inherit = "res.partner"

    timetrack_budget_count = fields.Integer(
        "Time Budgets", compute="_compute_timetrack_budget_count", groups="hr_timesheet.group_hr_timesheet_approver"
    )

    def _compute_timetrack_budget_count(self):
        """Budgets of the client, of its contacts and of their projects that the user can see."""
        budgets = self.env["timetrack.budget"]
        found = budgets._read_group(Domain("partner_id", "child_of", self.ids), ["partner_id"], ["__count"])
        counts = dict.fromkeys(self.ids, 0)
        for partner, count in found:
            above = partner.sudo()
            while above:
                if above.id in counts:
                    counts[above.id] += count
                above = above.parent_id
        for partner in self:
            partner.timetrack_budget_count = counts.get(partner.id, 0)

    def action_timetrack_view_budgets(self):
        """Open the budgets of the client's work."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("client_timetrack.timetrack_budget_action")
        return {
            **action,
            "domain": [("partner_id", "child_of", self.id)],
            "context": {"default_scope": "client", "default_client_id": self.commercial_partner_id.id},
        }
