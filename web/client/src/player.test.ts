import assert from "node:assert/strict";
import { test } from "node:test";
import { recordingFile, type FakeRecording, type Row } from "./fake_recording";
import { Player, type FrameClock } from "./player";
import { readRecording, RecordingInvalid } from "./recording";

class Frames implements FrameClock {
  time = 0;
  private pending: (() => void) | null = null;

  now(): number {
    return this.time;
  }

  frame(call: () => void): () => void {
    this.pending = call;
    return () => {
      this.pending = null;
    };
  }

  pass(ms: number): void {
    this.time += ms;
    const call = this.pending;
    this.pending = null;
    call?.();
  }
}

function player(operations: Row[], more: FakeRecording = {}): { it: Player; frames: Frames } {
  const frames = new Frames();
  return { it: new Player(readRecording(recordingFile({ operations, ...more })), frames, () => undefined), frames };
}

const HELLO: Row[] = [
  [1, 100, 0, 0, 0, 0, "hello"],
  [2, 200, 0, 0, 0, 1, "J"],
  [4, 200, 0, 0, 5, 0, "!"],
  [7, 900, -1, 0, 0, 6, "😀"],
];

await test("the state is the one after the last operation at or before the time", () => {
  const { it } = player(HELLO);
  const at = (ms: number): string => {
    it.seekTo(ms);
    return it.text();
  };
  assert.equal(at(99), "");
  assert.equal(at(100), "hello");
  assert.equal(at(200), "Jello!");
  assert.equal(at(899), "Jello!");
  assert.equal(at(900), "😀");
  assert.equal(at(0), "");
  assert.deepEqual(it.position(), {
    at_ms: 0,
    entry: null,
    who: -1,
    root: null,
    playing: false,
    speed: 1,
    skipsIdle: false,
  });
});

await test("an entry can be reached although others share its instant", () => {
  const { it } = player(HELLO);
  it.seekEntry(2);
  assert.equal(it.text(), "Jello");
  it.nextEdit();
  assert.equal(it.text(), "Jello!");
  it.previousEdit();
  it.previousEdit();
  assert.equal(it.text(), "hello");
  assert.equal(it.position().entry, 1);
});

await test("it plays by the clock, at its speed, and stops at the end", () => {
  const { it, frames } = player(HELLO);
  it.setSpeed(2);
  it.play();
  frames.pass(50);
  assert.equal(it.text(), "hello");
  frames.pass(50);
  assert.equal(it.position().at_ms, 200);
  it.pause();
  frames.pass(1000);
  assert.equal(it.position().at_ms, 200);
  it.play();
  frames.pass(10_000);
  assert.deepEqual(it.position(), {
    at_ms: 5000,
    entry: 7,
    who: -1,
    root: "source",
    playing: false,
    speed: 2,
    skipsIdle: false,
  });
});

await test("it plays over and over, at no speed that there is not, and leaves out what is idle when asked", () => {
  const operations: Row[] = [
    [1, 1_000, 0, 0, 0, 0, "a"],
    [2, 31_000, 0, 0, 1, 0, "b"],
    [5, 100_000, 0, 0, 2, 0, "c"],
  ];
  const more: FakeRecording = { selections: [[3, 40_000, 0, 0, 0, 2]], events: [[4, 50_000, "chat", { text: "hi" }]] };
  const { it, frames } = player(operations, { ...more, head: { duration_ms: 100_500 } });
  assert.deepEqual(it.idle, [
    { from_ms: 2_000, to_ms: 30_000 },
    { from_ms: 51_000, to_ms: 99_000 },
  ]);
  it.setSpeed(100);
  assert.equal(it.position().speed, 32);
  it.setSpeed(0);
  assert.equal(it.position().speed, 0.25);
  it.setSpeed(1);
  it.skipIdle(true);
  it.play();
  frames.pass(1_500);
  assert.equal(it.position().at_ms, 1_500);
  frames.pass(1_500);
  assert.equal(it.position().at_ms, 31_000);
  assert.equal(it.text(), "ab");
  frames.pass(20_500);
  assert.equal(it.position().at_ms, 99_500);
  frames.pass(1_000);
  assert.deepEqual([it.position().at_ms, it.position().playing], [100_500, false]);
  it.seekTo(60_000);
  it.skipIdle(false);
  it.play();
  frames.pass(1_000);
  assert.equal(it.position().at_ms, 61_000);
  it.seekTo(100_500);
  it.pause();
  it.play();
  assert.deepEqual([it.position().at_ms, it.text()], [0, ""]);
});

await test("edits of somebody or of a file can be stepped through", () => {
  const ada = { id: "p", name: "Ada", role: "candidate", color: "" };
  const operations: Row[] = [
    [1, 10, 0, 0, 0, 0, "a"],
    [2, 20, 1, 1, 0, 0, "b"],
    [3, 30, 0, 1, 1, 0, "c"],
    [4, 40, 1, 0, 1, 0, "d"],
  ];
  const { it } = player(operations, { roots: ["source", "source/x"], participants: [ada, { ...ada, id: "q" }] });
  const bob = { who: new Set([1]) };
  const steps = (act: () => void): (number | null)[] =>
    [1, 2, 3].map(() => {
      act();
      return it.position().entry;
    });
  assert.deepEqual(
    steps(() => {
      it.nextEdit(bob);
    }),
    [2, 4, 4],
  );
  assert.deepEqual(
    steps(() => {
      it.previousEdit(bob);
    }),
    [2, 1, 1],
  );
  it.nextEdit({ root: 1 });
  it.nextEdit({ ...bob, root: 0 });
  assert.equal(it.position().entry, 4);
  it.previousEdit({ who: new Set() });
  assert.equal(it.position().entry, 4);
});

await test("files have the names that they had at the moment", () => {
  const { it } = player(HELLO, {
    files: [
      [2, 200, { source: { name: "a.py", language: "python" } }],
      [7, 900, { source: { name: "b.go", language: "go" } }],
    ],
  });
  const name = (at_ms?: number): string | undefined => it.files(at_ms).get("source")?.name;
  assert.deepEqual([name(), name(200), name(5000)], [undefined, "a.py", "b.go"]);
  it.seekEntry(4);
  assert.equal(name(), "a.py");
  it.seekEntry(99);
  assert.equal(name(), "b.go");
});

await test("the map of files is made of its changes, also of those that come later", () => {
  const named = (name: string): { name: string; language: string } => ({ name, language: "go" });
  const { it } = player(HELLO, {
    files: [
      [1, 100, { a: named("a.go"), b: named("b.go") }],
      [2, 200, { b: null, c: named("c.go") }],
      [3, 300, { c: named("d.go") }],
    ],
  });
  const names = (at_ms?: number): string[] => [...it.files(at_ms)].map(([id, { name }]) => `${id} ${name}`);
  const all = [[], ["a a.go", "b b.go"], ["a a.go", "c c.go"], ["a a.go", "c d.go"]];
  for (const at of [3, 0, 2, 1, 3, 2]) assert.deepEqual(names(at * 100), all[at]);
  const end = it.recording.entry;
  it.append(readRecording(recordingFile({ after: end, files: [[end + 1, 5000, { a: null }]], end: { entry: end + 1 } })));
  it.seekTo(9000);
  assert.deepEqual([names(), names(300)], [["c d.go"], all[3]]);
});

await test("one change leads from what was shown to what is there", () => {
  const { it } = player(HELLO);
  let shown = "";
  for (const ms of [100, 900, 200, 5000, 0, 200]) {
    it.seekTo(ms);
    const change = it.takeChange();
    if (change !== null) shown = shown.slice(0, change.from) + change.insert + shown.slice(change.to);
    assert.equal(shown, it.text());
  }
  assert.equal(it.takeChange(), null);
});

await test("a change is as small as whole characters allow, at both of its ends", () => {
  const change = (from: string, to: string): unknown => {
    const { it } = player([
      [1, 1, 0, 0, 0, 0, from],
      [2, 2, 0, 0, 0, from.length, to],
    ]);
    it.seekTo(1);
    it.takeChange();
    it.seekTo(2);
    return it.takeChange();
  };
  assert.deepEqual(change("😁ab😀", "😀"), { from: 0, to: 4, insert: "" });
  assert.deepEqual(change("😀", "😁😀"), { from: 0, to: 0, insert: "😁" });
  assert.deepEqual(change("😀", "😀😁"), { from: 2, to: 2, insert: "😁" });
  assert.deepEqual(change("a😀b", "a😁b"), { from: 1, to: 3, insert: "😁" });
  assert.deepEqual(change("😀", "🨀"), { from: 0, to: 2, insert: "🨀" });
  assert.equal(change("a😀", "a😀"), null);
});

await test("a long random history is the same forward, backward and by checkpoints", () => {
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 48271) % 2147483647;
    return seed % below;
  };
  const states = [""];
  const operations: Row[] = [];
  for (let entry = 1; entry <= 13_000; entry += 1) {
    const text = states[entry - 1] ?? "";
    const position = random(text.length + 1);
    const deleted = text.slice(position, position + (random(3) === 0 ? random(4) : 0)).length;
    const inserted = text.length > 400 ? "" : (["", "a", "abc", "abc\n", "😀", "abc\n😀"][random(6)] ?? "");
    operations.push([entry, entry, 0, 0, position, deleted, inserted]);
    states.push(text.slice(0, position) + inserted + text.slice(position + deleted));
  }
  const { it } = player(operations, { head: { duration_ms: 20_000 } });
  let shown = "";
  for (let round = 0; round < 300; round += 1) {
    const index = round % 3 === 0 ? Math.max(0, (it.position().entry ?? 0) - random(50)) : random(operations.length + 1);
    it.seekEntry(index);
    assert.equal(it.text(), states[index]);
    const change = it.takeChange();
    if (change !== null) shown = shown.slice(0, change.from) + change.insert + shown.slice(change.to);
    assert.equal(shown, states[index]);
  }
});

await test("a recording that does not fit itself is refused with the place", () => {
  const open =
    (operations: Row[], more: FakeRecording = {}) =>
    () =>
      player(operations, more);
  const says = (words: RegExp) => (error: unknown) => error instanceof RecordingInvalid && words.test(error.message);
  assert.throws(open([[3, 1, 0, 0, 0, 1, ""]]), says(/entry 3/));
  assert.throws(open([[3, 1, 0, 0, 1, 0, "x"]]), says(/entry 3/));
  assert.throws(open([[3, 1, 0, 1, 0, 0, "x"]]), says(/entry 3/));
  assert.throws(open([[3, 1, 1, 0, 0, 0, "x"]]), says(/entry 3/));
  assert.throws(
    open([
      [3, 5, 0, 0, 0, 0, "x"],
      [4, 4, 0, 0, 0, 0, "x"],
    ]),
    says(/out of order at entry 4/),
  );
  const other = recordingFile({});
  other[4] = 3;
  assert.throws(() => readRecording(other), says(/version 3.*Reload/));
  assert.throws(() => readRecording(new TextEncoder().encode("other")), says(/not a Panelroom recording/));
  assert.throws(open([], { head: { started_at: "soon" } }), says(/its head/));
  assert.throws(() => readRecording(new ArrayBuffer(0)), RecordingInvalid);
});
