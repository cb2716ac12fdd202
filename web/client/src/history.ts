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

/** `[from, newTo)` of the text was `[from, oldTo)` of what was last taken; mutable, because every operation passes here. */
interface Changed {
  any: boolean;
  from: number;
  oldTo: number;
  newTo: number;
}

/**
 * Linear operations, walked both ways. Invariant: `texts` are the roots after the first `index` operations.
 * Opening walks all of them once, checks that what each deletes is there, and keeps checkpoints.
 */
export class History {
  private readonly texts: GapBuffer[];
  private readonly checkpoints: Uint16Array[][];
  private readonly changed: Changed[];
  private at = 0;

  /** Raises RecordingInvalid when an operation does not fit the text before it. */
  constructor(
    private readonly operations: readonly Operation[],
    rootCount: number,
  ) {
    this.texts = Array.from({ length: rootCount }, () => new GapBuffer());
    this.changed = this.texts.map(() => ({ any: false, from: 0, oldTo: 0, newTo: 0 }));
    this.checkpoints = [this.texts.map((text) => text.save())];
    operations.forEach(({ root, position, deleted, entry }, index) => {
      if (this.texts[root]?.hasAt(position, deleted) !== true) {
        throw new RecordingInvalid(`The recording is damaged at entry ${entry}.`);
      }
      this.forward();
      if ((index + 1) % CHECKPOINT_EVERY === 0) this.checkpoints.push(this.texts.map((text) => text.save()));
    });
    this.load(0);
    for (const changed of this.changed) changed.any = false;
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
    const changed = this.changed[root];
    const text = this.texts[root];
    if (text === undefined || changed?.any !== true) return null;
    changed.any = false;
    return { from: changed.from, to: changed.oldTo, insert: text.slice(changed.from, changed.newTo) };
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
    const text = this.texts[root];
    const changed = this.changed[root];
    if (text === undefined || changed === undefined) return;
    text.replace(position, deletedLength, inserted);
    if (!changed.any) {
      changed.any = true;
      changed.from = changed.oldTo = changed.newTo = position;
    }
    const beyond = Math.max(0, position + deletedLength - changed.newTo);
    changed.from = Math.min(changed.from, position);
    changed.oldTo += beyond;
    changed.newTo += beyond - deletedLength + inserted.length;
  }

  private load(checkpoint: number): void {
    this.texts.forEach((text, root) => {
      const saved = this.checkpoints[checkpoint]?.[root];
      const changed = this.changed[root];
      if (saved === undefined || changed === undefined) return;
      changed.oldTo = changed.any ? changed.oldTo + text.length - changed.newTo : text.length;
      changed.any = true;
      changed.from = 0;
      changed.newTo = saved.length;
      text.load(saved);
    });
    this.at = checkpoint * CHECKPOINT_EVERY;
  }
}
