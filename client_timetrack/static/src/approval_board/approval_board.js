import { deserializeDate, serializeDate } from "@web/core/l10n/dates";
import { localization } from "@web/core/l10n/localization";
import { _t } from "@web/core/l10n/translation";
import { usePopover } from "@web/core/popover/popover_hook";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";
import { clamp } from "@web/core/utils/numbers";
import { DateTimeInput } from "@web/core/datetime/datetime_input";
import { useSetupAction } from "@web/search/action_hook";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

import { Component, onWillStart, useRef, useState } from "@odoo/owl";

import { ApprovalBoardModel } from "./approval_board_model";
import { DecideButtons } from "./decide_buttons";
import { EmployeeCard, EmployeeRow } from "./employee_row";
import { EntriesPanel } from "./entries_panel";
import { ReasonDialog } from "./reason_dialog";
import { STATES } from "./states";

const { DateTime } = luxon;

/** Column and row of the names and of the days, beside and above the cells. */
const HEADER = -1;

/** The approver's screen: people by day, with whatever waits to be approved or rejected, cell by cell or at once. */
export class ApprovalBoard extends Component {
    static template = "client_timetrack.ApprovalBoard";
    static components = { DateTimeInput, DecideButtons, EmployeeCard, EmployeeRow, Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.action = useService("action");
        this.dialog = useService("dialog");
        this.notification = useService("notification");
        this.pendingElsewhere = useState(useService("timetrack_pending"));
        this.formatHours = useService("timesheet_uom").formatter;
        this.model = useState(new ApprovalBoardModel(useService("orm")));
        // Not reactive: moving the focus must not draw hundreds of cells anew.
        this.focus = { row: 0, column: 0 };
        this.root = useRef("root");
        this.panel = usePopover(EntriesPanel, {
            popoverClass: "o_timetrack_entries_popover",
            onClose: () => this.focusCell(),
        });
        this.sheet = usePopover(EntriesPanel, { useBottomSheet: true });
        this.states = STATES;
        /** what rows and cards call */
        this.board = {
            model: this.model,
            focus: this.focus,
            decideScope: this.decideScope.bind(this),
            onClickCell: this.onClickCell.bind(this),
            openPeriod: this.openPeriod.bind(this),
        };
        useSetupAction({
            rootRef: this.root,
            getLocalState: () => ({
                date: this.model.period.from,
                companyId: this.model.companyId,
                scope: this.model.scope,
                search: this.model.search,
            }),
        });
        onWillStart(() => this.start());
    }

    async start() {
        const { companyId, date, scope, search } = this.props.state || {};
        this.model.companyId = companyId || false;
        this.model.scope = scope || "team";
        this.model.search = search || "";
        // without a date, the server knows where something waits
        await this.model.load(date || this.props.action.params?.date || false);
    }

    // ------------------------------------------------------------------
    // What is shown
    // ------------------------------------------------------------------

    /** What the buttons of the control panel decide on: the selection, else everything shown. */
    get targetIds() {
        const selected = this.model.selectedIds();
        return selected.length ? selected : this.model.pendingIds({});
    }

    get hasSelection() {
        return this.model.selectedIds().length > 0;
    }

    /** Entries wait, but in other periods than the one shown. */
    get waitsElsewhere() {
        return this.pendingElsewhere.count > 0 && !this.model.allEmployees.some(({ pending_ids }) => pending_ids.length);
    }

    get scopes() {
        return { pending: _t("Waits for me"), team: _t("My people"), all: _t("Everybody") };
    }

    /** The companies to choose from, where there is a choice. */
    get companies() {
        return user.activeCompanies;
    }

    get periodDate() {
        return deserializeDate(this.model.period.from);
    }

    // ------------------------------------------------------------------
    // Periods
    // ------------------------------------------------------------------

    goTo(date) {
        return this.model.load(date);
    }

    onScopeChosen(ev) {
        this.model.scope = ev.target.value;
        return this.model.reload();
    }

    onCompanyChosen(ev) {
        this.model.companyId = Number(ev.target.value);
        return this.model.reload();
    }

    onDateChosen(date) {
        if (date) {
            return this.goTo(serializeDate(date));
        }
    }

    goToday() {
        return this.goTo(serializeDate(DateTime.local()));
    }

    // ------------------------------------------------------------------
    // Decisions
    // ------------------------------------------------------------------

    /**
     * Approve or reject entries; rejecting asks for a reason. What the server refuses, it says itself.
     *
     * @returns {Promise<boolean>} false when there was nothing to decide or the dialog was left
     */
    async decide(ids, state, hours) {
        if (!ids.length) {
            return false;
        }
        const reason = state === "rejected" ? await this.askReason(ids) : "";
        if (reason === null) {
            return false;
        }
        await this.model.decide(ids, state, reason, hours);
        this.notification.add(this.outcome(ids.length, state), { type: "success" });
        return true;
    }

    /** @returns {Promise<string|null>} the reason, null when the dialog is left */
    askReason(ids) {
        return new Promise((resolve) => {
            this.dialog.add(
                ReasonDialog,
                { confirm: resolve, subject: _t("Entries that go back: %s", ids.length) },
                { onClose: () => resolve(null) }
            );
        });
    }

    outcome(count, state) {
        return state === "approved" ? _t("Entries approved: %s", count) : _t("Entries sent back: %s", count);
    }

    decideScope(scope, state) {
        return this.decide(this.model.pendingIds(scope), state);
    }

    decideTarget(state) {
        return this.decide(this.targetIds, state);
    }

    // ------------------------------------------------------------------
    // Details
    // ------------------------------------------------------------------

    openCell(target, scope) {
        const employee = this.model.employees.find(({ id }) => id === scope.employeeId);
        const day = this.model.days.find(({ date }) => date === scope.date);
        if (!this.model.entryIds(scope).length) {
            return;
        }
        const popover = this.env.isSmall ? this.sheet : this.panel;
        popover.open(target, {
            decide: this.decide.bind(this),
            getIds: () => this.model.entryIds(scope),
            openEntries: this.openEntries.bind(this),
            showDate: !day,
            showEmployee: !employee,
            title: [employee?.name, day?.longLabel].filter(Boolean).join(", "),
        });
    }

    openEntries(ids) {
        this.action.doAction({
            type: "ir.actions.act_window",
            name: _t("Time Entries"),
            res_model: "account.analytic.line",
            views: [
                [false, "list"],
                [false, "form"],
            ],
            domain: [["id", "in", ids]],
            context: { is_timesheet: 1, create: false },
        });
    }

    openPeriod(employee) {
        this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "timetrack.period",
            res_id: employee.period_id,
            views: [[false, "form"]],
        });
    }

    openQueue() {
        this.action.doAction("client_timetrack.timetrack_approval_action", { clearBreadcrumbs: false });
    }

    // ------------------------------------------------------------------
    // Keyboard
    // ------------------------------------------------------------------

    scopeAt(row, column) {
        const employee = this.model.employees[row];
        const day = this.model.days[column];
        return { employeeId: employee?.id, date: day?.date };
    }

    tabIndex(row, column) {
        return this.focus.row === row && this.focus.column === column ? 0 : -1;
    }

    cellElement(row, column) {
        return this.root.el?.querySelector(`[data-row="${row}"][data-column="${column}"]`);
    }

    focusCell() {
        this.cellElement(this.focus.row, this.focus.column)?.focus();
    }

    /** One cell at a time can be reached by Tab: the one that had the focus last. */
    onFocusin(ev) {
        const cell = ev.target.closest("[data-row]");
        if (!cell) {
            return;
        }
        this.cellElement(this.focus.row, this.focus.column)?.setAttribute("tabindex", "-1");
        this.focus.row = Number(cell.dataset.row);
        this.focus.column = Number(cell.dataset.column);
        cell.setAttribute("tabindex", "0");
    }

    move(rows, columns) {
        const row = clamp(this.focus.row + rows, HEADER, this.model.employees.length - 1);
        const column = clamp(this.focus.column + columns, HEADER, this.model.days.length - 1);
        this.cellElement(row, column)?.focus();
    }

    onKeydown(ev) {
        const cell = ev.target.closest("[data-row]");
        if (cell !== ev.target || ev.ctrlKey || ev.altKey || ev.metaKey) {
            return;
        }
        const ahead = localization.direction === "rtl" ? -1 : 1;
        const scope = this.scopeAt(this.focus.row, this.focus.column);
        const keys = {
            ArrowUp: () => this.move(-1, 0),
            ArrowDown: () => this.move(1, 0),
            ArrowLeft: () => this.move(0, -ahead),
            ArrowRight: () => this.move(0, ahead),
            Home: () => this.move(0, -Infinity),
            End: () => this.move(0, Infinity),
            Enter: () => this.openCell(cell, scope),
            " ": () => this.model.toggle(scope),
            a: () => this.decideScope(scope, "approved"),
            r: () => this.decideScope(scope, "rejected"),
        };
        const key = ev.key.length === 1 ? ev.key.toLowerCase() : ev.key;
        if (key in keys) {
            ev.preventDefault();
            ev.stopPropagation();
            keys[key]();
        }
    }

    onClickCell(ev, employee, day) {
        const scope = { employeeId: employee.id, date: day.date };
        if (ev.ctrlKey || ev.metaKey) {
            this.model.toggle(scope);
        } else {
            this.openCell(ev.currentTarget, scope);
        }
    }
}

registry.category("actions").add("timetrack_approval_board", ApprovalBoard);
