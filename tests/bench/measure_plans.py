"""How PostgreSQL finds what screens ask for, on a million entries: ``run(env)``. It runs in Odoo's shell."""

import re
from datetime import timedelta

from odoo.tools import SQL

LINE = "account.analytic.line"
LARGE = ("account_analytic_line", "timetrack_approval_event", "timetrack_allocation", "timetrack_capacity")


def screens(env):
    """(name of the screen, model, domain, order, limit), as its list searches."""
    last = env[LINE].search([("project_id", "!=", False)], order="date desc", limit=1)
    day, week = last.date, timedelta(days=7)
    own = [("employee_id", "=", last.employee_id.id), ("project_id", "!=", False)]
    return [
        ("My Week", LINE, [*own, ("date", ">=", day - week), ("date", "<=", day)], None, None),
        ("time entries of a person", LINE, own, "date desc, id desc", 80),
        ("time entries of a month", LINE, [("project_id", "!=", False), ("date", ">=", day - 4 * week)], None, 80),
        ("all time entries", LINE, [("project_id", "!=", False)], "date desc, id desc", 80),
        ("To Approve", LINE, [("timetrack_state", "=", "submitted")], "date desc, id desc", 80),
        ("sent back to a person", LINE, [*own, ("timetrack_state", "=", "rejected")], None, 80),
        ("time of a project", LINE, [("project_id", "=", last.project_id.id)], "date desc, id desc", 80),
        ("time of a task", LINE, [("task_id", "=", last.task_id.id)], "date desc, id desc", 80),
        ("time of a client", LINE, [("timetrack_client_id", "=", last.timetrack_client_id.id)], None, 80),
        ("to bill for a client", LINE, [
            ("timetrack_client_id", "=", last.timetrack_client_id.id), ("timetrack_billing_state", "=", "unbilled"),
        ], None, 80),
        ("trail of an entry", "timetrack.approval.event", [("line_id", "=", last.id)], None, 80),
        ("Approval Trail", "timetrack.approval.event", [], None, 80),
        ("ledger of an entry", "timetrack.allocation", [("line_id", "=", last.id)], None, 80),
        ("capacity of a person", "timetrack.capacity", [
            ("employee_id", "=", last.employee_id.id), ("date", ">=", day - 4 * week),
        ], None, None),
    ]  # fmt: skip


def run(env):
    """For each screen, how long its search takes, by which indexes, and which tables of many rows it reads whole."""
    env.cr.execute("ANALYZE account_analytic_line; ANALYZE timetrack_approval_event")
    rows = env.execute_query(
        SQL("SELECT relname FROM pg_class WHERE relname = ANY(%s) AND reltuples > 10000", [*LARGE])
    )
    large = {name for [name] in rows}
    found = []
    for name, model, domain, order, limit in screens(env):
        query = env[model]._search(domain, order=order or env[model]._order, limit=limit)
        statement = query.select()
        for _warm in range(2):
            env.cr.execute(SQL("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) %s", statement))
            plan = "\n".join(row[0] for row in env.cr.fetchall())
        found.append(
            {
                "screen": name,
                "milliseconds": float(re.search(r"Execution Time: ([\d.]+)", plan)[1]),
                "indexes": sorted(
                    set(re.findall(r"Scan(?: Backward)? (?:using|on) (\w+_(?:idx|index|pkey|unique))", plan))
                ),
                "whole": sorted(set(re.findall(r"Seq Scan on (\w+)", plan)) & large),
                "plan": plan,
            }
        )
    return found


def sizes(env):
    """(table, index, MB of it) of the addons' own indexes and tables, the largest first."""
    return env.execute_query(
        SQL(
            """
            SELECT relname, indexrelname, round(pg_relation_size(indexrelid) / 1048576.0, 1)::float8
              FROM pg_stat_user_indexes
             WHERE indexrelname LIKE '%%timetrack%%' AND pg_relation_size(indexrelid) > 1048576
          ORDER BY 3 DESC
            """
        )
    )
