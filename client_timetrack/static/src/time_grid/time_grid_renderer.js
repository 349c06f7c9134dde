import { _t } from "@web/core/l10n/translation";
import { usePopover } from "@web/core/popover/popover_hook";
import { useService } from "@web/core/utils/hooks";
import { clamp } from "@web/core/utils/numbers";

import { Component, onPatched, status, useExternalListener, useRef, useState } from "@odoo/owl";

import { STATES } from "../approval_board/states";
import { AddRow } from "./parts/add_row";
import { CellPanel } from "./parts/cell_panel";
import { CodePicker } from "./parts/code_picker";
import { PhoneList } from "./parts/phone_list";
import { RowHead } from "./parts/row_head";

/** Hours of one step with Shift and an arrow. */
const STEP = 0.25;
const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
/** Keys that begin to type hours in a cell. */
const TYPING = /^[0-9.,:+-]$/;
const MONTH_DAYS = 15;

/** The table of the time grid; on a phone, the days as lists. */
export class TimeGridRenderer extends Component {
    static template = "client_timetrack.TimeGridRenderer";
    static components = { AddRow, PhoneList, RowHead };
    static props = { model: Object, archInfo: Object };
    /** What opens for a cell. */
    static Panel = CellPanel;

    setup() {
        this.ui = useState(useService("ui"));
        this.root = useRef("root");
        this.states = STATES;
        this.state = useState({ editing: null, selection: null, addingFor: null });
        // What is typed, whatever is drawn meanwhile: an answer of the server must not bring older text back.
        this.text = "";
        // Not reactive: moving the focus must not draw hundreds of cells anew.
        this.focus = { row: 0, column: 0 };
        this.refocus = false;
        this.panel = usePopover(this.constructor.Panel, {
            popoverClass: "o_timetrack_cell_popover",
            onClose: () => this.focusCell(),
        });
        this.codes = usePopover(CodePicker, { onClose: () => this.focusCell() });
        onPatched(() => this.afterPatch());
        useExternalListener(document, "copy", (ev) => this.onCopy(ev));
        useExternalListener(document, "cut", (ev) => this.onCopy(ev, true));
        useExternalListener(document, "paste", (ev) => this.onPaste(ev));
    }

    get model() {
        return this.props.model;
    }

    // ------------------------------------------------------------------
    // What is shown
    // ------------------------------------------------------------------

    /** The columns: the days, as their head shows them. */
    get days() {
        return this.model.data.days.map((date) => ({
            date,
            ...this.model.dayHead(date, this.isDense),
            isToday: date === this.model.data.today,
        }));
    }

    /** Many days: the columns are narrow. */
    get isDense() {
        return this.model.data.days.length >= MONTH_DAYS;
    }

    /** The employee whose days the head and the totals speak of; none for a team. */
    get employee() {
        return this.model.isTeam ? null : this.model.employee;
    }

    /** What the button of a cell opens. */
    get panelLabel() {
        return _t("Description and entries");
    }

    get canAdd() {
        return !this.model.isTeam && Boolean(this.employee?.editable);
    }

    /** Ask for work to add to the rows of somebody of the team; asked again, or for nobody: no longer. */
    addFor(employee) {
        this.state.addingFor = employee && this.state.addingFor !== employee.id ? employee.id : null;
        if (this.state.addingFor && this.model.folded.has(`employee-${employee.id}`)) {
            this.model.toggleFold(`employee-${employee.id}`);
        }
    }

    onAddedFor(row) {
        this.state.addingFor = null;
        this.focusRow(row);
    }

    isOff(date, employee) {
        return Boolean(this.model.off(date, employee));
    }

    /** The sections with their rows numbered, as the keyboard counts them. */
    get sections() {
        let index = 0;
        return this.model.sections.map((section) => ({
            ...section,
            lines: section.folded ? [] : section.rows.map((row) => ({ row, index: index++ })),
        }));
    }

    cellClass(cell, row, day, index, column) {
        const employee = this.model.getEmployee(row.employee_id);
        return {
            o_timetrack_off: this.isOff(day.date, employee),
            o_timetrack_today: day.isToday,
            o_timetrack_error: cell.error,
            o_timetrack_saving: cell.saving,
            o_timetrack_locked: cell.locked,
            o_timetrack_selected: this.isSelected(index, column),
            [`o_timetrack_state_${cell.state}`]: cell.state,
        };
    }

    /** All that a cell says, for its title and for screen readers. */
    cellTitle(cell, row, day) {
        const employee = this.model.getEmployee(row.employee_id);
        const state = cell.state === "mixed" ? _t("Entries in different states") : this.states[cell.state]?.label;
        return [
            cell.error && `${cell.typed}: ${cell.error}`,
            state,
            cell.reason,
            ...cell.warnings,
            cell.name,
            this.model.off(day.date, employee),
        ]
            .filter(Boolean)
            .join("\n");
    }

    cellLabel(cell, row, day) {
        const names = Object.values(row.values).map((value) => value?.[1]);
        return [...names, day.label, cell.text || this.model.format(0)].filter(Boolean).join(", ");
    }

    balanceLabel({ kind, hours }) {
        if (!kind) {
            return "";
        }
        return kind === "missing"
            ? _t("%s missing", this.model.format(hours))
            : _t("%s more than expected", this.model.format(hours));
    }

    balanceText({ kind, hours }) {
        return kind ? (kind === "missing" ? "−" : "+") + this.model.format(hours) : "";
    }

    // ------------------------------------------------------------------
    // Focus and selection
    // ------------------------------------------------------------------

    get rows() {
        return this.model.visibleRows;
    }

    cellElement(row = this.focus.row, column = this.focus.column) {
        return this.root.el?.querySelector(`[data-row='${row}'][data-column='${column}']`);
    }

    focusCell(row = this.focus.row, column = this.focus.column) {
        const last = { row: this.rows.length - 1, column: this.model.data.days.length - 1 };
        this.focus = { row: clamp(row, 0, Math.max(0, last.row)), column: clamp(column, 0, Math.max(0, last.column)) };
        for (const cell of this.root.el?.querySelectorAll("[data-row][tabindex='0']") || []) {
            cell.tabIndex = -1;
        }
        const cell = this.cellElement();
        if (cell) {
            cell.tabIndex = 0;
            cell.focus();
        }
    }

    /** Focus a row that was just added. */
    focusRow(row) {
        const index = this.rows.findIndex(({ key }) => key === row.key);
        const today = this.model.data.days.indexOf(this.model.data.today);
        this.focus = { row: Math.max(0, index), column: Math.max(0, today) };
        this.refocus = true;
        this.render();
    }

    afterPatch() {
        const input = this.root.el?.querySelector(".o_timetrack_cell input");
        if (input && input.value !== this.text) {
            input.value = this.text;
        }
        if (input && input !== document.activeElement) {
            input.focus();
            input.setSelectionRange(this.state.editing.replaces ? 0 : input.value.length, input.value.length);
        }
        if (this.refocus && !input) {
            this.focusCell();
        }
        this.refocus = false;
    }

    onFocusCell(row, column) {
        this.focus = { row, column };
        for (const cell of this.root.el.querySelectorAll("[data-row][tabindex='0']")) {
            cell.tabIndex = -1;
        }
        this.cellElement().tabIndex = 0;
    }

    /** The rectangle that is selected: the cell with the focus where nothing else is. */
    get rectangle() {
        const { selection } = this.state;
        const start = selection?.start || this.focus;
        const end = selection?.end || this.focus;
        return {
            rows: [Math.min(start.row, end.row), Math.max(start.row, end.row)],
            columns: [Math.min(start.column, end.column), Math.max(start.column, end.column)],
        };
    }

    isSelected(row, column) {
        if (!this.state.selection) {
            return false;
        }
        const { rows, columns } = this.rectangle;
        return row >= rows[0] && row <= rows[1] && column >= columns[0] && column <= columns[1];
    }

    /** The cells of the rectangle, row by row. */
    get selectedCells() {
        const { rows, columns } = this.rectangle;
        const { days } = this.model.data;
        return this.rows
            .slice(rows[0], rows[1] + 1)
            .map((row) => days.slice(columns[0], columns[1] + 1).map((date) => ({ row, date })));
    }

    extendSelection(row, column) {
        const start = this.state.selection?.start || { ...this.focus };
        this.state.selection = { start, end: { row, column } };
        this.focus = { row, column };
        this.refocus = true;
    }

    onMouseDown(ev, row, column) {
        if (ev.target.closest("input, button")) {
            return;
        }
        if (ev.shiftKey) {
            ev.preventDefault();
            this.extendSelection(row, column);
        } else if (this.state.selection) {
            this.state.selection = null;
        }
    }

    // ------------------------------------------------------------------
    // Keyboard
    // ------------------------------------------------------------------

    onKeydown(ev) {
        if (!ev.target.matches("input")) {
            this.onPendingKey(ev);
        }
    }

    onArrow(ev, row, column) {
        const arrow = ARROWS[ev.key];
        if (!arrow || ev.altKey) {
            return false;
        }
        const [down, right] = arrow;
        const isCommand = ev.ctrlKey || ev.metaKey;
        if (ev.shiftKey && !isCommand && down) {
            this.step(row, column, -down * STEP);
        } else if (ev.shiftKey && isCommand) {
            const rows = this.rows.length - 1;
            const columns = this.model.data.days.length - 1;
            this.extendSelection(clamp(row + down, 0, rows), clamp(column + right, 0, columns));
        } else if (!ev.shiftKey) {
            this.state.selection = null;
            this.focusCell(row + down, column + right);
        }
        return true;
    }

    onCellKey(ev, row, column) {
        const isCommand = ev.ctrlKey || ev.metaKey;
        const keys = {
            Home: () => this.focusCell(isCommand ? 0 : row, 0),
            End: () => this.focusCell(isCommand ? Infinity : row, Infinity),
            Enter: () => (ev.altKey ? this.openPanel(row, column) : this.edit(row, column, { replaces: true })),
            F2: () => this.edit(row, column),
            " ": () => this.openPanel(row, column),
            Delete: () => this.clear(),
            Backspace: () => this.clear(),
            Escape: () => this.escape(row, column),
        };
        if (isCommand) {
            keys.z = () => this.model.undo();
        }
        if (keys[ev.key]) {
            keys[ev.key]();
            return true;
        }
        if (!isCommand && !ev.altKey && TYPING.test(ev.key)) {
            this.edit(row, column, { text: ev.key });
            return true;
        }
        return false;
    }

    /** Whoever types fast is ahead of the field that is about to show: no key is lost. */
    onEarlyKey(ev) {
        if (ev.key === "Enter" || ev.key === "Tab") {
            this.commit(this.text, ev.key === "Enter" ? [1, 0] : [0, 1]);
        } else if (ev.key === "Escape") {
            this.stopEditing();
        } else if (ev.key.length === 1 && !ev.ctrlKey && !ev.metaKey) {
            this.text += ev.key;
        } else {
            return false;
        }
        return true;
    }

    escape(row, column) {
        this.state.selection = null;
        this.model.forget(this.rows[row], this.model.data.days[column]);
    }

    /** Empty what is selected. */
    clear() {
        const cells = this.selectedCells.flat().filter(({ row, date }) => this.model.getCell(row, date).entries.length);
        return this.save(cells.map((cell) => ({ ...cell, text: "0" })));
    }

    /** A quarter of an hour more or less; a failed cell counts from what the server has. */
    step(row, column, hours) {
        const sign = hours < 0 ? "-" : "+";
        return this.save([
            { row: this.rows[row], date: this.model.data.days[column], text: `${sign}${Math.abs(hours) * 60}m` },
        ]);
    }

    // ------------------------------------------------------------------
    // Editing
    // ------------------------------------------------------------------

    isEditing(row, day) {
        const { editing } = this.state;
        return editing?.key === row.key && editing.date === day.date;
    }

    /**
     * Edit a cell in place.
     *
     * @param {Object} [options]
     * @param {string} [options.text] what was typed already; left out, the hours are there
     * @param {boolean} [options.replaces] whether what is typed next replaces the hours
     */
    edit(index, column, { text, replaces = false } = {}) {
        const row = this.rows[index];
        const date = this.model.data.days[column];
        const cell = this.model.cellState(row, date);
        if (!cell.editable) {
            this.model.notification.add(cell.reason, { type: "warning" });
            return;
        }
        this.focus = { row: index, column };
        this.state.selection = null;
        this.text = text ?? (cell.typed || cell.text);
        this.state.editing = { key: row.key, date, row: index, column, replaces };
    }

    onClickCell(ev, index, column) {
        if (ev.target.closest("input, button") || ev.shiftKey) {
            return;
        }
        const cell = this.model.cellState(this.rows[index], this.model.data.days[column]);
        if (cell.count > 1 || (cell.locked && cell.count)) {
            this.openPanel(index, column);
        } else {
            this.edit(index, column, { replaces: true });
        }
    }

    /** Whether an event comes from the field of the cell that is edited, not of one that was just left. */
    isCurrentInput({ target }) {
        const { editing } = this.state;
        const { row, column } = target.closest("[data-row]").dataset;
        return Boolean(editing) && Number(row) === editing.row && Number(column) === editing.column;
    }

    onInput(ev) {
        if (this.isCurrentInput(ev)) {
            this.text = ev.target.value;
        }
    }

    onInputKeydown(ev) {
        if (!this.isCurrentInput(ev)) {
            this.onPendingKey(ev);
            return;
        }
        const moves = {
            Enter: ev.shiftKey ? [-1, 0] : [1, 0],
            Tab: ev.shiftKey ? [0, -1] : [0, 1],
            ArrowDown: [1, 0],
            ArrowUp: [-1, 0],
        };
        if (ev.key === "Escape") {
            this.stopEditing();
            this.refocus = true;
        } else if (moves[ev.key] && !(ev.shiftKey && ev.key.startsWith("Arrow"))) {
            this.commit(ev.target.value, moves[ev.key]);
        } else {
            ev.stopPropagation();
            return;
        }
        ev.preventDefault();
        ev.stopPropagation();
    }

    /** A key for the cell with the focus, which may be ahead of what is drawn. */
    onPendingKey(ev) {
        const { row, column } = this.focus;
        const handled = this.state.editing
            ? this.onEarlyKey(ev)
            : this.onArrow(ev, row, column) || this.onCellKey(ev, row, column);
        if (handled) {
            ev.preventDefault();
        }
        ev.stopPropagation();
    }

    onInputBlur(ev) {
        if (this.isCurrentInput(ev)) {
            this.commit(ev.target.value);
        }
    }

    stopEditing() {
        this.state.editing = null;
        this.text = "";
    }

    /** Save what was typed and go on. */
    commit(text, [down, right] = [0, 0]) {
        const { key, date, row, column } = this.state.editing;
        this.stopEditing();
        if (down || right) {
            this.focus = {
                row: clamp(row + down, 0, this.rows.length - 1),
                column: clamp(column + right, 0, this.model.data.days.length - 1),
            };
            this.refocus = true;
        }
        const cell = this.model.cellState(this.model.getRow(key), date);
        if (text !== (cell.typed || cell.text) || cell.error) {
            this.save([{ row: this.model.getRow(key), date, text }]);
        }
    }

    /** Save cells; where several entries could be meant, the cell opens to choose. */
    async save(cells) {
        const results = await this.model.typeAll(cells);
        const several = results.find(({ code }) => code === "several");
        if (several && cells.length === 1) {
            const [{ row, date }] = cells;
            this.model.forget(row, date);
            this.openPanel(this.rows.indexOf(row), this.model.data.days.indexOf(date));
        }
    }

    // ------------------------------------------------------------------
    // Clipboard
    // ------------------------------------------------------------------

    /** Whether the clipboard's events are the grid's: a cell has the focus. */
    get hasFocus() {
        return document.activeElement?.matches("[data-row][data-column]") && this.root.el?.contains(document.activeElement);
    }

    /** Hours go as a table of text, as spreadsheets do. */
    onCopy(ev, cut = false) {
        if (!this.hasFocus) {
            return;
        }
        const lines = this.selectedCells.map((cells) =>
            cells.map(({ row, date }) => this.model.cellState(row, date).text).join("\t")
        );
        ev.clipboardData.setData("text/plain", lines.join("\n"));
        ev.preventDefault();
        if (cut) {
            this.clear();
        }
    }

    /** A table of text fills the cells from the focus on; one value fills the whole selection. */
    onPaste(ev) {
        if (!this.hasFocus) {
            return;
        }
        ev.preventDefault();
        const text = ev.clipboardData.getData("text/plain").replace(/\r?\n$/, "");
        const table = text.split(/\r?\n/).map((line) => line.split("\t"));
        const isOne = table.length === 1 && table[0].length === 1;
        return this.save(isOne ? this.fill(table[0][0]) : this.spread(table));
    }

    fill(text) {
        return this.selectedCells.flat().map((cell) => ({ ...cell, text }));
    }

    spread(table) {
        const { rows, columns } = this.rectangle;
        return table.flatMap((texts, down) =>
            texts.flatMap((text, right) => {
                const row = this.rows[rows[0] + down];
                const date = this.model.data.days[columns[0] + right];
                return row && date ? [{ row, date, text }] : [];
            })
        );
    }

    // ------------------------------------------------------------------
    // Panels
    // ------------------------------------------------------------------

    /** The entries of a cell: descriptions, several entries, states. */
    async openPanel(row, column) {
        this.focus = { row, column };
        // what was just typed is an entry of the cell, not one more to add
        if (this.model.sending) {
            await this.model.saved();
        }
        const element = this.cellElement(row, column);
        if (!element || status(this) === "destroyed") {
            return;
        }
        this.panel.open(element, { model: this.model, row: this.rows[row], date: this.model.data.days[column] });
    }

    /** Choose service type and deliverable for a row. */
    openCodes(ev, row) {
        this.codes.open(ev.currentTarget, {
            model: this.model,
            row,
            onChosen: (chosen) => this.focusRow(chosen),
        });
    }
}
