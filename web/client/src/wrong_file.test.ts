import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { proofsOf, randomHistory } from "./fake_history";
import { block, join, recordingFile, words } from "./fake_recording";
import { Player } from "./player";
import { readRecording, RecordingInvalid, type Recording } from "./recording";
import { verify } from "./verify";

type Part = [string, Uint8Array];
type Row = [number, number, number, number, number, number, number];

const HISTORY = randomHistory(3, 60);
const FILE = recordingFile({ ...HISTORY.file, proofs: proofsOf(HISTORY, 5), events: [] });
const PARTS = partsOf(FILE);
const [HEAD, END] = [PARTS.slice(0, 1), PARTS.slice(-1)];
const NOBODY = 0xffffffff;

function partsOf(file: Uint8Array): Part[] {
  const numbers = new DataView(file.buffer, file.byteOffset);
  const parts: Part[] = [];
  for (let at = 8; at < file.length; ) {
    const length = numbers.getUint32(at + 4, true);
    parts.push([new TextDecoder().decode(file.subarray(at, at + 4)), file.slice(at + 8, at + 8 + length)]);
    at += 8 + Math.ceil(length / 4) * 4;
  }
  return parts;
}

function joined(parts: Part[], start: Uint8Array = FILE.subarray(0, 8)): Uint8Array {
  return join([start, ...parts.map(([kind, payload]) => block(kind, payload))]);
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Rows of entry, at_ms, writer, root, position, deleted, inserted, in the place of the real ones. */
function operations(rows: Row[], text: Uint8Array = bytes("")): Uint8Array {
  const columns = [0, 1, 2, 3, 4, 5, 6].flatMap((column) => rows.map((row) => row[column] ?? 0));
  return joined([...HEAD, ["oper", join([words(rows.length, ...columns), text])], ...END]);
}

/** A part in JSON with something else in it. */
function changed(kind: string, change: (said: Record<string, unknown>) => Record<string, unknown>): Uint8Array {
  const of = (payload: Uint8Array): Uint8Array =>
    bytes(JSON.stringify(change(JSON.parse(new TextDecoder().decode(payload)) as Record<string, unknown>)));
  return joined(PARTS.map(([found, payload]) => [found, found === kind ? of(payload) : payload]));
}

const DAMAGED = /damaged|out of order/;
const NONE = /not a Panelroom recording/;
const WRONG: Record<string, [Uint8Array, RegExp]> = {
  nothing: [bytes(""), NONE],
  "another file": [bytes("<!doctype html><title>Sign in</title>"), NONE],
  "another magic": [joined(PARTS, join([bytes("PNLX"), words(2)])), NONE],
  "version 1": [bytes('{"format": "panelroom-recording", "version": 1}'), NONE],
  "version 3": [joined(PARTS, join([bytes("PNLR"), words(3)])), /version 3/],
  "no head": [joined(PARTS.slice(1)), DAMAGED],
  "no end": [joined(PARTS.slice(0, -1)), /incomplete/],
  "head twice": [joined([...HEAD, ...PARTS]), DAMAGED],
  "broken in mid-stream": [joined([...PARTS.slice(0, -1), ["brok", bytes('{"entry": 3, "problem": "it does not fit"}')]]), /entry 3/],
  "a part without end": [join([joined(HEAD), bytes("oper"), words(NOBODY)]), /incomplete/],
  "rows without end": [joined([...HEAD, ["oper", words(NOBODY, 1, 2, 3)], ...END]), DAMAGED],
  "a row beyond the text": [operations([[1, 0, 0, 0, 1_000_000, 0, 1]], bytes("x")), DAMAGED],
  "more deleted than there is": [operations([[1, 0, 0, 0, 0, 5, 0]]), DAMAGED],
  "more inserted than there is": [operations([[1, 0, 0, 0, 0, 0, 0x7fffffff]], bytes("x")), DAMAGED],
  "a root that is none": [operations([[1, 0, 0, 77, 0, 0, 1]], bytes("x")), DAMAGED],
  "a writer that is none": [operations([[1, 0, 77, 0, 0, 0, 1]], bytes("x")), DAMAGED],
  "entries that go back": [operations([[2, 10, 0, 0, 0, 0, 1], [1, 10, 0, 0, 0, 0, 1]], bytes("xy")), /out of order at entry 1/],
  "times that go back": [operations([[1, 10, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 0, 1]], bytes("xy")), /out of order at entry 2/],
  "text that is no UTF-8": [operations([[1, 0, 0, 0, 0, 0, 2]], new Uint8Array([0xff, 0xfe])), DAMAGED],
  "an end that is no JSON": [joined([...PARTS.slice(0, -1), ["end ", bytes("{")]]), DAMAGED],
  "a head that is a list": [joined([["head", bytes("[]")], ...PARTS.slice(1)]), DAMAGED],
  "a head that is deep": [joined([["head", bytes("[".repeat(100_000) + "]".repeat(100_000))], ...PARTS.slice(1)]), DAMAGED],
  "no participants": [changed("head", (head) => ({ ...head, participants: undefined })), DAMAGED],
  "a duration that is none": [changed("head", (head) => ({ ...head, duration_ms: "long" })), DAMAGED],
  "a proof that is none": [changed("end ", (end) => ({ ...end, proofs: [[1, 0, "x"]] })), DAMAGED],
  "roots that are numbers": [changed("end ", (end) => ({ ...end, roots: [1, 2, 3] })), DAMAGED],
  "too many parts": [joined([...HEAD, ...Array.from({ length: 200_000 }, (): Part => ["junk", bytes("")]), ...PARTS.slice(1)]), /too many parts/],
};
const ODD: Record<string, Uint8Array> = {
  "as it is": joined(PARTS),
  "unknown parts": joined([...HEAD, ["junk", bytes("12345")], ...PARTS.slice(1)]),
  "a month": changed("head", (head) => ({ ...head, duration_ms: 2 ** 32 - 1 })),
  "names of everything": changed("end ", (end) => ({ ...end, roots: ["source", "__proto__", "constructor"] })),
};

function open(file: Uint8Array): Player {
  return new Player(readRecording(file), { now: () => 0, frame: () => () => undefined }, () => undefined);
}

for (const [name, [file, said]] of Object.entries(WRONG)) {
  await test(`${name} is refused in words`, () => {
    assert.throws(
      () => open(file),
      (error) => error instanceof RecordingInvalid && said.test(error.message) && !error.message.includes("undefined"),
    );
  });
}

for (const [name, file] of Object.entries(ODD)) {
  await test(`${name} is shown, everywhere`, () => {
    const player = open(file);
    for (const at_ms of [player.end_ms, 0, player.end_ms / 2]) player.seekTo(at_ms);
    player.seekTo(player.end_ms);
    const texts = player.recording.roots.map((root) => player.text(root));
    assert.deepEqual(texts, HISTORY.texts.at(-1));
  });
}

await test("a file that is cut off anywhere is refused, and one with changed bytes does not pass for the record", async () => {
  const asks = { onProgress: () => undefined, pause: () => Promise.resolve() };
  const change = fc.record({ at: fc.nat(FILE.length - 1), by: fc.integer({ min: 1, max: 255 }) });
  for (let length = 0; length < FILE.length; length += 1) assert.throws(() => open(FILE.slice(0, length)), RecordingInvalid);
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
      const file = FILE.slice();
      for (const { at, by } of changes) file[at] = (file[at] ?? 0) ^ by;
      let recording: Recording;
      try {
        ({ recording } = open(file));
      } catch (error) {
        assert.ok(error instanceof RecordingInvalid);
        return;
      }
      const { failedEntry } = await verify(recording, asks);
      const player = open(file);
      player.seekTo(Infinity);
      const isTrue = recording.roots.every((root, at) => player.text(root) === HISTORY.texts.at(-1)?.[at]);
      assert.ok(failedEntry !== null || isTrue);
    }),
    { numRuns: 2_000 },
  );
});
