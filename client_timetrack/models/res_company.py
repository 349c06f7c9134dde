from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import ormcache

from ..engine import budget as budget_engine
from ..engine import reminder
from ..engine.periods import HALF_MONTH, MONTH, TWO_WEEKS, WEEK, PeriodRule

PERIODS = [(WEEK, "Week"), (TWO_WEEKS, "Two Weeks"), (HALF_MONTH, "Half Month"), (MONTH, "Month")]
REMINDERS = [
    (reminder.NONE, "Never"),
    (reminder.DAILY, "Every Day"),
    (reminder.WEEKLY, "Every Week"),
    (reminder.PERIOD, "After Each Period"),
]
WEEKDAYS = [
    ("0", "Monday"),
    ("1", "Tuesday"),
    ("2", "Wednesday"),
    ("3", "Thursday"),
    ("4", "Friday"),
    ("5", "Saturday"),
    ("6", "Sunday"),
]


class ResCompany(models.Model):
    _inherit = "res.company"

    timetrack_approval_required = fields.Boolean(
        "Approve Time Before It Counts",
        default=True,
        help="Approved time is locked, and only approved time is billed. "
        "Without this, time behaves as in Odoo without approval.",
    )
    timetrack_policy_id = fields.Many2one(
        "timetrack.policy",
        string="Time Policy",
        ondelete="restrict",
        domain="[('company_id', 'in', (False, id))]",
        help="How time is kept unless project, client or client category say otherwise.",
    )
    timetrack_lock_date = fields.Date(
        "Time Lock Date",
        help="Time up to and including this day can be neither added nor changed nor deleted nor reopened.",
    )
    timetrack_period = fields.Selection(
        PERIODS,
        string="Timesheet Period",
        default=WEEK,
        required=True,
        help="How long the periods are in which people hand in their time. Periods that exist stay as they are.",
    )
    timetrack_week_start = fields.Selection(
        WEEKDAYS, string="Weeks Start On", default="0", required=True, help="The first day of periods of weeks."
    )
    timetrack_period_anchor = fields.Date(
        "First Week", help="Any day of a week with which a period of two weeks starts. Empty: the first week of 2024."
    )
    timetrack_deadline_days = fields.Integer(
        "Days to Submit",
        default=2,
        help="Days after the end of the period until which its time is to be submitted.",
    )
    timetrack_flexible_weekly_hours = fields.Float(
        "Weekly Hours of Flexible Employees",
        default=40.0,
        help="Working hours a week of employees without a working schedule, shared evenly by Monday to Friday.",
    )
    timetrack_timer_warn_hours = fields.Float(
        "Forgotten Timers",
        default=10.0,
        help="Hours after which a running timer is taken for forgotten and its employee is told. 0: never.",
    )
    timetrack_budget_thresholds = fields.Char(
        "Budget Alerts at %", default="50, 80, 100", help="Percentages of a budget at which project managers are told."
    )
    timetrack_reminder = fields.Selection(
        REMINDERS,
        string="Reminders",
        default=reminder.NONE,
        required=True,
        help="When people are reminded, by activities and one mail, of time that is missing or not handed in and of "
        "time that waits for their approval. Nobody is told on leave, on holidays and on days off.",
    )
    timetrack_reminder_weekday = fields.Selection(
        WEEKDAYS, string="Day of Reminders", default="4", required=True, help="Of weekly reminders."
    )
    timetrack_reminder_hour = fields.Integer(
        "Hour of Reminders", default=8, help="From this hour on, in the time zone of the employee."
    )
    timetrack_reminder_tolerance = fields.Float(
        "Hours That May Be Missing", help="Of a period: only who misses more is reminded."
    )
    timetrack_reminder_escalation_days = fields.Integer(
        "Days Until the Manager Is Told",
        default=7,
        help="Days after the first reminder, after which the line manager hears of what is still missing. 0: never.",
    )
    timetrack_reminder_pending_days = fields.Integer(
        "Days That Time May Wait", default=3, help="Approvers are reminded of time that waits for longer. 0: never."
    )
    timetrack_reminder_may_mute = fields.Boolean(
        "People May Mute Reminders", help="In their own preferences. Their managers are told nevertheless."
    )
    timetrack_code_set_ids = fields.Many2many(
        "timetrack.code.set",
        "res_company_timetrack_code_set_rel",
        "company_id",
        "code_set_id",
        string="Code Sets",
        groups="base.group_user",
        help="Time on projects that choose no code sets offers the codes of these. Empty: all codes.",
    )

    _timetrack_flexible_weekly_hours_range = models.Constraint(
        "CHECK(timetrack_flexible_weekly_hours BETWEEN 0 AND 120)",
        "The weekly hours of flexible employees must be between 0 and 120.",
    )
    _timetrack_deadline_days_not_negative = models.Constraint(
        "CHECK(timetrack_deadline_days >= 0)", "The deadline of a period cannot be before its end."
    )

    _timetrack_timer_warn_hours_not_negative = models.Constraint(
        "CHECK(timetrack_timer_warn_hours >= 0)", "The hours of a forgotten timer cannot be negative."
    )

    _timetrack_reminder_numbers = models.Constraint(
        "CHECK(timetrack_reminder_hour BETWEEN 0 AND 23 AND timetrack_reminder_tolerance >= 0"
        " AND timetrack_reminder_escalation_days >= 0 AND timetrack_reminder_pending_days >= 0)",
        "The hour of reminders is one of a day; hours and days of reminders cannot be negative.",
    )

    @api.model
    @ormcache()
    def _timetrack_get_exempt_ids(self):
        """Ids of the companies that do without approval, archived ones too: each step and many a search asks."""
        companies = self.sudo().with_context(active_test=False)
        return tuple(companies.search([("timetrack_approval_required", "=", False)]).ids)

    def cache_invalidation_fields(self):
        return super().cache_invalidation_fields() | {"timetrack_approval_required"}

    def write(self, vals):
        """What is still to compute of the time that is about to be closed is computed while it is open."""
        if "timetrack_lock_date" in vals:
            self.env.flush_all()
        return super().write(vals)

    def _timetrack_lock_exception(self, date):
        """The exception in force that lets the user change time of a day up to the lock date.

        :param date: the day in question
        :return: ``timetrack.lock.exception`` in sudo, empty where there is none
        """
        self.ensure_one()
        exceptions = self.env["timetrack.lock.exception"]._find(self)
        return exceptions.filtered(lambda exception: not exception.lock_date or date > exception.lock_date)[:1]

    @api.constrains("timetrack_budget_thresholds")
    def _check_timetrack_budget_thresholds(self):
        for company in self:
            self._timetrack_check_thresholds(company.timetrack_budget_thresholds)

    @api.model
    def _timetrack_check_thresholds(self, text):
        """
        :raise ValidationError: the text is no list of percentages
        """
        try:
            budget_engine.parse_thresholds(text)
        except ValueError as error:
            raise ValidationError(
                self.env._("“%s” is no percentage. Write for instance 50, 80, 100.", error.args[0])
            ) from error

    @api.constrains("timetrack_policy_id")
    def _check_timetrack_policy_id(self):
        for company in self:
            policy = company.timetrack_policy_id.sudo()
            if policy.company_id not in (company.browse(), company):
                raise ValidationError(
                    self.env._(
                        "The time policy “%(policy)s” is another company's: choose one of %(company)s, or of every "
                        "company.",
                        policy=policy.name,
                        company=company.name,
                    )
                )

    def _timetrack_period_rule(self):
        """How the company divides time into periods (see ``engine/periods.py``)."""
        self.ensure_one()
        return PeriodRule(self.timetrack_period, int(self.timetrack_week_start), self.timetrack_period_anchor or None)

    def _timetrack_mail_author(self):
        """Who writes to people about their time: the company, or the system where the company has no address."""
        self.ensure_one()
        if self.email:
            return {"author_id": self.partner_id.id, "email_from": self.email_formatted}
        return {"author_id": self.env.user.partner_id.id, "email_from": self.env.user.email_formatted}
