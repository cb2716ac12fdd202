import * as Y from "yjs";
import { freshLines, textsOf } from "./document_text";
import { Draft } from "./draft";
import { together, type Texts } from "./lost_text";

/** What this browser has of one document and the server never got. */
export interface Leftover {
  name: "code" | "notes";
  text: string;
  clear: () => Promise<void>;
}

const documentsOf = (interview: string) => [[interview, "code"], [`${interview}.notes`, "notes"]] as const;

/** There is no room any more that it could be sent to: it is only there to be read and copied. */
export async function leftovers(interview: string, participant: string): Promise<Leftover[]> {
  const found: Leftover[] = [];
  for (const [id, name] of documentsOf(interview)) {
    const draft = new Draft(participant, id);
    const kept = await draft.take();
    if (kept === null) continue;
    if (kept.changes.count === 0) {
      await draft.clear();
      continue;
    }
    const document = new Y.Doc();
    Y.applyUpdate(document, kept.state);
    found.push({ name, text: together(textsOf(document, "text")), clear: () => draft.clear() });
  }
  return found;
}

/** Of a document that one may not open any more: the lines that were never sent, once. Null: there are none. */
export async function unsentLines(id: string, participant: string): Promise<Texts | null> {
  const draft = new Draft(participant, id);
  const kept = await draft.take();
  if (kept === null) return null;
  await draft.clear();
  if (kept.changes.count === 0) return null;
  const document = new Y.Doc();
  Y.applyUpdate(document, kept.state);
  const clocks = kept.changes.updates.flatMap((update) => [...Y.parseUpdateMeta(update).from]);
  return freshLines(document, "text", new Map(clocks));
}

export async function clearDrafts(interview: string, participant: string): Promise<void> {
  await Promise.all(documentsOf(interview).map(([id]) => new Draft(participant, id).clear()));
}
