import base64

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError


class TimetrackWorkbookWizard(models.TransientModel):
    """Ask for a company and a period; hand out the workbook."""

    _name = "timetrack.workbook.wizard"
    _description = "Download a Time Workbook"

    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company)
    date_from = fields.Date("From", required=True, default=lambda self: self._default_date_from())
    date_to = fields.Date("To", required=True, default=lambda self: self._default_date_to())
    file = fields.Binary(readonly=True, attachment=False)
    file_name = fields.Char(readonly=True)

    @api.model
    def _default_date_from(self):
        """The first day of the last full month."""
        return fields.Date.context_today(self) + relativedelta(months=-1, day=1)

    @api.model
    def _default_date_to(self):
        """The last day of the last full month."""
        return fields.Date.context_today(self) + relativedelta(day=1, days=-1)

    def action_download(self):
        """Build the workbook with the user's own rights and send it to the browser."""
        self.ensure_one()
        if self.date_from > self.date_to:
            raise UserError(self.env._("The period ends before it starts: choose a later last day."))
        content = self.env["timetrack.workbook"]._build(self.company_id, self.date_from, self.date_to)
        self.write(
            {
                "file": base64.b64encode(content),
                "file_name": f"time-{self.date_from:%Y-%m-%d}-{self.date_to:%Y-%m-%d}.xlsx",
            }
        )
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/file/{self.file_name}?download=true",
            "target": "download",
            "close": True,
        }
