from contextlib import contextmanager
from datetime import date, datetime, timedelta

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.service.model import call_kw
from odoo.tests import Form, freeze_time, new_test_user, tagged

from .common import TimetrackCommon

# A Wednesday.
TODAY = date(2026, 3, 4)
SATURDAY = date(2026, 2, 28)
LIMITS = ("day_hours", "future", "past", "non_working", "over_budget", "closed", "duplicate", "overlap")


class PolicyCase(TimetrackCommon):
    """The project has a policy that asks nothing; tests flip one thing of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.env["timetrack.policy"].create({"name": "Litigation"})
        cls.project.timetrack_policy_id = cls.policy
        cls.Line = cls.env["account.analytic.line"]

    @contextmanager
    def assertRefused(self, *texts):
        """A UserError names the policy and each of the texts (regular expressions); nothing is left of the attempt."""
        with self.assertRaises(UserError) as caught:
            yield
        for text in (*texts, "Litigation"):
            self.assertRegex(caught.exception.args[0], text)

    def _rules(self, entry):
        return [warning["rule"] for warning in entry.timetrack_warnings or []]


@tagged("post_install", "-at_install")
@freeze_time("2026-03-04 12:00:00")
class TestPolicyFields(PolicyCase):
    """Each field of a policy changes what happens, by itself. (test_settings lists which test flips which.)"""

    def _check_required(self, field, **values):
        bare = {"task_id": False, "timetrack_activity_id": False, "timetrack_deliverable_id": False, "name": "x"}
        self._entry(**bare, unit_amount=1).action_timetrack_submit()
        self.policy[field] = 10 if field == "description_min_length" else True
        entry = self._entry(**bare, unit_amount=3)
        with self.assertRefused("Carl Consultant", "Merger"):
            entry.action_timetrack_submit()
        self.assertEqual(entry.timetrack_state, "draft")
        entry.write(values)
        entry.action_timetrack_submit()
        self.assertEqual(entry.timetrack_state, "submitted")

    def test_require_task(self):
        self._check_required("require_task", task_id=self.task.id)

    def test_require_activity(self):
        self._check_required("require_activity", timetrack_activity_id=self.activity_research.id)

    def test_require_deliverable(self):
        deliverable = self.env["timetrack.deliverable"].create({"name": "Report", "project_id": self.project.id})
        self._check_required("require_deliverable", timetrack_deliverable_id=deliverable.id)

    def test_description_min_length(self):
        self._check_required("description_min_length", name="Read the file")

    def _check_severity(self, field, make, text):
        """Allowed, warned of, refused: by nothing but the severity."""
        name = field.removesuffix("_severity")
        self.assertEqual(self._rules(make("Reading one")), [])
        self.policy[field] = "warn"
        entry = make("Reading two")
        self.assertEqual(self._rules(entry), [name])
        self.assertEqual(entry.timetrack_warning_count, 1)
        self.assertIn(text, entry.timetrack_warning_text)
        self.assertIn("Litigation", entry.timetrack_warning_text)
        self.policy[field] = "block"
        with self.assertRefused(text, "2026-", "Carl Consultant", "Merger"):
            make("Reading three")

    def test_day_hours_severity(self):
        self._check_severity("day_hours_severity", lambda name: self._entry(name=name, unit_amount=13), "Hours a Day")

    def test_day_hours_max(self):
        self.policy.day_hours_severity = "block"
        with self.assertRefused("Hours a Day: 13.00 hours", "at most 12.00"):
            self._entry(unit_amount=13)
        self.policy.day_hours_max = 13
        self._entry(unit_amount=13)

    def test_future_severity(self):
        tomorrow = TODAY + timedelta(days=1)
        self._check_severity("future_severity", lambda name: self._entry(name=name, date=tomorrow), "Future Time")

    def test_future_days(self):
        self.policy.future_severity = "block"
        with self.assertRefused("Future Time: .* 1; at most 0"):
            self._entry(date=TODAY + timedelta(days=1))
        self.policy.future_days = 1
        self._entry(date=TODAY + timedelta(days=1))

    def test_past_severity(self):
        day = TODAY - timedelta(days=32)
        self._check_severity("past_severity", lambda name: self._entry(name=name, date=day), "Old Time")

    def test_past_days(self):
        self.policy.past_severity = "block"
        with self.assertRefused("Old Time: .* 32; at most 31"):
            self._entry(date=TODAY - timedelta(days=32))
        self.policy.past_days = 32
        self._entry(date=TODAY - timedelta(days=32))

    def test_non_working_severity(self):
        self._check_severity("non_working_severity", lambda name: self._entry(name=name, date=SATURDAY), "Days Off")

    def test_over_budget_severity(self):
        self.project.allocated_hours = 1
        self._check_severity("over_budget_severity", lambda name: self._entry(name=name), "Over Budget")

    def test_closed_severity(self):
        self.task.state = "1_done"
        self._check_severity("closed_severity", lambda name: self._entry(name=name), "Closed Work")

    def test_duplicate_severity(self):
        self._entry(name="Reading")
        self._check_severity("duplicate_severity", lambda name: self._entry(name="Reading"), "Duplicates")

    def test_overlap_severity(self):
        clock = {"timetrack_start": datetime(2026, 3, 4, 8), "timetrack_stop": datetime(2026, 3, 4, 10)}
        self._entry(name="Call", **clock)
        self._check_severity("overlap_severity", lambda name: self._entry(name=name, **clock), "Overlaps")

    def test_auto_approve(self):
        """Nothing by itself; what is not billable; everything."""
        billable = {"timetrack_is_billable": True}
        self.assertEqual(self._submitted(timetrack_is_billable=False).timetrack_state, "submitted")
        self.policy.auto_approve = "non_billable"
        self.assertEqual(self._submitted(timetrack_is_billable=False).timetrack_state, "approved")
        self.assertEqual(self._submitted(**billable).timetrack_state, "submitted")
        self.policy.auto_approve = "always"
        self.assertEqual(self._submitted(**billable).timetrack_state, "approved")

    def test_auto_approve_max_hours(self):
        """Hours of the day in all projects count; time with a warning is never approved by itself."""
        self.policy.auto_approve = "always"
        self._entry(unit_amount=3, project_id=self.internal_project.id, task_id=False)
        self.assertEqual(self._submitted(unit_amount=2).timetrack_state, "approved")
        self.policy.auto_approve_max_hours = 6
        self.assertEqual(self._submitted(unit_amount=1).timetrack_state, "approved")
        self.assertEqual(self._submitted(unit_amount=0.5).timetrack_state, "submitted")
        self.policy.auto_approve_max_hours = 7
        self.policy.write({"duplicate_severity": "warn"})
        self.assertEqual(self._submitted(unit_amount=0.5).timetrack_state, "submitted")

    def test_active(self):
        """An archived policy asks nothing any more."""
        self.policy.write({"day_hours_severity": "block", "day_hours_max": 1})
        with self.assertRefused("Hours a Day"):
            self._entry()
        self.policy.active = False
        self._entry()

    def test_company_id(self):
        """A policy that has become another company's asks nothing here."""
        self.policy.write({"day_hours_severity": "block", "day_hours_max": 1})
        with self.assertRefused("Hours a Day"):
            self._entry()
        self.policy.company_id = self.env["res.company"].create({"name": "Elsewhere"})
        self._entry()

    def test_company_timetrack_policy_id(self):
        """The policy of the company holds where nobody says otherwise, and reaches its other projects."""
        strict = self.env["timetrack.policy"].create(
            {"name": "Strict", "day_hours_severity": "block", "day_hours_max": 1}
        )
        office = {"project_id": self.internal_project.id, "task_id": False}
        self._entry(**office)
        self.company.timetrack_policy_id = strict
        with self.assertRaises(UserError) as caught:
            self._entry(**office)
        self.assertIn("Strict", caught.exception.args[0])
        self._entry()

    def test_project_timetrack_policy_id(self):
        self.policy.write({"day_hours_severity": "block", "day_hours_max": 1})
        with self.assertRefused("Hours a Day"):
            self._entry()
        self.project.timetrack_policy_id = False
        self._entry()


@tagged("post_install", "-at_install")
class TestPolicyResolution(PolicyCase):
    """Project, client, client category, company: the first of them that names a policy decides."""

    def setUp(self):
        super().setUp()
        create = self.env["timetrack.policy"].create
        names = ("project", "client", "category", "company")
        self.policies = {name: create({"name": name}) for name in names}
        self.category = self.env["timetrack.client.category"].create({"name": "Gold"})
        self.client_company.timetrack_client_category_id = self.category
        self.project.timetrack_policy_id = False

    def _name(self, *places):
        holders = {
            "project": (self.project, "timetrack_policy_id"),
            "client": (self.client_company, "timetrack_policy_id"),
            "category": (self.category, "policy_id"),
            "company": (self.company, "timetrack_policy_id"),
        }
        for place, (record, field) in holders.items():
            record[field] = self.policies[place] if place in places else False

    def _found(self):
        return self.project._timetrack_find_policy(self.company)[0]

    def test_nobody_names_one(self):
        self._name()
        self.assertFalse(self._found())
        self.assertFalse(self.project.timetrack_effective_policy_id)
        self.assertIn("without limits", self.project.timetrack_policy_reason)

    def test_pair_by_pair(self):
        places = ("project", "client", "category", "company")
        for position, place in enumerate(places):
            self._name(place)
            self.assertEqual(self._found(), self.policies[place])
            for other in places[position + 1 :]:
                with self.subTest(place=place, other=other):
                    self._name(place, other)
                    self.assertEqual(self._found(), self.policies[place])
                    self.assertEqual(self.project.timetrack_effective_policy_id, self.policies[place])

    def test_why_says_where_it_comes_from(self):
        for place, why in (
            ("project", "chosen on this project"),
            ("client", "chosen on the client Client Works"),
            ("category", "chosen on the client category Gold"),
            ("company", f"chosen in the settings of {self.company.name}"),
        ):
            self._name(place)
            self.assertEqual(self.project.timetrack_policy_reason, f"{place}: {why}.")

    def test_archived_and_foreign_policies_are_passed_over(self):
        self._name("project", "company")
        self.policies["project"].active = False
        self.assertEqual(self._found(), self.policies["company"])
        self.policies["project"].write(
            {"active": True, "company_id": self.env["res.company"].create({"name": "Elsewhere"}).id}
        )
        self.assertEqual(self._found(), self.policies["company"])

    def test_a_contact_is_held_as_its_company(self):
        self._name("client")
        self.assertEqual(self.project.partner_id, self.client_contact)
        self.assertEqual(self._found(), self.policies["client"])

    def test_many_entries_at_once(self):
        self._name("client", "company")
        entries = self._entry() + self._entry(project_id=self.internal_project.id, task_id=False)
        found = entries._timetrack_policies()
        self.assertEqual([found[line].name for line in entries], ["client", "company"])

    def test_consultants_see_which_policy_holds_and_why(self):
        self._name("client")
        seen = self.project.with_user(self.consultant)
        self.assertEqual(seen.timetrack_effective_policy_id, self.policies["client"])
        self.assertIn("Client Works", seen.timetrack_policy_reason)
        arch = seen.get_view(self.env.ref("project.edit_project").id)["arch"]
        self.assertIn("timetrack_policy_reason", arch)
        self.assertNotIn('name="timetrack_policy_id"', arch)
        self.assertFalse(seen.timetrack_has_client_step)
        self.policies["client"].step_ids = [(0, 0, {"kind": "client"})]
        seen.invalidate_recordset()
        self.assertTrue(seen.timetrack_has_client_step)

    def test_where_it_is_used(self):
        self._name("project", "client", "category", "company")
        for place, counter in (
            ("project", "project_count"),
            ("client", "client_count"),
            ("category", "category_count"),
            ("company", "company_count"),
        ):
            policy = self.policies[place]
            counts = [policy[name] for name in ("project_count", "client_count", "category_count", "company_count")]
            self.assertEqual(sum(counts), 1)
            self.assertEqual(policy[counter], 1)
        action = self.policies["client"].action_view_clients()
        found = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(found, self.client_company)


@tagged("post_install", "-at_install")
class TestPolicyRights(PolicyCase):
    """Choosing a policy may weaken a control: it takes a right of its own, by every path."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lax = cls.env["timetrack.policy"].create({"name": "Lax"})
        # somebody who may write projects and contacts, by rights of a firm's own
        cls.assistant = new_test_user(
            cls.env, login="tt_assistant", groups="hr_timesheet.group_hr_timesheet_user,base.group_partner_manager"
        )
        cls.env["ir.model.access"].create(
            {
                "name": "assistants write projects",
                "model_id": cls.env.ref("project.model_project_project").id,
                "group_id": cls.env.ref("hr_timesheet.group_hr_timesheet_user").id,
                "perm_read": True,
                "perm_write": True,
                "perm_create": True,
            }
        )

    def test_administrators_choose(self):
        self.project.with_user(self.project_manager).timetrack_policy_id = self.lax
        # the administrator of timesheets is no contact manager: rights add up
        self.administrator.group_ids |= self.env.ref("base.group_partner_manager")
        self.client_company.with_user(self.administrator).timetrack_policy_id = self.lax
        self.assertEqual(self.client_contact.timetrack_policy_id, self.lax)

    def test_a_plain_user_who_may_write_the_project_does_not(self):
        project = self.project.with_user(self.assistant)
        project.description = "May be written"
        for values in ({"timetrack_policy_id": self.lax.id}, {"timetrack_approver_id": self.client_contact.id}):
            with self.subTest(values=values), self.assertRaisesRegex(AccessError, "time policy"):
                call_kw(project.browse(), "write", [project.ids, values], {"context": {"timetrack_internal": True}})
        values = {"name": "New", "allow_timesheets": False}
        with self.assertRaisesRegex(AccessError, "time policy"):
            project.create({**values, "timetrack_policy_id": self.lax.id})
        with self.assertRaisesRegex(AccessError, "time policy"):
            project.with_context(default_timetrack_policy_id=self.lax.id).create(values)
        project.create(values)

    def test_nor_on_a_client(self):
        client = self.client_company.with_user(self.assistant)
        client.comment = "May be written"
        with self.assertRaisesRegex(AccessError, "time policy"):
            client.timetrack_policy_id = self.lax
        with self.assertRaisesRegex(AccessError, "time policy"):
            client.create({"name": "New", "timetrack_policy_id": self.lax.id})
        with self.assertRaisesRegex(AccessError, "time policy"):
            client.create({"name": "New", "parent_id": client.id, "timetrack_policy_id": self.lax.id})

    def test_a_contact_takes_the_policy_of_its_company(self):
        self.client_company.timetrack_policy_id = self.lax
        contact = self.client_company.with_user(self.assistant).create(
            {"name": "New", "parent_id": self.client_company.id}
        )
        self.assertEqual(contact.sudo().timetrack_policy_id, self.lax)
        # a copy is a new client: nobody has chosen its policy yet
        self.assertFalse(self.client_company.with_user(self.assistant).copy().sudo().timetrack_policy_id)

    def test_nobody_else_changes_policies_or_categories(self):
        category = self.env["timetrack.client.category"].create({"name": "Gold"})
        for user in (self.consultant, self.lead, self.project_manager):
            with self.subTest(user=user.login):
                with self.assertRaises(AccessError):
                    self.policy.with_user(user).day_hours_severity = "none"
                with self.assertRaises(AccessError):
                    category.with_user(user).policy_id = self.lax
                with self.assertRaises(AccessError):
                    self.company.with_user(user).timetrack_policy_id = self.lax

    def test_a_policy_of_another_company_cannot_be_chosen(self):
        self.lax.company_id = self.env["res.company"].create({"name": "Elsewhere"})
        self.project.company_id = self.company
        with self.assertRaises(UserError):
            self.project.timetrack_policy_id = self.lax
        with self.assertRaisesRegex(ValidationError, "another company's"):
            self.company.timetrack_policy_id = self.lax

    def test_warnings_are_kept_by_the_addon_alone(self):
        entry = self._entry()
        for values in ({"timetrack_warning_count": 0}, {"timetrack_warnings": []}):
            with self.assertRaises(AccessError):
                entry.with_user(self.consultant).with_context(timetrack_internal=True).write(values)
            with self.assertRaises(AccessError):
                self._entry(**values)


@tagged("post_install", "-at_install")
@freeze_time("2026-03-04 12:00:00")
class TestPolicyChecks(PolicyCase):
    """When entries are held against their policy, and what is told."""

    def _limit(self, severity, *names):
        self.policy.write({f"{name}_severity": severity for name in names})

    def test_all_violations_of_all_entries_at_once(self):
        self.policy.write({"require_task": True, "require_activity": True})
        entries = self._entry(task_id=False, date=date(2026, 1, 5)) + self._entry(date=date(2026, 1, 6))
        self.policy.past_severity = "block"
        with self.assertRaises(UserError) as caught:
            entries.action_timetrack_submit()
        self.assertEqual(
            caught.exception.args[0],
            "This time cannot be submitted as it is:\n"
            "2026-01-05, Carl Consultant, Merger, Reading\n"
            "  • Task: choose the task. (Policy “Litigation”)\n"
            "  • Service Type: choose the service type. (Policy “Litigation”)\n"
            "  • Old Time: dated back by days: 58; at most 31 are allowed. (Policy “Litigation”)\n"
            "2026-01-06, Carl Consultant, Merger, Reading\n"
            "  • Service Type: choose the service type. (Policy “Litigation”)\n"
            "  • Old Time: dated back by days: 57; at most 31 are allowed. (Policy “Litigation”)",
        )
        self.assertEqual(set(entries.mapped("timetrack_state")), {"draft"})

    def test_a_long_list_is_cut(self):
        self._limit("block", "future")
        values = {"project_id": self.project.id, "employee_id": self.employee.id, "date": "2026-03-10"}
        with self.assertRefused("and 2 more entries"):
            self.Line.create([{**values, "name": f"Call {number}"} for number in range(7)])

    def test_several_policies_in_one_submission(self):
        other = self.env["timetrack.policy"].create({"name": "Internal", "description_min_length": 20})
        self.internal_project.timetrack_policy_id = other
        self.policy.require_activity = True
        entries = self._entry() + self._entry(project_id=self.internal_project.id, task_id=False)
        with self.assertRefused("Service Type", "Description: 7 characters, at least 20", "Internal"):
            entries.action_timetrack_submit()

    def test_limits_are_asked_on_save_and_on_submission(self):
        entry = self._entry(unit_amount=9)
        self._limit("block", "day_hours")
        self.policy.day_hours_max = 8
        with self.assertRefused("Hours a Day"):
            entry.action_timetrack_submit()
        with self.assertRefused("Hours a Day"):
            entry.unit_amount = 9.5

    def test_a_change_is_refused_only_for_what_it_touches(self):
        entry = self._entry(date=date(2026, 1, 5), unit_amount=14)
        self._limit("block", "past", "day_hours")
        entry.name = "Corrected"
        self.assertEqual(self._rules(entry), ["day_hours", "past"])
        with self.assertRefused("Old Time"):
            entry.unit_amount = 15
        self._limit("none", "past")
        entry.unit_amount = 13
        with self.assertRefused("Hours a Day"):
            entry.unit_amount = 13.5
        with self.assertRefused("Hours a Day"):
            entry.date = date(2026, 1, 6)

    def test_a_warning_stays_for_the_approver_until_it_no_longer_holds(self):
        self._limit("warn", "day_hours")
        entry = self._submitted(unit_amount=13)
        seen = entry.with_user(self.lead)
        self.assertIn("13.00 hours on this day, at most 12.00", seen.timetrack_warning_text)
        warned = [("timetrack_warning_count", ">", 0), ("project_id", "=", self.project.id)]
        self.assertEqual(seen.search(warned), entry)
        self.assertEqual(entry.timetrack_event_ids.mapped("action"), ["submit"])
        seen.action_timetrack_approve()
        self.assertEqual(self._rules(entry), ["day_hours"])
        other = self._entry(unit_amount=13, date=TODAY - timedelta(days=1))
        self.assertEqual(self._rules(other), ["day_hours"])
        other.unit_amount = 12
        self.assertFalse(other.timetrack_warnings)
        self.assertFalse(other.timetrack_warning_count)
        other.unit_amount = 13
        self._limit("none", "day_hours")
        other.unit_amount = 13.5
        self.assertFalse(other.timetrack_warning_text)

    def test_warnings_are_asked_anew_on_submission(self):
        entry = self._entry(unit_amount=7)
        self._entry(unit_amount=7, name="More")
        self._limit("warn", "day_hours")
        self.assertEqual(self._rules(entry), [])
        entry.action_timetrack_submit()
        self.assertEqual(self._rules(entry), ["day_hours"])

    def test_parts_keep_the_warnings_of_the_entry(self):
        self._limit("warn", "day_hours")
        entry = self._submitted(unit_amount=13)
        part = entry.with_user(self.lead)._timetrack_split([{"unit_amount": 3}])
        self.assertEqual(part.timetrack_warnings, entry.timetrack_warnings)
        self.assertEqual((part.timetrack_warning_count, part.timetrack_state), (1, "submitted"))

    def test_warnings_speak_the_readers_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.policy.with_context(lang="fr_FR").name = "Contentieux"
        self._limit("warn", "day_hours")
        entry = self._entry(unit_amount=13)
        self.assertIn("Litigation", entry.timetrack_warning_text)
        self.assertIn("Contentieux", entry.with_context(lang="fr_FR").timetrack_warning_text)

    def test_a_warning_outlives_its_policy(self):
        self._limit("warn", "day_hours")
        entry = self._entry(unit_amount=13)
        self.project.timetrack_policy_id = False
        self.policy.unlink()
        self.assertIn("Litigation", entry.timetrack_warning_text)

    def test_hours_a_day_are_those_of_all_projects(self):
        self._limit("block", "day_hours")
        self._entry(project_id=self.internal_project.id, task_id=False, unit_amount=8)
        self._entry(employee_id=self.employee_colleague.id, unit_amount=8)
        self._entry(unit_amount=4)
        with self.assertRefused("12.25 hours on this day"):
            self._entry(unit_amount=0.25)
        values = {"project_id": self.project.id, "employee_id": self.employee.id, "date": "2026-03-03"}
        with self.assertRefused("12.50 hours on this day"):
            self.Line.create([{**values, "unit_amount": 6}, {**values, "unit_amount": 6.5}])

    def test_today_is_where_the_employee_is(self):
        self._limit("block", "future")
        tomorrow = {"date": TODAY + timedelta(days=1)}
        # noon in Greenwich
        self.employee.tz = "Pacific/Kiritimati"
        self._entry(**tomorrow)
        self.employee.tz = "Pacific/Honolulu"
        with self.assertRefused("Future Time"):
            self._entry(**tomorrow)
        self.assertEqual(self._entry(date=TODAY).date, TODAY)
        # half past one in the morning of the fourth in Greenwich is the third in Honolulu
        with freeze_time("2026-03-04 01:30:00"), self.assertRefused("Future Time"):
            self._entry(date=TODAY)

    def test_days_off_are_the_employees(self):
        self._limit("block", "non_working")
        leave = {"date_from": datetime(2026, 3, 3, 0), "date_to": datetime(2026, 3, 3, 23)}
        leave = self.env["resource.calendar.leaves"].create(
            {"name": "Away", "resource_id": self.employee.resource_id.id, **leave}
        )
        with self.assertRefused("Days Off"):
            self._entry(date=date(2026, 3, 3))
        self._entry(date=date(2026, 3, 3), employee_id=self.employee_colleague.id)
        leave.unlink()
        self._entry(date=date(2026, 3, 3))
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "company_id": self.company.id,
                "calendar_id": False,
                "date_from": datetime(2026, 3, 2, 0),
                "date_to": datetime(2026, 3, 2, 23),
            }
        )
        with self.assertRefused("Days Off"):
            self._entry(date=date(2026, 3, 2), employee_id=self.employee_colleague.id)

    def test_people_without_a_calendar_work_from_monday_to_friday(self):
        self._limit("block", "non_working")
        self.employee.resource_calendar_id = False
        self._entry(date=date(2026, 2, 27))
        with self.assertRefused("Days Off"):
            self._entry(date=SATURDAY)

    def test_the_message_says_how_much_of_the_budget_is_left(self):
        self._limit("block", "over_budget")
        self.project.allocated_hours = 10
        self._entry(unit_amount=6)
        with self.assertRefused("5.00 hours; of 10.00 budgeted hours of “Merger” 4.00 are left"):
            self._entry(unit_amount=5, employee_id=self.employee_colleague.id)
        self._entry(unit_amount=4)
        # the budget shrinks: nobody is kept from correcting time downwards
        self.project.allocated_hours = 5
        self.Line.search([("project_id", "=", self.project.id), ("unit_amount", "=", 4)]).unit_amount = 3

    def test_an_archived_project_is_closed(self):
        self._limit("block", "closed")
        entry = self._entry()
        self.project.active = False
        with self.assertRefused("Closed Work"):
            entry.unit_amount = 3

    def test_time_at_different_times_is_no_duplicate(self):
        self._limit("block", "duplicate")
        self._entry(timetrack_start=datetime(2026, 3, 4, 8))
        self._entry(timetrack_start=datetime(2026, 3, 4, 9))
        with self.assertRefused("Duplicates"):
            self._entry(timetrack_start=datetime(2026, 3, 4, 9))
        with self.assertRefused("Duplicates"):
            self._entry()

    def test_entries_that_touch_do_not_overlap(self):
        self._limit("block", "overlap")

        def clock(start, stop):
            return {"timetrack_start": datetime(2026, 3, 4, start), "timetrack_stop": datetime(2026, 3, 4, stop)}

        first = self._entry(**clock(8, 10))
        self._entry(**clock(10, 12))
        self._entry(**clock(9, 11), employee_id=self.employee_colleague.id)
        self._entry(unit_amount=4)
        with self.assertRefused("Overlaps"):
            self._entry(**clock(11, 13))
        with self.assertRefused("Overlaps"):
            first.unit_amount = 2.5

    def test_leave_is_outside_of_all_rules(self):
        self._limit("block", *LIMITS)
        line = self._entry(unit_amount=1)
        fields_of_leave = self.Line._timetrack_leave_fields()
        if not fields_of_leave:
            self.skipTest("Leave on timesheets comes with another addon.")
        self.policy.write({"day_hours_max": 2})
        leave = self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "company_id": self.company.id,
                "date_from": datetime(2026, 3, 9, 0),
                "date_to": datetime(2026, 3, 9, 23),
            }
        )
        leave_line = self.Line.sudo().create(
            {
                "name": "Holiday",
                "project_id": self.project.id,
                "employee_id": self.employee.id,
                "date": "2026-03-09",
                "unit_amount": 8,
                "global_leave_id": leave.id,
            }
        )
        self.assertFalse(leave_line.timetrack_state)
        self.assertFalse(leave_line.timetrack_warnings)
        self.assertEqual(line.timetrack_state, "draft")

    def test_limits_hold_without_approval_and_requirements_do_not(self):
        self.company.timetrack_approval_required = False
        self._limit("block", "day_hours")
        self.policy.require_activity = True
        with self.assertRefused("Hours a Day"):
            self._entry(unit_amount=13)
        self._entry().action_timetrack_submit()

    def test_sudo_and_rpc_are_held_to_it(self):
        self._limit("block", "day_hours")
        values = {"project_id": self.project.id, "employee_id": self.employee.id, "unit_amount": 13, "name": "x"}
        with self.assertRefused("Hours a Day"):
            self.Line.sudo().create(values)
        context = {"timetrack_internal": True, "import_file": True}
        with self.assertRefused("Hours a Day"):
            call_kw(self.Line.with_user(self.consultant), "create", [[values]], {"context": context})
        entry = self._entry()
        with self.assertRefused("Hours a Day"):
            call_kw(
                self.Line.with_user(self.consultant), "write", [entry.ids, {"unit_amount": 13}], {"context": context}
            )
        with self.assertRefused("Hours a Day"):
            self.Line.with_user(self.consultant).web_save({"unit_amount": 13, **values}, {"name": {}})
        # moving an open entry into the project is a save as well
        entry = self._entry(project_id=self.internal_project.id, task_id=False, unit_amount=14)
        with self.assertRefused("Hours a Day"):
            entry.project_id = self.project
        with self.assertRefused("Hours a Day"):
            entry.task_id = self.task

    def test_spreadsheets_tell_the_row(self):
        self._limit("block", "day_hours")
        result = self.Line.with_user(self.consultant).load(
            ["date", "project_id/.id", "employee_id/.id", "name", "unit_amount"],
            [["2026-03-04", str(self.project.id), str(self.employee.id), "Reading", "13"]],
        )
        self.assertIn("Hours a Day", result["messages"][0]["message"])
        self.assertFalse(result["ids"])


@tagged("post_install", "-at_install")
@freeze_time("2026-03-04 12:00:00")
class TestPolicyQueries(PolicyCase):
    """However many entries are held against however many rules, the number of queries stays."""

    def _values(self, count):
        employees = (self.employee, self.employee_colleague)
        return [
            {
                "project_id": self.project.id,
                "task_id": self.task.id,
                "employee_id": employees[number % 2].id,
                "date": TODAY - timedelta(days=number % 5),
                "unit_amount": 1 + number,
                "name": f"Reading {number}",
                "timetrack_start": datetime(2026, 3, 4, 8),
                "timetrack_stop": datetime(2026, 3, 4, 10),
            }
            for number in range(count)
        ]

    def _count(self, function):
        self.env.flush_all()
        self.env.invalidate_all()
        start = self.env.cr.sql_log_count
        function()
        self.env.flush_all()
        return self.env.cr.sql_log_count - start

    def test_creation_and_submission(self):
        self.policy.write({f"{name}_severity": "warn" for name in LIMITS})
        self.project.allocated_hours = 5
        self._entry()
        counts = []
        for size in (10, 200):
            values = self._values(size)
            entries = []
            created = self._count(lambda values=values, found=entries: found.append(self.Line.create(values)))
            submitted = self._count(entries[0]._timetrack_before_submit)
            self.assertTrue(all(entry.timetrack_warning_count for entry in entries[0]))
            counts.append((created, submitted))
        # Odoo writes a hundred rows a statement.
        for small, large in zip(*counts, strict=True):
            self.assertLessEqual(large - small, 3)
            self.assertLess(small, 60)

    def test_nothing_is_asked_without_limits(self):
        """Policies without limits, and none at all, cost the saving of time no query."""
        self.env["timetrack.policy"]._get_limiting_ids()
        entries = self.Line.create(self._values(10))
        self.env.flush_all()
        start = self.env.cr.sql_log_count
        entries._timetrack_check_policy()
        self.assertEqual(self.env.cr.sql_log_count, start)

    def test_the_cache_forgets(self):
        Policy = self.env["timetrack.policy"]
        self.assertNotIn(self.policy.id, Policy._get_limiting_ids())
        self.policy.past_severity = "warn"
        self.assertIn(self.policy.id, Policy._get_limiting_ids())
        self.policy.active = False
        self.assertNotIn(self.policy.id, Policy._get_limiting_ids())
        other = Policy.create({"name": "Other", "overlap_severity": "block"})
        self.assertIn(other.id, Policy._get_limiting_ids())
        ids = other.id
        other.unlink()
        self.assertNotIn(ids, Policy._get_limiting_ids())


@tagged("post_install", "-at_install")
@freeze_time("2026-03-04 12:00:00")
class TestClock(PolicyCase):
    """Start and stop of an entry follow its hours, and give them where nobody types them."""

    def _clocked(self, start=8, stop=10, **values):
        return self.Line.create(
            {
                "name": "Call",
                "project_id": self.project.id,
                "employee_id": self.employee.id,
                "timetrack_start": datetime(2026, 3, 4, start),
                "timetrack_stop": datetime(2026, 3, 4, stop),
                **values,
            }
        )

    def test_start_and_stop_give_the_hours(self):
        entry = self._clocked()
        self.assertEqual(entry.unit_amount, 2)
        self.assertEqual(entry.amount, -100)
        entry.timetrack_stop = datetime(2026, 3, 4, 10, 45)
        self.assertEqual(entry.unit_amount, 2.75)
        self.assertEqual(entry.amount, -137.5)
        entry.write({"timetrack_start": "2026-03-04 09:00:00", "timetrack_stop": "2026-03-04 09:30:00"})
        self.assertEqual(entry.unit_amount, 0.5)

    def test_hours_move_the_stop(self):
        entries = self._clocked() + self._clocked(start=9, stop=12) + self._entry(task_id=False)
        entries.unit_amount = 1.1
        self.assertEqual(entries[0].timetrack_stop, datetime(2026, 3, 4, 9, 6))
        self.assertEqual(entries[1].timetrack_stop, datetime(2026, 3, 4, 10, 6))
        self.assertFalse(entries[2].timetrack_stop)

    def test_who_writes_all_three_had_a_break(self):
        entry = self._clocked(unit_amount=1.5)
        self.assertEqual((entry.unit_amount, entry.timetrack_stop), (1.5, datetime(2026, 3, 4, 10)))

    def test_emptying_one_empties_nothing_else(self):
        entry = self._clocked()
        entry.timetrack_stop = False
        self.assertEqual((entry.unit_amount, entry.timetrack_start), (2, datetime(2026, 3, 4, 8)))
        entry.unit_amount = 3
        self.assertFalse(entry.timetrack_stop)

    def test_stop_comes_after_start(self):
        with self.assertRaisesRegex(ValidationError, "cannot end before it starts.*Carl Consultant"):
            self._clocked(start=10, stop=8, unit_amount=1)
        entry = self._clocked()
        with self.assertRaisesRegex(ValidationError, "cannot end before it starts"):
            entry.timetrack_start = datetime(2026, 3, 4, 11)

    def test_a_copy_is_another_time(self):
        copy = self._clocked().copy()
        self.assertFalse(copy.timetrack_start or copy.timetrack_stop)

    def test_the_trail_tells_what_followed(self):
        entry = self._clocked()
        entry.action_timetrack_submit()
        entry.timetrack_stop = datetime(2026, 3, 4, 11)
        changes = entry.timetrack_event_ids.sorted("id")[-1].changes
        self.assertEqual(changes["unit_amount"], [2, 3])
        self.assertIn("timetrack_stop", changes)
        entry.unit_amount = 1
        changes = entry.timetrack_event_ids.sorted("id")[-1].changes
        self.assertEqual(changes["unit_amount"], [3, 1])
        self.assertIn("timetrack_stop", changes)

    def test_a_split_shortens_the_entry(self):
        entry = self._clocked()
        entry.action_timetrack_submit()
        part = entry.with_user(self.lead)._timetrack_split([{"unit_amount": 0.5}])
        self.assertEqual((entry.unit_amount, entry.timetrack_stop), (1.5, datetime(2026, 3, 4, 9, 30)))
        self.assertFalse(part.timetrack_start)

    def test_approved_time_keeps_its_clock(self):
        entry = self._clocked()
        entry.action_timetrack_submit()
        entry.with_user(self.lead).action_timetrack_approve()
        with self.assertRaisesRegex(UserError, "locked"):
            entry.timetrack_start = datetime(2026, 3, 4, 7)

    def test_the_form_follows(self):
        with Form(self.Line.with_user(self.lead), "hr_timesheet.timesheet_view_form_user") as form:
            form.employee_id = self.employee
            form.project_id = self.project
            form.timetrack_start = "2026-03-04 08:00:00"
            form.timetrack_stop = "2026-03-04 09:15:00"
            self.assertEqual(form.unit_amount, 1.25)
            form.unit_amount = 2
            self.assertEqual(form.timetrack_stop, datetime(2026, 3, 4, 10))
