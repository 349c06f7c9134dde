from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    timetrack_unbilled_days = fields.Integer(
        "Days to Bill",
        default=60,
        help="Approved time that is not billed so many days after the work counts as revenue that leaks, unless the "
        "policy of the project says otherwise.",
    )

    _timetrack_unbilled_days_positive = models.Constraint(
        "CHECK(timetrack_unbilled_days > 0)", "The days to bill are one at least."
    )

    def write(self, vals):
        result = super().write(vals)
        if "timetrack_flexible_weekly_hours" in vals:
            versions = self.env["hr.version"].sudo().search(
                [("employee_id.company_id", "in", self.ids), ("resource_calendar_id", "=", False)]
            )
            self.env["timetrack.capacity.dirty"]._mark(versions.employee_id)
        return result
