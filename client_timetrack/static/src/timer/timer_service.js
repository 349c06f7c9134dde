import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { session } from "@web/session";

import { reactive } from "@odoo/owl";

import { WORK_FIELDS, workIds } from "../work_search/work_search";

const SECOND = 1000;
const HOUR = 3600;
/** The event by which views learn that time entries have changed. */
export const ENTRIES_CHANGED = "TIMETRACK:ENTRIES_CHANGED";

/** Seconds as a clock: "0:42:07", or without the seconds. */
export function formatClock(seconds, withSeconds = true) {
    const pad = (number) => String(number).padStart(2, "0");
    const [hours, minutes] = [Math.floor(seconds / HOUR), Math.floor((seconds % HOUR) / 60)];
    return [hours, pad(minutes), ...(withSeconds ? [pad(seconds % 60)] : [])].join(":");
}

/**
 * The user's timer: one on all pages and devices.
 *
 * The server knows the truth: it comes with the page, with the answer to every action, and over the bus when another
 * page or device did something. Between these the clock counts here, from the seconds that the server told.
 */
export class Timer {
    constructor(env, { orm, notification }) {
        this.env = env;
        this.orm = orm;
        this.notification = notification;
        this.isEnabled = Boolean(session.timetrack_has_period);
        this.timer = false;
        this.toSort = [];
        this.warnHours = 0;
        /** seconds that the open timer measured; counts while it runs */
        this.elapsed = 0;
        this.busy = false;
        this.warned = false;
    }

    /** Take over what the server says. */
    take({ timer, to_sort, warn_hours }) {
        this.timer = timer;
        this.toSort = to_sort;
        this.warnHours = warn_hours;
        this.takenAt = Date.now();
        this.warned = this.warned && Boolean(timer);
        this.tick();
    }

    get isRunning() {
        return this.timer && this.timer.state === "running";
    }

    /** Whether the timer runs for so long that it may have been forgotten. */
    get isLong() {
        return Boolean(this.isRunning && this.warnHours && this.elapsed >= this.warnHours * HOUR);
    }

    tick() {
        if (!this.timer) {
            this.elapsed = 0;
            return;
        }
        const passed = this.isRunning ? Math.floor((Date.now() - this.takenAt) / SECOND) : 0;
        this.elapsed = this.timer.elapsed + passed;
        if (this.isLong && !this.warned) {
            this.warned = true;
            this.notification.add(_t("It runs for %s hours. Stop it, at an earlier time if need be.", this.warnHours), {
                title: _t("Is your timer forgotten?"),
                type: "warning",
                sticky: true,
            });
        }
    }

    // ------------------------------------------------------------------
    // Actions
    // ------------------------------------------------------------------

    /** @param {Object} [values] ids by field, and `name`; nothing: to be sorted later */
    start(values = {}) {
        return this.act("start_timer", [values]);
    }

    pause() {
        return this.act("pause_timer");
    }

    resume() {
        return this.act("resume_timer");
    }

    /** @param {string} [at] when the work ended (UTC), where the timer was forgotten */
    stop(at = false) {
        return this.act("stop_timer", [at]);
    }

    /** @param {number} [timerId] one that is to be sorted; left out: the open one */
    discard(timerId = false) {
        return this.act("discard_timer", [timerId]);
    }

    update(values) {
        return this.act("update_timer", [values]);
    }

    book(timerId, values = {}) {
        return this.act("book_timer", [timerId, values]);
    }

    /** Start if nothing runs, else stop. */
    toggle() {
        return this.timer ? this.stop() : this.start();
    }

    /** Whether the open timer is for that work. */
    isFor(values) {
        return Boolean(this.timer) && WORK_FIELDS.every((name) => (workIds(this.timer.values)[name] || false) === (values[name] || false));
    }

    async act(method, args = []) {
        if (this.busy) {
            return;
        }
        this.busy = true;
        try {
            const before = this.timer;
            const state = await this.orm.call("timetrack.timer", method, args);
            this.take(state);
            this.tell(method, before, state);
        } catch (error) {
            // what another device did meanwhile explains most refusals
            this.take(await this.orm.silent.call("timetrack.timer", "get_state"));
            throw error;
        } finally {
            this.busy = false;
        }
    }

    /** Say what came of an action, and let views show new entries. */
    tell(method, before, { notice }) {
        if (notice) {
            this.notification.add(notice, { title: _t("Timer"), type: "warning" });
        } else if (method === "stop_timer" || method === "book_timer") {
            this.notification.add(_t("The time is logged."), { type: "success" });
        }
        if (before || method === "book_timer") {
            this.env.bus.trigger(ENTRIES_CHANGED);
        }
    }
}

export const timerService = {
    dependencies: ["bus_service", "notification", "orm"],
    start(env, { bus_service, notification, orm }) {
        const timer = reactive(new Timer(env, { notification, orm }));
        if (timer.isEnabled) {
            timer.take(session.timetrack_timer);
            browser.setInterval(() => timer.tick(), SECOND);
            bus_service.subscribe("timetrack.timer", (state) => {
                if (!timer.busy) {
                    timer.take(state);
                    env.bus.trigger(ENTRIES_CHANGED);
                }
            });
        }
        return timer;
    },
};

registry.category("services").add("timetrack_timer", timerService);
