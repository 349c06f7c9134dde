from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    timetrack_client_category_id = fields.Many2one(
        "timetrack.client.category",
        string="Client Category",
        index="btree_not_null",
        help="Tier or industry of the client, for reports and for the defaults of new engagements.",
    )

    timetrack_policy_id = fields.Many2one(
        "timetrack.policy",
        string="Time Policy",
        index="btree_not_null",
        ondelete="restrict",
        groups="hr_timesheet.group_hr_timesheet_user",
        help="How time of this client's projects is kept, unless a project says otherwise.",
    )

    def _commercial_fields(self):
        """A contact is in the category of its company: one category per client."""
        return super()._commercial_fields() + ["timetrack_client_category_id", "timetrack_policy_id"]
