import { registry } from "@web/core/registry";

// A consultant logs two hours on a task and hands them in.
registry.category("web_tour.tours").add("timetrack_consultant_tour", {
    url: "/odoo/timesheets",
    steps: () => [
        { trigger: ".o_list_button_add", run: "click" },
        { trigger: ".o_selected_row [name=project_id] input", run: "edit Merger" },
        { trigger: ".o-autocomplete--dropdown-item:contains(Merger)", run: "click" },
        { trigger: ".o_selected_row [name=timetrack_activity_id] input", run: "edit Research" },
        { trigger: ".o-autocomplete--dropdown-item:contains(Research)", run: "click" },
        { trigger: ".o_selected_row [name=name] input", run: "edit Reading the contract" },
        { trigger: ".o_selected_row [name=unit_amount] input", run: "edit 2:15" },
        { trigger: ".o_list_button_save", run: "click" },
        {
            trigger: ".o_data_row:contains(Reading the contract):contains(Draft) button[name=action_timetrack_submit]",
            run: "click",
        },
        {
            content: "The entry is submitted",
            trigger: ".o_data_row:contains(Reading the contract):contains(Submitted)",
        },
        {
            content: "A consultant is not offered to approve",
            trigger: "body:not(:has(.o_data_row button[name=action_timetrack_approve]))",
        },
    ],
});
