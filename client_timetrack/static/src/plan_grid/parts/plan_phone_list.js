import { PhoneList } from "../../time_grid/parts/phone_list";
import { PlanAddRow } from "./plan_add_row";
import { PlanPanel } from "./plan_panel";

/** The plan on a phone: one week at a time. */
export class PlanPhoneList extends PhoneList {
    static template = "client_timetrack.PlanPhoneList";
    static components = { AddRow: PlanAddRow };
    static Panel = PlanPanel;

    isOver(section) {
        return Boolean(section.employee) && this.model.balance(this.date, section.employee).kind === "over";
    }
}
