from odoo import models


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    def session_info(self):
        """Tell the web client whether the user logs time: the systray shows it to nobody else."""
        result = super().session_info()
        user = self.env.user
        result["timetrack_has_period"] = user.has_group("hr_timesheet.group_hr_timesheet_user") and bool(
            user.employee_ids
        )
        if result["timetrack_has_period"]:
            result["timetrack_timer"] = self.env["timetrack.timer"].get_state()
        return result
