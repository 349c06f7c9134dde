from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class HrEmployee(models.Model):
    _inherit = "hr.employee"

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
