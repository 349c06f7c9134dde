from collections import defaultdict
from datetime import timedelta
from typing import NamedTuple

from pytz import UTC, timezone

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, float_compare, format_date, split_every

from ..engine import reminder as engine
from ..engine.approval import SUBMITTED
from ..engine.capacity import DIGITS

ACTIVITY_TYPE = "client_timetrack.mail_activity_type_timetrack_log"
# People that one transaction of the scheduled action tells.
BATCH = 200
# What is older is a matter for people, not for reminders.
LOOKBACK = timedelta(days=35)


class Short(NamedTuple):
    """What a period lacks: hours that are not logged, hours that are not handed in though it is over."""

    missing: float
    unsubmitted: float


class Waiting(NamedTuple):
    """What waits for an approver for too long: entries, hours, and for how many days the oldest."""

    count: int
    hours: float
    days: int


class TimetrackPeriod(models.Model):
    """Reminds people of time that is missing, not handed in, or waits for their approval: one mail for all of it.

    How it works: every hour ``_cron_remind`` looks whom the rhythm of their company wants to be told, who works today
    by their calendar, and where the day has come far enough in their zone (see ``engine/reminder.py``). The current
    period of an employee remembers when they were told, a period that lacks something since when its employee is
    reminded, so that their manager can hear of it some days later. Nobody is told on leave, holidays or days off.

    Queries depend neither on the number of employees nor on what they lack.
    """

    _inherit = "timetrack.period"

    reminded_on = fields.Date(
        "Reminder Sent", readonly=True, copy=False, help="The last day in the period on which the employee was told."
    )
    reminded_since = fields.Date(
        readonly=True, copy=False, help="The day on which the period was first found to lack time."
    )

    @api.model
    def _cron_remind(self):
        """Remind everybody whose turn it is, in batches; what one run leaves the next one does."""
        self = self.sudo()
        self._drop_settled_activities()
        cron = self.env["ir.cron"]
        todo = self._get_turns()
        cron._commit_progress(remaining=sum(len(employees) for _company, _tz, employees in todo))
        for done in self._take_turns(todo):
            if not cron._commit_progress(done):
                break

    @api.model
    def _take_turns(self, turns):
        """Remind people, batch by batch; yields how many were looked at.

        :param list turns: of ``_get_turns``
        """
        waiting = {}
        for company, tz, employees in turns:
            if company not in waiting:
                waiting[company] = self._get_waiting_long(company)
            for ids in split_every(BATCH, employees.ids):
                self.with_context(tz=tz)._remind(company, employees.browse(ids), waiting[company])
                yield len(ids)

    @api.model
    def _get_turns(self):
        """Whose turn it is: list of (company, time zone, employees who work today and were not told yet)."""
        companies = self.env["res.company"].search([("timetrack_reminder", "!=", engine.NONE)])
        everybody = self.env["hr.employee"].search([("company_id", "in", companies.ids)])
        now = UTC.localize(fields.Datetime.now())
        turns = []
        for (company, tz), employees in everybody.grouped(lambda one: (one.company_id, one.tz or "UTC")).items():
            local = now.astimezone(timezone(tz))
            if local.hour < company.timetrack_reminder_hour:
                continue
            today = local.date()
            start = company._timetrack_period_rule().period_of(today).date_from
            due = engine.last_due(company.timetrack_reminder, today, int(company.timetrack_reminder_weekday), start)
            found = self._read_group(
                Domain("employee_id", "in", employees.ids) & Domain("reminded_on", "!=", False),
                ["employee_id"],
                ["reminded_on:max"],
            )
            told = {employee.id: day for employee, day in found}
            late = employees.filtered(lambda one, due=due, told=told: engine.is_due(due, told.get(one.id)))
            hours = self.env["timetrack.working.time"]._get_hours(late, today, today)
            working = late.filtered(lambda one, hours=hours, today=today: self._works(hours[one.id].get(today)))
            if working:
                turns.append((company, tz, working))
        return turns

    @api.model
    def _works(self, day):
        return bool(day) and day.net > 0

    def _remind(self, company, employees, waiting):
        """Tell employees of a company what they are to do; who has nothing to do hears nothing.

        :param employees: ``hr.employee`` records of one time zone, which is that of the context
        :param dict waiting: of ``_get_waiting_long``
        """
        today = fields.Date.context_today(self)
        current = self._ensure(employees, today)
        periods = self._get_recent(current, today)
        short = periods._filter_short(company, today)
        lacking = self.browse([period.id for period in short])
        lacking.filtered(lambda period: not period.reminded_since).write({"reminded_since": today})
        (periods - lacking).filtered("reminded_since").write({"reminded_since": False})
        own = defaultdict(list)
        for period, lack in short.items():
            own[period.employee_id].append((period, lack))
        people = employees.filtered(lambda one: one.user_id.active and not one.user_id._timetrack_is_muted(company))
        team = self._get_team_short(company, people, today)
        long_running = self.env["timetrack.timer"]._get_long_running(company)
        timers = {timer.employee_id: timer for timer in long_running if timer.employee_id in people}
        self._create_log_activities({period: lack for one in people for period, lack in own[one]})
        mails = [
            one._timetrack_prepare_reminder(own[one], team[one], waiting.get(one.user_id), timers.get(one))
            for one in people
            if own[one] or team[one] or one.user_id in waiting or one in timers
        ]
        mails = [mail for mail in mails if mail]
        if mails:
            self.env["mail.mail"].create(mails)
            self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()
        current.write({"reminded_on": today})

    # ------------------------------------------------------------------
    # What is to be told
    # ------------------------------------------------------------------

    @api.model
    def _get_recent(self, current, today):
        """The periods that reminders look at, oldest first, of the employees of the current ones."""
        self._ensure_days({(period.employee_id.id, period.date_from - timedelta(days=1)) for period in current})
        return self.search(
            Domain("employee_id", "in", current.employee_id.ids)
            & Domain("date_to", ">=", today - LOOKBACK)
            & Domain("date_from", "<", today),
            order="date_from, id",
        )

    def _filter_short(self, company, today):
        """Those of the periods that lack something: dict of period to :class:`Short`, in their order."""
        short = {}
        for period in self:
            over = period.date_to < today
            if not over and company.timetrack_reminder == engine.PERIOD:
                continue
            missing = period.missing_hours
            if float_compare(missing, company.timetrack_reminder_tolerance, DIGITS) <= 0:
                missing = 0.0
            unsubmitted = period.draft_hours + period.rejected_hours
            if not over or not company.timetrack_approval_required:
                unsubmitted = 0.0
            if missing or unsubmitted:
                short[period] = Short(missing, unsubmitted)
        return short

    @api.model
    def _get_team_short(self, company, managers, today):
        """What people of the managers' own teams lack, though they were told days ago.

        :return: dict of manager to list of (period, :class:`Short`)
        """
        days = company.timetrack_reminder_escalation_days
        team = defaultdict(list)
        if not days:
            return team
        periods = self.search(
            Domain("company_id", "=", company.id)
            & Domain("employee_id", "any", Domain("parent_id", "in", managers.ids) & Domain("active", "=", True))
            & Domain("reminded_since", "<=", today - timedelta(days=days))
            & Domain("date_to", ">=", today - LOOKBACK),
            order="employee_id, date_from, id",
        )
        for period, lack in periods._filter_short(company, today).items():
            team[period.employee_id.parent_id].append((period, lack))
        return team

    @api.model
    def _get_waiting_long(self, company):
        """What waits for approvers in a company for too long: dict of user to :class:`Waiting`."""
        days = company.timetrack_reminder_pending_days
        if not days or not company.timetrack_approval_required:
            return {}
        Line = self.env["account.analytic.line"].with_context(active_test=False)
        Line.flush_model()
        self.env["timetrack.approval.event"].flush_model()
        # asked of the trail: of the last time that an entry was handed in
        rows = self.env.execute_query(
            SQL(
                """
                SELECT line.id, max(event.date)
                  FROM account_analytic_line line
                  JOIN timetrack_approval_event event ON event.line_id = line.id AND event.action = 'submit'
                 WHERE line.timetrack_state = %(submitted)s AND line.company_id = %(company)s
              GROUP BY line.id
                HAVING max(event.date) <= %(latest)s
                """,
                submitted=SUBMITTED,
                company=company.id,
                latest=fields.Datetime.now() - timedelta(days=days),
            )
        )
        since = dict(rows)
        found = defaultdict(list)
        for entry, asked in self._get_asked(Line.browse(since)).items():
            for user in asked:
                found[user].append(entry)
        now = fields.Datetime.now()
        return {
            user: Waiting(
                len(entries),
                sum(entry.unit_amount for entry in entries),
                max((now - since[entry.id]).days for entry in entries),
            )
            for user, entries in found.items()
        }

    # ------------------------------------------------------------------
    # Activities
    # ------------------------------------------------------------------

    @api.model
    def _log_activity_domain(self):
        type_id = self.env["ir.model.data"]._xmlid_to_res_id(ACTIVITY_TYPE)
        return Domain("res_model", "=", self._name) & Domain("activity_type_id", "=", type_id)

    def _create_log_activities(self, short):
        """Ask employees for what their periods lack, once for each.

        :param dict short: :class:`Short` by period
        """
        # the mail says it already, and nobody has to follow their own timesheet
        quietly = {"mail_activity_quick_update": True, "timetrack_no_follower": True}
        Activity = self.env["mail.activity"].with_context(**quietly)
        periods = self.browse([period.id for period in short])
        known = Activity.search_fetch(self._log_activity_domain() & Domain("res_id", "in", periods.ids), ["res_id"])
        todo = periods - self.browse(known.mapped("res_id"))
        type_id = self.env["ir.model.data"]._xmlid_to_res_id(ACTIVITY_TYPE)
        model_id = self.env["ir.model"]._get_id(self._name)
        today = fields.Date.context_today(self)
        Activity.create(
            [
                {
                    "activity_type_id": type_id,
                    "automated": True,
                    "summary": period.with_context(lang=period.user_id.lang)._describe_short(short[period]),
                    "date_deadline": max(period.deadline, today),
                    "res_model_id": model_id,
                    "res_id": period.id,
                    "user_id": period.user_id.id,
                }
                for period in todo
            ]
        )
        # Odoo looks up their names one by one: while the periods are at hand, it does not ask the database
        Activity.flush_model(["res_name"])

    def message_subscribe(self, partner_ids=None, subtype_ids=None):
        """Activities subscribe their users one by one: reminders leave it out, for everybody at once."""
        if self.env.context.get("timetrack_no_follower"):
            return True
        return super().message_subscribe(partner_ids, subtype_ids)

    @api.model
    def _drop_settled_activities(self):
        """Remove what nothing stands behind any more."""
        activities = self.env["mail.activity"].search_fetch(self._log_activity_domain(), ["res_id"])
        periods = self.browse(set(activities.mapped("res_id"))).exists()
        settled = periods
        for company, own in periods.grouped("company_id").items():
            settled -= self.browse(
                [period.id for period in own._filter_short(company, fields.Date.context_today(self))]
            )
        activities.filtered(lambda activity: activity.res_id in settled._ids).unlink()
        settled.filtered("reminded_since").write({"reminded_since": False})

    def _describe_short(self, short):
        """What the period lacks in a sentence, in the language of ``self``."""
        self.ensure_one()
        parts = []
        if short.missing:
            parts.append(self.env._("%s missing", self._format_hours(short.missing, self.company_id)))
        if short.unsubmitted:
            hours = self._format_hours(short.unsubmitted, self.company_id)
            day = format_date(self.env, self.deadline)
            if self.is_late:
                parts.append(self.env._("%(hours)s to submit, due since %(day)s", hours=hours, day=day))
            else:
                parts.append(self.env._("%(hours)s to submit until %(day)s", hours=hours, day=day))
        return self.env._("%(period)s: %(lack)s", period=self.label, lack=", ".join(parts))
