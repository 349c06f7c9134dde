import { deserializeDate, formatDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { formatPercentage } from "@web/views/fields/formatters";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

import { Component, onWillStart } from "@odoo/owl";

import { formatHours } from "../time_grid/hours_input";

/** How far one has come oneself: this week, this month, and the weeks before. Nobody else sees it. */
export class MyProgress extends Component {
    static template = "client_timetrack.MyProgress";
    static components = { Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        const orm = useService("orm");
        onWillStart(async () => {
            this.progress = await orm.call("timetrack.target", "get_my_progress", []);
        });
        this.display = { controlPanel: {} };
    }

    title(span) {
        return span.key === "week" ? _t("This Week") : _t("This Month");
    }

    days(span) {
        return `${formatDate(deserializeDate(span.date_from))} – ${formatDate(deserializeDate(span.date_to))}`;
    }

    /** Hours as the company shows them; days say so. */
    hours(value) {
        const { unit } = this.progress;
        const text = formatHours(value, unit);
        return unit.kind === "days" ? _t("%s days", text) : text;
    }

    percent(value) {
        return value === false ? _t("n/a") : formatPercentage(value, { digits: [16, 0] });
    }

    /** What is aimed at, each with what is reached of it. */
    aims(span) {
        const aims = [];
        if (span.target !== false) {
            aims.push({ key: "target", label: _t("Utilization target"), hours: span.target, due: span.target_due });
        }
        if (span.weekly_target !== false) {
            aims.push({ key: "weekly", label: _t("Billable hours target"), hours: span.weekly_target, due: false });
        }
        return aims.map((aim) => ({
            ...aim,
            width: aim.hours > 0 ? Math.min(100, Math.round((100 * span.billable) / aim.hours)) : 0,
            reached: span.billable + 1e-6 >= aim.hours,
            behind: aim.due !== false && span.billable_due + 1e-6 < aim.due,
        }));
    }

    height(ratio) {
        return ratio === false ? 0 : Math.round(Math.max(0, Math.min(1.2, ratio)) * 80);
    }

    weekLabel(week) {
        const text = { week: formatDate(deserializeDate(week.date_from)), now: this.percent(week.utilization) };
        return week.target === false
            ? _t("Week of %(week)s: %(now)s", text)
            : _t("Week of %(week)s: %(now)s, target %(target)s", { ...text, target: this.percent(week.target) });
    }
}

registry.category("actions").add("timetrack_my_progress", MyProgress);
