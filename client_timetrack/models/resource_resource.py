from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..engine.approval import APPROVED


class ResourceResource(models.Model):
    """Where the user of an employee is stored, and may be changed past the employee."""

    _inherit = "resource.resource"

    def write(self, vals):
        if "user_id" in vals:
            self._timetrack_check_own_user(vals["user_id"])
        return super().write(vals)

    def _timetrack_check_own_user(self, user_id):
        """Nobody takes their user off their employee to decide on their own time.

        :raise UserError: the user's own employee, with time that is not approved, would become another user's
        """
        own = self.sudo().filtered(lambda resource: resource.user_id == self.env.user and user_id != self.env.uid)
        if not own or self.env.su:
            return
        Line = self.env["account.analytic.line"].sudo().with_context(active_test=False)
        waiting = Line.search(
            Line._timetrack_entry_domain()
            & Domain("employee_id.resource_id", "in", own.ids)
            & Domain("timetrack_state", "!=", APPROVED),
            limit=3,
        )
        if waiting:
            raise UserError(
                self.env._(
                    "You cannot detach your own user from your employee while time of yours is not yet approved: "
                    "%(entries)s.\nAsk a colleague to do it.",
                    entries=waiting._timetrack_describe(),
                )
            )
