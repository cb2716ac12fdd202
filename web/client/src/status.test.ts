import assert from "node:assert/strict";
import { test } from "node:test";
import type { ConnectionState } from "./provider";
import { read } from "./status";
import type { SavedState } from "./unsaved";

const moods = (...documents: [ConnectionState, SavedState][]): string =>
  read(
    documents.map(([connection, saved]) => ({ connection, saved })),
    0,
  ).mood;

await test("good is said only when every document is connected and saved", () => {
  const connected = { kind: "synchronised" } as const;
  const saved = { kind: "saved" } as const;
  assert.equal(moods([connected, saved]), "good");
  assert.equal(moods([connected, saved], [connected, { kind: "saving", changes: 1, since: 0 }]), "busy");
  assert.equal(moods([connected, { kind: "offline", changes: 1 }]), "busy");
  assert.equal(moods([{ kind: "offline", failures: 1 }, saved]), "warn");
  assert.equal(moods([connected, saved], [{ kind: "connecting", failures: 1 }, saved]), "warn");
  assert.equal(moods([{ kind: "connecting", failures: 0 }, saved]), "busy");
  assert.equal(moods([{ kind: "finished" }, saved]), "warn");
});
