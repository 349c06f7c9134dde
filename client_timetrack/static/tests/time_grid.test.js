import { describe, expect, test } from "@odoo/hoot";
import { click, keyDown, press, queryAllTexts, queryFirst, queryOne } from "@odoo/hoot-dom";
import { animationFrame, Deferred } from "@odoo/hoot-mock";
import { contains, makeServerError, onRpc } from "@web/../tests/web_test_helpers";
import {
    ARCH,
    DAYS,
    MONDAY,
    TUESDAY,
    WEDNESDAY,
    at,
    cell,
    employee,
    entry,
    focus,
    grid,
    open,
    prepareTimeGrid,
    row,
    save,
    searchWork,
    type,
} from "./time_grid_helpers";

prepareTimeGrid();

const hoursAt = (index, date) => queryOne(`${at(index, date)} .o_timetrack_hours`).textContent;
const focused = () => [document.activeElement.dataset.row, document.activeElement.dataset.date];

describe.current.tags("desktop");

test("one call opens the grid; totals stand against what is expected", async () => {
    await open(grid([row(12, { [MONDAY]: cell(entry(1, 6.5)), [TUESDAY]: cell(entry(2, 9)) }), row(13)]));
    expect(queryAllTexts("thead th")).toEqual(["Work", "Mon\n23", "Tue\n24", "Wed\n25", "Thu\n26", "Fri\n27", "Sat\n28", "Sun\n29", "Total"]);
    expect(queryAllTexts("tbody th")).toEqual(["Merger / Task 12\nClient Works", "Merger / Task 13\nClient Works"]);
    expect(hoursAt(0, MONDAY)).toBe("6:30");
    expect("tfoot td:eq(0) .o_timetrack_balance_missing").toHaveText("−1:30\n1:30 missing");
    expect("tfoot td:eq(1) .o_timetrack_balance_over").toHaveText("+1:00\n1:00 more than expected");
    // Today and the days to come have not ended: nothing is missing yet.
    expect(queryAllTexts("tfoot td:eq(2)")).toEqual(["0:00\nof 8:00"]);
    expect("tfoot td:last").toHaveText("15:30\nof 40:00");
    expect("thead .o_timetrack_off").toHaveCount(2);
    expect("thead .o_timetrack_today").toHaveText("Wed\n25");
});

test("typing, Enter and Tab: each commit is one call", async () => {
    await open(grid([row(12), row(13)]));
    save();
    await focus(0, MONDAY);
    await type("1:30", "Tab");
    expect(hoursAt(0, MONDAY)).toBe("1:30");
    expect(focused()).toEqual(["0", TUESDAY]);
    expect.verifySteps([[`set ${MONDAY} 1.5 of 0`]]);
    await type("90m", "Enter");
    expect(hoursAt(0, TUESDAY)).toBe("1:30");
    expect(focused()).toEqual(["1", TUESDAY]);
    await type("2,25", "Enter");
    expect(hoursAt(1, TUESDAY)).toBe("2:15");
    expect.verifySteps([[`set ${TUESDAY} 1.5 of 0`], [`set ${TUESDAY} 2.25 of 0`]]);
    expect("tfoot td:eq(1) .fw-bold").toHaveText("3:45");
    expect(".o_timetrack_grid_submit").toHaveText("Submit 5:15");
});

test("fast fingers lose no key", async () => {
    await open(grid([row(12), row(13)]));
    onRpc("account.analytic.line", "timetrack_grid_save", ({ args: [changes] }) =>
        changes.map(({ date, hours }, index) => {
            expect.step(`${date} ${hours}`);
            return { key: "3-7-12-0", date, cell: cell(entry(index, hours)), undo: [] };
        })
    );
    await focus(0, MONDAY);
    // no frame between the keys: the field is not there yet
    for (const key of ["1", "0", ":", "1", "5", "Tab", "2", "Tab", "3", "0", "m", "Enter"]) {
        await keyDown(key);
    }
    await animationFrame();
    await animationFrame();
    expect([hoursAt(0, MONDAY), hoursAt(0, TUESDAY), hoursAt(0, WEDNESDAY)]).toEqual(["10:15", "2:00", "0:30"]);
    expect(focused()).toEqual(["1", WEDNESDAY]);
    await animationFrame();
    // in which call they go depends on how fast the server is
    expect.verifySteps([`${MONDAY} 10.25`, `${TUESDAY} 2`, `${WEDNESDAY} 0.5`]);
});

test("arrows, Home and End move; Shift and an arrow steps a quarter; Escape leaves things as they were", async () => {
    await open(grid([row(12, { [MONDAY]: cell(entry(1, 1)) }), row(13)]));
    save();
    await focus(0, MONDAY);
    await press("ArrowRight");
    await press("ArrowDown");
    expect(focused()).toEqual(["1", TUESDAY]);
    await press("End");
    expect(focused()).toEqual(["1", DAYS[6]]);
    await press(["ctrl", "Home"]);
    expect(focused()).toEqual(["0", MONDAY]);
    await press(["shift", "ArrowUp"]);
    await animationFrame();
    expect(hoursAt(0, MONDAY)).toBe("1:15");
    expect.verifySteps([[`add ${MONDAY} 0.25 of 1`]]);
    await type("5", "Escape");
    expect(hoursAt(0, MONDAY)).toBe("1:15");
    expect(focused()).toEqual(["0", MONDAY]);
    await press("Delete");
    await animationFrame();
    expect(hoursAt(0, MONDAY)).toBe("");
    expect.verifySteps([[`set ${MONDAY} 0 of 1.25`]]);
});

test("a refused cell says why, keeps what was typed, and Escape brings back what is saved", async () => {
    await open(grid([row(12, { [MONDAY]: cell(entry(1, 1)) })]));
    const error = "More than 8 hours on one day. (Strict)";
    save({ [MONDAY]: { error, code: "refused", cell: cell(entry(1, 1)) } });
    await focus(0, MONDAY);
    await type("9", "Enter");
    expect.verifySteps([[`set ${MONDAY} 9 of 1`]]);
    expect(at(0, MONDAY)).toHaveClass("o_timetrack_error");
    expect(at(0, MONDAY)).toHaveAttribute("title", /^9: More than 8 hours/);
    expect(at(0, MONDAY)).toHaveAttribute("aria-invalid", "true");
    expect(hoursAt(0, MONDAY)).toBe("9");
    expect(".o_timetrack_grid_failures").toHaveText(/1 not saved.*Strict/s);
    // what was refused does not count
    expect("tfoot td:eq(0) .fw-bold").toHaveText("1:00");
    await focus(0, MONDAY);
    await press("Escape");
    await animationFrame();
    expect(hoursAt(0, MONDAY)).toBe("1:00");
    expect(".o_timetrack_grid_failures").toHaveCount(0);
});

test("what means nothing is not sent", async () => {
    await open(grid([row(12)]));
    await focus(0, MONDAY);
    await type("1:99", "Enter");
    expect.verifySteps([]);
    expect(hoursAt(0, MONDAY)).toBe("1:99");
    expect(".o_timetrack_grid_failures").toHaveText(/1:30, 1.5 or 90m/);
    // another try begins with what was typed
    await press("F2");
    await animationFrame();
    expect(`${at(0, MONDAY)} input`).toHaveValue("1:99");
});

test("when the server fails what was typed stays, and can be sent again", async () => {
    await open(grid([row(12)]));
    let fails = true;
    onRpc("account.analytic.line", "timetrack_grid_save", ({ args: [[change]] }) => {
        if (fails) {
            throw makeServerError({ message: "no room on the disk" });
        }
        expect.step(`saved ${change.hours}`);
        return [{ key: "3-7-12-0", date: MONDAY, cell: cell(entry(1, change.hours)), undo: [] }];
    });
    expect.errors(1);
    await focus(0, MONDAY);
    await type("2", "Enter");
    await animationFrame();
    expect.verifyErrors([/no room/]);
    expect(hoursAt(0, MONDAY)).toBe("2");
    expect(".o_timetrack_grid_failures").toHaveText(/1 not saved.*Try again/s);
    await contains(".modal .btn-close").click();
    fails = false;
    await contains(".o_timetrack_grid_failures .btn:contains('Try Again')").click();
    expect.verifySteps(["saved 2"]);
    expect(hoursAt(0, MONDAY)).toBe("2:00");
});

test("the cell shows what was typed before the server answers; what is typed meanwhile follows in one call", async () => {
    await open(grid([row(12)]));
    const answer = new Deferred();
    onRpc("account.analytic.line", "timetrack_grid_save", async ({ args: [changes] }) => {
        expect.step(changes.map(({ date, hours }) => `${date} ${hours}`));
        await answer;
        return changes.map(({ date, hours }, index) => ({
            key: "3-7-12-0",
            date,
            cell: cell(entry(index + 1, hours)),
            undo: [],
        }));
    });
    await focus(0, MONDAY);
    await type("1", "Tab", "2", "Tab", "3", "Tab");
    expect.verifySteps([[`${MONDAY} 1`]]);
    expect([hoursAt(0, MONDAY), hoursAt(0, TUESDAY), hoursAt(0, WEDNESDAY)]).toEqual(["1:00", "2:00", "3:00"]);
    expect(at(0, TUESDAY)).toHaveClass("o_timetrack_saving");
    answer.resolve();
    await animationFrame();
    await animationFrame();
    expect.verifySteps([[`${TUESDAY} 2`, `${WEDNESDAY} 3`]]);
    expect(".o_timetrack_saving").toHaveCount(0);
});

test("an answer that comes while hours are being typed takes no key away", async () => {
    await open(grid([row(12)]));
    const answer = new Deferred();
    onRpc("account.analytic.line", "timetrack_grid_save", async ({ args: [changes] }) => {
        expect.step(changes.map(({ date, hours }) => `${date} ${hours}`));
        await answer;
        return changes.map(({ date, hours }) => ({ key: "3-7-12-0", date, cell: cell(entry(1, hours)), undo: [] }));
    });
    await focus(0, MONDAY);
    await type("1", "Tab", "1", "0");
    expect(".o_timetrack_cell input").toHaveValue("10");
    answer.resolve();
    await animationFrame();
    await animationFrame();
    expect(hoursAt(0, MONDAY)).toBe("1:00");
    expect(".o_timetrack_cell input").toHaveValue("10");
    await press("Enter");
    await animationFrame();
    expect(hoursAt(0, TUESDAY)).toBe("10:00");
    await animationFrame();
    expect.verifySteps([[`${MONDAY} 1`], [`${TUESDAY} 10`]]);
});

test("copying and pasting tables, from the grid and from a spreadsheet", async () => {
    await open(grid([row(12, { [MONDAY]: cell(entry(1, 1)), [TUESDAY]: cell(entry(2, 2.5)) }), row(13)]));
    save();
    await focus(0, MONDAY);
    await press(["ctrl", "shift", "ArrowRight"]);
    await animationFrame();
    expect(".o_timetrack_selected").toHaveCount(2);
    const copied = new DataTransfer();
    document.dispatchEvent(new ClipboardEvent("copy", { clipboardData: copied, bubbles: true }));
    expect(copied.getData("text/plain")).toBe("1:00\t2:30");
    await focus(1, TUESDAY);
    await press("ArrowUp");
    await press("ArrowDown");
    const table = new DataTransfer();
    table.setData("text/plain", "1:00\t2,5\r\n");
    document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: table, bubbles: true }));
    await animationFrame();
    expect.verifySteps([[`set ${TUESDAY} 1 of 0`, `set ${WEDNESDAY} 2.5 of 0`]]);
    expect([hoursAt(1, TUESDAY), hoursAt(1, WEDNESDAY)]).toEqual(["1:00", "2:30"]);
});

test("undo takes changes back, one after the other", async () => {
    await open(grid([row(12)]));
    save();
    await focus(0, MONDAY);
    await type("1", "Enter");
    await focus(0, MONDAY);
    await type("2", "Enter");
    expect.verifySteps([[`set ${MONDAY} 1 of 0`], [`set ${MONDAY} 2 of 1`]]);
    await focus(0, MONDAY);
    await press(["ctrl", "z"]);
    await animationFrame();
    expect.verifySteps([["delete 101"]]);
    await contains(".o_timetrack_grid_undo").click();
    expect.verifySteps([["delete 100"]]);
    expect(".o_timetrack_grid_undo").not.toBeEnabled();
});

test("states, warnings, descriptions and locks are in the cell", async () => {
    const approved = entry(1, 1, { state: "approved", editable: false, reason: "Approved time is locked." });
    const warned = entry(2, 2, { warnings: ["Weekend (Careful)"], name: "Hearing" });
    const rejected = entry(3, 3, { state: "rejected", reason: "Which task?" });
    await open(
        grid([row(12, { [MONDAY]: cell(approved), [TUESDAY]: cell(warned), [WEDNESDAY]: cell(rejected) }), row(13)], {
            employees: [{ ...employee(3, "Carl"), locked_until: MONDAY }],
        })
    );
    expect(`${at(0, MONDAY)} .fa-lock`).toHaveCount(1);
    expect(at(0, MONDAY)).toHaveAttribute("aria-readonly", "true");
    expect(at(0, MONDAY)).toHaveAttribute("title", /Approved\nTime of this day is closed/);
    expect(`${at(0, TUESDAY)} .fa-exclamation-triangle`).toHaveCount(1);
    expect(`${at(0, TUESDAY)} .fa-comment-o`).toHaveCount(1);
    expect(at(0, TUESDAY)).toHaveAttribute("title", /Weekend \(Careful\)\nHearing/);
    expect(at(0, WEDNESDAY)).toHaveClass("o_timetrack_state_rejected");
    expect(at(0, WEDNESDAY)).toHaveAttribute("title", /Which task\?/);
    await focus(1, MONDAY);
    await type("1");
    expect(".o_notification").toHaveText("Time of this day is closed.");
    expect(".o_timetrack_cell input").toHaveCount(0);
});

test("several entries open as a list; each is changed, described, added and deleted", async () => {
    await open(grid([row(12, { [MONDAY]: cell(entry(1, 1, { name: "Call" }), entry(2, 2)) })]));
    save();
    expect(`${at(0, MONDAY)} .badge`).toHaveText("2");
    await contains(at(0, MONDAY)).click();
    expect(".o_timetrack_entry").toHaveCount(2);
    expect(".o_timetrack_entry_name:eq(0)").toHaveValue("Call");
    await contains(".o_timetrack_entry_hours:eq(1)").edit("+0:30", { confirm: "blur" });
    expect.verifySteps([["entry 2 2.5"]]);
    await contains(at(0, MONDAY)).click();
});

test("a new entry from the panel of a cell, by keyboard", async () => {
    await open(grid([row(12)]));
    onRpc("account.analytic.line", "timetrack_grid_save", ({ args: [[change]] }) => {
        expect.step(`${change.op} ${change.hours} ${change.name}`);
        return [{ key: "3-7-12-0", date: MONDAY, cell: cell(entry(1, 0.75, { name: change.name })), undo: [] }];
    });
    await focus(0, MONDAY);
    await press(" ");
    await animationFrame();
    await contains(".o_timetrack_entry_new input:eq(0)").edit("45m", { confirm: false });
    await contains(".o_timetrack_entry_new input:eq(1)").edit("Mail", { confirm: false });
    await press("Enter");
    await animationFrame();
    expect.verifySteps(["new 0.75 Mail"]);
    expect(".o_timetrack_cell_panel").toHaveCount(0);
    expect(hoursAt(0, MONDAY)).toBe("0:45");
});

test("a panel that is opened while its cell is being saved shows the entry", async () => {
    await open(grid([row(12)]));
    const answer = new Deferred();
    onRpc("account.analytic.line", "timetrack_grid_save", async ({ args: [[change]] }) => {
        await answer;
        return [{ key: "3-7-12-0", date: MONDAY, cell: cell(entry(1, change.hours)), undo: [] }];
    });
    await focus(0, MONDAY);
    await type("2", "Enter");
    await focus(0, MONDAY);
    await press(" ");
    await animationFrame();
    expect(".o_timetrack_cell_panel").toHaveCount(0);
    answer.resolve();
    await animationFrame();
    await animationFrame();
    expect(".o_timetrack_cell_panel .o_timetrack_entry_hours").toHaveValue("2:00");
    expect(".o_timetrack_entry_new").toHaveCount(0);
});

test("a description that is typed while the hours are being saved stays", async () => {
    await open(grid([row(12, { [MONDAY]: cell(entry(1, 1)) })]));
    const answer = new Deferred();
    onRpc("account.analytic.line", "timetrack_grid_save", async ({ args: [[{ hours, name }]] }) => {
        expect.step(`${hours} ${name}`);
        await answer;
        const values = cell(entry(1, hours || 2, { name: name || "" }));
        return [{ key: "3-7-12-0", date: MONDAY, cell: values, undo: [] }];
    });
    await focus(0, MONDAY);
    await press(" ");
    await animationFrame();
    await contains(".o_timetrack_entry_hours").edit("2", { confirm: "tab" });
    await contains(".o_timetrack_entry_name").click();
    await type("mail");
    answer.resolve();
    await animationFrame();
    await animationFrame();
    expect(".o_timetrack_entry_hours").toHaveValue("2:00");
    expect(".o_timetrack_entry_name").toHaveValue("mail");
    await press("Tab");
    await animationFrame();
    expect.verifySteps(["2 undefined", "undefined mail"]);
});

test("what is left of a task follows what is typed", async () => {
    await open(grid([row(12, { [MONDAY]: cell(entry(1, 1)) }, { left: 2 }), row(13)]));
    save();
    expect(queryAllTexts(".o_timetrack_left")).toEqual(["2:00 left"]);
    await focus(0, TUESDAY);
    await type("1:30", "Enter");
    expect(".o_timetrack_left").toHaveText("0:30 left");
    await focus(0, WEDNESDAY);
    await type("2", "Enter");
    expect(".o_timetrack_left").toHaveText("1:30 over budget");
    expect(".o_timetrack_left").toHaveClass("text-danger");
    expect.verifySteps([[`set ${TUESDAY} 1.5 of 0`], [`set ${WEDNESDAY} 2 of 0`]]);
});

test("rows are grouped by client, and groups fold", async () => {
    await open(
        grid([
            row(12, { [MONDAY]: cell(entry(1, 1)) }),
            row(13, { [MONDAY]: cell(entry(2, 2)) }, { group: [10, "Other Client"] }),
            row(14, {}, { group: false }),
        ])
    );
    await contains(".o_timetrack_grid_group").click();
    expect(queryAllTexts(".o_timetrack_section th")).toEqual(["Client Works", "Other Client", "Without a client"]);
    expect(".o_timetrack_section:eq(1) td:eq(0)").toHaveText("2:00");
    await contains(".o_timetrack_section:eq(0) button").click();
    expect(".o_timetrack_row").toHaveCount(2);
    expect(".o_timetrack_section:eq(0) button").toHaveAttribute("aria-expanded", "false");
    await focus(0, MONDAY);
    expect(hoursAt(0, MONDAY)).toBe("2:00");
});

test("a team: people are groups that stand against their own hours", async () => {
    const other = { ...row(12, { [MONDAY]: cell(entry(2, 4)) }), employee_id: 4, key: "4-7-12-0" };
    await open(
        grid([row(12, { [MONDAY]: cell(entry(1, 8)) }), other], {
            employees: [employee(3, "Carl"), employee(4, "Cora")],
            employee_count: 50,
        }),
        { arch: ARCH.replace("MODE", 'mode="team"') }
    );
    expect(queryAllTexts(".o_timetrack_section th")).toEqual(["Carl", "Cora"]);
    expect(".o_timetrack_section:eq(1) td:eq(0) .o_timetrack_balance_missing").toHaveText("4:00");
    expect(".o_timetrack_section:eq(1) td:last").toHaveText("4:00 of 40:00");
    expect("tfoot").toHaveCount(0);
    expect(".o_timetrack_search_work").toHaveCount(0);
    expect(".o_pager_limit").toHaveText("50");
});

test("work is added to the rows of somebody of the team", async () => {
    await open(
        grid([row(12)], { employees: [employee(3, "Carl"), { ...employee(4, "Cora"), editable: true }], employee_count: 2 }),
        { arch: ARCH.replace("MODE", 'mode="team"') }
    );
    onRpc("account.analytic.line", "timetrack_grid_search", () => [row(13, {}, { source: "search", pinned: true })]);
    await contains(".o_timetrack_add_for:eq(1)").click();
    expect(".o_timetrack_search_work input").toHaveAttribute("placeholder", /Cora/);
    await press("Escape");
    await animationFrame();
    expect(".o_timetrack_search_work").toHaveCount(0);
    await contains(".o_timetrack_add_for:eq(1)").click();
    await searchWork("works");
    await contains(".o-autocomplete--dropdown-item:eq(0)").click();
    await animationFrame();
    expect(".o_timetrack_search_work").toHaveCount(0);
    expect(focused()).toEqual(["1", WEDNESDAY]);
    onRpc("account.analytic.line", "timetrack_grid_save", ({ args: [[change]] }) => {
        expect.step(`${change.employee_id} ${change.values.task_id} ${change.hours}`);
        return [{ key: "4-7-13-0", date: WEDNESDAY, cell: cell(entry(1, change.hours)), undo: [] }];
    });
    await type("2", "Enter");
    expect.verifySteps(["4 13 2"]);
    expect(hoursAt(1, WEDNESDAY)).toBe("2:00");
});

test("work is found by client, project and task, and gets a row", async () => {
    await open(grid([row(12)]));
    onRpc("account.analytic.line", "timetrack_grid_search", ({ args: [text] }) => {
        expect.step(`search ${text}`);
        return [row(13, {}, { source: "search" }), row(12, {}, { source: "search" })];
    });
    await searchWork("works");
    expect.verifySteps(["search works"]);
    expect(queryAllTexts(".o-autocomplete--dropdown-item")).toEqual([
        "Merger / Task 13Client Works",
        "Merger / Task 12Client Works",
    ]);
    await contains(".o-autocomplete--dropdown-item:eq(0)").click();
    await animationFrame();
    expect(".o_timetrack_row").toHaveCount(2);
    expect(focused()).toEqual(["1", WEDNESDAY]);
    // what is there already is found, not doubled
    await searchWork("x");
    await contains(".o-autocomplete--dropdown-item:eq(1)").click();
    expect(".o_timetrack_row").toHaveCount(2);
    expect.verifySteps(["search x"]);
});

test("a service type makes a row of its own", async () => {
    await open(grid([row(12, { [MONDAY]: cell(entry(1, 1)) })]));
    await click(".o_timetrack_row_codes");
    await animationFrame();
    await contains(".o_timetrack_code_picker .o_select_menu_toggler").click();
    await contains(".o_select_menu_item:contains('Research')").click();
    await contains(".o_timetrack_code_picker .btn-primary").click();
    await animationFrame();
    expect(queryAllTexts("tbody th")).toEqual([
        "Merger / Task 12\nClient Works",
        "Merger / Task 12\nClient Works · Research",
    ]);
});

test("rows are pinned; rows without time are removed", async () => {
    await open(grid([row(12), row(13, { [MONDAY]: cell(entry(1, 1)) })]));
    onRpc("account.analytic.line", "timetrack_grid_pin", ({ args: [values, pinned] }) => {
        expect.step(`pin ${values.task_id} ${pinned}`);
        return true;
    });
    await click(".o_timetrack_pin:eq(0)");
    await animationFrame();
    expect.verifySteps(["pin 12 true"]);
    expect(".o_timetrack_pin:eq(0)").toHaveAttribute("aria-pressed", "true");
    await click(".o_timetrack_row_menu:eq(0)");
    await animationFrame();
    await contains(".o-dropdown-item:contains('Remove')").click();
    expect(".o_timetrack_row").toHaveCount(1);
    await click(".o_timetrack_row_menu:eq(0)");
    await animationFrame();
    expect(".o-dropdown-item:contains('Remove')").toHaveCount(0);
});

test("days: next, previous, today and other scales", async () => {
    await open(grid([row(12)]));
    await contains(".o_timetrack_grid_next").click();
    expect.verifySteps(["load week 2026-11-30"]);
    await contains(".o_timetrack_grid_previous").click();
    expect.verifySteps(["load week 2026-11-22"]);
    await contains(".o_timetrack_grid_today").click();
    expect.verifySteps(["load week false"]);
    await contains(".o_timetrack_grid_scale").click();
    await contains(".o-dropdown-item:contains('Month')").click();
    expect.verifySteps([`load month ${WEDNESDAY}`]);
    expect(".o_timetrack_grid_copy").toHaveText("Copy Last Month");
});

test("last week is copied, and told what was left out", async () => {
    await open(grid([row(12)]));
    onRpc("account.analytic.line", "timetrack_grid_copy", ({ args: [what] }) => {
        expect.step(`copy ${what}`);
        return what === "rows"
            ? { rows: [row(15, {}, { source: "copied" })] }
            : { created: 3, skipped: [{ date: TUESDAY, label: "Merger", reason: "Public holiday" }], undo: [] };
    });
    await contains(".o_timetrack_grid_copy").click();
    await contains(".o_timetrack_copy_rows").click();
    expect.verifySteps(["copy rows"]);
    expect(".o_timetrack_row").toHaveCount(2);
    await contains(".o_timetrack_grid_copy").click();
    await contains(".o_timetrack_copy_hours").click();
    expect.verifySteps(["copy hours", `load week ${WEDNESDAY}`]);
    expect(".o_notification").toHaveText(/3 entries copied.*Merger: Public holiday/s);
});

test("the week is handed in, but not with hours that are not saved", async () => {
    const data = grid([row(12, { [MONDAY]: cell(entry(1, 8)) })]);
    Object.assign(data.status, { draft: 8, to_submit: 1 });
    await open(data);
    onRpc("account.analytic.line", "timetrack_grid_submit", () => {
        expect.step("submit");
        return { submitted: 1 };
    });
    await focus(0, TUESDAY);
    await type("9:99", "Enter");
    await contains(".o_timetrack_grid_submit").click();
    expect.verifySteps([]);
    await contains(".o_timetrack_grid_failures .btn:contains('Discard')").click();
    expect(".o_timetrack_grid_submit").toHaveText("Submit 8:00");
    await contains(".o_timetrack_grid_submit").click();
    expect.verifySteps(["submit", `load week ${WEDNESDAY}`]);
});

test("days as the unit", async () => {
    await open(grid([row(12, { [MONDAY]: cell(entry(1, 4)) })], { unit: { kind: "days", hours_per_day: 8 } }));
    save();
    expect(hoursAt(0, MONDAY)).toBe("0.50");
    await focus(0, TUESDAY);
    await type("1", "Tab");
    await type("1:30", "Tab");
    expect.verifySteps([[`set ${TUESDAY} 8 of 0`], [`set ${WEDNESDAY} 1.5 of 0`]]);
    expect(hoursAt(0, TUESDAY)).toBe("1.00");
});

test("an empty grid says what to do; who has no employee is told why", async () => {
    await open(grid([], { employees: [], notice: "You have no employee in the company Firm." }));
    expect(".alert-info").toHaveText("You have no employee in the company Firm.");
    expect(queryFirst(".o_timetrack_grid_submit")).toBe(null);
});

test("what a budget refuses is asked for, from the banner and from the panel", async () => {
    await open(grid([row(12)]));
    const refused = { error: "Over Budget: 3.00 hours; 1.00 are left.", code: "over_budget" };
    save({ [MONDAY]: refused, [TUESDAY]: { error: "Future Time", code: "refused" } });
    onRpc("account.analytic.line", "timetrack_grid_ask", ({ args: [changes, , reason] }) => {
        expect.step([reason, ...changes.map(({ op, date, hours }) => `${op} ${date} ${hours}`)]);
        return [{ budget: "Merger", hours: 2, responsible: "Petra" }];
    });
    await focus(0, TUESDAY);
    await type("3", "Enter");
    expect(".o_timetrack_ask_for_more").toHaveCount(0);
    await focus(0, MONDAY);
    await type("3", "Enter");
    expect.verifySteps([[`set ${TUESDAY} 3 of 0`], [`set ${MONDAY} 3 of 0`]]);
    await contains(".o_timetrack_grid_failures .o_timetrack_ask_for_more").click();
    expect(".modal-footer .btn-primary").toHaveAttribute("disabled");
    await contains(".modal input[name='reason']").edit("A second draft", { confirm: false });
    await contains(".modal-footer .btn-primary").click();
    expect.verifySteps([["A second draft", `set ${MONDAY} 3`]]);
    expect(".o_notification").toHaveText(/2:00 of “Merger”: Petra decides/);
    expect(hoursAt(0, MONDAY)).toBe("3");
    await focus(0, MONDAY);
    await press(" ");
    await animationFrame();
    await contains(".o_timetrack_entry_new input[aria-label='Hours']").edit("3", { confirm: false });
    await contains(".o_timetrack_entry_new button[type='submit']").click();
    expect.verifySteps([[`new ${MONDAY} 3`]]);
    await contains(".o_timetrack_cell_panel .o_timetrack_ask_for_more").click();
    await contains(".modal input[name='reason']").edit("Again", { confirm: false });
    await contains(".modal-footer .btn-primary").click();
    expect.verifySteps([["Again", `new ${MONDAY} 3`]]);
});
