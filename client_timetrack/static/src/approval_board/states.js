import { _t } from "@web/core/l10n/translation";

/** The states of time, in the order of its life: what they are called and their colour among Bootstrap's. */
export const STATES = {
    draft: { label: _t("Draft"), color: "secondary" },
    rejected: { label: _t("Rejected"), color: "danger" },
    submitted: { label: _t("Submitted"), color: "info" },
    approved: { label: _t("Approved"), color: "success" },
};

/** The states of a timesheet, which follow from its entries. */
export const PERIOD_STATES = {
    empty: { label: _t("Empty"), color: "light" },
    draft: { label: _t("To Submit"), color: "secondary" },
    rejected: { label: _t("Sent Back"), color: "danger" },
    submitted: { label: _t("Submitted"), color: "info" },
    partially_approved: { label: _t("Partially Approved"), color: "warning" },
    approved: { label: _t("Approved"), color: "success" },
};
