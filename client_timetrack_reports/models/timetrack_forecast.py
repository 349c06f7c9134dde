from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine import forecast as engine
from ..engine import forecast_statsmodels as more

SCOPES = [
    ("company", "Company"),
    ("department", "Department"),
    ("client", "Client"),
    ("activity", "Service Type"),
]
# The dimension of the report that a scope is, and the field that has its record here.
DIMENSIONS = {"department": "department_id", "client": "client_id", "activity": "top_activity_id"}
RECORDS = {"department": "department_id", "client": "client_id", "activity": "activity_id"}
LOGGED, BILLABLE, UTILIZATION = "logged_hours", "billable_hours", "utilization"
MEASURES = [(LOGGED, "Hours"), (BILLABLE, "Billable Hours"), (UTILIZATION, "Utilization (%)")]
METHODS = [
    (engine.NAIVE, "As Last Week"),
    (engine.MEAN, "Mean of Four Weeks"),
    (engine.SMOOTHED, "Exponential Smoothing"),
    (engine.HOLT, "Damped Trend"),
    (engine.SEASONAL, "As a Year Ago"),
    (more.ETS, "ETS (statsmodels)"),
    (more.STL, "Season by STL, and ETS (statsmodels)"),
]
# Whose series also have the methods of statsmodels, where it is installed: these take a second a series.
BROAD = ("company", "department")
REFUSALS = [("short", "Too Short"), ("gaps", "Full of Gaps"), ("constant", "Constant"), ("ended", "Ended")]
WEEK = timedelta(weeks=1)
# How much of the past is learnt from, and how much of it is shown, in weeks.
LEARNT = 5 * engine.YEAR
SHOWN = 2 * engine.YEAR
# A week and how many are ahead, in what people read first.
NEXT = 4


class TimetrackForecast(models.Model):
    """Hours of the weeks to come: of the company, and of each department, client and service type.

    A series has the sums of ``timetrack.report`` by complete week, from Monday; how it is forecast, and when not, is in
    ``engine/forecast.py``. Utilization is not forecast itself: billable hours are, and divided by the net available
    hours of the weeks ahead, which are known. Everything is worked out anew each night.
    """

    _name = "timetrack.forecast"
    _description = "Forecast"
    _inherit = ["timetrack.nightly.mixin"]
    _order = "scope, measure, id"

    name = fields.Char(compute="_compute_name", compute_sudo=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade", index=True)
    scope = fields.Selection(SCOPES, string="Of", required=True, readonly=True)
    department_id = fields.Many2one("hr.department", readonly=True, ondelete="cascade", index="btree_not_null")
    client_id = fields.Many2one("res.partner", readonly=True, ondelete="cascade", index="btree_not_null")
    activity_id = fields.Many2one(
        "timetrack.activity", "Service Type", readonly=True, ondelete="cascade", index="btree_not_null"
    )
    measure = fields.Selection(MEASURES, required=True, readonly=True)
    weeks = fields.Integer(readonly=True, help="Complete weeks that it was learnt from.")
    last_week = fields.Date("Until", readonly=True, help="Monday of the last complete week.")
    # hours and percentages: there is no sum of them
    recent = fields.Float("Last 4 Weeks", readonly=True, aggregator=None, help="A week, on average of the last four.")
    ahead = fields.Float("Next 4 Weeks", readonly=True, aggregator=None, help="A week, on average of the next four.")
    ahead_low = fields.Float("Low", readonly=True, aggregator=None)
    ahead_high = fields.Float("High", readonly=True, aggregator=None)
    method = fields.Selection(METHODS, readonly=True)
    origins = fields.Integer("Checks", readonly=True, help="After how many weeks forecasts were made and checked.")
    has_private = fields.Boolean(
        "Private Projects", readonly=True, help="Of a client: a private project is part of it. Not for all approvers."
    )
    is_scored = fields.Boolean(readonly=True)
    mase = fields.Float(
        "MASE",
        readonly=True,
        digits=(4, 2),
        aggregator="avg",
        help="The error of forecasts, made at each of these weeks of what was known then, divided by the error of "
        "saying that all stays as it was the week before. 1 is no better than that; 0.8 is a fifth better.",
    )
    coverage = fields.Float(
        readonly=True,
        aggregator="avg",
        help="Of the weeks that came, the share within the band: it should be 80 %.",
    )
    refusal = fields.Selection(REFUSALS, string="No Forecast", readonly=True)
    refusal_number = fields.Integer(readonly=True)
    refusal_of = fields.Integer(readonly=True)
    note = fields.Text("How Good It Is", compute="_compute_note")
    anomaly_count = fields.Integer("Unusual Weeks", readonly=True, help="Of the last two years.")
    point_ids = fields.One2many("timetrack.forecast.point", "forecast_id", readonly=True)

    _once = models.UniqueIndex(
        "(company_id, measure, scope, COALESCE(department_id, client_id, activity_id, 0))", "This is forecast already."
    )

    @api.depends("scope", "department_id", "client_id", "activity_id", "company_id", "measure")
    @api.depends_context("lang")
    def _compute_name(self):
        measures = dict(self._fields["measure"]._description_selection(self.env))
        for series in self:
            record = series[RECORDS[series.scope]] if series.scope in RECORDS else series.company_id
            series.name = f"{record.display_name}: {measures[series.measure]}"

    @api.depends("refusal", "refusal_number", "refusal_of", "method", "mase", "coverage", "is_scored", "origins")
    @api.depends_context("lang")
    def _compute_note(self):
        for series in self:
            series.note = series._get_refusal() if series.refusal else series._get_accuracy()

    def _get_refusal(self):
        """Why there is no forecast, in words."""
        texts = {
            "short": self.env._(
                "Only %(number)s complete weeks have passed since the first time entry; a forecast takes %(of)s.",
                number=self.refusal_number, of=self.refusal_of,
            ),
            "gaps": self.env._(
                "%(number)s of %(of)s weeks have no time at all: no method can tell when there will be some.",
                number=self.refusal_number, of=self.refusal_of,
            ),
            "constant": self.env._("All %(of)s weeks are the same: there is nothing to learn.", of=self.refusal_of),
            "ended": self.env._("There was no time in the last %(number)s weeks.", number=self.refusal_number),
        }  # fmt: skip
        return texts[self.refusal]

    def _get_accuracy(self):
        """How good the forecast was so far, in words."""
        if not self.is_scored:
            return self.env._("Nobody knows how good it is: nothing changed in the weeks that it could be checked by.")
        if self.method == engine.NAIVE:
            text = self.env._("No method did better than saying that all stays as it was last week: that is shown.")
        else:
            text = self.env._(
                "Forecasts after each of the last %(origins)s weeks erred by %(share)s %% of what the naive one did.",
                origins=self.origins, share=round(self.mase * 100),
            )  # fmt: skip
        if not (self.coverage or self.ahead_low or self.ahead_high):
            return text + " " + self.env._("There were too few of them to draw a band.")
        band = self.env._(
            "%(share)s %% of the weeks were within the band, which is meant for 80 %%.",
            share=round(self.coverage * 100),
        )
        return f"{text} {band}"

    # ------------------------------------------------------------------
    # Working out
    # ------------------------------------------------------------------

    @api.model
    def _work_out(self, company, today):
        monday = today - timedelta(days=today.weekday())
        series = self._read_series(company, monday)
        net = self._read_capacity(company, monday)
        private = self._get_private_clients(company)
        known = {one._get_key(): one for one in self.search([("company_id", "=", company.id)])}
        wanted, points = {}, {}
        for (scope, record_id), measures in series.items():
            made_of = self._forecast(measures, net.get((scope, record_id), {}), monday, self._get_methods(scope))
            for measure, made in made_of.items():
                record = {RECORDS[scope]: record_id} if scope in RECORDS else {}
                key = (scope, record_id, measure)
                values, points[key] = made
                wanted[key] = {
                    "company_id": company.id, "scope": scope, "measure": measure, **record, **values,
                    "has_private": scope == "client" and record_id in private,
                }  # fmt: skip
        self.browse(one.id for key, one in known.items() if key not in wanted).unlink()
        missing = [key for key in wanted if key not in known]
        for key in wanted.keys() & known.keys():
            known[key].write(wanted[key])
        known |= dict(zip(missing, self.create([wanted[key] for key in missing]), strict=True))
        self.env["timetrack.forecast.point"]._replace(
            company, [{"forecast_id": known[key].id, **point} for key, own in points.items() for point in own]
        )

    @api.model
    def _get_private_clients(self, company):
        """The ids of clients that have time on projects which only those invited may see."""
        private = Domain("kind", "=", "entry") & Domain("company_id", "=", company.id)
        private &= Domain("project_id.privacy_visibility", "not in", ["employees", "portal"])
        groups = self.env["timetrack.report"]._read_group(private & Domain("client_id", "!=", False), ["client_id"])
        return {client.id for (client,) in groups}

    def _get_key(self):
        self.ensure_one()
        return self.scope, self[RECORDS[self.scope]].id if self.scope in RECORDS else None, self.measure

    @api.model
    def _read_series(self, company, monday):
        """Hours by week until a Monday: dict of (scope, record id) to dict of measure to values, the earliest first.

        One query for all of them; who had no time for a year is left out.
        """
        first = monday - LEARNT * WEEK
        domain = Domain("kind", "=", "entry") & Domain("company_id", "=", company.id)
        rows = self._sum_weeks(domain & Domain("date", "<", monday), [LOGGED, BILLABLE], DIMENSIONS)
        found = {}
        for key, week, logged, billable in rows:
            found.setdefault(key, {})[week] = (logged or 0.0, billable or 0.0)
        series = {}
        for key, weeks in found.items():
            start = max(min(weeks), first)
            if max(weeks) < monday - engine.YEAR * WEEK:
                continue
            values = [weeks.get(start + place * WEEK, (0.0, 0.0)) for place in range((monday - start).days // 7)]
            if values:
                logged, billable = zip(*values, strict=True)
                series[key] = {LOGGED: list(logged), BILLABLE: list(billable)}
        return series

    @api.model
    def _read_capacity(self, company, monday):
        """Net available hours by week, those ahead too: dict of (scope, record id) to dict of Monday to hours."""
        domain = Domain("kind", "=", "capacity") & Domain("company_id", "=", company.id)
        domain &= Domain("date", "<", monday + (engine.FURTHEST + 1) * WEEK)
        dimensions = {"department": DIMENSIONS["department"]}
        found = {}
        for key, week, hours in self._sum_weeks(domain, ["net_available_hours"], dimensions):
            found.setdefault(key, {})[week] = hours or 0.0
        return found

    @api.model
    def _sum_weeks(self, domain, measures, dimensions):
        """Sums of the report by week (its Monday), of everything and by each dimension.

        :param dict dimensions: scope to field of the report
        :return: list of ((scope, record id), week, sum of each measure)
        """
        Report = self.env["timetrack.report"]
        query = Report._search(domain)

        def column(name):
            return Report._field_to_sql(Report._table, name, query)

        week = SQL("date_trunc('week', %s::timestamp)::date", column("date"))
        columns = [column(name) for name in dimensions.values()]
        sets = [SQL("(%s)", week), *(SQL("(%s, %s)", week, one) for one in columns)]
        query.groupby = SQL("GROUPING SETS (%s)", SQL(", ").join(sets))
        grouping = [SQL("GROUPING(%s)", one) for one in columns]
        sums = [SQL("SUM(%s)", column(name)) for name in measures]
        rows = []
        for monday, *row in self.env.execute_query(query.select(week, *columns, *grouping, *sums)):
            number = len(columns)
            ids, masks, values = row[:number], row[number : 2 * number], row[2 * number :]
            # 0 of GROUPING: the row is of this set
            [(scope, record_id), *_more] = [
                *((scope, one) for scope, one, mask in zip(dimensions, ids, masks, strict=True) if not mask),
                ("company", None),
            ]
            if scope == "company" or record_id:
                rows.append(((scope, record_id), monday, *values))
        return rows

    @api.model
    def _get_methods(self, scope):
        """The methods that are tried, by name."""
        return {**engine.METHODS, **(more.get_methods() if scope in BROAD else {})}

    @api.model
    def _forecast(self, measures, net, monday, methods):
        """The series of one department, client, service type or company: dict of measure to its values and points.

        :param dict measures: measure to values by week until ``monday``
        :param dict net: net available hours by Monday, where there are any
        :param dict methods: that are tried
        """
        found = {}
        for measure, values in measures.items():
            if any(values):
                refusal, made = engine.refuse(values), None
                if not refusal:
                    made = engine.forecast(values, methods=methods)
                found[measure] = self._prepare(values, refusal, made, monday)
                if measure == BILLABLE and net:
                    found[UTILIZATION] = self._prepare_utilization(values, refusal, made, monday, net)
        return found

    @api.model
    def _prepare_utilization(self, values, refusal, made, monday, net):
        """Billable hours and their forecast in percent of the net available hours of each week."""
        start = monday - len(values) * WEEK

        def divide(hours, first):
            if hours is None:
                return None
            hours_net = ((value, net.get(first + place * WEEK, 0.0)) for place, value in enumerate(hours))
            return [100 * value / available if available > 0 else None for value, available in hours_net]

        if made:
            made = made._replace(
                values=divide(made.values, monday), low=divide(made.low, monday), high=divide(made.high, monday)
            )
        return self._prepare(divide(values, start), refusal, made, monday, odd=engine.anomalies(values))

    @api.model
    def _prepare(self, values, refusal, made, monday, odd=None):
        """The values of a series that are stored, and those of its points."""
        odd = engine.anomalies(values) if odd is None else odd
        start = monday - len(values) * WEEK
        shown = max(0, len(values) - SHOWN)
        odd = {anomaly.week: anomaly.expected for anomaly in odd if anomaly.week >= shown}
        points = [
            {"week": start + place * WEEK, "kind": "actual", "value": value, "expected": odd.get(place, False),
             "is_anomaly": place in odd}
            for place, value in enumerate(values)
            if place >= shown and value is not None
        ]  # fmt: skip
        vals = {
            "weeks": len(values),
            "last_week": monday - WEEK,
            "recent": _mean(values[-NEXT:]),
            "refusal": refusal and refusal.reason,
            "refusal_number": refusal and refusal.number,
            "refusal_of": refusal and refusal.of,
            "anomaly_count": len(odd),
            **dict.fromkeys(["method", "ahead", "ahead_low", "ahead_high", "mase", "coverage", "origins"], False),
            "is_scored": False,
        }
        if made:
            for kind, ahead in (("forecast", made.values), ("low", made.low), ("high", made.high)):
                points += [
                    {"week": monday + place * WEEK, "kind": kind, "value": value}
                    for place, value in enumerate(ahead or ())
                    if value is not None
                ]
            vals |= {
                "method": made.method,
                "ahead": _mean(made.values[:NEXT]),
                "ahead_low": _mean((made.low or ())[:NEXT]),
                "ahead_high": _mean((made.high or ())[:NEXT]),
                "mase": made.mase,
                "is_scored": made.mase is not None,
                "coverage": made.coverage,
                "origins": made.origins,
            }
        return vals, points

    def action_view_points(self):
        """Open the graph of the series: what was, what is to come, and the band."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "client_timetrack_reports.timetrack_forecast_point_action"
        )
        return {**action, "display_name": self.name, "domain": [("forecast_id", "=", self.id)]}


def _mean(values):
    """The mean of what is known, or False."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else False
