import operator as python_operator
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, format_duration, formatLang

from ..engine.approval import APPROVED, DRAFT, REJECTED, STATES, SUBMITTED
from ..engine.periods import EMPTY, PARTIALLY_APPROVED, state_of

PERIOD_STATES = [
    (EMPTY, "Empty"),
    (DRAFT, "To Submit"),
    (REJECTED, "Sent Back"),
    (SUBMITTED, "Submitted"),
    (PARTIALLY_APPROVED, "Partially Approved"),
    (APPROVED, "Approved"),
]
COMPARE = {
    "<": python_operator.lt,
    "<=": python_operator.le,
    ">": python_operator.gt,
    ">=": python_operator.ge,
    "in": lambda number, numbers: number in numbers,
}
# Hours are compared to this many digits.
DIGITS = 2


class TimetrackPeriod(models.Model):
    """What the entries of a period add up to, and what the employee had to work. Nothing of it is stored."""

    _inherit = "timetrack.period"

    state = fields.Selection(PERIOD_STATES, compute="_compute_figures", search="_search_state")
    entry_count = fields.Integer("Entries", compute="_compute_figures")
    logged_hours = fields.Float("Logged", compute="_compute_figures", help="Hours of all entries.")
    draft_hours = fields.Float("Drafts", compute="_compute_figures", help="Hours never handed in.")
    submitted_hours = fields.Float("Submitted", compute="_compute_figures", help="Hours that wait for a decision.")
    approved_hours = fields.Float("Approved", compute="_compute_figures")
    rejected_hours = fields.Float("Sent Back", compute="_compute_figures")
    expected_hours = fields.Float(
        "Expected", compute="_compute_expected", help="Working hours of the schedule without holidays and leave."
    )
    missing_hours = fields.Float(
        "Missing",
        compute="_compute_expected",
        search="_search_missing_hours",
        help="Expected hours of the days before today, less all that is logged in the period.",
    )
    overtime_hours = fields.Float(
        "Overtime", compute="_compute_expected", help="Hours logged beyond those expected in the whole period."
    )
    deadline = fields.Date(compute="_compute_deadline", help="Until when the time is to be submitted.")
    is_late = fields.Boolean(
        "Late",
        compute="_compute_is_late",
        search="_search_is_late",
        help="The deadline has passed and there is time to submit, or none although there was work.",
    )
    # Computed in sudo, from entries that were searched by the user's rights: the ORM would check them again, one
    # period after the other.
    entry_ids = fields.Many2many(
        "account.analytic.line", string="Entries You Can See", compute="_compute_entry_ids", compute_sudo=True
    )
    pending_ids = fields.Many2many(
        "account.analytic.line", string="Waits for You", compute="_compute_pending_ids", compute_sudo=True
    )
    is_pending = fields.Boolean(compute="_compute_pending_ids", compute_sudo=True, search="_search_is_pending")

    # ------------------------------------------------------------------
    # Entries
    # ------------------------------------------------------------------

    @api.depends("employee_id", "date_from", "date_to")
    def _compute_figures(self):
        figures = self._get_figures()
        for period in self:
            hours = {state: figures.get((period.id, state), (0.0, 0))[0] for state in STATES}
            counts = {state: figures[period.id, state][1] for state in STATES if (period.id, state) in figures}
            period.state = state_of(counts)
            period.entry_count = sum(counts.values())
            period.logged_hours = sum(hours.values())
            period.draft_hours = hours[DRAFT]
            period.submitted_hours = hours[SUBMITTED]
            period.approved_hours = hours[APPROVED]
            period.rejected_hours = hours[REJECTED]

    def _get_figures(self):
        """Hours and number of the entries by period and state: dict of (period id, state) to (hours, number)."""
        Line = self.env["account.analytic.line"]
        Line.flush_model(["employee_id", "date", "timetrack_state", "unit_amount", "project_id"])
        self.flush_model(["employee_id", "date_from", "date_to"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT period.id, line.timetrack_state, sum(line.unit_amount), count(*)
                  FROM timetrack_period period
                  JOIN account_analytic_line line ON %(entry_of_period)s
                 WHERE period.id = ANY(%(ids)s) AND line.timetrack_state IS NOT NULL AND line.project_id IS NOT NULL
              GROUP BY period.id, line.timetrack_state
                """,
                entry_of_period=self._entry_of_period(SQL.identifier("line"), SQL.identifier("period")),
                ids=list(self.ids),
            )
        )
        return {(period_id, state): (hours or 0.0, count) for period_id, state, hours, count in rows}

    def _get_entries(self, domain=Domain.TRUE):
        """The time entries of the periods that the user can read: dict of period id to entries, by date.

        :param Domain domain: only entries that meet it
        """
        Line = self.env["account.analytic.line"]
        self.flush_model(["employee_id", "date_from", "date_to"])
        query = Line._search(Line._timetrack_entry_domain() & Domain(domain), order="date, id")
        line = SQL.identifier(query.table)
        query.add_join("JOIN", "period", "timetrack_period", self._entry_of_period(line, SQL.identifier("period")))
        query.add_where(SQL("period.id = ANY(%s)", list(self.ids)))
        ids = {period_id: [] for period_id in self.ids}
        for period_id, entry_id in self.env.execute_query(query.select("period.id", SQL("%s.id", line))):
            ids[period_id].append(entry_id)
        everything = [entry_id for entry_ids in ids.values() for entry_id in entry_ids]
        return {period_id: Line.browse(entry_ids).with_prefetch(everything) for period_id, entry_ids in ids.items()}

    @api.depends("employee_id", "date_from", "date_to")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_entry_ids(self):
        entries = self.sudo(False)._get_entries()
        for period in self:
            period.entry_ids = entries.get(period.id)

    @api.depends("employee_id", "date_from", "date_to")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_pending_ids(self):
        entries = self.sudo(False)._get_entries(self.env["account.analytic.line"]._timetrack_pending_domain())
        for period in self:
            period.pending_ids = entries.get(period.id)
            period.is_pending = bool(period.pending_ids)

    def _search_is_pending(self, operator, value):
        if operator != "in":
            return NotImplemented
        Line = self.env["account.analytic.line"]
        domain = self._few_entries_domain(Line, Line._timetrack_pending_domain())
        if True in value and False in value:
            return Domain.TRUE
        return domain if True in value else ~domain

    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain.OR(self._state_domain(state) for state in value)

    @api.model
    def _state_domain(self, state):
        """Domain of the periods in a state; says in SQL what ``engine.periods.state_of`` says."""
        Line = self.env["account.analytic.line"].sudo()
        draft, rejected, submitted = (
            self._few_entries_domain(Line, Domain("timetrack_state", "=", name))
            for name in (DRAFT, REJECTED, SUBMITTED)
        )
        anything = self._entries_domain(Line, Domain.TRUE)
        approved = self._entries_domain(Line, Domain("timetrack_state", "=", APPROVED))
        domains = {
            EMPTY: ~anything,
            REJECTED: rejected,
            DRAFT: draft & ~rejected,
            SUBMITTED: submitted & ~draft & ~rejected & ~approved,
            PARTIALLY_APPROVED: submitted & approved & ~draft & ~rejected,
            APPROVED: anything & ~draft & ~rejected & ~submitted,
        }
        return domains.get(state, Domain.FALSE)

    # ------------------------------------------------------------------
    # Working time
    # ------------------------------------------------------------------

    @api.depends("employee_id", "date_from", "date_to")
    def _compute_expected(self):
        today = fields.Date.context_today(self)
        working_days = self._get_working_days()
        for period in self:
            days = working_days[period.id]
            expected = sum(day.net for day in days)
            due = sum(day.net for day in days if day.date < today)
            period.expected_hours = round(expected, DIGITS)
            period.missing_hours = max(0.0, round(due - period.logged_hours, DIGITS))
            period.overtime_hours = max(0.0, round(period.logged_hours - expected, DIGITS))

    def _get_working_days(self):
        """The working days of each period: dict of period id to list of ``WorkingDay``."""
        if not self:
            return {}
        working_time = self.env["timetrack.working.time"]
        by_employee = self.sudo().grouped("employee_id")
        hours = working_time._get_hours(
            self.sudo().employee_id, min(self.mapped("date_from")), max(self.mapped("date_to"))
        )
        result = {}
        for employee, periods in by_employee.items():
            for period in periods:
                days = hours[employee.id]
                span = (period.date_to - period.date_from).days + 1
                dates = (period.date_from + timedelta(days=offset) for offset in range(span))
                result[period.id] = [days[date] for date in dates if date in days]
        return result

    def _search_missing_hours(self, operator, value):
        """Working time is in no table: it is computed for the periods of the user's companies."""
        if operator not in COMPARE:
            return NotImplemented
        periods = self.sudo().search(Domain("company_id", "in", self.env.companies.ids))
        compare = COMPARE[operator]
        return Domain("id", "in", [period.id for period in periods if compare(period.missing_hours, value)])

    # ------------------------------------------------------------------
    # Deadline
    # ------------------------------------------------------------------

    @api.depends("date_to", "company_id.timetrack_deadline_days")
    def _compute_deadline(self):
        for period in self:
            period.deadline = period.date_to + timedelta(days=period.company_id.sudo().timetrack_deadline_days)

    @api.depends("employee_id", "date_from", "date_to")
    def _compute_is_late(self):
        today = fields.Date.context_today(self)
        for period in self:
            unsubmitted = period.state in (DRAFT, REJECTED) or (period.state == EMPTY and period.expected_hours > 0)
            required = period.company_id.sudo().timetrack_approval_required
            period.is_late = required and period.deadline < today and unsubmitted

    def _search_is_late(self, operator, value):
        if operator != "in":
            return NotImplemented
        overdue = self._overdue_domain()
        empty = self.sudo().search(
            overdue & self._state_domain(EMPTY) & Domain("company_id", "in", self.env.companies.ids)
        )
        unsubmitted = self._state_domain(DRAFT) | self._state_domain(REJECTED)
        idle = empty.filtered(lambda period: period.expected_hours > 0)
        late = overdue & (unsubmitted | Domain("id", "in", idle.ids))
        if True in value and False in value:
            return Domain.TRUE
        return late if True in value else ~late

    @api.model
    def _overdue_domain(self):
        """Domain of the periods whose deadline has passed, in companies whose time needs approval."""
        companies = self.env["account.analytic.line"]._timetrack_approving_companies()
        today = fields.Date.context_today(self)
        return Domain.OR(
            Domain("company_id", "in", members.ids) & Domain("date_to", "<", today - timedelta(days=days))
            for days, members in companies.grouped("timetrack_deadline_days").items()
        )

    # ------------------------------------------------------------------
    # Text
    # ------------------------------------------------------------------

    @api.model
    def _format_hours(self, hours, company):
        """Hours as the company shows time: "38:30" hours, or days."""
        if not self._is_in_days(company):
            return format_duration(hours)
        days = company.sudo().project_time_mode_id._compute_quantity(
            hours, company.sudo().timesheet_encode_uom_id, raise_if_failure=False
        )
        return self.env._("%(days)s days", days=formatLang(self.env, days, digits=2))

    @api.model
    def _is_in_days(self, company):
        """Whether the company shows time in days."""
        day_id = self.env["ir.model.data"]._xmlid_to_res_id("uom.product_uom_day")
        return company.sudo().timesheet_encode_uom_id.id == day_id
