from odoo import api, fields, models
from odoo.tools import SQL

SHARES = {"median": 0.5, "p90": 0.9}


def days(label):
    """The days of a leg, of one row; of a group the longest."""
    return fields.Integer(label, readonly=True, aggregator="max", help="Days; the longest of a group.")


def quantile(label, word, help_text):
    """The days of a leg that a share of a group took at most."""
    word = {"median": "Median", "p90": "P90"}[word]
    return fields.Float(f"{word}: {label}", readonly=True, aggregator="avg", help=help_text)


class TimetrackQuantileMixin(models.AbstractModel):
    """Measures ``<leg>_median`` and ``<leg>_p90`` of a report by SQL: the days of ``<leg>_days`` that half of a group,
    or nine tenths of it, took at most; at every level of a pivot. What has no days does not count."""

    _name = "timetrack.quantile.mixin"
    _description = "Medians of a Report"

    # The column that rows are weighted by.
    _quantile_weight = "number"

    @api.model
    def _get_legs(self):
        """Hook: the legs, as dict of name to (label, column of the first day, column of the last one)."""
        return {}

    @api.model
    def _get_leg_columns(self):
        """SQL of the days of each leg of ``part``; the quantiles are made when rows are grouped."""
        columns = [
            SQL("part.%s - part.%s AS %s", SQL.identifier(last), SQL.identifier(first), SQL.identifier(f"{leg}_days"))
            for leg, (_label, first, last) in self._get_legs().items()
        ]
        names = [f"{leg}_{word}" for leg in self._get_legs() for word in SHARES]
        return SQL(", ").join([*columns, *(SQL("NULL::float8 AS %s", SQL.identifier(name)) for name in names)])

    def _read_group_select(self, aggregate_spec, query):
        name = aggregate_spec.split(":")[0]
        leg, _underscore, word = name.rpartition("_")
        if leg not in self._get_legs() or word not in SHARES:
            return super()._read_group_select(aggregate_spec, query)
        # by their columns: who may not see amounts may see days
        length, weight = (SQL.identifier(self._table, column) for column in (f"{leg}_days", self._quantile_weight))
        counts = SQL("%s IS NOT NULL AND %s > 0", length, weight)
        return SQL(
            """
            (SELECT days FROM (
                SELECT days, sum(weight) OVER (ORDER BY days, place) AS until, sum(weight) OVER () AS total
                  FROM unnest(array_agg(%(length)s) FILTER (WHERE %(counts)s),
                              array_agg(%(weight)s) FILTER (WHERE %(counts)s))
                       WITH ORDINALITY AS one (days, weight, place)
             ) ordered WHERE until >= %(share)s * total ORDER BY until LIMIT 1)::float8
            """,
            length=length,
            weight=weight,
            counts=counts,
            share=SHARES[word],
        )
