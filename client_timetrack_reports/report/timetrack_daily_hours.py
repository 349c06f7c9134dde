from odoo import api, fields, models
from odoo.tools import SQL


class TimetrackDailyHours(models.Model):
    """Hours day by day until today, and their averages of the last 7 and 28 days; a day without time has a row too.

    Averages of departments add up to that of the company.
    """

    _name = "timetrack.daily.hours"
    _inherit = ["timetrack.sql.report"]
    _description = "Hours by Day"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "date"
    _depends = {
        "account.analytic.line": [
            "company_id", "date", "department_id", "project_id", "timetrack_is_billable", "unit_amount",
        ],
    }  # fmt: skip

    department_id = fields.Many2one("hr.department", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    date = fields.Date(readonly=True)
    hours = fields.Float(readonly=True)
    billable_hours = fields.Float(readonly=True)
    average_7 = fields.Float("Average of 7 Days", readonly=True)
    average_28 = fields.Float("Average of 28 Days", readonly=True)
    billable_7 = fields.Float("Billable, Average of 7 Days", readonly=True)
    billable_28 = fields.Float("Billable, Average of 28 Days", readonly=True)

    @property
    def _table_query(self):
        return SQL(
            """
            WITH daily AS (%(daily)s),
                 spans AS (
                     SELECT company_id, department_id, min(date) AS first
                       FROM daily
                   GROUP BY 1, 2
                 ),
                 -- a day without time is one of zero hours; to join the days that have some is slow where they are few
                 days AS (
                     SELECT company_id, department_id, date, sum(hours) AS hours, sum(billable_hours) AS billable_hours
                       FROM (
                           SELECT company_id, department_id, date, hours, billable_hours
                             FROM daily
                            WHERE date <= CURRENT_DATE
                        UNION ALL
                           SELECT spans.company_id, spans.department_id, day.date::date, 0, 0
                             FROM spans
                       CROSS JOIN LATERAL generate_series(spans.first, CURRENT_DATE, INTERVAL '1 day') AS day (date)
                       ) AS every
                   GROUP BY 1, 2, 3
                 )
            SELECT row_number() OVER (ORDER BY company_id, department_id, date) AS id,
                   company_id, department_id, date, hours, billable_hours,
                   avg(hours) OVER (%(by)s ROWS 6 PRECEDING) AS average_7,
                   avg(hours) OVER (%(by)s ROWS 27 PRECEDING) AS average_28,
                   avg(billable_hours) OVER (%(by)s ROWS 6 PRECEDING) AS billable_7,
                   avg(billable_hours) OVER (%(by)s ROWS 27 PRECEDING) AS billable_28
              FROM days
            """,
            daily=self._get_daily(),
            by=SQL("PARTITION BY company_id, department_id ORDER BY date"),
        )

    @api.model
    def _get_daily(self):
        """Hook: the days that have time."""
        return SQL(
            """
            SELECT l.company_id, l.department_id, l.date, sum(l.unit_amount) AS hours,
                   sum(CASE WHEN l.timetrack_is_billable THEN l.unit_amount ELSE 0 END) AS billable_hours
              FROM account_analytic_line l
              %s
          GROUP BY l.company_id, l.department_id, l.date
            """,
            self.env["timetrack.report"]._where_entry(),
        )
