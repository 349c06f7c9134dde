from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import SQL, mute_logger

from ..hooks import pre_init_hook
from .common import TimetrackCommon


@tagged("post_install", "-at_install")
class TestClassification(TimetrackCommon):
    """What an entry says of itself: client, service type, deliverable, billable."""

    def test_the_client_is_the_company_behind_the_contact(self):
        self.assertEqual(self._entry().timetrack_client_id, self.client_company)

    def test_billable_comes_from_the_service_type(self):
        entry = self._entry()
        self.assertTrue(entry.timetrack_is_billable)
        entry.timetrack_activity_id = self.activity_training
        self.assertFalse(entry.timetrack_is_billable)
        entry.timetrack_is_billable = True
        self.assertTrue(entry.timetrack_is_billable, "a person may say otherwise")

    def test_time_without_a_client_is_not_billable(self):
        entry = self._entry(
            project_id=self.internal_project.id, task_id=False, timetrack_activity_id=self.activity_research.id
        )
        self.assertFalse(entry.timetrack_is_billable)

    def test_time_becomes_billable_when_its_project_gets_a_client(self):
        entry = self._entry(project_id=self.internal_project.id, task_id=False)
        approved = self._submitted(project_id=self.internal_project.id, task_id=False)
        approved.with_user(self.lead).action_timetrack_approve()
        self.internal_project.partner_id = self.client_company
        self.assertTrue(entry.timetrack_is_billable)
        self.assertFalse(approved.timetrack_is_billable, "approved time is locked")
        entry.timetrack_is_billable = False
        self.internal_project.partner_id = self.client_contact
        self.assertFalse(entry.timetrack_is_billable, "a person said otherwise")

    def test_full_name_and_top_level(self):
        note = self.env["timetrack.activity"].create({"name": "Note", "parent_id": self.activity_research.id})
        self.assertEqual(note.complete_name, "Consulting / Research / Note")
        self.assertEqual(note.top_id, self.activity_consulting)
        self.assertEqual(self.activity_consulting.top_id, self.activity_consulting)

    def test_no_service_type_is_part_of_itself(self):
        with self.assertRaisesRegex(UserError, "Recursion"):
            self.activity_consulting.parent_id = self.activity_research

    @mute_logger("odoo.sql_db")
    def test_codes_are_unique(self):
        for model, values in (
            ("timetrack.activity", {"name": "A", "code": "SAME"}),
            ("timetrack.client.category", {"name": "A", "code": "SAME"}),
            ("timetrack.deliverable", {"name": "A", "code": "SAME"}),
        ):
            with self.subTest(model=model), self.assertRaises(IntegrityError), self.env.cr.savepoint():
                self.env[model].create([values, values])

    def test_a_deliverable_belongs_to_the_project_of_the_entry(self):
        own, foreign, everywhere = self.env["timetrack.deliverable"].create(
            [
                {"name": "Report", "project_id": self.project.id},
                {"name": "Kitchen", "project_id": self.internal_project.id},
                {"name": "Minutes"},
            ]
        )
        entry = self._entry(timetrack_deliverable_id=own.id)
        with self.assertRaisesRegex(UserError, "belongs to the project"):
            entry.timetrack_deliverable_id = foreign
        entry.timetrack_deliverable_id = own
        entry.write({"project_id": self.internal_project.id, "task_id": False})
        self.assertFalse(entry.timetrack_deliverable_id, "it does not follow its entry into another project")
        entry.timetrack_deliverable_id = everywhere
        entry.write({"project_id": self.project.id})
        self.assertEqual(entry.timetrack_deliverable_id, everywhere)

    def test_a_contact_is_in_the_category_of_its_company(self):
        category = self.env["timetrack.client.category"].create({"name": "Strategic"})
        self.client_company.timetrack_client_category_id = category
        self.assertEqual(self.client_contact.timetrack_client_category_id, category)

    def test_typing_an_entry(self):
        form = Form(
            self.env["account.analytic.line"].with_user(self.consultant).with_context(is_timesheet=1),
            "hr_timesheet.hr_timesheet_line_form",
        )
        form.project_id = self.project
        form.task_id = self.task
        form.timetrack_activity_id = self.activity_research
        form.unit_amount = 1.5
        entry = form.save()
        self.assertEqual(entry.employee_id, self.employee)
        self.assertTrue(entry.timetrack_is_billable)
        self.assertEqual(entry.timetrack_state, "draft")

    def test_other_analytic_lines_are_no_time(self):
        plan = self.env["account.analytic.plan"].create({"name": "Plan"})
        account = self.env["account.analytic.account"].create({"name": "Account", "plan_id": plan.id})
        line = self.env["account.analytic.line"].create(
            {"name": "Paper", "amount": -5, plan._column_name(): account.id}
        )
        self.assertFalse(line.timetrack_state)
        line.write({"name": "Ink"})
        line.unlink()
        self.assertFalse(line.exists())

    def test_leave_stays_outside_approval(self):
        Line = self.env["account.analytic.line"]
        if "global_leave_id" not in Line._fields:
            self.skipTest("leave is only written as time with project_timesheet_holidays")
        leave = self.env["resource.calendar.leaves"].create(
            {"name": "Holiday", "date_from": "2024-05-01 00:00:00", "date_to": "2024-05-01 23:59:59"}
        )
        line = self._entry(global_leave_id=leave.id)
        self.assertFalse(line.timetrack_state)
        self.assertNotIn(line, Line.search(Line._timetrack_entry_domain()))


@tagged("post_install", "-at_install")
class TestYearsOfTime(TimetrackCommon):
    """Into a database that holds years of time already."""

    FIELDS = ("timetrack_state", "timetrack_client_id", "timetrack_is_billable")

    def test_new_columns_are_filled_as_the_computes_would(self):
        entries = self._entry() | self._entry(project_id=self.internal_project.id, task_id=False)
        expected = [[entry[name] for name in self.FIELDS] for entry in entries]
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE account_analytic_line SET timetrack_state = NULL, timetrack_client_id = NULL, "
            "timetrack_is_billable = NULL WHERE id = ANY(%s)",
            [entries.ids],
        )
        self.env.invalidate_all()
        pre_init_hook(self.env)
        self.assertEqual([[entry[name] for name in self.FIELDS] for entry in entries], expected)

    def test_administrator_approves_earlier_time(self):
        old, new = self._entry(date="2020-01-31"), self._entry(date="2020-01-31")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE account_analytic_line SET create_date = '2020-01-31 10:00:00', "
            "write_date = '2020-01-31 10:00:00' WHERE id = %s",
            [old.id],
        )
        self.env["ir.config_parameter"].sudo().set_param("client_timetrack.installed_on", "2020-06-01 00:00:00")
        Wizard = self.env["timetrack.earlier.wizard"]
        with self.assertRaises(AccessError):
            Wizard.with_user(self.lead).create({"date_before": "2020-02-01"})
        before = Wizard.with_user(self.administrator).create({"date_before": "2020-01-31"})
        before.action_approve()
        self.assertEqual(old.timetrack_state, "draft", "the chosen day itself stays a draft")
        wizard = Wizard.with_user(self.administrator).create({"date_before": "2020-02-01"})
        self.assertEqual((wizard.count, wizard.hours), (1, 2))
        wizard.action_approve()
        self.assertEqual(old.timetrack_state, "approved")
        self.assertEqual(new.timetrack_state, "draft", "this is no way to approve new time past the approvers")

    def test_time_from_before_a_date_becomes_approved(self):
        old, new = self._entry(date="2020-01-31"), self._entry(date="2020-02-01")
        ids = self.env["account.analytic.line"]._timetrack_migrate_approve(SQL("date < %s", "2020-02-01"))
        self.assertIn(old.id, ids)
        self.assertNotIn(new.id, ids)
        self.assertEqual((old.timetrack_state, new.timetrack_state), ("approved", "draft"))
        self.assertEqual(old.timetrack_event_ids.action, "migrate")
        with self.assertRaises(UserError):
            old.unit_amount = 1
