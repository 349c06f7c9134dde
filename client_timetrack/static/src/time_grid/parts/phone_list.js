import { _t } from "@web/core/l10n/translation";
import { usePopover } from "@web/core/popover/popover_hook";

import { Component, useState } from "@odoo/owl";

import { STATES } from "../../approval_board/states";
import { AddRow } from "./add_row";
import { CellPanel } from "./cell_panel";

/** The time grid on a phone: one day at a time, its work as cards. */
export class PhoneList extends Component {
    static template = "client_timetrack.PhoneList";
    static components = { AddRow };
    static props = { model: Object, archInfo: Object };
    /** What opens for a card. */
    static Panel = CellPanel;

    setup() {
        this.states = STATES;
        this.state = useState({ date: this.firstDate, isAdding: false, addingFor: null });
        this.sheet = usePopover(this.constructor.Panel, { useBottomSheet: true });
    }

    get model() {
        return this.props.model;
    }

    get firstDate() {
        const { days, today } = this.model.data;
        return days.includes(today) ? today : days[0];
    }

    /** The day that is shown; another span brings other days. */
    get date() {
        return this.model.data.days.includes(this.state.date) ? this.state.date : this.firstDate;
    }

    get days() {
        return this.model.data.days.map((date) => ({
            date,
            ...this.model.dayHead(date, true),
            total: this.model.dayTotal(date),
            isOff: Boolean(this.model.off(date, this.employee)),
            balance: this.employee ? this.model.balance(date, this.employee) : { kind: "" },
        }));
    }

    get day() {
        return this.days.find(({ date }) => date === this.date);
    }

    get employee() {
        return this.model.isTeam ? null : this.model.employee;
    }

    get canAdd() {
        return Boolean(this.employee?.editable);
    }

    /** Rows with time on the day come first. */
    get sections() {
        return this.model.sections.map((section) => ({
            ...section,
            rows: [...section.rows].sort((one, other) => this.hasTime(other) - this.hasTime(one)),
        }));
    }

    hasTime(row) {
        return Boolean(this.model.getCell(row, this.date).entries.length);
    }

    cell(row) {
        return this.model.cellState(row, this.date);
    }

    title(row) {
        const names = this.model.archInfo.rows.map((name) => row.values[name] && row.values[name][1]);
        return { project: names[0], others: names.slice(1).filter(Boolean).join(" · ") };
    }

    open(ev, row) {
        this.openSheet(ev.currentTarget, row);
    }

    async openSheet(target, row) {
        // what was just typed is an entry of the cell, not one more to add
        if (this.model.sending) {
            await this.model.saved();
        }
        // a bottom sheet, unlike a popover, does not tell its content how to close it
        this.sheet.open(target, { model: this.model, row, date: this.date, close: () => this.sheet.close() });
    }

    pinLabel(row) {
        return row.pinned ? _t("Unpin") : _t("Pin");
    }

    addFor(employee) {
        this.state.addingFor = this.state.addingFor === employee.id ? null : employee.id;
    }

    onAdded(row) {
        this.state.isAdding = false;
        this.state.addingFor = null;
        this.openSheet(document.body, row);
    }
}
