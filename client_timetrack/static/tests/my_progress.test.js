import { expect, test } from "@odoo/hoot";
import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { getService, mountWithCleanup, onRpc } from "@web/../tests/web_test_helpers";

import { WebClient } from "@web/webclient/webclient";

defineMailModels();

const SPAN = {
    date_from: "2026-11-23",
    date_to: "2026-11-29",
    logged: 24,
    billable: 18,
    billable_due: 18,
    available: 40,
    due: 32,
    target: 30,
    target_due: 24,
    weekly_target: false,
    utilization: 0.5625,
};

async function open(unit) {
    onRpc("timetrack.target", "get_my_progress", () => ({
        spans: [
            { key: "week", ...SPAN },
            { key: "month", ...SPAN, target: false, utilization: false },
        ],
        weeks: [{ date_from: "2026-11-16", utilization: 0.7, target: 0.75 }],
        unit,
    }));
    await mountWithCleanup(WebClient);
    await getService("action").doAction({ type: "ir.actions.client", tag: "timetrack_my_progress" });
}

test("hours, with what is reached of the target and what was due", async () => {
    await open({ kind: "hours", hours_per_day: 8 });
    expect(".card:eq(0)").toHaveText(/56%.*18:00.*Billable.*24:00.*Logged of 32:00 so far, 40:00 in all/s);
    expect(".o_timetrack_aim").toHaveText(/Utilization target\n18:00 \/ 30:00\n24:00 were due by today/);
    expect(".card:eq(1)").toHaveText(/n\/a.*Nobody has set a target for you\./s);
    expect("[aria-label='Last weeks'] [role='img']").toHaveAttribute("title", /70%, target 75%$/);
});

test("days, where the company shows days", async () => {
    await open({ kind: "days", hours_per_day: 8 });
    expect(".card:eq(0)").toHaveText(/2\.25 days.*Billable.*3\.00 days.*Logged of 4\.00 days so far, 5\.00 days in all/s);
});
