"""What runs within Odoo: the import beside Odoo's own create of the same rows, and the memory that a file takes."""

import base64
import csv
import gc
import io
import statistics
import time
from datetime import datetime
from pathlib import Path

import main_job

BATCH = 1000
KILOBYTE = 1024


def rate(env, data, times):
    """Import the real rows, and create them by Odoo's ORM, in turns; each is rolled back.

    :param str data: folder of the data set
    :return: seconds and queries of each run, by name
    """
    folder = Path(data)
    content = main_job.join(folder / main_job.TASKS, folder / main_job.DATES)
    rows = [
        row
        for row in csv.DictReader(io.StringIO(content.decode("latin-1")))
        if row["StartedOn"] and float(row["DeveloperHoursActual"]) <= main_job.MAX_HOURS
    ]
    results = {"import": [], "create": []}
    for _turn in range(times):
        for name, work in (("create", create), ("import", load)):
            gc.collect()
            queries, started = env.cr.sql_log_count, time.perf_counter()
            count = work(env, content if name == "import" else rows)
            env.flush_all()
            seconds = time.perf_counter() - started
            assert count == len(rows), (name, count, len(rows))
            results[name].append({"seconds": seconds, "queries": env.cr.sql_log_count - queries, "rows": count})
            env.cr.rollback()
            env.registry.clear_all_caches()
    return {
        name: {key: statistics.median(run[key] for run in runs) for key in runs[0]} for name, runs in results.items()
    }


def load(env, content):
    """Import the file as its user does."""
    job = main_job.MainJob(env, Path(), print)
    return job.dialog(job.get_profile(), content, "action_import").valid_count


def create(env, rows):
    """Create what the rows say with one call a model, and the entries a thousand at a time, without mail."""
    silent = {"tracking_disable": True, "mail_create_nolog": True, "mail_create_nosubscribe": True}
    env = env(user=env.ref("base.user_admin").id, context={"allowed_company_ids": [1], **silent})

    def make(model, keys, prepare):
        keys = list(dict.fromkeys(keys))
        return dict(zip(keys, env[model].create([prepare(key) for key in keys]).ids, strict=True))

    client = env["res.partner"].create({"name": main_job.CLIENT, "is_company": True}).id
    employees = make("hr.employee", (row["DeveloperID"] for row in rows), lambda key: {"name": f"Developer {key}"})
    projects = make(
        "project.project",
        (row["ProjectCode"] for row in rows),
        lambda key: {"name": key, "partner_id": client, "allow_timesheets": True},
    )
    groups = make("timetrack.activity", (row["Category"] for row in rows), lambda key: {"name": key})
    activities = make(
        "timetrack.activity",
        ((row["Category"], row["SubCategory"]) for row in rows),
        lambda key: {"name": key[1], "parent_id": groups[key[0]]},
    )
    deliverables = make(
        "timetrack.deliverable",
        ((row["ProjectCode"], row["ProjectBreakdownCode"]) for row in rows if row["ProjectBreakdownCode"]),
        lambda key: {"name": key[1], "project_id": projects[key[0]]},
    )
    tasks = make(
        "project.task",
        ((row["ProjectCode"], row["Task"]) for row in rows),
        lambda key: {"name": key[1], "project_id": projects[key[0]]},
    )
    for start in range(0, len(rows), BATCH):
        env["account.analytic.line"].create(
            [
                {
                    "date": datetime.strptime(row["StartedOn"], "%d-%b-%y").date(),
                    "unit_amount": float(row["DeveloperHoursActual"]),
                    "employee_id": employees[row["DeveloperID"]],
                    "project_id": projects[row["ProjectCode"]],
                    "task_id": tasks[row["ProjectCode"], row["Task"]],
                    "name": row["Summary"] or "/",
                    "timetrack_activity_id": activities[row["Category"], row["SubCategory"]],
                    "timetrack_deliverable_id": deliverables.get((row["ProjectCode"], row["ProjectBreakdownCode"])),
                }
                for row in rows[start : start + BATCH]
            ]
        )
        env.flush_all()
    return len(rows)


def prepare(env, size):
    """Leave a file of so many rows to the background; return the id of its import."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(
        ["Date", "Hours", "Employee", "Client", "Project", "Task", "Activity", "Deliverable", "Description"]
    )
    for number in range(size):
        day = datetime.fromordinal(738_000 + number // 30 % 2000).date()
        writer.writerow([day, 1 + number % 4 / 4, f"Person {number % 30}", "Client", f"Project {number % 40}",
                         f"Task {number % 120}", "", "", f"Work {number}"])  # fmt: skip
    admin = env.ref("base.user_admin")
    admin.group_ids |= env.ref("hr_timesheet.group_timesheet_manager")
    content = base64.b64encode(out.getvalue().encode())
    Job = env(user=admin.id)["timetrack.import.job"]
    return Job.create({"file": content, "filename": "years.csv", "running": "import"}).id


def memory(env, job_id):
    """Work on a file as the background does, in a process that has not seen it.

    :return: megabytes that it took at most beyond those at the beginning, rows that came in, seconds
    """
    job = env["timetrack.import.job"].browse(job_id)._as_owner()
    gc.collect()
    before, started = megabytes("VmRSS"), time.perf_counter()
    # the highest mark starts from here
    Path("/proc/self/clear_refs").write_text("5")
    job._work_in_background()
    return {
        "megabytes": megabytes("VmHWM") - before,
        "rows": job.entry_count,
        "seconds": time.perf_counter() - started,
    }


def megabytes(name):
    """Memory of this process: ``VmRSS`` now, ``VmHWM`` at most."""
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name)]
    return int(line.split()[1]) / KILOBYTE
