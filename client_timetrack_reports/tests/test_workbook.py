import base64
import io
from datetime import date, datetime

from openpyxl import load_workbook

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, HttpCase, new_test_user, tagged

from odoo.addons.client_timetrack_billing.engine import workbook as engine

from .common import ReportsCommon


def read(content, values=True):
    """Open a workbook: with the stored results of its formulas, or with the formulas."""
    return load_workbook(io.BytesIO(content), data_only=values)


def table(page):
    """The table of a sheet: (labels, rows, totals)."""
    rows = [[cell.value for cell in row] for row in page.iter_rows()]
    # The header block is followed by an empty row, then comes the head of the table.
    head = next(index for index, row in enumerate(rows) if not any(row)) + 1
    body = [row for row in rows[head + 1 :] if any(value is not None for value in row)]
    return rows[head], body[:-1], body[-1]


class TestWorkbookEngine(ReportsCommon):
    """What the builder writes, without any report."""

    @classmethod
    def setUpClass(cls):
        super(ReportsCommon, cls).setUpClass()

    def _sheet(self, rows, name="Hours"):
        return engine.Sheet(
            name,
            [
                engine.Column("name", "Name"),
                engine.Column("day", "Day", engine.DATE),
                engine.Column("net", "Net", engine.HOURS, total=True),
                engine.Column("done", "Done", engine.HOURS, total=True),
                engine.Difference("over", "Over", "done", "net", floor=True),
                engine.Difference("gap", "Gap", "done", "net"),
                engine.Ratio("rate", "Rate", "done", "net"),
            ],
            rows,
            chart=engine.Chart("Hours", ("net", "done"), "name"),
        )

    def _rows(self):
        return [
            {"name": "Ada", "day": date(2025, 3, 3), "net": 10.0, "done": 5.0},
            {"name": "Bob", "day": date(2025, 3, 4), "net": 2.0, "done": 3.0},
            {"name": "Cai", "day": None, "net": 0.0, "done": 1.0},
        ]

    def test_results_are_stored_and_formulas_live(self):
        content = engine.build(engine.Header("Firm"), [self._sheet(self._rows())])
        _labels, rows, totals = table(read(content)["Hours"])
        self.assertEqual(rows[0], ["Ada", datetime(2025, 3, 3), 10.0, 5.0, 0.0, -5.0, 0.5])
        self.assertEqual(rows[2], ["Cai", None, 0.0, 1.0, 1.0, 1.0, "n/a"])
        self.assertEqual(totals, ["Total", None, 12.0, 9.0, 2.0, -3.0, 0.75])
        _labels, rows, totals = table(read(content, values=False)["Hours"])
        self.assertEqual(rows[0][4:], ["=MAX(0,D4-C4)", "=D4-C4", '=IF(C4>0,D4/C4,"n/a")'])
        self.assertEqual(totals[2:5], ["=SUM(C4:C6)", "=SUM(D4:D6)", "=SUM(E4:E6)"])
        self.assertEqual(totals[5:], ["=D7-C7", '=IF(C7>0,D7/C7,"n/a")'])

    def test_formats_panes_and_chart(self):
        page = read(engine.build(engine.Header("Firm", [("As of", date(2025, 3, 31))]), [self._sheet(self._rows())]))[
            "Hours"
        ]
        self.assertEqual(page["B2"].value, datetime(2025, 3, 31))
        self.assertTrue(page["B2"].is_date)
        self.assertEqual(page.freeze_panes, "B5")
        self.assertEqual(page["C5"].number_format, "#,##0.00")
        self.assertEqual(page["G5"].number_format, "0.0%")
        self.assertEqual(len(page._charts), 1)

    def test_text_is_never_a_formula(self):
        evil = ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("x")', "{=1}", "http://example.com", "\t=1", "007"]
        rows = [{"name": text, "net": 1.0, "done": 1.0} for text in evil]
        content = engine.build(
            engine.Header("=1+1", [("=1+1", "=2+2")]), [self._sheet(rows), self._sheet(rows, "=cmd|' /C calc'!A0")]
        )
        book = read(content, values=False)
        for page in book:
            _labels, body, _totals = table(page)
            self.assertEqual([row[0] for row in body], evil)
            for row in page.iter_rows(max_col=2):
                for cell in row:
                    self.assertNotEqual(cell.data_type, "f", cell.coordinate)

    def test_no_rows_no_totals(self):
        page = read(engine.build(engine.Header("Firm"), [self._sheet([])]))["Hours"]
        self.assertEqual(page.max_row, 3)
        self.assertFalse(page._charts)

    def test_names_of_sheets(self):
        taken = set()
        names = [engine.sheet_name(name, taken) for name in ("x" * 40, "x" * 40, "a[b]:c*d?e/f\\g", "'quoted'", "")]
        self.assertEqual(names, ["x" * 31, "x" * 29 + " 2", "a b  c d e f g", "quoted", "Sheet"])


@tagged("post_install", "-at_install")
class TestWorkbook(ReportsCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls._create_user("manager", "hr_timesheet.group_timesheet_manager")
        cls.approver = cls._create_user("approver", "hr_timesheet.group_hr_timesheet_approver")
        cls.biller = cls._create_user("biller", "client_timetrack_billing.group_billing_user")

    @classmethod
    def _create_user(cls, name, groups):
        return new_test_user(
            cls.env,
            login=f"timetrack_{name}",
            groups=groups,
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    def _build(self, user, values=True):
        env = self.env(user=user, context={"allowed_company_ids": self.company.ids, "tz": "UTC"})
        return read(env["timetrack.workbook"]._build(self.company.with_env(env), *self.MARCH), values)

    def test_header(self):
        page = self._build(self.manager)["Utilization"]
        self.assertEqual(page["A1"].value, "Small Firm - Utilization")
        header = {page.cell(row, 1).value: page.cell(row, 2).value for row in range(2, 9)}
        self.assertEqual(header["Company"], "Small Firm")
        self.assertEqual(header["Period from"], datetime(2025, 3, 1))
        self.assertEqual(header["Period to"], datetime(2025, 3, 31))
        self.assertEqual(header["Currency"], self.company.currency_id.name)
        self.assertTrue(header["Definition version"])

    def test_utilization_equals_the_pivot(self):
        _labels, rows, totals = table(self._build(self.manager)["Utilization"])
        measures = (
            "gross_available_hours", "holiday_hours", "leave_hours", "net_available_hours", "billable_hours",
            "non_billable_hours", "logged_hours",
        )  # fmt: skip
        pivot = self._groups("employee_id", *measures, "utilization", "billable_mix")
        self.assertEqual([row[0] for row in rows], ["Ada", "Bob", "Cai", "Dee"])
        for employee, row in zip(self.firm, rows, strict=True):
            self.assertEqual(row[2:9], list(pivot[employee][:7]))
            self.assertAlmostEqual(row[10], pivot[employee][7])
            self.assertAlmostEqual(row[11], pivot[employee][8])
        self.assertEqual(rows[0][:10], ["Ada", "Advice", 168.0, 8.0, 8.0, 152.0, 14.0, 4.0, 18.0, 0.0])
        total = self._totals(self._in_march(), *measures, "utilization", "billable_mix")
        self.assertEqual(totals[2:9], list(total[:7]))
        self.assertAlmostEqual(totals[10], total[7])
        self.assertAlmostEqual(totals[11], total[8])

    def test_overtime_beside_utilization(self):
        self._create_entry(self.bob, "2025-03-06", self.project, 86.0)
        _labels, rows, totals = table(self._build(self.manager)["Utilization"])
        self.assertEqual((rows[1][9], totals[9]), (10.0, 10.0))

    def test_budget_equals_the_pivot(self):
        labels, rows, totals = table(self._build(self.manager)["Budget against actual"])
        self.assertEqual(len(rows), 1)
        self.assertEqual(rows[0][:7], ["Billable", "=Client", 50.0, 25.0, 10.0, 25.0, 0.5])
        self.assertEqual(rows[0][7:], [3000.0, 1250.0, 1750.0, 1250 / 3000])
        self.assertEqual(totals[2:], rows[0][2:])
        self.assertEqual(len(labels), 11)
        pivot = self._groups("project_id", "budget_hours", "logged_hours", "budget_consumed", domain=self._domain())
        self.assertEqual(pivot[self.project], (rows[0][2], rows[0][3], rows[0][6]))

    def test_budget_counts_time_up_to_the_end_of_the_period(self):
        self._create_entry(self.ada, "2025-01-07", self.project, 5.0)
        self._create_entry(self.ada, "2025-04-01", self.project, 11.0)
        _labels, rows, _totals = table(self._build(self.manager)["Budget against actual"])
        self.assertEqual(rows[0][3], 30.0)

    def test_billing_equals_the_pivot(self):
        labels, rows, totals = table(self._build(self.biller)["Billing"])
        self.assertEqual(
            rows,
            [
                ["", "=1+1", 4.0, 0.0, 0.0, 0.0, self.company.currency_id.name],
                ["=Client", "Billable", 10.0, 10.0, 0.0, 0.0, self.company.currency_id.name],
            ],
        )
        self.assertEqual(totals[2:6], [14.0, 10.0, 0.0, 0.0])

    def test_money_only_with_the_right(self):
        book = self._build(self.approver)
        self.assertEqual(len(table(book["Budget against actual"])[0]), 7)
        self.assertEqual(len(table(book["Billing"])[0]), 5)
        self.assertEqual(len(table(self._build(self.manager)["Billing"])[0]), 5)
        self.assertEqual(len(table(self._build(self.biller)["Budget against actual"])[0]), 7)

    def test_consultant_gets_own_numbers(self):
        book = self._build(self.ada.user_id)
        _labels, rows, _totals = table(book["Utilization"])
        self.assertEqual([row[0] for row in rows], ["Ada"])

    def test_names_are_never_formulas(self):
        for page in self._build(self.manager, values=False):
            for row in page.iter_rows():
                for cell in row:
                    if cell.data_type == "f":
                        self.assertRegex(cell.value, r"^=(SUM|IF|MAX)\(|^=[A-Z]+\d+-[A-Z]+\d+$")

    def test_queries_do_not_grow_with_the_projects(self):
        def queries():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._build(self.manager)
            return self.env.cr.sql_log_count - before

        queries()
        few = queries()
        for number in range(10):
            project = self.project.copy({"name": f"Copy {number}", "allocated_hours": 10.0})
            if not self.env["timetrack.budget"].search([("project_id", "=", project.id)]):
                self.env["timetrack.budget"].create({"project_id": project.id})
            self._create_entry(self.ada, "2025-03-06", project, 1.0)
        self.assertLessEqual(queries(), few + 2)

    def test_wizard(self):
        wizard = Form(self.env["timetrack.workbook.wizard"].with_user(self.manager)).save()
        self.assertEqual(wizard.company_id, self.company)
        self.assertEqual((wizard.date_to - wizard.date_from).days + 1, wizard.date_to.day)
        wizard.write({"date_from": self.MARCH[0], "date_to": self.MARCH[1]})
        action = wizard.action_download()
        self.assertEqual(action["type"], "ir.actions.act_url")
        book = read(base64.b64decode(wizard.file))
        self.assertEqual(book.sheetnames, ["Utilization", "Budget against actual", "Billing"])
        with self.assertRaises(AccessError):
            wizard.with_user(self.approver).read(["file"])
        wizard.date_from = date(2025, 4, 1)
        with self.assertRaises(UserError):
            wizard.action_download()


@tagged("post_install", "-at_install")
class TestWorkbookDownload(HttpCase):
    def test_download(self):
        user = new_test_user(
            self.env, login="timetrack_download", groups="hr_timesheet.group_timesheet_manager", tz="Europe/Brussels"
        )
        wizard = self.env["timetrack.workbook.wizard"].with_user(user).create({})
        action = wizard.action_download()
        self.authenticate("timetrack_download", "timetrack_download")
        response = self.url_open(action["url"])
        self.assertEqual(response.status_code, 200)
        self.assertIn(wizard.file_name, response.headers["Content-Disposition"])
        self.assertIn("Utilization", read(response.content).sheetnames)
        new_test_user(self.env, login="timetrack_other", groups="hr_timesheet.group_timesheet_manager")
        self.authenticate("timetrack_other", "timetrack_other")
        self.assertNotEqual(self.url_open(action["url"]).content, response.content)
