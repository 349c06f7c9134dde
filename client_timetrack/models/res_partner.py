from odoo import api, fields, models

CONTROL_GROUP = "hr_timesheet.group_timesheet_manager"


class ResPartner(models.Model):
    _inherit = "res.partner"

    timetrack_client_category_id = fields.Many2one(
        "timetrack.client.category",
        string="Client Category",
        index="btree_not_null",
        groups="base.group_user",
        help="Tier or industry of the client, for reports and for the defaults of new engagements.",
    )

    timetrack_policy_id = fields.Many2one(
        "timetrack.policy",
        string="Time Policy",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        copy=False,
        groups="hr_timesheet.group_hr_timesheet_user",
        help="How time of this client's projects is kept, unless a project says otherwise.",
    )

    def _commercial_fields(self):
        """A contact is in the category of its company: one category per client."""
        return super()._commercial_fields() + ["timetrack_client_category_id", "timetrack_policy_id"]

    @api.model_create_multi
    def create(self, vals_list):
        partners = super().create(vals_list)
        # Values may come from defaults as well: look at what has come of them.
        if any(partner._timetrack_has_own_policy() for partner in partners.sudo()):
            self._timetrack_check_may_choose_policy()
        return partners

    def write(self, vals):
        if "timetrack_policy_id" in vals:
            self._timetrack_check_may_choose_policy()
        if self.env.su or self._timetrack_policy_ways().isdisjoint(vals) or self._timetrack_may_choose_policy():
            return super().write(vals)
        before = self._timetrack_project_policies()
        result = super().write(vals)
        if self._timetrack_project_policies() != before:
            self._timetrack_check_may_choose_policy()
        return result

    @api.model
    def _timetrack_policy_ways(self):
        """Names of the fields by which a client comes to another policy without that it is chosen on it."""
        return {"timetrack_client_category_id", "parent_id", "is_company"}

    def _timetrack_project_policies(self):
        """The policies in force for the projects of these clients: dict of project to ``timetrack.policy``."""
        projects = self.env["project.project"].sudo().search([("partner_id", "child_of", self.ids)])
        return {
            project: project._timetrack_find_policy(project.company_id or self.env.company)[0] for project in projects
        }

    def _timetrack_has_own_policy(self):
        """Whether somebody has chosen a policy here: that of its company comes to a contact by itself."""
        policy, client = self.timetrack_policy_id, self.commercial_partner_id
        return policy and (client == self or policy != client.timetrack_policy_id)

    def _timetrack_check_may_choose_policy(self):
        self.env["timetrack.policy"]._check_may_choose(CONTROL_GROUP)

    def _timetrack_may_choose_policy(self):
        return self.env["timetrack.policy"]._may_choose(CONTROL_GROUP)

    @api.model
    def default_get(self, fields):
        """As for projects: a contact that is made as the superuser takes no policy from the user's context."""
        values = super().default_get(fields)
        if self.env.su and not self._timetrack_may_choose_policy():
            values.pop("timetrack_policy_id", None)
        return values

    def _timetrack_get_default_code_sets(self):
        """The code sets of a new project of the client; in sudo, since they are no secret of the category."""
        category = self.sudo().commercial_partner_id.timetrack_client_category_id
        return category.code_set_ids.filtered("active")
