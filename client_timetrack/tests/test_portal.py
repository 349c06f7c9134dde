from datetime import timedelta

from lxml import etree, html

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from .common import PASSWORD_LENGTH_OK, TimetrackCommon


def _own_fields(arch):
    """The nodes of fields of a view's own model, without those of lists inside it."""
    return [node for node in arch.iter("field") if not any(above.tag == "field" for above in node.iterancestors())]


class PortalCommon(TimetrackCommon, HttpCase):
    """A client with access to the portal whose project is shared, and somebody of another client."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client_contact.email = "clara@client.example"
        cls.client = cls._portal_user("tt_client", cls.client_contact)
        cls.stranger_company = cls.env["res.partner"].create({"name": "Strangers", "is_company": True})
        cls.stranger_contact = cls.env["res.partner"].create(
            {"name": "Sam Stranger", "parent_id": cls.stranger_company.id, "email": "sam@stranger.example"}
        )
        cls.stranger = cls._portal_user("tt_stranger", cls.stranger_contact)
        cls.project.privacy_visibility = "portal"
        cls.project.message_subscribe(partner_ids=cls.client_contact.ids)
        cls.task.message_subscribe(partner_ids=cls.client_contact.ids)
        cls.policy = cls.env["timetrack.policy"].create(
            {"name": "Client approves", "step_ids": [Command.create({"kind": "client"})]}
        )
        cls.step = cls.policy.step_ids
        cls.Line = cls.env["account.analytic.line"]

    @classmethod
    def _portal_user(cls, login, partner):
        return new_test_user(
            cls.env,
            login=login,
            groups="base.group_portal",
            password=PASSWORD_LENGTH_OK,
            name=partner.name,
            partner_id=partner.id,
        )

    @classmethod
    def _waiting(cls, **values):
        """An entry that waits for the client."""
        entry = cls._entry(**values)
        entry.sudo()._timetrack_internal().write(
            {"timetrack_state": "submitted", "timetrack_policy_id": cls.policy.id, "timetrack_step_id": cls.step.id}
        )
        return entry

    def _page(self, user, path):
        """What the user reads at a path, as text."""
        self.authenticate(user.login, PASSWORD_LENGTH_OK)
        answer = self.url_open(path)
        self.assertEqual(answer.status_code, 200, path)
        return answer.text


@tagged("post_install", "-at_install")
class TestClientSees(PortalCommon):
    """Which time clients see on the portal, and what of it."""

    def _seen(self, entry, user=None):
        Line = self.Line.with_user(user or self.client)
        return entry in Line.sudo().search(Line._timesheet_get_portal_domain())

    def test_approved_time_only(self):
        open_entry = self._submitted(name="Guessing")
        approved = self._approved(name="Proving")
        page = self._page(self.client, "/my/timesheets?groupby=none")
        self.assertIn("Proving", page)
        self.assertNotIn("Guessing", page)
        self.assertTrue(self._seen(approved))
        self.assertFalse(self._seen(open_entry))

    def test_strangers_see_nothing(self):
        self._approved(name="Proving")
        self.assertNotIn("Proving", self._page(self.stranger, "/my/timesheets?groupby=none"))

    def test_portal_time_of_the_policy(self):
        draft, approved = self._entry(), self._approved()
        self.project.timetrack_policy_id = self.policy
        for portal_time, seen in (("approved", (False, True)), ("all", (True, True)), ("none", (False, False))):
            self.policy.portal_time = portal_time
            self.assertEqual((self._seen(draft), self._seen(approved)), seen, portal_time)
            self.assertEqual((draft.timetrack_client_visible, approved.timetrack_client_visible), seen, portal_time)
            self.env.invalidate_all()

    def test_time_keeps_the_policy_under_which_it_was_handed_in(self):
        """A policy that hides everything comes after a month was handed in under one that shows it."""
        entry = self._waiting()
        self.policy.portal_time = "all"
        silent = self.env["timetrack.policy"].create({"name": "Silent", "portal_time": "none"})
        self.project.timetrack_policy_id = silent
        later = self._approved()
        self.policy.active = False
        self.assertTrue(self._seen(entry))
        self.assertFalse(self._seen(later))

    def test_policies_of_many_projects_in_one_query(self):
        """What the query says of all projects is what each project says of itself."""
        category = self.env["timetrack.client.category"].create({"name": "A"})
        other_company = self.env["res.company"].create({"name": "Second"})
        elsewhere = self.policy.copy({"name": "Elsewhere"})
        archived = self.policy.copy({"name": "Archived", "active": False})
        by_company, by_category, by_client, by_project = (
            self.policy.copy({"name": name}) for name in ("company", "category", "client", "project")
        )
        self.company.timetrack_policy_id = by_company
        projects = self.project | self.internal_project | self.project.copy({"partner_id": self.stranger_contact.id})
        self.stranger_company.timetrack_client_category_id = category
        for of_category, of_client, of_project in (
            (False, False, False),
            (by_category, False, False),
            (by_category, by_client, False),
            (by_category, archived, by_project),
            (elsewhere, archived, elsewhere),
        ):
            # it becomes the other company's only once it is chosen
            elsewhere.company_id = False
            category.policy_id = of_category
            self.client_company.timetrack_policy_id = of_client
            projects[-1].timetrack_policy_id = of_project
            elsewhere.company_id = other_company
            found = {
                (project, company): policy
                for project, company, policy in self.env.execute_query(
                    self.env["project.project"]._timetrack_policy_sql()
                )
            }
            for project in projects:
                for company in (project.company_id,) if project.company_id else self.company | other_company:
                    policy, _source = project._timetrack_find_policy(company)
                    self.assertEqual(found[project.id, company.id], policy.id or None, (project.name, company.name))

    def test_portal_hide_employee_of_the_policy(self):
        self._approved(name="Proving")
        paths = (
            "/my/timesheets?groupby=none",
            "/my/timesheets?groupby=employee_id",
            "/my/timesheets?sortby=employee_id",
            f"/my/tasks/{self.task.id}",
            f"/my/tasks/{self.task.id}?report_type=html",
        )
        for path in paths:
            page = self._page(self.client, path)
            self.assertIn("Proving", page, path)
            self.assertIn("Carl Consultant", page, path)
        self.policy.portal_hide_employee = True
        self.project.timetrack_policy_id = self.policy
        for path in paths:
            page = self._page(self.client, path)
            self.assertIn("Proving", page, path)
            self.assertIn("Team member", page, path)
            self.assertNotIn("Carl Consultant", page, path)
            self.assertNotIn("tt_consultant", page, path)
        self.assertNotIn("Team member", self._page(self.administrator, "/my/timesheets?groupby=none"))

    def test_hidden_names_cannot_be_searched_for(self):
        self._approved(name="Proving")
        search = "/my/timesheets?groupby=none&search_in=employee_id&search=Carl"
        self.assertIn("Proving", self._page(self.client, search))
        self.policy.portal_hide_employee = True
        self.project.timetrack_policy_id = self.policy
        self.assertNotIn("Proving", self._page(self.client, search))

    def test_order_and_groups_tell_nothing_about_costs(self):
        """The list is read as superuser: its order and groups must not be those of any field that a client names."""
        cheap = self._approved(name="Cheap", unit_amount=1, date="2025-03-03")
        dear = self._approved(name="Dear", unit_amount=9, date="2025-03-02")
        self.assertGreater(cheap.amount, dear.amount)
        orders = {
            order: html.fromstring(self._page(self.client, f"/my/timesheets?groupby=none&sortby={order}"))
            for order in ("amount asc", "amount desc", "employee_id.hourly_cost")
        }
        texts = {order: page.text_content() for order, page in orders.items()}
        self.assertEqual({text.index("Cheap") < text.index("Dear") for text in texts.values()}, {True}, "newest first")
        self.assertIn("Dear", self._page(self.client, "/my/timesheets?groupby=amount"))

    def test_sums_of_a_task_are_those_of_the_time_shown(self):
        self.task.allocated_hours = 20
        self._approved(unit_amount=2)
        self._submitted(unit_amount=5)
        subtask = self.env["project.task"].create(
            {"name": "Part", "project_id": self.project.id, "parent_id": self.task.id}
        )
        self._approved(unit_amount=1, task_id=subtask.id)
        self._entry(unit_amount=4, task_id=subtask.id)
        self.assertEqual(self.task.effective_hours, 7)

        def sums(user):
            task = self.task.with_user(user).sudo()
            task.invalidate_recordset()
            return (
                task.timetrack_client_hours,
                task.timetrack_client_subtask_hours,
                task.timetrack_client_total_hours,
                task.timetrack_client_remaining_hours,
                task.timetrack_client_progress,
            )

        self.assertEqual(sums(self.client), (2, 1, 3, 17, 0.15))
        self.assertEqual(sums(self.administrator), (7, 5, 12, 8, 0.6))
        for path in (f"/my/tasks/{self.task.id}", "/my/tasks", f"/my/projects/{self.project.id}"):
            text = " ".join(html.fromstring(self._page(self.client, path)).text_content().split())
            self.assertIn("03:00", text, path)
            for secret in ("05:00", "07:00", "12:00", "60%"):
                self.assertNotIn(secret, text, path)

    def test_cost_is_nowhere(self):
        self.employee.hourly_cost = 1234.5
        self._approved(name="Proving", unit_amount=2)
        for path in (
            "/my",
            "/my/timesheets?groupby=none",
            f"/my/tasks/{self.task.id}",
            f"/my/projects/{self.project.id}",
            f"/my/tasks/{self.task.id}?report_type=html",
        ):
            page = self._page(self.client, path)
            for figure in ("1234.5", "1,234.5", "2469.0", "2,469.0"):  # hashes in the page have no points
                self.assertNotIn(figure, page, path)


@tagged("post_install", "-at_install")
class TestClientAttacks(PortalCommon):
    """A client who speaks to the server directly, in a project shared with them (Odoo's “Editable” access)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.project.collaborator_ids = [Command.create({"partner_id": cls.client_contact.id})]
        cls.shown = cls._entry(name="Proving", unit_amount=2)
        cls.hidden = cls._entry(name="Guessing", unit_amount=3)
        cls.shown.action_timetrack_submit()
        cls.shown.with_user(cls.lead).action_timetrack_approve()

    def _call(self, model, method, *args, **kwargs):
        """The client's call by JSON-RPC: the result, or the error's name and message."""
        answer = self.url_open(
            f"/web/dataset/call_kw/{model}/{method}",
            json={"params": {"model": model, "method": method, "args": args, "kwargs": kwargs}},
        ).json()
        if "error" in answer:
            return answer["error"]["data"]["name"], answer["error"]["data"]["message"]
        return answer["result"]

    def _refused(self, model, method, *args, **kwargs):
        answer = self._call(model, method, *args, **kwargs)
        self.assertIsInstance(answer, tuple, f"{model}.{method}{args}{kwargs} answered {answer}")
        return answer

    def test_what_a_client_may_read(self):
        self.authenticate("tt_client", PASSWORD_LENGTH_OK)
        rows = self._call(
            "account.analytic.line", "search_read", [], ["name", "unit_amount", "timetrack_worker_name", "task_id"]
        )
        self.assertEqual([(row["name"], row["unit_amount"]) for row in rows], [("Proving", 2)])
        self.assertEqual(rows[0]["timetrack_worker_name"], "Carl Consultant")
        described = self._call("account.analytic.line", "fields_get", [], ["type"])
        self.assertEqual(set(described), self.Line._timetrack_portal_fields())

    def test_names_follow_the_policy(self):
        self.policy.portal_hide_employee = True
        self.project.timetrack_policy_id = self.policy
        self.authenticate("tt_client", PASSWORD_LENGTH_OK)
        rows = self._call("account.analytic.line", "search_read", [], [])
        self.assertEqual([row["timetrack_worker_name"] for row in rows], ["Team member"])
        self.assertNotIn("Carl", str(rows))

    @mute_logger("odoo.http", "odoo.models")
    def test_no_other_field_by_any_method(self):
        Line = self.Line
        secret = [name for name in Line._fields if name not in Line._timetrack_portal_fields()]
        self.assertIn("amount", secret)
        self.assertIn("employee_id", secret)
        shown = self.shown.with_user(self.client)
        for name in secret:
            for attack in (
                lambda name=name: shown.read([name]),
                lambda name=name: shown[name],
                lambda name=name: shown.search([(name, "!=", False)]),
                lambda name=name: shown.search([(name, "=", 1)]),
                lambda name=name: shown.search([], order=name),
                lambda name=name: shown.formatted_read_group([], [name]),
                lambda name=name: shown.formatted_read_group([], [], [f"{name}:max"]),
            ):
                try:
                    answer = attack()
                except (AccessError, ValueError):  # a ValueError: nobody can search or sort by this one
                    continue
                self.fail(f"{name}: {answer}")

    @mute_logger("odoo.http", "odoo.models", "odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_access")
    def test_over_rpc(self):
        self.authenticate("tt_client", PASSWORD_LENGTH_OK)
        line, ids = "account.analytic.line", self.shown.ids
        for name in ("amount", "employee_id", "user_id", "create_uid", "account_id", "timetrack_reason"):
            self._refused(line, "read", ids, [name])
            self._refused(line, "web_read", ids, {name: {}})
            self._refused(line, "search_read", [[name, "!=", False]], ["id"])
            self._refused(line, "search_count", [[name, "!=", False]])
            self._refused(line, "web_search_read", [], {name: {}})
            self._refused(line, "web_search_read", [], {"name": {}}, order=f"{name} desc")
            self._refused(line, "web_read_group", [], [name], ["__count"])
            self._refused(line, "formatted_read_group", [], ["task_id"], [f"{name}:sum"])
            self._refused(line, "formatted_read_grouping_sets", [], [[name]], ["__count"])
            self._refused(line, "export_data", ids, [name])
            self._refused(line, "name_search", "", [[name, "!=", False]])
            self._refused(line, "onchange", ids, {}, [], {name: {}})
            self._refused(line, "search_panel_select_range", name, enable_counters=True)
        for name in ("employee_id.name", "user_id.login", "employee_id.hourly_cost", "so_line.price_unit"):
            self._refused(line, "search_count", [[name, "ilike", "Carl"]])
        self._refused(line, "get_metadata", ids)
        self._refused(line, "copy", ids)
        for values in ({"name": "x"}, {"timetrack_state": "approved"}):
            self._refused(line, "write", ids, values)
        self._refused(line, "create", [{"name": "x", "project_id": self.project.id, "unit_amount": 1}])
        self._refused(line, "unlink", ids)

    @mute_logger("odoo.http", "odoo.models", "odoo.addons.base.models.ir_rule")
    def test_hidden_entries_over_rpc(self):
        self.authenticate("tt_client", PASSWORD_LENGTH_OK)
        line, ids = "account.analytic.line", self.hidden.ids
        self._refused(line, "read", ids, ["name"])
        self._refused(line, "web_read", ids, {"name": {}})
        self.assertEqual(self._call(line, "search", [["id", "in", ids]]), [])
        self.assertEqual(self._call(line, "search_count", [["name", "=", "Guessing"]]), 0)
        groups = self._call(line, "formatted_read_group", [], ["task_id"], ["unit_amount:sum"])
        self.assertEqual([group["unit_amount:sum"] for group in groups], [2])
        task = self._call("project.task", "web_read", self.task.ids, {"timesheet_ids": {"fields": {"name": {}}}})
        self.assertEqual(task[0]["timesheet_ids"], [{"id": self.shown.id, "name": "Proving"}])

    @mute_logger("odoo.http", "odoo.models", "odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_model")
    def test_refusals_tell_nothing(self):
        """The steps of approval name the entries that they refuse; not to people who may not read them."""
        self.policy.portal_hide_employee = True
        self.project.timetrack_policy_id = self.policy
        self.hidden.action_timetrack_submit()
        for login in ("tt_client", "tt_stranger"):
            self.authenticate(login, PASSWORD_LENGTH_OK)
            for entry in (self.shown, self.hidden):
                for method, args in (
                    ("action_timetrack_submit", ()),
                    ("action_timetrack_withdraw", ()),
                    ("action_timetrack_reopen", ("x",)),
                    ("action_timetrack_view_events", ()),
                    ("timetrack_can_approve", ()),
                ):
                    text = str(self._call("account.analytic.line", method, entry.ids, *args))
                    for secret in ("Carl", "Guessing", "tt_consultant"):
                        self.assertNotIn(secret, text, (login, method))
        for method, args in (("action_timetrack_approve", ()), ("action_timetrack_reject", ("x",))):
            text = str(self._refused("account.analytic.line", method, self.hidden.ids, *args))
            for secret in ("Carl", "Guessing", "Merger"):
                self.assertNotIn(secret, text, method)
        self.assertEqual((self.shown | self.hidden).mapped("timetrack_state"), ["approved", "submitted"])

    @mute_logger("odoo.http", "odoo.models", "odoo.addons.base.models.ir_rule")
    def test_by_way_of_tasks_and_projects(self):
        self.authenticate("tt_client", PASSWORD_LENGTH_OK)
        for model, record in (("project.task", self.task), ("project.project", self.project)):
            for name in ("timesheet_ids.amount", "timesheet_ids.employee_id.name", "timesheet_ids.user_id"):
                self._refused(model, "search_count", [["id", "=", record.id], [name, "!=", False]])
            for name in ("effective_hours", "remaining_hours"):
                self._refused(model, "read", record.ids, [name])
        for name in ("analytic_account_balance", "timetrack_policy_id", "timesheet_ids", "is_project_overtime"):
            self._refused("project.project", "read", self.project.ids, [name])
        self._refused("project.task", "search_count", [["total_hours_spent", ">", 4]])
        self._refused("project.task", "search_count", [["remaining_hours_percentage", "<", 0.5]])
        self._refused("project.project", "search_count", [["is_project_overtime", "=", True]])
        self._refused("project.task", "search", [], order="progress desc")
        self._refused("project.task", "web_read_group", [], ["project_id"], ["effective_hours:sum"])
        names = self._call(
            "project.task",
            "web_read",
            self.task.ids,
            {"display_name": {}},
            context={"hr_timesheet_display_remaining_hours": True},
        )
        self.assertNotIn("remaining", names[0]["display_name"])
        for model in ("hr.employee", "timetrack.approval.event", "timetrack.policy", "timetrack.activity"):
            self._refused(model, "search_read", [], ["id"])

    @mute_logger("odoo.http", "odoo.models", "odoo.addons.base.models.ir_rule")
    def test_the_routes_of_mail_and_files(self):
        self.authenticate("tt_client", PASSWORD_LENGTH_OK)
        for route, params in (
            ("/mail/data", {"fetch_params": [["/mail/thread/messages", {}]]}),
            ("/mail/thread/messages", {"thread_model": "account.analytic.line", "thread_id": self.shown.id}),
            (
                "/mail/message/post",
                {
                    "thread_model": "account.analytic.line",
                    "thread_id": self.shown.id,
                    "post_data": {"body": "x", "message_type": "comment"},
                },
            ),
        ):
            answer = self.url_open(route, json={"params": params})
            for secret in ("Carl", "hourly_cost", "Guessing"):
                self.assertNotIn(secret, answer.text, route)
        for path in (
            f"/web/content/account.analytic.line/{self.shown.id}/amount",
            f"/web/content/account.analytic.line/{self.shown.id}/employee_id",
            f"/report/html/hr_timesheet.report_timesheet_task/{self.task.id}",
            f"/report/html/hr_timesheet.report_project_timesheet/{self.project.id}",
        ):
            answer = self.url_open(path)
            for secret in ("Guessing", "hourly_cost", str(self.shown.amount)):
                self.assertNotIn(secret, answer.text, path)

    def test_the_views_of_a_shared_project_load(self):
        """They ask for nothing that the client may not read."""
        self.authenticate("tt_client", PASSWORD_LENGTH_OK)
        for model, xmlids in {
            "project.task": (
                "project.project_sharing_project_task_view_form",
                "project.project_sharing_project_task_view_kanban",
                "project.project_sharing_project_task_view_tree",
            ),
            "account.analytic.line": (
                "hr_timesheet.hr_timesheet_line_portal_tree",
                "hr_timesheet.timesheet_view_form_portal_user",
                "hr_timesheet.view_kanban_account_analytic_line_portal_user",
                "hr_timesheet.hr_timesheet_line_tree",
                "hr_timesheet.hr_timesheet_line_search",
            ),
        }.items():
            allowed = self.env[model].with_user(self.client).fields_get(attributes=["type"])
            for xmlid in xmlids:
                view = self.env.ref(xmlid)
                answer = self._call(model, "get_view", view.id, view.type)
                self.assertIsInstance(answer, dict, (xmlid, answer))
                asked = {node.get("name") for node in _own_fields(etree.fromstring(answer["arch"]))}
                self.assertFalse(asked - set(allowed), xmlid)

    def test_people_of_the_firm_read_as_before(self):
        row = self.shown.with_user(self.consultant).read(["employee_id", "amount"])[0]
        self.assertEqual(row["employee_id"][1], "Carl Consultant")
        self.assertEqual(self.hidden.with_user(self.consultant).name, "Guessing")
        task = self.task.with_user(self.project_manager)
        self.assertEqual(task.effective_hours, 5)
        self.assertEqual(task.project_id.effective_hours, 5)


@tagged("post_install", "-at_install")
class TestClientApproves(PortalCommon):
    """The client's step of approval, taken on the portal."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.project.timetrack_policy_id = cls.policy
        # the approver needs no access to the project itself
        cls.project.privacy_visibility = "employees"

    def _mine(self, user):
        """The entries that wait for the user."""
        Line = self.Line.with_user(user)
        return Line.sudo().search(Line._timetrack_client_step_domain())

    def _decide(self, user, decision, entries, comment="", **args):
        """Press one of the page's buttons; return the text of the page that follows."""
        token = html.fromstring(self._page(user, "/my/security")).xpath("//input[@name='csrf_token']/@value")[0]
        data = {"csrf_token": token, "decision": decision, "comment": comment, "entry_ids": entries.ids, **args}
        answer = self.url_open("/my/time-approval/decide", data=data)
        self.assertEqual(answer.status_code, 200)
        self.env.invalidate_all()
        return " ".join(html.fromstring(answer.text).xpath("//div[@id='wrap']")[0].text_content().split())

    def test_time_handed_in_waits_for_the_client(self):
        entry = self._submitted(name="Proving")
        self.assertEqual(entry.timetrack_step_id, self.step)
        self.assertEqual(self._mine(self.client), entry)
        self.assertFalse(self._mine(self.stranger))
        self.assertFalse(self._mine(self.administrator), "who may take every step is still not the client")

    def test_the_page_shows_what_is_needed_to_decide(self):
        self._submitted(
            name="Proving", unit_amount=2.5, date="2025-03-03", timetrack_activity_id=self.activity_research.id
        )
        page = self._page(self.client, "/my/time-approval")
        for text in ("Proving", "2:30", "03/03/2025", "Merger", "Due diligence", "Carl Consultant", "Research"):
            self.assertIn(text, page)
        for figure in ("125", "hourly"):  # 2.5 hours at 50
            self.assertNotIn(figure, html.fromstring(page).xpath("//main")[0].text_content())
        self.policy.portal_hide_employee = True
        page = self._page(self.client, "/my/time-approval")
        self.assertIn("Team member", page)
        self.assertNotIn("Carl", page)
        self.company.timesheet_encode_uom_id = self.env.ref("uom.product_uom_day")
        self.assertIn("0.32", self._page(self.client, "/my/time-approval"), "2.5 of 8 hours, as Odoo rounds days")

    def test_home_counts_it(self):
        self._submitted()
        self._submitted()
        self.assertIn("/my/time-approval", self._page(self.client, "/my/home"))
        answer = self.url_open("/my/counters", json={"params": {"counters": ["time_approval_count"]}})
        self.assertEqual(answer.json()["result"]["time_approval_count"], 2)
        self.authenticate(self.stranger.login, PASSWORD_LENGTH_OK)
        answer = self.url_open("/my/counters", json={"params": {"counters": ["time_approval_count"]}})
        self.assertEqual(answer.json()["result"]["time_approval_count"], 0)

    def test_nobody_is_let_in_without_a_login(self):
        self.authenticate(None, None)
        answer = self.url_open("/my/time-approval")
        self.assertIn("/web/login", answer.url)

    def test_approve(self):
        one, other, left = self._submitted(), self._submitted(), self._submitted(name="Left")
        text = self._decide(self.client, "approve", one | other)
        self.assertIn("Time entries approved: 2", text)
        self.assertEqual((one | other | left).mapped("timetrack_state"), ["approved", "approved", "submitted"])
        self.assertEqual(one.timetrack_state_user_id, self.client)
        self.assertEqual(one.timetrack_event_ids.sorted("id")[-1].user_id, self.client)
        self.assertIn("Left", text)

    def test_send_back(self):
        entry = self._submitted()
        self.assertIn("say in a comment", self._decide(self.client, "reject", entry))
        self.assertIn("say in a comment", self._decide(self.client, "reject", entry, "   "))
        self.assertEqual(entry.timetrack_state, "submitted")
        self.assertIn("sent back", self._decide(self.client, "reject", entry, "Not for us"))
        self.assertEqual((entry.timetrack_state, entry.timetrack_reason), ("rejected", "Not for us"))

    def test_nothing_selected(self):
        self._submitted()
        self.assertIn("Select the time", self._decide(self.client, "approve", self.Line))
        self.assertIn("Select the time", self._decide(self.client, "unheard of", self._mine(self.client)))

    def test_what_is_not_theirs_any_more_gives_a_message(self):
        taken_back, mine = self._submitted(), self._submitted()
        taken_back.action_timetrack_withdraw()
        text = self._decide(self.client, "approve", taken_back | mine)
        self.assertIn("Time entries approved: 1", text)
        self.assertIn("do not wait for your approval any more: 1", text)
        self.assertEqual((taken_back | mine).mapped("timetrack_state"), ["draft", "approved"])
        text = self._decide(self.client, "reject", mine, "Too late")
        self.assertIn("do not wait for your approval any more: 1", text)
        self.assertEqual(mine.timetrack_state, "approved")

    def test_strangers_decide_nothing(self):
        entry = self._submitted(name="Proving")
        self.assertNotIn("Proving", self._page(self.stranger, "/my/time-approval"))
        for decision in ("approve", "reject"):
            text = self._decide(self.stranger, decision, entry, "x")
            self.assertIn("do not wait for your approval", text)
            self.assertNotIn("Proving", text)
        self.assertEqual(entry.timetrack_state, "submitted")
        with self.assertRaises(AccessError):
            entry.with_user(self.stranger).action_timetrack_approve()
        with self.assertRaises(AccessError):
            entry.with_user(self.client).action_timetrack_withdraw()
        with self.assertRaises(AccessError):
            self._approved_by_client(entry).with_user(self.client).action_timetrack_reopen("x")

    def _approved_by_client(self, entry):
        entry.with_user(self.client).action_timetrack_approve()
        self.assertEqual(entry.timetrack_state, "approved")
        return entry

    def test_a_form_without_its_token_is_refused(self):
        entry = self._submitted()
        self.authenticate(self.client.login, PASSWORD_LENGTH_OK)
        with mute_logger("odoo.http"):
            answer = self.url_open(
                "/my/time-approval/decide", data={"decision": "approve", "entry_ids": entry.ids, "csrf_token": "forged"}
            )
        self.assertEqual(answer.status_code, 400)
        self.assertEqual(entry.timetrack_state, "submitted")

    def test_timetrack_approver_id_of_the_project(self):
        """Whoever is chosen on the project approves, and the customer no longer does."""
        entry = self._submitted()
        self.project.timetrack_approver_id = self.stranger_contact
        self.assertFalse(self._mine(self.client))
        self.assertEqual(self._mine(self.stranger), entry)
        self.assertIn("Time entries approved: 1", self._decide(self.stranger, "approve", entry))

    def test_a_company_approves_by_its_contacts(self):
        entry = self._submitted()
        for approver, waits in ((self.client_company, True), (self.stranger_company, False)):
            self.project.timetrack_approver_id = approver
            self.assertEqual(entry in self._mine(self.client), waits, approver.name)
        self.project.timetrack_approver_id = False
        self.project.partner_id = self.client_company
        self.assertEqual(self._mine(self.client), entry)

    def test_a_project_warns_of_a_client_who_cannot_log_in(self):
        self.assertFalse(self.project.timetrack_approver_missing)
        newcomer = self.env["res.partner"].create({"name": "Nora", "parent_id": self.client_company.id})
        self.project.timetrack_approver_id = newcomer
        self.assertTrue(self.project.timetrack_approver_missing)
        wizard = self.env["portal.wizard"].browse(self.project.action_timetrack_grant_portal()["res_id"])
        self.assertEqual(wizard.user_ids.partner_id, newcomer)
        self.policy.step_ids.kind = "any"
        self.env.invalidate_all()
        self.assertFalse(self.project.timetrack_approver_missing)
        self.project.write({"timetrack_approver_id": False, "partner_id": False})
        with self.assertRaisesRegex(UserError, "neither a customer"):
            self.project.action_timetrack_grant_portal()

    def test_somebody_of_the_firm_as_the_client(self):
        """An internal project whose “client” is a colleague; the page serves them as well."""
        entry = self._submitted()
        self.project.timetrack_approver_id = self.other_lead.partner_id
        self.assertIn("Reading", self._page(self.other_lead, "/my/time-approval"))
        self.assertIn("Time entries approved: 1", self._decide(self.other_lead, "approve", entry))

    def test_the_step_before_comes_first(self):
        kinds = ("manager", "client")
        self.policy.step_ids = [Command.clear(), *(Command.create({"kind": kind}) for kind in kinds)]
        entry = self._submitted()
        self.assertFalse(self._mine(self.client))
        entry.with_user(self.lead).action_timetrack_approve()
        self.assertEqual(self._mine(self.client), entry)
        self.assertFalse(self.Line.sudo().search(self._portal_domain(self.client) & Domain("id", "=", entry.id)))
        self._decide(self.client, "approve", entry)
        self.assertEqual(entry.timetrack_state, "approved")

    def _portal_domain(self, user):
        return Domain(self.Line.with_user(user)._timesheet_get_portal_domain())

    def test_search_sort_and_pages(self):
        self._submitted(name="Brief", unit_amount=1, date="2025-03-03")
        self._submitted(name="Ample", unit_amount=9, date="2025-03-02")
        for args, order in (
            ("", ["Brief", "Ample"]),
            ("?sortby=date", ["Ample", "Brief"]),
            ("?sortby=unit_amount+desc&groupby=none", ["Ample", "Brief"]),
            ("?search_in=name&search=amp", ["Ample"]),
            ("?search_in=project_id&search=merg", ["Brief", "Ample"]),
            ("?search_in=employee_id&search=nobody", []),
            ("?sortby=amount&groupby=employee_id", ["Brief", "Ample"]),
        ):
            text = html.fromstring(self._page(self.client, f"/my/time-approval{args}")).text_content()
            found = sorted((name for name in ("Brief", "Ample") if name in text), key=text.index)
            self.assertEqual(found, order, args)
        self.assertIn("matches your search", self._page(self.client, "/my/time-approval?search=nothing"))
        for number in range(50):
            self._submitted(name=f"Entry {number}", date="2025-03-01")
        second = self._page(self.client, "/my/time-approval/page/2?sortby=date&groupby=none")
        boxes = html.fromstring(second).xpath("//input[@name='entry_ids']")
        self.assertEqual(len(boxes), 2)

    def test_a_page_takes_as_many_queries_for_many_entries(self):
        def queries():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._page(self.client, "/my/time-approval?groupby=none")
            return self.env.cr.sql_log_count - before

        for number in range(3):
            self._submitted(name=f"Entry {number}")
        queries()
        few = queries()
        for number in range(40):
            self._submitted(name=f"More {number}")
        self.assertLessEqual(queries(), few + 2)

    def test_in_the_browser(self):
        """Select a project's time and approve it; select the rest and send it back, which takes a comment."""
        other = self.project.copy({"name": "Audit", "timetrack_policy_id": self.policy.id})
        self._submitted(project_id=other.id, task_id=False)
        self._submitted()
        self._submitted(name="Calling")
        self.start_tour("/my/home", "timetrack_client_tour", login=self.client.login)
        entries = self.Line.search([("project_id", "in", (self.project | other).ids)])
        self.assertEqual(
            sorted(entries.mapped(lambda line: (line.project_id.name, line.timetrack_state))),
            [("Audit", "approved"), ("Merger", "rejected"), ("Merger", "rejected")],
        )
        self.assertIn("Which call?", entries.mapped("timetrack_reason"))

    # ------------------------------------------------------------------
    # The e-mail
    # ------------------------------------------------------------------

    def _mails(self):
        """Run the scheduled action; return what it queued."""
        before = self.env["mail.mail"].sudo().search([])
        self.env["res.partner"]._cron_timetrack_mail_approvers()
        return self.env["mail.mail"].sudo().search([]) - before

    def test_one_mail_for_all_that_waits(self):
        self._submitted(unit_amount=2.5)
        self._submitted(unit_amount=1)
        mail = self._mails()
        self.assertEqual(mail.recipient_ids, self.client_contact)
        body = html.fromstring(mail.body_html).text_content()
        for text in ("Clara Contact", "Merger", "3:30"):
            self.assertIn(text, body)
        self.assertNotIn("Reading", body)
        self.assertIn("/my/time-approval", mail.body_html)
        self.assertFalse(self._mails(), "nothing new")

    def test_new_time_and_a_week_of_silence_are_worth_another_mail(self):
        self._submitted()
        self.assertEqual(len(self._mails()), 1)
        self.client_contact.timetrack_approval_mail_date -= timedelta(seconds=2)
        self._submitted()
        self.assertEqual(len(self._mails()), 1)
        self.assertFalse(self._mails())
        self.client_contact.timetrack_approval_mail_date -= timedelta(days=8)
        self.assertEqual(len(self._mails()), 1)

    def test_mail_in_the_language_of_the_contact(self):
        self.env["res.lang"]._activate_lang("de_DE")
        template = self.env.ref("client_timetrack.mail_template_time_approval")
        template.with_context(lang="de_DE").subject = "Zeit zu genehmigen"
        self.client_contact.lang = "de_DE"
        self.company.timesheet_encode_uom_id = self.env.ref("uom.product_uom_day")
        self._submitted(unit_amount=4)
        mail = self._mails()
        self.assertEqual(mail.subject, "Zeit zu genehmigen")
        self.assertIn("0,50", mail.body_html)

    def test_every_contact_of_a_company_gets_the_mail(self):
        second = self.env["res.partner"].create(
            {"name": "Cleo Contact", "parent_id": self.client_company.id, "email": "cleo@client.example"}
        )
        self._portal_user("tt_client_second", second)
        self.project.timetrack_approver_id = self.client_company
        self._submitted()
        self.assertEqual(self._mails().recipient_ids, self.client_contact | second)

    def test_no_mail_when_nothing_waits(self):
        self._approved_by_client(self._submitted())
        self.client.active = False
        self._submitted()
        self.assertFalse(self._mails(), "nobody could follow the link")
