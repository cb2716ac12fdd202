import assert from "node:assert/strict";
import { test } from "node:test";
import { CLOSE_CODES } from "./close_codes";
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
  assert.equal(moods([{ kind: "offline", failures: 1, code: 0 }, saved]), "warn");
  assert.equal(moods([connected, saved], [{ kind: "connecting", failures: 1, code: 0 }, saved]), "warn");
  assert.equal(moods([{ kind: "connecting", failures: 0, code: 0 }, saved]), "busy");
  assert.equal(moods([{ kind: "finished" }, saved]), "warn");
});

await test("why a connection was closed is said in words, and that nothing is lost", () => {
  const words = (code: number, saved: SavedState): string =>
    read([{ connection: { kind: "offline", failures: 1, code }, saved }], 0).banner ?? "";
  const said = [0, 1001, CLOSE_CODES.RESTART, CLOSE_CODES.TOO_SLOW, CLOSE_CODES.OUT_OF_STEP, CLOSE_CODES.RATE].map(
    (code) => words(code, { kind: "saved" }),
  );
  assert.equal(new Set(said).size, said.length - 1);
  for (const banner of said) assert.match(banner, /^\w[^.]+\. Everything so far is saved\. You can keep typing; /);
  assert.match(words(CLOSE_CODES.RATE, { kind: "offline", changes: 2 }), /wait some seconds\. .*2 changes not saved yet/);
});

await test("who is away for a refusal is told that the page comes back", () => {
  const saved = { kind: "saved" } as const;
  for (const connection of [{ kind: "stopped" }, { kind: "refused", code: 4400, reason: "" }] as const)
    assert.match(read([{ connection, saved }], 0).banner ?? "", /coming back/);
  assert.equal(read([{ connection: { kind: "finished" }, saved }], 0).banner, null);
});
