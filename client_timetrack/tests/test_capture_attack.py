import os

from hypothesis import given
from hypothesis import strategies as st

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import database_examples
from .test_attack import AttackCommon

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.sampled_from(["", "2026-11-25", "9999-99-99", "set", "team", "%s", "1; DROP", "\ud800", "a" * 5000]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["op", "x", "project_id"]), inner, max_size=3)
    ),
    max_leaves=5,
)


@tagged("post_install", "-at_install")
class TestCaptureAttack(AttackCommon):
    """What grid, timer and pins do with calls that no screen makes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.hidden = cls.env["project.project"].create(
            {"name": "Hidden", "allow_timesheets": True, "privacy_visibility": "followers", "user_id": False}
        )
        cls.secret = cls.env["project.task"].create({"name": "Secret", "project_id": cls.hidden.id})

    def _valid(self):
        """For each method, arguments that it takes."""
        day = fields.Date.to_string(fields.Date.today())
        params = {
            "scale": "week", "anchor": day, "rows": ["project_id", "task_id"], "group": "project_id", "mode": "own",
            "domain": [], "suggest": True, "offset": 0, "limit": 40,
        }  # fmt: skip
        values = {"project_id": self.project.id, "task_id": self.task.id}
        change = {"op": "set", "employee_id": self.employee.id, "values": values, "date": day, "hours": 1, "known": 0,
                  "name": "x"}  # fmt: skip
        entry = {"op": "entry", "entry_id": self.entry.id, "hours": 2, "name": "y"}
        restored = {**change, "op": "restore", "kept": {"timetrack_start": f"{day} 08:00:00"}}
        lines, timers = self.env["account.analytic.line"], self.env["timetrack.timer"]
        return [
            (lines, "timetrack_grid_load", [params]),
            (lines, "timetrack_grid_save", [[change], params]),
            (lines, "timetrack_grid_save", [[entry], params]),
            (lines, "timetrack_grid_save", [[restored], params]),
            (lines, "timetrack_grid_search", ["merger", params, 5]),
            (lines, "timetrack_grid_pin", [values, True]),
            (lines, "timetrack_grid_copy", ["rows", params]),
            (lines, "timetrack_grid_submit", [params]),
            (timers, "start_timer", [{**values, "name": "Call"}]),
            (timers, "update_timer", [{**values, "name": "Call"}]),
            (timers, "book_timer", [1, values]),
            (timers, "stop_timer", [f"{day} 08:00:00"]),
            (timers, "discard_timer", [1]),
        ]

    @given(st.integers(0, 12), st.integers(0, 50), JSON)
    @database_examples(max_examples=3000 if os.environ.get("TIMETRACK_FULL") else 80)
    def test_nonsense_is_refused_with_a_sentence(self, method, place, value):
        """One value of a call that is right is replaced by anything: it works, or it is refused; nothing breaks."""
        self.entry = self._entry(date=fields.Date.today())
        model, name, arguments = self._valid()[method]
        arguments = self._replaced(arguments, [place], value)
        savepoint = self.env.cr.savepoint()
        try:
            getattr(model.with_user(self.consultant), name)(*arguments)
            self.env.flush_all()
        except UserError as error:
            self.assertTrue(str(error))
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all()

    def _replaced(self, tree, left, value):
        """The tree with its n-th leaf replaced; ``left`` counts down."""
        if left[0] < 0:
            return tree
        if isinstance(tree, dict):
            # a domain is Odoo's to judge, as in every search
            return {
                key: child if key == "domain" else self._replaced(child, left, value) for key, child in tree.items()
            }
        if isinstance(tree, list) and tree:
            return [self._replaced(child, left, value) for child in tree]
        left[0] -= 1
        return value if left[0] < 0 else tree

    def test_pins_are_kept_by_the_grid_alone(self):
        """Else the name of hidden work would be read from a pin on it."""
        favorites = self.env["timetrack.favorite"].with_user(self.consultant)
        with self.assertRaises(AccessError):
            favorites.create({"employee_id": self.employee.id, "project_id": self.hidden.id})
        lines = self.env["account.analytic.line"].with_user(self.consultant)
        lines.timetrack_grid_pin({"project_id": self.project.id}, True)
        pin = favorites.search([])
        for change in (lambda: pin.write({"project_id": self.hidden.id}), pin.unlink):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                change()
        self.assertFalse(self.env["timetrack.favorite"].with_user(self.colleague).search([]))

    def test_a_timer_names_nothing_that_one_cannot_see(self):
        timers = self.env["timetrack.timer"].with_user(self.consultant)
        for values in ({"project_id": self.hidden.id}, {"task_id": self.secret.id}):
            with self.subTest(values=values), self.assertRaises(AccessError), self.env.cr.savepoint():
                timers.start_timer(values)
        state = timers.start_timer({"project_id": self.project.id})
        for values in ({"project_id": self.hidden.id}, {"task_id": self.secret.id}):
            with self.subTest(values=values), self.assertRaises(AccessError), self.env.cr.savepoint():
                timers.update_timer(values)
        timer = timers.browse(state["timer"]["id"])
        for change in (
            lambda: timer.write({"project_id": self.hidden.id}),
            lambda: timer.lap_ids.write({"start": "2020-01-01 00:00:00"}),
            lambda: timers.create({"employee_id": self.employee_colleague.id}),
        ):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                change()
        others = self.env["timetrack.timer"].with_user(self.colleague)
        self.assertFalse(others.search([]))
        with self.assertRaises(UserError):
            others.discard_timer(timer.id)
        self.assertFalse(others.get_state()["timer"])

    def test_a_task_of_a_visible_project_can_be_hidden_by_its_own(self):
        """A task is asked for by itself: that its project is visible says nothing."""
        lines = self.env["account.analytic.line"].with_user(self.consultant)
        with self.assertRaisesRegex(UserError, "not shared with you"):
            lines.timetrack_grid_pin({"project_id": self.project.id, "task_id": self.secret.id}, True)

    def test_imports_are_for_administrators(self):
        """Files hold the time of others: neither they nor what was found in them can be read."""
        for model in ("job", "row", "problem", "name", "column", "profile", "alias"):
            for user in (self.consultant, self.lead, self.project_manager):
                with self.subTest(model=model, user=user.login), self.assertRaises(AccessError):
                    self.env[f"timetrack.import.{model}"].with_user(user).search([])
        self.assertNotIn(
            "timetrack_import_row_ids", self.env["account.analytic.line"].with_user(self.consultant).fields_get()
        )

    def test_turns_are_nobodys(self):
        for user in (self.consultant, self.administrator):
            with self.assertRaises(AccessError):
                self.env["timetrack.grid.turn"].with_user(user).search([])
