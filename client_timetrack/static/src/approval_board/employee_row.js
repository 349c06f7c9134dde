import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";

import { Component, useState } from "@odoo/owl";

import { DecideButtons } from "./decide_buttons";
import { PERIOD_STATES, STATES } from "./states";

/** The time of one employee on the board: a row with a cell for each day. */
export class EmployeeRow extends Component {
    static template = "client_timetrack.EmployeeRow";
    static components = { DecideButtons };
    static props = {
        /** model, focus and what may be done, of the board */
        board: Object,
        employee: Object,
        index: Number,
    };

    setup() {
        this.model = useState(this.props.board.model);
        this.formatHours = useService("timesheet_uom").formatter;
        this.periodStates = PERIOD_STATES;
    }

    get scope() {
        return { employeeId: this.props.employee.id };
    }

    get warnings() {
        return this.model.cells(this.scope).reduce((sum, { cell }) => sum + cell.warnings, 0);
    }

    get pendingCount() {
        return this.model.pendingIds(this.scope).length;
    }

    decide(state, date) {
        return this.props.board.decideScope({ ...this.scope, date }, state);
    }

    tabIndex(column) {
        const { focus } = this.props.board;
        return focus.row === this.props.index && focus.column === column ? 0 : -1;
    }

    cell(day) {
        return this.model.cell(this.props.employee, day.date);
    }

    isSelected(day) {
        return this.model.selection.has(this.model.key(this.props.employee, day.date));
    }

    deviation(day) {
        return this.model.deviation(this.cell(day), day.date);
    }

    cellClass(day) {
        const cell = this.cell(day);
        const deviation = this.deviation(day);
        return {
            o_timetrack_off: !cell.expected,
            o_timetrack_pending: cell.pending_ids.length,
            o_timetrack_missing: deviation === "missing",
            o_timetrack_overtime: deviation === "overtime",
            o_timetrack_selected: this.isSelected(day),
        };
    }

    /** Shares of the states in a cell, for the bar below its hours. */
    shares(day) {
        const { states } = this.cell(day);
        return Object.keys(STATES)
            .filter((state) => states[state] > 0)
            .map((state) => ({ state, hours: states[state], color: STATES[state].color }));
    }

    /** What a cell says to the pointer that rests on it, and to screen readers. */
    describe(day) {
        const cell = this.cell(day);
        const parts = [
            `${this.props.employee.name}, ${day.longLabel}`,
            _t("%(logged)s of %(expected)s", {
                logged: this.formatHours(cell.logged),
                expected: this.formatHours(cell.expected),
            }),
            ...this.shares(day).map(({ state, hours }) => `${STATES[state].label}: ${this.formatHours(hours)}`),
        ];
        if (cell.warnings) {
            parts.push(_t("Warnings: %s", cell.warnings));
        }
        return parts.join("\n");
    }
}

/** The same on a phone: a card with a small button for each day. */
export class EmployeeCard extends EmployeeRow {
    static template = "client_timetrack.EmployeeCard";
}
