import { GapBuffer } from "./gap_buffer";
import { stringOf } from "./utf16";

/** How full a part of a text that is loaded or split is: with room to grow. */
const FILLED = (GapBuffer.room / 4) * 3;
const LEAST = GapBuffer.room / 4;
const NOTHING = new Uint16Array(0);

/**
 * A text of UTF-16 units, however long, in parts: an edit costs little wherever it is, and least near the last one.
 * A small part is made one with a neighbour when it is edited; none is empty but an only one.
 */
export class LongText {
  length = 0;
  private readonly parts: GapBuffer[] = [];
  /** The part of the last edit, and how many units come before it. */
  private at = 0;
  private before = 0;

  /** Puts `[from, to)` of the source in the place of `deleted` units, all of which must be there. */
  replace(position: number, deleted: number, source: Uint16Array, from: number, to: number): void {
    this.find(position);
    this.length += to - from - deleted;
    const part = this.parts[this.at];
    const place = position - this.before;
    const left = part === undefined ? -1 : part.length - deleted;
    const isSmall = left < LEAST && this.parts.length > 1;
    if (part !== undefined && place <= left && left + to - from <= GapBuffer.room && !isSmall) {
      part.replace(place, deleted, source, from, to);
    } else {
      this.delete(place, deleted);
      this.insert(position, source, from, to);
      this.join();
    }
  }

  /** Writes `[from, to)` into the target. */
  copy(from: number, to: number, target: Uint16Array, at: number): void {
    this.find(from);
    let begin = this.before;
    for (let number = this.at; begin < to; number += 1) {
      const part = this.parts[number];
      if (part === undefined) return;
      const first = Math.max(from, begin);
      part.copy(first - begin, Math.min(to - begin, part.length), target, at + first - from);
      begin += part.length;
    }
  }

  slice(from: number, to: number): string {
    return stringOf(this.units(from, to));
  }

  toString(): string {
    return this.slice(0, this.length);
  }

  units(from = 0, to = this.length): Uint16Array {
    const units = new Uint16Array(to - from);
    this.copy(from, to, units, 0);
    return units;
  }

  load(units: Uint16Array): void {
    this.length = units.length;
    this.at = this.before = 0;
    this.parts.length = Math.min(this.parts.length, Math.ceil(units.length / FILLED));
    for (let from = 0; from < units.length; from += FILLED) {
      const part = (this.parts[from / FILLED] ??= new GapBuffer());
      part.replace(0, part.length, units, from, Math.min(units.length, from + FILLED));
    }
  }

  /** Makes that part the current one which has the place, at its end rather than at the next one's beginning. */
  private find(position: number): void {
    while (position < this.before) this.before -= this.parts[(this.at -= 1)]?.length ?? 0;
    for (;;) {
      const end = this.before + (this.parts[this.at]?.length ?? 0);
      if (position <= end || this.at + 1 >= this.parts.length) return;
      this.before = end;
      this.at += 1;
    }
  }

  /** From a place of the current part on; the current part stays, though it may be empty now. */
  private delete(place: number, deleted: number): void {
    let left = deleted;
    for (let at = this.at, from = place; left > 0; from = 0) {
      const part = this.parts[at];
      if (part === undefined) return;
      const gone = Math.min(left, part.length - from);
      left -= gone;
      part.replace(from, gone, NOTHING, 0, 0);
      if (part.length === 0 && at !== this.at) this.parts.splice(at, 1);
      else at += 1;
    }
  }

  private insert(position: number, source: Uint16Array, from: number, to: number): void {
    const part = (this.parts[this.at] ??= new GapBuffer());
    const place = position - this.before;
    if (part.length + to - from <= GapBuffer.room) {
      part.replace(place, 0, source, from, to);
      return;
    }
    // What is around it and it are parted anew.
    const all = new Uint16Array(part.length + to - from);
    part.copy(0, place, all, 0);
    all.set(source.subarray(from, to), place);
    part.copy(place, part.length, all, place + to - from);
    const parts: GapBuffer[] = [];
    const size = Math.ceil(all.length / Math.ceil(all.length / FILLED));
    for (let begin = 0; begin < all.length; begin += size) {
      const each = new GapBuffer();
      each.replace(0, 0, all, begin, Math.min(all.length, begin + size));
      parts.push(each);
    }
    this.parts.splice(this.at, 1, ...parts);
  }

  /** The current part with the next or the one before, when it is small and both go well into one. */
  private join(): void {
    const size = this.parts[this.at]?.length ?? 0;
    if (size >= LEAST) return;
    for (const first of [this.at, this.at - 1]) {
      const one = this.parts[first];
      const other = this.parts[first + 1];
      if (one === undefined || other === undefined || one.length + other.length > FILLED) continue;
      const units = new Uint16Array(other.length);
      other.copy(0, other.length, units, 0);
      if (first < this.at) this.before -= one.length;
      one.replace(one.length, 0, units, 0, units.length);
      this.parts.splice(first + 1, 1);
      this.at = first;
      return;
    }
    if (size > 0) return;
    this.parts.splice(this.at, 1);
    this.at = this.before = 0;
  }
}
