import { eventWords } from "./event_words";
import { happenings, INSERTED } from "./happening";
import type { RecordedEvent, Recording } from "./recording";

export type Glyph =
  | "joined"
  | "left"
  | "role"
  | "removed"
  | "readmitted"
  | "finished"
  | "reopened"
  | "chat"
  | "inserted"
  | "other";

/** Something at a moment of the interview that is worth a mark. */
export interface Mark {
  at_ms: number;
  glyph: Glyph;
  words: string;
}

/** Marks too near each other to be told apart; `x` is the first one's, of all of the timeline. */
export interface Cluster {
  x: number;
  marks: readonly Mark[];
}

/** Null: told by the tracks, or of no interest afterwards. */
const GLYPHS: Partial<Record<string, Glyph | null>> = {
  "participant.joined": "joined",
  "participant.left": "left",
  "participant.changed": "role",
  "participant.removed": "removed",
  "participant.readmitted": "readmitted",
  "interview.finished": "finished",
  "interview.reopened": "reopened",
  chat: "chat",
  [INSERTED]: "inserted",
  "participant.entered": null,
  "participant.connected": null,
  "participant.disconnected": null,
  "participant.devices": null,
  "admission.changed": null,
  "interview.changed": null,
  "interview.active": null,
};

/** Of all that happened, in order of time; of kinds that this page does not know too. */
export function marksOf(recording: Recording): Mark[] {
  return happenings(recording).flatMap((event) => markOf(event, recording));
}

function markOf(event: RecordedEvent, recording: Recording): Mark[] {
  const glyph = GLYPHS[event.kind] === undefined ? "other" : GLYPHS[event.kind];
  if (glyph === null || glyph === undefined) return [];
  return [{ at_ms: event.at_ms, glyph, words: eventWords(event, recording.participants) }];
}

/** Left to right: each cluster takes what is nearer than `apart_px` to its first mark. */
export function clusters(marks: readonly Mark[], xOf: (at_ms: number) => number, apart_px: number): Cluster[] {
  const found: { x: number; marks: Mark[] }[] = [];
  for (const mark of marks) {
    const x = xOf(mark.at_ms);
    const last = found.at(-1);
    if (last !== undefined && x - last.x < apart_px) last.marks.push(mark);
    else found.push({ x, marks: [mark] });
  }
  return found;
}
