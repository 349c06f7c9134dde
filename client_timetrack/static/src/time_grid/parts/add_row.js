import { _t } from "@web/core/l10n/translation";

import { Component } from "@odoo/owl";

import { WorkSearch } from "../../work_search/work_search";

/** Adds a row to the grid. */
export class AddRow extends Component {
    static template = "client_timetrack.AddRow";
    static components = { WorkSearch };
    static props = { model: Object, onAdded: Function, autofocus: { type: Boolean, optional: true } };

    get placeholder() {
        return _t("Add work: client, project or task");
    }

    search(text) {
        return this.props.model.search(text);
    }

    add(row) {
        this.props.onAdded(this.props.model.addRow(row));
    }
}
