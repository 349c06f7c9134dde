import ast

from odoo.exceptions import UserError
from odoo.tests import HttpCase, tagged

from ..models.account_analytic_line_queue import PENDING_LIMIT
from .common import PASSWORD_LENGTH_OK, TimetrackCommon


@tagged("post_install", "-at_install")
class TestQueue(TimetrackCommon, HttpCase):
    """What waits for whom, and how it is counted."""

    def _count(self, user):
        return self.env["account.analytic.line"].with_user(user).get_timetrack_pending_count()

    def _entries(self, number):
        return self.env["account.analytic.line"].create(
            [
                {"name": "/", "project_id": self.project.id, "employee_id": self.employee.id, "unit_amount": 1}
                for _unused in range(number)
            ]
        )

    def test_the_count_is_of_what_one_may_decide(self):
        before = {user: self._count(user) for user in (self.lead, self.other_lead)}
        self._entry()
        self._approved()
        self._submitted()
        self._submitted(employee_id=self.employee_colleague.id, project_id=self.internal_project.id, task_id=False)
        self.assertEqual(self._count(self.lead), before[self.lead] + 2)
        self.assertEqual(self._count(self.other_lead), before[self.other_lead])
        self.assertEqual(self._count(self.consultant), 0)

    def test_own_time_does_not_count(self):
        before = self._count(self.lead)
        self._submitted(employee_id=self.employee_lead.id)
        self.assertEqual(self._count(self.lead), before)

    def test_project_managers_count_their_projects(self):
        before = self._count(self.project_manager)
        self._submitted()
        self.assertEqual(self._count(self.project_manager), before + 1)

    def test_no_timesheets_nothing_to_ask(self):
        outsider = self._new_user("tt_outsider", "base.group_user")
        self._submitted()
        self.assertEqual(self._count(outsider), 0)

    def test_time_of_other_companies_does_not_count(self):
        other = self.env["res.company"].create({"name": "Other"})
        self._submitted()
        both = self.administrator
        both.company_ids |= other
        Line = self.env["account.analytic.line"].with_user(both)
        self.assertGreater(Line.with_company(self.company).get_timetrack_pending_count(), 0)
        self.assertEqual(Line.with_context(allowed_company_ids=other.ids).get_timetrack_pending_count(), 0)

    def test_the_count_stops_where_nobody_reads_on(self):
        self._entries(PENDING_LIMIT + 10).action_timetrack_submit()
        self.assertEqual(self._count(self.lead), PENDING_LIMIT)

    def test_queries_do_not_grow(self):
        self._entries(2).action_timetrack_submit()
        self._count(self.lead)  # warms the caches of rights
        few = self._queries()
        self._entries(80).action_timetrack_submit()
        self.env.flush_all()
        self.assertLessEqual(self._queries(), few)

    def _queries(self):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        self._count(self.lead)
        return self.env.cr.sql_log_count - before

    def test_the_action_shows_what_is_counted(self):
        waits = self._submitted()
        own = self._submitted(employee_id=self.employee_lead.id)
        domain = ast.literal_eval(self.env.ref("client_timetrack.timetrack_approval_action").domain)
        Line = self.env["account.analytic.line"].with_user(self.lead)
        shown = Line.search(domain)
        self.assertIn(waits, shown)
        self.assertNotIn(own, shown)
        self.assertEqual(shown, Line.search(Line._timetrack_pending_domain()))

    def test_submit_my_period_from_the_list(self):
        entries = self._entry() | self._entry(unit_amount=1)
        other = self._entry(employee_id=self.employee_colleague.id)
        Line = self.env["account.analytic.line"].with_user(self.consultant)
        action = Line.action_timetrack_submit_my_period()
        self.assertEqual(action["params"]["type"], "success")
        self.assertEqual(set(entries.mapped("timetrack_state")), {"submitted"})
        self.assertEqual(other.timetrack_state, "draft")
        with self.assertRaisesRegex(UserError, "nothing to submit"):
            Line.action_timetrack_submit_my_period()

    def test_nobody_submits_without_an_employee(self):
        user = self._new_user("tt_no_employee", "hr_timesheet.group_hr_timesheet_user")
        with self.assertRaisesRegex(UserError, "no employee"):
            self.env["account.analytic.line"].with_user(user).action_timetrack_submit_my_period()

    def test_the_session_says_who_logs_time(self):
        outsider = self._new_user("tt_session", "hr_timesheet.group_hr_timesheet_user")
        for user, expected in ((self.consultant, True), (self.lead, True), (outsider, False)):
            with self.subTest(user=user.login):
                self.authenticate(user.login, PASSWORD_LENGTH_OK)
                session = self.make_jsonrpc_request("/web/session/get_session_info")
                self.assertEqual(session["timetrack_has_period"], expected)

    def test_views_of_the_queue(self):
        Line = self.env["account.analytic.line"].with_user(self.lead)
        views = Line.get_views(
            [
                (self.env.ref(f"client_timetrack.account_analytic_line_view_{kind}_queue").id, kind)
                for kind in ("list", "search", "kanban")
            ]
        )["views"]
        self.assertNotIn("action_timetrack_submit", views["list"]["arch"])
        self.assertIn("action_timetrack_approve", views["list"]["arch"])
        self.assertIn("action_timetrack_approve", views["kanban"]["arch"])
        self.assertIn("groupby_timetrack_step", views["search"]["arch"])
