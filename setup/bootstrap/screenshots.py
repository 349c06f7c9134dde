"""What the documents show, and how to get there; run by ``setup/screenshots`` with the address of the demo firm."""

import sys
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))
from bootstrap import system  # noqa: E402

ROOT = Path(__file__).parents[2]
DESKTOP = {"viewport": {"width": 1366, "height": 800}, "reduced_motion": "reduce"}
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
    "reduced_motion": "reduce",
}
DASHBOARDS = "action-spreadsheet_dashboard.ir_actions_dashboard_action"
# Odoo's lists and spreadsheets go on drawing after their data are there.
SETTLED = 1500


class Picture(NamedTuple):
    """Who sees it, where, and what is clicked before; each step is a selector."""

    addon: str
    name: str
    login: str
    path: str
    shows: str
    steps: tuple = ()
    options: dict = DESKTOP
    height: int = 0

    @property
    def file(self):
        """Where it is kept."""
        return ROOT / self.addon / "static" / "description" / f"{self.name}.png"


def _dashboard(name, title, login="partner"):
    entry = f".o_spreadsheet_dashboard_search_panel li:has-text('{title}'), .o_search_panel li:has-text('{title}')"
    return Picture(
        "client_timetrack_reports", name, login, f"/odoo/{DASHBOARDS}", ".o-figure", (f"{entry} >> nth=-1",),
        height=1000,
    )  # fmt: skip


FIRST = ".o_data_row >> nth=0 >> td.o_data_cell:not(.o_handle_cell) >> nth=0"
PICTURES = (
    Picture("client_timetrack", "week_grid", "consultant", "/odoo/my-week", ".o_timetrack_time_grid",
            (".o_timetrack_grid_previous",)),
    Picture("client_timetrack", "phone", "consultant", "/odoo/my-week", ".o_timetrack_card", options=PHONE),
    Picture("client_timetrack", "all_timesheets", "partner", "/odoo/action-hr_timesheet.timesheet_action_all",
            ".o_data_row"),
    Picture("client_timetrack", "approval_board", "manager", "/odoo/approve-time", ".o_timetrack_grid"),
    Picture("client_timetrack", "portal_approval", "client", "/my/time-approval", "#wrapwrap main"),
    Picture("client_timetrack", "project_budget", "partner", "/odoo/time-budgets", ".o_data_row"),
    Picture("client_timetrack", "plan_grid", "manager", "/odoo/time-plan", ".o_timetrack_plan_grid, table"),
    Picture("client_timetrack", "import", "admin", "/odoo/import-time", ".o_form_view", (FIRST,)),
    Picture("client_timetrack_billing", "work_in_progress", "accountant", "/odoo/work-in-progress", ".o_data_row"),
    Picture("client_timetrack_billing", "engagement", "accountant", "/odoo/engagements", ".o_form_view",
            (".o_data_row:has-text('Supply Chain') >> td.o_data_cell >> nth=0",)),
    Picture("client_timetrack_billing", "prebill", "accountant", "/odoo/pre-bills", ".o_form_view [name=line_ids]",
            (".o_data_row:has-text('Brightwell') >> nth=0 >> td.o_data_cell >> nth=0",)),
    Picture("client_timetrack_billing", "invoice_time", "accountant",
            "/odoo/action-account.action_move_out_invoice_type", ".o_form_view [name=invoice_line_ids]",
            (".o_data_row:has-text('Harbor') >> nth=0 >> td.o_data_cell >> nth=1",)),
    Picture("client_timetrack_billing", "retainer", "accountant", "/odoo/retainers", ".o_form_view", (FIRST,)),
    _dashboard("dashboard", "Utilization"),
    _dashboard("dashboard_billing", "Billing and Work"),
    _dashboard("dashboard_cash", "Cash and Cycles"),
    _dashboard("dashboard_outlook", "Outlook"),
    Picture("client_timetrack_reports", "utilization", "partner",
            "/odoo/action-client_timetrack_reports.timetrack_report_action_utilization", ".o_pivot table"),
    Picture("client_timetrack_reports", "desk", "accountant",
            "/odoo/action-client_timetrack_reports.timetrack_finding_action",
            ".o_data_row, .o_group_header, .o_kanban_record"),
)  # fmt: skip


def take(browser, address, picture):
    """Take a picture.

    :raise Exception: a step is not there
    """
    context = browser.new_context(**picture.options)
    page = context.new_page()
    page.goto(f"{address}/web/login")
    page.fill("input[name=login]", picture.login)
    page.fill("input[name=password]", picture.login)
    page.click("button[type=submit]")
    page.wait_for_selector(".o_web_client, #wrapwrap .o_portal, .o_portal_my_home")
    page.goto(f"{address}{picture.path}")
    for step in picture.steps:
        page.wait_for_timeout(SETTLED)
        page.click(step)
    page.wait_for_selector(picture.shows)
    page.mouse.move(0, 0)
    page.wait_for_timeout(2 * SETTLED)
    picture.file.parent.mkdir(exist_ok=True)
    page.screenshot(path=picture.file)
    context.close()


def main(address, *names):
    """Take all pictures, or some."""
    unknown = set(names) - {picture.name for picture in PICTURES}
    if unknown:
        sys.exit(f"There is no picture {', '.join(sorted(unknown))}.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=system.browser(), args=["--no-sandbox"])
        for picture in PICTURES:
            if not names or picture.name in names:
                take(browser, address, picture)
                print(f"  {picture.file.relative_to(ROOT)}", flush=True)
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
