import { AutoComplete } from "@web/core/autocomplete/autocomplete";
import { _t } from "@web/core/l10n/translation";

import { Component } from "@odoo/owl";

/** The fields of a time entry that say what it is for, in their order. */
export const WORK_FIELDS = ["project_id", "task_id", "timetrack_activity_id", "timetrack_deliverable_id"];

/** What a row of work is called: the names of what it has. */
export function workNames(values, fields = WORK_FIELDS) {
    return fields.map((name) => values[name] && values[name][1]).filter(Boolean);
}

/** The ids of what a row of work has. */
export function workIds(values) {
    return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value ? value[0] : false]));
}

/** One field that finds client, project and task at once. */
export class WorkSearch extends Component {
    static template = "client_timetrack.WorkSearch";
    static components = { AutoComplete };
    static props = {
        /** (text) => promise of rows, as the time grid describes them */
        search: Function,
        /** (row) => what happens with the one that was chosen */
        onChosen: Function,
        /** (text) => what happens with words that are no work; without it only work can be chosen */
        onText: { type: Function, optional: true },
        /** (text) => what that is called in the list */
        textLabel: { type: Function, optional: true },
        fields: { type: Array, optional: true },
        placeholder: { type: String, optional: true },
        autofocus: { type: Boolean, optional: true },
        id: { type: String, optional: true },
    };
    static defaultProps = { fields: WORK_FIELDS, id: "o_timetrack_work" };

    get placeholder() {
        return this.props.placeholder || _t("Client, project or task");
    }

    get sources() {
        return [{ placeholder: _t("Searching…"), optionSlot: "work", options: (text) => this.search(text) }];
    }

    async search(text) {
        const rows = await this.props.search(text);
        const options = rows.map((row) => this.makeOption(row));
        if (this.props.onText && text) {
            options.push({ label: this.props.textLabel(text), onSelect: () => this.props.onText(text) });
        }
        if (!options.length) {
            const label = text
                ? _t("Nothing found that takes time. Try fewer words.")
                : _t("Type a part of a client, project or task.");
            options.push({ label, cssClass: "text-muted" });
        }
        return options;
    }

    makeOption(row) {
        const names = workNames(row.values, this.props.fields);
        return {
            label: names.join(" / "),
            data: { names, client: row.group ? row.group[1] : "" },
            onSelect: () => this.props.onChosen(row),
        };
    }
}
