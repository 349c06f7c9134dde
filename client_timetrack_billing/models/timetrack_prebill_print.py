import base64

from odoo import api, fields, models

from ..engine import workbook
from ..engine.pricing import HOLD
from ..engine.workbook import DATE, HOURS, MONEY, Column, Header, Sheet, Tie

# Goes up when a figure of the workbook comes to mean something else.
DEFINITION_VERSION = "1"


class TimetrackPrebill(models.Model):
    """The pre-bill to be printed, or checked in a workbook."""

    _inherit = "timetrack.prebill"

    workbook = fields.Binary(compute="_compute_workbook", attachment=False)

    @api.depends("line_ids")
    def _compute_workbook(self):
        for prebill in self:
            prebill.workbook = base64.b64encode(prebill._build_workbook())

    def action_download(self):
        """Download the pre-bill as an .xlsx workbook."""
        self.ensure_one()
        name = f"{self.name.replace('/', '-')}.xlsx"
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/workbook/{name}?download=true",
            "target": "self",
        }

    def action_print(self):
        """Print the pre-bill."""
        return self.env.ref("client_timetrack_billing.timetrack_prebill_report").report_action(self)

    def _build_workbook(self):
        """The bytes of the workbook: lines as they are billed, live totals, and what there is to know beside them. Of
        several pre-bills each has a sheet.
        """
        headers = [prebill._prepare_header() for prebill in self]
        sheets = [prebill._prepare_sheet() for prebill in self]
        return workbook.build(headers, sheets, self.currency_id[:1]._timetrack_get_style())

    def _prepare_header(self):
        """What stands above the lines."""
        self.ensure_one()
        return Header(
            self.display_name,
            [
                (self.env._("Company"), self.company_id.name),
                (self.env._("Client"), self.partner_id.display_name),
                (self.env._("Engagements"), ", ".join(self.sudo().project_ids.mapped("name"))),
                (self.env._("As of"), fields.Date.context_today(self)),
                (self.env._("Time from"), self.date_from),
                (self.env._("Time to"), self.date_to),
                (self.env._("Currency"), self.currency_id.name),
                (self.env._("Partner in Charge"), self.responsible_id.name or ""),
                *self._get_figures(),
                (self.env._("Definition version"), DEFINITION_VERSION),
            ],
        )

    def _get_figures(self):
        """What is looked at beside the lines: pairs of label and number."""
        figures = [
            (self.env._("Other work in progress"), self.prior_wip),
            (self.env._("Open invoices (%s)", self.company_currency_id.name), self.receivable),
        ]
        if self.has_order:
            figures.append((self.env._("Left of the client's order"), self.order_left))
        if self.has_budget:
            figures.append((self.env._("Hours left of the budget"), self.budget_hours_left))
        if self.retainer_left:
            figures.append((self.env._("Left in retainers"), self.retainer_left))
        return figures

    def _prepare_sheet(self):
        """The table of the lines. What is held counts for nothing: it has a column of its own."""
        labels = dict(self.line_ids._fields["action"]._description_selection(self.env))
        columns = [
            Column("date", self.env._("Date"), DATE),
            Column("person", self.env._("Person")),
            Column("task", self.env._("Task")),
            Column("text", self.env._("Description")),
            Column("worked", self.env._("Hours Worked"), HOURS, total=True),
            Column("billed", self.env._("Hours to Bill"), HOURS, total=True),
            Column("rate", self.env._("Rate"), MONEY),
            Column("standard", self.env._("Standard Value"), MONEY, total=True),
            Column("adjustment", self.env._("Adjustment"), MONEY, total=True),
            Column("amount", self.env._("To Bill"), MONEY, total=True),
            Column("held", self.env._("On Hold"), MONEY, total=True),
            Column("action", self.env._("Action")),
            Column("reason", self.env._("Reason")),
        ]
        rows = [self._prepare_sheet_row(row, labels) for row in self.sudo()._get_printed_rows()]
        note = self.env._("Approved by: ____________________   Date: ____________")
        return Sheet(
            self.name or self.env._("Pre-Bill"),
            columns,
            rows,
            note=note,
            total_label=self.env._("Total"),
            ties=[Tie(self.env._("Total of the pre-bill"), "amount", self.amount, self.env._("Difference"))],
        )

    def _get_printed_rows(self):
        """Fees, time with what is adjusted of it, and costs."""
        self.ensure_one()
        return self._get_fee_rows() | self._get_rows() | self._get_cost_rows()

    def _prepare_sheet_row(self, row, labels):
        """The cells of a line."""
        is_held = row.action == HOLD
        reasons = [row.reason_id.name, row.adjustment_reason if row.adjustment_reason != row.reason_id.name else ""]
        return {
            "date": row.date or None,
            "person": row.employee_id.name or "",
            "task": row.task_id.name or "",
            "text": row._get_instalment_text() if row.instalment_id else row._get_text(),
            "worked": 0.0 if is_held else row.hours_worked,
            "billed": self._get_hours_to_bill(row),
            "rate": row.billed_rate,
            "standard": 0.0 if is_held else row.standard_value,
            "adjustment": 0.0 if is_held or row.sale_line_id else row.adjustment,
            "amount": 0.0 if is_held else row.billed_amount,
            "held": (row.billed_amount if row.sale_line_id else row.standard_value) if is_held else 0.0,
            "action": labels[row.action],
            "reason": ", ".join(reason for reason in reasons if reason),
        }
