from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import TimetrackCommon
from .test_import import HEADER, ImportCase


class CodeSetCase(TimetrackCommon):
    """Two sets with both kinds of codes, one with deliverables alone, and codes that are in no set."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Activity, cls.Deliverable = cls.env["timetrack.activity"], cls.env["timetrack.deliverable"]
        # What others have put into this database shall not matter.
        cls.company.timetrack_code_set_ids = False
        cls.tax, cls.audit, cls.phases = cls.env["timetrack.code.set"].create(
            [{"name": "Tax", "code": "TT-TAX"}, {"name": "Audit", "code": "TT-AUD"}, {"name": "Phases"}]
        )
        cls.tax_advice, cls.audit_check = cls.Activity.create(
            [
                {"name": "Advice", "code": "T1", "code_set_id": cls.tax.id},
                {"name": "Check", "code": "A1", "code_set_id": cls.audit.id},
            ]
        )
        cls.tax_return, cls.audit_report, cls.phase, cls.free = cls.Deliverable.create(
            [
                {"name": "Tax Return", "code": "TR", "code_set_id": cls.tax.id},
                {"name": "Audit Report", "code": "AR", "code_set_id": cls.audit.id},
                {"name": "Kick-Off", "code_set_id": cls.phases.id},
                {"name": "Minutes"},
            ]
        )
        cls.own = cls.Deliverable.create({"name": "Data Room", "project_id": cls.project.id})
        cls.everything = cls.tax_advice | cls.audit_check | cls.activity_research

    def _offered(self, model, project, user=None):
        """Those of our codes that a project offers to a person who types."""
        known = {
            self.Activity: self.everything,
            self.Deliverable: self.tax_return | self.audit_report | self.phase | self.free | self.own,
        }[model]
        found = model.with_user(user or self.consultant).search([("offered_project_id", "=", project.id)])
        return found & known

    def _queries(self, work):
        """The number of queries that something takes with all its writing, from an empty cache."""
        self.env.flush_all()
        self.env.invalidate_all()
        start = self.env.cr.sql_log_count
        work()
        self.env.flush_all()
        return self.env.cr.sql_log_count - start


@tagged("post_install", "-at_install")
class TestOffers(CodeSetCase):
    """Which codes a project offers."""

    def test_without_sets_everything_is_offered(self):
        self.assertEqual(self._offered(self.Activity, self.project), self.everything)
        self.assertEqual(
            self._offered(self.Deliverable, self.project),
            self.tax_return | self.audit_report | self.phase | self.free | self.own,
        )

    def test_a_project_offers_the_codes_of_its_sets_and_its_own_deliverables(self):
        self.project.timetrack_code_set_ids = self.tax
        self.assertEqual(self._offered(self.Activity, self.project), self.tax_advice)
        self.assertEqual(self._offered(self.Deliverable, self.project), self.tax_return | self.own)
        self.project.timetrack_code_set_ids |= self.audit
        self.assertEqual(self._offered(self.Activity, self.project), self.tax_advice | self.audit_check)

    def test_a_set_restricts_only_the_kinds_that_it_holds(self):
        self.project.timetrack_code_set_ids = self.phases
        self.assertEqual(self._offered(self.Activity, self.project), self.everything)
        self.assertEqual(self._offered(self.Deliverable, self.project), self.phase | self.own)

    def test_deliverables_of_other_projects_are_never_offered(self):
        self.assertNotIn(self.own, self._offered(self.Deliverable, self.internal_project))
        self.assertFalse(self._offered(self.Deliverable, self.env["project.project"]) & self.own)

    def test_a_projects_own_deliverable_in_a_set_restricts_nothing(self):
        self.own.code_set_id = self.env["timetrack.code.set"].create({"name": "Private"})
        self.project.timetrack_code_set_ids = self.own.code_set_id
        self.assertIn(self.free, self._offered(self.Deliverable, self.project))

    def test_the_company_decides_where_the_project_does_not(self):
        """Flips res.company.timetrack_code_set_ids and nothing else."""
        entry = self._entry(timetrack_activity_id=self.activity_research.id)
        self.company.timetrack_code_set_ids = self.audit
        self.assertEqual(self._offered(self.Activity, self.project), self.audit_check)
        self.assertEqual(self._offered(self.Activity, self.env["project.project"]), self.audit_check, "not chosen yet")
        with self.assertRaisesRegex(UserError, "Advice.*Merger.*Audit"):
            self._entry(timetrack_activity_id=self.tax_advice.id)
        self.assertEqual(entry.timetrack_activity_id, self.activity_research, "what was offered once is kept")
        self.assertEqual(self.project.timetrack_effective_code_set_ids, self.audit)
        self.project.timetrack_code_set_ids = self.tax
        self.assertEqual(self._offered(self.Activity, self.project), self.tax_advice)
        self.assertEqual(self.project.timetrack_effective_code_set_ids, self.tax)

    def test_each_company_has_its_own_sets(self):
        other = self.env["res.company"].create({"name": "Other Firm", "timetrack_code_set_ids": self.tax.ids})
        self.company.timetrack_code_set_ids = self.audit
        project = self.env["project.project"].create({"name": "Elsewhere", "company_id": other.id})
        self.assertEqual(self._offered(self.Activity, project, self.env.user), self.tax_advice)
        self.assertEqual(self._offered(self.Activity, self.internal_project), self.audit_check)

    def test_a_project_of_no_company_goes_by_the_entrys_company(self):
        other = self.env["res.company"].create({"name": "Other Firm", "timetrack_code_set_ids": self.tax.ids})
        self.env.user.company_ids |= other
        self.company.timetrack_code_set_ids = self.audit
        employee = self.env["hr.employee"].create({"name": "Olga Other", "company_id": other.id})
        self.internal_project.company_id = False
        values = {"project_id": self.internal_project.id, "task_id": False, "employee_id": employee.id}
        Line = self.env["account.analytic.line"].with_context(allowed_company_ids=(self.company | other).ids)
        line = Line.create({**values, "timetrack_activity_id": self.tax_advice.id, "unit_amount": 1})
        self.assertEqual(line.company_id, other)
        with self.assertRaises(UserError):
            line.timetrack_activity_id = self.audit_check

    def test_archived_sets_restrict_nothing(self):
        self.project.timetrack_code_set_ids = self.tax
        self.tax.action_archive()
        self.assertEqual(self._offered(self.Activity, self.project), self.audit_check | self.activity_research)
        self._entry(timetrack_activity_id=self.audit_check.id)

    def test_several_projects_offer_what_any_of_them_offers(self):
        self.project.timetrack_code_set_ids = self.tax
        self.internal_project.timetrack_code_set_ids = self.audit
        domain = [("offered_project_id", "in", (self.project | self.internal_project).ids)]
        self.assertEqual(self.Activity.search(domain) & self.everything, self.tax_advice | self.audit_check)
        self.assertEqual(
            self.Deliverable.search(domain) & (self.tax_return | self.audit_report | self.own | self.free),
            self.tax_return | self.audit_report | self.own,
        )
        self.assertNotIn(self.tax_advice, self.Activity.search(["!", *domain]))

    def test_projects_may_be_named_in_a_search(self):
        self.project.name = "Merger of Two"
        self.project.timetrack_code_set_ids = self.tax
        for domain in (
            [("offered_project_id", "ilike", "merger of")],
            [("offered_project_id", "=", "Merger of Two")],
            [("offered_project_id.name", "=", "Merger of Two")],
            [("offered_project_id", "in", self.env["project.project"]._search([("id", "=", self.project.id)]))],
        ):
            with self.subTest(domain=domain):
                self.assertEqual(self.Activity.search(domain), self.tax_advice)
        self.assertFalse(self.Activity.search([("offered_project_id", "=", "No Such Project")]))

    def test_the_search_asks_as_much_for_many_projects_as_for_two(self):
        projects = self.env["project.project"].create([{"name": f"Case {number}"} for number in range(20)])
        for number, project in enumerate(projects):
            project.timetrack_code_set_ids = (self.tax, self.audit, self.phases)[number % 3]
        counts = [
            self._queries(lambda some=some: self.Activity.search([("offered_project_id", "in", some.ids)]))
            for some in (projects[:2], projects[:2], projects)
        ]
        self.assertEqual(counts[1], counts[2])

    def test_what_a_consultant_is_offered_in_the_form(self):
        view = self.env["account.analytic.line"].get_view(self.env.ref("hr_timesheet.hr_timesheet_line_form").id)
        fields = self.env["account.analytic.line"].fields_get(["timetrack_activity_id", "timetrack_deliverable_id"])
        self.assertIn("timetrack_deliverable_id", view["arch"])
        for description in fields.values():
            self.assertEqual(description["domain"], "[('offered_project_id', '=', project_id)]")


@tagged("post_install", "-at_install")
class TestOffersChecked(CodeSetCase):
    """The server accepts only what is offered, whichever way time comes in."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.project.timetrack_code_set_ids = cls.tax

    def test_a_message_that_helps(self):
        with self.assertRaises(UserError) as raised:
            self._entry(timetrack_activity_id=self.audit_check.id)
        for text in ("A1 Check", "Merger", "Tax", "have the code set “Audit” added"):
            self.assertIn(text, str(raised.exception))
        with self.assertRaisesRegex(UserError, "Minutes.*Merger(.|\n)*have the code added to one of these sets"):
            self._entry(timetrack_deliverable_id=self.free.id)

    def test_offered_codes_are_accepted(self):
        entry = self._entry(timetrack_activity_id=self.tax_advice.id, timetrack_deliverable_id=self.own.id)
        entry.timetrack_deliverable_id = self.tax_return
        self.assertEqual(entry.timetrack_deliverable_id, self.tax_return)

    def test_writing_is_checked(self):
        entry = self._entry().with_user(self.consultant)
        for values in (
            {"timetrack_activity_id": self.audit_check.id},
            {"timetrack_deliverable_id": self.audit_report.id},
        ):
            with self.assertRaises(UserError):
                entry.write(values)

    def test_a_code_that_comes_with_another_project_is_checked(self):
        entry = self._entry(project_id=self.internal_project.id, task_id=False)
        with self.assertRaises(UserError):
            entry.write({"project_id": self.project.id, "timetrack_activity_id": self.audit_check.id})
        other = self._entry(project_id=self.internal_project.id, task_id=False)
        other.timetrack_activity_id = self.audit_check
        with self.assertRaises(UserError):
            other.write({"task_id": self.task.id, "timetrack_activity_id": self.audit_check.id})

    def test_a_code_from_before_does_not_hinder_other_changes(self):
        entry = self._entry(timetrack_activity_id=self.tax_advice.id)
        self.project.timetrack_code_set_ids = self.audit
        entry.write({"unit_amount": 3, "timetrack_activity_id": self.tax_advice.id})
        self.assertEqual((entry.unit_amount, entry.timetrack_activity_id), (3, self.tax_advice))
        entry.timetrack_deliverable_id = self.audit_report
        with self.assertRaises(UserError):
            entry.timetrack_activity_id = self.activity_research

    def test_parts_of_a_split_entry(self):
        entry = self._submitted(timetrack_activity_id=self.tax_advice.id).with_user(self.lead)
        with self.assertRaises(UserError):
            entry._timetrack_split([{"unit_amount": 1, "timetrack_activity_id": self.audit_check.id}])
        self.project.timetrack_code_set_ids = self.audit
        part = entry._timetrack_split([{"unit_amount": 1, "timetrack_activity_id": self.tax_advice.id}])
        self.assertEqual(part.timetrack_activity_id, self.tax_advice, "it keeps what was offered once")

    def test_no_context_of_a_client_avoids_the_check(self):
        Line = self.env["account.analytic.line"].with_user(self.consultant).with_context(timetrack_internal=True)
        with self.assertRaises(UserError):
            Line.create({"name": "x", "task_id": self.task.id, "timetrack_activity_id": self.audit_check.id})
        with self.assertRaises(UserError):
            Line.with_context(default_timetrack_activity_id=self.audit_check.id).create({"task_id": self.task.id})

    def _create(self, number):
        self.env["account.analytic.line"].create(
            [
                {
                    "name": "x",
                    "project_id": self.project.id,
                    "employee_id": self.employee.id,
                    "timetrack_activity_id": self.tax_advice.id,
                    "timetrack_deliverable_id": self.tax_return.id,
                }
            ]
            * number
        )

    def test_creating_many_asks_as_much_as_creating_two(self):
        self._create(2)
        restricted = [self._queries(lambda number=number: self._create(number)) for number in (2, 40)]
        self.assertEqual(*restricted)
        self.project.timetrack_code_set_ids = False
        free = self._queries(lambda: self._create(40))
        self.assertLessEqual(restricted[1] - free, 3, "one query a kind of codes, and one for the sets")

    def test_checking_many_asks_as_much_as_checking_two(self):
        self._create(50)
        entries = self.env["account.analytic.line"].search([("project_id", "=", self.project.id)])
        counts = [self._queries(some._timetrack_check_codes) for some in (entries[:2], entries[:2], entries)]
        self.assertEqual(counts[1], counts[2])
        self.assertLessEqual(counts[2], 10)


@tagged("post_install", "-at_install")
class TestMoves(CodeSetCase):
    """Time that moves to another project keeps the codes that it offers and loses the others."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.project.timetrack_code_set_ids = cls.tax | cls.phases
        cls.internal_project.timetrack_code_set_ids = cls.audit | cls.phases
        cls.codes = {"timetrack_activity_id": cls.tax_advice.id, "timetrack_deliverable_id": cls.phase.id}

    def test_moving_an_entry(self):
        entry = self._entry(**self.codes)
        entry.write({"project_id": self.internal_project.id, "task_id": False})
        self.assertFalse(entry.timetrack_activity_id)
        self.assertEqual(entry.timetrack_deliverable_id, self.phase)

    def test_moving_a_task(self):
        draft, approved = self._entry(**self.codes), self._approved(**self.codes)
        own = self._entry(timetrack_deliverable_id=self.own.id)
        self.task.project_id = self.internal_project
        self.assertEqual(draft.project_id, self.internal_project)
        self.assertFalse(draft.timetrack_activity_id)
        self.assertEqual(draft.timetrack_deliverable_id, self.phase)
        self.assertFalse(own.timetrack_deliverable_id)
        self.assertEqual(approved.timetrack_activity_id, self.tax_advice, "approved time is locked")
        self.assertEqual(approved.timetrack_deliverable_id, self.phase)

    def test_moving_to_a_project_that_restricts_nothing(self):
        entry = self._entry(**self.codes)
        entry.write({"project_id": self.env["project.project"].create({"name": "Free"}).id, "task_id": False})
        self.assertEqual(entry.timetrack_activity_id, self.tax_advice)
        self.assertEqual(entry.timetrack_deliverable_id, self.phase)

    def test_choosing_another_project_while_typing(self):
        form = Form(
            self.env["account.analytic.line"].with_user(self.consultant).with_context(is_timesheet=1),
            "hr_timesheet.hr_timesheet_line_form",
        )
        form.project_id = self.project
        form.timetrack_activity_id = self.tax_advice
        form.timetrack_deliverable_id = self.phase
        form.project_id = self.internal_project
        self.assertFalse(form.timetrack_activity_id)
        self.assertEqual(form.timetrack_deliverable_id, self.phase)

    def test_moving_a_task_asks_as_much_for_many_entries_as_for_two(self):
        def move(number):
            task = self.env["project.task"].create({"name": "Busy", "project_id": self.project.id})
            values = {"name": "x", "task_id": task.id, "employee_id": self.employee.id, **self.codes}
            entries = self.env["account.analytic.line"].create([values] * number)
            count = self._queries(lambda: task.write({"project_id": self.internal_project.id}))
            self.assertFalse(entries.timetrack_activity_id)
            return count

        counts = [move(number) for number in (2, 2, 40)]
        self.assertEqual(counts[1], counts[2])


@tagged("post_install", "-at_install")
class TestProposedSets(CodeSetCase):
    """Projects get the sets of their client's category."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.category = cls.env["timetrack.client.category"].create({"name": "Insurers", "code_set_ids": cls.tax.ids})
        cls.client_company.timetrack_client_category_id = cls.category

    def test_a_new_project_of_the_client(self):
        by_company, by_contact, other = self.env["project.project"].create(
            [
                {"name": "A", "partner_id": self.client_company.id},
                {"name": "B", "partner_id": self.client_contact.id},
                {"name": "C", "partner_id": self.env["res.partner"].create({"name": "Other"}).id},
            ]
        )
        self.assertEqual(by_company.timetrack_code_set_ids, self.tax)
        self.assertEqual(by_contact.timetrack_code_set_ids, self.tax)
        self.assertFalse(other.timetrack_code_set_ids)

    def test_when_a_project_gets_its_client(self):
        self.internal_project.partner_id = self.client_company
        self.assertEqual(self.internal_project.timetrack_code_set_ids, self.tax)

    def test_what_somebody_chose_stays(self):
        project = self.env["project.project"].create(
            {"name": "A", "partner_id": self.client_company.id, "timetrack_code_set_ids": self.audit.ids}
        )
        self.assertEqual(project.timetrack_code_set_ids, self.audit)
        self.internal_project.timetrack_code_set_ids = self.audit
        self.internal_project.partner_id = self.client_company
        self.assertEqual(self.internal_project.timetrack_code_set_ids, self.audit)

    def test_projects_keep_their_sets_when_the_category_changes(self):
        project = self.env["project.project"].create({"name": "A", "partner_id": self.client_company.id})
        self.env.flush_all()
        self.category.code_set_ids = self.audit
        self.assertEqual(project.timetrack_code_set_ids, self.tax)
        self.client_company.timetrack_client_category_id = False
        self.assertEqual(project.timetrack_code_set_ids, self.tax)
        project.timetrack_code_set_ids = False
        self.assertFalse(project.timetrack_code_set_ids, "none is a choice too")

    def test_typing_a_project(self):
        form = Form(self.env["project.project"])
        form.name = "Claim"
        if "allow_billable" in self.project._fields:  # sales hide the client without it
            form.allow_billable = True
        form.partner_id = self.client_contact
        self.assertEqual(form.timetrack_code_set_ids[:], self.tax)
        self.assertEqual(form.save().timetrack_code_set_ids, self.tax)


@tagged("post_install", "-at_install")
class TestCatalogue(CodeSetCase):
    """Sets come into use and go out of use with all their codes."""

    def test_archiving_and_using_a_set(self):
        part = self.Activity.create({"name": "Opinion", "parent_id": self.tax_advice.id})
        own = self.Deliverable.create({"name": "Own", "project_id": self.project.id, "code_set_id": self.tax.id})
        entry = self._entry(timetrack_activity_id=part.id, timetrack_deliverable_id=self.tax_return.id)
        codes = [self.tax_advice, part, self.tax_return]
        self.tax.action_archive()
        self.assertFalse(any(code.active for code in codes))
        self.assertTrue(self.audit_check.active)
        self.assertTrue(own.active, "a project keeps its own deliverables")
        self.assertEqual((entry.timetrack_activity_id, entry.timetrack_deliverable_id), (part, self.tax_return))
        entry.unit_amount = 3
        self.tax.action_unarchive()
        self.assertTrue(all(code.active for code in codes))

    def test_saving_a_set_in_use_brings_no_code_back(self):
        self.tax_advice.action_archive()
        self.tax.write({"active": True, "name": "Taxes"})
        self.assertFalse(self.tax_advice.active)

    def test_archived_codes_are_counted(self):
        for active in (True, False):
            self.tax.active = active
            self.env.invalidate_all()
            self.assertEqual(
                (self.tax.activity_count, self.tax.deliverable_count, self.tax.code_count), (1, 1, 2), f"{active=}"
            )
            self.assertEqual(self.tax.activity_ids, self.tax_advice)

    def test_many_codes_take_as_many_queries_as_few(self):
        def switch(code_sets):
            return [self._queries(code_sets.action_archive), self._queries(code_sets.action_unarchive)]

        switch(self.tax)
        few = switch(self.tax)
        self.Activity.create([{"name": f"Activity {n}", "code_set_id": self.tax.id} for n in range(60)])
        self.Deliverable.create([{"name": f"Thing {n}", "code_set_id": self.audit.id} for n in range(60)])
        self.assertEqual(switch(self.tax | self.audit), few)
        self.assertLessEqual(max(few), 10)

    def test_the_lists_of_a_set(self):
        self.tax.action_archive()
        for action, codes in (
            (self.tax.action_view_activities(), self.tax_advice),
            (self.tax.action_view_deliverables(), self.tax_return),
        ):
            found = self.env[action["res_model"]].with_context(**action["context"]).search(action["domain"])
            self.assertEqual(found, codes)

    def test_a_set_with_codes_is_not_deleted(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self.tax.unlink()


@tagged("post_install", "-at_install")
class TestCodes(CodeSetCase):
    """Codes as records: where they are unique, how they are shown and found, who changes them."""

    def test_a_code_is_unique_in_its_set(self):
        self.Activity.create([{"name": "A", "code": "T1"}, {"name": "B", "code": "T1", "code_set_id": self.audit.id}])
        self.Deliverable.create(
            [
                {"name": "A", "code": "TR"},
                {"name": "B", "code": "TR", "code_set_id": self.audit.id},
                {"name": "C", "code": "TR", "project_id": self.project.id},
                {"name": "D", "code": "TR", "project_id": self.internal_project.id},
            ]
        )
        self.Activity.create([{"name": "No code", "code": ""}, {"name": "No code", "code": ""}])
        for model, values in (
            (self.Activity, {"code": "T1", "code_set_id": self.tax.id}),
            (self.Activity, {"code": "T1"}),
            (self.Deliverable, {"code": "TR", "code_set_id": self.tax.id}),
            (self.Deliverable, {"code": "TR", "project_id": self.project.id}),
            (self.env["timetrack.code.set"], {"code": "TT-TAX"}),
        ):
            with (
                self.subTest(model=model._name, values=values),
                mute_logger("odoo.sql_db"),
                self.assertRaises(IntegrityError),
                self.env.cr.savepoint(),
            ):
                model.create({"name": "Again", **values})

    def test_a_code_is_shown_first(self):
        self.assertEqual(self.tax_advice.display_name, "T1 Advice")
        self.assertEqual(self.activity_research.display_name, "Consulting / Research")
        self.tax_advice.code = False
        self.assertEqual(self.tax_advice.display_name, "Advice")

    def test_names_are_shown_in_the_users_language(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.activity_consulting.with_context(lang="de_DE").name = "Beratung"
        german = self.activity_research.with_context(lang="de_DE")
        self.assertEqual(german.display_name, "Beratung / Research")
        self.assertEqual(self.activity_research.display_name, "Consulting / Research")

    def test_codes_are_found_by_what_is_shown(self):
        for text in ("T1", "t1 adv", "T1 Advice", "Advice"):
            with self.subTest(text=text):
                self.assertIn(self.tax_advice.id, dict(self.Activity.name_search(text)))
        self.assertIn(self.tax_advice, self.Activity.search([("display_name", "=", "T1 Advice")]))
        self.assertNotIn(self.tax_advice, self.Activity.search([("display_name", "=", "A1 Advice")]))
        self.assertNotIn(self.tax_advice, self.Activity.search([("display_name", "ilike", "A1 Advice")]))
        self.assertNotIn(self.tax_advice, self.Activity.search([("display_name", "not ilike", "T1")]))

    def test_deliverables_have_parts(self):
        part = self.Deliverable.create({"name": "Annex", "parent_id": self.tax_return.id})
        self.assertEqual(part.complete_name, "Tax Return / Annex")
        self.assertEqual(part.code_set_id, self.tax)
        self.tax_return.code_set_id = self.audit
        self.assertEqual(part.code_set_id, self.audit, "a part follows the whole")
        own = self.Deliverable.create({"name": "Index", "parent_id": self.own.id})
        self.assertEqual(own.project_id, self.project)
        self.assertIn(part, self.Deliverable.search([("id", "child_of", self.tax_return.id)]))

    def test_a_part_is_of_the_set_and_the_project_of_the_whole(self):
        part = self.Deliverable.create({"name": "Index", "parent_id": self.own.id})
        with self.assertRaisesRegex(ValidationError, "Index.*Data Room.*same code set"):
            part.code_set_id = self.tax
        with self.assertRaisesRegex(ValidationError, "Index.*Data Room.*same project"):
            part.project_id = self.internal_project
        with self.assertRaisesRegex(ValidationError, "same code set"):
            self.Activity.create({"name": "X", "parent_id": self.tax_advice.id, "code_set_id": self.audit.id})

    def test_no_deliverable_is_part_of_itself(self):
        part = self.Deliverable.create({"name": "Index", "parent_id": self.own.id})
        with self.assertRaisesRegex(UserError, "Recursion"):
            self.own.parent_id = part

    def test_people_read_codes_and_administrators_change_them(self):
        category = self.env["timetrack.client.category"].create({"name": "A"})
        for record in (self.tax, self.tax_advice, self.tax_return, category):
            for user in (self.consultant, self.lead, self.project_manager):
                with self.subTest(model=record._name, user=user.login):
                    self.assertTrue(record.with_user(user).read(["name"]))
                    with self.assertRaises(AccessError):
                        record.with_user(user).write({"name": "Mine"})
                    with self.assertRaises(AccessError):
                        record.with_user(user).create({"name": "Mine"})
                    with self.assertRaises(AccessError):
                        record.with_user(user).unlink()
            record.with_user(self.administrator).write({"name": "New Name"})
            record.with_user(self.administrator).create({"name": "Another"}).unlink()
        with self.assertRaises(AccessError):
            self.tax.with_user(self.project_manager).action_archive()
        self.tax.with_user(self.administrator).action_archive()
        self.assertFalse(self.tax_return.active)

    def test_project_managers_change_the_deliverables_of_projects(self):
        own = self.own.with_user(self.project_manager)
        own.name = "Virtual Data Room"
        own.create({"name": "More", "project_id": self.project.id}).unlink()
        with self.assertRaises(AccessError):
            own.project_id = False


@tagged("post_install", "-at_install")
class TestImportedCodes(CodeSetCase, ImportCase):
    """Rows whose code their project does not offer are rejected, each with its reason."""

    def _row(self, activity="", deliverable="", project="Merger", task="Due diligence", client="Client Works"):
        return f"2024-05-06,1,Carl Consultant,{client},{project},{task},{activity},{deliverable},x\n"

    def test_codes_that_are_not_offered(self):
        self.project.timetrack_code_set_ids = self.tax
        text = HEADER + "".join(
            [
                self._row("Advice", "Tax Return"),
                self._row("Check"),
                self._row("T1", "Audit Report"),
                self._row("T1 Advice", "Data Room"),
                self._row("Brand New"),
                self._row("", "Brand New"),
            ]
        )
        for dialog in (self.check(text), self.load(text)):
            self.assertRejected(
                dialog,
                (3, "Activity", "not_offered"),
                (4, "Deliverable", "not_offered"),
                (6, "Activity", "not_offered"),
            )
            self.assertIn("Tax", dialog.problem_ids.filtered(lambda line: line.line == 3).reason)
        entries = self._imported()
        self.assertEqual(entries.timetrack_activity_id, self.tax_advice)
        self.assertEqual(entries[:2].timetrack_deliverable_id, self.tax_return | self.own)
        self.assertEqual(entries[2].timetrack_deliverable_id.project_id, self.project, "new ones are the project's own")
        self.assertFalse(self.Activity.search([("name", "=", "Brand New")]))

    def test_the_project_decides_between_codes_of_one_name(self):
        other = self.Activity.create({"name": "Advice", "code_set_id": self.audit.id})
        report = self.Deliverable.create({"name": "Tax Return", "code_set_id": self.audit.id})
        row = self._row("Advice", "Tax Return")
        free = self._row("Advice", project="Office", task="", client="")
        self.project.timetrack_code_set_ids = self.audit
        self.assertRejected(self.load(HEADER + row + free), (3, "Activity", "ambiguous"))
        self.assertEqual(self._imported().timetrack_activity_id, other)
        self.assertEqual(self._imported().timetrack_deliverable_id, report)

    def test_new_projects_offer_what_they_will_offer(self):
        category = self.env["timetrack.client.category"].create({"name": "Insurers", "code_set_ids": self.tax.ids})
        self.client_company.timetrack_client_category_id = category
        rows = [self._row("Check", project="New", task=""), self._row("Advice", project="New", task="")]
        self.assertRejected(self.load(HEADER + "".join(rows)), (2, "Activity", "not_offered"))
        self.assertEqual(self._imported().project_id.timetrack_code_set_ids, self.tax)

    def test_sets_that_wait_in_the_catalogue_mean_nothing(self):
        self.tax.action_archive()
        self.load(HEADER + self._row("Advice", "Tax Return"))
        entry = self._imported()
        self.assertNotIn(entry.timetrack_activity_id, self.tax_advice)
        self.assertEqual(entry.timetrack_activity_id.name, "Advice")
        self.assertEqual(entry.timetrack_deliverable_id.project_id, self.project)

    def test_many_rows_ask_as_much_as_few(self):
        self.project.timetrack_code_set_ids = self.tax

        def check(number):
            rows = (self._row("Advice", "Tax Return").replace(",x\n", f",{number}-{n}\n") for n in range(number))
            return self.check(HEADER + "".join(rows))

        counts = [self._queries(lambda number=number: check(number)) for number in (2, 2, 60)]
        self.assertEqual(counts[1], counts[2])
