import { registry } from "@web/core/registry";

const TODAY = ".o_timetrack_cell.o_timetrack_today";

// A consultant finds work, types hours below today, describes them and hands the week in.
registry.category("web_tour.tours").add("timetrack_week_tour", {
    url: "/odoo/my-week",
    steps: () => [
        { content: "An empty week says what to do", trigger: ".o_timetrack_grid_empty:contains(No time yet)" },
        { trigger: ".o_timetrack_search_work input", run: "edit works diligence" },
        { trigger: ".o-autocomplete--dropdown-item:contains(Due diligence):contains(Client Works)", run: "click" },
        { content: "The row is there, and today has the focus", trigger: `${TODAY}[data-row='0']:focus`, run: "press 2" },
        { trigger: `${TODAY} input`, run: "press :" },
        { trigger: `${TODAY} input`, run: "press 1" },
        { trigger: `${TODAY} input`, run: "press 5" },
        { trigger: `${TODAY} input`, run: "press Enter" },
        {
            content: "The three dots that a cell has under the pointer",
            trigger: `${TODAY}:contains(2:15)`,
            run: ({ anchor }) => anchor.querySelector(".o_timetrack_open").click(),
        },
        { trigger: ".o_timetrack_cell_panel .o_timetrack_entry_name", run: "edit Reading the contract && press Tab" },
        { trigger: ".o_timetrack_grid_submit:contains(2:15)", run: "click" },
        { trigger: `${TODAY}.o_timetrack_state_submitted:contains(2:15)` },
        { content: "Nothing is left to hand in", trigger: ".o_timetrack_grid_submit:disabled" },
    ],
});

// The same on a phone, by the list of the day.
registry.category("web_tour.tours").add("timetrack_phone_tour", {
    url: "/odoo/my-week",
    steps: () => [
        { trigger: ".o_timetrack_add_work", run: "click" },
        { trigger: ".o_timetrack_search_work input", run: "edit diligence" },
        { trigger: ".o-autocomplete--dropdown-item:contains(Due diligence)", run: "click" },
        { trigger: ".o_timetrack_entry_new input[aria-label='Hours']", run: "edit 1,5" },
        { trigger: ".o_timetrack_entry_new input[aria-label='Description']", run: "edit On the train" },
        { trigger: ".o_timetrack_entry_new button[type='submit']", run: "click" },
        { trigger: "body:not(:has(.o_timetrack_cell_panel)) .o_timetrack_card:contains(On the train) .o_timetrack_card_hours:contains(1:30)" },
        { trigger: ".o_timetrack_day_total:contains(1:30)" },
    ],
});

// A manager adds work for somebody of the team, logs hours on it, and sees them in the person's total.
registry.category("web_tour.tours").add("timetrack_team_tour", {
    url: "/odoo/team-time",
    steps: () => [
        { trigger: ".o_timetrack_section:contains(Carl Consultant) .o_timetrack_add_for", run: "click" },
        { trigger: ".o_timetrack_search_work input", run: "edit merger" },
        { trigger: ".o-autocomplete--dropdown-item:contains(Due diligence)", run: "click" },
        { trigger: `${TODAY}:focus`, run: "press 3" },
        { trigger: `${TODAY} input`, run: "press Enter" },
        { trigger: `${TODAY}:contains(3:00)` },
        { trigger: ".o_timetrack_section:contains(Carl Consultant) .o_timetrack_total:contains(3:00)" },
    ],
});

// On a phone: the same for somebody of the team.
registry.category("web_tour.tours").add("timetrack_team_phone_tour", {
    url: "/odoo/team-time",
    steps: () => [
        { trigger: ".o_timetrack_add_for[aria-label='Add work for Carl Consultant']", run: "click" },
        { trigger: ".o_timetrack_search_work input", run: "edit diligence" },
        { trigger: ".o-autocomplete--dropdown-item:contains(Due diligence)", run: "click" },
        { trigger: ".o_timetrack_entry_new input[aria-label='Hours']", run: "edit 45m" },
        { trigger: ".o_timetrack_entry_new button[type='submit']", run: "click" },
        { trigger: "body:not(:has(.o_timetrack_cell_panel)) .o_timetrack_card_hours:contains(0:45)" },
    ],
});
