import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import TimetrackCommon

ACTORS = ("consultant", "lead", "other_lead", "project_manager", "administrator")
ACTIONS = ("submit", "withdraw", "approve", "reject", "reopen", "write", "split", "delete", "move")
POLICIES = ("built-in", "two steps", "automatic")
EXAMPLES = 300 if os.environ.get("TIMETRACK_FULL") else 40

steps = st.lists(
    st.tuples(st.sampled_from(ACTORS), st.sampled_from(ACTIONS), st.integers(0, 2)), min_size=1, max_size=12
)


@tagged("post_install", "-at_install")
class TestRandomActions(TimetrackCommon):
    """Whatever people do in whatever order, what the approval promises holds after each step."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        two_steps = [Command.create({"kind": "manager"}), Command.create({"kind": "project_manager", "sequence": 20})]
        cls.policies = {
            "built-in": cls.env["timetrack.policy"],
            "two steps": cls.env["timetrack.policy"].create({"name": "Two", "step_ids": two_steps}),
            "automatic": cls.env["timetrack.policy"].create({"name": "Auto", "auto_approve": "always"}),
        }

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=not os.environ.get("TIMETRACK_FULL"),
        suppress_health_check=list(HealthCheck),
    )
    @given(policy=st.sampled_from(POLICIES), sequence=steps)
    def _run_sequences(self, policy, sequence):
        with self.env.cr.savepoint() as savepoint:
            self.project.timetrack_policy_id = self.policies[policy]
            self.internal_project.timetrack_policy_id = self.policies[policy]
            self.entries = [self._entry(unit_amount=hours) for hours in (1.5, 2, 4)]
            self.hours = 7.5
            self.known = {}
            for actor, action, number in sequence:
                self._act(getattr(self, actor), action, self.entries[number])
                self._check(policy)
            savepoint.close(rollback=True)
        self.env.invalidate_all()

    @mute_logger("odoo.addons.base.models.ir_access", "odoo.models")
    def test_invariants_hold(self):
        self._run_sequences()

    def _act(self, user, action, entry):
        """Try it; being refused is as good as being done, as long as everything holds afterwards."""
        if not entry.exists():
            return
        try:
            with self.env.cr.savepoint():
                self._do(entry.with_user(user), action)
        except UserError:  # an AccessError is one too
            self.env.invalidate_all()
            return
        if action == "delete":
            self.hours -= self.hours_before

    def _do(self, entry, action):
        self.hours_before = entry.sudo().unit_amount
        if action in ("reject", "reopen"):
            getattr(entry, f"action_timetrack_{action}")("Because")
        elif action == "write":
            entry.write({"name": f"{entry.sudo().name}."})
        elif action == "split":
            entry._timetrack_split([{"unit_amount": 0.25}])
        elif action == "delete":
            entry.unlink()
        elif action == "move":
            entry.write({"project_id": self.internal_project.id, "task_id": False})
        else:
            getattr(entry, f"action_timetrack_{action}")()

    def _check(self, policy):
        """The invariants, from what is in the database."""
        self.env.flush_all()
        self.env.invalidate_all()
        lines = self.env["account.analytic.line"].search([("employee_id", "=", self.employee.id)])
        self.assertAlmostEqual(sum(lines.mapped("unit_amount")), self.hours, 6, "no hour comes or goes unasked")
        for line in lines:
            self._check_trail(line)
            self._check_step(line, policy)
            if line.timetrack_state == "approved":
                with self.assertRaises(UserError), self.env.cr.savepoint():
                    line.write({"unit_amount": 100})
        self._check_append_only()

    def _check_trail(self, line):
        """The events tell without a gap how the entry came to its state."""
        state = "draft"
        for event in line.timetrack_event_ids.sorted("id"):
            if event.action == "split" and not event.state_from:
                state = event.state_to
                continue
            self.assertEqual(event.state_from, state, event.action)
            state = event.state_to
        self.assertEqual(state, line.timetrack_state)
        if state != "approved":
            return
        last = line.timetrack_event_ids.sorted("id")[-1]
        self.assertIn(last.action, ("approve", "auto", "pass"))
        if last.action == "approve":
            self.assertNotEqual(last.user_id, line.user_id, "nobody approves their own time")

    def _check_step(self, line, policy):
        """A step is waited for while the entry is submitted under a policy with steps, and only then."""
        waits = line.timetrack_state == "submitted" and policy == "two steps"
        self.assertEqual(bool(line.timetrack_step_id), waits)
        if line.timetrack_state == "approved" and policy == "two steps":
            events = line.timetrack_event_ids.sorted("id")
            since = [event.action for event in events if event.action != "change"]
            start = max(index for index, action in enumerate(since) if action in ("submit", "split"))
            self.assertGreaterEqual(len([action for action in since[start:] if action in ("approve", "pass")]), 1)

    def _check_append_only(self):
        """What was in the trail is still there and says the same."""
        fields = ["entry_ref", "action", "state_from", "state_to", "user_id", "date", "reason", "changes", "step_name"]
        now = {
            event.pop("id"): event for event in self.env["timetrack.approval.event"].search([]).read(fields, load="")
        }
        for key, event in self.known.items():
            self.assertEqual(now.get(key), event)
        self.known = now
