import { timesheetCalendarMyTimesheetsView } from "@hr_timesheet/views/timesheet_calendar_my_timesheets/timesheet_calendar_my_timesheets_view";
import { timesheetCalendarView } from "@hr_timesheet/views/timesheet_calendar/timesheet_calendar_view";
import { registry } from "@web/core/registry";
import { CalendarCommonRenderer } from "@web/views/calendar/calendar_common/calendar_common_renderer";
import { CalendarRenderer } from "@web/views/calendar/calendar_renderer";

import { STATES } from "../approval_board/states";

/** Icons of the states, beside their colour: colour alone says nothing to some. */
export const STATE_ICONS = {
    draft: "fa-pencil",
    rejected: "fa-reply",
    submitted: "fa-paper-plane-o",
    approved: "fa-lock",
};

/** Time entries in the month: the state is an icon and an edge, the colour stays the service type's. */
export class TimeCommonRenderer extends CalendarCommonRenderer {
    static eventTemplate = "client_timetrack.CalendarEvent";

    onEventContent(arg) {
        const record = this.props.model.records[arg.event.id];
        if (record) {
            const state = record.rawRecord.timetrack_state;
            record.timetrackIcon = STATE_ICONS[state] || "";
            record.timetrackState = STATES[state]?.label || "";
        }
        return super.onEventContent(arg);
    }

    eventClassNames(info) {
        const record = this.props.model.records[info.event.id];
        const state = record?.rawRecord.timetrack_state;
        return [...super.eventClassNames(info), ...(state ? [`o_timetrack_event_${state}`] : [])];
    }
}

export class TimeCalendarRenderer extends CalendarRenderer {
    static components = {
        ...CalendarRenderer.components,
        day: TimeCommonRenderer,
        week: TimeCommonRenderer,
        month: TimeCommonRenderer,
    };
}

registry
    .category("views")
    .add("timetrack_calendar", { ...timesheetCalendarView, Renderer: TimeCalendarRenderer })
    .add("timetrack_calendar_mine", { ...timesheetCalendarMyTimesheetsView, Renderer: TimeCalendarRenderer });
