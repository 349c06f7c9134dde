import { beforeEach, describe, expect, test } from "@odoo/hoot";
import { press, queryAllTexts } from "@odoo/hoot-dom";
import { advanceTime, animationFrame, mockDate } from "@odoo/hoot-mock";
import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { patchSession } from "@hr_timesheet/../tests/hr_timesheet_models";
import {
    contains,
    getService,
    makeMockEnv,
    makeServerError,
    mountWithCleanup,
    onRpc,
    patchWithCleanup,
} from "@web/../tests/web_test_helpers";
import { MainComponentsContainer } from "@web/core/main_components_container";
import { session } from "@web/session";

import { TimerMenu } from "@client_timetrack/timer/timer_menu";
import { ENTRIES_CHANGED, formatClock } from "@client_timetrack/timer/timer_service";

defineMailModels();

const NOTHING = { project_id: false, task_id: false, timetrack_activity_id: false, timetrack_deliverable_id: false };
const WORK = { ...NOTHING, project_id: [7, "Merger"], task_id: [12, "Task 12"] };

function timer(values = {}) {
    return {
        id: 5,
        state: "running",
        name: "Call",
        elapsed: 90,
        start: "2026-11-25 11:58:30",
        values: WORK,
        refusal: "",
        ...values,
    };
}

function state(values = {}) {
    return { timer: false, to_sort: [], warn_hours: 10, ...values };
}

/** Answer actions; tell what is asked for. */
function serve(answers = {}) {
    for (const method of ["start", "pause", "resume", "stop", "discard", "update", "book"]) {
        onRpc("timetrack.timer", `${method}_timer`, ({ args }) => {
            expect.step([method, ...args]);
            return { ...state(), notice: "", ...answers[method] };
        });
    }
}

async function open(values = {}) {
    patchWithCleanup(session, { timetrack_has_period: true, timetrack_timer: state(values) });
    const env = await makeMockEnv();
    env.bus.addEventListener(ENTRIES_CHANGED, () => expect.step("entries changed"));
    await mountWithCleanup(MainComponentsContainer);
    await mountWithCleanup(TimerMenu);
}

const openMenu = () => contains(".o_timetrack_timer").click();

beforeEach(() => {
    patchSession();
    mockDate("2026-11-25 12:00:00");
});

describe.current.tags("desktop");

test("a description stays while the clock goes on, and is saved when the menu closes", async () => {
    const named = ({ name }) => ({ ...state({ timer: timer({ name }) }), notice: "" });
    onRpc("timetrack.timer", "update_timer", ({ args: [values] }) => {
        expect.step(values.name);
        return named(values);
    });
    await open({ timer: timer() });
    await openMenu();
    const field = ".o_timetrack_timer_name";
    await contains(field).click();
    await press("End");
    await press("s");
    await advanceTime(3000);
    await animationFrame();
    expect(field).toHaveValue("Calls");
    await openMenu();
    await animationFrame();
    expect(field).toHaveCount(0);
    expect.verifySteps(["Calls", "entries changed"]);
    await openMenu();
    expect(field).toHaveValue("Calls");
});

test("seconds as a clock", () => {
    expect(formatClock(0)).toBe("0:00:00");
    expect(formatClock(59)).toBe("0:00:59");
    expect(formatClock(3661)).toBe("1:01:01");
    expect(formatClock(3661, false)).toBe("1:01");
    expect(formatClock(100 * 3600)).toBe("100:00:00");
});

test("the clock goes on between two words of the server; no call is needed to show it", async () => {
    onRpc("timetrack.timer", "*", ({ method }) => expect.step(method));
    await open({ timer: timer() });
    expect(".o_timetrack_timer_clock").toHaveText("0:01");
    await advanceTime(31 * 1000);
    expect(".o_timetrack_timer_clock").toHaveText("0:02");
    await openMenu();
    // the last tick may be one behind
    expect(".o_timetrack_timer_elapsed").toHaveText(/^0:02:0[01]$/);
    expect(".o_timetrack_timer").toHaveAttribute("aria-label", "Timer: Merger / Task 12");
    expect.verifySteps([]);
});

test("what is left of the task shrinks while the clock runs", async () => {
    await open({ timer: timer({ left: 1.5 }) });
    await openMenu();
    expect(".o_timetrack_left").toHaveText("1:28 left");
    expect(".o_timetrack_left").not.toHaveClass("text-danger");
    await advanceTime(2 * 3600 * 1000);
    expect(".o_timetrack_left").toHaveText(/^0:31 over budget$/);
    expect(".o_timetrack_left").toHaveClass("text-danger");
});

test("without allocated time nothing is left to tell", async () => {
    await open({ timer: timer({ left: false }) });
    await openMenu();
    expect(".o_timetrack_left").toHaveCount(0);
});

test("start with nothing, pause, resume, stop", async () => {
    serve({
        start: { timer: timer({ name: "", values: NOTHING, elapsed: 0 }) },
        pause: { timer: timer({ state: "paused" }) },
        resume: { timer: timer() },
    });
    await open();
    await openMenu();
    await contains(".o_timetrack_timer_go").click();
    expect.verifySteps([["start", {}]]);
    expect(".o_timetrack_timer_clock").toHaveText("0:00");
    await openMenu();
    await contains(".o_timetrack_timer_pause").click();
    expect.verifySteps([["pause"], "entries changed"]);
    await advanceTime(60 * 1000);
    expect(".o_timetrack_timer_elapsed").toHaveText("0:01:30");
    await contains(".o_timetrack_timer_resume").click();
    await contains(".o_timetrack_timer_stop").click();
    expect.verifySteps([["resume"], "entries changed", ["stop", false], "entries changed"]);
    expect(".o_notification").toHaveText("The time is logged.");
    expect(".o_timetrack_timer_clock").toHaveCount(0);
});

test("work is found, or words are enough", async () => {
    serve({ start: { timer: timer() } });
    onRpc("account.analytic.line", "timetrack_grid_search", ({ args: [text] }) =>
        text === "merger" ? [{ values: WORK, group: [9, "Client Works"] }] : []
    );
    await open();
    await openMenu();
    await contains(".o_timetrack_timer_start input").edit("merger", { confirm: false });
    await advanceTime(200);
    expect(queryAllTexts(".o-autocomplete--dropdown-item")).toEqual([
        "Merger / Task 12Client Works",
        "Start “merger”, to be sorted later",
    ]);
    await contains(".o-autocomplete--dropdown-item:eq(0)").click();
    expect.verifySteps([
        ["start", { project_id: 7, task_id: 12, timetrack_activity_id: false, timetrack_deliverable_id: false }],
    ]);
    await openMenu();
    await contains(".o_timetrack_timer_start input").edit("Phone", { confirm: false });
    await advanceTime(200);
    await contains(".o-autocomplete--dropdown-item:eq(0)").click();
    expect.verifySteps([["start", { name: "Phone" }], "entries changed"]);
});

test("what could not be booked is said, and sorted later", async () => {
    const waiting = timer({ id: 8, state: "stopped", name: "Phone", elapsed: 3600, values: NOTHING });
    const refused = timer({ id: 9, state: "stopped", elapsed: 600, refusal: "More than 8 hours (Strict)" });
    serve({
        stop: { to_sort: [waiting, refused], notice: "The time is kept: choose a project or a task for it." },
        book: { to_sort: [waiting] },
    });
    await open({ timer: timer({ values: NOTHING }) });
    await openMenu();
    await contains(".o_timetrack_timer_stop").click();
    expect(".o_notification").toHaveText(/The time is kept/);
    expect.verifySteps([["stop", false], "entries changed"]);
    expect(".o_timetrack_timer .badge").toHaveText("2");
    await openMenu();
    expect(".o_timetrack_timer_sort").toHaveText(/1:00:00.*Phone.*0:10:00.*Strict/s);
    await contains(".o_timetrack_timer_sort .btn:contains('Log')").click();
    expect.verifySteps([["book", 9, {}], "entries changed"]);
    expect(".o_timetrack_timer .badge").toHaveText("1");
});

test("a timer that runs for long warns once, and stops at an earlier time", async () => {
    serve();
    await open({ timer: timer({ elapsed: 10 * 3600 - 2 }) });
    expect(".o_timetrack_timer_long").toHaveCount(0);
    await advanceTime(3000);
    expect(".o_timetrack_timer_long").toHaveCount(1);
    expect(".o_notification").toHaveText(/runs for 10 hours/);
    await advanceTime(3000);
    expect(".o_notification").toHaveCount(1);
    await openMenu();
    expect(".o_timetrack_timer_open .alert").toHaveText(/forgotten/);
    await contains(".o_timetrack_timer_earlier").click();
    await contains(".o_timetrack_timer_stop").click();
    expect.verifySteps([["stop", "2026-11-25 12:00:06"], "entries changed"]);
});

test("what another device does shows here", async () => {
    await open();
    getService("timetrack_timer").take(state({ timer: timer({ elapsed: 7200 }) }));
    await animationFrame();
    expect(".o_timetrack_timer_clock").toHaveText("2:00");
});

test("after a refusal the clock shows what the server knows", async () => {
    onRpc("timetrack.timer", "stop_timer", () => {
        throw makeServerError({ message: "No timer is running" });
    });
    onRpc("timetrack.timer", "get_state", () => state());
    expect.errors(1);
    await open({ timer: timer() });
    await openMenu();
    await contains(".o_timetrack_timer_stop").click();
    await animationFrame();
    expect.verifyErrors([/No timer is running/]);
    expect(".o_timetrack_timer_clock").toHaveCount(0);
});

test("a key starts and stops", async () => {
    serve({ start: { timer: timer() } });
    await open();
    await press(["alt", "shift", "t"]);
    await animationFrame();
    expect.verifySteps([["start", {}]]);
    await press(["alt", "shift", "t"]);
    await animationFrame();
    expect.verifySteps([["stop", false], "entries changed"]);
});
