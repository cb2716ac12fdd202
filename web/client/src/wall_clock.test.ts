import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { instantOf, isZone, localOf } from "./wall_clock";

const ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"];

function utc(local: string, zone: string): string {
  return new Date(instantOf(local, zone)).toISOString().slice(0, 16);
}

await test("a wall clock is read by its zone, also in the nights when clocks change", () => {
  const cases: [local: string, zone: string, utc: string][] = [
    ["2031-07-01T10:00", "UTC", "2031-07-01T10:00"],
    ["2031-07-01T10:00", "Europe/Berlin", "2031-07-01T08:00"],
    ["2031-01-01T10:00", "Europe/Berlin", "2031-01-01T09:00"],
    ["2031-01-01T00:30", "Asia/Kolkata", "2030-12-31T19:00"],
    ["2031-03-30T01:59", "Europe/Berlin", "2031-03-30T00:59"],
    ["2031-03-30T02:30", "Europe/Berlin", "2031-03-30T01:30"],
    ["2031-03-30T03:00", "Europe/Berlin", "2031-03-30T01:00"],
    ["2031-10-26T02:30", "Europe/Berlin", "2031-10-26T00:30"],
    ["2031-10-26T03:00", "Europe/Berlin", "2031-10-26T02:00"],
    ["2031-11-02T01:30", "America/New_York", "2031-11-02T05:30"],
  ];
  for (const [local, zone, expected] of cases) assert.equal(utc(local, zone), expected, `${local} ${zone}`);
});

await test("what a clock shows is what it showed when read", () => {
  const moments = fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2100, 0) });
  fc.assert(
    fc.property(moments, fc.constantFrom(...ZONES), (at_ms, zone) => {
      const local = localOf(at_ms, zone);
      assert.equal(localOf(instantOf(local, zone), zone), local);
    }),
  );
});

await test("a zone is a name, and one that there is", () => {
  assert.deepEqual(["UTC", "Europe/Berlin", "+01:00", "Mars/Olympus", ""].map(isZone), [true, true, false, false, false]);
});
