from odoo import api, models
from odoo.tools import format_date

from ..engine import workbook
from ..engine.workbook import DATE, HOURS, MONEY, Column, Header, Sheet


class AccountMove(models.Model):
    """The time and the costs behind an invoice as its client may see them, one by one. Read in sudo: the caller has
    checked that the client may see the invoice."""

    _inherit = "account.move"

    def _timetrack_get_time_rows(self):
        """The rows of time of an invoice and then those of costs, what was credited of them since too, in the order of
        their days."""
        self.ensure_one()
        rows = self.sudo().timetrack_allocation_ids.filtered(
            lambda row: row._is_credited_by_itself() and row.state in ("posted", "credited")
        )
        return rows.sorted(lambda row: (row.kind == "expense", row.date, row.line_id.id, row.part, row.id))

    def _timetrack_get_time_detail(self, rows, search=None, service=None):
        """What the client reads of the time, in the language of the context.

        :param str search: text that the description has
        :param str service: id of a service type
        :return: dict of ``lines`` (dicts of words and figures), ``hours`` and ``amount`` of these, ``names`` and
            ``amounts`` (whether they are told)
        """
        self.ensure_one()
        amounts = self.sudo().timetrack_allocation_ids._get_amounts_by_part()
        engagements = self.env["timetrack.engagement"]._get_by_project(rows.project_id)
        lines = []
        for row in rows:
            text = row._get_text()
            if search and search.lower() not in text.lower():
                continue
            if service and str(row.activity_id.id) != service:
                continue
            engagement = engagements.get(row.project_id)
            told = bool(engagement and engagement.annex_amounts)
            lines.append(
                {
                    "row": row,
                    "date": row.date,
                    "name": self._timetrack_get_annex_name(engagement, row) if engagement else "",
                    "service": row.activity_id.name or "",
                    "text": text,
                    "hours": row.hours_billed,
                    "time": self._timetrack_format_time(row.hours_billed) if row.line_id else "",
                    "amount": self._timetrack_get_told_amount(row, amounts) if told else None,
                }
            )
        return {
            "lines": lines,
            "time": self._timetrack_format_time(sum(line["hours"] for line in lines)),
            "label": self._timetrack_get_time_label(),
            "amount": sum(line["amount"] or 0.0 for line in lines),
            "names": any(line["name"] for line in lines),
            "amounts": any(line["amount"] is not None for line in lines),
        }

    @api.model
    def _timetrack_get_told_amount(self, row, amounts):
        """What the client pays for a row.

        :param dict amounts: of time, see :meth:`_get_amounts_by_part`
        """
        return float(amounts.get((row.line_id, row.part), 0)) if row.line_id else row.billed_amount

    def _timetrack_build_time_workbook(self):
        """The bytes of a workbook of the time, with live totals. Of several invoices each has a sheet."""
        pairs = [move._timetrack_prepare_time_sheet() for move in self]
        style = self.currency_id[:1]._timetrack_get_style()
        return workbook.build([header for header, _sheet in pairs], [sheet for _header, sheet in pairs], style)

    def _timetrack_prepare_time_sheet(self):
        """The header and the sheet of the time of an invoice."""
        self.ensure_one()
        detail = self._timetrack_get_time_detail(self._timetrack_get_time_rows())
        columns = [
            Column("date", self.env._("Date"), DATE),
            *[Column("name", self.env._("Person"))] * detail["names"],
            Column("service", self.env._("Service")),
            Column("text", self.env._("Description")),
            Column("hours", self.env._("Hours"), HOURS, total=True),
            *[Column("amount", self.env._("Amount"), MONEY, total=True)] * detail["amounts"],
        ]
        header = Header(
            self.env._("Time of %s", self.name),
            [
                (self.env._("Company"), self.company_id.name),
                (self.env._("Client"), self.commercial_partner_id.name),
                (self.env._("Invoice Date"), self.invoice_date),
                (self.env._("Currency"), self.currency_id.name),
                (self.env._("Invoice without tax"), self.amount_untaxed),
            ],
        )
        rows = [{column.key: line[column.key] for column in columns} for line in detail["lines"]]
        return header, Sheet(self.name or self.env._("Time"), columns, rows, total_label=self.env._("Total"))

    def _timetrack_get_ledes_file(self):
        """The LEDES file that was made of the invoice last, in sudo; empty where there is none."""
        self.ensure_one()
        return (
            self.env["ir.attachment"]
            .sudo()
            .search(
                [
                    ("res_model", "=", self._name),
                    ("res_id", "=", self.id),
                    ("res_field", "=", False),
                    ("name", "=like", "%LEDES%.txt"),
                ],
                order="id desc",
                limit=1,
            )
        )

    def _timetrack_describe_time(self, line):
        """A line of the detail in a few words, for whom cannot see the table."""
        words = [format_date(self.env, line["date"]), line["name"], line["time"]]
        return ", ".join(word for word in words if word)
