import { describe, expect, test } from "@odoo/hoot";
import { queryAllTexts } from "@odoo/hoot-dom";
import { animationFrame } from "@odoo/hoot-mock";
import { contains, onRpc } from "@web/../tests/web_test_helpers";
import {
    ARCH,
    MONDAY,
    TUESDAY,
    WEDNESDAY,
    cell,
    employee,
    entry,
    grid,
    open,
    prepareTimeGrid,
    row,
    save,
    searchWork,
} from "./time_grid_helpers";

prepareTimeGrid();

describe.current.tags("mobile");

test("the days are tabs, today is open, and its work are cards", async () => {
    await open(grid([row(12, { [MONDAY]: cell(entry(1, 6.5)) }), row(13, { [WEDNESDAY]: cell(entry(2, 2, { name: "Call" })) })]));
    expect(".o_timetrack_time_grid").toHaveCount(0);
    expect(".o_timetrack_day_strip button").toHaveCount(7);
    expect(".o_timetrack_day_strip .active").toHaveAttribute("data-date", WEDNESDAY);
    expect(".o_timetrack_day_total").toHaveText("2:00");
    // with time on the day first
    expect(queryAllTexts(".o_timetrack_card_hours")).toEqual(["2:00\nDraft", "+"]);
    expect(".o_timetrack_card:eq(0)").toHaveText(/Merger.*Task 13.*Call/s);
    // yesterday and before: what is missing
    expect(`.o_timetrack_day_strip [data-date="${MONDAY}"] .text-danger`).toHaveText("6:30");
    await contains(`.o_timetrack_day_strip [data-date="${MONDAY}"]`).click();
    expect(".o_timetrack_day_total").toHaveText("6:30");
    expect(queryAllTexts(".o_timetrack_card_hours")).toEqual(["6:30\nDraft", "+"]);
});

test("a card opens its entries; hours and description are added with the thumb", async () => {
    await open(grid([row(12)]));
    save();
    await contains(".o_timetrack_card_hours").click();
    await animationFrame();
    expect(".o_timetrack_cell_panel").toHaveCount(1);
    expect(".o_timetrack_entry_new input").toHaveCount(2);
    await contains(".o_timetrack_entry_new .btn-secondary:eq(0)").click();
    await contains(".o_timetrack_entry_new input[aria-label='Description']").edit("Reading", { confirm: false });
    await contains(".o_timetrack_entry_new button[type='submit']").click();
    await animationFrame();
    expect.verifySteps([[`new ${WEDNESDAY} 0.25`]]);
    expect(".o_timetrack_card_hours").toHaveText("0:15\nDraft");
});

test("what a rule refuses is said on the panel, and nothing is lost", async () => {
    await open(grid([row(12)]));
    save({ [WEDNESDAY]: { error: "More than 8 hours on one day. (Strict)", code: "refused" } });
    await contains(".o_timetrack_card_hours").click();
    await animationFrame();
    await contains(".o_timetrack_entry_new input[aria-label='Hours']").edit("9", { confirm: false });
    await contains(".o_timetrack_entry_new button[type='submit']").click();
    await animationFrame();
    expect.verifySteps([[`new ${WEDNESDAY} 9`]]);
    expect(".o_timetrack_cell_panel [role='alert']").toHaveText(/More than 8 hours/);
    expect(".o_timetrack_entry_new input[aria-label='Hours']").toHaveValue("9");
});

test("work is found, and its panel opens at once", async () => {
    await open(grid([]));
    onRpc("account.analytic.line", "timetrack_grid_search", () => [row(13, {}, { source: "search" })]);
    await contains(".o_timetrack_add_work").click();
    await searchWork("works");
    await contains(".o-autocomplete--dropdown-item:eq(0)").click();
    await animationFrame();
    expect(".o_timetrack_cell_panel").toHaveText(/Merger/);
});

test("a team: people are headings, and work is added for each", async () => {
    await open(
        grid([row(12, { [WEDNESDAY]: cell(entry(1, 8)) })], {
            employees: [employee(3, "Carl"), employee(4, "Cora")],
            employee_count: 2,
        }),
        { arch: ARCH.replace("MODE", 'mode="team"') }
    );
    onRpc("account.analytic.line", "timetrack_grid_search", () => [row(13, {}, { source: "search" })]);
    expect(".o_timetrack_add_work").toHaveCount(0);
    expect(".o_timetrack_add_for").toHaveCount(2);
    await contains(".o_timetrack_add_for:eq(1)").click();
    await searchWork("works");
    await contains(".o-autocomplete--dropdown-item:eq(0)").click();
    await animationFrame();
    expect(".o_timetrack_card").toHaveCount(2);
});

test("other weeks, and days off", async () => {
    await open(grid([row(12)]));
    await contains(`.o_timetrack_day_strip [data-date="2026-11-28"]`).click();
    expect(".o_timetrack_phone_list").toHaveText(/No working hours/);
    expect(`.o_timetrack_day_strip [data-date="${TUESDAY}"] .text-danger`).toHaveText("−");
});
