import logging
from datetime import timedelta

from pytz import UTC, timezone

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL, format_datetime

from ..engine import timer as engine
from ..tools import isolated
from .account_analytic_line_grid import ROW_FIELDS, is_id

_logger = logging.getLogger(__name__)

RUNNING = "running"
PAUSED = "paused"
STOPPED = "stopped"
BOOKED = "booked"
OPEN_STATES = (RUNNING, PAUSED)
STATES = [(RUNNING, "Running"), (PAUSED, "Paused"), (STOPPED, "To Sort"), (BOOKED, "Booked")]
# Shorter than this, somebody pressed the wrong button.
SHORTEST = 10
NAME_LENGTH = 2000
# The clock of a device may be ahead of the server's.
CLOCKS_DIFFER = timedelta(minutes=5)
# Of several servers one may be behind the others.
SERVERS_DIFFER = timedelta(minutes=1)


class TimetrackTimer(models.Model):
    """A stopwatch of an employee: what it measures becomes time entries when it stops.

    An employee has one open timer at most, running or paused; who works in two companies has one altogether. Its laps
    are the raw time: from when to when it ran. Stopped, they become an entry for each day in the employee's time zone,
    rounded by the policy of the project. What cannot be booked, because nobody said what it was for or because a rule
    refuses it, stays "to sort": time is never lost.

    Everybody works with their own timer only, and only by the methods here: they act as the system on the timer, and
    with the user's own rights on everything else.
    """

    _name = "timetrack.timer"
    _description = "Timer"
    _order = "id desc"
    _rec_name = "name"

    employee_id = fields.Many2one("hr.employee", required=True, readonly=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="employee_id.company_id")
    state = fields.Selection(STATES, required=True, readonly=True, default=RUNNING)
    name = fields.Char("Description", readonly=True)
    project_id = fields.Many2one("project.project", readonly=True, ondelete="set null", index="btree_not_null")
    task_id = fields.Many2one("project.task", readonly=True, ondelete="set null", index="btree_not_null")
    timetrack_activity_id = fields.Many2one(
        "timetrack.activity", string="Service Type", readonly=True, ondelete="set null", index="btree_not_null"
    )
    timetrack_deliverable_id = fields.Many2one(
        "timetrack.deliverable", string="Deliverable", readonly=True, ondelete="set null", index="btree_not_null"
    )
    lap_ids = fields.One2many("timetrack.timer.lap", "timer_id", string="Laps", readonly=True)
    entry_ids = fields.One2many("account.analytic.line", "timetrack_timer_id", string="Time Entries", readonly=True)
    start = fields.Datetime("Start Time", compute="_compute_measured")
    hours = fields.Float("Measured", compute="_compute_measured", help="Hours that the timer ran, before rounding.")
    refusal = fields.Text("Why It Is Not Booked", readonly=True)
    is_warned = fields.Boolean(readonly=True, help="Somebody was told that it runs for long.")

    _open_unique = models.UniqueIndex(
        "(employee_id) WHERE state IN ('running', 'paused')", "This employee has a timer already."
    )
    _stopped_idx = models.Index("(employee_id) WHERE state = 'stopped'")

    @api.depends("lap_ids.start", "lap_ids.stop")
    def _compute_measured(self):
        now = fields.Datetime.now()
        for timer in self:
            laps = timer._get_laps(now)
            timer.start = min((start for start, _stop in laps), default=False)
            timer.hours = engine.total_seconds(laps) / 3600

    def _get_laps(self, now):
        """Pairs of start and stop in UTC; a lap that runs stops now."""
        self.ensure_one()
        return [(lap.start, max(lap.start, lap.stop or now)) for lap in self.lap_ids]

    # ------------------------------------------------------------------
    # Whose
    # ------------------------------------------------------------------

    @api.model
    def _get_employees(self):
        """The user's employees, in all companies, in sudo.

        :raise AccessError: the user does not log time
        """
        if not self.env.user.has_group("hr_timesheet.group_hr_timesheet_user"):
            raise AccessError(self.env._("Timers are for people who log time."))
        # not by the user's own field, which knows the active companies only
        return self.env["hr.employee"].sudo().search([("user_id", "=", self.env.uid)], order="id")

    @api.model
    def _get_open(self):
        """The open timer of the user, in sudo; empty where there is none."""
        return self.sudo().search(
            Domain("employee_id", "in", self._get_employees().ids) & Domain("state", "in", OPEN_STATES), limit=1
        )

    @api.model
    def _require_open(self):
        """The open timer of the user.

        :raise UserError: there is none
        """
        timer = self._get_open()
        if not timer:
            raise UserError(self.env._("No timer is running: it was stopped, here or on another device."))
        return timer

    @api.model
    def _require_stopped(self, timer_id):
        """A timer of the user that is to be sorted.

        :raise UserError: it is none
        """
        timer = self.sudo().search(
            Domain("id", "=", timer_id if is_id(timer_id) else 0)
            & Domain("employee_id", "in", self._get_employees().ids)
            & Domain("state", "=", STOPPED)
        )
        if not timer:
            raise UserError(self.env._("This time is sorted already, or discarded."))
        return timer

    @api.model
    def _pick_employee(self, values):
        """The employee of the user whose time it is: that of the project's company, else of the active one.

        :raise UserError: the user has none there
        """
        employees = self._get_employees()
        project = self.env["project.project"].sudo().browse(values.get("project_id") or [])
        company = project.company_id or self.env.company
        employee = employees.filtered(lambda employee: employee.company_id == company)[:1]
        if not employee and not project.company_id:
            employee = employees[:1]
        if not employee:
            raise UserError(
                self.env._(
                    "You have no employee in the company %(company)s, so you cannot log time there. Ask an "
                    "administrator to link one to your user.",
                    company=company.name,
                )
            )
        return employee

    # ------------------------------------------------------------------
    # What it is for
    # ------------------------------------------------------------------

    @api.model
    def _clean_values(self, values):
        """What the user says a timer is for: description and the records of a row, which the user can see.

        :param dict values: any of ``name``, ``project_id``, ``task_id``, ``timetrack_activity_id``,
            ``timetrack_deliverable_id``; ids or False
        :return: the same to write; the project of a task comes along
        :raise UserError: a field or an id is none
        :raise AccessError: the user cannot see a record
        """
        values = values or {}
        if not isinstance(values, dict) or set(values) - {"name", *ROW_FIELDS}:
            raise UserError(self.env._("A timer has a description and these fields: %s.", ", ".join(ROW_FIELDS)))
        cleaned = {}
        for name, value in values.items():
            if name == "name":
                cleaned[name] = str(value or "").strip()[:NAME_LENGTH]
                continue
            if value and not is_id(value):
                raise UserError(
                    self.env._("“%(value)s” is no %(field)s.", value=value, field=self._fields[name].string)
                )
            record = self.env[self._fields[name].comodel_name].browse(value or [])
            record.check_access("read")
            cleaned[name] = record.exists().id
        if cleaned.get("task_id"):
            cleaned["project_id"] = self.env["project.task"].browse(cleaned["task_id"]).sudo().project_id.id
        elif "project_id" in cleaned:
            cleaned["task_id"] = False
        return cleaned

    # ------------------------------------------------------------------
    # What the web client calls
    # ------------------------------------------------------------------

    @api.model
    def get_state(self):
        """The user's timer, for the systray of every page.

        :return: ::

            {
                "timer": {"id": 5, "state": "running", "name": "Call", "elapsed": 125,      # seconds
                          "values": {"project_id": [7, "Merger"], "task_id": False, …},
                          "start": "2026-11-26 08:00:00",
                          "left": 3.5},             # hours left of the task; False without allocated time
                                                    # or False: none is open
                "to_sort": [{… as above, "refusal": "Choose a project …"}],
                "warn_hours": 10.0,         # from how many hours on a timer is looked upon as forgotten; 0: never
            }
        """
        employees = self._get_employees()
        timers = self.sudo().search(
            Domain("employee_id", "in", employees.ids) & Domain("state", "in", (*OPEN_STATES, STOPPED)), order="id"
        )
        open_timer = timers.filtered(lambda timer: timer.state in OPEN_STATES)[:1]
        company = (open_timer.employee_id or employees[:1]).company_id
        return {
            "timer": open_timer._describe() if open_timer else False,
            "to_sort": [timer._describe() for timer in timers if timer.state == STOPPED],
            "warn_hours": company.timetrack_timer_warn_hours,
        }

    def _describe(self):
        """The timer as ``get_state`` returns it."""
        self.ensure_one()
        laps = self._get_laps(fields.Datetime.now())
        return {
            "id": self.id,
            "state": self.state,
            "name": self.name or "",
            "elapsed": engine.total_seconds(laps),
            "start": fields.Datetime.to_string(laps[0][0]) if laps else False,
            "values": {name: [self[name].id, self[name].display_name] if self[name] else False for name in ROW_FIELDS},
            "refusal": self.refusal or "",
            "left": self.env["account.analytic.line"]._timetrack_grid_left(self.task_id),
        }

    @api.model
    def start_timer(self, values=None):
        """Start a timer; what runs already stops and is booked. What runs for the same work goes on.

        :param dict values: see ``_clean_values``; nothing: to be sorted later
        :return: see ``_answer``
        :raise UserError: the user has no employee there, or the values are wrong
        """
        cleaned = self._clean_values(values)
        employee = self._pick_employee(cleaned)
        notice = ""
        current = self._get_open()
        if current and current.employee_id == employee and current._is_for(cleaned):
            current._run()
            return self._answer()
        if current:
            notice = current._stop()
        timer = self._insert(employee)
        timer.write(cleaned)
        self.env["timetrack.timer.lap"].sudo().create({"timer_id": timer.id, "start": fields.Datetime.now()})
        return self._answer(notice)

    def _is_for(self, values):
        """Whether the timer is for that very work."""
        self.ensure_one()
        return all(
            (self[name].id if name in ROW_FIELDS else self[name] or "")
            == (values.get(name) or ("" if name == "name" else False))
            for name in ("name", *ROW_FIELDS)
        )

    @api.model
    def _insert(self, employee):
        """Make a running timer of an employee, in sudo.

        The database decides who is first: where another device has just started one, the transaction is serialized
        and Odoo tries the request again, which then finds that timer.
        """
        self.flush_model(["employee_id", "state"])
        [(timer_id,)] = self.env.execute_query(
            SQL(
                """
                INSERT INTO timetrack_timer (employee_id, state, create_uid, write_uid, create_date, write_date)
                     VALUES (%(employee)s, 'running', %(uid)s, %(uid)s, %(now)s, %(now)s)
                ON CONFLICT (employee_id) WHERE state IN ('running', 'paused') DO NOTHING
                  RETURNING id
                """,
                employee=employee.id,
                uid=self.env.uid,
                now=fields.Datetime.now(),
            )
        )
        return self.sudo().browse(timer_id)

    @api.model
    def pause_timer(self):
        """Let the user's timer rest.

        :raise UserError: none is open
        """
        self._require_open()._pause()
        return self._answer()

    @api.model
    def resume_timer(self):
        """Let the user's timer go on.

        :raise UserError: none is open
        """
        self._require_open()._run()
        return self._answer()

    @api.model
    def stop_timer(self, at=None):
        """Stop the user's timer and book what it measured.

        :param str at: the moment (UTC) at which the work ended, where somebody forgot the timer; now when left out
        :return: see ``_answer``
        :raise UserError: none is open, or the moment is not within the last lap
        """
        timer = self._require_open()
        return self._answer(timer._stop(timer._parse_moment(at)))

    @api.model
    def discard_timer(self, timer_id=None):
        """Throw a timer of the user away, with its raw time: the open one, or one that is to be sorted.

        :raise UserError: there is none
        """
        timer = self._require_stopped(timer_id) if timer_id else self._require_open()
        timer.unlink()
        return self._answer()

    @api.model
    def update_timer(self, values):
        """Say what the user's open timer is for; it goes on.

        :param dict values: see ``_clean_values``
        :raise UserError: none is open, or the values are wrong
        """
        timer = self._require_open()
        cleaned = self._clean_values(values)
        if cleaned.get("project_id"):
            # another company, another employee
            timer.employee_id = self._pick_employee(cleaned)
        if "project_id" in cleaned and cleaned["project_id"] != timer.project_id.id:
            cleaned = {"timetrack_activity_id": False, "timetrack_deliverable_id": False, **cleaned}
        timer.write(cleaned)
        return self._answer()

    @api.model
    def book_timer(self, timer_id, values=None):
        """Book a timer of the user that is to be sorted.

        :param dict values: what it was for, see ``_clean_values``
        :raise UserError: there is none
        """
        timer = self._require_stopped(timer_id)
        cleaned = self._clean_values(values)
        if cleaned.get("project_id"):
            timer.employee_id = self._pick_employee(cleaned)
        timer.write(cleaned)
        return self._answer(timer._book())

    @api.model
    def _answer(self, notice=""):
        """What every action returns: ``get_state``, and in ``notice`` what the user should know of it.

        The user's other pages and devices are told as well.
        """
        self.env.flush_all()
        state = self.get_state()
        self.env.user._bus_send("timetrack.timer", state)
        return {**state, "notice": notice}

    # ------------------------------------------------------------------
    # Running, pausing, stopping
    # ------------------------------------------------------------------

    def _run(self):
        self.ensure_one()
        if self.state == PAUSED:
            self.state = RUNNING
            self.env["timetrack.timer.lap"].create({"timer_id": self.id, "start": fields.Datetime.now()})

    def _pause(self, at=None):
        """Let it rest.

        :raise UserError: by the clock it has not started yet
        """
        self.ensure_one()
        lap = self.lap_ids.filtered(lambda lap: not lap.stop)
        stop = at or fields.Datetime.now()
        if lap and stop < lap.start - SERVERS_DIFFER:
            raise UserError(
                self.env._(
                    "By the server's clock this timer starts only at %s: the clock was set back. Stop the timer after "
                    "that, or discard it and log the time yourself.",
                    format_datetime(self.env, lap.start),
                )
            )
        lap.stop = lap and max(stop, lap.start)
        self.state = PAUSED

    def _parse_moment(self, text):
        """The moment at which the last lap is to end.

        :raise UserError: the timer did not run then
        """
        if not text:
            return None
        now = fields.Datetime.now()
        running = self.lap_ids.filtered(lambda lap: not lap.stop)
        try:
            moment = fields.Datetime.to_datetime(text)
        except (ValueError, TypeError) as error:
            raise UserError(self.env._("“%s” is no date and time.", text)) from error
        if not running or not running.start <= moment <= now + CLOCKS_DIFFER:
            raise UserError(self.env._("The timer did not run then: choose a moment between its start and now."))
        return min(moment, now)

    def _stop(self, at=None):
        """Stop the timer, and book it or put it aside.

        :return: what the user should know, or ""
        """
        self._pause(at)
        if engine.total_seconds(self._get_laps(fields.Datetime.now())) < SHORTEST:
            self.unlink()
            return self.env._("The timer ran for less than %s seconds: nothing was logged.", SHORTEST)
        self.state = STOPPED
        return self._book()

    # ------------------------------------------------------------------
    # Booking
    # ------------------------------------------------------------------

    def _book(self):
        """Make time entries of what the timer measured, with the user's rights; what is refused stays to be sorted.

        :return: what the user should know, or ""
        """
        self.ensure_one()
        if not self.project_id:
            self.refusal = self.env._("Choose a project or a task.")
            return self.env._("The time is kept: choose a project or a task for it.")
        Line = self.sudo(False).env["account.analytic.line"]
        try:
            with self.env.cr.savepoint():
                entries = Line._timetrack_create_timed(self)
        except UserError as error:
            self.refusal = str(error)
            return self.env._("The time is kept, but not logged: %s", error)
        entries._timetrack_internal().timetrack_timer_id = self.id
        self.write({"state": BOOKED, "refusal": False})
        return "" if entries else self.env._("The policy rounds this time to nothing: nothing was logged.")

    def _get_days(self):
        """What the timer measured, by days of the employee: list of ``engine.timer.Day``."""
        self.ensure_one()
        tz = timezone(self.employee_id.tz or "UTC")

        def to_local(moment):
            return UTC.localize(moment).astimezone(tz).replace(tzinfo=None)

        def to_utc(date):
            # a day whose midnight does not exist begins an hour later
            return tz.localize(engine.start_of_day(date), is_dst=False).astimezone(UTC).replace(tzinfo=None)

        return engine.split_days(self._get_laps(fields.Datetime.now()), to_local, to_utc)

    def _get_booked_hours(self, seconds):
        """The hours that are booked for seconds of work on the timer's project."""
        policy = self.project_id._timetrack_find_policy(self.employee_id.company_id)[0].sudo()
        minutes = engine.booked_minutes(
            seconds, policy.timer_minimum, policy.timer_increment, policy.timer_rounding or engine.UP
        )
        return minutes / 60

    # ------------------------------------------------------------------
    # Forgotten timers
    # ------------------------------------------------------------------

    @api.model
    def _cron_warn(self):
        """Tell people, once, that their timer runs for longer than their company finds likely."""
        for company in self.env["res.company"].search([("timetrack_timer_warn_hours", ">", 0)]):
            timers = self._get_long_running(company).filtered(lambda timer: not timer.is_warned)
            for timer in timers:
                with isolated(self.env.cr, _logger, "Nobody was told that the timer %s runs for long.", timer.id):
                    timer._warn()
                    timer.is_warned = True

    @api.model
    def _get_long_running(self, company):
        """The timers of a company's people that run for longer than it finds likely; none where it never does."""
        hours = company.timetrack_timer_warn_hours
        if not hours:
            return self.browse()
        latest = fields.Datetime.now() - timedelta(hours=hours)
        return self.search(
            Domain("state", "=", RUNNING)
            & Domain("employee_id.company_id", "=", company.id)
            & Domain("lap_ids", "any", Domain("stop", "=", False) & Domain("start", "<=", latest))
        )

    def _warn(self):
        """Tell the employee, in their language, that the timer runs."""
        self.ensure_one()
        user = self.employee_id.user_id
        timer = self.with_context(lang=user.lang, tz=user.tz)
        self.env["mail.thread"].with_context(lang=user.lang).message_notify(
            partner_ids=user.partner_id.ids,
            subject=timer.env._("Your timer is still running"),
            body=timer.env._(
                "It has been running since %(moment)s. Stop it, at an earlier time if need be, from the stopwatch at "
                "the top of any page.",
                moment=format_datetime(timer.env, timer.start, tz=user.tz),
            ),
            **self.employee_id.company_id._timetrack_mail_author(),
        )
