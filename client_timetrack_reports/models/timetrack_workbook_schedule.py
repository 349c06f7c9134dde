from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools.date_utils import end_of, start_of

from ..report.timetrack_workbook import KINDS

# The period that is over when the schedule comes around.
EVERY = {"week": relativedelta(weeks=1), "month": relativedelta(months=1), "quarter": relativedelta(months=3)}
LONGEST_DELAY = 366


class TimetrackWorkbookSchedule(models.Model):
    """A workbook of each week, month or quarter, mailed to people when it is over.

    Everybody gets their own: built with their rights, in their language.
    """

    _name = "timetrack.workbook.schedule"
    _description = "Scheduled Workbook"
    _order = "name, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    kind = fields.Selection(KINDS, string="Workbook", required=True, default="all")
    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company)
    every = fields.Selection(
        [("week", "Week"), ("month", "Month"), ("quarter", "Quarter")], required=True, default="month"
    )
    delay = fields.Integer(
        "Days After", default=1, help="So many days after the period is over: time of its last day may come late."
    )
    user_ids = fields.Many2many("res.users", string="People", domain="[('share', '=', False)]")
    group_ids = fields.Many2many("res.groups", help="All members who may work in the company.")
    next_date = fields.Date(
        "Next", compute="_compute_next_date", store=True, readonly=False, required=True, precompute=True
    )
    # the workbooks themselves are for their readers alone
    sent_count = fields.Integer("Sent", compute="_compute_counts", compute_sudo=True)
    failed_count = fields.Integer("Failed", compute="_compute_counts", compute_sudo=True)

    _delay_positive = models.Constraint(
        f"CHECK(delay BETWEEN 0 AND {LONGEST_DELAY})", f"The days after a period are 0 to {LONGEST_DELAY}."
    )

    def _get_delay(self):
        """The days after a period, as something to add to a day."""
        return relativedelta(days=min(max(self.delay, 0), LONGEST_DELAY))

    @api.depends("every", "delay")
    def _compute_next_date(self):
        today = fields.Date.context_today(self)
        for schedule in self:
            schedule.next_date = schedule._get_next(today)

    def _compute_counts(self):
        groups = self.env["timetrack.workbook.request"]._read_group(
            [("schedule_id", "in", self.ids)], ["schedule_id", "state"], ["__count"]
        )
        counts = {(schedule.id, state): count for schedule, state, count in groups}
        for schedule in self:
            schedule.sent_count = counts.get((schedule.id, "done"), 0)
            schedule.failed_count = counts.get((schedule.id, "failed"), 0)

    def _get_next(self, day):
        """The day after ``day`` on which the schedule comes around."""
        start = start_of(day, self.every or "month")
        after = self._get_delay()
        while start + after <= day:
            start += EVERY[self.every or "month"]
        return start + after

    def _get_period(self, day):
        """First and last day of the last period that was over when the schedule came around."""
        last = start_of(day - self._get_delay(), self.every) - relativedelta(days=1)
        return start_of(last, self.every), end_of(last, self.every)

    def _get_recipients(self):
        """The people, and the members of the groups, who may work in the company and have an address."""
        self.ensure_one()
        schedule = self.sudo()
        users = (schedule.user_ids | schedule.group_ids.all_user_ids).filtered(
            lambda user: user.active and not user.share and user.email and schedule.company_id in user.company_ids
        )
        return users.with_env(self.env)

    @api.model
    def _cron_send(self):
        """Ask for the workbooks of all schedules that are due."""
        today = fields.Date.context_today(self)
        for schedule in self.search(Domain("next_date", "<=", today)):
            # after a longer stop the last one that is due: nobody waits for those before it any more
            due = schedule.next_date
            while (following := schedule._get_next(due)) <= today:
                due = following
            schedule._ask(due)
            schedule.next_date = following

    def _ask(self, day):
        """Ask for the workbooks of the period that is over on a day."""
        self.ensure_one()
        date_from, date_to = self._get_period(day)
        self.env["timetrack.workbook.request"]._ask(
            self._get_recipients(),
            kind=self.kind,
            company_id=self.company_id.id,
            date_from=date_from,
            date_to=date_to,
            schedule_id=self.id,
        )

    def action_send_now(self):
        """Send the workbook of the last period to everybody now."""
        self.check_access("write")
        today = fields.Date.context_today(self)
        for schedule in self:
            schedule._ask(start_of(today, schedule.every) + schedule._get_delay())
        return True
