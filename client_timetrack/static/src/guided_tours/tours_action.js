import { Component, onWillStart, useState } from "@odoo/owl";

import { browser } from "@web/core/browser/browser";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";
import { session } from "@web/session";
import { tourState } from "@web_tour/js/tour_state";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

const TOURS = registry.category("client_timetrack.tours");
// Odoo switches its own first tours on with any tour: they are switched off again afterwards, where they were off.
const OFF_AFTERWARDS = "timetrack.tours_off_afterwards";

/** The guided tours that are of use to the user. Other addons add theirs to ``client_timetrack.tours``. */
export class GuidedTours extends Component {
    static template = "client_timetrack.GuidedTours";
    static props = { ...standardActionServiceProps };

    setup() {
        this.action = useService("action");
        this.tours = useService("tour_service");
        this.state = useState({ tours: [] });
        onWillStart(async () => {
            const entries = TOURS.getEntries();
            const allowed = await Promise.all(entries.map(([, tour]) => user.hasGroup(tour.group)));
            this.state.tours = entries
                .filter((_entry, index) => allowed[index])
                .map(([name, { title, text }]) => ({ name, title, text }));
        });
    }

    async start(name) {
        await this.action.doAction({ type: "ir.actions.act_window_close" });
        if (!session.tour_enabled) {
            browser.localStorage.setItem(OFF_AFTERWARDS, "1");
        }
        this.tours.startTour(name, { mode: "manual" });
    }
}

registry.category("actions").add("timetrack_guided_tours", GuidedTours);

registry.category("services").add("timetrack_tours_off", {
    dependencies: ["orm"],
    async start(env, { orm }) {
        if (browser.localStorage.getItem(OFF_AFTERWARDS) && !tourState.getCurrentTour()) {
            browser.localStorage.removeItem(OFF_AFTERWARDS);
            await orm.call("res.users", "switch_tour_enabled", [false]);
        }
    },
});
