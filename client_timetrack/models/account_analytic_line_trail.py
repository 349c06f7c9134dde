import json
from contextlib import contextmanager

from odoo import api, fields, models
from odoo.tools import SQL

from ..engine.approval import APPROVED, DRAFT, SUBMITTED


class AccountAnalyticLine(models.Model):
    """What the approval trail keeps of a time entry."""

    _inherit = "account.analytic.line"

    def _timetrack_record_events(self, action, states, reason=None, changes=None, steps=None, principals=None):
        """Add an event to the trail of each entry, in one statement however many they are.

        :param str action: what happened
        :param dict states: the state of each entry (by id) before it
        :param str reason: why
        :param dict changes: per entry (by id), old and new value of each changed field
        :param dict steps: per entry (by id), the name of the approval step that was taken
        :param dict principals: per entry (by id), the user in whose place it was done
        """
        if not self:
            return
        steps, principals, changes = steps or {}, principals or {}, changes or {}
        self.flush_recordset(["timetrack_state", "company_id"])
        gone = action == "delete"
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO timetrack_approval_event
                       (line_id, entry_ref, action, state_from, state_to, company_id, step_name, on_behalf_of_id,
                        changes, user_id, date, reason, create_uid, create_date, write_uid, write_date)
                SELECT %(line)s, line.id, %(action)s, happened.state_from, %(state_to)s, line.company_id,
                       happened.step, happened.principal, happened.changes::jsonb,
                       %(uid)s, %(now)s, %(reason)s, %(uid)s, %(now)s, %(uid)s, %(now)s
                  FROM unnest(
                           %(entries)s::int[], %(states)s::varchar[], %(steps)s::varchar[], %(principals)s::int[],
                           %(changes)s::text[]
                       ) WITH ORDINALITY AS happened (entry, state_from, step, principal, changes, position)
                  JOIN account_analytic_line line ON line.id = happened.entry
              ORDER BY happened.position
                """,
                line=SQL("NULL::int") if gone else SQL("line.id"),
                action=action,
                state_to=SQL("NULL") if gone else SQL("line.timetrack_state"),
                uid=self.env.uid,
                now=fields.Datetime.now(),
                reason=reason or None,
                entries=self.ids,
                states=[states.get(key) or None for key in self.ids],
                steps=[steps.get(key) for key in self.ids],
                principals=[principals.get(key) for key in self.ids],
                changes=[json.dumps(changes[key]) if changes.get(key) else None for key in self.ids],
            )
        )
        self.invalidate_recordset(["timetrack_event_ids"], flush=False)

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

    def _timetrack_references(self, names):
        """Which records the entries refer to: two of them may have the same name. A mapping of id to name to ids."""
        relational = [name for name in names if self._fields[name].relational]
        return {line.id: {name: line[name].ids for name in relational} for line in self.sudo()}

    def _timetrack_text(self, name):
        value = self[name]
        field = self._fields[name]
        if field.relational:
            return ", ".join(value.mapped("display_name"))
        if field.type in ("date", "datetime"):
            return field.to_string(value) if value else ""
        return value if isinstance(value, (bool, int, float, str)) else str(value or "")

    @contextmanager
    def _timetrack_tracing(self, names):
        """Keep in the trail what happens meanwhile to the given fields of the entries that were handed in.

        Whose time it is and where may follow from another field, such as the project from the task.
        """
        names = self._timetrack_field_sets().traced.intersection(names)
        traced = self.browse()
        if names and not self._timetrack_is_internal():
            traced = self.filtered(lambda line: line.timetrack_state in (SUBMITTED, APPROVED))
        names = sorted(names | self._timetrack_identity_fields()) if traced else []
        before, referred = traced._timetrack_snapshot(names), traced._timetrack_references(names)
        yield
        traced._timetrack_record_changes(before, referred, names)

    def _timetrack_record_changes(self, before, referred, names):
        """Keep in the trail what changed on submitted and approved entries.

        An entry that has become somebody else's or another project's is handed in anew, and so is an approved one
        that a company without approval let change: nobody approved what it says now. One that has passed a step
        already starts again at the first.

        :param dict before: the snapshot from before
        :param dict referred: the references from before
        :param names: names of the fields to compare
        """
        if not self or not names:
            return
        after, refers = self._timetrack_snapshot(names), self._timetrack_references(names)
        changes = {
            line.id: {
                name: [before[line.id][name], after[line.id][name]]
                for name in names
                if before[line.id][name] != after[line.id][name]
                or referred[line.id].get(name) != refers[line.id].get(name)
            }
            for line in self
        }
        changed = self.filtered(lambda line: changes[line.id])
        if not changed:
            return
        states = {line.id: line.timetrack_state for line in changed}
        back = changed.filtered(
            lambda line: (
                states[line.id] == APPROVED or not self._timetrack_identity_fields().isdisjoint(changes[line.id])
            )
        )
        approved = back.filtered(lambda line: states[line.id] == APPROVED)
        if back:
            back._timetrack_settle(DRAFT)
        (changed - back)._timetrack_restart()
        changed._timetrack_record_events("change", states, changes=changes)
        if approved:
            approved.sudo()._timetrack_after_transition("reopen")

    def _timetrack_record_deletion(self):
        """Keep in the trail that an entry with a history was deleted, and what it said."""
        entries = self.filtered(
            lambda line: line.timetrack_state and (line.timetrack_state != DRAFT or line.sudo().timetrack_event_ids)
        )
        names = ["date", "employee_id", "project_id", "task_id", "name", "unit_amount"]
        snapshot = entries._timetrack_snapshot(names)
        changes = {key: {name: [value, ""] for name, value in values.items()} for key, values in snapshot.items()}
        if not entries:
            return
        entries._timetrack_record_events("delete", {line.id: line.timetrack_state for line in entries}, changes=changes)

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
