import { Dialog } from "@web/core/dialog/dialog";
import { _t } from "@web/core/l10n/translation";
import { useAutofocus } from "@web/core/utils/hooks";

import { Component, useState } from "@odoo/owl";

/** Asks for a reason, by default why time is sent back; there is no going on without one. */
export class ReasonDialog extends Component {
    static template = "client_timetrack.ReasonDialog";
    static components = { Dialog };
    static props = {
        close: Function,
        confirm: Function,
        subject: String,
        title: { type: String, optional: true },
        label: { type: String, optional: true },
        placeholder: { type: String, optional: true },
        confirmLabel: { type: String, optional: true },
    };
    static defaultProps = {
        title: _t("Reject Time"),
        label: _t("Reason, shown to the employee"),
        placeholder: _t("e.g. Please book this on the right task"),
        confirmLabel: _t("Reject"),
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
