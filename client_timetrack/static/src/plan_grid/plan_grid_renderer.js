import { _t } from "@web/core/l10n/translation";
import { clamp } from "@web/core/utils/numbers";

import { TimeGridRenderer } from "../time_grid/time_grid_renderer";
import { PlanAddRow } from "./parts/plan_add_row";
import { PlanPanel } from "./parts/plan_panel";
import { PlanPhoneList } from "./parts/plan_phone_list";

const MANY_WEEKS = 8;

/** The table of the plan: people and projects by weeks. */
export class PlanGridRenderer extends TimeGridRenderer {
    static template = "client_timetrack.PlanGridRenderer";
    static components = { ...TimeGridRenderer.components, AddRow: PlanAddRow, PhoneList: PlanPhoneList };
    static Panel = PlanPanel;

    get isDense() {
        return this.model.data.days.length >= MANY_WEEKS;
    }

    get panelLabel() {
        return _t("Hours, note and spreading");
    }

    /** The part of a week's working time that is planned, in percent; more than all of it is all of it. */
    loadPercent(date, employee) {
        const expected = this.model.expected(date, employee);
        const planned = this.model.planned(date, employee);
        return expected ? clamp(Math.round((100 * planned) / expected), 0, 100) : planned ? 100 : 0;
    }

    /** All that is to be said of a week of a person. */
    loadLabel(date, employee) {
        const { format } = this.model;
        const [planned, expected, elsewhere] = ["planned", "expected", "elsewhere"].map((name) =>
            this.model[name](date, employee)
        );
        const { kind, hours } = this.model.balance(date, employee);
        return [
            _t("%(planned)s planned of %(capacity)s", {
                planned: format.call(this.model, planned),
                capacity: format.call(this.model, expected),
            }),
            kind && _t("%s more than the working time", format.call(this.model, hours)),
            elsewhere && _t("%s of it on what is not shown here", format.call(this.model, elsewhere)),
            this.model.off(date, employee),
        ]
            .filter(Boolean)
            .join("\n");
    }

    onCellKey(ev, row, column) {
        if (ev.key === ">" && !ev.ctrlKey && !ev.metaKey && !ev.altKey) {
            this.copyOn();
            return true;
        }
        return super.onCellKey(ev, row, column);
    }

    /**
     * Copy the first selected week to the other selected ones; with one column, to the week after, and go there, so
     * that the key held fills a row.
     */
    async copyOn() {
        const { days } = this.model.data;
        const { rows, columns } = this.rectangle;
        const [first] = columns;
        const last = columns[0] === columns[1] ? first + 1 : columns[1];
        if (last >= days.length) {
            return;
        }
        const cells = this.rows
            .slice(rows[0], rows[1] + 1)
            .flatMap((row) => days.slice(first + 1, last + 1).map((to) => ({ row, from: days[first], to })));
        if (columns[0] === columns[1]) {
            const { selection } = this.state;
            this.focus = { row: this.focus.row, column: last };
            this.state.selection = selection && {
                start: { ...selection.start, column: last },
                end: { ...selection.end, column: last },
            };
            this.refocus = true;
        }
        await this.model.copyCells(cells);
    }

    async copyWeek(date) {
        const count = await this.model.copyWeek(date);
        const message = count ? _t("Copied to the week after: %s", count) : _t("There was nothing to copy.");
        this.model.notification.add(message, { type: count ? "success" : "info" });
    }
}
