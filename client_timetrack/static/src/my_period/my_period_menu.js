import { Dropdown } from "@web/core/dropdown/dropdown";
import { DropdownItem } from "@web/core/dropdown/dropdown_item";
import { useDropdownState } from "@web/core/dropdown/dropdown_hooks";
import { deserializeDate, formatDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { session } from "@web/session";

import { Component, useState } from "@odoo/owl";

import { PERIOD_STATES } from "../approval_board/states";

const MODELS_OF_TIME = ["account.analytic.line", "timetrack.period"];

/** "My Week" on every page: how far one's time of the period has come, and one click to hand it in. */
export class MyPeriodMenu extends Component {
    static template = "client_timetrack.MyPeriodMenu";
    static components = { Dropdown, DropdownItem };
    static props = {};

    setup() {
        this.action = useService("action");
        this.notification = useService("notification");
        this.orm = useService("orm");
        this.dropdown = useDropdownState();
        this.states = PERIOD_STATES;
        this.state = useState({ period: false, busy: false });
    }

    async load() {
        this.state.period = await this.orm.call("timetrack.period", "get_my_period");
    }

    /** The period, and the one before while something of it is open. */
    get periods() {
        const { period } = this.state;
        return [period, period?.previous].filter(Boolean);
    }

    isWeek(period) {
        const days = deserializeDate(period.date_to).diff(deserializeDate(period.date_from), "days").days;
        return days === 6;
    }

    submitLabel(period) {
        if (!this.isWeek(period)) {
            return _t("Submit This Timesheet");
        }
        return period === this.state.period ? _t("Submit My Week") : _t("Submit Last Week");
    }

    deadline(period) {
        return formatDate(deserializeDate(period.deadline));
    }

    /** How much of the expected hours is logged, for the bar. */
    share({ logged, expected }) {
        return expected ? Math.min(100, Math.round((100 * logged) / expected)) : 0;
    }

    /** Hand the period in. What the server refuses, it says itself, entry by entry. */
    async submit(period) {
        this.state.busy = true;
        try {
            await this.orm.call("timetrack.period", "submit_my_period", [period.id]);
        } finally {
            this.state.busy = false;
        }
        this.dropdown.close();
        this.notification.add(period.label, { title: _t("Your time is submitted"), type: "success" });
        await this.refreshPage();
    }

    /** A page that shows time shows what has become of it. */
    async refreshPage() {
        if (MODELS_OF_TIME.includes(this.action.currentController?.props?.resModel)) {
            await this.action.doAction({ type: "ir.actions.client", tag: "soft_reload" });
        }
    }

    openPeriod(period) {
        this.dropdown.close();
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "timetrack.period",
            res_id: period.id,
            views: [[false, "form"]],
        });
    }

    openTimesheets() {
        return this.action.doAction("client_timetrack.timetrack_grid_action", { clearBreadcrumbs: true });
    }

    openPeriods() {
        return this.action.doAction("client_timetrack.timetrack_period_action_mine", { clearBreadcrumbs: true });
    }
}

registry.category("systray").add(
    "client_timetrack.my_period",
    { Component: MyPeriodMenu, isDisplayed: () => Boolean(session.timetrack_has_period) },
    { sequence: 30 }
);
