import type { RecordedEvent, Recording } from "./recording";

/** Nobody types so much in one update: it was pasted, dropped, completed, or brought back by an undo. */
export const BIG = 100;
/** The kind of an insertion that is told among the events; no event of a room has it. */
export const INSERTED = "text inserted";

/** All events, and the big insertions between them, in order of time. */
export function happenings(recording: Recording): RecordedEvent[] {
  return [...recording.events, ...bigInsertions(recording)].sort((a, b) => a.entry - b.entry);
}

/** A fact, not a judgement: one update that inserted much. */
function bigInsertions({ operations, participants }: Recording): RecordedEvent[] {
  const found: RecordedEvent[] = [];
  const { length, entry, at_ms, writer, inserted } = operations;
  for (let at = 0; at < length;) {
    const first = at;
    let units = 0;
    for (; at < length && entry[at] === entry[first]; at += 1) units += inserted[at] ?? 0;
    const who = participants[writer[first] ?? -1];
    if (units < BIG || who === undefined) continue;
    const payload = { id: who.id, units };
    found.push({ entry: entry[first] ?? 0, at_ms: at_ms[first] ?? 0, kind: INSERTED, payload });
  }
  return found;
}
