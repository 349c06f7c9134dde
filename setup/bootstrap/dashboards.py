"""The dashboards of client_timetrack_reports as spreadsheets of Odoo: JSON, from a description of what they show.

A dashboard is a row of figures (this period beside the one before), then charts and tables, two in a row. They read
``timetrack.report``, whose measures are the definitions of the KPIs, or the page of another report (``Page``): nothing
is computed in a spreadsheet but the difference of two periods.
"""

import json
import uuid
from typing import NamedTuple

from . import paths

TARGET = paths.ROOT / "client_timetrack_reports" / "data" / "dashboards"
VERSION = "18.5.10"
REPORT = "timetrack.report"
NAMESPACE = uuid.UUID("4c1d7a4e-5b0e-4a57-9d6e-7f3f2f0b6c11")

PERCENT, HOURS, NUMBER, INDEX = "0%", "#,##0.0", "#,##0", "0.00"
# Measures that are ratios, shown in percent; the others are sums.
RATIOS = {
    "utilization", "utilization_gross", "target_attainment", "billable_mix", "timeliness_24", "timeliness_48",
    "planned_variance_rate", "budget_consumed", "billing_realization", "collection_realization", "overall_realization",
    "leakage", "margin_rate",
}  # fmt: skip
RATES = {"project_rate", "billed_rate", "blended_rate", "firm_rate"}
# Measures of other pages: shares, ratios near 1, and days; and the one of which a group has the greatest.
SHARES = {"efficiency", "spent", "completion"}
INDEXES = {"cpi", "spi"}
DAYS = {
    "wip_days", "debtor_days", "lockup_days", "dso", "billing_median", "cash_median", "invoice_median",
    "payment_median", "cycle_median",
}  # fmt: skip
GREATEST = {"age"}
AVERAGES = RATIOS | RATES | SHARES | INDEXES | DAYS

# Places on the sheet, in pixels and rows.
WIDTH, GAP = 1000, 25
ROW, TITLE, HEAD, CARD = 23, 40, 58, 109
TABLE_ROWS = 10
# Columns of lists that are words: what is none stands on the right, and so does its title.
TEXTS = {"name", "outlook", "band"}
# Points of a graph of ratios.
POINTS = 24
BACKGROUNDS = ("#ECFDF5", "#EFF6FF", "#FEF2F2", "#FFF7ED", "#F5F3FF")


class Filter(NamedTuple):
    """What a reader may choose: a date by its default, or records of a model."""

    key: str
    label: str
    model: str | None = None
    default: str | None = None


class Page(NamedTuple):
    """Rows of another report than that of the KPIs, and how filters find them."""

    model: str
    domain: tuple = ()
    chains: tuple = (("client", "client_id"), ("project", "project_id"))


class Figure(NamedTuple):
    """A figure at the top; ``kinds`` are facts of the report of the KPIs, or a ``Page``."""

    label: str
    measure: str
    kinds: tuple
    date: str | None = "date"


class Chart(NamedTuple):
    """A graph of one measure."""

    title: str
    measure: str
    groups: tuple
    kinds: tuple
    kind: str = "bar"
    date: str | None = "date"
    is_wide: bool = False


class Table(NamedTuple):
    """The first groups by a measure."""

    title: str
    group: str
    measures: tuple
    kinds: tuple
    order: str
    date: str | None = "date"


class Rows(NamedTuple):
    """The first records of a model."""

    title: str
    model: str
    columns: tuple
    order: str
    domain: tuple = ()
    chains: tuple = ()
    descending: bool = True


class Dashboard(NamedTuple):
    """A page: its filters, and how these find records (dimension by the key of the filter)."""

    name: str
    filters: tuple
    figures: tuple
    parts: tuple
    domain: tuple = ()
    chains: tuple = (("department", "department_id"), ("client", "client_id"), ("project", "project_id"),
                     ("employee", "employee_id"))  # fmt: skip
    menu: str = "client_timetrack_reports.menu_utilization"


PERIOD = Filter("period", "Period", default="last_90_days")
DEPARTMENT = Filter("department", "Department", "hr.department")
EMPLOYEE = Filter("employee", "Employee", "hr.employee")
CLIENT = Filter("client", "Client", "res.partner")
PROJECT = Filter("project", "Project", "project.project")

WORK = ("entry", "capacity")
EARNED = Page("timetrack.earned.value", (("is_latest", "=", True),))
HOURS_AHEAD = Page(
    "timetrack.forecast.point",
    (("forecast_id.scope", "=", "company"), ("measure", "=", "logged_hours"), ("kind", "in", ["actual", "forecast"])),
    (),
)
LOCKUP = Page("timetrack.lockup")
LOCKUP_NOW = Page("timetrack.lockup", (("is_now", "=", True), ("has_fees", "=", True)))
TURNAROUND = Page("timetrack.turnaround")
ORDERS = Page("timetrack.order.cycle", (), (("client", "partner_id"), ("project", "project_id")))
BENEFITS = Page("timetrack.benefit.curve", (("is_now", "=", True),), ())
PATTERN = Page("timetrack.work.pattern")
PAYMENTS = Page("timetrack.cash.item", (("is_disputed", "=", False), ("expected", "!=", False)))
DASHBOARDS = (
    Dashboard(
        "utilization",
        (PERIOD, DEPARTMENT, EMPLOYEE),
        (
            Figure("Utilization", "utilization", WORK),
            Figure("Target Attainment", "target_attainment", WORK),
            Figure("Billable Mix", "billable_mix", ("entry",)),
            Figure("Billable Hours", "billable_hours", ("entry",)),
            Figure("Timeliness (24 h)", "timeliness_24", ("entry",)),
        ),
        (
            Chart("Utilization by Month", "utilization", ("date:month",), WORK, "line", is_wide=True),
            Chart("Hours by Engagement Type", "logged_hours", ("date:month", "engagement_type"), ("entry",)),
            Chart("Billable Hours by Department", "billable_hours", ("department_id",), ("entry",), "pie"),
            Table("Employees", "employee_id", ("net_available_hours", "billable_hours", "utilization"), WORK,
                  "billable_hours"),
            Table("Departments", "department_id", ("net_available_hours", "billable_hours", "utilization"), WORK,
                  "billable_hours"),
            Table("Jobs and Targets", "job_id", ("target_hours", "billable_hours", "target_attainment"), WORK,
                  "target_hours"),
            Table("Service Types", "top_activity_id", ("logged_hours", "billable_hours", "billable_mix"), ("entry",),
                  "logged_hours"),
        ),
    ),
    Dashboard(
        "billing",
        (PERIOD, DEPARTMENT, CLIENT),
        (
            Figure("Billed", "billed_amount", ("billing",)),
            Figure("Billing Realization", "billing_realization", ("billing",)),
            Figure("Collected", "collected_amount", ("billing",)),
            Figure("Work in Progress", "wip_amount", ("wip",), None),
            Figure("Unbilled Too Long", "stale_amount", ("wip",), None),
        ),
        (
            Chart("Billed by Month", "billed_amount", ("date:month",), ("billing",), "line"),
            Chart("Work in Progress by Age", "wip_amount", ("wip_age",), ("wip",), date=None),
            Table("Work in Progress by Client", "client_id", ("wip_hours", "wip_amount", "stale_amount"), ("wip",),
                  "wip_amount", None),
            Table("Realization by Client", "client_id",
                  ("billed_standard_value", "billed_amount", "billing_realization"), ("billing",),
                  "billed_standard_value"),
            Table("Where Revenue Leaks", "client_id", ("leakage_base", "leakage_amount", "leakage"),
                  ("billing", "wip"), "leakage_amount"),
            Table("Cash by Client", "client_id", ("collected_amount", "receivable_amount", "collection_realization"),
                  ("billing",), "receivable_amount"),
            Rows("What Has Waited Longest", "timetrack.billing.queue",
                 ("partner_id", "project_id", "oldest_date", "hours", "amount"), "oldest_date",
                 chains=(("client", "partner_id"),), descending=False),
        ),
        menu="client_timetrack_reports.menu_wip",
    ),
    Dashboard(
        "projects",
        (PERIOD, CLIENT, PROJECT),
        (
            Figure("Budget Used", "budget_consumed", ("entry", "budget"), None),
            Figure("Budget Hours Left", "budget_remaining_hours", ("entry", "budget"), None),
            Figure("Logged Hours", "logged_hours", ("entry",)),
            Figure("Planned Hours", "planned_hours", ("plan",)),
            Figure("Hours to Approve", "submitted_hours", ("entry",)),
        ),
        (
            Chart("Logged Hours by Month and Client", "logged_hours", ("date:month", "client_id"), ("entry",),
                  is_wide=True),
            Table("Budgets of Projects", "project_id", ("budget_hours", "budget_logged_hours", "budget_consumed"),
                  ("entry", "budget"), "budget_hours", None),
            Table("Planned and Actual", "project_id", ("planned_hours", "logged_hours", "planned_variance_rate"),
                  ("entry", "plan"), "planned_hours"),
            Table("Deliverables", "deliverable_id",
                  ("deliverable_planned_hours", "deliverable_logged_hours", "deliverable_variance"),
                  ("entry", "deliverable"), "deliverable_planned_hours"),
            Table("Service Types", "activity_id", ("logged_hours", "billable_hours", "billable_mix"), ("entry",),
                  "logged_hours"),
            Rows("Budgets", "timetrack.budget",
                 ("name", "outlook", "allowed_hours", "consumed_hours", "forecast_hours"), "id",
                 chains=(("project", "project_id"), ("client", "partner_id"))),
        ),
        menu="client_timetrack_reports.menu_budget_actual",
    ),
    Dashboard(
        "clients",
        (PERIOD, DEPARTMENT, CLIENT),
        (
            Figure("Net Revenue", "net_revenue", ("billing",)),
            Figure("Margin", "margin", ("entry", "billing", "expense")),
            Figure("Margin %", "margin_rate", ("entry", "billing", "expense")),
            Figure("Project Rate", "project_rate", ("entry", "billing")),
            Figure("Overall Realization", "overall_realization", ("billing",)),
        ),
        (
            Chart("Margin by Month", "margin", ("date:month",), ("entry", "billing", "expense"), is_wide=True),
            Chart("Billed by Client", "billed_amount", ("client_id",), ("billing",), "pie"),
            Chart("Billed by Client Category", "billed_amount", ("client_category_id",), ("billing",), "pie"),
            Table("Clients", "client_id", ("billed_amount", "margin", "margin_rate"), ("entry", "billing", "expense"),
                  "billed_amount"),
            Table("Projects", "project_id", ("billed_amount", "margin", "margin_rate"),
                  ("entry", "billing", "expense"), "billed_amount"),
            Table("Rates by Client", "client_id", ("logged_hours", "project_rate", "billed_rate"),
                  ("entry", "billing"), "logged_hours"),
            Table("From Work to Cash", "client_id", ("standard_value", "billed_amount", "collected_amount"),
                  ("entry", "billing"), "standard_value"),
        ),
        menu="client_timetrack_reports.menu_profitability",
    ),
    Dashboard(
        "mine",
        (PERIOD, CLIENT, PROJECT),
        (
            Figure("My Utilization", "utilization", WORK),
            Figure("My Target Attainment", "target_attainment", WORK),
            Figure("My Billable Hours", "billable_hours", ("entry",)),
            Figure("Above Capacity", "balance_hours", WORK),
            Figure("Timeliness (24 h)", "timeliness_24", ("entry",)),
        ),
        (
            Chart("My Hours by Week", "logged_hours", ("date:week",), ("entry",), "line", is_wide=True),
            Table("My Clients", "client_id", ("logged_hours", "billable_hours", "billable_mix"), ("entry",),
                  "logged_hours"),
            Table("My Projects", "project_id", ("logged_hours", "billable_hours", "billable_mix"), ("entry",),
                  "logged_hours"),
            Table("My Service Types", "activity_id", ("logged_hours", "billable_hours", "billable_mix"), ("entry",),
                  "logged_hours"),
            Table("Approval", "state", ("logged_hours", "billable_hours"), ("entry",), "logged_hours"),
        ),
        domain=(("is_mine", "=", True),),
        menu="client_timetrack_reports.menu_my_numbers",
    ),
    Dashboard(
        "outlook",
        (PERIOD, CLIENT, PROJECT),
        (
            Figure("CPI", "cpi", EARNED, None),
            Figure("SPI", "spi", EARNED, None),
            Figure("Budget Spent", "spent", EARNED, None),
            Figure("Lockup Days", "lockup_days", LOCKUP, "day"),
            Figure("Cycle Efficiency", "efficiency", ORDERS, "received"),
        ),
        (
            # bars: a line of what was would go on at 0 in the weeks to come
            Chart("Hours by Week, Past and Expected", "value", ("week:week", "kind"), HOURS_AHEAD, "bar", None,
                  is_wide=True),
            Rows("Forecasts", "timetrack.forecast", ("name", "recent", "ahead", "ahead_low", "ahead_high"), "recent",
                 (("measure", "=", "logged_hours"), ("refusal", "=", False)), ()),
            Table("Budget and Completion", "project_id", ("bac_hours", "spent", "cpi"), EARNED, "bac_hours", None),
            Table("From Work to Cash", "client_id", ("open_number", "billing_median", "cash_median"), TURNAROUND,
                  "open_number", "worked"),
            Table("Where Orders Wait", "longest_leg", ("number", "open_number", "age"), ORDERS, "open_number",
                  "received"),
            Table("Benefits", "benefit_id", ("planned_value", "validated_value", "risk_value"), BENEFITS,
                  "planned_value", None),
            Chart("When People Work", "hours", ("weekday",), PATTERN),
            Chart("When They Write It Down", "hours", ("entry_hour",), PATTERN),
        ),
        menu="client_timetrack_reports.menu_earned_value",
    ),
    Dashboard(
        "cash",
        (PERIOD, CLIENT),
        (
            Figure("Lockup Days", "lockup_days", LOCKUP, "day"),
            Figure("WIP Days", "wip_days", LOCKUP, "day"),
            Figure("Debtor Days", "debtor_days", LOCKUP, "day"),
            Figure("DSO", "dso", LOCKUP, "day"),
            Figure("Work to Payment", "cash_median", TURNAROUND, "worked"),
        ),
        (
            Chart("Expected Payments by Week", "amount", ("expected:week", "currency_id"), PAYMENTS, date=None,
                  is_wide=True),
            Chart("Lockup Days by Month", "lockup_days", ("day:month",), LOCKUP, "line", "day"),
            Chart("Expected Payments by Kind", "amount", ("band", "currency_id"), PAYMENTS, date=None),
            Table("Lockup by Client, Now", "client_id", ("wip_days", "debtor_days", "lockup_days"), LOCKUP_NOW,
                  "lockup_days", None),
            Table("Turnaround by Client", "client_id", ("invoice_median", "payment_median", "cash_median"), TURNAROUND,
                  "cash_median", "worked"),
            Table("Orders by Stage", "stage", ("number", "open_number", "age"), ORDERS, "number", "received"),
            Table("Orders by Client", "partner_id", ("number", "cycle_median", "efficiency"), ORDERS, "number",
                  "received"),
            Rows("Expected Payments", "timetrack.cash.item",
                 ("client_id", "project_id", "expected", "amount", "band"), "expected",
                 (("is_disputed", "=", False), ("expected", "!=", False)), (("client", "client_id"),),
                 descending=False),
        ),
        menu="client_timetrack_reports.menu_cash",
    ),
)  # fmt: skip


def build():
    """Return the text of each file."""
    return {
        TARGET / f"{dashboard.name}.json": json.dumps(Sheet(dashboard).build(), indent=1, ensure_ascii=False) + "\n"
        for dashboard in DASHBOARDS
    }


def stale():
    """Return the files that are not what would be written."""
    return [path for path, text in build().items() if not path.exists() or path.read_text() != text]


class Sheet:
    """The spreadsheet of a dashboard, as it grows from top to bottom."""

    def __init__(self, dashboard):
        self.dashboard = dashboard
        self.pivots, self.lists, self.figures = {}, {}, []
        self.cells, self.data = {}, {}
        self.styles, self.borders, self.heights, self.menus = {}, {}, {}, {}
        self.row = 0

    def build(self):
        """Return the spreadsheet."""
        self.add_figures()
        waiting = None
        for part in self.dashboard.parts:
            if isinstance(part, Rows) or (isinstance(part, Chart) and part.is_wide):
                self.add_line([part])
            elif waiting:
                self.add_line([waiting, part])
                waiting = None
            else:
                waiting = part
        if waiting:
            self.add_line([waiting])
        return self.assemble()

    def assemble(self):
        """Return what was collected, as the client reads it."""
        columns = [185, 100, 100, 100, 30, 185, 100, 100, 100]
        return {
            "version": VERSION,
            "sheets": [
                {
                    "id": "dashboard",
                    "name": "Dashboard",
                    "colNumber": len(columns),
                    "rowNumber": self.row + 3,
                    "rows": {str(row): {"size": size} for row, size in self.heights.items()},
                    "cols": {str(column): {"size": size} for column, size in enumerate(columns)},
                    "merges": [],
                    "cells": self.cells,
                    "styles": self.styles,
                    "formats": {},
                    "borders": self.borders,
                    "conditionalFormats": [],
                    "dataValidationRules": [],
                    "figures": self.figures,
                    "tables": [],
                    "areGridLinesVisible": True,
                    "isVisible": True,
                    "headerGroups": {"ROW": [], "COL": []},
                    "comments": {},
                },
                {
                    "id": "data",
                    "name": "Data",
                    "colNumber": 26,
                    "rowNumber": 100,
                    "rows": {},
                    "cols": {"0": {"size": 160}},
                    "merges": [],
                    "cells": self.data,
                    "styles": {"A1:C1": 5},
                    "formats": {},
                    "borders": {},
                    "conditionalFormats": [],
                    "dataValidationRules": [],
                    "figures": [],
                    "tables": [],
                    "areGridLinesVisible": True,
                    "isVisible": True,
                    "headerGroups": {"ROW": [], "COL": []},
                    "comments": {},
                },
            ],
            "styles": {
                "1": {"textColor": "#01666b", "bold": True, "fontSize": 16},
                "2": {
                    "textColor": "#434343",
                    "fontSize": 10,
                    "bold": True,
                    "verticalAlign": "middle",
                    "wrapping": "wrap",
                },
                "3": {"textColor": "#434343", "verticalAlign": "middle"},
                "4": {
                    "textColor": "#434343",
                    "fontSize": 9,
                    "bold": True,
                    "align": "right",
                    "verticalAlign": "middle",
                    "wrapping": "wrap",
                },
                "5": {"bold": True},
            },
            "formats": {},
            "borders": {"1": {"bottom": {"style": "thin", "color": "#CCCCCC"}}},
            "revisionId": "START_REVISION",
            "uniqueFigureIds": True,
            "settings": {
                "locale": {
                    "name": "English (US)",
                    "code": "en_US",
                    "thousandsSeparator": ",",
                    "decimalSeparator": ".",
                    "dateFormat": "mm/dd/yyyy",
                    "timeFormat": "hh:mm:ss",
                    "formulaArgSeparator": ",",
                    "weekStart": 7,
                }
            },
            "pivots": self.pivots,
            "pivotNextId": len(self.pivots) + 1,
            "customTableStyles": {},
            "globalFilters": [self.prepare_filter(one) for one in self.dashboard.filters],
            "lists": self.lists,
            "listNextId": len(self.lists) + 1,
            "chartOdooMenusReferences": self.menus,
        }

    # ---------------------------------------------------------------- filters

    def identify(self, *parts):
        """Return an id that stays the same from build to build."""
        return str(uuid.uuid5(NAMESPACE, "/".join([self.dashboard.name, *map(str, parts)])))

    def prepare_filter(self, one):
        """Return a filter as the client reads it."""
        common = {"id": self.identify("filter", one.key), "label": one.label}
        if one.model is None:
            return {**common, "type": "date", "defaultValue": one.default}
        return {**common, "type": "relation", "modelName": one.model, "defaultValueDisplayNames": []}

    def match(self, date="date", chains=None, offset=0):
        """Return how the filters find what a part shows."""
        chains = dict(self.dashboard.chains if chains is None else chains)
        matching = {}
        for one in self.dashboard.filters:
            key = self.identify("filter", one.key)
            if one.model is None:
                if date:
                    matching[key] = {"chain": date, "type": "date", "offset": offset}
            elif one.key in chains:
                matching[key] = {"chain": chains[one.key], "type": "many2one"}
        return matching

    def domain(self, kinds):
        """Return which rows a part is of."""
        if isinstance(kinds, Page):
            return [list(one) for one in kinds.domain]
        return [["kind", "in", list(kinds)], *map(list, self.dashboard.domain)]

    def find(self, part, offset=0):
        """Return how the filters find the rows of a part."""
        return self.match(part.date, part.kinds.chains if isinstance(part.kinds, Page) else None, offset)

    # ---------------------------------------------------------------- parts

    def add_figures(self):
        """The row of figures: this period, and the one before."""
        self.data |= {"A1": '=_t("KPI")', "B1": '=_t("Current")', "C1": '=_t("Previous")'}
        width = (WIDTH - 10 * (len(self.dashboard.figures) - 1)) // len(self.dashboard.figures)
        for place, figure in enumerate(self.dashboard.figures):
            line = place + 2
            self.data[f"A{line}"] = f'=_t("{figure.label}")'
            for column, offset in (("B", 0), ("C", -1)):
                pivot = self.add_pivot(figure, figure.label, [figure.measure], offset=offset)
                value = f'PIVOT.VALUE({pivot},"{measure_id(figure.measure)}")'
                # without a denominator there is no ratio: that is not 0 %
                nothing = '_t("n/a")' if figure.measure in AVERAGES else "0"
                self.data[f"{column}{line}"] = f"=IF(ISNUMBER({value}),{value},{nothing})"
            key = self.identify("figure", figure.label)
            chart = {
                "type": "scorecard",
                "title": {"text": figure.label, "bold": True, "color": "#434343"},
                "background": BACKGROUNDS[place % len(BACKGROUNDS)],
                "keyValue": f"Data!B{line}",
                "baselineMode": "text",
                "baselineColorUp": "#00A04A",
                "baselineColorDown": "#DC6965",
                "humanize": figure.measure not in AVERAGES,
                "chartId": key,
            }
            if figure.date:
                chart |= {"baseline": f"Data!C{line}", "baselineDescr": {"text": "last period"}}
            self.add_chart(key, chart, place * (width + 10), 9, width, CARD)
            self.menus[key] = self.dashboard.menu
        self.row = (CARD + 2 * ROW) // ROW

    def add_line(self, parts):
        """One or two parts beside each other, below what there is."""
        self.heights[self.row] = TITLE
        has_chart = any(isinstance(part, Chart) for part in parts)
        for column, part in zip((0, 5), parts, strict=False):
            last = 8 if len(parts) == 1 else column + 3
            title = f"{letter(column)}{self.row + 1}"
            self.cells[title] = self.link(part)
            self.styles[title] = 1
            self.borders[f"{title}:{letter(last)}{self.row + 1}"] = 1
            if isinstance(part, Chart):
                self.add_graph(part, column, last)
            elif isinstance(part, Table):
                self.add_table(part, column)
            else:
                self.add_list(part, column)
        self.row += 16 if has_chart else TABLE_ROWS + 3

    def top(self):
        """Return the pixels from the top to the row after the title."""
        return sum(self.heights.get(row, ROW) for row in range(self.row + 1))

    def add_graph(self, part, column, last):
        """Add a graph below its title."""
        key = self.identify("chart", part.title)
        chart = self.prepare_ratio_chart(part) if part.measure in RATIOS else self.prepare_odoo_chart(part)
        width = WIDTH if last == 8 and column == 0 else (WIDTH - GAP) // 2
        chart |= {"title": {"text": ""}, "background": "#FFFFFF", "chartId": key}
        self.add_chart(key, chart, 0 if column == 0 else 515, self.top() + 6, width, 15 * ROW - 12)
        self.menus[key] = self.dashboard.menu

    def prepare_odoo_chart(self, part):
        """A graph of Odoo's, which asks for its own data."""
        groups = list(part.groups)
        chart = {
            "type": f"odoo_{part.kind}",
            "legendPosition": "top" if len(groups) > 1 or part.kind == "pie" else "none",
            "metaData": {
                "groupBy": groups,
                "measure": part.measure,
                "order": None,
                "resModel": model_of(part),
                "mode": part.kind,
                "cumulatedStart": False,
            },
            "searchParams": {
                "comparison": None,
                "context": {},
                "domain": self.domain(part.kinds),
                "groupBy": groups,
                "orderBy": [],
            },
            "dataSets": [{}],
            "fieldMatching": self.find(part),
        }
        if part.kind != "pie":
            chart |= {"verticalAxisPosition": "left", "stacked": len(groups) > 1, "cumulatedStart": False}
        if part.kind == "line":
            chart |= {"fillArea": True}
        return chart

    def prepare_ratio_chart(self, part):
        """A graph of cells: Odoo's own shows no percentages. Months that are not there leave no point."""
        [group] = part.groups
        pivot = self.add_pivot(part, part.title, [part.measure], group)
        labels, values = "E", "F"
        self.data[f"{values}1"] = f'=_t("{part.title}")'
        for place in range(1, POINTS + 1):
            self.data[f"{labels}{place + 1}"] = f'=IFERROR(PIVOT.HEADER({pivot},"#{group}",{place}),"")'
            value = f'PIVOT.VALUE({pivot},"{measure_id(part.measure)}","#{group}",{place})'
            self.data[f"{values}{place + 1}"] = f'=IFERROR({value},"")'
        return {
            "type": part.kind,
            "dataSets": [{"dataRange": f"Data!{values}1:{values}{POINTS + 1}"}],
            "dataSetsHaveTitle": True,
            "labelRange": f"Data!{labels}1:{labels}{POINTS + 1}",
            "legendPosition": "none",
            "verticalAxisPosition": "left",
            "stacked": False,
            "cumulative": False,
            "fillArea": True,
        }

    def add_chart(self, key, chart, x, y, width, height):
        """Add a figure at a place, in pixels."""
        self.figures.append(
            {
                "id": key,
                "width": width,
                "height": height,
                "tag": "chart",
                "data": chart,
                "offset": {"x": x, "y": y},
                "col": 0,
                "row": 0,
            }
        )

    def add_table(self, part, column):
        """Add a table: a pivot of one group."""
        pivot = self.add_pivot(part, part.title, part.measures, part.group, part.order)
        first, last = letter(column), letter(column + 3)
        head = self.row + 2
        self.heights[self.row + 1] = HEAD
        self.cells[f"{first}{head}"] = f"=PIVOT({pivot}, {TABLE_ROWS}, FALSE, FALSE)"
        self.styles |= {
            f"{first}{head}": 2,
            f"{letter(column + 1)}{head}:{last}{head}": 4,
            f"{first}{head + 1}:{last}{head + TABLE_ROWS}": 3,
        }
        self.borders[f"{first}{head}:{last}{head}"] = 1

    def add_list(self, part, column):
        """Add a list of the first records."""
        number = str(len(self.lists) + 1)
        self.lists[number] = {
            "columns": list(part.columns),
            "domain": [list(condition) for condition in part.domain],
            "model": part.model,
            "context": {},
            "orderBy": [{"name": part.order, "asc": not part.descending}],
            "id": number,
            "name": part.title,
            "fieldMatching": self.match(None, part.chains),
        }
        head = self.row + 2
        self.heights[self.row + 1] = HEAD
        # the columns of the sheet are those of two tables: the narrow one between them stays empty
        places = [column, column + 5, column + 6, column + 7, column + 8]
        for place, name in zip(places, part.columns, strict=False):
            self.cells[f"{letter(place)}{head}"] = f'=ODOO.LIST.HEADER({number},"{name}")'
            self.styles[f"{letter(place)}{head}"] = 2 if name in TEXTS or name.endswith("_id") else 4
            for line in range(1, TABLE_ROWS + 1):
                self.cells[f"{letter(place)}{head + line}"] = f'=ODOO.LIST({number},{line},"{name}")'
        self.borders[f"A{head}:I{head}"] = 1

    def add_pivot(self, part, name, measures, group=None, order=None, offset=0):
        """Add a pivot and return its number."""
        number = str(len(self.pivots) + 1)
        domain = self.domain(part.kinds)
        if group:
            domain.append([group.partition(":")[0], "!=", False])
        self.pivots[number] = {
            "type": "ODOO",
            "fieldMatching": self.find(part, offset),
            "context": {},
            "domain": domain,
            "id": number,
            "measures": [prepare_measure(measure) for measure in measures],
            "model": model_of(part),
            "name": name,
            "sortedColumn": {"measure": measure_id(order), "order": "desc", "domain": []} if order else None,
            "formulaId": number,
            "columns": [],
            "rows": [prepare_group(group)] if group else [],
        }
        return number

    def link(self, part):
        """Return the title of a part, which opens what it shows."""
        views = [[False, "pivot"], [False, "graph"], [False, "list"], [False, "search"]]
        if isinstance(part, Rows):
            action = {"domain": [list(one) for one in part.domain], "context": {}, "modelName": part.model,
                      "views": [[False, "list"], [False, "search"]]}  # fmt: skip
            target = {"viewType": "list", "action": action, "threshold": 0, "name": part.title}
        elif isinstance(part, Chart):
            context = {"group_by": list(part.groups), "graph_measure": part.measure, "graph_mode": part.kind,
                       "graph_groupbys": list(part.groups)}  # fmt: skip
            action = {"domain": self.domain(part.kinds), "context": context, "modelName": model_of(part),
                      "views": views}  # fmt: skip
            target = {"viewType": "graph", "action": action, "threshold": 0, "name": part.title}
        else:
            context = {"group_by": [part.group], "pivot_measures": list(part.measures), "pivot_column_groupby": [],
                       "pivot_row_groupby": [part.group]}  # fmt: skip
            action = {"domain": self.domain(part.kinds), "context": context, "modelName": model_of(part),
                      "views": views}  # fmt: skip
            target = {"viewType": "pivot", "action": action, "threshold": 0, "name": part.title}
        return f"[{part.title}](odoo://view/{json.dumps(target)})"


def model_of(part):
    """Return the model that a part reads."""
    return part.kinds.model if isinstance(part.kinds, Page) else REPORT


def measure_id(measure):
    """Return the name of a measure of a pivot with its aggregate."""
    return f"{measure}:{'avg' if measure in AVERAGES else 'max' if measure in GREATEST else 'sum'}"


def prepare_group(group):
    """Return what a pivot groups by: a field, or a date by its granularity."""
    name, _colon, granularity = group.partition(":")
    if not granularity:
        return {"fieldName": name}
    return {"fieldName": name, "granularity": granularity, "order": "asc"}


def prepare_measure(measure):
    """Return a measure of a pivot with its format."""
    prepared = {"id": measure_id(measure), "fieldName": measure, "aggregator": measure_id(measure).partition(":")[2]}
    if measure in RATIOS | SHARES:
        prepared["format"] = PERCENT
    elif measure in INDEXES:
        prepared["format"] = INDEX
    elif measure in DAYS:
        prepared["format"] = NUMBER
    elif measure.endswith("_hours"):
        prepared["format"] = HOURS
    return prepared


def letter(column):
    """Return the name of a column."""
    return chr(ord("A") + column)
