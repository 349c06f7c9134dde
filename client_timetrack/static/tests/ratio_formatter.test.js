import { expect, test } from "@odoo/hoot";
import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { makeMockEnv } from "@web/../tests/web_test_helpers";

import { formatRatio } from "@client_timetrack/ratio/ratio_formatter";

defineMailModels();

test("a ratio without a denominator is not 0 %", async () => {
    await makeMockEnv();
    expect(String(formatRatio(false))).toBe("n/a");
    expect(String(formatRatio(null))).toBe("n/a");
    expect(formatRatio(0)).toBe("0%");
    expect(formatRatio(-0.125)).toBe("-12.5%");
});
