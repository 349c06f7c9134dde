import { beforeEach, describe, expect, test } from "@odoo/hoot";
import { press, queryAllTexts, queryOne } from "@odoo/hoot-dom";
import { animationFrame, mockDate } from "@odoo/hoot-mock";
import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { patchSession } from "@hr_timesheet/../tests/hr_timesheet_models";
import { contains, getService, makeServerError, mountWithCleanup, onRpc } from "@web/../tests/web_test_helpers";
import { WebClient } from "@web/webclient/webclient";

defineMailModels();

const DAYS = ["2026-11-23", "2026-11-24", "2026-11-25"];

function cell(values = {}) {
    return { expected: 8, logged: 0, pending: 0, states: {}, warnings: 0, entry_ids: [], pending_ids: [], ...values };
}

function waiting(hours, ids, values = {}) {
    return cell({ logged: hours, pending: hours, states: { submitted: hours }, entry_ids: ids, pending_ids: ids, ...values });
}

function employee(id, name, cells) {
    return {
        id,
        name,
        period_id: id,
        state: "submitted",
        expected: 24,
        logged: cells.reduce((sum, { logged }) => sum + logged, 0),
        missing: 0,
        message_count: id,
        pending_ids: cells.flatMap(({ pending_ids }) => pending_ids),
        days: Object.fromEntries(DAYS.map((date, index) => [date, cells[index]])),
    };
}

function board() {
    return {
        period: {
            from: "2026-11-23",
            to: "2026-11-25",
            label: "Nov 23 – 25, 2026",
            company_id: 1,
            previous: "2026-11-22",
            next: "2026-11-26",
        },
        days: DAYS,
        unit: "hours",
        employees: [
            employee(1, "Carl", [waiting(8, [11]), waiting(6, [12, 13]), cell()]),
            employee(2, "Cora", [cell({ logged: 9, states: { approved: 9 }, entry_ids: [21] }), waiting(9, [22]), cell()]),
        ],
        totals: {},
    };
}

/** Serve boards; remember what is asked and decided, beside the ids and the reason. */
function serve(boards = board) {
    onRpc("timetrack.period", "get_board", ({ kwargs }) => {
        expect.step(`board ${kwargs.date} ${kwargs.scope}`);
        return boards();
    });
    onRpc("account.analytic.line", "action_timetrack_approve", ({ args }) => {
        expect.step(`approve ${args[0]}`);
        return true;
    });
    onRpc("account.analytic.line", "action_timetrack_reject", ({ args }) => {
        expect.step(`reject ${args[0]}: ${args[1]}`);
        return true;
    });
}

async function open() {
    await mountWithCleanup(WebClient);
    await getService("action").doAction({ type: "ir.actions.client", tag: "timetrack_approval_board" });
    // the server knows where something waits
    expect.verifySteps(["board false team"]);
}

const at = (id, date) => `[data-employee="${id}"] [data-date="${date}"]`;

/** The buttons of a cell appear under the pointer only. */
async function clickHidden(selector) {
    queryOne(selector).click();
    await animationFrame();
}

beforeEach(() => {
    patchSession();
    mockDate("2026-11-25 12:00:00");
});

describe.current.tags("desktop");

test("cells say what is logged, missing, too much and waiting", async () => {
    serve();
    await open();
    expect(at(1, "2026-11-23")).toHaveClass("o_timetrack_pending");
    expect(at(1, "2026-11-23")).toHaveText("08:00");
    expect(at(1, "2026-11-24")).toHaveClass("o_timetrack_missing");
    expect(at(1, "2026-11-24")).toHaveText("06:00/ 08:00");
    expect(at(2, "2026-11-23")).toHaveClass("o_timetrack_overtime");
    expect(at(2, "2026-11-23")).not.toHaveClass("o_timetrack_pending");
    // Today has not ended: nothing is missing yet.
    expect(at(2, "2026-11-25")).not.toHaveClass("o_timetrack_missing");
    expect(queryAllTexts("tfoot td")).toEqual(["17:00\n/ 16:00", "15:00\n/ 16:00", "00:00\n/ 16:00", "32:00 / 48:00"]);
});

test("a cell is approved by one click, and shown so before the server answers", async () => {
    serve();
    await open();
    await clickHidden(`${at(1, "2026-11-24")} .o_timetrack_approve`);
    expect.verifySteps(["approve 12,13", "board 2026-11-23 team"]);
    expect(".o_notification").toHaveText("Entries approved: 2");
});

test("the outcome is shown while the server is still at work", async () => {
    serve();
    let answer;
    onRpc("account.analytic.line", "action_timetrack_approve", () => new Promise((resolve) => (answer = resolve)));
    await open();
    await clickHidden(`${at(1, "2026-11-23")} .o_timetrack_approve`);
    expect(at(1, "2026-11-23")).not.toHaveClass("o_timetrack_pending");
    expect(`${at(1, "2026-11-23")} .bg-success`).toHaveCount(1);
    answer(true);
    await animationFrame();
    expect.verifySteps(["board 2026-11-23 team"]);
});

test("a row is rejected with a reason, never without", async () => {
    serve();
    await open();
    await contains(`[data-employee="1"] th .o_timetrack_reject`).click();
    expect(".modal .btn-primary").not.toBeEnabled();
    await contains(".modal [name=reason]").edit("  Which task?  ", { confirm: false });
    await contains(".modal .btn-primary").click();
    expect.verifySteps(["reject 11,12,13: Which task?", "board 2026-11-23 team"]);
});

test("leaving the dialog rejects nothing", async () => {
    serve();
    await open();
    await contains(`[data-employee="1"] th .o_timetrack_reject`).click();
    await contains(".modal .btn-secondary").click();
    expect(".modal").toHaveCount(0);
    expect.verifySteps([]);
    expect(at(1, "2026-11-23")).toHaveClass("o_timetrack_pending");
});

test("a day of everybody is approved from its header, everything from the control panel", async () => {
    serve();
    await open();
    await clickHidden(`thead [data-column="1"] .o_timetrack_approve`);
    expect.verifySteps(["approve 12,13,22", "board 2026-11-23 team"]);
    expect(".o_timetrack_approve_target").toHaveText("Approve All (4)");
    await contains(".o_timetrack_approve_target").click();
    expect.verifySteps(["approve 11,12,13,22", "board 2026-11-23 team"]);
});

test("only what is selected is decided", async () => {
    serve();
    await open();
    await contains(`[data-employee="2"] input[type=checkbox]`).click();
    await contains(at(1, "2026-11-23")).click({ ctrlKey: true });
    expect(at(1, "2026-11-23")).toHaveClass("o_timetrack_selected");
    expect(".o_timetrack_approve_target").toHaveText("Approve Selected (2)");
    await contains(".o_timetrack_approve_target").click();
    expect.verifySteps(["approve 11,22", "board 2026-11-23 team"]);
});

test("what the server refuses is said, and the board is loaded again", async () => {
    expect.errors(1);
    serve();
    onRpc("account.analytic.line", "action_timetrack_approve", () => {
        throw makeServerError({ type: "UserError", message: "This month is locked." });
    });
    await open();
    await contains(`[data-employee="1"] th .o_timetrack_approve`).click();
    await animationFrame();
    expect(".modal .modal-body").toHaveText("This month is locked.");
    expect.verifyErrors(["This month is locked."]);
    expect.verifySteps(["board 2026-11-23 team"]);
    expect(at(1, "2026-11-23")).toHaveClass("o_timetrack_pending");
});

test("everything by keyboard", async () => {
    serve();
    onRpc("account.analytic.line", "search_read", () => [
        {
            id: 12,
            date: "2026-11-24",
            employee_id: [1, "Carl"],
            name: "Reading",
            project_id: [1, "Merger"],
            task_id: false,
            timetrack_activity_id: false,
            timetrack_can_approve: true,
            timetrack_state: "submitted",
            timetrack_step_id: false,
            timetrack_warning_count: 1,
            timetrack_warning_text: "More than 12 hours",
            unit_amount: 6,
        },
    ]);
    await open();
    await contains(at(1, "2026-11-23")).focus();
    await press("ArrowRight");
    await animationFrame();
    expect(at(1, "2026-11-24")).toBeFocused();
    await press("Enter");
    await animationFrame();
    expect(".o_timetrack_entry").toHaveCount(1);
    expect(".o_timetrack_entry .o_timetrack_warning").toHaveText("More than 12 hours");
    await press("Escape");
    await animationFrame();
    expect(".o_timetrack_entry").toHaveCount(0);
    expect(at(1, "2026-11-24")).toBeFocused();
    await press("a");
    await animationFrame();
    expect.verifySteps(["approve 12,13", "board 2026-11-23 team"]);
    await press("ArrowDown");
    await press(" ");
    await animationFrame();
    expect(at(2, "2026-11-24")).toHaveClass("o_timetrack_selected");
    await press("ArrowUp");
    await press("ArrowUp");
    await press("a");
    await animationFrame();
    expect.verifySteps(["approve 12,13,22", "board 2026-11-23 team"]);
});

test("a period that nobody has time in is friendly", async () => {
    serve(() => ({ ...board(), employees: [] }));
    await open();
    expect(".o_view_nocontent").toHaveText(/Nobody's time is yours to approve/);
    expect(".o_timetrack_approve_target").toHaveCount(0);
});

test("other periods, other people", async () => {
    serve();
    await open();
    await contains(".o_timetrack_previous").click();
    expect.verifySteps(["board 2026-11-22 team"]);
    await contains(".o_timetrack_scope").select("pending");
    expect.verifySteps(["board 2026-11-23 pending"]);
    await contains(".o_timetrack_search input").edit("cora", { confirm: false });
    expect(queryAllTexts("tbody .fw-bold")).toEqual(["Cora"]);
    expect(".o_timetrack_approve_target").toHaveText("Approve All (1)");
    await contains(".o_timetrack_approve_target").click();
    expect.verifySteps(["approve 22", "board 2026-11-23 pending"]);
});
