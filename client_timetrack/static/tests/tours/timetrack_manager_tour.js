import { registry } from "@web/core/registry";

// A manager opens what waits for her, approves one entry and sends another back with a reason.
registry.category("web_tour.tours").add("timetrack_manager_tour", {
    url: "/odoo/time-to-approve",
    steps: () => [
        { content: "Two entries wait", trigger: ".o_menu_sections .o_timetrack_badge:contains(2)" },
        { trigger: ".o_group_header:contains(Carl Consultant)", run: "click" },
        { content: "By week", trigger: ".o_group_header:contains(Carl Consultant) ~ .o_group_header", run: "click" },
        { trigger: ".o_data_row:contains(Right) button[name=action_timetrack_approve]", run: "click" },
        { content: "One less waits", trigger: ".o_menu_sections .o_timetrack_badge:contains(1)" },
        { content: "What is approved leaves the queue", trigger: ".o_list_view:not(:has(.o_data_row:contains(Right)))" },
        {
            trigger: ".o_data_row:contains(Wrong) button[name=action_timetrack_ask_reason]",
            run: "click",
        },
        { trigger: ".modal [name=reason] input", run: "edit Please book this on the right task" },
        { trigger: ".modal button[name=action_confirm]:contains(Reject)", run: "click" },
        { content: "Nothing is counted any more", trigger: ".o_menu_sections:not(:has(.o_timetrack_badge))" },
        { content: "Nothing is left", trigger: ".o_view_nocontent:contains(Nothing waits for you)" },
    ],
});
