from odoo import http
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal

PAGE = "/my/retainers"


class RetainerPortal(CustomerPortal):
    """Where clients see what is left of what they paid in advance."""

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "retainer_count" in counters:
            values["retainer_count"] = len(self._get_retainers())
        return values

    def _get_retainers(self):
        """The retainers of the user's company, in sudo: the portal reads no journal items. One that nothing was ever
        paid into is the firm's plan and nobody else's business."""
        client = request.env.user.partner_id.commercial_partner_id
        retainers = request.env["timetrack.retainer"].sudo().search([("partner_id", "=", client.id)])
        return retainers.filtered("received")

    @http.route(PAGE, type="http", auth="user", website=True, methods=["GET"])
    def portal_my_retainers(self, **_kw):
        """The client's retainers, with what is left of them."""
        values = {
            **self._prepare_portal_layout_values(),
            "page_name": "retainers",
            "default_url": PAGE,
            "statements": [(retainer, retainer._get_statement()) for retainer in self._get_retainers()],
        }
        return request.render("client_timetrack_billing.portal_my_retainers", values)

    @http.route(f"{PAGE}/<int:retainer_id>", type="http", auth="user", website=True, methods=["GET"])
    def portal_retainer_statement(self, retainer_id, report_type="pdf", **_kw):
        """The statement to be printed; of a retainer that is not the user's there is nothing to be known."""
        retainer = self._get_retainers().filtered(lambda one: one.id == retainer_id)
        if not retainer or report_type not in ("pdf", "html"):
            raise request.not_found()
        return self._show_report(
            model=retainer,
            report_type=report_type,
            report_ref="client_timetrack_billing.timetrack_retainer_report",
            download=report_type == "pdf",
        )
