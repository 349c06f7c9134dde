import { formatFloat } from "@web/core/utils/numbers";
import { formatFloatTime } from "@web/views/fields/formatters";

/**
 * What people type for hours, understood, and hours as text. Plain functions: nothing here knows the grid.
 *
 * - `1:30`, `:45`, `1h30`, `1h`, `90m`, `1h 30m`: hours and minutes, whatever the company shows
 * - `1.5`, `1,5`: hours, or days where the company shows days
 * - `+0:15`, `-1`: more or less than there is
 * - nothing, `0`: none
 */

const CLOCK = /^(\d{0,3}):([0-5]?\d)$/;
const UNITS = /^(?:(\d{1,3}(?:[.,]\d+)?)\s*h(?:\s*([0-5]?\d)\s*m?)?|(\d{1,5})\s*m(?:in)?)$/i;
const NUMBER = /^\d{0,5}(?:[.,]\d{0,6})?$/;
const MINUTES = 60;

/**
 * @typedef {{ op: "set" | "add", hours: number }} Typed
 */

/**
 * @param {string} text what was typed
 * @param {{ kind: "hours" | "days", hours_per_day: number }} unit how the company shows time
 * @returns {Typed | null} null if it means nothing
 */
export function parseHours(text, unit = { kind: "hours", hours_per_day: 8 }) {
    const typed = text.trim().replace(/\u2212/g, "-");
    const [, sign, rest] = typed.match(/^([+-]?)\s*(.*)$/);
    if (!rest) {
        return sign ? null : { op: "set", hours: 0 };
    }
    const hours = parseAmount(rest, unit);
    if (hours === null) {
        return null;
    }
    return sign ? { op: "add", hours: sign === "-" ? -hours : hours } : { op: "set", hours };
}

/** An amount without a sign, as hours; null if it is none. */
function parseAmount(text, unit) {
    const clock = text.match(CLOCK);
    if (clock) {
        return Number(clock[1] || 0) + Number(clock[2]) / MINUTES;
    }
    const units = text.match(UNITS);
    if (units) {
        const [, hours, minutes, minutesOnly] = units;
        return toNumber(hours || "0") + Number(minutes || minutesOnly || 0) / MINUTES;
    }
    if (NUMBER.test(text) && /\d/.test(text)) {
        return toNumber(text) * (unit.kind === "days" ? unit.hours_per_day : 1);
    }
    return null;
}

function toNumber(text) {
    return Number(text.replace(",", "."));
}

/**
 * Hours as the company shows them: "7:30", or days.
 *
 * @param {number} hours
 * @param {{ kind: "hours" | "days", hours_per_day: number }} unit
 */
export function formatHours(hours, unit) {
    if (unit.kind === "days") {
        return formatFloat(hours / unit.hours_per_day, { digits: [16, 2] });
    }
    return formatFloatTime(hours, { noLeadingZeroHour: true });
}

/** Numbers of hours that people would not tell apart. */
export function sameHours(one, other) {
    return Math.abs(one - other) < 1 / 7200;
}
