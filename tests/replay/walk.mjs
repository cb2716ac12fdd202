// The player's core beside an independent Yjs, without a browser; built by tests/replay/walker.py, and run with the
// folder that has Yjs.
// Jobs come as JSON lines {files, entries: [[entry, at_ms, update]], walk: [[verb, …]]}; bytes are in base64. The first
// of the files is opened, the others are what came after it, for the verb "append". The answer to each job:
// {steps: [[at_ms, entry, {root: digest}]], proofs}, or {problem} where the player is not where Yjs is.
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { isDeepStrictEqual } from "node:util";
import { Player } from "../../web/client/src/player";
import { readRecording } from "../../web/client/src/recording";
import { verify } from "../../web/client/src/verify";

const Y = createRequire(`${process.argv[2]}/`)("yjs");
const FRAME_MS = 1000 / 60;

class HandClock {
  at = 0;
  due = null;
  now() {
    return this.at;
  }
  frame(call) {
    this.due = call;
    return () => {
      this.due = null;
    };
  }
  run(frames) {
    for (; frames > 0 && this.due !== null; frames -= 1) {
      const call = this.due;
      this.due = null;
      this.at += FRAME_MS;
      call();
    }
  }
}

const digest = (text) => createHash("sha256").update(text).digest("hex");
const written = (texts) => Object.fromEntries([...texts].filter(([, text]) => text !== "").sort(([a], [b]) => (a < b ? -1 : 1)));
const digests = (texts) => Object.fromEntries(Object.entries(texts).map(([root, text]) => [root, digest(text)]));

/** Where a walk has been: the texts, the files, and the last update that must be in them. */
function walked(player, clock, tails, entries, walk) {
  const mirrors = new Map();
  let asked = null; // the entry at which it stands, where it was not sent to a time
  const lastBy = (at_ms) =>
    entries.findLast(([entry, at]) => entry <= player.recording.entry && at <= at_ms)?.[0] ?? 0;
  return walk.map(([verb, ...given]) => {
    const before = player.position();
    if (verb === "append") {
      player.append(tails.shift());
      if (player.position().at_ms !== before.at_ms) throw new Error("what came after has moved the player");
    }
    const { recording } = player;
    if (verb === "preview") {
      const [at_ms] = given;
      const texts = written(recording.roots.map((root) => [root, player.textAt(at_ms, root)]));
      if (player.position().at_ms !== before.at_ms) throw new Error("a preview has moved the player");
      return { verb, at_ms, last: lastBy(at_ms), texts, files: null };
    }
    if (verb === "seek") {
      player.seekTo(given[0]);
      asked = null;
    } else if (verb === "entry") {
      player.seekEntry(given[0]);
      asked = Math.min(given[0], recording.entry);
    } else if (verb === "next" || verb === "previous") {
      if (verb === "next") player.nextEdit();
      else player.previousEdit();
      const { entry } = player.position();
      const moved = (entry ?? 0) - (before.entry ?? 0);
      if (verb === "next" ? moved < 0 : moved > 0) throw new Error(`${verb} went from ${before.entry} to ${entry}`);
      if (moved !== 0) asked = entry ?? 0;
    } else if (verb === "play") {
      const [speed, skips, frames] = given;
      player.setSpeed(speed);
      player.skipIdle(skips);
      player.play();
      clock.run(frames);
      player.pause();
      asked = null;
    } else if (verb !== "append") throw new Error(`no such verb: ${verb}`);
    const { at_ms } = player.position();
    const texts = [];
    for (const root of recording.roots) {
      const text = player.text(root);
      const change = player.takeChange(root);
      if (change !== null) {
        const old = mirrors.get(root) ?? "";
        mirrors.set(root, old.slice(0, change.from) + change.insert + old.slice(change.to));
      }
      if ((mirrors.get(root) ?? "") !== text) throw new Error(`${verb} ${given}: the change of ${root} is not what changed`);
      texts.push([root, text]);
    }
    return { verb, at_ms, last: asked ?? lastBy(at_ms), texts: written(texts), files: asked === null ? player.files() : null };
  });
}

/** What Yjs says after each of these entries. */
function replayed(entries, asked) {
  const doc = new Y.Doc();
  const found = new Map();
  const take = (entry) => {
    if (!asked.has(entry)) return;
    const roots = [...doc.share.keys()].filter((root) => root === "source" || root.startsWith("source/"));
    const files = Object.entries(doc.getMap("files").toJSON()).filter(
      ([, file]) => typeof file?.name === "string" && typeof file.language === "string",
    );
    found.set(entry, {
      texts: written(roots.map((root) => [root, doc.getText(root).toString()])),
      files: new Map(files.map(([id, { name, language }]) => [id, { name, language }])),
    });
  };
  take(0);
  for (const [entry, , update] of entries) {
    Y.applyUpdate(doc, Buffer.from(update, "base64"));
    if (doc.store.pendingStructs !== null || doc.store.pendingDs !== null) throw new Error(`entry ${entry} waits`);
    take(entry);
  }
  return found;
}

/** The last update at or before an entry: events lie between them. */
const updateBy = (entries, last) => entries.findLast(([entry]) => entry <= last)?.[0] ?? 0;

async function answer({ files, entries, walk }) {
  const [recording, ...tails] = files.map((file) => readRecording(new Uint8Array(Buffer.from(file, "base64"))));
  const clock = new HandClock();
  const player = new Player(recording, clock, () => {});
  const steps = walked(player, clock, tails, entries, walk);
  for (const step of steps) step.last = updateBy(entries, step.last);
  const wanted = replayed(entries, new Set(steps.map(({ last }) => last)));
  steps.forEach((step, number) => {
    const { texts, files } = wanted.get(step.last);
    if (!isDeepStrictEqual(step.texts, texts)) {
      throw new Error(`step ${number}, ${walk[number]}, after entry ${step.last}: ${JSON.stringify([step.texts, texts])}`);
    }
    if (step.files !== null && !isDeepStrictEqual(new Map(step.files), files)) {
      throw new Error(`step ${number}, ${walk[number]}: ${JSON.stringify([[...step.files], [...files]])}`);
    }
  });
  const { verified, failedEntry } = await verify(player.recording, { onProgress() {}, pause: async () => {} });
  if (failedEntry !== null) throw new Error(`the proof of entry ${failedEntry} does not fit`);
  return { steps: steps.map(({ at_ms, last, texts }) => [at_ms, last, digests(texts)]), proofs: verified };
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  let said;
  try {
    said = await answer(JSON.parse(line));
  } catch (error) {
    said = { problem: String(error.stack).slice(0, 20_000) };
  }
  process.stdout.write(`${JSON.stringify(said)}\n`);
}
