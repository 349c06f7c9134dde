from odoo import api, models


class TimetrackPrivacyWizard(models.TransientModel):
    """What reports keep of people."""

    _inherit = "timetrack.privacy.wizard"

    @api.model
    def _get_personal_data(self):
        return {
            **super()._get_personal_data(),
            "timetrack.capacity": ("employee_id", [], ["date", "net_hours", "leave_hours"]),
            "timetrack.finding": (None, ["user_id"], ["name", "state", "note"]),
            "timetrack.check": (None, ["user_id", "author_id"], ["display_name"]),
            "timetrack.benefit": (None, ["user_id"], ["display_name"]),
            "timetrack.measurement": (
                None,
                ["measured_by", "validated_by"],
                ["measure_id", "date", "value", "note", "state"],
            ),
            "timetrack.portfolio": (None, ["user_id"], ["name"]),
            "timetrack.workbook.request": (None, ["user_id"], ["file_name", "create_date", "state"]),
            "timetrack.workbook.schedule": (None, ["user_ids"], ["display_name"]),
        }

    def _delete_private(self):
        """Workbooks that were made for the person, too."""
        result = super()._delete_private()
        self.env["timetrack.workbook.request"].sudo().search([("user_id", "in", self._get_users().ids)]).unlink()
        return result
