from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, file_open, split_every

from . import year

PEOPLE = (
    "helen", "jonas", "eva", "tom", "priya", "amara", "daniel", "sofia", "ravi", "lena", "marcus", "alma",
)  # fmt: skip
BATCH = 1000
REASONS = [
    "Which of the two plants was it? Please say so.",
    "Travel goes on the service type for travel.",
    "This was agreed to be free of charge: please log it on the office.",
]


class TimetrackDemo(models.AbstractModel):
    """What the demo firm did in the last nine months; called by the files in ``demo/``, and by nobody else.

    Records that stay as they are stand there as XML. What depends on today and repeats itself is made here, by the
    same methods that people use, and dated back afterwards.
    """

    _name = "timetrack.demo"
    _description = "Demo Firm"

    @api.model
    def _firm(self):
        """This model with the firm as the company."""
        return self.with_company(self.env.ref("client_timetrack.company_larkwood"))

    @api.model
    def _load_time(self):
        """Log, submit and approve nine months of time."""
        self = self._firm().with_context(tracking_disable=True)
        today = fields.Date.today()
        people = {name: self.env.ref(f"client_timetrack.employee_{name}") for name in PEOPLE}
        employees = self.env["hr.employee"].union(*people.values())
        hours = self.env["timetrack.working.time"]._get_hours(employees, year.months_before(today, year.MONTHS), today)
        with file_open("client_timetrack/demo/work.csv") as lines:
            texts = year.read_texts(lines)
        days = {name: {date: day.net for date, day in hours[one.id].items() if day.net} for name, one in people.items()}
        pieces = year.plan(texts, days, today)
        Line = self.env["account.analytic.line"]
        for batch in split_every(BATCH, pieces, list):
            Line.create([self._get_entry(people[piece.employee], piece) for piece in batch])
        self._approve_time(today)
        self._date_back()
        self.env["timetrack.period"]._ensure_days(
            (people[name].id, date) for name, dates in days.items() for date in dates if date.weekday() == 0
        )

    @api.model
    def _get_entry(self, employee, piece):
        """Values of an entry."""
        text = piece.text

        def number(kind, name):
            return self.env.ref(f"client_timetrack.{kind}_{name}").id if name else False

        return {
            "employee_id": employee.id,
            "company_id": self.env.company.id,
            "date": piece.date,
            "unit_amount": piece.hours,
            "name": text.text,
            "project_id": number("project", text.project),
            "task_id": number("task", f"{text.project}_{text.task}" if text.task else ""),
            "timetrack_activity_id": number("activity", text.service),
            "timetrack_deliverable_id": number("deliverable", text.deliverable),
        }

    @api.model
    def _approve_time(self, today):
        """Everybody hands in their weeks, and managers approve: not all of the last one, and not while on leave."""
        week = today - timedelta(days=today.weekday())
        lines = self.env["account.analytic.line"].search(
            [("company_id", "=", self.env.company.id), ("project_id", "!=", False), ("date", "<", week)]
        )
        head_of_legal = self.env.ref("client_timetrack.employee_amara")
        consulting = self.env.ref("client_timetrack.department_consulting")
        administrator = self.env.ref("base.user_admin")
        for employee, own in lines.grouped("employee_id").items():
            manager = employee.parent_id.user_id or administrator
            own.with_user(employee.user_id or manager).action_timetrack_submit()
            seen = own.filtered(lambda line: line.date < week - timedelta(days=7))
            if employee.parent_id == head_of_legal:
                seen = own.filtered(lambda line: line.date < today - timedelta(days=14))
            elif employee.department_id != consulting:
                seen = own
            seen.with_user(manager).action_timetrack_approve()
        # who takes the trouble to send something back says why
        waiting = lines.filtered(lambda line: line.timetrack_state == "submitted" and line.project_id.partner_id)
        tom = self.env.ref("client_timetrack.employee_tom")
        for reason, line in zip(REASONS, waiting.filtered(lambda line: line.employee_id == tom), strict=False):
            line.with_user(tom.parent_id.user_id).action_timetrack_reject(reason)
        # the insurer takes two weeks more
        client = self.env.ref("client_timetrack.user_client")
        matter = self.env.ref("client_timetrack.project_claim")
        matter_time = lines.filtered(
            lambda line: (
                line.project_id == matter
                and line.timetrack_step_id.kind == "client"
                and line.date < today - timedelta(days=28)
            )
        )
        matter_time.with_user(client).action_timetrack_approve()

    @api.model
    def _date_back(self):
        """Write down when it would have happened: an entry on its day, or some days later, handed in at the end of the
        week, decided at the beginning of the next.
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                UPDATE account_analytic_line
                   SET create_date = LEAST(
                           date + interval '13 hours' + id %% 11 * interval '29 minutes'
                               + CASE WHEN id %% 8 = 0 THEN id %% 5 ELSE 0 END * interval '1 day',
                           create_date
                       )
                 WHERE company_id = %(company)s AND project_id IS NOT NULL
                """,
                company=self.env.company.id,
            )
        )
        self.env.cr.execute(
            SQL(
                """
                WITH happened AS (
                    UPDATE timetrack_approval_event event
                       SET date = LEAST(
                               date_trunc('week', line.date)
                                   + CASE WHEN event.action = 'submit' THEN interval '4 days 16 hours'
                                          WHEN event.step_name IS NULL OR event.user_id <> %(client)s
                                          THEN interval '7 days 9 hours' + line.employee_id %% 3 * interval '1 day'
                                          ELSE interval '16 days 10 hours'
                                      END
                                   + line.id %% 50 * interval '1 minute',
                               event.date
                           )
                      FROM account_analytic_line line
                     WHERE line.id = event.line_id AND line.company_id = %(company)s
                 RETURNING event.line_id, event.date
                )
                UPDATE account_analytic_line line
                   SET timetrack_state_date = last.date
                  FROM (SELECT line_id, max(date) AS date FROM happened GROUP BY line_id) last
                 WHERE line.id = last.line_id
                """,
                company=self.env.company.id,
                client=self.env.ref("client_timetrack.user_client").id,
            )
        )
        self.env.invalidate_all()
