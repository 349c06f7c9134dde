from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from .timetrack_capacity import DAYS_BACK


class AccountAnalyticLine(models.Model):
    _inherit = "account.analytic.line"

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._timetrack_extend_capacity()
        return lines

    def action_timetrack_worksheet(self):
        """Download a workbook of the selected entries.

        :raise UserError: none of them is a time entry
        """
        entries = self.filtered_domain(self._timetrack_entry_domain())
        if not entries:
            raise UserError(self.env._("None of these lines is a time entry."))
        Workbook = self.env["timetrack.workbook"]
        days = entries.mapped("date")
        company = entries.company_id if len(entries.company_id) == 1 else self.env.company
        content, _rows = Workbook._build_file(
            company, min(days), max(days), "detail", domain=[("id", "in", entries.ids)]
        )
        return self.env["timetrack.workbook.wizard"]._offer(content, "time-detail.xlsx")

    def _timetrack_extend_capacity(self):
        """Have capacity computed for entries older than any capacity there is, as an import brings them.

        Entries of the last month cost nothing here: the daily run covers them.
        """
        limit = fields.Date.context_today(self) - timedelta(days=DAYS_BACK)
        old = self.filtered(lambda line: line.date < limit and line.project_id and line.employee_id)
        if not old:
            return
        groups = self.env["timetrack.capacity"].sudo()._read_group(
            [("company_id", "in", old.company_id.ids)], ["company_id"], ["date:min"]
        )
        first = {company.id: date for company, date in groups}
        if any(line.date < first.get(line.company_id.id, limit) for line in old):
            self.env["timetrack.capacity.dirty"]._wake_up()
