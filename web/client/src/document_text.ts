import type * as Y from "yjs";
import { readFiles, rootOf } from "./file";
import type { Texts } from "./lost_text";
import { linesSince } from "./unsaved_lines";

/** The texts of all files. `language`: of the first one, until somebody has chosen it. */
export function textsOf(document: Y.Doc, language: string): Texts {
  return read(document, language, (text) => text.toJSON());
}

/** Of each file the lines with what was written by these clients at or after their clocks; without those of none. */
export function freshLines(document: Y.Doc, language: string, clocks: ReadonlyMap<number, number>): Texts {
  const lines = read(document, language, (text) => linesSince(text, clocks));
  return new Map([...lines].filter(([, { text }]) => text !== ""));
}

function read(document: Y.Doc, language: string, words: (text: Y.Text) => string): Texts {
  const files = readFiles(document.getMap("files"), language);
  return new Map(files.map(({ id, name }) => [id, { name, text: words(document.getText(rootOf(id))) }]));
}
