from odoo.tests import HttpCase, tagged

from .common import TimetrackBillingCommon


@tagged("post_install", "-at_install")
class TestGuidedTour(TimetrackBillingCommon, HttpCase):
    def test_guided_tour_of_a_bill(self):
        """What accountants are shown works as it is said: from work in progress to the draft of an invoice."""
        self._log_approved(2)
        self.start_tour("/odoo/work-in-progress", "timetrack_bill_time", login=self.user_billing.login)
        invoice = self.env["account.move"].search([("partner_id", "=", self.partner_a.id)], order="id desc", limit=1)
        self.assertRecordValues(invoice, [{"state": "draft", "amount_untaxed": 200.0}])
