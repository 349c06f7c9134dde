from odoo import api, fields, models
from odoo.fields import Domain


class TimetrackEngagement(models.Model):
    """Costs that the client pays: vendor bills and expenses of the project, by Odoo's re-invoicing.

    Odoo makes a line of a sales order for each such cost when its bill or expense is posted, by the re-invoice policy
    of its product. These lines are proposed on the pre-bills of the engagement, with its time.
    """

    _name = "timetrack.engagement"
    _inherit = ["timetrack.engagement", "timetrack.lock.mixin"]

    is_cost_billed = fields.Boolean(
        "Re-Invoice Costs",
        default=True,
        tracking=True,
        help="Vendor bills and expenses of the project whose products are re-invoiced join its pre-bills. Otherwise "
        "they are invoiced from a sales order of the project, if it has one.",
    )
    cost_markup = fields.Float(
        "Mark-Up on Costs %",
        tracking=True,
        help="Added to what is re-invoiced at cost, as its pre-bill is proposed. What is re-invoiced at sales price "
        "has its own.",
    )
    cost_amount = fields.Monetary(
        "Costs to Re-Invoice",
        compute="_compute_cost_amount",
        compute_sudo=True,
        help="Costs that are on no invoice, with mark-up, untaxed; those on pre-bills included.",
    )

    _cost_markup_percent = models.Constraint(
        "CHECK(cost_markup BETWEEN 0 AND 1000)", "A mark-up is a percentage from 0 to 1000."
    )

    def _compute_cost_amount(self):
        queue = self.env["timetrack.billing.queue"]._read_group(
            [("project_id", "in", self.project_id.ids), ("cost_amount", "!=", 0)],
            ["project_id", "currency_id", "company_id"],
            ["cost_amount:sum"],
        )
        today = fields.Date.context_today(self)
        for engagement in self:
            engagement.cost_amount = sum(
                currency._convert(amount, engagement.currency_id, company, today)
                for project, currency, company, amount in queue
                if project == engagement.project_id
            )

    @api.model
    def _bills_costs_domain(self):
        """Domain of sales orders whose costs join the pre-bills of their project."""
        return (
            Domain("project_id", "!=", False)
            & self._by_rates_domain()
            & ~Domain("project_id.timetrack_engagement_ids", "any", [("is_cost_billed", "=", False)])
        )

    def _get_cost_order(self, company):
        """The sales order that has the costs of the engagement: an open one of the project as in Odoo, or one of the
        firm's own, made when the first of them comes. A client who orders would see on it what was spent, which is
        nobody's business where there is a mark-up.

        :param company: whose costs
        :return: a confirmed order of the project, in sudo
        """
        self.ensure_one()
        project = self.sudo().project_id
        orders = (
            self.env["sale.order"]
            .sudo()
            .search(
                [
                    ("project_id", "=", project.id),
                    ("company_id", "=", company.id),
                    ("state", "=", "sale"),
                    ("locked", "=", False),
                ],
                order="create_date, id",
            )
        )
        own = orders.filtered("timetrack_is_cost_order")
        found = own if self.cost_markup else (orders - own) or own
        if found:
            return found[0]
        # two bills that are posted at once make one order: who comes second starts again
        self._lock()
        order = (
            self.env["sale.order"]
            .sudo()
            .with_company(company)
            .with_context(mail_auto_subscribe_no_notify=True, mail_create_nosubscribe=True)
            .create(
                {
                    "company_id": company.id,
                    "partner_id": project.partner_id.id,
                    "project_id": project.id,
                    "timetrack_is_cost_order": True,
                    "origin": self.env._("Costs of %s", project.name),
                    "client_order_ref": self.order_number,
                    "user_id": self._get_responsible().id,
                }
            )
        )
        if order.currency_id != company.currency_id:
            # by the client's pricelist: what was spent stays what it was until it is billed
            order.pricelist_id = False
        order.action_confirm()
        if order.locked:
            order.action_unlock()
        return order

    def action_view_costs(self):
        """Open the costs of the engagement that are re-invoiced."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("client_timetrack_billing.timetrack_cost_action")
        return {**action, "domain": [("is_expense", "=", True), ("order_id.project_id", "=", self.project_id.id)]}
