import { AutoComplete } from "@web/core/autocomplete/autocomplete";
import { _t } from "@web/core/l10n/translation";

import { Component } from "@odoo/owl";

/** Adds a row to the grid: one field that finds client, project and task at once. */
export class AddRow extends Component {
    static template = "client_timetrack.AddRow";
    static components = { AutoComplete };
    static props = { model: Object, onAdded: Function, autofocus: { type: Boolean, optional: true } };

    get placeholder() {
        return _t("Add work: client, project or task");
    }

    get sources() {
        return [
            {
                placeholder: _t("Searching…"),
                optionSlot: "work",
                options: (text) => this.search(text),
            },
        ];
    }

    async search(text) {
        const rows = await this.props.model.search(text);
        if (!rows.length) {
            return [{ label: _t("Nothing found that takes time. Try fewer words."), cssClass: "text-muted" }];
        }
        return rows.map((row) => ({
            label: this.names(row).join(" / "),
            data: { names: this.names(row), client: row.group ? row.group[1] : "" },
            onSelect: () => this.add(row),
        }));
    }

    names(row) {
        return this.props.model.archInfo.rows.map((name) => row.values[name] && row.values[name][1]).filter(Boolean);
    }

    add(row) {
        this.props.onAdded(this.props.model.addRow(row));
    }
}
