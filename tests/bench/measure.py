"""What runs within Odoo: operations of the addons beside the operations of Odoo that they are compared with.

All of it happens in one process on two databases that hold the same entries: Odoo's alone ("core") and the one with
the addons ("addons"). The operations of a comparison take turns, so that whatever else the machine does hits them
alike; each runs in a transaction of its own that is rolled back. Times are compared with each other, never with
a clock.
"""

import gc
import statistics
import time
from datetime import timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple

from lxml import etree

from odoo import SUPERUSER_ID, api, fields
from odoo.modules.registry import Registry
from odoo.tools.safe_eval import safe_eval

CONSULTANT, APPROVER = "perf010", "perf001"
LINE = "account.analytic.line"
MY_TIMESHEETS = "hr_timesheet.act_hr_timesheet_line"
ROW_FIELDS = ["project_id", "task_id", "timetrack_activity_id", "timetrack_deliverable_id"]
ALL_TIMESHEETS, QUEUE = "hr_timesheet.timesheet_action_all", "client_timetrack.timetrack_approval_action"
# Time as it was before it was handed in, or before it was decided on.
BACK = """
    UPDATE account_analytic_line
       SET timetrack_state = %s, timetrack_state_date = NULL, timetrack_state_user_id = NULL,
           timetrack_rate = NULL, timetrack_rate_currency_id = NULL, timetrack_rate_id = NULL
     WHERE id = ANY(%s)
"""


def run(addons, core, size, repetitions):
    """Measure everything.

    :param str addons: name of the database with the addons; its time is changed for the benchmark
    :param str core: name of the database without them
    :param int size: how many entries the smaller operations take; the larger ones take ten times as many
    :param int repetitions: how often each operation counts; the larger ones count less often
    :return: per operation: ``seconds`` and ``cpu`` (medians: on the clock, of the processor), ``queries``,
        ``all`` (seconds of each run)
    """
    bench = Bench(Registry(addons), Registry(core))
    bench.queue(repetitions)
    bench.grid(repetitions)
    bench.create(size, max(3, repetitions // 2))
    bench.budgets(repetitions)
    own, reported = bench.prepare(10 * size)
    for ids, times in ((size, repetitions), (10 * size, max(3, repetitions // 2))):
        bench.submit(own[:ids], times)
        bench.approve(reported[:ids], times)
    return bench.results


class Sample(NamedTuple):
    """One run: seconds on the clock, seconds of the processor, queries."""

    seconds: float
    cpu: float
    queries: int


class Bench:
    """The two databases, and what was measured so far."""

    def __init__(self, addons, core):
        self.addons, self.core = addons, core
        self.results = {}

    # ---------------------------------------------------------------- measuring

    def compare(self, times, operations, warm_up=2):
        """Run the operations in turns and keep their medians.

        :param dict operations: name of each to (registry, login, function of an environment)
        """
        samples = {name: [] for name in operations}
        for turn in range(warm_up + times):
            for name, operation in operations.items():
                sample = self.sample(*operation)
                if turn >= warm_up:
                    samples[name].append(sample)
        for name, runs in samples.items():
            self.results[name] = {
                "seconds": statistics.median(run.seconds for run in runs),
                "cpu": statistics.median(run.cpu for run in runs),
                "queries": max(run.queries for run in runs),
                "all": [round(run.seconds, 4) for run in runs],
            }

    def sample(self, registry, login, work):
        """Run an operation as a user would: nothing of it in the cache, nothing left of it afterwards."""
        return self.request(registry, login, work, keep=False)

    def request(self, registry, login, work, keep=True):
        """Run a request as a user would, with nothing of it in the cache.

        :param bool keep: commit what it did, within the time that it takes
        """
        with registry.cursor() as cr:
            env = self.environment(cr, login)
            backend = cr._cnx.get_backend_pid()
            gc.collect()
            queries, busy, started = cr.sql_log_count, busy_seconds(backend), time.perf_counter()
            work(env)
            env.flush_all()
            if keep:
                cr.commit()
            seconds, busy = time.perf_counter() - started, busy_seconds(backend) - busy
            queries = cr.sql_log_count - queries
            cr.rollback()
        return Sample(seconds, busy, queries)

    def environment(self, cr, login):
        """The environment of a request of the web client."""
        env = api.Environment(cr, SUPERUSER_ID, {})
        user = env["res.users"].search([("login", "=", login)])
        context = {**user.context_get(), "allowed_company_ids": user.company_id.ids, "uid": user.id}
        env.invalidate_all()
        env.transaction.reset()
        return api.Environment(cr, user.id, context)

    # ---------------------------------------------------------------- operations

    def queue(self, times):
        """The queue of an approver, by employee as it opens and as a list, beside Odoo's list of all time."""
        pages = {}
        for name, registry, action, grouped in (
            ("queue by employee", self.addons, QUEUE, True),
            ("queue as a list", self.addons, QUEUE, False),
            ("all timesheets", self.addons, ALL_TIMESHEETS, False),
            ("all timesheets, core", self.core, ALL_TIMESHEETS, False),
        ):
            with registry.cursor() as cr:
                pages[name] = registry, Page(self.environment(cr, APPROVER), action, grouped)
        operations = {name: (registry, APPROVER, page.load) for name, (registry, page) in pages.items()}
        operations |= {f"{name}, with views": (base, APPROVER, page.open) for name, (base, page) in pages.items()}
        self.compare(times, operations)

    def grid(self, times):
        """A consultant's week as a grid, beside Odoo's list of the same week; a cell, beside an entry of Odoo's."""
        with self.core.cursor() as cr:
            env = self.environment(cr, CONSULTANT)
            own = [("user_id", "=", env.uid)]
            last = env[LINE].search(own, order="date desc, id desc", limit=1)
            # a whole week: that of the loader's day has one day on Mondays
            sunday = last.date - timedelta(days=last.date.weekday() + 1)
            last = env[LINE].search([*own, ("date", "<=", sunday)], order="date desc, id desc", limit=1)
            entry, task, day = last.id, last.task_id.id, last.date
            week = [day - timedelta(days=day.weekday()), day + timedelta(days=6 - day.weekday())]
            page = Page(env, MY_TIMESHEETS, grouped=False)
            page.domain += [("date", ">=", week[0]), ("date", "<=", week[1])]
        params = {
            "scale": "week", "anchor": fields.Date.to_string(day), "rows": ROW_FIELDS, "group": "timetrack_client_id",
            "mode": "own", "domain": [("project_id", "!=", False)], "suggest": True,
        }  # fmt: skip

        def load(env):
            return env[LINE].timetrack_grid_load(params)

        def change(env):
            [result] = env[LINE].timetrack_grid_save([{"op": "entry", "entry_id": entry, "hours": 1.75}], params)
            assert "error" not in result, result

        def write(env):
            env[LINE].browse(entry).web_save({"unit_amount": 1.75}, page.specification())

        def add(env):
            project = env["project.task"].browse(task).project_id.id
            cell = {"employee_id": env.user.employee_id.id, "values": {"project_id": project, "task_id": task}}
            [result] = env[LINE].timetrack_grid_save(
                [{"op": "new", "date": params["anchor"], "hours": 1.75, "name": "New work", **cell}], params
            )
            assert "error" not in result, result

        def create(env):
            vals = {"task_id": task, "date": day, "unit_amount": 1.75, "name": "New work"}
            env[LINE].web_save(vals, page.specification())

        self.compare(
            times,
            {
                "my week as a grid": (self.addons, CONSULTANT, load),
                "my week as a list, core": (self.core, CONSULTANT, page.load),
                "a cell changed": (self.addons, CONSULTANT, change),
                "an entry changed, core": (self.core, CONSULTANT, write),
                "a cell filled": (self.addons, CONSULTANT, add),
                "an entry created, core": (self.core, CONSULTANT, create),
            },
        )

    def create(self, size, times):
        """A consultant enters time on tasks of all kinds."""
        with self.core.cursor() as cr:
            env = self.environment(cr, CONSULTANT)
            Task = env(su=True)["project.task"]
            domain = fields.Domain("effective_hours", ">", 0)
            sold = Task.search(domain & fields.Domain("sale_line_id", "!=", False), order="id", limit=50).ids
            other = Task.search(domain & fields.Domain("sale_line_id", "=", False), order="id", limit=50).ids
            tasks = [task for pair in zip(sold, other, strict=True) for task in pair]
            today = fields.Date.context_today(env[LINE])
        entries = [
            {"name": f"New work {index}", "task_id": task, "unit_amount": 0.25 + index % 8 / 4,
             "date": today - timedelta(days=index % 10)}
            for index, task in enumerate(islice(cycle(tasks), size))
        ]  # fmt: skip

        def work(env):
            env[LINE].create([dict(entry) for entry in entries])

        self.compare(
            times,
            {
                f"create {size}": (self.addons, CONSULTANT, work),
                f"create {size}, core": (self.core, CONSULTANT, work),
            },
            warm_up=1,
        )

    def budgets(self, times):
        """Five hundred budgets of projects, tasks and people, beside one plain sum over the same entries."""
        with self.addons.cursor() as cr:
            env = self.environment(cr, APPROVER)(su=True)
            projects = env["project.project"].search([("timesheet_ids", "!=", False)], order="id", limit=200)
            tasks = env["project.task"].search([("effective_hours", ">", 0)], order="id", limit=500 - len(projects))
            whole = {"project": projects - projects.timetrack_budget_ids.project_id, "task": tasks}
            budgets = env["timetrack.budget"].create(
                [
                    {"scope": scope, f"{scope}_id": record.id, "hours": 1000}
                    for scope, records in whole.items()
                    for record in records
                ]
            )
            budgets |= projects.timetrack_budget_ids
            ids, tasks = budgets.ids, tasks.with_context(active_test=False).search([("id", "child_of", tasks.ids)]).ids
            projects = projects.ids

        def read(env):
            env["timetrack.budget"].sudo().browse(ids).mapped("consumed_hours")

        def months(env):
            Report = env["timetrack.budget.report"].sudo()
            Report._read_group([("budget_id", "in", ids)], ["month:month"], ["budget_hours:sum", "forecast_hours:sum"])

        def plain(env, period="NULL::date"):
            for column, records in (("project_id", projects), ("task_id", tasks)):
                env.cr.execute(
                    f"SELECT {column}, {period}, timetrack_state, sum(unit_amount), sum(amount)"
                    f"  FROM account_analytic_line"
                    f" WHERE {column} = ANY(%s) AND timetrack_state IS NOT NULL GROUP BY 1, 2, 3",
                    [records],
                )
                env.cr.fetchall()

        def plain_months(env):
            plain(env, "date_trunc('month', date)::date")

        self.compare(
            times,
            {
                "500 budgets": (self.addons, APPROVER, read),
                "500 budgets, plain SQL": (self.addons, APPROVER, plain),
                "500 budgets by month": (self.addons, APPROVER, months),
                "500 budgets by month, plain SQL": (self.addons, APPROVER, plain_months),
            },
        )

    def prepare(self, size):
        """Have this many drafts of the consultant and this many submitted entries of the approver's people.

        :return: ids of the drafts, ids of the submitted entries, the latest first
        """
        with self.addons.cursor() as cr:
            env = self.environment(cr, APPROVER)
            Line = env(su=True)[LINE]
            own = Line.search([("user_id.login", "=", CONSULTANT)], order="date desc, id desc", limit=size).ids
            scope = env[LINE]._timetrack_approval_domain()
            scope &= fields.Domain("id", "not in", own)
            reported = Line.search(scope, order="date desc, id desc", limit=size).ids
            cr.execute(BACK, ["draft", own])
            cr.execute(BACK, ["submitted", reported])
            cr.execute("ANALYZE account_analytic_line")
        return own, reported

    def submit(self, ids, times):
        """The consultant submits time of their own, beside Odoo writing a text on it."""
        self.step(f"submit {len(ids)}", CONSULTANT, ids, times, "action_timetrack_submit")

    def approve(self, ids, times):
        """The approver approves time of their people, beside Odoo writing a text on it."""
        self.step(f"approve {len(ids)}", APPROVER, ids, times, "action_timetrack_approve")

    def step(self, name, login, ids, times, method):
        def step(env):
            getattr(env[LINE].browse(ids), method)()

        def write(env):
            env[LINE].browse(ids).write({"name": "Said in other words"})

        self.compare(
            times,
            {
                name: (self.addons, login, step),
                f"{name}: write": (self.addons, login, write),
                f"{name}: write, core": (self.core, login, write),
            },
        )


def busy_seconds(backend):
    """Seconds of a processor that this process and its PostgreSQL backend have used so far.

    Where the server's processes cannot be seen, this process alone.
    """
    schedule = Path(f"/proc/{backend}/schedstat")
    served = int(schedule.read_text().split()[0]) / 1e9 if schedule.exists() else 0
    return time.process_time() + served


class Page:
    """A list of the web client, as its requests for an action."""

    def __init__(self, env, action, grouped):
        self.action = env["ir.actions.actions"]._for_xml_id(action)
        context = {"uid": env.uid, "active_id": False}
        self.context = safe_eval(self.action["context"] or "{}", dict(context))
        self.domain = safe_eval(self.action["domain"] or "[]", dict(context))
        self.views = [(view, kind) for view, kind in self.action["views"]] + [(self.search_view, "search")]
        views = env[LINE].get_views(self.views, self.options)
        self.columns = etree.fromstring(views["views"]["list"]["arch"])
        self.fields = views["models"][LINE]["fields"]
        self.groupby = self.read_search(etree.fromstring(views["views"]["search"]["arch"])) if grouped else []

    @property
    def search_view(self):
        return self.action["search_view_id"] and self.action["search_view_id"][0]

    @property
    def options(self):
        return {"action_id": self.action["id"], "load_filters": True, "toolbar": True}

    def read_search(self, arch):
        """Apply the filters that the action sets by default; return what it groups by."""
        groupby = []
        for key, value in self.context.items():
            name = key.removeprefix("search_default_")
            for node in arch.iterfind(f".//filter[@name='{name}']") if value and name != key else ():
                context = safe_eval(node.get("context") or "{}")
                groupby += [context["group_by"]] if "group_by" in context else []
                self.domain += safe_eval(node.get("domain") or "[]")
        return groupby

    def specification(self):
        """What to read of each record."""
        result = {}
        for node in self.columns.iterfind("./field"):
            field = self.fields[node.get("name")]
            hidden = node.get("column_invisible") in ("1", "True")
            relational = field["type"] in ("many2one", "many2many", "one2many")
            result[node.get("name")] = {"fields": {} if hidden else {"display_name": {}}} if relational else {}
        return result

    def load(self, env):
        """Ask for the records, or for the groups."""
        Line = env[LINE].with_context({key: value for key, value in self.context.items() if "default" not in key})
        if not self.groupby:
            return Line.web_search_read(self.domain, self.specification(), limit=80, count_limit=10001)
        sums = [f"{node.get('name')}:sum" for node in self.columns.iterfind("./field[@sum]")]
        return Line.with_context(read_group_expand=True).web_read_group(
            self.domain, self.groupby, sums, limit=80, unfold_read_specification=self.specification(), opening_info=[]
        )

    def open(self, env):
        """Ask for the views and then for the records."""
        env[LINE].get_views(self.views, self.options)
        return self.load(env)
