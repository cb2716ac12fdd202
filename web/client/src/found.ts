import { h } from "./dom";

/** Without case and marks above letters, as the server searches. */
export function fold(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

/** The words that a search is made of. */
export function wordsOf(query: string): string[] {
  return fold(query).split(/\s+/).filter((word) => word !== "");
}

/** The text with the words marked in it. */
export function marked(text: string, words: readonly string[]): (string | HTMLElement)[] {
  const parts: (string | HTMLElement)[] = [];
  let end = 0;
  for (const [from, to] of rangesOf(text, words)) {
    if (from > end) parts.push(text.slice(end, from));
    parts.push(h("mark", {}, text.slice(from, to)));
    end = to;
  }
  return end < text.length ? [...parts, text.slice(end)] : parts;
}

/** Where the words are in the text: apart from each other, in order. */
export function rangesOf(text: string, words: readonly string[]): [from: number, to: number][] {
  let folded = "";
  const origin: number[] = [];
  let at = 0;
  for (const character of text) {
    const simple = fold(character);
    for (let unit = 0; unit < simple.length; unit += 1) origin.push(at);
    folded += simple;
    at += character.length;
  }
  origin.push(text.length);
  const isIn = new Array<boolean>(text.length).fill(false);
  for (const word of words) {
    for (let from = folded.indexOf(word); word !== "" && from >= 0; from = folded.indexOf(word, from + 1)) {
      isIn.fill(true, origin[from], origin[from + word.length]);
    }
  }
  const ranges: [number, number][] = [];
  isIn.forEach((inside, place) => {
    const last = ranges.at(-1);
    if (!inside) return;
    if (last?.[1] === place) last[1] = place + 1;
    else ranges.push([place, place + 1]);
  });
  return ranges;
}
