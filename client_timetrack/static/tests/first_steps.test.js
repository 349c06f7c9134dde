import { expect, test } from "@odoo/hoot";
import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { contains, mockService, mountWithCleanup, onRpc } from "@web/../tests/web_test_helpers";

import { FirstSteps } from "@client_timetrack/first_steps/first_steps";

defineMailModels();

const STEP = { description: "What it is", button: "Do It", may_open: true, is_done: false };

async function open(values = {}) {
    onRpc("onboarding.onboarding", "get_timetrack_first_steps", () => ({
        steps: [
            { ...STEP, id: 1, title: "Your team", is_done: true },
            { ...STEP, id: 2, title: "Rates", may_open: false },
            { ...STEP, id: 3, title: "A first hour" },
        ],
        is_done: false,
        text: "Done!",
        ...values,
    }));
    await mountWithCleanup(FirstSteps);
}

test("steps say what is done, and who cannot do one has no button", async () => {
    await open();
    expect(".o_timetrack_first_steps h2").toHaveText("First steps");
    expect(".o_timetrack_first_steps_count").toHaveText("1 of 3");
    expect("li:eq(0) i").toHaveAttribute("aria-label", "Done");
    expect("li:eq(2) i").toHaveAttribute("aria-label", "To do");
    expect("li:eq(1) button").toHaveCount(0);
});

test("a step opens where it is done", async () => {
    mockService("action", { doAction: (action) => expect.step(action.tag) });
    onRpc("onboarding.onboarding", "open_timetrack_step", ({ args }) => {
        expect(args).toEqual([3]);
        return { type: "ir.actions.client", tag: "somewhere" };
    });
    await open();
    await contains("li:eq(2) button").click();
    expect.verifySteps(["somewhere"]);
});

test("the panel says when all is done, and goes when it is closed", async () => {
    onRpc("onboarding.onboarding", "close_timetrack_panel", () => {
        expect.step("close");
        return true;
    });
    await open({ is_done: true });
    expect(".o_timetrack_first_steps h2").toHaveText("Done!");
    await contains("button[aria-label='Close the first steps']").click();
    expect.verifySteps(["close"]);
    expect(".o_timetrack_first_steps").toHaveCount(0);
});
