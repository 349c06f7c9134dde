import { Component } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** An icon where a policy objects to a time entry; the tooltip says to what. */
export class TimetrackWarningField extends Component {
    static template = "client_timetrack.WarningField";
    static props = { ...standardFieldProps };

    get text() {
        return this.props.record.data[this.props.name] || "";
    }

    get info() {
        return JSON.stringify({ lines: this.text.split("\n") });
    }
}

export const timetrackWarningField = {
    component: TimetrackWarningField,
    displayName: _t("Policy Warning"),
    supportedTypes: ["text"],
    listViewWidth: 40,
};

registry.category("fields").add("timetrack_warning", timetrackWarningField);
