import type { Role } from "./api";
import { inkOn, safeColor } from "./color";
import { h } from "./dom";

export const ROLE_NAMES: Record<Role, string> = {
  candidate: "Candidate",
  interviewer: "Interviewer",
  observer: "Observer",
  guest: "Guest",
};

/** A round mark with the person's initials, in the colour of the person's caret. */
export function avatar({ name, color }: { name: string; color: string }): HTMLElement {
  const mark = h("span", { class: "avatar", "aria-hidden": "true" }, initials(name));
  mark.style.setProperty("--who", safeColor(color));
  mark.style.setProperty("--who-ink", inkOn(color));
  return mark;
}

const MOST_CHARACTERS = 24;
const characters = new Intl.Segmenter();

/** Where it stands in a sentence or covers text. */
export function shortened(name: string): string {
  const all = Array.from(characters.segment(name), ({ segment }) => segment);
  return all.length <= MOST_CHARACTERS ? name : `${all.slice(0, MOST_CHARACTERS - 1).join("").trimEnd()}…`;
}

/** Of the first and the last word that begins with a letter or a digit. */
function initials(name: string): string {
  const words = name.split(/\s+/).filter((word) => /^[\p{L}\p{N}]/u.test(word));
  const ends = words.length > 1 ? [words[0], words[words.length - 1]] : [words[0] ?? name.trim()];
  return ends
    .map((word = "") => [...characters.segment(word)][0]?.segment ?? "")
    .join("")
    .toUpperCase();
}
