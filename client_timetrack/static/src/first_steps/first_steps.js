import { Component, onWillStart, useState } from "@odoo/owl";

import { useService } from "@web/core/utils/hooks";

/**
 * What a company does first, above the week of its timesheet administrators, until somebody closes it. Others are not to
 * be asked for it: the grid knows who has something to set up.
 */
export class FirstSteps extends Component {
    static template = "client_timetrack.FirstSteps";
    static props = {};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({ steps: [], is_done: false, text: "" });
        onWillStart(async () => {
            Object.assign(this.state, await this.call("get_timetrack_first_steps"));
        });
    }

    /** The number of steps that are done. */
    get doneCount() {
        return this.state.steps.filter((step) => step.is_done).length;
    }

    call(method, ...args) {
        return this.orm.call("onboarding.onboarding", method, args);
    }

    async open(step) {
        this.action.doAction(await this.call("open_timetrack_step", step.id));
    }

    async close() {
        await this.call("close_timetrack_panel");
        this.state.steps = [];
    }
}
