// The player's core on a recording file, for bench_core.py: node player.js FILE [open].
// Every step is timed in each of several passes, and its median counts: other programs on the machine hardly do.
import { readFileSync } from "node:fs";
import { EditorState } from "../../web/client/node_modules/@codemirror/state";
import { Player } from "../../web/client/src/player";
import { readRecording } from "../../web/client/src/recording";
import { verify } from "../../web/client/src/verify";

const STEPS = 5_000;
const PASSES = 5;

const clock = { now: () => 0, frame: () => () => undefined };
const file = new Uint8Array(readFileSync(process.argv[2]));

const before = process.threadCpuUsage();
const player = new Player(readRecording(file), clock, () => undefined);
const { user, system } = process.threadCpuUsage(before);
if (process.argv[3] === "open") {
  console.log((user + system) / 1000);
  process.exit();
}
const { recording } = player;
const { operations, roots } = recording;
console.log(`  ${operations.length} operations, ${file.length} bytes`);
report("open once more", [0, 0, 0, 0], () => new Player(readRecording(file), clock, () => undefined));

const root = roots[mostWritten()] ?? "source";
const random = randomBelow(player.end_ms);
const anywhere = Array.from({ length: STEPS }, random);
const seek = (at_ms) => player.seekTo(at_ms);
report("seek", anywhere, seek);
report("seek and all carets", anywhere, seek, () => player.carets());
report("seek and the whole text", anywhere, seek, () => player.text(root));
report("the text of another moment", anywhere, (at_ms) => player.textAt(at_ms, root));

// A pointer over 1,000 pixels, there and back, 1 to 7 pixels a frame, with a jump now and then.
let at = 0;
let way = 1;
const scrub = Array.from({ length: STEPS }, (_, frame) => {
  at = frame % 500 === 499 ? random() : at + (way * player.end_ms * (1 + (frame % 7))) / 1000;
  if (at < 0 || at > player.end_ms) way = -way;
  return (at = Math.min(player.end_ms, Math.max(0, at)));
});
report("scrub frame: seek, text change, carets", scrub, seek, () => player.takeChange(root), () => player.carets());
let state = EditorState.create({ doc: player.text(root) });
report("scrub frame with the editor's state", scrub, seek, () => {
  const change = player.takeChange(root);
  if (change !== null) state = state.update({ changes: change }).state;
});
if (state.doc.toString() !== player.text(root).replaceAll(/\r\n?/g, "\n")) throw new Error("the editor's text is another");

const started = performance.now();
const { verified, failedEntry } = await verify(recording, { onProgress: () => undefined, pause: () => Promise.resolve() });
if (failedEntry !== null) throw new Error(`the text is not the server's at entry ${failedEntry}`);
console.log(`  ${verified} proofs verified in ${(performance.now() - started).toFixed(0)} ms`);

function mostWritten() {
  const edits = roots.map(() => 0);
  for (const each of operations.root) edits[each] += 1;
  return edits.indexOf(Math.max(...edits));
}

function report(name, places, ...steps) {
  const took = places.map(() => []);
  for (let pass = 0; pass < PASSES; pass += 1) {
    places.forEach((place, at) => {
      const begun = performance.now();
      for (const step of steps) step(place);
      took[at].push(performance.now() - begun);
    });
  }
  const sorted = Float64Array.from(took, middle).sort();
  const at = (part) => sorted[Math.floor(part * (sorted.length - 1))].toFixed(3);
  console.log(`  ${name}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms`);
}

function middle(values) {
  return values.sort((one, other) => one - other)[Math.floor(values.length / 2)];
}

function randomBelow(limit) {
  let seed = 7;
  return () => ((seed = (seed * 48271) % 2147483647) / 2147483647) * limit;
}
