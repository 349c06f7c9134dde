import os
from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.fields import Domain
from odoo.tests import tagged

from .common import ReportsCommon

MANY = 600 if os.environ.get("TIMETRACK_FULL") else 40
GROUPS = (
    "employee_id",
    "department_id",
    "project_id",
    "client_id",
    "activity_id",
    "state",
    "kind",
    "company_id",
    "date:month",
    "date:year",
)
RELATIONS = ("employee_id", "department_id", "project_id", "client_id", "task_id", "activity_id", "company_id")
PATHS = ("employee_id.department_id.name", "project_id.partner_id.name", "employee_id.name", "task_id.project_id.name")
DATES = ("2025-02-27", "2025-03-01", "2025-03-12", "2025-03-31", "2025-05-01")


@tagged("post_install", "-at_install")
class TestRandomFilters(ReportsCommon):
    """Whatever the filter and the groups: what the report sums first is what its rows sum up to."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        fields = cls.Report._fields
        cls.measures = sorted(
            name
            for name, field in fields.items()
            if field.type == "float" and field.aggregator == "sum" and field.store
        )
        cls.kinds = fields["kind"].get_values(cls.env)
        cls.states = fields["state"].get_values(cls.env)

    def _ids(self, name):
        return self.env[self.Report._fields[name].comodel_name].search([], limit=8).ids

    def _leaves(self):
        relations = [
            st.tuples(st.just(name), st.sampled_from(("in", "not in")), st.lists(st.sampled_from(ids), max_size=3))
            for name in RELATIONS
            if (ids := [False, *self._ids(name)])
        ]
        words = st.sampled_from(("a", "Ada", "", "%", "_", "'", "é", "x" * 300))
        operators = st.sampled_from(("=", "!=", "<", ">", "<=", ">="))
        return st.one_of(
            *relations,
            st.tuples(st.sampled_from((*PATHS, *RELATIONS)), st.sampled_from(("ilike", "not ilike")), words),
            st.tuples(st.just("date"), operators, st.sampled_from(DATES)),
            st.tuples(st.just("date"), st.sampled_from(("=", "!=")), st.just(False)),
            st.tuples(st.just("kind"), st.sampled_from(("in", "not in")), st.lists(st.sampled_from(self.kinds))),
            st.tuples(st.just("state"), st.sampled_from(("=", "!=")), st.sampled_from([False, *self.states])),
            st.tuples(st.sampled_from(self.measures), operators, st.sampled_from((-1, 0, 0.5, 8, 1e12))),
        ).map(lambda leaf: Domain(*leaf))

    def _domains(self):
        return st.recursive(
            self._leaves(),
            lambda inner: st.one_of(
                st.tuples(inner, inner).map(lambda pair: pair[0] & pair[1]),
                st.tuples(inner, inner).map(lambda pair: pair[0] | pair[1]),
                inner.map(lambda domain: ~domain),
            ),
            max_leaves=5,
        )

    def test_sums_are_those_of_the_rows(self):
        every = st.lists(st.sampled_from(GROUPS), max_size=3, unique=True)
        measures = st.lists(st.sampled_from(self.measures), min_size=1, max_size=4, unique=True)

        @settings(max_examples=MANY, deadline=None)
        @given(self._domains(), every, measures)
        def run(domain, groups, measures):
            with self.env.cr.savepoint():
                expected = self._by_hand(domain, groups, measures)
                found = self._by_groups(domain, groups, measures)
            self.assertEqual(found, expected, domain)

        run()

    def _by_groups(self, domain, groups, measures):
        """Rows and sums of each group, as a pivot asks for them."""
        found = {}
        for row in self.Report._read_group(domain, groups, ["__count", *(f"{name}:sum" for name in measures)]):
            count, *sums = row[len(groups) :]
            found[tuple(map(self._plain, row[: len(groups)]))] = [count, *map(self._rounded, sums)]
        return found

    def _by_hand(self, domain, groups, measures):
        """Rows and sums of each group, of all rows that there are, chosen one by one."""
        nothing = [0, *(0.0 for _name in measures)]
        sums = defaultdict(nothing.copy)
        if not groups:
            sums[()] = nothing.copy()  # a total is there, of nothing too
        for row in self.Report.search([]).filtered_domain(domain):
            total = sums[tuple(self._group(row, spec) for spec in groups)]
            total[0] += 1
            for place, name in enumerate(measures, 1):
                total[place] += row[name]
        return {key: [count, *map(self._rounded, rest)] for key, (count, *rest) in sums.items()}

    def _group(self, row, spec):
        name, _colon, part = spec.partition(":")
        value = row[name]
        if part and value:
            return str(value.replace(day=1) if part == "month" else value.replace(day=1, month=1))
        return self._plain(value)

    def _plain(self, value):
        return value.id if hasattr(value, "id") else str(value) if value else False

    def _rounded(self, value):
        return round(value or 0.0, 4)
