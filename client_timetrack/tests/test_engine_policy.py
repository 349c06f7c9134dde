import doctest
from datetime import date, datetime, timedelta

from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..engine import policy
from ..engine.policy import BLOCK, NONE, WARN, Entry, Facts, Room, Settings

MONDAY = date(2026, 3, 2)
# A busy machine is no error of the rules.
unhurried = examples(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def at(hour, day=MONDAY):
    return datetime.combine(day, datetime.min.time()) + timedelta(hours=hour)


def entry(key="a", **values):
    return Entry(**{"key": key, "employee": "Carl", "date": MONDAY, "hours": 2.0, "project": "Merger", **values})


severities = st.sampled_from([NONE, WARN, BLOCK])
hours = st.integers(-300, 1500).map(lambda minutes: minutes / 60)
days = st.integers(0, 60)
keys = st.sampled_from([None, "x", "y"])
moments = st.integers(0, 48).map(at)

entries = st.builds(
    entry,
    key=st.uuids(),
    employee=st.sampled_from(["Carl", "Cora"]),
    date=st.sampled_from([MONDAY, MONDAY + timedelta(days=1)]),
    hours=st.sampled_from([1.0, 1.5]),
    project=st.sampled_from(["Merger", "Office"]),
    task=keys,
    activity=keys,
    description=st.sampled_from(["", "/", "Reading", " Reading "]),
    start=st.none() | moments,
)
facts = st.builds(
    Facts,
    today=st.none() | days.map(lambda n: MONDAY + timedelta(days=n - 30)),
    closed=st.sampled_from(["", "task", "project"]),
    working_hours=st.none() | st.sampled_from([0.0, 8.0]),
    day_hours=st.none() | hours,
    budgets=st.lists(st.builds(Room, st.just("Merger"), st.sampled_from([5.0, 10.0]), hours)).map(tuple),
    duplicates=st.integers(0, 2),
    overlaps=st.integers(0, 2),
)
settings = st.builds(
    Settings,
    require_task=st.booleans(),
    require_activity=st.booleans(),
    require_deliverable=st.booleans(),
    description_min_length=st.integers(0, 10),
    day_hours_max=st.sampled_from([8.0, 12.0]),
    future_days=st.integers(0, 5),
    past_days=st.integers(0, 5),
    **{f"{name}_severity": severities for name in policy.LIMITS},
)


@tagged("post_install", "-at_install")
class TestPolicyRules(BaseCase):
    """Each rule by example, on both sides of its limit."""

    def assertBroken(self, said, known, says, rule, params):
        found = policy.violations(said, known, Settings(**says), on_submit=True)
        self.assertEqual([(violation.rule, violation.params) for violation in found], [(rule, params)])

    def assertKept(self, said, known, says):
        self.assertEqual(policy.violations(said, known, Settings(**says), on_submit=True), [])

    def test_examples_of_the_docstrings(self):
        result = doctest.testmod(policy)
        self.assertTrue(result.attempted)
        self.assertFalse(result.failed)

    def test_required(self):
        for field in ("task", "activity", "deliverable"):
            says = {f"require_{field}": True}
            self.assertBroken(entry(), Facts(), says, f"require_{field}", {})
            self.assertKept(entry(**{field: "x"}), Facts(), says)

    def test_description(self):
        says = {"description_min_length": 5}
        self.assertBroken(
            entry(description=" on  it "),
            Facts(),
            {"description_min_length": 6},
            "description_min_length",
            {"length": 5, "allowed": 6},
        )
        self.assertKept(entry(description="on it"), Facts(), says)
        # what Odoo writes for an empty description is none
        self.assertBroken(
            entry(description="/"),
            Facts(),
            {"description_min_length": 1},
            "description_min_length",
            {"length": 0, "allowed": 1},
        )

    def test_day_hours(self):
        says = {"day_hours_severity": BLOCK, "day_hours_max": 0.3}
        # three times six minutes are 0.30000000000000004 hours: as many as allowed
        self.assertKept(entry(hours=0.1), Facts(day_hours=0.1 + 0.1 + 0.1), says)
        self.assertBroken(entry(hours=0.1), Facts(day_hours=0.4), says, "day_hours", {"hours": 0.4, "allowed": 0.3})
        self.assertKept(entry(hours=0.0), Facts(day_hours=0.4), says)
        self.assertKept(entry(hours=-1.0), Facts(day_hours=0.4), says)

    def test_future(self):
        says = {"future_severity": WARN, "future_days": 2}
        self.assertKept(entry(), Facts(today=MONDAY - timedelta(days=2)), says)
        self.assertBroken(entry(), Facts(today=MONDAY - timedelta(days=3)), says, "future", {"days": 3, "allowed": 2})

    def test_past(self):
        says = {"past_severity": WARN, "past_days": 2}
        self.assertKept(entry(), Facts(today=MONDAY + timedelta(days=2)), says)
        self.assertBroken(entry(), Facts(today=MONDAY + timedelta(days=3)), says, "past", {"days": 3, "allowed": 2})

    def test_non_working(self):
        says = {"non_working_severity": WARN}
        self.assertKept(entry(), Facts(working_hours=0.5), says)
        self.assertKept(entry(), Facts(working_hours=None), says)
        self.assertBroken(entry(), Facts(working_hours=0.0), says, "non_working", {})

    def test_over_budget(self):
        says = {"over_budget_severity": WARN}
        self.assertKept(entry(), Facts(budgets=(Room("Merger", 10.0, 10.0),)), says)
        self.assertKept(entry(), Facts(), says)
        self.assertKept(entry(hours=0.0), Facts(budgets=(Room("Merger", 10.0, 12.0),)), says)
        self.assertBroken(
            entry(hours=3.0),
            Facts(budgets=(Room("Merger", 10.0, 11.0),)),
            says,
            "over_budget",
            {"hours": 3.0, "left": 2.0, "budget": 10.0, "name": "Merger"},
        )
        self.assertBroken(
            entry(hours=3.0),
            Facts(budgets=(Room("Merger", 10.0, 20.0),)),
            says,
            "over_budget",
            {"hours": 3.0, "left": 0.0, "budget": 10.0, "name": "Merger"},
        )
        self.assertBroken(
            entry(hours=3.0),
            Facts(budgets=(Room("Wide", 100.0, 50.0), Room("Firm", 10.0, 11.0), Room("Task", 5.0, 7.0))),
            says,
            "over_budget",
            {"hours": 3.0, "left": 1.0, "budget": 5.0, "name": "Task"},
        )

    def test_closed(self):
        self.assertBroken(entry(), Facts(closed="task"), {"closed_severity": WARN}, "closed", {"what": "task"})
        self.assertKept(entry(), Facts(closed=""), {"closed_severity": WARN})

    def test_duplicate_and_overlap(self):
        for name in ("duplicate", "overlap"):
            says = {f"{name}_severity": WARN}
            self.assertBroken(entry(), Facts(**{f"{name}s": 2}), says, name, {"count": 2})
            self.assertKept(entry(), Facts(), says)

    def test_all_at_once(self):
        """Nobody corrects an entry five times to learn of five rules."""
        everything = Settings(
            require_task=True,
            require_activity=True,
            require_deliverable=True,
            description_min_length=3,
            **{f"{name}_severity": WARN for name in policy.LIMITS},
        )
        known = Facts(
            today=MONDAY + timedelta(days=40),
            closed="project",
            working_hours=0.0,
            day_hours=13.0,
            budgets=(Room("Merger", 1.0, 2.0),),
            duplicates=1,
            overlaps=1,
        )
        found = [violation.rule for violation in policy.violations(entry(), known, everything, on_submit=True)]
        self.assertEqual(found, [*policy.REQUIRED, *(name for name in policy.LIMITS if name != "future")])
        found = [violation.rule for violation in policy.violations(entry(), known, everything)]
        self.assertEqual(found, [name for name in policy.LIMITS if name != "future"])

    @unhurried
    @given(entries, facts, settings, st.booleans())
    def test_severity_is_the_policys(self, said, known, says, on_submit):
        """What the policy allows is never told, what it sets is told with its severity, and only once."""
        found = policy.violations(said, known, says, on_submit)
        self.assertEqual(len(found), len({violation.rule for violation in found}))
        for violation in found:
            if violation.rule in policy.REQUIRED:
                self.assertTrue(on_submit)
                self.assertEqual(violation.severity, BLOCK)
            else:
                self.assertEqual(violation.severity, getattr(says, f"{violation.rule}_severity"))
                self.assertNotEqual(violation.severity, NONE)

    @unhurried
    @given(entries, facts, settings)
    def test_rules_are_independent(self, said, known, says):
        """A rule finds the same whatever else the policy sets."""
        found = policy.violations(said, known, says)
        alone = []
        for name in policy.LIMITS:
            others = {f"{other}_severity": NONE for other in policy.LIMITS if other != name}
            alone += policy.violations(said, known, says._replace(**others))
        self.assertEqual(found, alone)

    @unhurried
    @given(entries, settings)
    def test_what_is_unknown_breaks_no_limit(self, said, says):
        self.assertEqual(policy.violations(said, Facts(), says), [])


@tagged("post_install", "-at_install")
class TestPolicyRefusals(BaseCase):
    """Which violations refuse a change."""

    def setUp(self):
        super().setUp()
        self.found = [policy.Violation(name, BLOCK, {}) for name in policy.LIMITS]

    def rules(self, *args, **kwargs):
        return [violation.rule for violation in policy.refused(self.found, *args, **kwargs)]

    def test_new_time_must_satisfy_every_rule(self):
        self.assertEqual(self.rules(), list(policy.LIMITS))

    def test_warnings_refuse_nothing(self):
        self.assertEqual(policy.refused([policy.Violation("past", WARN, {})]), [])

    def test_only_what_a_change_touches(self):
        self.assertEqual(self.rules({"description"}), ["duplicate"])
        self.assertEqual(self.rules({"task"}), ["over_budget", "closed", "duplicate"])
        self.assertEqual(self.rules({"start"}), ["duplicate", "overlap"])
        self.assertEqual(self.rules({"deliverable"}), ["over_budget"])

    def test_another_project_may_have_another_policy(self):
        self.assertEqual(self.rules({"project"}), list(policy.LIMITS))

    def test_more_hours_are_new_time_for_every_rule(self):
        self.assertEqual(self.rules({"hours"}), list(policy.LIMITS))

    def test_what_is_broken_no_further_refuses_nothing(self):
        self.found = [violation._replace(eased=True) for violation in self.found]
        self.assertEqual(self.rules({"hours"}), [])
        self.assertEqual(self.rules({"project"}), [])

    def test_fewer_hours_break_neither_day_nor_budget(self):
        says = Settings(day_hours_severity=BLOCK, day_hours_max=8.0, over_budget_severity=BLOCK)
        known = Facts(day_hours=9.0, budgets=(Room("Merger", 5.0, 6.0, known=True),), before=entry(hours=3.0))

        def refused(**values):
            found = policy.violations(entry(**values), known, says)
            self.assertEqual(len(found), 2)
            return [violation.rule for violation in policy.refused(found, set(values))]

        self.assertEqual(refused(hours=2.0), [])
        self.assertEqual(refused(hours=3.0, task="Other"), [])
        self.assertEqual(refused(hours=3.0, date=MONDAY + timedelta(days=1)), ["day_hours"])
        # The day's limit is another policy's on another project; what a budget has left is the same.
        self.assertEqual(refused(hours=2.0, project="Other"), ["day_hours"])
        known = known._replace(budgets=(*known.budgets, Room("Task", 5.0, 6.0)))
        self.assertEqual(refused(hours=3.0, task="Other"), ["over_budget"])


@tagged("post_install", "-at_install")
class TestPolicyOtherEntries(BaseCase):
    """Days, duplicates and overlaps, against what a slow and simple search finds."""

    def test_day_totals(self):
        found = policy.day_totals([entry("a"), entry("b", hours=3.0), entry("c", employee="Cora")])
        self.assertEqual(found, {("Carl", MONDAY): 5.0, ("Cora", MONDAY): 2.0})

    def test_duplicates(self):
        found = policy.find_duplicates(
            [entry("a"), entry("b", description="/"), entry("c", description="x"), entry("d", task="t")]
        )
        self.assertEqual(found, {"a": 1, "b": 1})

    def test_entries_at_different_times_are_no_duplicates(self):
        found = policy.find_duplicates([entry("a", start=at(8)), entry("b", start=at(9)), entry("c", start=at(9))])
        self.assertEqual(found, {"b": 1, "c": 1})

    def test_overlaps(self):
        found = policy.find_overlaps(
            [
                entry("morning", start=at(8), stop=at(12)),
                entry("after", start=at(12), stop=at(13)),
                entry("call", start=at(11.5), stop=at(11.75)),
                entry("hers", employee="Cora", start=at(8), stop=at(12)),
                entry("open", start=at(8)),
                entry("untold"),
            ]
        )
        self.assertEqual(found, {"morning": {"call"}, "call": {"morning"}})

    @unhurried
    @given(st.lists(entries, max_size=12))
    def test_duplicates_are_mutual(self, group):
        def alike(one, other):
            same = all(
                getattr(one, name) == getattr(other, name)
                for name in ("employee", "date", "hours", "project", "task", "activity")
            )
            texts = {policy.said(one.description), policy.said(other.description)}
            starts = {one.start, other.start}
            return same and len(texts) == 1 and (len(starts) == 1 or None in starts)

        expected = {
            one.key: count for one in group if (count := sum(alike(one, other) for other in group if other is not one))
        }
        self.assertEqual(policy.find_duplicates(group), expected)

    @unhurried
    @given(st.lists(st.tuples(moments, st.integers(0, 10), st.sampled_from(["Carl", "Cora"])), max_size=15))
    def test_overlaps_as_the_simple_search_finds_them(self, spans):
        group = [
            entry(number, employee=employee, start=start, stop=start + timedelta(hours=length))
            for number, (start, length, employee) in enumerate(spans)
        ]
        expected = {}
        for one in group:
            for other in group:
                apart = one is other or one.employee != other.employee
                if not apart and one.start < other.stop and other.start < one.stop:
                    expected.setdefault(one.key, set()).add(other.key)
        self.assertEqual(policy.find_overlaps(group), expected)

    @unhurried
    @given(hours, hours)
    def test_exceeds_by_more_than_floats_get_wrong(self, one, other):
        self.assertEqual(policy.exceeds(one, other), round(one * 60) > round(other * 60))
