import assert from "node:assert/strict";
import { test } from "node:test";
import { deviceWords } from "./device";

await test("a device is known by its browser and since when it is here", () => {
  const now = new Date(2026, 10, 22, 15, 30);
  const at = (day: number): number => new Date(2026, 10, day, 14, 2).getTime();
  assert.equal(deviceWords({ browser: "Firefox on Android", since_ms: at(22) }, now), "Firefox on Android, since 14:02");
  assert.equal(deviceWords({ browser: "", since_ms: at(21) }, now), "Unknown browser, since 21 Nov, 14:02");
});
