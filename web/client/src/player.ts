import { CaretTrack, type Caret } from "./caret_track";
import { Cursor, type TextChange } from "./cursor";
import { History } from "./history";
import { idleGaps, skipping, type Gap } from "./idle";
import { countUpTo } from "./operations";
import { appendRecording, type FileMap, type Recording } from "./recording";

export type { Caret } from "./caret_track";
export type { TextChange } from "./cursor";
export type { Gap } from "./idle";

/** Time as the player sees it; the page's is the browser's, tests bring their own. */
export interface FrameClock {
  now(): number;
  /** Calls before the next frame; the answer cancels. */
  frame(call: () => void): () => void;
}

export interface Position {
  at_ms: number;
  /** The last entry that changed the text, null before the first. */
  entry: number | null;
  /** Index into the participants of who made it, -1 when nobody known did. */
  who: number;
  /** The name of the root that it changed. */
  root: string | null;
  playing: boolean;
  speed: number;
  skipsIdle: boolean;
}

/** Whose edits count, and of which root; everything where it does not say. */
export interface EditFilter {
  who?: ReadonlySet<number>;
  root?: number;
}

export const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16, 32] as const;

const UNNAMED: { count: number; map: FileMap } = { count: 0, map: new Map() };

/**
 * Plays a recording. The state at `at_ms` is the one after everything whose time is at most `at_ms`, unless an entry
 * was asked for: then nothing after that entry counts, although it may share its instant.
 */
export class Player {
  private opened: Recording;
  private history: History;
  private gaps: readonly Gap[] = [];
  private readonly cursor: Cursor;
  private readonly other: Cursor;
  private readonly track: CaretTrack;
  private at_ms = 0;
  private lastEntry = Infinity;
  private speed = 1;
  private skipsIdle = false;
  private cancelFrame: (() => void) | null = null;
  /** The map of files after so many of its changes. */
  private named = UNNAMED;

  /** Raises RecordingInvalid. `onMove` is called after every change of the position. */
  constructor(
    recording: Recording,
    private readonly clock: FrameClock,
    private readonly onMove: () => void,
  ) {
    this.opened = recording;
    this.history = new History(recording.operations, recording.roots.length);
    this.track = new CaretTrack(recording);
    this.cursor = new Cursor(this.history);
    this.other = new Cursor(this.history);
    this.gaps = idleGaps(recording, this.end_ms);
    this.cursor.goTo(this.operationsUpTo(0));
  }

  get recording(): Recording {
    return this.opened;
  }

  get idle(): readonly Gap[] {
    return this.gaps;
  }

  /** The last moment: of the interview, or of what happened in it if the recording says less. */
  get end_ms(): number {
    const { duration_ms, operations, selections, events } = this.opened;
    return Math.max(
      duration_ms,
      operations.at_ms.at(-1) ?? 0,
      selections.at_ms.at(-1) ?? 0,
      events.at(-1)?.at_ms ?? 0,
    );
  }

  position(): Position {
    const { operations, roots } = this.opened;
    const last = this.cursor.index - 1;
    return {
      at_ms: this.at_ms,
      entry: operations.entry[last] ?? null,
      who: operations.writer[last] ?? -1,
      root: roots[operations.root[last] ?? -1] ?? null,
      playing: this.cancelFrame !== null,
      speed: this.speed,
      skipsIdle: this.skipsIdle,
    };
  }

  text(root = "source"): string {
    return this.cursor.text(this.opened.roots.indexOf(root));
  }

  /** What the text became since the last call, as one change that is as small as can be; null when it is the same. */
  takeChange(root = "source"): TextChange | null {
    return this.cursor.takeChange(this.opened.roots.indexOf(root));
  }

  /** The text of another moment, without going there. */
  textAt(at_ms: number, root = "source"): string {
    this.other.goTo(this.operationsUpTo(at_ms));
    return this.other.text(this.opened.roots.indexOf(root));
  }

  /** The files of now or of another moment, by id; none before the first was named. */
  files(at_ms?: number): FileMap {
    const { files } = this.opened;
    const isThere = at_ms === undefined ? this.isThere : (each: { at_ms: number }) => each.at_ms <= at_ms;
    const count = files.findLastIndex(isThere) + 1;
    if (count !== this.named.count) {
      const before = count > this.named.count ? this.named : UNNAMED;
      const map = new Map(before.map);
      for (const row of files.slice(before.count, count)) {
        for (const [id, file] of row.files) {
          if (file === null) map.delete(id);
          else map.set(id, file);
        }
      }
      this.named = { count, map };
    }
    return this.named.map;
  }

  /** Everybody's caret or selection, of whoever wrote or selected something so far. */
  carets(): readonly Caret[] {
    const { selections } = this.opened;
    const selected = Number.isFinite(this.lastEntry)
      ? countUpTo(selections.entry, this.lastEntry)
      : countUpTo(selections.at_ms, this.at_ms);
    return this.track.at(this.cursor.index, selected);
  }

  seekTo(at_ms: number): void {
    this.at_ms = Math.min(Math.max(0, at_ms), this.end_ms);
    this.lastEntry = Infinity;
    this.cursor.goTo(this.operationsUpTo(this.at_ms));
    this.onMove();
  }

  /** To the state right after an entry, which may be earlier than the last entry of the same instant. */
  seekEntry(entry: number): void {
    const { operations } = this.opened;
    const index = countUpTo(operations.entry, entry);
    this.at_ms = operations.at_ms[index - 1] ?? 0;
    this.lastEntry = Math.min(entry, this.opened.entry);
    this.cursor.goTo(index);
    this.onMove();
  }

  nextEdit(filter: EditFilter = {}): void {
    this.pause();
    const { entry, length } = this.opened.operations;
    for (let index = this.cursor.index; index < length; index += 1) {
      if (this.passes(index, filter)) {
        this.seekEntry(entry[index] ?? 0);
        return;
      }
    }
  }

  /** To right after the edit before the current one; before the first there is only the beginning. */
  previousEdit(filter: EditFilter = {}): void {
    this.pause();
    const { entry } = this.opened.operations;
    const last = entry[this.cursor.index - 1];
    let undone: number | undefined;
    for (let index = this.cursor.index - 1; index >= 0; index -= 1) {
      if (!this.passes(index, filter)) continue;
      if (entry[index] !== last) {
        this.seekEntry(entry[index] ?? 0);
        return;
      }
      undone = entry[index];
    }
    if (undone !== undefined) this.seekEntry(undone - 1);
  }

  /** From the end it starts over. */
  play(): void {
    if (this.cancelFrame !== null) return;
    if (this.at_ms >= this.end_ms) this.seekTo(0);
    this.run(this.clock.now());
    this.onMove();
  }

  pause(): void {
    if (this.cancelFrame === null) return;
    this.cancelFrame();
    this.cancelFrame = null;
    this.onMove();
  }

  setSpeed(speed: number): void {
    this.speed = Math.min(Math.max(speed, SPEEDS[0]), SPEEDS[SPEEDS.length - 1] ?? 1);
    this.onMove();
  }

  /** Whether playing leaves out the time in which nothing happened. */
  skipIdle(on: boolean): void {
    this.skipsIdle = on;
    this.onMove();
  }

  /** What came after the recording while the room is live; the time stays. Raises RecordingInvalid. */
  append(tail: Recording): void {
    const recording = appendRecording(this.opened, tail);
    const history = new History(recording.operations, recording.roots.length, this.history);
    this.opened = recording;
    this.history = history;
    this.track.follow(recording);
    this.cursor.follow(history);
    this.other.follow(history);
    this.gaps = idleGaps(recording, this.end_ms);
    if (!Number.isFinite(this.lastEntry)) this.cursor.goTo(this.operationsUpTo(this.at_ms));
    this.onMove();
  }

  /** It goes on at least until then, though nothing happens in it. */
  last(until_ms: number): void {
    if (until_ms <= this.end_ms) return;
    this.opened.duration_ms = until_ms;
    this.gaps = idleGaps(this.opened, until_ms);
  }

  private readonly isThere = (each: { entry: number; at_ms: number }): boolean =>
    Number.isFinite(this.lastEntry) ? each.entry <= this.lastEntry : each.at_ms <= this.at_ms;

  private run(last: number): void {
    this.cancelFrame = this.clock.frame(() => {
      const now = this.clock.now();
      const passed = (now - last) * this.speed;
      this.run(now);
      this.seekTo(this.skipsIdle ? skipping(this.gaps, this.at_ms, passed) : this.at_ms + passed);
      if (this.at_ms >= this.end_ms) this.pause();
    });
  }

  private passes(index: number, { who, root }: EditFilter): boolean {
    const { operations } = this.opened;
    return who?.has(operations.writer[index] ?? -1) !== false && (root === undefined || root === operations.root[index]);
  }

  private operationsUpTo(at_ms: number): number {
    return countUpTo(this.opened.operations.at_ms, at_ms);
  }
}
