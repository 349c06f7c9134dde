import { Dialog } from "@web/core/dialog/dialog";
import { useAutofocus } from "@web/core/utils/hooks";

import { Component, useState } from "@odoo/owl";

/** Asks why time is sent back; there is no rejecting without a reason. */
export class ReasonDialog extends Component {
    static template = "client_timetrack.ReasonDialog";
    static components = { Dialog };
    static props = {
        close: Function,
        confirm: Function,
        subject: String,
    };

    setup() {
        this.state = useState({ reason: "" });
        useAutofocus({ mobile: true });
    }

    onConfirm() {
        const reason = this.state.reason.trim();
        if (reason) {
            this.props.confirm(reason);
            this.props.close();
        }
    }
}
