import { Interaction } from "@web/public/interaction";
import { registry } from "@web/core/registry";
import { _t } from "@web/core/l10n/translation";

/** Select one, several or all of the time entries on the page; without it every box still works by itself. */
export class TimeApproval extends Interaction {
    static selector = ".o_timetrack_time_approval";
    dynamicContent = {
        ".o_timetrack_select_all": { "t-on-change": this.onSelectAll },
        ".o_timetrack_select_group": { "t-on-change": this.onSelectGroup },
        ".o_timetrack_select_entry": { "t-on-change": this.update },
        ".o_timetrack_decision button": { "t-att-disabled": () => !this.selected.length },
        ".o_timetrack_selected": { "t-out": () => this.summary },
    };

    start() {
        this.update();
    }

    get boxes() {
        return [...this.el.querySelectorAll(".o_timetrack_select_entry")];
    }

    get selected() {
        return this.boxes.filter((box) => box.checked);
    }

    get summary() {
        return _t("%(selected)s of %(shown)s selected", {
            selected: this.selected.length,
            shown: this.boxes.length,
        });
    }

    onSelectAll(ev) {
        this.check(this.el, ev.currentTarget.checked);
    }

    onSelectGroup(ev) {
        this.check(ev.currentTarget.closest(".o_timetrack_group"), ev.currentTarget.checked);
    }

    check(container, checked) {
        for (const box of container.querySelectorAll(".o_timetrack_select_entry")) {
            box.checked = checked;
        }
        this.update();
    }

    update() {
        for (const group of this.el.querySelectorAll(".o_timetrack_group")) {
            this.follow(group.querySelector(".o_timetrack_select_group"), group);
        }
        this.follow(this.el.querySelector(".o_timetrack_select_all"), this.el);
    }

    /** A box that stands for others is checked when all of them are, and half checked when some are. */
    follow(box, container) {
        const states = [...container.querySelectorAll(".o_timetrack_select_entry")].map((each) => each.checked);
        box.checked = states.every(Boolean);
        box.indeterminate = !box.checked && states.some(Boolean);
    }
}

registry.category("public.interactions").add("client_timetrack.time_approval", TimeApproval);
