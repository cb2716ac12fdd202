// The player's core in Node, on a recording file or a trace of ../shared/data/traces. From web/client:
//   node_modules/.bin/rolldown ../../tests/bench/player.mjs --platform node --format esm --dir node_modules/.bench
//   node node_modules/.bench/player.js FILE…
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { gunzipSync } from "node:zlib";
import { EditorState } from "../../web/client/node_modules/@codemirror/state";
import { recordingFile } from "../../web/client/src/fake_recording";
import { Player } from "../../web/client/src/player";
import { readRecording } from "../../web/client/src/recording";
import { verify } from "../../web/client/src/verify";

const SEEKS = 5_000;
const FRAMES = 5_000;

const clock = { now: () => 0, frame: () => () => undefined };

for (const path of process.argv.slice(2)) bench(basename(path), fileOf(path));

function bench(name, file) {
  const opened = [];
  for (let round = 0; round < 12; round += 1) {
    const read = timed(() => readRecording(file));
    opened.push({ read, open: timed(() => new Player(read.answer, clock, () => undefined)) });
  }
  const player = opened[0].open.answer;
  const { operations } = player.recording;
  const total = opened.map(({ read, open }) => read.ms + open.ms);
  console.log(`\n${name}: ${operations.length} operations, ${player.text().length} to`, player.textAt(Infinity).length);
  console.log(`  open, cold ${total[0].toFixed(1)} ms (read ${opened[0].read.ms.toFixed(1)}); then`, spread(total));
  const random = randomBelow(player.end_ms);
  report("seek", SEEKS, () => player.seekTo(random()));
  report("seek and carets", SEEKS, () => player.seekTo(random()), () => player.carets());
  report("seek and text", SEEKS, () => player.seekTo(random()), () => player.text());
  report("text of another moment", SEEKS, () => player.textAt(random()));
  // A pointer over 1,000 pixels, there and back, with a jump now and then.
  let at = 0;
  const places = Array.from({ length: FRAMES }, (_, frame) => {
    at = frame % 500 === 499 ? random() : at + ((frame % 1000 < 500 ? 1 : -1) * player.end_ms * (1 + (frame % 7))) / 1000;
    return (at = Math.min(player.end_ms, Math.max(0, at)));
  });
  let frame = 0;
  report("scrub frame", FRAMES, () => player.seekTo(places[frame++]), () => player.takeChange(), () => player.carets());
  let state = EditorState.create({ doc: player.text() });
  player.takeChange();
  frame = 0;
  report("with the editor's state", FRAMES, () => {
    player.seekTo(places[frame++]);
    const change = player.takeChange();
    if (change !== null) state = state.update({ changes: change }).state;
  });
  if (state.doc.toString() !== player.text()) throw new Error("the editor's text is another");
}

function report(name, times, ...steps) {
  const took = Array.from({ length: times }, () => timed(() => steps.forEach((step) => step())).ms);
  console.log(`  ${name}:`, spread(took));
}

function spread(took) {
  const sorted = Float64Array.from(took).sort();
  const at = (part) => sorted[Math.floor(part * (sorted.length - 1))].toFixed(3);
  return `p50 ${at(0.5)} p99 ${at(0.99)} most ${at(1)} ms`;
}

function timed(call) {
  const begun = performance.now();
  const answer = call();
  return { answer, ms: performance.now() - begun };
}

function randomBelow(limit) {
  let seed = 7;
  return () => ((seed = (seed * 48271) % 2147483647) / 2147483647) * limit;
}

function fileOf(path) {
  const bytes = readFileSync(path);
  return path.endsWith(".json.gz") ? ofTrace(JSON.parse(gunzipSync(bytes).toString())) : bytes;
}

/** Of one that is not concurrent and has no characters beyond the BMP. Pauses are cut to two seconds. */
function ofTrace({ txns }) {
  const operations = [];
  let at_ms = 0;
  let last = Date.parse(txns[0].time);
  for (const { time, patches } of txns) {
    const now = Date.parse(time);
    at_ms += Math.min(2000, Math.max(0, now - last));
    last = now;
    for (const [position, deleted, inserted] of patches) {
      operations.push([operations.length + 1, at_ms, 0, 0, position, deleted, inserted]);
    }
  }
  return recordingFile({ operations });
}
