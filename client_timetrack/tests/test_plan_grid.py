from datetime import date, datetime

from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import TimetrackCommon, database_examples

# Mondays; today is the Thursday of the first.
WEEKS = [date(2026, 11, 23), date(2026, 11, 30), date(2026, 12, 7), date(2026, 12, 14), date(2026, 12, 21)]
THIS, NEXT, LATER = (fields.Date.to_string(week) for week in WEEKS[:3])
BEFORE = "2026-11-16"


class PlanGridCommon(TimetrackCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = cls.project.copy({"name": "Second", "allocated_hours": 0})
        # hired long ago, so that weeks are whole
        cls.employee.version_id.date_version = "2026-01-01"
        cls.employee.resource_calendar_id.tz = "UTC"

    def _plan(self, hours, week=THIS, **values):
        vals = {"employee_id": self.employee.id, "project_id": self.project.id, "week": week, "hours": hours, **values}
        return self.env["timetrack.plan"].create(vals)

    def _grid(self, user, **params):
        self.env.flush_all()
        Plan = self.env["timetrack.plan"].with_user(user)
        return Plan.timetrack_grid_load({"scale": "month", "anchor": False, **params})

    def _save(self, *changes, user=None):
        Plan = self.env["timetrack.plan"].with_user(user or self.lead)
        return Plan.timetrack_grid_save(list(changes), {"scale": "month"})

    def _change(self, hours, week=THIS, op="set", project=None, employee=None, **values):
        return {
            "op": op,
            "employee_id": (employee or self.employee).id,
            "values": {"project_id": (self.project if project is None else project).id},
            "date": week,
            "hours": hours,
            **values,
        }

    def _saved(self, **values):
        plans = self.env["timetrack.plan"].search([("employee_id", "=", self.employee.id)], order="week, project_id")
        return [(fields.Date.to_string(plan.week), plan.project_id.name, plan.hours, plan.note or "") for plan in plans]


@tagged("post_install", "-at_install")
@freeze_time("2026-11-26 12:00:00")
class TestPlanGridLoad(PlanGridCommon):
    """What the grid of the plan shows."""

    def _employee(self, grid, employee=None):
        [one] = [one for one in grid["employees"] if one["id"] == (employee or self.employee).id]
        return one

    def test_the_weeks(self):
        grid = self._grid(self.lead)
        self.assertEqual((grid["date_from"], grid["date_to"], grid["today"]), (THIS, "2027-01-03", THIS))
        self.assertEqual(grid["days"][:2] + grid["days"][-1:], [THIS, NEXT, "2026-12-28"])
        self.assertEqual((grid["previous"], grid["next"]), ("2026-10-12", "2027-01-04"))
        grid = self._grid(self.lead, scale="quarter", anchor="2026-12-06")
        self.assertEqual((len(grid["days"]), grid["days"][0], grid["next"]), (13, NEXT, "2027-03-01"))

    def test_rows_and_cells(self):
        self._plan(8, note="Workshop")
        self._plan(4, week=NEXT, project_id=self.second.id)
        self._plan(2, week=BEFORE, project_id=self.internal_project.id)
        # too long ago to be proposed
        self._plan(2, week="2026-10-19", project_id=self.project.copy({"name": "Old"}).id)
        grid = self._grid(self.lead)
        rows = [row for row in grid["rows"] if row["employee_id"] == self.employee.id]
        self.assertEqual(
            [(row["values"]["project_id"][1], row["source"], row["mine"]) for row in rows],
            [("Merger", "plans", False), ("Second", "plans", False), ("Office", "suggested", False)],
        )
        self.assertEqual(rows[0]["group"], [self.client_company.id, "Client Works"])
        self.assertEqual(rows[0]["cells"].keys(), {THIS})
        cell = rows[0]["cells"][THIS]
        self.assertEqual((cell["hours"], cell["entries"][0]["name"]), (8, "Workshop"))
        mine = self._grid(self.project_manager)["rows"]
        self.assertEqual({row["values"]["project_id"][1]: row["mine"] for row in mine}["Merger"], True)

    def test_capacity_is_net_of_leave_and_holidays(self):
        """Thursday and Friday of this week off; a public holiday next week; the week after nobody works."""
        Leave = self.env["resource.calendar.leaves"]
        spans = [
            (self.employee.resource_id.id, datetime(2026, 11, 26), datetime(2026, 11, 27, 23)),
            (False, datetime(2026, 12, 1), datetime(2026, 12, 1, 23)),
            (False, datetime(2026, 12, 7), datetime(2026, 12, 11, 23)),
        ]
        calendar = self.employee.resource_calendar_id
        Leave.create(
            [
                {
                    "name": "Away",
                    "resource_id": resource_id,
                    "calendar_id": calendar.id,
                    "date_from": start,
                    "date_to": stop,
                    "time_type": "leave",
                    "company_id": self.company.id,
                }
                for resource_id, start, stop in spans
            ]
        )
        shown = self._employee(self._grid(self.lead))
        self.assertEqual((shown["expected"][THIS], shown["expected"][NEXT]), (24, 32))
        self.assertNotIn(LATER, shown["expected"])
        self.assertEqual(shown["off"], {LATER: "Public holiday"})

    def test_who_sees_whom(self):
        """Leads see those they lead, whoever manages a project sees all, consultants see themselves."""

        def seen(user):
            return {one["name"]: (one["leads"], one["editable"]) for one in self._grid(user)["employees"]}

        self.assertEqual(seen(self.consultant), {"Carl Consultant": (False, False)})
        self.assertEqual(seen(self.lead), {"Carl Consultant": (True, True), "Cora Colleague": (True, True)})
        self.assertEqual(seen(self.other_lead), {})
        self._plan(1)
        self.assertEqual(seen(self.other_lead), {"Carl Consultant": (False, False)})
        self.internal_project.user_id = self.other_lead
        everybody = seen(self.other_lead)
        self.assertEqual(everybody["Cora Colleague"], (False, True))
        self.assertEqual(set(everybody), set(seen(self.administrator)))
        self.assertEqual(seen(self.administrator)["Lena Lead"], (True, True))
        self.employee.active = False
        self.assertEqual(seen(self.administrator)["Carl Consultant"], (True, False), "planned, but gone")

    def test_what_is_hidden_takes_time_all_the_same(self):
        """Hours on projects that the user cannot see, or that a search leaves out, without saying what for."""
        hidden = self.env["project.project"].create(
            {"name": "Takeover", "privacy_visibility": "followers", "allow_timesheets": True, "user_id": False}
        )
        self.internal_project.user_id = self.other_lead
        self._plan(8, project_id=hidden.id)
        self._plan(4)
        grid = self._grid(self.other_lead)
        self.assertEqual(self._employee(grid)["elsewhere"], {THIS: 8})
        self.assertNotIn("Takeover", str(grid))
        grid = self._grid(self.lead)
        self.assertEqual(self._employee(grid)["elsewhere"], {}, "those who lead somebody see all of their plan")
        self.assertEqual({row["values"]["project_id"][1]: row["hidden"] for row in grid["rows"]}["Takeover"], True)
        grid = self._grid(self.lead, domain=[("project_id", "=", hidden.id)])
        self.assertEqual(self._employee(grid)["elsewhere"], {THIS: 4})
        self.assertEqual([one["name"] for one in grid["employees"]], ["Carl Consultant"], "nobody else is meant")

    def test_a_search_for_people_finds_those_without_a_plan(self):
        def names(*domain):
            return [one["name"] for one in self._grid(self.administrator, domain=list(domain))["employees"]]

        self.assertEqual(names(("employee_id", "ilike", "cora")), ["Cora Colleague"])
        self.assertEqual(names(("employee_id", "=", self.employee.id)), ["Carl Consultant"])
        self.assertEqual(
            names(("employee_id.parent_id.user_id", "=", self.lead.id)), ["Carl Consultant", "Cora Colleague"]
        )
        self.assertEqual(
            names(
                "|", ("employee_id", "ilike", "carl"), ("employee_id", "ilike", "cora"), ("week", ">=", "2030-01-01")
            ),
            ["Carl Consultant", "Cora Colleague"],
            "the grid shows weeks, whatever the search says of them",
        )
        self.assertEqual(names(("project_id", "=", self.project.id)), [])
        with self.assertRaises(AccessError):
            self._grid(self.lead, domain=[("employee_id.pin", "=", "1234")])

    def test_what_is_left_of_the_budget(self):
        """Of 100 hours 20 are logged and 30 planned ahead; consultants are not told."""
        self.project.allocated_hours = 100
        self._entry(unit_amount=20, date=date(2026, 11, 10))
        self._plan(30, week=NEXT)
        self.assertEqual([row["left"] for row in self._grid(self.lead)["rows"]], [50])
        self.assertEqual([row["left"] for row in self._grid(self.consultant)["rows"]], [False])
        [result] = self._save(self._change(75, week=LATER))
        self.assertEqual(result["left"], -25)
        self.project.allocated_hours = 0
        self.assertEqual([row["left"] for row in self._grid(self.lead)["rows"]], [False])

    def test_pages(self):
        first = self._grid(self.administrator, limit=2)
        rest = self._grid(self.administrator, limit=40, offset=2)
        self.assertEqual(len(first["employees"]), 2)
        self.assertEqual(first["employee_count"], 2 + len(rest["employees"]))
        self.assertFalse({one["id"] for one in first["employees"]} & {one["id"] for one in rest["employees"]})

    def test_search(self):
        self.second.user_id = self.lead

        def found(text, **params):
            Plan = self.env["timetrack.plan"].with_user(self.lead)
            rows = Plan.timetrack_grid_search(text, {"scale": "month", **params})
            return [row["values"]["project_id"][1] for row in rows]

        self.assertEqual(found("client merg"), ["Merger"])
        self.assertEqual(found("client works", mine=True), ["Second"])
        self.assertEqual(found("")[0], "Second", "one's own first")
        self.second.allow_timesheets = False
        self.assertNotIn("Second", found(""))

    def test_what_is_unknown_is_refused(self):
        for params in (
            {"scale": "week"},
            {"anchor": "1800-01-01"},
            {"anchor": "soon"},
            {"limit": "1"},
            {"scale": ["month"]},
        ):
            with self.subTest(params=params), self.assertRaises(UserError):
                self._grid(self.lead, **params)

    def test_queries_grow_neither_with_people_nor_with_plans(self):
        people = self.env["hr.employee"].create(
            [{"name": f"Person {number}", "parent_id": self.employee_lead.id} for number in range(30)]
        )
        projects = self.env["project.project"].create(
            [
                {"name": f"Project {number}", "partner_id": self.client_company.id, "allocated_hours": 100}
                for number in range(10)
            ]
        )

        def fill(some, on):
            for week in (BEFORE, THIS, NEXT):
                for project in on:
                    for one in some:
                        self._plan(1, week=week, employee_id=one.id, project_id=project.id)

        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._grid(lead)
            return self.env.cr.sql_log_count - before

        # the environment of the user keeps what it knows of the time zone for as long as it is held
        lead = self.lead.with_user(self.lead)

        fill(people[:2], projects[:1])
        count()
        few = count()
        fill(people[2:], projects[1:])
        self.assertEqual(count(), few)


@tagged("post_install", "-at_install")
@freeze_time("2026-11-26 12:00:00")
class TestPlanGridSave(PlanGridCommon):
    """What is typed into the grid of the plan."""

    def test_a_cell(self):
        [result] = self._save(self._change(8, known=0, name=" Workshop "))
        self.assertEqual(self._saved(), [(THIS, "Merger", 8, "Workshop")])
        self.assertEqual((result["key"], result["date"]), (f"{self.employee.id}-{self.project.id}", THIS))
        self.assertEqual(result["cell"]["hours"], 8)
        [result] = self._save(self._change(2, op="add", known=8, week="2026-11-29"))
        self.assertEqual(self._saved(), [(THIS, "Merger", 10, "Workshop")], "any day stands for its week")
        self._save(*result["undo"])
        self.assertEqual(self._saved(), [(THIS, "Merger", 8, "Workshop")])
        [result] = self._save(self._change(0))
        self.assertEqual((self._saved(), result["cell"]), ([], {"hours": 0, "entries": []}))
        self._save(*result["undo"])
        self.assertEqual(self._saved(), [(THIS, "Merger", 8, "Workshop")])
        self.assertEqual(self._save(self._change(8))[0]["undo"], [], "nothing changed")

    def test_spread(self):
        """By the working time of each week: no work in the second; what was there comes back by undo."""
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Away",
                "resource_id": self.employee.resource_id.id,
                "calendar_id": self.employee.resource_calendar_id.id,
                "date_from": datetime(2026, 11, 30),
                "date_to": datetime(2026, 12, 4, 23),
                "time_type": "leave",
                "company_id": self.company.id,
            }
        )
        self._plan(3, note="Workshop")
        self._plan(5, week=NEXT)
        before = self._saved()
        [result] = self._save(self._change(80, op="spread", weeks=3))
        self.assertEqual(self._saved(), [(THIS, "Merger", 40, "Workshop"), (LATER, "Merger", 40, "")])
        self.assertEqual(
            {week: cell["hours"] for week, cell in result["cells"].items()}, {THIS: 40, NEXT: 0, LATER: 40}
        )
        self._save(*result["undo"])
        self.assertEqual(self._saved(), before)

    def test_somebody_else_was_faster(self):
        self._plan(8)
        [result] = self._save(self._change(3, known=0))
        self.assertEqual((result["code"], result["cell"]["hours"]), ("changed", 8))
        self.assertIn("8:00", result["error"].replace("08:00", "8:00"))

    def test_what_is_refused_keeps_nobody_else_back(self):
        results = self._save(
            self._change(8),
            self._change(169, week=NEXT),
            self._change(-1, week=NEXT),
            self._change("8", week=NEXT),
            self._change(200, week=NEXT, op="spread", weeks=0),
            self._change(8, week=NEXT, employee=self.employee_other_lead),
            self._change(8, week=NEXT, project=self.env["project.project"]),
            {"op": "drop"},
            None,
            {**self._change(8), "date": "2800-01-01"},
            self._change(4, week=NEXT),
        )
        self.assertEqual(
            [result.get("code", "") for result in results],
            ["", "refused", "refused", "invalid", "invalid", "refused", "invalid", "invalid", "invalid", "invalid", ""],
        )
        self.assertIn("168 hours", results[1]["error"])
        self.assertEqual(self._saved(), [(THIS, "Merger", 8, ""), (NEXT, "Merger", 4, "")])

    def test_who_plans_whom(self):
        with self.assertRaises(AccessError):
            self._save(self._change(8), user=self.consultant)
        [result] = self._save(self._change(8), user=self.other_lead)
        self.assertEqual(result["code"], "refused")
        [result] = self._save(self._change(8), user=self.administrator)
        self.assertNotIn("error", result)
        self.project.user_id = self.other_lead
        [result] = self._save(self._change(9), user=self.other_lead)
        self.assertNotIn("error", result)
        self.assertEqual(self._saved(), [(THIS, "Merger", 9, "")])

    def test_nobody_learns_hours_by_guessing(self):
        """Nor names: a project that the user cannot see, an employee of another company."""
        hidden = self.env["project.project"].create(
            {"name": "Takeover", "privacy_visibility": "followers", "allow_timesheets": True, "user_id": False}
        )
        self._plan(7, project_id=hidden.id)
        self._plan(5)
        stranger = self.env["hr.employee"].create(
            {"name": "Stranger", "company_id": self.env["res.company"].create({"name": "Elsewhere"}).id}
        )
        changes = [self._change(1, project=hidden, known=2), self._change(1, employee=stranger, known=2)]
        results = self._save(*changes, user=self.other_lead)
        self.assertNotIn("7", "".join(result["error"] for result in results))
        self.assertNotIn("Takeover", str(results))
        self.assertNotIn("Stranger", str(results))
        self.assertFalse([result for result in results if result["cell"]["entries"]])
        [result] = self._save(self._change(1, known=2), user=self.other_lead)
        self.assertEqual(result["code"], "refused", "the right to plan comes before what is planned")

    def test_one_call_may_change_a_cell_twice(self):
        results = self._save(self._change(8), self._change(1, op="add"), self._change(16, op="spread", weeks=2))
        self.assertFalse([result for result in results if "error" in result])
        self.assertEqual([hours for _week, _name, hours, _note in self._saved()], [8, 8])

    def test_queries_grow_with_no_cell(self):
        weeks = [fields.Date.to_string(date(2026, 11, 30) + (WEEKS[1] - WEEKS[0]) * number) for number in range(40)]

        def count(some, hours):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            results = self._save(*(self._change(hours, week=week) for week in some))
            self.assertFalse([result for result in results if "error" in result])
            return self.env.cr.sql_log_count - before

        for hours in (1, 2, 0):
            with self.subTest(hours=hours):
                count(weeks[:1], hours)
                self.assertLessEqual(count(weeks[10:], hours), count(weeks[1:10], hours))

    @database_examples(max_examples=15)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["set", "add", "spread"]),
                st.integers(0, 2),
                st.booleans(),
                st.integers(-8, 48).map(lambda quarters: quarters / 4),
                st.integers(1, 3),
            ),
            max_size=12,
        )
    )
    def test_undo_brings_back_how_it_was(self, steps):
        """Whatever was typed, taken back in the order in which the view does."""
        with self.env.cr.savepoint() as savepoint:
            self._plan(3, note="Workshop")
            self._plan(5, week=LATER)
            before = self._saved()
            changes = [
                self._change(hours, str(WEEKS[week]), op, self.second if second else None, weeks=weeks)
                for op, week, second, hours, weeks in steps
            ]
            results = self._save(*changes)
            planned = sum(hours for _week, _name, hours, _note in self._saved())
            self.assertGreaterEqual(planned, 0)
            undo = [change for result in results for change in result.get("undo", [])]
            refused = [result for result in self._save(*reversed(undo)) if "error" in result]
            self.assertEqual((self._saved(), refused), (before, []))
            savepoint.rollback()

    @database_examples(max_examples=40)
    @given(
        st.lists(
            st.dictionaries(
                st.sampled_from(["op", "employee_id", "values", "date", "hours", "weeks", "name", "known"]),
                st.recursive(
                    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9),
                    lambda some: st.lists(some, max_size=3) | st.dictionaries(st.text(max_size=5), some, max_size=3),
                    max_leaves=4,
                ),
            ),
            max_size=3,
        )
    )
    def test_any_json_is_refused_with_a_sentence_or_done(self, some):
        with self.env.cr.savepoint() as savepoint:
            usual = self._change(8)
            results = self._save(*({**usual, **data} for data in some))
            for result in results:
                self.assertTrue("undo" in result or result["error"].strip())
            savepoint.rollback()
