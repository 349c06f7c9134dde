import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

import { Component, useState } from "@odoo/owl";

import { WORK_FIELDS } from "../work_search/work_search";

/** What a record is for, as values of a timer. */
const VALUES = {
    "project.project": ({ resId }) => ({ project_id: resId }),
    "project.task": ({ resId, data }) => ({ project_id: data.project_id?.id || false, task_id: resId }),
    "account.analytic.line": ({ data }) => ({
        name: data.name && data.name !== "/" ? data.name : "",
        ...Object.fromEntries(WORK_FIELDS.map((name) => [name, data[name]?.id || false])),
    }),
};

/** Starts the timer for the record at hand, or stops it: in forms, lists and kanban cards. */
export class TimerButton extends Component {
    static template = "client_timetrack.TimerButton";
    static props = { ...standardWidgetProps, icon: { type: Boolean, optional: true } };

    setup() {
        this.timer = useState(useService("timetrack_timer"));
    }

    get isShown() {
        const { resId, resModel, data } = this.props.record;
        return this.timer.isEnabled && Boolean(resId) && (resModel === "project.project" || Boolean(data.project_id));
    }

    get values() {
        const { record } = this.props;
        return VALUES[record.resModel](record);
    }

    get isMine() {
        return this.timer.isFor(this.values);
    }

    get label() {
        return this.isMine ? _t("Stop Timer") : _t("Start Timer");
    }

    toggle() {
        return this.isMine ? this.timer.stop() : this.timer.start(this.values);
    }
}

export const timerButton = {
    component: TimerButton,
    extractProps: ({ options }) => ({ icon: Boolean(options.icon) }),
    fieldDependencies: [],
};

registry.category("view_widgets").add("timetrack_timer_button", timerButton);
