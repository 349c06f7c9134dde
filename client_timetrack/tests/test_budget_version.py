from datetime import date, timedelta

from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .common import TimetrackCommon, database_examples

TODAY = "2026-11-26"


@tagged("post_install", "-at_install")
class TestBudgetVersion(TimetrackCommon):
    """What was agreed before stays known, whoever changes a budget and wherever."""

    def setUp(self):
        super().setUp()
        self.project.allocated_hours = 100
        self.budget = self.project.timetrack_budget_ids
        self.budget.with_user(self.administrator).cost = 5000

    def _versions(self):
        self.env.invalidate_all()
        return [(version.hours, version.cost, version.reason) for version in self.budget.version_ids.sorted("id")]

    def test_every_way_to_change_a_budget_is_kept(self):
        self.project.with_user(self.project_manager).allocated_hours = 120
        self.budget.hours = 110
        self.budget.write({"hours": 110, "cost": 5000})
        self.project.name = "Other name"
        self.assertEqual(
            self._versions(),
            [
                (100, 0, "First budget"),
                (100, 5000, "Changed on the budget"),
                (120, 5000, "Allocated time of the project changed"),
                (110, 5000, "Allocated time of the project changed"),
            ],
        )
        self.assertEqual(self.budget.version_ids[1].user_id, self.project_manager)

    def test_a_revision_says_why(self):
        wizard = Form(
            self.env["timetrack.budget.revise.wizard"]
            .with_user(self.administrator)
            .with_context(**self.budget.action_revise()["context"])
        )
        self.assertEqual((wizard.hours, wizard.cost), (100, 5000))
        wizard.hours, wizard.cost, wizard.reason = 130, 6500, "A second language"
        wizard.save().action_revise()
        self.assertEqual((self.project.allocated_hours, self.budget.cost), (130, 6500))
        self.assertEqual(self._versions()[-1], (130, 6500, "A second language"))
        self.assertEqual(len(self._versions()), 3, "one revision, not one for each amount")

    def test_who_does_not_see_cost_leaves_it_as_it_is(self):
        wizard = self.env["timetrack.budget.revise.wizard"].with_user(self.project_manager)
        dialog = wizard.create({"budget_id": self.budget.id, "hours": 90, "reason": "Less"})
        with self.assertRaises(AccessError):
            dialog.read(["cost"])
        dialog.action_revise()
        self.assertEqual(self._versions()[-1], (90, 5000, "Less"))

    def test_hours_below_zero(self):
        wizard = self.env["timetrack.budget.revise.wizard"].with_user(self.administrator)
        with self.assertRaises(ValidationError):
            wizard.create({"budget_id": self.budget.id, "hours": -1, "reason": "x"})

    def test_the_trail_is_nobodys_to_change(self):
        version = self.budget.version_ids[0]
        for user in (self.project_manager, self.administrator):
            for change in (
                lambda version: version.write({"hours": 1}),
                lambda version: version.unlink(),
                lambda version: version.create({"budget_id": self.budget.id, "date": TODAY, "reason": "x"}),
            ):
                with self.subTest(user=user.login), self.assertRaises(AccessError), self.env.cr.savepoint():
                    change(version.with_user(user))
        for user in (self.consultant, self.lead):
            self.assertEqual(version.with_user(user).hours, 100)
            with self.assertRaises(AccessError):
                version.with_user(user).read(["cost"])
        # no context that comes from outside keeps a change from the trail
        self.project.with_context(timetrack_revising=True).allocated_hours = 50
        self.assertEqual(self._versions()[-1][0], 50)

    def test_only_managers_revise(self):
        for user in (self.consultant, self.lead):
            with self.assertRaises(AccessError):
                self.env["timetrack.budget.revise.wizard"].with_user(user).create(
                    {"budget_id": self.budget.id, "hours": 1, "reason": "x"}
                )

    def test_hidden_projects_keep_their_revisions(self):
        self.project.privacy_visibility = "followers"
        self.env.invalidate_all()
        self.assertFalse(self.env["timetrack.budget.version"].with_user(self.consultant).search([]))

    def test_many_projects_take_one_statement(self):
        projects = self.env["project.project"].create(
            [{"name": str(number), "allocated_hours": 5, "allow_timesheets": True} for number in range(30)]
        )
        counts = []
        for batch in (projects[:5], projects[5:]):
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            batch.write({"allocated_hours": 7})
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])
        self.assertEqual(len(projects.timetrack_budget_ids.version_ids), 60)


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestBudgetOutlook(TimetrackCommon):
    """How far a budget is used, and what becomes of it at the pace of the last weeks."""

    def setUp(self):
        super().setUp()
        self.project.write({"allocated_hours": 100, "date_start": "2026-01-01", "date": "2026-12-31"})
        self.budget = self.project.timetrack_budget_ids

    def _log(self, day, hours, state="draft"):
        make = {"draft": self._entry, "submitted": self._submitted, "approved": self._approved}[state]
        return make(date=day, unit_amount=hours, employee_id=self.employee.id)

    def _read(self, *names):
        self.env.invalidate_all()
        return tuple(self.budget[name] for name in names)

    def test_what_is_used_by_how_far_it_has_come(self):
        self._log("2026-11-02", 2)
        self._log("2026-11-03", 3, "submitted")
        self._log("2026-11-04", 4, "approved")
        self._log("2026-11-05", 5, "submitted").with_user(self.lead).action_timetrack_reject("Which task?")
        self.assertEqual(
            self._read("consumed_hours", "open_hours", "submitted_hours", "approved_hours", "remaining_hours"),
            (14, 7, 3, 4, 86),
        )

    def test_pace_and_day_of_exhaustion(self):
        """40 hours in the four weeks before today are 10 a week: 60 hours last six weeks, until 7 January."""
        self._log("2026-10-28", 5)
        self._log("2026-10-29", 20)
        self._log("2026-11-25", 20)
        self._log("2026-11-26", 15)
        self.assertEqual(self._read("burn_hours", "exhaustion_date", "outlook"), (10, date(2026, 12, 24), "risk"))
        # 60 used, and 36 days at 10 a week until the end of the year
        self.assertAlmostEqual(self.budget.forecast_hours, 60 + 10 * 36 / 7, 6)
        self.project.date = "2026-12-20"
        self.assertEqual(self._read("outlook"), ("fine",))
        self.project.write({"date_start": False, "date": False})
        self.assertEqual(self._read("outlook", "forecast_hours"), ("fine", 60))

    def test_nothing_is_burnt(self):
        self._log("2026-01-05", 10)
        self.assertEqual(self._read("burn_hours", "exhaustion_date", "outlook"), (0, False, "fine"))
        self.project.allocated_hours = 5
        self.assertEqual(self._read("exhaustion_date", "outlook"), (date(2026, 11, 26), "over"))
        self.project.allocated_hours = 0
        self.assertEqual(self._read("exhaustion_date", "outlook", "hours_percent"), (False, False, 0))

    @given(
        st.lists(
            st.one_of(
                st.tuples(st.just("log"), st.integers(0, 60), st.integers(1, 30)),
                st.tuples(st.just("change"), st.integers(0, 9), st.integers(1, 30)),
                st.tuples(st.just("move"), st.integers(0, 9), st.booleans()),
                st.tuples(st.just("date"), st.integers(0, 9), st.integers(0, 60)),
                st.tuples(st.just("submit"), st.integers(0, 9), st.none()),
                st.tuples(st.just("reject"), st.integers(0, 9), st.none()),
                st.tuples(st.just("delete"), st.integers(0, 9), st.none()),
                st.tuples(st.just("revise"), st.integers(0, 200), st.none()),
            ),
            max_size=14,
        )
    )
    @database_examples(max_examples=12)
    def test_figures_are_those_of_a_plain_recount(self, history):
        """Whatever is logged, changed, moved, handed in, sent back, deleted and revised."""
        savepoint = self.env.cr.savepoint()
        try:
            lines, allocated, versions = {}, 100, [100]
            today = date(2026, 11, 26)
            for action, number, value in history:
                keys = sorted(lines)
                line = self.env["account.analytic.line"].browse(keys[number % len(keys)]) if keys else None
                if action == "log":
                    day = today - timedelta(days=number)
                    entry = self._entry(date=day, unit_amount=value / 4, task_id=False)
                    lines[entry.id] = [day, value / 4, True, "draft"]
                elif action == "revise":
                    if number != allocated:
                        versions.append(number)
                    allocated = number
                    self.project.allocated_hours = number
                elif line:
                    self._play(lines, line, action, value, today)
            self._compare(lines, allocated, versions, today)
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all()

    def _play(self, lines, line, action, value, today):
        """Do something to an entry, and to the plain copy of it; what a rule refuses changes neither."""
        plain = lines[line.id]
        try:
            with self.env.cr.savepoint():
                if action == "change":
                    line.unit_amount = value / 4
                elif action == "move":
                    line.write({"project_id": (self.project if value else self.internal_project).id, "task_id": False})
                elif action == "date":
                    line.date = today - timedelta(days=value)
                elif action == "submit":
                    line.action_timetrack_submit()
                elif action == "reject":
                    line.with_user(self.administrator).action_timetrack_reject("No")
                else:
                    line.unlink()
        except UserError:
            return
        if action == "delete":
            del lines[line.id]
            return
        # the state is the approval's to know; the rest is what was asked for
        plain[3] = line.timetrack_state
        if action == "change":
            plain[1] = value / 4
        elif action == "move":
            plain[2] = value
        elif action == "date":
            plain[0] = today - timedelta(days=value)

    def _compare(self, lines, allocated, versions, today):
        own = [line for line in lines.values() if line[2]]
        used = sum(hours for _day, hours, _own, _state in own)
        recent = sum(hours for day, hours, _own, _state in own if 1 <= (today - day).days <= 28)
        self.env.flush_all()
        self.env.invalidate_all()
        budget = self.project.timetrack_budget_ids
        self.assertAlmostEqual(budget.consumed_hours, used)
        self.assertAlmostEqual(budget.remaining_hours, allocated - used)
        self.assertAlmostEqual(budget.burn_hours, recent / 4)
        for state, name in (("submitted", "submitted_hours"), ("approved", "approved_hours")):
            hours = sum(line[1] for line in own if line[3] == state)
            self.assertAlmostEqual(budget[name], hours, msg=name)
        self.assertEqual([version.hours for version in budget.version_ids.sorted("id")], versions)
        over = allocated > 0 and used > allocated
        self.assertEqual(budget.outlook == "over", over)
