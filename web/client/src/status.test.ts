import assert from "node:assert/strict";
import { test } from "node:test";
import { CLOSE_CODES } from "./close_codes";
import type { ConnectionState } from "./provider";
import { read, type Facts } from "./status";
import type { SavedState } from "./unsaved";

const WELL: Facts = { isSaving: true, damaged: [], isFromStorage: false, unsent: 0, isStuck: false };
const KEPT = { name: "code", isKept: true, isWithheld: false } as const;

const moods = (...documents: [ConnectionState, SavedState][]): string =>
  read(
    documents.map(([connection, saved]) => ({ connection, saved, ...KEPT })),
    0,
    WELL,
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
    read([{ connection: { kind: "offline", failures: 1, code }, saved, ...KEPT }], 0, WELL).banner ?? "";
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
    assert.match(read([{ connection, saved, ...KEPT }], 0, WELL).banner ?? "", /coming back/);
  assert.equal(read([{ connection: { kind: "finished" }, saved, ...KEPT }], 0, WELL).banner, null);
});

await test("how much is not saved is said, and whether a reload would find it again", () => {
  const offline = { kind: "offline", failures: 1, code: 0 } as const;
  const unsaved = { kind: "offline", changes: 3 } as const;
  const kept = read([{ connection: offline, saved: unsaved, ...KEPT }], 0, WELL);
  assert.equal(kept.pill, "Offline, 3 not saved");
  assert.match(kept.banner ?? "", /3 changes not saved yet, also kept in this browser/);
  const nowhere = read([{ connection: offline, saved: unsaved, ...KEPT, isKept: false }], 0, WELL);
  assert.match(nowhere.banner ?? "", /^The connection is lost\. Keep this page open: .* kept nowhere but in this page/);
});

await test("a message of the chat that is not sent is not called saved", () => {
  const unsent = { ...WELL, unsent: 1, isStuck: true };
  const saved = { kind: "saved" } as const;
  const offline = { connection: { kind: "offline", failures: 1, code: 0 }, saved, ...KEPT } as const;
  assert.equal(read([offline], 0, unsent).pill, "Offline, 1 not saved");
  assert.match(read([offline], 0, unsent).banner ?? "", /1 change not saved yet/);
  assert.equal(read([{ ...offline, connection: { kind: "synchronised" } }], 0, unsent).pill, "1 not sent");
});

await test("what the server cannot do is said to everybody, also to who has typed nothing", () => {
  const document = { connection: { kind: "synchronised" }, saved: { kind: "saved" }, ...KEPT } as const;
  const full = read([document], 0, { ...WELL, isSaving: false });
  assert.deepEqual([full.mood, full.pill, full.isSure], ["warn", "Cannot save", true]);
  assert.match(full.banner ?? "", /cannot save at the moment\. Everything so far is saved/);
  const damaged = read([document, document], 0, { ...WELL, damaged: ["code", "notes"] });
  assert.match(damaged.banner ?? "", /^This document was damaged on the server .* only be read: the code and the notes\./);
  assert.deepEqual([damaged.mood, damaged.pill], ["warn", "Damaged"]);
});

await test("of a damaged document it is said whether more of it is here, and no change of it counts as being saved", () => {
  const more = { ...KEPT, isWithheld: true, connection: { kind: "synchronised" } } as const;
  const saved = { kind: "saving", changes: 1, since: -60_000 } as const;
  const known = read([{ ...more, saved }], 0, { ...WELL, damaged: ["code"] });
  assert.deepEqual([known.mood, known.pill], ["warn", "Damaged"]);
  assert.match(known.banner ?? "", /only be read: the code\. More of it is here than on the server\. This browser keeps it/);
  assert.equal(read([{ ...more, saved }], 0, WELL).banner, known.banner);
  assert.match(read([{ ...more, saved, isKept: false }], 0, WELL).banner ?? "", /Keep this page open: it alone has it/);
  const notes = { ...KEPT, name: "notes", connection: { kind: "synchronised" }, saved: { ...saved, since: 0 } } as const;
  assert.equal(read([{ ...more, saved }, notes], 0, WELL).pill, "Saving…");
});

await test("a room opened from what was kept says so until it is connected", () => {
  const facts = { ...WELL, isFromStorage: true };
  const connecting = { kind: "connecting", failures: 0, code: 0 } as const;
  const reading = read([{ connection: connecting, saved: { kind: "offline", changes: 1 }, ...KEPT }], 0, facts);
  assert.match(reading.banner ?? "", /^The server cannot be reached\. .* 1 change not saved yet/);
  assert.equal(read([{ connection: { kind: "synchronised" }, saved: { kind: "saved" }, ...KEPT }], 0, facts).mood, "good");
});
