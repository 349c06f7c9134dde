import { beforeEach, describe, expect, test } from "@odoo/hoot";
import { press, queryAllTexts, queryOne } from "@odoo/hoot-dom";
import { animationFrame, mockDate } from "@odoo/hoot-mock";
import { patchSession } from "@hr_timesheet/../tests/hr_timesheet_models";
import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { contains, defineModels, fields, models, mountView, onRpc } from "@web/../tests/web_test_helpers";

import { at, focus, searchWork, type } from "./time_grid_helpers";

const WEEKS = ["2026-11-23", "2026-11-30", "2026-12-07", "2026-12-14", "2026-12-21", "2026-12-28"];
const [THIS, NEXT, LATER] = WEEKS;
const ARCH = `
    <timetrack_grid js_class="timetrack_plan_grid" mode="team" default_scale="month" scales="month,quarter">
        <field name="project_id" type="row"/>
        <field name="client_id" type="group"/>
        <field name="week" type="col"/>
        <field name="hours" type="measure"/>
        <field name="note" type="comment"/>
    </timetrack_grid>`;

class Plan extends models.Model {
    _name = "timetrack.plan";
    week = fields.Date();
    hours = fields.Float();
    note = fields.Char();
    project_id = fields.Many2one({ relation: "project.project", string: "Project" });
    client_id = fields.Many2one({ relation: "res.partner", string: "Client" });
}

class Project extends models.Model {
    _name = "project.project";
    name = fields.Char();
}

defineMailModels();
defineModels([Plan, Project]);
beforeEach(() => {
    patchSession();
    mockDate("2026-11-25 12:00:00");
});

function cell(hours, name = "") {
    return hours ? { hours, entries: [{ id: 1, hours, name, state: "", editable: true, reason: false, warnings: [] }] } : { hours: 0, entries: [] };
}

function row(employeeId, projectId, cells = {}, values = {}) {
    return {
        key: `${employeeId}-${projectId}`,
        employee_id: employeeId,
        values: { project_id: [projectId, `Project ${projectId}`] },
        group: [9, "Client Works"],
        source: "plans",
        pinned: false,
        notice: false,
        mine: false,
        hidden: false,
        left: false,
        cells,
        ...values,
    };
}

/** Somebody who works 40 hours a week, and not at all in the third week. */
function employee(id, name, values = {}) {
    return {
        id,
        name,
        leads: true,
        editable: true,
        expected: Object.fromEntries(WEEKS.filter((week) => week !== LATER).map((week) => [week, 40])),
        off: { [LATER]: "Absent" },
        elsewhere: {},
        locked_until: false,
        ...values,
    };
}

async function open(rows, employees = [employee(3, "Carl")]) {
    onRpc("timetrack.plan", "timetrack_grid_load", ({ args: [params] }) => {
        expect.step(`load ${params.scale} ${params.anchor}`);
        return {
            scale: params.scale,
            date_from: THIS,
            date_to: "2027-01-03",
            days: WEEKS,
            previous: "2026-10-12",
            next: "2027-01-04",
            today: THIS,
            has_period_scale: false,
            unit: { kind: "hours", hours_per_day: 8 },
            notice: false,
            employees,
            employee_count: employees.length,
            rows: structuredClone(rows),
            status: {},
        };
    });
    await mountView({ type: "timetrack_grid", resModel: "timetrack.plan", arch: ARCH });
    expect.verifySteps(["load month false"]);
}

/** Answer what is saved: a spread shares alike. */
function save({ left = false, answers = {} } = {}) {
    onRpc("timetrack.plan", "timetrack_grid_save", ({ args: [changes] }) => {
        expect.step(
            changes.map(({ op, date, hours, weeks, known, name }) =>
                [op, date, hours, weeks && `over ${weeks}`, known !== undefined && `of ${known}`, name]
                    .filter((part) => part || part === 0)
                    .join(" ")
            )
        );
        return changes.map(({ employee_id, values, date, op, hours, weeks = 1, name }) => {
            const place = { key: `${employee_id}-${values.project_id}`, date };
            if (answers[date]) {
                return { ...place, cell: cell(0), cells: {}, left, ...answers[date] };
            }
            const touched = WEEKS.slice(WEEKS.indexOf(date), WEEKS.indexOf(date) + weeks);
            const cells = Object.fromEntries(touched.map((week) => [week, cell(hours / weeks, name)]));
            const undo = touched.map((week) => ({ op: "set", employee_id, values, date: week, hours: 0, name: "" }));
            return { ...place, cell: cells[date], cells, left, undo };
        });
    });
}

const hours = (index) => queryAllTexts(`.o_timetrack_row:eq(${index}) .o_timetrack_hours`);
const load = (index) => queryAllTexts(`.o_timetrack_section:eq(${index}) .o_timetrack_load [aria-hidden]`);

describe("at a desk", () => {
    describe.current.tags("desktop");

    test("weeks stand against the working time; what is hidden counts, and too much is red", async () => {
        await open(
            [row(3, 7, { [THIS]: cell(30), [NEXT]: cell(8) }, { left: -4 }), row(3, 8, { [THIS]: cell(8) }, { left: 12.5 })],
            [employee(3, "Carl", { elsewhere: { [THIS]: 4, [LATER]: 2 } }), employee(4, "Cora")]
        );
        expect(queryAllTexts("thead th").slice(1, 3)).toEqual(["W48\nNov 23", "W49\nNov 30"]);
        expect(".o_timetrack_grid_title").toHaveText("Nov 23, 2026 – Jan 3, 2027");
        expect(load(0).slice(0, 5)).toEqual(["42:00", "of 40:00", "8:00", "of 40:00", "2:00"]);
        expect(queryAllTexts(".o_timetrack_overload .visually-hidden")).toEqual([
            "42:00 planned of 40:00 2:00 more than the working time 4:00 of it on what is not shown here",
            "2:00 planned of 0:00 2:00 more than the working time 2:00 of it on what is not shown here Absent",
        ]);
        expect(queryOne(".o_timetrack_load_bar:eq(1)").style.width).toBe("20%");
        expect(queryAllTexts(".o_timetrack_left")).toEqual(["4:00 over budget", "12:30 left to plan"]);
        expect(".o_timetrack_section:eq(0) .o_timetrack_total").toHaveText("52:00 of 200:00");
        expect(".o_timetrack_section:eq(1) .o_timetrack_total").toHaveText("0:00 of 200:00");
        expect(`${at(0, LATER)}.o_timetrack_off`).toHaveCount(1);
    });

    test("hours are typed; 80/4 spreads; undo takes all of it back", async () => {
        await open([row(3, 7, {}, { left: 100 }), row(4, 7, {}, { left: 100 })], [employee(3, "Carl"), employee(4, "Cora")]);
        save({ left: 20 });
        await focus(0, THIS);
        await type("8", "Enter");
        expect.verifySteps([[`set ${THIS} 8 of 0`]]);
        await focus(0, NEXT);
        await type("80/4", "Enter");
        expect.verifySteps([[`spread ${NEXT} 80 over 4 of 0`]]);
        expect(hours(0)).toEqual(["8:00", "20:00", "20:00", "20:00", "20:00", ""]);
        expect(queryAllTexts(".o_timetrack_left")).toEqual(["20:00 left to plan", "20:00 left to plan"]);
        await contains(".o_timetrack_grid_undo").click();
        expect(hours(0)).toEqual(["8:00", "", "", "", "", ""]);
        expect.verifySteps([["2026-12-21", "2026-12-14", LATER, NEXT].map((week) => `set ${week} 0`)]);
        await focus(0, NEXT);
        await type("8/x", "Enter");
        expect(`${at(0, NEXT)} .o_timetrack_hours`).toHaveText("8/x");
        expect(".o_timetrack_grid_failures").toHaveText(/80\/4 spreads 80 hours over four weeks/);
        await focus(0, NEXT);
        await press("Escape");
        await animationFrame();
        expect(".o_timetrack_grid_failures").toHaveCount(0);
    });

    test("what is refused is said, and nothing is lost", async () => {
        await open([row(3, 7)]);
        save({ answers: { [THIS]: { error: "A week has no more than 168 hours; this is 200:00.", code: "refused" } } });
        await focus(0, THIS);
        await type("200", "Enter");
        expect.verifySteps([[`set ${THIS} 200 of 0`]]);
        expect(`${at(0, THIS)} .o_timetrack_hours`).toHaveText("200");
        expect(".o_timetrack_grid_failures").toHaveText(/1 not saved. A week has no more than 168 hours/);
    });

    test("the key > copies a cell with its note to the week after, and goes there", async () => {
        await open([row(3, 7, { [THIS]: cell(8, "Workshop") })]);
        save();
        await focus(0, THIS);
        await press(">");
        await animationFrame();
        await animationFrame();
        expect.verifySteps([[`set ${NEXT} 8 of 0 Workshop`]]);
        expect(document.activeElement.dataset.date).toBe(NEXT);
        await press(">");
        await animationFrame();
        await animationFrame();
        expect.verifySteps([[`set ${LATER} 8 of 0 Workshop`]]);
        expect(hours(0)).toEqual(["8:00", "8:00", "8:00", "", "", ""]);
        await focus(0, WEEKS[5]);
        await press(">");
        await animationFrame();
        expect(document.activeElement.dataset.date).toBe(WEEKS[5]);
    });

    test("several weeks are filled from the first", async () => {
        await open([row(3, 7, { [THIS]: cell(8) }), row(3, 8, { [THIS]: cell(4), [NEXT]: cell(1) })]);
        save();
        await focus(0, THIS);
        await press(["ctrl", "shift", "ArrowRight"]);
        await press(["ctrl", "shift", "ArrowRight"]);
        await press(["ctrl", "shift", "ArrowDown"]);
        await animationFrame();
        await press(">");
        await animationFrame();
        await animationFrame();
        expect.verifySteps([
            [`set ${NEXT} 8 of 0`, `set ${LATER} 8 of 0`, `set ${NEXT} 4 of 1`, `set ${LATER} 4 of 0`],
        ]);
        expect([hours(0).slice(0, 3), hours(1).slice(0, 3)]).toEqual([
            ["8:00", "8:00", "8:00"],
            ["4:00", "4:00", "4:00"],
        ]);
    });

    test("a week is copied to the week after; what is planned there stays", async () => {
        await open(
            [
                row(3, 7, { [THIS]: cell(8), [NEXT]: cell(1) }),
                row(3, 8, { [THIS]: cell(4, "Workshop") }),
                row(5, 8, { [THIS]: cell(4) }),
            ],
            [employee(3, "Carl"), employee(5, "Otto", { leads: false, editable: false })]
        );
        save();
        expect(".o_timetrack_copy_week").toHaveCount(5);
        await contains(".o_timetrack_copy_week:eq(0)").click();
        expect.verifySteps([[`set ${NEXT} 4 of 0 Workshop`]]);
        expect(".o_notification").toHaveText("Copied to the week after: 1");
    });

    test("who is not the user's to plan is closed, but on the user's own projects", async () => {
        await open(
            [
                row(5, 7, { [THIS]: cell(8) }),
                row(5, 8, { [THIS]: cell(4) }, { mine: true }),
                row(5, 9, { [THIS]: cell(4) }, { mine: true, hidden: true }),
            ],
            [employee(5, "Otto", { leads: false })]
        );
        expect(queryAllTexts(`.o_timetrack_cell.o_timetrack_locked`, { root: ".o_timetrack_row:eq(0)" }).length).toBe(6);
        expect(`${at(1, THIS)}.o_timetrack_locked`).toHaveCount(0);
        expect(`${at(2, THIS)}.o_timetrack_locked`).toHaveCount(0);
        expect(`${at(2, NEXT)}.o_timetrack_locked`).toHaveCount(1);
        await focus(0, NEXT);
        await type("8");
        expect(".o_notification").toHaveText(/You plan the people that you lead/);
        onRpc("timetrack.plan", "timetrack_grid_search", ({ args: [text, { mine }] }) => {
            expect.step(`search ${text} ${mine}`);
            return [row(0, 11, {}, { mine: true })];
        });
        await contains(".o_timetrack_add_for").click();
        await searchWork("proj");
        expect.verifySteps(["search proj true"]);
        await contains(".o-autocomplete--dropdown-item:eq(0)").click();
        expect(document.activeElement).toHaveAttribute("aria-label", "Project 11, Week of November 23, 2026, 0:00");
    });

    test("the panel: hours, note, weeks", async () => {
        await open([row(3, 7, { [THIS]: cell(8, "Workshop") })]);
        save();
        await focus(0, THIS);
        await press(" ");
        await animationFrame();
        expect(".o_timetrack_plan_hours").toBeFocused();
        expect(".o_timetrack_plan_hours").toHaveValue("8:00");
        await contains(".o_timetrack_plan_note").edit("Interviews", { confirm: false });
        await contains(".o_timetrack_cell_panel .btn-primary").click();
        expect.verifySteps([[`set ${THIS} 8 of 8 Interviews`]]);
        await press(" ");
        await animationFrame();
        await contains(".o_timetrack_plan_hours").edit("30", { confirm: false });
        await contains(".o_timetrack_plan_weeks").edit("3", { confirm: false });
        expect(".o_timetrack_plan_note").toHaveCount(0);
        await contains(".o_timetrack_cell_panel .btn-primary").click();
        expect.verifySteps([[`spread ${THIS} 30 over 3`]]);
        expect(hours(0)).toEqual(["10:00", "10:00", "10:00", "", "", ""]);
        await press(" ");
        await animationFrame();
        await contains(".o_timetrack_plan_hours").edit("lots", { confirm: false });
        await contains(".o_timetrack_cell_panel .btn-primary").click();
        expect(".o_timetrack_cell_panel [role='alert']").toHaveText(/80\/4/);
        await contains(".o_timetrack_plan_remove").click();
        expect.verifySteps([[`set ${THIS} 0 of 10`]]);
        expect(hours(0)).toEqual(["", "10:00", "10:00", "", "", ""]);
    });

    test("thirteen weeks; nobody to plan", async () => {
        await open([], []);
        expect(".o_timetrack_grid_empty").toHaveText(/Nobody to plan/);
        await contains(".o_timetrack_grid_scale").click();
        expect(queryAllTexts(".o-dropdown-item")).toEqual(["6 Weeks", "13 Weeks"]);
        await contains(".o-dropdown-item:eq(1)").click();
        expect.verifySteps(["load quarter 2026-11-23"]);
        expect(".o_timetrack_grid_submit").toHaveCount(0);
    });
});

describe("on a phone", () => {
    describe.current.tags("mobile");

    test("a week at a time, its people with what they can take", async () => {
        await open([row(3, 7, { [THIS]: cell(44), [NEXT]: cell(8) }), row(3, 8, { [THIS]: cell(4) })]);
        save();
        expect(queryAllTexts(".o_timetrack_day_strip button").slice(0, 2)).toEqual(["W48\nNov 23\n48:00", "W49\nNov 30\n8:00"]);
        expect(".o_timetrack_load.text-danger").toHaveText("48:00 of 40:00");
        await contains(".o_timetrack_card_hours:eq(1)").click();
        await contains(".o_timetrack_plan_hours").edit("2", { confirm: false });
        await contains(".o_timetrack_cell_panel .btn-primary").click();
        expect.verifySteps([[`set ${THIS} 2 of 4`]]);
        expect(".o_timetrack_load").toHaveText("46:00 of 40:00");
        expect(".o_timetrack_cell_panel").toHaveCount(0);
    });
});
