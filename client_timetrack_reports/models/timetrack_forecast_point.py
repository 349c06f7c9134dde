from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .timetrack_forecast import DIMENSIONS, RECORDS, WEEK


class TimetrackForecastPoint(models.Model):
    """A week of a series: what was, or what is expected of it."""

    _name = "timetrack.forecast.point"
    _description = "Week of a Forecast"
    _order = "week, kind, id"
    _rec_name = "week"

    forecast_id = fields.Many2one(
        "timetrack.forecast", "Series", required=True, readonly=True, ondelete="cascade", index=True
    )
    measure = fields.Selection(related="forecast_id.measure")
    week = fields.Date(required=True, readonly=True, help="Its Monday.")
    kind = fields.Selection(
        [("actual", "Actual"), ("forecast", "Forecast"), ("low", "Low"), ("high", "High")], required=True, readonly=True
    )
    value = fields.Float(readonly=True, help="Hours, or a percentage for utilization.")
    expected = fields.Float(readonly=True, help="Of an unusual week: by its trend and season.")
    difference = fields.Float(compute="_compute_difference")
    is_anomaly = fields.Boolean("Unusual", readonly=True)

    @api.depends("value", "expected", "is_anomaly")
    def _compute_difference(self):
        for point in self:
            point.difference = point.value - point.expected if point.is_anomaly else 0.0

    @api.model
    def _replace(self, company, vals_list):
        """The weeks of all series of a company, instead of those that there were."""
        self.search([("forecast_id.company_id", "=", company.id)]).unlink()
        return self.create(vals_list)

    def action_open_entries(self):
        """Open what a week is made of: its time entries.

        :raise UserError: the week is ahead
        """
        self.ensure_one()
        if self.kind != "actual":
            raise UserError(self.env._("This week is still to come: there is no time in it."))
        series = self.forecast_id
        domain = Domain("kind", "=", "entry") & Domain("company_id", "=", series.company_id.id)
        domain &= Domain("date", ">=", self.week) & Domain("date", "<", self.week + WEEK)
        if series.scope in DIMENSIONS:
            domain &= Domain(DIMENSIONS[series.scope], "=", series[RECORDS[series.scope]].id)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("%(series)s, week of %(week)s", series=series.name, week=self.week),
            "res_model": "timetrack.report",
            "views": [(False, "pivot"), (False, "list"), (False, "graph")],
            "domain": list(domain),
            "context": {
                "pivot_row_groupby": ["employee_id", "project_id"],
                "pivot_column_groupby": ["date:day"],
                "pivot_measures": ["logged_hours", "billable_hours"],
            },
        }
