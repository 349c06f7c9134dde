from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class HrEmployee(models.Model):
    _inherit = "hr.employee"

    def write(self, vals):
        if "user_id" in vals:
            # where it is stored this is asked again, but then it is written here already
            self.sudo().resource_id.with_env(self.env)._timetrack_check_own_user(vals["user_id"])
        return super().write(vals)

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
