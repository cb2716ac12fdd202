import type { Caret } from "./carets";
import type { Player } from "./player";

/** For how long after an edit its author is said to be typing. */
const TYPING_MS = 2_000;

/** The carets in one text, with the name of who is writing always in sight. */
export function drawnCarets(player: Player, root: string, isThere: (participant: string) => boolean): Caret[] {
  const { participants, roots } = player.recording;
  const { who, at_ms } = player.position();
  const index = roots.indexOf(root);
  return player.carets().flatMap((caret) => {
    const person = participants[caret.who];
    if (caret.root !== index || person === undefined || (caret.who !== who && !isThere(person.id))) return [];
    const { name, color, role } = person;
    return [{ anchor: caret.anchor, head: caret.head, name, color, isGuest: role === "guest", isNamed: caret.who === who && at_ms - caret.at_ms < TYPING_MS }];
  });
}

/** Who has just typed, and in which root. */
export function typingAt(player: Player, at_ms: number): Map<number, number> {
  const { operations } = player.recording;
  const typing = new Map<number, number>();
  let index = lastIndexAt(operations.at_ms, at_ms);
  for (let looked = 0; index >= 0 && looked < 500; index -= 1, looked += 1) {
    if ((operations.at_ms[index] ?? 0) < at_ms - TYPING_MS) break;
    const who = operations.writer[index] ?? -1;
    if (who >= 0 && !typing.has(who)) typing.set(who, operations.root[index] ?? 0);
  }
  return typing;
}

/** The last of ascending times that is at most `at_ms`, -1 where there is none. */
export function lastIndexAt(times: ArrayLike<number>, at_ms: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) > at_ms) high = middle;
    else low = middle + 1;
  }
  return low - 1;
}
