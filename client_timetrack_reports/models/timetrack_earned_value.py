from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.client_timetrack.engine import budget as budget_engine

from ..engine.earned_value import earned_value, planned_share
from ..report.timetrack_report import COST_GROUP
from .project_project import PROGRESS

WEEK = timedelta(weeks=1)
# How far back the first run looks, in weeks.
BACK = 26
RATIOS = {
    "cpi": ("ev_hours", "judged_hours"),
    "spi": ("planned_ev_hours", "judged_pv_hours"),
    "cost_cpi": ("ev_cost", "judged_cost"),
    "spent": ("ac_hours", "bac_hours"),
    "completion": ("ev_hours", "judged_bac_hours"),
    "forecast_error": ("eac_off_hours", "final_hours"),
}


def _hours(label, help_text=None, **kwargs):
    return fields.Float(label, readonly=True, help=help_text, **kwargs)


def _money(label, help_text=None):
    return fields.Monetary(label, readonly=True, groups=COST_GROUP, help=help_text)


def _ratio(label, help_text, **kwargs):
    return fields.Float(label, readonly=True, aggregator="avg", digits=(12, 4), help=help_text, **kwargs)


class TimetrackEarnedValue(models.Model):
    """Where projects with a budget stand at the end of a week, and where they will end: earned value.

    One row a project and week. The row of the running week is worked out every night, those of the weeks before stay
    what they were: so it can be seen how good the forecast was once the project is complete. Formulas are those of
    ``engine/earned_value.py``; hours and cost are those of ``timetrack.report``.
    """

    _name = "timetrack.earned.value"
    _description = "Forecast against Budget"
    _inherit = ["timetrack.nightly.mixin", "timetrack.ratio.mixin"]
    _order = "week desc, project_id, id"
    _rec_name = "project_id"

    project_id = fields.Many2one("project.project", required=True, readonly=True, ondelete="cascade", index=True)
    client_id = fields.Many2one("res.partner", readonly=True, index="btree_not_null")
    user_id = fields.Many2one("res.users", "Project Manager", readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="company_id.currency_id", store=True)
    week = fields.Date(required=True, readonly=True, help="Its Monday.")
    is_latest = fields.Boolean("Now", readonly=True)
    progress_by = fields.Selection(PROGRESS, "Completion By", readonly=True)
    progress = fields.Float(
        "Complete", readonly=True, aggregator=False, help="As somebody judged it; never worked out of what was spent."
    )

    bac_hours = _hours("Budget (BAC)")
    ac_hours = _hours("Spent (AC)")
    pv_hours = _hours("Planned (PV)", "What should be complete by the schedule of the project.")
    ev_hours = _hours("Earned (EV)", "The budget of what is complete.")
    eac_hours = _hours("At Completion (EAC)", "BAC / CPI: what the whole takes if it goes on as it went.")
    eac_one_off_hours = _hours("At Completion, One-Off", "AC + BAC - EV: if the rest takes what was planned for it.")
    etc_hours = _hours("To Completion (ETC)", "EAC - AC.")
    vac_hours = _hours("Variance (VAC)", "BAC - EAC.")
    burn_hours = _hours("Hours a Week", "Mean of the last four weeks.")
    exhaustion_date = fields.Date(
        "Used Up On", readonly=True, help="The day on which the budget is used up at the pace of the last four weeks."
    )
    # what the ratios are made of: only projects whose completion somebody judged, or that have a schedule
    judged_hours = _hours("Spent Where Judged")
    judged_bac_hours = _hours("Budget Where Judged")
    planned_ev_hours = _hours("Earned Where Scheduled")
    judged_pv_hours = _hours("Planned Where Judged")
    final_hours = _hours("Hours It Took", "Of complete projects.")
    eac_off_hours = _hours("EAC Off By", "Of complete projects: the EAC of the week less the hours it took.")

    bac_cost = _money("Budget Cost")
    ac_cost = _money("Cost")
    ev_cost = _money("Earned Cost")
    eac_cost = _money("Cost at Completion")
    vac_cost = _money("Variance of Cost")
    judged_cost = _money("Cost Where Judged")

    cpi = _ratio("CPI", "EV / AC in hours: below 1 the work takes more than planned.")
    spi = _ratio("SPI", "EV / PV in hours: below 1 the work is late.")
    cost_cpi = _ratio("CPI of Cost", "EV / AC in cost.", groups=COST_GROUP)
    spent = _ratio("Budget Spent", "AC / BAC.")
    completion = _ratio("Completion", "EV / BAC, of projects whose completion somebody judged.")
    forecast_error = _ratio(
        "Forecast Error", "(EAC of the week - hours it took) / hours it took, of complete projects."
    )
    tcpi = fields.Float(
        "TCPI", readonly=True, aggregator=False, digits=(12, 4),
        help="(BAC - EV) / (BAC - AC): how well the rest has to go to keep the budget.",
    )  # fmt: skip
    is_attainable = fields.Boolean("Budget Can Be Kept", readonly=True)

    _once = models.UniqueIndex("(project_id, company_id, week)", "This week of the project is there already.")
    _latest_idx = models.Index("(company_id, week) WHERE is_latest")

    @api.model
    def _get_ratios(self):
        return {**super()._get_ratios(), **RATIOS}

    # ------------------------------------------------------------------
    # Working out
    # ------------------------------------------------------------------

    @api.model
    def _work_out(self, company, today):
        """The running week of a company; the first time also the weeks before, from what is known of them."""
        monday = today - timedelta(days=today.weekday())
        of_company = Domain("company_id", "=", company.id)
        weeks = [monday]
        if not self.search_count(of_company, limit=1):
            weeks = [monday - place * WEEK for place in range(BACK, -1, -1)]
        for week in weeks:
            self._write_week(company, week, min(today, week + WEEK - timedelta(days=1)))
        self._flag(of_company, monday)

    @api.model
    def _write_week(self, company, week, day):
        """Put down where the projects of a company stand at the end of a day."""
        rows = self._get_rows(company, day)
        known = self.search(Domain("company_id", "=", company.id) & Domain("week", "=", week)).grouped("project_id")
        self.browse(row.id for project, row in known.items() if project.id not in rows).unlink()
        for project, row in known.items():
            if project.id in rows:
                row.write(rows.pop(project.id))
        self.create([{"company_id": company.id, "week": week, **vals} for vals in rows.values()])

    @api.model
    def _flag(self, of_company, monday):
        """Say which rows are of now, and how far off those were of projects that are complete."""
        self.search(of_company & Domain("is_latest", "=", True) & Domain("week", "!=", monday)).write(
            {"is_latest": False}
        )
        latest = self.search(of_company & Domain("week", "=", monday))
        latest.write({"is_latest": True})
        done = {row.project_id.id: row.ac_hours for row in latest if row.progress >= 1 and row.ac_hours > 0}
        before = self.search(of_company & Domain("project_id", "in", list(done)) & Domain("eac_hours", "!=", False))
        for row in before:
            final = done[row.project_id.id]
            if row.progress < 1 and row.final_hours != final:
                off = row.eac_hours - final
                row.write({"final_hours": final, "eac_off_hours": off, "forecast_error": off / final})

    @api.model
    def _get_rows(self, company, day):
        """Where the projects of a company that have a budget stand at the end of a day: dict of project id to values.

        :param date day: last day that counts
        """
        sums = self._read_sums(company, day)
        projects = self.env["project.project"].browse(sums)
        progress = projects._timetrack_get_progress(day)
        rows = {}
        for project in projects:
            share, source = progress.get(project, (None, None))
            scheduled = planned_share(project.date_start, project.date, day)
            hours, cost, burned = sums[project.id]
            rows[project.id] = {
                "project_id": project.id,
                "client_id": project.partner_id.commercial_partner_id.id,
                "user_id": project.user_id.id,
                "progress_by": source,
                "progress": share or 0.0,
                **self._prepare_hours(*hours, share, scheduled),
                **self._prepare_cost(*cost, share),
                **self._prepare_burn(*hours, burned, day),
            }
        return rows

    @api.model
    def _read_sums(self, company, day):
        """Budget and its use until a day: dict of project id to ((BAC, AC) of hours, of cost, hours of four weeks).

        Only time within the first and last day of the budget is its use.
        """
        Report = self.env["timetrack.report"]
        of_company = Domain("company_id", "=", company.id) & Domain("project_id", "!=", False)
        until = of_company & Domain("kind", "in", ["entry", "budget"])
        until &= Domain("date", "=", False) | Domain("date", "<=", day)
        names = ["budget_hours:sum", "budget_logged_hours:sum", "logged_hours:sum",
                 "budget_cost:sum", "budget_logged_cost:sum", "cost:sum"]  # fmt: skip
        found = {}
        for project, *values in Report._read_group(until, ["project_id"], names):
            bac, ac, logged, bac_cost, ac_cost, cost = (float(value or 0.0) for value in values)
            if bac > 0 or bac_cost > 0:
                # where there is no budget of hours, or of cost, they are worth seeing all the same
                ac, ac_cost = ac if bac > 0 else logged, ac_cost if bac_cost > 0 else cost
                found[project.id] = [(bac, ac), (bac_cost, ac_cost), 0.0]
        window = budget_engine.burn_window(day + timedelta(days=1))
        recent = of_company & Domain("kind", "=", "entry") & Domain("project_id", "in", list(found))
        recent &= Domain("date", ">=", window.date_from) & Domain("date", "<=", window.date_to)
        names = ["budget_logged_hours:sum", "logged_hours:sum"]
        for project, used, logged in Report._read_group(recent, ["project_id"], names):
            [(bac, _ac), _cost, _burned] = found[project.id]
            found[project.id][2] = (used if bac > 0 else logged) or 0.0
        return found

    @api.model
    def _prepare_hours(self, bac, ac, share, scheduled):
        """Earned value in hours."""
        if bac <= 0:
            return {"bac_hours": False, "ac_hours": ac}
        ev = None if share is None else bac * share
        pv = None if scheduled is None else bac * scheduled
        value = earned_value(bac, ev, ac, pv)
        judged = share is not None
        return {
            "bac_hours": bac,
            "ac_hours": ac,
            "pv_hours": pv or 0.0,
            "ev_hours": ev or 0.0,
            "eac_hours": value.eac or False,
            "eac_one_off_hours": value.eac_one_off or False,
            "etc_hours": value.etc or False,
            "vac_hours": value.vac or False,
            "judged_hours": ac if judged else 0.0,
            "judged_bac_hours": bac if judged else 0.0,
            "planned_ev_hours": ev if judged and pv else 0.0,
            "judged_pv_hours": pv if judged and pv else 0.0,
            "cpi": value.cpi or 0.0,
            "spi": value.spi or 0.0,
            "spent": ac / bac,
            "completion": share or 0.0,
            "tcpi": value.tcpi or False,
            "is_attainable": value.is_attainable,
        }

    @api.model
    def _prepare_cost(self, bac, ac, share):
        """Earned value in money."""
        ev = None if share is None or bac <= 0 else bac * share
        value = earned_value(bac, ev, ac)
        return {
            "bac_cost": bac,
            "ac_cost": ac,
            "ev_cost": ev or 0.0,
            "eac_cost": value.eac or 0.0,
            "vac_cost": value.vac or 0.0,
            "judged_cost": ac if ev is not None else 0.0,
            "cost_cpi": value.cpi or 0.0,
        }

    @api.model
    def _prepare_burn(self, bac, ac, burned, day):
        """The pace of the last four weeks, and the day on which the budget is used up by it."""
        weekly = budget_engine.burn(burned)
        used_up = budget_engine.exhaustion(bac - ac, weekly, day) if bac > 0 else None
        # what is further away than anybody plans is no date
        if used_up and used_up > day + relativedelta(years=20):
            used_up = None
        return {"burn_hours": weekly, "exhaustion_date": used_up}
