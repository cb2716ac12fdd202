import type { Gap } from "./player";

/** No deeper: two pixels for each of the record's ten milliseconds. */
const MOST_PX_PER_MS = 0.2;
const MOST_FOLD_PX = 9;
const LEAST_FOLD_PX = 5;
/** As much of the whole interview as folds take together, about. */
const FOLDS_SHARE = 0.22;

export interface Fold extends Gap {
  x: number;
  width: number;
}

/**
 * Time to pixels and back, with idle gaps folded; `left` is how far the view is scrolled. Invariant: `times` and `xs`
 * ascend together, and between two of them time passes evenly.
 */
export class TimeScale {
  left = 0;
  private width = 1;
  private end_ms = 0;
  private gaps: readonly Gap[] = [];
  private folding = true;
  private readonly unfolded = new Set<number>();
  private folded: readonly Gap[] = [];
  private rate = 0;
  private fitRate = 0;
  private foldPx = 0;
  private times = new Float64Array([0, 0]);
  private xs = new Float64Array([0, 0]);

  /** A view of all of it stays one; another one keeps its first moment, or its last if that was the end. */
  set(end_ms: number, gaps: readonly Gap[], width: number): void {
    const fitted = this.fitted;
    const first_ms = this.timeAt(0);
    const followed = !fitted && this.left + this.width >= this.length - 1;
    this.end_ms = end_ms;
    this.gaps = gaps;
    this.width = Math.max(1, width);
    this.fit();
    this.setRate(fitted ? this.fitRate : this.rate);
    this.left = followed ? this.length : this.xOf(first_ms);
    this.clamp();
  }

  /** Makes another scale one of all of it, folded the same way. */
  whole(other: TimeScale, width: number): void {
    other.set(this.end_ms, this.folded, width);
    other.zoomToFit();
  }

  get fitted(): boolean {
    return this.rate <= this.fitRate;
  }

  get viewWidth(): number {
    return this.width;
  }

  /** Pixels a millisecond where nothing is folded. */
  get pxPerMs(): number {
    return this.rate;
  }

  /** All of it, in pixels. */
  get length(): number {
    return this.xs[this.xs.length - 1] ?? 0;
  }

  get folds(): boolean {
    return this.folding;
  }

  /** From the left edge of all of it, not of the view. */
  xOf(at_ms: number): number {
    return interpolate(this.times, this.xs, at_ms);
  }

  timeOf(x: number): number {
    return interpolate(this.xs, this.times, x);
  }

  /** Of a place in the view. */
  timeAt(px: number): number {
    return this.timeOf(this.left + px);
  }

  /** The time at `px` of the view stays there, unless the view is at an end. */
  zoomAt(px: number, factor: number): void {
    const at_ms = this.timeAt(px);
    this.setRate(this.rate * factor);
    this.left = this.xOf(at_ms) - px;
    this.clamp();
  }

  zoomToFit(): void {
    this.setRate(this.fitRate);
    this.left = 0;
  }

  pan(px: number): void {
    this.left += px;
    this.clamp();
  }

  shows(at_ms: number): boolean {
    const px = this.xOf(at_ms) - this.left;
    return px >= -0.5 && px <= this.width + 0.5;
  }

  /** Brings a time that is out of sight to `share` of the view. */
  reveal(at_ms: number, share: number): boolean {
    if (this.shows(at_ms)) return false;
    this.pan(this.xOf(at_ms) - this.left - share * this.width);
    return true;
  }

  /** All gaps, or one by its beginning; the time at `px` stays there. */
  toggleFolds(px: number, from_ms?: number): void {
    const at_ms = this.timeAt(px);
    const fitted = this.fitted;
    if (from_ms === undefined) {
      this.folding = !this.folding;
      this.unfolded.clear();
    } else if (!this.unfolded.delete(from_ms)) this.unfolded.add(from_ms);
    this.fit();
    this.setRate(fitted ? this.fitRate : this.rate);
    this.left = this.xOf(at_ms) - px;
    this.clamp();
  }

  /** The gap at a time, folded or not. */
  gapAt(at_ms: number): Gap | null {
    const gap = this.gaps[firstBeyond(this.gaps.length, (at) => (this.gaps[at]?.to_ms ?? 0) > at_ms)];
    return gap !== undefined && gap.from_ms <= at_ms ? gap : null;
  }

  /** Those in view that are shorter than their time. */
  visibleFolds(): Fold[] {
    const found: Fold[] = [];
    const { folded } = this;
    const right = this.left + this.width;
    let at = firstBeyond(folded.length, (index) => this.xOf(folded[index]?.to_ms ?? 0) > this.left);
    for (; at < folded.length; at += 1) {
      const gap = folded[at];
      if (gap === undefined || this.xOf(gap.from_ms) >= right) break;
      const x = this.xOf(gap.from_ms);
      const width = this.xOf(gap.to_ms) - x;
      if (width < this.rate * (gap.to_ms - gap.from_ms) - 0.5) found.push({ ...gap, x, width });
    }
    return found;
  }

  /** The rate at which all of it is as long as the view is wide. */
  private fit(): void {
    const folded = this.folding ? this.gaps.filter(({ from_ms }) => !this.unfolded.has(from_ms)) : [];
    this.folded = folded;
    const { width } = this;
    const idle_ms = folded.reduce((sum, gap) => sum + gap.to_ms - gap.from_ms, 0);
    const active_ms = this.end_ms - idle_ms;
    let low = this.end_ms === 0 ? 0 : width / this.end_ms;
    // With next to nothing between the gaps there would be nothing to see but folds.
    this.foldPx = Infinity;
    if (folded.length > 0 && active_ms * MOST_PX_PER_MS > width) {
      const wide = folded.filter((gap) => (gap.to_ms - gap.from_ms) * low > LEAST_FOLD_PX).length;
      this.foldPx = clamp((FOLDS_SHARE * width) / Math.max(1, wide), LEAST_FOLD_PX, MOST_FOLD_PX);
      let high = width / active_ms;
      for (let round = 0; round < 50; round += 1) {
        const rate = (low + high) / 2;
        const length = folded.reduce(
          (sum, gap) => sum + Math.min(rate * (gap.to_ms - gap.from_ms), this.foldPx),
          rate * active_ms,
        );
        if (length > width) high = rate;
        else low = rate;
      }
    }
    this.fitRate = low;
  }

  private setRate(rate: number): void {
    this.rate = clamp(rate, this.fitRate, Math.max(this.fitRate, MOST_PX_PER_MS));
    const { folded } = this;
    const times = new Float64Array(2 * folded.length + 2);
    const xs = new Float64Array(times.length);
    let x = 0;
    let at_ms = 0;
    folded.forEach((gap, index) => {
      x += this.rate * (gap.from_ms - at_ms);
      times[2 * index + 1] = gap.from_ms;
      xs[2 * index + 1] = x;
      x += Math.min(this.rate * (gap.to_ms - gap.from_ms), this.foldPx);
      times[2 * index + 2] = gap.to_ms;
      xs[2 * index + 2] = x;
      at_ms = gap.to_ms;
    });
    times[times.length - 1] = this.end_ms;
    xs[xs.length - 1] = x + this.rate * (this.end_ms - at_ms);
    this.times = times;
    this.xs = xs;
  }

  private clamp(): void {
    this.left = clamp(this.left, 0, Math.max(0, this.length - this.width));
  }
}

/** Where both lists of gaps have one, in order. */
export function commonGaps(a: readonly Gap[], b: readonly Gap[]): Gap[] {
  const common: Gap[] = [];
  let i = 0;
  let j = 0;
  for (;;) {
    const one = a[i];
    const other = b[j];
    if (one === undefined || other === undefined) return common;
    const from_ms = Math.max(one.from_ms, other.from_ms);
    const to_ms = Math.min(one.to_ms, other.to_ms);
    if (to_ms > from_ms) common.push({ from_ms, to_ms });
    if (one.to_ms < other.to_ms) i += 1;
    else j += 1;
  }
}

/** The first index where `isBeyond` holds, which it does from there on; `length` where it never does. */
export function firstBeyond(length: number, isBeyond: (index: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBeyond(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

export function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}

function interpolate(from: Float64Array, to: Float64Array, value: number): number {
  const last = from.length - 1;
  const inside = clamp(value, from[0] ?? 0, from[last] ?? 0);
  const at = clamp(firstBeyond(from.length, (index) => (from[index] ?? 0) > inside), 1, last);
  const [a = 0, b = 0] = [from[at - 1], from[at]];
  const [c = 0, d = 0] = [to[at - 1], to[at]];
  return b === a ? d : c + ((inside - a) / (b - a)) * (d - c);
}
