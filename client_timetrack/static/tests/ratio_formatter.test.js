import { expect, test } from "@odoo/hoot";

import { formatRatio } from "@client_timetrack/ratio/ratio_formatter";

test("a ratio without a denominator is not 0 %", () => {
    expect(formatRatio(false)).toBe("n/a");
    expect(formatRatio(null)).toBe("n/a");
    expect(formatRatio(0)).toBe("0%");
    expect(formatRatio(-0.125)).toBe("-12.5%");
});
