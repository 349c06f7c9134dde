from odoo import api, models
from odoo.tools import SQL


class TimetrackRatioMixin(models.AbstractModel):
    """Measures of a report that are a sum divided by a sum, at every level of a pivot."""

    _name = "timetrack.ratio.mixin"
    _description = "Ratios of a Report"

    @api.model
    def _get_ratios(self):
        """Ratio measures: dict of name to (numerator, denominator)."""
        return {}

    def _read_group_select(self, aggregate_spec, query):
        """Whatever function is asked for, a ratio is the sum of its numerator by the sum of its denominator."""
        ratio = self._get_ratios().get(aggregate_spec.split(":")[0])
        if not ratio:
            return super()._read_group_select(aggregate_spec, query)
        numerator, denominator = (self._field_to_sql(self._table, name, query) for name in ratio)
        return SQL(
            "CASE WHEN SUM(%(denominator)s) > 0 THEN COALESCE(SUM(%(numerator)s), 0) / SUM(%(denominator)s) END",
            numerator=numerator,
            denominator=denominator,
        )
