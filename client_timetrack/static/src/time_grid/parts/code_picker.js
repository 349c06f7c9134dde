import { SelectMenu } from "@web/core/select_menu/select_menu";
import { useService } from "@web/core/utils/hooks";

import { Component, onWillStart, useState } from "@odoo/owl";

/** Chooses service type and deliverable for a row, among those that its project offers. */
export class CodePicker extends Component {
    static template = "client_timetrack.CodePicker";
    static components = { SelectMenu };
    static props = { model: Object, row: Object, onChosen: Function, close: { type: Function, optional: true } };

    setup() {
        this.orm = useService("orm");
        this.state = useState({ values: { ...this.props.row.values } });
        this.choices = {};
        onWillStart(() => Promise.all(this.fields.map(({ name, relation }) => this.load(name, relation))));
    }

    /** The fields of the row beyond project and task. */
    get fields() {
        const { rows, fields } = this.props.model.archInfo;
        return rows.slice(2).map((name) => ({ name, label: fields[name].string, relation: fields[name].relation }));
    }

    async load(name, relation) {
        const project = this.props.row.values.project_id;
        const domain = [["offered_project_id", "=", project ? project[0] : false]];
        const records = await this.orm.searchRead(relation, domain, ["display_name"]);
        this.choices[name] = records.map(({ id, display_name }) => ({ value: id, label: display_name }));
    }

    choose(name, id) {
        const choice = this.choices[name].find(({ value }) => value === id);
        this.state.values[name] = choice ? [choice.value, choice.label] : false;
    }

    /** A row with time stays as it is: the new codes make a row of their own. */
    apply() {
        const { model, row } = this.props;
        const added = model.addRow({ ...row, values: { ...this.state.values }, pinned: false });
        if (added.key !== row.key && !Object.keys(row.cells).length && row.source === "added") {
            model.removeRow(row);
        }
        this.props.close?.();
        this.props.onChosen(added);
    }
}
