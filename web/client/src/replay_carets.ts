import type { Caret } from "./carets";
import { isolated } from "./isolated";
import { countUpTo } from "./operations";
import type { Player } from "./player";
import type { Recording } from "./recording";

/** For how long after an edit its author is said to be typing. */
export const TYPING_MS = 2_000;

/** The carets in one text, with the name of who is writing in sight while it plays, else for a moment. */
export function drawnCarets(player: Player, root: string, isThere: (participant: string) => boolean): Caret[] {
  const { participants, roots } = player.recording;
  const { who, at_ms, playing } = player.position();
  const index = roots.indexOf(root);
  return player.carets().flatMap((caret) => {
    const person = participants[caret.who];
    if (caret.root !== index || person === undefined || (caret.who !== who && !isThere(person.id))) return [];
    const { name, color, role } = person;
    const isWriting = caret.who === who && at_ms - caret.at_ms < TYPING_MS;
    const moved = isWriting && !playing ? caret.at_ms : 0;
    return [{ anchor: caret.anchor, head: caret.head, name, color, isGuest: role === "guest", isNamed: isWriting && playing, moved }];
  });
}

/** Who is typing now, and the name of what in. */
export function typingIn(player: Player, notes: Player | null, nameOf: (root: string) => string | null): Map<number, string> {
  const { participants, roots } = player.recording;
  const { at_ms } = player.position();
  const typing = new Map<number, string>();
  for (const [who] of notes === null ? [] : typingAt(notes, at_ms)) {
    const id = notes?.recording.participants[who]?.id;
    typing.set(participants.findIndex((each) => each.id === id), "notes");
  }
  for (const [who, root] of typingAt(player, at_ms)) typing.set(who, nameOf(roots[root] ?? "") ?? "a file");
  return typing;
}

/** Where a step to the next or previous edit of these people leads nowhere. */
export function noEditWords({ operations, participants }: Recording, who: ReadonlySet<number>): string {
  const names = [...who].map((index) => isolated(participants[index]?.name ?? "Somebody"));
  const more = operations.writer.some((writer) => who.has(writer)) ? "more edit" : "edit";
  return `No ${more} of ${names.join(" or ")}`;
}

/** Who has just typed, and in which root. */
function typingAt(player: Player, at_ms: number): Map<number, number> {
  const { operations } = player.recording;
  const typing = new Map<number, number>();
  let index = countUpTo(operations.at_ms, at_ms) - 1;
  for (let looked = 0; index >= 0 && looked < 500; index -= 1, looked += 1) {
    if ((operations.at_ms[index] ?? 0) < at_ms - TYPING_MS) break;
    const who = operations.writer[index] ?? -1;
    if (who >= 0 && !typing.has(who)) typing.set(who, operations.root[index] ?? 0);
  }
  return typing;
}
