import { LongText } from "./long_text";
import { sums, type Operations } from "./operations";
import { damaged } from "./recording_invalid";

/** How far apart the texts kept in memory are, in operations: twice as far each time they become too many. */
const CHECKPOINT_EVERY = 4096;
const MOST_UNITS = 32 * 2 ** 20;

const EMPTY = new Uint16Array(0);

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
  /** How much all checkpoints hold together: what they share counts once. */
  private held = 0;

  /** `before`: the history of the first of these operations. Raises RecordingInvalid. */
  constructor(
    readonly operations: Operations,
    readonly rootCount: number,
    before: History | null = null,
  ) {
    this.checkpoints = before === null ? [Array<Uint16Array>(rootCount).fill(EMPTY)] : [...before.checkpoints];
    this.every = before?.every ?? CHECKPOINT_EVERY;
    this.held = before?.held ?? 0;
    this.start = new Uint32Array(operations.length + 1);
    const units = sums(operations.deleted, this.start, 0, operations.length);
    // Nobody can delete more than was inserted: the walk stops at the operation that would.
    this.deleted = new Uint16Array(Math.min(units, operations.units.length));
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
      const text = new LongText();
      text.load(this.checkpoints[kept]?.[at] ?? EMPTY);
      return text;
    });
    const touched = new Uint8Array(this.rootCount);
    for (let index = kept * this.every; index < length; ) {
      const at = root[index] ?? 0;
      const text = texts[at];
      const place = position[index] ?? 0;
      const gone = deleted[index] ?? 0;
      if (text === undefined || place + gone > text.length) damaged(`entry ${entry[index] ?? 0}`);
      touched[at] = 1;
      if (gone > 0 && index >= from) text.copy(place, place + gone, this.deleted, this.start[index] ?? 0);
      // What is typed on right behind it lies behind it in the units too: it goes in at once.
      const most = Math.min(length, this.checkpoints.length * this.every);
      let end = place + (inserted[index] ?? 0);
      let next = index + 1;
      while (next < most && position[next] === end && deleted[next] === 0 && root[next] === at) {
        end += inserted[next] ?? 0;
        next += 1;
      }
      text.replace(place, gone, units, start[index] ?? 0, start[next] ?? 0);
      index = next;
      if (index % this.every === 0) this.keep(texts, touched);
    }
  }

  /** Roots that nothing touched since the checkpoint before share its text. */
  private keep(texts: LongText[], touched: Uint8Array): void {
    const before = this.checkpoints.at(-1) ?? [];
    const kept = texts.map((text, at) => (touched[at] === 1 ? text.units() : (before[at] ?? EMPTY)));
    this.checkpoints.push(kept);
    this.held += heldBeside(kept, before);
    touched.fill(0);
    while (this.held > MOST_UNITS && this.checkpoints.length > 1) this.thin();
  }

  /** Keeps every second checkpoint. */
  private thin(): void {
    this.checkpoints = this.checkpoints.filter((_, number) => number % 2 === 0);
    this.every *= 2;
    this.held = this.checkpoints.reduce((sum, texts, number) => sum + heldBeside(texts, this.checkpoints[number - 1] ?? []), 0);
  }
}

/** What a checkpoint holds that the one before it does not; a text is never shared across one that has another. */
function heldBeside(texts: readonly Uint16Array[], before: readonly Uint16Array[]): number {
  return texts.reduce((sum, text, at) => sum + (text === before[at] ? 0 : text.length), texts.length);
}
