from odoo import api, models


class OnboardingOnboardingStep(models.Model):
    _inherit = "onboarding.onboarding.step"

    @api.model
    def _timetrack_may_open(self, method):
        if method == "action_timetrack_rates":
            return self.env["timetrack.rate.card"].has_access("create")
        return super()._timetrack_may_open(method)

    def action_timetrack_rates(self):
        """Open the rate cards."""
        return self._timetrack_open("client_timetrack_billing.timetrack_rate_card_action")

    def _timetrack_is_done_rates(self):
        """The company has a rate card."""
        return bool(self.env.company.sudo().timetrack_rate_card_id)
