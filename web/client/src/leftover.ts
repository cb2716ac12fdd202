import * as Y from "yjs";
import { freshLines, textsOf } from "./document_text";
import { asideOf, Draft, type Kept } from "./draft";
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
  for (const { name, draft } of draftsOf(interview, participant)) {
    const kept = await draft.take();
    if (kept !== null && kept.changes.count === 0) await draft.clear();
    else if (kept !== null) found.push({ name, text: textOf(kept), clear: () => draft.clear() });
  }
  return found;
}

/** The same while a room may still be open in another window: nothing is taken from it. */
export async function peekLeftovers(interview: string, participant: string): Promise<Leftover[]> {
  const found: Leftover[] = [];
  for (const { name, draft } of draftsOf(interview, participant)) {
    const kept = await draft.peek();
    if (kept !== null && kept.changes.count > 0) {
      found.push({ name, text: textOf(kept), clear: () => draft.clear() });
    }
  }
  return found;
}

/** Of a document that one may not open any more: the lines that were never sent. Null: there are none. */
export async function unsentLines(
  id: string,
  participant: string,
): Promise<{ lines: Texts; clear: () => Promise<void> } | null> {
  const draft = new Draft(participant, id);
  const kept = await draft.take();
  if (kept === null) return null;
  if (kept.changes.count === 0) {
    await draft.clear();
    return null;
  }
  const document = new Y.Doc();
  Y.applyUpdate(document, kept.state);
  const clocks = kept.changes.updates.flatMap((update) => [...Y.parseUpdateMeta(update).from]);
  return { lines: freshLines(document, "text", new Map(clocks)), clear: () => draft.clear() };
}

export async function clearDrafts(interview: string, participant: string): Promise<void> {
  await Promise.all(draftsOf(interview, participant).map(({ draft }) => draft.clear()));
}

/** How many changes are still to be sent. */
export async function countUnsaved(interview: string, participant: string): Promise<number> {
  const drafts = documentsOf(interview).map(([id]) => new Draft(participant, id).peek());
  return (await Promise.all(drafts)).reduce((sum, kept) => sum + (kept?.changes.count ?? 0), 0);
}

function draftsOf(interview: string, participant: string): { name: "code" | "notes"; draft: Draft }[] {
  return documentsOf(interview).flatMap(([id, name]) =>
    [new Draft(participant, id), asideOf(participant, id)].map((draft) => ({ name, draft })),
  );
}

function textOf({ state }: Kept): string {
  const document = new Y.Doc();
  Y.applyUpdate(document, state);
  return together(textsOf(document, "text"));
}
