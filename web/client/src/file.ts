import type * as Y from "yjs";
import { LANGUAGES, languageOf } from "./languages";

/** The id of the first file, which is always there; its text is the root of the same name. */
export const FIRST = "source";
/** Besides the first. */
export const MOST_FILES = 64;
/** Of a name, in characters. */
export const MOST_NAME = 100;

export interface RoomFile {
  id: string;
  /** As it is shown: cleaned, and unlike every other name. */
  name: string;
  language: string;
}

interface Entries {
  keys(): Iterable<string>;
  get(id: string): unknown;
}

/** The name of the root that holds the text of a file. */
export function rootOf(id: string): string {
  return id === FIRST ? FIRST : `${FIRST}/${id}`;
}

/** The file of a root, or null for what is no text of a file. */
export function fileOf(root: string): string | null {
  if (root === FIRST) return FIRST;
  return root.startsWith(`${FIRST}/`) ? root.slice(FIRST.length + 1) : null;
}

/** The files in the order of their tabs: the first, then by id. The map holds whatever a client has put there. */
export function readFiles(map: Entries, firstLanguage: string): RoomFile[] {
  const ids = [...map.keys()].filter((id) => id !== FIRST).sort((a, b) => (a < b ? -1 : 1));
  const taken = new Set<string>();
  return [FIRST, ...ids].map((id) => {
    const { name, language } = (map.get(id) ?? {}) as { name?: unknown; language?: unknown };
    const known = typeof language === "string" ? language : id === FIRST ? firstLanguage : "text";
    const wanted = typeof name === "string" ? cleanName(name) : "";
    const shown = wanted === "" ? (id === FIRST ? languageOf(known).file : "untitled") : wanted;
    return { id, name: unlike(taken, shown), language: known };
  });
}

/** Case and composition make no difference between names: they make none in many file systems. */
function sameAs(name: string): string {
  return name.normalize("NFC").toLowerCase();
}

/** The name, with a number if it is `taken` already; then it is. */
export function unlike(taken: Set<string>, name: string): string {
  const at = extensionAt(name);
  let free = name;
  for (let number = 2; taken.has(sameAs(free)); number += 1) free = `${name.slice(0, at)} (${number})${name.slice(at)}`;
  taken.add(sameAs(free));
  return free;
}

function extensionAt(name: string): number {
  const at = name.lastIndexOf(".");
  return at <= 0 ? name.length : at;
}

/** Controls, and what changes the direction of the text around it. Joiners stay: emoji are made of them. */
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\p{Surrogate}\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu;

/** One line that can be shown, at most `MOST_NAME` characters of it. */
export function cleanName(name: string): string {
  const line = name.slice(0, 1_000).replace(/\s+/gu, " ").replace(UNSEEN, "");
  return Array.from(line.trim()).slice(0, MOST_NAME).join("").trim();
}

/** Why a name cannot be given, or null. `others`: the names of the other files. */
export function nameProblem(name: string, others: readonly string[]): string | null {
  const clean = cleanName(name);
  if (clean === "") return "Give the file a name.";
  if (Array.from(name.trim()).length > MOST_NAME) return `A name has at most ${MOST_NAME} characters.`;
  if (others.some((other) => sameAs(other) === sameAs(clean))) return "There is already a file of this name.";
  return null;
}

const MORE_EXTENSIONS: Record<string, string> = {
  bash: "shell",
  cc: "cpp",
  cjs: "javascript",
  h: "c",
  hpp: "cpp",
  htm: "html",
  jsx: "javascript",
  mjs: "javascript",
  md: "markdown",
  mm: "objectivec",
  pyi: "python",
  scss: "css",
  sv: "verilog",
  tsx: "typescript",
  txt: "text",
  yml: "yaml",
};

/** The language that the end of a name tells, or null. */
export function languageByName(name: string): string | null {
  const at = extensionAt(name);
  const extension = name.slice(at + 1).toLowerCase();
  if (extension === "") return null;
  const usual = LANGUAGES.find(({ id, file }) => id !== "text" && file.toLowerCase().endsWith(`.${extension}`));
  return MORE_EXTENSIONS[extension] ?? usual?.id ?? null;
}

/** The name after a change of the language: its ending goes along if it was the one of the language before. */
export function nameIn(language: string, { name, language: before }: Pick<RoomFile, "name" | "language">): string {
  if (name === languageOf(before).file) return languageOf(language).file;
  if (languageByName(name) !== before) return name;
  const { file } = languageOf(language);
  return name.slice(0, extensionAt(name)) + file.slice(extensionAt(file));
}

/**
 * An id for another file, or null when there are `MOST_FILES` already. Ids sort by the time they were made. A document
 * takes only so many in its life, so then the id of a deleted file is taken again.
 */
export function freshId(document: Y.Doc, now_ms: number): string | null {
  const map = document.getMap("files");
  const used = new Set([...map._map.keys()].filter((id) => id !== FIRST));
  for (const root of document.share.keys()) {
    const id = fileOf(root);
    if (id !== null && id !== FIRST) used.add(id);
  }
  if (used.size >= MOST_FILES) return [...used].find((id) => !map.has(id)) ?? null;
  const random = Math.floor(Math.random() * 36 ** 4).toString(36);
  return `${now_ms.toString(36)}-${random.padStart(4, "0")}`;
}
