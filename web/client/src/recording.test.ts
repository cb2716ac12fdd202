import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { randomHistory } from "./fake_history";
import { ADA, block, join, json, recordingFile, words, type FakeRecording, type Row } from "./fake_recording";
import { Player } from "./player";
import { appendRecording, loadRecording, readRecording, RecordingInvalid, type Recording } from "./recording";
import { stringOf } from "./utf16";

const HELLO: Row[] = [
  [1, 100, 0, 0, 0, 0, "hello"],
  [3, 200, 0, 0, 0, 1, "😀"],
];

function open(file: Uint8Array): Player {
  return new Player(readRecording(file), { now: () => 0, frame: () => () => undefined }, () => undefined);
}

function refused(words: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof RecordingInvalid && words.test(error.message);
}

function refuses(words: RegExp, fake: FakeRecording): void {
  assert.throws(() => open(recordingFile({ operations: HELLO, ...fake })), refused(words));
}

await test("a file says who, when, what and which files", () => {
  const recording = readRecording(
    recordingFile({
      operations: HELLO,
      participants: [ADA, { id: "__proto__", name: "constructor", role: "guest", color: "" }],
      selections: [[2, 150, 1, 0, 5, 1]],
      events: [[4, 300, "chat", { text: "hi" }]],
      files: [[3, 200, { ["__proto__"]: { name: "a", language: "b" }, odd: 1, none: null }]],
      end: { writers: ["p", "__proto__", "gone"] },
      proofs: [[3, 200, "ab".repeat(32)]],
    }),
  );
  const { operations, selections } = recording;
  assert.deepEqual([0, 1].map((at) => stringOf(operations.units.subarray(operations.start[at], operations.start[at + 1]))), ["hello", "😀"]);
  assert.deepEqual([...operations.inserted], [5, 2]);
  assert.deepEqual([selections.writer[0], selections.anchor[0], selections.head[0]], [1, 5, 1]);
  assert.deepEqual(recording.events, [{ entry: 4, at_ms: 300, kind: "chat", payload: { text: "hi" } }]);
  assert.deepEqual(recording.files[0]?.files, new Map([["__proto__", { name: "a", language: "b" }], ["odd", null], ["none", null]]));
  assert.deepEqual(recording.participants[2], { id: "gone", name: "Somebody", role: "", color: "" });
  assert.equal(recording.started_at, Date.parse("2026-01-02T03:04:05Z"));
  assert.deepEqual(recording.proofs, [{ entry: 3, at_ms: 200, hash: "ab".repeat(32) }]);
});

await test("kinds that this page does not know are left out", () => {
  const file = recordingFile({ operations: HELLO });
  const end = file.length - json("end ", null).length;
  assert.ok(end > 0);
  const at = 8;
  const head = at + 8 + Math.ceil(new DataView(file.buffer).getUint32(at + 4, true) / 4) * 4;
  const more = join([file.subarray(0, head), block("runs", words(1, 2)), block("odd!", words()), file.subarray(head)]);
  assert.equal(open(more).textAt(Infinity), "😀ello");
});

await test("what is refused is said in words, with the place and what to do", () => {
  refuses(/entry 3.*Load the page again/, { operations: [[3, 1, 0, 0, 1, 0, "x"]] });
  refuses(/entry 3/, { operations: [[3, 1, 0, 0, 0, 2 ** 32 - 1, "x"]] });
  refuses(/entry 3/, { operations: [[3, 1, 0, 9, 0, 0, "x"]] });
  refuses(/entry 3/, { operations: [[3, 1, 9, 0, 0, 0, "x"]] });
  refuses(/entry 1/, { operations: HELLO.toReversed(), end: { entry: 3 } });
  refuses(/entry 3/, { operations: HELLO, end: { entry: 2 } });
  refuses(/entry 1/, { operations: HELLO, after: 1 });
  refuses(/entry 3/, { selections: [[3, 200, 0, 0, 0, 0]] });
  refuses(/entry 3/, { events: [[2, 250, "chat", {}]] });
  refuses(/its head/, { head: { started_at: "soon" } });
  refuses(/its head/, { head: { duration_ms: -1 } });
  refuses(/its participants/, { head: { participants: [null] } });
  refuses(/its participants/, { head: { participants: {} } });
  refuses(/its texts/, { roots: ["source", "source"] });
  refuses(/its texts are too many/, { roots: Array.from({ length: 10_001 }, String) });
  refuses(/its files/, { files: [[1, 0, []] as never] });
  refuses(/its proofs/, { proofs: [[1, 0, "x"]] });
  refuses(/its end/, { end: { entry: 2 ** 32 } });
  refuses(/its end/, { end: { head_hash: 5 } });
  refuses(/part 3/, { events: [[4, 250, 7, {}] as never] });
  refuses(/part 3/, { events: [null as never] });
});

await test("a file that is no file, of another version, cut short or broken off by the server says so", () => {
  const file = recordingFile({ operations: HELLO });
  assert.throws(() => open(new Uint8Array(0)), refused(/not a Panelroom recording/));
  assert.throws(() => open(new TextEncoder().encode("<!doctype html>")), refused(/not a Panelroom recording/));
  assert.throws(() => open(join([file.subarray(0, 4), words(3), file.subarray(8)])), refused(/version 3.*Reload/));
  for (let length = 8; length < file.length; length += 1) {
    assert.throws(() => open(file.slice(0, length)), refused(/incomplete.*Load the page again/));
  }
  const end = file.length - json("end ", {}).length;
  assert.ok(end > 0);
  const broken = join([file.subarray(0, 8), json("head", {}), json("brok", { entry: 7, problem: "secret" })]);
  assert.throws(() => open(broken), refused(/entry 7.*ask whoever runs this server/));
  assert.throws(() => open(join([file, block("more", words())])), refused(/damaged at part/));
  assert.throws(() => open(join([file.subarray(0, 8), json("end ", {})])), refused(/damaged at part 1/));
  const padded = join([file.subarray(0, 8), json("head", [1])]);
  padded[padded.length - 1] = 1;
  assert.throws(() => open(padded), refused(/damaged at part 1/));
});

/** The head of an honest file, then something else. */
function hostile(...parts: Uint8Array[]): Uint8Array {
  const file = recordingFile({});
  const head = 16 + Math.ceil(new DataView(file.buffer).getUint32(12, true) / 4) * 4;
  return join([file.subarray(0, head), ...parts, file.subarray(head)]);
}

await test("numbers that promise more than there is cost nothing", () => {
  const damaged = refused(/damaged|incomplete/);
  const half = new Uint8Array([0xf0, 0x9f]);
  const row = (length: number): Uint8Array => words(1, 1, 1, 0, 0, 0, 0, length);
  for (const part of [
    block("oper", words()),
    block("oper", words(2 ** 32 - 1)),
    block("oper", words(2 ** 30, 1, 2, 3)),
    block("oper", row(2 ** 32 - 1)),
    block("oper", join([row(1), half])),
    block("oper", join([row(2), half])),
    block("oper", join([row(1), new TextEncoder().encode("ab")])),
    block("oper", join([row(3), new Uint8Array([0xed, 0xa0, 0x80])])),
    block("sele", words(1, 1, 1, 0, 0, 0)),
    block("sele", words(0, 0)),
    block("evnt", new TextEncoder().encode("[".repeat(100_000))),
    block("evnt", new Uint8Array([0x22, 0xff, 0x22])),
    join([new TextEncoder().encode("oper"), words(2 ** 32 - 1)]),
    json("head", {}),
  ]) {
    assert.throws(() => open(hostile(part)), damaged);
  }
  const crowd = join(Array.from({ length: 100_001 }, () => block("oper", words(0))));
  assert.throws(() => open(hostile(crowd)), refused(/too many parts/));
  assert.throws(() => open(hostile(block("evnt", new Uint8Array(33 * 2 ** 20)))), refused(/larger than this page/));
});

await test("a long text that is edited at both ends by turns, among thousands of files, opens at once", () => {
  const roots = Array.from({ length: 10_000 }, (_, at) => `source/${at}`);
  const operations: Row[] = [[1, 0, 0, 0, 0, 0, "x".repeat(2 ** 23)]];
  for (let entry = 2; entry < 10_000; entry += 1) {
    operations.push([entry, 0, entry % 100, entry % 2 === 0 ? 0 : entry % 10_000, 0, 0, "y"]);
    operations.push([entry, 0, entry % 100, 0, 2 ** 23, 0, "z"]);
  }
  const participants = Array.from({ length: 100 }, (_, at) => ({ ...ADA, id: String(at) }));
  const file = recordingFile({ operations, roots, participants });
  const before = process.memoryUsage.rss();
  const player = open(file);
  for (const entry of [9_999, 1, 5_000, 4_900]) player.seekEntry(entry);
  assert.equal(player.carets().length, 64);
  assert.ok(process.memoryUsage.rss() - before < 600 * 2 ** 20);
});

await test("no change of any bytes does more than refuse the file", () => {
  const whole = (seed: number): Uint8Array => recordingFile(randomHistory(seed, 30).file);
  const changes = fc.array(
    fc.record({
      at: fc.nat(),
      kind: fc.constantFrom("flip", "word", "cut", "copy"),
      value: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32 - 4)),
    }),
    { minLength: 1, maxLength: 4 },
  );
  fc.assert(
    fc.property(fc.nat(20), changes, (seed, all) => {
      let file = whole(seed);
      for (const { at, kind, value } of all) {
        const place = at % Math.max(1, file.length);
        if (kind === "flip") file[place] = value & 255;
        else if (kind === "word") file.set(words(value).subarray(0, file.length - place), place);
        else if (kind === "cut") file = join([file.subarray(0, place), file.subarray(place + value)]);
        else file = join([file.subarray(0, place), file.subarray(place, place + value), file.subarray(place)]);
      }
      try {
        const player = open(file);
        for (const at_ms of [Infinity, 0, 5000]) {
          player.seekTo(at_ms);
          player.carets();
          player.text();
        }
      } catch (error) {
        if (!(error instanceof RecordingInvalid)) throw error;
      }
    }),
    { numRuns: 1000 },
  );
});

function streamOf(file: Uint8Array, size: number): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= file.length) controller.close();
      else controller.enqueue(file.slice(at, (at += size)));
    },
  });
}

await test("a file that arrives in pieces of any size tells how far it is", async () => {
  const { file } = randomHistory(5, 400);
  const bytes = recordingFile(file);
  for (const size of [7, 1000, bytes.length]) {
    const seen: number[] = [];
    const recording = await loadRecording(streamOf(bytes, size), (done) => seen.push(done));
    assert.deepEqual(recording, readRecording(bytes));
    assert.deepEqual(seen, seen.toSorted());
    assert.equal(seen.at(-1), 1);
    if (size < 2000) assert.ok(new Set(seen).size >= 4);
  }
});

await test("a stream that is no recording, or never ends, is given up early", async () => {
  let cancelled = false;
  const endless = (first: Uint8Array): ReadableStream<Uint8Array> =>
    new ReadableStream({
      start: (controller) => {
        controller.enqueue(first);
      },
      pull: (controller) => {
        controller.enqueue(new Uint8Array(2 ** 22));
      },
      cancel: () => {
        cancelled = true;
      },
    });
  await assert.rejects(loadRecording(endless(new TextEncoder().encode("<!doctype html>")), () => undefined), refused(/not a/));
  assert.ok(cancelled);
  cancelled = false;
  const start = join([recordingFile({}).subarray(0, 8), new TextEncoder().encode("xxxx"), words(2 ** 32 - 1)]);
  await assert.rejects(loadRecording(endless(start), () => undefined), refused(/larger than this page/));
  assert.ok(cancelled);
});

await test("only what continues a recording is appended, with what the newer one says of people", () => {
  const first = readRecording(recordingFile({ operations: HELLO, end: { writers: ["gone"] } }));
  const bob = { id: "b", name: "Bob", role: "guest", color: "#000000" };
  const tail = (more: FakeRecording = {}): Recording =>
    readRecording(
      recordingFile({
        after: 3,
        operations: [[4, 300, 1, 0, 0, 0, "!"]],
        participants: [bob, { ...ADA, name: "Ada Lovelace" }, { id: "gone", name: "Gus", role: "guest", color: "" }],
        ...more,
      }),
    );
  const both = appendRecording(first, tail({ head: { sealed: false, duration_ms: 9000 } }));
  assert.deepEqual([both.entry, both.sealed, both.duration_ms, both.after], [4, false, 9000, 0]);
  assert.deepEqual(
    both.participants.map(({ name }) => name),
    ["Ada Lovelace", "Gus", "Bob"],
  );
  assert.deepEqual([...both.operations.writer], [1, 1, 0]);
  const fits = refused(/does not continue/);
  assert.throws(() => appendRecording(first, tail({ after: 2 })), fits);
  assert.throws(() => appendRecording(first, tail({ roots: ["other"] })), fits);
  assert.throws(() => appendRecording(first, tail({ head: { document: "other" } })), fits);
  assert.throws(() => appendRecording(first, tail({ operations: [[4, 100, 0, 0, 0, 0, "!"]] })), fits);
  const player = open(recordingFile({ operations: HELLO }));
  assert.throws(() => {
    player.append(tail({ operations: [[4, 300, 0, 0, 99, 0, "!"]] }));
  }, refused(/entry 4/));
  assert.equal(player.textAt(Infinity), "😀ello");
  assert.equal(player.recording.entry, 3);
});
