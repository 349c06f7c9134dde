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

    @api.model
    def _get_products(self):
        """Ratio measures that are other ones multiplied: dict of name to the names of these."""
        return {}

    def _read_group_select(self, aggregate_spec, query):
        """Whatever function is asked for, a ratio is the sum of its numerator by the sum of its denominator."""
        name = aggregate_spec.split(":")[0]
        if name in self._get_products():
            factors = [self._get_ratio_sql(factor, query) for factor in self._get_products()[name]]
            return SQL(" * ").join(SQL("(%s)", factor) for factor in factors)
        if name in self._get_ratios():
            return self._get_ratio_sql(name, query)
        return super()._read_group_select(aggregate_spec, query)

    @api.model
    def _get_ratio_sql(self, name, query):
        numerator, denominator = (self._get_sum_sql(part, query) for part in self._get_ratios()[name])
        return SQL(
            "CASE WHEN %(denominator)s > 0 THEN COALESCE(%(numerator)s, 0) / %(denominator)s END",
            numerator=numerator,
            denominator=denominator,
        )

    @api.model
    def _get_sum_sql(self, name, query):
        """The sum of a measure; of amounts in the currency of the user's company, where the companies differ."""
        field = self._fields[name]
        in_several = field.type == "monetary" and len(self.env.companies.currency_id) > 1
        return super()._read_group_select(f"{name}:{'sum_currency' if in_several else 'sum'}", query)
