"""The main job on ten years of a real company's time: what the database and the workbook say is what the files say.

The figures are taken from the CSV files by plain Python, which knows nothing of the addons, and compared with what the
reports show to the clerk who did the job.
"""

import csv
import io
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from pathlib import Path
from types import SimpleNamespace

import openpyxl
import pytest

from bootstrap import demo

DATA = demo.DEFAULT_DATA
FIRST_DAY, LAST_DAY = date(2007, 1, 1), date(2007, 3, 31)
MAX_HOURS, RATE = Decimal(1000), Decimal(100)
CENT = Decimal("0.01")
CLIENT = "SiP Company"
JOB = """
import sys
from pathlib import Path
sys.path.insert(0, params["setup"])
import main_job
result = main_job.run(env, Path(params["data"]), Path(params["out"]), lambda text: None)
"""
READ = """
clerk = env(user=env.ref("base.user_admin").id, context={"allowed_company_ids": env.ref("base.main_company").ids})
Report = clerk["timetrack.report"]
measures = ["logged_hours", "billable_hours", "approved_hours", "unbilled_hours", "planned_hours", "planned_variance",
            "budget_hours", "billed_hours", "billed_amount"]
names = [f"{name}:sum" for name in measures]
domain = [("client_id.name", "=", params["client"])]
result = {}
for field in ("project_id", "activity_id", "top_activity_id", "deliverable_id", "employee_id", "state"):
    groups = Report.formatted_read_group(domain, [field], names)
    label = lambda value: value[1] if isinstance(value, (tuple, list)) else value
    result[field] = [[label(group[field]), {name: group[f"{name}:sum"] for name in measures}] for group in groups]
groups = Report.formatted_read_group(domain, ["project_id", "activity_id"], names)
result["cells"] = [
    [group["project_id"] and group["project_id"][1], group["activity_id"] and group["activity_id"][1],
     group["logged_hours:sum"]]
    for group in groups
]
result["deliverables"] = [
    [record.project_id.name, record.name, record.planned_hours]
    for record in clerk["timetrack.deliverable"].search([("project_id.partner_id.name", "=", params["client"])])
]
"""


@pytest.fixture(scope="module")
def expected():
    """The figures, from the files alone."""
    if not (DATA / "sip_tasks.csv").exists():
        pytest.skip(f"There is no data set in {DATA}.")
    with open(DATA / "sip_dates.csv", newline="", encoding="latin-1") as file:
        started = {row["TaskNumber"]: row["StartedOn"] for row in csv.DictReader(file)}
    figures = SimpleNamespace(
        rows=[], rejected={}, project=Counter(), activity=Counter(), top=Counter(), deliverable=Counter(),
        employee=Counter(), cell=Counter(), planned=Counter(), planned_deliverable=Counter(), quarter=Counter(),
        quarter_employee=Counter(), quarter_entries=0, first_day={}, days=[],
    )  # fmt: skip
    estimates = {}
    with open(DATA / "sip_tasks.csv", newline="", encoding="latin-1") as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
            hours = Decimal(row["DeveloperHoursActual"])
            text = started[row["TaskNumber"]]
            if not text:
                figures.rejected[line] = "StartedOn: missing"
            elif hours > MAX_HOURS:
                figures.rejected[line] = "DeveloperHoursActual: too_many_hours"
            else:
                count_row(figures, row, hours, datetime.strptime(text, "%d-%b-%y").date())
                key = (row["ProjectCode"], row["ProjectBreakdownCode"], row["TaskNumber"])
                estimates[key] = max(estimates.get(key, 0), Decimal(row["HoursEstimate"]))
    for (project, deliverable, _number), hours in estimates.items():
        figures.planned[project] += hours
        figures.planned_deliverable[project, deliverable] += hours
    return figures


def count_row(figures, row, hours, day):
    """Add a valid row to the figures."""
    project, employee = row["ProjectCode"], f"Developer {row['DeveloperID']}"
    activity = f"{row['Category']} / {row['SubCategory']}"
    figures.rows.append(row)
    figures.days.append(day)
    figures.project[project] += hours
    figures.activity[activity] += hours
    figures.top[row["Category"]] += hours
    figures.deliverable[row["ProjectBreakdownCode"]] += hours
    figures.employee[employee] += hours
    figures.cell[project, activity] += hours
    figures.first_day[employee] = min(day, figures.first_day.get(employee, day))
    if FIRST_DAY <= day <= LAST_DAY:
        figures.quarter[project] += hours
        figures.quarter_employee[employee] += hours
        figures.quarter_entries += 1


@pytest.fixture(scope="module")
def done(expected, database, tmp_path_factory):
    """The main job, done once in a database of its own: its facts, its database, its files."""
    own = database("addons")
    out = tmp_path_factory.mktemp("out")
    setup = Path(demo.MAIN_JOB).parent
    source = tmp_path_factory.mktemp("data")
    for name in ("sip_tasks.csv", "sip_dates.csv"):
        (source / name).symlink_to(DATA / name)
    result = own.shell(JOB, setup=str(setup), data=str(source), out=str(out))
    report = own.shell(READ, commit=False, client=CLIENT)
    yield SimpleNamespace(facts=result["facts"], result=result, report=report, database=own, out=out)
    own.drop()


@pytest.fixture(scope="module")
def workbook(done):
    """The sheets of the workbook: by name, the rows as dicts by label, the totals last."""
    book = openpyxl.load_workbook(done.out / "timetrack_main_job.xlsx", data_only=True)
    return {sheet.title: read_sheet(sheet) for sheet in book}


FIRST_COLUMNS = ("Employee", "Project", "Client", "Responsible")


def read_sheet(sheet):
    """The table of a sheet: below a row that starts with the label of its first column, down to the total."""
    rows = [[cell for cell in row] for row in sheet.iter_rows(values_only=True)]
    head = next(index for index, row in enumerate(rows) if row[0] in FIRST_COLUMNS)
    labels = rows[head]
    table = []
    for row in rows[head + 1 :]:
        table.append(dict(zip(labels, row, strict=True)))
        if row[0] == "Total":
            break
    return table


def hours(counter):
    """A counter of Decimals as floats that are compared within a rounding error of the sum."""
    return pytest.approx({key: float(value) for key, value in counter.items()}, abs=1e-6)


def by_label(groups, measure):
    """One measure of the groups of the report, groups without it left out."""
    return {label: values[measure] for label, values in groups if label and values[measure]}


# ---------------------------------------------------------------- import


def test_every_row_is_in_or_rejected_with_its_reason(done, expected):
    facts = done.facts["import"]
    assert facts["imported"] == [len(expected.rows), len(expected.rejected)]
    assert facts["checked"] == facts["imported"]
    assert facts["reasons"] == Counter(expected.rejected.values())
    assert facts["rejected_lines"] == sorted(expected.rejected)
    assert facts["hours"] == pytest.approx(float(sum(expected.project.values())), abs=1e-6)
    assert len(expected.rows) + len(expected.rejected) == 12299


def test_the_file_of_rejected_rows_names_lines_and_reasons(done, expected):
    text = (done.out / "timetrack_rejected_rows.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [int(row["Import: line"]) for row in rows] == sorted(expected.rejected)
    assert all(row["Import: reason"] and row["Import: what to do"] for row in rows)


def test_the_same_file_again_adds_nothing(done, expected):
    assert done.facts["import"]["again"] == [0, len(expected.rejected), len(expected.rows)]
    counted = done.database.sql("SELECT count(*) FROM account_analytic_line WHERE timetrack_import_key IS NOT NULL")
    assert int(counted[0][0]) == len(expected.rows) == done.facts["import"]["entries"]


def test_all_time_is_approved_by_somebody_else(done, expected):
    query = """
        SELECT line.timetrack_state, decider.login, count(*)
          FROM account_analytic_line line JOIN res_users decider ON decider.id = line.timetrack_state_user_id
         WHERE line.timetrack_import_key IS NOT NULL AND line.user_id IS DISTINCT FROM decider.id
      GROUP BY 1, 2
    """
    assert done.database.sql(query) == [["approved", "time.approver", str(len(expected.rows))]]


# ---------------------------------------------------------------- pivot


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("project_id", "project"),
        ("activity_id", "activity"),
        ("top_activity_id", "top"),
        ("employee_id", "employee"),
    ],
)
def test_hours_of_the_pivot(done, expected, field, name):
    for measure in ("logged_hours", "billable_hours", "approved_hours"):
        assert by_label(done.report[field], measure) == hours(getattr(expected, name)), measure


def test_hours_by_deliverable(done, expected):
    found = defaultdict(float)
    for label, values in done.report["deliverable_id"]:
        if label:
            found[label] += values["logged_hours"]
    assert dict(found) == hours(expected.deliverable)


def test_cells_of_project_by_activity(done, expected):
    found = {(project, activity): value for project, activity, value in done.report["cells"] if value}
    assert found == hours(expected.cell)


def test_planned_against_actual_by_project(done, expected):
    groups = done.report["project_id"]
    difference = {name: expected.project[name] - expected.planned[name] for name in expected.project}
    assert by_label(groups, "planned_hours") == hours(expected.planned)
    assert by_label(groups, "planned_variance") == hours({k: v for k, v in difference.items() if v})
    assert by_label(groups, "budget_hours") == hours(expected.planned)


def test_planned_hours_of_deliverables(done, expected):
    found = {(project, name): value for project, name, value in done.report["deliverables"]}
    assert found == hours(expected.planned_deliverable)


# ---------------------------------------------------------------- invoice


def test_the_invoice_is_the_quarter_to_the_cent(done, expected):
    invoice = done.facts["invoice"]
    amounts = [(value * RATE).quantize(CENT, ROUND_HALF_UP) for value in expected.quarter.values()]
    assert Decimal(str(invoice["untaxed"])) == sum(amounts)
    assert Decimal(str(round(invoice["allocated"], 6))) == sum(amounts)
    assert invoice["hours"] == pytest.approx(float(sum(expected.quarter.values())), abs=1e-6)
    assert invoice["entries"] == expected.quarter_entries
    assert invoice["lines"] == len(expected.quarter)


def test_billing_of_the_pivot(done, expected):
    groups = done.report["project_id"]
    unbilled = {name: value - expected.quarter[name] for name, value in expected.project.items()}
    assert by_label(groups, "billed_hours") == hours(expected.quarter)
    assert by_label(groups, "unbilled_hours") == hours({k: v for k, v in unbilled.items() if v})
    assert by_label(groups, "billed_amount") == hours({k: v * RATE for k, v in expected.quarter.items()})


# ---------------------------------------------------------------- pre-bill

NEXT_FIRST_DAY, NEXT_LAST_DAY = date(2007, 4, 1), date(2007, 6, 30)
STEP, DISCOUNT = Decimal("0.25"), Decimal(10)
PREBILL = """
clerk = env(user=env.ref("base.user_admin").id, context={"allowed_company_ids": env.ref("base.main_company").ids})
client = clerk["res.partner"].search([("name", "=", params["client"])], limit=1)
engagements = clerk["timetrack.engagement"].search([("partner_id", "=", client.id)])
engagements.write({"rounding_minutes": 15, "rounding_method": "up", "discount": params["discount"]})
wizard = clerk["timetrack.invoice.wizard"].create({
    "partner_id": client.id, "date_from": params["first"], "date_to": params["last"], "grouping": "employee",
})
prebill = clerk["timetrack.prebill"].browse(wizard.action_propose()["res_id"])
reason = env.ref("client_timetrack_billing.adjustment_reason_courtesy")
lines = prebill.line_ids.grouped(lambda row: row.employee_id.name)
lines[params["held"]].action_hold()
lines[params["free"]].write({"action": "no_charge", "reason_id": reason.id})
result = {"before": prebill.read(["standard_value", "amount", "adjustment", "hours_worked", "held_amount"])[0]}
prebill.action_invoice()
move = prebill.move_id
move.invoice_date = params["last"]
move.action_post()
result["untaxed"] = move.amount_untaxed
result["lines"] = []
for line in move.invoice_line_ids.filtered(lambda line: line.display_type == "product"):
    rows = line.timetrack_allocation_ids
    billed = rows.filtered(lambda row: row.action == "bill")
    result["lines"].append({
        "project": billed.project_id.mapped("name"), "employee": billed.employee_id.mapped("name"),
        "quantity": line.quantity, "subtotal": line.price_subtotal, "ledger": sum(rows.mapped("billed_amount")),
        "worked": sum(billed.mapped("hours_worked")), "standard": sum(billed.mapped("standard_value")),
    })
held = clerk["account.analytic.line"].search([("timetrack_billing_state", "=", "held")])
result["held"] = [held.employee_id.mapped("name"), sum(held.mapped("unit_amount"))]
"""


def test_a_pre_bill_of_the_next_quarter(done, expected):
    """Rounded, with a discount, somebody's time on hold and somebody else's free: as the files say, to the cent."""
    worked, billed = defaultdict(Decimal), defaultdict(Decimal)
    for row, day in zip(expected.rows, expected.days, strict=True):
        if NEXT_FIRST_DAY <= day <= NEXT_LAST_DAY:
            key = row["ProjectCode"], f"Developer {row['DeveloperID']}"
            hours_worked = Decimal(row["DeveloperHoursActual"])
            worked[key] += hours_worked
            billed[key] += (hours_worked / STEP).to_integral_value(ROUND_CEILING) * STEP
    by_employee = Counter()
    for (_project, employee), some in worked.items():
        by_employee[employee] += some
    (held, _most), (free, _second), *_others = by_employee.most_common()
    found = done.database.shell(
        PREBILL,
        commit=False,
        client=CLIENT,
        first=str(NEXT_FIRST_DAY),
        last=str(NEXT_LAST_DAY),
        discount=float(DISCOUNT),
        held=held,
        free=free,
    )
    price = RATE * (1 - DISCOUNT / 100)
    amounts = {
        key: (some * price).quantize(CENT, ROUND_HALF_UP) for key, some in billed.items() if key[1] not in (held, free)
    }
    assert len(amounts) > 3, "there is something to compare"
    lines = {(*line["project"], *line["employee"]): line for line in found["lines"]}
    assert {key: Decimal(str(line["subtotal"])) for key, line in lines.items()} == amounts
    for key, line in lines.items():
        assert line["ledger"] == pytest.approx(float(amounts[key]), abs=1e-6)
        assert line["quantity"] == float(billed[key])
        assert line["worked"] == pytest.approx(float(worked[key]), abs=1e-6)
        assert Decimal(str(round(line["standard"], 6))) == (worked[key] * RATE).quantize(CENT, ROUND_HALF_UP)
    total = sum(amounts.values())
    assert Decimal(str(found["untaxed"])) == total
    before = {name: Decimal(str(round(amount, 6))) for name, amount in found["before"].items()}
    shown = sum((some * RATE).quantize(CENT, ROUND_HALF_UP) for key, some in worked.items() if key[1] != held)
    assert (before["amount"], before["standard_value"], before["adjustment"]) == (total, shown, total - shown)
    assert found["held"][0] == [held]
    assert found["held"][1] == pytest.approx(float(by_employee[held]), abs=1e-6)


# ---------------------------------------------------------------- workbook


def test_sheet_utilization(workbook, expected):
    *rows, total = workbook["Utilization"]
    found = {row["Employee"]: row for row in rows if row["Employee"] in expected.employee}
    assert {name: row["Logged"] for name, row in found.items()} == hours(expected.employee)
    assert {name: row["Billable"] for name, row in found.items()} == hours(expected.employee)
    last = max(expected.days)
    for name, row in found.items():
        # a standard week of 40 hours, from the first entry on
        net = 8.0 * week_days(expected.first_day[name], last)
        logged = float(expected.employee[name])
        assert row["Net hours"] == pytest.approx(net), name
        assert row["Utilization"] == pytest.approx(logged / net), name
        assert row["Overtime"] == pytest.approx(max(0.0, logged - net)), name
        assert row["Billable mix"] == pytest.approx(1.0), name
        assert row["Non-billable for clients"] == row["Internal"] == 0
    assert total["Logged"] == pytest.approx(float(sum(expected.employee.values())), abs=1e-6)
    assert total["Utilization"] == pytest.approx(total["Billable"] / total["Net hours"])


def week_days(first, last):
    """The number of days from Monday to Friday between two dates, both included."""
    return sum((first + timedelta(days=offset)).weekday() < 5 for offset in range((last - first).days + 1))


def test_sheet_budget(workbook, expected):
    *rows, total = workbook["Budget against actual"]
    found = {row["Project"]: row for row in rows}
    assert {name: row["Budget hours"] for name, row in found.items()} == hours(expected.planned)
    assert {name: row["To date"] for name, row in found.items()} == hours(expected.project)
    assert {name: row["In the period"] for name, row in found.items()} == hours(expected.project)
    for name, row in found.items():
        planned, logged = float(expected.planned[name]), float(expected.project[name])
        assert row["Hours left"] == pytest.approx(planned - logged), name
        assert row["Budget used"] == pytest.approx(logged / planned), name
        assert row["Client"] == CLIENT
    assert total["Budget hours"] == pytest.approx(float(sum(expected.planned.values())), abs=1e-6)
    assert total["To date"] == pytest.approx(float(sum(expected.project.values())), abs=1e-6)


def test_sheet_work_in_progress(workbook, expected):
    """All that is not of the quarter that was invoiced, at its rate; the ages sum to it."""
    *rows, total = workbook["WIP by age"]
    unbilled = {name: value - expected.quarter[name] for name, value in expected.project.items()}
    unbilled = {name: value for name, value in unbilled.items() if value}
    found = {row["Project"]: row for row in rows}
    assert {row["Client"] for row in rows} == {CLIENT}
    assert {name: row["Hours"] for name, row in found.items()} == hours(unbilled)
    worth = {name: value * RATE for name, value in unbilled.items()}
    assert {name: row["Work in progress"] for name, row in found.items()} == hours(worth)
    ages = ("0–30 days", "31–60 days", "61–90 days", "91–120 days", "Over 120 days")
    for row in rows:
        assert sum(row[age] for age in ages) == pytest.approx(row["Work in progress"], abs=1e-6)
    last = max(expected.days)
    fresh = sum(
        Decimal(row["DeveloperHoursActual"])
        for row, day in zip(expected.rows, expected.days, strict=True)
        if (last - day).days <= 30
    )
    assert total["0–30 days"] == pytest.approx(float(fresh * RATE), abs=1e-6)


def test_sheet_profitability(workbook, expected):
    [row, total] = workbook["Client profitability"]
    logged = sum(expected.project.values())
    amounts = [(value * RATE).quantize(CENT, ROUND_HALF_UP) for value in expected.quarter.values()]
    billed = float(sum(amounts))
    assert row["Client"] == CLIENT
    assert row["Hours"] == row["Billable hours"] == pytest.approx(float(logged), abs=1e-6)
    assert row["Standard value worked"] == pytest.approx(float(logged * RATE), abs=1e-6)
    assert row["Standard value billed"] == row["Billed"] == row["Receivable"] == pytest.approx(billed, abs=1e-6)
    assert row["Realization"] == pytest.approx(1.0)
    assert row["Project rate"] == pytest.approx(billed / float(logged))
    assert (row["Adjustments"], row["Collected"], row["Share of total"]) == (0, 0, 1)
    unbilled = logged - sum(expected.quarter.values())
    assert row["Work in progress"] == pytest.approx(float(unbilled * RATE), abs=1e-6)
    assert total["Billed"] == pytest.approx(billed, abs=1e-6)


def test_totals_tie_out(done):
    """Below each total stands what it is set against, and no difference."""
    book = openpyxl.load_workbook(done.out / "timetrack_main_job.xlsx", data_only=True)
    ties = 0
    for sheet in book:
        for row in sheet.iter_rows(values_only=True):
            if row[0] == "Difference":
                ties += 1
                assert [value for value in row[1:] if value is not None] == [pytest.approx(0, abs=0.005)], sheet.title
    assert ties >= 2
