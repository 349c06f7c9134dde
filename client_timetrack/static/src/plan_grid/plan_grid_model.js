import { deserializeDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";

import { parseHours } from "../time_grid/hours_input";
import { TimeGridModel } from "../time_grid/time_grid_model";

/** "80/4": hours, spread over that many weeks. */
const SPREAD = /^(.*)\/\s*(\d{1,2})$/;

/**
 * The plan as a grid: a column is a week, named by its Monday, and a cell holds one plan at most.
 *
 * What is shown and typed works as in the time grid. The weeks stand against the working time of the person, whose
 * plans may be shown in part: the rest is `elsewhere`.
 */
export class PlanGridModel extends TimeGridModel {
    dayHead(date) {
        const monday = deserializeDate(date);
        return {
            top: _t("W%s", monday.weekNumber),
            bottom: monday.toLocaleString({ month: "short", day: "numeric" }),
            label: _t("Week of %s", monday.toLocaleString({ day: "numeric", month: "long", year: "numeric" })),
        };
    }

    // ------------------------------------------------------------------
    // Cells
    // ------------------------------------------------------------------

    whyClosed(row, date) {
        const employee = this.getEmployee(row.employee_id);
        if (!employee?.leads && !row.mine) {
            return _t("You plan the people that you lead, and everybody on projects that you manage.");
        }
        if (!employee.editable) {
            return _t("This person is no longer there to be planned.");
        }
        if (row.hidden && !this.getCell(row, date).entries.length) {
            return _t("The project is not shared with you: what is planned can change, nothing new can be planned.");
        }
        return row.notice || "";
    }

    /** Hours of a week that are planned on what is not shown: hidden projects, or what a search leaves out. */
    elsewhere(date, employee) {
        return employee?.elsewhere[date] || 0;
    }

    /** All hours that are planned of a week. */
    planned(date, employee) {
        return this.dayTotal(date, this.rowsOf(employee)) + this.elsewhere(date, employee);
    }

    plannedTotal(employee) {
        return this.data.days.reduce((sum, date) => sum + this.planned(date, employee), 0);
    }

    /** A week that is planned in part is nothing amiss; more than the working time is. */
    balance(date, employee) {
        const hours = this.planned(date, employee) - this.expected(date, employee);
        return hours > 1 / 7200 ? { kind: "over", hours } : { kind: "", hours: 0 };
    }

    /** What is left of the budget of a row's project, as the server said last. */
    left(row) {
        if (typeof row.left !== "number") {
            return null;
        }
        const text = this.format(Math.abs(row.left));
        return { hours: row.left, text: row.left < 0 ? _t("%s over budget", text) : _t("%s left to plan", text) };
    }

    // ------------------------------------------------------------------
    // Typing
    // ------------------------------------------------------------------

    get inputHelp() {
        return _t("Type hours such as 8 or 1:30; 80/4 spreads 80 hours over four weeks.");
    }

    understand(row, date, text) {
        const [, hoursText, weeks] = text.trim().match(SPREAD) || [];
        const typed = weeks && parseHours(hoursText, this.data.unit);
        if (!typed || typed.op !== "set" || this.whyClosed(row, date)) {
            return super.understand(row, date, text);
        }
        const { hours } = typed;
        this.edits.set(`${row.key}|${date}`, { text, hours: hours / (Number(weeks) || 1), error: "" });
        return { cell: { row, date, text }, op: "spread", hours, weeks: Number(weeks) };
    }

    /**
     * Save hours and note of a cell.
     *
     * @param {{ hours: number, name: string }} values
     */
    savePlan(row, date, values) {
        const known = this.getCell(row, date).hours;
        return this.sendOne({ ...this.place(row, date), op: "set", known, ...values });
    }

    /** Spread hours over weeks, from a cell on. */
    spreadPlan(row, date, hours, weeks) {
        return this.sendOne({ ...this.place(row, date), op: "spread", hours, weeks });
    }

    // ------------------------------------------------------------------
    // Copying to the weeks after
    // ------------------------------------------------------------------

    /** The week after, where it is shown. */
    nextWeek(date) {
        return this.data.days[this.data.days.indexOf(date) + 1];
    }

    /** Whether there is a shown week after, and anybody whom the user plans. */
    canCopy(date) {
        return Boolean(this.nextWeek(date)) && this.data.employees.some(({ editable }) => editable);
    }

    /**
     * Copy what is shown of a week to the week after; what is planned there stays.
     *
     * @returns {Promise<number>} how many cells were copied
     */
    async copyWeek(date) {
        const next = this.nextWeek(date);
        const rows = this.rows.filter(
            (row) => this.hours(row, date) && !this.hours(row, next) && !this.whyClosed(row, next)
        );
        const results = await this.copyCells(rows.map((row) => ({ row, from: date, to: next })));
        return results.filter(({ error }) => !error).length;
    }

    /** Copy cells with their notes, in one call; cells that are closed say why. */
    copyCells(cells) {
        const changes = cells.flatMap(({ row, from, to }) => {
            const key = `${row.key}|${to}`;
            const hours = this.hours(row, from);
            const text = this.format(hours);
            const reason = this.whyClosed(row, to);
            if (reason) {
                this.edits.set(key, { text, hours: 0, error: reason });
                return [];
            }
            this.edits.set(key, { text, hours, error: "" });
            const name = this.getCell(row, from).entries[0]?.name || "";
            return [{ cell: { row, date: to, text }, op: "set", hours, name }];
        });
        this.notify();
        return this.send(changes);
    }

    // ------------------------------------------------------------------
    // Saving
    // ------------------------------------------------------------------

    apply(change, result) {
        super.apply(change, result);
        const row = this.getRow(result.key);
        if (!row) {
            return;
        }
        for (const [date, cell] of Object.entries(result.cells || {})) {
            this.putCell(row, date, cell);
        }
        for (const other of this.rows) {
            if (other.values.project_id[0] === row.values.project_id[0]) {
                other.left = result.left;
            }
        }
    }

    /** Plans have no states to count. */
    count() {}

    /** Whoever does not lead a person plans them on projects of their own. */
    search(text, employee) {
        const params = { ...this.params, mine: Boolean(employee && !employee.leads) };
        return this.orm.call(this.resModel, "timetrack_grid_search", [text, params]);
    }
}
