import * as Y from "yjs";
import { FIRST } from "./file";

/** A place in a text: the character before it, and its distance from the beginning should that one be gone. */
export interface Place {
  file: string;
  position: unknown;
  at: number;
}

export function placeIn(text: Y.Text, at: number, file = FIRST): Place {
  const position = Y.createRelativePositionFromTypeIndex(text, at, -1);
  return { file, position: Y.relativePositionToJSON(position) as unknown, at };
}

/** Where a place is now, also in another copy of the text that does not know what was before it. */
export function indexOf({ position, at }: Pick<Place, "position" | "at">, text: Y.Text): number {
  return follow(position, text) ?? Math.min(at, text.length);
}

function follow(position: unknown, text: Y.Text): number | null {
  if (text.doc === null) return null;
  try {
    const relative = Y.createRelativePositionFromJSON(position);
    const found = Y.createAbsolutePositionFromRelativePosition(relative, text.doc);
    return found !== null && found.type === text ? found.index : null;
  } catch {
    return null;
  }
}

const keyOf = (document: string) => `panelroom.place.${document}`;

/** For the next load of this page in this tab. */
export function keepPlace(document: string, place: Place): void {
  try {
    sessionStorage.setItem(keyOf(document), JSON.stringify(place));
  } catch {
    return;
  }
}

export function keptPlace(document: string): Place | null {
  try {
    const kept = JSON.parse(sessionStorage.getItem(keyOf(document)) ?? "null") as Partial<Place> | null;
    if (typeof kept?.at !== "number" || kept.at < 0) return null;
    return { file: typeof kept.file === "string" ? kept.file : FIRST, position: kept.position, at: kept.at };
  } catch {
    return null;
  }
}
