import { Dropdown } from "@web/core/dropdown/dropdown";
import { useDropdownState } from "@web/core/dropdown/dropdown_hooks";
import { DateTimeInput } from "@web/core/datetime/datetime_input";
import { deserializeDateTime, serializeDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useCommand } from "@web/core/commands/command_hook";
import { useService } from "@web/core/utils/hooks";
import { session } from "@web/session";

import { Component, useState } from "@odoo/owl";

import { WORK_FIELDS, WorkSearch, workIds, workNames } from "../work_search/work_search";
import { formatClock } from "./timer_service";

const { DateTime } = luxon;
const SEARCH = { scale: "day", anchor: false, rows: WORK_FIELDS, group: "timetrack_client_id", mode: "own" };

/** The stopwatch on every page: what runs, what is to be sorted, and one field to start something. */
export class TimerMenu extends Component {
    static template = "client_timetrack.TimerMenu";
    static components = { DateTimeInput, Dropdown, WorkSearch };
    static props = {};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.timer = useState(useService("timetrack_timer"));
        this.dropdown = useDropdownState();
        this.state = useState({ earlier: false, at: null, typed: null });
        useCommand(() => this.commandName, () => this.timer.toggle(), { hotkey: "alt+shift+t", global: true, category: "app" });
    }

    get commandName() {
        return this.timer.timer ? _t("Stop the timer") : _t("Start a timer");
    }

    formatClock(seconds, withSeconds) {
        return formatClock(seconds, withSeconds);
    }

    title(timer) {
        return workNames(timer.values).join(" / ") || timer.name || _t("To be sorted");
    }

    /** What is left of the task's allocated time, the running time taken off; null where none was allocated. */
    get left() {
        const { timer, elapsed } = this.timer;
        if (typeof timer.left !== "number") {
            return null;
        }
        const seconds = Math.round(timer.left * 3600) - elapsed;
        const text = formatClock(Math.floor(Math.abs(seconds)), false);
        return { over: seconds < 0, text: seconds < 0 ? _t("%s over budget", text) : _t("%s left", text) };
    }

    /** What the button of the bar says to those who do not see it. */
    get label() {
        const { timer } = this.timer;
        return timer ? _t("Timer: %(work)s", { work: this.title(timer) }) : _t("Timer");
    }

    search(text) {
        return this.orm.call("account.analytic.line", "timetrack_grid_search", [text, SEARCH]);
    }

    textLabel(text) {
        return _t("Start “%s”, to be sorted later", text);
    }

    startWork(row) {
        return this.start(workIds(row.values));
    }

    startText(name) {
        return this.start({ name });
    }

    async start(values) {
        this.state.earlier = false;
        await this.timer.start(values);
        this.dropdown.close();
    }

    assign(row) {
        return this.timer.update(workIds(row.values));
    }

    /** The description as it is being typed: the clock draws the menu anew every second. */
    get name() {
        const { typed } = this.state;
        return typed?.id === this.timer.timer.id ? typed.name : this.timer.timer.name;
    }

    onInputName(ev) {
        this.state.typed = { id: this.timer.timer.id, name: ev.target.value };
    }

    /** Save the description, also that of a menu which closes; what is typed meanwhile stays. */
    async describe() {
        const { typed } = this.state;
        if (!typed) {
            return;
        }
        const name = typed.name.trim();
        if (typed.id === this.timer.timer?.id && name !== this.timer.timer.name) {
            await this.timer.update({ name });
        }
        const isSaved = typed.id !== this.timer.timer?.id || name === this.timer.timer.name;
        if (isSaved && this.state.typed === typed) {
            this.state.typed = null;
        }
    }

    sort(timer, row) {
        return this.timer.book(timer.id, workIds(row.values));
    }

    // ------------------------------------------------------------------
    // Forgotten timers
    // ------------------------------------------------------------------

    askEarlier() {
        this.state.earlier = true;
        this.state.at = DateTime.local();
    }

    get earliest() {
        return deserializeDateTime(this.timer.timer.start);
    }

    async stop() {
        const at = this.state.earlier && this.state.at ? serializeDateTime(this.state.at) : false;
        await this.timer.stop(at);
        this.state.earlier = false;
        this.dropdown.close();
    }

    openTimers() {
        this.dropdown.close();
        return this.action.doAction("client_timetrack.timetrack_timer_action", { clearBreadcrumbs: true });
    }
}

registry.category("systray").add(
    "client_timetrack.timer",
    { Component: TimerMenu, isDisplayed: () => Boolean(session.timetrack_has_period) },
    { sequence: 29 }
);
