import base64
import csv
import io

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from ..models.timetrack_import import ImportRun
from .common import TimetrackCommon

HEADER = "Date,Hours,Employee,Client,Project,Task,Activity,Deliverable,Description\n"
ROW = "2024-05-06,1.5,Carl Consultant,Client Works,Merger,Due diligence,Research,,Reading\n"


class ImportCase(TimetrackCommon):
    """Files are given as text; ``check`` and ``load`` press the buttons of the dialog as the administrator."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.administrator.group_ids |= cls.env.ref("project.group_project_manager") | cls.env.ref(
            "base.group_partner_manager"
        )
        cls.profile = cls.env.ref("client_timetrack.timetrack_import_profile_generic").copy({"name": "Test"})
        cls.Line = cls.env["account.analytic.line"]

    def _dialog(self, text, user=None, **values):
        content = text if isinstance(text, bytes) else text.encode()
        return (
            self.env["timetrack.import.job"]
            .with_user(user or self.administrator)
            .create(
                {"profile_id": self.profile.id, "file": base64.b64encode(content), "filename": "time.csv", **values}
            )
        )

    def check(self, text, **options):
        dialog = self._dialog(text, **options)
        dialog.action_check()
        return dialog

    def load(self, text, **options):
        dialog = self._dialog(text, **options)
        dialog.action_import()
        return dialog

    def _imported(self):
        return self.Line.search([("timetrack_import_key", "!=", False)], order="id")

    def assertRejected(self, dialog, *expected):
        """Each expected problem is (line, column, code)."""
        rejected = dialog.problem_ids.filtered(lambda line: line.kind == "rejected")
        self.assertEqual([(line.line, line.column, line.code) for line in rejected], list(expected))
        self.assertTrue(all(line.reason and line.advice for line in rejected))


@tagged("post_install", "-at_install")
class TestImportRows(ImportCase):
    def test_a_row_becomes_a_draft_entry(self):
        self.load(HEADER + ROW)
        entry = self._imported()
        self.assertRecordValues(
            entry,
            [
                {
                    "unit_amount": 1.5,
                    "employee_id": self.employee.id,
                    "user_id": self.consultant.id,
                    "project_id": self.project.id,
                    "task_id": self.task.id,
                    "timetrack_activity_id": self.activity_research.id,
                    "timetrack_client_id": self.client_company.id,
                    "timetrack_state": "draft",
                    "name": "Reading",
                    "create_uid": self.administrator.id,
                    "amount": -75.0,
                }
            ],
        )
        self.assertEqual(str(entry.date), "2024-05-06")

    def test_check_writes_nothing(self):
        names = ["account.analytic.line", "project.project", "project.task", "res.partner", "hr.employee"]
        names += ["timetrack.activity", "timetrack.deliverable"]
        before = [self.env[name].search_count([]) for name in names]
        new = "2024-05-06,2,New Person,New Client,New Project,New Task,New Kind,New Thing,x\n"
        dialog = self.check(HEADER + ROW + new)
        self.assertEqual((dialog.state, dialog.valid_count, dialog.rejected_count), ("checked", 2, 0))
        self.assertEqual(dialog.hours, 3.5)
        self.assertIn("Project: 1", dialog.created_text)
        self.assertEqual([self.env[name].search_count([]) for name in names], before)

    def test_check_and_import_agree(self):
        text = HEADER + ROW + "soon,1,Nobody,,Merger,,,,\n2024-05-07,25,Carl Consultant,,Merger,,,,\n"
        check, done = self.check(text), self.load(text)
        for name in ("valid_count", "rejected_count", "already_count", "hours", "created_text"):
            self.assertEqual(check[name], done[name], name)
        self.assertEqual(check.problem_ids.mapped("reason"), done.problem_ids.mapped("reason"))

    def test_the_same_file_twice_adds_nothing(self):
        self.load(HEADER + ROW * 2)
        self.assertEqual(len(self._imported()), 2)
        again = self.load(HEADER + ROW * 2)
        self.assertEqual((again.valid_count, again.already_count, again.entry_count), (0, 2, 0))
        self.assertEqual(len(self._imported()), 2)

    def test_a_longer_file_adds_only_what_is_new(self):
        self.load(HEADER + ROW)
        more = self.load(HEADER + ROW.replace("1.5", "3") + ROW + ROW)
        self.assertEqual((more.valid_count, more.already_count), (2, 1))

    def test_moved_columns_are_recognized(self):
        cells = dict(zip(HEADER.strip().split(","), ROW.strip().split(","), strict=True))
        names = sorted(cells)
        moved = ";".join(["Extra", *names]) + "\n" + ";".join(["?", *(cells[name] for name in names)]) + "\n"
        for keys in (False, "Date\nEmployee\nDescription"):
            with self.subTest(keys=keys):
                self.profile.key_columns = keys
                self.load(HEADER + ROW)
                self.assertEqual(self.load(moved).already_count, 1)

    def test_more_columns_do_not_make_a_row_new(self):
        self.profile.column_ids.filtered(lambda column: column.target in ("activity", "deliverable")).unlink()
        self.load(HEADER + ROW)
        self.profile.column_ids = [(0, 0, {"target": "activity", "name": "Activity"})]
        self.assertEqual(self.load(HEADER + ROW).already_count, 1)

    def test_key_columns_make_the_second_of_two_rows_a_repetition(self):
        self.profile.key_columns = "Date\nEmployee"
        dialog = self.load(HEADER + ROW + ROW.replace("1.5", "2"))
        self.assertRejected(dialog, (3, "Date, Employee", "repeated_key"))
        self.assertIn("Line 2", dialog.problem_ids.reason)

    def test_rejected_rows_are_listed_with_all_their_reasons_and_the_rest_comes_in(self):
        dialog = self.load(
            HEADER
            + "soon,lots,,,Merger,,,,\n"
            + ROW
            + '2024-05-07,25,Carl Consultant,,Merger,,,,"two\nlines"\n'
            + "2024-05-07,-1,Carl Consultant,,Merger,,,,\n"
        )
        self.assertRejected(
            dialog,
            (2, "Date", "bad_date"),
            (2, "Hours", "bad_number"),
            (2, "Employee", "missing"),
            (4, "Hours", "too_many_hours"),
            (6, "Hours", "not_positive"),
        )
        self.assertEqual((dialog.valid_count, dialog.rejected_count), (1, 3))
        self.assertEqual(len(self._imported()), 1)

    def test_rejected_rows_can_be_corrected_and_come_in_once(self):
        dialog = self.load(HEADER + ROW + ROW.replace("2024-05-06", "soon"))
        content = base64.b64decode(dialog.rejected_file).decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(content)))
        self.assertEqual((len(rows), rows[0]["Date"], rows[0]["Import: line"]), (1, "soon", "3"))
        self.assertIn("no date", rows[0]["Import: reason"])
        fixed = self.load(content.replace("soon", "2024-05-07"))
        self.assertEqual((fixed.valid_count, fixed.rejected_count), (1, 0))
        self.assertEqual(len(self._imported()), 2)

    def test_a_file_that_is_no_file_of_time_says_so_once(self):
        with self.assertRaisesRegex(UserError, "(?s)Hours, Employee, Project.*Its columns are: Date, Wer"):
            self.check("Date,Wer\n2024-05-06,Carl\n")
        with self.assertRaisesRegex(UserError, "empty"):
            self.check(" ")
        with self.assertRaisesRegex(UserError, "Choose a file"):
            self.check("", file=False)

    def test_a_guessed_encoding_is_told(self):
        dialog = self.check((HEADER + ROW.replace("Reading", "Prüfung")).encode("latin-1"))
        self.assertIn("not UTF-8", dialog.notice)
        self.assertFalse(self.check(HEADER + ROW).notice)

    def test_entries_can_be_opened(self):
        dialog = self.load(HEADER + ROW * 3)
        self.assertEqual(self.Line.search(dialog.action_view_entries()["domain"], order="id"), self._imported())

    def test_locks_hold_on_import_keys(self):
        with self.assertRaises(AccessError):
            self._entry(timetrack_import_key="x")
        self.load(HEADER + ROW)
        with self.assertRaises(AccessError):
            self._imported().timetrack_import_key = "y"

    def test_defaults_of_the_caller_do_not_reach_the_entries(self):
        dialog = self._dialog(HEADER + ROW).with_context(
            default_timetrack_state="approved", default_unit_amount=9, default_user_id=self.lead.id
        )
        dialog.action_import()
        self.assertRecordValues(
            self._imported(), [{"timetrack_state": "draft", "unit_amount": 1.5, "user_id": self.consultant.id}]
        )

    def test_rows_that_odoo_refuses_are_told_one_by_one(self):
        """What no check foresees rejects its row, with Odoo's own words, and none of what the row needed is left."""
        self.env["account.analytic.plan"].search([]).default_applicability = "optional"
        self.project.account_id.active = False
        before = len(self.env["project.task"].search([]))
        rows = [
            ROW.replace("Merger,Due diligence", "Office,").replace("Client Works", ""),
            ROW.replace("Due diligence", "New task"),
            ROW,
            ROW.replace("Merger,Due diligence", "Other,New"),
        ]
        dialog = self.load(HEADER + "".join(rows))
        self.assertRejected(dialog, (3, "", "refused"), (4, "", "refused"))
        self.assertIn("analytic", dialog.problem_ids[0].reason)
        self.assertEqual((dialog.state, dialog.valid_count, dialog.entry_count), ("done", 2, 2))
        self.assertEqual(sorted(self._imported().project_id.mapped("name")), ["Office", "Other"])
        self.assertEqual(len(self.env["project.task"].search([])), before + 1)


@tagged("post_install", "-at_install")
class TestImportNames(ImportCase):
    def _row(self, **values):
        cells = dict(zip(HEADER.strip().split(","), ROW.strip().split(","), strict=True)) | values
        return ",".join(cells.values()) + "\n"

    def test_what_is_missing_is_created_once(self):
        rows = [
            self._row(
                Client="New Client",
                Project="New Project",
                Task=f"Task {number % 2}",
                Activity="New Kind",
                Deliverable="Report",
                Employee="New Person",
                Description=str(number),
            )
            for number in range(4)
        ]
        self.load(HEADER + "".join(rows))
        entries = self._imported()
        project = entries.project_id
        self.assertRecordValues(
            project, [{"name": "New Project", "allow_timesheets": True, "company_id": self.company.id}]
        )
        self.assertTrue(project.account_id)
        self.assertRecordValues(project.partner_id, [{"name": "New Client", "is_company": True}])
        self.assertEqual(sorted(entries.task_id.mapped("name")), ["Task 0", "Task 1"])
        self.assertEqual(entries.employee_id.mapped("name"), ["New Person"])
        self.assertRecordValues(entries.timetrack_deliverable_id, [{"name": "Report", "project_id": project.id}])
        self.assertEqual(entries.timetrack_activity_id.mapped("name"), ["New Kind"])
        self.assertFalse(entries.task_id.message_partner_ids)

    def test_rejected_rows_create_nothing(self):
        dialog = self.load(HEADER + self._row(Project="New Project", Client="New Client", Date="soon"))
        self.assertEqual(dialog.rejected_count, 1)
        self.assertFalse(self.env["project.project"].search([("name", "=", "New Project")]))
        self.env["hr.employee"].create([{"name": "Twin"}, {"name": "Twin"}])
        dialog = self.load(HEADER + self._row(Project="New Project", Client="New Client", Employee="Twin"))
        self.assertRejected(dialog, (2, "Employee", "ambiguous"))
        self.assertFalse(self.env["project.project"].search([("name", "=", "New Project")]))

    def test_an_address_tells_twins_apart(self):
        twins = self.env["hr.employee"].create([{"name": "Twin", "work_email": f"twin{i}@example.com"} for i in "12"])
        self.load(HEADER + self._row(Employee="twin2@example.com"))
        self.assertEqual(self._imported().employee_id, twins[1])

    def test_archived_is_not_missing(self):
        self.employee_colleague.active = False
        self.task.active = False
        dialog = self.load(HEADER + self._row(Employee="Cora Colleague"))
        self.assertRejected(dialog, (2, "Employee", "archived"), (2, "Task", "archived"))

    def test_unknown_names_reject_where_nothing_may_be_created(self):
        self.profile.create_missing = False
        dialog = self.load(
            HEADER + self._row(Employee="Nobody", Client="Nobody", Project="X", Task="Y", Activity="Z") + self._row()
        )
        self.assertRejected(dialog, (2, "Client", "unknown"), (2, "Employee", "unknown"), (2, "Activity", "unknown"))
        self.assertEqual(dialog.valid_count, 1)

    def test_who_may_not_create_projects_is_told_so(self):
        self.administrator.group_ids -= self.env.ref("project.group_project_manager")
        dialog = self.load(HEADER + self._row(Project="New Project") + self._row())
        self.assertRejected(dialog, (2, "Project", "no_right"))
        self.assertEqual(dialog.valid_count, 1)

    def test_projects_of_the_same_name_are_told_apart_by_client(self):
        other = self.env["res.partner"].create({"name": "Other Client", "is_company": True})
        twin = self.project.copy({"name": "Merger", "partner_id": other.id})
        self.load(HEADER + self._row(Client="Other Client", Task="", Activity=""))
        self.assertEqual(self._imported().project_id, twin)
        dialog = self.check(HEADER + self._row(Client=""))
        self.assertRejected(dialog, (2, "Project", "ambiguous"))

    def test_a_project_without_client_is_taken_with_a_warning(self):
        dialog = self.load(HEADER + self._row(Project="Office", Task="", Activity=""))
        self.assertEqual(self._imported().project_id, self.internal_project)
        self.assertEqual(dialog.problem_ids.mapped("code"), ["project_without_client"])
        self.assertEqual(dialog.problem_ids.mapped("kind"), ["warning"])

    def test_a_project_without_timesheets_takes_none(self):
        self.internal_project.allow_timesheets = False
        dialog = self.check(HEADER + self._row(Project="Office", Client=""))
        self.assertRejected(dialog, (2, "Project", "no_timesheets"))

    def test_codes_find_service_types_and_deliverables(self):
        self.activity_research.code = "RES-TEST"
        deliverable = self.env["timetrack.deliverable"].create({"name": "Opinion", "code": "OP-TEST"})
        self.load(HEADER + self._row(Activity="RES-TEST", Deliverable="OP-TEST"))
        entry = self._imported()
        self.assertEqual(entry.timetrack_activity_id, self.activity_research)
        self.assertEqual(entry.timetrack_deliverable_id, deliverable)

    def test_a_group_tells_service_types_of_the_same_name_apart(self):
        self.profile.column_ids = [(0, 0, {"target": "activity_parent", "name": "Group", "is_optional": True})]
        text = HEADER.strip() + ",Group\n"
        for group, name in (("Legal", "Support"), ("IT", "Support"), ("IT", "")):
            text += self._row(Activity=name).strip() + f",{group}\n"
        self.load(text)
        found = self._imported().timetrack_activity_id
        self.assertEqual(
            [(activity.parent_id.name, activity.name) for activity in self._imported().mapped("timetrack_activity_id")],
            [("Legal", "Support"), ("IT", "Support"), (False, "IT")],
        )
        again = self.check(text.replace("2024-05-06", "2024-05-07"))
        self.assertEqual((again.valid_count, again.created_text), (3, ""))
        self.assertEqual(len(found), 3)

    def test_planned_hours(self):
        self.profile.column_ids = [(0, 0, {"target": "planned_hours", "name": "Plan"})]
        self.profile.column_ids = [(0, 0, {"target": "client", "constant": "ignored", "sequence": 99})]
        text = HEADER.strip() + ",Plan\n"
        for task, planned in (("A", "0"), ("A", "3"), ("A", "3"), ("B", "4"), ("B", "5"), ("C", "")):
            text += self._row(Project="Planned", Client="", Task=task, Deliverable="D").strip() + f",{planned}\n"
        dialog = self.load(text)
        project = self._imported().project_id
        self.assertEqual({task.name: task.allocated_hours for task in project.task_ids}, {"A": 3.0, "B": 5.0, "C": 0.0})
        self.assertEqual(project.allocated_hours, 8.0)
        self.assertEqual(self._imported().timetrack_deliverable_id.planned_hours, 8.0)
        self.assertEqual(dialog.problem_ids.mapped("code"), ["planned_differs"])

    def test_an_existing_plan_stays(self):
        self.profile.column_ids = [(0, 0, {"target": "planned_hours", "name": "Plan"})]
        other = self.task.copy({"name": "Other", "allocated_hours": 0})
        self.task.allocated_hours = 7
        text = HEADER.strip() + ",Plan\n" + self._row().strip() + ",3\n" + self._row(Task="Other").strip() + ",4\n"
        self.load(text)
        self.assertEqual((self.task.allocated_hours, other.allocated_hours), (7, 4))

    def test_companies_do_not_mix(self):
        other = self.env["res.company"].create({"name": "Other Company"})
        self.env["hr.employee"].create({"name": "Carl Consultant", "company_id": other.id})
        self.load(HEADER + self._row())
        self.assertEqual(self._imported().employee_id, self.employee)
        with self.assertRaises(AccessError):
            self.load(HEADER + self._row(), company_id=other.id)


@tagged("post_install", "-at_install")
class TestImportRights(ImportCase):
    def test_only_timesheet_administrators_import(self):
        for user in (self.consultant, self.lead):
            with self.assertRaises(AccessError):
                self._dialog(HEADER + ROW, user=user)
            with self.assertRaises(AccessError):
                self.env["timetrack.import"].with_user(user)._run(
                    ImportRun(self.profile.with_user(user), self.company, [], {})
                )

    def test_profiles_must_make_sense(self):
        for values in (
            {"column_ids": [(5, 0, 0), (0, 0, {"target": "date", "name": "Date"})]},
            {"column_ids": [(0, 0, {"target": "task"})]},
            {"column_ids": [(0, 0, {"target": "task", "name": "Task", "constant": "x"})]},
            {"date_formats": "%d/%m"},
            {"date_formats": "  "},
            {"max_hours": -1},
        ):
            with self.subTest(values=values), self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.profile.write(values)


@tagged("post_install", "-at_install")
class TestImportPerformance(ImportCase):
    def _queries(self, count, text="Reading"):
        """Queries to import so many rows, different in ``text``."""
        rows = "".join(ROW.replace(text, f"{text} {count} {number}") for number in range(count))
        dialog = self._dialog(HEADER + rows)
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        dialog.action_import()
        self.env.flush_all()
        self.assertEqual(dialog.valid_count, count)
        return self.env.cr.sql_log_count - before

    def test_queries_grow_no_faster_than_those_of_odoo_itself(self):
        """Odoo's own create takes up to two queries an entry; the import adds none of its own."""
        self._queries(5)
        few, many = self._queries(20), self._queries(220)
        self.assertLess((many - few) / 200, 0.5)

    def test_queries_for_new_tasks(self):
        self._queries(5, "Due diligence")
        few, many = self._queries(20, "Due diligence"), self._queries(220, "Due diligence")
        self.assertLess((many - few) / 200, 0.5)

    def test_a_check_takes_the_same_queries_for_any_number_of_rows(self):
        self.check(HEADER + ROW)
        counts = []
        for size in (10, 200):
            dialog = self._dialog(HEADER + ROW * size)
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            dialog.action_check()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0])


@tagged("post_install", "-at_install")
class TestImportPolicies(ImportCase):
    """Imported time is held against the policy of its project as typed time is."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.env["timetrack.policy"].create({"name": "Litigation", "day_hours_max": 8})
        cls.project.timetrack_policy_id = cls.policy

    def _row(self, day, hours, employee="Carl Consultant", project="Merger", text="Reading"):
        client = "Client Works" if project == "Merger" else ""
        return f"2024-05-{day:02},{hours},{employee},{client},{project},,,,{text}\n"

    def test_refused_rows_name_rule_and_policy(self):
        self.policy.day_hours_severity = "block"
        self._entry(date="2024-05-06", unit_amount=5)
        text = HEADER + self._row(6, 4) + self._row(7, 8) + self._row(8, 5) + self._row(8, 3.5, text="Writing")
        for dialog in (self.check(text), self.load(text)):
            self.assertRejected(dialog, (2, "Hours", "policy"), (4, "Hours", "policy"), (5, "Hours", "policy"))
            reasons = dialog.problem_ids.mapped("reason")
            self.assertIn("9.00 hours on this day, at most 8.00", reasons[0])
            self.assertIn("8.50 hours on this day, at most 8.00", reasons[1])
            self.assertTrue(all("Litigation" in reason for reason in reasons))
        self.assertEqual(self._imported().mapped("unit_amount"), [8])

    def test_warnings_come_in_and_stay(self):
        self.policy.write({"day_hours_severity": "warn", "past_severity": "warn"})
        dialog = self.load(HEADER + self._row(6, 9) + self._row(7, 8, project="Office"))
        warnings = dialog.problem_ids.filtered(lambda line: line.kind == "warning")
        self.assertEqual(warnings.mapped("code"), ["policy", "policy"])
        entries = self._imported()
        self.assertEqual(len(entries), 2)
        self.assertEqual([warning["rule"] for warning in entries[0].timetrack_warnings], ["day_hours", "past"])
        self.assertFalse(entries[1].timetrack_warnings)

    def test_projects_that_come_with_the_file(self):
        """The policy of a project that does not exist yet is its client's, else the company's."""
        self.policy.day_hours_severity = "block"
        self.client_company.timetrack_policy_id = self.policy
        self.company.timetrack_policy_id = self.env["timetrack.policy"].create(
            {"name": "House", "duplicate_severity": "block"}
        )
        text = (
            HEADER
            + "2024-05-06,9,Carl Consultant,Client Works,New matter,,,,Reading\n"
            + self._row(7, 9, "Nina New", "New office")
            + self._row(7, 9, "Ned New", "New office")
            + self._row(8, 9, "Nina New", "New office", "Reading")
            + "2024-05-08,9.0,Nina New,,New office,,,,Reading\n"
        )
        dialog = self.check(text)
        rejected = {(line.line, line.reason.split(":")[0]) for line in dialog.problem_ids}
        self.assertEqual(rejected, {(2, "Hours a Day"), (5, "Duplicates"), (6, "Duplicates")})

    def test_a_closed_period_stays_closed(self):
        self.company.timetrack_lock_date = "2024-05-06"
        text = HEADER + self._row(6, 2) + self._row(7, 2)
        for dialog in (self.check(text), self.load(text)):
            self.assertRejected(dialog, (2, "Date", "closed_period"))
        self.assertEqual([str(date) for date in self._imported().mapped("date")], ["2024-05-07"])

    def test_an_exception_from_the_lock_date_is_kept_in_the_trail(self):
        self.company.timetrack_lock_date = "2024-05-06"
        self.env["timetrack.lock.exception"].create({"user_id": self.administrator.id, "reason": "Late file"})
        self.load(HEADER + self._row(6, 2) + self._row(7, 2))
        late, entry = self._imported().sorted("date")
        self.assertEqual(
            late.timetrack_event_ids.mapped(lambda event: (event.action, event.reason)), [("override", "Late file")]
        )
        self.assertFalse(entry.timetrack_event_ids)

    def test_queries_do_not_grow_with_the_rows(self):
        self.policy.write({f"{name}_severity": "warn" for name in ("day_hours", "past", "non_working", "duplicate")})
        counts = []
        for size in (10, 200):
            rows = "".join(self._row(1 + number % 20, 1, text=f"Reading {number}") for number in range(size))
            dialog = self._dialog(HEADER + rows)
            before = self.env.cr.sql_log_count
            dialog.action_check()
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1] - counts[0], 5, counts)
