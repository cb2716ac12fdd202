import assert from "node:assert/strict";
import { test } from "node:test";
import { ChangeSet } from "@codemirror/state";
import fc from "fast-check";
import { randomHistory, ROOTS, type FakeHistory } from "./fake_history";
import { recordingFile } from "./fake_recording";
import { Player, type Caret } from "./player";
import { appendRecording, readRecording } from "./recording";

const LONG = randomHistory(1, 13_000);

const part = fc.double({ min: 0, max: 1, noNaN: true });
const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constantFrom("seek", "entry", "look", "near"), to: part }),
    fc.record({ kind: fc.constantFrom("next", "previous"), to: part }),
    fc.record({ kind: fc.constantFrom("take", "play"), to: part }),
  ),
  { maxLength: 60 },
);

class Walk {
  private readonly player: Player;
  private readonly mirrors = ROOTS.map(() => "");
  private time = 0;
  private next: (() => void) | null = null;
  private readonly entries: number[];

  constructor(private readonly history: FakeHistory) {
    const clock = {
      now: () => this.time,
      frame: (call: () => void) => {
        this.next = call;
        return () => (this.next = null);
      },
    };
    this.player = new Player(readRecording(recordingFile(history.file)), clock, () => undefined);
    this.entries = history.file.operations.map(([entry]) => entry);
  }

  step(kind: string, to: number): void {
    const { player, history } = this;
    const at_ms = Math.floor(to * history.end_ms);
    const lastEntry = this.entries.at(-1) ?? 0;
    const before = player.position();
    const index = this.indexOf(before.entry ?? 0);
    if (kind === "seek") {
      player.seekTo(at_ms);
      this.expect(this.indexAt(at_ms), at_ms);
    } else if (kind === "entry") {
      player.seekEntry(Math.floor(to * lastEntry));
      this.expect(this.indexOf(Math.floor(to * lastEntry)));
    } else if (kind === "near") {
      player.seekEntry(Math.max(0, (before.entry ?? 0) + Math.floor(to * 40) - 20));
      this.expect(this.indexOf(Math.max(0, (before.entry ?? 0) + Math.floor(to * 40) - 20)));
    } else if (kind === "look") {
      ROOTS.forEach((root, at) => {
        assert.equal(player.textAt(at_ms, root), history.texts[this.indexAt(at_ms)]?.[at]);
      });
      assert.deepEqual(player.position(), before);
      this.expect(index, before.at_ms);
    } else if (kind === "next") {
      const [who, root] = [Math.floor(to * 4) - 1, Math.floor(to * 12) % 3];
      player.nextEdit({ who: new Set([who]), root });
      const found = history.file.operations.findIndex((row, at) => at >= index && row[2] === who && row[3] === root);
      this.expect(found < 0 ? index : this.indexOf(this.entries[found] ?? 0));
    } else if (kind === "previous") {
      player.previousEdit();
      const entry = this.entries[index - 1] ?? 0;
      this.expect(this.indexOf(entry - 1));
    } else if (kind === "take") {
      this.take();
    } else this.play(to);
  }

  take(): void {
    ROOTS.forEach((root, at) => {
      const change = this.player.takeChange(root);
      const old = this.mirrors[at] ?? "";
      const text = this.player.text(root);
      if (change === null) assert.equal(old, text);
      else {
        const { from, to, insert } = change;
        this.mirrors[at] = old.slice(0, from) + insert + old.slice(to);
        assert.equal(this.mirrors[at], text);
        assert.ok(insert === "" || from === to || minimal(old.slice(from, to), insert), JSON.stringify(change));
      }
      assert.equal(this.player.takeChange(root), null);
    });
  }

  private play(to: number): void {
    const { player } = this;
    const { at_ms } = player.position();
    player.setSpeed(to * 32);
    player.skipIdle(false);
    player.play();
    const begun = player.position().at_ms;
    assert.equal(begun, at_ms >= player.end_ms ? 0 : at_ms);
    this.time += 700;
    this.next?.();
    const arrived = Math.min(player.end_ms, begun + 700 * Math.max(0.25, to * 32));
    assert.equal(player.position().playing, arrived < player.end_ms);
    player.pause();
    this.expect(this.indexAt(arrived), arrived);
  }

  private expect(index: number, at_ms?: number): void {
    const { player, history } = this;
    ROOTS.forEach((root, at) => {
      assert.equal(player.text(root), history.texts[index]?.[at]);
    });
    const { entry, ...position } = player.position();
    assert.equal(entry, this.entries[index - 1] ?? null);
    if (at_ms !== undefined) assert.equal(position.at_ms, at_ms);
  }

  private indexAt(at_ms: number): number {
    return this.history.file.operations.filter((row) => row[1] <= at_ms).length;
  }

  private indexOf(entry: number): number {
    return this.entries.filter((each) => each <= entry).length;
  }
}

/** Neither end of the one is the other's, but for half a character. */
function minimal(old: string, now: string): boolean {
  const first = (text: string): string => String.fromCodePoint(text.codePointAt(0) ?? 0);
  const last = (text: string): string => Array.from(text).at(-1) ?? "";
  return first(old) !== first(now) && last(old) !== last(now);
}

await test("any walk shows what the operations up to there make", () => {
  const walk = (history: FakeHistory) => (steps: { kind: string; to: number }[]) => {
    const player = new Walk(history);
    for (const { kind, to } of steps) player.step(kind, to);
    player.take();
  };
  fc.assert(fc.property(steps, walk(LONG)), { numRuns: 25 });
  fc.assert(
    fc.property(fc.nat(), fc.nat(60), steps, (seed, length, all) => {
      walk(randomHistory(seed, length))(all);
    }),
    { numRuns: 150 },
  );
});

function opened(history: FakeHistory): Player {
  const clock = { now: () => 0, frame: () => () => undefined };
  return new Player(readRecording(recordingFile(history.file)), clock, () => undefined);
}

await test("every place in time is the same forward and backward", () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(60), (seed, length) => {
      const history = randomHistory(seed, length);
      const player = opened(history);
      const times = [...new Set([0, ...history.file.operations.map((row) => row[1])])];
      const look = (at_ms: number): unknown => {
        player.seekTo(at_ms);
        return [ROOTS.map((root) => player.text(root)), player.carets(), player.position()];
      };
      const forward = times.map(look);
      assert.deepEqual(times.toReversed().map(look).reverse(), forward);
    }),
  );
});

/** Everybody's last place, brought up to now by CodeMirror's own mapping of positions. */
function caretsAt({ file, texts }: FakeHistory, at_ms: number): Caret[] {
  const carets = new Map<number, Caret>();
  const steps = [
    ...file.operations.map((row, index) => ({ row, index, selected: null })),
    ...file.selections.map((row) => ({ row, index: -1, selected: row })),
  ].sort((one, other) => one.row[0] - other.row[0]);
  for (const { row, index, selected } of steps) {
    const [, time, who, root] = row;
    if (time > at_ms) break;
    if (selected !== null) {
      if (who >= 0) carets.set(who, { who, root, anchor: selected[4], head: selected[5], at_ms: time });
      continue;
    }
    const [, , , , position, deleted, inserted] = row;
    const length = texts[index]?.[root]?.length ?? 0;
    const change = ChangeSet.of({ from: position, to: position + deleted, insert: inserted.replaceAll("\n", "x") }, length);
    for (const caret of carets.values()) {
      if (caret.root !== root) continue;
      const { anchor, head } = caret;
      if (anchor === head) caret.anchor = caret.head = change.mapPos(head, -1);
      else {
        const to = change.mapPos(Math.max(anchor, head), -1);
        const from = Math.min(to, change.mapPos(Math.min(anchor, head), 1));
        [caret.anchor, caret.head] = anchor < head ? [from, to] : [to, from];
      }
    }
    const head = position + inserted.length;
    if (who >= 0) carets.set(who, { who, root, anchor: head, head, at_ms: time });
  }
  return [...carets.values()].sort((one, other) => one.who - other.who);
}

await test("carets are where an editor's would be, after any walk", () => {
  const walk = (history: FakeHistory, player: Player, to: number): void => {
    const at_ms = Math.floor(to * history.end_ms);
    player.seekTo(at_ms);
    assert.deepEqual(player.carets(), caretsAt(history, at_ms));
  };
  const places = fc.array(part, { maxLength: 6 });
  fc.assert(
    fc.property(fc.nat(), fc.nat(60), places, (seed, length, all) => {
      const history = randomHistory(seed, length);
      const player = opened(history);
      for (const to of all) walk(history, player, to);
    }),
    { numRuns: 200 },
  );
  const player = opened(LONG);
  for (const to of [1, 0.4, 0.401, 0.39, 0.9, 0]) walk(LONG, player, to);
});

await test("a recording that came in pieces is the whole", () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(60), fc.array(part, { maxLength: 4 }), part, (seed, length, cuts, to) => {
      const history = randomHistory(seed, length);
      const whole = readRecording(recordingFile(history.file));
      const last = whole.entry;
      const ends = [...cuts.map((cut) => Math.floor(cut * last)), last].sort((one, other) => one - other);
      const pieces = ends.map((end, at) => {
        const after = ends[at - 1] ?? 0;
        const within = <Each extends [number, ...unknown[]]>(rows: Each[]): Each[] =>
          rows.filter(([entry]) => entry > after && entry <= end);
        const file = {
          ...history.file,
          after,
          operations: within(history.file.operations),
          selections: within(history.file.selections),
          end: { entry: end },
        };
        return readRecording(recordingFile(file));
      });
      const [first, ...tails] = pieces;
      assert.ok(first !== undefined);
      assert.deepEqual(tails.reduce(appendRecording, first), whole);

      const player = new Player(first, { now: () => 0, frame: () => () => undefined }, () => undefined);
      const straight = opened(history);
      const state = (each: Player): unknown => [each.position(), ROOTS.map((root) => each.text(root)), each.carets()];
      const there = Math.floor(to * first.entry);
      for (const each of [player, straight]) each.seekEntry(there);
      const before = state(player);
      for (const tail of tails) {
        player.append(tail);
        assert.deepEqual(state(player), before);
      }
      assert.deepEqual(state(straight), before);
      for (const each of [player, straight]) each.seekTo(Math.floor(to * history.end_ms));
      assert.deepEqual(state(player), state(straight));
      assert.deepEqual(player.idle, straight.idle);
      player.seekTo(0);
      assert.equal(player.text(), straight.textAt(0));
    }),
  );
});
