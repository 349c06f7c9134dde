from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from ..engine.approval import STATES, TRANSITIONS, sort_by_state

# A busy machine must not turn a property test red.
property_test = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

actions = st.sampled_from(sorted(TRANSITIONS))
states = st.dictionaries(st.integers(min_value=1), st.sampled_from(STATES), max_size=20)


class TestApprovalTable(BaseCase):
    """The table of transitions by itself."""

    @property_test
    @given(actions, states)
    def test_every_entry_is_in_exactly_one_set(self, action, entries):
        ready, already, impossible = sort_by_state(action, entries)
        self.assertEqual(ready | already | impossible, set(entries))
        self.assertEqual(len(ready) + len(already) + len(impossible), len(entries))

    @property_test
    @given(actions, states)
    def test_a_step_may_be_repeated(self, action, entries):
        ready, _already, _impossible = sort_by_state(action, entries)
        after = {key: TRANSITIONS[action].target for key in ready}
        self.assertEqual(sort_by_state(action, after), (set(), ready, set()))

    @property_test
    @given(st.lists(actions, max_size=30))
    def test_approved_is_only_reached_by_an_approver_and_only_left_with_a_reason(self, steps):
        state = "draft"
        for action in steps:
            transition = TRANSITIONS[action]
            if state not in transition.sources:
                continue
            if transition.target == "approved":
                self.assertEqual(state, "submitted")
                self.assertTrue(transition.by_approver)
            if state == "approved":
                self.assertTrue(transition.needs_reason)
            state = transition.target

    def test_unknown_action(self):
        with self.assertRaises(KeyError):
            sort_by_state("bill", {1: "draft"})
