import { patch } from "@web/core/utils/patch";
import { useService } from "@web/core/utils/hooks";
import { NavBar } from "@web/webclient/navbar/navbar";

import { useEffect, useState } from "@odoo/owl";

import { APPROVAL_MENU } from "./pending_service";

/** The most that the number says; the server counts one further. */
const SHOWN = 99;

patch(NavBar.prototype, {
    setup() {
        super.setup();
        this.timetrackPending = useState(useService("timetrack_pending"));
        // The number makes its menu wider: see whether all menus still fit.
        useEffect(
            () => {
                this.adapt();
            },
            () => [this.timetrackPending.count]
        );
    },

    /** What a menu shows beside its name: how many entries wait for the user, or nothing. */
    timetrackBadge(menu) {
        const { count } = this.timetrackPending;
        if (menu.xmlid !== APPROVAL_MENU || !count) {
            return "";
        }
        return count > SHOWN ? `${SHOWN}+` : String(count);
    },
});
