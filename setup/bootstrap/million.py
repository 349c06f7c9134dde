"""A million time entries, for the benchmarks: Odoo's alone, and the same with the addons at work on them.

The loader of Odoo's own entries lies beside the checkout, as the other inputs do. It makes fifty users (``perf001``
and so on, the password is the login), of whom the first five approve; 500 projects, half of the time on sales orders.
The addons are then installed as a firm of that age installs them: old time is approved by the installation, the
latest weeks go through approval.
"""

import hashlib
import os
from pathlib import Path

from . import console, paths

LOADER_VARIABLE = "TIMETRACK_BENCH_LOADER"
LOADER = paths.ROOT.parent / "shared" / "bench" / "load_core_million.py"
LOADER = Path(os.environ.get(LOADER_VARIABLE) or LOADER)
ROWS_VARIABLE = "TIMETRACK_BENCH_ROWS"
ROWS = 1_000_000
# Of a million entries these wait for approval and these are not handed in yet; fewer of fewer.
PENDING, DRAFTS = 20_000, 13_000

LOAD = """
import os
os.environ["N_ROWS"] = str(params["rows"])
exec(compile(open(params["loader"]).read(), params["loader"], "exec"))
"""
# Time before this day is approved when the addons are installed.
CHOOSE_DAY = """
env.cr.execute("SELECT date FROM account_analytic_line ORDER BY date DESC OFFSET %s LIMIT 1", [params["open"]])
env["ir.config_parameter"].set_param("client_timetrack.approved_before", str(env.cr.fetchone()[0]))
"""
FILL = """
import sys
sys.path.insert(0, params["setup"])
from bootstrap import million
million.fill(env, params["pending"])
"""


def missing():
    """Say what is missing for the benchmarks, or nothing."""
    return None if LOADER.exists() else f"There is no loader of a million entries: {LOADER} ({LOADER_VARIABLE})."


def rows():
    """Return how many entries there are; fewer make a quick trial."""
    return int(os.environ.get(ROWS_VARIABLE) or ROWS)


def share(number):
    """Return this number of a million as a share of the entries there are."""
    return number * rows() // ROWS


def key():
    """Return what Odoo's own entries depend on."""
    if missing():
        raise console.Failure(missing())
    return rows(), hashlib.sha256(LOADER.read_bytes()).hexdigest()[:12]


def addons_key():
    """Return what the state that the addons are put into depends on."""
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]


def load(odoo, database):
    """Fill a database of Odoo's modules with its own entries."""
    params = {"rows": rows(), "loader": str(LOADER)}
    odoo.shell(database, LOAD, params=params, label=f"Loading {rows():,} time entries")


def choose_day(odoo, database):
    """Say up to when the installation of the addons approves earlier time."""
    odoo.shell(database, CHOOSE_DAY, params={"open": share(PENDING + DRAFTS)})


def put_to_work(odoo, database):
    """Have the addons that were just installed in use: rates, frozen ones too, and time that waits for approval."""
    params = {"setup": str(paths.SETUP), "pending": share(PENDING)}
    odoo.shell(database, FILL, params=params, label="Rates and submitted time")


# ---------------------------------------------------------------- in odoo shell


def fill(env, pending):
    """What ``put_to_work`` does within Odoo."""
    env = env(user=env.ref("base.user_admin").id, context=dict(env.context, tracking_disable=True))
    make_rate_cards(env)
    env.cr.commit()
    freeze_rates(env)
    submit_earliest(env, pending)


def make_rate_cards(env):
    """A card of the company with rates by employee and by client, and one of every fifth project."""
    company = env.company
    employees = env["hr.employee"].search([("user_id.login", "=like", "perf%")], order="id")
    clients = env["res.partner"].search([("name", "=like", "Client %"), ("is_company", "=", True)], order="id")
    rates = [{"rate": 100.0}]
    rates += [{"employee_id": employee.id, "rate": 90.0 + 5 * (index % 12)} for index, employee in enumerate(employees)]
    rates += [{"partner_id": client.id, "rate": 110.0 + index % 40} for index, client in enumerate(clients[::4])]
    rates += [
        {"partner_id": client.id, "employee_id": employee.id, "rate": 130.0 + index}
        for index, (client, employee) in enumerate(zip(clients[::8], employees, strict=False))
    ]
    company.timetrack_rate_card_id = env["timetrack.rate.card"].create(
        {"name": "Standard", "company_id": company.id, "rate_ids": [(0, 0, rate) for rate in rates]}
    )
    projects = env["project.project"].search([("name", "=like", "Project %")], order="id")[::5]
    projects.timetrack_rate_card_id = env["timetrack.rate.card"].create(
        {
            "name": "Agreed",
            "company_id": company.id,
            "rate_ids": [
                (0, 0, {"rate": 120.0, "date_to": "2024-12-31"}),
                (0, 0, {"rate": 125.0, "date_from": "2025-01-01"}),
            ],
        }
    )


def freeze_rates(env, size=20_000):
    """Approved time has its rate, as it would if the addons had been there from the start."""
    env.cr.execute("SELECT id FROM account_analytic_line WHERE timetrack_state = 'approved' ORDER BY id")
    ids = [row[0] for row in env.cr.fetchall()]
    for start in range(0, len(ids), size):
        env["account.analytic.line"].sudo().browse(ids[start : start + size])._timetrack_freeze_rates()
        env.flush_all()
        env.invalidate_all()
        env.cr.commit()


def submit_earliest(env, number):
    """Everybody submits their time; the latest is not handed in yet."""
    Line = env["account.analytic.line"]
    entries = Line.search([("timetrack_state", "=", "draft"), ("user_id", "!=", False)], order="date, id", limit=number)
    for user, own in entries.grouped("user_id").items():
        own.with_user(user).action_timetrack_submit()
        env.flush_all()
