import { stringOf } from "./utf16";

/** A text of UTF-16 units that is cheap to change near the last change. */
export class GapBuffer {
  private units = new Uint16Array(64);
  private gapStart = 0;
  private gapEnd = 64;

  get length(): number {
    return this.units.length - (this.gapEnd - this.gapStart);
  }

  /** Puts `[from, to)` of the source in the place of `deleted` units. */
  replace(position: number, deleted: number, source: Uint16Array, from: number, to: number): void {
    this.moveGap(position);
    this.gapEnd += deleted;
    if (this.gapEnd - this.gapStart < to - from) this.grow(to - from);
    if (to - from < 16) for (let at = from; at < to; at += 1) this.units[this.gapStart + at - from] = source[at] ?? 0;
    else this.units.set(source.subarray(from, to), this.gapStart);
    this.gapStart += to - from;
  }

  unitAt(position: number): number {
    return this.units[position < this.gapStart ? position : position + this.gapEnd - this.gapStart] ?? 0;
  }

  /** Writes `[from, to)` into the target. */
  copy(from: number, to: number, target: Uint16Array, at: number): void {
    if (to - from < 16) {
      for (let place = from; place < to; place += 1) target[at + place - from] = this.unitAt(place);
      return;
    }
    const before = this.units.subarray(Math.min(from, this.gapStart), Math.min(to, this.gapStart));
    const shift = this.gapEnd - this.gapStart;
    const after = this.units.subarray(Math.max(from, this.gapStart) + shift, Math.max(to, this.gapStart) + shift);
    target.set(before, at);
    target.set(after, at + before.length);
  }

  slice(from: number, to: number): string {
    return stringOf(this.save(from, to));
  }

  toString(): string {
    return this.slice(0, this.length);
  }

  save(from = 0, to = this.length): Uint16Array {
    const units = new Uint16Array(to - from);
    this.copy(from, to, units, 0);
    return units;
  }

  load(units: Uint16Array): void {
    if (this.units.length < units.length) this.units = new Uint16Array(units.length * 2);
    this.units.set(units);
    this.gapStart = units.length;
    this.gapEnd = this.units.length;
  }

  private moveGap(position: number): void {
    if (position < this.gapStart) {
      this.units.copyWithin(this.gapEnd - (this.gapStart - position), position, this.gapStart);
      this.gapEnd -= this.gapStart - position;
    } else if (position > this.gapStart) {
      this.units.copyWithin(this.gapStart, this.gapEnd, this.gapEnd + position - this.gapStart);
      this.gapEnd += position - this.gapStart;
    }
    this.gapStart = position;
  }

  private grow(room: number): void {
    const units = new Uint16Array((this.units.length + room) * 2);
    const tail = this.units.length - this.gapEnd;
    units.set(this.units.subarray(0, this.gapStart));
    units.set(this.units.subarray(this.gapEnd), units.length - tail);
    this.gapEnd = units.length - tail;
    this.units = units;
  }
}
