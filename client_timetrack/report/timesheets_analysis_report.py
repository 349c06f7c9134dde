from odoo import api, fields, models

from ..models.account_analytic_line import STATE_SELECTION


class TimesheetsAnalysisReport(models.Model):
    """Odoo's own analysis groups and filters by what the addon adds to time entries.

    It has to: the search view of this report is built upon the one of time entries, filters included.
    """

    _inherit = "timesheets.analysis.report"

    timetrack_client_id = fields.Many2one("res.partner", string="Client", readonly=True)
    timetrack_activity_id = fields.Many2one("timetrack.activity", string="Service Type", readonly=True)
    timetrack_deliverable_id = fields.Many2one("timetrack.deliverable", string="Deliverable", readonly=True)
    timetrack_is_billable = fields.Boolean("Billable to the Client", readonly=True)
    timetrack_state = fields.Selection(STATE_SELECTION, string="Approval", readonly=True)
    timetrack_warning_count = fields.Integer("Warnings", readonly=True, groups="hr_timesheet.group_hr_timesheet_user")

    @api.model
    def _select(self):
        return (
            super()._select()
            + """,
                A.timetrack_client_id AS timetrack_client_id,
                A.timetrack_activity_id AS timetrack_activity_id,
                A.timetrack_deliverable_id AS timetrack_deliverable_id,
                A.timetrack_is_billable AS timetrack_is_billable,
                A.timetrack_state AS timetrack_state,
                A.timetrack_warning_count AS timetrack_warning_count
            """
        )
