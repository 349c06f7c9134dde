import { beforeEach, describe, expect, test } from "@odoo/hoot";
import { queryAllTexts } from "@odoo/hoot-dom";
import { animationFrame, mockDate } from "@odoo/hoot-mock";
import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { contains, makeServerError, mountWithCleanup, onRpc } from "@web/../tests/web_test_helpers";

import { MyPeriodMenu } from "@client_timetrack/my_period/my_period_menu";

defineMailModels();

function period(values = {}) {
    return {
        id: 7,
        label: "Nov 23 – 29, 2026",
        date_from: "2026-11-23",
        date_to: "2026-11-29",
        deadline: "2026-12-01",
        is_late: false,
        state: "draft",
        state_label: "To Submit",
        approval_required: true,
        logged: 12.5,
        expected: 40,
        missing: 3.5,
        overtime: 0,
        to_submit: 2,
        rejected: 0,
        text: { logged: "12:30", expected: "40:00", missing: "03:30", overtime: "00:00" },
        previous: false,
        ...values,
    };
}

async function open(data) {
    onRpc("timetrack.period", "get_my_period", () => data);
    await mountWithCleanup(MyPeriodMenu);
    await contains(".o_timetrack_my_period").click();
}

beforeEach(() => mockDate("2026-11-25 12:00:00"));

describe.current.tags("desktop");

test("the week is handed in by one click", async () => {
    onRpc("timetrack.period", "submit_my_period", ({ args }) => {
        expect.step(`submit ${args}`);
        return period({ state: "submitted", to_submit: 0 });
    });
    await open(period());
    expect(".o_timetrack_my_period_card").toHaveText(/12:30\s*\/ 40:00\s*03:30 missing/);
    await contains(".o_timetrack_submit_period:contains(Submit My Week)").click();
    expect.verifySteps(["submit 7"]);
    expect(".o_timetrack_my_period_card").toHaveCount(0);
    expect(".o_notification").toHaveText(/Your time is submitted/);
});

test("the week before is there while it is open", async () => {
    onRpc("timetrack.period", "submit_my_period", ({ args }) => {
        expect.step(`submit ${args}`);
        return period({ id: 6 });
    });
    await open(period({ to_submit: 0, previous: period({ id: 6, is_late: true, rejected: 1 }) }));
    expect("[data-period='7'] .o_timetrack_submit_period").toHaveCount(0);
    expect("[data-period='6']").toHaveText(/Was due on .*\nEntries sent back to you: 1/);
    await contains("[data-period='6'] .o_timetrack_submit_period:contains(Submit Last Week)").click();
    expect.verifySteps(["submit 6"]);
});

test("periods of other lengths are timesheets", async () => {
    await open(period({ date_to: "2026-12-06" }));
    expect(queryAllTexts(".o_timetrack_submit_period")).toEqual(["Submit This Timesheet"]);
});

test("what the server refuses is said, and the week stays open", async () => {
    expect.errors(1);
    onRpc("timetrack.period", "submit_my_period", () => {
        throw makeServerError({ type: "UserError", message: "The description is too short." });
    });
    await open(period());
    await contains(".o_timetrack_submit_period").click();
    await animationFrame();
    expect(".modal .modal-body").toHaveText("The description is too short.");
    expect.verifyErrors(["The description is too short."]);
});

test("nothing to submit where a company does without approval, or without an employee", async () => {
    await open(period({ approval_required: false }));
    expect(".o_timetrack_submit_period").toHaveCount(0);
    expect(".o_timetrack_my_period_card .badge").toHaveCount(0);
});

test("users without an employee in the company are told so", async () => {
    await open(false);
    expect(".o_timetrack_my_period_menu").toHaveText(/You have no employee in this company/);
});
