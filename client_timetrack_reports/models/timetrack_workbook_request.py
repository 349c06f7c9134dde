import base64
import logging

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import format_date

from ..report.timetrack_workbook import KINDS

_logger = logging.getLogger(__name__)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class TimetrackWorkbookRequest(models.Model):
    """A workbook that somebody wants: built in the background with the rights of this user, and kept."""

    _name = "timetrack.workbook.request"
    _description = "Workbook"
    _order = "id desc"
    _rec_name = "file_name"

    user_id = fields.Many2one(
        "res.users", string="For", required=True, readonly=True, default=lambda self: self.env.user, ondelete="cascade"
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, default=lambda self: self.env.company, ondelete="cascade"
    )
    kind = fields.Selection(KINDS, string="Workbook", required=True, readonly=True)
    date_from = fields.Date("From", required=True, readonly=True)
    date_to = fields.Date("To", required=True, readonly=True)
    state = fields.Selection(
        [("waiting", "Waiting"), ("done", "Done"), ("failed", "Failed")],
        required=True,
        readonly=True,
        default="waiting",
    )
    schedule_id = fields.Many2one(
        "timetrack.workbook.schedule", readonly=True, ondelete="set null", index="btree_not_null"
    )
    file = fields.Binary(readonly=True, attachment=True)
    file_name = fields.Char("Name", compute="_compute_file_name", store=True)
    rows = fields.Integer("Entries", readonly=True, help="Of a time detail.")
    problem = fields.Char(readonly=True)

    _waiting_idx = models.Index("(id) WHERE state = 'waiting'")
    _user_idx = models.Index("(user_id, id DESC)")

    @api.depends("kind", "date_from", "date_to")
    def _compute_file_name(self):
        for request in self:
            days = [day.isoformat() if day else "" for day in (request.date_from, request.date_to)]
            request.file_name = f"{request.kind or 'time'}-{'-'.join(days)}.xlsx"

    @api.model
    def _ask(self, users, **values):
        """Have a workbook built for each of some users, once this transaction is committed."""
        requests = self.sudo().create([{**values, "user_id": user.id} for user in users])
        self.env.ref("client_timetrack_reports.ir_cron_timetrack_workbook").sudo()._trigger()
        return requests

    @api.model
    def _cron_build(self, limit=20):
        """Build what waits, one by one, each committed; what fails says why and waits no more."""
        requests = self.sudo().search([("state", "=", "waiting")], order="id", limit=limit)
        self.env["ir.cron"]._commit_progress(remaining=len(requests))
        for request in requests:
            request._build()
            if not self.env["ir.cron"]._commit_progress(1):
                break

    def _build(self):
        """Build the workbook with the rights, language and time zone of its user, and send it where it is scheduled."""
        self.ensure_one()
        user = self.user_id
        context = {"lang": user.lang, "tz": user.tz, "allowed_company_ids": self.company_id.ids}
        try:
            with self.env.cr.savepoint():
                Workbook = self.env(user=user, su=False, context=context)["timetrack.workbook"]
                content, rows = Workbook._build_file(self.company_id, self.date_from, self.date_to, self.kind)
                file = base64.b64encode(content)
                self.write({"state": "done", "file": file, "rows": rows, "problem": False})
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except UserError as error:
            self.write({"state": "failed", "problem": str(error)})
            return
        except OSError as error:
            _logger.exception("The workbook %s for %s was not stored.", self.file_name, user.login)
            problem = self.env._("It could not be stored: %s. Ask for it again once there is room.", error.strerror)
            self.write({"state": "failed", "problem": problem})
            return
        except Exception:
            # the others wait for no defect of one
            _logger.exception("The workbook %s for %s was not built.", self.file_name, user.login)
            self.write({"state": "failed", "problem": self.env._("Something went wrong; it is in the server's log.")})
            return
        self.with_context(lang=user.lang)._send()

    def _send(self):
        """Mail the workbook where it is scheduled, else tell its user that it is there."""
        self.ensure_one()
        period = f"{format_date(self.env, self.date_from)} – {format_date(self.env, self.date_to)}"
        kind = dict(self._fields["kind"]._description_selection(self.env))[self.kind]
        subject = self.env._("%(kind)s, %(period)s", kind=kind, period=period)
        if not self.schedule_id:
            self.user_id._bus_send(
                "simple_notification",
                {"title": subject, "message": self.env._("The workbook is ready: see “My Workbooks”."),
                 "type": "success", "sticky": True},
            )  # fmt: skip
            return
        # the same bytes are in the store already: this writes none; it goes when the request goes
        attachment = self.env["ir.attachment"].create(
            {"name": self.file_name, "raw": base64.b64decode(self.file), "mimetype": XLSX,
             "res_model": self._name, "res_id": self.id}
        )  # fmt: skip
        text = self.env._("Here is the workbook “%(name)s” of %(company)s.",
                          name=self.schedule_id.name, company=self.company_id.name)  # fmt: skip
        self.env["mail.mail"].create(
            {
                "subject": subject,
                "body_html": Markup("<p>%s</p>") % text,
                "recipient_ids": self.user_id.partner_id.ids,
                "attachment_ids": attachment.ids,
                **self.company_id._timetrack_mail_author(),
                "auto_delete": True,
            }
        )

    def action_download(self):
        """Download the workbook, or say that it waits for its turn.

        :raise UserError: it could not be built, and why
        """
        self.ensure_one()
        if self.state == "failed":
            raise UserError(self.problem or self.env._("The workbook could not be built."))
        if self.state != "done":
            return {
                "type": "ir.actions.client",
                "tag": "display_notification",
                "params": {
                    "message": self.env._("The workbook is not built yet: it waits for its turn."),
                    "type": "info",
                },
            }
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/file/{self.file_name}?download=true",
            "target": "self",
        }

    def action_again(self):
        """Have a workbook that failed built once more."""
        self.check_access("read")
        self.sudo().filtered(lambda request: request.state == "failed").write({"state": "waiting", "problem": False})
        self.env.ref("client_timetrack_reports.ir_cron_timetrack_workbook").sudo()._trigger()
        return True

    @api.autovacuum
    def _gc_files(self):
        """Workbooks are kept for a year."""
        limit = fields.Datetime.subtract(fields.Datetime.now(), years=1)
        self.search([("create_date", "<", limit)]).unlink()
