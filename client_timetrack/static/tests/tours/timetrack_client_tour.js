import { registry } from "@web/core/registry";

// A client approves the time of one project and sends the rest back.
registry.category("web_tour.tours").add("timetrack_client_tour", {
    steps: () => [
        {
            trigger: "a[href='/my/time-approval']:contains(3)",
            run: "click",
            expectUnloadPage: true,
        },
        { trigger: ".o_timetrack_decision button[value='approve']:disabled" },
        {
            trigger: ".o_timetrack_group:contains(Audit) .o_timetrack_select_group",
            run: "check",
        },
        { trigger: ".o_timetrack_selected:contains(1 of 3 selected)" },
        {
            trigger: ".o_timetrack_decision button[value='approve']:enabled",
            run: "click",
            expectUnloadPage: true,
        },
        { trigger: ".alert-success:contains(approved: 1)" },
        {
            trigger: ".o_timetrack_select_all",
            run: "check",
        },
        { trigger: ".o_timetrack_selected:contains(2 of 2 selected)" },
        {
            trigger: "button[data-bs-target='#timetrack_send_back']:enabled",
            run: "click",
        },
        {
            trigger: "#timetrack_send_back.show textarea",
            run: "edit Which call?",
        },
        {
            trigger: "#timetrack_send_back button[value='reject']",
            run: "click",
            expectUnloadPage: true,
        },
        { trigger: "[name='nothing']:contains(No time waits for your approval)" },
    ],
});
