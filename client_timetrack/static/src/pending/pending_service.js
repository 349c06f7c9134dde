import { browser } from "@web/core/browser/browser";
import { rpcBus } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { debounce } from "@web/core/utils/timing";

import { reactive } from "@odoo/owl";

/** The menu that carries the number; whoever does not have it approves nothing and is not asked about. */
export const APPROVAL_MENU = "client_timetrack.menu_approval";
const INTERVAL = 5 * 60 * 1000;
/** Coming back to the tab asks again, but not more often than this. */
const FRESH = 60 * 1000;
const CHANGING_MODELS = ["account.analytic.line", "timetrack.reason.wizard", "timetrack.period"];
const READING_METHODS = /^(get_|web_|search|read|name_|fields_|formatted_|has_|check_|default_|onchange)/;

/** Whether an answered call may have changed what waits for the user. */
export function changesPending({ data, error }) {
    const { model, method } = data.params;
    return !error && CHANGING_MODELS.includes(model) && (!READING_METHODS.test(method) || method === "web_save");
}

/**
 * How many entries wait for the user: ``count``, capped by the server. Asked when the Timesheets app is opened, after
 * steps of approval, on coming back to the tab, and every few minutes while the tab is in view.
 */
export const timetrackPendingService = {
    dependencies: ["menu", "orm"],
    start(env, { menu, orm }) {
        const pending = reactive({ count: 0 });
        let asked = 0;

        function isShown() {
            const appId = menu.getCurrentApp()?.id;
            return !document.hidden && menu.getAll().some((item) => item.xmlid === APPROVAL_MENU && item.appID === appId);
        }

        async function refresh() {
            if (!isShown()) {
                return;
            }
            asked = Date.now();
            pending.count = await orm.silent.call("account.analytic.line", "get_timetrack_pending_count");
        }

        const refreshSoon = debounce(refresh, 500);
        env.bus.addEventListener("MENUS:APP-CHANGED", refreshSoon);
        rpcBus.addEventListener("RPC:RESPONSE", ({ detail }) => changesPending(detail) && refreshSoon());
        document.addEventListener("visibilitychange", () => Date.now() - asked > FRESH && refreshSoon());
        browser.setInterval(refreshSoon, INTERVAL);
        return Object.assign(pending, { refresh });
    },
};

registry.category("services").add("timetrack_pending", timetrackPendingService);
