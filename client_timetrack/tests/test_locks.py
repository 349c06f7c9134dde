from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import TimetrackCommon

EVERYBODY = ("consultant", "lead", "project_manager", "administrator")


@tagged("post_install", "-at_install")
class TestLocks(TimetrackCommon):
    """Approved is locked: on write and unlink, for every role, in sudo, through relations and computes."""

    def test_nobody_writes_approved_time(self):
        entry = self._approved()
        values = {
            "unit_amount": 9,
            "name": "Changed",
            "date": "2020-01-01",
            "project_id": self.internal_project.id,
            "employee_id": self.employee_colleague.id,
            "timetrack_activity_id": self.activity_training.id,
            "timetrack_is_billable": False,
            "amount": -1,
        }
        for name, value in values.items():
            for role in EVERYBODY:
                with self.subTest(field=name, role=role), self.assertRaises(UserError):
                    entry.with_user(getattr(self, role)).write({name: value})
            with self.subTest(field=name, role="sudo"), self.assertRaisesRegex(UserError, "Approved time is locked"):
                entry.sudo().write({name: value})

    def test_nobody_deletes_approved_time(self):
        entry = self._approved()
        for role in EVERYBODY:
            with self.subTest(role=role), self.assertRaises(UserError):
                entry.with_user(getattr(self, role)).unlink()
        with self.assertRaises(UserError):
            entry.sudo().unlink()
        self.assertTrue(entry.exists())

    def test_no_way_round_through_the_project(self):
        entry = self._approved()
        for command in (Command.update(entry.id, {"unit_amount": 9}), Command.delete(entry.id)):
            with self.assertRaises(UserError):
                self.project.with_user(self.project_manager).write({"timesheet_ids": [command]})

    def test_protected_fields_are_not_for_writing(self):
        entry = self._submitted()
        for values in (
            {"timetrack_state": "approved"},
            {"timetrack_state_user_id": self.lead.id},
            {"timetrack_reason": "forged"},
            {"timetrack_import_key": "forged"},
            {"timetrack_event_ids": [Command.clear()]},
        ):
            for role in EVERYBODY:
                with self.subTest(values=values, role=role), self.assertRaises(AccessError):
                    entry.with_user(getattr(self, role)).write(values)
            with self.subTest(values=values, role="sudo"), self.assertRaises(AccessError):
                entry.sudo().write(values)

    def test_contexts_of_clients_open_nothing(self):
        entry = self._submitted()
        for marker in (True, 1, "INTERNAL", {}, []):
            with self.assertRaises(AccessError):
                entry.with_context(timetrack_internal=marker).write({"timetrack_state": "approved"})

    def test_no_entry_is_born_approved(self):
        vals = {"name": "x", "project_id": self.project.id, "employee_id": self.employee.id, "unit_amount": 1}
        Line = self.env["account.analytic.line"].with_user(self.consultant)
        with self.assertRaises(AccessError):
            Line.create({**vals, "timetrack_state": "approved"})
        entry = Line.with_context(default_timetrack_state="approved").create(vals)
        self.assertEqual(entry.timetrack_state, "draft")
        self.env["ir.default"].set("account.analytic.line", "timetrack_state", "approved", user_id=self.consultant.id)
        self.assertEqual(Line.create(vals).timetrack_state, "draft")

    def test_no_default_reaches_protected_fields_even_of_our_own_code(self):
        self.env["ir.default"].set("account.analytic.line", "timetrack_state", "approved", user_id=self.env.uid)
        entry = (
            self.env["account.analytic.line"]
            ._timetrack_internal()
            .create({"name": "x", "project_id": self.project.id, "employee_id": self.employee.id, "unit_amount": 1})
        )
        self.assertEqual(entry.timetrack_state, "draft")

    def test_nobody_chooses_what_scope_and_invoices_go_by(self):
        entry = self._submitted()
        for values in ({"manager_id": False}, {"timetrack_client_id": self.client_contact.id}):
            for role in EVERYBODY:
                with self.subTest(values=values, role=role), self.assertRaises(AccessError):
                    entry.with_user(getattr(self, role)).write(values)
        other = self.env["res.company"].create({"name": "Elsewhere"})
        with self.assertRaisesRegex(UserError, "company of a time entry"):
            entry.with_user(self.consultant).write({"company_id": other.id})
        with self.assertRaisesRegex(UserError, "needs its employee"):
            entry.with_user(self.project_manager).write({"employee_id": False})

    def test_time_that_becomes_anothers_is_handed_in_anew(self):
        self.internal_project.user_id = self.other_lead
        entry = self._submitted()
        entry.with_user(self.other_lead).write({"project_id": self.internal_project.id, "task_id": False})
        self.assertEqual(entry.timetrack_state, "draft")
        own = self._submitted(employee_id=self.employee_manager.id)
        own.with_user(self.project_manager).write({"employee_id": self.employee.id})
        self.assertEqual(own.timetrack_state, "draft")
        event = own.timetrack_event_ids.filtered(lambda event: event.action == "change")
        self.assertEqual((event.state_from, event.state_to), ("submitted", "draft"))

    def test_approved_time_that_changed_without_approval_is_a_draft(self):
        entry = self._approved()
        self.company.timetrack_approval_required = False
        entry.write({"unit_amount": 99})
        self.company.timetrack_approval_required = True
        self.assertEqual(entry.timetrack_state, "draft")

    def test_employees_and_clients_with_time_are_not_deleted(self):
        self._approved()
        with self.assertRaisesRegex(UserError, "Archive them instead"):
            self.employee.unlink()
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self.client_company.unlink()

    def test_clients_see_no_time_that_nobody_approved(self):
        portal = self._new_user("tt_portal", "base.group_portal")
        Line = self.env["account.analytic.line"].with_user(portal)
        domain = Line._timesheet_get_portal_domain()
        draft, approved = self._entry(), self._approved()
        condition = Line._timetrack_approved_domain()
        self.assertEqual((draft | approved).filtered_domain(condition), approved)
        self.assertIn("timetrack_state", str(domain))
        self.company.timetrack_approval_required = False
        self.env["res.company"].search([]).timetrack_approval_required = False
        self.assertEqual((draft | approved).filtered_domain(Line._timetrack_approved_domain()), draft | approved)

    def test_an_archived_company_keeps_its_approval(self):
        draft = self._entry()
        self.env.cr.execute("UPDATE res_company SET active = FALSE WHERE id = %s", [self.company.id])
        self.env.invalidate_all()
        self.assertFalse(draft.filtered_domain(draft._timetrack_approved_domain()))

    def test_import_cannot_approve(self):
        result = (
            self.env["account.analytic.line"]
            .with_user(self.consultant)
            .load(
                ["name", "project_id/.id", "employee_id/.id", "unit_amount", "timetrack_state"],
                [["x", str(self.project.id), str(self.employee.id), "1", "approved"]],
            )
        )
        self.assertFalse(result["ids"])
        self.assertIn("only change by submitting", result["messages"][0]["message"])

    def test_changes_elsewhere_do_not_reach_approved_time(self):
        entry, draft = self._approved(), self._entry()
        client, manager, user = entry.timetrack_client_id, entry.manager_id, entry.user_id
        other_client = self.env["res.partner"].create({"name": "Other Client", "is_company": True})
        other_project = self.internal_project
        self.task.partner_id = other_client
        self.employee.parent_id = self.employee_other_lead
        self.employee.department_id = self.env["hr.department"].create({"name": "Elsewhere"})
        self.employee.user_id = self._new_user("tt_new", "hr_timesheet.group_hr_timesheet_user")
        self.task.project_id = other_project
        self.env.flush_all()
        self.env.invalidate_all()
        # whether the task keeps its customer in the other project depends on the applications installed
        self.assertEqual(draft.timetrack_client_id, self.task.partner_id.commercial_partner_id)
        self.assertNotEqual(draft.timetrack_client_id, client)
        self.assertEqual(draft.project_id, other_project)
        self.assertEqual(draft.manager_id, self.employee_other_lead)
        self.assertEqual(entry.project_id, self.project)
        self.assertEqual(entry.timetrack_client_id, client)
        self.assertEqual(entry.partner_id, self.client_contact)
        self.assertEqual(entry.manager_id, manager)
        self.assertEqual(entry.user_id, user)
        self.assertFalse(entry.department_id)

    def test_readonly_in_the_views(self):
        entry = self._approved().with_user(self.consultant)
        self.assertTrue(entry.readonly_timesheet)
        self.assertFalse(self._submitted().with_user(self.consultant).readonly_timesheet)
        self.assertFalse(entry._is_updatable_timesheet())

    def test_reopened_time_changes_again(self):
        entry = self._approved()
        entry.with_user(self.administrator).action_timetrack_reopen("Wrong hours")
        entry.with_user(self.consultant).write({"unit_amount": 3})
        self.assertEqual(entry.unit_amount, 3)

    def test_setting_restores_odoos_own_behaviour(self):
        entry = self._approved()
        self.company.timetrack_approval_required = False
        entry.invalidate_recordset()
        entry.write({"unit_amount": 5})
        self.assertEqual(entry.unit_amount, 5)
        self.assertFalse(entry.with_user(self.consultant).readonly_timesheet)
        entry.unlink()
        self.assertFalse(entry.exists())


@tagged("post_install", "-at_install")
class TestTrail(TimetrackCommon):
    """The trail tells everything and cannot be altered."""

    def test_every_step_is_told(self):
        entry = self._entry()
        entry.with_user(self.consultant).action_timetrack_submit()
        entry.with_user(self.lead).action_timetrack_reject("Too long")
        entry.with_user(self.consultant).action_timetrack_submit()
        entry.with_user(self.lead).action_timetrack_approve()
        entry.with_user(self.administrator).action_timetrack_reopen("Other client")
        told = [
            (event.action, event.state_from, event.state_to, event.user_id, event.reason)
            for event in entry.timetrack_event_ids.sorted("id")
        ]
        self.assertEqual(
            told,
            [
                ("submit", "draft", "submitted", self.consultant, False),
                ("reject", "submitted", "rejected", self.lead, "Too long"),
                ("submit", "rejected", "submitted", self.consultant, False),
                ("approve", "submitted", "approved", self.lead, False),
                ("reopen", "approved", "draft", self.administrator, "Other client"),
            ],
        )

    def test_changes_of_submitted_time_are_told(self):
        entry = self._submitted()
        entry.with_user(self.project_manager).write({"unit_amount": 1.5, "task_id": False, "name": "Reading"})
        event = entry.timetrack_event_ids.filtered(lambda event: event.action == "change")
        self.assertEqual(event.changes, {"unit_amount": [2.0, 1.5], "task_id": ["Due diligence", ""]})
        self.assertEqual(event.user_id, self.project_manager)
        self.assertIn("2.0 → 1.5", event.changes_text)

    def test_changes_of_drafts_are_nobodys_business(self):
        entry = self._entry()
        entry.write({"unit_amount": 1})
        self.assertFalse(entry.timetrack_event_ids)

    def test_the_trail_survives_its_entry(self):
        entry = self._submitted()
        number = entry.id
        entry.with_user(self.consultant).unlink()
        events = self.env["timetrack.approval.event"].search([("entry_ref", "=", number)])
        self.assertEqual(events.mapped("action"), ["delete", "submit"])
        self.assertEqual(events[0].changes["unit_amount"], [2.0, ""])

    def test_nobody_alters_the_trail(self):
        event = self._submitted().timetrack_event_ids
        vals = {"entry_ref": 1, "action": "approve", "user_id": self.lead.id, "date": "2020-01-01 00:00:00"}
        for user in (self.consultant, self.lead, self.administrator, self.env.ref("base.user_root")):
            for env_event in (event.with_user(user), event.with_user(user).sudo()):
                with self.assertRaises(AccessError):
                    env_event.write({"reason": "forged"})
                with self.assertRaises(AccessError):
                    env_event.unlink()
                with self.assertRaises(AccessError):
                    env_event.create(vals)
                with self.assertRaises(AccessError):
                    env_event.with_context(timetrack_internal=True).create(vals)

    def test_who_reads_the_trail(self):
        event = self._submitted().timetrack_event_ids
        for user, reads in (
            (self.consultant, True),
            (self.colleague, False),
            (self.lead, True),
            (self.project_manager, True),
            (self.administrator, True),
        ):
            found = self.env["timetrack.approval.event"].with_user(user).search([("id", "=", event.id)])
            self.assertEqual(bool(found), reads, user.login)

    def test_the_trail_can_be_exported(self):
        entry = self._submitted(unit_amount=2)
        entry.with_user(self.consultant).write({"unit_amount": 3})
        self.lead.group_ids += self.env.ref("base.group_allow_export")
        events = entry.with_user(self.lead).timetrack_event_ids
        rows = events.export_data(["entry_ref", "action", "user_id/name", "state_from", "changes_text"])["datas"]
        hours = self.env["account.analytic.line"]._fields["unit_amount"]._description_string(self.env)
        self.assertEqual(rows[0][:2], [entry.id, "Changed"])
        self.assertIn(f"{hours}: 2.0 → 3.0", rows[0][4])
        self.assertEqual(rows[1][1], "Submitted")


@tagged("post_install", "-at_install")
class TestMerges(TimetrackCommon):
    """Records that locked time points to are merged: it follows, and nothing else of it changes."""

    def test_clients(self):
        double = self.env["res.partner"].create({"name": "Client Works Ltd", "is_company": True})
        self.project.partner_id = double
        entry = self._approved(task_id=False)
        self.assertEqual(entry.timetrack_client_id, double)
        self.env.flush_all()
        before = entry.read(["timetrack_state", "unit_amount", "date", "project_id", "amount"])
        self.env["base.partner.merge.automatic.wizard"].create({})._merge(
            (double | self.client_company).ids, dst_partner=self.client_company
        )
        self.env.invalidate_all()
        self.assertEqual(entry.timetrack_client_id, self.client_company)
        self.assertEqual(entry.read(["timetrack_state", "unit_amount", "date", "project_id", "amount"]), before)
