import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { proofsOf, randomHistory, ROOTS, type FakeHistory } from "./fake_history";
import { recordingFile } from "./fake_recording";
import { Player } from "./player";
import { readRecording, type Recording } from "./recording";
import { Verification, verify, type Verified } from "./verify";

function opened(history: FakeHistory): Recording {
  const recording = readRecording(recordingFile({ ...history.file, proofs: proofsOf(history, 5) }));
  new Player(recording, { now: () => 0, frame: () => () => undefined }, () => undefined);
  return recording;
}

async function verified(recording: Recording): Promise<Verified & { done: number }> {
  let done = 0;
  const answer = await verify(recording, { onProgress: (part) => (done = part), pause: () => Promise.resolve() });
  return { ...answer, done };
}

await test("what is as the server has it is verified, to the end", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 60 }), async (seed, length) => {
      const recording = opened(randomHistory(seed, length));
      const { length: all } = recording.proofs;
      assert.deepEqual(await verified(recording), { verified: all, failedEntry: null, done: 1 });
    }),
  );
});

await test("any flipped character is found by the next proof at which it is still there", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 60 }), fc.nat(), async (seed, length, which) => {
      const history = randomHistory(seed, length);
      const recording = opened(history);
      const { units, start } = recording.operations;
      if (units.length === 0) return;
      const at = which % units.length;
      const other = units[at] === 0x78 ? 0x79 : 0x78;
      units[at] = other;
      const operation = start.findLastIndex((each) => each <= at);
      const texts = new Player(recording, { now: () => 0, frame: () => () => undefined }, () => undefined);
      const wrong = recording.proofs.findIndex(({ entry }) => {
        texts.seekEntry(entry);
        const index = history.file.operations.filter((row) => row[0] <= entry).length;
        return ROOTS.some((root, number) => texts.text(root) !== history.texts[index]?.[number]);
      });
      const found = await verified(recording);
      if (wrong < 0) {
        assert.equal(found.failedEntry, null);
        return;
      }
      assert.deepEqual([found.verified, found.failedEntry], [wrong, recording.proofs[wrong]?.entry]);
      assert.ok((found.failedEntry ?? 0) >= (recording.operations.entry[operation] ?? Infinity));
    }),
  );
});

await test("what was appended is verified from there on, and nothing twice", async () => {
  const history = randomHistory(7, 60);
  const recording = opened(history);
  const options = { onProgress: () => undefined, pause: () => Promise.resolve() };
  const before = { ...recording, proofs: recording.proofs.slice(0, 4) };
  const state = new Verification();
  assert.deepEqual(await verify(before, options, state), { verified: 4, failedEntry: null });
  recording.proofs[0] = { entry: 1, at_ms: 0, hash: "" };
  assert.deepEqual(await verify(recording, options, state), { verified: recording.proofs.length, failedEntry: null });
  const wrong = { ...recording, proofs: [...recording.proofs, { entry: recording.entry, at_ms: 0, hash: "" }] };
  assert.deepEqual(await verify(wrong, options, state), { verified: recording.proofs.length, failedEntry: recording.entry });
});

await test("it stops when it is asked to", async () => {
  const stop = new AbortController();
  const options = {
    onProgress: () => undefined,
    pause: () => {
      stop.abort();
      return Promise.resolve();
    },
    signal: stop.signal,
  };
  await assert.rejects(verify(opened(randomHistory(3, 60)), options), { name: "AbortError" });
});
