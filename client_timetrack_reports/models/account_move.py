from odoo import models
from odoo.exceptions import UserError


class AccountMove(models.Model):
    _inherit = "account.move"

    def action_timetrack_worksheets(self):
        """Download one workbook of the time of the selected invoices, each on a sheet of its own.

        :raise UserError: there is no time behind any of them
        """
        self.check_access("read")
        moves = self.filtered(lambda move: move._timetrack_get_time_rows())
        if not moves:
            raise UserError(self.env._("There is no time on these invoices: choose some that bill time."))
        content = moves._timetrack_build_time_workbook()
        return self.env["timetrack.workbook.wizard"]._offer(content, "invoices-time.xlsx")
