import { describe, expect, test } from "@odoo/hoot";

import { parseHours, sameHours } from "@client_timetrack/time_grid/hours_input";

describe.current.tags("headless");

const DAYS = { kind: "days", hours_per_day: 8 };

test("hours and minutes", () => {
    for (const [text, hours] of [
        ["1:30", 1.5],
        ["01:05", 1 + 5 / 60],
        [":45", 0.75],
        ["2:", null],
        ["1h30", 1.5],
        ["1h 30m", 1.5],
        ["1 h", 1],
        ["1,5h", 1.5],
        ["90m", 1.5],
        ["90 min", 1.5],
        ["1:60", null],
        ["1:5", 1 + 5 / 60],
        ["1:2:3", null],
    ]) {
        expect(parseHours(text)?.hours ?? null).toBe(hours, { message: text });
    }
});

test("numbers, with either decimal mark", () => {
    for (const [text, hours] of [
        ["1.5", 1.5],
        ["1,5", 1.5],
        [".25", 0.25],
        [",25", 0.25],
        ["8", 8],
        ["0", 0],
        ["", 0],
        ["  2 ", 2],
        ["1.5.5", null],
        ["1e3", null],
        ["NaN", null],
        ["Infinity", null],
        ["0x10", null],
        ["=1+1", null],
        ["٣", null],
        [".", null],
        ["eight", null],
    ]) {
        expect(parseHours(text)?.hours ?? null).toBe(hours, { message: text });
    }
});

test("more and less", () => {
    expect(parseHours("+0:15")).toEqual({ op: "add", hours: 0.25 });
    expect(parseHours("-15m")).toEqual({ op: "add", hours: -0.25 });
    expect(parseHours("− 1,5")).toEqual({ op: "add", hours: -1.5 });
    expect(parseHours("1")).toEqual({ op: "set", hours: 1 });
    expect(parseHours("+")).toBe(null);
    expect(parseHours("--1")).toBe(null);
});

test("days, where the company shows days", () => {
    expect(parseHours("0.5", DAYS)).toEqual({ op: "set", hours: 4 });
    expect(parseHours("+1", DAYS)).toEqual({ op: "add", hours: 8 });
    expect(parseHours("1:30", DAYS)).toEqual({ op: "set", hours: 1.5 });
    expect(parseHours("90m", DAYS)).toEqual({ op: "set", hours: 1.5 });
});

test("hours that people would not tell apart", () => {
    expect(sameHours(0.1 + 0.2, 0.3)).toBe(true);
    expect(sameHours(1, 1 + 1 / 3600)).toBe(false);
});
