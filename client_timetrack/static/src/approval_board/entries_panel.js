import { deserializeDate, formatDate } from "@web/core/l10n/dates";
import { useService } from "@web/core/utils/hooks";

import { Component, onWillStart, status, useState } from "@odoo/owl";

import { STATES } from "./states";

const FIELDS = [
    "date",
    "employee_id",
    "name",
    "project_id",
    "task_id",
    "timetrack_activity_id",
    "timetrack_can_approve",
    "timetrack_reason",
    "timetrack_state",
    "timetrack_step_id",
    "timetrack_warning_count",
    "timetrack_warning_text",
    "unit_amount",
];

/** The entries behind a part of the board, each with its buttons. Lives in a popover, on phones in a bottom sheet. */
export class EntriesPanel extends Component {
    static template = "client_timetrack.EntriesPanel";
    static props = {
        close: { type: Function, optional: true },
        /** approves or rejects: (ids, state, hours by id) => promise of whether it was done */
        decide: Function,
        getIds: Function,
        openEntries: Function,
        showDate: Boolean,
        showEmployee: Boolean,
        title: String,
    };

    setup() {
        this.orm = useService("orm");
        this.formatHours = useService("timesheet_uom").formatter;
        this.states = STATES;
        this.state = useState({ entries: [], busy: false });
        onWillStart(() => this.load());
    }

    async load() {
        this.state.entries = await this.orm.searchRead(
            "account.analytic.line",
            [["id", "in", this.props.getIds()]],
            FIELDS,
            { order: "date, employee_id, id" }
        );
    }

    get pending() {
        return this.state.entries.filter((entry) => this.isPending(entry));
    }

    isPending(entry) {
        return entry.timetrack_state === "submitted" && entry.timetrack_can_approve;
    }

    formatDate(date) {
        return formatDate(deserializeDate(date));
    }

    async decide(entries, state) {
        const hours = Object.fromEntries(entries.map((entry) => [entry.id, entry.unit_amount]));
        this.state.busy = true;
        try {
            await this.props.decide(
                entries.map((entry) => entry.id),
                state,
                hours
            );
        } finally {
            // the popover goes with the cell that it hangs on, where the board has drawn that anew meanwhile
            if (status(this) !== "destroyed") {
                await this.load();
                this.state.busy = false;
            }
        }
        if (status(this) !== "destroyed" && !this.pending.length) {
            this.props.close?.();
        }
    }

    open() {
        this.props.close?.();
        this.props.openEntries(this.state.entries.map((entry) => entry.id));
    }
}
