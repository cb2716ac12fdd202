import { GapBuffer } from "./gap_buffer";
import { RecordingInvalid, type Operation } from "./recording";

/** How far apart the texts kept in memory are, in operations. */
const CHECKPOINT_EVERY = 4096;

/** What one root's text became since it was last taken: `[from, to)` of the old text is now `insert`. */
export interface TextChange {
  from: number;
  to: number;
  insert: string;
}

interface Changed {
  from: number;
  oldTo: number;
  newTo: number;
}

/**
 * Linear operations, walked both ways. Invariant: `texts` are the roots after the first `index` operations.
 * Opening walks all of them once, checks that what each deletes is there, and keeps checkpoints.
 */
export class History {
  private texts: GapBuffer[];
  private readonly checkpoints: string[][];
  private readonly changed: (Changed | null)[];
  private at = 0;

  /** Raises RecordingInvalid when an operation does not fit the text before it. */
  constructor(
    private readonly operations: readonly Operation[],
    private readonly rootCount: number,
  ) {
    this.texts = this.empty();
    this.changed = this.texts.map(() => null);
    this.checkpoints = [this.texts.map(() => "")];
    operations.forEach(({ root, position, deleted, entry }, index) => {
      if (this.texts[root]?.hasAt(position, deleted) !== true || position > this.texts[root].length) {
        throw new RecordingInvalid(`The recording is damaged at entry ${entry}.`);
      }
      this.forward();
      if ((index + 1) % CHECKPOINT_EVERY === 0) this.checkpoints.push(this.texts.map(String));
    });
    this.texts = this.empty();
    this.changed.fill(null);
    this.at = 0;
  }

  /** How many operations are applied. */
  get index(): number {
    return this.at;
  }

  text(root: number): string {
    return this.texts[root]?.toString() ?? "";
  }

  goTo(index: number): void {
    const nearest = Math.round(index / CHECKPOINT_EVERY);
    const checkpoint = Math.min(nearest, this.checkpoints.length - 1);
    if (Math.abs(index - this.at) > Math.abs(index - checkpoint * CHECKPOINT_EVERY)) this.load(checkpoint);
    while (this.at < index) this.forward();
    while (this.at > index) this.backward();
  }

  /** The change of a root's text since the last call, or null; one, however many operations lie between. */
  takeChange(root: number): TextChange | null {
    const changed = this.changed[root] ?? null;
    const text = this.texts[root];
    this.changed[root] = null;
    if (changed === null || text === undefined) return null;
    return { from: changed.from, to: changed.oldTo, insert: text.slice(changed.from, changed.newTo) };
  }

  private empty(): GapBuffer[] {
    return Array.from({ length: this.rootCount }, () => new GapBuffer());
  }

  private forward(): void {
    const operation = this.operations[this.at];
    if (operation === undefined) return;
    this.apply(operation, operation.deleted.length, operation.inserted);
    this.at += 1;
  }

  private backward(): void {
    const operation = this.operations[this.at - 1];
    if (operation === undefined) return;
    this.apply(operation, operation.inserted.length, operation.deleted);
    this.at -= 1;
  }

  private apply({ root, position }: Operation, deletedLength: number, inserted: string): void {
    this.texts[root]?.replace(position, deletedLength, inserted);
    const before = this.changed[root] ?? { from: position, oldTo: position, newTo: position };
    const from = Math.min(before.from, position);
    const beyond = Math.max(0, position + deletedLength - before.newTo);
    const newTo = before.newTo + beyond - deletedLength + inserted.length;
    this.changed[root] = { from, oldTo: before.oldTo + beyond, newTo };
  }

  private load(checkpoint: number): void {
    const texts = this.checkpoints[checkpoint] ?? [];
    this.texts.forEach((text, root) => {
      const old = text.length;
      const loaded = new GapBuffer(texts[root]);
      const change = this.changed[root] ?? { from: 0, oldTo: 0, newTo: 0 };
      this.changed[root] = { from: 0, oldTo: change.oldTo + old - change.newTo, newTo: loaded.length };
      this.texts[root] = loaded;
    });
    this.at = checkpoint * CHECKPOINT_EVERY;
  }
}
