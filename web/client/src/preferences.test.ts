import assert from "node:assert/strict";
import { test } from "node:test";
import { readPreferences } from "./preferences";

const USUAL = { theme: "system", size: 14, keys: "default", tab: 0, slash: true };

await test("what is kept is taken where it is known, and only there", () => {
  const kept = { theme: "dark", size: 18, keys: "vim", tab: 2, slash: false };
  assert.deepEqual(readPreferences(JSON.stringify(kept)), kept);
  assert.deepEqual(readPreferences(JSON.stringify({ theme: "pink", size: 9e9, keys: ["vim"], tab: "2", slash: 0 })), USUAL);
  for (const kept of [null, "", "{", "null", "7", "[]"]) assert.deepEqual(readPreferences(kept), USUAL);
});
