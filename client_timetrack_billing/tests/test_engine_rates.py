import datetime

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from odoo.addons.client_timetrack.tests.common import cases

from ..engine.rates import RateTable, Rule, Work

DAY = datetime.date(2026, 5, 4)

ids = st.one_of(st.none(), st.integers(1, 3))
dates = st.one_of(st.none(), st.dates(datetime.date(2026, 5, 1), datetime.date(2026, 5, 7)))
works = st.builds(
    Work,
    date=st.dates(datetime.date(2026, 4, 30), datetime.date(2026, 5, 8)),
    project=ids,
    client=ids,
    employee=ids,
    activities=st.sampled_from([(), (1,), (2, 1), (3, 2, 1)]),
    tasks=st.sampled_from([(), (1,), (2, 1), (3, 2, 1)]),
    job=ids,
)


@st.composite
def rule_lists(draw):
    count = draw(st.integers(0, 12))
    return [
        Rule(number, float(number), draw(dates), draw(dates), *(draw(ids) for _dimension in range(6)))
        for number in range(1, count + 1)
    ]


def fits(rule, work):
    return (
        rule.is_valid_on(work.date)
        and rule.project in (None, work.project)
        and rule.client in (None, work.client)
        and rule.employee in (None, work.employee)
        and rule.job in (None, work.job)
        and (rule.activity is None or rule.activity in work.activities)
        and (rule.task is None or rule.task in work.tasks)
    )


def strength(rule, work):
    """The documented order, written the other way round: a key to compare rules that fit."""
    task = -work.tasks.index(rule.task) if rule.task is not None else 0
    activity = -work.activities.index(rule.activity) if rule.activity is not None else 0
    named = (rule.task, rule.project, rule.client, rule.employee, rule.job, rule.activity)
    return (tuple(value is not None for value in named), task, activity, rule.date_from or datetime.date.min, rule.id)


@tagged("-at_install", "post_install")
class TestEngineRates(BaseCase):
    @cases(400)
    @given(rule_lists(), works)
    def test_the_strongest_fitting_rule_wins(self, rules, work):
        fitting = [rule for rule in rules if fits(rule, work)]
        expected = max(fitting, key=lambda rule: strength(rule, work), default=None)
        self.assertEqual(RateTable(rules).resolve(work), expected)

    @cases(150)
    @given(rule_lists(), works, st.randoms())
    def test_the_order_of_the_rules_does_not_matter(self, rules, work, random):
        expected = RateTable(rules).resolve(work)
        random.shuffle(rules)
        self.assertEqual(RateTable(rules).resolve(work), expected)

    def test_every_pair_of_ranks(self):
        work = Work(DAY, 1, 1, 1, (1,), (1,), 1)
        names = ("activity", "job", "employee", "client", "project", "task")
        kinds = [
            Rule(1, 1.0, **{name: 1 for place, name in enumerate(names) if rank >> place & 1}) for rank in range(64)
        ]
        for low in range(64):
            for high in range(low + 1, 64):
                # the weaker rule is younger and starts later: specificity counts first
                weak = kinds[low]._replace(id=9, date_from=DAY)
                strong = kinds[high]._replace(id=2)
                found = RateTable([weak, strong]).resolve(work)
                self.assertEqual((strong.rank, found), (high, strong), f"{low} against {high}")

    def test_dates_are_inclusive(self):
        table = RateTable([Rule(1, 10.0, date_from=DAY, date_to=DAY)])
        one_day = datetime.timedelta(days=1)
        self.assertEqual(table.resolve(Work(DAY)).id, 1)
        self.assertIsNone(table.resolve(Work(DAY - one_day)))
        self.assertIsNone(table.resolve(Work(DAY + one_day)))

    def test_a_later_start_wins_without_an_end_of_the_old_rate(self):
        old = Rule(2, 100.0)
        new = Rule(1, 120.0, date_from=DAY)
        table = RateTable([old, new])
        self.assertEqual(table.resolve(Work(DAY)), new)
        self.assertEqual(table.resolve(Work(DAY - datetime.timedelta(days=1))), old)

    def test_zero_is_a_rate_and_nothing_is_none(self):
        self.assertEqual(RateTable([Rule(1, 90.0), Rule(2, 0.0, employee=4)]).resolve(Work(DAY, employee=4)).rate, 0.0)
        self.assertIsNone(RateTable([Rule(1, 90.0, employee=5)]).resolve(Work(DAY, employee=4)))

    def test_the_nearest_task_wins_before_the_nearest_service_type(self):
        table = RateTable([Rule(1, 10.0, task=1, activity=2), Rule(2, 20.0, task=2, activity=1)])
        self.assertEqual(table.resolve(Work(DAY, activities=(2, 1), tasks=(2, 1))).rate, 20.0)
        self.assertEqual(table.resolve(Work(DAY, activities=(2, 1), tasks=(1,))).rate, 10.0)
        self.assertIsNone(table.resolve(Work(DAY, activities=(2, 1))))

    def test_the_nearest_service_type_wins(self):
        table = RateTable([Rule(1, 10.0, activity=1), Rule(2, 20.0, activity=2)])
        self.assertEqual(table.resolve(Work(DAY, activities=(3, 2, 1))).rate, 20.0)
        self.assertEqual(table.resolve(Work(DAY, activities=(1,))).rate, 10.0)
        self.assertIsNone(table.resolve(Work(DAY)))
