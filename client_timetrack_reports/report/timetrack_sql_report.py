from functools import cache

from odoo import api, models


class TimetrackSqlReport(models.AbstractModel):
    """A report over all of the time there is, as one statement of many expressions."""

    _name = "timetrack.sql.report"
    _description = "Report by SQL"

    def _plan_without_jit(self):
        """Until the end of the transaction: compiling the many expressions of a report takes PostgreSQL seconds, and
        longer than what it saves on a million rows."""
        self.env.cr.execute("SET LOCAL jit = off")

    @api.model
    def _read_grouping_sets(self, domain, grouping_sets, aggregates=(), order=None):
        self._plan_without_jit()
        return super()._read_grouping_sets(domain, grouping_sets, aggregates, order)

    @api.model
    def _read_group(self, domain, groupby=(), aggregates=(), having=(), offset=0, limit=None, order=None):
        self._plan_without_jit()
        return super()._read_group(domain, groupby, aggregates, having, offset, limit, order)

    def _web_read_group_groupby_formatter(self, groupby_spec, values):
        """The months and people of a pivot come again in most of its groups: each is formatted once."""
        return cache(super()._web_read_group_groupby_formatter(groupby_spec, values))
