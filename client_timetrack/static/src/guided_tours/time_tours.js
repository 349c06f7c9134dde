import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";

const TODAY = ".o_timetrack_cell.o_timetrack_today";

registry.category("web_tour.tours").add("timetrack_log_time", {
    url: "/odoo/my-week",
    steps: () => [
        {
            content: _t("Type a few letters of what you work on: the client, the project or the task."),
            trigger: ".o_timetrack_search_work input",
            tooltipPosition: "bottom",
            run: "edit a",
        },
        {
            content: _t("Choose it. It gets a row, and is here again next week."),
            trigger: ".o_timetrack_search_work .o-autocomplete--dropdown-item:has(.fw-bold)",
            tooltipPosition: "right",
            run: "click",
        },
        {
            content: _t("Click below today."),
            trigger: `${TODAY}:focus`,
            tooltipPosition: "bottom",
            run: "click",
        },
        {
            content: _t("Type your hours: 1:30, 1.5 or 90m."),
            trigger: `${TODAY} input`,
            tooltipPosition: "bottom",
            run: "edit 1:30",
        },
        {
            content: _t("They are saved as you leave the cell: below stands what is expected. Click here."),
            trigger: ".o_timetrack_time_grid tfoot .o_timetrack_total",
            tooltipPosition: "left",
            run: "click",
        },
        {
            content: _t("Hand in what you have: your manager is told. Until it is approved you can take it back."),
            trigger: ".o_timetrack_grid_submit:enabled",
            tooltipPosition: "bottom",
            run: "click",
        },
        { trigger: ".o_timetrack_grid_submit:disabled" },
    ],
});

registry.category("web_tour.tours").add("timetrack_approve_time", {
    url: "/odoo/approve-time",
    steps: () => [
        {
            content: _t("Click a day to read its entries."),
            trigger: ".o_timetrack_board .o_timetrack_cell:has(.o_timetrack_decide):first",
            tooltipPosition: "bottom",
            run: "click",
        },
        {
            content: _t("Approve the day, or send it back with a reason. It leaves what waits for you."),
            trigger: ".o_timetrack_entries .o_timetrack_approve",
            tooltipPosition: "left",
            run: "click",
        },
        { trigger: ".o_timetrack_board:not(:has(.o_timetrack_entries .o_timetrack_approve))" },
        {
            content: _t("Or approve everything that waits in this period at once."),
            trigger: ".o_timetrack_approve_target",
            tooltipPosition: "bottom",
            run: "click",
        },
        { trigger: ".o_timetrack_board:not(:has(.o_timetrack_approve_target))" },
    ],
});

registry
    .category("client_timetrack.tours")
    .add("timetrack_log_time", {
        title: _t("Log your time"),
        text: _t("Find your work, type hours, hand them in."),
        group: "hr_timesheet.group_hr_timesheet_user",
    })
    .add("timetrack_approve_time", {
        title: _t("Approve time"),
        text: _t("Look at a week of your people, read a day, decide."),
        group: "hr_timesheet.group_hr_timesheet_approver",
    });
