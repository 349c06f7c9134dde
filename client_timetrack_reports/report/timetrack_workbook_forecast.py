from datetime import timedelta

from odoo import api, models

from odoo.addons.client_timetrack_billing.engine import workbook

from ..engine.forecast import FURTHEST

WEEK = timedelta(weeks=1)


class TimetrackWorkbook(models.AbstractModel):
    """Forecasts: what is to come of each series week by week, and how good that was so far."""

    _inherit = "timetrack.workbook"

    @api.model
    def _prepare_forecast(self, company, date_from, date_to):
        """One row a series, as it was worked out last; nothing for who may not see forecasts."""
        Forecast = self.env["timetrack.forecast"]
        series = Forecast.search([("company_id", "=", company.id)]) if Forecast.has_access("read") else Forecast
        labels = {
            name: dict(Forecast._fields[name]._description_selection(self.env))
            for name in ("scope", "method", "measure")
        }
        ahead = self._get_weeks_ahead(series)
        rows = [
            {
                "name": one.name,
                "scope": labels["scope"][one.scope],
                "measure": labels["measure"][one.measure],
                "weeks": one.weeks,
                "method": labels["method"].get(one.method, ""),
                "mase": one.mase if one.is_scored else None,
                "coverage": one.coverage or None,
                "recent": one.recent,
                "low": one.ahead_low if one.coverage else None,
                "high": one.ahead_high if one.coverage else None,
                "note": one.note,
                **ahead.get(one, {}),
            }
            for one in series
        ]
        return [self._prepare_forecast_sheet(rows, max(series.mapped("last_week"), default=None))]

    @api.model
    def _get_weeks_ahead(self, series):
        """The forecast of each series by the number of the week: dict of series to dict of key to value."""
        # who may not see forecasts has no series
        points = self.env["timetrack.forecast.point"].sudo().search(
            [("forecast_id", "in", series.ids), ("kind", "=", "forecast")]
        )
        found = {}
        for point in points:
            number = (point.week - point.forecast_id.last_week) // WEEK
            found.setdefault(point.forecast_id, {})[f"ahead_{number}"] = point.value
        return found

    @api.model
    def _prepare_forecast_sheet(self, rows, last_week):
        _t = self.env._
        columns = [
            workbook.Column("name", _t("Series")),
            workbook.Column("scope", _t("Of")),
            workbook.Column("measure", _t("Measure")),
            workbook.Column("weeks", _t("Weeks"), workbook.HOURS),
            workbook.Column("method", _t("Method")),
            workbook.Column("mase", _t("MASE"), workbook.INDEX),
            workbook.Column("coverage", _t("Coverage"), workbook.PERCENT),
            workbook.Column("recent", _t("Last 4 weeks"), workbook.HOURS),
            *(
                workbook.Column(
                    f"ahead_{number}",
                    _t("Week of %s", (last_week + number * WEEK).isoformat()) if last_week else str(number),
                    workbook.HOURS,
                )
                for number in range(1, FURTHEST + 1)
            ),
            workbook.Column("low", _t("Low (4 weeks)"), workbook.HOURS),
            workbook.Column("high", _t("High (4 weeks)"), workbook.HOURS),
            workbook.Column("note", _t("How good it is")),
        ]
        return workbook.Sheet(
            _t("Forecast"),
            columns,
            rows,
            chart=workbook.Chart(_t("A week, last four and next one"), ("recent", "ahead_1"), "name"),
            note=_t(
                "Complete weeks from Monday; a method is used only where it did better than the naive forecast, by "
                "which all stays as it was (MASE below 1). The band is meant for 80 % of the weeks."
            ),
        )
