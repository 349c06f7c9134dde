from odoo import models
from odoo.tools import SQL


class ProjectTask(models.Model):
    _inherit = "project.task"

    def _timetrack_get_paths(self):
        """The tasks that each task is part of, itself first: dict of id to tuple of ids. One query."""
        if not self:
            return {}
        self.env["project.task"].flush_model(["parent_id"])
        rows = self.env.execute_query(
            SQL(
                """
                WITH RECURSIVE path AS (
                    SELECT id AS task_id, id AS part_of, parent_id, 0 AS level
                      FROM project_task
                     WHERE id = ANY(%s)
                     UNION ALL
                    SELECT path.task_id, task.id, task.parent_id, path.level + 1
                      FROM path
                      JOIN project_task task ON task.id = path.parent_id
                )
                SELECT task_id, array_agg(part_of ORDER BY level) FROM path GROUP BY task_id
                """,
                self.ids,
            )
        )
        return {task_id: tuple(path) for task_id, path in rows}
