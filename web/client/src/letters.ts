import type { Said } from "./api";

const PREFIX = "panelroom.letters.";

/** What somebody has said and nobody has heard: by participant, so that nobody else's page ever sends it. */
export function keptLetters(participant: string): Said[] {
  try {
    return JSON.parse(sessionStorage.getItem(PREFIX + participant) ?? "[]") as Said[];
  } catch {
    return [];
  }
}

/** Storage can be closed to the page: a reload loses it then. */
export function keepLetters(participant: string, letters: Said[]): void {
  try {
    const all = letters.map(({ text, to, key }) => ({ text, to, key }));
    if (all.length === 0) sessionStorage.removeItem(PREFIX + participant);
    else sessionStorage.setItem(PREFIX + participant, JSON.stringify(all));
  } catch {
    return;
  }
}
