import { clock } from "./event_words";
import type { TimeScale } from "./timeline_scale";

export interface Tick {
  at_ms: number;
  /** In the view. */
  x: number;
  /** None: a small one. */
  label: string | null;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** How far apart the labelled ticks are, and into how many parts the small ones divide that. */
const STEPS: readonly (readonly [number, number])[] = [
  [100, 5],
  [200, 4],
  [500, 5],
  [SECOND, 5],
  [2 * SECOND, 4],
  [5 * SECOND, 5],
  [10 * SECOND, 5],
  [15 * SECOND, 3],
  [30 * SECOND, 6],
  [MINUTE, 4],
  [2 * MINUTE, 4],
  [5 * MINUTE, 5],
  [10 * MINUTE, 5],
  [15 * MINUTE, 3],
  [30 * MINUTE, 6],
  [HOUR, 4],
  [2 * HOUR, 4],
  [4 * HOUR, 4],
  [8 * HOUR, 4],
  [24 * HOUR, 4],
];

/** The ends of the view are not exact. */
const SLACK = 1e-6;

/** Those in view, labelled about every `apart_px`; none inside a fold. */
export function ticks(scale: TimeScale, end_ms: number, apart_px: number): Tick[] {
  if (scale.pxPerMs === 0) return [{ at_ms: 0, x: 0, label: clock(0) }];
  const step = STEPS.find(([ms]) => ms * scale.pxPerMs >= apart_px) ?? [24 * HOUR, 4];
  const [labelled_ms, parts] = step;
  const small_ms = labelled_ms / parts;
  const found: Tick[] = [];
  const last_ms = Math.min(end_ms, scale.timeAt(scale.viewWidth));
  let from_ms = scale.timeAt(0);
  for (const { from_ms: fold_ms, to_ms } of [...scale.visibleFolds(), { from_ms: last_ms, to_ms: last_ms }]) {
    const first = Math.ceil(from_ms / small_ms - SLACK);
    const last = Math.floor(fold_ms / small_ms + SLACK);
    // A stretch between folds that is long enough tells its time, though it may have no round one.
    const only =
      Math.ceil(first / parts) * parts > last && (fold_ms - from_ms) * scale.pxPerMs >= apart_px ? first : null;
    for (let at = first; at <= last; at += 1) {
      const at_ms = at * small_ms;
      const labelled = at % parts === 0 || at === only;
      found.push({ at_ms, x: scale.xOf(at_ms) - scale.left, label: labelled ? labelOf(at_ms, small_ms) : null });
    }
    from_ms = Math.max(from_ms, to_ms);
  }
  return found;
}

function labelOf(at_ms: number, step_ms: number): string {
  return step_ms >= SECOND ? clock(at_ms) : `${clock(at_ms)}.${Math.floor((at_ms % SECOND) / 100)}`;
}

/** A length in a word or two: "45 s", "4 min", "1 h 5 min". */
export function span(ms: number): string {
  const seconds = Math.round(ms / SECOND);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(ms / MINUTE);
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  return rest === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${rest} min`;
}
