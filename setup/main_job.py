"""The main job on real input: ten years of a company's time become approved, invoiced and reported.

``setup/run`` calls ``run`` inside ``odoo shell`` and commits afterwards. Every step takes the way a person takes: the
import dialog, submitting, approving, the dialogs that invoice and that write the workbook, each with the rights of
its user.
"""

import base64
import csv
import io
import time
from datetime import date

TASKS, DATES = "sip_tasks.csv", "sip_dates.csv"
CLIENT = "SiP Company"
PROFILE = "SiP"
# A row is the whole of a person's work on a task, not a day's.
MAX_HOURS = 1000
RATE = 100
QUARTER = (date(2007, 1, 1), date(2007, 3, 31))
INVOICE_DATE = date(2007, 4, 2)
COLUMNS = (
    {"target": "date", "name": "StartedOn"},
    {"target": "hours", "name": "DeveloperHoursActual"},
    {"target": "employee", "name": "DeveloperID", "prefix": "Developer "},
    {"target": "client", "constant": CLIENT},
    {"target": "project", "name": "ProjectCode"},
    {"target": "task", "name": "Task"},
    {"target": "planned_hours", "name": "HoursEstimate"},
    {"target": "activity_parent", "name": "Category"},
    {"target": "activity", "name": "SubCategory"},
    {"target": "deliverable", "name": "ProjectBreakdownCode"},
    {"target": "description", "name": "Summary"},
)
# What each user of the main job must be able to do.
CLERK_GROUPS = (
    "hr_timesheet.group_timesheet_manager",
    "project.group_project_manager",
    "base.group_partner_manager",
    "client_timetrack_billing.group_billing_user",
    "account.group_account_manager",
)
APPROVER_LOGIN = "time.approver"


def run(env, data_dir, out_dir, log):
    """Do the main job and tell what came of it.

    :param env: Odoo environment of the superuser in the demo database
    :param pathlib.Path data_dir: folder with the input files (``--data``); empty when there are none
    :param pathlib.Path out_dir: folder for what is written
    :param log: function that takes a line of progress to show
    :return: ``{"figures": [(name, value), ...], "files": [path, ...], "facts": {...}}``; the first two are the
        summary, the facts are for programs
    """
    names = sorted(path.name for path in data_dir.iterdir())
    job = MainJob(env, out_dir, log)
    if TASKS in names and DATES in names:
        job.do_all(join(data_dir / TASKS, data_dir / DATES))
    for name in names:
        if name not in (TASKS, DATES):
            job.import_generic(data_dir / name)
    if not names:
        job.figures.append(("Input files", "none"))
    return {"figures": job.figures, "files": job.files, "facts": job.facts}


def join(tasks_path, dates_path):
    """Join the two files of the data set by task number into one CSV, still in their own encoding.

    The name of a task is its number and its first summary: two tasks are summarized in two ways.
    """
    with open(dates_path, newline="", encoding="latin-1") as file:
        started = {row["TaskNumber"]: row["StartedOn"] for row in csv.DictReader(file)}
    out = io.StringIO(newline="")
    names = {}
    with open(tasks_path, newline="", encoding="latin-1") as file:
        reader = csv.DictReader(file)
        writer = csv.DictWriter(out, [*reader.fieldnames, "Task", "StartedOn"])
        writer.writeheader()
        for row in reader:
            number = row["TaskNumber"]
            name = names.setdefault(number, f"{number} {row['Summary']}")
            writer.writerow({**row, "Task": name, "StartedOn": started.get(number, "")})
    return out.getvalue().encode("latin-1")


class MainJob:
    """The steps of the main job, the figures they give and the seconds they take."""

    def __init__(self, env, out_dir, log):
        self.company = env.ref("base.main_company")
        self.env = env(context={"allowed_company_ids": self.company.ids, "no_reset_password": True})
        self.out_dir = out_dir
        self.log = log
        self.clerk = self.with_groups(self.env.ref("base.user_admin"), CLERK_GROUPS)
        self.as_clerk = self.env(user=self.clerk.id)
        self.figures, self.files, self.facts = [], [], {"seconds": {}}

    def do_all(self, content):
        """From the file to the workbook."""
        profile = self.get_profile()
        check = self.step("Check the file", lambda: self.dialog(profile, content, "action_check"))
        done = self.step("Import", lambda: self.dialog(profile, content, "action_import"))
        again = self.step("Import the same file again", lambda: self.dialog(profile, content, "action_import"))
        entries = self.get_entries(done)
        self.report_import(check, done, again, entries)
        self.set_rates(entries)
        self.step("Submit", entries.action_timetrack_submit)
        approver = self.get_approver()
        self.step("Approve", entries.with_user(approver).action_timetrack_approve)
        invoice = self.step("Invoice one quarter", self.invoice_quarter)
        self.report_invoice(invoice)
        self.step("Compute capacity", lambda: self.compute_capacity(entries))
        self.step("Write the workbook", lambda: self.write_workbook(entries))
        seconds = sum(self.facts["seconds"].values())
        self.figures.append(("Seconds in all", f"{seconds:.0f}"))

    def import_generic(self, path):
        """Import a file of one's own by the generic profile; say why where that does not work."""
        from odoo.exceptions import UserError

        profile = self.as_clerk.ref("client_timetrack.timetrack_import_profile_generic")
        try:
            done = self.step(f"Import {path.name}", lambda: self.dialog(profile, path.read_bytes(), "action_import"))
        except UserError as error:
            self.figures.append((path.name, str(error).replace("\n", " ")))
            return
        self.figures.append((path.name, f"{done.valid_count} rows in, {done.rejected_count} rejected"))
        self.keep_rejected(done, f"rejected_{path.stem}.csv")

    # ---------------------------------------------------------------- steps

    def step(self, label, work):
        """Do something with all its writing; note how long it takes."""
        started = time.monotonic()
        result = work()
        self.env.flush_all()
        seconds = time.monotonic() - started
        self.facts["seconds"][label] = round(seconds, 1)
        self.log(f"{label}: {seconds:.1f} s")
        return result

    def dialog(self, profile, content, button):
        """Press a button of the import dialog; return the dialog."""
        dialog = self.as_clerk["timetrack.import.job"].create(
            {"profile_id": profile.id, "file": base64.b64encode(content), "filename": TASKS}
        )
        getattr(dialog, button)()
        # a file of this size is left to the background, which here is now
        for _done, _left in dialog._work():
            pass
        return dialog

    def get_entries(self, dialog):
        domain = dialog.action_view_entries()["domain"]
        return self.as_clerk["account.analytic.line"].search(domain, order="id")

    def get_profile(self):
        """The profile of the data set."""
        Profile = self.as_clerk["timetrack.import.profile"]
        return Profile.search([("name", "=", PROFILE)], limit=1) or Profile.create(
            {
                "name": PROFILE,
                "date_formats": "%d-%b-%y",
                "decimal_mark": ".",
                "max_hours": MAX_HOURS,
                "key_columns": "TaskNumber\nDeveloperID",
                "column_ids": [
                    (0, 0, {"sequence": sequence, **column}) for sequence, column in enumerate(COLUMNS, start=1)
                ],
            }
        )

    def get_approver(self):
        """Somebody else than those who worked: nobody approves time of their own."""
        approver = self.env["res.users"].search([("login", "=", APPROVER_LOGIN)]) or self.env["res.users"].create(
            {"name": "Time Approver", "login": APPROVER_LOGIN}
        )
        return self.with_groups(approver, CLERK_GROUPS[:2])

    def with_groups(self, user, xml_ids):
        """The user, with the rights to do the work."""
        groups = self.env["res.groups"]
        for xml_id in xml_ids:
            groups |= self.env.ref(xml_id)
        user.group_ids |= groups - user.all_group_ids
        return user

    def set_rates(self, entries):
        """One hourly rate for all the projects."""
        card = self.as_clerk["timetrack.rate.card"].create(
            {"name": PROFILE, "company_id": self.company.id, "rate_ids": [(0, 0, {"rate": RATE})]}
        )
        entries.project_id.timetrack_rate_card_id = card

    def invoice_quarter(self):
        """Invoice the client's approved time of the quarter, a line for each project, and post the invoice."""
        client = self.as_clerk["res.partner"].search([("name", "=", CLIENT)], limit=1)
        dialog = self.as_clerk["timetrack.invoice.wizard"].create(
            {
                "company_id": self.company.id,
                "partner_id": client.id,
                "date_from": QUARTER[0],
                "date_to": QUARTER[1],
                "grouping": "project",
            }
        )
        invoice = self.as_clerk["account.move"].browse(dialog.action_create_invoices()["res_id"])
        invoice.invoice_date = INVOICE_DATE
        invoice.action_post()
        return invoice

    def compute_capacity(self, entries):
        """What the employees could work in these years; otherwise the next daily run does it."""
        days = entries.mapped("date")
        self.env["timetrack.capacity"]._refresh(entries.employee_id.with_env(self.env), min(days), max(days))

    def write_workbook(self, entries):
        """The workbook of all the years."""
        days = entries.mapped("date")
        dialog = self.as_clerk["timetrack.workbook.wizard"].create(
            {"company_id": self.company.id, "date_from": min(days), "date_to": max(days)}
        )
        dialog.action_download()
        self.write("timetrack_main_job.xlsx", base64.b64decode(dialog.file))

    # ---------------------------------------------------------------- figures

    def report_import(self, check, done, again, entries):
        reasons = {}
        for line in done.problem_ids.filtered(lambda line: line.kind == "rejected"):
            reasons[f"{line.column}: {line.code}"] = reasons.get(f"{line.column}: {line.code}", 0) + 1
        self.facts["import"] = {
            "checked": [check.valid_count, check.rejected_count],
            "imported": [done.valid_count, done.rejected_count],
            "again": [again.valid_count, again.rejected_count, again.already_count],
            "reasons": reasons,
            "rejected_lines": done.problem_ids.filtered(lambda line: line.kind == "rejected").mapped("line"),
            "created": done.created_text,
            "hours": done.hours,
        }
        self.figures += [
            ("Rows imported", f"{done.valid_count} ({done.hours:.2f} h)"),
            ("Rows rejected", f"{done.rejected_count} ({', '.join(f'{k} {v}' for k, v in reasons.items())})"),
            ("Rows added by the same file again", again.valid_count),
            ("Created", done.created_text),
        ]
        self.facts["import"]["entries"] = len(entries)
        self.keep_rejected(done, "timetrack_rejected_rows.csv")

    def report_invoice(self, invoice):
        rows = self.as_clerk["timetrack.allocation"].search([("move_id", "=", invoice.id)])
        self.facts["invoice"] = {
            "id": invoice.id,
            "name": invoice.name,
            "untaxed": invoice.amount_untaxed,
            "lines": len(invoice.invoice_line_ids.filtered(lambda line: line.display_type == "product")),
            "entries": len(rows.line_id),
            "hours": sum(rows.mapped("hours_billed")),
            "allocated": sum(rows.mapped("billed_amount")),
        }
        hours, amount = self.facts["invoice"]["hours"], invoice.amount_untaxed
        self.figures.append((f"Invoice {invoice.name}", f"{hours:.2f} h, {amount:.2f} {invoice.currency_id.name}"))

    def keep_rejected(self, dialog, name):
        if dialog.rejected_file:
            self.write(name, base64.b64decode(dialog.rejected_file))

    def write(self, name, content):
        """Write a file for the user to open."""
        path = self.out_dir / name
        path.write_bytes(content)
        self.files.append(str(path))
