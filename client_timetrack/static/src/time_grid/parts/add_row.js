import { _t } from "@web/core/l10n/translation";

import { Component } from "@odoo/owl";

import { WorkSearch } from "../../work_search/work_search";

/** Adds a row to the grid. */
export class AddRow extends Component {
    static template = "client_timetrack.AddRow";
    static components = { WorkSearch };
    static props = {
        model: Object,
        onAdded: Function,
        autofocus: { type: Boolean, optional: true },
        /** whose row it becomes; without one it is the user's own */
        employee: { type: Object, optional: true },
    };

    get placeholder() {
        const { employee } = this.props;
        return employee
            ? _t("Add work for %s: client, project or task", employee.name)
            : _t("Add work: client, project or task");
    }

    get id() {
        return `o_timetrack_add_row${this.props.employee ? `_${this.props.employee.id}` : ""}`;
    }

    search(text) {
        return this.props.model.search(text, this.props.employee);
    }

    add(row) {
        const { employee, model } = this.props;
        this.props.onAdded(model.addRow(employee ? { ...row, employee_id: employee.id, pinned: false } : row));
    }
}
