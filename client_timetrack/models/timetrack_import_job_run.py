import base64
import csv
import io
import logging
from collections import defaultdict
from datetime import timedelta

import psycopg2

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import split_every

from ..engine import csv_import, xlsx_reader
from .timetrack_import import BATCH, TARGETS, ImportRun, key_text

_logger = logging.getLogger(__name__)

# Files up to this size are done while the user waits: some thousand rows.
IN_REQUEST = 400_000
# How many times larger the text of a workbook is than its file.
PACKED = 8
# How long rows wait that nobody imports.
WAITING = timedelta(days=7)
# How often a batch is tried again where somebody else changed the same records at the same time.
TRIES = 3
# Warnings that are about the file, not about one row.
ONCE = ("unknown_tag", "project_without_client")


class TimetrackImportJob(models.Model):
    """The work on a file: its rows are read into the database, then checked or imported batch by batch.

    Each batch is one transaction in the background (and the whole file is one in a request). What a batch did is kept
    with it: after a crash, a restart or a full stop the next run goes on with the rows that are left.
    """

    _inherit = "timetrack.import.job"

    # ------------------------------------------------------------------
    # Where it is done
    # ------------------------------------------------------------------

    def _start(self, running):
        """Do it now, or have it done in the background where the file is long."""
        if running == "check" or not self.is_read:
            self._forget()
        else:
            self._start_again()
        self.write({"running": running, "error": False})
        if self._is_long():
            self.env.ref("client_timetrack.ir_cron_import_job").sudo()._trigger()
            return
        for _done, _left in self._work():
            pass

    def _is_long(self):
        """Whether the file takes longer than somebody waits for a page."""
        with self._open_file() as file:
            size = file.seek(0, io.SEEK_END)
            file.seek(0)
            return size * (PACKED if xlsx_reader.is_workbook(file.read(8)) else 1) > IN_REQUEST

    @api.model
    def _cron_work(self):
        """Work on the files that wait, as those who opened them and with their rights.

        What goes wrong with one file is written on it, and holds up no other.
        """
        for job in self.sudo().search([("running", "!=", False)], order="id"):
            if not job._as_owner()._work_in_background():
                return

    def _as_owner(self):
        owner = self.create_uid
        context = {"lang": owner.lang, "tz": owner.tz, "allowed_company_ids": self.company_id.ids}
        return self.with_env(self.env(user=owner.id, su=False, context={**self.env.context, **context}))

    def _work_in_background(self):
        """Work on the file batch by batch, each in its own transaction.

        :return: whether there is time left for another file
        """
        cron = self.env["ir.cron"]
        tries = 0
        while True:
            try:
                for done, left in self._work():
                    if not cron._commit_progress(done, remaining=left) and left:
                        return False
                    tries = 0
                if self.settled_count == self.row_count:
                    # else somebody stopped it
                    self._tell()
                return bool(cron._commit_progress(0, remaining=0))
            except (psycopg2.OperationalError, psycopg2.IntegrityError) as error:
                # the batch met somebody else's work: it is tried again, and sees that
                self.env.cr.rollback()
                tries += 1
                if tries == TRIES:
                    self._fail(error)
                    return True
            except Exception as error:
                self.env.cr.rollback()
                if not isinstance(error, UserError):
                    _logger.exception("The import %s stopped", self.id)
                self._fail(error)
                return True

    def _fail(self, error):
        """Say on the file why it stopped; what is in stays."""
        # whoever lost the right to import still learns of it
        job = self.sudo()
        job.write({"running": False, "error": error.args[0] if isinstance(error, UserError) else str(error)})
        job._tell()
        self.env["ir.cron"]._commit_progress(0, remaining=0)

    def _tell(self):
        """Tell the user, wherever they are, that the file is done."""
        message = self.error or self.env._(
            "%(valid)s rows are valid, %(rejected)s rejected, %(already)s were imported before.",
            valid=self.valid_count,
            rejected=self.rejected_count,
            already=self.already_count,
        )
        self.create_uid._bus_send(
            "simple_notification",
            {
                "type": "danger" if self.error else "success",
                "title": self.name,
                "message": message,
            },
        )

    # ------------------------------------------------------------------
    # The work
    # ------------------------------------------------------------------

    def _forget(self):
        """Forget the rows of the file and all that was found."""
        self.env["timetrack.import.row"].sudo()._remove(self)
        self.env["timetrack.import.name"].sudo().search([("job_id", "=", self.id)]).unlink()
        self.write({"is_read": False, "row_count": 0, "header": False, "delimiter": False, "guessed_encoding": False})
        self._start_again()

    def _start_again(self):
        """Forget what was found of the rows that are not in; what was created stays known."""
        self.env["timetrack.import.row"].sudo()._wait_again(self)
        self.problem_ids.sudo().unlink()
        names = self.env["timetrack.import.name"].sudo()
        names.search([("job_id", "=", self.id), ("record_id", "in", (False, 0))]).unlink()
        self.write(
            {
                "settled_count": 0,
                "valid_count": 0,
                "rejected_count": 0,
                "already_count": 0,
                "hours": 0.0,
                "created": {},
                "rejected_file": False,
            }
        )

    def _work(self):
        """Go on with the file; yield (rows done since, rows left) after each batch, when it may be interrupted.

        :raise UserError: the file cannot be read
        :raise AccessError: the user may not import, not any more
        """
        self.env["timetrack.import"]._check_rights()
        Row = self.env["timetrack.import.row"].sudo()
        if not self.is_read:
            yield from self._read_file()
        while self.running and (waiting := Row._get_next(self)):
            for run in self._take(waiting):
                self._note(run)
            self.settled_count += len(waiting)
            yield len(waiting), max(1, self.row_count - self.settled_count)
        if self.running:
            self._finish()

    def _read_file(self):
        """Read the file into the database."""
        Row = self.env["timetrack.import.row"].sudo()
        last = Row._get_last_line(self)
        with self._open_file() as file:
            table = self._get_table(file)
            self.write({"header": table.header, "delimiter": table.delimiter})
            self.guessed_encoding = next((params["encoding"] for _code, params in table.notices), False)
            try:
                rows = csv_import.parse_table(table, self.profile_id._get_spec())
                for batch in split_every(BATCH, (row for row in rows if row.line > last), list):
                    Row._add(self, batch)
                    self.row_count += len(batch)
                    yield 0, self.row_count
                    if not self.running:
                        return
            except csv_import.FileError as error:
                raise UserError(self.env["timetrack.import"]._get_file_text(error.code, error.params)) from error
        self.is_read = True

    def _take(self, waiting):
        """Check or import rows. Rows that Odoo refuses for what nothing here foresees are found one by one.

        :param list waiting: of ``timetrack_import_row.Waiting``
        :return: list of ``ImportRun``
        """
        try:
            with self.env.cr.savepoint():
                run = self._prepare_run(waiting)
                self.env["timetrack.import"]._run(run, dry_run=self.running == "check")
                return [run]
        except UserError as error:
            if len(waiting) == 1:
                run = self._prepare_run(waiting)
                [row] = run.rows
                row.errors.append(csv_import.Problem(row.line, "refused", params={"reason": error.args[0]}))
                return [run]
        half = len(waiting) // 2
        return self._take(waiting[:half]) + self._take(waiting[half:])

    def _prepare_run(self, waiting):
        Row = self.env["timetrack.import.row"].sudo()
        rows = [csv_import.unpack_row(some.content) for some in waiting]
        return ImportRun(
            self.profile_id,
            self.company_id,
            rows,
            {some.line: some.key for some in waiting if some.key},
            made=self._get_made(rows) if self.running == "import" else defaultdict(dict),
            plans=Row._get_plans(self, rows),
            ahead=Row._get_hours_ahead(self) if self._has_budget_limits() else {},
        )

    def _get_made(self, rows):
        """What earlier batches created for names that these rows say."""
        texts = {row.values.get(target) for row in rows for target in (*TARGETS, "employee_email")} - {None, ""}
        return self.env["timetrack.import.name"].sudo()._get_made(self, texts)

    def _has_budget_limits(self):
        return self.running == "check" and bool(self.env["timetrack.policy"]._get_limiting_ids())

    # ------------------------------------------------------------------
    # What became of the rows
    # ------------------------------------------------------------------

    def _note(self, run):
        """Keep what became of some rows."""
        entries = dict(zip((row.line for row in run.valid), run.entries.ids if run.entries else (), strict=False))
        rejected = {row.line for row in run.rejected}
        state = "valid" if self.running == "check" else "imported"
        outcomes = []
        for row in run.rows:
            project = run.found["project"].get(row.links.get("project")) or None
            if row.line in rejected:
                outcomes.append((row.line, "rejected", None, None))
            elif row.line in run.already:
                outcomes.append((row.line, "already", None, None))
            else:
                outcomes.append((row.line, state, project, entries.get(row.line)))
        self.env["timetrack.import.row"].sudo()._settle(self, outcomes)
        self._note_problems(run.problems, "rejected")
        self._note_problems(run.warnings, "warning")
        self.env["timetrack.import.name"].sudo()._count(self, self._get_names(run))

    def _note_problems(self, problems, kind):
        Problem = self.env["timetrack.import.problem"].sudo()
        if any(problem.code in ONCE for problem in problems):
            told = Problem.search([("job_id", "=", self.id), ("code", "in", ONCE)])
            known = {(problem.code, problem.value) for problem in told}
            problems = [problem for problem in problems if (problem.code, problem.value) not in known]
        Problem.create(
            [{"job_id": self.id, "kind": kind, **values} for values in self.env["timetrack.import"]._describe(problems)]
        )

    def _get_names(self, run):
        """The names that mean nothing, and those that will be created, as ``timetrack.import.name`` counts them."""
        rows = defaultdict(list)
        for row in run.rows:
            for target, key in row.links.items():
                rows[target, key].append(row)
        texts = self.env["timetrack.import"]._get_texts()
        found = []
        for target, refused in run.refused.items():
            for key, (code, params) in refused.items():
                reason = texts[code][0] % params if params else texts[code][0]
                found.append(self._prepare_name(run, target, key, rows[target, key], reason))
        valid = {row.line for row in run.valid}
        for target, keys in run.needed.items():
            for key in keys:
                used = [row for row in rows[target, key] if row.line in valid]
                found.append(self._prepare_name(run, target, key, used))
        for tag, some in run.unknown_tags.items():
            found.append(self._prepare_name(run, "activity", ("tag", tag), some, texts["unknown_tag"][0]))
        return list({name[:2]: name for name in found}.values())

    def _prepare_name(self, run, target, key, rows, reason=""):
        """A name as it is counted; one without a reason is new."""
        name = key
        while isinstance(name, tuple):
            name = name[-1]
        if target == "employee":
            name = run.names.get(name, name)
        hours = sum(row.values.get("hours") or 0.0 for row in rows)
        record = None if reason else run.found[target].get(key) or None
        return target, key_text(key), name, len(rows), hours, not reason, reason, record

    def _finish(self):
        """Sum up what became of the rows, and write those that were rejected into a file."""
        Row = self.env["timetrack.import.row"].sudo()
        column = self.env["timetrack.import"]._get_column(self.profile_id, "planned_hours")
        differing = [
            csv_import.Problem(
                line,
                "planned_differs",
                column,
                " / ".join(f"{number:g}" for number in hours),
                {"task": task, "kept": max(hours)},
            )
            for line, task, hours in Row._get_differing_plans(self)
        ]
        self._note_problems(differing, "warning")
        totals = Row._get_totals(self)
        good = [totals.get(state, (0, 0.0)) for state in ("valid", "imported")]
        rejected = totals.get("rejected", (0, 0.0))[0]
        names = self.env["timetrack.import.name"].sudo()
        self.created = names._get_created(self)
        if self.running == "check":
            names._list(self)
        self.write(
            {
                "state": "checked" if self.running == "check" else "done",
                "running": False,
                "valid_count": sum(count for count, _hours in good),
                "hours": sum(hours for _count, hours in good),
                "already_count": totals.get("already", (0, 0.0))[0],
                "rejected_count": rejected,
                "rejected_file": base64.b64encode(self._get_rejected_csv()) if rejected else False,
            }
        )
        if self.state == "done":
            Row._forget_content(self)
        # in the order of the file, not as they were found
        self.invalidate_recordset(["problem_ids", "problem_count", "name_ids", "entry_count"])

    def _get_rejected_csv(self):
        """The rejected rows as they were, with line, reason and advice added.

        Corrected, the file can be imported with the same profile: the added columns are passed over.
        """
        out = io.StringIO(newline="")
        writer = csv.writer(out, delimiter=self.delimiter or ",")
        added = [self.env._("Import: line"), self.env._("Import: reason"), self.env._("Import: what to do")]
        header = self.header or []
        writer.writerow([csv_import.harmless(name) for name in [*header, *added]])
        for row, problems in self.env["timetrack.import.row"].sudo()._get_rejected(self):
            reasons = " ".join(f"{column or ''}: {reason}".lstrip(": ") for column, reason, _advice in problems)
            advice = " ".join(advice for _column, _reason, advice in problems)
            cells = (row.cells + [""] * len(header))[: max(len(header), len(row.cells))]
            writer.writerow([*map(csv_import.harmless, cells), row.line, reasons, advice])
        return out.getvalue().encode("utf-8-sig")

    @api.autovacuum
    def _gc_rows(self):
        """Rows that were read and never imported are forgotten after a week; the file stays."""
        jobs = self.search(
            Domain("state", "!=", "done")
            & Domain("running", "=", False)
            & Domain("is_read", "=", True)
            & Domain("write_date", "<=", self.env.cr.now() - WAITING),
            limit=100,
        )
        for job in jobs:
            if not job.entry_count:
                job._forget()
                job.state = "draft"
