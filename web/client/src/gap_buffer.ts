/** Up to so many UTF-16 units that are cheap to change near the last change. */
export class GapBuffer {
  static readonly room = 4096;
  private readonly units = new Uint16Array(GapBuffer.room);
  private gapStart = 0;
  private gapEnd = GapBuffer.room;

  get length(): number {
    return GapBuffer.room - (this.gapEnd - this.gapStart);
  }

  /** Puts `[from, to)` of the source, for which there must be room, in the place of `deleted` units. */
  replace(position: number, deleted: number, source: Uint16Array, from: number, to: number): void {
    if (position !== this.gapStart) this.moveGap(position);
    this.gapEnd += deleted;
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

  private moveGap(position: number): void {
    if (position < this.gapStart) {
      this.units.copyWithin(this.gapEnd - (this.gapStart - position), position, this.gapStart);
      this.gapEnd -= this.gapStart - position;
    } else {
      this.units.copyWithin(this.gapStart, this.gapEnd, this.gapEnd + position - this.gapStart);
      this.gapEnd += position - this.gapStart;
    }
    this.gapStart = position;
  }
}
