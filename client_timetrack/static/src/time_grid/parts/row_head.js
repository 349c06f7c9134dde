import { Dropdown } from "@web/core/dropdown/dropdown";
import { DropdownItem } from "@web/core/dropdown/dropdown_item";
import { useService } from "@web/core/utils/hooks";

import { Component, useState } from "@odoo/owl";

import { workIds } from "../../work_search/work_search";

/** What a row is about: project and task first, then client and codes; and what can be done with the row. */
export class RowHead extends Component {
    static template = "client_timetrack.RowHead";
    static components = { Dropdown, DropdownItem };
    static props = { model: Object, row: Object, openCodes: Function, withGroup: Boolean };

    setup() {
        this.action = useService("action");
        this.timer = useState(useService("timetrack_timer"));
    }

    get archInfo() {
        return this.props.model.archInfo;
    }

    name(field) {
        return this.props.row.values[field]?.[1] || "";
    }

    /** The first field of the row in bold, the second beside it. */
    get title() {
        return this.name(this.archInfo.rows[0]);
    }

    get subtitle() {
        return this.name(this.archInfo.rows[1]);
    }

    /** Everything else: client and codes. */
    get details() {
        const { row, withGroup } = this.props;
        const names = this.archInfo.rows.slice(2).map((field) => this.name(field));
        return [withGroup && row.group && row.group[1], ...names].filter(Boolean).join(" · ");
    }

    get hasCodes() {
        return this.archInfo.rows.length > 2;
    }

    get isOwn() {
        return !this.props.model.isTeam;
    }

    get hasTime() {
        return Object.keys(this.props.row.cells).length > 0;
    }

    get canTime() {
        return this.isOwn && this.timer.isEnabled && !this.props.row.notice;
    }

    get isTimed() {
        return this.timer.isFor(workIds(this.props.row.values));
    }

    toggleTimer() {
        return this.isTimed ? this.timer.stop() : this.timer.start(workIds(this.props.row.values));
    }

    /** The records that the row names and that have a form to open. */
    get records() {
        return this.archInfo.rows
            .slice(0, 2)
            .filter((field) => this.props.row.values[field])
            .map((field) => ({ field, label: this.archInfo.fields[field].string }));
    }

    open(field) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: this.archInfo.fields[field].relation,
            res_id: this.props.row.values[field][0],
            views: [[false, "form"]],
        });
    }
}
