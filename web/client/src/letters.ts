import type { Audience } from "./api";

/** A message that the server may not have. */
export interface KeptLetter {
  text: string;
  to: Audience;
  /** The last entry before it went out for the first time; null: it has not yet. */
  after: number | null;
}

const PREFIX = "panelroom.letters.";

/** What somebody has said and nobody has heard: by participant, so that nobody else's page ever sends it. */
export function keptLetters(participant: string): KeptLetter[] {
  try {
    return JSON.parse(sessionStorage.getItem(PREFIX + participant) ?? "[]") as KeptLetter[];
  } catch {
    return [];
  }
}

/** Storage can be closed to the page: a reload loses it then. */
export function keepLetters(participant: string, letters: KeptLetter[]): void {
  try {
    const all = letters.map(({ text, to, after }) => ({ text, to, after }));
    if (all.length === 0) sessionStorage.removeItem(PREFIX + participant);
    else sessionStorage.setItem(PREFIX + participant, JSON.stringify(all));
  } catch {
    return;
  }
}
