import type { Recording } from "./recording";

/** Where somebody is in a root: `anchor` and `head` are UTF-16 places, the same for a mere caret. */
export interface Caret {
  /** Index into the participants. */
  who: number;
  root: number;
  anchor: number;
  head: number;
  /** When its owner put it there; others' edits have moved it since. */
  at_ms: number;
}

/** Of this many people at a time; whoever moved longest ago gives way. */
const MOST = 64;
const CHECKPOINT_EVERY = 4096;

/** Carets in place, as they are after some operations and selections; columns, because every operation passes here. */
class Carets {
  private length = 0;
  private readonly who = new Int32Array(MOST);
  private readonly root = new Int32Array(MOST);
  private readonly anchor = new Uint32Array(MOST);
  private readonly head = new Uint32Array(MOST);
  private readonly at_ms = new Uint32Array(MOST);
  /** When it was put, as a number that grows. */
  private readonly turn = new Uint32Array(MOST);

  /** Everybody's moves with an edit as editors' do: an insertion right at a caret does not move it. */
  map(root: number, position: number, deleted: number, inserted: number): void {
    for (let at = 0; at < this.length; at += 1) {
      if (this.root[at] !== root) continue;
      const anchor = this.anchor[at] ?? 0;
      const head = this.head[at] ?? 0;
      if (anchor < position && head < position) continue;
      // The ends of a selection stay with what is in it; one whose text is all replaced is a caret before what came.
      const one = moved(anchor, anchor < head, position, deleted, inserted);
      const other = moved(head, head < anchor, position, deleted, inserted);
      this.anchor[at] = anchor < head ? Math.min(one, other) : one;
      this.head[at] = head < anchor ? Math.min(one, other) : other;
    }
  }

  put(who: number, root: number, anchor: number, head: number, at_ms: number, turn: number): void {
    let at = 0;
    while (at < this.length && this.who[at] !== who) at += 1;
    if (at === MOST) at = this.turn.indexOf(Math.min(...this.turn));
    else if (at === this.length) this.length += 1;
    this.who[at] = who;
    this.root[at] = root;
    this.anchor[at] = anchor;
    this.head[at] = head;
    this.at_ms[at] = at_ms;
    this.turn[at] = turn;
  }

  list(): Caret[] {
    const carets: Caret[] = [];
    for (let at = 0; at < this.length; at += 1) {
      carets.push({
        who: this.who[at] ?? 0,
        root: this.root[at] ?? 0,
        anchor: this.anchor[at] ?? 0,
        head: this.head[at] ?? 0,
        at_ms: this.at_ms[at] ?? 0,
      });
    }
    return carets.sort((one, other) => one.who - other.who);
  }

  copyFrom(other: Carets): void {
    this.length = other.length;
    for (const column of ["who", "root", "anchor", "head", "at_ms", "turn"] as const) this[column].set(other[column]);
  }
}

/** Where a place is after an edit; `forward` when it goes with what is after it rather than with what is before. */
function moved(place: number, forward: boolean, position: number, deleted: number, inserted: number): number {
  if (place < position) return place;
  const end = position + deleted;
  if (place > end || (place === end && (deleted > 0 || forward))) return place - deleted + inserted;
  return place === position || !forward ? position : position + inserted;
}

/**
 * Everybody's carets at any moment: implied by the edits, or selected. Steps are operations and selections in the order
 * of entries. Carets cannot be walked backward: where somebody has been first, they are kept every so many steps.
 */
export class CaretTrack {
  private readonly kept: { carets: Carets; operations: number; selections: number }[] = [];
  private readonly carets = new Carets();
  private operations = 0;
  private selections = 0;

  constructor(private recording: Recording) {
    this.keep();
    this.clamp();
  }

  /** Goes on with a longer recording, which begins with the one before. */
  follow(recording: Recording): void {
    this.recording = recording;
    this.clamp();
  }

  /** Those after so many operations and selections, which must be all up to some entry. */
  at(operations: number, selections: number): Caret[] {
    const nearest = Math.min(Math.floor((operations + selections) / CHECKPOINT_EVERY), this.kept.length - 1);
    const isAhead = this.operations > operations || this.selections > selections;
    if (isAhead || this.operations + this.selections < nearest * CHECKPOINT_EVERY) this.load(nearest);
    while (this.operations < operations || this.selections < selections) {
      this.step();
      if (this.operations + this.selections === this.kept.length * CHECKPOINT_EVERY) this.keep();
    }
    return this.carets.list();
  }

  private step(): void {
    const { operations, selections } = this.recording;
    const index = this.operations;
    const turn = index + this.selections;
    const next = this.selections;
    if (index < operations.length && !((selections.entry[next] ?? Infinity) < (operations.entry[index] ?? 0))) {
      const root = operations.root[index] ?? 0;
      const position = operations.position[index] ?? 0;
      const inserted = operations.inserted[index] ?? 0;
      const who = operations.writer[index] ?? -1;
      this.carets.map(root, position, operations.deleted[index] ?? 0, inserted);
      const head = position + inserted;
      if (who >= 0) this.carets.put(who, root, head, head, operations.at_ms[index] ?? 0, turn);
      this.operations += 1;
    } else {
      const who = selections.writer[next] ?? -1;
      const root = selections.root[next] ?? 0;
      const anchor = selections.anchor[next] ?? 0;
      if (who >= 0) this.carets.put(who, root, anchor, selections.head[next] ?? 0, selections.at_ms[next] ?? 0, turn);
      this.selections += 1;
    }
  }

  /** What is selected beyond a text counts as at its end. */
  private clamp(): void {
    const { operations, selections, roots } = this.recording;
    const lengths = new Float64Array(roots.length);
    let index = 0;
    for (let at = 0; at < selections.length; at += 1) {
      for (; (operations.entry[index] ?? Infinity) < (selections.entry[at] ?? 0); index += 1) {
        const grown = (operations.inserted[index] ?? 0) - (operations.deleted[index] ?? 0);
        lengths[operations.root[index] ?? 0] = (lengths[operations.root[index] ?? 0] ?? 0) + grown;
      }
      const length = lengths[selections.root[at] ?? 0] ?? 0;
      selections.anchor[at] = Math.min(length, selections.anchor[at] ?? 0);
      selections.head[at] = Math.min(length, selections.head[at] ?? 0);
    }
  }

  private keep(): void {
    const carets = new Carets();
    carets.copyFrom(this.carets);
    this.kept.push({ carets, operations: this.operations, selections: this.selections });
  }

  private load(checkpoint: number): void {
    const kept = this.kept[checkpoint];
    if (kept === undefined) return;
    this.carets.copyFrom(kept.carets);
    this.operations = kept.operations;
    this.selections = kept.selections;
  }
}
