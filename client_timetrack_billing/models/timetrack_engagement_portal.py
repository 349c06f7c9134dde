from functools import partial

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import formatLang

from .timetrack_arrangement import CAP, FIXED

# As many entries as a page shows; the sums are of all.
SHOWN = 200


class TimetrackEngagement(models.Model):
    """What clients see of their engagements before they are billed, where that was agreed on. Read in sudo."""

    _inherit = "timetrack.engagement"

    portal_unbilled = fields.Selection(
        [("hours", "Hours"), ("amount", "Hours and What They Come To")],
        string="Clients See Unbilled Time",
        tracking=True,
        help="On the portal: approved time that is on no posted invoice. Empty: not before it is invoiced.",
    )
    portal_budget = fields.Boolean(
        "Clients See the Budget",
        tracking=True,
        help="On the portal: the hours budgeted and approved, and what is left of fees and limits.",
    )

    @api.model
    def _get_portal(self, client):
        """The engagements that a client sees something of, in sudo.

        :param client: the client's company
        """
        return self.sudo().search(
            Domain("project_id.partner_id.commercial_partner_id", "=", client.id)
            & (Domain("portal_unbilled", "!=", False) | Domain("portal_budget", "=", True))
        )

    def _get_portal_unbilled(self):
        """Approved time that is on no posted invoice, by the definition of work in progress.

        :return: dict of ``entries`` (dicts of day, name, service, text and time, the latest ones), ``time`` of all, and
            ``amounts`` (list of currency and net amount); hours that fees pay for come to nothing
        """
        self.ensure_one()
        queue = self.env["timetrack.billing.queue"].sudo().search([("project_id", "=", self.project_id.id)])
        Line = self.env["account.analytic.line"].sudo()
        nothing = {"entries": [], "time": self._format_hours(0), "amounts": []}
        lines = Line.search(
            Line._timetrack_approved_domain()
            & Domain("project_id", "=", self.project_id.id)
            & Domain("so_line", "=", False)
            & Domain("timetrack_billing_state", "in", ("unbilled", "held", "prebill", "draft"))
            & Domain("date", "<=", fields.Date.context_today(self)),
            order="date desc, id desc",
            limit=SHOWN,
        )
        if any(line.timetrack_policy_id.portal_time == "none" for line in lines):
            return nothing
        told = self.portal_unbilled == "amount"
        return {
            "entries": [
                {
                    "date": line.date,
                    "name": "" if line.timetrack_policy_id.portal_hide_employee else line.employee_id.name or "",
                    "service": line.timetrack_activity_id.name or "",
                    "text": "" if line.name == "/" else line.name or "",
                    "time": self._get_company()._timetrack_format_time(line.unit_amount),
                }
                for line in lines
            ],
            "time": self._format_hours(sum(queue.mapped("hours"))),
            "amounts": [(row.currency_id, row.amount) for row in queue if row.currency_id and row.amount]
            if told
            else [],
        }

    def _get_portal_budgets(self):
        """The budgets of the project as a whole, its fees and its limits, in words.

        :return: list of dicts: ``name``, ``agreed``, ``used`` and ``percent``
        """
        self.ensure_one()
        budgets = self.project_id.timetrack_budget_ids.filtered(lambda one: one.scope == "project")
        figures = [
            {
                "name": one.name,
                "agreed": self._format_hours(one.allowed_hours),
                "used": self._format_hours(one.approved_hours),
                "percent": 100 * one.approved_hours / one.allowed_hours,
            }
            for one in budgets
            if one.allowed_hours
        ]
        return figures + [self._describe_portal(one) for one in self.arrangement_ids]

    def _get_company(self):
        return self.project_id.company_id or self.env.company

    def _format_hours(self, hours):
        """Time in words, as the company keeps it."""
        company = self._get_company()
        time = company._timetrack_format_time(hours)
        in_days = self.env["timetrack.period"]._is_in_days(company)
        return self.env._("%s days", time) if in_days else self.env._("%s hours", time)

    def _describe_portal(self, arrangement):
        """A fee or a limit; how many hours the firm plans for a fee is its own business."""
        money = partial(formatLang, self.env, currency_obj=arrangement.currency_id)
        result = {"name": arrangement.name, "percent": arrangement.percent}
        if arrangement.kind == FIXED:
            percent = 100 * arrangement.billed_amount / arrangement.amount
            billed = self.env._("%s billed", money(arrangement.billed_amount))
            return {**result, "agreed": money(arrangement.amount), "used": billed, "percent": percent}
        if arrangement.kind == CAP:
            agreed, used = [], []
            if arrangement.cap_amount:
                agreed.append(money(arrangement.cap_amount))
                used.append(money(arrangement.cap_amount - arrangement.left_amount))
            if arrangement.cap_hours:
                agreed.append(self._format_hours(arrangement.cap_hours))
                used.append(self._format_hours(arrangement.cap_hours - arrangement.left_hours))
            limit = self.env._("%s at most", ", ".join(agreed))
            return {**result, "agreed": limit, "used": ", ".join(used)}
        left = self.env._("%s left", self._format_hours(arrangement.left_hours)) if arrangement.hours else ""
        return {**result, "agreed": money(arrangement.amount), "used": left}
