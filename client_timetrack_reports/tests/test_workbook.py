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
    # what the totals are set against stands below them
    end = next((index for index, row in enumerate(body) if row[0] == "Total"), len(body))
    return rows[head], body[:end], body[end] if end < len(body) else None


def by_label(page):
    """The rows and the totals of a sheet as dicts by the labels of its columns."""
    labels, rows, totals = table(page)
    return [dict(zip(labels, row, strict=True)) for row in rows], totals and dict(zip(labels, totals, strict=True))


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
        self.assertEqual(totals[2:5], ["=SUBTOTAL(109,C4:C6)", "=SUBTOTAL(109,D4:D6)", "=SUBTOTAL(109,E4:E6)"])
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
        rows, totals = by_label(self._build(self.manager)["Utilization"])
        columns = {
            "Gross hours": "gross_available_hours",
            "Public holidays": "holiday_hours",
            "Own leave": "leave_hours",
            "Net hours": "net_available_hours",
            "Billable": "billable_hours",
            "Non-billable for clients": "client_hours",
            "Internal": "internal_hours",
            "Logged": "logged_hours",
            "Utilization": "utilization",
            "Billable mix": "billable_mix",
        }
        pivot = self._groups("employee_id", *columns.values())
        self.assertEqual([row["Employee"] for row in rows], ["Ada", "Bob", "Cai", "Dee"])
        for employee, row in zip(self.firm, rows, strict=True):
            for label, value in zip(columns, pivot[employee], strict=True):
                self.assertAlmostEqual(row[label], value or 0.0, 6, (employee.name, label))
        self.assertEqual((rows[0]["Department"], rows[0]["Overtime"], rows[0]["Logged"]), ("Advice", 0.0, 18.0))
        total = self._totals(self._in_march(), *columns.values())
        for label, value in zip(columns, total, strict=True):
            self.assertAlmostEqual(totals[label], value, 6, label)

    def test_targets_of_the_workbook(self):
        """80 % of 152 net hours are 121.6; 14 hours are billable."""
        self.env["timetrack.target"].create(
            {"scope": "employee", "employee_id": self.ada.id, "company_id": self.company.id,
             "date_from": "2025-01-01", "utilization": 80.0}
        )  # fmt: skip
        self.Capacity._refresh(self.ada, *self.MARCH)
        rows, _totals = by_label(self._build(self.manager)["Utilization"])
        self.assertAlmostEqual(rows[0]["Target hours"], 121.6)
        self.assertAlmostEqual(rows[0]["Target"], 0.8)
        self.assertAlmostEqual(rows[0]["Variance in hours"], 14 - 121.6)

    def test_overtime_beside_utilization(self):
        self._create_entry(self.bob, "2025-03-06", self.project, 86.0)
        rows, totals = by_label(self._build(self.manager)["Utilization"])
        self.assertEqual((rows[1]["Overtime"], totals["Overtime"]), (10.0, 10.0))

    def test_totals_tie_out_with_the_entries(self):
        """Below the total stand the hours of the entries themselves, and the difference; only for who sees them all."""
        ties = [[cell.value for cell in row] for row in self._build(self.manager)["Utilization"].iter_rows()][-2:]
        self.assertEqual([(row[0], row[10]) for row in ties], [("Time entries", 32.0), ("Difference", 0.0)])
        self.assertNotIn("Time entries", [row[0].value for row in self._build(self.approver)["Utilization"].rows])

    def test_budget_equals_the_pivot(self):
        rows, totals = by_label(self._build(self.manager)["Budget against actual"])
        self.assertEqual(len(rows), 1)
        expected = {
            "Project": "Billable", "Client": "=Client", "Budget hours": 50.0, "In the period": 25.0, "To date": 25.0,
            "Hours left": 25.0, "Budget used": 0.5, "CPI": "n/a", "EAC": "n/a", "Budget cost": 3000.0,
            "Cost of time": 1250.0, "Cost left": 1750.0,
        }  # fmt: skip
        self.assertEqual({label: rows[0][label] for label in expected}, expected)
        self.assertEqual((totals["Budget hours"], totals["Hours left"], totals["Budget used"]), (50.0, 25.0, 0.5))
        pivot = self._groups("project_id", "budget_hours", "logged_hours", "budget_consumed", domain=self._domain())
        self.assertEqual(pivot[self.project], (50.0, 25.0, 0.5))

    def test_earned_value_of_a_budget(self):
        """40 % of 50 hours are earned with 25: CPI 0.8, so it takes 62.5; half of the schedule has passed."""
        self.project.write({"date_start": "2025-03-01", "date": "2025-05-01"})
        self.env["project.update"].create(
            [
                {"name": "Half", "project_id": self.project.id, "status": "on_track", "progress": 90,
                 "date": "2025-04-15"},
                {"name": "Some", "project_id": self.project.id, "status": "on_track", "progress": 40,
                 "date": "2025-03-20"},
            ]
        )  # fmt: skip
        [row], _totals = by_label(self._build(self.manager)["Budget against actual"])
        self.assertEqual((row["Complete"], row["Earned hours"], row["CPI"]), (0.4, 20.0, 0.8))
        self.assertAlmostEqual(row["Planned by schedule"], 50 * 31 / 62)
        self.assertAlmostEqual(row["SPI"], 20 / 25)
        self.assertEqual((row["EAC"], row["ETC"], row["VAC"]), (62.5, 37.5, -12.5))

    def test_budget_counts_time_up_to_the_end_of_the_period(self):
        self._create_entry(self.ada, "2025-01-07", self.project, 5.0)
        self._create_entry(self.ada, "2025-04-01", self.project, 11.0)
        [row], _totals = by_label(self._build(self.manager)["Budget against actual"])
        self.assertEqual((row["To date"], row["In the period"]), (30.0, 25.0))

    def test_work_in_progress_by_age(self):
        card = self.env["timetrack.rate.card"].create(
            {"name": "Card", "company_id": self.company.id, "rate_ids": [Command.create({"rate": 100.0})]}
        )
        self.company.timetrack_rate_card_id = card
        entries = self.entries.filtered(lambda line: line.timetrack_state == "approved")
        entries._timetrack_freeze_rates()
        rows, totals = by_label(self._build(self.biller)["WIP by age"])
        self.assertEqual(len(rows), 1)
        self.assertEqual((rows[0]["Project"], rows[0]["Hours"], rows[0]["Work in progress"]), ("Billable", 10.0, 1000))
        self.assertEqual((totals["0–30 days"], totals["31–60 days"]), (1000, 0))
        self.assertEqual((rows[0]["Oldest"], rows[0]["Last invoice"]), (datetime(2025, 3, 3), None))
        page = self._build(self.biller)["WIP by age"]
        ties = [[cell.value for cell in row] for row in page.iter_rows()][-2:]
        self.assertEqual([row[4] for row in ties], [1000, 0])

    def test_profitability(self):
        rows, totals = by_label(self._build(self.manager)["Client profitability"])
        hours = {row["Client"]: (row["Hours"], row["Direct cost"]) for row in rows}
        self.assertEqual(hours, {"=Client": (25.0, 1250.0), "No client": (7.0, 350.0)})
        self.assertEqual(totals["Hours"], 32.0)

    def test_money_only_with_the_right(self):
        money = {"Utilization": set(), "Budget against actual": {"Budget cost", "Cost of time"},
                 "Client profitability": {"Billed", "Direct cost", "Margin"},
                 "WIP by age": {"Work in progress"}}  # fmt: skip
        seen = {
            self.approver: set(),
            self.manager: {"Budget cost", "Cost of time", "Direct cost"},
            self.biller: {"Billed", "Work in progress"},
        }
        for user, expected in seen.items():
            book = self._build(user)
            for name, columns in money.items():
                labels = set(table(book[name])[0])
                self.assertEqual(labels & columns, expected & columns, (user.login, name))

    def test_formats_of_the_currency_and_the_language(self):
        self.company.currency_id = self.env.ref("base.JPY")
        env = self.env(user=self.biller, context={"allowed_company_ids": self.company.ids})
        style = self.company.currency_id.with_env(env)._timetrack_get_style()
        self.assertEqual((style.money.split(";")[0], style.date), ('"¥"#,##0', "mm/dd/yyyy"))
        euro = self.env.ref("base.EUR")
        self.assertEqual(euro.with_env(env)._timetrack_get_style().money.split(";")[0], '#,##0.00 "€"')
        self.env["res.lang"]._activate_lang("fr_FR")
        self.assertEqual(euro.with_context(lang="fr_FR")._timetrack_get_style().date, "dd/mm/yyyy")

    def test_time_detail(self):
        """Each entry that the reader may see, with sub-totals, and costs and rates for who has the right."""
        env = self.env(user=self.manager, context={"allowed_company_ids": self.company.ids})
        content, size = env["timetrack.workbook"]._build_file(self.company.with_env(env), *self.MARCH, "detail")
        page = read(content)["Time detail"]
        rows, totals = by_label(page)
        self.assertEqual((size, len(rows)), (6, 6))
        self.assertEqual((totals["Hours"], totals["Billable hours"], totals["Cost"]), (32.0, 25.0, 1600.0))
        self.assertEqual(
            [(row["Employee"], row["Project"], row["Service type"], row["Approval"]) for row in rows[:2]],
            [("Ada", "Billable", "Research", "Approved"), ("Bob", "Billable", "Reading", "Approved")],
        )
        self.assertTrue(page.auto_filter.ref)
        own = self.env(user=self.ada.user_id, context={"allowed_company_ids": self.company.ids})
        content, size = own["timetrack.workbook"]._build_file(self.company.with_env(own), *self.MARCH, "detail")
        labels = set(table(read(content)["Time detail"])[0])
        self.assertEqual((size, labels & {"Cost", "Rate"}), (3, set()))

    def test_detail_of_selected_entries(self):
        entries = self.entries[:2].with_user(self.manager)
        action = entries.action_timetrack_worksheet()
        wizard = self.env["timetrack.workbook.wizard"].search([("create_uid", "=", self.manager.id)], limit=1)
        self.assertIn(str(wizard.id), action["url"])
        rows, _totals = by_label(read(base64.b64decode(wizard.file))["Time detail"])
        self.assertEqual(sum(row["Hours"] for row in rows), sum(entries.mapped("unit_amount")))

    def test_consultant_gets_own_numbers(self):
        book = self._build(self.ada.user_id)
        _labels, rows, _totals = table(book["Utilization"])
        self.assertEqual([row[0] for row in rows], ["Ada"])

    def test_names_are_never_formulas(self):
        for page in self._build(self.manager, values=False):
            for row in page.iter_rows():
                for cell in row:
                    if cell.data_type == "f":
                        self.assertRegex(cell.value, r"^=(SUBTOTAL|IF|MAX|ROUND)\(|^=[A-Z]+\d+-[A-Z]+\d+$")

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
        names = ["Utilization", "Budget against actual", "WIP by age", "Client profitability"]
        self.assertEqual(book.sheetnames, names)
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
