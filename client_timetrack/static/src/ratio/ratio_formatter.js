import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { formatPercentage } from "@web/views/fields/formatters";

/**
 * A ratio in percent. Without a denominator there is no ratio: that is not 0 %.
 */
export function formatRatio(value, options = {}) {
    return value === false || value === null || value === undefined
        ? _t("n/a")
        : formatPercentage(value, options);
}
formatRatio.extractOptions = formatPercentage.extractOptions;

registry.category("formatters").add("timetrack_ratio", formatRatio);
