import type { Documents } from "./documents";

/** What tests ask a page. */
export interface Probe {
  text: (name?: string) => string | undefined;
  notes: () => string | null;
  state: () => object;
}

export function probe(documents: Documents, stay: () => object): Probe {
  const { code } = documents;
  return {
    text: (name) => (name === undefined ? code.text() : code.textOf(name)),
    notes: () => documents.notes?.text() ?? null,
    state: () => ({ connection: code.connection.kind, saved: code.saved, ...stay() }),
  };
}
