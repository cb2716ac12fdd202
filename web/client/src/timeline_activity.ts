import { firstBeyond } from "./timeline_scale";

/** What is needed of a recording's operations: in order of time. */
export interface Written {
  length: number;
  at_ms: Uint32Array;
  writer: Int32Array;
  root: Uint32Array;
  deleted: Uint32Array;
  inserted: Uint32Array;
}

/** What one update counts at most: bars are about typing, big insertions have marks. */
export const MOST_UNITS = 12;
/** How much more than usual makes a bar full. */
const FULL = 2.2;

/** Times of one track's operations, and how much was written before each; one sum more than times. */
interface Series {
  times: Uint32Array;
  sums: Float64Array;
}

/** How much each track's person wrote when: summed once, then any slice of time is two look-ups. */
export class Activity {
  private readonly tracks: Series[][];
  private readonly usual = new Map<number, number>();

  /** `trackOf` of a writer: -1 for none. `root`: only what was written there, in the first source. */
  constructor(
    sources: readonly { written: Written; trackOf: readonly number[] }[],
    count: number,
    root: number | null = null,
  ) {
    this.tracks = Array.from({ length: count }, () => []);
    sources.forEach(({ written, trackOf }, source) => {
      if (root !== null && source > 0) return;
      const trackAt = (at: number): number => {
        const writer = written.writer[at] ?? -1;
        return root !== null && written.root[at] !== root ? -1 : (trackOf[writer] ?? -1);
      };
      const counts = new Uint32Array(count);
      for (let at = 0; at < written.length; at += 1) {
        const track = trackAt(at);
        if (track >= 0) counts[track] = (counts[track] ?? 0) + 1;
      }
      const series = Array.from(counts, (length) => ({
        times: new Uint32Array(length),
        sums: new Float64Array(length + 1),
      }));
      counts.fill(0);
      for (let at = 0; at < written.length; at += 1) {
        const track = trackAt(at);
        const each = series[track];
        if (each === undefined) continue;
        const index = counts[track] ?? 0;
        const units = Math.min(MOST_UNITS, (written.inserted[at] ?? 0) + (written.deleted[at] ?? 0));
        each.times[index] = written.at_ms[at] ?? 0;
        each.sums[index + 1] = (each.sums[index] ?? 0) + units;
        counts[track] = index + 1;
      }
      series.forEach((each, track) => {
        if (each.times.length > 0) this.tracks[track]?.push(each);
      });
    });
  }

  /** How much was written in each slice `[edges[i], edges[i + 1])`; edges ascend. */
  bins(track: number, edges: Float64Array): Float64Array {
    const bins = new Float64Array(Math.max(0, edges.length - 1));
    for (const { times, sums } of this.tracks[track] ?? []) {
      let before = atOrAfter(times, edges[0] ?? 0, 0);
      for (let bin = 0; bin < bins.length; bin += 1) {
        const to_ms = edges[bin + 1] ?? 0;
        if ((times[before] ?? Infinity) >= to_ms) continue;
        const after = atOrAfter(times, to_ms, before);
        bins[bin] = (bins[bin] ?? 0) + (sums[after] ?? 0) - (sums[before] ?? 0);
        before = after;
      }
    }
    return bins;
  }

  /** What a full bar means for slices of that time: somewhat more than is usual where anything was written. */
  full(slice_ms: number): number {
    const known = this.usual.get(slice_ms);
    if (known !== undefined) return known;
    let units = 0;
    let slices = 0;
    for (const { times, sums } of this.tracks.flat()) {
      units += sums[sums.length - 1] ?? 0;
      for (let at = 0, end_ms = 0; at < times.length; at += 1) {
        const at_ms = times[at] ?? 0;
        if (at_ms < end_ms) continue;
        slices += 1;
        end_ms = at_ms + slice_ms;
      }
    }
    const full = slices === 0 ? 1 : Math.max(1, (FULL * units) / slices);
    if (this.usual.size > 50) this.usual.clear();
    this.usual.set(slice_ms, full);
    return full;
  }
}

function atOrAfter(times: Uint32Array, at_ms: number, from: number): number {
  return from + firstBeyond(times.length - from, (index) => (times[from + index] ?? 0) >= at_ms);
}
