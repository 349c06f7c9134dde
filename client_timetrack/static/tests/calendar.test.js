import { beforeEach, describe, expect, test } from "@odoo/hoot";
import { mockDate } from "@odoo/hoot-mock";
import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { patchSession } from "@hr_timesheet/../tests/hr_timesheet_models";
import { defineModels, fields, models, mountView } from "@web/../tests/web_test_helpers";

class Entry extends models.Model {
    _name = "account.analytic.line";
    name = fields.Char();
    date = fields.Date();
    timetrack_activity_id = fields.Many2one({ relation: "timetrack.activity" });
    timetrack_state = fields.Selection({
        selection: [
            ["draft", "Draft"],
            ["submitted", "Submitted"],
            ["approved", "Approved"],
            ["rejected", "Rejected"],
        ],
    });
    _records = [
        { id: 1, name: "Call", date: "2026-11-23", timetrack_activity_id: 31, timetrack_state: "approved" },
        { id: 2, name: "Mail", date: "2026-11-24", timetrack_activity_id: 32, timetrack_state: "draft" },
        { id: 3, name: "Leave", date: "2026-11-25", timetrack_activity_id: false, timetrack_state: false },
    ];
}

class Activity extends models.Model {
    _name = "timetrack.activity";
    name = fields.Char();
    _records = [
        { id: 31, name: "Research" },
        { id: 32, name: "Drafting" },
    ];
}

defineMailModels();
defineModels([Entry, Activity]);

beforeEach(() => {
    patchSession();
    mockDate("2026-11-25 12:00:00");
});

describe.current.tags("desktop");

test("the colour is the service type's, the state an icon with a name", async () => {
    await mountView({
        type: "calendar",
        resModel: "account.analytic.line",
        arch: `
            <calendar date_start="date" mode="month" scales="month" color="timetrack_activity_id"
                js_class="timetrack_calendar_mine">
                <field name="name"/>
                <field name="timetrack_activity_id" filters="1"/>
                <field name="timetrack_state"/>
            </calendar>`,
    });
    expect(".fc-event").toHaveCount(3);
    expect(".fc-event:contains('Call')").toHaveClass(["o_timetrack_event_approved", "o_calendar_color_31"]);
    expect(".fc-event:contains('Call') i.fa-lock").toHaveAttribute("aria-label", "Approved");
    expect(".fc-event:contains('Mail')").toHaveClass("o_timetrack_event_draft");
    expect(".fc-event:contains('Leave') i").toHaveCount(0);
});
