from odoo import models


class TimetrackPrebill(models.Model):
    _inherit = "timetrack.prebill"

    def action_timetrack_worksheets(self):
        """Download one workbook of the selected pre-bills, each on a sheet of its own."""
        self.check_access("read")
        return self.env["timetrack.workbook.wizard"]._offer(self._build_workbook(), "pre-bills.xlsx")
