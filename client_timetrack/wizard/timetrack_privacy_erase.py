import json

from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine.approval import APPROVED
from ..engine.privacy import REMOVED, Eraser
from .timetrack_privacy_wizard import BATCH

TEXTS = ("char", "text", "html", "json")
# Fields of a changed entry that hold what its author has written.
WRITTEN = ("name",)
# What Odoo itself keeps of a person; work, contract dates and department stay, for figures need them.
EMPLOYEE_FIELDS = (
    "image_1920", "mobile_phone", "work_phone", "work_email", "legal_name", "private_phone", "private_email",
    "place_of_birth", "country_of_birth", "birthday", "permit_no", "visa_no", "visa_expire",
    "work_permit_expiration_date", "has_work_permit", "certificate", "study_field", "study_school",
    "emergency_contact", "emergency_phone", "barcode", "pin", "id_card", "driving_license", "private_car_plate",
)  # fmt: skip
VERSION_FIELDS = (
    "country_id", "identification_id", "ssnid", "passport_id", "passport_expiration_date", "sex", "private_street",
    "private_street2", "private_city", "private_state_id", "private_zip", "private_country_id", "children",
    "distance_home_work", "spouse_complete_name", "spouse_birthdate", "departure_description", "additional_note",
)  # fmt: skip
PARTNER_FIELDS = (
    "email", "phone", "street", "street2", "zip", "city", "state_id", "country_id", "website", "comment", "function",
    "image_1920", "vat", "ref", "bank_ids",
)  # fmt: skip


class TimetrackPrivacyWizard(models.TransientModel):
    """Anonymise a person, in as many statements as there are columns of text."""

    _inherit = "timetrack.privacy.wizard"

    def action_anonymize(self):
        """Take the person out of all that the addons keep, and out of employee, user and contact.

        :raise AccessError: the user has not the right
        :raise UserError: the person still works here, or time still waits
        """
        self._check_right()
        if not self.is_confirmed:
            raise UserError(self.env._("Say that you know that this cannot be undone."))
        if not (self.reason or "").strip():
            raise UserError(self.env._("Say why: the log keeps it."))
        self._check_gone()
        pseudonym, eraser = self.pseudonym, Eraser(self._get_names(), self.pseudonym)
        self.env.flush_all()
        counts = {
            self.env._("Events of the approval trail"): self._erase_trail(eraser),
            self.env._("Descriptions of time"): self._erase_descriptions(),
            self.env._("Other texts"): self._erase_texts(eraser)
            + self._erase_mail(eraser)
            + self._erase_column(eraser, "account_analytic_line", "timetrack_reason"),
        }
        self.env.invalidate_all(flush=False)
        self._delete_private()
        self._rename(pseudonym)
        self._log("anonymize", counts)
        return {"type": "ir.actions.act_window_close"}

    def _check_gone(self):
        users = self._get_users()
        if self.env.user in users:
            raise UserError(self.env._("Nobody anonymises themselves."))
        if users & self._get_system_users():
            raise UserError(self.env._("%s belongs to Odoo and is no person.", users[:1].display_name))
        if users.filtered("active") or self.employee_id.active:
            raise UserError(self.env._("Archive the employee and the user first: who still works here has a name."))
        Line = self.env["account.analytic.line"].sudo()
        waiting = Domain("employee_id", "in", self.employee_id.ids) & Domain("timetrack_state", "!=", APPROVED)
        [(count, day)] = Line._read_group(Line._timetrack_entry_domain() & waiting, [], ["__count", "date:min"])
        if count:
            raise UserError(
                self.env._(
                    "%(count)s entries are not approved yet, the first of them on %(day)s: decide on them first.",
                    count=count,
                    day=day,
                )
            )

    def _get_system_users(self):
        """Archived users that are nobody: Odoo works as them."""
        names = ("base.user_root", "base.public_user", "base.template_portal_user_id", "base.default_user")
        Users = self.env["res.users"].sudo()
        return Users.union(*(self.env.ref(name, raise_if_not_found=False) or Users for name in names))

    def _get_names(self):
        """What the person is called, by whatever Odoo knows."""
        users, partners, employee = self._get_users(), self._get_partners(), self.employee_id.sudo()
        return [
            *users.mapped("name"), *users.mapped("login"), *partners.mapped("name"), *partners.mapped("email"),
            *employee.mapped("name"), *employee.mapped("legal_name"), *employee.mapped("work_email"),
            *employee.mapped("private_email"),
        ]  # fmt: skip

    def _erase_trail(self, eraser):
        """Replace what the trail tells of the person and what they wrote; return the number of events."""
        users = self._get_users().ids
        rows = self.env.execute_query(
            SQL(
                """
                SELECT event.id, event.reason, event.changes,
                       event.user_id = ANY(%(users)s) OR line.employee_id = %(employee)s AS is_own
                  FROM timetrack_approval_event event
             LEFT JOIN account_analytic_line line ON line.id = event.line_id
                 WHERE event.user_id = ANY(%(users)s) OR event.on_behalf_of_id = ANY(%(users)s)
                    OR line.employee_id = %(employee)s
                    OR event.changes::text ILIKE ANY(%(names)s) OR event.reason ILIKE ANY(%(names)s)
              ORDER BY event.id
                   FOR UPDATE OF event
                """,
                users=users,
                employee=self.employee_id.id or 0,
                names=self._get_patterns(eraser),
            )
        )
        changed = []
        for key, reason, changes, is_own in rows:
            # a deleted entry is known by what the trail keeps of it
            own = is_own or any(eraser.text(value) != value for value in (changes or {}).get("employee_id", ()))
            changed.append(
                (
                    key,
                    REMOVED if own and reason else eraser.text(reason),
                    json.dumps(eraser.changes(changes, WRITTEN if own else ())) if changes else None,
                )
            )
        for start in range(0, len(changed), BATCH):
            keys, reasons, texts = map(list, zip(*changed[start : start + BATCH], strict=True))
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE timetrack_approval_event event
                       SET reason = erased.reason, changes = erased.changes::jsonb
                      FROM unnest(%s::int[], %s::text[], %s::text[]) AS erased (id, reason, changes)
                     WHERE event.id = erased.id
                    """,
                    keys,
                    reasons,
                    texts,
                )
            )
        return len(changed)

    def _erase_descriptions(self):
        """Replace the descriptions of the person's time, if that is wanted; return the number of entries.

        Entries are locked by now: hours, codes and amounts stay, so that nothing that was billed changes. Why they were
        sent back goes either way.
        """
        self.env.cr.execute(
            SQL(
                "UPDATE account_analytic_line SET timetrack_reason = %s"
                " WHERE employee_id = %s AND timetrack_reason IS NOT NULL",
                REMOVED,
                self.employee_id.id or 0,
            )
        )
        if not self.with_descriptions or not self.employee_id:
            return 0
        self.env.cr.execute(
            SQL(
                "UPDATE account_analytic_line SET name = %s WHERE employee_id = %s AND project_id IS NOT NULL",
                REMOVED,
                self.employee_id.id,
            )
        )
        return self.env.cr.rowcount

    def _get_patterns(self, eraser):
        """The names for PostgreSQL's ILIKE, as texts are and as JSON writes them."""
        names = {name.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for name in eraser.names}
        quoted = {json.dumps(name, ensure_ascii=False)[1:-1] for name in eraser.names}
        return [f"%{name}%" for name in sorted(names | quoted)]

    def _erase_texts(self, eraser):
        """Replace names in all texts that the addons keep, but the trail; return the number of texts."""
        count = 0
        for name in sorted(self.env.registry):
            Model = self.env[name]
            if not name.startswith("timetrack.") or not Model._auto or Model._abstract or Model._transient:
                continue
            if name in ("timetrack.approval.event", "timetrack.privacy.log"):
                continue
            for field in Model._fields.values():
                if field.store and field.column_type and field.type in TEXTS:
                    count += self._erase_column(eraser, Model._table, field.name)
        return count

    def _erase_mail(self, eraser):
        """Replace names in messages on records of the addons and of the person; return the number of texts."""
        of_addons = SQL("(model LIKE 'timetrack.%%')")
        own = [
            *(("hr.employee", key) for key in self.employee_id.ids),
            *(("hr.version", key) for key in self.employee_id.sudo().version_ids.ids),
            *(("res.users", key) for key in self._get_users().ids),
            *(("res.partner", key) for key in self._get_partners().ids),
        ]
        messages = SQL(
            "(%s OR author_id = ANY(%s) OR (model, res_id) IN %s)",
            of_addons,
            self._get_partners().ids,
            tuple(own),
        )
        tracked = SQL("mail_message_id IN (SELECT id FROM mail_message WHERE %s)", messages)
        activities = SQL("res_model LIKE 'timetrack.%%'")
        columns = [
            *(("mail_message", name, messages) for name in ("subject", "body", "email_from", "reply_to")),
            *(
                ("mail_tracking_value", name, tracked)
                for name in ("old_value_char", "new_value_char", "old_value_text", "new_value_text")
            ),
            *(("mail_activity", name, activities) for name in ("res_name", "summary", "note")),
        ]
        return sum(self._erase_column(eraser, *column) for column in columns)

    def _erase_column(self, eraser, table, column, where=None):
        """Replace names in a column; return the number of rows."""
        name = SQL.identifier(column)
        rows = self.env.execute_query(
            SQL(
                "SELECT id, to_jsonb(%s) FROM %s WHERE %s::text ILIKE ANY(%s) AND %s FOR UPDATE",
                name,
                SQL.identifier(table),
                name,
                self._get_patterns(eraser),
                where or SQL("TRUE"),
            )
        )
        changed = [(key, json.dumps(new)) for key, value in rows if (new := eraser.tree(value)) != value]
        if changed:
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE %(table)s kept
                       SET %(column)s = (jsonb_populate_record(
                               NULL::%(table)s, jsonb_build_object(%(name)s, erased.value::jsonb))
                           ).%(column)s
                      FROM unnest(%(keys)s::int[], %(values)s::text[]) AS erased (id, value)
                     WHERE kept.id = erased.id
                    """,
                    table=SQL.identifier(table),
                    column=name,
                    name=column,
                    keys=[key for key, _value in changed],
                    values=[value for _key, value in changed],
                )
            )
        return len(changed)

    def _delete_private(self):
        """Delete what is of nobody's use without the person: favourites, timers, aliases, messages of their
        timesheets, and files that were imported with their time."""
        employees = self.employee_id.ids
        for model in ("timetrack.favorite", "timetrack.timer", "timetrack.import.alias", "timetrack.import.name"):
            self.env[model].sudo().search([("employee_id", "in", employees)]).unlink()
        periods = self.env["timetrack.period"].sudo().search([("employee_id", "in", employees)])
        periods.message_ids.unlink()
        rows = self.env["timetrack.import.row"].sudo()
        jobs = rows._read_group([("entry_id.employee_id", "in", employees)], [], ["job_id:recordset"])[0][0]
        jobs.write({"file": False, "rejected_file": False})

    def _rename(self, pseudonym):
        """Employee, user and contact become a shell that entries and trail can go on pointing to."""
        quietly = {"tracking_disable": True, "mail_notrack": True, "no_reset_password": True}
        employee = self.employee_id.sudo().with_context(**quietly)
        users = self._get_users().with_context(**quietly)
        partners = self._get_partners().with_context(**quietly)

        def emptied(records, names):
            return {name: False for name in names if name in records._fields}

        partners.write({**emptied(partners, PARTNER_FIELDS), "name": pseudonym})
        for user in users:
            user.write({"login": f"former-user-{user.id}", "signature": False})
        users.api_key_ids.unlink()
        if employee:
            employee.version_ids.write(emptied(employee.version_ids, VERSION_FIELDS))
            employee.write({**emptied(employee, EMPLOYEE_FIELDS), "name": pseudonym})
