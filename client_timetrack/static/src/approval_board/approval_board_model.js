import { deserializeDate, serializeDate } from "@web/core/l10n/dates";
import { Reactive } from "@web/core/utils/reactive";

import { toRaw } from "@odoo/owl";

const { DateTime } = luxon;

/** What a day without entries and without expected hours looks like. */
const EMPTY_CELL = { expected: 0, logged: 0, pending: 0, states: {}, warnings: 0, entry_ids: [], pending_ids: [] };
const METHODS = { approved: "action_timetrack_approve", rejected: "action_timetrack_reject" };
/** A minute, in hours: smaller differences are no missing time. */
const MINUTE = 1 / 60;

/**
 * The time of the people of an approver in one period, day by day, and what the approver does with it.
 *
 * A *scope* names a part of it: ``{ employeeId, date }`` is one cell, ``{ employeeId }`` a row, ``{ date }`` a day of
 * everybody, ``{}`` everything that is shown.
 */
export class ApprovalBoardModel extends Reactive {
    constructor(orm) {
        super();
        this.orm = orm;
        this.period = null;
        this.days = [];
        this.allEmployees = [];
        this.employeesById = {};
        /** "pending": only those with time that waits for the user, "team": everybody of the user's, "all" to be read */
        this.scope = "team";
        this.companyId = false;
        this.search = "";
        this.selection = new Set();
        this.loads = 0;
        /** counts the changes of the figures, for those who look at all of them at once */
        this.version = 0;
    }

    /** Load the period that a day lies in; of several loads at once the last one counts. */
    async load(date) {
        const load = ++this.loads;
        const board = await this.orm.call("timetrack.period", "get_board", [], {
            date,
            company_id: this.companyId,
            scope: this.scope,
        });
        if (load !== this.loads) {
            return;
        }
        if (board.period.from !== this.period?.from) {
            this.selection.clear();
        }
        this.period = board.period;
        this.companyId = board.period.company_id;
        this.allEmployees = board.employees;
        this.employeesById = Object.fromEntries(board.employees.map((employee) => [employee.id, employee]));
        this.days = board.days.map((date) => this.prepareDay(date));
        this.version++;
        for (const key of this.selection) {
            const [employeeId, day] = key.split("|");
            if (!this.pendingIds({ employeeId: Number(employeeId), date: day }).length) {
                this.selection.delete(key);
            }
        }
    }

    /** A day that nobody has to work is no working day. */
    prepareDay(date) {
        const day = deserializeDate(date);
        const weekday = day.toLocaleString({ weekday: "short" });
        const dayOfMonth = day.toLocaleString({ day: "numeric" });
        return {
            date,
            weekday,
            dayOfMonth,
            label: `${weekday} ${dayOfMonth}`,
            longLabel: day.toLocaleString(DateTime.DATE_MED_WITH_WEEKDAY),
            working: this.allEmployees.some((employee) => this.cell(employee, date).expected),
        };
    }

    /** Load the period again, when something may have changed it. */
    reload() {
        return this.load(this.period.from);
    }

    // What is shown

    get employees() {
        const search = this.search.trim().toLowerCase();
        return this.allEmployees.filter((employee) => employee.name.toLowerCase().includes(search));
    }

    cell(employee, date) {
        return employee.days[date] || EMPTY_CELL;
    }

    /** Expected, logged and waiting hours of a scope. */
    totals(scope) {
        const sums = { expected: 0, logged: 0, pending: 0 };
        for (const { cell } of this.cells(scope)) {
            for (const name in sums) {
                sums[name] += cell[name];
            }
        }
        return sums;
    }

    /** "missing" where a past day has less than expected, "overtime" where a day has more, else nothing. */
    deviation({ expected, logged }, date) {
        if (logged > expected + MINUTE) {
            return "overtime";
        }
        return logged < expected - MINUTE && date < serializeDate(DateTime.local()) ? "missing" : "";
    }

    // Parts of it

    cells({ employeeId, date }) {
        const employees = employeeId ? [this.employeesById[employeeId]] : this.observeAll();
        const dates = date ? [date] : this.days.map((day) => day.date);
        return employees.flatMap((employee) =>
            dates.map((date) => ({ employee, date, cell: this.cell(employee, date) }))
        );
    }

    /** All employees shown, watched as a whole: thousands of cells are too many to be watched one by one. */
    observeAll() {
        return this.version && this.employees.map((employee) => toRaw(employee));
    }

    entryIds(scope) {
        return this.cells(scope).flatMap(({ cell }) => cell.entry_ids);
    }

    /** Ids of the entries of a scope that wait for the user. */
    pendingIds(scope) {
        return this.cells(scope).flatMap(({ cell }) => cell.pending_ids);
    }

    // What is selected

    key(employee, date) {
        return `${employee.id}|${date}`;
    }

    isSelected(scope) {
        const cells = this.cells(scope).filter(({ cell }) => cell.pending_ids.length);
        return cells.length > 0 && cells.every(({ employee, date }) => this.selection.has(this.key(employee, date)));
    }

    /** Select the cells of a scope in which something waits, or release them when all of them are selected. */
    toggle(scope) {
        const release = this.isSelected(scope);
        for (const { employee, date, cell } of this.cells(scope)) {
            if (release) {
                this.selection.delete(this.key(employee, date));
            } else if (cell.pending_ids.length) {
                this.selection.add(this.key(employee, date));
            }
        }
    }

    selectedIds() {
        return this.cells({})
            .filter(({ employee, date }) => this.selection.has(this.key(employee, date)))
            .flatMap(({ cell }) => cell.pending_ids);
    }

    // Decisions

    /**
     * Approve or reject entries. The board shows the outcome at once, and what the server says of it afterwards,
     * whether it agreed or not.
     *
     * @param {number[]} ids
     * @param {"approved"|"rejected"} state
     * @param {string} [reason] required to reject
     * @param {Object} [hours] hours by id, to show the outcome of a part of a cell
     */
    async decide(ids, state, reason, hours = {}) {
        this.markDecided(new Set(ids), state, hours);
        try {
            await this.orm.call("account.analytic.line", METHODS[state], reason ? [ids, reason] : [ids]);
        } finally {
            await this.reload();
        }
    }

    markDecided(ids, state, hours) {
        for (const { employee, date, cell } of this.cells({})) {
            if (cell.pending_ids.some((id) => ids.has(id))) {
                // The row that shows the cell watches it.
                this.markCell(this.cell(this.employeesById[employee.id], date), ids, state, hours);
                if (!cell.pending_ids.length) {
                    this.selection.delete(this.key(employee, date));
                }
            }
        }
        this.version++;
    }

    markCell(cell, ids, state, hours) {
        const decided = cell.pending_ids.filter((id) => ids.has(id));
        cell.pending_ids = cell.pending_ids.filter((id) => !ids.has(id));
        // Without the hours of each entry only the whole cell is known.
        const moved = cell.pending_ids.length ? decided.reduce((sum, id) => sum + (hours[id] || 0), 0) : cell.pending;
        cell.pending -= moved;
        cell.states = {
            ...cell.states,
            submitted: (cell.states.submitted || 0) - moved,
            [state]: (cell.states[state] || 0) + moved,
        };
    }
}
