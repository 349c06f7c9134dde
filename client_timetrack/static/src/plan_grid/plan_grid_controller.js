import { deserializeDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";

import { TimeGridController } from "../time_grid/time_grid_controller";

const { DateTime, Interval } = luxon;

/** The plan with its control panel: weeks and how many of them. */
export class PlanGridController extends TimeGridController {
    get scales() {
        const labels = { month: _t("6 Weeks"), quarter: _t("13 Weeks") };
        return this.props.archInfo.scales.map((name) => ({ name, label: labels[name] }));
    }

    get title() {
        const { date_from, date_to } = this.model.data;
        return Interval.fromDateTimes(deserializeDate(date_from), deserializeDate(date_to)).toLocaleString(
            DateTime.DATE_MED
        );
    }
}
