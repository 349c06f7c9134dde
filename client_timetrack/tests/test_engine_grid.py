from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from ..engine import grid
from ..engine.grid import Entry, Refused, Step, plan_more, plan_total

quarters = st.integers(min_value=0, max_value=40).map(lambda number: number / 4)
entries = st.lists(st.builds(Entry, st.integers(1, 1000), quarters, st.booleans()), max_size=5).filter(
    lambda found: len({entry.id for entry in found}) == len(found)
)


def apply(found, step):
    """The entries after a step, by a way of its own."""
    if step is None:
        return found
    if step.kind == "create":
        return [*found, Entry(0, step.hours, True)]
    changed = [entry._replace(hours=step.hours) if entry.id == step.entry_id else entry for entry in found]
    return [entry for entry in changed if step.kind == "write" or entry.id != step.entry_id]


class TestGridEngine(BaseCase):
    """What typing into a cell means, without a database."""

    def _refused(self, code, call, *args):
        with self.assertRaises(Refused) as caught:
            call(*args)
        self.assertEqual(caught.exception.code, code)
        return caught.exception.params

    def test_total_of_an_empty_cell(self):
        self.assertEqual(plan_total([], 1.5), Step("create", None, 1.5))
        self.assertIsNone(plan_total([], 0))

    def test_total_of_one_open_entry(self):
        self.assertEqual(plan_total([Entry(7, 2.0, True)], 3), Step("write", 7, 3.0))
        self.assertEqual(plan_total([Entry(7, 2.0, True)], 0), Step("delete", 7, 0.0))
        self.assertIsNone(plan_total([Entry(7, 2.0, True)], 2.0001))

    def test_what_is_locked_stays(self):
        cell = [Entry(7, 2.0, False), Entry(8, 1.0, True)]
        self.assertEqual(plan_total(cell, 4), Step("write", 8, 2.0))
        self.assertEqual(plan_total(cell, 2), Step("delete", 8, 0.0))
        self.assertEqual(self._refused("locked", plan_total, cell, 1.5), {"locked": 2.0})
        self.assertEqual(self._refused("locked", plan_more, cell[:1], -1), {"locked": 2.0})

    def test_nobody_guesses_among_several(self):
        cell = [Entry(7, 2.0, True), Entry(8, 1.0, True)]
        self.assertEqual(self._refused("several", plan_total, cell, 4), {"count": 2})
        self.assertEqual(plan_more(cell, 0.25), Step("write", 8, 1.25))
        self.assertEqual(plan_more(cell, -1), Step("delete", 8, 0.0))
        self._refused("negative", plan_more, cell, -1.5)

    def test_hours_of_a_day(self):
        for hours in (float("nan"), float("inf"), "1", None, True, [1]):
            self._refused("number", plan_total, [], hours)
        self._refused("negative", plan_total, [], -1)
        self._refused("too_many", plan_total, [], 24.25)
        self._refused("too_many", plan_more, [Entry(7, 20.0, True)], 5)
        self.assertEqual(plan_total([], 24), Step("create", None, 24.0))

    def test_known(self):
        cell = [Entry(7, 2.0, True)]
        grid.check_known(cell, 2.0)
        grid.check_known(cell, None)
        self.assertEqual(self._refused("changed", grid.check_known, cell, 1.0), {"known": 1.0, "hours": 2.0})
        self._refused("number", grid.check_known, cell, "2")

    @settings(max_examples=300, deadline=None)
    @given(entries, quarters)
    def test_a_total_is_reached_or_refused(self, found, hours):
        """Whatever is planned comes to what was typed, and leaves what is locked alone."""
        locked = [entry for entry in found if not entry.editable]
        try:
            step = plan_total(found, hours)
        except Refused as refused:
            if refused.code == "locked":
                self.assertGreater(sum(entry.hours for entry in locked), hours)
            else:
                self.assertEqual((refused.code, sum(entry.editable for entry in found) > 1), ("several", True))
            return
        after = apply(found, step)
        self.assertAlmostEqual(sum(entry.hours for entry in after), hours, 6)
        self.assertEqual([entry for entry in after if not entry.editable], locked)
        self.assertFalse([entry for entry in after if entry.hours < 0])

    @settings(max_examples=300, deadline=None)
    @given(entries, st.integers(min_value=-40, max_value=40).map(lambda number: number / 4))
    def test_more_is_added_or_refused(self, found, delta):
        try:
            step = plan_more(found, delta)
        except Refused:
            return
        after = apply(found, step)
        self.assertAlmostEqual(sum(entry.hours for entry in after), sum(entry.hours for entry in found) + delta, 6)
        self.assertFalse([entry for entry in after if entry.hours < 0])
