import { History, type TextChange } from "./history";
import type { Operation, Recording, RecordedEvent } from "./recording";

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
}

export const SPEEDS = [0.5, 1, 2, 4, 8, 16] as const;

/** Plays a recording: the state at `at_ms` is the one after the last operation whose time is at most `at_ms`. */
export class Player {
  private readonly history: History;
  private readonly operations: readonly Operation[];
  private at_ms = 0;
  private rate = 1;
  private cancelFrame: (() => void) | null = null;

  /** Raises RecordingInvalid. `onMove` is called after every change of the position. */
  constructor(
    readonly recording: Recording,
    private readonly clock: FrameClock,
    private readonly onMove: () => void,
  ) {
    this.operations = recording.operations;
    this.history = new History(recording.operations, recording.roots.length);
    this.history.goTo(this.indexAt(0));
  }

  /** The last moment: of the interview, or of what happened in it if the recording says less. */
  get end_ms(): number {
    const lastOperation = this.operations.at(-1)?.at_ms ?? 0;
    const lastEvent = this.recording.events.at(-1)?.at_ms ?? 0;
    return Math.max(this.recording.duration_ms, lastOperation, lastEvent);
  }

  get speed(): number {
    return this.rate;
  }

  position(): Position {
    const last = this.operations[this.history.index - 1];
    return {
      at_ms: this.at_ms,
      entry: last?.entry ?? null,
      who: last?.who ?? -1,
      root: last === undefined ? null : (this.recording.roots[last.root] ?? null),
      playing: this.cancelFrame !== null,
    };
  }

  text(root = "source"): string {
    return this.history.text(this.recording.roots.indexOf(root));
  }

  takeChange(root = "source"): TextChange | null {
    return this.history.takeChange(this.recording.roots.indexOf(root));
  }

  /** What happened in the room up to now. */
  eventsSoFar(): RecordedEvent[] {
    return this.recording.events.filter((event) => event.at_ms <= this.at_ms);
  }

  seekTo(at_ms: number): void {
    this.at_ms = Math.min(Math.max(0, at_ms), this.end_ms);
    this.history.goTo(this.indexAt(this.at_ms));
    this.onMove();
  }

  /** To the state right after an entry, which may be earlier than the last entry of the same instant. */
  seekEntry(entry: number): void {
    const index = firstIndex(this.operations, (operation) => operation.entry > entry);
    this.at_ms = this.operations[index - 1]?.at_ms ?? 0;
    this.history.goTo(index);
    this.onMove();
  }

  nextEdit(): void {
    this.pause();
    const next = this.operations[this.history.index];
    if (next !== undefined) this.seekEntry(next.entry);
  }

  previousEdit(): void {
    this.pause();
    const last = this.operations[this.history.index - 1];
    if (last !== undefined) this.seekEntry(last.entry - 1);
  }

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
    this.rate = Math.min(Math.max(speed, SPEEDS[0]), SPEEDS[SPEEDS.length - 1] ?? 1);
    this.onMove();
  }

  private run(last: number): void {
    this.cancelFrame = this.clock.frame(() => {
      const now = this.clock.now();
      this.run(now);
      this.seekTo(this.at_ms + (now - last) * this.rate);
      if (this.at_ms >= this.end_ms) this.pause();
    });
  }

  private indexAt(at_ms: number): number {
    return firstIndex(this.operations, (operation) => operation.at_ms > at_ms);
  }
}

/** The first index where `isBeyond` holds, which it does from there on; the length where it never does. */
function firstIndex<T>(rows: readonly T[], isBeyond: (row: T) => boolean): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const row = rows[middle];
    if (row !== undefined && isBeyond(row)) high = middle;
    else low = middle + 1;
  }
  return low;
}
