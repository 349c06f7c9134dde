from odoo import api, fields, models
from odoo.tools import SQL

WEEKDAYS = [
    ("1", "Monday"),
    ("2", "Tuesday"),
    ("3", "Wednesday"),
    ("4", "Thursday"),
    ("5", "Friday"),
    ("6", "Saturday"),
    ("7", "Sunday"),
]
CLOCK = [(f"{hour:02}", f"{hour:02}:00") for hour in range(24)]


class TimetrackWorkPattern(models.Model):
    """When people work and when they write it down: weekdays and hours of the day, in their own time zone.

    The hour of work is that of the start, which timers and imports keep: entries without one have no hour.
    """

    _name = "timetrack.work.pattern"
    _description = "Work Pattern"
    _inherit = ["timetrack.sql.report", "hr.manager.department.report"]
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "date"
    _depends = {
        "account.analytic.line": [
            "company_id", "create_date", "date", "department_id", "employee_id", "project_id",
            "timetrack_activity_id", "timetrack_client_id", "timetrack_is_billable", "timetrack_start", "unit_amount",
            "user_id",
        ],
        "resource.resource": ["tz"],
    }  # fmt: skip

    line_id = fields.Many2one("account.analytic.line", "Time Entry", readonly=True)
    employee_id = fields.Many2one("hr.employee", readonly=True)
    user_id = fields.Many2one("res.users", readonly=True)
    department_id = fields.Many2one("hr.department", readonly=True)
    project_id = fields.Many2one("project.project", readonly=True)
    client_id = fields.Many2one("res.partner", readonly=True)
    activity_id = fields.Many2one("timetrack.activity", "Service Type", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    date = fields.Date(readonly=True)
    weekday = fields.Selection(WEEKDAYS, "Weekday of Work", readonly=True)
    start_hour = fields.Selection(CLOCK, "Start of Work", readonly=True, help="Of entries that have a start.")
    entry_weekday = fields.Selection(WEEKDAYS, "Weekday of Entry", readonly=True)
    entry_hour = fields.Selection(CLOCK, "Hour of Entry", readonly=True)
    hours = fields.Float(readonly=True)
    billable_hours = fields.Float(readonly=True)
    number = fields.Integer("Time Entries", readonly=True)
    delay = fields.Float(
        "Days Late", readonly=True, aggregator="avg", help="Days from the day of the work to the day it was entered."
    )

    @property
    def _table_query(self):
        return SQL("%s %s %s", self._select(), self._from(), self._where())

    @api.model
    def _select(self):
        """Hook: the columns."""
        entered = SQL("(l.create_date AT TIME ZONE 'UTC' AT TIME ZONE COALESCE(resource.tz, 'UTC'))")
        started = SQL("(l.timetrack_start AT TIME ZONE 'UTC' AT TIME ZONE COALESCE(resource.tz, 'UTC'))")
        return SQL(
            """
            SELECT l.id, l.id AS line_id, l.employee_id, l.user_id, l.department_id, l.project_id,
                   l.timetrack_client_id AS client_id, l.timetrack_activity_id AS activity_id, l.company_id, l.date,
                   EXTRACT(ISODOW FROM l.date)::int::varchar AS weekday,
                   to_char(%(started)s, 'HH24') AS start_hour,
                   EXTRACT(ISODOW FROM %(entered)s)::int::varchar AS entry_weekday,
                   to_char(%(entered)s, 'HH24') AS entry_hour,
                   l.unit_amount AS hours,
                   CASE WHEN l.timetrack_is_billable THEN l.unit_amount ELSE 0 END AS billable_hours,
                   1 AS number,
                   (%(entered)s::date - l.date)::float8 AS delay
            """,
            entered=entered,
            started=started,
        )

    @api.model
    def _from(self):
        """Hook: the entries."""
        return SQL(
            """
            FROM account_analytic_line l
       LEFT JOIN hr_employee employee ON employee.id = l.employee_id
       LEFT JOIN resource_resource resource ON resource.id = employee.resource_id
            """
        )

    @api.model
    def _where(self):
        """Hook: worked time, as in the report of the KPIs."""
        return self.env["timetrack.report"]._where_entry()
