from odoo import fields, models
from odoo.fields import Domain

from .account_analytic_line import RATE_GROUP

# Sections of Odoo's profitability panel: time that is billed by its hours, and invoices that are of no order.
SECTION, OTHER = "billable_time", "other_invoice_revenues"


class ProjectProject(models.Model):
    """Odoo's profitability panel: what time is billed by rates stands in the section of its costs.

    Amounts of invoices are Odoo's own: the analytic share of their lines, in the currency of the project.
    """

    _inherit = "project.project"

    def _get_items_from_invoices(self, excluded_move_line_ids=None, with_action=True):
        """Invoice lines for time are a section of their own."""
        excluded = list(excluded_move_line_ids or [])
        lines = self._timetrack_get_invoice_lines()
        if not lines:
            return super()._get_items_from_invoices(excluded, with_action)
        items = super()._get_items_from_invoices(excluded + lines.ids, with_action)
        for_time = self.with_context(timetrack_invoice_lines=lines.ids)
        more = super(ProjectProject, for_time)._get_items_from_invoices(excluded, with_action)
        for kind in items:
            for one in more[kind]["data"]:
                if one["id"] == OTHER:
                    one.update(id=SECTION, sequence=self._get_profitability_sequence_per_invoice_type()[SECTION])
            items[kind]["data"] += more[kind]["data"]
            for name, amount in more[kind]["total"].items():
                items[kind]["total"][name] = items[kind]["total"].get(name, 0.0) + amount
        return items

    def _get_items_from_invoices_domain(self, domain=None):
        domain = super()._get_items_from_invoices_domain(domain)
        lines = self.env.context.get("timetrack_invoice_lines")
        return domain if lines is None else domain & Domain("id", "in", lines)

    def _timetrack_get_invoice_lines(self):
        """The lines of invoices and credit notes that bill time of the projects."""
        groups = (
            self.env["timetrack.allocation"]
            .sudo()
            ._read_group(
                [
                    ("project_id", "in", self.ids),
                    ("state", "in", ("draft", "posted", "credited")),
                    ("move_line_id", "!=", False),
                ],
                ["move_line_id"],
            )
        )
        return self.env["account.move.line"].sudo().union(*(line for [line] in groups))

    def _add_invoice_items(self, domain, profitability_items, with_action=True):
        """A section that orders and rates share is shown once."""
        result = super()._add_invoice_items(domain, profitability_items, with_action)
        sections = {}
        for one in profitability_items["revenues"]["data"]:
            if one["id"] in sections:
                for name in ("invoiced", "to_invoice"):
                    sections[one["id"]][name] = sections[one["id"]].get(name, 0.0) + one.get(name, 0.0)
            else:
                sections[one["id"]] = {"invoiced": 0.0, "to_invoice": 0.0, **one}
        profitability_items["revenues"]["data"] = list(sections.values())
        return result

    def get_panel_data(self):
        """Without order items there is nothing to unfold: the section opens the time instead."""
        data = super().get_panel_data()
        revenues = data.get("profitability_items", {}).get("revenues", {}).get("data", [])
        for section in revenues:
            if (
                section["id"] == SECTION
                and section.get("isSectionFoldable")
                and not self.sudo()._get_sale_order_items()
            ):
                section["isSectionFoldable"] = False
        return data

    def _get_profitability_items(self, with_action=True):
        """Approved time that is on no invoice yet is to be invoiced, at its rates."""
        items = super()._get_profitability_items(with_action)
        user = self.env.user
        may_see = user.has_group(RATE_GROUP) or user.has_group("project.group_project_manager")
        amount = self._timetrack_get_to_invoice() if may_see and self.allow_timesheets else 0.0
        if amount:
            revenues = items["revenues"]
            section = next((one for one in revenues["data"] if one["id"] == SECTION), None)
            if not section:
                sequence = self._get_profitability_sequence_per_invoice_type()[SECTION]
                section = {"id": SECTION, "sequence": sequence, "invoiced": 0.0, "to_invoice": 0.0}
                revenues["data"].append(section)
            section["to_invoice"] += amount
            revenues["total"]["to_invoice"] += amount
        return items

    def _timetrack_get_to_invoice(self):
        """Work in progress that is on no draft invoice, in the currency of the project at today's rates.

        Time on a draft is in the panel with its invoice.
        """
        today = fields.Date.context_today(self)
        queue = self.env["timetrack.billing.queue"].sudo()
        groups = queue._read_group(
            [("project_id", "in", self.ids)], ["currency_id"], ["amount:sum", "draft_amount:sum"]
        )
        company = self.company_id[:1] or self.env.company
        target = self.currency_id[:1]
        return target.round(
            sum(
                currency._convert(amount - (on_drafts or 0.0), target, company, today, round=False)
                for currency, amount, on_drafts in groups
                if currency
            )
        )
