from odoo import api, fields, models
from odoo.tools import SQL


class TimetrackAccrualEntry(models.Model):
    """What is accrued of a time entry: its share of its engagement's work in progress, to the cent."""

    _name = "timetrack.accrual.entry"
    _description = "Accrued Time"
    _order = "date, id"
    _rec_name = "line_id"

    accrual_line_id = fields.Many2one("timetrack.accrual.line", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="accrual_line_id.company_id", store=True)
    line_id = fields.Many2one("account.analytic.line", string="Time Entry", index="btree_not_null", ondelete="cascade")
    date = fields.Date(related="line_id.date", store=True)
    employee_id = fields.Many2one(related="line_id.employee_id", store=True)
    project_id = fields.Many2one(related="accrual_line_id.project_id", string="Engagement", store=True)
    currency_id = fields.Many2one(related="accrual_line_id.currency_id", store=True)
    hours = fields.Float()
    amount = fields.Monetary("Accrued")

    @api.model
    def _clear(self, lines):
        """Forget what was accrued before, in one statement: nothing hangs on these rows.

        :param lines: of the accrual (``timetrack.accrual.line``)
        """
        self.env.flush_all()
        self.env.cr.execute(SQL("DELETE FROM timetrack_accrual_entry WHERE accrual_line_id = ANY(%s)", lines.ids))
        self.invalidate_model(flush=False)
        lines.invalidate_recordset(["entry_ids"], flush=False)

    @api.model
    def _insert(self, details):
        """Add rows in one statement: there may be tens of thousands.

        :param list details: tuples of the accrual line's id, the entry's id, hours and amount
        """
        if not details:
            return
        self.env.flush_all()
        columns = [list(column) for column in zip(*details, strict=True)]
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO timetrack_accrual_entry
                       (accrual_line_id, line_id, hours, amount, company_id, project_id, currency_id, date,
                        employee_id, create_uid, create_date, write_uid, write_date)
                SELECT new.accrual_line, new.entry, new.hours, new.amount, accrual.company_id, accrual.project_id,
                       accrual.currency_id, line.date, line.employee_id, %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s,
                       now() AT TIME ZONE 'UTC'
                  FROM unnest(%(lines)s::int[], %(entries)s::int[], %(hours)s::float8[], %(amounts)s::numeric[])
                       AS new (accrual_line, entry, hours, amount)
                  JOIN timetrack_accrual_line accrual ON accrual.id = new.accrual_line
                  JOIN account_analytic_line line ON line.id = new.entry
                """,
                uid=self.env.uid,
                lines=columns[0],
                entries=columns[1],
                hours=columns[2],
                amounts=columns[3],
            )
        )
        self.env["timetrack.accrual.line"].invalidate_model(["entry_ids"], flush=False)
