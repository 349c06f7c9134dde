import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { user } from "@web/core/user";
import { FloatTimeField, floatTimeField } from "@web/views/fields/float_time/float_time_field";
import { useInputField } from "@web/views/fields/input_field_hook";

import { useEffect } from "@odoo/owl";

import { parseHours } from "../time_grid/hours_input";

/** Hours that are typed as in the time grid: `1:30`, `1.5`, `1,5`, `90m`, `+0:15`; days where the company shows days. */
export class HoursField extends FloatTimeField {
    setup() {
        this.uom = useService("timesheet_uom");
        this.inputFloatTimeRef = useInputField({
            getValue: () => this.formattedValue,
            refName: "numpadDecimal",
            parse: (text) => this.parse(text),
        });
        // what is typed replaces what is there
        useEffect(
            (input) => {
                const select = () => input.select();
                input?.addEventListener("focus", select);
                if (input === document.activeElement) {
                    input?.select();
                }
                return () => input?.removeEventListener("focus", select);
            },
            () => [this.inputFloatTimeRef.el]
        );
    }

    get unit() {
        const isHours = this.uom.timesheetWidget === "float_time";
        return { kind: isHours ? "hours" : "days", hours_per_day: 1 / (user.activeCompany.timesheet_uom_factor || 1) };
    }

    get formattedValue() {
        return this.uom.formatter(this.props.record.data[this.props.name]);
    }

    parse(text) {
        const typed = parseHours(text, this.unit);
        if (!typed) {
            throw new Error(_t("Type hours such as 1:30, 1.5 or 90m."));
        }
        return typed.op === "add" ? this.props.record.data[this.props.name] + typed.hours : typed.hours;
    }
}

registry.category("fields").add("timetrack_hours", { ...floatTimeField, component: HoursField });
