from lxml import etree

from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools.safe_eval import safe_eval

from .common import ReportsCommon

# The least of each role: none of them may see rates or costs besides what its group brings.
ROLES = {
    "consultant": "hr_timesheet.group_hr_timesheet_user",
    "approver": "hr_timesheet.group_hr_timesheet_approver",
    "administrator": "hr_timesheet.group_timesheet_manager",
    "biller": "client_timetrack_billing.group_billing_user",
    "rates": "hr_timesheet.group_hr_timesheet_approver,client_timetrack_billing.group_rate_viewer",
    "costs": "hr_timesheet.group_hr_timesheet_approver,client_timetrack.group_cost_viewer",
    "margins": "hr_timesheet.group_hr_timesheet_user,client_timetrack_reports.group_margin_viewer",
}
MODULE = "client_timetrack_reports."


@tagged("post_install", "-at_install")
class TestPages(ReportsCommon):
    """Who has a page in the menu can open each of its views, with what their groups let them see."""

    def _get_pages(self, env):
        """The windows of this addon that the user's menus lead to."""
        visible = env["ir.ui.menu"].browse(env["ir.ui.menu"]._visible_menu_ids())
        actions = [menu.action.sudo() for menu in visible if menu.action]
        windows = [action for action in actions if action._name == "ir.actions.act_window"]
        return [action for action in windows if (action.xml_id or "").startswith(MODULE)]

    def _get_group(self, node):
        return ":".join(filter(None, (node.get("name"), node.get("interval"))))

    def _load(self, env, action, kind, arch, known):
        """Ask for the data of a view as the web client does at first."""
        Model = env[action.res_model]
        domain = safe_eval(action.domain or "[]", {"uid": env.uid})
        nodes = etree.fromstring(arch)
        if kind in ("list", "kanban"):
            names = [node.get("name") for node in nodes.iter("field") if not node.xpath("ancestor::field")]
            order = nodes.get("default_order")
            Model.web_search_read(domain, {name: {} for name in names if name in known}, limit=10, order=order)
        elif kind == "pivot":
            fields = [node for node in nodes.iterfind("./field") if node.get("type")]
            groups = [self._get_group(node) for node in fields if node.get("type") in ("row", "col")]
            measures = [node.get("name") for node in fields if node.get("type") == "measure"]
            specs = [f"{name}:{known[name]['aggregator']}" for name in measures if known[name].get("aggregator")]
            Model.formatted_read_grouping_sets(domain, [[], *([group] for group in groups)], specs)
        elif kind == "graph":
            groups = [
                self._get_group(node)
                for node in nodes.iterfind("./field")
                if node.get("type") != "measure" and known[node.get("name")]["type"] not in ("float", "monetary")
                and node.get("invisible") != "1" and not node.get("widget")
            ]  # fmt: skip
            measures = [node.get("name") for node in nodes.iterfind("./field") if node.get("type") == "measure"]
            specs = [f"{name}:{known[name]['aggregator']}" for name in measures]
            Model.formatted_read_group(domain, groups, specs or ["__count"])

    def test_each_role_opens_its_pages(self):
        seen = {}
        for role, groups in ROLES.items():
            user = new_test_user(
                self.env, f"timetrack_page_{role}", groups, company_id=self.company.id,
                company_ids=[Command.set(self.company.ids)],
            )  # fmt: skip
            env = self.env(user=user, context={"allowed_company_ids": self.company.ids, "lang": "en_US", "tz": "UTC"})
            pages = self._get_pages(env)
            seen[role] = {action.xml_id.removeprefix(MODULE) for action in pages}
            for action in pages:
                kinds = [kind for kind in action.view_mode.split(",") if kind != "form"]
                views = env[action.res_model].get_views(
                    [*((view, kind) for view, kind in action.views if kind in kinds), (False, "search")]
                )
                known = views["models"][action.res_model]["fields"]
                for kind in kinds:
                    with self.subTest(role=role, page=action.xml_id, view=kind):
                        self._load(env, action, kind, views["views"][kind]["arch"], known)
        # each has pages, and more of them with more to do
        self.assertEqual(seen["consultant"] - seen["approver"], set())
        self.assertIn("timetrack_lockup_action", seen["approver"] & seen["biller"])
        self.assertIn("timetrack_cash_week_action", seen["biller"])
        self.assertNotIn("timetrack_cash_week_action", seen["approver"] | seen["consultant"])
        self.assertGreater(len(seen["approver"]), 12)
