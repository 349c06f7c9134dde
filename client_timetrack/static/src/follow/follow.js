import { registry } from "@web/core/registry";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

import { Component, onWillUnmount, useEffect, xml } from "@odoo/owl";

const PAUSE = 2000;

/** Loads the record again and again while one of its fields says that something is being done in the background. */
export class Follow extends Component {
    static template = xml`<span class="o_timetrack_follow" aria-hidden="true"/>`;
    static props = { ...standardWidgetProps, field: String };

    setup() {
        this.wait = undefined;
        useEffect(
            (isGoingOn) => {
                if (isGoingOn) {
                    this.next();
                }
                return () => clearTimeout(this.wait);
            },
            () => [Boolean(this.props.record.data[this.props.field])]
        );
        onWillUnmount(() => {
            this.isGone = true;
        });
    }

    next() {
        this.wait = setTimeout(async () => {
            const { record } = this.props;
            // what somebody is typing is not taken from under their hands
            if (!(await record.isDirty())) {
                await record.load();
            }
            if (!this.isGone && record.data[this.props.field]) {
                this.next();
            }
        }, PAUSE);
    }
}

export const follow = {
    component: Follow,
    extractProps: ({ options }) => ({ field: options.while }),
};

registry.category("view_widgets").add("timetrack_follow", follow);
