import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ADA, recordingFile } from "./fake_recording";
import { BIG } from "./happening";
import { readRecording, type RecordedEvent } from "./recording";
import { clusters, marksOf, type Mark } from "./timeline_mark";
import { stays } from "./timeline_presence";

await test("events and big insertions are marks, of kinds that nobody knows yet too; presence is none", () => {
  const recording = readRecording(
    recordingFile({
      operations: [
        [4, 400, 0, 0, 0, 0, "x".repeat(BIG - 1)],
        [5, 500, 0, 0, 0, 0, "x".repeat(BIG)],
        [6, 600, -1, 0, 0, 0, "x".repeat(BIG)],
      ],
      events: [
        [1, 100, "participant.joined", { participant: ADA }],
        [2, 200, "participant.connected", { id: ADA.id }],
        [7, 700, "question.opened", {}],
        [8, 800, "chat", { from: { name: "Ada" }, text: "hello" }],
      ],
    }),
  );
  const marks = marksOf(recording);
  assert.deepEqual(
    marks.map(({ at_ms, glyph }) => [at_ms, glyph]),
    [
      [100, "joined"],
      [500, "inserted"],
      [700, "other"],
      [800, "chat"],
    ],
  );
  assert.match(marks[1]?.words ?? "", /Ada.* inserted 100 characters at once/);
});

await test("every mark is in one cluster, clusters are apart, and the marks of one are near each other", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 2000 })), fc.integer({ min: 1, max: 50 }), (times, apart) => {
      const marks = times.sort((a, b) => a - b).map((at_ms): Mark => ({ at_ms, glyph: "chat", words: "" }));
      const found = clusters(marks, (at_ms) => at_ms / 2, apart);
      assert.deepEqual(
        found.flatMap((cluster) => cluster.marks),
        marks,
      );
      found.forEach((cluster, at) => {
        assert.ok(cluster.x - (found[at - 1]?.x ?? -Infinity) >= apart);
        assert.ok(cluster.marks.every(({ at_ms }) => at_ms / 2 - cluster.x < apart));
      });
    }),
  );
});

await test("somebody is there from connecting until disconnecting, leaving or being removed, else to the end", () => {
  const event = (at_ms: number, kind: string, payload: object): RecordedEvent => ({
    entry: at_ms,
    at_ms,
    kind: `participant.${kind}`,
    payload: { ...payload },
  });
  const there = stays(
    [
      event(1, "connected", { id: "a" }),
      event(1, "entered", { id: "a" }),
      event(2, "disconnected", { id: "a" }),
      event(3, "connected", { id: "a" }),
      event(4, "removed", { id: "a", device: "one of his" }),
      event(5, "removed", { id: "a", device: null }),
      event(5, "disconnected", { id: "a" }),
      event(6, "connected", { id: "b" }),
    ],
    9,
  );
  assert.deepEqual(there.get("a"), [
    { from_ms: 1, to_ms: 2 },
    { from_ms: 3, to_ms: 5 },
  ]);
  assert.deepEqual(there.get("b"), [{ from_ms: 6, to_ms: 9 }]);
});
