import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("timetrack_bill_time", {
    url: "/odoo/work-in-progress",
    steps: () => [
        {
            content: _t("Approved time that is not billed yet, by engagement and age. Choose one."),
            trigger: ".o_list_view .o_data_row .o_list_record_selector input:first",
            tooltipPosition: "right",
            run: "click",
        },
        {
            content: _t("Propose a pre-bill: nothing is invoiced yet."),
            trigger: "button[name=action_propose]",
            tooltipPosition: "bottom",
            run: "click",
        },
        {
            content: _t("Each line is billed, held or given away; change hours or amount, and say why. Look at one."),
            trigger: ".o_form_view [name=line_ids] .o_data_row:first td[name=text]",
            tooltipPosition: "bottom",
            run: "click",
        },
        {
            content: _t("Approve what is to be billed."),
            trigger: "button[name=action_approve]:visible",
            tooltipPosition: "bottom",
            run: "click",
        },
        {
            content: _t("Make the draft of the invoice. Each line knows its entries, and each entry its invoice."),
            trigger: "button[name=action_invoice]:visible",
            tooltipPosition: "bottom",
            run: "click",
        },
        { trigger: ".o_form_view [name=invoice_line_ids]" },
    ],
});

registry.category("client_timetrack.tours").add("timetrack_bill_time", {
    title: _t("Bill a client"),
    text: _t("From work in progress to the draft of an invoice."),
    group: "client_timetrack_billing.group_billing_user",
});
