import { LongText } from "./long_text";
import { stringOf } from "./utf16";
import type { History } from "./history";

/** To load a checkpoint, and to find then what has changed, takes about as long as so many operations. */
const LOAD = 1024;

/** What one root's text became since it was last taken: `[from, to)` of the old text is now `insert`. */
export interface TextChange {
  from: number;
  to: number;
  insert: string;
}

/** `[from, newTo)` of the text was `[from, oldTo)` of what was last taken; mutable, because every operation passes here. */
class Changed {
  any = false;
  from = 0;
  oldTo = 0;
  newTo = 0;

  note(position: number, deleted: number, inserted: number): void {
    if (!this.any) {
      this.any = true;
      this.from = this.oldTo = this.newTo = position;
    }
    const beyond = Math.max(0, position + deleted - this.newTo);
    if (position < this.from) this.from = position;
    this.oldTo += beyond;
    this.newTo += beyond - deleted + inserted;
  }
}

interface Root {
  text: LongText;
  changed: Changed;
  /** The text that was last taken, null while none was. */
  taken: LongText | null;
}

/** One place in a history, walked both ways. Invariant: the texts are those after the first `index` operations. */
export class Cursor {
  private readonly roots: Root[] = [];
  private at = 0;

  constructor(private history: History) {
    this.follow(history);
  }

  get index(): number {
    return this.at;
  }

  text(root: number): string {
    return this.roots[root]?.text.toString() ?? "";
  }

  /** Goes on in a longer history, which begins with the one before. */
  follow(history: History): void {
    this.history = history;
    while (this.roots.length < history.rootCount) {
      this.roots.push({ text: new LongText(), changed: new Changed(), taken: null });
    }
  }

  goTo(index: number): void {
    const nearest = this.history.nearest(index);
    const start = nearest * this.history.every;
    if (Math.abs(index - this.at) > Math.abs(index - start) + LOAD) this.load(nearest, start);
    while (this.at < index) this.forward();
    while (this.at > index) this.backward();
  }

  /** The change of a root's text since the last call, or null: one, as small as it can be without halving characters. */
  takeChange(root: number): TextChange | null {
    const found = this.roots[root];
    if (found?.changed.any !== true) return null;
    const { text, changed } = found;
    const taken = (found.taken ??= new LongText());
    const old = taken.units(changed.from, changed.oldTo);
    const now = text.units(changed.from, changed.newTo);
    changed.any = false;
    let first = 0;
    let oldEnd = old.length;
    let end = now.length;
    while (first < oldEnd && first < end && old[first] === now[first]) first += 1;
    if (first === oldEnd && first === end) return null;
    // Before the ends are compared: half a character kept here would hide that the last one is the same.
    if (first > 0 && isHigh(now[first - 1])) first -= 1;
    while (oldEnd > first && end > first && old[oldEnd - 1] === now[end - 1]) {
      oldEnd -= 1;
      end -= 1;
    }
    if (end < now.length && isLow(now[end])) {
      oldEnd += 1;
      end += 1;
    }
    const from = changed.from + first;
    taken.replace(from, oldEnd - first, now, first, end);
    return { from, to: changed.from + oldEnd, insert: stringOf(now.subarray(first, end)) };
  }

  private forward(): void {
    const { root, position, deleted, inserted, start, units } = this.history.operations;
    const index = this.at;
    const unit = start[index] ?? 0;
    this.apply(root[index] ?? 0, position[index] ?? 0, deleted[index] ?? 0, units, unit, inserted[index] ?? 0);
    this.at += 1;
  }

  private backward(): void {
    const { root, position, deleted, inserted } = this.history.operations;
    const index = this.at - 1;
    const unit = this.history.start[index] ?? 0;
    const back = this.history.deleted;
    this.apply(root[index] ?? 0, position[index] ?? 0, inserted[index] ?? 0, back, unit, deleted[index] ?? 0);
    this.at -= 1;
  }

  private apply(at: number, position: number, gone: number, units: Uint16Array, unit: number, come: number): void {
    const root = this.roots[at];
    if (root === undefined) return;
    root.text.replace(position, gone, units, unit, unit + come);
    root.changed.note(position, gone, come);
  }

  private load(checkpoint: number, index: number): void {
    const texts = this.history.textsAt(checkpoint);
    this.roots.forEach(({ text, changed }, at) => {
      const saved = texts[at] ?? new Uint16Array(0);
      changed.note(0, text.length, saved.length);
      text.load(saved);
    });
    this.at = index;
  }
}

function isHigh(unit = 0): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}

function isLow(unit = 0): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}
