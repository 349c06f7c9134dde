from collections import namedtuple

from odoo import api, fields, models
from odoo.tools import SQL, groupby

from ..engine import csv_import
from .timetrack_import import BATCH

# Rows of one employee and day are looked at together, for limits of a day; this many at most.
MOST = 10 * BATCH

Waiting = namedtuple("Waiting", "line key content")


class TimetrackImportRow(models.Model):
    """A row of a file between its reading and its end: what it says, what identifies it, what became of it.

    The rows wait in the database, not in memory, so that a file of any length can be read, checked and imported batch
    by batch, in several transactions, and taken up again where it was interrupted.
    """

    _name = "timetrack.import.row"
    _description = "Row of an Imported File"
    _log_access = False
    _order = "job_id, line"

    job_id = fields.Many2one("timetrack.import.job", required=True, ondelete="cascade")
    line = fields.Integer(required=True, help="Line of the file on which the row starts.")
    state = fields.Selection(
        [
            ("read", "Read"),
            ("valid", "Valid"),
            ("rejected", "Rejected"),
            ("already", "Imported Before"),
            ("imported", "Imported"),
        ],
        required=True,
    )
    identity = fields.Char(help="The same for rows with the same key.")
    import_key = fields.Char(help="What the entry is known by.")
    sort_key = fields.Char(required=True, help="The same for rows of one employee and day.")
    content = fields.Text(help="What the row says; emptied when it is not needed any more.")
    hours = fields.Float()
    project_id = fields.Many2one("project.project", ondelete="set null", help="Of a valid row.")
    entry_id = fields.Many2one("account.analytic.line", ondelete="set null", index="btree_not_null")
    client = fields.Char("Client in the File")
    project = fields.Char("Project in the File")
    task = fields.Char("Task in the File")
    deliverable = fields.Char("Deliverable in the File")
    planned_hours = fields.Float()

    _line_unique = models.UniqueIndex("(job_id, line)")
    _identity_index = models.Index("(job_id, identity)")
    _turn_index = models.Index("(job_id, state, sort_key, line)")

    # ------------------------------------------------------------------
    # In
    # ------------------------------------------------------------------

    @api.model
    def _add(self, job, rows):
        """Keep rows of the file until their turn. A row that repeats the key of an earlier one gets an error.

        :param list rows: of ``csv_import.Row``, in the order of the file
        """
        scope = [str(job.company_id.id)]
        identities = {row.line: csv_import.row_hash(scope, row.key) for row in rows if not row.errors}
        seen = self._get_seen(job, identities.values())
        values = []
        for row in rows:
            identity = identities.get(row.line)
            import_key = self._identify(row, scope, seen.setdefault(identity, [0, row.line])) if identity else None
            values.append(self._prepare(row, identity, import_key))
        self.env.execute_query(
            SQL(
                """
                INSERT INTO timetrack_import_row (
                    job_id, state, line, identity, import_key, sort_key, content, hours,
                    client, project, task, deliverable, planned_hours
                )
                SELECT %s, 'read', * FROM unnest(
                    %s::int[], %s::text[], %s::text[], %s::text[], %s::text[], %s::float[],
                    %s::text[], %s::text[], %s::text[], %s::text[], %s::float[]
                )
                RETURNING id
                """,
                job.id,
                *(list(column) for column in zip(*values, strict=True)),
            )
        )

    @api.model
    def _get_seen(self, job, identities):
        """[number of rows before, line of the first of them] by identity."""
        return {
            identity: [count, line]
            for identity, count, line in self.env.execute_query(
                SQL(
                    """
                    SELECT identity, count(*), min(line) FROM timetrack_import_row
                     WHERE job_id = %s AND identity = ANY(%s) GROUP BY identity
                    """,
                    job.id,
                    list(identities),
                )
            )
        }

    @api.model
    def _identify(self, row, scope, seen):
        """What the entry of a row is known by; None, with an error, where it repeats an earlier row."""
        seen[0] += 1
        if row.repeats:
            return csv_import.row_hash(scope, row.key, seen[0])
        if seen[0] == 1:
            return csv_import.row_hash(scope, row.key)
        columns = ", ".join(dict.fromkeys(name for name, _value in row.key if name))
        value = ", ".join(value for _name, value in row.key)
        row.errors.append(csv_import.Problem(row.line, "repeated_key", columns, value, {"line": seen[1]}))
        return None

    @api.model
    def _prepare(self, row, identity, import_key):
        values = row.values
        who = values.get("employee_email") or values.get("employee") or ""
        planned = values.get("planned_hours") if import_key else None
        names = [values.get(name) or "" for name in ("client", "project", "task", "deliverable")]
        with_plan = import_key and "planned_hours" in values
        return (
            row.line,
            identity,
            import_key,
            f"{who.casefold()}|{values.get('date') or ''}".replace("\0", ""),
            csv_import.pack_row(row),
            values.get("hours"),
            *(names if with_plan else [None] * 4),
            planned or None,
        )

    # ------------------------------------------------------------------
    # Out
    # ------------------------------------------------------------------

    @api.model
    def _get_next(self, job):
        """The next rows that wait: at least ``BATCH`` of them where there are so many, and whole days of employees.

        :return: list of ``Waiting``
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT line, import_key, content FROM timetrack_import_row
                 WHERE job_id = %(job)s AND state = 'read' AND sort_key <= COALESCE((
                           SELECT sort_key FROM timetrack_import_row
                            WHERE job_id = %(job)s AND state = 'read'
                            ORDER BY sort_key, line OFFSET %(last)s LIMIT 1
                       ), (SELECT max(sort_key) FROM timetrack_import_row WHERE job_id = %(job)s AND state = 'read'))
                 ORDER BY sort_key, line
                 LIMIT %(most)s
                """,
                job=job.id,
                last=BATCH - 1,
                most=MOST,
            )
        )
        return [Waiting(*row) for row in rows]

    @api.model
    def _get_plans(self, job, rows):
        """What the file plans for the projects of some rows.

        :param list rows: of ``csv_import.Row``
        :return: list of (client, project, task, hours, first deliverable or None)
        """
        projects = {row.values.get("project") for row in rows if row.values.get("planned_hours")} - {None, ""}
        if not projects:
            return []
        return self.env.execute_query(
            SQL(
                """
                SELECT client, project, task, max(planned_hours),
                       (array_agg(deliverable ORDER BY line) FILTER (WHERE deliverable != ''))[1]
                  FROM timetrack_import_row
                 WHERE job_id = %s AND project = ANY(%s) AND task != ''
                 GROUP BY client, project, task
                HAVING max(planned_hours) > 0
                """,
                job.id,
                list(projects),
            )
        )

    @api.model
    def _get_differing_plans(self, job):
        """The tasks whose rows plan different hours.

        :return: list of (line of the last such row, name of the task, list of hours)
        """
        return self.env.execute_query(
            SQL(
                """
                SELECT max(line), task, array_agg(DISTINCT planned_hours) FROM timetrack_import_row
                 WHERE job_id = %s AND planned_hours > 0 AND task != ''
                 GROUP BY client, project, task
                HAVING count(DISTINCT planned_hours) > 1
                 ORDER BY 1
                """,
                job.id,
            )
        )

    @api.model
    def _get_hours_ahead(self, job):
        """Hours of the rows that a check has let in, by id of the project."""
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT project_id, sum(hours) FROM timetrack_import_row
                     WHERE job_id = %s AND state = 'valid' AND project_id IS NOT NULL GROUP BY project_id
                    """,
                    job.id,
                )
            )
        )

    @api.model
    def _get_totals(self, job):
        """(number of rows, hours) by state."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT state, count(*), COALESCE(sum(hours), 0) FROM timetrack_import_row
                 WHERE job_id = %s GROUP BY state
                """,
                job.id,
            )
        )
        return {state: (count, hours) for state, count, hours in rows}

    @api.model
    def _get_last_line(self, job):
        """The last line that was read, or 0."""
        [(line,)] = self.env.execute_query(
            SQL("SELECT COALESCE(max(line), 0) FROM timetrack_import_row WHERE job_id = %s", job.id)
        )
        return line

    @api.model
    def _get_rejected(self, job):
        """Yield the rejected rows with their problems in words, in the order of the file.

        :return: iterator of (``csv_import.Row``, list of (column, reason, advice))
        """
        last = 0
        while True:
            found = self.env.execute_query(
                SQL(
                    """
                    WITH part AS (
                        SELECT line, content FROM timetrack_import_row
                         WHERE job_id = %(job)s AND state = 'rejected' AND line > %(last)s
                         ORDER BY line LIMIT %(batch)s
                    )
                    SELECT part.line, part.content, problem."column", problem.reason, problem.advice
                      FROM part
                      JOIN timetrack_import_problem problem
                        ON problem.job_id = %(job)s AND problem.line = part.line AND problem.kind = 'rejected'
                     ORDER BY part.line, problem.id
                    """,
                    job=job.id,
                    last=last,
                    batch=BATCH,
                )
            )
            if not found:
                return
            for (_line, content), problems in groupby(found, key=lambda row: row[:2]):
                yield csv_import.unpack_row(content), [problem[2:] for problem in problems]
            last = found[-1][0]

    # ------------------------------------------------------------------
    # What became of them
    # ------------------------------------------------------------------

    @api.model
    def _settle(self, job, outcomes):
        """Note what became of rows.

        :param list outcomes: of (line, state, id of the project or None, id of the entry or None)
        """
        if not outcomes:
            return
        self.env.execute_query(
            SQL(
                """
                UPDATE timetrack_import_row row
                   SET state = outcome.state, project_id = outcome.project_id, entry_id = outcome.entry_id
                  FROM unnest(%s::int[], %s::text[], %s::int[], %s::int[])
                       AS outcome (line, state, project_id, entry_id)
                 WHERE row.job_id = %s AND row.line = outcome.line
                RETURNING row.id
                """,
                *(list(column) for column in zip(*outcomes, strict=True)),
                job.id,
            )
        )

    @api.model
    def _wait_again(self, job):
        """All rows wait for their turn again, but for those that are in."""
        self.env.cr.execute(
            SQL(
                """
                UPDATE timetrack_import_row SET state = 'read', project_id = NULL
                 WHERE job_id = %s AND state NOT IN ('read', 'imported')
                """,
                job.id,
            )
        )

    @api.model
    def _remove(self, job):
        """Forget the rows of a file."""
        self.env.cr.execute(SQL("DELETE FROM timetrack_import_row WHERE job_id = %s", job.id))
        self.invalidate_model()

    @api.model
    def _forget_content(self, job):
        """Once all is in, what the rows said is in the entries, and the file of rejected rows has the others."""
        self.env.cr.execute(SQL("UPDATE timetrack_import_row SET content = NULL WHERE job_id = %s", job.id))
        self.invalidate_model()
