import { _t } from "@web/core/l10n/translation";
import { useAutofocus } from "@web/core/utils/hooks";

import { Component, useState } from "@odoo/owl";

import { parseHours } from "../../time_grid/hours_input";

/** What is planned in a cell: hours with a note, or hours that are spread over the weeks from here on. */
export class PlanPanel extends Component {
    static template = "client_timetrack.PlanPanel";
    static props = { model: Object, row: Object, date: String, close: { type: Function, optional: true } };

    setup() {
        const [entry] = this.cell.entries;
        this.state = useState({
            hours: entry ? this.model.format(entry.hours) : "",
            name: entry?.name || "",
            weeks: 1,
            error: "",
            busy: false,
        });
        useAutofocus({ refName: "hours", selectAll: true });
    }

    get model() {
        return this.props.model;
    }

    get cell() {
        return this.model.getCell(this.props.row, this.props.date);
    }

    get title() {
        return this.props.row.values.project_id[1];
    }

    get employee() {
        return this.model.getEmployee(this.props.row.employee_id);
    }

    get subtitle() {
        return [this.employee.name, this.model.dayHead(this.props.date).label].join(" · ");
    }

    get load() {
        const { date } = this.props;
        return _t("%(planned)s planned of %(capacity)s in this week", {
            planned: this.model.format(this.model.planned(date, this.employee)),
            capacity: this.model.format(this.model.expected(date, this.employee)),
        });
    }

    get isOver() {
        return this.model.balance(this.props.date, this.employee).kind === "over";
    }

    get left() {
        return this.model.left(this.props.row);
    }

    get closed() {
        return this.model.whyClosed(this.props.row, this.props.date);
    }

    /** The number of weeks; one where it is none. */
    get weeks() {
        return Math.max(1, Math.floor(Number(this.state.weeks)) || 1);
    }

    async save() {
        const typed = parseHours(this.state.hours, this.model.data.unit);
        if (!typed || typed.op !== "set") {
            this.state.error = this.model.inputHelp;
            return;
        }
        const { row, date } = this.props;
        const { hours } = typed;
        await this.send(
            this.weeks > 1
                ? () => this.model.spreadPlan(row, date, hours, this.weeks)
                : () => this.model.savePlan(row, date, { hours, name: this.state.name })
        );
    }

    remove() {
        return this.send(() => this.model.savePlan(this.props.row, this.props.date, { hours: 0, name: "" }));
    }

    async send(call) {
        this.state.busy = true;
        try {
            const { error } = await call();
            this.state.error = error || "";
            if (!error) {
                this.props.close?.();
            }
        } finally {
            this.state.busy = false;
        }
    }
}
