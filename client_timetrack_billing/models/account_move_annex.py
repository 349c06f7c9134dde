from collections import defaultdict
from decimal import Decimal

from odoo import models
from odoo.tools import format_date

from .timetrack_prebill import RECORDS


class AccountMove(models.Model):
    """The time detail of invoices and credit notes: what stands on the page after them."""

    _inherit = "account.move"

    def _timetrack_get_annex(self):
        """The tables of time, one for each engagement that wants it, in the language of the context.

        :return: list of dicts: ``title``, ``columns`` (labels), ``numeric`` (how many of the last ones are numbers),
            ``rows`` (lists of texts) and ``total`` (list of texts of the numbers)
        """
        self.ensure_one()
        rows = self.sudo().timetrack_allocation_ids.filtered(
            lambda row: row.kind in ("time", "adjustment") and row.line_id and row.state != "cancelled"
        )
        tables = []
        for project, some in rows.grouped("project_id").items():
            engagement = project.timetrack_engagement_ids
            if engagement.annex:
                tables.append(self._timetrack_prepare_annex(engagement, some))
        return tables

    def _timetrack_prepare_annex(self, engagement, rows):
        """The table of an engagement.

        :param rows: of the ledger: its time, and what was adjusted of it on lines of their own
        """
        amounts = rows._get_amounts_by_part()
        time = rows.filtered(lambda row: row.kind == "time")
        time = time.sorted(lambda row: (row.date, row.line_id.id, row.part))
        names = any(self._timetrack_get_annex_name(engagement, row) for row in time)
        groups = defaultdict(lambda: [0.0, Decimal(0)])
        for row in time:
            sums = groups[tuple(self._timetrack_get_annex_words(engagement, row, names))]
            sums[0] += row.hours_billed
            sums[1] += amounts.pop((row.line_id, row.part), Decimal(0))
        labels = self._timetrack_get_annex_labels(engagement, names)
        hours = sum(sums[0] for sums in groups.values())
        amount = sum(sums[1] for sums in groups.values())
        return {
            "title": engagement.project_id.name,
            "columns": [
                *labels,
                self._timetrack_get_time_label(),
                *([self.env._("Amount")] * engagement.annex_amounts),
            ],
            "numeric": 1 + engagement.annex_amounts,
            "rows": [
                [*words[1:], *self._timetrack_get_annex_figures(engagement, *sums)] for words, sums in groups.items()
            ],
            "total": self._timetrack_get_annex_figures(engagement, hours, amount),
        }

    def _timetrack_get_annex_labels(self, engagement, names):
        """Labels of the columns of words.

        :param names: whether there is a name to tell
        """
        if engagement.annex == "entry":
            people = [self.env._("Employee")] if names else []
            return [self.env._("Date"), *people, self.env._("Service"), self.env._("Description")]
        return {
            "day": [self.env._("Date")],
            "employee": [self.env._("Employee")],
            "task": [self.env._("Task")],
            "activity": [self.env._("Service")],
            "deliverable": [self.env._("Deliverable")],
        }[engagement.annex]

    def _timetrack_get_annex_words(self, engagement, row, names):
        """What tells a line of the table from others, and then what it says.

        :param names: whether there is a name to tell
        """
        by = engagement.annex
        if by == "entry":
            people = [self._timetrack_get_annex_name(engagement, row)] if names else []
            service = row.activity_id.with_context(lang=self.env.context.get("lang")).name or ""
            return [row.id, format_date(self.env, row.date), *people, service, row._get_text()]
        if by == "day":
            return [row.date, format_date(self.env, row.date)]
        if by == "employee":
            name = self._timetrack_get_annex_name(engagement, row)
            return [row.employee_id.id if name else 0, name or self.env._("Our people")]
        record = row[RECORDS[by]].with_context(lang=self.env.context.get("lang"))
        return [record.id, record.name or self.env._("Other work")]

    def _timetrack_get_annex_name(self, engagement, row):
        """Who worked, where the client may know it."""
        hidden = not engagement.annex_names or row.line_id.timetrack_policy_id.portal_hide_employee
        return "" if hidden else row.employee_id.name or ""

    def _timetrack_is_annex_in_days(self):
        """Whether the company keeps time in days."""
        return self.env["timetrack.period"]._is_in_days(self.company_id)

    def _timetrack_get_time_label(self):
        return self.env._("Days") if self._timetrack_is_annex_in_days() else self.env._("Hours")

    def _timetrack_format_time(self, hours):
        """Hours, or days where the company keeps time in days."""
        return self.company_id.sudo()._timetrack_format_time(hours)

    def _timetrack_get_annex_figures(self, engagement, hours, amount):
        """Time and amount, as they are shown."""
        amounts = [self.currency_id.format(float(amount))] if engagement.annex_amounts else []
        return [self._timetrack_format_time(hours), *amounts]
