from datetime import date, timedelta

from freezegun import freeze_time
from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from .common import TimetrackCommon

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = (
    f"2026-11-{day}" for day in (23, 24, 25, 26, 27, 28, 29)
)
ROWS = ["project_id", "task_id", "timetrack_activity_id", "timetrack_deliverable_id"]


@freeze_time("2026-11-25 12:00:00")
class GridCommon(TimetrackCommon):
    """A week from Monday the 23rd of November 2026, with today a Wednesday."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.timetrack_week_start = "0"
        cls.env["hr.employee"].search([]).version_ids.write({"date_version": "2020-01-01"})

    def _grid(self, user=None, **params):
        """What the grid shows to a user (the consultant); ``params`` change the week."""
        return self._lines(user).timetrack_grid_load(self._params(**params))

    def _lines(self, user=None):
        return self.env["account.analytic.line"].with_user(user or self.consultant)

    @staticmethod
    def _params(**params):
        return {
            "scale": "week",
            "anchor": WEDNESDAY,
            "rows": ROWS,
            "group": "timetrack_client_id",
            "mode": "own",
            "domain": [],
            "suggest": False,
            **params,
        }

    def _change(self, op="set", date=MONDAY, employee=None, values=None, **data):
        """A change of the cell of the task; ``values`` change the row."""
        return {
            "op": op,
            "employee_id": (employee or self.employee).id,
            "values": {"project_id": self.project.id, "task_id": self.task.id, **(values or {})},
            "date": date,
            **data,
        }

    def _save(self, *changes, user=None):
        return self._lines(user).timetrack_grid_save(list(changes), self._params())

    def _save_one(self, *args, user=None, **kwargs):
        [result] = self._save(self._change(*args, **kwargs), user=user)
        return result

    def _on(self, day=MONDAY, employee=None):
        """(hours, description, state) of the entries of a day."""
        entries = self.env["account.analytic.line"].search(
            [("employee_id", "=", (employee or self.employee).id), ("date", "=", day), ("project_id", "!=", False)],
            order="id",
        )
        return [(line.unit_amount, line.name, line.timetrack_state) for line in entries]


@tagged("post_install", "-at_install")
@freeze_time("2026-11-25 12:00:00")
class TestGridLoad(GridCommon):
    """What the grid shows."""

    def test_rows_cells_and_totals_of_the_week(self):
        self._entry(date=MONDAY, unit_amount=1.5, timetrack_activity_id=self.activity_research.id)
        self._entry(date=MONDAY, unit_amount=0.5, name="/", timetrack_activity_id=self.activity_research.id)
        self._submitted(date=TUESDAY, unit_amount=3, project_id=self.internal_project.id, task_id=False)
        self._entry(date="2026-11-22", unit_amount=8)
        self._entry(date="2026-11-30", unit_amount=8)
        self._entry(date=MONDAY, employee_id=self.employee_colleague.id)
        data = self._grid()
        self.assertEqual((data["date_from"], data["date_to"]), (MONDAY, SUNDAY))
        self.assertEqual(data["days"], [MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY])
        self.assertEqual((data["previous"], data["next"], data["today"]), ("2026-11-22", "2026-11-30", WEDNESDAY))
        office, merger = data["rows"]
        self.assertEqual(office["values"]["project_id"], [self.internal_project.id, "Office"])
        self.assertEqual(office["values"]["task_id"], False)
        self.assertEqual(office["group"], False)
        self.assertEqual(merger["group"], [self.client_company.id, "Client Works"])
        self.assertEqual(merger["values"]["task_id"], [self.task.id, "Due diligence"])
        self.assertEqual(
            merger["values"]["timetrack_activity_id"], [self.activity_research.id, "Consulting / Research"]
        )
        self.assertEqual(
            merger["key"], f"{self.employee.id}-{self.project.id}-{self.task.id}-{self.activity_research.id}-0"
        )
        self.assertEqual(list(merger["cells"]), [MONDAY])
        cell = merger["cells"][MONDAY]
        self.assertEqual(cell["hours"], 2.0)
        self.assertEqual(
            [(entry["hours"], entry["name"], entry["state"], entry["editable"]) for entry in cell["entries"]],
            [(1.5, "Reading", "draft", True), (0.5, "", "draft", True)],
        )
        [entry] = office["cells"][TUESDAY]["entries"]
        self.assertEqual((entry["state"], entry["editable"]), ("submitted", False))
        self.assertIn("withdraw", entry["reason"])
        self.assertEqual(
            {name: data["status"][name] for name in ("draft", "submitted", "approved", "rejected", "to_submit")},
            {"draft": 2.0, "submitted": 3.0, "approved": 0.0, "rejected": 0.0, "to_submit": 2},
        )

    def test_why_an_entry_cannot_be_changed(self):
        self._approved(date=MONDAY)
        rejected = self._submitted(date=TUESDAY)
        rejected.with_user(self.lead).action_timetrack_reject("Which client?")
        self._entry(date=WEDNESDAY)
        [row] = self._grid()["rows"]
        states = {
            day: (cell["entries"][0]["editable"], cell["entries"][0]["reason"]) for day, cell in row["cells"].items()
        }
        self.assertEqual(states[MONDAY], (False, "Approved time is locked."))
        self.assertEqual(states[TUESDAY], (True, "Which client?"))
        self.assertEqual(states[WEDNESDAY], (True, False))
        self.company.timetrack_lock_date = WEDNESDAY
        data = self._grid()
        [row] = data["rows"]
        self.assertEqual(row["cells"][WEDNESDAY]["entries"][0]["reason"], "Time of this day is closed.")
        self.assertEqual(data["employees"][0]["locked_until"], WEDNESDAY)

    def test_warnings_of_the_policy(self):
        self.company.timetrack_policy_id = self.env["timetrack.policy"].create(
            {"name": "Careful", "day_hours_severity": "warn", "day_hours_max": 4}
        )
        self._entry(date=MONDAY, unit_amount=5)
        [row] = self._grid()["rows"]
        [warning] = row["cells"][MONDAY]["entries"][0]["warnings"]
        self.assertIn("Careful", warning)

    def test_expected_hours_and_days_off(self):
        self.env["resource.calendar.leaves"].create(
            [
                {
                    "name": "Holiday", "company_id": self.company.id, "calendar_id": False,
                    "date_from": "2026-11-24 00:00:00", "date_to": "2026-11-24 23:00:00",
                },
                {
                    "name": "Flu", "resource_id": self.employee.resource_id.id,
                    "calendar_id": self.employee.resource_calendar_id.id,
                    "date_from": "2026-11-26 00:00:00", "date_to": "2026-11-26 23:00:00",
                },
            ]
        )  # fmt: skip
        [employee] = self._grid()["employees"]
        self.assertEqual(employee["expected"], {MONDAY: 8.0, WEDNESDAY: 8.0, FRIDAY: 8.0})
        self.assertEqual(
            employee["off"],
            {
                TUESDAY: "Public holiday",
                THURSDAY: "Time off",
                SATURDAY: "No working hours",
                SUNDAY: "No working hours",
            },
        )
        team = {row["name"]: row for row in self._grid(self.lead, mode="team")["employees"]}
        self.assertEqual(team["Carl Consultant"]["off"][THURSDAY], "Absent")

    def test_what_is_left_of_a_task(self):
        self._entry(date=MONDAY, unit_amount=3)
        [row] = self._grid()["rows"]
        self.assertIs(row["left"], False)
        self.task.allocated_hours = 10
        [row] = self._grid()["rows"]
        self.assertEqual(row["left"], 7)

    def test_scales(self):
        self.assertEqual(self._grid(scale="day")["days"], [WEDNESDAY])
        month = self._grid(scale="month")
        self.assertEqual((month["date_from"], month["date_to"], len(month["days"])), ("2026-11-01", "2026-11-30", 30))
        self.assertEqual((month["previous"], month["next"]), ("2026-10-31", "2026-12-01"))
        self.assertFalse(month["has_period_scale"])
        self.company.timetrack_period = "half_month"
        period = self._grid(scale="period")
        self.assertTrue(period["has_period_scale"])
        self.assertEqual((period["date_from"], period["date_to"]), ("2026-11-16", "2026-11-30"))
        self.company.timetrack_week_start = "6"
        self.assertEqual(self._grid()["date_from"], "2026-11-22")

    def test_the_search_filters_but_not_by_day(self):
        self._entry(date=MONDAY, name="Reading")
        self._entry(date=TUESDAY, name="Call")
        domain = [("name", "=", "Call"), ("date", ">=", "2027-01-01")]
        [row] = self._grid(domain=domain)["rows"]
        self.assertEqual(list(row["cells"]), [TUESDAY])

    def test_days_as_the_unit(self):
        self.assertEqual(self._grid()["unit"], {"kind": "hours", "hours_per_day": 8.0})
        self.company.timesheet_encode_uom_id = self.env.ref("uom.product_uom_day")
        self.assertEqual(self._grid()["unit"], {"kind": "days", "hours_per_day": 8.0})

    def test_deadline(self):
        self.company.timetrack_deadline_days = 2
        self._entry(date="2026-11-16")
        status = self._grid(anchor="2026-11-16")["status"]
        self.assertEqual((status["deadline"], status["is_late"]), ("2026-11-24", True))
        status = self._grid()["status"]
        self.assertEqual((status["deadline"], status["is_late"]), ("2026-12-01", False))

    def test_archived_work_takes_no_more_time(self):
        self._entry(date=MONDAY)
        self.project.active = False
        [row] = self._grid()["rows"]
        self.assertEqual(row["notice"], "The project is archived.")
        self.project.write({"active": True, "allow_timesheets": False})
        self.assertEqual(self._grid()["rows"][0]["notice"], "The project takes no time.")

    def test_who_has_no_employee_is_told_what_to_do(self):
        user = new_test_user(self.env, login="tt_nobody", groups="hr_timesheet.group_hr_timesheet_user")
        data = self._grid(user)
        self.assertEqual((data["employees"], data["rows"]), ([], []))
        self.assertIn("administrator", data["notice"])
        with self.assertRaisesRegex(UserError, "administrator"):
            self._lines(user).timetrack_grid_copy("rows", self._params())

    def test_team(self):
        self._entry(date=MONDAY)
        self._entry(date=MONDAY, employee_id=self.employee_other_lead.id)
        data = self._grid(self.lead, mode="team")
        names = [employee["name"] for employee in data["employees"]]
        self.assertEqual(names, ["Carl Consultant", "Cora Colleague"])
        self.assertEqual(data["employee_count"], 2)
        self.assertEqual({row["employee_id"] for row in data["rows"]}, {self.employee.id})
        data = self._grid(self.lead, mode="team", offset=1, limit=1)
        self.assertEqual([employee["name"] for employee in data["employees"]], ["Cora Colleague"])
        self.assertEqual(data["employee_count"], 2)
        own = self._grid(self.consultant, mode="team")
        self.assertEqual([employee["name"] for employee in own["employees"]], ["Carl Consultant"])

    def test_two_companies(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.consultant.company_ids += other
        second = self.env["hr.employee"].create(
            {"name": "Carl at Other", "user_id": self.consultant.id, "company_id": other.id}
        )
        self._entry(date=MONDAY)
        lines = self._lines().with_context(allowed_company_ids=[other.id])
        data = lines.timetrack_grid_load(self._params())
        self.assertEqual([employee["id"] for employee in data["employees"]], [second.id])
        self.assertEqual(data["rows"], [])

    def test_nobody_else_gets_in(self):
        portal = new_test_user(self.env, login="tt_portal", groups="base.group_portal")
        internal = new_test_user(self.env, login="tt_internal", groups="base.group_user")
        for user in (portal, self.env.ref("base.public_user"), internal):
            for call in (
                lambda lines: lines.timetrack_grid_save([self._change(hours=1)], self._params()),
                lambda lines: lines.timetrack_grid_pin({"project_id": self.project.id}, True),
                lambda lines: lines.timetrack_grid_submit(self._params()),
            ):
                with self.assertRaises(UserError):
                    call(self._lines(user))
        with self.assertRaises(AccessError):
            self._grid(self.env.ref("base.public_user"))
        self.assertEqual(self._on(), [])

    def test_what_the_grid_does_not_know(self):
        for params in (
            {"scale": "year"},
            {"mode": "all"},
            {"group": "amount"},
            {"rows": ["amount"]},
            {"rows": []},
            {"anchor": "soon"},
            {"anchor": "9999-01-01"},
            {"anchor": 5},
            {"offset": "x"},
            {"limit": [1]},
        ):
            with self.subTest(params), self.assertRaises(UserError):
                self._grid(**params)

    def test_queries_do_not_grow_with_entries_and_rows(self):
        projects = self.env["project.project"].create(
            [
                {"name": f"Project {number}", "allow_timesheets": True, "partner_id": self.client_company.id,
                 "privacy_visibility": "employees"}
                for number in range(12)
            ]
        )  # fmt: skip

        def fill(some):
            for project in some:
                for day in (MONDAY, TUESDAY, WEDNESDAY):
                    self._entry(date=day, project_id=project.id, task_id=False)
            self.env.flush_all()

        def count(mode):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._grid(self.consultant if mode == "own" else self.lead, mode=mode, suggest=True)
            return self.env.cr.sql_log_count - before

        fill(projects[:2])
        count("own"), count("team")
        few = count("own"), count("team")
        fill(projects)
        self.assertEqual((count("own"), count("team")), few)


@tagged("post_install", "-at_install")
@freeze_time("2026-11-25 12:00:00")
class TestGridSave(GridCommon):
    """What is typed."""

    def test_a_new_cell(self):
        result = self._save_one(hours=1.5, known=0, name="Call")
        self.assertEqual(self._on(), [(1.5, "Call", "draft")])
        self.assertEqual(result["cell"]["hours"], 1.5)
        [entry] = result["cell"]["entries"]
        self.assertEqual(result["undo"], [{"op": "delete", "entry_id": entry["id"]}])
        line = self.env["account.analytic.line"].browse(entry["id"])
        self.assertEqual((line.employee_id, line.task_id, line.user_id), (self.employee, self.task, self.consultant))

    def test_another_total(self):
        self._entry(date=MONDAY, unit_amount=2)
        result = self._save_one(hours=3.25, known=2)
        self.assertEqual(self._on(), [(3.25, "Reading", "draft")])
        self._save(*result["undo"])
        self.assertEqual(self._on(), [(2.0, "Reading", "draft")])

    def test_nothing_removes_the_draft_and_undo_brings_all_of_it_back(self):
        entry = self._entry(
            date=MONDAY, name="Hearing", timetrack_start="2026-11-23 08:00:00", timetrack_stop="2026-11-23 10:30:00",
            unit_amount=2.5, timetrack_is_billable=False, timetrack_activity_id=self.activity_research.id,
        )  # fmt: skip
        [result] = self._save(
            self._change(hours=0, known=2.5, values={"timetrack_activity_id": self.activity_research.id})
        )
        self.assertFalse(entry.exists())
        self.assertEqual(result["cell"], {"hours": 0.0, "entries": []})
        self._save(*result["undo"])
        line = self.env["account.analytic.line"].search([("name", "=", "Hearing")])
        self.assertEqual(line.unit_amount, 2.5)
        self.assertEqual(fields.Datetime.to_string(line.timetrack_start), "2026-11-23 08:00:00")
        self.assertEqual(fields.Datetime.to_string(line.timetrack_stop), "2026-11-23 10:30:00")
        self.assertFalse(line.timetrack_is_billable)
        self.assertEqual(line.timetrack_activity_id, self.activity_research)

    def test_more_on_top_of_approved_time(self):
        self._approved(date=MONDAY, unit_amount=2)
        self._save_one(hours=3, known=2)
        self.assertEqual(self._on(), [(2.0, "Reading", "approved"), (1.0, "/", "draft")])
        result = self._save_one(hours=1.5, known=3)
        self.assertEqual(result["code"], "refused")
        self.assertIn("02:00", result["error"])
        self.assertEqual(result["cell"]["hours"], 3.0)
        self.assertEqual(len(self._on()), 2)

    def test_several_entries(self):
        self._entry(date=MONDAY, unit_amount=1)
        second = self._entry(date=MONDAY, unit_amount=2, name="Call")
        result = self._save_one(hours=5, known=3)
        self.assertEqual((result["code"], result["cell"]["hours"]), ("several", 3.0))
        self._save_one("add", hours=0.25, known=3)
        self.assertEqual(second.unit_amount, 2.25)
        self._save_one("new", hours=0.5, name="Mail")
        self.assertEqual([hours for hours, _name, _state in self._on()], [1.0, 2.25, 0.5])

    def test_entries_by_themselves(self):
        entry = self._entry(date=MONDAY, unit_amount=1)
        [result] = self._save({"op": "entry", "entry_id": entry.id, "name": " Long call ", "hours": 1.25})
        self.assertEqual(self._on(), [(1.25, "Long call", "draft")])
        self._save(*result["undo"])
        self.assertEqual(self._on(), [(1.0, "Reading", "draft")])
        [result] = self._save({"op": "delete", "entry_id": entry.id})
        self.assertEqual(self._on(), [])
        self._save(*result["undo"])
        self.assertEqual(self._on(), [(1.0, "Reading", "draft")])
        [result] = self._save({"op": "delete", "entry_id": entry.id})
        self.assertIn("gone", result["error"])

    def test_two_tabs(self):
        self._entry(date=MONDAY, unit_amount=2)
        result = self._save_one(hours=1, known=0)
        self.assertEqual((result["code"], result["cell"]["hours"]), ("changed", 2.0))
        self.assertIn("02:00", result["error"])
        self.assertEqual(self._on(), [(2.0, "Reading", "draft")])

    def test_the_rule_says_why(self):
        self.company.timetrack_policy_id = self.env["timetrack.policy"].create(
            {"name": "Strict", "day_hours_severity": "block", "day_hours_max": 8}
        )
        results = self._save(
            self._change(hours=7, known=0),
            self._change(hours=9, known=0, date=TUESDAY),
            self._change(hours=3, known=0, date=WEDNESDAY),
        )
        self.assertEqual(["error" in result for result in results], [False, True, False])
        self.assertIn("Strict", results[1]["error"])
        self.assertEqual(results[1]["code"], "refused")
        self.assertEqual((self._on(), self._on(TUESDAY), len(self._on(WEDNESDAY))), ([(7.0, "/", "draft")], [], 1))

    def test_hours_that_are_none(self):
        for hours in (float("nan"), float("inf"), -1, 25, "2", None, True):
            with self.subTest(hours):
                self.assertIn("error", self._save_one(hours=hours, known=0))
        self.assertEqual(self._on(), [])

    def test_changes_that_make_no_sense(self):
        bad = [
            5,
            {},
            {"op": "burn"},
            self._change("entry"),
            {"op": "delete", "entry_id": 0},
            {"op": "delete", "entry_id": "x"},
            {"op": "delete", "entry_id": [1]},
            {"op": "entry", "entry_id": True, "hours": 1},
            self._change("restore", hours=1, kept=5),
            {"op": "entry", "entry_id": self.env["account.analytic.line"].search([], order="id desc", limit=1).id + 9},
            self._change(hours=1, values={"amount": 5}),
            self._change(hours=1, values={"task_id": "one"}),
            {**self._change(hours=1), "values": {}},
            {**self._change(hours=1), "values": {"project_id": True}},
            {**self._change(hours=1), "employee_id": "me"},
            self._change(hours=1, date="tomorrow"),
            self._change(hours=1, date=False),
            self._change(hours=1, values={"project_id": 2**31}),
            self._change(hours=1, values={"project_id": [1]}),
            self._change(hours=1, values={"project_id": self.project.id, "task_id": -1}),
            {**self._change(hours=1), "employee_id": 2**40},
            {"op": "delete", "entry_id": 2**40},
        ]
        results = self._save(*bad)
        self.assertEqual([result.get("code") for result in results], ["invalid"] * len(bad))
        self.assertEqual(self._on(), [])

    def test_one_change_that_names_what_is_not_there_leaves_the_others(self):
        """A paste loses the cell that is wrong, and no other."""
        gone = self.task.copy()
        gone_id = gone.id
        gone.unlink()
        wrong = [
            self._change(hours=1, date=TUESDAY, values={"project_id": self.project.id, "task_id": gone_id}),
            self._change(hours=1, date=TUESDAY, values={"project_id": 2**31 - 1, "task_id": False}),
            self._change(hours=1, date=TUESDAY, values={"project_id": self.project.id, "timetrack_activity_id": 10**9}),
            {**self._change(hours=1, date=TUESDAY), "employee_id": 10**9},
        ]
        results = self._save(wrong[0], self._change(hours=3, known=0), *wrong[1:])
        self.assertEqual(["error" in result for result in results], [True, False, True, True, True])
        self.assertEqual(self._on(), [(3.0, "/", "draft")])
        self.assertEqual(self._on(TUESDAY), [])

    def test_what_is_brought_back_is_checked(self):
        for kept in ({"timetrack_start": "soon"}, {"timetrack_stop": [1]}):
            self.assertIn("error", self._save_one("restore", hours=1, kept=kept))
        self.assertEqual(self._on(), [])

    def test_only_ones_own_time(self):
        result = self._save_one(hours=1, employee=self.employee_colleague)
        self.assertIn("error", result)
        theirs = self._entry(date=MONDAY, employee_id=self.employee_colleague.id)
        for change in ({"op": "entry", "entry_id": theirs.id, "hours": 9}, {"op": "delete", "entry_id": theirs.id}):
            [result] = self._save(change)
            self.assertIn("error", result)
            self.assertEqual(result["cell"]["entries"], [])
        self.assertEqual(self._on(employee=self.employee_colleague), [(2.0, "Reading", "draft")])

    def test_only_work_that_one_can_see(self):
        hidden = self.env["project.project"].create(
            {"name": "Hidden", "allow_timesheets": True, "privacy_visibility": "followers"}
        )
        task = self.env["project.task"].create({"name": "Secret", "project_id": hidden.id})
        for values in ({"project_id": hidden.id, "task_id": False}, {"project_id": hidden.id, "task_id": task.id}):
            result = self._save_one(hours=1, values=values)
            self.assertIn("error", result)
            self.assertNotIn("Secret", result["error"])
        self.assertEqual(self._on(), [])

    def test_a_pin_names_nothing_that_one_cannot_see(self):
        """Neither by the id of hidden work, nor of work that was hidden later."""
        hidden = self.env["project.project"].create(
            {"name": "Hidden", "allow_timesheets": True, "privacy_visibility": "followers"}
        )
        task = self.env["project.task"].create({"name": "Secret", "project_id": hidden.id})
        for values in (
            {"project_id": hidden.id},
            {"task_id": task.id},
            {"project_id": self.project.id, "task_id": task.id},
        ):
            with self.assertRaisesRegex(UserError, "gone, or not shared"), self.env.cr.savepoint():
                self._lines().timetrack_grid_pin(values, True)
        self._lines().timetrack_grid_pin({"project_id": self.project.id, "task_id": self.task.id}, True)
        load = lambda: str(self._lines().timetrack_grid_load(self._params(suggest=True)))  # noqa: E731
        self.assertIn(self.task.name, load())
        self.task.project_id = hidden
        self.assertNotIn(self.task.name, load())
        self.assertNotIn("Hidden", load())

    def test_a_manager_logs_for_the_team(self):
        result = self._save_one(hours=4, known=0, user=self.administrator)
        self.assertEqual(result["cell"]["hours"], 4.0)
        self.assertEqual(self._on(), [(4.0, "/", "draft")])

    def test_no_default_and_no_context_gets_in(self):
        lines = self._lines().with_context(
            default_timetrack_state="approved", default_amount=99, default_name="Mine", timetrack_internal=True
        )
        [result] = lines.timetrack_grid_save([self._change(hours=1, known=0)], self._params())
        self.assertNotIn("error", result)
        self.assertEqual(self._on(), [(1.0, "/", "draft")])
        kept = {"timetrack_state": "approved", "amount": 5, "timetrack_is_billable": False}
        self._save_one("restore", date=TUESDAY, hours=1, kept=kept)
        line = self.env["account.analytic.line"].search([("date", "=", TUESDAY)])
        self.assertEqual((line.timetrack_state, line.timetrack_is_billable), ("draft", False))
        self.assertNotEqual(line.amount, 5)

    def test_the_same_cell_twice(self):
        results = self._save(
            self._change(hours=1, known=0), self._change("add", hours=0.5), self._change(hours=2, known=1.5)
        )
        self.assertEqual(self._on(), [(2.0, "/", "draft")])
        self.assertEqual([result["cell"]["hours"] for result in results], [2.0, 2.0, 2.0])
        for result in reversed(results):
            self._save(*result["undo"])
        self.assertEqual(self._on(), [])

    def test_queries_of_many_cells(self):
        """Pasting asks as much for thirty cells as Odoo asks for thirty entries, and little more than for ten."""
        first = date(2026, 10, 5)
        days = [fields.Date.to_string(first + timedelta(days=day)) for day in range(40)]

        def count(some):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            results = self._save(*(self._change(hours=1, known=0, date=day) for day in some))
            self.assertFalse([result for result in results if "error" in result])
            return self.env.cr.sql_log_count - before

        count(days[:1])
        ten, twenty = count(days[1:11]), count(days[11:31])
        self.assertLessEqual(twenty - ten, 10 * 2)


@tagged("post_install", "-at_install")
@freeze_time("2026-11-25 12:00:00")
class TestGridAsk(GridCommon):
    """Where a budget refuses what was typed, more of it is asked for from there."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.env["timetrack.policy"].create({"name": "Strict", "over_budget_severity": "block"})
        cls.client_company.timetrack_policy_id = cls.policy
        cls.project.allocated_hours = 10
        Budget = cls.env["timetrack.budget"]
        cls.client_budget = Budget.create({"scope": "client", "client_id": cls.client_company.id, "hours": 8})
        cls.project_budget = cls.project.timetrack_budget_ids
        cls.client_budget.user_id = cls.lead

    def _ask(self, *changes, user=None, reason="The client called again", params=None):
        return self._lines(user).timetrack_grid_ask(list(changes), params or self._params(), reason)

    def _requests(self):
        requests = self.env["timetrack.budget.override"].search([("employee_id", "=", self.employee.id)], order="id")
        return [(one.budget_id, one.hours, one.state) for one in requests]

    def test_refused_asked_for_approved_saved(self):
        """Eleven hours are one more than the project has, and three more than the client's budget, which the consultant
        does not see."""
        change = self._change(hours=11, known=0)
        result = self._save(change)[0]
        self.assertEqual(result["code"], "over_budget")
        asked = self._ask(change)
        self.assertEqual(
            sorted((one["budget"], one["hours"], one["responsible"]) for one in asked),
            [("Client Works", 3, self.lead.name), ("Merger", 1, self.project_manager.name)],
        )
        requests = self.env["timetrack.budget.override"].search([("employee_id", "=", self.employee.id)])
        self.assertEqual(requests.activity_ids.user_id, self.lead | self.project_manager)
        self.assertEqual(set(requests.mapped("reason")), {"The client called again"})
        for request in requests:
            request.with_user(request.budget_id.user_id).action_approve()
        self.assertNotIn("error", self._save(change)[0])
        self.assertEqual(self._on(), [(11, "/", "draft")])

    def test_asking_again_asks_for_more(self):
        self._ask(self._change(hours=9))
        self._ask(self._change(hours=11))
        self._ask(self._change(hours=9))
        self.assertEqual(
            self._requests(), [(self.client_budget, 3, "requested"), (self.project_budget, 1, "requested")]
        )

    def test_an_entry_that_gets_more(self):
        self.project.allocated_hours = 0
        entry = self._entry(date=MONDAY, unit_amount=7)
        asked = self._ask({"op": "entry", "entry_id": entry.id, "hours": 10})
        self.assertEqual([(one["budget"], one["hours"]) for one in asked], [("Client Works", 2)])
        asked = self._ask(self._change("new", hours=4, name="More"))
        self.assertEqual([one["hours"] for one in asked], [3])

    def test_nobody_learns_of_budgets_that_refuse_nothing(self):
        self.policy.over_budget_severity = "warn"
        with self.assertRaisesRegex(UserError, "No budget refuses"):
            self._ask(self._change(hours=11))
        self.policy.over_budget_severity = "block"
        with self.assertRaisesRegex(UserError, "No budget refuses"):
            self._ask(self._change(hours=8))
        self.assertEqual(self._requests(), [])

    def test_what_makes_no_sense(self):
        for changes, reason, text in (
            ([self._change(hours=11)], "  ", "Say why"),
            ([], "More", "nothing to ask"),
            ([{"op": "drop"}], "More", "cannot do"),
            ([None], "More", "cannot do"),
            ([self._change(hours=30)], "More", "24 hours"),
        ):
            with self.subTest(text=text), self.assertRaisesRegex(UserError, text):
                self._ask(*changes, reason=reason)

    def test_for_others_only_approvers_ask(self):
        change = self._change(hours=11, employee=self.employee_colleague)
        with self.assertRaises(AccessError):
            self._ask(change)
        self.assertTrue(self._ask(change, user=self.lead, params=self._params(mode="team")))
        stranger = self.env["hr.employee"].create(
            {"name": "Stranger", "company_id": self.env["res.company"].create({"name": "Elsewhere"}).id}
        )
        with self.assertRaises(AccessError):
            self._ask(self._change(hours=11, employee=stranger), user=self.lead)

    def test_other_refusals_ask_for_nothing(self):
        self.policy.write({"future_severity": "block", "over_budget_severity": "none"})
        [result] = self._save(self._change(hours=1, date=SUNDAY))
        self.assertEqual(result["code"], "refused")


@tagged("post_install", "-at_install")
@freeze_time("2026-11-25 12:00:00")
class TestGridRows(GridCommon):
    """Rows that are pinned, proposed, searched and copied."""

    def _labels(self, rows):
        return [(row["source"], *(value[1] for value in row["values"].values() if value)) for row in rows]

    def test_what_one_works_on_is_proposed_most_often_first(self):
        other = self.env["project.task"].create({"name": "Drafting", "project_id": self.project.id})
        for day in ("2026-11-16", "2026-11-17"):
            self._entry(date=day, task_id=other.id)
        self._entry(date="2026-11-18", timetrack_activity_id=self.activity_research.id)
        self._entry(date="2026-10-01", project_id=self.internal_project.id, task_id=False)
        self.assertEqual(
            self._labels(self._grid(suggest=True)["rows"]),
            [("suggested", "Merger", "Drafting"), ("suggested", "Merger", "Due diligence", "Consulting / Research")],
        )
        self._entry(date=MONDAY, task_id=other.id)
        self.assertEqual([row["source"] for row in self._grid(suggest=True)["rows"]], ["entries", "suggested"])
        self.assertEqual([row["source"] for row in self._grid()["rows"]], ["entries"])

    def test_nothing_that_is_over_is_proposed(self):
        for task_values in ({"state": "1_done"}, {"state": "01_in_progress", "active": False}):
            self._entry(date="2026-11-18")
            self.task.write(task_values)
            self.assertEqual(self._grid(suggest=True)["rows"], [])
        self.task.active = True
        self.assertEqual(len(self._grid(suggest=True)["rows"]), 1)
        self.project.active = False
        self.assertEqual(self._grid(suggest=True)["rows"], [])

    def test_codes_no_longer_offered_are_not_proposed(self):
        self._entry(date="2026-11-18", timetrack_activity_id=self.activity_research.id)
        self.assertEqual(len(self._grid(suggest=True)["rows"]), 1)
        code_set = self.env["timetrack.code.set"].create({"name": "New"})
        self.env["timetrack.activity"].create({"name": "Advice", "code_set_id": code_set.id})
        self.project.timetrack_code_set_ids = code_set
        self.assertEqual(self._grid(suggest=True)["rows"], [])

    def test_work_that_became_private_is_not_proposed(self):
        self._entry(date="2026-11-18")
        self.assertEqual(len(self._grid(suggest=True)["rows"]), 1)
        self.project.privacy_visibility = "followers"
        self.assertEqual(self._grid(suggest=True)["rows"], [])

    def test_own_tasks_are_proposed(self):
        self.task.user_ids = self.consultant
        self.assertEqual(self._labels(self._grid(suggest=True)["rows"]), [("suggested", "Merger", "Due diligence")])
        self.assertEqual(self._grid(self.colleague, suggest=True)["rows"], [])

    def test_pinned_rows(self):
        lines = self._lines()
        values = {"project_id": self.project.id, "task_id": self.task.id}
        lines.timetrack_grid_pin(values, True)
        lines.timetrack_grid_pin(values, True)
        [row] = self._grid(suggest=True)["rows"]
        self.assertEqual((row["source"], row["pinned"]), ("favorite", True))
        self.assertEqual(self._grid(self.colleague, suggest=True)["rows"], [])
        self._entry(date=MONDAY)
        [row] = self._grid()["rows"]
        self.assertEqual((row["source"], row["pinned"]), ("entries", True))
        lines.timetrack_grid_pin(values, False)
        [row] = self._grid()["rows"]
        self.assertFalse(row["pinned"])
        for wrong in ({}, {"project_id": False}, {"amount": 1}, {"task_id": "x"}, []):
            with self.subTest(wrong), self.assertRaises(UserError):
                lines.timetrack_grid_pin(wrong, True)
        with self.assertRaises(AccessError):
            self.env["timetrack.favorite"].with_user(self.colleague).create(
                {"employee_id": self.employee.id, "project_id": self.project.id}
            )

    def _found(self, text, user=None):
        rows = self._lines(user).timetrack_grid_search(text, self._params())
        return [tuple(value[1] for value in row["values"].values() if value) for row in rows]

    def test_search_finds_client_project_and_task_at_once(self):
        merger, task = ("Merger",), ("Merger", "Due diligence")
        self.assertEqual(self._found("merg"), [merger, task])
        self.assertEqual(self._found("DILIGENCE merg"), [task])
        self.assertEqual(self._found("works due"), [task])
        self.assertEqual(self._found("clara merger"), [merger, task])
        self.assertEqual(self._found("office"), [("Office",)])
        self.assertEqual(self._found("merger nothing"), [])
        self.assertEqual(self._found("% _"), [])
        self.task.state = "1_done"
        self.assertEqual(self._found("diligence"), [])

    def test_search_shows_only_what_one_may_log_on(self):
        self.project.privacy_visibility = "followers"
        self.assertEqual(self._found("merger"), [])
        self.project.message_subscribe(self.consultant.partner_id.ids)
        self.assertEqual(self._found("merger"), [("Merger",), ("Merger", "Due diligence")])
        self.project.allow_timesheets = False
        self.assertEqual(self._found("merger"), [])

    def test_search_for_nothing_shows_what_is_at_hand(self):
        self._entry(date="2026-11-18")
        self.assertEqual(self._found(""), [("Merger", "Due diligence")])

    def test_copy_rows(self):
        self._entry(date="2026-11-18")
        copied = self._lines().timetrack_grid_copy("rows", self._params())
        self.assertEqual(self._labels(copied["rows"]), [("copied", "Merger", "Due diligence")])
        self.assertEqual(copied["rows"][0]["cells"], {})
        with self.assertRaisesRegex(UserError, "nothing|none|no time"):
            self._lines(self.colleague).timetrack_grid_copy("rows", self._params())

    def test_copy_hours(self):
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday", "company_id": self.company.id, "calendar_id": False,
                "date_from": "2026-11-24 00:00:00", "date_to": "2026-11-24 23:00:00",
            }
        )  # fmt: skip
        self._approved(date="2026-11-16", name="Monday", unit_amount=1)
        self._entry(date="2026-11-16", name="Monday too", unit_amount=2)
        self._entry(date="2026-11-17", name="Tuesday")
        self._entry(date="2026-11-18", name="Wednesday")
        self._entry(date=WEDNESDAY, name="There")
        result = self._lines().timetrack_grid_copy("hours", self._params())
        self.assertEqual(result["created"], 2)
        self.assertEqual(
            [(skipped["date"], skipped["reason"]) for skipped in result["skipped"]],
            [(TUESDAY, "Public holiday"), (WEDNESDAY, "There is time already.")],
        )
        self.assertEqual(self._on(MONDAY), [(1.0, "Monday", "draft"), (2.0, "Monday too", "draft")])
        self._save(*result["undo"])
        self.assertEqual(self._on(MONDAY), [])

    def test_copy_hours_says_what_a_rule_refuses(self):
        self._entry(date="2026-11-16", unit_amount=5)
        self.company.timetrack_policy_id = self.env["timetrack.policy"].create(
            {"name": "Strict", "day_hours_severity": "block", "day_hours_max": 4}
        )
        result = self._lines().timetrack_grid_copy("hours", self._params())
        self.assertEqual(result["created"], 0)
        self.assertIn("Strict", result["skipped"][0]["reason"])

    def test_copy_the_last_day(self):
        self._entry(date="2026-11-20", name="Friday")
        result = self._lines().timetrack_grid_copy("hours", self._params(scale="day", anchor=MONDAY))
        self.assertEqual((result["created"], self._on(MONDAY)), (1, [(2.0, "Friday", "draft")]))

    def test_months_of_different_length(self):
        self._entry(date="2026-10-20")
        with self.assertRaisesRegex(UserError, "same length"):
            self._lines().timetrack_grid_copy("hours", self._params(scale="month"))

    def test_submit(self):
        self._entry(date=MONDAY)
        self._entry(date="2026-11-16")
        self.assertEqual(self._lines().timetrack_grid_submit(self._params()), {"submitted": 1})
        self.assertEqual((self._on()[0][2], self._on("2026-11-16")[0][2]), ("submitted", "draft"))
        with self.assertRaisesRegex(UserError, "nothing to submit"):
            self._lines().timetrack_grid_submit(self._params())


@tagged("post_install", "-at_install")
class TestGridView(TimetrackCommon):
    """The view type."""

    def _view(self, inside, attributes=""):
        return self.env["ir.ui.view"].create(
            {
                "name": "grid",
                "model": "account.analytic.line",
                "type": "timetrack_grid",
                "arch": f"<timetrack_grid {attributes}>{inside}</timetrack_grid>",
            }
        )

    ROW = '<field name="project_id" type="row"/>'
    COL = '<field name="date" type="col"/>'
    MEASURE = '<field name="unit_amount" type="measure"/>'

    def test_a_view_as_it_should_be(self):
        view = self._view(self.ROW + self.COL + self.MEASURE, 'string="Time" mode="team" default_scale="week"')
        arch = self.env["account.analytic.line"].get_view(view.id, "timetrack_grid")["arch"]
        self.assertEqual(etree.fromstring(arch).tag, "timetrack_grid")
        action = self.env["ir.actions.act_window"].create(
            {"name": "Time", "res_model": "account.analytic.line", "view_mode": "timetrack_grid,list"}
        )
        self.assertEqual([mode for _view, mode in action.views], ["timetrack_grid", "list"])
        bound = self.env["ir.actions.act_window.view"].create(
            {"act_window_id": action.id, "view_mode": "timetrack_grid", "view_id": view.id}
        )
        self.assertEqual(action.views[0], (view.id, bound.view_mode))

    def test_views_that_mean_nothing(self):
        full = self.ROW + self.COL + self.MEASURE
        for inside, attributes in (
            (self.COL + self.MEASURE, ""),
            (self.ROW + self.MEASURE, ""),
            (self.ROW + self.COL, ""),
            (full + self.COL, ""),
            (full + '<field name="name"/>', ""),
            (full + "<group/>", ""),
            (self.ROW + self.COL + '<field name="name" type="measure"/>', ""),
            (self.ROW + '<field name="name" type="col"/>' + self.MEASURE, ""),
            (full + '<field name="nonsense" type="row"/>', ""),
            (full, 'mode="all"'),
            (full, 'scales="week,year"'),
            (full, 'scales="week" default_scale="month"'),
            (full, 'editable="top"'),
        ):
            with self.subTest(inside, attributes=attributes), self.assertRaises(ValidationError):
                self._view(inside, attributes)
