from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL

from .timetrack_import_alias import RECORD_FIELDS

# New tasks and deliverables are many, and rarely other names of old ones.
NOT_LISTED = ("task", "deliverable")


class TimetrackImportName(models.Model):
    """A name of a file that needs a word: what it means, or that it will be created."""

    _name = "timetrack.import.name"
    _description = "Name in an Imported File"
    _order = "is_new, target, hours desc, id"

    job_id = fields.Many2one("timetrack.import.job", required=True, ondelete="cascade")
    company_id = fields.Many2one(related="job_id.company_id")
    target = fields.Selection(
        [
            ("client", "Client"),
            ("employee", "Employee"),
            ("activity_parent", "Group of the Service Type"),
            ("activity", "Service Type"),
            ("project", "Project"),
            ("task", "Task"),
            ("deliverable", "Deliverable"),
        ],
        string="Kind",
        required=True,
        readonly=True,
    )
    key = fields.Char(required=True, help="Tells names apart that are written alike: of two clients, say.")
    name = fields.Char("Name in the File", required=True, readonly=True)
    row_count = fields.Integer("Rows", readonly=True)
    hours = fields.Float(readonly=True)
    is_new = fields.Boolean("Will Be Created", readonly=True)
    record_id = fields.Integer(readonly=True, help="What was created for it.")
    is_listed = fields.Boolean(readonly=True, help="Somebody can say what it means.")
    reason = fields.Char(readonly=True)
    client_id = fields.Many2one("res.partner")
    employee_id = fields.Many2one("hr.employee")
    project_id = fields.Many2one("project.project")
    task_id = fields.Many2one("project.task")
    activity_id = fields.Many2one("timetrack.activity", string="Service Type")
    deliverable_id = fields.Many2one("timetrack.deliverable")

    _key_unique = models.UniqueIndex("(job_id, target, key)")

    def _get_meanings(self):
        """What was said: dict of (target, name) to record, for those that something was said of."""
        found = {(name.target, name.name): name[RECORD_FIELDS[name.target]] for name in self.filtered("is_listed")}
        return {key: record for key, record in found.items() if record}

    @api.model
    def _count(self, job, names):
        """Add names of a batch of rows to those that are known of the file.

        :param list names: of (target, key, name, number of rows, hours, whether it will be created, reason, id of what
            was created or None)
        """
        if not names:
            return
        self.env.execute_query(
            SQL(
                """
                INSERT INTO timetrack_import_name AS known (
                    job_id, target, key, name, row_count, hours, is_new, reason, record_id
                )
                SELECT %s, * FROM unnest(
                    %s::text[], %s::text[], %s::text[], %s::int[], %s::float[], %s::bool[], %s::text[], %s::int[]
                )
                    ON CONFLICT (job_id, target, key) DO UPDATE
                   SET row_count = known.row_count + EXCLUDED.row_count, hours = known.hours + EXCLUDED.hours
                RETURNING id
                """,
                job.id,
                *(list(column) for column in zip(*names, strict=True)),
            )
        )

    @api.model
    def _get_made(self, job, texts):
        """What was created for names of the file: dict of target to dict of key, as text, to id.

        :param texts: names to look for
        """
        made = defaultdict(dict)
        for target, key, record_id in self.env.execute_query(
            SQL(
                """
                SELECT target, key, record_id FROM timetrack_import_name
                 WHERE job_id = %s AND record_id IS NOT NULL AND name = ANY(%s)
                """,
                job.id,
                list(texts),
            )
        ):
            made[target][key] = record_id
        return made

    @api.model
    def _get_created(self, job):
        """Number of records that were created for names of the file, or would be, by target."""
        return dict(self._read_group([("job_id", "=", job.id), ("is_new", "=", True)], ["target"], ["__count"]))

    @api.model
    def _list(self, job):
        """Choose the names that somebody can say a word of: each once, however many records it could stand for."""
        self.env.cr.execute(
            SQL(
                """
                UPDATE timetrack_import_name
                   SET is_listed = TRUE, row_count = same.row_count, hours = same.hours
                  FROM (
                        SELECT min(id) AS id, sum(row_count) AS row_count, sum(hours) AS hours
                          FROM timetrack_import_name
                         WHERE job_id = %s AND target = ANY(%s) AND NOT (is_new AND target = ANY(%s))
                         GROUP BY target, name
                       ) same
                 WHERE timetrack_import_name.id = same.id
                """,
                job.id,
                list(RECORD_FIELDS),
                list(NOT_LISTED),
            )
        )
        self.invalidate_model()
