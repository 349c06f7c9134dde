import base64
import csv
import io
import os
from contextlib import contextmanager
from unittest.mock import patch

import openpyxl
import psycopg2
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged

from ..models import timetrack_import_job_run, timetrack_import_row
from .test_import import HEADER, ROW, ImportCase

RUN = "odoo.addons.client_timetrack.models.timetrack_import_job_run"
ROWS = HEADER + "".join(ROW.replace("Reading", f"Reading {number}") for number in range(10))


@contextmanager
def batches_of(size):
    """The import takes rows in small batches, as it takes those of a long file in large ones."""
    with (
        patch.object(timetrack_import_row, "BATCH", size),
        patch.object(timetrack_import_row, "MOST", 100),
        patch.object(timetrack_import_job_run, "BATCH", size),
    ):
        yield


class JobCase(ImportCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cron = cls.env.ref("client_timetrack.ir_cron_import_job")

    def _in_background(self, text, button="action_import", **values):
        """Open a file that is too long for a request."""
        job = self._dialog(text, **values)
        with patch.object(timetrack_import_job_run, "IN_REQUEST", 10):
            getattr(job, button)()
        return job

    def _run_cron(self):
        with self.enter_registry_test_mode():
            self.cron.method_direct_trigger()
        self.env.invalidate_all()

    @contextmanager
    def _undone(self):
        savepoint = self.env.cr.savepoint()
        try:
            yield
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all()

    def _days(self, count):
        """Rows of different days."""
        return "".join(ROW.replace("2024-05-06", f"2024-05-{day:02}") for day in range(1, count + 1))

    def _summary(self, job):
        """What became of a file, however it was done."""
        return {
            "counts": (job.state, job.valid_count, job.rejected_count, job.already_count, round(job.hours, 6)),
            "created": job.created_text,
            "problems": sorted((p.line, p.kind, p.code, p.column, p.value, p.reason) for p in job.problem_ids),
            "names": sorted(
                (n.target, n.name, n.row_count, round(n.hours, 6), n.is_new, n.reason) for n in job.name_ids
            ),
            "rejected": job.rejected_file and base64.b64decode(job.rejected_file),
        }


@tagged("post_install", "-at_install")
class TestImportJob(JobCase):
    """A file is worked on in the background, batch by batch."""

    def test_a_short_file_is_done_at_once(self):
        job = self.load(ROWS)
        self.assertEqual((job.state, job.running, job.entry_count, job.progress), ("done", False, 10, 100.0))

    def test_a_long_file_waits_for_the_background(self):
        triggers = self.env["ir.cron.trigger"].search_count([("cron_id", "=", self.cron.id)])
        job = self._in_background(ROWS, "action_check")
        self.assertEqual((job.state, job.running, job.valid_count), ("draft", "check", 0))
        self.assertEqual(self.env["ir.cron.trigger"].search_count([("cron_id", "=", self.cron.id)]), triggers + 1)
        self._run_cron()
        self.assertEqual((job.state, job.running, job.valid_count, job.entry_count), ("checked", False, 10, 0))
        with patch.object(timetrack_import_job_run, "IN_REQUEST", 10):
            job.action_import()
        self.assertEqual(job.running, "import")
        self._run_cron()
        self.assertEqual((job.state, job.valid_count, job.entry_count), ("done", 10, 10))
        self.assertEqual(self._imported().create_uid, self.administrator)
        self.assertEqual(self._imported().mapped("timetrack_state"), ["draft"] * 10)

    def test_it_goes_on_where_it_was_interrupted(self):
        """After each batch, of the reading and of the import: nothing twice, nothing lost."""
        reference = self._summary(self.check(ROWS + "soon,1,Nobody,,Merger,,,,\n"))
        job = self._in_background(ROWS + "soon,1,Nobody,,Merger,,,,\n", "action_check")
        with batches_of(3):
            steps = 0
            while job.running:
                next(job._work(), None)
                self.env.flush_all()
                self.env.invalidate_all()
                steps += 1
                self.assertLess(steps, 20)
            # the reading, rows of an employee and day together, and their end
            self.assertGreater(steps, 4)
        self.assertEqual(self._summary(job), reference)
        with batches_of(3), patch.object(timetrack_import_job_run, "IN_REQUEST", 10):
            job.action_import()
            while job.running:
                next(job._work(), None)
                self.env.invalidate_all()
        self.assertEqual((job.state, job.valid_count, job.rejected_count, job.entry_count), ("done", 10, 1, 10))
        self.assertEqual(len(self._imported()), 10)

    def test_an_error_takes_back_its_batch_only(self):
        """What is in stays; the file says why it stopped, and goes on when somebody presses the button again."""
        job = self._in_background(HEADER + self._days(9))
        create, calls = type(self.Line).create, []

        def fail(model, vals_list):
            calls.append(1)
            if len(calls) == 3:
                raise ZeroDivisionError("on purpose")
            return create(model, vals_list)

        with batches_of(3), patch.object(type(self.Line), "create", fail), self.assertLogs(RUN, "ERROR"):
            self._run_cron()
        self.assertEqual((job.running, job.state, job.error, job.entry_count), (False, "draft", "on purpose", 6))
        job.action_import()
        self.assertEqual((job.state, job.valid_count, job.entry_count, job.error), ("done", 9, 9, False))
        self.assertEqual(len(self._imported()), 9)

    def test_a_batch_that_meets_somebody_elses_work_is_tried_again(self):
        job = self._in_background(HEADER + self._days(4))
        create, calls = type(self.Line).create, []

        def meet(model, vals_list):
            calls.append(1)
            if len(calls) in (1, 2, 4):
                raise psycopg2.errors.SerializationFailure("on purpose")
            return create(model, vals_list)

        with batches_of(2), patch.object(type(self.Line), "create", meet):
            self._run_cron()
        self.assertEqual((job.state, job.error, job.entry_count), ("done", False, 4))
        self.assertEqual(len(calls), 5)

        def meet_always(model, vals_list):
            raise psycopg2.errors.SerializationFailure("on purpose")

        other = self._in_background(HEADER + self._days(4).replace("Reading", "Writing"))
        with patch.object(type(self.Line), "create", meet_always):
            self._run_cron()
        self.assertEqual((other.running, other.error, other.entry_count), (False, "on purpose", 0))

    def test_one_bad_file_holds_up_no_other(self):
        bad = self._in_background("Date,Wer\n2024-05-06,Carl\n")
        good = self._in_background(ROWS)
        self._run_cron()
        self.assertIn("no column", bad.error)
        self.assertEqual((bad.running, bad.state), (False, "draft"))
        self.assertEqual((good.state, good.entry_count), ("done", 10))

    def test_a_cell_of_two_megabytes_rejects_its_row_only(self):
        monster = ROW.replace("Reading", "x" * 2_000_000)
        job = self._dialog(HEADER + monster + ROW + monster.replace("xxx", 'x"x') + ROW)
        job.action_import()
        self.assertEqual(job.running, "import", "too long for a request")
        self._run_cron()
        self.assertEqual((job.state, job.valid_count, job.entry_count), ("done", 2, 2))
        self.assertEqual(
            [(problem.line, problem.code) for problem in job.problem_ids], [(2, "long_cell"), (4, "long_cell")]
        )

    def test_it_can_be_stopped(self):
        job = self._in_background(HEADER + self._days(6))
        with self.assertRaisesRegex(UserError, "is being worked on"):
            job.action_check()
        with self.assertRaisesRegex(UserError, "stop it first"):
            job.unlink()
        with batches_of(2):
            for _step, _batch in zip(range(5), job._work(), strict=False):
                pass
        job.action_stop()
        self.assertEqual((job.entry_count, job.running), (4, False))
        self._run_cron()
        self.assertEqual(job.entry_count, 4)
        job.action_import()
        self.assertEqual((job.state, job.valid_count, job.entry_count), ("done", 6, 6))

    def test_a_file_comes_in_once(self):
        job = self.load(ROWS)
        with self.assertRaisesRegex(UserError, "imported already"):
            job.action_import()
        with self.assertRaisesRegex(UserError, "open a new import"):
            job.file = base64.b64encode(b"x")
        again = self._in_background(ROWS)
        self._run_cron()
        self.assertEqual((again.valid_count, again.already_count), (0, 10))
        self.assertEqual(len(self._imported()), 10)

    def test_another_file_makes_what_was_found_void(self):
        job = self.check(ROWS)
        job.file = base64.b64encode((HEADER + ROW).encode())
        self.assertEqual((job.state, job.row_count, job.valid_count), ("draft", 0, 0))
        job.action_import()
        self.assertEqual((job.valid_count, len(self._imported())), (1, 1))

    def test_entries_that_are_deleted_leave_the_import(self):
        job = self.load(ROWS)
        self._imported()[0].unlink()
        self.assertEqual(job.entry_count, 9)
        self.assertEqual(len(self.Line.search(job.action_view_entries()["domain"])), 9)

    def test_what_is_never_imported_is_forgotten(self):
        job, done = self.check(ROWS), self.load(ROWS)
        rows = self.env["timetrack.import.row"]
        self.assertEqual(rows.search_count([("job_id", "=", job.id)]), 10)
        job._gc_rows()
        self.assertEqual(rows.search_count([("job_id", "=", job.id)]), 10)
        self.env.flush_all()
        self.env.cr.execute("UPDATE timetrack_import_job SET write_date = write_date - interval '8 days'")
        self.env.invalidate_all()
        job._gc_rows()
        self.assertEqual((job.state, rows.search_count([("job_id", "=", job.id)])), ("draft", 0))
        self.assertEqual((done.state, done.entry_count), ("done", 10))
        job.action_check()
        self.assertEqual(job.already_count, 10)

    # ------------------------------------------------------------------
    # One batch or many
    # ------------------------------------------------------------------

    def test_limits_hold_across_batches(self):
        """A budget and a day count rows of earlier batches, in a check too, where nothing is stored."""
        self.project.timetrack_policy_id = self.env["timetrack.policy"].create(
            {"name": "Strict", "day_hours_max": 8, "day_hours_severity": "block", "over_budget_severity": "warn"}
        )
        self.project.allocated_hours = 10
        rows = self._days(4).replace(",1.5,", ",3,") + ROW.replace("1.5", "4") + ROW.replace("1.5", "5")
        day, budget = "Hours a Day", "Over Budget"
        with batches_of(1):
            check, job = self.check(HEADER + rows), self.load(HEADER + rows)
        for done in (check, job):
            found = [(problem.line, problem.reason.split(":")[0]) for problem in done.problem_ids]
            self.assertEqual(found, [(5, budget), (6, day), (6, budget), (7, day), (7, budget)])

    def test_plans_are_of_the_whole_file(self):
        self.profile.column_ids = [(0, 0, {"target": "planned_hours", "name": "Plan"})]
        text = HEADER.strip() + ",Plan\n"
        for day, (task, planned) in enumerate((("A", "1"), ("B", "4"), ("A", "3"), ("B", "4"), ("C", "")), start=1):
            row = ROW.replace("2024-05-06", f"2024-05-0{day}").replace(
                "Client Works,Merger,Due diligence", f",New,{task}"
            )
            text += row.replace("Research,", "Research,D").strip() + f",{planned}\n"
        with batches_of(1):
            job = self.load(text)
        project = self._imported().project_id
        self.assertEqual({task.name: task.allocated_hours for task in project.task_ids}, {"A": 3.0, "B": 4.0, "C": 0.0})
        self.assertEqual(project.allocated_hours, 7.0)
        self.assertEqual(self._imported().timetrack_deliverable_id.planned_hours, 7.0)
        self.assertEqual([(p.code, p.value) for p in job.problem_ids], [("planned_differs", "1 / 3")])

    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["2024-05-06", "2024-05-07", "soon"]),
                st.sampled_from(["1", "2.5", "0"]),
                st.sampled_from(["Carl Consultant", "Cora Colleague", "Nina New", ""]),
                st.sampled_from(["Client Works", "New Client", ""]),
                st.sampled_from(["Merger", "New Project"]),
                st.sampled_from(["", "Due diligence", "New Task"]),
                st.sampled_from(["", "Research", "New Kind"]),
                st.sampled_from(["", "New Thing"]),
                st.sampled_from(["Call", "Study"]),
            ),
            min_size=1,
            max_size=12,
        ),
        st.integers(1, 5),
    )
    @settings(
        deadline=None,
        max_examples=300 if os.environ.get("TIMETRACK_FULL") else 15,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[*HealthCheck],
    )
    def test_batches_change_nothing(self, rows, size):
        """Whatever the rows and the size of the batches: check and import say the same as in one piece."""
        text = HEADER + "".join(",".join(row) + "\n" for row in rows)
        outcomes = []
        for batch in (1000, size):
            with self._undone(), batches_of(batch):
                check = self._summary(self.check(text))
                job = self.load(text)
                hours = self._imported().mapped("unit_amount")
                self.assertEqual((len(hours), round(sum(hours), 6)), (job.valid_count, round(job.hours, 6)))
                self.assertEqual(job.created_text, check["created"])
                outcomes.append((check, {**self._summary(job), "names": []}))
        self.assertEqual(*outcomes)

    # ------------------------------------------------------------------
    # Rights
    # ------------------------------------------------------------------

    def test_it_runs_with_the_rights_of_whoever_opened_it(self):
        job = self._in_background(ROWS)
        self.administrator.group_ids = [Command.set(self.env.ref("hr_timesheet.group_hr_timesheet_user").ids)]
        self._run_cron()
        self.assertIn("Only timesheet administrators", job.sudo().error)
        self.assertFalse(self._imported())

    def test_others_see_it_and_change_nothing(self):
        """A file of one user must never run with the rights of another."""
        job = self.check(HEADER + ROW.replace("Research", "Reserch"))
        other = self.administrator.copy({"name": "Other Administrator", "login": "tt_other_administrator"})
        seen = job.with_user(other)
        self.assertEqual(seen.valid_count, 1)
        for change in (
            lambda: seen.write({"file": base64.b64encode(b"x")}),
            seen.action_import,
            seen.action_check,
            seen.unlink,
            lambda: seen.name_ids.write({"activity_id": self.activity_research.id}),
            lambda: self.env["timetrack.import.column"].with_user(other).create({"job_id": job.id, "name": "x"}),
        ):
            with self.subTest(change=change), self.assertRaises(AccessError), self.env.cr.savepoint():
                change()
        with self.assertRaises(AccessError):
            job.with_user(self.consultant).read(["filename"])
        job.with_user(self.administrator).write({"create_uid": other.id})
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(job.create_uid, self.administrator, "whose rights it runs with is nobody's to say")

    def test_rows_are_nobodys_to_write(self):
        job = self.check(ROWS.replace(",1.5,", ",0,", 1))
        rows = self.env["timetrack.import.row"].with_user(self.administrator).search([("job_id", "=", job.id)])
        self.assertEqual(len(rows), 10)
        for change in (
            lambda: rows.write({"content": "[]"}),
            rows.unlink,
            lambda: rows.create({"job_id": job.id, "line": 99, "state": "read", "sort_key": ""}),
            lambda: job.problem_ids.write({"reason": "x"}),
        ):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                change()


@tagged("post_install", "-at_install")
class TestImportColumns(JobCase):
    """Files that no profile knows: somebody says once what the columns give."""

    UNKNOWN = (
        "Wann;Wer;Wie lange;Wofür;Kunde;Notes\n"
        "31.12.2024;Carl Consultant;1,5;Merger;Client Works;Reading\n"
        "30.12.2024;Cora Colleague;2;Merger;Client Works;Writing\n"
    ).encode()
    MEANING = {"Wann": "date", "Wer": "employee", "Wie lange": "hours", "Wofür": "project", "Kunde": "client"}

    def _open(self, content):
        form = Form(self.env["timetrack.import.job"].with_user(self.administrator))
        form.file = base64.b64encode(content)
        return form

    def _say(self, form, meaning):
        for index in range(len(form.column_ids)):
            with form.column_ids.edit(index) as column:
                column.target = meaning.get(column.name, column.target)
        job = form.save()
        # which the web client sends along with the file
        job.filename = "Zeiten März.csv"
        return job

    def test_columns_are_shown_with_their_values(self):
        """The guess comes from their names in other profiles, else from what is in them."""
        form = self._open(self.UNKNOWN)
        self.assertFalse(form.profile_id)
        job = form.save()
        self.assertEqual(
            [(column.name, column.sample, column.target) for column in job.column_ids],
            [
                ("Wann", "31.12.2024 · 30.12.2024", "date"),
                ("Wer", "Carl Consultant · Cora Colleague", "employee"),
                ("Wie lange", "1,5 · 2", "hours"),
                ("Wofür", "Merger", "project"),
                ("Kunde", "Client Works", "client"),
                ("Notes", "Reading · Writing", "description"),
            ],
        )

    def test_what_is_needed_is_asked_for(self):
        job = self._say(self._open(b"A;B\nx;y\n"), {"A": "description"})
        with self.assertRaisesRegex(ValidationError, "Date, Hours, Employee, Project"):
            job.action_check()

    def test_what_was_said_is_a_profile_from_then_on(self):
        job = self._say(self._open(self.UNKNOWN), self.MEANING)
        job.action_check()
        self.assertEqual((job.valid_count, job.hours, job.rejected_count), (2, 3.5, 0))
        self.assertEqual((job.profile_id.name, len(job.column_ids)), ("Zeiten März", 0))
        job.action_import()
        self.assertEqual(sorted(self._imported().mapped("name")), ["Reading", "Writing"])
        again = self._open(self.UNKNOWN.replace(b"2024", b"2023"))
        self.assertEqual(again.profile_id, job.profile_id)
        again = again.save()
        again.action_check()
        self.assertEqual(again.valid_count, 2)

    def test_what_the_file_does_not_say_is_said_for_all_rows(self):
        own = b"Day,Duration,Job\n2024-05-06,1:30,Merger\n"
        form = self._open(own)
        with form.column_ids.new() as column:
            column.constant, column.target = "Carl Consultant", "employee"
        job = self._say(form, {"Day": "date", "Duration": "hours", "Job": "project"})
        job.action_import()
        self.assertRecordValues(
            self._imported(),
            [{"employee_id": self.employee.id, "project_id": self.project.id, "unit_amount": 1.5}],
        )

    def test_a_workbook(self):
        book = openpyxl.Workbook()
        for row in csv.reader(io.StringIO(self.UNKNOWN.decode()), delimiter=";"):
            book.active.append(row)
        out = io.BytesIO()
        book.save(out)
        job = self._say(self._open(out.getvalue()), self.MEANING)
        job.action_check()
        self.assertEqual((job.valid_count, job.hours), (2, 3.5))

    def test_a_profile_that_fits_badly_can_be_left(self):
        form = self._open((HEADER + ROW).encode())
        self.assertTrue(form.profile_id)
        job = form.save()
        job.action_change_columns()
        self.assertFalse(job.profile_id)
        targets = {column.name: column.target for column in job.column_ids}
        self.assertEqual((targets["Activity"], targets["Deliverable"]), ("activity", "deliverable"))
        job.column_ids.filtered(lambda column: column.name == "Deliverable").target = False
        job.action_check()
        self.assertEqual(job.valid_count, 1)
        self.assertEqual(len(job.profile_id.column_ids), 8)
