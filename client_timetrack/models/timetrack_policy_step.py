from odoo import api, fields, models
from odoo.exceptions import UserError


class TimetrackPolicyStep(models.Model):
    """One approval that time needs, by whom; the steps of a policy are taken in order."""

    _name = "timetrack.policy.step"
    _description = "Approval Step"
    _order = "policy_id, sequence, id"

    policy_id = fields.Many2one("timetrack.policy", required=True, ondelete="cascade", index=True)
    sequence = fields.Integer(default=10)
    kind = fields.Selection(
        [
            ("any", "Line Manager or Project Manager"),
            ("manager", "Line Manager"),
            ("project_manager", "Project Manager"),
            ("group", "Members of a Group"),
            ("client", "Client on the Portal"),
        ],
        string="Approved By",
        default="any",
        required=True,
        help="Line manager: at any depth above the employee. Client: the client approver chosen on the project.",
    )
    group_id = fields.Many2one("res.groups", string="Group", ondelete="restrict")

    _group_required = models.Constraint(
        "CHECK(kind != 'group' OR group_id IS NOT NULL)", "Choose the group whose members take this step."
    )

    @api.depends("kind", "group_id.full_name")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for step in self:
            step.display_name = step.group_id.sudo().full_name if step.kind == "group" else kinds.get(step.kind)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_time_waits(self):
        """Time that waits at a step would be nobody's to approve."""
        entries = self.env["account.analytic.line"].sudo().search([("timetrack_step_id", "in", self.ids)], limit=3)
        if entries:
            raise UserError(
                self.env._(
                    "Time waits for this approval step: %(entries)s.\nApprove, reject or withdraw it first.",
                    entries=entries._timetrack_describe(),
                )
            )
