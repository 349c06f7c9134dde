import { beforeEach, expect } from "@odoo/hoot";
import { press, queryOne } from "@odoo/hoot-dom";
import { animationFrame, mockDate } from "@odoo/hoot-mock";
import { patchSession } from "@hr_timesheet/../tests/hr_timesheet_models";
import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { contains, defineModels, fields, models, mountView, onRpc } from "@web/../tests/web_test_helpers";

class Entry extends models.Model {
    _name = "account.analytic.line";
    name = fields.Char();
    date = fields.Date();
    unit_amount = fields.Float();
    project_id = fields.Many2one({ relation: "project.project", string: "Project" });
    task_id = fields.Many2one({ relation: "project.task", string: "Task" });
    employee_id = fields.Many2one({ relation: "hr.employee" });
    timetrack_activity_id = fields.Many2one({ relation: "timetrack.activity", string: "Service Type" });
    timetrack_client_id = fields.Many2one({ relation: "res.partner", string: "Client" });
}

class Activity extends models.Model {
    _name = "timetrack.activity";
    name = fields.Char();
    offered_project_id = fields.Many2one({ relation: "project.project" });
    _records = [{ id: 31, name: "Research", offered_project_id: 7 }];
}

class Project extends models.Model {
    _name = "project.project";
    name = fields.Char();
    _records = [{ id: 7, name: "Merger" }];
}

class Task extends models.Model {
    _name = "project.task";
    name = fields.Char();
}

class Employee extends models.Model {
    _name = "hr.employee";
    name = fields.Char();
}

/** Define what the grid needs of the server; each test begins on a Wednesday. */
export function prepareTimeGrid() {
    defineMailModels();
    defineModels([Entry, Activity, Project, Task, Employee]);
    beforeEach(() => {
        patchSession();
        mockDate("2026-11-25 12:00:00");
    });
}

export const DAYS = ["2026-11-23", "2026-11-24", "2026-11-25", "2026-11-26", "2026-11-27", "2026-11-28", "2026-11-29"];
export const MONDAY = DAYS[0];
export const TUESDAY = DAYS[1];
export const WEDNESDAY = DAYS[2];
export const ARCH = `
    <timetrack_grid MODE>
        <field name="project_id" type="row"/>
        <field name="task_id" type="row"/>
        <field name="timetrack_activity_id" type="row"/>
        <field name="timetrack_client_id" type="group"/>
        <field name="date" type="col"/>
        <field name="unit_amount" type="measure"/>
        <field name="name" type="comment"/>
    </timetrack_grid>`;

export function entry(id, hours, values = {}) {
    return {
        id,
        hours,
        state: "draft",
        name: "",
        editable: true,
        reason: false,
        warnings: [],
        start: false,
        stop: false,
        ...values,
    };
}

export function cell(...entries) {
    return { hours: entries.reduce((sum, { hours }) => sum + hours, 0), entries };
}

export function row(task, cells = {}, values = {}) {
    return {
        key: `3-7-${task}-0`,
        employee_id: 3,
        values: { project_id: [7, "Merger"], task_id: [task, `Task ${task}`], timetrack_activity_id: false },
        group: [9, "Client Works"],
        source: "entries",
        pinned: false,
        notice: false,
        cells,
        ...values,
    };
}

export function employee(id, name) {
    const expected = Object.fromEntries(DAYS.slice(0, 5).map((date) => [date, 8]));
    const off = { [DAYS[5]]: "No working hours", [DAYS[6]]: "No working hours" };
    return { id, name, editable: true, expected, off, locked_until: false };
}

export function grid(rows, values = {}) {
    return {
        scale: "week",
        date_from: DAYS[0],
        date_to: DAYS[6],
        days: DAYS,
        previous: "2026-11-22",
        next: "2026-11-30",
        today: WEDNESDAY,
        has_period_scale: false,
        may_set_up: false,
        unit: { kind: "hours", hours_per_day: 8 },
        notice: false,
        employees: [employee(3, "Carl")],
        employee_count: 1,
        rows,
        status: {
            draft: 0,
            rejected: 0,
            submitted: 0,
            approved: 0,
            to_submit: 0,
            approval_required: true,
            deadline: "2026-12-01",
            is_late: false,
        },
        ...values,
    };
}

/** Serve a grid; tell what is asked for. */
export function serve(data) {
    onRpc("onboarding.onboarding", "get_timetrack_first_steps", () => ({ steps: [] }));
    onRpc("account.analytic.line", "timetrack_grid_load", ({ args: [params] }) => {
        expect.step(`load ${params.scale} ${params.anchor}`);
        return structuredClone(data);
    });
}

/** Answer what is saved: every change comes to the hours that it asks for, but for what `answers` say by date. */
export function save(answers = {}) {
    let nextId = 100;
    onRpc("account.analytic.line", "timetrack_grid_save", ({ args: [changes] }) => {
        expect.step(
            changes.map(({ op, date, entry_id, hours, known }) =>
                [op, date || entry_id, hours, known === undefined ? "" : `of ${known}`].filter((part) => part || part === 0).join(" ")
            )
        );
        return changes.map((change) => {
            const answer = answers[change.date];
            const ids = change.values && Object.values(change.values).map((id) => id || 0);
            const place = { key: ["3", ...(ids || [7, 12, 0])].join("-"), date: change.date || MONDAY };
            if (answer) {
                return { ...place, cell: cell(), ...answer };
            }
            const hours = change.op === "add" ? (change.known || 0) + change.hours : change.hours;
            const id = nextId++;
            const saved = change.op === "delete" || !hours ? cell() : cell(entry(id, hours));
            return { ...place, cell: saved, undo: [{ op: "delete", entry_id: id }] };
        });
    });
}

export async function open(data, { arch = ARCH.replace("MODE", ""), ...options } = {}) {
    serve(data);
    await mountView({ type: "timetrack_grid", resModel: "account.analytic.line", arch, ...options });
    expect.verifySteps(["load week false"]);
}

/** Type words into the field that finds work, and wait for what it finds. */
export async function searchWork(words) {
    await contains(".o_timetrack_search_work input").edit(words, { confirm: false });
    // the field waits for more keys before it asks
    await new Promise((resolve) => setTimeout(resolve, 200));
    await animationFrame();
}

/** The selector of a cell. */
export const at = (index, date) => `[data-row="${index}"][data-date="${date}"]`;

/** Focus a cell without editing it. */
export async function focus(index, date) {
    queryOne(at(index, date)).focus();
    await animationFrame();
}

/** Press keys, one a frame. */
export async function type(text, ...keys) {
    for (const key of [...text, ...keys]) {
        await press(key);
        await animationFrame();
    }
}
