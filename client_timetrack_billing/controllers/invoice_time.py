from odoo import http
from odoo.exceptions import AccessError, MissingError, ValidationError
from odoo.http import content_disposition, request

from odoo.addons.client_timetrack.controllers.form import get_ids, get_text, get_token
from odoo.addons.portal.controllers.portal import CustomerPortal

DISPUTES = "/my/disputes"


class InvoiceTimePortal(CustomerPortal):
    """Where clients see the time behind an invoice, take it with them, and dispute what they do not accept."""

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "dispute_count" in counters:
            values["dispute_count"] = len(self._get_disputes())
        return values

    # ------------------------------------------------------------------
    # Time of an invoice
    # ------------------------------------------------------------------

    def _get_invoice(self, invoice_id, access_token):
        """The invoice, in sudo; nobody learns of one that they may not see, or that has no time to tell of."""
        try:
            invoice = self._document_check_access("account.move", invoice_id, get_token(access_token))
        except (AccessError, MissingError):
            raise request.not_found() from None
        if invoice.state != "posted" or not invoice._timetrack_get_time_rows():
            raise request.not_found()
        return invoice

    def _render_time(self, invoice, access_token, error=None, **kw):
        """The page of the time behind an invoice.

        :param error: what was wrong with a dispute
        """
        rows = invoice._timetrack_get_time_rows()
        search, service = get_text(kw.get("search")), get_text(kw.get("service"))
        found = invoice._timetrack_get_time_detail(rows, search=search, service=service)
        values = {
            **self._prepare_portal_layout_values(),
            "page_name": "invoice_time",
            # not “invoice”, which has a place of its own in Odoo's breadcrumbs
            "move": invoice,
            "access_token": access_token,
            "detail": found,
            "services": rows.activity_id,
            "search": search,
            "service": service,
            "reasons": request.env["timetrack.dispute.reason"].sudo().search([]),
            "disputes": invoice.timetrack_dispute_ids.sorted("id"),
            "ledes": invoice._timetrack_get_ledes_file(),
            "error": error,
            "said": kw if error else {},
        }
        return request.render("client_timetrack_billing.portal_invoice_time", values)

    @http.route("/my/invoices/<int:invoice_id>/time", type="http", auth="public", website=True, methods=["GET"])
    def portal_invoice_time(self, invoice_id, access_token=None, **kw):
        """The time behind an invoice."""
        return self._render_time(self._get_invoice(invoice_id, access_token), access_token, **kw)

    @http.route("/my/invoices/<int:invoice_id>/time.xlsx", type="http", auth="public", methods=["GET"])
    def portal_invoice_time_workbook(self, invoice_id, access_token=None, **_kw):
        """The time behind an invoice as a workbook."""
        invoice = self._get_invoice(invoice_id, access_token)
        return self._send(
            f"{invoice.name.replace('/', '-')}.xlsx",
            invoice._timetrack_build_time_workbook(),
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        )

    @http.route("/my/invoices/<int:invoice_id>/ledes", type="http", auth="public", methods=["GET"])
    def portal_invoice_ledes(self, invoice_id, access_token=None, **_kw):
        """The LEDES file that was made of an invoice last."""
        attachment = self._get_invoice(invoice_id, access_token)._timetrack_get_ledes_file()
        if not attachment:
            raise request.not_found()
        return self._send(attachment.name, attachment.raw, "text/plain")

    def _send(self, name, content, mimetype):
        headers = [
            ("Content-Type", mimetype),
            ("Content-Length", str(len(content))),
            ("Content-Disposition", content_disposition(name)),
            ("X-Content-Type-Options", "nosniff"),
        ]
        return request.make_response(content, headers)

    # ------------------------------------------------------------------
    # Disputes
    # ------------------------------------------------------------------

    @http.route("/my/invoices/<int:invoice_id>/dispute", type="http", auth="public", website=True, methods=["POST"])
    def portal_invoice_dispute(self, invoice_id, access_token=None, reason=None, description=None, **kw):
        """Dispute an invoice, or the time of it that was chosen."""
        invoice = self._get_invoice(invoice_id, access_token)
        chosen = get_ids("row")
        rows = invoice._timetrack_get_time_rows().filtered(lambda row: row.id in chosen and row.state == "posted")
        reasons = request.env["timetrack.dispute.reason"].sudo().search([])
        reason = reasons.filtered(lambda one: str(one.id) == reason)
        description = get_text(description)
        error = None
        if not reason:
            error = request.env._("Choose a reason.")
        elif not description:
            error = request.env._("Write what you do not accept, and why.")
        elif len(rows) != len(chosen):
            error = request.env._("Some of the time that you chose is no longer on the invoice.")
        if not error:
            user = request.env.user
            author = invoice.partner_id if user._is_public() else user.partner_id
            try:
                with request.env.cr.savepoint():
                    dispute = request.env["timetrack.dispute"]._raise_by_client(
                        invoice, rows, reason, description, author
                    )
            except ValidationError as problem:
                error = problem.args[0]
        if error:
            said = {"reason": reason.id, "description": description, "rows": chosen}
            return self._render_time(invoice, access_token, error=error, **kw, **said)
        return request.redirect(dispute.get_portal_url())

    def _get_disputes(self):
        """The disputes of the user's company, in sudo."""
        client = request.env.user.partner_id.commercial_partner_id
        return request.env["timetrack.dispute"].sudo().search([("partner_id", "=", client.id)])

    @http.route(DISPUTES, type="http", auth="user", website=True, methods=["GET"])
    def portal_my_disputes(self, **_kw):
        """The disputes of the client's invoices."""
        values = {
            **self._prepare_portal_layout_values(),
            "page_name": "disputes",
            "default_url": DISPUTES,
            "disputes": self._get_disputes(),
        }
        return request.render("client_timetrack_billing.portal_my_disputes", values)

    @http.route(f"{DISPUTES}/<int:dispute_id>", type="http", auth="public", website=True, methods=["GET"])
    def portal_my_dispute(self, dispute_id, access_token=None, **kw):
        """A dispute and its thread."""
        try:
            dispute = self._document_check_access("timetrack.dispute", dispute_id, get_token(access_token))
        except (AccessError, MissingError):
            raise request.not_found() from None
        values = self._get_page_view_values(
            dispute,
            access_token,
            {"page_name": "dispute", "dispute": dispute},
            "my_disputes_history",
            False,
            **kw,
        )
        return request.render("client_timetrack_billing.portal_my_dispute", values)
