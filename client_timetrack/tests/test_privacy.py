import base64
import csv
import io
import zipfile

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import TimetrackCommon


@tagged("post_install", "-at_install")
class TestPrivacy(TimetrackCommon):
    """Who asks gets what is kept of them; who has left can be forgotten, and nothing else changes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.officer = new_test_user(
            cls.env, login="tt_privacy", groups="client_timetrack.group_personal_data,base.group_user"
        )
        cls.first = cls._entry(name="Call with the client", unit_amount=2)
        cls.first.action_timetrack_submit()
        cls.first.with_user(cls.lead).action_timetrack_reject("Carl Consultant, which client?")
        cls.first.with_user(cls.consultant).name = "Call with Works"
        cls.first.action_timetrack_submit()
        cls.first.with_user(cls.consultant).unit_amount = 3
        cls.first.with_user(cls.consultant).name = "Call about the merger"
        cls.first.with_user(cls.lead).action_timetrack_approve()
        deleted = cls._entry(name="By mistake", unit_amount=4)
        cls.deleted_id = deleted.id
        deleted.action_timetrack_submit()
        deleted.with_user(cls.consultant).unlink()
        cls.others = cls._entry(employee_id=cls.employee_colleague.id, name="Own work", unit_amount=1)
        cls.others.action_timetrack_submit()
        cls.others.with_user(cls.lead).action_timetrack_reject("This was Carl Consultant's work.")
        cls.env["timetrack.lock.exception"].create(
            {"lock_date": "2026-01-31", "user_id": cls.lead.id, "reason": "For carl consultant."}
        )

    def _wizard(self, **values):
        return (
            self.env["timetrack.privacy.wizard"]
            .with_user(self.officer)
            .create({"employee_id": self.employee.id, "reason": "Request", "is_confirmed": True, **values})
        )

    def _get_entries(self):
        return self.env["account.analytic.line"].search(
            [("employee_id", "=", self.employee.id), ("project_id", "!=", False)]
        )

    def _leave(self):
        self.consultant.active = False
        self.employee.active = False

    def _read(self, wizard):
        """The files of the archive: dict of name to rows."""
        with zipfile.ZipFile(io.BytesIO(base64.b64decode(wizard.file))) as archive:
            return {
                name: list(csv.reader(io.StringIO(archive.read(name).decode("utf-8-sig"))))
                for name in archive.namelist()
            }

    def test_export_has_everything_once(self):
        wizard = self._wizard()
        wizard.action_export()
        files = self._read(wizard)
        [head, *rows] = files["account.analytic.line.csv"]
        self.assertEqual(head[:3], ["Date", "Project", "Task"])
        self.assertEqual(
            [(row[5], float(row[6])) for row in rows],
            [(line.name, line.unit_amount) for line in self._get_entries()],
        )
        self.assertIn("Call about the merger", [row[5] for row in rows])
        events = files["timetrack.approval.event.csv"][1:]
        of_first = [row for row in events if row[2] == str(self.first.id)]
        self.assertEqual(len(of_first), len(self.first.timetrack_event_ids))
        # what they deleted was theirs too
        self.assertIn("Deleted", [row[1] for row in events if row[2] == str(self.deleted_id)])
        self.assertNotIn("Own work", str(files))

    def test_export_is_no_program(self):
        self._entry(name='=HYPERLINK("http://evil")')
        wizard = self._wizard()
        wizard.action_export()
        cells = [cell for rows in self._read(wizard).values() for row in rows for cell in row]
        self.assertFalse([cell for cell in cells if cell.startswith(("=", "+", "@"))])
        self.assertIn('\'=HYPERLINK("http://evil")', cells)

    def test_export_is_logged_without_a_name(self):
        self._wizard().action_export()
        log = self.env["timetrack.privacy.log"].search([], limit=1)
        self.assertEqual((log.action, log.user_id, log.reason), ("export", self.officer, "Request"))
        self.assertEqual(log.person, f"Former Employee {self.employee.id}")
        self.assertTrue(log.counts)

    def test_the_trail_tells_what_and_when_but_not_who(self):
        before = self.env["timetrack.approval.event"].search_read([], ["date", "action", "state_from", "state_to"])
        hours = self.first.unit_amount
        self._leave()
        self._wizard().action_anonymize()
        after = self.env["timetrack.approval.event"].search_read([], ["date", "action", "state_from", "state_to"])
        self.assertEqual(after, before)
        pseudonym = f"Former Employee {self.employee.id}"
        self.assertEqual(self.first.employee_id.name, pseudonym)
        self.assertEqual((self.first.unit_amount, self.first.timetrack_state), (hours, "approved"))
        own = self.first.timetrack_event_ids
        self.assertIn(pseudonym, own.user_id.mapped("name"))
        self.assertNotIn("Carl", " ".join(own.user_id.mapped("name")))
        reject = own.filtered(lambda event: event.action == "reject")
        self.assertEqual(reject.reason, "[…]")
        change = own.filtered(lambda event: "name" in (event.changes or {}))[:1]
        self.assertEqual(set(change.changes["name"]), {"[…]"})
        [hours] = own.filtered(lambda event: "unit_amount" in (event.changes or {})).mapped("changes")
        self.assertEqual(hours["unit_amount"], [2, 3])
        gone = self.env["timetrack.approval.event"].search(
            [("entry_ref", "=", self.deleted_id), ("action", "=", "delete")]
        )
        self.assertEqual(gone.changes["employee_id"], [pseudonym, ""])
        self.assertEqual(gone.changes["name"], ["[…]", ""])
        # somebody else's trail loses the name, and nothing more
        reject = self.others.timetrack_event_ids.filtered(lambda event: event.action == "reject")
        self.assertEqual(reject.reason, f"This was {pseudonym}'s work.")
        self.assertEqual(self.env["timetrack.lock.exception"].search([]).reason, f"For {pseudonym}.")

    def test_descriptions_are_a_choice(self):
        self._leave()
        self._wizard().action_anonymize()
        self.assertEqual(self.first.name, "Call about the merger")
        self._wizard(with_descriptions=True).action_anonymize()
        self.assertEqual(self.first.name, "[…]")
        self.assertEqual(self.others.name, "Own work")

    def test_employee_user_and_contact_become_a_shell(self):
        self.employee.write({"private_phone": "555", "birthday": "1980-01-01", "work_email": "carl@firm.example"})
        self.employee.version_id.write({"private_street": "Elm 1", "ssnid": "123"})
        self.consultant.partner_id.email = "carl@firm.example"
        partner = self.consultant.partner_id
        self._leave()
        self._wizard().action_anonymize()
        pseudonym = f"Former Employee {self.employee.id}"
        self.assertEqual({self.employee.name, self.consultant.name, partner.name}, {pseudonym})
        self.assertEqual(self.consultant.login, f"former-user-{self.consultant.id}")
        for record, names in (
            (self.employee, ["private_phone", "birthday", "work_email"]),
            (self.employee.version_id, ["private_street", "ssnid"]),
            (partner, ["email"]),
        ):
            for name in names:
                self.assertFalse(record[name], name)
        self.assertEqual(self.employee.parent_id, self.employee_lead)

    def test_messages_of_timesheets_go(self):
        period = self.env["timetrack.period"]._ensure(self.employee, self.first.date)
        period.message_post(body="Dear Carl", message_type="comment", subtype_xmlid="mail.mt_comment")
        self._leave()
        self._wizard().action_anonymize()
        self.assertFalse(self.env["mail.message"].search([("model", "=", period._name), ("res_id", "=", period.id)]))

    def test_a_contact_of_a_client(self):
        portal = new_test_user(self.env, login="tt_clara", groups="base.group_portal")
        portal.partner_id.write({"name": "Clara Contact", "parent_id": self.client_company.id})
        self.env.flush_all()  # a client's decision has their user in the trail
        self.env.cr.execute(
            "UPDATE timetrack_approval_event SET user_id = %s, reason = 'Too long' WHERE id = %s",
            [portal.id, self.first.timetrack_event_ids[0].id],
        )
        self.env.invalidate_all()
        portal.active = False
        self._wizard(employee_id=False, partner_id=portal.partner_id.id).action_anonymize()
        event = self.first.timetrack_event_ids[0]
        self.assertEqual(event.user_id.name, f"Former Contact {portal.partner_id.id}")
        self.assertEqual(event.reason, "[…]")
        self.assertEqual(self.first.employee_id.name, "Carl Consultant")

    def test_who_still_works_here_has_a_name(self):
        with self.assertRaisesRegex(UserError, "Archive the employee"):
            self._wizard().action_anonymize()
        self.employee.active = False
        with self.assertRaisesRegex(UserError, "Archive the employee"):
            self._wizard().action_anonymize()

    def test_who_is_nobody_stays(self):
        """Odoo works as users that are archived, too."""
        for name in ("base.user_root", "base.public_user"):
            partner = self.env.ref(name).partner_id
            with self.assertRaisesRegex(UserError, "is no person"):
                self._wizard(employee_id=False, partner_id=partner.id).action_anonymize()

    def test_time_that_waits_is_decided_first(self):
        self._entry(date="2026-03-02")
        self._leave()
        with self.assertRaisesRegex(UserError, "1 entries are not approved yet, the first of them on 2026-03-02"):
            self._wizard().action_anonymize()

    def test_it_takes_a_reason_and_a_word(self):
        self._leave()
        with self.assertRaisesRegex(UserError, "Say why"):
            self._wizard(reason=" ").action_anonymize()
        with self.assertRaisesRegex(UserError, "cannot be undone"):
            self._wizard(is_confirmed=False).action_anonymize()
        with self.assertRaisesRegex(UserError, "Choose an employee or a contact"):
            self._wizard(employee_id=False).action_anonymize()
        with self.assertRaisesRegex(UserError, "is a company"):
            self._wizard(employee_id=False, partner_id=self.client_company.id).action_anonymize()

    @mute_logger("odoo.addons.base.models.ir_access", "odoo.models")
    def test_it_takes_the_right(self):
        self._leave()
        for user in (self.administrator, self.lead, self.consultant):
            with self.assertRaises(AccessError):
                self.env["timetrack.privacy.wizard"].with_user(user).create({"employee_id": self.employee.id})
            with self.assertRaises(AccessError):
                self._wizard().with_user(user).action_anonymize()
            with self.assertRaises(AccessError):
                self.env["timetrack.privacy.log"].with_user(user).search([])
        self.officer.group_ids = [Command.unlink(self.env.ref("client_timetrack.group_personal_data").id)]
        with self.assertRaises(AccessError):
            self._wizard().sudo(False).action_export()

    @mute_logger("odoo.addons.base.models.ir_access", "odoo.models")
    def test_nobody_touches_the_log(self):
        self._wizard().action_export()
        log = self.env["timetrack.privacy.log"].search([], limit=1)
        for record in (log, log.with_user(self.officer), log.sudo()):
            with self.assertRaises(AccessError):
                record.with_context(timetrack_internal=True).write({"reason": "x"})
            with self.assertRaises(AccessError):
                record.with_context(timetrack_internal=True).unlink()
            with self.assertRaises(AccessError):
                record.with_context(timetrack_internal=True).create(
                    {"action": "export", "person": "x", "date": fields.Datetime.now()}
                )

    def test_as_many_queries_for_many_entries(self):
        """Events are read and written in batches."""

        def count(entries):
            lines = self.env["account.analytic.line"].create(
                [
                    {
                        "name": f"Work {number}", "project_id": self.project.id, "employee_id": employee.id,
                        "unit_amount": 1,
                    }
                    for number in range(entries)
                ]
            )  # fmt: skip
            lines.action_timetrack_submit()
            lines.with_user(self.lead).action_timetrack_approve()
            employee.active = False
            employee.user_id.active = False
            wizard = self._wizard(employee_id=employee.id)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            wizard.action_anonymize()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        counts = []
        for number in (3, 3, 3, 30):  # the first ones warm up
            user = self._new_user(f"tt_many_{len(counts)}", "hr_timesheet.group_hr_timesheet_user")
            employee = self.env["hr.employee"].create(
                {"name": f"Many {len(counts)}", "user_id": user.id, "parent_id": self.employee_lead.id}
            )
            counts.append(count(number))
        self.assertEqual(counts[2], counts[3])
