import base64
import csv
import io
import zipfile
from datetime import date, datetime, time, timedelta

import openpyxl

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .test_import import ImportCase

# One truth: who, client, project, task, service type, what, billable, date, start, stop, hours.
CARL, CORA = ("Carl Consultant", "carl@example.com"), ("Cora Colleague", "cora@example.com")
TRUTH = (
    (CARL, "Bänk & Söhne", "Audit", "Planning", "Research", "Read the file", True,
     date(2026, 3, 2), "09:00", "10:30", 1.5),
    (CARL, "Bänk & Söhne", "Audit", "Planning", "Training", "Course", False,
     date(2026, 3, 13), "14:00", "16:00", 2.0),
    (CORA, "Northwind", "Rollout", "Build", "Research", 'Überprüfung; mit "Zitat"', True,
     date(2026, 3, 13), "22:30", "23:45", 1.25),
    (CORA, "Northwind", "Rollout", "Build", "Research", "=1+1", True,
     date(2026, 4, 1), "08:00", "08:20", 1 / 3),
)  # fmt: skip


def clock(hours, seconds=True):
    total = round(hours * 3600)
    text = f"{total // 3600}:{total // 60 % 60:02}"
    return f"{text}:{total % 60:02}".rjust(8, "0") if seconds else text


def text_of(rows, delimiter=",", encoding="utf-8", newline="\r\n"):
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=newline).writerows(rows)
    return out.getvalue().encode(encoding)


def toggl():
    header = (
        "User,Email,Client,Project,Task,Description,Billable,Start date,Start time,End date,End time,Duration,Tags,"
        "Amount ()"
    )
    rows = [
        [name, email, client, project, task, what, "Yes" if billable else "No", day, f"{start}:00", day, f"{stop}:00",
         clock(hours), activity, ""]
        for (name, email), client, project, task, activity, what, billable, day, start, stop, hours in TRUTH
    ]  # fmt: skip
    return text_of([header.split(","), *rows], encoding="utf-8-sig")


def clockify():
    header = (
        "Project,Client,Description,Task,User,Group,Email,Tags,Billable,Start Date,Start Time,End Date,End Time,"
        "Duration (h),Duration (decimal),Billable Rate (USD),Billable Amount (USD)"
    )

    def am_pm(text):
        return datetime.strptime(text, "%H:%M").strftime("%I:%M:%S %p")

    rows = [
        [project, client, what, task, name, "", email, activity, "Yes" if billable else "No", f"{day:%d/%m/%Y}",
         am_pm(start), f"{day:%d/%m/%Y}", am_pm(stop), clock(hours), f"{hours:.2f}", "0", "0"]
        for (name, email), client, project, task, activity, what, billable, day, start, stop, hours in TRUTH
    ]  # fmt: skip
    return text_of([header.split(","), *rows])


def harvest():
    header = (
        "Date,Client,Project,Project Code,Task,Notes,Hours,Billable?,Invoiced?,Approved?,First Name,Last Name,Roles,"
        "Employee?,Billable Rate,Currency"
    )
    rows = [
        [day, client, project, "", activity, what, f"{hours:.4f}".replace(".", ","), "Yes" if billable else "No", "No",
         "Yes", *name.split(" "), "", "Yes", "100,0", "Euro - EUR"]
        for (name, _email), client, project, _task, activity, what, billable, day, _start, _stop, hours in TRUTH
    ]  # fmt: skip
    return text_of([header.split(","), *rows], delimiter=";", encoding="cp1252")


def kimai():
    header = (
        "Date,From,To,Duration,Currency,Name,User,E-mail,Staff number,Customer,Project,Activity,Description,Billable,"
        "Tags,Type,category"
    )
    rows = [
        [f"{day:%m/%d/%Y}", start, stop, clock(hours, seconds=False), "EUR", name, name.split()[0].lower(), email, "7",
         client, project, activity, what, "yes" if billable else "no", "", "timesheet", "work"]
        for (name, email), client, project, _task, activity, what, billable, day, start, stop, hours in TRUTH
    ]  # fmt: skip
    return text_of([header.split(","), *rows])


def workbook(rows, sheets=()):
    book = openpyxl.Workbook()
    sheet = book.active
    for title in sheets:
        sheet = book.create_sheet(title)
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def toggl_xlsx():
    header = "User,Email,Client,Project,Task,Description,Billable,Start date,Start time,End date,End time,Duration,Tags"
    rows = [
        [name, email, client, project, task, what.replace("=", "'="), billable, day, time.fromisoformat(start), day,
         time.fromisoformat(stop), timedelta(seconds=round(hours * 3600)), activity]
        for (name, email), client, project, task, activity, what, billable, day, start, stop, hours in TRUTH
    ]  # fmt: skip
    return workbook([header.split(","), *rows], sheets=["Data"])


@tagged("post_install", "-at_install")
class TestImportTrackers(ImportCase):
    """Exports of other trackers, made from one truth: all of them come to the same entries."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.employee | cls.employee_colleague).tz = "Europe/Brussels"
        cls.employee.work_email = "Carl@Example.com"

    def _import(self, content, **values):
        """Import as a person does: choose the file, check, import. Return the wizard."""
        wizard = Form(self.env["timetrack.import.job"].with_user(self.administrator))
        wizard.file = base64.b64encode(content)
        for name, value in values.items():
            wizard[name] = value
        record = wizard.save()
        record.action_check()
        return record

    def _entries(self):
        """What is in, as the truth says it."""
        lines = self.env["account.analytic.line"].search([("timetrack_import_key", "!=", False)], order="date, id")
        return [
            (
                line.employee_id.name,
                line.project_id.partner_id.name,
                line.project_id.name,
                line.timetrack_activity_id.name,
                line.name,
                line.timetrack_is_billable,
                line.date,
                round(line.unit_amount, 2),
            )
            for line in lines
        ]

    def _clocks(self):
        lines = self.env["account.analytic.line"].search([("timetrack_import_key", "!=", False)], order="date, id")
        return [
            tuple(
                fields.Datetime.context_timestamp(line.with_context(tz="Europe/Brussels"), moment).strftime("%H:%M")
                for moment in (line.timetrack_start, line.timetrack_stop)
            )
            for line in lines
        ]

    def _truth(self):
        return [
            (name, client, project, activity, what, billable, day, round(hours, 2))
            for (name, _email), client, project, _task, activity, what, billable, day, _start, _stop, hours in TRUTH
        ]

    def _check_tracker(self, content, profile, with_clock=True):
        wizard = self._import(content)
        self.assertEqual(wizard.profile_id.name, profile)
        self.assertEqual((wizard.valid_count, wizard.rejected_count), (4, 0), wizard.problem_ids.mapped("reason"))
        self.assertAlmostEqual(wizard.hours, 5.08, 2)
        wizard.action_import()
        self.assertEqual(self._entries(), self._truth())
        if with_clock:
            self.assertEqual(self._clocks(), [(start, stop) for *_rest, start, stop, _hours in TRUTH])
        again = self._import(content)
        self.assertEqual((again.valid_count, again.already_count), (0, 4))

    def test_toggl(self):
        self._check_tracker(toggl(), "Toggl Track")

    def test_clockify(self):
        self._check_tracker(clockify(), "Clockify")

    def test_harvest(self):
        self._check_tracker(harvest(), "Harvest", with_clock=False)

    def test_kimai(self):
        self._check_tracker(kimai(), "Kimai")

    def test_a_workbook(self):
        wizard = self._import(toggl_xlsx())
        self.assertEqual(wizard.profile_id.name, "Toggl Track")
        wizard.action_import()
        truth = [(*row[:4], row[4].replace("=", "'="), *row[5:]) for row in self._truth()]
        self.assertEqual(self._entries(), truth)
        self.assertEqual(self._clocks(), [(start, stop) for *_rest, start, stop, _hours in TRUTH])

    def test_people_are_known_by_their_address(self):
        """Two people of one name are told apart, and no address is made up."""
        self.employee_colleague.name = "Carl Consultant"
        self.employee_colleague.work_email = "cora@example.com"
        rows = toggl().replace(b"Cora Colleague", b"Carl Consultant")
        self._import(rows).action_import()
        lines = self.env["account.analytic.line"].search([("timetrack_import_key", "!=", False)])
        self.assertEqual(len(lines.filtered(lambda line: line.employee_id == self.employee)), 2)
        self.assertEqual(len(lines.filtered(lambda line: line.employee_id == self.employee_colleague)), 2)
        wizard = self._import(harvest().replace(b"Carl;Consultant", b"New;Person"))
        wizard.action_import()
        person = self.env["hr.employee"].search([("name", "=", "New Person")])
        self.assertFalse(person.work_email)

    def test_time_over_midnight(self):
        content = (
            b"Date,From,To,Duration,Name,Customer,Project\n"
            b"2026-03-02,22:00,01:30,3:30,Carl Consultant,Client Works,Merger\n"
        )
        self._import(content).action_import()
        line = self.env["account.analytic.line"].search([("timetrack_import_key", "!=", False)])
        self.assertEqual(fields.Datetime.to_string(line.timetrack_start), "2026-03-02 21:00:00")
        self.assertEqual(fields.Datetime.to_string(line.timetrack_stop), "2026-03-03 00:30:00")

    # ------------------------------------------------------------------
    # Recognition
    # ------------------------------------------------------------------

    def test_what_no_profile_knows(self):
        wizard = Form(self.env["timetrack.import.job"].with_user(self.administrator))
        wizard.file = base64.b64encode(b"When;How long\n1;2\n")
        self.assertIn("No profile fits", wizard.recognized)
        wizard.file = base64.b64encode(kimai())
        self.assertIn("Kimai", wizard.recognized)

    def test_days_and_months_are_not_guessed(self):
        rows = b"Date,Hours,Client,Project,First Name,Last Name\n03/04/2026,1,Client Works,Merger,Carl,Consultant\n"
        with self.assertRaisesRegex(UserError, "03/04/2026"):
            self._import(rows)
        wizard = self._import(rows + b"25/04/2026,1,Client Works,Merger,Carl,Consultant\n")
        wizard.action_import()
        dates = self.env["account.analytic.line"].search([("timetrack_import_key", "!=", False)]).mapped("date")
        self.assertEqual(sorted(dates), [date(2026, 4, 3), date(2026, 4, 25)])

    # ------------------------------------------------------------------
    # Names
    # ------------------------------------------------------------------

    def test_what_a_name_means_is_said_once(self):
        profile = self.env.ref("client_timetrack.timetrack_import_profile_harvest")
        profile.create_missing = False
        rows = (
            b"Date,Hours,Client,Project,Task,First Name,Last Name\n"
            b"2026-03-02,1,Client Works,Merger,Study,C.,Consultant\n"
            b"2026-03-03,2,Client Works,Fusion,Study,C.,Consultant\n"
        )
        wizard = self._import(rows)
        self.assertEqual((wizard.valid_count, wizard.rejected_count), (0, 2))
        names = {(name.target, name.name): name for name in wizard.name_ids}
        self.assertEqual(set(names), {("employee", "C. Consultant"), ("project", "Fusion"), ("activity", "Study")})
        self.assertEqual((names["employee", "C. Consultant"].row_count, names["project", "Fusion"].hours), (2, 2.0))
        names["employee", "C. Consultant"].employee_id = self.employee
        names["project", "Fusion"].project_id = self.project
        names["activity", "Study"].activity_id = self.activity_research
        wizard.action_check()
        self.assertEqual((wizard.valid_count, wizard.rejected_count), (2, 0))
        wizard.action_import()
        lines = self.env["account.analytic.line"].search([("timetrack_import_key", "!=", False)])
        self.assertEqual((lines.employee_id, lines.project_id), (self.employee, self.project))
        self.assertEqual(lines.timetrack_activity_id, self.activity_research)
        later = self._import(rows.replace(b"2026-03", b"2026-02"))
        self.assertEqual((later.valid_count, len(later.name_ids)), (2, 0))

    def test_tags_stand_for_service_types(self):
        rows = (
            b"User,Client,Project,Duration,Start date,Tags\n"
            b'Carl Consultant,Client Works,Merger,01:00:00,2026-03-02,"urgent, Training"\n'
            b"Carl Consultant,Client Works,Merger,01:00:00,2026-03-03,call\n"
        )
        wizard = self._import(rows)
        self.assertEqual(
            [(name.target, name.name, name.row_count) for name in wizard.name_ids], [("activity", "call", 1)]
        )
        wizard.name_ids.activity_id = self.activity_research
        wizard.action_import()
        lines = self.env["account.analytic.line"].search([("timetrack_import_key", "!=", False)], order="date")
        self.assertEqual(lines.mapped("timetrack_activity_id"), self.activity_training | self.activity_research)

    def test_only_administrators_say_what_names_mean(self):
        for user in (self.consultant, self.lead, self.project_manager):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.env["timetrack.import.alias"].with_user(user).create(
                    {"target": "employee", "name": "x", "employee_id": self.employee.id}
                )

    # ------------------------------------------------------------------
    # Hostile files
    # ------------------------------------------------------------------

    def test_rejected_rows_are_harmless_in_a_spreadsheet(self):
        rows = (
            b"Date,Hours,Client,Project,Notes,First Name,Last Name\n"
            b"2026-03-02,-1.5,Client Works,Merger,=cmd|' /C calc'!A0,Carl,Consultant\n"
            b"2026-03-02,nan,Client Works,Merger,@SUM(1),Carl,Consultant\n"
            b"2026-03-02,inf,Client Works,Merger,ok,Carl,Consultant\n"
        )
        wizard = self._import(rows)
        self.assertEqual(wizard.rejected_count, 3)
        found = list(csv.reader(io.StringIO(base64.b64decode(wizard.rejected_file).decode("utf-8-sig"))))
        self.assertEqual([row[4] for row in found[1:]], ["'=cmd|' /C calc'!A0", "'@SUM(1)", "ok"])
        self.assertEqual(found[1][1], "-1.5")

    def test_files_that_are_none(self):
        bomb = io.BytesIO()
        with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("[Content_Types].xml", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x/>")
        for content, message in (
            (b"\xd0\xcf\x11\xe0" + b"x" * 100, "old version"),
            (b"PK\x03\x04broken", "cannot be read"),
            (bomb.getvalue(), "cannot be read"),
            (workbook([]), "empty"),
            (b"", "Choose a file"),
            (b"\n\n\n", "empty"),
            (b"\xff\xfe", "empty"),
            (b"Date\xff;Hours\n", "no column"),
        ):
            with self.subTest(content[:20]), self.assertRaisesRegex(UserError, message):
                wizard = (
                    self.env["timetrack.import.job"]
                    .with_user(self.administrator)
                    .create({"file": base64.b64encode(content), "filename": "x"})
                )
                wizard.action_check()

    def test_cells_that_are_too_much(self):
        rows = (
            b"Date,Hours,Client,Project,Notes,First Name,Last Name\n"
            b"2026-03-02,1,Client Works,Merger," + b"x" * 300_000 + b",Carl,Consultant\n"
            b"2026-03-03,1,Client Works,Merger,a\x00b,Carl,Consultant\n"
            b"2026-03-04,1,Client Works,Merger,"
            + b"y" * 10_000
            + b",Carl,Consultant\n"
            + "2026-03-05,1,Client Works,Merger,مرحبا 👩‍⚖️,Carl,Consultant\n".encode()
        )
        wizard = self._import(rows)
        self.assertEqual((wizard.valid_count, wizard.rejected_count), (2, 2))
        self.assertEqual(sorted(wizard.problem_ids.mapped("code")), ["control_character", "long_cell"])
        wizard.action_import()
        names = self.env["account.analytic.line"].search([("timetrack_import_key", "!=", False)]).mapped("name")
        self.assertEqual(sorted(len(name) for name in names), [len("مرحبا 👩‍⚖️"), 10_000])

    def test_many_columns(self):
        header = ["Date", "Hours", "Client", "Project", "First Name", "Last Name", *(f"c{i}" for i in range(10_000))]
        row = ["2026-03-02", "1", "Client Works", "Merger", "Carl", "Consultant", *["x"] * 10_000]
        self.assertEqual(self._import(text_of([header, row])).valid_count, 1)
