from itertools import chain
from typing import NamedTuple

from odoo import api, models
from odoo.fields import Domain
from odoo.models import parse_read_group_spec
from odoo.tools import SQL, Query, unique

from .timetrack_report import CONTEXT_KEY, OnlyFacts

SUMS_KEY = "timetrack_sums"
# Aggregates that can be made of sums by the finest groups.
SUMMABLE = {"sum", "sum_currency"}
COUNT = "__count"


class Sums(NamedTuple):
    """What a query sums up first: by which groups, and which measures."""

    groupby: tuple
    measures: tuple


class SummedQuery(Query):
    """A query on sums by the finest groups."""


class TimetrackReport(models.Model):
    """Sums first, grouping sets then.

    A pivot asks for sums by several sets of groups at once, and PostgreSQL sorts the facts again for each of them. Here
    each fact is summed up once, by all groups together, where its own table is; the sets are made of these few rows.
    All of it is one statement, and what comes out is what Odoo would make of the union: only sums, counts and ratios of
    sums go this way.
    """

    _inherit = "timetrack.report"

    @api.model
    def _read_grouping_sets(self, domain, grouping_sets, aggregates=(), order=None):
        groupby = tuple(unique(spec for specs in grouping_sets for spec in specs))
        planned = self._plan_sums(groupby, aggregates, order)
        sets = super(TimetrackReport, planned)._read_grouping_sets(domain, grouping_sets, aggregates, order)
        return [self._forget_plan(rows) for rows in sets]

    @api.model
    def _read_group(self, domain, groupby=(), aggregates=(), having=(), offset=0, limit=None, order=None):
        planned = self._plan_sums(tuple(groupby), aggregates, order) if not having else self
        rows = super(TimetrackReport, planned)._read_group(domain, groupby, aggregates, having, offset, limit, order)
        return self._forget_plan(rows)

    def _forget_plan(self, rows):
        """The rows with their records as the caller knows them: the plan is for one query, and not for what is asked
        of the records later."""
        return [
            tuple(value.with_env(self.env) if isinstance(value, models.BaseModel) else value for value in row)
            for row in rows
        ]

    @api.model
    def _plan_sums(self, groupby, aggregates, order):
        """The model that sums first, if that gives what is asked for; else the model as it is."""
        aggregates = [*aggregates, *self._get_ordered_aggregates(groupby, order)]
        measures = list(chain.from_iterable(self._get_summed(spec) for spec in aggregates if spec != COUNT))
        if None in measures:
            return self
        currency = any(self._fields[name].type == "monetary" for name in measures)
        currency |= any(spec.startswith("currency_id:") for spec in aggregates)
        groups = tuple(unique([*groupby, *(["currency_id"] if currency else [])]))
        return self.with_context(**{SUMS_KEY: Sums(groups, tuple(unique(measures)))})

    @api.model
    def _get_ordered_aggregates(self, groupby, order):
        """The aggregates that groups are ordered by."""
        terms = [term.split()[0] for term in (order or "").split(",") if term.strip()]
        return [term for term in terms if term not in groupby and (":" in term or term == COUNT)]

    @api.model
    def _get_summed(self, spec):
        """The measures to sum for an aggregate; None among them if sums do not give it."""
        name, _path, function = parse_read_group_spec(spec)
        if name in self._get_products():
            return [part for factor in self._get_products()[name] for part in self._get_ratios()[factor]]
        if name in self._get_ratios():
            return list(self._get_ratios()[name])
        if spec == "currency_id:array_agg_distinct":
            return []
        return [name if function in SUMMABLE and name in self._fields else None]

    @api.model
    def _search(self, domain, *args, **kwargs):
        sums = self.env.context.get(SUMS_KEY)
        facts = self._get_wanted_facts(domain)
        if not isinstance(sums, Sums):
            wanted = self if CONTEXT_KEY in self.env.context else self.with_context(**{CONTEXT_KEY: OnlyFacts(facts)})
            return super(TimetrackReport, wanted)._search(domain, *args, **kwargs)
        parts = []
        for fact in facts:
            branch = self.with_context(**{SUMS_KEY: None, CONTEXT_KEY: OnlyFacts([fact])})
            query = branch._search(domain)
            if query.is_empty():
                return query
            parts.append(branch._sum_up(query, sums, self._get_measured(fact)))
        return SummedQuery(self.env, self._table, SQL("(%s)", SQL(" UNION ALL ").join(parts)))

    @api.model
    def _get_wanted_facts(self, domain):
        """The facts that a domain asks for, by its conditions on their kind: PostgreSQL need not plan the others.

        :return: list of names; one of them where there are none, for a query needs a table
        """
        domain = Domain(domain).optimize(self)

        def decide(fact):
            def map_condition(condition):
                if condition.field_expr != "kind" or condition.operator not in ("in", "not in"):
                    return condition
                return Domain((fact in condition.value) == (condition.operator == "in"))

            return not domain.map_conditions(map_condition).is_false()

        facts = self._get_facts()
        return [fact for fact in facts if decide(fact)] or facts[:1]

    @api.model
    def _sum_up(self, query, sums, columns):
        """SQL of the sums of one fact, whose columns are named as the groups and measures are.

        :param dict columns: that the fact has
        """
        groups = {spec: self._read_group_groupby(self._table, spec, query) for spec in sums.groupby}
        measures = {}
        for name in sums.measures:
            kind = SQL("float8") if self._fields[name].type == "float" else SQL("numeric")
            value = SQL("SUM(%s)", self._field_to_sql(self._table, name, query)) if name in columns else SQL("NULL")
            measures[name] = SQL("%s::%s", value, kind)
        if groups:
            query.groupby = SQL(", ").join(unique(groups.values()))
        terms = {**{self._get_group_name(spec): term for spec, term in groups.items()}, **measures}
        terms[COUNT] = SQL("COUNT(*)")
        return query.select(*(SQL("%s AS %s", term, SQL.identifier(name)) for name, term in terms.items()))

    @api.model
    def _get_group_name(self, groupby_spec):
        """The name of the column of a group; that of a plain field is the field's, by which Odoo may order."""
        return groupby_spec.replace(":", "__").replace(".", "__")

    def _read_group_groupby(self, alias, groupby_spec, query):
        if isinstance(query, SummedQuery) and alias == self._table:
            return SQL.identifier(alias, self._get_group_name(groupby_spec))
        return super()._read_group_groupby(alias, groupby_spec, query)

    def _read_group_select(self, aggregate_spec, query):
        if isinstance(query, SummedQuery) and aggregate_spec == COUNT:
            return SQL("SUM(%s)::int8", SQL.identifier(self._table, COUNT))
        return super()._read_group_select(aggregate_spec, query)
