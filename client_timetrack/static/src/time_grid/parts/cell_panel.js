import { deserializeDate, deserializeDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { useAutofocus, useService } from "@web/core/utils/hooks";
import { FormViewDialog } from "@web/views/view_dialogs/form_view_dialog";

import { Component, useState } from "@odoo/owl";

import { STATES } from "../../approval_board/states";
import { useAskForMore } from "../ask_for_more";
import { parseHours, sameHours } from "../hours_input";
import { CodePicker } from "./code_picker";

const { DateTime } = luxon;
/** Hours that one tap adds. */
const CHIPS = [0.25, 0.5, 1];

/** The entries of a cell, each with hours, description and state; and a new one. */
export class CellPanel extends Component {
    static template = "client_timetrack.CellPanel";
    static components = { CodePicker };
    static props = { model: Object, row: Object, date: String, close: { type: Function, optional: true } };

    setup() {
        this.dialog = useService("dialog");
        this.states = STATES;
        this.chips = CHIPS;
        this.refused = {};
        this.askForMore = useAskForMore(() => this.model);
        this.state = useState({
            row: this.props.row,
            isAdding: !this.model.getCell(this.props.row, this.props.date).entries.length,
            isChoosing: false,
            errors: {},
            /** changes that a budget refuses, by entry, as errors are */
            overBudget: {},
            typed: {},
            hours: "",
            name: "",
            busy: false,
        });
        useAutofocus({ refName: "first" });
    }

    get model() {
        return this.props.model;
    }

    get entries() {
        return this.model.getCell(this.state.row, this.props.date).entries;
    }

    get names() {
        return this.model.archInfo.rows.map((name) => this.state.row.values[name]?.[1] || "");
    }

    get title() {
        return this.names.slice(0, 2).filter(Boolean).join(" / ");
    }

    /** Service type and deliverable of the row. */
    get codes() {
        return this.names.slice(2).filter(Boolean).join(" · ");
    }

    get canChoose() {
        return this.model.archInfo.rows.length > 2 && !this.model.isTeam && !this.closed;
    }

    /** Other codes make another row: the panel goes on with that one. */
    onChosen(row) {
        Object.assign(this.state, {
            row,
            isChoosing: false,
            isAdding: !this.model.getCell(row, this.props.date).entries.length,
        });
    }

    get day() {
        return deserializeDate(this.props.date).toLocaleString(DateTime.DATE_MED_WITH_WEEKDAY);
    }

    get closed() {
        return this.model.whyClosed(this.state.row, this.props.date);
    }

    clock({ start, stop }) {
        if (!start || !stop) {
            return "";
        }
        return [start, stop].map((time) => deserializeDateTime(time).toLocaleString(DateTime.TIME_SIMPLE)).join(" – ");
    }

    /** What an entry's field shows: what is being typed, or was refused, stays whatever is drawn anew. */
    value(entry, field) {
        const typed = this.state.typed[entry.id]?.[field];
        return typed ?? (field === "hours" ? this.model.format(entry.hours) : entry.name);
    }

    // ------------------------------------------------------------------
    // Changes
    // ------------------------------------------------------------------

    /** A field is left: what was typed is saved. (No change event: none comes where the field was drawn anew.) */
    leave(entry, field) {
        const text = this.state.typed[entry.id]?.[field];
        // the same again would be refused again
        if (text !== undefined && text !== this.refused[`${entry.id} ${field}`]) {
            return field === "hours" ? this.changeHours(entry, text) : this.changeName(entry, text);
        }
    }

    async changeHours(entry, text) {
        const typed = parseHours(text, this.model.data.unit);
        if (!typed) {
            return this.refuse(entry, "hours", text, this.model.inputHelp);
        }
        const hours = typed.op === "add" ? entry.hours + typed.hours : typed.hours;
        if (!sameHours(hours, entry.hours) || this.state.errors[entry.id]) {
            await this.change(entry, "hours", text, { hours });
        } else {
            this.drop(entry, "hours");
        }
    }

    async changeName(entry, name) {
        if (name !== entry.name || this.state.errors[entry.id]) {
            await this.change(entry, "name", name, { name });
        } else {
            this.drop(entry, "name");
        }
    }

    async change(entry, field, text, values) {
        const result = await this.model.saveEntry(entry.id, values);
        const change = { op: "entry", entry_id: entry.id, ...values };
        this.state.overBudget[entry.id] = result.code === "over_budget" ? change : null;
        if (result.error) {
            this.refuse(entry, field, text, result.error);
        } else {
            delete this.state.errors[entry.id];
            if (this.state.typed[entry.id]?.[field] === text) {
                this.drop(entry, field);
            } // else something newer was typed meanwhile
        }
    }

    refuse(entry, field, text, error) {
        this.state.errors[entry.id] = error;
        this.refused[`${entry.id} ${field}`] = text;
        this.keep(entry, field, text);
    }

    /** Keep what is typed. */
    keep(entry, field, text) {
        this.state.typed[entry.id] = { ...this.state.typed[entry.id], [field]: text };
    }

    /** What was typed is saved, or says what is saved already. */
    drop(entry, field) {
        delete this.refused[`${entry.id} ${field}`];
        const { [field]: _text, ...others } = this.state.typed[entry.id] || {};
        this.state.typed[entry.id] = others;
    }

    async remove(entry) {
        const { error } = await this.model.removeEntry(entry.id);
        if (error) {
            this.state.errors[entry.id] = error;
        } else if (!this.entries.length) {
            this.state.isAdding = true;
        }
        this.render();
    }

    more(hours) {
        const typed = parseHours(this.state.hours, this.model.data.unit);
        this.state.hours = this.model.format(Math.max(0, (typed?.hours || 0) + hours));
    }

    async add() {
        const typed = parseHours(this.state.hours, this.model.data.unit);
        if (!typed || typed.op !== "set") {
            this.state.errors.new = this.model.inputHelp;
            return;
        }
        this.state.busy = true;
        try {
            const { hours } = typed;
            const { row, name } = this.state;
            const { error, code } = await this.model.addEntry(row, this.props.date, { hours, name });
            const change = { ...this.model.place(row, this.props.date), op: "new", hours, name };
            this.state.overBudget.new = code === "over_budget" ? change : null;
            this.state.errors.new = error || "";
            if (!error) {
                Object.assign(this.state, { hours: "", name: "", isAdding: false });
                this.props.close?.();
            }
        } finally {
            this.state.busy = false;
        }
    }

    /** The whole form of an entry. */
    open(entry) {
        this.props.close?.();
        this.dialog.add(FormViewDialog, {
            resModel: this.model.resModel,
            resId: entry.id,
            title: _t("Time Entry"),
            context: { is_timesheet: 1 },
            onRecordSaved: () => this.model.reload(),
        });
    }

    onKeydown(ev) {
        if (ev.key === "Enter" && ev.target.matches("input")) {
            ev.target.blur();
            this.props.close?.();
        }
    }
}
