import { _t } from "@web/core/l10n/translation";

import { AddRow } from "../../time_grid/parts/add_row";

/** Adds a project to the rows of a person. */
export class PlanAddRow extends AddRow {
    get placeholder() {
        return _t("Plan %s: client or project", this.props.employee?.name || "");
    }
}
