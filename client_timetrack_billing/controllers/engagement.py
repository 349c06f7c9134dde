from odoo import http
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal

PAGE = "/my/engagements"


class EngagementPortal(CustomerPortal):
    """Where clients see what is in progress, and what is left of budgets and fees, as far as that was agreed on."""

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "engagement_count" in counters:
            values["engagement_count"] = len(self._get_engagements())
        return values

    def _get_engagements(self):
        """The engagements that the user's company sees something of, in sudo."""
        client = request.env.user.partner_id.commercial_partner_id
        return request.env["timetrack.engagement"]._get_portal(client)

    @http.route(PAGE, type="http", auth="user", website=True, methods=["GET"])
    def portal_my_engagements(self, **_kw):
        """The client's page of what was agreed on: what is not billed yet, what is left of budgets, fees and limits."""
        engagements = self._get_engagements()
        values = {
            **self._prepare_portal_layout_values(),
            "page_name": "engagements",
            "default_url": PAGE,
            "engagements": [
                (
                    one,
                    one._get_portal_unbilled() if one.portal_unbilled else None,
                    one._get_portal_budgets() if one.portal_budget else None,
                )
                for one in engagements
            ],
        }
        return request.render("client_timetrack_billing.portal_my_engagements", values)
