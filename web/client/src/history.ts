import { GapBuffer } from "./gap_buffer";
import type { Operations } from "./operations";
import { damaged } from "./recording_invalid";

/** How far apart the texts kept in memory are, in operations: twice as far each time they become too many. */
const CHECKPOINT_EVERY = 4096;
const MOST_UNITS = 32 * 2 ** 20;

/**
 * Linear operations with what they deleted, and texts on the way: fixed, so that any number of cursors may share it.
 * Opening walks all operations once and checks that each fits the text before it.
 */
export class History {
  readonly deleted: Uint16Array;
  /** Where what operation `i` deleted begins in `deleted`. */
  readonly start: Uint32Array;
  every = CHECKPOINT_EVERY;
  /** By number, the texts of all roots after `number * every` operations. */
  private checkpoints: Uint16Array[][];

  /** `before`: the history of the first of these operations. Raises RecordingInvalid. */
  constructor(
    readonly operations: Operations,
    readonly rootCount: number,
    before: History | null = null,
  ) {
    const empty = new Uint16Array(0);
    this.checkpoints = before === null ? [Array<Uint16Array>(rootCount).fill(empty)] : [...before.checkpoints];
    this.every = before?.every ?? CHECKPOINT_EVERY;
    this.start = new Uint32Array(operations.length + 1);
    let units = 0;
    for (let index = 0; index < operations.length; index += 1) {
      units += operations.deleted[index] ?? 0;
      // Before anything so large is made: nobody can have deleted more than was inserted.
      if (units > operations.units.length) damaged(`entry ${operations.entry[index] ?? 0}`);
      this.start[index + 1] = units;
    }
    this.deleted = new Uint16Array(units);
    if (before !== null) this.deleted.set(before.deleted);
    this.walk(before?.operations.length ?? 0);
  }

  textsAt(checkpoint: number): readonly Uint16Array[] {
    return this.checkpoints[checkpoint] ?? [];
  }

  /** The number of the checkpoint that is nearest to an index. */
  nearest(index: number): number {
    return Math.min(Math.round(index / this.every), this.checkpoints.length - 1);
  }

  private walk(from: number): void {
    const { root, position, deleted, inserted, start, units, entry, length } = this.operations;
    const kept = this.checkpoints.length - 1;
    const texts = Array.from({ length: this.rootCount }, (_, at) => {
      const text = new GapBuffer();
      text.load(this.checkpoints[kept]?.[at] ?? new Uint16Array(0));
      return text;
    });
    const changed = new Set<number>();
    for (let index = kept * this.every; index < length; index += 1) {
      const at = root[index] ?? 0;
      const text = texts[at];
      const place = position[index] ?? 0;
      const gone = deleted[index] ?? 0;
      if (text === undefined || place + gone > text.length) damaged(`entry ${entry[index] ?? 0}`);
      if (index >= from && gone > 0) text.copy(place, place + gone, this.deleted, this.start[index] ?? 0);
      const unit = start[index] ?? 0;
      text.replace(place, gone, units, unit, unit + (inserted[index] ?? 0));
      changed.add(at);
      if ((index + 1) % this.every === 0) {
        const last = this.checkpoints.at(-1);
        this.checkpoints.push(texts.map((each, number) => (changed.has(number) ? each.save() : last?.[number]) ?? each.save()));
        changed.clear();
        this.thin();
      }
    }
  }

  /** Keeps every second checkpoint while all together are too large. */
  private thin(): void {
    while (this.checkpoints.length > 1) {
      const texts = new Set(this.checkpoints.flat());
      let units = 0;
      for (const text of texts) units += text.length;
      if (units <= MOST_UNITS) return;
      this.checkpoints = this.checkpoints.filter((_, number) => number % 2 === 0);
      this.every *= 2;
    }
  }
}
