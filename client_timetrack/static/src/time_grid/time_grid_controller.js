import { Dropdown } from "@web/core/dropdown/dropdown";
import { DropdownItem } from "@web/core/dropdown/dropdown_item";
import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { DateTimePicker } from "@web/core/datetime/datetime_picker";
import { deserializeDate, formatDate, serializeDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { useBus, useService } from "@web/core/utils/hooks";
import { useModel } from "@web/model/model";
import { useSetupAction } from "@web/search/action_hook";
import { CogMenu } from "@web/search/cog_menu/cog_menu";
import { Layout } from "@web/search/layout";
import { usePager } from "@web/search/pager_hook";
import { SearchBar } from "@web/search/search_bar/search_bar";
import { useSearchBarToggler } from "@web/search/search_bar/search_bar_toggler";
import { standardViewProps } from "@web/views/standard_view_props";

import { Component, useRef } from "@odoo/owl";

import { FirstSteps } from "../first_steps/first_steps";
import { ENTRIES_CHANGED } from "../timer/timer_service";
import { useAskForMore } from "./ask_for_more";

const { Interval, DateTime } = luxon;

/** The time grid with its control panel: days, scale, copying, handing in. */
export class TimeGridController extends Component {
    static template = "client_timetrack.TimeGridController";
    static components = { CogMenu, DateTimePicker, Dropdown, DropdownItem, FirstSteps, Layout, SearchBar };
    static props = { ...standardViewProps, Model: Function, Renderer: Function, archInfo: Object };

    setup() {
        this.dialog = useService("dialog");
        this.notification = useService("notification");
        this.root = useRef("root");
        this.askForMore = useAskForMore(() => this.model);
        this.model = useModel(this.props.Model, {
            resModel: this.props.resModel,
            archInfo: this.props.archInfo,
            state: this.props.state?.grid,
        });
        useBus(this.model.bus, "update", () => this.render(true));
        useBus(this.env.bus, ENTRIES_CHANGED, () => this.model.reload());
        useSetupAction({
            rootRef: this.root,
            getLocalState: () => ({ grid: this.model.exportState() }),
            beforeLeave: () => this.leave(),
            beforeUnload: (ev) => this.beforeUnload(ev),
        });
        usePager(() => this.pager);
        this.searchBarToggler = useSearchBarToggler();
    }

    get pager() {
        const { isTeam, offset, data } = this.model;
        if (!isTeam || data.employee_count <= data.employees.length) {
            return undefined;
        }
        return {
            offset,
            limit: this.model.params.limit,
            total: data.employee_count,
            onUpdate: (pager) => this.model.setOffset(pager.offset),
        };
    }

    // ------------------------------------------------------------------
    // Days
    // ------------------------------------------------------------------

    get scales() {
        const labels = { day: _t("Day"), week: _t("Week"), month: _t("Month"), period: _t("Timesheet") };
        const names = [...this.props.archInfo.scales];
        if (this.model.data.has_period_scale && !names.includes("period")) {
            names.push("period");
        }
        return names.map((name) => ({ name, label: labels[name] }));
    }

    get scaleLabel() {
        return this.scales.find(({ name }) => name === this.model.scale)?.label;
    }

    /** The days that are shown, in words: "November 2026", "Nov 23 – 29, 2026". */
    get title() {
        const { date_from, date_to } = this.model.data;
        const [start, end] = [deserializeDate(date_from), deserializeDate(date_to)];
        if (this.model.scale === "month") {
            return start.toLocaleString({ month: "long", year: "numeric" });
        }
        if (date_from === date_to) {
            return start.toLocaleString(DateTime.DATE_MED_WITH_WEEKDAY);
        }
        return Interval.fromDateTimes(start, end).toLocaleString(DateTime.DATE_MED);
    }

    get day() {
        return deserializeDate(this.model.data.date_from);
    }

    goTo(date) {
        return this.model.goTo(serializeDate(date));
    }

    // ------------------------------------------------------------------
    // Copying and handing in
    // ------------------------------------------------------------------

    get isOwn() {
        return !this.model.isTeam && Boolean(this.model.employee);
    }

    get copyLabel() {
        const labels = { day: _t("Copy Last Day"), week: _t("Copy Last Week"), month: _t("Copy Last Month") };
        return labels[this.model.scale] || _t("Copy Last Timesheet");
    }

    get toSubmit() {
        const { draft = 0, rejected = 0 } = this.model.data.status;
        return draft + rejected;
    }

    get submitTitle() {
        const { deadline } = this.model.data.status;
        return deadline ? _t("To be submitted until %s", formatDate(deserializeDate(deadline))) : "";
    }

    async copy(what) {
        const result = await this.model.copyPrevious(what);
        if (what === "rows") {
            return;
        }
        const skipped = result.skipped.map(({ date, label, reason }) =>
            _t("%(date)s, %(work)s: %(reason)s", { date: formatDate(deserializeDate(date)), work: label, reason })
        );
        this.notification.add(skipped.join("\n"), {
            title: _t("%s entries copied", result.created),
            type: result.created ? "success" : "warning",
            sticky: skipped.length > 3,
        });
    }

    async submit() {
        if (this.model.failures.length) {
            this.notification.add(_t("Some hours are not saved yet: correct or discard them first."), {
                type: "danger",
            });
            return;
        }
        const { submitted } = await this.model.submit();
        this.notification.add(this.title, { title: _t("%s entries submitted", submitted), type: "success" });
    }

    // ------------------------------------------------------------------
    // Leaving
    // ------------------------------------------------------------------

    /** @returns {Promise<boolean>} false to stay, because something is not saved */
    async leave() {
        this.root.el?.querySelector("input:focus")?.blur();
        try {
            await this.model.saved();
        } catch {
            // what could not be sent is among the failures
        }
        return this.model.failures.length ? this.confirmLeaving() : true;
    }

    confirmLeaving() {
        return new Promise((resolve) => {
            this.dialog.add(ConfirmationDialog, {
                title: _t("Some hours are not saved"),
                body: this.model.failures.map(([, { text, error }]) => `${text}: ${error}`).join("\n"),
                confirmLabel: _t("Leave Without Them"),
                cancelLabel: _t("Stay"),
                confirm: () => resolve(true),
                cancel: () => resolve(false),
                dismiss: () => resolve(false),
            });
        });
    }

    beforeUnload(ev) {
        if (this.model.sending || this.model.failures.length) {
            ev.preventDefault();
            ev.returnValue = "";
        }
    }
}
