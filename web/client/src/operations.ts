/** Whatever has a place in the order of entries, as columns. */
export interface Rows {
  readonly length: number;
  readonly entry: Uint32Array;
  readonly at_ms: Uint32Array;
}

/**
 * Linear operations, as columns: at a UTF-16 `position` of a root, `inserted` units replaced `deleted` ones.
 * What was inserted by `i` is `units` from `start[i]` to `start[i + 1]`.
 */
export class Operations implements Rows {
  readonly entry: Uint32Array;
  readonly at_ms: Uint32Array;
  /** Index into the participants, -1 for nobody. */
  readonly writer: Int32Array;
  readonly root: Uint32Array;
  readonly position: Uint32Array;
  readonly deleted: Uint32Array;
  readonly inserted: Uint32Array;
  readonly start: Uint32Array;
  readonly units: Uint16Array;

  constructor(
    readonly length: number,
    unitCount: number,
  ) {
    this.entry = new Uint32Array(length);
    this.at_ms = new Uint32Array(length);
    this.writer = new Int32Array(length);
    this.root = new Uint32Array(length);
    this.position = new Uint32Array(length);
    this.deleted = new Uint32Array(length);
    this.inserted = new Uint32Array(length);
    this.start = new Uint32Array(length + 1);
    this.units = new Uint16Array(unitCount);
  }

  /** Takes over all of another's rows, the first of them at `at`; what they inserted goes to `unit` of the units. */
  set(other: Operations, at: number, unit: number): void {
    for (const column of ["entry", "at_ms", "writer", "root", "position", "deleted", "inserted"] as const) {
      this[column].set(other[column], at);
    }
    this.units.set(other.units, unit);
    for (let row = 0; row <= other.length; row += 1) this.start[at + row] = unit + (other.start[row] ?? 0);
  }
}

/** Explicit selections, as columns: UTF-16 places of a root's text as it was after the entries before. */
export class Selections implements Rows {
  readonly entry: Uint32Array;
  readonly at_ms: Uint32Array;
  readonly writer: Int32Array;
  readonly root: Uint32Array;
  readonly anchor: Uint32Array;
  readonly head: Uint32Array;

  constructor(readonly length: number) {
    this.entry = new Uint32Array(length);
    this.at_ms = new Uint32Array(length);
    this.writer = new Int32Array(length);
    this.root = new Uint32Array(length);
    this.anchor = new Uint32Array(length);
    this.head = new Uint32Array(length);
  }

  set(other: Selections, at: number): void {
    for (const column of ["entry", "at_ms", "writer", "root", "anchor", "head"] as const) {
      this[column].set(other[column], at);
    }
  }
}

/** How many rows, which are in order, are not beyond `limit` in that column. */
export function countUpTo(column: Uint32Array, limit: number): number {
  let low = 0;
  let high = column.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((column[middle] ?? 0) > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Writes behind each of `[from, to)` of the lengths where it ends, given where the first begins; returns the end. */
export function sums(lengths: Uint32Array, ends: Uint32Array, from: number, to: number): number {
  let end = ends[from] ?? 0;
  for (let row = from; row < to; row += 1) ends[row + 1] = end += lengths[row] ?? 0;
  return end;
}
