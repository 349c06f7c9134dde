from odoo import api, fields, models


class TimesheetsAnalysisReport(models.Model):
    """The report's search view is built upon the one of time entries: it knows the same filters."""

    _inherit = "timesheets.analysis.report"

    timetrack_billing_state = fields.Selection(
        lambda self: self.env["account.analytic.line"]._fields["timetrack_billing_state"].selection,
        string="Billing",
        readonly=True,
    )

    @api.model
    def _select(self):
        return super()._select() + ", A.timetrack_billing_state AS timetrack_billing_state"
