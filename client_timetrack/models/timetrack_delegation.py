from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class TimetrackDelegation(models.Model):
    """Somebody approves time in another's place from one day to another; both days included."""

    _name = "timetrack.delegation"
    _description = "Approval Delegation"
    _order = "date_from desc, id desc"
    _rec_name = "delegate_id"

    user_id = fields.Many2one(
        "res.users",
        string="Approver",
        required=True,
        default=lambda self: self.env.user,
        index=True,
        ondelete="cascade",
        domain="[('share', '=', False)]",
        help="Whose time to approve is handed over.",
    )
    delegate_id = fields.Many2one(
        "res.users",
        required=True,
        index=True,
        ondelete="cascade",
        domain="[('share', '=', False), ('id', '!=', user_id)]",
        help="Who approves instead. The trail shows on whose behalf.",
    )
    date_from = fields.Date("From", required=True, default=fields.Date.context_today)
    date_to = fields.Date("Until", required=True, default=fields.Date.context_today)
    note = fields.Char(help="Why, such as the absence that it covers.")
    active = fields.Boolean(default=True)

    _dates_ordered = models.Constraint("CHECK(date_from <= date_to)", "A delegation must end after it starts.")
    _other_person = models.Constraint("CHECK(user_id != delegate_id)", "Choose somebody else as the delegate.")

    @api.constrains("delegate_id")
    def _check_delegate_id(self):
        for delegation in self:
            if not delegation.delegate_id.has_group("hr_timesheet.group_hr_timesheet_approver"):
                raise UserError(
                    self.env._(
                        "%(user)s has no right to approve time: choose an approver as the delegate, or ask an "
                        "administrator to make %(user)s one.",
                        user=delegation.delegate_id.name,
                    )
                )

    def write(self, vals):
        """Nobody makes a delegation of their own into one that somebody else seems to have given."""
        result = super().write(vals)
        if "user_id" in vals:
            self.check_access("write")
        return result

    @api.model
    def _get_delegators(self, user):
        """The users in whose place ``user`` approves today, by the calendar of ``user``'s time zone.

        Whoever has left hands nothing over any more.
        """
        today = fields.Date.context_today(self.with_user(user))
        delegations = self.sudo().search(
            Domain("delegate_id", "=", user.id) & Domain("date_from", "<=", today) & Domain("date_to", ">=", today)
        )
        return delegations.user_id.filtered("active")
