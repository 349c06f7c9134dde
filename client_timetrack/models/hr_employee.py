from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class HrEmployee(models.Model):
    _inherit = "hr.employee"

    def write(self, vals):
        if "user_id" in vals:
            self._timetrack_check_own_user(vals["user_id"])
        return super().write(vals)

    def _timetrack_check_own_user(self, user_id):
        """Nobody takes their user off their employee to decide on their own time.

        :raise UserError: the user's own employee, with time that waits for approval, would become another user's
        """
        own = self.sudo().filtered(lambda employee: employee.user_id == self.env.user and user_id != self.env.uid)
        if not own or self.env.su:
            return
        Line = self.env["account.analytic.line"].sudo()
        waiting = Line.search(
            Domain("employee_id", "in", own.ids) & Domain("timetrack_state", "in", ("draft", "submitted")), limit=3
        )
        if waiting:
            raise UserError(
                self.env._(
                    "You cannot detach your own user from your employee while time of yours is not yet approved: "
                    "%(entries)s.\nAsk a colleague to do it.",
                    entries=waiting._timetrack_describe(),
                )
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_time(self):
        """Deleting an employee would empty their time, locked or not: the database does it past every check."""
        Line = self.env["account.analytic.line"].sudo()
        companies = Line._timetrack_approving_companies()
        entries = Line.search(
            Line._timetrack_entry_domain()
            & Domain("employee_id", "in", self.ids)
            & Domain("company_id", "in", companies.ids),
            limit=3,
        )
        if entries:
            raise UserError(
                self.env._(
                    "Employees with time cannot be deleted: %(entries)s.\nArchive them instead.",
                    entries=entries._timetrack_describe(),
                )
            )

    def unlink(self):
        """The database would leave the messages of their timesheets behind."""
        self.env["timetrack.period"].sudo().search([("employee_id", "in", self.ids)]).unlink()
        return super().unlink()

    def action_timetrack_view_periods(self):
        """Open the timesheets of the employee, period by period."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("client_timetrack.timetrack_period_action")
        return {**action, "domain": [("employee_id", "=", self.id)], "context": {}}
