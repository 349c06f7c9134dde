from odoo import api, models


class TimetrackPrivacyWizard(models.TransientModel):
    """What billing keeps of people."""

    _inherit = "timetrack.privacy.wizard"

    @api.model
    def _get_personal_data(self):
        return {
            **super()._get_personal_data(),
            "timetrack.allocation": (
                "line_id.employee_id", [], ["line_id", "hours_worked", "hours_billed", "billed_amount", "state"],
            ),
            "timetrack.timekeeper": ("employee_id", [], ["code", "classification", "first_name", "last_name"]),
            "timetrack.rate": ("employee_id", [], ["card_id", "date_from", "date_to", "rate"]),
            "timetrack.dispute": (
                None, ["create_uid", "user_id"], ["name", "date_opened", "description", "answer", "state"],
            ),
            "timetrack.engagement": (None, ["responsible_id"], ["display_name"]),
            "timetrack.prebill": (None, ["responsible_id"], ["name", "state"]),
            "timetrack.billing.run": (None, ["user_id"], ["display_name", "state"]),
        }  # fmt: skip

    def _rename(self, pseudonym):
        """Invoices that were sent as LEDES files say who worked; those to come do not."""
        result = super()._rename(pseudonym)
        timekeepers = self.env["timetrack.timekeeper"].sudo().with_context(active_test=False)
        timekeepers = timekeepers.search([("employee_id", "in", self.employee_id.ids)])
        first, _space, last = pseudonym.partition(" ")
        timekeepers.write({"first_name": first, "last_name": last, "code": False})
        return result
