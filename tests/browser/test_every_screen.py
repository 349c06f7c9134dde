"""Every screen opens for everybody who has a menu for it: views, dialogs, the first record and its buttons at the top.

The firm of the demonstration data is walked through by each of its people. What fails is said together: a dialog with
an error, a red notification, an error on the browser's console or in the log of the server.
"""

import os
import re

import pytest

sync_api = pytest.importorskip("playwright.sync_api")

ROLES = ("consultant", "accountant", "manager", "admin")
# Who sees the fewest screens, and who sees all of billing; those who see the most walk with --full.
FIRST = ROLES[:2]
# The applications that the addons add screens to: by the name of the module of their first menu.
APPS = ("hr_timesheet.timesheet_menu_root", "project.menu_main_pm")
# Actions of the web client that leave it: files to download, other pages.
LEAVES = ("ir.actions.act_url", "ir.actions.report")
# What the server says whatever people do, and of the screen that is opened to see that it is noticed.
EXPECTED = "Running as user|iap|not allowed to access 'Pre-Bill'"
PROBLEMS = ".o_error_dialog, .o_notification:has(.bg-danger), .modal:has-text('Access Error'), .modal:has-text('Oops')"
ACTIONS = """
async (apps) => {
    const {menu} = odoo.__WOWL_DEBUG__.root.env.services;
    const found = [];
    const walk = (node, path) => {
        const names = [...path, node.name];
        if (node.actionID) {
            found.push([node.actionID, names.join(" > "), node.actionModel]);
        }
        node.childrenTree.forEach((child) => walk(child, names));
    };
    menu.getApps().filter((app) => apps.includes(app.xmlid)).forEach((app) => walk(menu.getMenuAsTree(app.id), []));
    return found;
}
"""
OPEN = """
(id) => {
    const {action} = odoo.__WOWL_DEBUG__.root.env.services;
    return action.doAction(id, {clearBreadcrumbs: true}).then(() => null, (error) => error.message || String(error));
}
"""


LOADED = "() => odoo?.loader?.modules?.get('@web/core/network/rpc') && odoo.__WOWL_DEBUG__"
# Counts what the page asks of the server and has no answer to yet.
LISTEN = """
() => {
    if (window.timetrackPending === undefined) {
        window.timetrackPending = 0;
        const {rpcBus} = odoo.loader.modules.get("@web/core/network/rpc");
        rpcBus.addEventListener("RPC:REQUEST", () => { window.timetrackPending++; });
        rpcBus.addEventListener("RPC:RESPONSE", () => { window.timetrackPending--; });
    }
}
"""
QUIET = """
() => new Promise((resolve) => {
    let calm = 0;
    const look = () => {
        calm = window.timetrackPending > 0 ? 0 : calm + 1;
        calm > 4 ? resolve(true) : setTimeout(look, 40);
    };
    look();
})
"""


@pytest.fixture(scope="module")
def demo(database, serve):
    """Serve the firm of the demonstration data, without what Odoo starts as somebody comes for the first time.

    That is the robot that chats, and a service on the internet that is asked who an administrator's company is.
    """
    copy = database("demo")
    copy.shell(
        "env['res.users'].search([]).write({'odoobot_state': 'disabled'})\n"
        "result = env['res.company'].search([]).write({'iap_enrich_auto_done': True})"
    )
    return serve(copy)


class Walk:
    """Somebody's way through the screens, and what went wrong on it."""

    def __init__(self, page):
        self.page = page
        self.problems = []
        self.seen = 0

    def look(self, where):
        """Note what the page complains about, and put it away."""
        self.seen += 1
        for problem in self.page.locator(PROBLEMS).all():
            self.problems.append(f"{where}: {' '.join(problem.inner_text().split())[:300]}")
        self.close_dialogs()

    def close_dialogs(self):
        while self.page.locator(".modal .btn-close").count():
            count = self.page.locator(".modal").count()
            self.page.locator(".modal .btn-close").last.click()
            self.page.wait_for_function("count => document.querySelectorAll('.modal').length < count", arg=count)

    def settle(self):
        """Wait until the page has all answers of the server, or has left the web client for another page."""
        try:
            self.page.wait_for_function(LOADED)
            self.page.evaluate(LISTEN)
            self.page.evaluate(QUIET)
        except sync_api.Error as error:
            if "context was destroyed" not in str(error):
                raise
            self.page.wait_for_load_state()

    def open_action(self, action, where):
        """Open an action in each of its views, and the first record of it."""
        self.settle()
        problem = self.page.evaluate(OPEN, action)
        if problem:
            self.problems.append(f"{where}: {problem}")
        self.settle()
        if self.page.locator(".modal").count():
            self.look(f"{where} (dialog)")
            return
        self.look(where)
        switch = ".o_cp_switch_buttons button.o_switch_view"
        kinds = [button.get_attribute("class") for button in self.page.locator(switch).all()]
        for kind in kinds:
            name = next(word for word in kind.split() if word.startswith("o_") and word != "o_switch_view")
            self.page.locator(f"{switch}.{name}").click()
            self.settle()
            self.look(f"{where} ({name[2:]})")
        self.open_record(where)

    def open_record(self, where):
        """Open the first record of a list, and what its buttons at the top lead to."""
        lists = self.page.locator(".o_cp_switch_buttons button.o_list")
        if lists.count():
            lists.click()
            self.settle()
        row = self.page.locator(".o_list_view .o_data_row td.o_data_cell:not(.o_list_button)")
        if not row.count():
            return
        # a headline that sticks to the top may be in front of it
        row.first.dispatch_event("click")
        self.settle()
        self.look(f"{where} (first record)")
        buttons = self.page.locator(".o_form_view .o-form-buttonbox > button.oe_stat_button:visible")
        for place in range(buttons.count() if self.page.locator(".o_form_view").count() else 0):
            name = " ".join(buttons.nth(place).inner_text().split())
            form = self.page.url
            buttons.nth(place).click()
            self.settle()
            self.look(f"{where} (button {name})")
            self.page.goto(form)
            self.page.wait_for_selector(".o_form_view .o-form-buttonbox")
            self.settle()


@pytest.mark.parametrize("role", ROLES)
def test_every_screen_opens(demo, open_page, role):
    if role not in FIRST and not os.environ.get("TIMETRACK_FULL"):
        pytest.skip("a long one: setup/test --full")
    open_everything(Walk(open_page(demo.url, role, role)))


def open_everything(walk):
    """Open all screens that the menus lead to; return the paths of the menus."""
    walk.settle()
    actions = walk.page.evaluate(ACTIONS, APPS)
    assert len(actions) > 5, actions
    for action, where, model in actions:
        if model not in LEAVES:
            walk.open_action(action, where)
    assert walk.problems == [], "\n".join(walk.problems)
    assert walk.seen > len(actions)
    return [where for _action, where, _model in actions]


FRENCH = """
env["res.lang"]._activate_lang("fr_FR")
env["ir.module.module"].search([("state", "=", "installed")])._update_translations(["fr_FR"])
env["res.users"].search([("login", "=", "accountant")]).lang = params["lang"]
result = True
"""


@pytest.mark.skipif(not os.environ.get("TIMETRACK_FULL"), reason="a long one: setup/test --full")
def test_every_screen_opens_in_another_language(demo, open_page):
    demo.database.shell(FRENCH, lang="fr_FR")
    try:
        menus = open_everything(Walk(open_page(demo.url, "accountant", "accountant")))
    finally:
        demo.database.shell(FRENCH, lang="en_US")
    assert {"Feuilles de temps > Ma semaine", "Feuilles de temps > Mes chiffres"} <= set(menus), menus


def test_the_walk_sees_what_is_wrong(demo, open_page):
    """A screen that is not the consultant's."""
    walk = Walk(open_page(demo.url, "consultant", "consultant"))
    walk.settle()
    walk.open_action("client_timetrack_billing.timetrack_prebill_action", "Pre-Bills")
    assert len(walk.problems) == 1 and "Pre-Bill" in walk.problems[0], walk.problems


def test_nothing_in_the_log_of_the_server(demo):
    """Neither a warning nor an error while people walked about."""
    complaints = [
        line
        for line in demo.log.read_text().splitlines()
        if re.search(r" (WARNING|ERROR|CRITICAL) ", line) and not re.search(EXPECTED, line)
    ]
    assert complaints == []
