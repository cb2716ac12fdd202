/** A text of UTF-16 units that is cheap to change near the last change. */
export class GapBuffer {
  private units: Uint16Array;
  private gapStart = 0;
  private gapEnd: number;

  constructor() {
    this.units = new Uint16Array(1024);
    this.gapEnd = this.units.length;
  }

  get length(): number {
    return this.units.length - (this.gapEnd - this.gapStart);
  }

  replace(position: number, deletedLength: number, inserted: string): void {
    this.moveGap(position);
    this.gapEnd += deletedLength;
    if (this.gapEnd - this.gapStart < inserted.length) this.grow(inserted.length);
    for (let at = 0; at < inserted.length; at += 1) this.units[this.gapStart + at] = inserted.charCodeAt(at);
    this.gapStart += inserted.length;
  }

  hasAt(position: number, text: string): boolean {
    if (position + text.length > this.length) return false;
    const shift = this.gapEnd - this.gapStart;
    for (let at = 0; at < text.length; at += 1) {
      const place = position + at;
      if (this.units[place < this.gapStart ? place : place + shift] !== text.charCodeAt(at)) return false;
    }
    return true;
  }

  slice(from: number, to: number): string {
    const before = this.units.subarray(Math.min(from, this.gapStart), Math.min(to, this.gapStart));
    const shift = this.gapEnd - this.gapStart;
    const after = this.units.subarray(Math.max(from, this.gapStart) + shift, Math.max(to, this.gapStart) + shift);
    return decode(before) + decode(after);
  }

  toString(): string {
    return this.slice(0, this.length);
  }

  /** The whole text, to be loaded again later. */
  save(): Uint16Array {
    const units = new Uint16Array(this.length);
    units.set(this.units.subarray(0, this.gapStart));
    units.set(this.units.subarray(this.gapEnd), this.gapStart);
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

const decoder = new TextDecoder("utf-16le");

function decode(units: Uint16Array): string {
  const text = decoder.decode(units);
  return text.includes("\ufffd") ? decodeExactly(units) : text;
}

/** Also half characters, which the decoder replaces; in pieces, because a call takes a limited number of arguments. */
function decodeExactly(units: Uint16Array): string {
  let text = "";
  for (let at = 0; at < units.length; at += 8192) text += String.fromCharCode(...units.subarray(at, at + 8192));
  return text;
}
