from odoo import models
from odoo.tools import SQL


class TimetrackLockMixin(models.AbstractModel):
    """Records whose figures come from others: who works them out from the same ones waits, and looks again."""

    _name = "timetrack.lock.mixin"
    _description = "Worked on by One at a Time"

    def _lock(self):
        """Have whoever is second start again.

        A lock alone would not do: who waited for it sees the books as they were before it waited. What was updated
        meanwhile makes the database refuse, and Odoo tries again.
        """
        self.flush_recordset()
        table = SQL.identifier(self._table)
        self.env.cr.execute(
            SQL(
                "UPDATE %s SET write_date = write_date WHERE id IN (SELECT id FROM %s WHERE id = ANY(%s) ORDER BY id"
                " FOR UPDATE)",
                table,
                table,
                self.ids,
            )
        )
        self.invalidate_recordset(flush=False)
