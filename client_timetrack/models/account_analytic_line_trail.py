from odoo import api, fields, models
from odoo.tools import SQL

from ..engine.approval import APPROVED, DRAFT
from .account_analytic_line import INTERNAL


class AccountAnalyticLine(models.Model):
    """What the approval trail keeps of a time entry."""

    _inherit = "account.analytic.line"

    def _timetrack_record_events(self, action, states, reason=None, changes=None):
        """Add an event to the trail of each entry.

        :param str action: what happened
        :param dict states: the state of each entry (by id) before it
        :param str reason: why
        :param dict changes: per entry (by id), old and new value of each changed field
        """
        now = fields.Datetime.now()
        self.env["timetrack.approval.event"].sudo().with_context(timetrack_internal=INTERNAL).create(
            [
                {
                    "line_id": line.id if action != "delete" else False,
                    "entry_ref": line.id,
                    "action": action,
                    "state_from": states.get(line.id),
                    "state_to": line.timetrack_state if action != "delete" else False,
                    "user_id": self.env.uid,
                    "date": now,
                    "reason": reason or False,
                    "changes": (changes or {}).get(line.id) or False,
                    "company_id": line.company_id.id,
                }
                for line in self
            ]
        )

    @api.model
    def _timetrack_traced_fields(self):
        """Names of the fields whose changes the trail tells.

        Not the cost: it follows from hours and employee, and readers of the trail may not know it.
        """
        return self._fields.keys() - {"amount"} - self._timetrack_protected_fields() - self._timetrack_unlocked_fields()

    @api.model
    def _timetrack_identity_fields(self):
        """Names of the fields that say whose time it is and where: they decide who may approve it."""
        return {"employee_id", "user_id", "project_id", "company_id"}

    def _timetrack_snapshot(self, names):
        """What the entries say in the given fields, as text: a mapping of id to name to value."""
        return {line.id: {name: line._timetrack_text(name) for name in names} for line in self.sudo()}

    def _timetrack_text(self, name):
        value = self[name]
        field = self._fields[name]
        if field.relational:
            return ", ".join(value.mapped("display_name"))
        if field.type in ("date", "datetime"):
            return field.to_string(value) if value else ""
        return value if isinstance(value, (bool, int, float, str)) else str(value or "")

    def _timetrack_record_changes(self, before, names):
        """Keep in the trail what a write changed on submitted and approved entries.

        An entry that has become somebody else's or another project's is handed in anew, and so is an approved one
        that a company without approval let change: nobody approved what it says now.
        """
        if not self or not names:
            return
        after = self._timetrack_snapshot(names)
        changes = {
            line.id: {
                name: [before[line.id][name], after[line.id][name]]
                for name in names
                if before[line.id][name] != after[line.id][name]
            }
            for line in self
        }
        changed = self.filtered(lambda line: changes[line.id])
        states = {line.id: line.timetrack_state for line in changed}
        back = changed.filtered(
            lambda line: states[line.id] == APPROVED
            or not self._timetrack_identity_fields().isdisjoint(changes[line.id])
        )
        approved = back.filtered(lambda line: states[line.id] == APPROVED)
        back.sudo()._timetrack_internal().write({"timetrack_state": DRAFT})
        changed._timetrack_record_events("change", states, changes=changes)
        approved.sudo()._timetrack_after_transition("reopen")

    def _timetrack_record_deletion(self):
        """Keep in the trail that an entry with a history was deleted, and what it said."""
        entries = self.filtered(
            lambda line: line.timetrack_state and (line.timetrack_state != DRAFT or line.sudo().timetrack_event_ids)
        )
        names = ["date", "employee_id", "project_id", "task_id", "name", "unit_amount"]
        snapshot = entries._timetrack_snapshot(names)
        changes = {key: {name: [value, ""] for name, value in values.items()} for key, values in snapshot.items()}
        entries._timetrack_record_events(
            "delete", {line.id: line.timetrack_state for line in entries}, changes=changes
        )

    # ------------------------------------------------------------------
    # Years of time from before
    # ------------------------------------------------------------------

    @api.model
    def _timetrack_migrate_approve(self, where):
        """Approve time from before the installation, in one statement however many entries they are.

        Events of their own (``migrate``) tell them from time that somebody approved.

        :param SQL where: condition on the columns of ``account_analytic_line``
        :return: ids of the approved entries
        """
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                WITH earlier AS (
                    SELECT id, timetrack_state AS state_from
                      FROM account_analytic_line
                     WHERE timetrack_state IN ('draft', 'submitted', 'rejected') AND (%(where)s)
                ), approved AS (
                    UPDATE account_analytic_line line
                       SET timetrack_state = 'approved',
                           timetrack_state_date = now() AT TIME ZONE 'UTC',
                           timetrack_state_user_id = %(uid)s
                      FROM earlier
                     WHERE earlier.id = line.id
                 RETURNING line.id, line.company_id, earlier.state_from
                ), recorded AS (
                    INSERT INTO timetrack_approval_event
                           (line_id, entry_ref, action, state_from, state_to, user_id, date, company_id,
                            create_uid, create_date, write_uid, write_date)
                    SELECT id, id, 'migrate', state_from, 'approved', %(uid)s, now() AT TIME ZONE 'UTC', company_id,
                           %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
                      FROM approved
                )
                SELECT id FROM approved
                """,
                uid=self.env.uid,
                where=where,
            )
        )
        self.env.invalidate_all(flush=False)
        return [row[0] for row in rows]
