import { deserializeDate } from "@web/core/l10n/dates";
import { ConnectionLostError } from "@web/core/network/rpc";
import { _t } from "@web/core/l10n/translation";
import { KeepLast } from "@web/core/utils/concurrency";
import { Model } from "@web/model/model";

import { workIds } from "../work_search/work_search";
import { formatHours, parseHours, sameHours } from "./hours_input";

const EMPTY_CELL = { hours: 0, entries: [] };
const LIMIT = 40;
const MAX_UNDO = 50;
const OPEN_STATES = ["draft", "rejected"];

/**
 * What the time grid shows and what is typed into it.
 *
 * A row is an employee with values of the row fields; a cell is a row on a day. What is typed shows at once
 * (`edits`) and is sent in the order in which it was typed, one call at a time: whatever comes meanwhile goes with the
 * next. The answer replaces the cell. What the server refuses stays in `edits`, with the message and what was typed.
 */
export class TimeGridModel extends Model {
    static services = ["notification"];

    setup(params, { notification }) {
        this.notification = notification;
        this.resModel = params.resModel;
        this.archInfo = params.archInfo;
        this.keepLast = new KeepLast();
        const state = params.state || {};
        this.scale = state.scale || params.archInfo.defaultScale;
        this.anchor = state.anchor || false;
        this.grouped = state.grouped || false;
        this.folded = new Set(state.folded || []);
        this.offset = state.offset || 0;
        this.addedRows = state.addedRows || [];
        this.searchParams = {};
        this.data = { days: [], employees: [], rows: [], status: {}, unit: { kind: "hours", hours_per_day: 8 } };
        this.edits = new Map();
        this.waiting = [];
        this.sending = null;
        this.undoStack = [];
    }

    exportState() {
        const { scale, anchor, grouped, offset, addedRows } = this;
        return { scale, anchor, grouped, offset, addedRows, folded: [...this.folded] };
    }

    // ------------------------------------------------------------------
    // Reading
    // ------------------------------------------------------------------

    /** What the server is asked by. */
    get params() {
        return {
            scale: this.scale,
            anchor: this.anchor,
            rows: this.archInfo.rows,
            group: this.archInfo.group,
            mode: this.archInfo.mode,
            domain: this.searchParams.domain || [],
            suggest: !this.isFiltered,
            offset: this.offset,
            limit: LIMIT,
        };
    }

    /** Whether a search leaves entries out: then nothing is proposed beside what was found. */
    get isFiltered() {
        return Boolean(this.env.searchModel?.facets?.length);
    }

    async load(searchParams = {}) {
        if ("domain" in searchParams) {
            this.searchParams = searchParams;
        }
        await this.saved();
        const data = await this.keepLast.add(this.orm.call(this.resModel, "timetrack_grid_load", [this.params]));
        this.anchor = this.anchor || data.today;
        this.data = data;
        this.loadedTotals = new Map(data.rows.map((row) => [row.key, this.rowTotal(row)]));
        this.addRowsAgain();
        this.notify();
    }

    reload() {
        return this.load();
    }

    /** Rows that were added by hand stay until they have time, or until they are removed. */
    addRowsAgain() {
        const known = new Set(this.data.rows.map(({ key }) => key));
        const employees = new Set(this.data.employees.map(({ id }) => id));
        this.addedRows = this.addedRows.filter(({ key }) => !known.has(key));
        this.data.rows.push(
            ...this.addedRows
                .filter(({ employee_id }) => employees.has(employee_id))
                .map((row) => ({ ...row, cells: {} }))
        );
    }

    setScale(scale) {
        this.scale = scale;
        return this.load();
    }

    /** @param {-1 | 1} direction */
    move(direction) {
        this.anchor = direction < 0 ? this.data.previous : this.data.next;
        return this.load();
    }

    /** @param {string | false} date any day to show; false: today */
    goTo(date) {
        this.anchor = date;
        return this.load();
    }

    setOffset(offset) {
        this.offset = offset;
        return this.load();
    }

    toggleGrouped() {
        this.grouped = !this.grouped;
        this.notify();
    }

    toggleFold(key) {
        if (!this.folded.delete(key)) {
            this.folded.add(key);
        }
        this.notify();
    }

    // ------------------------------------------------------------------
    // Rows and sections
    // ------------------------------------------------------------------

    get isTeam() {
        return this.archInfo.mode === "team";
    }

    get rows() {
        return this.data.rows;
    }

    getRow(key) {
        return this.data.rows.find((row) => row.key === key);
    }

    getEmployee(id) {
        return this.data.employees.find((employee) => employee.id === id);
    }

    /** The employee whose grid it is, where it is one person's. */
    get employee() {
        return this.data.employees[0];
    }

    /**
     * The rows in their groups: by employee for a team, by client if wanted, else all in one without a title.
     *
     * @returns {{ key: string, title: string, employee: Object | null, rows: Object[], folded: boolean }[]}
     */
    get sections() {
        if (this.isTeam) {
            return this.data.employees.map((employee) =>
                this.makeSection(
                    `employee-${employee.id}`,
                    employee.name,
                    this.rows.filter((row) => row.employee_id === employee.id),
                    employee
                )
            );
        }
        if (!this.grouped) {
            return [this.makeSection("all", "", this.rows)];
        }
        const groups = new Map();
        for (const row of this.rows) {
            const [id, title] = row.group || [0, _t("Without a client")];
            groups.set(id, groups.get(id) || this.makeSection(`group-${id}`, title, []));
            groups.get(id).rows.push(row);
        }
        return [...groups.values()];
    }

    makeSection(key, title, rows, employee = null) {
        return { key, title, rows, employee, folded: this.folded.has(key) };
    }

    /** The rows that are to be seen, from top to bottom. */
    get visibleRows() {
        return this.sections.flatMap((section) => (section.folded ? [] : section.rows));
    }

    /**
     * Add a row for work that has no time yet.
     *
     * @param {Object} row as the server describes rows
     * @returns {Object} the row, the one that is there already where the grid has it
     */
    addRow(row) {
        const ids = this.archInfo.rows.map((name) => (row.values[name] ? row.values[name][0] : 0));
        const key = [row.employee_id, ...ids].join("-");
        let found = this.getRow(key);
        if (!found) {
            found = { ...row, key, source: "added", cells: {} };
            this.addedRows.push(found);
            this.data.rows.push(found);
        }
        this.notify();
        return found;
    }

    /** Take a row without time away. */
    removeRow(row) {
        this.addedRows = this.addedRows.filter(({ key }) => key !== row.key);
        this.data.rows = this.data.rows.filter(({ key }) => key !== row.key);
        this.notify();
    }

    async togglePin(row) {
        await this.orm.call(this.resModel, "timetrack_grid_pin", [workIds(row.values), !row.pinned]);
        row.pinned = !row.pinned;
        this.notify();
    }

    // ------------------------------------------------------------------
    // Cells
    // ------------------------------------------------------------------

    getCell(row, date) {
        return row.cells[date] || EMPTY_CELL;
    }

    getEdit(row, date) {
        return this.edits.get(`${row.key}|${date}`);
    }

    /** Hours of a cell as the screen shows them: what is typed counts while it is being saved. */
    hours(row, date) {
        const edit = this.getEdit(row, date);
        return edit && !edit.error ? edit.hours : this.getCell(row, date).hours;
    }

    /**
     * What is to be known of a cell.
     *
     * @returns {{ hours: number, text: string, state: string, editable: boolean, reason: string, warnings: string[],
     *     name: string, count: number, saving: boolean, error: string, typed: string }} `state` is "" where there is
     *     no time, "mixed" where entries differ
     */
    cellState(row, date) {
        const { entries } = this.getCell(row, date);
        const edit = this.getEdit(row, date);
        const states = new Set(entries.map(({ state }) => state));
        const hours = this.hours(row, date);
        const reason = this.whyClosed(row, date);
        return {
            hours,
            text: entries.length || hours ? this.format(hours) : "",
            state: states.size > 1 ? "mixed" : [...states][0] || "",
            editable: !reason,
            reason: reason || entries.find((entry) => entry.reason)?.reason || "",
            locked: Boolean(reason) || (entries.length > 0 && !entries.some(({ editable }) => editable)),
            warnings: entries.flatMap(({ warnings }) => warnings),
            name: entries.map(({ name }) => name).filter(Boolean).join("\n"),
            count: entries.length,
            saving: Boolean(edit && !edit.error),
            error: edit?.error || "",
            typed: edit?.error ? edit.text : "",
        };
    }

    /** Why no time can be added to a cell, or "". */
    whyClosed(row, date) {
        const employee = this.getEmployee(row.employee_id);
        if (!employee?.editable) {
            return _t("You cannot log time for this employee.");
        }
        if (employee.locked_until && date <= employee.locked_until) {
            return _t("Time of this day is closed.");
        }
        return row.notice || "";
    }

    /**
     * How the head of a column names its day.
     *
     * @param {boolean} [isNarrow] whether there is little room
     * @returns {{ top: string, bottom: string, label: string }}
     */
    dayHead(date, isNarrow = false) {
        const day = deserializeDate(date);
        return {
            top: day.toFormat(isNarrow ? "ccccc" : "ccc"),
            bottom: day.toFormat("d"),
            label: day.toLocaleString({ weekday: "long", day: "numeric", month: "long" }),
        };
    }

    off(date, employee) {
        return employee?.off[date] || "";
    }

    expected(date, employee) {
        return employee?.expected[date] || 0;
    }

    rowsOf(employee) {
        return employee ? this.rows.filter((row) => row.employee_id === employee.id) : this.rows;
    }

    dayTotal(date, rows = this.rows) {
        return rows.reduce((sum, row) => sum + this.hours(row, date), 0);
    }

    /**
     * What is left of the allocated time of a row's task, with what was typed since.
     *
     * @returns {{ hours: number, text: string } | null} nothing where no time was allocated
     */
    left(row) {
        if (typeof row.left !== "number") {
            return null;
        }
        const hours = row.left - this.rowTotal(row) + (this.loadedTotals?.get(row.key) || 0);
        const text = this.format(Math.abs(hours));
        return { hours, text: hours < 0 ? _t("%s over budget", text) : _t("%s left", text) };
    }

    rowTotal(row) {
        return this.total([row]);
    }

    total(rows) {
        return this.data.days.reduce((sum, date) => sum + this.dayTotal(date, rows), 0);
    }

    expectedTotal(employees = this.data.employees) {
        return employees.reduce(
            (sum, employee) => sum + this.data.days.reduce((days, date) => days + this.expected(date, employee), 0),
            0
        );
    }

    /**
     * How a day stands against the working hours: less is only missing once the day is over.
     *
     * @returns {{ kind: "missing" | "over" | "", hours: number }}
     */
    balance(date, employee, rows = this.rowsOf(employee)) {
        const difference = this.dayTotal(date, rows) - this.expected(date, employee);
        if (difference < 0 && !sameHours(difference, 0) && date < this.data.today) {
            return { kind: "missing", hours: -difference };
        }
        if (difference > 0 && !sameHours(difference, 0)) {
            return { kind: "over", hours: difference };
        }
        return { kind: "", hours: 0 };
    }

    /** Hours as the company shows them: "7:30", or days. */
    format(hours) {
        return formatHours(hours, this.data.unit);
    }

    // ------------------------------------------------------------------
    // Typing
    // ------------------------------------------------------------------

    /**
     * Take what was typed into a cell.
     *
     * @returns {Promise} of its saving
     */
    type(row, date, text) {
        return this.typeAll([{ row, date, text }]);
    }

    /** Take what was typed or pasted into cells: one call for all of them. */
    typeAll(cells) {
        const changes = [];
        for (const { row, date, text } of cells) {
            const change = this.understand(row, date, text);
            if (change) {
                changes.push(change);
            }
        }
        this.notify();
        return this.send(changes);
    }

    /** The change that a text asks for; none if it changes nothing, or cannot be: then the cell says why. */
    understand(row, date, text) {
        const reason = this.whyClosed(row, date);
        const typed = parseHours(text, this.data.unit);
        const key = `${row.key}|${date}`;
        if (!typed || reason) {
            this.edits.set(key, { text, hours: 0, error: reason || this.inputHelp });
            return null;
        }
        const shown = this.hours(row, date);
        const hours = typed.op === "add" ? shown + typed.hours : typed.hours;
        this.edits.delete(key);
        if (sameHours(hours, shown)) {
            return null;
        }
        this.edits.set(key, { text, hours, error: "" });
        return { cell: { row, date, text }, op: typed.op, hours: typed.hours };
    }

    get inputHelp() {
        return _t("Type hours such as 1:30, 1.5 or 90m; +0:15 adds a quarter of an hour.");
    }

    /** Give up what was refused: the cell shows what the server has. */
    forget(row, date) {
        this.edits.delete(`${row.key}|${date}`);
        this.notify();
    }

    get failures() {
        return [...this.edits.entries()].filter(([, edit]) => edit.error);
    }

    /** The changes that a budget refuses. */
    get overBudget() {
        return this.failures.filter(([, { code }]) => code === "over_budget").map(([, { refused }]) => refused);
    }

    /**
     * Ask for more of the budgets that refuse changes.
     *
     * @returns {Promise<{ budget: string, hours: number, responsible: string | false }[]>}
     */
    askForMore(changes, reason) {
        return this.orm.call(this.resModel, "timetrack_grid_ask", [changes, this.params, reason]);
    }

    /** Send again what could not be sent. */
    retry() {
        const cells = this.failures.flatMap(([key, { text }]) => {
            const [rowKey, date] = key.split("|");
            const row = this.getRow(rowKey);
            return row ? [{ row, date, text }] : [];
        });
        return this.typeAll(cells);
    }

    /** Give up everything that was refused. */
    forgetAll() {
        for (const [key] of this.failures) {
            this.edits.delete(key);
        }
        this.notify();
    }

    // ------------------------------------------------------------------
    // Entries of a cell
    // ------------------------------------------------------------------

    addEntry(row, date, { hours = 0, name = "" }) {
        return this.sendOne({ ...this.place(row, date), op: "new", hours, name });
    }

    saveEntry(entryId, values) {
        return this.sendOne({ op: "entry", entry_id: entryId, ...values });
    }

    removeEntry(entryId) {
        return this.sendOne({ op: "delete", entry_id: entryId });
    }

    place(row, date) {
        return { employee_id: row.employee_id, values: workIds(row.values), date };
    }

    /** @returns {Promise<Object>} what the server says of the change */
    async sendOne(change) {
        const [result] = await this.send([change]);
        return result;
    }

    // ------------------------------------------------------------------
    // Saving
    // ------------------------------------------------------------------

    /** Resolves when nothing is on its way to the server. */
    async saved() {
        while (this.sending) {
            await this.sending;
        }
    }

    /**
     * Send changes after those that are on their way.
     *
     * @returns {Promise<Object[]>} what the server says of each
     */
    send(changes) {
        if (!changes.length) {
            return Promise.resolve([]);
        }
        return new Promise((resolve, reject) => {
            this.waiting.push({ changes, resolve, reject });
            this.sending = this.sending || this.sendWaiting();
        });
    }

    async sendWaiting() {
        while (this.waiting.length) {
            const jobs = this.waiting.splice(0);
            await this.sendJobs(jobs);
        }
        this.sending = null;
        this.notify();
    }

    async sendJobs(jobs) {
        const changes = jobs.flatMap((job) => job.changes);
        const known = new Map();
        const payload = changes.map((change) => this.prepare(change, known));
        let results;
        try {
            results = await this.orm.call(this.resModel, "timetrack_grid_save", [payload, this.params]);
        } catch (error) {
            this.keepUnsent(changes, error, jobs);
            return;
        }
        results.forEach((result, index) => this.apply(changes[index], result));
        this.remember(changes, results);
        this.notify();
        jobs.forEach((job) => job.resolve(results.splice(0, job.changes.length)));
    }

    /**
     * What the server gets. A second change of a cell in the same call builds on the first, of which nobody knows yet
     * what became: it goes without `known`.
     */
    prepare(change, known) {
        const { cell, isUndo, ...data } = change;
        if (!cell) {
            return data;
        }
        const key = `${cell.row.key}|${cell.date}`;
        const payload = { ...this.place(cell.row, cell.date), ...data };
        if (!known.has(key)) {
            payload.known = this.getCell(cell.row, cell.date).hours;
        }
        known.set(key, true);
        return payload;
    }

    /** Put what the server says into the cell; a refusal stays beside it. */
    apply({ cell, isUndo, ...data }, result) {
        const row = this.getRow(result.key);
        if (row) {
            this.count(this.getCell(row, result.date), -1);
            this.count(result.cell, 1);
            this.putCell(row, result.date, result.cell);
        }
        if (!cell) {
            return;
        }
        const key = `${cell.row.key}|${cell.date}`;
        if (result.error) {
            const { error, code } = result;
            const refused = { ...this.place(cell.row, cell.date), ...data };
            this.edits.set(key, { text: cell.text, hours: 0, error, code, refused });
        } else if (this.edits.get(key)?.text === cell.text) {
            // else something newer was typed meanwhile
            this.edits.delete(key);
        }
    }

    /** Cells without entries are not kept. */
    putCell(row, date, cell) {
        if (cell.entries.length) {
            row.cells[date] = cell;
        } else {
            delete row.cells[date];
        }
    }

    /** Keep the sums by state in step with the cells. */
    count({ entries }, sign) {
        const { status } = this.data;
        for (const { state, hours } of entries) {
            status[state] += sign * hours;
            status.to_submit += OPEN_STATES.includes(state) ? sign : 0;
        }
    }

    /**
     * The server was not reached, or failed: what was typed stays and says so. That there is no connection is all that
     * there is to say; what else went wrong is shown as Odoo shows it.
     */
    keepUnsent(changes, error, jobs) {
        const isLost = error instanceof ConnectionLostError;
        const message = isLost
            ? _t("Not saved: there is no connection. Try again.")
            : _t("Not saved: the server had a problem. Try again.");
        for (const { cell } of changes) {
            if (cell) {
                this.edits.set(`${cell.row.key}|${cell.date}`, { text: cell.text, hours: 0, error: message });
            }
        }
        this.notify();
        for (const job of jobs) {
            if (isLost) {
                job.resolve(job.changes.map(() => ({ error: message, code: "offline" })));
            } else {
                job.reject(error);
            }
        }
    }

    // ------------------------------------------------------------------
    // Undo
    // ------------------------------------------------------------------

    get canUndo() {
        return this.undoStack.length > 0;
    }

    /** Keep what takes changes back; what takes back an undo is not kept. */
    remember(changes, results) {
        if (changes.some(({ isUndo }) => isUndo)) {
            return;
        }
        const undo = results.flatMap((result) => result.undo || []).reverse();
        if (undo.length) {
            this.undoStack.push(undo);
            this.undoStack.splice(0, this.undoStack.length - MAX_UNDO);
        }
    }

    /** Take the last change back. */
    async undo() {
        await this.saved();
        const changes = this.undoStack.pop();
        if (!changes) {
            return;
        }
        const results = await this.send(changes.map((change) => ({ ...change, isUndo: true })));
        const refused = results.filter(({ error }) => error);
        for (const { error } of refused) {
            this.notification.add(error, { type: "danger", title: _t("This could not be undone") });
        }
        if (results.some(({ key }) => key && !this.getRow(key))) {
            await this.reload();
        }
    }

    // ------------------------------------------------------------------
    // The whole span
    // ------------------------------------------------------------------

    /**
     * Take over what was done in the days before.
     *
     * @param {"rows" | "hours"} what
     */
    async copyPrevious(what) {
        await this.saved();
        const result = await this.orm.call(this.resModel, "timetrack_grid_copy", [what, this.params]);
        if (what === "rows") {
            result.rows.forEach((row) => this.addRow(row));
            return result;
        }
        if (result.undo.length) {
            this.undoStack.push([...result.undo].reverse());
        }
        await this.reload();
        return result;
    }

    /** Hand in the own time of the days. */
    async submit() {
        await this.saved();
        const result = await this.orm.call(this.resModel, "timetrack_grid_submit", [this.params]);
        await this.reload();
        return result;
    }

    /** @returns {Promise<Object[]>} rows for what the words say */
    search(text) {
        return this.orm.call(this.resModel, "timetrack_grid_search", [text, this.params]);
    }
}
