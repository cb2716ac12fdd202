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
    says(/entry 4/),
  );
  const other = recordingFile({});
  other[4] = 3;
  assert.throws(() => readRecording(other), says(/version 3.*Reload/));
  assert.throws(() => readRecording(new TextEncoder().encode("other")), says(/not a Panelroom recording/));
  assert.throws(open([], { head: { started_at: "soon" } }), says(/its head/));
  assert.throws(() => readRecording(new ArrayBuffer(0)), RecordingInvalid);
});
