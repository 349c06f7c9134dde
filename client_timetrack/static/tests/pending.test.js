import { describe, expect, test } from "@odoo/hoot";
import { changesPending } from "@client_timetrack/pending/pending_service";

describe.current.tags("headless");

function call(model, method, error) {
    return { data: { params: { model, method } }, error };
}

test("steps of approval and edits of time ask for the number again, reading does not", () => {
    expect(changesPending(call("account.analytic.line", "action_timetrack_approve"))).toBe(true);
    expect(changesPending(call("timetrack.reason.wizard", "action_confirm"))).toBe(true);
    expect(changesPending(call("account.analytic.line", "web_save"))).toBe(true);
    expect(changesPending(call("account.analytic.line", "unlink"))).toBe(true);
    expect(changesPending(call("account.analytic.line", "get_timetrack_pending_count"))).toBe(false);
    expect(changesPending(call("account.analytic.line", "web_search_read"))).toBe(false);
    expect(changesPending(call("timetrack.period", "get_board"))).toBe(false);
    expect(changesPending(call("res.partner", "write"))).toBe(false);
    expect(changesPending(call("account.analytic.line", "unlink", new Error()))).toBe(false);
    expect(changesPending({ data: { params: {} } })).toBe(false);
});
