"""What runs within Odoo: the report of the KPIs beside Odoo's own analysis of timesheets, and beside plain SQL; and the
workbook of time entries beside Odoo's export and beside XlsxWriter alone.

As ``measure.py``: two databases with the same million entries, operations in turns, each rolled back.
"""

import tempfile
import tracemalloc
from pathlib import Path
from types import SimpleNamespace

import xlsxwriter
from lxml import etree
from measure import LINE, Bench

from odoo import fields
from odoo.http import _request_stack
from odoo.modules.registry import Registry
from odoo.tools import SQL
from odoo.tools.safe_eval import safe_eval

from odoo.addons.client_timetrack_billing.engine import workbook
from odoo.addons.web.controllers.export import ExcelExport

ADMIN = "admin"
REPORT, ANALYSIS = "timetrack.report", "timesheets.analysis.report"
# Other reports with pages of their own: by SQL over all of the time, or worked out every night.
OTHERS = (
    "timetrack.lockup", "timetrack.turnaround", "timetrack.order.cycle", "timetrack.work.pattern",
    "timetrack.daily.hours", "timetrack.earned.value", "timetrack.cash.week", "timetrack.benefit.curve",
)  # fmt: skip
SETS = [[], ["employee_id"], ["date:month"], ["employee_id", "date:month"]]
MEASURES = [
    "logged_hours:sum", "billable_hours:sum", "non_billable_hours:sum", "approved_hours:sum",
    "gross_available_hours:sum", "net_available_hours:sum", "utilization:avg", "billable_mix:avg",
]  # fmt: skip
ANALYSED = [
    "unit_amount:sum", "amount:sum", "timesheet_revenues:sum", "margin:sum", "billable_time:sum",
    "non_billable_time:sum",
]  # fmt: skip
UTILIZATION = [("kind", "in", ["entry", "capacity"])]
# The best that can be written by hand for the same: sums of each table by the finest groups, the sets of these.
PLAIN = """
    WITH facts AS (
        SELECT employee_id, date_trunc('month', date)::date AS month,
               sum(unit_amount) AS logged,
               sum(CASE WHEN timetrack_is_billable THEN unit_amount ELSE 0 END) AS billable,
               sum(CASE WHEN timetrack_is_billable IS NOT TRUE THEN unit_amount ELSE 0 END) AS other,
               sum(CASE WHEN timetrack_state = 'approved' THEN unit_amount ELSE 0 END) AS approved,
               NULL::float8 AS gross, NULL::float8 AS net
          FROM account_analytic_line
         WHERE project_id IS NOT NULL AND holiday_id IS NULL AND global_leave_id IS NULL
           AND (company_id = %(company)s OR company_id IS NULL) {dates}
      GROUP BY 1, 2
     UNION ALL
        SELECT employee_id, date_trunc('month', date)::date, NULL, NULL, NULL, NULL, sum(gross_hours), sum(net_hours)
          FROM timetrack_capacity
         WHERE (company_id = %(company)s OR company_id IS NULL) {dates}
      GROUP BY 1, 2
    )
    SELECT grouping(employee_id, month), employee_id, month, sum(logged), sum(billable), sum(other), sum(approved),
           sum(gross), sum(net), CASE WHEN sum(net) > 0 THEN sum(billable) / sum(net) END,
           CASE WHEN sum(logged) > 0 THEN sum(billable) / sum(logged) END
      FROM facts
  GROUP BY GROUPING SETS ((), (employee_id), (month), (employee_id, month))
  ORDER BY employee_id, month
"""
# How many entries a workbook has, about.
ENTRIES = 50_000
LEAVE = "AND holiday_id IS NULL AND global_leave_id IS NULL"


def run(addons, core, repetitions):
    """Measure the report.

    :param str addons: name of the database with the addons
    :param str core: name of the database without them
    :return: as ``measure.run``
    """
    bench = ReportBench(Registry(addons), Registry(core))
    bench.pivots(repetitions)
    bench.pages(repetitions)
    bench.workbooks(max(3, repetitions // 2))
    return bench.results


class ReportBench(Bench):
    """The pivots, and the pages of the report as the web client asks for them."""

    def pivots(self, times):
        """Employee x month, all of it and of the last month with time."""
        with self.addons.cursor() as cr:
            env = self.environment(cr, ADMIN)
            env[REPORT]._read_group([("kind", "=", "capacity")], [], ["net_available_hours:sum"])
            [(last,)] = env[REPORT].sudo()._read_group([("kind", "=", "entry")], [], ["date:max"])
            company = env.company.id
            leave = env["account.analytic.line"]._timetrack_leave_fields()
        start = last.replace(day=1)
        window = [("date", ">=", fields.Date.to_string(start)), ("date", "<=", fields.Date.to_string(last))]
        plain = PLAIN if leave else PLAIN.replace(LEAVE, "")

        def report(*domain):
            return lambda env: env[REPORT].formatted_read_grouping_sets([*UTILIZATION, *domain], SETS, MEASURES)

        def analysis(*domain):
            return lambda env: env[ANALYSIS].formatted_read_grouping_sets(list(domain), SETS, ANALYSED)

        def by_hand(dates=""):
            def read(env):
                env.cr.execute("SET LOCAL jit = off")  # as the report does
                env.cr.execute(plain.format(dates=dates), {"company": company, "start": start, "end": last})
                env.cr.fetchall()

            return read

        dates = "AND date >= %(start)s AND date <= %(end)s"
        self.compare(
            times,
            {
                "pivot": (self.addons, ADMIN, report()),
                "pivot, plain SQL": (self.addons, ADMIN, by_hand()),
                "analysis, core": (self.core, ADMIN, analysis()),
            },
        )
        self.compare(
            times * 3,
            {
                "pivot of a month": (self.addons, ADMIN, report(*window)),
                "pivot of a month, plain SQL": (self.addons, ADMIN, by_hand(dates)),
                "analysis of a month, core": (self.core, ADMIN, analysis(*window)),
            },
        )

    def pages(self, times):
        """What opening each page of the report asks for, once its views are known: queries are what counts."""
        with self.addons.cursor() as cr:
            env = self.environment(cr, ADMIN)
            actions = env["ir.actions.act_window"].search([("res_model", "in", (REPORT, *OTHERS))], order="id")
            actions = actions.filtered(lambda action: "pivot" in action.view_mode)
            pages = {action.xml_id: PivotPage(env, action.xml_id, action.res_model) for action in actions}
        self.compare(
            max(1, times // 3), {self.name_page(name): (self.addons, ADMIN, page.load) for name, page in pages.items()}
        )

    def name_page(self, xml_id):
        """What a page is called: ``wip`` of timetrack_report_action_wip, ``lockup`` of timetrack_lockup_action."""
        name = xml_id.partition(".")[2].removeprefix("timetrack_")
        return name.removeprefix("report_action_").removesuffix("_action")

    def workbooks(self, times):
        """Entries with ten columns as a workbook, as Odoo exports them, and by XlsxWriter fed by one query."""
        with self.addons.cursor() as cr:
            env = self.environment(cr, ADMIN)
            Line = env[LINE]
            domain, less = self.earliest(Line, ENTRIES), self.earliest(Line, ENTRIES // 4)

        def ours(env, domain=domain):
            Workbook = env["timetrack.workbook"]
            columns = Workbook._get_detail_columns()[:10]
            rows = Workbook._fetch_detail(domain, columns)
            sheet = workbook.Sheet("Time", [column for column, _value in columns], rows)
            with tempfile.TemporaryDirectory() as folder:
                return workbook.stream(str(Path(folder) / "time.xlsx"), workbook.Header("Time"), sheet)

        def export(env):
            names = [
                "date", "employee_id", "department_id", "timetrack_client_id", "project_id", "task_id",
                "timetrack_activity_id", "timetrack_deliverable_id", "name", "unit_amount",
            ]  # fmt: skip
            infos = [{"name": name, "label": name, "type": env[LINE]._fields[name].type} for name in names]
            _request_stack.push(SimpleNamespace(env=env))
            try:
                rows = env[LINE].search(domain, order="date, id").export_data(names)["datas"]
                ExcelExport().from_data(infos, names, rows)
            finally:
                _request_stack.pop()

        def raw(env):
            columns = env["timetrack.workbook"]._get_detail_columns()[:10]
            env.cr.execute(self.query(env, domain, columns))
            with tempfile.TemporaryDirectory() as folder:
                options = {"constant_memory": True, "default_date_format": "yyyy-mm-dd"}
                book = xlsxwriter.Workbook(str(Path(folder) / "time.xlsx"), options)
                page = book.add_worksheet()
                for place, row in enumerate(env.cr.fetchall()):
                    page.write_row(place, 0, row)
                book.close()

        self.compare(
            times,
            {
                "workbook": (self.addons, ADMIN, ours),
                "export, Odoo": (self.addons, ADMIN, export),
                "workbook, XlsxWriter": (self.addons, ADMIN, raw),
            },
            warm_up=1,
        )
        for name, some in (("memory of a workbook", domain), ("memory of a quarter of it", less)):
            self.results[name] = self.memory(lambda env, some=some: ours(env, some))

    def earliest(self, Line, number):
        """The domain of so many of the earliest entries, about: those of the same day are all in or all out."""
        entries = Line._timetrack_entry_domain()
        order = "date, id"
        last = Line.search(entries, order=order, limit=1, offset=number) or Line.search(entries, order=order)[-1:]
        return [*entries, ("date", "<", last.date)]

    def query(self, env, domain, columns):
        """One query of the values, as somebody would write it by hand."""
        Workbook = env["timetrack.workbook"]
        query = env[LINE]._search(domain, order="date, id")
        for alias, (table, field) in Workbook._get_joins().items():
            condition = SQL("%s = %s", SQL.identifier(alias, "id"), SQL.identifier(env[LINE]._table, field))
            query.add_join("LEFT JOIN", alias, SQL.identifier(table), condition)
        return query.select(*(value for _column, value in columns))

    def memory(self, work):
        """How much memory an operation of the addons takes at its peak, in megabytes, with its rows in ``queries``."""
        with self.addons.cursor() as cr:
            env = self.environment(cr, ADMIN)
            tracemalloc.start()
            rows = work(env)
            _now, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            cr.rollback()
        return {"seconds": peak / 1e6, "cpu": 0, "queries": rows, "all": []}


class PivotPage:
    """A pivot of the web client, as its request for the data of an action (without filters: of all the time)."""

    def __init__(self, env, name, model):
        self.model = model
        self.action = env["ir.actions.actions"]._for_xml_id(name)
        self.domain = safe_eval(self.action["domain"] or "[]", {"uid": env.uid})
        views = env[model].get_views([(view, kind) for view, kind in self.action["views"]] + [(False, "search")])
        known = views["models"][model]["fields"]
        nodes = list(etree.fromstring(views["views"]["pivot"]["arch"]).iterfind("./field[@type]"))
        rows, columns = (
            [self.read_group(node) for node in nodes if node.get("type") == kind] for kind in ("row", "col")
        )
        self.sets = [
            [*rows[:depth], *columns[:width]] for depth in range(len(rows) + 1) for width in range(len(columns) + 1)
        ]
        self.measures = ["__count"]
        for node in nodes:
            if node.get("type") == "measure":
                self.measures += self.read_measure(node.get("name"), known[node.get("name")])

    def read_group(self, node):
        return ":".join(filter(None, (node.get("name"), node.get("interval"))))

    def read_measure(self, name, field):
        if field["type"] == "monetary":
            return [f"{field['currency_field']}:array_agg_distinct", f"{name}:sum_currency"]
        return [f"{name}:{field['aggregator']}"]

    def load(self, env):
        """Ask for the sums of all sets of groups."""
        measures = list(dict.fromkeys(self.measures))
        return env[self.model].formatted_read_grouping_sets(self.domain, self.sets, measures)
