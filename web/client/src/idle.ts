import type { Recording } from "./recording";

/** A time in which nothing happened. */
export interface Gap {
  from_ms: number;
  to_ms: number;
}

const LEAST_MS = 10_000;
/** Left at both ends, so that one sees what was before and what comes. */
const MARGIN_MS = 1_000;

/** Where no operation, selection or event is for more than ten seconds, in order. */
export function idleGaps({ operations, selections, events }: Recording, end_ms: number): Gap[] {
  const gaps: Gap[] = [];
  const others = [...selections.at_ms, ...events.map(({ at_ms }) => at_ms), end_ms].sort((one, other) => one - other);
  let last = 0;
  const next = (at_ms: number): void => {
    if (at_ms - last > LEAST_MS) gaps.push({ from_ms: last + MARGIN_MS, to_ms: at_ms - MARGIN_MS });
    last = at_ms;
  };
  let index = 0;
  for (const at_ms of others) {
    for (; (operations.at_ms[index] ?? Infinity) <= at_ms; index += 1) next(operations.at_ms[index] ?? 0);
    next(at_ms);
  }
  return gaps;
}

/** Where `passed` ms of play lead from `at_ms` when what is idle takes no time. */
export function skipping(gaps: readonly Gap[], at_ms: number, passed: number): number {
  let at = at_ms;
  let left = passed;
  for (const { from_ms, to_ms } of gaps) {
    if (to_ms <= at) continue;
    if (at + left < from_ms) break;
    left -= Math.max(0, from_ms - at);
    at = to_ms;
  }
  return at + left;
}
