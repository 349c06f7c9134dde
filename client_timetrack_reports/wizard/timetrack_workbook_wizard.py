import base64

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..report.timetrack_workbook import KINDS

# More entries than this are written in the background.
DIRECT_ROWS = 20_000


class TimetrackWorkbookWizard(models.TransientModel):
    """Ask for a company and a period; hand out the workbook."""

    _name = "timetrack.workbook.wizard"
    _description = "Download a Time Workbook"

    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company)
    kind = fields.Selection(KINDS, string="Workbook", required=True, default="all")
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
        """Build the workbook with the user's own rights and send it to the browser; a big one is built later.

        :raise UserError: the period ends before it starts
        """
        self.ensure_one()
        if self.date_from > self.date_to:
            raise UserError(self.env._("The period ends before it starts: choose a later last day."))
        Workbook = self.env["timetrack.workbook"]
        if self.kind == "detail":
            domain = Workbook._get_detail_domain(self.company_id, self.date_from, self.date_to)
            if self.env["account.analytic.line"].search_count(domain, limit=DIRECT_ROWS + 1) > DIRECT_ROWS:
                return self._ask_for_later()
        content, _rows = Workbook._build_file(self.company_id, self.date_from, self.date_to, self.kind)
        return self._offer(content, f"time-{self.kind}-{self.date_from:%Y-%m-%d}-{self.date_to:%Y-%m-%d}.xlsx")

    def action_later(self):
        """Have the workbook built in the background."""
        self.ensure_one()
        return self._ask_for_later()

    def _ask_for_later(self):
        self.env["timetrack.workbook.request"]._ask(
            self.env.user,
            kind=self.kind,
            company_id=self.company_id.id,
            date_from=self.date_from,
            date_to=self.date_to,
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": self.env._("The workbook is being built. It will be among your workbooks in a moment."),
                "type": "info",
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    @api.model
    def _offer(self, content, name):
        """Send a file to the browser of the user.

        :param bytes content: of the file
        """
        wizard = self if len(self) == 1 else self.create({})
        wizard.write({"file": base64.b64encode(content), "file_name": name})
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{wizard.id}/file/{name}?download=true",
            "target": "download",
            "close": True,
        }
